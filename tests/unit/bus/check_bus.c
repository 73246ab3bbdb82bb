/* The buses: bounds, order, ownership, merging, and both ends on different threads. */
#include <check.h>
#include <stdlib.h>

Suite *test_bus_suite(void);
Suite *test_event_bus_suite(void);
Suite *test_message_suite(void);
Suite *test_worker_bus_suite(void);

int main(void)
{
    SRunner *runner = srunner_create(test_bus_suite());
    srunner_add_suite(runner, test_event_bus_suite());
    srunner_add_suite(runner, test_message_suite());
    srunner_add_suite(runner, test_worker_bus_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
