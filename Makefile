# bulkhead: the one entrance. `make help` lists what it does.
#
# Objects of one configuration live together: build/<CONF>/ (CONF: release, clang, asan, valgrind).
# Rooms build into archives, so a program links what it uses and no more; every unit test names the
# archives and objects it may see, which is the proof of what it depends on.

CONF    ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
B       := build/$(CONF)
VERSION := 0.1.0

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wwrite-strings -Wformat=2 -Wundef -Werror
COMMON   := -std=c17 -D_GNU_SOURCE -I. -MMD -MP $(WARNINGS) -fno-common \
            -DBULKHEAD_VERSION='"$(VERSION)"'
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fstack-clash-protection

CC_release   := gcc
CFLAGS_release := -O2 -g $(HARDEN)
CC_clang     := clang
CFLAGS_clang := -O2 -g
CC_asan      := clang
CFLAGS_asan  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_asan := -fsanitize=address,undefined
CC_valgrind  := gcc
CFLAGS_valgrind := -O1 -g
RUN_UNITS_valgrind := --valgrind

CC      := $(CC_$(CONF))
CFLAGS  := $(COMMON) $(CFLAGS_$(CONF)) $(EXTRA_CFLAGS)
LDFLAGS := $(LDFLAGS_$(CONF))
# What stays resident is linked statically: fewer private pages, a quicker fork, no library to lose.
STATIC  := $(if $(filter asan,$(CONF)),,-static-pie -fPIE)
PIC     := -fPIE
comma   := ,
# Nothing is loaded by what is static: recorder/no_extensions.c.
NO_LOADER := $(addprefix -Wl$(comma)--wrap=,dlopen dlsym dlclose dlerror)

ROOMS   := core history simulation stackfile supervisor recorder cli
sources  = $(sort $(wildcard $(1)/*.c $(1)/*/*.c))
objects  = $(patsubst %.c,$(B)/%.o,$(1))

CORE       := $(B)/core.a
STACKFILE  := $(B)/stackfile.a
HISTORY    := $(B)/history.a
SIMULATION := $(B)/simulation.a
RESIDENT   := $(B)/bulkheadd $(B)/bulkhead-keeper $(B)/bulkhead-recorder
PROGRAMS   := $(B)/bulkhead $(RESIDENT)

MAKEFLAGS += --no-builtin-rules
# A build says what it makes; V=1 shows the commands.
Q         := $(if $(filter 1,$(V)),,@)
say        = $(if $(filter 1,$(V)),,@printf '  %-4s %s\n' $(1) $@)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

all: $(PROGRAMS) ## build the programs (CONF=release, clang, asan or valgrind)

# Flags are an input like a source file: when they change, what was made with others is made anew.
# remember,FILE,TEXT: FILE holds TEXT and is newer than before only if TEXT is another.
remember = $(if $(filter $(subst $(space),_,$(strip $(2))),$(subst $(space),_,$(shell cat $(1) 2>/dev/null))),,\
             $(shell mkdir -p $(dir $(1)))$(file >$(1),$(strip $(2))))
space   := $(subst ,, )
$(call remember,$(B)/flags,$(CC) $(CFLAGS))
$(call remember,$(B)/prefix,$(PREFIX))

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) $(ROOM_FLAGS) $(PIC) -c -o $@ $<

# Only the command line knows where the others are installed.
$(B)/cli/%.o: ROOM_FLAGS := -DBULKHEAD_LIBEXEC='"$(PREFIX)/libexec/bulkhead"'
$(call objects,$(call sources,cli)): $(B)/prefix

$(CORE): $(call objects,$(call sources,core))
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcs $@ $^
$(STACKFILE): $(call objects,$(call sources,stackfile))
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcs $@ $^

$(HISTORY): $(call objects,$(call sources,history))
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcs $@ $^

$(SIMULATION): $(call objects,$(call sources,simulation))
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcs $@ $^

$(B)/bulkheadd: $(call objects,$(call sources,supervisor)) $(CORE)
	$(call say,LINK)
	$(Q)$(CC) $(STATIC) $(LDFLAGS) -o $@ $^
# One executable under two names: the text of both is in memory once.
$(B)/bulkhead-keeper: $(B)/bulkheadd
	ln -sf $(<F) $@
# The recorder's system calls, compiled by libseccomp here and now: see recorder/filter.h.
FILTER := $(B)/generated/recorder_filter
$(FILTER): $(B)/tools/filter.o $(B)/cli/plan/seccomp.o
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lseccomp
$(FILTER).c: $(FILTER)
	$(call say,GEN)
	$(Q)$< >$@
$(FILTER).o: $(FILTER).c
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS) $(PIC) -c -o $@ $<
$(B)/bulkhead-recorder: $(call objects,$(call sources,recorder)) $(FILTER).o $(HISTORY) $(CORE)
	$(call say,LINK)
	$(Q)$(CC) $(STATIC) $(NO_LOADER) $(LDFLAGS) -o $@ $^ -lsqlite3 -lm
$(B)/bulkhead: $(call objects,$(call sources,cli)) $(HISTORY) $(SIMULATION) $(STACKFILE) $(CORE)
	$(call say,LINK)
	$(Q)$(CC) -pie $(LDFLAGS) -o $@ $^ -lsqlite3 -lyaml -lcgroup -lseccomp -ljansson -lncursesw -ltinfo -lm

# --- unit tests: tests/unit/test_NAME.c; a line "// links: A B" in it names what it may see
# (archives core, history, simulation, stackfile; or objects such as cli/show/render.o). core alone is the default.
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNITS        := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SOURCES))
link_words    = $(shell sed -n 's,^// links: ,,p' $(1) | head -1)
link_file     = $(if $(filter -l%,$(1)),$(1),$(if $(filter %.o,$(1)),$(B)/$(1),$(B)/$(1).a))
links         = $(foreach word,$(or $(call link_words,$(1)),core),$(call link_file,$(word)))

define UNIT_RULE
$(B)/unit/$(1): $(B)/tests/unit/$(1).o $(filter-out -l%,$(call links,tests/unit/$(1).c))
	@mkdir -p $$(@D)
	$$(call say,LINK)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $(B)/tests/unit/$(1).o $(call links,tests/unit/$(1).c) -lcmocka
endef
$(foreach unit,$(UNITS),$(eval $(call UNIT_RULE,$(notdir $(unit)))))

units: $(UNITS) ## build the unit tests

unit: units ## run the unit tests (of this CONF)
	@tests/run-units $(RUN_UNITS_$(CONF)) $(UNITS)

asan: ## build and run the unit tests with the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory CONF=asan all unit

valgrind: ## run the unit tests under valgrind
	@$(MAKE) --no-print-directory CONF=valgrind unit

# The packages for a guest kernel are wanted where this machine has no v2 memory controller.
GUEST          = $(filter guest,$(shell ./with-cgroup2 --where))
DEMO_PACKAGES := $(or $(BULKHEAD_CACHE),$(HOME)/.cache/bulkhead)/demo

# --- system tests: real programs on a real cgroup v2, here or else in a guest kernel
# The programs are static and plain, whatever CONF is: a service that starts at once and shares nothing.
SYSTEM_PROGRAMS := $(patsubst tests/system/programs/%.c,$(B)/system/%,$(sort $(wildcard tests/system/programs/*.c)))
$(B)/system/%: tests/system/programs/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O1 -static -o $@ $<

system-programs: $(SYSTEM_PROGRAMS)

system: all system-programs ## run the system tests where there is a cgroup v2 memory controller (TESTS=words: only these)
	@./with-cgroup2 tests/system/run --build $(B) $(TESTS)

system-memory: all system-programs ## those of them that need one, and system-here the others: make check has both
	@./with-cgroup2 tests/system/run --build $(B) --only-memory $(TESTS)

system-here: all system-programs ## run those system tests that need no memory controller on this very machine
	@tests/system/run --build $(B) --without-memory $(TESTS)

LONG_TARGETS += system tidy

# --- form
lint: all $(B)/ptrace/calls.h ## check the house rules, formatting, clang-tidy (TIDY=recent: what changed lately), shellcheck, man pages (TESTS=words: only these)
	@TIDY=$(TIDY) tests/lint/run --build $(B) $(TESTS)

lint-selftest: ## prove that every lint rule bites, and that the test runner loses no failure
	@tests/lint/selftest

tidy: $(B)/ptrace/calls.h ## run clang-tidy on all that it has not found clean before
	@tests/lint/run --build $(B) tidy

format: ## rewrite all C files as .clang-format says
	@tests/lint/run --list-c | xargs clang-format -i

# --- everything
check: ## install what is missing, build, and run every test: the last line counts them
	@tools/install-packages build check $(GUEST)
	@tests/check

check-long: check ## make check, then the long fuzzing, simulation and benchmark
	@for target in $(LONG_TARGETS); do $(MAKE) --no-print-directory $$target || exit 1; done

# Fragments add targets of their own, and to LONG_TARGETS what `make check-long` runs.
-include tests/generated/generated.mk tests/ptrace/ptrace.mk tests/kill/kill.mk tests/golden/golden.mk tests/simulate/simulate.mk tests/fuzz/fuzz.mk tests/sim/sim.mk tests/court/court.mk tests/bench/bench.mk tests/logpath/logpath.mk tests/inject/inject.mk

# --- installation
BIN     := $(DESTDIR)$(PREFIX)/bin
LIBEXEC := $(DESTDIR)$(PREFIX)/libexec/bulkhead
MAN     := $(DESTDIR)$(PREFIX)/share/man
DOC     := $(DESTDIR)$(PREFIX)/share/doc/bulkhead
MANUALS := $(wildcard man/*.[1-8])
SHARE   := $(DESTDIR)$(PREFIX)/share
# shell:file, where each shell looks for it
COMPLETIONS := bash:bash-completion/completions/bulkhead zsh:zsh/site-functions/_bulkhead \
               fish:fish/vendor_completions.d/bulkhead.fish

install: all ## install below PREFIX (/usr/local), staged below DESTDIR
	install -d $(BIN) $(LIBEXEC) $(DOC)/configs
	install -m 755 $(B)/bulkhead $(BIN)
	install -m 755 $(B)/bulkheadd $(B)/bulkhead-recorder $(LIBEXEC)
	ln -sf bulkheadd $(LIBEXEC)/bulkhead-keeper
	for page in $(MANUALS); do install -D -m 644 -t $(MAN)/man$${page##*.} $$page || exit 1; done
	for pair in $(COMPLETIONS); do file=$(SHARE)/$${pair#*:}; install -d $${file%/*} && \
	    $(B)/bulkhead completion $${pair%%:*} >$$file && chmod 644 $$file || exit 1; done
	install -m 644 README.md LICENSE $(DOC)
	for file in $(wildcard configs/*); do install -m 644 $$file $(DOC)/configs || exit 1; done

uninstall: ## remove what install put there
	rm -f $(BIN)/bulkhead
	rm -rf $(LIBEXEC) $(DOC)
	for pair in $(COMPLETIONS); do rm -f $(SHARE)/$${pair#*:}; done
	for page in $(MANUALS); do rm -f $(MAN)/man$${page##*.}/$${page##*/}; done

demo: ## see it happen: a stack whose application leaks, is killed and comes back alone
	@tools/install-packages build demo $(GUEST)
	@$(MAKE) --no-print-directory all
	@tools/unpack-packages $(DEMO_PACKAGES) nginx redis-server
	@./with-cgroup2 examples/shop/run --bulkhead $(B)/bulkhead --packages $(DEMO_PACKAGES)

clean: ## remove what was built
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 16

.PHONY: all units unit asan valgrind system-programs system system-memory system-here lint lint-selftest tidy format \
        check check-long install uninstall demo clean help

-include $(shell find $(B) -name '*.d' 2>/dev/null)
