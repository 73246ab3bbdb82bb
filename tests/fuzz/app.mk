FUZZERS += tests/fuzz/fuzz_demo_announce
tests_fuzz_fuzz_demo_announce_SOURCES = tests/fuzz/fuzz_demo_announce.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_demo_announce_LDADD = $(ROOM_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_demo_announce_LDFLAGS = $(LINK_FUZZ)
FUZZERS += tests/fuzz/fuzz_json_text
tests_fuzz_fuzz_json_text_SOURCES = tests/fuzz/fuzz_json_text.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_json_text_LDADD = $(ROOM_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_json_text_LDFLAGS = $(LINK_FUZZ)
