/* Trackers that come and go while the others are asked. */
#include "tests/unit/discovery/check_discovery.h"
#include "tests/unit/discovery/rig.h"

#include <stdio.h>
#include <string.h>

#define TRACKERS 12

static struct rig rig;
static char urls[TRACKERS][40];

/* The first COUNT are the torrent's, in one tier; the rig knows the others. */
static void begin(uint32_t count)
{
    rig_init(&rig);
    for (uint32_t i = 0; i < TRACKERS; i++) {
        snprintf(urls[i], sizeof urls[i], "http://t%02u/announce", i);
        rig_add(&rig, urls[i], 0);
    }
    rig.tracker_count = count;
    rig_begin(&rig);
    rig.tracker_count = TRACKERS;
}

static uint32_t number_of(const char *url)
{
    struct tracker_row row;
    for (uint32_t i = 0; tracker_manager_row(rig.manager, i, &row); i++)
        if (strcmp(row.whole_url, url) == 0)
            return i;
    return UINT32_MAX;
}

static void remove_url(const char *url)
{
    const uint32_t number = number_of(url);
    ck_assert_uint_ne(number, UINT32_MAX);
    tracker_manager_remove(rig.manager, number, NULL);
}

START_TEST(one_that_is_added_is_asked_at_once_and_again)
{
    begin(1);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(tracker_manager_add(rig.manager, urls[1]), ERROR_NONE);
    ck_assert_int_eq(tracker_manager_add(rig.manager, urls[2]), ERROR_NONE);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 1, "started", 0), 1);
    ck_assert_uint_eq(rig_count(&rig, 2, "started", 0), 1);
    ck_assert_uint_eq(rig_row(&rig, 1).tier, 1);
    ck_assert_uint_eq(rig_row(&rig, 2).tier, 2);
    const uint32_t from = rig.asked_count;
    rig_run(&rig, 2000 * NS_PER_S);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_ge(rig_count(&rig, i, NULL, from), 1);
    rig_stop(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 2, "stopped", 0), 1);
    rig_done(&rig);
}
END_TEST

START_TEST(none_is_there_twice_and_not_too_many)
{
    char url[40];
    begin(2);
    ck_assert_int_eq(tracker_manager_add(rig.manager, urls[1]), ERROR_EXISTS);
    for (uint32_t i = 2; i < METAINFO_MAX_URLS; i++) {
        snprintf(url, sizeof url, "http://more%u/announce", i);
        ck_assert_int_eq(tracker_manager_add(rig.manager, url), ERROR_NONE);
    }
    ck_assert_int_eq(tracker_manager_add(rig.manager, urls[2]), ERROR_FULL);
    ck_assert_uint_eq(tracker_manager_count(rig.manager), METAINFO_MAX_URLS);
    rig_done(&rig);
}
END_TEST

START_TEST(a_paused_one_asks_nobody_new)
{
    begin(1);
    rig_run(&rig, NS_PER_S);
    rig_stop(&rig);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_int_eq(tracker_manager_add(rig.manager, urls[1]), ERROR_NONE);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 1, NULL, 0), 0);
    tracker_manager_start(rig.manager);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 1, "started", 0), 1);
    rig_done(&rig);
}
END_TEST

START_TEST(one_that_is_removed_is_not_asked_and_another_leads)
{
    begin(3);
    rig_run(&rig, 60 * NS_PER_S);
    rig_run(&rig, 1900 * NS_PER_S);
    const uint32_t leader = rig.asked[3].tracker;
    remove_url(urls[leader]);
    const uint32_t from = rig.asked_count;
    ck_assert_uint_eq(tracker_manager_count(rig.manager), 2);
    rig_run(&rig, 5 * NS_PER_S); /* the next of its tier, at once */
    ck_assert_uint_eq(rig.asked_count - from, 1);
    rig_run(&rig, 4000 * NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, leader, NULL, from), 0);
    ck_assert_uint_ge(rig.asked_count - from, 3);
    rig_done(&rig);
}
END_TEST

START_TEST(one_that_is_removed_is_told)
{
    begin(2);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(tracker_manager_add(rig.manager, urls[2]), ERROR_NONE);
    rig_run(&rig, NS_PER_S);
    remove_url(urls[2]);
    ck_assert_uint_eq(tracker_manager_count(rig.manager), 2);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 2, "stopped", 0), 1);
    rig_run(&rig, 4000 * NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 2, NULL, 0), 2);
    remove_url(urls[1]); /* which never heard of us */
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 1, "stopped", 0), rig_count(&rig, 1, "started", 0));
    rig_done(&rig);
}
END_TEST

/* Not "started" first and "stopped" behind it, which would leave us out. */
START_TEST(one_that_comes_back_is_told_so_after_the_farewell)
{
    begin(1);
    rig_run(&rig, NS_PER_S);
    remove_url(urls[0]);
    ck_assert_int_eq(tracker_manager_add(rig.manager, urls[0]), ERROR_NONE);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_str_eq(rig.asked[1].event, "stopped");
    ck_assert_uint_eq(rig_count(&rig, 0, "stopped", 0), 1);
    ck_assert_uint_eq(rig_count(&rig, 0, "started", 0), 2);
    rig_done(&rig);
}
END_TEST

START_TEST(the_end_waits_for_the_farewell_of_one_that_was_removed)
{
    begin(1);
    rig_run(&rig, NS_PER_S);
    remove_url(urls[0]);
    rig_stop(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 0, "stopped", 0), 1);
    ck_assert_uint_eq(rig.stops, 1);
    rig_done(&rig);
}
END_TEST

static void never(void *context, const char *url, struct vhttp_answer *answer)
{
    (void)context, (void)url;
    answer->never = true;
}

/* One that does not answer holds nothing up for long. */
START_TEST(who_is_silent_is_forgotten)
{
    begin(1);
    rig_run(&rig, NS_PER_S);
    rig.answer = never;
    remove_url(urls[0]);
    rig_stop(&rig);
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert_uint_eq(rig.stops, 0);
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert_uint_eq(rig.stops, 1);
    rig_done(&rig);
}
END_TEST

START_TEST(the_last_one_may_go_in_the_middle_of_a_farewell)
{
    begin(1);
    rig_run(&rig, NS_PER_S);
    rig_stop(&rig);
    remove_url(urls[0]);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.stops, 1);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.stops, 1);
    rig_done(&rig);
}
END_TEST

/* Whatever comes and goes when: rows keep their ids, and each that is there is asked. */
START_TEST(any_changes_leave_the_books_right)
{
    static struct random_seeded random;
    uint32_t ids[TRACKERS];
    random_seeded_init(&random, (uint64_t)_i + 1);
    begin(6);
    for (int step = 0; step < 300; step++) {
        const uint32_t at = random_below(&random.source, TRACKERS);
        const uint32_t number = number_of(urls[at]);
        if (number == UINT32_MAX) {
            ck_assert_int_eq(tracker_manager_add(rig.manager, urls[at]), ERROR_NONE);
            ids[at] = rig_row(&rig, number_of(urls[at])).id;
        } else if (step > 20) {
            if (step > 250)
                ck_assert_uint_eq(rig_row(&rig, number).id, ids[at]);
            tracker_manager_remove(rig.manager, number, NULL);
        }
        rig_run(&rig, random_below(&random.source, 3000) * NS_PER_MS);
        for (uint32_t i = 0; step == 250 && i < TRACKERS; i++)
            if (number_of(urls[i]) != UINT32_MAX)
                ids[i] = rig_row(&rig, number_of(urls[i])).id;
    }
    const uint32_t from = rig.asked_count;
    tracker_manager_network_changed(rig.manager);
    rig_run(&rig, 1900 * NS_PER_S);
    for (uint32_t i = 0; i < TRACKERS; i++)
        if (number_of(urls[i]) == UINT32_MAX)
            ck_assert_uint_eq(rig_count(&rig, i, NULL, from), 0);
        else if (rig_row(&rig, number_of(urls[i])).tier > 0)
            ck_assert_uint_ge(rig_count(&rig, i, NULL, from), 1);
    rig_done(&rig);
}
END_TEST

Suite *suite_changes(void)
{
    Suite *suite = suite_create("changes");
    TCase *tcase = tcase_create("changes");
    tcase_add_test(tcase, one_that_is_added_is_asked_at_once_and_again);
    tcase_add_test(tcase, none_is_there_twice_and_not_too_many);
    tcase_add_test(tcase, a_paused_one_asks_nobody_new);
    tcase_add_test(tcase, one_that_is_removed_is_not_asked_and_another_leads);
    tcase_add_test(tcase, one_that_is_removed_is_told);
    tcase_add_test(tcase, one_that_comes_back_is_told_so_after_the_farewell);
    tcase_add_test(tcase, the_end_waits_for_the_farewell_of_one_that_was_removed);
    tcase_add_test(tcase, who_is_silent_is_forgotten);
    tcase_add_test(tcase, the_last_one_may_go_in_the_middle_of_a_farewell);
    tcase_add_loop_test(tcase, any_changes_leave_the_books_right, 0, 8);
    suite_add_tcase(suite, tcase);
    return suite;
}
