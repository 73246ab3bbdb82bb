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

static const struct {
    bool limited;
    uint32_t dice;
} thirty[] = {{true, 1}, {false, 1}, {false, 4}};

/* Twenty share at 100 kB/s each, ten take and give nothing (P40): where each keeps to a
 * limit, and where only its line is slow, which then holds data for half a minute. */
START_TEST(test_those_who_give_finish_before_those_who_do_not)
{
    const struct party_plan plan = {
        .members = 31,
        .riders = 10,
        .pieces = 160,
        .piece_bytes = 1u << 18,
        .uplink = 100000,
        .seed_uplink = 400000,
        .limited = thirty[_i].limited,
        .dice = thirty[_i].dice,
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

/* P30: those who give nothing show what they have, unchoke, and send a byte a second, so
 * that blocks are asked of them; nobody waits for those. */
START_TEST(test_those_who_unchoke_and_send_nothing_hold_nobody_up)
{
    const struct party_plan plan = {
        .members = 31,
        .riders = 10,
        .trickle = 1,
        .pieces = 256,
        .piece_bytes = 1u << 17,
        .uplink = 500000,
        .seed_uplink = 2000000,
        .dice = 10,
    };
    double first_giver, last_giver, first_rider, last_rider;
    party_begin(&party, &plan);
    ck_assert(party_run(&party, 1000));
    times_of(1, 20, &first_giver, &last_giver);
    times_of(21, 10, &first_rider, &last_rider);
    ck_assert_msg(last_giver < first_rider && last_rider < 110,
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
    ck_assert_msg(copies < 1.06, "%.3f copies, %.2f s", copies, last);
    ck_assert_int_eq(party_end(&party), 0);
}
END_TEST

/* Ten are known, five of whom are dead and told of first. A call takes a round trip, the
 * handshakes another, what each has and wants one, and the request one. */
static const struct {
    uint32_t silent, closed;
    uint32_t latency_ms;
} dead[] = {{5, 0, 1}, {0, 5, 1}, {3, 2, 1}, {3, 2, 15}};

START_TEST(test_the_dead_do_not_hold_up_the_first_block)
{
    const struct party_plan plan = {
        .members = 6,
        .seeds = 5,
        .lead_s = 60,
        .silent = dead[_i].silent,
        .closed = dead[_i].closed,
        .pieces = 64,
        .piece_bytes = 1u << 18,
        .latency_ns = dead[_i].latency_ms * NS_PER_MS,
        .dice = 3,
    };
    const double trip_s = 2 * dead[_i].latency_ms / 1000.0;
    party_begin(&party, &plan);
    ck_assert(party_run_to_first(&party, 60));
    const double first_s = member_first_seconds(&party.members[5]);
    ck_assert_msg(first_s <= 4.5 * trip_s, "after %.1f ms", 1000 * first_s);
    ck_assert_int_eq(party_end(&party), 0);
}
END_TEST

Suite *suite_swarm(void)
{
    Suite *suite = suite_create("swarm");
    TCase *tcase = tcase_create("swarm");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_those_who_give_finish_before_those_who_do_not, 0,
                        (int)(sizeof thirty / sizeof *thirty));
    tcase_add_test(tcase, test_those_who_unchoke_and_send_nothing_hold_nobody_up);
    tcase_add_test(tcase, test_a_slow_seed_gives_nearly_everything_once);
    tcase_add_test(tcase, test_a_super_seed_gives_everything_once);
    tcase_add_loop_test(tcase, test_the_dead_do_not_hold_up_the_first_block, 0,
                        (int)(sizeof dead / sizeof *dead));
    suite_add_tcase(suite, tcase);
    return suite;
}
