/* Payload and state on disk: where bytes go, what a failing disk means, who answers. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>

Suite *test_file_walk_suite(void);
Suite *test_file_cache_suite(void);
Suite *test_storage_suite(void);
Suite *test_storage_names_suite(void);
Suite *test_storage_move_suite(void);
Suite *test_storage_parts_suite(void);
Suite *test_storage_sync_suite(void);
Suite *test_hasher_suite(void);
Suite *test_v2_suite(void);
Suite *test_check_suite(void);
Suite *test_disk_manager_suite(void);
Suite *test_state_batch_suite(void);
Suite *test_state_file_suite(void);

int main(void)
{
    signal(SIGXFSZ, SIG_IGN); /* as the program does: a limit comes back as an error */
    SRunner *runner = srunner_create(test_file_walk_suite());
    srunner_add_suite(runner, test_file_cache_suite());
    srunner_add_suite(runner, test_storage_suite());
    srunner_add_suite(runner, test_storage_names_suite());
    srunner_add_suite(runner, test_storage_move_suite());
    srunner_add_suite(runner, test_storage_parts_suite());
    srunner_add_suite(runner, test_storage_sync_suite());
    srunner_add_suite(runner, test_hasher_suite());
    srunner_add_suite(runner, test_v2_suite());
    srunner_add_suite(runner, test_check_suite());
    srunner_add_suite(runner, test_disk_manager_suite());
    srunner_add_suite(runner, test_state_batch_suite());
    srunner_add_suite(runner, test_state_file_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
