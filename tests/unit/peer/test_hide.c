/* Connections that are hidden by MSE/PE: which are opened and let in, how many are
 * answered a second, and that the same comes through. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include "tests/lib/mse_script.h"

#include <string.h>

#define BOTH (MSE_PLAIN | MSE_RC4)

static struct rig rig;
static struct mse_kit *kit;
static struct script_hiding hiding;
static struct script_peer remote;

static void begin(const struct rig_config *config, enum encryption_mode mode)
{
    rig_init(&rig, config);
    peer_shared_set_encryption(rig.shared, mode);
    kit = mse_kit_new(rig.world.loop, &rig.world.random.source);
    hiding = (struct script_hiding){kit, rig.hash, BOTH, true};
    script_peer_init(&remote);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    mse_kit_free(kit);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static const struct net *their_net(void)
{
    return vnet_host(rig.world.vnet, "10.0.0.2");
}

static void come(unsigned methods)
{
    hiding.methods = methods;
    remote.hiding = methods != 0 ? &hiding : NULL;
    script_peer_dial(&remote, their_net(), rig.world.loop, "10.0.0.1:6881");
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 200 * NS_PER_MS);
}

/* How the only peer there is, is connected. */
static enum peer_encryption row_encryption(void)
{
    struct peer_row row;
    uint32_t number = 0;
    while (number < peer_manager_row_count(rig.manager)) {
        ck_assert(peer_manager_row(rig.manager, number++, &row));
        if (row.address.family != NETADDR_NONE && row.handshaken)
            return row.encryption;
    }
    return PEER_ENCRYPTION_COUNT;
}

#define REFUSED PEER_ENCRYPTION_COUNT
#define NONE    PEER_ENCRYPTION_NONE
#define HEADER  PEER_ENCRYPTION_HEADER
#define RC4     PEER_ENCRYPTION_RC4

/* E6: by mode, and by what the caller offers: nothing hidden, plain, RC4, both. */
static const enum peer_encryption incoming[ENCRYPTION_MODES][4] = {
    [ENCRYPTION_ALLOW] = {NONE, HEADER, RC4, HEADER},
    [ENCRYPTION_OFF] = {NONE, REFUSED, REFUSED, REFUSED},
    [ENCRYPTION_PREFER] = {NONE, HEADER, RC4, RC4},
    [ENCRYPTION_REQUIRE] = {REFUSED, REFUSED, RC4, RC4},
};

START_TEST(callers_are_let_in_as_the_mode_has_it)
{
    static const struct rig_config config = {0};
    const unsigned offers[] = {0, MSE_PLAIN, MSE_RC4, BOTH};
    begin(&config, (enum encryption_mode)(_i / 4));
    come(offers[_i % 4]);
    ck_assert_int_eq(row_encryption(), incoming[_i / 4][_i % 4]);
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], incoming[_i / 4][_i % 4] != REFUSED);
    if (incoming[_i / 4][_i % 4] == REFUSED) {
        ck_assert(remote.over);
        ck_assert_uint_eq(remote.in.length, 0);
    }
    end();
}
END_TEST

/* ---- those we call ---- */

static struct script_peer visits[8];
static uint32_t visit_count;
static bool plain_only;

static void on_visit(void *context, struct stream *stream, const struct netaddr *from)
{
    (void)context;
    const struct script_hello hello = rig_hello(&rig, 'V', true, true);
    ck_assert_uint_lt(visit_count, 8);
    struct script_peer *visit = &visits[visit_count++];
    script_peer_init(visit);
    visit->hiding = plain_only ? NULL : &hiding;
    script_peer_accept(visit, stream, from);
    if (!plain_only)
        script_peer_handshake(visit, &hello);
}

/* One who does not know what is hidden hangs up; the others get an answer. */
static void run_visits(uint64_t for_ns)
{
    const struct script_hello hello = rig_hello(&rig, 'V', true, true);
    for (uint64_t at_ns = 0; at_ns < for_ns; at_ns += 20 * NS_PER_MS) {
        rig_run(&rig, 20 * NS_PER_MS);
        struct script_peer *last = visit_count > 0 ? &visits[visit_count - 1] : NULL;
        if (last == NULL || !plain_only || last->in.length < 20 || last->stream == NULL)
            continue;
        if (memcmp(last->in.bytes,
                   "\x13"
                   "BitTorrent protocol",
                   20) != 0)
            script_peer_close(last);
        else if (last->parsed == 0) {
            last->parsed = 68;
            script_peer_handshake(last, &hello);
        }
    }
}

/* CAN: 0: nothing hidden; else what it accepts, and then nothing plain. */
static struct listener *listen_for_us(unsigned can)
{
    struct listener *listener;
    const struct netaddr at = rig_address("10.0.0.2:77");
    uint16_t port;
    visit_count = 0;
    plain_only = can == 0;
    hiding.methods = can;
    ck_assert_int_eq(their_net()->listen(their_net()->context, rig.world.loop, &at,
                                         on_visit, NULL, &listener, &port),
                     ERROR_NONE);
    rig_connect(&rig, "10.0.0.2:77", PEER_SOURCE_TRACKER);
    return listener;
}

static void end_visits(struct listener *listener)
{
    for (uint32_t i = 0; i < visit_count; i++)
        script_peer_done(&visits[i]);
    their_net()->unlisten(their_net()->context, listener);
    end();
}

/* E6, E11: by mode and by what the one who is called can: nothing hidden, only that
 * (plain or RC4), and in how many calls. */
static const struct {
    enum peer_encryption encryption;
    uint32_t calls;
} outgoing[ENCRYPTION_MODES][3] = {
    [ENCRYPTION_ALLOW] = {{NONE, 1}, {HEADER, 2}, {RC4, 2}},
    [ENCRYPTION_OFF] = {{NONE, 1}, {REFUSED, 1}, {REFUSED, 1}},
    [ENCRYPTION_PREFER] = {{NONE, 2}, {HEADER, 1}, {RC4, 1}},
    [ENCRYPTION_REQUIRE] = {{REFUSED, 1}, {REFUSED, 1}, {RC4, 1}},
};

START_TEST(peers_are_called_as_the_mode_has_it_and_once_more_the_other_way)
{
    static const struct rig_config config = {0};
    const unsigned can[] = {0, MSE_PLAIN, MSE_RC4};
    begin(&config, (enum encryption_mode)(_i / 3));
    struct listener *listener = listen_for_us(can[_i % 3]);
    run_visits(13 * NS_PER_S);
    ck_assert_int_eq(row_encryption(), outgoing[_i / 3][_i % 3].encryption);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), outgoing[_i / 3][_i % 3].calls);
    end_visits(listener);
}
END_TEST

/* E11 */
START_TEST(what_a_peer_took_is_tried_first_the_next_time)
{
    static const struct rig_config config = {0};
    begin(&config, ENCRYPTION_ALLOW);
    struct listener *listener = listen_for_us(MSE_RC4);
    run_visits(13 * NS_PER_S);
    ck_assert_int_eq(row_encryption(), RC4);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 2);
    script_peer_close(&visits[1]);
    run_visits(60 * NS_PER_S);
    ck_assert_int_eq(row_encryption(), RC4);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 3);
    end_visits(listener);
}
END_TEST

/* E11: two calls, and then it has failed as any other. */
START_TEST(one_who_takes_neither_is_left_alone_after_two_calls)
{
    static const struct rig_config config = {0};
    struct script_peer *last;
    begin(&config, ENCRYPTION_ALLOW);
    struct listener *listener = listen_for_us(0);
    for (int i = 0; i < 500; i++) {
        rig_run(&rig, 20 * NS_PER_MS);
        last = &visits[visit_count - 1];
        if (visit_count > 0 && last->in.length > 0)
            script_peer_close(last);
    }
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 2);
    run_visits(10 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 2);
    end_visits(listener);
}
END_TEST

START_TEST(the_mode_changes_while_it_runs)
{
    static const struct rig_config config = {0};
    begin(&config, ENCRYPTION_OFF);
    come(BOTH);
    ck_assert(remote.over);
    peer_shared_set_encryption(rig.shared, ENCRYPTION_REQUIRE);
    script_peer_done(&remote);
    script_peer_init(&remote);
    come(BOTH);
    ck_assert_int_eq(row_encryption(), RC4);
    end();
}
END_TEST

/* ---- what comes through ---- */

static const uint32_t segments[] = {0, 1, 13, 1460, 16384, 65536};
#define SEGMENTS (int)(sizeof segments / sizeof *segments)

START_TEST(blocks_come_in_whole_through_a_hidden_connection)
{
    static const struct rig_config config = {.pieces = 4};
    begin(&config, ENCRYPTION_PREFER);
    const struct vnet_link link = {.latency_ns = NS_PER_MS,
                                   .segment = segments[_i % SEGMENTS]};
    const unsigned method = _i < SEGMENTS ? MSE_RC4 : MSE_PLAIN;
    vnet_set_link(rig.world.vnet, &link);
    rig.fetch = rig.interest = true;
    come(method);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(row_encryption(), method == MSE_RC4 ? RC4 : HEADER);
    script_peer_put(&remote, WIRE_HAVE_ALL, NULL, 0);
    script_peer_put(&remote, WIRE_UNCHOKE, NULL, 0);
    for (int turns = 0, answered = 0; turns < 40 && answered < 24; turns++) {
        struct script_message message;
        rig_run(&rig, 200 * NS_PER_MS);
        while (script_peer_find(&remote, WIRE_REQUEST, &message)) {
            script_peer_put_piece(&remote, be32_get(message.body),
                                  be32_get(message.body + 4), be32_get(message.body + 8));
            if (++answered % 3 == 0) /* something between */
                script_peer_put_u32(&remote, WIRE_HAVE, 1);
        }
    }
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_ge(rig.count[PEER_BLOCK_ARRIVED], 24);
    ck_assert_uint_eq(rig.wrong_blocks, 0);
    end();
}
END_TEST

START_TEST(blocks_go_out_whole_through_a_hidden_connection)
{
    static const struct rig_config config = {
        .pieces = 4, .piece_bytes = 16 * BLOCK_BYTES, .have_all = true};
    static const uint32_t windows[] = {700, 5000, 66000, 8u << 20};
    const struct vnet_link link = {.latency_ns = NS_PER_MS, .window = windows[_i]};
    struct script_message message;
    begin(&config, ENCRYPTION_PREFER);
    vnet_set_link(rig.world.vnet, &link);
    rig.readable = 1000;
    come(MSE_RC4);
    script_peer_put(&remote, WIRE_INTERESTED, NULL, 0);
    rig_run(&rig, NS_PER_S);
    ck_assert(script_peer_find(&remote, WIRE_UNCHOKE, &message));
    for (uint32_t i = 0; i < 64; i++)
        script_peer_put_block(&remote, WIRE_REQUEST, i / 16, i % 16 * BLOCK_BYTES,
                              BLOCK_BYTES);
    rig_run(&rig, 60 * NS_PER_S);
    for (uint32_t i = 0; i < 64; i++) {
        ck_assert(script_peer_find(&remote, WIRE_PIECE, &message));
        ck_assert_uint_eq(message.length, 8 + BLOCK_BYTES);
        const uint32_t piece = be32_get(message.body), from = be32_get(message.body + 4);
        ck_assert_uint_eq(piece, i / 16);
        ck_assert_uint_eq(from, i % 16 * BLOCK_BYTES);
        for (uint32_t at = 0; at < BLOCK_BYTES; at++)
            if (message.body[8 + at] != script_payload(piece, from + at))
                ck_abort_msg("block %u differs at %u", i, at);
    }
    ck_assert(!remote.over);
    end();
}
END_TEST

/* E9: messages that stand right behind the handshake, in one write with it. */
START_TEST(what_is_pipelined_behind_the_handshake_is_read_in_order)
{
    static const struct rig_config config = {0};
    static const unsigned methods[] = {MSE_RC4, MSE_PLAIN};
    const struct vnet_link link = {.latency_ns = NS_PER_MS, .segment = (uint32_t)_i / 2};
    begin(&config, ENCRYPTION_PREFER);
    vnet_set_link(rig.world.vnet, &link);
    hiding.methods = methods[_i % 2];
    remote.hiding = &hiding;
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_put_handshake(&remote.out, &hello);
    script_put(&remote.out, WIRE_HAVE_NONE, NULL, 0);
    for (uint32_t i = 0; i < 8; i++)
        script_put_u32(&remote.out, WIRE_HAVE, i);
    script_peer_dial(&remote, their_net(), rig.world.loop, "10.0.0.1:6881");
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], 1);
    ck_assert_uint_eq(rig.count[PEER_HAS_PIECE], 8);
    ck_assert(!remote.over);
    end();
}
END_TEST

/* ---- those who break it ---- */

/* E12: a flipped bit of the key stream makes noise of what follows. */
START_TEST(a_stream_out_of_step_ends_without_a_ban)
{
    static const struct rig_config config = {0};
    uint8_t noise[4096];
    begin(&config, ENCRYPTION_ALLOW);
    come(MSE_RC4);
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], 1);
    random_fill(&rig.world.random.source, noise, sizeof noise);
    noise[0] = 0x80;
    script_peer_send(&remote, noise, sizeof noise);
    rig_run(&rig, NS_PER_S);
    ck_assert(remote.over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_PROTOCOL);
    const struct netaddr address = rig_address("10.0.0.2:50000");
    ck_assert(!peer_shared_is_banned(rig.shared, &address));
    end();
}
END_TEST

/* E5 */
START_TEST(a_torrent_that_is_not_here_or_another_than_said_is_refused)
{
    static const struct rig_config config = {0};
    begin(&config, ENCRYPTION_ALLOW);
    struct script_hello hello = rig_hello(&rig, 'P', true, true);
    hiding.skey.bytes[0] ^= _i == 0;
    hello.hash.bytes[0] ^= _i == 1;
    remote.hiding = &hiding;
    script_peer_dial(&remote, their_net(), rig.world.loop, "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert(remote.over);
    ck_assert_uint_eq(rig.count[PEER_CONNECTED], 0);
    end();
}
END_TEST

/* E1 */
START_TEST(a_key_and_then_silence_lasts_ten_seconds)
{
    static const struct rig_config config = {0};
    uint8_t key[96];
    begin(&config, ENCRYPTION_ALLOW);
    memset(key, 'k', sizeof key);
    script_peer_dial(&remote, their_net(), rig.world.loop, "10.0.0.1:6881");
    script_peer_send(&remote, key, _i == 0 ? 3 : sizeof key);
    rig_run(&rig, 9900 * NS_PER_MS);
    ck_assert(!remote.over);
    ck_assert_int_eq(remote.in.length >= 96, _i == 1);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

/* E1, E4: noise, and a key that is none. */
START_TEST(noise_in_the_place_of_a_handshake_is_not_listened_to_for_long)
{
    static const struct rig_config config = {0};
    uint8_t noise[628];
    begin(&config, ENCRYPTION_ALLOW);
    memset(noise, _i == 0 ? 'n' : 0, sizeof noise);
    script_peer_dial(&remote, their_net(), rig.world.loop, "10.0.0.1:6881");
    script_peer_send(&remote, noise, sizeof noise);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

/* E10 */
START_TEST(many_callers_are_answered_twenty_a_second_and_a_hundred_wait)
{
    static const struct rig_config config = {0};
    static struct script_peer crowd[200];
    uint8_t key[96];
    begin(&config, ENCRYPTION_ALLOW);
    memset(key, 'k', sizeof key);
    for (int i = 0; i < 200; i++) {
        script_peer_init(&crowd[i]);
        script_peer_dial(&crowd[i], their_net(), rig.world.loop, "10.0.0.1:6881");
        script_peer_send(&crowd[i], key, sizeof key);
    }
    for (uint32_t second = 0; second < 7; second++) {
        uint32_t answered = 0, refused = 0;
        rig_run(&rig, second == 0 ? 900 * NS_PER_MS : NS_PER_S);
        for (int i = 0; i < 200; i++) {
            answered += crowd[i].in.length > 0;
            refused += crowd[i].over;
        }
        const uint32_t most = 20 * (second + 1);
        ck_assert_uint_le(answered, most);
        ck_assert_uint_ge(answered, most < 100 ? most : 100);
        ck_assert_uint_ge(refused, 80);
        ck_assert_uint_le(refused, 100);
    }
    for (int i = 0; i < 200; i++)
        script_peer_done(&crowd[i]);
    end();
}
END_TEST

/* E10: whoever leaves while it waits costs no answer. */
START_TEST(one_that_left_the_queue_is_not_answered)
{
    static const struct rig_config config = {0};
    static struct script_peer crowd[60];
    uint8_t key[96];
    uint32_t answered = 0;
    begin(&config, ENCRYPTION_ALLOW);
    memset(key, 'k', sizeof key);
    for (int i = 0; i < 60; i++) {
        script_peer_init(&crowd[i]);
        script_peer_dial(&crowd[i], their_net(), rig.world.loop, "10.0.0.1:6881");
        script_peer_send(&crowd[i], key, sizeof key);
    }
    rig_run(&rig, 500 * NS_PER_MS);
    for (int i = 20; i < 60; i += 2)
        vnet_reset(crowd[i].stream);
    peer_shared_set_encryption(rig.shared, ENCRYPTION_REQUIRE);
    rig_run(&rig, 3 * NS_PER_S);
    for (int i = 0; i < 60; i++) {
        answered += crowd[i].in.length > 0;
        script_peer_done(&crowd[i]);
    }
    ck_assert_uint_ge(answered, 40);
    end();
}
END_TEST

Suite *suite_hide(void)
{
    Suite *suite = suite_create("hide");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, callers_are_let_in_as_the_mode_has_it, 0,
                        ENCRYPTION_MODES * 4);
    tcase_add_loop_test(tcase,
                        peers_are_called_as_the_mode_has_it_and_once_more_the_other_way,
                        0, ENCRYPTION_MODES * 3);
    tcase_add_test(tcase, what_a_peer_took_is_tried_first_the_next_time);
    tcase_add_test(tcase, one_who_takes_neither_is_left_alone_after_two_calls);
    tcase_add_test(tcase, the_mode_changes_while_it_runs);
    tcase_add_loop_test(tcase, blocks_come_in_whole_through_a_hidden_connection, 0,
                        2 * SEGMENTS);
    tcase_add_loop_test(tcase, blocks_go_out_whole_through_a_hidden_connection, 0, 4);
    tcase_add_loop_test(tcase, what_is_pipelined_behind_the_handshake_is_read_in_order, 0,
                        8);
    tcase_add_test(tcase, a_stream_out_of_step_ends_without_a_ban);
    tcase_add_loop_test(tcase, a_torrent_that_is_not_here_or_another_than_said_is_refused,
                        0, 2);
    tcase_add_loop_test(tcase, a_key_and_then_silence_lasts_ten_seconds, 0, 2);
    tcase_add_loop_test(
        tcase, noise_in_the_place_of_a_handshake_is_not_listened_to_for_long, 0, 2);
    tcase_add_test(tcase, many_callers_are_answered_twenty_a_second_and_a_hundred_wait);
    tcase_add_test(tcase, one_that_left_the_queue_is_not_answered);
    suite_add_tcase(suite, tcase);
    return suite;
}
