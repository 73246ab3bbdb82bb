noinst_LIBRARIES += src/peer/libpeer.a
src_peer_libpeer_a_SOURCES = \
	src/peer/choker.c src/peer/choker.h \
	src/peer/incoming.c src/peer/incoming.h \
	src/peer/known.c \
	src/peer/messages.c \
	src/peer/peer.c src/peer/peer_private.h \
	src/peer/peer_manager.c src/peer/peer_manager.h \
	src/peer/peer_shared.c \
	src/peer/rate_limit.c src/peer/rate_limit.h \
	src/peer/receive.c \
	src/peer/requests.c \
	src/peer/send.c \
	src/peer/wire.c src/peer/wire.h
