# SPDX-License-Identifier: MIT
# The suites that the integration tests run: never sanitized by SAN, always with plain flags.

S            := $B/tests/suites
SUITE_CC     := $(CC) -std=gnu11 -D_GNU_SOURCE -g -O1 -fPIC -pthread -Iinclude \
                -Itests/suites -Wall -Wextra
SUITE_CXX    := $(CXX) -std=c++17 -g -O1 -fPIC -Wall -Wextra
# gcc's and clang's sanitizers, whatever CC is.
SUITE_GCC    := gcc -std=gnu11 -g -O1 -fPIC -pthread
SUITE_CLANG  := clang -std=gnu11 -g -O1 -fPIC -pthread

WAYS         := returns signals hangs output leaves changes
SMOKES       := $(shell seq 0 27)
SMOKE_TESTS   = 8
OPENINGS     := open_forks open_crashes open_hangs open_exits end_crashes end_hangs end_prints \
                exit_prints_1 exit_prints_2 exit_prints_3 \
                exit_aborts exit_status exit_hangs exit_yields
SOAKS        := forks mixed fine
BROKEN       := truncated wrong_arch empty text fifo no_tests

# The executables: hard links of one program that runs the way it is called by.
EXE_WAYS     := return_nonzero exit_0 exit_1 _exit_0 _exit_5 segv abrt fpe bus ill stack_overflow \
                sigkill_itself sigstop_itself sigterm_to_parent sigterm_to_group endless_loop \
                ignores_sigterm deadlock hangs_with_children hangs_with_daemon cleans_up no_newline binary \
                unflushed_before_crash closes_stdio nonblocking thread writing_child daemon \
                fork_returns_in_child orphan neighbour_0 neighbour_2
EXE_ENDS     := last_words holds_pipe leaves_child quiet soon_over unkillable_daemon hangs sleeps passes
EXE_OPTIONS  := passes skips fails flaky sleeps shows floods fails_loudly
EXE_SESSION  := sets_sid sets_pgid joins_proctor takes_terminal reads_terminal makes_raw says naps hangs

PROGRAMS     := faults handles restores returns resets ignores closes_all executes looks child_crashes \
                parent_crashes_later daemonizes crashes_in_library overflows passes

FORKED       := passes moves whole shows faults hangs threads_before opens_before timer_before handlers_before \
                child_before writes_before exits_before crashes_before hangs_before forges_before

SUITES := $(WAYS:%=$S/ways/lib%.so) $(WAYS:%=$S/ways_h/lib%_h.so) $S/ways/libtml.so \
          $(SMOKES:%=$S/smoke/libsmoke_%.so) $S/entry/libentry.so $S/flood/libflood.so \
          $S/options/liboptions.so $(SOAKS:%=$S/soak/lib%.so) \
          $S/gated/1/libgated.so $S/gated/2/libgated.so \
          $S/suite_h/libfeatures.so $S/suite_h/libfeatures_cxx.so \
          $(OPENINGS:%=$S/openings/lib%.so) \
          $S/soname/one/libone.so $S/soname/two/libtwo.so \
          $S/unique/libone.so $S/unique/libtwo.so $S/links/libone.so $S/links/libtwo.so \
          $S/tls/libone.so $S/tls/libtwo.so $S/tls/libthree.so \
          $(foreach n,0 1 2,$S/tls_many/libt$n.so) \
          $(foreach n,0 1 2 3,$S/closes/libcloses_$n.so $S/stays/libstays_$n.so) \
          $(foreach n,0 1 2 3 4 5 6 7 8 9 10 11,$S/many/libmany_$n.so) $S/bin/deny $S/bin/tml_compiler $S/bin/fake_clock.so $S/bin/fail_read.so \
          $S/temp/libtemp.so $S/temp/uses \
          $S/page/libpage_writer.so $S/page/libpage_wrecker.so \
          $S/sanitized/libgcc_address.so $S/sanitized/libgcc_thread.so \
          $S/sanitized/libgcc_undefined.so $S/sanitized/libclang_address.so \
          $S/sanitized/libclang_undefined.so $S/unshared/libclang_address.so \
          $(BROKEN:%=$S/broken/lib%.so) $S/broken/libmissing.so $S/broken/libneeds.so \
          $(EXE_WAYS:%=$S/exe/%) $(EXE_OPTIONS:%=$S/exe_options/%) $(EXE_ENDS:%=$S/exe_ends/%) \
          $(EXE_SESSION:%=$S/session/%) $S/senders/libsenders.so \
          $(FORKED:%=$S/forked/%) $(PROGRAMS:%=$S/program/%) $(patsubst %,$S/program/%,faults_stripped faults_static faults_setuid faults_go throws)

include tests/suites/coverage.mk

# Programs of other languages, where their compilers are: their tests say what is missing. Go before 1.20 has no
# output that can be told from a test's.
RUSTC        := $(firstword $(shell command -v rustc))
GO           := $(shell go env GOVERSION 2>/dev/null | awk -F '[o.]' '$$2 > 1 || $$3 >= 20 { print "go" }')
SUITES       += $(if $(RUSTC),$S/rust/ways $S/rust/stripped $S/rust/plain $S/rust/static) $(if $(GO),$S/go/ways $S/go/stripped)

$S/rust/ways: tests/suites/rust/ways.rs tests/suites/suites.mk
	@mkdir -p $(@D)
	MAKEFLAGS= $(RUSTC) --edition 2021 --test -g -o $@ $<

# All in one file, as the target with musl does it.
$S/rust/static: tests/suites/rust/ways.rs tests/suites/suites.mk
	@mkdir -p $(@D)
	MAKEFLAGS= $(RUSTC) --edition 2021 --test -g -C target-feature=+crt-static -o $@ $<

# As harness = false has it.
$S/rust/plain: tests/suites/rust/plain.rs tests/suites/suites.mk
	@mkdir -p $(@D)
	MAKEFLAGS= $(RUSTC) --edition 2021 -g -o $@ $<

$S/go/ways: tests/suites/go/ways_test.go tests/suites/go/go.mod tests/suites/suites.mk
	@mkdir -p $(@D)
	cd $(<D) && GOTOOLCHAIN=local GOFLAGS=-mod=mod $(GO) test -c -o $(abspath $@) .

$S/%/stripped: $S/%/ways
	strip -o $@ $<

suites: $(SUITES)

# What every library of a kind is linked with.
$S/obj/tml_runtime.o: tests/suites/tml_runtime.c tests/suites/tml_runtime.h
$S/obj/way.o: tests/suites/way.c tests/suites/way.h
$S/obj/tml_runtime.o $S/obj/way.o:
	@mkdir -p $(@D)
	$(SUITE_CC) -c -o $@ $<

WAY_PARTS    := $S/obj/way.o tests/suites/way.h tests/suites/suites.mk
TML_PARTS    := $S/obj/tml_runtime.o tests/suites/tml_runtime.h tests/suites/suites.mk

$S/ways/lib%.so: tests/suites/ways_%.c $(WAY_PARTS) $(TML_PARTS)
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $< $(filter %.o,$^)

$S/ways/libtml.so: tests/suites/tml_ways.c $(WAY_PARTS) $(TML_PARTS)
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $< $(filter %.o,$^)

$S/flood/lib%.so: tests/suites/ways_%.c $(WAY_PARTS) $(TML_PARTS)
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $< $(filter %.o,$^)

$S/ways_h/lib%_h.so: tests/suites/ways_%.c include/proctor/suite.h $(WAY_PARTS)
	@mkdir -p $(@D)
	$(SUITE_CC) -DWAY_SUITE_H -shared -o $@ $< $(filter %.o,$^)

$S/suite_h/libfeatures_cxx.so: tests/suites/suite_h_features.c include/proctor/suite.h \
		tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CXX) -Iinclude -std=c++20 -pthread -shared -o $@ -x c++ $<

$S/page/lib%.so: tests/suites/%.c src/wire/page.h include/proctor/suite.h \
		tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -Isrc -shared -o $@ $<

$S/suite_h/lib%.so: tests/suites/suite_h_%.c include/proctor/suite.h tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<

$S/smoke/libsmoke_%.so: tests/suites/smoke.sh $(TML_PARTS)
	@mkdir -p $(@D)
	sh $< $* $(SMOKE_TESTS) | $(SUITE_CC) -shared -o $@ -x c - -x none $(filter %.o,$^)

$S/gated/%/libgated.so: tests/suites/gated.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DVERSION=$* -shared -o $@ $<

$S/entry/libentry.so: tests/suites/tml_entry.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<

$S/options/liboptions.so: tests/suites/options.c $(WAY_PARTS) $(TML_PARTS)
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $< $(filter %.o,$^)

$S/soak/lib%.so: tests/suites/soak_%.c include/proctor/suite.h tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<

$S/openings/lib%.so: tests/suites/openings.c $(WAY_PARTS) $(TML_PARTS)
	@mkdir -p $(@D)
	$(SUITE_CC) -D$(shell echo $* | tr a-z A-Z) -shared -o $@ $< $(filter %.o,$^)

# Two libdep.so, found beside the suite that needs each.
$S/soname/one/%.so: OWN = 1
$S/soname/two/%.so: OWN = 2
$S/soname/%/libdep.so: tests/suites/sharing.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DSHARE_DEP -DOWN=$(OWN) -shared -Wl,-soname,libdep.so -o $@ $<
$S/soname/one/libone.so: $S/soname/one/libdep.so
$S/soname/two/libtwo.so: $S/soname/two/libdep.so
$S/soname/one/libone.so $S/soname/two/libtwo.so: tests/suites/sharing.c tests/suites/suites.mk
	$(SUITE_CC) -DSHARE_SONAME -DOWN=$(OWN) -shared -o $@ $< -L$(@D) -ldep -Wl,-rpath,'$$ORIGIN'

$S/unique/libone.so: OWN = 1
$S/unique/libtwo.so: OWN = 2
$S/unique/%.so: tests/suites/sharing.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CXX) -DOWN=$(OWN) -shared -o $@ $<

$S/links/libone.so: tests/suites/sharing.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DSHARE_LINK -shared -o $@ $<
$S/links/libtwo.so: $S/links/libone.so
	ln -f $< $@

# One fits into glibc's default surplus; of the large ones no two fit into any that is reasonable.
$S/tls/%.so: OWN = 1500
$S/tls_many/%.so: OWN = 40000
$S/tls/%.so $S/tls_many/%.so: tests/suites/sharing.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DSHARE_TLS -DOWN=$(OWN) -shared -o $@ $<

$S/many/libmany_%.so: tests/suites/sharing.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DSHARE_PID -shared -o $@ $<

$S/closes/libcloses_3.so: CRASHES = -DCRASHES
$S/closes/libcloses_%.so: tests/suites/sharing.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) '-DSHARE_MAPPED="closes"' $(CRASHES) -shared -o $@ $<

$S/stays/libstays_%.so: tests/suites/sharing.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) '-DSHARE_MAPPED="stays"' -DSTAYS -shared -o $@ $<

$S/bin/%: tests/suites/%.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -o $@ $<

MISTAKE = -DMISTAKE_$(shell echo $* | tr a-z A-Z) -fsanitize=$*
$S/sanitized/libgcc_%.so: tests/suites/sanitized.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_GCC) $(MISTAKE) -fno-sanitize-recover=undefined -shared -o $@ $<
$S/sanitized/libclang_%.so: tests/suites/sanitized.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CLANG) $(MISTAKE) -fno-sanitize-recover=undefined -shared-libsan -shared -o $@ $<
$S/unshared/libclang_%.so: tests/suites/sanitized.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CLANG) $(MISTAKE) -shared -o $@ $<

$S/broken/libtruncated.so: $S/entry/libentry.so
	@mkdir -p $(@D)
	head -c 2000 $< >$@
# e_machine, at offset 18, is EM_S390 then: of no machine that this is built on.
$S/broken/libwrong_arch.so: $S/entry/libentry.so
	@mkdir -p $(@D)
	cp $< $@
	printf '\026\000' | dd of=$@ bs=1 seek=18 conv=notrunc status=none
$S/broken/libempty.so: tests/suites/suites.mk
	@mkdir -p $(@D)
	: >$@
$S/broken/libtext.so: tests/suites/suites.mk
	@mkdir -p $(@D)
	echo 'GROUP ( libc.so.6 )' >$@
# To open it for reading would block.
$S/broken/libfifo.so:
	@mkdir -p $(@D)
	mkfifo $@
$S/broken/libno_tests.so: $S/obj/way.o
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<
$S/broken/libmissing.so: tests/suites/missing.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<
# Needs a library that was there when it was linked.
$S/broken/libneeds.so: tests/suites/sharing.c $S/soname/one/libdep.so
	@mkdir -p $(@D)
	$(SUITE_CC) -DSHARE_SONAME -DOWN=1 -shared -o $@ $< -L$S/soname/one -ldep

$S/obj/ways: $(WAYS:%=tests/suites/ways_%.c) tests/suites/way.c tests/suites/way.h \
		tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DWAY_EXE -o $@ $(filter %.c,$^)
$S/obj/options: tests/suites/options.c tests/suites/way.c tests/suites/way.h tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DWAY_EXE -o $@ $(filter %.c,$^)
$S/obj/program $S/program/faults_stripped $S/program/faults_static $S/program/faults_setuid $S/program/faults_go: \
		tests/suites/program.c \
		tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) $(if $(filter %_stripped,$@),-s) $(if $(filter %_static,$@),-static) $(if $(filter %_go,$@),-DGO_NOTE) \
		-o $@ $< -ldl
$S/program/throws: tests/suites/program.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CXX) -fomit-frame-pointer -o $@ $<
$(PROGRAMS:%=$S/program/%): $S/obj/program
	@mkdir -p $(@D)
	ln -f $< $@
$S/temp/libtemp.so: tests/suites/temp.c include/proctor/suite.h tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -DLIBRARY -shared -o $@ $<
$S/temp/uses: tests/suites/temp.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -o $@ $<
$S/obj/forked: tests/suites/forked.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -o $@ $<
$(FORKED:%=$S/forked/%): $S/obj/forked
	@mkdir -p $(@D)
	ln -f $< $@
$(EXE_WAYS:%=$S/exe/%): $S/obj/ways
	@mkdir -p $(@D)
	ln -f $< $@
$(EXE_OPTIONS:%=$S/exe_options/%): $S/obj/options
	@mkdir -p $(@D)
	ln -f $< $@
$S/bin/fake_clock.so $S/bin/fail_read.so: $S/bin/%.so: tests/suites/%.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<
$S/obj/ends: tests/suites/ends.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -o $@ $<
$(EXE_ENDS:%=$S/exe_ends/%): $S/obj/ends
	@mkdir -p $(@D)
	ln -f $< $@

# 500 tests of which some disturb others.
POLLUTED     := tests/suites/polluted.c tests/suites/suites.mk
$S/polluted/libpolluted.so: $(POLLUTED)
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<
$S/polluted/libsets.so $S/polluted/libminds.so: tests/suites/polluted_apart.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) $(if $(filter %sets.so,$@),-DSETS) -shared -o $@ $<
$S/polluted/googletest: tests/suites/polluted_googletest.cc $(POLLUTED)
	@mkdir -p $(@D)
	$(SUITE_CXX) -O0 -o $@ $< -lgtest -pthread
# doctest runs tests by their lines: each has one of its own.
$S/obj/polluted_doctest.cc: $(POLLUTED)
	@mkdir -p $(@D)
	(cat tests/suites/polluted_doctest.cc; seq -f 'ONE(%g)' 1000 1499) >$@
$S/polluted/doctest: $S/obj/polluted_doctest.cc tests/suites/polluted_doctest.cc $S/obj/doctest_main.o $(POLLUTED)
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -g -O0 -Itests/suites -o $@ $< $S/obj/doctest_main.o
$S/polluted/rust: tests/suites/polluted.rs tests/suites/suites.mk
	@mkdir -p $(@D)
	MAKEFLAGS= $(RUSTC) --edition 2021 --test -o $@ $<
SUITES       += $S/polluted/libpolluted.so $S/polluted/libsets.so $S/polluted/libminds.so $S/polluted/googletest $S/polluted/doctest $(if $(RUSTC),$S/polluted/rust)

.PHONY: suites

$S/obj/session: tests/suites/session.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -o $@ $<
$(EXE_SESSION:%=$S/session/%): $S/obj/session
	@mkdir -p $(@D)
	ln -f $< $@

$S/senders/libsenders.so: tests/suites/senders.c include/proctor/suite.h tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -shared -o $@ $<

# Programs of a framework: as it is usually built, stripped, and with all in one file.
GOOGLETEST    = middle stripped static
$(GOOGLETEST:%=$S/googletest/%): tests/suites/googletest/middle.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CXX) $(if $(filter %stripped,$@),-s) $(if $(filter %static,$@),-static) -o $@ $< -lgtest -lgtest_main -pthread
$S/googletest/cases: tests/suites/googletest/cases.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CXX) -O0 -Wno-unused-result -o $@ $< -lgtest -pthread
$S/googletest/doubts $S/googletest/live: $S/googletest/%: tests/suites/googletest/%.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CXX) -O0 -o $@ $< -lgtest -lgtest_main -pthread
# What sanitizers find in the midst of a program, with gcc's and with clang's.
MISTAKES      = $(foreach c,gcc clang,$S/mistakes/$c_address $S/mistakes/$c_undefined $S/mistakes/$c_thread)
$S/mistakes/gcc_%: tests/suites/googletest/mistakes.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	g++ -std=c++17 -g -O1 -fsanitize=$* -fno-sanitize-recover=undefined -o $@ $< -lgtest -lgtest_main -pthread
$S/mistakes/clang_%: tests/suites/googletest/mistakes.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	clang++ -std=c++17 -g -O1 -fsanitize=$* -fno-sanitize-recover=undefined -o $@ $< -lgtest -lgtest_main -pthread
SUITES       += $(GOOGLETEST:%=$S/googletest/%) $S/googletest/cases $S/googletest/doubts $S/googletest/live $(MISTAKES)

TAP          := passes fails crashes exits floods closes hangs
$S/obj/tap: tests/suites/tap.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -o $@ $<
$(TAP:%=$S/tap/%): $S/obj/tap
	@mkdir -p $(@D)
	ln -f $< $@
$S/tap/static_crashes $S/tap/static_passes: tests/suites/tap.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) -static-pie -s -o $@ $<
SUITES       += $(TAP:%=$S/tap/%) $S/tap/static_crashes $S/tap/static_passes

# The part of a framework that takes long to compile is compiled once.
CATCHES      := $(foreach f,catch2 doctest,$S/$f/cases $S/$f/ends $S/$f/stripped $S/$f/static) $S/doctest/many
$S/obj/%_main.o: tests/suites/%/main.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -g -O0 -c -o $@ $<
$S/catch2/stripped: $S/catch2/cases
	strip -o $@ $<
$S/doctest/stripped: $S/doctest/cases
	strip -o $@ $<
$S/catch2/static: tests/suites/catch2/cases.cc tests/suites/catch2/catch.h $S/obj/catch2_main.o
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -g -O0 -static -o $@ $< $S/obj/catch2_main.o
$S/doctest/static: tests/suites/doctest/cases.cc $S/obj/doctest_main.o
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -g -O0 -static -o $@ $< $S/obj/doctest_main.o
$S/catch2/%: tests/suites/catch2/%.cc tests/suites/catch2/catch.h $S/obj/catch2_main.o
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -g -O0 -o $@ $< $S/obj/catch2_main.o
$S/doctest/%: tests/suites/doctest/%.cc $S/obj/doctest_main.o
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -g -O0 -o $@ $< $S/obj/doctest_main.o
SUITES       += $(CATCHES)

# A suite of TML's that is a program; stripped nothing tells its tests.
$S/tml_exe/suite $S/tml_exe/static: tests/suites/tml_exe.c tests/suites/suites.mk
	@mkdir -p $(@D)
	$(SUITE_CC) $(if $(filter %static,$@),-static) -o $@ $<
$S/tml_exe/stripped: $S/tml_exe/suite
	strip -o $@ $<
SUITES       += $S/tml_exe/suite $S/tml_exe/static $S/tml_exe/stripped

# Programs of Boost.Test, where it is: with its library, stripped, with all of it in one file, and sanitized.
BOOST_TEST   := $(wildcard /usr/include/boost/test/unit_test.hpp)
BOOSTS        = $(foreach n,cases names ends lost many stripped static sanitized,$S/boost/$n)
SUITES       += $(if $(BOOST_TEST),$(BOOSTS))
BOOST_CXX     = $(CXX) -std=c++17 -g -O0
$S/boost/%: tests/suites/boost/%.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(BOOST_CXX) -o $@ $< -lboost_unit_test_framework
$S/boost/stripped: $S/boost/ends
	strip -o $@ $<
$S/boost/static: tests/suites/boost/cases.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(BOOST_CXX) -DINCLUDED -static -o $@ $<
$S/boost/sanitized: tests/suites/boost/ends.cc tests/suites/suites.mk
	@mkdir -p $(@D)
	$(BOOST_CXX) -fsanitize=address,undefined -o $@ $< -lboost_unit_test_framework
