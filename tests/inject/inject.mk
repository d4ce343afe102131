# Every system call of the supervisor fails once: tests/inject/run.

$(B)/inject/injector: tests/inject/injector.c $(PTRACE)/trace.o $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O1 -static -o $@ $< $(PTRACE)/trace.o

$(B)/inject/gate: tests/inject/gate.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O1 -static -o $@ $<

INJECT_PROGRAMS := $(B)/inject/injector $(B)/inject/gate

inject-short: all system-programs $(INJECT_PROGRAMS) ## let system calls of chance fail in the supervisor, for 25 seconds
	@tests/inject/run --build $(B) --seconds 25

inject: all system-programs $(INJECT_PROGRAMS) ## let every system call fail once, with every errno, and print the table of what came of it
	@tests/inject/run --build $(B)

LONG_TARGETS += inject
.PHONY: inject inject-short
