# Benchmarks: ours against a bare loop. The service and the bare loop are static, as what we keep resident is.
BENCH          := $(B)/bench
BENCH_PROGRAMS := $(BENCH)/first $(BENCH)/bare $(BENCH)/ask $(BENCH)/load $(BENCH)/gush $(BENCH)/pulse

$(BENCH)/%: tests/bench/%.c $(CORE) $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O2 -static $(BENCH_ENTRY) -o $@ $< $(BENCH_CORE)
$(BENCH)/first: BENCH_ENTRY := -Wl,-e,first_instruction
$(BENCH)/ask: BENCH_CORE := $(CORE)
# The loader as the command line has it: against the shared libyaml.
$(BENCH)/load: tests/bench/load.c $(STACKFILE) $(CORE) $(B)/flags
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)gcc $(COMMON) -O2 -o $@ $< $(STACKFILE) $(CORE) -lyaml

bench: all $(BENCH_PROGRAMS) ## measure ours against a bare loop: a table, and build/bench.json
	@tests/bench/run --build $(B)

bench-short: all $(BENCH_PROGRAMS) ## the same in small, as a test: figures come out and make sense (never their size)
	@tests/bench/run --build $(B) --short

LONG_TARGETS += bench
.PHONY: bench bench-short
