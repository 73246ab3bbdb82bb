/* What the demo's tests share. */
#ifndef BTTUI_TESTS_CHECK_DEMO_H
#define BTTUI_TESTS_CHECK_DEMO_H

#include <check.h>

Suite *test_demo_announce_suite(void);
Suite *test_demo_data_suite(void);
Suite *test_demo_dir_suite(void);
Suite *test_demo_tracker_suite(void);
Suite *test_demo_suite(void);
Suite *test_session_swarm_suite(void);

/* A new empty directory that is $TMPDIR from now on; the same for each call of a process.
 */
const char *check_demo_tmpdir(void);
/* Entries in DIR but "." and "..". */
int check_demo_count(const char *dir);

#endif
