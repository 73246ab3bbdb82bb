/* Rate limits: exact, and fair to all that wait. */
#include "peer/rate_limit.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

/* ---- the bucket ---- */

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

/* ---- with peers ---- */

#define REMOTES_MAX 8

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];
static uint64_t served[REMOTES_MAX]; /* payload bytes to or from each */
static int remote_count;

static void begin(int count, bool have_all)
{
    const struct rig_config config = {.pieces = 64, .have_all = have_all};
    rig_init(&rig, &config);
    rig.interest = rig.fetch = !have_all;
    rig.serve = true;
    remote_count = count;
    memset(served, 0, sizeof served);
    for (int i = 0; i < count; i++) {
        char address[32];
        const struct script_hello hello = rig_hello(&rig, (char)('A' + i), true, true);
        snprintf(address, sizeof address, "10.0.0.2:%d", 7000 + i);
        script_peer_init(&remotes[i]);
        script_peer_listen(&remotes[i], vnet_host(rig.world.vnet, "10.0.0.2"),
                           rig.world.loop, address);
        rig_connect(&rig, address, PEER_SOURCE_MANUAL);
        rig_run(&rig, 50 * NS_PER_MS);
        script_peer_handshake(&remotes[i], &hello);
    }
    rig_run(&rig, 50 * NS_PER_MS);
}

static void end(void)
{
    for (int i = 0; i < remote_count; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* A remote answers each request, or asks again for each block it got. */
static void converse(int number)
{
    struct script_message message;
    while (script_peer_next(&remotes[number], &message)) {
        if (message.id == 6) {
            const uint32_t length = be32_get(message.body + 8);
            script_peer_put_piece(&remotes[number], be32_get(message.body),
                                  be32_get(message.body + 4), length);
            served[number] += length;
        } else if (message.id == 7) {
            static uint32_t next;
            served[number] += message.length - 8;
            next++;
            script_peer_put_block(&remotes[number], 6, next % 64, next / 64 % 16384 / 2,
                                  16384);
        }
    }
    /* What was taken apart need not be kept, but for the mark of the handshake. */
    if (remotes[number].in.length > 1u << 20) {
        buffer_consume(&remotes[number].in, remotes[number].parsed - 1);
        remotes[number].parsed = 1;
    }
}

static uint64_t run(uint64_t for_ns)
{
    uint64_t total = 0;
    const uint64_t end_ns = rig.world.clock.now_ns + for_ns;
    memset(served, 0, sizeof served);
    while (rig.world.clock.now_ns < end_ns) {
        rig_run(&rig, 5 * NS_PER_MS);
        for (int i = 0; i < remote_count; i++)
            converse(i);
    }
    for (int i = 0; i < remote_count; i++)
        total += served[i];
    return total;
}

static void check_within(uint64_t got, uint64_t expected, unsigned percent)
{
    ck_assert_msg(got >= expected / 100 * (100 - percent) &&
                      got <= expected / 100 * (100 + percent),
                  "%llu instead of %llu", (unsigned long long)got,
                  (unsigned long long)expected);
}

static void check_fair(uint64_t total)
{
    for (int i = 0; i < remote_count; i++)
        ck_assert_msg(served[i] >= total / (unsigned)remote_count / 2,
                      "peer %d had %llu of %llu", i, (unsigned long long)served[i],
                      (unsigned long long)total);
}

static const uint64_t limits[] = {400000, 2000000, 5000000};

/* P48 */
START_TEST(test_a_download_limit_is_kept_and_shared)
{
    begin(_i == 0 ? 1 : 4, false);
    peer_shared_set_limits(rig.shared, limits[_i], 0);
    for (int i = 0; i < remote_count; i++)
        script_peer_put(&remotes[i], 1, NULL, 0);
    run(2 * NS_PER_S);
    const uint64_t total = run(10 * NS_PER_S);
    check_within(total, limits[_i] * 10, 2);
    check_fair(total);
    end();
}
END_TEST

START_TEST(test_an_upload_limit_is_kept_and_shared)
{
    begin(_i == 0 ? 1 : 4, true);
    peer_shared_set_limits(rig.shared, 0, limits[_i]);
    for (int i = 0; i < remote_count; i++) {
        script_peer_put(&remotes[i], 2, NULL, 0);
        rig_run(&rig, 200 * NS_PER_MS);
        for (uint32_t k = 0; k < 40; k++)
            script_peer_put_block(&remotes[i], 6, k, (uint32_t)i, 16384);
    }
    run(2 * NS_PER_S);
    const uint64_t total = run(10 * NS_PER_S);
    check_within(total, limits[_i] * 10, 2);
    check_fair(total);
    end();
}
END_TEST

/* P48 */
START_TEST(test_a_limit_taken_away_lets_everything_go)
{
    begin(1, false);
    peer_shared_set_limits(rig.shared, 1, 1);
    script_peer_put(&remotes[0], 1, NULL, 0);
    ck_assert_uint_le(run(20 * NS_PER_S), 16384);
    peer_shared_set_limits(rig.shared, 0, 0);
    ck_assert_uint_gt(run(NS_PER_S), 1000000);
    end();
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

Suite *suite_pace(void)
{
    Suite *suite = suite_create("pace");
    TCase *tcase = tcase_create("pace");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_a_bucket_gives_its_rate_however_often_it_is_asked, 0,
                        COUNT(rates));
    tcase_add_test(tcase, test_a_bucket_holds_a_tenth_of_a_second_and_a_block);
    tcase_add_test(tcase, test_the_wait_is_as_long_as_it_takes);
    tcase_add_loop_test(tcase, test_a_download_limit_is_kept_and_shared, 0,
                        COUNT(limits));
    tcase_add_loop_test(tcase, test_an_upload_limit_is_kept_and_shared, 0, COUNT(limits));
    tcase_add_test(tcase, test_a_limit_taken_away_lets_everything_go);
    suite_add_tcase(suite, tcase);
    return suite;
}
