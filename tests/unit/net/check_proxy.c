/* What goes through a proxy. */
#include <check.h>
#include <stdlib.h>

Suite *test_proxy_answers_suite(void);
Suite *test_proxy_suite(void);
Suite *test_proxy_udp_suite(void);
Suite *test_socks_stream_suite(void);

int main(void)
{
    SRunner *runner = srunner_create(test_socks_stream_suite());
    srunner_add_suite(runner, test_proxy_suite());
    srunner_add_suite(runner, test_proxy_udp_suite());
    srunner_add_suite(runner, test_proxy_answers_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
