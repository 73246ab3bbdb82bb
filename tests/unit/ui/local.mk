check_PROGRAMS += tests/unit/ui/check_ui
TESTS += tests/unit/ui/check_ui
tests_unit_ui_check_ui_SOURCES = \
	tests/unit/ui/check_ui.c tests/unit/ui/check_ui.h \
	tests/unit/ui/check_rows.c tests/screen/vt.c tests/screen/vt.h \
	tests/unit/ui/test_canvas.c tests/unit/ui/test_cell_writer.c \
	tests/unit/ui/test_frame_bytes.c tests/unit/ui/test_graph.c tests/unit/ui/test_keymap.c \
	tests/unit/ui/test_keys.c tests/unit/ui/test_limit_words.c \
	tests/unit/ui/test_line_edit.c \
	tests/unit/ui/test_out_queue.c tests/unit/ui/test_path_complete.c tests/unit/ui/test_screen.c \
	tests/unit/ui/screen_rig.c tests/unit/ui/screen_rig.h \
	tests/unit/ui/test_screen_bars.c tests/unit/ui/test_screen_fetch.c tests/unit/ui/test_screen_list.c \
	tests/unit/ui/test_fuzzy.c tests/unit/ui/test_screen_palette.c \
	tests/unit/ui/test_table.c tests/unit/ui/test_terminal.c \
	tests/unit/ui/test_theme.c
tests_unit_ui_check_ui_CPPFLAGS = $(CHECK_CPPFLAGS)
# What the header shows that no session of the tests has.
tests_unit_ui_check_ui_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=session_get_info
tests_unit_ui_check_ui_LDADD = $(TESTS_LIBS) src/ui/libui.a $(TORRENT_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS) -lm

check_PROGRAMS += tests/unit/ui/check_views
TESTS += tests/unit/ui/check_views
tests_unit_ui_check_views_SOURCES = \
	tests/unit/ui/check_views.c tests/unit/ui/check_ui.h \
	tests/unit/ui/check_rows.c \
	tests/unit/ui/fake_screen.c tests/unit/ui/fake_screen.h \
	tests/unit/ui/fake_session.c tests/unit/ui/fake_session.h \
	tests/unit/ui/test_view_files.c \
	tests/unit/ui/test_view_graph.c \
	tests/unit/ui/test_view_info.c \
	tests/unit/ui/test_view_log.c \
	tests/unit/ui/test_view_peers.c \
	tests/unit/ui/test_view_pieces.c \
	tests/unit/ui/test_view_trackers.c
tests_unit_ui_check_views_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_ui_check_views_LDADD = src/ui/libui.a $(BUS_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/unit/ui/check_views_live
TESTS += tests/unit/ui/check_views_live
tests_unit_ui_check_views_live_SOURCES = \
	tests/unit/ui/check_views_live.c tests/unit/ui/check_ui.h \
	tests/unit/ui/check_rows.c \
	tests/unit/ui/fake_screen.c tests/unit/ui/fake_screen.h
tests_unit_ui_check_views_live_CPPFLAGS = $(CHECK_CPPFLAGS)
# How many torrents a frame looks at.
tests_unit_ui_check_views_live_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=torrent_get_info
tests_unit_ui_check_views_live_LDADD = $(TESTS_LIBS) src/ui/libui.a $(TORRENT_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
