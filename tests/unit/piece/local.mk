check_PROGRAMS += tests/unit/piece/check_piece
TESTS += tests/unit/piece/check_piece
tests_unit_piece_check_piece_SOURCES = tests/unit/piece/check_piece.c \
	tests/unit/piece/check_piece.h tests/unit/piece/driver.c tests/unit/piece/driver.h \
	tests/unit/piece/fixture.c tests/unit/piece/fixture.h \
	tests/unit/piece/swarm.c tests/unit/piece/swarm.h tests/unit/piece/test_active.c tests/unit/piece/test_driver.c \
	tests/unit/piece/test_picker.c tests/unit/piece/test_piece_manager.c \
	tests/unit/piece/test_piece_move.c \
	tests/unit/piece/test_shares.c \
	tests/unit/piece/test_smart_ban.c tests/unit/piece/test_swarm.c
tests_unit_piece_check_piece_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_piece_check_piece_LDADD = $(PIECE_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
