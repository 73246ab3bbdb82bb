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
FUZZERS += tests/fuzz/fuzz_metadata
tests_fuzz_fuzz_metadata_SOURCES = tests/fuzz/fuzz_metadata.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_metadata_LDADD = $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_metadata_LDFLAGS = $(LINK_FUZZ)
FUZZERS += tests/fuzz/fuzz_pex
tests_fuzz_fuzz_pex_SOURCES = tests/fuzz/fuzz_pex.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_pex_LDADD = $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_pex_LDFLAGS = $(LINK_FUZZ)
FUZZERS += tests/fuzz/fuzz_holepunch
tests_fuzz_fuzz_holepunch_SOURCES = tests/fuzz/fuzz_holepunch.c $(DRIVER_FUZZ)
tests_fuzz_fuzz_holepunch_LDADD = $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_holepunch_LDFLAGS = $(LINK_FUZZ)
FUZZERS += tests/fuzz/fuzz_hashes
tests_fuzz_fuzz_hashes_SOURCES = tests/fuzz/fuzz_hashes.c tests/unit/peer/rig.c \
	tests/unit/peer/rig.h $(DRIVER_FUZZ)
tests_fuzz_fuzz_hashes_LDADD = $(TESTS_LIBS) $(PEER_LIBS) $(SYSTEM_LIBS)
tests_fuzz_fuzz_hashes_LDFLAGS = $(LINK_FUZZ)
