noinst_LIBRARIES += src/peer/libpeer.a
src_peer_libpeer_a_SOURCES = \
	src/peer/allowed_fast.c src/peer/allowed_fast.h \
	src/peer/blocklist.c src/peer/blocklist.h src/peer/refuse.c src/peer/refuse.h \
	src/peer/choker.c src/peer/choker.h \
	src/peer/clockwork.c \
	src/peer/commands.c src/peer/dial.c \
	src/peer/extension.c \
	src/peer/handshake.c \
	src/peer/incoming.c src/peer/incoming.h \
	src/peer/known.c \
	src/peer/messages.c \
	src/peer/news.c \
	src/peer/offer.c \
	src/peer/pace.c \
	src/peer/pace_buckets.c \
	src/peer/pace.h \
	src/peer/peer.c src/peer/peer_private.h \
	src/peer/peer_look.c \
	src/peer/peer_manager.c src/peer/peer_manager.h \
	src/peer/peer_shared.c \
	src/peer/rate_limit.c src/peer/rate_limit.h \
	src/peer/receive.c \
	src/peer/requests.c \
	src/peer/room.c \
	src/peer/seed_order.c src/peer/seed_order.h \
	src/peer/send.c \
	src/peer/slots.c \
	src/peer/super_seed.c \
	src/peer/upload.c \
	src/peer/wire.c src/peer/wire.h
