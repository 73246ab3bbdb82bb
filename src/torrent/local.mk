noinst_LIBRARIES += src/torrent/libtorrent.a
src_torrent_libtorrent_a_SOURCES = src/torrent/room.c 	src/torrent/session.h
