# Fuzzing of every byte that comes from outside: one libFuzzer program a file fuzz_NAME.c, linked
# with core and stackfile. FUZZ_SECONDS is per target. See tests/fuzz/run.

FUZZ_SECONDS ?= 60
FUZZ_DIR     := build/fuzz
FUZZERS      := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_FLAGS   := $(COMMON) -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
                -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS := $(patsubst %.c,$(FUZZ_DIR)/%.o,$(call sources,core) $(call sources,stackfile))

$(FUZZ_DIR)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)clang $(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ_DIR)/fuzz_%: $(FUZZ_DIR)/tests/fuzz/fuzz_%.o $(FUZZ_OBJECTS)
	$(call say,LINK)
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ -lyaml

fuzz-build: $(addprefix $(FUZZ_DIR)/fuzz_,$(FUZZERS))

fuzz: fuzz-build ## fuzz each target for FUZZ_SECONDS (60)
	@tests/fuzz/run $(FUZZ_DIR) $(FUZZ_SECONDS) $(FUZZERS)

fuzz-short: fuzz-build ## fuzz each target for 5 seconds
	@tests/fuzz/run $(FUZZ_DIR) 5 $(FUZZERS)

LONG_TARGETS += fuzz
.PHONY: fuzz fuzz-build fuzz-short
.SECONDARY: $(addprefix $(FUZZ_DIR)/tests/fuzz/fuzz_,$(addsuffix .o,$(FUZZERS)))
-include $(shell find $(FUZZ_DIR) -name '*.d' 2>/dev/null)
