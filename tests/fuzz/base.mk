FUZZERS += tests/fuzz/fuzz_text
tests_fuzz_fuzz_text_SOURCES = tests/fuzz/fuzz_text.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_text_LDADD = $(BASE_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_text_LDFLAGS = $(LINK_FUZZ)
