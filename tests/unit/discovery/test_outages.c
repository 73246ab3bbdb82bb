/* Networks that go away, come back and change. */
#include "tests/unit/discovery/check_discovery.h"
#include "tests/unit/discovery/rig.h"

#include <stdio.h>
#include <string.h>

static struct rig rig;

static void begin_with(uint32_t count, bool one_tier)
{
    rig_init(&rig);
    for (uint32_t i = 0; i < count; i++) {
        char url[64];
        snprintf(url, sizeof url, "http://t%02u.test/announce", i);
        rig_add(&rig, url, one_tier ? 0 : i);
    }
}

static void answer_failing(void *context, const char *url, struct vhttp_answer *answer)
{
    (void)context;
    (void)url;
    answer->error = ERROR_SYSTEM;
}

static enum error_code outage;

static void answer_outage(void *context, const char *url, struct vhttp_answer *answer)
{
    (void)url;
    struct rig *at = context;
    answer->error = outage;
    answer->message = "nobody there";
    answer->after_ns = outage == ERROR_TIMEOUT ? 15 * NS_PER_S : NS_PER_MS;
    if (outage == ERROR_NONE)
        rig_body(answer, "d8:intervali1800e5:peers0:e");
    else
        ck_assert_uint_lt(at->asked_count, 100);
}

/* O9: one that was there before is, after more than five minutes without a network,
 * asked within a minute; so is one that no packet of ours could reach. */
START_TEST(test_after_an_outage_trackers_are_asked_within_a_minute)
{
    static const enum error_code errors[] = {ERROR_TIMEOUT, ERROR_SYSTEM, ERROR_OFFLINE};
    begin_with(1, false);
    rig.answer = answer_outage;
    outage = _i == 2 ? errors[_i] : ERROR_NONE;
    rig_begin(&rig);
    rig_run(&rig, 1790 * NS_PER_S);
    if (_i == 2) { /* it has never been reached: the network comes as we go */
        tracker_manager_free(rig.manager);
        rig_begin(&rig);
    }
    outage = errors[_i];
    rig_run(&rig, 400 * NS_PER_S);
    ck_assert_int_ne(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    outage = ERROR_NONE;
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    rig_done(&rig);
}
END_TEST

/* O9: no longer than ten minutes. */
START_TEST(test_one_that_stays_away_is_asked_ever_more_rarely)
{
    begin_with(1, false);
    rig.answer = answer_outage;
    outage = ERROR_NONE;
    rig_begin(&rig);
    rig_run(&rig, 1790 * NS_PER_S);
    outage = ERROR_SYSTEM;
    rig_run(&rig, 5000 * NS_PER_S);
    const uint32_t before = rig.asked_count;
    rig_run(&rig, 10 * 3600 * NS_PER_S);
    ck_assert_uint_le(rig.asked_count - before, 20);
    rig_done(&rig);
}
END_TEST

/* O8, O10 */
START_TEST(test_a_changed_network_is_told_to_all_within_a_minute_and_not_at_once)
{
    begin_with(20, false);
    rig_begin(&rig);
    rig_run(&rig, 600 * NS_PER_S);
    const uint32_t before = rig.asked_count;
    tracker_manager_network_changed(rig.manager);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_le(rig.asked_count - before, 8);
    rig_run(&rig, 59 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, before + 20);
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_uint_eq(rig_count(&rig, i, "started", before), 0);
    /* Again and again, they are asked once a minute. */
    for (uint32_t i = 0; i < 240; i++) {
        tracker_manager_network_changed(rig.manager);
        rig_run(&rig, NS_PER_S);
    }
    ck_assert_uint_le(rig.asked_count - before, 20 * 5);
    rig_done(&rig);
}
END_TEST

START_TEST(test_a_changed_network_ends_long_waits)
{
    begin_with(1, false);
    rig.answer = answer_failing;
    rig_begin(&rig);
    rig_run(&rig, 10 * 3600 * NS_PER_S);
    rig.answer = NULL;
    tracker_manager_network_changed(rig.manager);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    rig_done(&rig);
}
END_TEST

START_TEST(test_a_changed_network_is_nothing_to_those_that_are_not_asked)
{
    begin_with(3, true);
    rig_begin(&rig);
    rig_run(&rig, 600 * NS_PER_S);
    const uint32_t before = rig.asked_count;
    tracker_manager_network_changed(rig.manager);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, before + 1);
    rig_stop(&rig);
    rig_run(&rig, 60 * NS_PER_S);
    const uint32_t stopped = rig.asked_count;
    tracker_manager_network_changed(rig.manager);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, stopped);
    rig_done(&rig);
}
END_TEST

Suite *suite_outages(void)
{
    Suite *suite = suite_create("outages");
    TCase *cases = tcase_create("outages");
    tcase_add_loop_test(cases, test_after_an_outage_trackers_are_asked_within_a_minute, 0,
                        3);
    tcase_add_test(cases, test_one_that_stays_away_is_asked_ever_more_rarely);
    tcase_add_test(cases,
                   test_a_changed_network_is_told_to_all_within_a_minute_and_not_at_once);
    tcase_add_test(cases, test_a_changed_network_ends_long_waits);
    tcase_add_test(cases, test_a_changed_network_is_nothing_to_those_that_are_not_asked);
    suite_add_tcase(suite, cases);
    return suite;
}
