FUZZERS += tests/fuzz/fuzz_state tests/fuzz/fuzz_ban_list \
	tests/fuzz/fuzz_file_select tests/fuzz/fuzz_saved_list
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_state_LDADD = $(TORRENT_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_state_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_ban_list_SOURCES = tests/fuzz/fuzz_ban_list.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_ban_list_LDADD = $(TORRENT_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_ban_list_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_file_select_SOURCES = tests/fuzz/fuzz_file_select.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_file_select_LDADD = $(TORRENT_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_file_select_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_saved_list_SOURCES = tests/fuzz/fuzz_saved_list.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_saved_list_LDADD = $(TORRENT_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_saved_list_LDFLAGS = $(LINK_FUZZ)
