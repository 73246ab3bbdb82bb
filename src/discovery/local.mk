noinst_LIBRARIES += src/discovery/libdiscovery.a
src_discovery_libdiscovery_a_SOURCES = \
	src/discovery/tracker_announce.c \
	src/discovery/tracker_http.c \
	src/discovery/tracker_manager.c src/discovery/tracker_manager.h \
	src/discovery/tracker_mask.c \
	src/discovery/tracker_names.c src/discovery/tracker_packet.c src/discovery/tracker_packet.h \
	src/discovery/tracker_private.h \
	src/discovery/tracker_reply.c src/discovery/tracker_reply.h \
	src/discovery/tracker_tiers.c \
	src/discovery/tracker_turns.c src/discovery/tracker_turns.h \
	src/discovery/tracker_udp.c
