FUZZERS += tests/fuzz/fuzz_keys tests/fuzz/fuzz_canvas
tests_fuzz_fuzz_keys_SOURCES = tests/fuzz/fuzz_keys.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_keys_LDADD = $(UI_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_keys_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_canvas_SOURCES = tests/fuzz/fuzz_canvas.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_canvas_LDADD = $(UI_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_canvas_LDFLAGS = $(LINK_FUZZ)
FUZZERS += tests/fuzz/fuzz_cell_writer
tests_fuzz_fuzz_cell_writer_SOURCES = tests/fuzz/fuzz_cell_writer.c tests/screen/vt.c \
	tests/screen/vt.h $(DRIVER_FUZZ)
tests_fuzz_fuzz_cell_writer_LDADD = $(UI_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_cell_writer_LDFLAGS = $(LINK_FUZZ)
