# SPDX-License-Identifier: MIT
#
#   make            build/proctor, its helper programs, build/libproctor.a and .so
#   make test       the project's tests: headers, units, and the real binary under both loops
#   make demo       suites that pass, fail, crash, hang and flood, and whether each was judged so
#   make bench      the measurements of tools/bench; BENCH="a c" picks some, ROUNDS=9 repeats more
#   make soak       the long matrices, injected faults, kill -9, and the fuzzing
#   make lint       includes that point down, paths in the docs, clang-tidy and cppcheck
#   make install    PREFIX and DESTDIR as usual
#
# Variables: CC, CXX, CFLAGS, LDFLAGS, WERROR=1, SAN=address,undefined or SAN=thread. A compiler
# or sanitizer that is not the default one has a directory of its own, build/clang, build/thread.

CFLAGS       ?= -O2
PREFIX       ?= /usr/local
LIBDIR       ?= $(PREFIX)/lib
PKGS          = liburing jansson libelf zlib
SYMBOLIZER_PKGS = libdw libelf
# Loaded by who reads XML, and linked to nothing (src/adapter/xml.c).
LOADED_PKGS   = libxml-2.0
SAN          ?=
VERSION      := $(shell sed -n 's/^.define PROCTOR_VERSION "\(.*\)"/\1/p' include/proctor/proctor.h)
SOVERSION     = 0

ifeq ($(origin CXX),default)
CXX          := $(if $(findstring clang,$(CC)),$(subst clang,clang++,$(CC)),c++)
endif

comma        := ,
empty        :=
space        := $(empty) $(empty)
VARIANT      := $(subst $(space),-,$(strip $(filter-out cc gcc,$(notdir $(firstword $(CC)))) \
                  $(subst $(comma),-,$(SAN))))
B            := $(if $(VARIANT),build/$(VARIANT),build)

ifneq ($(MAKECMDGOALS),clean)
MISSING      := $(shell pkg-config --print-errors --exists $(PKGS) $(SYMBOLIZER_PKGS) $(LOADED_PKGS) 2>&1 || echo "(pkg-config failed)")
ifneq ($(strip $(MISSING)),)
$(error $(MISSING) On Debian 12, 'sh tools/bootstrap test' installs what is needed)
endif
DEP_FLAGS    := $(shell pkg-config --cflags $(PKGS) $(LOADED_PKGS))
DEP_LIBS     := $(shell pkg-config --libs $(PKGS))
SYMBOLIZER_LIBS := $(shell pkg-config --libs $(SYMBOLIZER_PKGS))
endif

WARNINGS      = -Wall -Wextra -Wshadow -Wswitch-enum -Wmissing-prototypes -Wstrict-prototypes \
                -Wpointer-arith -Wvla $(if $(WERROR),-Werror)
SAN_FLAGS     = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
BASE_FLAGS    = -std=gnu11 -D_GNU_SOURCE -g -fPIC -pthread -Isrc -Iinclude $(WARNINGS)
LIB_FLAGS     = $(BASE_FLAGS) $(DEP_FLAGS) $(SAN_FLAGS) $(CFLAGS)
# The host runs hostile suites and stays plain whatever the sanitizer.
HOST_FLAGS    = $(BASE_FLAGS) $(CFLAGS)
# A library that is not needed is not loaded: start-up is part of each run.
LINK          = -Wl,--as-needed

ROOMS         = lib report run hosts coverage plan adapter loop wire base
LIB_SRC      := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c))
CLI_SRC      := $(wildcard src/cli/*.c)
# What is put into programs: all of it where coverage is collected, else the smaller part.
PRELOAD_SRC  := $(filter-out %/program.c %/fork_server.c,$(wildcard src/inject/*.c))
INJECT_SRC   := $(patsubst %,src/inject/%.c,crash_handler dispositions fork_server loaded_modules \
                preload_entry program program_page start_main)
HOST_SRC     := $(wildcard src/host/*.c src/guard/*.c) \
                $(filter-out %/preload.c %/preload_entry.c %/program_page.c %/loaded_modules.c \
                  %/start_main.c,$(PRELOAD_SRC))
SYMBOLIZER_SRC := $(wildcard src/symbolizer/*.c src/wire/*.c) src/base/error.c
# A sanitizer has an allocator of its own, which a test cannot have fail.
UNIT_SRC     := $(filter-out $(if $(SAN),tests/unit/test_plan_memory.c tests/unit/test_merge_memory.c),$(wildcard tests/unit/test_*.c))
# Those that take longest are begun first, so that nothing else waits for them at the end.
LONG_SRC     := $(wildcard $(patsubst %,tests/integration/test_%.c,coverage_ends misbehave signals \
                  clocks coverage_reports run_options ends))
INTEG_SRC    := $(LONG_SRC) $(filter-out $(LONG_SRC),$(wildcard tests/integration/test_*.c))
SOAK_SRC     := $(filter-out $(if $(SAN),tests/soak/test_malloc.c),$(wildcard tests/soak/test_*.c))
COMMON_SRC   := $(wildcard tests/common/*.c)
HARNESS_SRC  := $(filter-out $(INTEG_SRC),$(wildcard tests/integration/*.c)) $(COMMON_SRC)
HEADERS      := $(wildcard include/proctor/*.h)
OWN_HEADERS  := $(wildcard src/*/*.h)

LIB_OBJ      := $(LIB_SRC:%.c=$B/obj/%.o)
CLI_OBJ      := $(CLI_SRC:%.c=$B/obj/%.o)
# What it shares with the run is compiled once more, as plain as the rest of it.
HOST_OBJ     := $(HOST_SRC:%.c=$B/obj/%.o) $(patsubst %,$B/obj/host/src/base/%.o,clock fds process tree_remove)
SYMBOLIZER_OBJ := $(SYMBOLIZER_SRC:%.c=$B/obj/%.o)
PRELOAD_OBJ  := $(PRELOAD_SRC:%.c=$B/obj/%.o)
INJECT_OBJ   := $(INJECT_SRC:%.c=$B/obj/%.o)
HARNESS_OBJ  := $(HARNESS_SRC:%.c=$B/obj/%.o)
TRIAL_OBJ    := $(patsubst %.c,$B/obj/%.o,tests/soak/trial.c tests/soak/inject.c $(COMMON_SRC))
UNIT_BIN     := $(UNIT_SRC:tests/unit/%.c=$B/tests/unit/%)
SOAK_BIN     := $(SOAK_SRC:tests/soak/%.c=$B/tests/soak/%)
INTEG_BIN    := $(INTEG_SRC:tests/integration/%.c=$B/tests/integration/%) $B/tests/embed/test_embed \
                $(SOAK_BIN)
INTEG_PARTS  := $B/tests/soak/failmalloc.so
PRODUCTS     := $B/proctor $B/proctor-host $B/proctor-symbolizer $B/proctor-preload.so \
                $B/proctor-inject.so $B/libproctor.a $B/libproctor.so

all: $(PRODUCTS)

$(patsubst %.c,$B/obj/%.o,$(sort $(HOST_SRC) $(PRELOAD_SRC) $(INJECT_SRC))): $B/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(HOST_FLAGS) -MMD -MP -c -o $@ $<

$B/obj/host/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(HOST_FLAGS) -MMD -MP -c -o $@ $<

$B/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) -MMD -MP -c -o $@ $<

# Where the host is when it is not near the program that calls, as after make install. Another PREFIX
# than last time makes the object anew.
$B/libexecdir: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)/libexec/proctor' | cmp -s - $@ || echo '$(PREFIX)/libexec/proctor' >$@
$B/obj/src/lib/host_path.o: $B/libexecdir
$B/obj/src/lib/host_path.o: LIB_FLAGS += -DLIBEXECDIR='"$(PREFIX)/libexec/proctor"'

# It has that file within it.
$B/obj/src/coverage/report_html.o: src/coverage/page_head.html

$B/libproctor.a: $(LIB_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

# Programs built here are linked with the .a; who links the .so needs the name it asks for.
$B/libproctor.so: $(LIB_OBJ) src/libproctor.map
	$(CC) $(LIB_FLAGS) $(LINK) $(if $(SAN),,-Wl,-z,defs) -shared -Wl,-soname,libproctor.so.$(SOVERSION) \
		-Wl,--version-script=src/libproctor.map -o $@ $(LIB_OBJ) $(DEP_LIBS) $(LDFLAGS)
	ln -sf libproctor.so $@.$(SOVERSION)

$B/proctor: $(CLI_OBJ) $B/libproctor.a
	$(CC) $(LIB_FLAGS) $(LINK) -o $@ $(CLI_OBJ) $B/libproctor.a $(DEP_LIBS) $(LDFLAGS)

$B/proctor-host: $(HOST_OBJ)
	$(CC) $(HOST_FLAGS) $(LINK) -o $@ $^ -ldl $(LDFLAGS)

$B/proctor-symbolizer: $(SYMBOLIZER_OBJ)
	$(CC) $(LIB_FLAGS) $(LINK) -o $@ $^ $(SYMBOLIZER_LIBS) $(LDFLAGS)

# What it defines stands before the program's own libraries; nothing else of it is seen.
# Its constructor is the first of all: those of the program's libraries may crash or fork.
$B/proctor-preload.so: $(PRELOAD_OBJ) src/inject/preload.map
	$(CC) $(HOST_FLAGS) $(LINK) -shared -Wl,-z,initfirst -Wl,--version-script=src/inject/preload.map \
		-o $@ $(PRELOAD_OBJ) -ldl $(LDFLAGS)

# Every start of a program pays for it: few segments, nothing to be done to them after they are mapped.
$B/proctor-inject.so: $(INJECT_OBJ) src/inject/program.map
	$(CC) $(HOST_FLAGS) $(LINK) -shared -Wl,-z,initfirst,-z,noseparate-code,-z,norelro \
		-Wl,--version-script=src/inject/program.map -o $@ $(INJECT_OBJ) -ldl $(LDFLAGS)

# Tests. Test programs find what they need through the environment set here.

$B/tests/unit/%: tests/unit/%.c $B/libproctor.a Makefile
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(LINK) -MMD -MP -o $@ $< $(filter %.o,$^) $B/libproctor.a $(DEP_LIBS) -lcmocka $(LDFLAGS)

# The command line is no part of the library.
$B/tests/unit/test_option_parse $B/tests/unit/test_near_match: $(filter-out %/main.o,$(CLI_OBJ))

# It reads the reports with a parser that is not ours.
$B/tests/unit/test_junit: DEP_LIBS += $(shell pkg-config --libs libxml-2.0)

$B/tests/integration/%: tests/integration/%.c $(HARNESS_OBJ) $B/libproctor.a Makefile
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(LINK) -MMD -MP -o $@ $< $(HARNESS_OBJ) $B/libproctor.a $(DEP_LIBS) \
		-lcmocka $(LDFLAGS)

# Drivers that do something to run after run; in `make test` a sample of it.
$B/tests/soak/%.so: tests/soak/%.c tests/common/malloc_fails.h
	@mkdir -p $(@D)
	$(CC) $(HOST_FLAGS) -shared -o $@ $<

$B/tests/soak/test_%: tests/soak/test_%.c $(TRIAL_OBJ) Makefile
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(LINK) -MMD -MP -o $@ $< $(TRIAL_OBJ) $(DEP_LIBS) -lcmocka $(LDFLAGS)

# The example of docs/08-EMBEDDING.md, and a program that has threads and children of its own.

$B/embed: docs/example/embed.c $B/libproctor.a Makefile
	$(CC) $(LIB_FLAGS) $(LINK) -MMD -MP -o $@ $< $B/libproctor.a $(DEP_LIBS) $(LDFLAGS)

$B/tests/embed/%: tests/embed/%.c $B/embed $B/libproctor.a Makefile
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(LINK) -MMD -MP -o $@ $< $B/libproctor.a $(DEP_LIBS) -lcmocka $(LDFLAGS)

SUITES       :=
-include tests/suites/suites.mk

# The suites of tests/unit/test_host.c, which plays the worker to a host itself.
HOST_SUITES  := $(patsubst tests/suites/%,$B/tests/suites/%.so,\
                  $(basename $(wildcard tests/suites/host_*.c tests/suites/host_*.cc)))
SUITES       += $(HOST_SUITES)

$B/tests/suites/host_%.so: tests/suites/host_%.c include/proctor/suite.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -g -O1 -fPIC -pthread -Iinclude $(WARNINGS) -shared -o $@ $<

$B/tests/suites/host_%.so: tests/suites/host_%.cc include/proctor/suite.h
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -g -O1 -fPIC -pthread -Iinclude -Wall -Wextra $(if $(WERROR),-Werror) \
		-shared -o $@ $<

TEST_ENV      = SAN="$(SAN)" CC="$(CC)" CXX="$(CXX)" PROCTOR="$(CURDIR)/$B/proctor" \
                PROCTOR_SUITES="$(CURDIR)/$B/tests/suites"

# A public header is all that its user has to include, in C and in C++; our own compile alone too.
headers:
	@for h in $(HEADERS); do \
		$(CC) -std=c11 -Wall -Wextra -Werror -fsyntax-only -x c -Iinclude $$h && \
		$(CXX) -std=c++11 -Wall -Wextra -Werror -fsyntax-only -x c++ -Iinclude $$h || exit 1; \
	done
	@for h in $(OWN_HEADERS); do \
		$(CC) $(BASE_FLAGS) -Wno-unused-function $(DEP_FLAGS) -fsyntax-only -x c $$h || exit 1; \
	done
	@for c in tests/fuzz/*.c; do \
		$(CC) $(BASE_FLAGS) $(DEP_FLAGS) -DFRAMEWORK=adapter_tap -fsyntax-only $$c || exit 1; \
	done

unit: $(UNIT_BIN) $(SUITES) $(PRODUCTS)
	@$(TEST_ENV) TEST_LIMIT=120 tools/run-tests $(UNIT_BIN)

integration: $(INTEG_BIN) $(INTEG_PARTS) $(SUITES) demo-parts $(PRODUCTS)
	@$(TEST_ENV) tools/both-loops tools/run-tests $(INTEG_BIN)

test-parts: $(UNIT_BIN) $(INTEG_BIN) $(INTEG_PARTS) $(SUITES) demo-parts $(PRODUCTS)

test: headers test-parts
	@export $(TEST_ENV); worst=0; \
	TEST_LIMIT=120 tools/run-tests $(UNIT_BIN) || worst=1; \
	tools/both-loops tools/run-tests $(INTEG_BIN) || worst=1; \
	exit $$worst

# The fuzzing is done whatever has failed before it.
soak:
	@worst=0; $(MAKE) soak-runs || worst=1; $(MAKE) SAN=address,undefined fuzz || worst=1; exit $$worst

# Here the drivers of tests/soak take longest.
soak-runs: $(INTEG_BIN) $(INTEG_PARTS) $(SUITES) demo-parts $(PRODUCTS)
	@$(TEST_ENV) PROCTOR_SOAK=1 TEST_LIMIT=7200 tools/both-loops tools/run-tests $(SOAK_BIN) \
		$(filter-out $(SOAK_BIN),$(INTEG_BIN))

# What reads files and pages that others wrote, against many mutations of good ones.
FUZZ_BIN      = $(patsubst %,$B/tests/unit/test_%,elf manifest merge page_map raw raw_names symbolize tap)
FUZZ_SECONDS ?= 600
FUZZ_CC      ?= $(lastword $(foreach c,clang clang-14 clang-16 clang-19,$(shell command -v $c)))
FUZZ_PARSERS  = googletest catch2 catch2_v2 doctest boost rust go tap
FUZZERS       = $(FUZZ_PARSERS:%=$B/fuzz/%) $B/fuzz/manifest $B/fuzz/list_file
FUZZ_FLAGS    = $(BASE_FLAGS) $(DEP_FLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
# How long each may take, and how much it may use. XML that was recorded is as long as that.
FUZZ_RUN      = -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=20 -print_final_stats=1
fuzz: $(FUZZ_BIN) $(PRODUCTS) $B/fuzz/profile $(FUZZERS)
	@$(TEST_ENV) PROCTOR_SOAK=1 TEST_LIMIT=3600 tools/run-tests $(FUZZ_BIN)
	cd $B/fuzz && for p in $(notdir $(FUZZERS)); do ./$$p $(FUZZ_RUN) $$p.corpus || exit 1; done
	cd $B/fuzz && ./profile -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1 corpus

# A parser of what a framework's programs write, and the reader of manifests. Each begins with what the unit tests
# give it.
FUZZ_OBJ      = $(LIB_SRC:%.c=$B/fuzz/obj/%.o)
$B/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$B/fuzz/libproctor.a: $(FUZZ_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(FUZZ_PARSERS:%=$B/fuzz/%): $B/fuzz/%: tests/fuzz/parser.c $B/fuzz/libproctor.a $B/fuzz/%.corpus
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -DFRAMEWORK=adapter_$* -o $@ $< $B/fuzz/libproctor.a $(DEP_LIBS)

# With the suites that its corpus names.
$B/fuzz/manifest: tests/fuzz/manifest.c $B/fuzz/libproctor.a $B/fuzz/manifest.corpus $B/tests/suites/ways/libtml.so
	cp $B/tests/suites/ways/libtml.so $(@D)
	printf '#!/bin/sh\n' >$(@D)/prog.sh && chmod +x $(@D)/prog.sh
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< $B/fuzz/libproctor.a $(DEP_LIBS)

$B/fuzz/list_file: tests/fuzz/list_file.c $B/fuzz/libproctor.a
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $< $B/fuzz/libproctor.a $(DEP_LIBS)
	mkdir -p $@.corpus
	PARSER_SEEDS=$(abspath $@.corpus) $@ -runs=0 2>/dev/null

$B/fuzz/catch2.corpus $B/fuzz/catch2_v2.corpus $B/fuzz/doctest.corpus: $B/tests/unit/test_catch_xml
$(patsubst %,$B/fuzz/%.corpus,googletest boost rust go tap manifest): $B/fuzz/%.corpus: $B/tests/unit/test_%
$(FUZZ_PARSERS:%=$B/fuzz/%.corpus) $B/fuzz/manifest.corpus:
	@mkdir -p $@
	CC="$(CC)" PARSER_SEEDS=$(abspath $@) $< >/dev/null
	@touch $@

# Begins with what the unit test's hand-made profiles are: mutations of good ones go deeper.
$B/fuzz/profile: tests/fuzz/profile.c src/coverage/merge.c src/coverage/raw.c \
		src/coverage/raw_names.c src/coverage/unmapped.c src/base/error.c src/base/md5.c \
		src/coverage/tml_functions.c src/base/output.c src/base/file_replace.c src/base/bytes.c \
		src/base/file_content.c src/base/hash_table.c src/base/texts.c \
		$B/tests/unit/test_merge
	@mkdir -p $(@D)/corpus
	$B/tests/unit/test_merge --corpus=$(abspath $(@D)/corpus)
	$(FUZZ_CC) $(BASE_FLAGS) -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $(filter %.c,$^) -lz

# The demonstration: suites as a user would write them, and a judge of what proctor made of them.

DEMO_SRC     := $(wildcard tests/suites/demo/*.c)
DEMO_EXE     := $B/demo/suites/weather
DEMO_LIB     := $(patsubst tests/suites/demo/%.c,$B/demo/suites/lib%.so,\
                  $(filter-out %/weather.c,$(DEMO_SRC)))

$B/demo/suites/lib%.so: tests/suites/demo/%.c include/proctor/suite.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -g -O0 -fPIC -pthread -Iinclude $(WARNINGS) -shared -o $@ $<

$(DEMO_EXE): tests/suites/demo/weather.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -g -O0 $(WARNINGS) -o $@ $<

$B/demo/judge: tools/demo/judge.c
	@mkdir -p $(@D)
	$(CC) $(BASE_FLAGS) $(DEP_FLAGS) $(CFLAGS) $(LINK) -o $@ $< $(DEP_LIBS) $(LDFLAGS)

demo-parts: $(PRODUCTS) $(DEMO_LIB) $(DEMO_EXE) $B/demo/judge

demo: demo-parts
	@tools/demo/run $B/proctor $B/demo/judge $B/demo

# The measurements are made of what is installed: never of a sanitized or unoptimized build.

ROUNDS       ?= 5
BENCH        ?= a b c d e f g h i

$B/bench/bench: tools/bench/bench.c tools/bench/measure.c tools/bench/measure.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -g -O2 $(WARNINGS) -o $@ $(filter %.c,$^)

$B/bench/material/complete: tools/bench/material $(wildcard tools/bench/bare_*.c) \
		tools/bench/trivial.c tools/bench/flood.c tools/bench/googletest_many.cc tools/bench/catch_many.cc
	CC="$(CC)" CXX="$(CXX)" tools/bench/material $(@D)

$B/bench/merge_profiles: tools/bench/merge_profiles.c $B/libproctor.a
	@mkdir -p $(@D)
	$(CC) $(LIB_FLAGS) $(LINK) -o $@ $< $B/libproctor.a $(DEP_LIBS) $(LDFLAGS)

$B/bench/material/coverage/complete: tools/bench/coverage_material $B/bench/material/complete
	tools/bench/coverage_material $(@D)

bench: $(PRODUCTS) $B/bench/bench $B/bench/merge_profiles $B/bench/material/complete \
		$B/bench/material/coverage/complete
	@$B/bench/bench --rounds=$(ROUNDS) $(BENCH_FLAGS) $B/proctor $B/bench/material $(BENCH)

# One file at a time: clang-tidy 14 takes what it learnt of one file's va_list for another's. How
# many warnings it has dropped, of the system's headers and by request, is of no use to anybody.
LINT_C        = $(LIB_SRC) $(CLI_SRC) $(sort $(HOST_SRC) $(PRELOAD_SRC) $(INJECT_SRC)) \
                $(filter src/symbolizer/%,$(SYMBOLIZER_SRC)) \
                $(wildcard tools/*/*.c docs/example/*.c)
lint: lint-includes lint-paths lint-tidy lint-cppcheck
lint-includes:
	@tools/check-includes
lint-paths:
	@tools/check-paths
lint-tidy:
	@printf '%s\n' $(LINT_C) | xargs -P $(shell nproc) -I FILE sh -c ' \
		said=$$(clang-tidy --quiet FILE -- $(BASE_FLAGS) $(DEP_FLAGS) 2>&1); status=$$?; \
		printf "%s\n" "$$said" | grep -vE "^([0-9]+ warnings? generated\.)?$$"; exit $$status'
lint-cppcheck:
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem -D_GNU_SOURCE -D__linux__ \
		-D__$(shell uname -m)__ -Isrc -Iinclude $(LINT_C)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/proctor \
		$(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include/proctor \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install $B/proctor $(DESTDIR)$(PREFIX)/bin/
	install $B/proctor-host $B/proctor-symbolizer $B/proctor-preload.so $B/proctor-inject.so \
		$(DESTDIR)$(PREFIX)/libexec/proctor/
	install -m 644 $B/libproctor.a $(DESTDIR)$(LIBDIR)/
	install -m 644 $B/libproctor.so $(DESTDIR)$(LIBDIR)/libproctor.so.$(VERSION)
	ln -sf libproctor.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libproctor.so.$(SOVERSION)
	ln -sf libproctor.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libproctor.so
	install -m 644 $(HEADERS) $(DESTDIR)$(PREFIX)/include/proctor/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@PKGS@|$(PKGS)|' tools/proctor.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/proctor.pc
	install -m 644 docs/proctor.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 tools/completion/proctor.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/proctor
	install -m 644 tools/completion/_proctor $(DESTDIR)$(PREFIX)/share/zsh/site-functions/
	install -m 644 tools/completion/proctor.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/

clean:
	rm -rf build

FORCE:

.PHONY: FORCE all headers unit integration test-parts test demo-parts demo \
        bench soak soak-runs fuzz lint lint-includes lint-paths lint-tidy lint-cppcheck install clean
.DELETE_ON_ERROR:
# What only a pattern rule asks for is kept too.
.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(HOST_OBJ:.o=.d) $(HARNESS_OBJ:.o=.d) $(TRIAL_OBJ:.o=.d)
-include $(SYMBOLIZER_OBJ:.o=.d) $(PRELOAD_OBJ:.o=.d) $(INJECT_OBJ:.o=.d)
-include $(UNIT_BIN:=.d) $(INTEG_BIN:=.d) $B/embed.d
-include $(FUZZ_OBJ:.o=.d)
