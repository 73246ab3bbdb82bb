noinst_LIBRARIES += src/piece/libpiece.a
src_piece_libpiece_a_SOURCES = src/piece/room.c 
