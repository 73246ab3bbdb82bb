check_PROGRAMS += tests/unit/torrent/check_torrent
TESTS += tests/unit/torrent/check_torrent
tests_unit_torrent_check_torrent_SOURCES = tests/unit/torrent/check_torrent.c \
	tests/unit/torrent/pair.c tests/unit/torrent/pair.h \
	tests/unit/torrent/payload.c tests/unit/torrent/payload.h \
	tests/unit/torrent/test_bans.c tests/unit/torrent/test_blame.c tests/unit/torrent/test_blocklist_files.c tests/unit/torrent/test_crash.c tests/unit/torrent/test_disk_trouble.c \
	tests/unit/torrent/test_dht.c \
	tests/unit/torrent/test_download_path.c tests/unit/torrent/test_move.c tests/unit/torrent/test_names.c tests/unit/torrent/test_rename.c tests/unit/torrent/test_unfinished.c tests/unit/torrent/test_resume.c \
	tests/unit/torrent/test_layer_fetch.c tests/unit/torrent/test_leaves.c tests/unit/torrent/test_magnet.c tests/unit/torrent/test_magnet_alone.c tests/unit/torrent/test_magnet_hybrid.c tests/unit/torrent/test_metadata_fetch.c \
	tests/unit/torrent/test_portmap.c tests/unit/torrent/test_queue.c tests/unit/torrent/test_many.c tests/unit/torrent/test_seeding.c \
	tests/unit/torrent/test_schedule.c tests/unit/torrent/test_turtle.c tests/unit/torrent/test_goal.c tests/unit/torrent/test_keep.c tests/unit/torrent/test_known_peers.c tests/unit/torrent/test_label.c tests/unit/torrent/test_trackers.c \
	tests/unit/torrent/test_imported.c tests/unit/torrent/test_tree_walk.c \
	tests/unit/torrent/test_verify_files.c tests/unit/disk/place.c tests/unit/disk/place.h \
	tests/unit/meta/notation.c tests/unit/meta/notation.h \
	tests/unit/torrent/test_session.c tests/unit/torrent/test_settings.c tests/unit/torrent/test_state_dir.c
tests_unit_torrent_check_torrent_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_torrent_check_torrent_LDADD = $(TESTS_LIBS) $(TORRENT_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)

# Its HTTP is tests/lib/vhttp.c's.
check_PROGRAMS += tests/unit/torrent/check_fetch
TESTS += tests/unit/torrent/check_fetch
tests_unit_torrent_check_fetch_SOURCES = tests/unit/torrent/check_fetch.c \
	tests/unit/torrent/payload.c tests/unit/torrent/payload.h \
	tests/unit/torrent/test_hybrid_trackers.c tests/unit/torrent/test_link_kept.c \
	tests/unit/torrent/test_magnet_webseed.c
tests_unit_torrent_check_fetch_CPPFLAGS = $(CHECK_CPPFLAGS)
tests_unit_torrent_check_fetch_LDADD = $(TESTS_LIBS) $(TORRENT_LIBS) $(SYSTEM_LIBS) $(CHECK_LIBS)
