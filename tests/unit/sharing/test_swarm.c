/* Who gets what of whom, and when, in a swarm behind one seed. */
#include "tests/unit/sharing/check_sharing.h"
#include "tests/unit/sharing/member.h"

static struct party party;

/* From MEMBER on, the first COUNT: when the first and the last had everything. */
static void times_of(uint32_t from, uint32_t count, double *ret_first, double *ret_last)
{
    *ret_first = *ret_last = member_seconds(&party.members[from]);
    for (uint32_t i = from + 1; i < from + count; i++) {
        const double seconds = member_seconds(&party.members[i]);
        *ret_first = seconds < *ret_first ? seconds : *ret_first;
        *ret_last = seconds > *ret_last ? seconds : *ret_last;
    }
}

/* Twenty share at 100 kB/s each, ten take and give nothing (P40). */
START_TEST(test_those_who_give_finish_before_those_who_do_not)
{
    const struct party_plan plan = {
        .members = 31,
        .riders = 10,
        .pieces = 160,
        .piece_bytes = 1u << 18,
        .uplink = 100000,
        .seed_uplink = 400000,
        .limited = true,
        .dice = 1,
    };
    double first_giver, last_giver, first_rider, last_rider;
    party_begin(&party, &plan);
    ck_assert(party_run(&party, 1000));
    times_of(1, 20, &first_giver, &last_giver);
    times_of(21, 10, &first_rider, &last_rider);
    ck_assert_msg(last_giver < first_rider,
                  "givers %.0f ... %.0f s, riders %.0f ... %.0f", first_giver, last_giver,
                  first_rider, last_rider);
    ck_assert_int_eq(party_end(&party), 0);
}
END_TEST

/* One copy takes the seed 6.71 s. */
START_TEST(test_a_slow_seed_gives_nearly_everything_once)
{
    const struct party_plan plan = {
        .members = 9,
        .pieces = 256,
        .piece_bytes = 1u << 18,
        .uplink = 200000000,
        .seed_uplink = 10000000,
        .limited = true,
        .dice = 1,
    };
    double first, last;
    party_begin(&party, &plan);
    ck_assert(party_run(&party, 60));
    times_of(1, 8, &first, &last);
    const double copies = member_copies(&party.members[0]);
    ck_assert_msg(last < 7.3 && copies < 1.07, "after %.2f s, %.3f copies", last, copies);
    ck_assert_int_eq(party_end(&party), 0);
}
END_TEST

/* BEP 16: slower, and hardly more than once. */
START_TEST(test_a_super_seed_gives_everything_once)
{
    const struct party_plan plan = {
        .members = 9,
        .pieces = 256,
        .piece_bytes = 1u << 16,
        .uplink = 20000000,
        .seed_uplink = 2000000,
        .super_seed = true,
        .dice = 1,
    };
    double first, last;
    party_begin(&party, &plan);
    ck_assert(party_run(&party, 200));
    times_of(1, 8, &first, &last);
    const double copies = member_copies(&party.members[0]);
    ck_assert_msg(copies < 1.03, "%.3f copies, %.2f s", copies, last);
    ck_assert_int_eq(party_end(&party), 0);
}
END_TEST

Suite *suite_swarm(void)
{
    Suite *suite = suite_create("swarm");
    TCase *tcase = tcase_create("swarm");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_those_who_give_finish_before_those_who_do_not);
    tcase_add_test(tcase, test_a_slow_seed_gives_nearly_everything_once);
    tcase_add_test(tcase, test_a_super_seed_gives_everything_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
