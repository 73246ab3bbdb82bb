/* The loop: turns, descriptors, timers, signals, wake-ups. */
#include <check.h>
#include <stdlib.h>

Suite *test_loop_suite(void);
Suite *test_timer_suite(void);
Suite *test_signal_suite(void);
Suite *test_wake_suite(void);

int main(void)
{
    SRunner *runner = srunner_create(test_loop_suite());
    srunner_add_suite(runner, test_timer_suite());
    srunner_add_suite(runner, test_signal_suite());
    srunner_add_suite(runner, test_wake_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
