#include "tests/unit/sharing/check_sharing.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite_swarm());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
