check_PROGRAMS += tests/unit/loop/check_loop
TESTS += tests/unit/loop/check_loop
tests_unit_loop_check_loop_SOURCES = tests/unit/loop/check_loop.c \
	tests/unit/loop/test_loop.c tests/unit/loop/test_signal.c \
	tests/unit/loop/test_timer.c tests/unit/loop/test_wake.c
tests_unit_loop_check_loop_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_loop_check_loop_LDADD = $(LOOP_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
