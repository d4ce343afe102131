# Kill anything, anywhere: tests/kill/run.

$(B)/kill/killer: tests/kill/killer.c $(PTRACE)/trace.o $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O1 -static -o $@ $< $(PTRACE)/trace.o

KILL_PROGRAMS := $(B)/kill/killer $(B)/court/defendant

kill-short: all system-programs $(KILL_PROGRAMS) ## kill our own programs 20 times at system calls of chance: nothing is lost
	@tests/kill/run --build $(B)

kill: all system-programs $(KILL_PROGRAMS) ## the same 500 times, where services can leak, too
	@./with-cgroup2 tests/kill/run --build $(B) --kills 500 --rounds 25

LONG_TARGETS += kill
.PHONY: kill kill-short
