noinst_LIBRARIES += src/piece/libpiece.a
src_piece_libpiece_a_SOURCES = \
	src/piece/active.c src/piece/active.h \
	src/piece/endgame.c src/piece/endgame.h \
	src/piece/picker.c src/piece/picker_frontier.c src/piece/picker.h \
	src/piece/piece_arrive.c src/piece/piece_look.c src/piece/piece_manager.c \
	src/piece/piece_manager.h src/piece/piece_move.c src/piece/piece_peers.c src/piece/piece_pick.c \
	src/piece/piece_proof.c \
	src/piece/piece_private.h \
	src/piece/roster.c src/piece/roster.h \
	src/piece/shares.c src/piece/shares.h \
	src/piece/smart_ban.c src/piece/smart_ban.h \
	src/piece/source.c src/piece/source.h
