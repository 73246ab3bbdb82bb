/* How much is asked for, and what happens when it does not come. */
#include "peer/peer_manager_private.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <string.h>

/* ---- the window ---- */

/* A line of RATE bytes/s and LATENCY_NS round trip: blocks come at its pace, at most one
 * window a round trip. */
static void flow(struct window *window, uint64_t rate, uint64_t latency_ns,
                 uint64_t for_ns)
{
    uint64_t now_ns = 1000 * NS_PER_S;
    const uint64_t end_ns = now_ns + for_ns;
    window_on_request(window, true, now_ns);
    now_ns += latency_ns;
    while (now_ns < end_ns) {
        window_on_block(window, BLOCK_BYTES, now_ns);
        const uint64_t by_line = (uint64_t)BLOCK_BYTES * NS_PER_S / rate;
        const uint64_t by_window = latency_ns / window->blocks;
        now_ns += by_line > by_window ? by_line : by_window;
    }
}

static const struct {
    uint64_t rate, latency_ns;
    uint32_t reqq, least, most; /* blocks in the end */
} lines[] = {
    {1000, 10 * NS_PER_MS, 250, 4, 4},           /* never below 64 KiB */
    {1u << 20, 10 * NS_PER_MS, 250, 32, 40},     /* half a second ahead */
    {12500000, 100 * NS_PER_MS, 2000, 480, 760}, /* 100 Mbit/s, 100 ms */
    {12500000, 100 * NS_PER_MS, 250, 250, 250},
    {125000000, 100 * NS_PER_MS, 5000, 1500, 2048},
    {1000000000, NS_PER_MS, 2048, 500, 2048},
};

START_TEST(test_the_window_follows_rate_and_latency)
{
    struct window window;
    window_init(&window);
    window.reqq = lines[_i].reqq;
    ck_assert_uint_eq(window.blocks, 16);
    flow(&window, lines[_i].rate, lines[_i].latency_ns,
         lines[_i].rate < 10000 ? 600 * NS_PER_S : 20 * NS_PER_S);
    ck_assert_uint_ge(window.blocks, lines[_i].least);
    ck_assert_uint_le(window.blocks, lines[_i].most);
}
END_TEST

START_TEST(test_the_window_opens_within_two_round_trips)
{
    struct window window;
    window_init(&window);
    window.reqq = 2000;
    flow(&window, 12500000, 100 * NS_PER_MS, 200 * NS_PER_MS);
    /* The line holds 77 blocks. */
    ck_assert_uint_ge(window.blocks, 77);
}
END_TEST

/* P47 */
START_TEST(test_a_stall_is_judged_by_the_latency_seen)
{
    struct window window;
    window_init(&window);
    ck_assert_uint_eq(window_stall_ns(&window), 10 * NS_PER_S);
    flow(&window, 1u << 20, 10 * NS_PER_MS, 50 * NS_PER_MS);
    ck_assert_uint_eq(window_stall_ns(&window), 2 * NS_PER_S);
    window_init(&window);
    flow(&window, 1u << 20, 1500 * NS_PER_MS, 2 * NS_PER_S);
    ck_assert_uint_ge(window_stall_ns(&window), 4500 * NS_PER_MS);
    window_init(&window);
    flow(&window, 1u << 20, 30 * NS_PER_S, 40 * NS_PER_S);
    ck_assert_uint_eq(window_stall_ns(&window), 20 * NS_PER_S);
}
END_TEST

START_TEST(test_a_queue_keeps_order_through_removals_and_growth)
{
    struct ref_queue queue = {0};
    struct block_ref ref;
    for (uint32_t i = 0; i < 100; i++) {
        ref = (struct block_ref){i, 0, 16384};
        ck_assert_int_eq(ref_queue_push(&queue, &ref), ERROR_NONE);
        if (i % 3 == 2) {
            ref.piece = i - 1;
            ck_assert(ref_queue_remove(&queue, &ref));
            ck_assert(!ref_queue_remove(&queue, &ref));
        }
    }
    ref = (struct block_ref){0, 0, 1};
    ck_assert(ref_queue_has_place(&queue, &ref));
    ref.begin = 16384;
    ck_assert(!ref_queue_has_place(&queue, &ref));
    uint32_t last = 0, taken = 0;
    while (ref_queue_pop(&queue, &ref)) {
        ck_assert(taken == 0 || ref.piece > last);
        ck_assert_uint_ne(ref.piece % 3, 1);
        last = ref.piece;
        taken++;
    }
    ck_assert_uint_eq(taken, 67);
    ref_queue_done(&queue);
}
END_TEST

/* ---- with a peer ---- */

static struct rig rig;
static struct script_peer remote;

static void meet(bool fast)
{
    static const struct rig_config config = {.pieces = 64};
    rig_init(&rig, &config);
    script_peer_init(&remote);
    rig.interest = true;
    const struct script_hello hello = rig_hello(&rig, 'P', fast, true);
    script_peer_listen(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       "10.0.0.2:7000");
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remote, &hello);
    script_peer_put(&remote, 5, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 2), 1); /* interested */
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static enum peer_status status(void)
{
    struct peer_row row;
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row));
    return row.status;
}

START_TEST(test_requests_leave_in_the_turn_of_the_unchoke)
{
    meet(true);
    rig.fetch = true;
    ck_assert_int_eq(status(), PEER_STATUS_INACTIVE);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, NS_PER_MS); /* the unchoke arrives */
    const uint64_t seen = rig.count[PEER_UNCHOKED_US];
    rig_run(&rig, NS_PER_MS + 1);
    ck_assert_uint_eq(seen, 1);
    ck_assert_uint_eq(script_peer_count(&remote, 6), 16);
    ck_assert_int_eq(status(), PEER_STATUS_DOWNLOADING);
    ck_assert_int_eq(rig.last[PEER_STATUS_CHANGED].u.status.status,
                     PEER_STATUS_DOWNLOADING);
    end();
}
END_TEST

static void put_last(bool on)
{
    struct message message = {.type = PEER_PUT_LAST, .peer = rig.peer, .u.flag.on = on};
    ck_assert_int_eq(bus_post(rig.requests, &message), ERROR_NONE);
}

START_TEST(test_who_is_put_last_is_asked_a_block_at_a_time)
{
    struct script_message message;
    struct peer_row row;
    meet(true);
    rig.fetch = true;
    put_last(true);
    script_peer_put(&remote, 1, NULL, 0);
    for (int i = 0; i < 5; i++) {
        rig_run(&rig, 20 * NS_PER_MS);
        ck_assert(script_peer_find(&remote, 6, &message));
        const struct block_ref ref = {be32_get(message.body), be32_get(message.body + 4),
                                      be32_get(message.body + 8)};
        ck_assert(!script_peer_find(&remote, 6, &message));
        script_peer_put_piece(&remote, ref.piece, ref.begin, ref.length);
    }
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row));
    ck_assert(row.put_last);
    put_last(false);
    rig_run(&rig, 20 * NS_PER_MS);
    ck_assert_uint_gt(script_peer_count(&remote, 6), 4);
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row));
    ck_assert(!row.put_last);
    end();
}
END_TEST

/* Answers all requests that came. */
static uint32_t answer(void)
{
    struct script_message message;
    uint32_t answered = 0;
    while (script_peer_find(&remote, 6, &message)) {
        script_peer_put_piece(&remote, be32_get(message.body), be32_get(message.body + 4),
                              be32_get(message.body + 8));
        answered++;
    }
    return answered;
}

START_TEST(test_blocks_flow_and_none_is_wrong_or_lost)
{
    uint32_t answered = 0;
    meet(_i);
    rig.fetch = true;
    script_peer_put(&remote, 1, NULL, 0);
    for (int i = 0; i < 10; i++) {
        rig_run(&rig, 10 * NS_PER_MS);
        answered += answer();
    }
    rig_run(&rig, 500 * NS_PER_MS);
    ck_assert_uint_gt(answered, 1000);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], answered);
    ck_assert_uint_eq(rig.wrong_blocks, 0);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    end();
}
END_TEST

/* P28, P29 */
START_TEST(test_a_choke_voids_requests_unless_each_is_answered)
{
    meet(_i);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 1, 0, 16384);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 2, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    script_peer_put(&remote, 0, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_CHOKED_US], 1);
    ck_assert_uint_eq(rig.count[PEER_REJECTED], _i ? 0 : 2);
    ck_assert_int_eq(status(), PEER_STATUS_INACTIVE);
    if (_i) {
        script_peer_put_block(&remote, 16, 2, 0, 16384);
        script_peer_put_piece(&remote, 1, 0, 16384);
        rig_run(&rig, 10 * NS_PER_MS);
        ck_assert_uint_eq(rig.count[PEER_REJECTED], 1);
        ck_assert_uint_eq(rig.last[PEER_REJECTED].u.block.piece, 2);
        ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 1);
    }
    /* What is asked of one that chokes comes back at once. */
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 3, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.last[PEER_RETURNED].u.block.piece, 3);
    end();
}
END_TEST

/* P28: whether it is still wanted, the Piece Manager knows. */
START_TEST(test_a_cancelled_block_may_still_come_and_is_no_offence)
{
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    for (uint32_t i = 0; i < 40; i++)
        rig_post_block(&rig, PEER_REQUEST, rig.peer, i, 0, 16384);
    for (uint32_t i = 0; i < 40; i++)
        rig_post_block(&rig, PEER_CANCEL, rig.peer, i, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 8), 40);
    for (uint32_t i = 0; i < 40; i++)
        script_peer_put_piece(&remote, i, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 40);
    ck_assert_uint_eq(rig.wrong_blocks, 0);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    for (uint32_t i = 0; i < 16; i++)
        script_peer_put_piece(&remote, i, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 40);
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    ck_assert_uint_eq(counts.wasted, 16 * 16384);
    end();
}
END_TEST

/* P26 */
START_TEST(test_almost_what_was_asked_for_three_times_ends_it)
{
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    script_peer_put_piece(&remote, 1, 0, 16383);
    script_peer_put_piece(&remote, 1, 0, 1);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    script_peer_put_piece(&remote, 1, 0, 17000);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    end();
}
END_TEST

/* P30 */
START_TEST(test_silence_stalls_after_seconds_and_snubs_after_a_minute)
{
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    script_peer_put_piece(&remote, 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 2, 0, 16384);
    rig_run(&rig, 1500 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_STALLED], 0);
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_STALLED], 1);
    rig_run(&rig, 56 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_SNUBBED], 0);
    rig_run(&rig, 3 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_SNUBBED], 1);
    script_peer_put_piece(&remote, 2, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    struct peer_row row;
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row) && !row.snubbed);
    end();
}
END_TEST

/* P30: it gave nothing the last time either. */
START_TEST(test_silence_after_a_second_unchoke_stalls_as_well)
{
    meet(false);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 1, 0, 16384);
    rig_run(&rig, NS_PER_S);
    script_peer_put(&remote, 0, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_REJECTED], 1);
    for (uint32_t unchokes = 1; unchokes <= 2; unchokes++) {
        script_peer_put(&remote, 1, NULL, 0);
        rig_run(&rig, 10 * NS_PER_MS);
        rig_post_block(&rig, PEER_REQUEST, rig.peer, 1, 0, 16384);
        rig_run(&rig, 15 * NS_PER_S);
        ck_assert_uint_eq(rig.count[PEER_STALLED], unchokes);
        script_peer_put(&remote, 0, NULL, 0);
        rig_run(&rig, 1500 * NS_PER_MS);
    }
    ck_assert_uint_eq(rig.count[PEER_SNUBBED], 0);
    end();
}
END_TEST

START_TEST(test_bytes_that_trickle_in_are_no_stall)
{
    static uint8_t part[1000];
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    script_peer_send(&remote, "\x00\x00\x40\x09\x07\x00\x00\x00\x01\x00\x00\x00\x00", 13);
    for (int i = 0; i < 16; i++) {
        script_peer_send(&remote, part, sizeof part);
        rig_run(&rig, 2 * NS_PER_S);
    }
    ck_assert_uint_eq(rig.count[PEER_STALLED], 0);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    script_peer_send(&remote, part, 384);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 1);
    end();
}
END_TEST

/* P10 */
START_TEST(test_a_message_that_takes_over_a_minute_ends_the_connection)
{
    meet(true);
    script_peer_send(&remote, "\x00\x00\x01\x00\x63", 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_uint_eq(rig.count[PEER_GONE], 0);
        script_peer_send(&remote, "x", 1);
        rig_run(&rig, 12 * NS_PER_S);
    }
    rig_run(&rig, 3 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_TIMEOUT);
    end();
}
END_TEST

/* P29 */
START_TEST(test_a_flapping_peer_gets_one_request)
{
    meet(true);
    rig.fetch = true;
    for (int i = 0; i < 5; i++) {
        script_peer_put(&remote, 1, NULL, 0);
        rig_run(&rig, 10 * NS_PER_MS);
        script_peer_put(&remote, 0, NULL, 0);
        struct script_message message;
        while (script_peer_find(&remote, 6, &message))
            script_peer_put(&remote, 16, message.body, 12);
        rig_run(&rig, 90 * NS_PER_MS);
    }
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 6), 1);
    end();
}
END_TEST

/* P41 */
START_TEST(test_one_that_claims_and_rejects_time_and_again_is_left)
{
    const bool gives = _i == 1;
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    for (uint32_t i = 0; i < 12 && rig.count[PEER_GONE] == 0; i++) {
        for (uint32_t k = 0; k < 20; k++)
            rig_post_block(&rig, PEER_REQUEST, rig.peer, k, 0, 16384);
        rig_run(&rig, 10 * NS_PER_MS);
        for (uint32_t k = 0; k < 19; k++)
            script_peer_put_block(&remote, 16, k, 0, 16384);
        if (gives)
            script_peer_put_piece(&remote, 19, 0, 16384);
        else
            script_peer_put_block(&remote, 16, 19, 0, 16384);
        rig_run(&rig, 1500 * NS_PER_MS);
        ck_assert(i >= 7 || rig.count[PEER_GONE] == 0);
    }
    ck_assert_uint_eq(rig.count[PEER_GONE], !gives);
    if (!gives)
        ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_PROTOCOL);
    end();
}
END_TEST

/* P28, P29: what comes after a choke without BEP 6 was in flight, and may be wanted. */
START_TEST(test_a_block_in_flight_at_the_choke_is_taken)
{
    meet(false);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    script_peer_put(&remote, 0, NULL, 0);
    script_peer_put_piece(&remote, 1, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_REJECTED], 1);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 1);
    end();
}
END_TEST

/* P47: every answer takes half a minute; nothing is lost, nobody is left. */
START_TEST(test_one_that_answers_after_thirty_seconds_is_borne_with)
{
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    for (uint32_t i = 0; i < 20; i++) {
        rig_post_block(&rig, PEER_REQUEST, rig.peer, i, 0, 16384);
        rig_run(&rig, 30 * NS_PER_S);
        script_peer_put_piece(&remote, i, 0, 16384);
        rig_run(&rig, 10 * NS_PER_MS);
        ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], i + 1);
    }
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    ck_assert_uint_eq(rig.count[PEER_SNUBBED], 0);
    struct peer_row row;
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row) && row.latency_ms >= 29000);
    end();
}
END_TEST

/* X4 */
START_TEST(test_a_small_reqq_is_respected)
{
    meet(true);
    rig.fetch = true;
    script_peer_put(&remote, 20, "\0d4:reqqi5ee", 12);
    script_peer_put(&remote, 1, NULL, 0);
    uint32_t most = 0;
    for (int i = 0; i < 50; i++) {
        rig_run(&rig, 10 * NS_PER_MS);
        const uint32_t got = answer();
        most = i > 5 && got > most ? got : most;
    }
    ck_assert_uint_le(most, 5);
    ck_assert_uint_gt(most, 0);
    end();
}
END_TEST

/* P8 */
START_TEST(test_a_reset_or_an_end_gives_everything_back)
{
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    for (uint32_t i = 0; i < 20; i++)
        rig_post_block(&rig, PEER_REQUEST, rig.peer, i, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    script_peer_put_piece(&remote, 0, 0, 16384);
    script_peer_send(&remote, "\x00\x00\x40\x09\x07\x00\x00\x00\x01\x00\x00\x00\x00half",
                     17);
    rig_run(&rig, 10 * NS_PER_MS);
    if (_i == 0)
        vnet_reset(remote.stream);
    else
        script_peer_close(&remote);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_CLOSED);
    ck_assert_uint_eq(block_pool_left(rig.pool), block_pool_total(rig.pool));
    end();
}
END_TEST

/* S19, S20: while the disk is behind, payload stays in the socket, however long that
 * takes, and that is not the peer's fault; when it has caught up, reading goes on at
 * once. */
START_TEST(test_a_disk_that_is_behind_is_waited_for)
{
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    for (uint32_t i = 0; i < 4; i++)
        rig_post_block(&rig, PEER_REQUEST, rig.peer, i, 0, BLOCK_BYTES);
    rig_run(&rig, 10 * NS_PER_MS);
    struct buffer pieces;
    buffer_init(&pieces, 1u << 20);
    for (uint32_t i = 0; i < 4; i++)
        script_put_piece(&pieces, i, 0, BLOCK_BYTES);
    script_peer_send(&remote, pieces.bytes, 100); /* one has begun */
    rig_run(&rig, 10 * NS_PER_MS);
    rig.behind = true;
    script_peer_send(&remote, pieces.bytes + 100, pieces.length - 100);
    buffer_done(&pieces);
    rig_run(&rig, 200 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 0);
    ck_assert_uint_eq(rig.count[PEER_STALLED] + rig.count[PEER_SNUBBED], 0);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    rig.behind = false;
    loop_turn(rig.world.loop, 0); /* the disk's answer: the manager is run */
    loop_turn(rig.world.loop, 0);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 4);
    ck_assert_uint_eq(rig.wrong_blocks, 0);
    end();
}
END_TEST

START_TEST(test_a_dry_pool_loses_no_block_for_good)
{
    static struct block *held[2000];
    meet(true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 10 * NS_PER_MS);
    for (uint32_t i = 0; i < 4; i++)
        rig_post_block(&rig, PEER_REQUEST, rig.peer, i, 0, 16384);
    rig_run(&rig, 10 * NS_PER_MS);
    uint32_t count = 0;
    while ((held[count] = block_pool_take(rig.pool)) != NULL)
        count++;
    for (uint32_t i = 0; i < 4; i++)
        script_peer_put_piece(&remote, i, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    while (count-- > 0)
        block_pool_give(rig.pool, held[count]);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED] + rig.count[PEER_REJECTED], 4);
    ck_assert_uint_eq(rig.wrong_blocks, 0);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    end();
}
END_TEST

static void hear(int id)
{
    script_peer_put(&remote, id, NULL, 0);
    rig_run(&rig, 2 * NS_PER_MS);
}

START_TEST(test_whoever_has_had_no_answer_is_asked_for_its_room_again)
{
    meet(true); /* nobody answers PEER_IDLE */
    ck_assert(!peer_manager_has_giver(rig.manager));
    hear(1);
    ck_assert(peer_manager_has_giver(rig.manager));
    ck_assert_uint_eq(rig.count[PEER_IDLE], 1);
    hear(0);
    hear(1);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 1);
    peer_manager_wake_idle(rig.manager);
    rig_run(&rig, NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 2);
    /* It chokes us when the others are asked: at its next unchoke. */
    hear(0);
    peer_manager_wake_idle(rig.manager);
    rig_run(&rig, NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 2);
    hear(1);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 3);
    script_peer_close(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_ptr_null(rig.manager->givers);
    ck_assert(!peer_manager_has_giver(rig.manager));
    peer_manager_wake_idle(rig.manager);
    end();
}
END_TEST

START_TEST(test_whoever_allows_a_piece_though_it_chokes_us_is_asked_again_too)
{
    meet(true);
    script_peer_put_u32(&remote, 17, 3);
    rig_run(&rig, 2 * NS_PER_MS);
    const uint32_t before = rig.count[PEER_IDLE];
    peer_manager_wake_idle(rig.manager);
    rig_run(&rig, 2 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_IDLE], before + 1);
    ck_assert(!peer_manager_has_giver(rig.manager));
    end();
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

Suite *suite_requests(void)
{
    Suite *suite = suite_create("requests");
    TCase *tcase = tcase_create("requests");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, test_the_window_follows_rate_and_latency, 0, COUNT(lines));
    tcase_add_test(tcase, test_the_window_opens_within_two_round_trips);
    tcase_add_test(tcase, test_a_stall_is_judged_by_the_latency_seen);
    tcase_add_test(tcase, test_a_queue_keeps_order_through_removals_and_growth);
    tcase_add_test(tcase, test_requests_leave_in_the_turn_of_the_unchoke);
    tcase_add_test(tcase, test_who_is_put_last_is_asked_a_block_at_a_time);
    tcase_add_loop_test(tcase, test_blocks_flow_and_none_is_wrong_or_lost, 0, 2);
    tcase_add_loop_test(tcase, test_a_choke_voids_requests_unless_each_is_answered, 0, 2);
    tcase_add_test(tcase, test_a_cancelled_block_may_still_come_and_is_no_offence);
    tcase_add_test(tcase, test_almost_what_was_asked_for_three_times_ends_it);
    tcase_add_test(tcase, test_silence_stalls_after_seconds_and_snubs_after_a_minute);
    tcase_add_test(tcase, test_silence_after_a_second_unchoke_stalls_as_well);
    tcase_add_test(tcase, test_bytes_that_trickle_in_are_no_stall);
    tcase_add_test(tcase, test_a_message_that_takes_over_a_minute_ends_the_connection);
    tcase_add_test(tcase, test_a_flapping_peer_gets_one_request);
    tcase_add_loop_test(tcase, test_one_that_claims_and_rejects_time_and_again_is_left, 0,
                        2);
    tcase_add_test(tcase, test_a_block_in_flight_at_the_choke_is_taken);
    tcase_add_test(tcase, test_one_that_answers_after_thirty_seconds_is_borne_with);
    tcase_add_test(tcase, test_a_small_reqq_is_respected);
    tcase_add_loop_test(tcase, test_a_reset_or_an_end_gives_everything_back, 0, 2);
    tcase_add_test(tcase, test_whoever_has_had_no_answer_is_asked_for_its_room_again);
    tcase_add_test(tcase,
                   test_whoever_allows_a_piece_though_it_chokes_us_is_asked_again_too);
    tcase_add_test(tcase, test_a_disk_that_is_behind_is_waited_for);
    tcase_add_test(tcase, test_a_dry_pool_loses_no_block_for_good);
    suite_add_tcase(suite, tcase);
    return suite;
}
