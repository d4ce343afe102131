# The court: deaths are brought about whose causes are known, and what bulkhead says of each is compared.

COURT_KERNELS ?= 6.1 6.12

$(B)/court/%: tests/court/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O1 -static -o $@ $<

court-short: all $(B)/court/defendant ## bring about 200 deaths of every known cause and compare the verdicts
	@./with-cgroup2 tests/court/run --build $(B)

court: all $(B)/court/defendant ## the same with 2,000 deaths on each kernel, and a table of causes by verdicts
	@for kernel in $(or $(if $(GUEST),$(COURT_KERNELS)),native); do \
	    test $$kernel = native || set -- --kernel $$kernel; \
	    ./with-cgroup2 "$$@" tests/court/run --build $(B) --rounds 8 --singles 13 --doubles 8 --size 6 || exit 1; done

LONG_TARGETS += court
.PHONY: court court-short
