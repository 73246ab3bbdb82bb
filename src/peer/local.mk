noinst_LIBRARIES += src/peer/libpeer.a
src_peer_libpeer_a_SOURCES = \
	src/peer/allowed_fast.c src/peer/allowed_fast.h \
	src/peer/blocklist.c src/peer/blocklist.h src/peer/refuse.c src/peer/refuse.h \
	src/peer/choker.c src/peer/choker.h \
	src/peer/clockwork.c \
	src/peer/commands.c src/peer/crossing.c src/peer/dial.c src/peer/dial_order.c \
	src/peer/donthave.c src/peer/early.c src/peer/extension.c \
	src/peer/handshake.c src/peer/hashes.c \
	src/peer/hide.c src/peer/holepunch.c src/peer/holepunch_relay.c \
	src/peer/holepunch_message.c src/peer/holepunch_message.h \
	src/peer/incoming.c src/peer/incoming.h \
	src/peer/known.c src/peer/known_good.c \
	src/peer/messages.c \
	src/peer/metadata.c src/peer/metadata_message.c src/peer/metadata_message.h \
	src/peer/net_tries.c src/peer/net_tries.h \
	src/peer/news.c \
	src/peer/offer.c \
	src/peer/pace.c \
	src/peer/pace_buckets.c \
	src/peer/pace.h \
	src/peer/peer.c src/peer/peer_private.h src/peer/extension_private.h src/peer/known_private.h \
	src/peer/peer_manager_private.h src/peer/requests_private.h src/peer/upload_private.h \
	src/peer/peer_look.c \
	src/peer/peer_manager.c src/peer/peer_manager.h \
	src/peer/peer_shared.c \
	src/peer/pex.c src/peer/pex_message.c src/peer/pex_message.h \
	src/peer/pieces.c \
	src/peer/priority.c src/peer/priority.h \
	src/peer/rate_limit.c src/peer/rate_limit.h \
	src/peer/receive.c \
	src/peer/requests.c \
	src/peer/room.c \
	src/peer/seed_order.c src/peer/seed_order.h \
	src/peer/send.c \
	src/peer/slots.c \
	src/peer/super_seed.c \
	src/peer/upload.c \
	src/peer/upload_only.c \
	src/peer/webseed_get.c src/peer/webseed_join.c src/peer/webseed_look.c \
	src/peer/webseed_manager.c src/peer/webseed_manager.h \
	src/peer/webseed_private.h \
	src/peer/webseed_url.c src/peer/webseed_url.h \
	src/peer/wire.c src/peer/wire.h src/peer/wire_extension.c
