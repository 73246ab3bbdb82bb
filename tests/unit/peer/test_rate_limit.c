/* Token buckets: exact to the byte. */
#include "peer/rate_limit.h"

#include "base/clock.h"
#include "tests/unit/peer/check_peer.h"

static const uint64_t rates[] = {1000, 1999, 99991, 1u << 20, 12500001, 1250000000};
static const uint64_t steps_ns[] = {
    1, 999, 99999, NS_PER_MS + 7, 20 * NS_PER_MS, 90 * NS_PER_MS};

START_TEST(test_a_bucket_gives_its_rate_however_often_it_is_asked)
{
    struct rate_limit limit;
    const uint64_t rate = rates[_i];
    for (size_t s = 0; s < sizeof steps_ns / sizeof *steps_ns; s++) {
        uint64_t now_ns = 5 * NS_PER_S, spent = 0;
        const uint64_t begin_ns = now_ns;
        const uint64_t most_ns = steps_ns[s] < 1000 ? 200 * NS_PER_US : 10 * NS_PER_S;
        rate_limit_set(&limit, rate, now_ns);
        for (; now_ns - begin_ns < most_ns; now_ns += steps_ns[s]) {
            const int64_t room = rate_limit_room(&limit, now_ns);
            if (room <= 0)
                continue;
            rate_limit_spend(&limit, (uint64_t)room);
            spent += (uint64_t)room;
        }
        const double expected = (double)rate * (double)most_ns / 1e9;
        ck_assert_msg(
            (double)spent <= expected + 1 &&
                (double)spent >= expected * 0.98 - (double)(rate * steps_ns[s]) / 1e9 - 1,
            "%llu B/s, %llu ns: %llu of %f", (unsigned long long)rate,
            (unsigned long long)steps_ns[s], (unsigned long long)spent, expected);
    }
}
END_TEST

/* P48 */
START_TEST(test_a_bucket_holds_a_tenth_of_a_second_and_a_block)
{
    struct rate_limit limit;
    rate_limit_set(&limit, 10000000, NS_PER_S);
    ck_assert_int_eq(rate_limit_room(&limit, NS_PER_S), 0);
    ck_assert_int_eq(rate_limit_room(&limit, 100 * NS_PER_S), 1000000);
    rate_limit_spend(&limit, 1000000);
    rate_limit_refund(&limit, 5000000);
    ck_assert_int_eq(rate_limit_room(&limit, 100 * NS_PER_S), 1000000);
    rate_limit_set(&limit, 1, NS_PER_S);
    ck_assert_int_eq(rate_limit_room(&limit, 2 * NS_PER_S), 1);
    rate_limit_set(&limit, 0, NS_PER_S);
    ck_assert_int_eq(rate_limit_room(&limit, NS_PER_S), INT64_MAX);
    ck_assert_uint_eq(rate_limit_wait_ns(&limit, 16384, NS_PER_S), 0);
}
END_TEST

/* P48 */
START_TEST(test_the_wait_is_as_long_as_it_takes)
{
    struct rate_limit limit;
    rate_limit_set(&limit, 1000000, NS_PER_S);
    const uint64_t wait_ns = rate_limit_wait_ns(&limit, 16384, NS_PER_S);
    ck_assert_uint_ge(wait_ns, 16384 * NS_PER_US);
    ck_assert_uint_le(wait_ns, 16385 * NS_PER_US);
    ck_assert_int_ge(rate_limit_room(&limit, NS_PER_S + wait_ns), 16384);
    rate_limit_set(&limit, 1, NS_PER_S);
    ck_assert_uint_eq(rate_limit_wait_ns(&limit, 16384, NS_PER_S), 4 * NS_PER_S);
}
END_TEST

START_TEST(test_what_goes_in_any_case_is_counted_and_forgotten_soon)
{
    struct rate_limit limit;
    rate_limit_set(&limit, 1000000, NS_PER_S);
    ck_assert_int_eq(rate_limit_room(&limit, 2 * NS_PER_S), 100000);
    rate_limit_note(&limit, 30000);
    ck_assert_int_eq(rate_limit_room(&limit, 2 * NS_PER_S), 70000);
    rate_limit_note(&limit, UINT64_MAX);
    rate_limit_note(&limit, 5);
    ck_assert_int_eq(rate_limit_room(&limit, 2 * NS_PER_S), -100000);
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

Suite *suite_rate_limit(void)
{
    Suite *suite = suite_create("rate_limit");
    TCase *tcase = tcase_create("rate_limit");
    tcase_add_loop_test(tcase, test_a_bucket_gives_its_rate_however_often_it_is_asked, 0,
                        COUNT(rates));
    tcase_add_test(tcase, test_a_bucket_holds_a_tenth_of_a_second_and_a_block);
    tcase_add_test(tcase, test_the_wait_is_as_long_as_it_takes);
    tcase_add_test(tcase, test_what_goes_in_any_case_is_counted_and_forgotten_soon);
    suite_add_tcase(suite, tcase);
    return suite;
}
