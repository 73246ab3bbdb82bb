FUZZERS += tests/fuzz/fuzz_state
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_state_LDADD = $(TORRENT_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_state_LDFLAGS = $(LINK_FUZZ)
