check_PROGRAMS += tests/unit/app/check_demo
TESTS += tests/unit/app/check_demo
tests_unit_app_check_demo_SOURCES = tests/unit/app/check_demo.c \
	tests/unit/app/check_demo.h tests/unit/app/test_demo.c \
	tests/unit/app/test_demo_announce.c tests/unit/app/test_demo_data.c \
	tests/unit/app/test_demo_dir.c tests/unit/app/test_demo_tracker.c
tests_unit_app_check_demo_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_app_check_demo_LDADD = $(ROOM_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
