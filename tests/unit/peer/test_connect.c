/* Who is dialled, who is let in, and for how long. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

#define REMOTES_MAX 16

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];

static void begin_with(const struct rig_config *config)
{
    rig_init(&rig, config);
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_init(&remotes[i]);
}

static void begin(void)
{
    static const struct rig_config config = {0};
    begin_with(&config);
}

static void end(void)
{
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static void wait_at(int number, const char *host, const char *address)
{
    script_peer_listen(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                       address);
}

/* Comes in from HOST and says hello as ID. */
static void come_in(int number, const char *host, char id)
{
    const struct script_hello hello = rig_hello(&rig, id, true, true);
    script_peer_dial(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remotes[number], &hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

/* We dial ADDRESS, where ID answers. */
static void go_out(int number, const char *host, const char *address, char id)
{
    const struct script_hello hello = rig_hello(&rig, id, true, true);
    wait_at(number, host, address);
    rig_connect(&rig, address, PEER_SOURCE_TRACKER);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remotes[number], &hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

static uint32_t connected(void)
{
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    return counts.connected;
}

static struct peer_row row_of(const char *address)
{
    struct peer_row row;
    ck_assert_msg(rig_row(&rig, address, &row), "%s is not known", address);
    return row;
}

/* The row of who came in from HOST. */
static struct peer_row row_from(const char *host)
{
    const struct netaddr at = rig_address(host);
    struct peer_row row;
    for (uint32_t i = 0; peer_manager_row(rig.manager, i, &row); i++)
        if (netaddr_same_host(&row.address, &at) && row.connected)
            return row;
    ck_abort_msg("nobody from %s", host);
    return row;
}

/* ---- ourselves and twins ---- */

/* P4 */
START_TEST(test_ourselves_are_recognised_and_never_dialled_again)
{
    begin();
    rig_connect(&rig, "10.0.0.1:6881", PEER_SOURCE_TRACKER);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_SELF);
    for (int i = 0; i < 10; i++) {
        rig_connect(&rig, "10.0.0.1:6881", PEER_SOURCE_TRACKER);
        rig_run(&rig, 3600 * NS_PER_S);
    }
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 1);
    end();
}
END_TEST

/* P5 */
START_TEST(test_a_second_connection_of_one_peer_is_closed)
{
    begin();
    come_in(0, "10.0.0.2", 'P');
    come_in(1, "10.0.0.2", 'P');
    ck_assert_uint_eq(connected(), 1);
    ck_assert(!remotes[0].over && remotes[1].over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_DUPLICATE);
    end();
}
END_TEST

/* P5 */
START_TEST(test_a_borrowed_peer_id_pushes_nobody_out)
{
    begin();
    go_out(0, "10.0.0.2", "10.0.0.2:7000", 'A');
    come_in(1, "10.0.0.3", 'A');
    ck_assert(!remotes[0].over && remotes[1].over);
    end();
}
END_TEST

/* Our id is M…; each side dialled the other. The larger id's connection stays. */
START_TEST(test_of_two_that_crossed_both_ends_keep_the_same_one)
{
    const char id = _i == 0 ? 'A' : 'Z';
    begin();
    go_out(0, "10.0.0.2", "10.0.0.2:7000", id);
    come_in(1, "10.0.0.2", id);
    ck_assert_uint_eq(connected(), 1);
    ck_assert_int_eq(remotes[0].over, id > 'M'); /* ours */
    ck_assert_int_eq(remotes[1].over, id < 'M'); /* theirs */
    rig_run(&rig, 110 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 2); /* and nobody dials again */
    end();
}
END_TEST

/* ---- dialling ---- */

START_TEST(test_dead_addresses_are_tried_ever_more_rarely)
{
    begin();
    rig_connect(&rig, "10.0.0.9:9", PEER_SOURCE_TRACKER); /* refused */
    rig_run(&rig, 60 * NS_PER_S);
    const uint32_t in_a_minute = vnet_connects(rig.world.vnet);
    ck_assert_uint_ge(in_a_minute, 1);
    ck_assert_uint_le(in_a_minute, 2);
    rig_run(&rig, 3600 * NS_PER_S);
    const uint32_t in_an_hour = vnet_connects(rig.world.vnet);
    ck_assert_uint_le(in_an_hour, 9);
    ck_assert_uint_ge(in_an_hour, 5);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_CONNECT_FAILED);
    end();
}
END_TEST

/* P8 */
START_TEST(test_silence_gives_up_after_ten_seconds)
{
    begin();
    vnet_set_fate(rig.world.vnet, "10.0.0.9:9", VNET_SILENT);
    rig_connect(&rig, "10.0.0.9:9", PEER_SOURCE_TRACKER);
    rig_run(&rig, 9900 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    rig_run(&rig, 300 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    end();
}
END_TEST

static void know_silent(uint32_t count, const char *net)
{
    for (uint32_t i = 0; i < count; i++) {
        char address[32];
        snprintf(address, sizeof address, "%s.%u.%u:77", net, i / 250 + 1, i % 250 + 1);
        vnet_set_fate(rig.world.vnet, address, VNET_SILENT);
        rig_connect(&rig, address, PEER_SOURCE_TRACKER);
    }
}

static uint32_t half_open(void)
{
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    return counts.half_open;
}

/* O16 */
START_TEST(test_fifty_are_dialled_at_once_and_a_hundred_a_second_up_to_two_hundred)
{
    static const struct rig_config config = {.max_peers = 400};
    begin_with(&config);
    know_silent(400, "10.1");
    rig_run(&rig, 20 * NS_PER_MS);
    ck_assert_uint_eq(half_open(), 50);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(half_open(), 150);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(half_open(), 200);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_le(half_open(), 200);
    ck_assert_uint_ge(vnet_connects(rig.world.vnet), 400); /* each had its turn */
    end();
}
END_TEST

/* H22 */
START_TEST(test_one_public_net_is_not_stormed)
{
    begin();
    know_silent(100, "8.8");
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(half_open(), 8);
    end();
}
END_TEST

/* P38 */
START_TEST(test_a_torrents_cap_holds_for_both_directions)
{
    static const struct rig_config config = {.max_peers = 3};
    begin_with(&config);
    know_silent(10, "10.1");
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(half_open(), 3);
    come_in(0, "10.0.0.2", 'A');
    come_in(1, "10.0.0.2", 'B');
    come_in(2, "10.0.0.2", 'C');
    come_in(3, "10.0.0.2", 'D');
    ck_assert_uint_eq(connected(), 3);
    ck_assert(remotes[3].over);
    end();
}
END_TEST

START_TEST(test_a_torrents_cap_can_change_while_it_runs)
{
    static const struct rig_config config = {.max_peers = 3};
    begin_with(&config);
    come_in(0, "10.0.0.2", 'A');
    come_in(1, "10.0.0.2", 'B');
    peer_manager_set_max_peers(rig.manager, 1);
    come_in(2, "10.0.0.2", 'C');
    ck_assert_uint_eq(connected(), 2);
    ck_assert(remotes[2].over);
    know_silent(10, "10.1");
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(half_open(), 0);
    peer_manager_set_max_peers(rig.manager, 6);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(half_open(), 4);
    end();
}
END_TEST

/* P39 */
START_TEST(test_few_may_wait_where_descriptors_are_few)
{
    static struct script_peer mutes[5];
    begin();
    incoming_set_most(rig.incoming, 2);
    for (int i = 0; i < 5; i++) {
        script_peer_init(&mutes[i]);
        script_peer_dial(&mutes[i], vnet_host(rig.world.vnet, "8.8.8.8"), rig.world.loop,
                         "10.0.0.1:6881");
    }
    rig_run(&rig, 50 * NS_PER_MS);
    int open = 0;
    for (int i = 0; i < 5; i++)
        open += !mutes[i].over;
    ck_assert_int_eq(open, 2);
    for (int i = 0; i < 5; i++)
        script_peer_done(&mutes[i]);
    end();
}
END_TEST

/* H22, P38 */
START_TEST(test_a_public_host_may_come_four_times)
{
    begin();
    for (int i = 0; i < 6; i++)
        come_in(i, "8.8.8.8", (char)('A' + i));
    ck_assert_uint_eq(connected(), 4);
    for (int i = 6; i < 12; i++)
        come_in(i, "10.0.0.2", (char)('A' + i));
    ck_assert_uint_eq(connected(), 10); /* in private networks there is no such cap */
    end();
}
END_TEST

START_TEST(test_an_idle_dialler_and_idle_peers_wake_nobody)
{
    begin();
    rig_run(&rig, 10 * NS_PER_S);
    const uint64_t before_ns = rig.world.clock.now_ns;
    loop_turn(rig.world.loop, 3600 * NS_PER_S);
    ck_assert_uint_ge(rig.world.clock.now_ns - before_ns, 3600 * NS_PER_S);
    end();
}
END_TEST

START_TEST(test_seeds_meet_once_and_are_not_dialled_again)
{
    static const struct rig_config config = {.have_all = true};
    begin_with(&config);
    go_out(0, "10.0.0.2", "10.0.0.2:7000", 'A');
    script_peer_put(&remotes[0], 14, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[0].over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_BOTH_SEEDS);
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    rig_run(&rig, 3600 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 1);
    end();
}
END_TEST

/* ---- how long a connection lives ---- */

START_TEST(test_an_idle_peer_goes_after_two_minutes_and_hears_keepalives)
{
    begin();
    come_in(0, "10.0.0.2", 'A');
    rig_run(&rig, 99 * NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&remotes[0], SCRIPT_KEEP_ALIVE), 0);
    rig_run(&rig, 4 * NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&remotes[0], SCRIPT_KEEP_ALIVE), 1);
    ck_assert(!remotes[0].over);
    rig_run(&rig, 20 * NS_PER_S);
    ck_assert(remotes[0].over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_TIMEOUT);
    end();
}
END_TEST

START_TEST(test_keepalives_keep_a_peer_alive)
{
    begin();
    come_in(0, "10.0.0.2", 'A');
    for (int i = 0; i < 10; i++) {
        rig_run(&rig, 100 * NS_PER_S);
        script_peer_send(&remotes[0], "\0\0\0\0", 4);
    }
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    end();
}
END_TEST

/* P11 */
START_TEST(test_a_steady_flood_of_keepalives_ends_it)
{
    static const uint8_t zeros[4 * 50];
    begin();
    come_in(0, "10.0.0.2", 'A');
    for (int i = 0; i < 3; i++) {
        script_peer_send(&remotes[0], zeros, 4 * 20);
        rig_run(&rig, NS_PER_S);
    }
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    for (int i = 0; i < 5; i++) {
        script_peer_send(&remotes[0], zeros, 4 * 20);
        rig_run(&rig, NS_PER_S);
    }
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    end();
}
END_TEST

/* P8 */
START_TEST(test_a_cut_line_ends_in_a_timeout_and_leaves_nothing)
{
    begin();
    rig.interest = true;
    go_out(0, "10.0.0.2", "10.0.0.2:7000", 'A');
    script_peer_put(&remotes[0], 1, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 0, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    vnet_cut(remotes[0].stream);
    rig_run(&rig, 125 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_SNUBBED], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_TIMEOUT);
    end();
}
END_TEST

/* ---- the user's hand ---- */

START_TEST(test_pause_gives_back_and_holds_and_resume_brings_it_back_at_once)
{
    begin();
    rig.interest = rig.fetch = true;
    go_out(0, "10.0.0.2", "10.0.0.2:7000", 'A');
    script_peer_put(&remotes[0], 5, "\xfe", 1);
    script_peer_put(&remotes[0], 1, NULL, 0);
    script_peer_put(&remotes[0], 2, NULL, 0);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_int_eq(row_of("10.0.0.2:7000").status, PEER_STATUS_DOWNLOADING);
    ck_assert(row_of("10.0.0.2:7000").we_unchoke);
    const uint32_t asked = script_peer_count(&remotes[0], 6);
    rig_post_gone(&rig, PEER_PAUSE, rig.peer, PEER_REASON_PAUSED);
    rig_run(&rig, 50 * NS_PER_MS);
    struct peer_row row = row_of("10.0.0.2:7000");
    ck_assert_int_eq(row.status, PEER_STATUS_BLOCKED);
    ck_assert_int_eq(row.reason, PEER_REASON_PAUSED);
    ck_assert(row.connected && !row.we_unchoke && row.requests_out == 0);
    ck_assert_uint_eq(rig.count[PEER_RETURNED], asked);
    ck_assert_uint_eq(rig.count[PEER_REJECTED], 0); /* it has done nothing */
    ck_assert_int_eq(rig.last[PEER_STATUS_CHANGED].u.status.status, PEER_STATUS_BLOCKED);
    ck_assert_int_eq(rig.last[PEER_STATUS_CHANGED].u.status.reason, PEER_REASON_PAUSED);
    uint32_t cancels = 0, chokes = 0;
    struct script_message message;
    while (script_peer_next(&remotes[0], &message)) {
        cancels += message.id == 8;
        chokes += message.id == 0;
    }
    ck_assert_uint_eq(cancels, asked);
    ck_assert_uint_eq(chokes, 1);
    rig_run(&rig, 30 * NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&remotes[0], 6), 0);
    rig_post(&rig, PEER_RESUME, rig.peer);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_ge(script_peer_count(&remotes[0], 6), 1);
    ck_assert_int_eq(row_of("10.0.0.2:7000").status, PEER_STATUS_DOWNLOADING);
    end();
}
END_TEST

/* It comes back from another port: by its id, or by where it says it listens. */
START_TEST(test_a_pause_holds_when_the_peer_comes_back)
{
    begin();
    come_in(0, "10.0.0.2", 'A');
    if (_i == 1)
        script_peer_put(&remotes[0], 20, "\0d1:pi7777ee", 12);
    rig_run(&rig, 50 * NS_PER_MS);
    struct message put_last = {
        .type = PEER_PUT_LAST, .peer = rig.peer, .u.flag.on = true};
    ck_assert_int_eq(bus_post(rig.requests, &put_last), ERROR_NONE);
    rig_post_gone(&rig, PEER_PAUSE, rig.peer, PEER_REASON_PAUSED);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_close(&remotes[0]);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(connected(), 0);
    come_in(1, "10.0.0.2", _i == 1 ? 'B' : 'A');
    if (_i == 1)
        script_peer_put(&remotes[1], 20, "\0d1:pi7777ee", 12);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_int_eq(row_from("10.0.0.2").status, PEER_STATUS_BLOCKED);
    ck_assert(row_from("10.0.0.2").put_last);
    come_in(2, "10.0.0.2", 'C'); /* somebody else there is not concerned */
    ck_assert_int_eq(rig.last[PEER_HANDSHAKEN].peer.index, rig.peer.index);
    struct peer_row row;
    ck_assert(peer_manager_row(rig.manager, rig.peer.index, &row));
    ck_assert_int_eq(row.status, PEER_STATUS_INACTIVE);
    end();
}
END_TEST

START_TEST(test_a_paused_address_is_not_dialled_until_resumed)
{
    begin();
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER); /* refused now */
    rig_run(&rig, 50 * NS_PER_MS);
    const struct peer_id_ref ref = row_of("10.0.0.2:7000").ref;
    rig_post_gone(&rig, PEER_PAUSE, ref, PEER_REASON_PAUSED);
    wait_at(0, "10.0.0.2", "10.0.0.2:7000");
    rig_run(&rig, 3600 * NS_PER_S);
    ck_assert_uint_eq(connected(), 0);
    ck_assert_int_eq(row_of("10.0.0.2:7000").status, PEER_STATUS_BLOCKED);
    rig_post(&rig, PEER_RESUME, ref);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(connected(), 1);
    end();
}
END_TEST

START_TEST(test_a_kicked_peer_is_left_alone_for_five_minutes)
{
    begin();
    go_out(0, "10.0.0.2", "10.0.0.2:7000", 'A');
    rig_post_gone(&rig, PEER_DISCONNECT, rig.peer, PEER_REASON_KICKED);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[0].over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_KICKED);
    rig_run(&rig, 299 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 1);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 2);
    end();
}
END_TEST

/* P36 */
START_TEST(test_a_ban_closes_refuses_and_is_never_dialled)
{
    begin();
    go_out(0, "8.8.8.8", "8.8.8.8:7000", 'A');
    const struct peer_id_ref banned = rig.peer;
    come_in(1, "8.8.8.8", 'B');
    come_in(2, "8.8.4.4", 'C');
    rig_post_gone(&rig, PEER_BAN, banned, PEER_REASON_BANNED_DATA);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[0].over && remotes[1].over && !remotes[2].over);
    const struct peer_row row = row_of("8.8.8.8:7000");
    ck_assert_int_eq(row.status, PEER_STATUS_BLOCKED);
    ck_assert_int_eq(row.reason, PEER_REASON_BANNED_DATA);
    come_in(3, "8.8.8.8", 'D'); /* another port, another id */
    ck_assert(remotes[3].over);
    rig_connect(&rig, "8.8.8.8:7000", PEER_SOURCE_MANUAL);
    rig_connect(&rig, "8.8.8.8:7001", PEER_SOURCE_MANUAL);
    rig_run(&rig, 3600 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 4); /* the four above */
    const struct netaddr mapped = rig_address("[::ffff:8.8.8.8]:1");
    ck_assert(peer_shared_is_banned(rig.shared, &mapped));
    end();
}
END_TEST

/* P36 */
START_TEST(test_a_ban_of_ipv6_holds_for_its_64)
{
    begin();
    const struct netaddr a = rig_address("[2001:470:1:2::3]:5");
    const struct netaddr b = rig_address("[2001:470:1:2:ffff::9]:6");
    const struct netaddr c = rig_address("[2001:470:1:3::3]:5");
    ck_assert_int_eq(peer_shared_ban(rig.shared, &a, PEER_REASON_BANNED_USER),
                     ERROR_NONE);
    ck_assert(peer_shared_is_banned(rig.shared, &b));
    ck_assert(!peer_shared_is_banned(rig.shared, &c));
    end();
}
END_TEST

/* P36 */
START_TEST(test_on_a_lan_a_ban_holds_for_the_port_it_listens_at)
{
    begin();
    come_in(0, "10.0.0.2", 'A');
    script_peer_put(&remotes[0], 20, "\0d1:pi7777ee", 12);
    rig_run(&rig, 50 * NS_PER_MS);
    const struct peer_id_ref bad = rig.peer;
    come_in(1, "10.0.0.2", 'B');
    rig_post_gone(&rig, PEER_BAN, bad, PEER_REASON_BANNED_DATA);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[0].over && !remotes[1].over);
    come_in(2, "10.0.0.2", 'C');
    script_peer_put(&remotes[2], 20, "\0d1:pi7777ee", 12);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[2].over);
    end();
}
END_TEST

START_TEST(test_a_late_ban_hits_its_address_and_not_the_new_tenant)
{
    begin();
    come_in(0, "8.8.8.8", 'A');
    const struct peer_id_ref gone = rig.peer;
    script_peer_close(&remotes[0]);
    rig_run(&rig, 50 * NS_PER_MS);
    come_in(1, "8.8.4.4", 'B'); /* has its place in the table */
    ck_assert_uint_eq(rig.peer.index, gone.index);
    rig_post_gone(&rig, PEER_PAUSE, gone, PEER_REASON_PAUSED);
    struct message ban = {.type = PEER_BAN, .peer = gone};
    ban.u.gone.reason = PEER_REASON_BANNED_DATA;
    ban.u.gone.address = rig_address("8.8.8.8:1");
    ck_assert_int_eq(bus_post(rig.requests, &ban), ERROR_NONE);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!remotes[1].over);
    ck_assert_int_eq(row_from("8.8.4.4").status, PEER_STATUS_INACTIVE);
    come_in(2, "8.8.8.8", 'C');
    ck_assert(remotes[2].over);
    end();
}
END_TEST

/* P49 */
START_TEST(test_one_ban_holds_for_all_torrents)
{
    begin();
    struct peer_manager *other = rig_other_torrent(&rig);
    struct message connect = {.type = PEER_CONNECT};
    wait_at(0, "8.8.8.8", "8.8.8.8:7000");
    connect.u.candidate.address = rig_address("8.8.8.8:7000");
    ck_assert_int_eq(bus_post(rig.other_requests, &connect), ERROR_NONE);
    peer_manager_start(other);
    peer_manager_run(other);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[0].connected);
    come_in(1, "8.8.8.8", 'B');
    rig_post_gone(&rig, PEER_BAN, rig.peer, PEER_REASON_BANNED_DATA);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[0].over && remotes[1].over);
    rig_end_other(&rig, other);
    end();
}
END_TEST

/* ---- floods and ends in the middle ---- */

/* P38 */
START_TEST(test_many_that_never_speak_evict_the_oldest_and_let_the_honest_in)
{
    static struct script_peer mutes[300];
    begin();
    for (int i = 0; i < 300; i++) {
        script_peer_init(&mutes[i]);
        script_peer_dial(&mutes[i], vnet_host(rig.world.vnet, "8.8.8.8"), rig.world.loop,
                         "10.0.0.1:6881");
    }
    rig_run(&rig, 100 * NS_PER_MS);
    uint32_t open = 0;
    for (int i = 0; i < 300; i++)
        open += !mutes[i].over;
    ck_assert_uint_eq(open, 256);
    come_in(0, "10.0.0.2", 'A');
    ck_assert_uint_eq(connected(), 1);
    rig_run(&rig, 11 * NS_PER_S);
    for (int i = 0; i < 300; i++) {
        ck_assert(mutes[i].over);
        script_peer_done(&mutes[i]);
    }
    end();
}
END_TEST

/* One that dies while it waits to be flushed does not keep the others from sending. */
START_TEST(test_the_death_of_one_does_not_silence_the_others)
{
    begin();
    for (int i = 0; i < 6; i++)
        come_in(i, "10.0.0.2", (char)('A' + i));
    for (int i = 0; i < 6; i++)
        script_peer_count(&remotes[i], 0);
    for (int i = 0; i < 6; i++) {
        struct peer_row row;
        ck_assert(peer_manager_row(rig.manager, (uint32_t)i, &row));
        rig_post_interest(&rig, row.ref, true);
    }
    for (int i = 0; i < 6; i += 2) {
        struct peer_row row;
        ck_assert(peer_manager_row(rig.manager, (uint32_t)i, &row));
        rig_post_gone(&rig, PEER_DISCONNECT, row.ref, PEER_REASON_KICKED);
    }
    rig_run(&rig, 50 * NS_PER_MS);
    uint32_t told = 0;
    for (int i = 0; i < 6; i++)
        told += script_peer_count(&remotes[i], 2);
    ck_assert_uint_eq(told, 3);
    end();
}
END_TEST

/* P50, O23: the end of a peer, or of the torrent, in the middle of anything. */
START_TEST(test_everything_may_end_in_the_middle_of_anything)
{
    begin();
    rig.interest = rig.fetch = rig.serve = true;
    bitfield_set_all(&rig.have);
    for (int i = 0; i < 4; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.0.2:%d", 7000 + i);
        go_out(i, "10.0.0.2", address, (char)('A' + i));
        script_peer_put(&remotes[i], 5, "\xfe", 1);
        script_peer_put(&remotes[i], 1, NULL, 0);
        script_peer_put(&remotes[i], 2, NULL, 0);
        for (uint32_t k = 0; k < 40; k++)
            script_peer_put_block(&remotes[i], 6, k % 8, 0, 16384 - k);
    }
    rig_run(&rig, (uint64_t)_i * 150 * NS_PER_US);
    for (int i = 0; i < 4; i++)
        script_peer_put_piece(&remotes[i], 0, 0, 16384);
    rig_run(&rig, (uint64_t)_i * 70 * NS_PER_US);
    if (_i % 3 == 0)
        peer_manager_stop(rig.manager);
    else if (_i % 3 == 1)
        rig_post_gone(&rig, PEER_BAN, rig.peer, PEER_REASON_BANNED_USER);
    else
        vnet_reset(remotes[0].stream);
    rig_run(&rig, (uint64_t)(_i % 4) * NS_PER_MS);
    if (_i % 3 == 0)
        ck_assert_uint_eq(connected(), 0);
    end(); /* and the torrent with all that is under way */
}
END_TEST

Suite *suite_connect(void)
{
    Suite *suite = suite_create("connect");
    TCase *tcase = tcase_create("connect");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_ourselves_are_recognised_and_never_dialled_again);
    tcase_add_test(tcase, test_a_second_connection_of_one_peer_is_closed);
    tcase_add_test(tcase, test_a_borrowed_peer_id_pushes_nobody_out);
    tcase_add_loop_test(tcase, test_of_two_that_crossed_both_ends_keep_the_same_one, 0,
                        2);
    tcase_add_test(tcase, test_dead_addresses_are_tried_ever_more_rarely);
    tcase_add_test(tcase, test_silence_gives_up_after_ten_seconds);
    tcase_add_test(
        tcase, test_fifty_are_dialled_at_once_and_a_hundred_a_second_up_to_two_hundred);
    tcase_add_test(tcase, test_one_public_net_is_not_stormed);
    tcase_add_test(tcase, test_a_torrents_cap_holds_for_both_directions);
    tcase_add_test(tcase, test_a_torrents_cap_can_change_while_it_runs);
    tcase_add_test(tcase, test_few_may_wait_where_descriptors_are_few);
    tcase_add_test(tcase, test_a_public_host_may_come_four_times);
    tcase_add_test(tcase, test_an_idle_dialler_and_idle_peers_wake_nobody);
    tcase_add_test(tcase, test_seeds_meet_once_and_are_not_dialled_again);
    tcase_add_test(tcase, test_an_idle_peer_goes_after_two_minutes_and_hears_keepalives);
    tcase_add_test(tcase, test_keepalives_keep_a_peer_alive);
    tcase_add_test(tcase, test_a_steady_flood_of_keepalives_ends_it);
    tcase_add_test(tcase, test_a_cut_line_ends_in_a_timeout_and_leaves_nothing);
    tcase_add_test(tcase,
                   test_pause_gives_back_and_holds_and_resume_brings_it_back_at_once);
    tcase_add_loop_test(tcase, test_a_pause_holds_when_the_peer_comes_back, 0, 2);
    tcase_add_test(tcase, test_a_paused_address_is_not_dialled_until_resumed);
    tcase_add_test(tcase, test_a_kicked_peer_is_left_alone_for_five_minutes);
    tcase_add_test(tcase, test_a_ban_closes_refuses_and_is_never_dialled);
    tcase_add_test(tcase, test_a_ban_of_ipv6_holds_for_its_64);
    tcase_add_test(tcase, test_on_a_lan_a_ban_holds_for_the_port_it_listens_at);
    tcase_add_test(tcase, test_a_late_ban_hits_its_address_and_not_the_new_tenant);
    tcase_add_test(tcase, test_one_ban_holds_for_all_torrents);
    tcase_add_test(tcase,
                   test_many_that_never_speak_evict_the_oldest_and_let_the_honest_in);
    tcase_add_test(tcase, test_the_death_of_one_does_not_silence_the_others);
    tcase_add_loop_test(tcase, test_everything_may_end_in_the_middle_of_anything, 0, 24);
    suite_add_tcase(suite, tcase);
    return suite;
}
