#include "tests/unit/app/check_app.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite_options());
    srunner_add_suite(runner, suite_options_help());
    srunner_add_suite(runner, suite_option_set());
    srunner_add_suite(runner, suite_conf_lines());
    srunner_add_suite(runner, suite_conf());
    srunner_add_suite(runner, suite_confine_places());
    srunner_add_suite(runner, suite_settings());
    srunner_add_suite(runner, suite_json_lines());
    srunner_add_suite(runner, suite_on_complete());
    srunner_add_suite(runner, suite_output());
    srunner_add_suite(runner, suite_progress());
    srunner_add_suite(runner, suite_show());
    srunner_add_suite(runner, suite_watch());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
