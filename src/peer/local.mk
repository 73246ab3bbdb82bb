noinst_LIBRARIES += src/peer/libpeer.a
src_peer_libpeer_a_SOURCES = src/peer/room.c 
