/* Hidden connections. */
#include <check.h>
#include <stdlib.h>

Suite *test_mse_suite(void);

int main(void)
{
    SRunner *runner = srunner_create(test_mse_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
