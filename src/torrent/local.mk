noinst_LIBRARIES += src/torrent/libtorrent.a
src_torrent_libtorrent_a_SOURCES = \
	src/torrent/ban_list.c src/torrent/ban_list.h src/torrent/bans.c \
	src/torrent/blame.c \
	src/torrent/blocklist_files.c \
	src/torrent/checking.c \
	src/torrent/checkpoint.c \
	src/torrent/commands.c src/torrent/commands.h \
	src/torrent/data_check.c src/torrent/data_check.h \
	src/torrent/disk_trouble.c \
	src/torrent/download_path.c src/torrent/download_path.h \
	src/torrent/files.c src/torrent/move.c \
	src/torrent/file_select.c src/torrent/file_select.h \
	src/torrent/goal.c \
	src/torrent/history.c src/torrent/history.h \
	src/torrent/trackers.c \
	src/torrent/keep.c src/torrent/known_peers.c \
	src/torrent/leaves.c src/torrent/hashes_private.h \
	src/torrent/label.c src/torrent/label.h src/torrent/labels.c \
	src/torrent/label_rule.c src/torrent/label_rule.h \
	src/torrent/layer_fetch.c src/torrent/layer_fetch.h src/torrent/layers.c \
	src/torrent/magnet_peers.c src/torrent/magnet_peers.h \
	src/torrent/metadata.c \
	src/torrent/metadata_ask.c src/torrent/metadata_fetch.c src/torrent/metadata_fetch.h \
	src/torrent/metadata_fetch_private.h \
	src/torrent/looks.c src/torrent/looks.h src/torrent/looks_peers.c src/torrent/looks_pieces.c \
	src/torrent/peer_notes.c src/torrent/reason.c \
	src/torrent/queue.c src/torrent/rename.c \
	src/torrent/record.c src/torrent/record.h \
	src/torrent/resume.c src/torrent/resume.h src/torrent/resume_private.h \
	src/torrent/resume_read.c src/torrent/resume_write.c \
	src/torrent/schedule.c src/torrent/schedule.h \
	src/torrent/session.c src/torrent/session.h \
	src/torrent/session_add.c src/torrent/session_list.c src/torrent/session_network.c src/torrent/session_portmap.c src/torrent/session_upnp.c src/torrent/session_upnp.h \
	src/torrent/session_dht.c src/torrent/session_dht_private.h \
	src/torrent/session_dht_start.c src/torrent/session_lsd.c src/torrent/session_look.c src/torrent/session_ports.c \
	src/torrent/session_fetch.c \
	src/torrent/session_magnet.c \
	src/torrent/session_start.c \
	src/torrent/settings.c src/torrent/settings.h \
	src/torrent/state_dir.c src/torrent/state_dir.h \
	src/torrent/torrent_new.c src/torrent/torrent_parts.c \
	src/torrent/torrent.c src/torrent/torrent.h \
	src/torrent/activity_private.h src/torrent/awaited_private.h src/torrent/keep_private.h \
	src/torrent/network_private.h src/torrent/place_private.h src/torrent/session_private.h \
	src/torrent/torrent_disk.c src/torrent/torrent_manager.c src/torrent/turtle.c src/torrent/unfinished.c \
	src/torrent/import_files.c src/torrent/import_files.h \
	src/torrent/import_target.c src/torrent/import_target.h \
	src/torrent/imported.c src/torrent/imported.h src/torrent/imported_private.h \
	src/torrent/imported_libtorrent.c src/torrent/imported_rtorrent.c \
	src/torrent/imported_transmission.c \
	src/torrent/tree_walk.c src/torrent/tree_walk.h \
	src/torrent/verify_files.c src/torrent/verify_files.h \
	src/torrent/webseeds.c
