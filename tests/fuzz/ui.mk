FUZZERS += tests/fuzz/fuzz_keys tests/fuzz/fuzz_canvas
tests_fuzz_fuzz_keys_SOURCES = tests/fuzz/fuzz_keys.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_keys_LDADD = $(UI_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_keys_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_canvas_SOURCES = tests/fuzz/fuzz_canvas.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_canvas_LDADD = $(UI_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_canvas_LDFLAGS = $(LINK_FUZZ)
