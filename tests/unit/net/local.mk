check_PROGRAMS += tests/unit/net/check_net
TESTS += tests/unit/net/check_net
tests_unit_net_check_net_SOURCES = tests/unit/net/check_net.c \
	tests/lib/patient.c tests/lib/patient.h \
	tests/unit/net/alone.c tests/unit/net/alone.h tests/unit/net/gzip_bomb.h \
	tests/unit/net/test_bind.c tests/unit/net/test_content_range.c tests/unit/net/test_http.c tests/unit/net/test_socks.c tests/unit/net/test_net_system.c \
	tests/unit/net/test_net_watch.c tests/unit/net/test_resolver.c tests/unit/net/test_tcp.c
tests_unit_net_check_net_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_net_check_net_LDADD = $(NET_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
tests_unit_net_check_net_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo,--wrap=ioctl

check_PROGRAMS += tests/unit/net/check_udp
TESTS += tests/unit/net/check_udp
tests_unit_net_check_udp_SOURCES = tests/unit/net/check_udp.c \
	tests/unit/net/alone.c tests/unit/net/alone.h \
	tests/unit/net/test_race.c tests/unit/net/test_udp_port.c tests/unit/net/test_utp.c
tests_unit_net_check_udp_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_net_check_udp_LDADD = $(TESTS_LIBS) $(NET_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)

# With the virtual network and the scripted others of tests/lib/, in which HTTP is another.
check_PROGRAMS += tests/unit/net/check_mse
TESTS += tests/unit/net/check_mse
tests_unit_net_check_mse_SOURCES = tests/unit/net/check_mse.c tests/unit/net/test_mse.c
tests_unit_net_check_mse_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_net_check_mse_LDADD = $(TESTS_LIBS) $(NET_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/unit/net/check_proxy
TESTS += tests/unit/net/check_proxy
tests_unit_net_check_proxy_SOURCES = tests/unit/net/check_proxy.c \
	tests/unit/net/socks_script.c tests/unit/net/socks_script.h \
	tests/unit/net/test_proxy.c tests/unit/net/test_proxy_answers.c \
	tests/unit/net/test_proxy_udp.c tests/unit/net/test_socks_stream.c
tests_unit_net_check_proxy_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_net_check_proxy_LDADD = $(TESTS_LIBS) $(NET_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
