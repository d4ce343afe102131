# Golden tests: stack files and their canonical output or exact errors. Included by the Makefile.

$(B)/golden/show: $(B)/tests/golden/show.o $(STACKFILE) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lyaml

golden: $(B)/golden/show $(GENERATE) ## compare stack files with their canonical output or exact errors
	@tests/golden/run $(B)/golden/show $(GENERATE)

golden-update: $(B)/golden/show $(GENERATE) ## write the golden output anew; read the difference
	@tests/golden/run $(B)/golden/show $(GENERATE) --update

.PHONY: golden golden-update
