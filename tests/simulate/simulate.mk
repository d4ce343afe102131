# What `bulkhead simulate` prints, to the byte. Included by the Makefile.

simulate-golden: all ## compare what `bulkhead simulate` prints with what it is to print
	@tests/simulate/run $(B)

simulate-update: all ## write that anew; read the difference
	@tests/simulate/run $(B) --update

.PHONY: simulate-golden simulate-update
