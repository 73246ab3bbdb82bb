/* Sessions: two of them on one loop over 127.0.0.1, whole ones on a virtual network, and
 * what is kept between runs. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>

Suite *test_bans_suite(void);
Suite *test_blame_suite(void);
Suite *test_metadata_fetch_suite(void);
Suite *test_magnet_suite(void);
Suite *test_magnet_alone_suite(void);
Suite *test_magnet_hybrid_suite(void);
Suite *test_layer_fetch_suite(void);
Suite *test_leaves_suite(void);
Suite *test_resume_suite(void);
Suite *test_state_dir_suite(void);
Suite *test_download_path_suite(void);
Suite *test_session_suite(void);
Suite *test_move_suite(void);
Suite *test_dht_suite(void);
Suite *test_names_suite(void);
Suite *test_rename_suite(void);
Suite *test_unfinished_suite(void);
Suite *test_disk_trouble_suite(void);
Suite *test_crash_suite(void);
Suite *test_seeding_suite(void);
Suite *test_many_suite(void);
Suite *test_settings_suite(void);
Suite *test_portmap_suite(void);
Suite *test_queue_suite(void);
Suite *test_blocklist_files_suite(void);
Suite *test_schedule_suite(void);
Suite *test_turtle_suite(void);
Suite *test_goal_suite(void);
Suite *test_keep_suite(void);
Suite *test_known_peers_suite(void);
Suite *test_label_suite(void);
Suite *test_trackers_suite(void);
Suite *test_imported_suite(void);
Suite *test_tree_walk_suite(void);
Suite *test_verify_files_suite(void);

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    SRunner *runner = srunner_create(test_resume_suite());
    srunner_add_suite(runner, test_bans_suite());
    srunner_add_suite(runner, test_metadata_fetch_suite());
    srunner_add_suite(runner, test_magnet_suite());
    srunner_add_suite(runner, test_magnet_alone_suite());
    srunner_add_suite(runner, test_magnet_hybrid_suite());
    srunner_add_suite(runner, test_layer_fetch_suite());
    srunner_add_suite(runner, test_leaves_suite());
    srunner_add_suite(runner, test_blame_suite());
    srunner_add_suite(runner, test_state_dir_suite());
    srunner_add_suite(runner, test_download_path_suite());
    srunner_add_suite(runner, test_session_suite());
    srunner_add_suite(runner, test_move_suite());
    srunner_add_suite(runner, test_dht_suite());
    srunner_add_suite(runner, test_names_suite());
    srunner_add_suite(runner, test_rename_suite());
    srunner_add_suite(runner, test_unfinished_suite());
    srunner_add_suite(runner, test_disk_trouble_suite());
    srunner_add_suite(runner, test_crash_suite());
    srunner_add_suite(runner, test_seeding_suite());
    srunner_add_suite(runner, test_many_suite());
    srunner_add_suite(runner, test_settings_suite());
    srunner_add_suite(runner, test_portmap_suite());
    srunner_add_suite(runner, test_queue_suite());
    srunner_add_suite(runner, test_blocklist_files_suite());
    srunner_add_suite(runner, test_schedule_suite());
    srunner_add_suite(runner, test_turtle_suite());
    srunner_add_suite(runner, test_goal_suite());
    srunner_add_suite(runner, test_keep_suite());
    srunner_add_suite(runner, test_known_peers_suite());
    srunner_add_suite(runner, test_label_suite());
    srunner_add_suite(runner, test_trackers_suite());
    srunner_add_suite(runner, test_imported_suite());
    srunner_add_suite(runner, test_tree_walk_suite());
    srunner_add_suite(runner, test_verify_files_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
