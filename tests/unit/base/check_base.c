/* Everything in base/: arithmetic, text, addresses, bytes. */
#include <check.h>
#include <stdlib.h>

Suite *test_bitfield_suite(void);
Suite *test_buffer_suite(void);
Suite *test_merkle_suite(void);
Suite *test_netaddr_suite(void);
Suite *test_sandbox_suite(void);
Suite *test_sha1_lanes_suite(void);
Suite *test_text_suite(void);
Suite *test_block_pool_suite(void);

int main(void)
{
    SRunner *runner = srunner_create(test_bitfield_suite());
    srunner_add_suite(runner, test_buffer_suite());
    srunner_add_suite(runner, test_merkle_suite());
    srunner_add_suite(runner, test_netaddr_suite());
    srunner_add_suite(runner, test_sandbox_suite());
    srunner_add_suite(runner, test_sha1_lanes_suite());
    srunner_add_suite(runner, test_text_suite());
    srunner_add_suite(runner, test_block_pool_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
