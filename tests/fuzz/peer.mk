FUZZERS += tests/fuzz/fuzz_peer_session tests/fuzz/fuzz_handshake tests/fuzz/fuzz_extension \
	tests/fuzz/fuzz_blocklist
tests_fuzz_fuzz_peer_session_SOURCES = tests/fuzz/fuzz_peer_session.c \
	tests/unit/peer/rig.c tests/unit/peer/rig.h $(DRIVER_FUZZ)
tests_fuzz_fuzz_peer_session_LDADD = $(TESTS_LIBS) $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_peer_session_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_handshake_SOURCES = tests/fuzz/fuzz_handshake.c tests/unit/peer/rig.c \
	tests/unit/peer/rig.h $(DRIVER_FUZZ)
tests_fuzz_fuzz_handshake_LDADD = $(TESTS_LIBS) $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_handshake_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_extension_SOURCES = tests/fuzz/fuzz_extension.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_extension_LDADD = $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_extension_LDFLAGS = $(LINK_FUZZ)
tests_fuzz_fuzz_blocklist_SOURCES = tests/fuzz/fuzz_blocklist.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_blocklist_LDADD = $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_blocklist_LDFLAGS = $(LINK_FUZZ)
