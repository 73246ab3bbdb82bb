noinst_LIBRARIES += src/ui/libui.a
src_ui_libui_a_SOURCES = \
	src/ui/canvas.c src/ui/canvas.h src/ui/canvas_private.h \
	src/ui/cells.c src/ui/cells.h \
	src/ui/file_row.c src/ui/file_row.h \
	src/ui/file_tree.c src/ui/file_tree.h \
	src/ui/glyph.c \
	src/ui/graph.c src/ui/graph.h \
	src/ui/keymap.c src/ui/keymap.h \
	src/ui/keys.h \
	src/ui/pane.c \
	src/ui/peer_row.c src/ui/peer_row.h \
	src/ui/piece_map.c src/ui/piece_map.h \
	src/ui/style.h \
	src/ui/table.c src/ui/table.h src/ui/table_private.h \
	src/ui/table_draw.c \
	src/ui/table_order.c \
	src/ui/view.h src/ui/views.h \
	src/ui/view_files.c \
	src/ui/view_graph.c \
	src/ui/view_info.c \
	src/ui/view_log.c \
	src/ui/view_peers.c \
	src/ui/view_pieces.c \
	src/ui/view_trackers.c
