FUZZERS += tests/fuzz/fuzz_picker
tests_fuzz_fuzz_picker_SOURCES = tests/fuzz/fuzz_picker.c tests/unit/piece/driver.c \
	tests/unit/piece/driver.h $(DRIVER_FUZZ)
tests_fuzz_fuzz_picker_LDADD = $(PIECE_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_picker_LDFLAGS = $(LINK_FUZZ)
