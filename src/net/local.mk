noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/bind.c src/net/bind.h src/net/bind_watch.c \
	src/net/datagram.h \
	src/net/http.c src/net/http.h src/net/http_private.h src/net/http_tied.c \
	src/net/names.c src/net/names.h \
	src/net/net.h src/net/net_system.c \
	src/net/net_watch.c src/net/net_watch.h \
	src/net/resolver.c src/net/resolver.h \
	src/net/stream.h src/net/tcp.c \
	src/net/udp.c src/net/udp.h
