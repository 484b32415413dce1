; SPDX-License-Identifier: MIT
; As the TML compiler does it: the entry of each function is counted, and nothing maps the counters
; to source. tml_test_1 crashes.

@__profn_twice = linkonce_odr constant [6 x i8] c"twice\00", section "__llvm_prf_names"
@__profn_never = linkonce_odr constant [6 x i8] c"never\00", section "__llvm_prf_names"
@__profn_tml_test_0 = linkonce_odr constant [11 x i8] c"tml_test_0\00", section "__llvm_prf_names"
@__profn_tml_test_1 = linkonce_odr constant [11 x i8] c"tml_test_1\00", section "__llvm_prf_names"

declare void @llvm.instrprof.increment(ptr, i64, i32, i32)
declare void @abort()

define hidden i32 @twice(i32 %n) noinline {
  call void @llvm.instrprof.increment(ptr @__profn_twice, i64 101, i32 1, i32 0)
  %double = add i32 %n, %n
  ret i32 %double
}

define i32 @never() {
  call void @llvm.instrprof.increment(ptr @__profn_never, i64 102, i32 1, i32 0)
  ret i32 1
}

define i32 @tml_test_0() {
  call void @llvm.instrprof.increment(ptr @__profn_tml_test_0, i64 103, i32 1, i32 0)
  %a = call i32 @twice(i32 1)
  %b = call i32 @twice(i32 %a)
  %c = call i32 @twice(i32 %b)
  %result = sub i32 %c, 8
  ret i32 %result
}

define i32 @tml_test_1() {
  call void @llvm.instrprof.increment(ptr @__profn_tml_test_1, i64 104, i32 1, i32 0)
  %a = call i32 @twice(i32 1)
  call void @abort()
  unreachable
}
