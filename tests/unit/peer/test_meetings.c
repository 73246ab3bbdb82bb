/* Peers behind NATs meet through a third (BEP 55), and calls that cross (uTP). */
#include "net/utp.h"
#include "tests/lib/script_peer.h"
#include "tests/lib/vnet_private.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/node.h"

#include <string.h>

#define RELAY_AT "13.0.0.1"
#define A_INSIDE "192.168.1.2"
#define B_INSIDE "192.168.2.2"

static struct world world;
static struct node a, b, relay;

/* B is with the relay when A comes, who hears of B at once, and B not of A for a minute.
 */
static void begin(enum vnet_nat of_a, enum vnet_nat of_b, bool relays)
{
    world_init(&world, 1);
    node_init(&a, &world, &(struct node_config){A_INSIDE, 'A', false});
    node_init(&b, &world, &(struct node_config){B_INSIDE, 'B', false});
    node_init(&relay, &world, &(struct node_config){RELAY_AT, 'R', relays});
    vnet_set_nat(world.vnet, A_INSIDE, "11.0.0.1", of_a);
    vnet_set_nat(world.vnet, B_INSIDE, "12.0.0.1", of_b);
    node_call(&b, RELAY_AT ":6881");
    world_run(&world, NS_PER_S);
    node_call(&a, RELAY_AT ":6881");
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(node_connected(&relay), 2);
    ck_assert_uint_eq(node_connected(&a), 1);
}

static void end(void)
{
    node_done(&a);
    node_done(&b);
    node_done(&relay);
    ck_assert_uint_eq(vnet_open_streams(world.vnet), 0);
    world_done(&world);
}

static void check_met(const struct node *node, char id)
{
    struct peer_row row;
    ck_assert(node_sees(node, id, &row));
    ck_assert(row.punched);
    ck_assert_int_eq(row.transport, PEER_TRANSPORT_UTP);
    ck_assert_int_eq(row.source, PEER_SOURCE_PEX);
    ck_assert_uint_eq(node_connected(node), 2);
}

START_TEST(test_two_behind_nats_meet_through_a_third)
{
    begin(VNET_NAT_RESTRICTED, VNET_NAT_RESTRICTED, true);
    world_run(&world, 20 * NS_PER_S);
    check_met(&a, 'B');
    check_met(&b, 'A');
    world_run(&world, 180 * NS_PER_S); /* one connection, and it stays */
    check_met(&a, 'B');
    check_met(&b, 'A');
    end();
}
END_TEST

START_TEST(test_without_its_help_they_do_not)
{
    struct peer_row row;
    begin(VNET_NAT_RESTRICTED, VNET_NAT_RESTRICTED, false);
    world_run(&world, 180 * NS_PER_S);
    ck_assert(!node_sees(&a, 'B', &row));
    ck_assert(!node_sees(&b, 'A', &row));
    ck_assert_uint_eq(node_connected(&relay), 2);
    end();
}
END_TEST

/* A hole for each who is sent to: what the relay sees of them is of no use to the other.
 */
START_TEST(test_through_nats_with_a_port_for_each_it_fails_and_nobody_goes_on_for_ever)
{
    struct peer_row row;
    begin(VNET_NAT_SYMMETRIC, VNET_NAT_SYMMETRIC, true);
    world_run(&world, 180 * NS_PER_S);
    ck_assert(!node_sees(&a, 'B', &row));
    ck_assert_uint_eq(node_connected(&relay), 2);
    end();
}
END_TEST

START_TEST(test_one_of_whom_has_no_nat_meet_too)
{
    begin(VNET_NAT_SYMMETRIC, VNET_NAT_OPEN, true);
    world_run(&world, 30 * NS_PER_S);
    struct peer_row row;
    ck_assert(node_sees(&a, 'B', &row));
    ck_assert(node_sees(&b, 'A', &row));
    end();
}
END_TEST

/* Each calls the other in the same turn: both SYNs arrive, and both connections are made
 * from the same two ports. Both ends must keep the same one. */
START_TEST(test_of_calls_that_cross_one_is_left)
{
    struct peer_row row;
    const char first = _i == 0 ? 'A' : 'C';
    world_init(&world, 1 + (uint64_t)_i);
    node_init(&a, &world, &(struct node_config){"11.0.0.1", first, false});
    node_init(&b, &world, &(struct node_config){"12.0.0.1", 'B', false});
    node_call(&a, "12.0.0.1:6881");
    node_call(&b, "11.0.0.1:6881");
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(node_connected(&a), 1);
    ck_assert_uint_eq(node_connected(&b), 1);
    ck_assert(node_sees(&a, 'B', &row));
    const bool a_called = !row.incoming;
    ck_assert(node_sees(&b, first, &row));
    ck_assert_int_eq(row.incoming, a_called);
    ck_assert_int_eq(a_called, first > 'B');
    world_run(&world, 130 * NS_PER_S);
    ck_assert(node_sees(&a, 'B', &row) && row.connected_ns > 130 * NS_PER_S);
    node_done(&a);
    node_done(&b);
    ck_assert_uint_eq(vnet_open_streams(world.vnet), 0);
    world_done(&world);
}
END_TEST

/* ---- with others, who have their own way to choose ---- */

#define THEM "12.0.0.1"

static struct udp_port *their_port;
static struct utp *their_utp;
static struct script_peer ours,
    theirs; /* the call that we opened, and the one they did */

#define HELLO_BYTES 68u

/* In two parts: from FIRST on, COUNT bytes. */
static void they_say(struct script_peer *peer, uint32_t first, uint32_t count)
{
    struct buffer bytes;
    struct script_hello hello = {.fast = true, .extended = true};
    memset(hello.hash.bytes, 'H', sizeof hello.hash.bytes);
    memset(hello.peer_id, 'M', sizeof hello.peer_id);
    buffer_init(&bytes, HELLO_BYTES);
    script_put_handshake(&bytes, &hello);
    ck_assert_uint_eq(bytes.length, HELLO_BYTES);
    script_peer_send(peer, bytes.bytes + first, count);
    buffer_done(&bytes);
}

static void they_say_hello(struct script_peer *peer)
{
    they_say(peer, 0, HELLO_BYTES);
}

/* ACCEPTS: else they are deaf to ours. */
static void calls_cross(char id, bool accepts)
{
    const struct netaddr at = vnet_parse(THEM ":6881"), us = vnet_parse("11.0.0.1:6881");
    struct stream *stream;
    uint16_t number;
    world_init(&world, 1);
    node_init(&a, &world, &(struct node_config){"11.0.0.1", id, false});
    script_peer_init(&ours);
    script_peer_init(&theirs);
    their_port = udp_port_new(world.loop, vnet_host(world.vnet, THEM));
    ck_assert_int_eq(udp_port_open(their_port, &at, &number), ERROR_NONE);
    const struct utp_config config = {.loop = world.loop,
                                      .port = their_port,
                                      .random = &world.random.source,
                                      .on_accept = accepts ? script_peer_accept : NULL,
                                      .accept_context = &ours};
    their_utp = utp_new(&config);
    node_call(&a, THEM ":6881");
    ck_assert_int_eq(utp_connect(their_utp, &us, &stream), ERROR_NONE);
    script_peer_accept(&theirs, stream, &us);
    world_run(&world, 50 * NS_PER_MS);
    ck_assert_int_eq(ours.stream != NULL, accepts);
}

static void begin_crossing(char id, bool accepts)
{
    calls_cross(id, accepts);
    they_say_hello(&theirs);
    world_run(&world, 50 * NS_PER_MS);
}

static void end_crossing(void)
{
    peer_manager_stop(a.manager);
    world_run(&world, NS_PER_S);
    script_peer_done(&ours);
    script_peer_done(&theirs);
    world_run(&world, 20 * NS_PER_S);
    ck_assert_uint_eq(utp_connections(their_utp), 0);
    node_done(&a);
    utp_free(their_utp);
    udp_port_free(their_port);
    ck_assert_uint_eq(vnet_open_streams(world.vnet), 0);
    world_done(&world);
}

static const struct {
    char id; /* ours; theirs is M */
    bool keep_ours;
} choices[] = {{'A', true}, {'A', false}, {'Z', true}, {'Z', false}};

/* Whichever they close, at the same moment as we choose: the other is there. */
START_TEST(test_of_calls_that_cross_the_one_they_chose_is_left)
{
    struct peer_row row;
    begin_crossing(choices[_i].id, true);
    script_peer_close(choices[_i].keep_ours ? &theirs : &ours);
    if (choices[_i].keep_ours)
        they_say_hello(&ours);
    world_run(&world, NS_PER_S);
    ck_assert(node_sees(&a, 'M', &row));
    ck_assert_int_eq(row.incoming, !choices[_i].keep_ours);
    ck_assert_uint_eq(node_connected(&a), 1);
    struct script_message message;
    struct script_peer *left = choices[_i].keep_ours ? &ours : &theirs;
    ck_assert(script_peer_find(left, SCRIPT_HANDSHAKE, &message));
    ck_assert(!left->over);
    world_run(&world, 60 * NS_PER_S);
    ck_assert(!left->over);
    end_crossing();
}
END_TEST

/* They had begun to answer the one that is kept, and go on when it is all that is left.
 */
START_TEST(test_an_answer_that_came_in_part_is_kept_with_its_call)
{
    static const uint32_t parts[] = {1, 20, 48, HELLO_BYTES - 1};
    struct peer_row row;
    calls_cross('A', true);
    they_say(&ours, 0, parts[_i]);
    world_run(&world, 50 * NS_PER_MS);
    they_say_hello(&theirs);
    world_run(&world, 50 * NS_PER_MS);
    ck_assert(node_sees(&a, 'M', &row) && row.incoming);
    script_peer_close(&theirs);
    world_run(&world, 50 * NS_PER_MS);
    they_say(&ours, parts[_i], HELLO_BYTES - parts[_i]);
    world_run(&world, NS_PER_S);
    ck_assert(!ours.over);
    ck_assert(node_sees(&a, 'M', &row) && !row.incoming);
    end_crossing();
}
END_TEST

/* They answer neither, or both. */
START_TEST(test_of_calls_that_cross_not_more_than_one_is_left)
{
    struct peer_row row;
    begin_crossing(_i < 2 ? 'A' : 'Z', true);
    if (_i % 2 == 1)
        they_say_hello(&ours);
    world_run(&world, 13 * NS_PER_S);
    ck_assert(node_sees(&a, 'M', &row));
    ck_assert_uint_eq(node_connected(&a), 1);
    ck_assert_int_ne(ours.over, theirs.over);
    end_crossing();
}
END_TEST

/* The larger id is ours, but by ours nothing was said yet. */
START_TEST(test_who_calls_while_we_get_nowhere_is_let_in_at_once)
{
    struct peer_row row;
    begin_crossing('Z', false);
    ck_assert(node_sees(&a, 'M', &row));
    ck_assert(row.incoming);
    end_crossing();
}
END_TEST

START_TEST(test_what_is_kept_goes_with_the_rest)
{
    begin_crossing(_i % 2 == 0 ? 'A' : 'Z', true);
    if (_i < 2)
        peer_manager_stop(a.manager);
    else
        peer_shared_network_lost(a.shared);
    world_run(&world, NS_PER_S / 20);
    ck_assert(ours.over && theirs.over);
    ck_assert_uint_eq(node_connected(&a), 0);
    end_crossing();
}
END_TEST

/* It is there for when they end the one that was chosen, and not when we do. */
START_TEST(test_who_is_shut_out_does_not_come_back_by_what_is_kept)
{
    const struct netaddr at = vnet_parse(THEM ":6881");
    begin_crossing(_i == 0 ? 'A' : 'Z', true);
    ck_assert_uint_eq(node_connected(&a), 1);
    ck_assert_int_eq(peer_shared_ban(a.shared, &at, PEER_REASON_BANNED_USER), ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert(ours.over && theirs.over);
    ck_assert_uint_eq(node_connected(&a), 0);
    end_crossing();
}
END_TEST

Suite *suite_meetings(void)
{
    Suite *suite = suite_create("meetings");
    TCase *tcase = tcase_create("meetings");
    tcase_add_test(tcase, test_two_behind_nats_meet_through_a_third);
    tcase_add_test(tcase, test_without_its_help_they_do_not);
    tcase_add_test(
        tcase,
        test_through_nats_with_a_port_for_each_it_fails_and_nobody_goes_on_for_ever);
    tcase_add_test(tcase, test_one_of_whom_has_no_nat_meet_too);
    tcase_add_loop_test(tcase, test_of_calls_that_cross_one_is_left, 0, 2);
    tcase_add_loop_test(tcase, test_of_calls_that_cross_the_one_they_chose_is_left, 0, 4);
    tcase_add_loop_test(tcase, test_an_answer_that_came_in_part_is_kept_with_its_call, 0,
                        4);
    tcase_add_loop_test(tcase, test_of_calls_that_cross_not_more_than_one_is_left, 0, 4);
    tcase_add_test(tcase, test_who_calls_while_we_get_nowhere_is_let_in_at_once);
    tcase_add_loop_test(tcase, test_what_is_kept_goes_with_the_rest, 0, 4);
    tcase_add_loop_test(tcase, test_who_is_shut_out_does_not_come_back_by_what_is_kept, 0,
                        2);
    suite_add_tcase(suite, tcase);
    return suite;
}
