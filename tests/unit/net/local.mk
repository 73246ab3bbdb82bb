check_PROGRAMS += tests/unit/net/check_net
TESTS += tests/unit/net/check_net
tests_unit_net_check_net_SOURCES = tests/unit/net/check_net.c \
	tests/unit/net/alone.c tests/unit/net/alone.h tests/unit/net/gzip_bomb.h \
	tests/unit/net/test_bind.c tests/unit/net/test_http.c tests/unit/net/test_net_system.c \
	tests/unit/net/test_net_watch.c tests/unit/net/test_resolver.c tests/unit/net/test_tcp.c
tests_unit_net_check_net_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_net_check_net_LDADD = $(NET_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
tests_unit_net_check_net_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo,--wrap=ioctl
