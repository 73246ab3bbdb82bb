/* Streams, listeners, names and http on the loop, over 127.0.0.1. */
#include <check.h>
#include <stdlib.h>

Suite *test_tcp_suite(void);
Suite *test_socks_suite(void);
Suite *test_net_system_suite(void);
Suite *test_bind_suite(void);
Suite *test_net_watch_suite(void);
Suite *test_resolver_suite(void);
Suite *test_http_suite(void);
Suite *test_content_range_suite(void);

int main(void)
{
    SRunner *runner = srunner_create(test_tcp_suite());
    srunner_add_suite(runner, test_socks_suite());
    srunner_add_suite(runner, test_net_system_suite());
    srunner_add_suite(runner, test_bind_suite());
    srunner_add_suite(runner, test_net_watch_suite());
    srunner_add_suite(runner, test_resolver_suite());
    srunner_add_suite(runner, test_http_suite());
    srunner_add_suite(runner, test_content_range_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
