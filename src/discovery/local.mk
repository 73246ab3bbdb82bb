noinst_LIBRARIES += src/discovery/libdiscovery.a
src_discovery_libdiscovery_a_SOURCES = \
	src/discovery/dht.c src/discovery/dht.h src/discovery/dht_answer.c \
	src/discovery/dht_found.c src/discovery/dht_found.h \
	src/discovery/dht_id.c src/discovery/dht_id.h \
	src/discovery/dht_lookup.c src/discovery/dht_lookup.h \
	src/discovery/dht_message.c src/discovery/dht_message.h \
	src/discovery/dht_message_write.c src/discovery/dht_private.h \
	src/discovery/dht_query.c src/discovery/dht_rate.c src/discovery/dht_rate.h \
	src/discovery/dht_response.c src/discovery/dht_run.c src/discovery/dht_search.c \
	src/discovery/dht_state.c src/discovery/dht_state.h \
	src/discovery/dht_store.c src/discovery/dht_store.h \
	src/discovery/dht_store_private.h \
	src/discovery/dht_table.c src/discovery/dht_table.h \
	src/discovery/dht_table_look.c src/discovery/dht_table_private.h src/discovery/dht_token.c \
	src/discovery/dht_upkeep.c src/discovery/dht_votes.c src/discovery/dht_votes.h \
	src/discovery/lsd.c src/discovery/lsd.h \
	src/discovery/lsd_message.c src/discovery/lsd_message.h \
	src/discovery/portmap.c src/discovery/portmap.h \
	src/discovery/portmap_message.c src/discovery/portmap_message.h \
	src/discovery/upnp.c src/discovery/upnp.h \
	src/discovery/upnp_message.c src/discovery/upnp_message.h \
	src/discovery/tracker_announce.c \
	src/discovery/tracker_http.c \
	src/discovery/tracker_manager.c src/discovery/tracker_manager.h \
	src/discovery/tracker_mask.c src/discovery/tracker_mask.h \
	src/discovery/tracker_names.c src/discovery/tracker_packet.c src/discovery/tracker_packet.h \
	src/discovery/tracker_private.h \
	src/discovery/tracker_reply.c src/discovery/tracker_reply.h \
	src/discovery/tracker_tiers.c \
	src/discovery/tracker_turns.c src/discovery/tracker_turns.h \
	src/discovery/tracker_udp.c
