/* Everything in ui/: what is painted, what keys mean; no terminal needed. */
#include "tests/unit/ui/check_ui.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(test_canvas_suite());
    srunner_add_suite(runner, test_cell_writer_suite());
    srunner_add_suite(runner, test_frame_bytes_suite());
    srunner_add_suite(runner, test_graph_suite());
    srunner_add_suite(runner, test_keymap_suite());
    srunner_add_suite(runner, test_keys_suite());
    srunner_add_suite(runner, test_line_edit_suite());
    srunner_add_suite(runner, test_limit_words_suite());
    srunner_add_suite(runner, test_out_queue_suite());
    srunner_add_suite(runner, test_path_complete_suite());
    srunner_add_suite(runner, test_screen_suite());
    srunner_add_suite(runner, test_screen_bars_suite());
    srunner_add_suite(runner, test_screen_fetch_suite());
    srunner_add_suite(runner, test_screen_list_suite());
    srunner_add_suite(runner, test_screen_palette_suite());
    srunner_add_suite(runner, test_fuzzy_suite());
    srunner_add_suite(runner, test_table_suite());
    srunner_add_suite(runner, test_terminal_suite());
    srunner_add_suite(runner, test_theme_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
