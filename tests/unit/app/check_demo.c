/* The demo: its tracker, its data, its directory, and the whole of it. */
#include "tests/unit/app/check_demo.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char tmpdir[256];

const char *check_demo_tmpdir(void)
{
    const char *base = getenv("TMPDIR");
    if (tmpdir[0] != '\0')
        return tmpdir;
    snprintf(tmpdir, sizeof tmpdir, "%s/check-demo-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(tmpdir) == NULL || setenv("TMPDIR", tmpdir, 1) != 0)
        ck_abort_msg("no temporary directory");
    return tmpdir;
}

int check_demo_count(const char *dir)
{
    int count = 0;
    DIR *entries = opendir(dir);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (entries != NULL)
        closedir(entries);
    return entries != NULL ? count : -1;
}

int main(void)
{
    check_demo_tmpdir();
    SRunner *runner = srunner_create(test_demo_announce_suite());
    srunner_add_suite(runner, test_demo_data_suite());
    srunner_add_suite(runner, test_demo_dir_suite());
    srunner_add_suite(runner, test_demo_tracker_suite());
    srunner_add_suite(runner, test_demo_suite());
    srunner_add_suite(runner, test_session_swarm_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    rmdir(tmpdir);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
