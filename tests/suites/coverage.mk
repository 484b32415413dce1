# SPDX-License-Identifier: MIT
# Instrumented suites, each built by the clangs that there are: CI has all three.

COV_LLVMS    := $(foreach v,14 16 19,$(if $(shell command -v clang-$v),$v))
COV_ONE      := $(lastword $(COV_LLVMS))
COV_FLAGS    := -std=gnu11 -D_GNU_SOURCE -g -O1 -fPIC -pthread -Wall -Wextra -Wno-infinite-recursion
COV_COUNTS   := -fprofile-instr-generate -fcoverage-mapping
COV_SPOILED  := $(addprefix spoiled-,truncated emptied scribbled removed foreign)
COV_EXES     := pass crash exit hang child
COV_MANY     := 0 1 2 3 4 5 6 7 8 9

COV_SUITES   := $(COV_LLVMS:%=$S/coverage/libways_%.so) $(COV_LLVMS:%=$S/coverage/libneeds_%.so) \
                $(COV_LLVMS:%=$S/coverage/libdep_%.so) $(COV_LLVMS:%=$S/coverage/libheader_%.so) \
                $(foreach v,$(COV_LLVMS),$(COV_EXES:%=$S/coverage/exe$v-%)) \
                $S/coverage/libtml.so $S/coverage/tml_exe $S/coverage/libplain.so
ifneq ($(COV_ONE),)
COV_SUITES   += $S/coverage/liblost.so $S/coverage/exe-lost $S/coverage/static-pass $S/coverage/static-hang \
                $S/coverage/libstripped.so $S/coverage/libcopy.so $S/coverage/libunmapped.so $S/coverage/libedges.so \
                $(COV_SPOILED:%=$S/coverage/%) $S/coverage/liboverwritten.so $S/coverage/libunlinked.so $S/coverage/libmcdc.so $S/coverage/libmany.so $S/coverage/libplainneeds.so \
                $(COV_MANY:%=$S/coverage/libpart%.so) $S/coverage/plainneeds $S/coverage/exe-null \
                $S/coverage/libneedsasan.so $S/coverage/libbegin.so $S/coverage/begin \
                $S/coverage/beginneeds $S/coverage/liblater.so $S/coverage/libplugin.so \
                $S/coverage/libpolluted.so $S/coverage/plugin $S/coverage/googletest $S/coverage/doctest
endif
# What is in LLVM's own language is in that of LLVM 16 and later.
ifneq ($(filter-out 14,$(COV_ONE)),)
COV_SUITES   += $S/coverage/libentries.so $S/coverage/libentries_copy.so
endif
SUITES       += $(COV_SUITES)

# The version at the end of a library's name.
COV_V         = $(patsubst %.so,%,$(lastword $(subst _, ,$(@F))))

$(COV_SUITES): tests/suites/coverage.mk
	@mkdir -p $(@D)
	$(COV_RULE)

$S/coverage/libways_%.so: COV_RULE = clang-$(COV_V) $(COV_FLAGS) $(COV_COUNTS) -shared -o $@ $(filter %.c,$^)
$S/coverage/libneeds_%.so: COV_RULE = clang-$(COV_V) $(COV_FLAGS) $(COV_COUNTS) -shared -o $@ $(filter %.c,$^) \
	-L$(@D) -ldep_$(COV_V) -Wl,-rpath,'$$ORIGIN'
$S/coverage/libdep_%.so: COV_RULE = clang-$(COV_V) $(COV_FLAGS) $(COV_COUNTS) -DDEPENDENCY -shared -o $@ $(filter %.c,$^)
$S/coverage/libheader_%.so: COV_RULE = clang-$(COV_V) $(COV_FLAGS) $(COV_COUNTS) -Iinclude -shared -o $@ $(filter %.c,$^)
$(foreach v,$(COV_LLVMS),$S/coverage/exe$v-%): COV_RULE = \
	$(patsubst exe%,clang-%,$(firstword $(subst -, ,$(@F)))) $(COV_FLAGS) $(COV_COUNTS) -o $@ $(filter %.c,$^)
$S/coverage/libpart%.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) \
	-DPART=part_$(patsubst libpart%.so,%,$(@F)) -shared -o $@ $(filter %.c,$^)
$S/coverage/googletest: COV_RULE = clang++-$(COV_ONE) -std=c++17 -g -O1 $(COV_COUNTS) -o $@ $(filter %.cc,$^) \
	-lgtest -lgtest_main -pthread
$S/coverage/doctest: COV_RULE = clang++-$(COV_ONE) -std=c++17 -g -O1 -DDOCTEST $(COV_COUNTS) -o $@ $(filter %.cc,$^)
$S/coverage/googletest $S/coverage/doctest: tests/suites/googletest/covered.cc
$S/coverage/libpolluted.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -shared -o $@ $(filter %.c,$^)
$S/coverage/libmany.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -shared -o $@ $(filter %.c,$^) \
	-L$(@D) $(COV_MANY:%=-lpart%) -Wl,-rpath,'$$ORIGIN'
$S/coverage/libplainneeds.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) -shared -o $@ $(filter %.c,$^) \
	-L$(@D) -ldep_$(COV_ONE) -Wl,-rpath,'$$ORIGIN'
$S/coverage/plainneeds: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) -DPROGRAM -o $@ $(filter %.c,$^) \
	-L$(@D) -ldep_$(COV_ONE) -Wl,-rpath,'$$ORIGIN'
$S/coverage/libneedsasan.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -fsanitize=address \
	-shared-libsan -shared -o $@ $(filter %.c,$^) -L$(@D) -ldep_$(COV_ONE) -Wl,-rpath,'$$ORIGIN'
$S/coverage/libbegin.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -shared -o $@ $(filter %.c,$^)
$S/coverage/liblater.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -DLATER -shared -o $@ $(filter %.c,$^)
$S/coverage/libplugin.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -DPLUGIN='"./libdep_$(COV_ONE).so"' \
	-shared -o $@ $(filter %.c,$^)
$S/coverage/plugin: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -DPLUGIN='"./libdep_$(COV_ONE).so"' \
	-DPROGRAM -rdynamic -o $@ $(filter %.c,$^)
$S/coverage/begin: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -DPROGRAM -o $@ $(filter %.c,$^)
$S/coverage/beginneeds: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -DPROGRAM -DCALLER -o $@ \
	$(filter %.c,$^) -L$(@D) -lbegin -Wl,-rpath,'$$ORIGIN'
$S/coverage/exe-null: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -fsanitize=address -o $@ $(filter %.c,$^)
$S/coverage/exe-lost: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -o $@ $(filter %.c,$^)
$S/coverage/static-pass $S/coverage/static-hang: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -static -o $@ $(filter %.c,$^)
$S/coverage/liblost.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) -DCOVERAGE_LOST='"$(COV_ONE)"' \
	-Wno-unused-function -shared -o $@ $(filter %.c,$^)
$S/coverage/libunmapped.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) -fprofile-instr-generate \
	-DDEPENDENCY -Ddep_twice=tml_test_0 -shared -o $@ $(filter %.c,$^)
# Such counters are reached by relocations that the loader has not, but within a library (-Bsymbolic).
$S/coverage/libentries.so: COV_RULE = clang-$(COV_ONE) -w -O1 -fPIC -fprofile-instr-generate -shared \
	-Wl,-Bsymbolic -o $@ $(filter %.ll,$^)
$S/coverage/libentries_copy.so: COV_RULE = cp $(filter %.so,$^) $@
$S/coverage/libedges.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) -fprofile-generate -mllvm -disable-vp \
	-DDEPENDENCY -Ddep_twice=tml_test_0 -shared -o $@ $(filter %.c,$^)
$S/coverage/libstripped.so: COV_RULE = cp $(filter %.so,$^) $@ && strip -s -R .comment $@
$S/coverage/libcopy.so: COV_RULE = cp $(filter %.so,$^) $@
# LLVM's runtime writes the profiles of static programs.
$(COV_SPOILED:%=$S/coverage/%): COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) \
	-DHOW='"$(@F:spoiled-%=%)"' -static -o $@ $(filter %.c,$^)
$S/coverage/liboverwritten.so $S/coverage/libunlinked.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) \
	-DHOW='"$(patsubst lib%.so,%,$(@F))"' -shared -o $@ $(filter %.c,$^)
# It counts more than entries of regions, which older clangs do not.
$S/coverage/libmcdc.so: COV_RULE = clang-$(COV_ONE) $(COV_FLAGS) $(COV_COUNTS) \
	$(if $(filter-out 14 16,$(COV_ONE)),-fcoverage-mcdc) -shared -o $@ $(filter %.c,$^)
$S/coverage/libtml.so $S/coverage/libplain.so: COV_RULE = $(SUITE_CC) -shared -o $@ $(filter %.c %.o,$^)
$S/coverage/tml_exe: COV_RULE = $(SUITE_CC) -DEXECUTABLE -o $@ $(filter %.c,$^)

$(COV_LLVMS:%=$S/coverage/libways_%.so) $S/coverage/liblost.so: tests/suites/cov_ways.c
$S/coverage/liblost.so: | $S/coverage/libdep_$(COV_ONE).so
$(foreach v,$(COV_LLVMS),$(eval $S/coverage/libneeds_$v.so: tests/suites/cov_dep.c $S/coverage/libdep_$v.so))
$(COV_LLVMS:%=$S/coverage/libdep_%.so) $S/coverage/libunmapped.so $S/coverage/libedges.so: tests/suites/cov_dep.c
$S/coverage/libentries.so: tests/suites/cov_entries.ll
$S/coverage/libentries_copy.so: $S/coverage/libentries.so
$(foreach v,$(COV_LLVMS),$(COV_EXES:%=$S/coverage/exe$v-%)) $S/coverage/exe-lost \
	$S/coverage/static-pass $S/coverage/static-hang: tests/suites/cov_exe.c
$(COV_LLVMS:%=$S/coverage/libheader_%.so): tests/suites/cov_header.c include/proctor/suite.h
$S/coverage/libmany.so $(COV_MANY:%=$S/coverage/libpart%.so): tests/suites/cov_many.c
$S/coverage/libpolluted.so: tests/suites/polluted.c
$S/coverage/libmany.so: $(COV_MANY:%=$S/coverage/libpart%.so)
$S/coverage/libplainneeds.so $S/coverage/plainneeds $S/coverage/libneedsasan.so: tests/suites/cov_dep.c \
	$S/coverage/libdep_$(COV_ONE).so
$S/coverage/libbegin.so $S/coverage/begin $S/coverage/beginneeds $S/coverage/liblater.so: tests/suites/cov_begin.c
$S/coverage/libplugin.so $S/coverage/plugin: tests/suites/cov_plugin.c | $S/coverage/libdep_$(COV_ONE).so
$S/coverage/beginneeds: $S/coverage/libbegin.so
$S/coverage/exe-null: tests/suites/cov_exe.c
$S/coverage/libstripped.so $S/coverage/libcopy.so: $S/coverage/libways_$(COV_ONE).so
$(COV_SPOILED:%=$S/coverage/%) $S/coverage/liboverwritten.so $S/coverage/libunlinked.so: tests/suites/cov_tampers.c
$S/coverage/libmcdc.so: tests/suites/cov_mcdc.c
$S/coverage/libtml.so $S/coverage/tml_exe: tests/suites/cov_tml.c
$S/coverage/libplain.so: tests/suites/tml_entry.c $S/obj/tml_runtime.o
