noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/bind.c src/net/bind.h src/net/bind_watch.c \
	src/net/datagram.h src/net/encryption.h \
	src/net/gateway.c src/net/gateway.h \
	src/net/content_range.c src/net/content_range.h \
	src/net/http.c src/net/http.h src/net/http_private.h \
	src/net/http_call.c src/net/http_kept.c src/net/http_multi.c src/net/http_range.c src/net/http_tied.c \
	src/net/mse.c src/net/mse.h src/net/mse_private.h src/net/mse_say.c src/net/mse_group.c src/net/mse_group.h \
	src/net/mse_stream.c src/net/mse_stream.h src/net/mse_stream_private.h \
	src/net/mse_stream_data.c \
	src/net/multicast.c src/net/multicast.h src/net/names.c src/net/names.h \
	src/net/net.h src/net/net_system.c \
	src/net/net_watch.c src/net/net_watch.h \
	src/net/race.c src/net/race.h \
	src/net/proxy.c src/net/proxy.h src/net/proxy_answers.c src/net/proxy_answers.h \
	src/net/proxy_datagram.c src/net/proxy_parse.c src/net/proxy_private.h \
	src/net/proxy_udp.c \
	src/net/resolver.c src/net/resolver.h \
	src/net/rc4.c src/net/rc4.h \
	src/net/socks.c src/net/socks.h src/net/socks_stream.c src/net/socks_stream.h \
	src/net/stream.h src/net/tcp.c \
	src/net/udp.c src/net/udp.h \
	src/net/udp_port.c src/net/udp_port.h \
	src/net/udp_outgoing.c src/net/udp_outgoing.h \
	src/net/udp_socket.h src/net/udp_source.c src/net/udp_source.h src/net/udp_system.c src/net/udp_system.h \
	src/net/utp.c src/net/utp.h src/net/utp_private.h src/net/utp_acks.c \
	src/net/utp_delay.c src/net/utp_delay.h src/net/utp_mtu.c src/net/utp_mtu.h \
	src/net/utp_packet.c src/net/utp_packet.h src/net/utp_receive.c \
	src/net/utp_send.c src/net/utp_serve.c src/net/utp_stream.c src/net/utp_timer.c src/net/utp_window.c src/net/utp_window.h
