# Golden tests: stack files and their canonical output or exact errors. Included by the Makefile.

$(B)/golden/show: $(B)/tests/golden/show.o $(STACKFILE) $(CORE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lyaml

golden: $(B)/golden/show ## compare stack files with their canonical output or exact errors
	@tests/golden/run $(B)/golden/show

golden-update: $(B)/golden/show ## write the golden output anew; read the difference
	@tests/golden/run $(B)/golden/show --update

.PHONY: golden golden-update
