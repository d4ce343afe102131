# What the key tables of the stack file generate, kept in the tree. Included by the Makefile.

GENERATE := $(B)/generated/generate
GENERATED_PARTS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/generated/*.c))

$(GENERATE): $(GENERATED_PARTS) $(STACKFILE) $(CORE)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lyaml

generated: $(GENERATE) ## make anew what the key tables generate: lists in bulkhead.yaml(5), configs/bulkhead.schema.json
	@tests/generated/run $(GENERATE) --write

.PHONY: generated
