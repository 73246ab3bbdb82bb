/* The views of one torrent, each on the memory canvas over a fake session. */
#include "tests/unit/ui/check_ui.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(test_view_peers_suite());
    srunner_add_suite(runner, test_view_pieces_suite());
    srunner_add_suite(runner, test_view_files_suite());
    srunner_add_suite(runner, test_view_graph_suite());
    srunner_add_suite(runner, test_view_info_suite());
    srunner_add_suite(runner, test_view_log_suite());
    srunner_add_suite(runner, test_view_trackers_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
