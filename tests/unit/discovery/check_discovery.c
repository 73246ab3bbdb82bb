#include "tests/unit/discovery/check_discovery.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite_reply());
    srunner_add_suite(runner, suite_packet());
    srunner_add_suite(runner, suite_http_trackers());
    srunner_add_suite(runner, suite_udp_trackers());
    srunner_add_suite(runner, suite_changes());
    srunner_add_suite(runner, suite_turns());
    srunner_add_suite(runner, suite_outages());
    srunner_add_suite(runner, suite_dht_parts());
    srunner_add_suite(runner, suite_dht_message());
    srunner_add_suite(runner, suite_dht_table());
    srunner_add_suite(runner, suite_dht());
    srunner_add_suite(runner, suite_dht_net());
    srunner_add_suite(runner, suite_lsd());
    srunner_add_suite(runner, suite_portmap());
    srunner_add_suite(runner, suite_upnp());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
