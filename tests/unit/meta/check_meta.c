#include "tests/unit/meta/check_meta.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite_bencode());
    srunner_add_suite(runner, suite_magnet());
    srunner_add_suite(runner, suite_hash_tree());
    srunner_add_suite(runner, suite_metainfo());
    srunner_add_suite(runner, suite_metainfo_files());
    srunner_add_suite(runner, suite_metainfo_urls());
    srunner_add_suite(runner, suite_metainfo_read());
    srunner_add_suite(runner, suite_metainfo_rename());
    srunner_add_suite(runner, suite_metainfo_v2());
    srunner_add_suite(runner, suite_metainfo_write());
    srunner_add_suite(runner, suite_path_name());
    srunner_add_suite(runner, suite_path_suffix());
    srunner_add_suite(runner, suite_path_twins());
#ifdef __SANITIZE_ADDRESS__
    /* A fork costs more than most tests here, and leaks are looked for at exit alone. */
    srunner_set_fork_status(runner, CK_NOFORK);
#endif
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
