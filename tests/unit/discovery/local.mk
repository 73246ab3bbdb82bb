check_PROGRAMS += tests/unit/discovery/check_discovery
TESTS += tests/unit/discovery/check_discovery
tests_unit_discovery_check_discovery_SOURCES = \
	tests/unit/discovery/check_discovery.c tests/unit/discovery/check_discovery.h \
	tests/unit/discovery/rig.c tests/unit/discovery/rig.h \
	tests/unit/discovery/test_changes.c \
	tests/unit/discovery/test_http.c tests/unit/discovery/test_outages.c \
	tests/unit/discovery/test_packet.c \
	tests/unit/discovery/test_reply.c tests/unit/discovery/test_turns.c \
	tests/unit/discovery/test_udp.c
tests_unit_discovery_check_discovery_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_discovery_check_discovery_LDADD = $(TESTS_LIBS) $(DISCOVERY_LIBS) \
	$(SYSTEM_LIBS) $(CHECK_LIBS)
