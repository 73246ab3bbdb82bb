check_PROGRAMS += tests/unit/discovery/check_discovery
TESTS += tests/unit/discovery/check_discovery
tests_unit_discovery_check_discovery_SOURCES = \
	tests/unit/discovery/check_discovery.c tests/unit/discovery/check_discovery.h \
	tests/unit/discovery/dht_net.c tests/unit/discovery/dht_net.h \
	tests/unit/discovery/rig.c tests/unit/discovery/rig.h \
	tests/unit/discovery/test_changes.c \
	tests/unit/discovery/test_dht.c tests/unit/discovery/test_dht_message.c \
	tests/unit/discovery/test_dht_net.c tests/unit/discovery/test_dht_parts.c \
	tests/unit/discovery/test_dht_table.c \
	tests/unit/discovery/test_http.c tests/unit/discovery/test_outages.c \
	tests/unit/discovery/test_lsd.c tests/unit/discovery/test_packet.c \
	tests/unit/discovery/test_portmap.c \
	tests/unit/discovery/test_reply.c tests/unit/discovery/test_turns.c \
	tests/unit/discovery/test_udp.c tests/unit/discovery/test_upnp.c
tests_unit_discovery_check_discovery_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_discovery_check_discovery_LDADD = $(TESTS_LIBS) $(DISCOVERY_LIBS) \
	$(SYSTEM_LIBS) $(CHECK_LIBS)
