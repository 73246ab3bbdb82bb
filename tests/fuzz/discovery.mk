FUZZERS += tests/fuzz/fuzz_tracker_reply tests/fuzz/fuzz_tracker_packet
tests_fuzz_fuzz_tracker_reply_SOURCES = tests/fuzz/fuzz_tracker_reply.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_tracker_reply_LDADD = $(DISCOVERY_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_tracker_reply_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_tracker_packet_SOURCES = tests/fuzz/fuzz_tracker_packet.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_tracker_packet_LDADD = $(DISCOVERY_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_tracker_packet_LDFLAGS = $(LINK_FUZZ)
