check_PROGRAMS += tests/unit/sharing/check_sharing
TESTS += tests/unit/sharing/check_sharing
tests_unit_sharing_check_sharing_SOURCES = tests/unit/sharing/check_sharing.c \
	tests/unit/sharing/check_sharing.h \
	tests/unit/sharing/member.c tests/unit/sharing/member.h \
	tests/unit/sharing/test_swarm.c
tests_unit_sharing_check_sharing_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_sharing_check_sharing_LDADD = src/piece/libpiece.a $(TESTS_LIBS) $(PEER_LIBS) \
	$(SYSTEM_LIBS) $(CHECK_LIBS)
