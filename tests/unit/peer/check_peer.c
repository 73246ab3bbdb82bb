#include "tests/unit/peer/check_peer.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite_wire());
    srunner_add_suite(runner, suite_blocklist());
    srunner_add_suite(runner, suite_refuse());
    srunner_add_suite(runner, suite_choker());
    srunner_add_suite(runner, suite_allowed_fast());
    srunner_add_suite(runner, suite_requests());
    srunner_add_suite(runner, suite_session());
    srunner_add_suite(runner, suite_serve());
    srunner_add_suite(runner, suite_upload());
    srunner_add_suite(runner, suite_dht_port());
    srunner_add_suite(runner, suite_upload_only());
    srunner_add_suite(runner, suite_hashes());
    srunner_add_suite(runner, suite_slots());
    srunner_add_suite(runner, suite_seed_order());
    srunner_add_suite(runner, suite_super_seed());
    srunner_add_suite(runner, suite_connect());
    srunner_add_suite(runner, suite_crowds());
    srunner_add_suite(runner, suite_known_good());
    srunner_add_suite(runner, suite_donthave());
    srunner_add_suite(runner, suite_metadata());
    srunner_add_suite(runner, suite_transport());
    srunner_add_suite(runner, suite_trouble());
    srunner_add_suite(runner, suite_rate_limit());
    srunner_add_suite(runner, suite_pace());
    srunner_add_suite(runner, suite_pex());
    srunner_add_suite(runner, suite_holepunch());
    srunner_add_suite(runner, suite_holepunch_message());
    srunner_add_suite(runner, suite_meetings());
    srunner_add_suite(runner, suite_priority());
    srunner_add_suite(runner, suite_hide());
    srunner_add_suite(runner, suite_news());
    srunner_add_suite(runner, suite_room());
    srunner_add_suite(runner, suite_webseed_manager());
    srunner_add_suite(runner, suite_webseed_url());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
