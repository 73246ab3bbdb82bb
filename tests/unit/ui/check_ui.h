/* What the tests of ui/ share. */
#ifndef BTTUI_TESTS_UNIT_UI_CHECK_UI_H
#define BTTUI_TESTS_UNIT_UI_CHECK_UI_H

#include "ui/canvas.h"

#include <check.h>

Suite *test_canvas_suite(void);
Suite *test_cell_writer_suite(void);
Suite *test_frame_bytes_suite(void);
Suite *test_graph_suite(void);
Suite *test_keymap_suite(void);
Suite *test_keys_suite(void);
Suite *test_limit_words_suite(void);
Suite *test_line_edit_suite(void);
Suite *test_out_queue_suite(void);
Suite *test_path_complete_suite(void);
Suite *test_screen_suite(void);
Suite *test_screen_fetch_suite(void);
Suite *test_screen_bars_suite(void);
Suite *test_screen_list_suite(void);
Suite *test_screen_palette_suite(void);
Suite *test_fuzzy_suite(void);
Suite *test_table_suite(void);
Suite *test_terminal_suite(void);
Suite *test_theme_suite(void);
Suite *test_view_files_suite(void);
Suite *test_view_graph_suite(void);
Suite *test_view_info_suite(void);
Suite *test_view_log_suite(void);
Suite *test_view_peers_suite(void);
Suite *test_view_pieces_suite(void);
Suite *test_view_trackers_suite(void);

/* Every row is exactly as wide as the canvas, and no cell holds a control character. */
void check_rows(const struct canvas *canvas);
/* The row without trailing spaces; lives until the next call. */
const char *row_text(const struct canvas *canvas, int y);

#endif
