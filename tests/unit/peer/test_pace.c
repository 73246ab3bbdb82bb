/* Limits of the session, of a torrent and of a peer: kept, and fair to all that wait. */
#include "peer/pace.h"
#include "peer/peer_manager_private.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

#define REMOTES_MAX 50

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];
static struct peer_id_ref refs[REMOTES_MAX];
static uint64_t served[REMOTES_MAX]; /* payload bytes to or from each */
static int remote_count;

/* ---- the stage ---- */

static void address_of(int number, char text[32])
{
    snprintf(text, 32, "10.0.1.%d:%d", 1 + number % 25, 7000 + number);
}

static void meet(int number, struct info_hash hash)
{
    char address[32], host[16];
    struct script_hello hello = rig_hello(&rig, (char)('a' + number), true, true);
    hello.hash = hash;
    address_of(number, address);
    snprintf(host, sizeof host, "10.0.1.%d", 1 + number % 25);
    script_peer_init(&remotes[number]);
    script_peer_listen(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                       address);
    rig_connect(&rig, address, PEER_SOURCE_MANUAL);
    rig_run(&rig, 20 * NS_PER_MS);
    script_peer_handshake(&remotes[number], &hello);
    refs[number] = rig.peer;
}

static void begin(int count, bool have_all)
{
    const struct rig_config config = {.pieces = 64, .have_all = have_all};
    rig_init(&rig, &config);
    rig.interest = rig.fetch = !have_all;
    rig.serve = true;
    remote_count = count;
    memset(served, 0, sizeof served);
    for (int i = 0; i < count; i++)
        meet(i, rig.hash);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void end(void)
{
    for (int i = 0; i < remote_count; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static void ask(int number)
{
    static uint32_t next;
    next++;
    script_peer_put_block(&remotes[number], 6, next % 64, next / 64 % 16384 / 2, 16384);
}

/* A remote answers each request; unchoked, it has some out all the time. */
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
            served[number] += message.length - 8;
            ask(number);
        } else if (message.id == 1) {
            for (int i = 0; i < 40; i++)
                ask(number);
        }
    }
    /* What was taken apart need not be kept, but for the mark of the handshake. */
    if (remotes[number].in.length > 1u << 20) {
        buffer_consume(&remotes[number].in, remotes[number].parsed - 1);
        remotes[number].parsed = 1;
    }
}

/* All want something, or give it. */
static void open_up(enum pace_way way)
{
    for (int i = 0; i < remote_count; i++)
        script_peer_put(&remotes[i], way == PACE_DOWN ? 1 : 2, NULL, 0);
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

/* +-2 %, and a block that the end of the time cuts. */
static void check_rate(uint64_t got, uint64_t rate, uint64_t seconds)
{
    const uint64_t expected = rate * seconds, slack = expected / 50 + BLOCK_BYTES;
    ck_assert_msg(got + slack >= expected && got <= expected + slack,
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

static void limit_peer(int number, uint64_t down, uint64_t up)
{
    rig_post_limits(&rig, refs[number], down, up);
}

static uint64_t in_way(enum pace_way way, enum pace_way one, uint64_t rate)
{
    return way == one ? rate : 0;
}

enum level { SESSION, TORRENT, PEER };

static void set_limit(enum level level, enum pace_way way, uint64_t rate)
{
    const uint64_t down = in_way(way, PACE_DOWN, rate), up = in_way(way, PACE_UP, rate);
    if (level == SESSION)
        peer_shared_set_limits(rig.shared, down, up);
    else if (level == TORRENT)
        peer_manager_set_limits(rig.manager, down, up);
    for (int i = 0; level == PEER && i < remote_count; i++)
        limit_peer(i, down / (unsigned)remote_count, up / (unsigned)remote_count);
}

#define SLOW (50u << 10)
#define FAST (5u << 20)

static const struct {
    enum level level;
    int peers;
    uint64_t rate;
} limits[] = {
    {SESSION, 1, SLOW}, {SESSION, 50, SLOW}, {SESSION, 1, FAST}, {SESSION, 50, FAST},
    {TORRENT, 1, SLOW}, {TORRENT, 50, SLOW}, {TORRENT, 1, FAST}, {TORRENT, 50, FAST},
    {PEER, 1, SLOW},    {PEER, 1, FAST},     {PEER, 50, FAST},
};

/* P48 */
START_TEST(test_a_download_limit_is_kept_and_shared)
{
    begin(limits[_i].peers, false);
    set_limit(limits[_i].level, PACE_DOWN, limits[_i].rate);
    open_up(PACE_DOWN);
    run(2 * NS_PER_S);
    check_rate(run(10 * NS_PER_S), limits[_i].rate, 10);
    if (limits[_i].rate == FAST)
        check_fair(limits[_i].rate * 10);
    end();
}
END_TEST

START_TEST(test_an_upload_limit_is_kept)
{
    begin(limits[_i].peers, true);
    set_limit(limits[_i].level, PACE_UP, limits[_i].rate);
    open_up(PACE_UP);
    run(2 * NS_PER_S);
    /* Not all 50 have slots: those that do have their own limits all the same. */
    const uint64_t total = run(10 * NS_PER_S);
    if (limits[_i].level != PEER || limits[_i].peers == 1)
        check_rate(total, limits[_i].rate, 10);
    else
        ck_assert_uint_le(total, limits[_i].rate * 10);
    end();
}
END_TEST

/* Where there is a block for each in sixteen seconds. */
START_TEST(test_fifty_at_a_low_limit_are_all_served)
{
    begin(50, false);
    set_limit(SESSION, PACE_DOWN, SLOW);
    open_up(PACE_DOWN);
    run(20 * NS_PER_S);
    check_fair(run(100 * NS_PER_S));
    end();
}
END_TEST

START_TEST(test_the_uplink_is_shared)
{
    begin(4, true);
    set_limit(SESSION, PACE_UP, FAST);
    open_up(PACE_UP);
    run(2 * NS_PER_S);
    const uint64_t total = run(10 * NS_PER_S);
    check_rate(total, FAST, 10);
    check_fair(total);
    end();
}
END_TEST

/* ---- one within the other ---- */

START_TEST(test_the_narrowest_limit_holds)
{
    begin(2, false);
    peer_shared_set_limits(rig.shared, 1000000, 0);
    peer_manager_set_limits(rig.manager, 300000, 0);
    limit_peer(0, 100000, 0);
    open_up(PACE_DOWN);
    run(2 * NS_PER_S);
    check_rate(run(10 * NS_PER_S), 300000, 10);
    check_rate(served[0], 100000, 10);
    check_rate(served[1], 200000, 10);
    end();
}
END_TEST

static const enum pace_way ways[] = {PACE_DOWN, PACE_UP};

/* One that waits for a limit of its own holds up nobody. */
START_TEST(test_what_a_narrow_peer_leaves_is_for_the_others)
{
    begin(4, ways[_i] == PACE_UP);
    set_limit(SESSION, ways[_i], FAST);
    limit_peer(0, 50000, 50000);
    open_up(ways[_i]);
    run(2 * NS_PER_S);
    check_rate(run(10 * NS_PER_S), FAST, 10);
    check_rate(served[0], 50000, 10);
    ck_assert_uint_ge(served[3], (uint64_t)FAST * 10 / 4);
    end();
}
END_TEST

/* A second torrent, whose stand-in asks for whatever there is room for. */
static struct peer_manager *other;

static bool on_other(void *context)
{
    struct message message;
    (void)context;
    while (bus_take(rig.other_responses, &message)) {
        struct message answer = {.peer = message.peer};
        const uint32_t blocks = message.type == PEER_IDLE ? message.u.room.blocks : 0;
        if (message.type == PEER_HANDSHAKEN) {
            answer.type = PEER_INTEREST;
            answer.u.flag.on = true;
            ck_assert_int_eq(bus_post(rig.other_requests, &answer), ERROR_NONE);
        }
        for (uint32_t i = 0; i < blocks; i++) {
            answer.type = PEER_REQUEST;
            answer.u.block = (struct block_ref){i % 8, 0, BLOCK_BYTES};
            ck_assert_int_eq(bus_post(rig.other_requests, &answer), ERROR_NONE);
        }
        message_done(&message, rig.pool);
    }
    return peer_manager_run(other);
}

static void add_other_torrent(int number, struct loop_hook *hook)
{
    char address[32];
    struct script_hello hello = rig_hello(&rig, (char)('a' + number), true, true);
    struct message message = {.type = PEER_CONNECT};
    hello.hash = (struct info_hash){{0}};
    other = rig_other_torrent(&rig);
    *hook = (struct loop_hook){.callback = on_other};
    loop_hook_add(rig.world.loop, hook);
    peer_manager_start(other);
    snprintf(address, sizeof address, "10.0.2.1:%d", 7000 + number);
    script_peer_init(&remotes[number]);
    script_peer_listen(&remotes[number], vnet_host(rig.world.vnet, "10.0.2.1"),
                       rig.world.loop, address);
    message.u.candidate.address = rig_address(address);
    ck_assert_int_eq(bus_post(rig.other_requests, &message), ERROR_NONE);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remotes[number], &hello);
    remote_count = number + 1;
    rig_run(&rig, 50 * NS_PER_MS);
}

/* A torrent that waits for its own limit does not hold up the session's others, and two
 * without share the session's by their peers. */
START_TEST(test_torrents_share_the_session_and_do_not_wait_for_each_other)
{
    struct loop_hook hook;
    begin(3, false);
    add_other_torrent(3, &hook);
    peer_shared_set_limits(rig.shared, 2000000, 0);
    open_up(PACE_DOWN);
    run(2 * NS_PER_S);
    check_rate(run(10 * NS_PER_S), 2000000, 10);
    check_fair(20000000);
    peer_manager_set_limits(rig.manager, 100000, 0);
    run(2 * NS_PER_S);
    check_rate(run(10 * NS_PER_S), 2000000, 10);
    check_rate(served[3], 1900000, 10);
    peer_manager_set_limits(rig.manager, 0, 0);
    peer_manager_set_limits(other, 100000, 0);
    run(2 * NS_PER_S);
    check_rate(run(10 * NS_PER_S), 2000000, 10);
    check_rate(served[3], 100000, 10);
    for (int i = 0; i < remote_count; i++)
        script_peer_close(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    loop_hook_remove(rig.world.loop, &hook);
    rig_end_other(&rig, other);
    end();
}
END_TEST

/* ---- changes ---- */

/* P48 */
START_TEST(test_a_limit_taken_away_lets_everything_go)
{
    const enum level level = (enum level)_i;
    begin(1, false);
    set_limit(level, PACE_DOWN, 1);
    open_up(PACE_DOWN);
    ck_assert_uint_le(run(20 * NS_PER_S), 16384);
    set_limit(level, PACE_DOWN, 0);
    ck_assert_uint_gt(run(NS_PER_S / 10), 1000000);
    end();
}
END_TEST

START_TEST(test_the_rate_of_one_that_falls_silent_fades_to_nothing)
{
    struct peer_row row;
    begin(1, false);
    set_limit(SESSION, PACE_DOWN, 400000);
    open_up(PACE_DOWN);
    run(5 * NS_PER_S);
    ck_assert(rig_row(&rig, "10.0.1.1:7000", &row));
    ck_assert_uint_gt(row.down_rate, 300000);
    rig_run(&rig, 3 * NS_PER_S);
    ck_assert(rig_row(&rig, "10.0.1.1:7000", &row));
    ck_assert_uint_lt(row.down_rate, 200000);
    rig_run(&rig, 20 * NS_PER_S);
    ck_assert(rig_row(&rig, "10.0.1.1:7000", &row));
    ck_assert_uint_eq(row.down_rate, 0);
    end();
}
END_TEST

static bool any_timer(void)
{
    for (int way = 0; way < PACE_WAYS; way++)
        if (loop_timer_is_set(&rig.shared->pace[way].bucket.timer) ||
            loop_timer_is_set(&rig.manager->pace[way].bucket.timer))
            return true;
    return false;
}

START_TEST(test_nobody_waits_and_no_timer_is_set)
{
    begin(2, false);
    set_limit((enum level)_i, PACE_DOWN, 50000);
    rig_run(&rig, NS_PER_S);
    ck_assert(!any_timer());
    open_up(PACE_DOWN);
    rig_run(&rig, 300 * NS_PER_MS);
    ck_assert(any_timer() || _i == PEER);
    for (int i = 0; i < 2; i++)
        script_peer_put(&remotes[i], 0, NULL, 0);
    run(5 * NS_PER_S);
    ck_assert(!any_timer());
    open_up(PACE_DOWN);
    rig_run(&rig, 300 * NS_PER_MS);
    for (int i = 0; i < 2; i++)
        script_peer_close(&remotes[i]);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert(!any_timer());
    end();
}
END_TEST

/* What was offered and found no block to ask for is there for the next. */
START_TEST(test_what_is_not_asked_for_is_not_spent)
{
    begin(2, false);
    rig.fetch = false;
    set_limit(SESSION, PACE_DOWN, 1000);
    open_up(PACE_DOWN);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 2); /* both were offered a block */
    struct rate_limit *limit = &rig.shared->pace[PACE_DOWN].bucket.limit;
    ck_assert_int_ge(rate_limit_room(limit, loop_now_ns(rig.world.loop)), 9900);
    end();
}
END_TEST

/* Like a pause: by its id, or by where it says it listens. */
START_TEST(test_a_peers_limits_hold_when_it_comes_back)
{
    struct peer_row row;
    begin(1, false);
    limit_peer(0, 70000, 80000);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_done(&remotes[0]);
    rig_run(&rig, NS_PER_S);
    struct script_hello hello = rig_hello(&rig, _i == 0 ? 'a' : 'z', true, true);
    script_peer_init(&remotes[0]);
    script_peer_dial(&remotes[0], vnet_host(rig.world.vnet, "10.0.1.1"), rig.world.loop,
                     "10.0.0.1:6881");
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remotes[0], &hello);
    if (_i == 1)
        script_peer_put(&remotes[0], 20, "\0d1:pi7000ee", 12);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_int_eq(rig.last[PEER_HANDSHAKEN].peer.index, rig.peer.index);
    ck_assert(peer_manager_row(rig.manager, rig.peer.index, &row));
    ck_assert(row.connected && row.incoming);
    ck_assert_uint_eq(row.max_down, 70000);
    ck_assert_uint_eq(row.max_up, 80000);
    open_up(PACE_DOWN);
    run(2 * NS_PER_S);
    check_rate(run(10 * NS_PER_S), 70000, 10);
    end();
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

Suite *suite_pace(void)
{
    Suite *suite = suite_create("pace");
    TCase *tcase = tcase_create("pace");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_a_download_limit_is_kept_and_shared, 0,
                        COUNT(limits));
    tcase_add_loop_test(tcase, test_an_upload_limit_is_kept, 0, COUNT(limits));
    tcase_add_test(tcase, test_fifty_at_a_low_limit_are_all_served);
    tcase_add_test(tcase, test_the_uplink_is_shared);
    tcase_add_test(tcase, test_the_narrowest_limit_holds);
    tcase_add_loop_test(tcase, test_what_a_narrow_peer_leaves_is_for_the_others, 0,
                        COUNT(ways));
    tcase_add_test(tcase, test_torrents_share_the_session_and_do_not_wait_for_each_other);
    tcase_add_loop_test(tcase, test_a_limit_taken_away_lets_everything_go, SESSION,
                        PEER + 1);
    tcase_add_test(tcase, test_the_rate_of_one_that_falls_silent_fades_to_nothing);
    tcase_add_loop_test(tcase, test_nobody_waits_and_no_timer_is_set, SESSION, PEER + 1);
    tcase_add_test(tcase, test_what_is_not_asked_for_is_not_spent);
    tcase_add_loop_test(tcase, test_a_peers_limits_hold_when_it_comes_back, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
