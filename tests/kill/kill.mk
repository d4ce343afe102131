# Kill anything, anywhere: tests/kill/run.

$(B)/kill/killer: tests/kill/killer.c $(PTRACE)/trace.o $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O1 -static -o $@ $< $(PTRACE)/trace.o
