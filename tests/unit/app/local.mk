check_PROGRAMS += tests/unit/app/check_demo
TESTS += tests/unit/app/check_demo
tests_unit_app_check_demo_SOURCES = tests/unit/app/check_demo.c \
	tests/unit/app/check_demo.h tests/unit/app/test_demo.c \
	tests/unit/app/test_demo_announce.c tests/unit/app/test_demo_data.c \
	tests/unit/app/test_demo_dir.c tests/unit/app/test_demo_tracker.c \
	tests/unit/app/test_session_swarm.c
tests_unit_app_check_demo_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_app_check_demo_LDADD = $(TESTS_LIBS) $(ROOM_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/app/check_app
TESTS += tests/unit/app/check_app
tests_unit_app_check_app_SOURCES = tests/unit/app/check_app.c tests/unit/app/check_app.h \
	tests/unit/app/test_conf.c tests/unit/app/test_conf_lines.c \
	tests/unit/app/test_confine_places.c \
	tests/unit/app/test_json_lines.c tests/unit/app/test_options.c \
	tests/unit/app/test_option_set.c \
	tests/unit/app/test_options_help.c \
	tests/unit/app/test_on_complete.c \
	tests/unit/app/test_output.c tests/unit/app/test_progress.c \
	tests/unit/app/test_settings.c \
	tests/unit/app/test_show.c \
	tests/unit/app/test_watch.c \
	tests/unit/meta/notation.c tests/unit/meta/notation.h
tests_unit_app_check_app_CPPFLAGS = $(CHECK_CPPFLAGS)
# A system that has no inotify to give.
tests_unit_app_check_app_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=inotify_init1
tests_unit_app_check_app_LDADD = $(TESTS_LIBS) $(ROOM_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
dist_check_SCRIPTS += tests/unit/app/command-line
TESTS += tests/unit/app/command-line
