#include "tests/unit/piece/check_piece.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite_picker());
    srunner_add_suite(runner, suite_active());
    srunner_add_suite(runner, suite_piece_manager());
    srunner_add_suite(runner, suite_piece_move());
    srunner_add_suite(runner, suite_shares());
    srunner_add_suite(runner, suite_smart_ban());
    srunner_add_suite(runner, suite_driver());
    srunner_add_suite(runner, suite_swarm());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
