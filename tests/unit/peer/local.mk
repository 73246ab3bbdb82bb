check_PROGRAMS += tests/unit/peer/check_peer
TESTS += tests/unit/peer/check_peer
tests_unit_peer_check_peer_SOURCES = tests/unit/peer/check_peer.c \
	tests/unit/peer/check_peer.h tests/unit/peer/rig.c tests/unit/peer/rig.h \
	tests/unit/peer/test_allowed_fast.c tests/unit/peer/test_blocklist.c tests/unit/peer/test_choker.c tests/unit/peer/test_connect.c \
	tests/unit/peer/test_crowds.c tests/unit/peer/test_dht_port.c tests/unit/peer/test_donthave.c tests/unit/peer/test_hashes.c tests/unit/peer/test_hide.c tests/unit/peer/test_holepunch.c tests/unit/peer/test_holepunch_message.c \
	tests/unit/peer/test_meetings.c tests/unit/peer/node.c tests/unit/peer/node.h \
	tests/unit/peer/test_known_good.c tests/unit/peer/test_metadata.c tests/unit/peer/test_news.c \
	tests/unit/peer/test_pace.c tests/unit/peer/test_pex.c \
	tests/unit/peer/test_priority.c \
	tests/unit/peer/test_rate_limit.c \
	tests/unit/peer/test_refuse.c tests/unit/peer/test_requests.c tests/unit/peer/test_room.c \
	tests/unit/peer/test_serve.c tests/unit/peer/test_session.c \
	tests/unit/peer/test_transport.c tests/unit/peer/test_trouble.c tests/unit/peer/test_upload.c \
	tests/unit/peer/test_upload_only.c \
	tests/unit/peer/test_seed_order.c \
	tests/unit/peer/test_slots.c tests/unit/peer/test_super_seed.c \
	tests/unit/peer/test_webseed_manager.c tests/unit/peer/test_webseed_url.c \
	tests/unit/peer/test_wire.c
tests_unit_peer_check_peer_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_peer_check_peer_LDADD = $(TESTS_LIBS) $(PEER_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
