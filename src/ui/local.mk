noinst_LIBRARIES += src/ui/libui.a
src_ui_libui_a_SOURCES = \
	src/ui/canvas.c \
	src/ui/canvas.h \
	src/ui/canvas_private.h \
	src/ui/cell_writer.c \
	src/ui/cell_writer.h \
	src/ui/cell_writer_explain.c \
	src/ui/cells.c \
	src/ui/cells.h \
	src/ui/clipboard.c src/ui/clipboard.h \
	src/ui/file_row.c \
	src/ui/rename_ask.c src/ui/rename_ask.h \
	src/ui/file_row.h \
	src/ui/file_tree.c \
	src/ui/file_tree.h \
	src/ui/frame_bytes.c \
	src/ui/frame_bytes.h \
	src/ui/glyph.c \
	src/ui/graph.c \
	src/ui/graph.h \
	src/ui/info_lines.c \
	src/ui/info_lines.h \
	src/ui/key_name.c \
	src/ui/keymap_change.c src/ui/keymap_find.c \
	src/ui/keymap.c \
	src/ui/keymap.h \
	src/ui/keys.c \
	src/ui/keys.h \
	src/ui/limit_words.c src/ui/limit_words.h \
	src/ui/line_edit.c \
	src/ui/line_edit.h \
	src/ui/out_queue.c \
	src/ui/out_queue.h \
	src/ui/pane.c \
	src/ui/path_complete.c \
	src/ui/path_complete.h \
	src/ui/peer_commands.c \
	src/ui/peer_row.c \
	src/ui/peer_row.h \
	src/ui/peer_row_private.h \
	src/ui/peer_row_text.c \
	src/ui/piece_map.c \
	src/ui/piece_map.h \
	src/ui/screen.c \
	src/ui/screen.h \
	src/ui/screen_ask.c \
	src/ui/screen_bars.c \
	src/ui/screen_columns.c \
	src/ui/screen_commands.c \
	src/ui/screen_frames.c \
	src/ui/fuzzy.c src/ui/fuzzy.h \
	src/ui/screen_copy.c \
	src/ui/screen_footer.c \
	src/ui/screen_help.c \
	src/ui/screen_palette.c \
	src/ui/screen_keys.c \
	src/ui/screen_layout.c \
	src/ui/screen_private.h \
	src/ui/style.h \
	src/ui/table.c \
	src/ui/table.h \
	src/ui/table_draw.c \
	src/ui/table_layout.c \
	src/ui/table_order.c \
	src/ui/table_private.h \
	src/ui/terminal.c \
	src/ui/terminal.h \
	src/ui/terminal_restore.c \
	src/ui/terminal_restore.h \
	src/ui/theme.c \
	src/ui/theme.h \
	src/ui/torrent_ask.c src/ui/torrent_commands.c src/ui/torrent_label.c src/ui/torrent_remove.c \
	src/ui/torrent_row.c \
	src/ui/torrent_row.h \
	src/ui/view.h \
	src/ui/view_files.c src/ui/view_files_private.h src/ui/file_commands.c \
	src/ui/view_graph.c \
	src/ui/view_info.c \
	src/ui/view_log.c \
	src/ui/view_peers.c \
	src/ui/view_peers_private.h \
	src/ui/view_pieces.c \
	src/ui/view_torrents.c \
	src/ui/view_torrents.h \
	src/ui/view_torrents_private.h \
	src/ui/view_trackers.c src/ui/view_trackers_private.h src/ui/tracker_commands.c src/ui/tracker_hosts.c \
	src/ui/tracker_row.c \
	src/ui/views.c \
	src/ui/views.h
