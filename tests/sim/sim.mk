# The simulation of the fleet: seeds, invariants, and the mutants that the invariants must kill.

SIM_SEEDS   ?= 5000
SIM_SOURCES := $(sort $(wildcard tests/sim/*.c))
SIM_OBJECTS := $(patsubst %.c,$(B)/%.o,$(SIM_SOURCES))

$(B)/sim/sim: $(SIM_OBJECTS) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

sim: $(B)/sim/sim ## run the real fleet in simulated worlds, and prove that every invariant bites
	@tests/sim/run $(B) $(SIM_SEEDS) "$(CC) -std=c17 -D_GNU_SOURCE -I. -O1 $(LDFLAGS)"

sim-long: $(B)/sim/sim ## the same with 200,000 seeds
	@tests/sim/run $(B) 200000 "$(CC) -std=c17 -D_GNU_SOURCE -I. -O1 $(LDFLAGS)"

LONG_TARGETS += sim-long
.PHONY: sim sim-long
