/* The UDP port, uTP and its race with TCP, on the system's sockets and on a virtual
 * network. */
#include <check.h>
#include <stdlib.h>

Suite *test_race_suite(void);
Suite *test_udp_port_suite(void);
Suite *test_utp_suite(void);

int main(void)
{
    SRunner *runner = srunner_create(test_udp_port_suite());
    srunner_add_suite(runner, test_utp_suite());
    srunner_add_suite(runner, test_race_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
