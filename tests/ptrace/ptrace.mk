# What follows the system calls of our own programs: tests/ptrace/trace.h.
PTRACE := $(B)/ptrace

# The names of this machine's calls, by number.
$(PTRACE)/calls.h: tests/ptrace/ptrace.mk
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) [0-9].*/[__NR_\1] = "\1",/p' >$@

$(PTRACE)/trace.o: tests/ptrace/trace.c $(PTRACE)/calls.h $(B)/flags
	$(call say,CC)
	$(Q)gcc $(COMMON) -O1 -I$(B) -c -o $@ $<
