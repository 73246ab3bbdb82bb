/* What a peer may have of us, and what is too much to ask. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <malloc.h>
#include <string.h>

static struct rig rig;
static struct script_peer remote;

/* We seed eight pieces of 32 KiB; it leeches, and is unchoked. */
static void meet(bool fast, bool serve)
{
    static const struct rig_config config = {.have_all = true, .last_bytes = 20000};
    rig_init(&rig, &config);
    script_peer_init(&remote);
    rig.serve = serve;
    const struct script_hello hello = rig_hello(&rig, 'P', fast, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_put(&remote, 2, NULL, 0);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 1), 1); /* unchoked, and soon */
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* Bytes of the heap in use; 0: a sanitizer keeps its own, and does not say. */
static size_t allocated(void)
{
    return mallinfo2().uordblks;
}

static void ask(uint32_t piece, uint32_t begin, uint32_t length)
{
    script_peer_put_block(&remote, 6, piece, begin, length);
}

static void come_without_a_word_of_interest(void)
{
    static const struct rig_config config = {.have_all = true};
    rig_init(&rig, &config);
    rig_run(&rig, 200 * NS_PER_MS); /* the choker's first turn is over */
    script_peer_init(&remote);
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 60 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 1), 1);
}

START_TEST(test_a_seed_unchokes_in_the_turn_of_the_handshake)
{
    come_without_a_word_of_interest();
    /* It says nothing of interest: the slot is for others. */
    rig_run(&rig, 25 * NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&remote, 0), 1);
    /* Now it does. */
    script_peer_put(&remote, 2, NULL, 0);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 1), 1);
    end();
}
END_TEST

START_TEST(test_one_that_wants_nothing_loses_the_slot_it_was_given_at_once)
{
    come_without_a_word_of_interest();
    script_peer_put(&remote, 3, NULL, 0);
    rig_run(&rig, 300 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 0), 1);
    end();
}
END_TEST

START_TEST(test_what_was_asked_for_comes_as_it_is)
{
    struct script_message message;
    meet(_i, true);
    ask(3, 16384, 16384);
    ask(7, 16384, 20000 - 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    for (uint32_t k = 0; k < 2; k++) {
        const uint32_t piece = k == 0 ? 3 : 7;
        ck_assert(script_peer_find(&remote, 7, &message));
        ck_assert_uint_eq(be32_get(message.body), piece);
        ck_assert_uint_eq(be32_get(message.body + 4), 16384);
        ck_assert_uint_eq(message.length - 8, k == 0 ? 16384 : 20000 - 16384);
        for (uint32_t i = 0; i < message.length - 8; i++)
            ck_assert_uint_eq(message.body[8 + i], script_payload(piece, 16384 + i));
    }
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    ck_assert_uint_eq(counts.uploaded, 20000);
    end();
}
END_TEST

static const struct {
    const char *name;
    uint32_t piece, begin, length;
} refused[] = {
    {"no bytes", 1, 0, 0},          {"past the piece", 1, 16385, 16384},
    {"begin past it", 1, 32768, 1}, {"past the last piece", 7, 16384, 16384},
    {"two blocks", 1, 0, 32768},    {"begin far away", 1, 1u << 31, 16384},
};

/* P19 */
START_TEST(test_what_cannot_be_served_is_rejected)
{
    const bool fast = _i % 2 == 0;
    meet(fast, true);
    ask(refused[_i / 2].piece, refused[_i / 2].begin, refused[_i / 2].length);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 0);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    ck_assert_uint_eq(script_peer_count(&remote, 16), fast ? 1 : 0);
    end();
}
END_TEST

/* P19 */
START_TEST(test_a_piece_we_lack_is_rejected)
{
    meet(true, true);
    bitfield_clear(&rig.have, 5);
    ask(5, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 1);
    end();
}
END_TEST

/* P21 */
START_TEST(test_a_flood_of_requests_is_queued_to_2000_and_then_rejected)
{
    meet(true, false);
    for (uint32_t i = 0; i < 5000; i++)
        ask(i % 7, i * 4 % 16384, 16384 - i % 5000); /* none twice */
    rig_run(&rig, 300 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 16);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 5000 - 2000 - 16);
    end();
}
END_TEST

/* P24 */
START_TEST(test_one_block_over_and_over_is_served_three_times)
{
    meet(true, true);
    for (uint32_t i = 0; i < 1000; i++)
        ask(1, 0, 16384);
    rig_run(&rig, 300 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 3);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 997);
    rig_run(&rig, 61 * NS_PER_S);
    ask(1, 0, 16384); /* one that got bad data elsewhere may come again */
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 4);
    end();
}
END_TEST

/* P23 */
START_TEST(test_a_cancel_is_answered_with_bep_6_and_stops_the_block)
{
    meet(_i, false);
    for (uint32_t i = 0; i < 20; i++)
        ask(i % 7, i / 7 * 16384 / 2, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 16);
    script_peer_put_block(&remote, 8, 19 % 7, 19 / 7 * 16384 / 2,
                          16384); /* in the queue */
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 16), _i ? 1 : 0);
    struct peer_row row;
    rig_forget(&rig);
    for (uint32_t i = 0; peer_manager_row(rig.manager, i, &row); i++)
        if (row.connected)
            ck_assert_uint_eq(row.requests_in, 19);
    end();
}
END_TEST

/* P23 */
START_TEST(test_a_block_that_waits_to_be_sent_can_be_cancelled)
{
    meet(true, true);
    script_peer_set_deaf(&remote, true);
    for (uint32_t i = 0; i < 50; i++)
        ask(i % 7, i / 7 * 2000, 16384); /* 800 KiB, and the window holds 256 KiB */
    rig_run(&rig, 50 * NS_PER_MS);
    for (uint32_t i = 0; i < 50; i++)
        script_peer_put_block(&remote, 8, i % 7, i / 7 * 2000, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_set_deaf(&remote, false);
    rig_run(&rig, 500 * NS_PER_MS);
    uint32_t blocks = 0, rejects = 0;
    struct script_message message;
    while (script_peer_next(&remote, &message)) {
        blocks += message.id == 7;
        rejects += message.id == 16;
    }
    ck_assert_uint_eq(blocks + rejects, 50); /* each is answered once */
    ck_assert_uint_le(blocks, 18);
    end();
}
END_TEST

START_TEST(test_a_choke_refuses_what_waits_and_a_reader_that_answers_late)
{
    meet(true, false);
    struct peer_id_ref peer = rig.peer;
    for (uint32_t i = 0; i < 20; i++)
        ask(i % 7, i / 7 * 2000, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 16);
    rig_post_gone(&rig, PEER_PAUSE, peer, PEER_REASON_PAUSED);
    rig_run(&rig, 50 * NS_PER_MS);
    struct script_message message;
    uint32_t chokes = 0, rejects = 0, blocks = 0;
    while (script_peer_next(&remote, &message)) {
        chokes += message.id == 0;
        rejects += message.id == 16;
    }
    ck_assert_uint_eq(chokes, 1);
    ck_assert_uint_eq(rejects, 4); /* the others are being read */
    for (uint32_t i = 0; i < 16; i++) {
        struct message answer = {.type = PEER_SEND, .peer = peer};
        struct block *block = block_pool_take(rig.pool);
        ck_assert_ptr_nonnull(block);
        block->piece = i % 7;
        block->begin = i / 7 * 2000;
        block->length = 16384;
        answer.u.block_data.block = block;
        ck_assert_int_eq(bus_post(rig.requests, &answer), ERROR_NONE);
    }
    rig_run(&rig, 50 * NS_PER_MS);
    rejects = 0;
    while (script_peer_next(&remote, &message)) {
        rejects += message.id == 16;
        blocks += message.id == 7;
    }
    ck_assert_uint_eq(rejects, 16);
    ck_assert_uint_eq(blocks, 0);
    end();
}
END_TEST

static const uint32_t late_s[] = {3, 61};

/* P20 */
START_TEST(test_requests_while_choked_are_rejected_and_not_for_ever)
{
    meet(true, true);
    rig_post_gone(&rig, PEER_PAUSE, rig.peer, PEER_REASON_PAUSED);
    rig_run(&rig, 50 * NS_PER_MS);
    for (uint32_t i = 0; i < 100; i++)
        ask(1, 0, 16384); /* may have crossed the choke */
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 100);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    rig_run(&rig, late_s[_i] * NS_PER_S);
    for (uint32_t i = 0; i < (late_s[_i] < 60 ? 512 : 0) + 49; i++)
        ask(1, 0, 16384); /* within a minute, a queue of them may still come */
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    ask(1, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_uint_eq(rig.wanted, 0);
    end();
}
END_TEST

/* P22 */
START_TEST(test_one_that_never_reads_costs_little_and_goes_after_a_minute)
{
    meet(true, true);
    script_peer_set_deaf(&remote, true);
    for (uint32_t i = 0; i < 512; i++)
        ask(i % 7, i * 7 % 16384, 16384);
    rig_run(&rig, NS_PER_S);
    /* At most 16 blocks wait here: reading from disk has stopped. */
    ck_assert_uint_ge(block_pool_left(rig.pool) + 17, block_pool_total(rig.pool));
    ck_assert_uint_lt(rig.wanted, 40);
    rig_run(&rig, 58 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_TIMEOUT);
    end();
}
END_TEST

/* One attacker costs at most 512 KiB, whatever it combines: it never reads, has asked for
 * more than there is room for, leaves a message unfinished, and owes a block. */
START_TEST(test_one_attacker_costs_at_most_half_a_mebibyte)
{
    static uint8_t zeros[65536];
    meet(true, true);
    const struct vnet_link narrow = {.latency_ns = NS_PER_MS, .window = 4096};
    vnet_set_link(rig.world.vnet, &narrow); /* what is under way is not ours to pay */
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    const size_t before = allocated();
    const uint32_t blocks_before = block_pool_left(rig.pool);
    const struct script_hello hello = rig_hello(&rig, 'Q', true, true);
    script_peer_init(&remote);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_put(&remote, 2, NULL, 0);
    rig_run(&rig, 200 * NS_PER_MS);
    script_peer_set_deaf(&remote, true);
    for (uint32_t i = 0; i < 2030; i++)
        ask(i % 7, i * 4 % 16384, 16384 - i);
    rig_run(&rig, 20 * NS_PER_S);
    for (uint32_t i = 0; i < 5000; i++) /* each is refused */
        ask(i % 7, i * 4 % 16384, 16000 - i);
    script_peer_send(&remote, "\x00\x01\x00\x02\x14", 5);
    script_peer_send(&remote, zeros, sizeof zeros - 100);
    rig_run(&rig, 20 * NS_PER_S);
    buffer_done(&remote.out); /* its own */
    buffer_done(&remote.in);
    const size_t blocks = blocks_before - block_pool_left(rig.pool);
    const size_t cost = allocated() - before + blocks * BLOCK_BYTES;
    ck_assert_msg(before == 0 || cost <= 512 * 1024, "%zu KiB, %zu of them blocks",
                  cost / 1024, blocks * BLOCK_BYTES / 1024);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1); /* the first; this one is still there */
    ck_assert_uint_ge(blocks, 16);
    end();
}
END_TEST

START_TEST(test_a_reject_is_sent_though_nothing_else_happens)
{
    meet(true, true);
    rig_run(&rig, 5 * NS_PER_S);
    ask(1, 0, 0);
    rig_run(&rig, 5 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 1);
    end();
}
END_TEST

/* P44 */
START_TEST(test_interest_that_toggles_is_answered_once_in_a_while)
{
    meet(true, true);
    for (int i = 0; i < 10000; i++)
        script_peer_put(&remote, i % 2 == 0 ? 3 : 2, NULL, 0);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    script_peer_put(&remote, 2, NULL, 0);
    rig_run(&rig, NS_PER_S);
    uint32_t changes = 0;
    struct script_message message;
    while (script_peer_next(&remote, &message))
        changes += message.id == 0 || message.id == 1;
    ck_assert_uint_le(changes, 4);
    end();
}
END_TEST

START_TEST(test_have_is_told_to_those_who_lack_it)
{
    meet(true, true);
    script_peer_put_u32(&remote, 4, 2);
    rig_run(&rig, 10 * NS_PER_MS);
    struct message have = {.type = PEER_HAVE, .u.piece.piece = 2};
    ck_assert_int_eq(bus_post(rig.requests, &have), ERROR_NONE);
    have.u.piece.piece = 3;
    ck_assert_int_eq(bus_post(rig.requests, &have), ERROR_NONE);
    rig_run(&rig, 10 * NS_PER_MS);
    struct script_message message;
    ck_assert(script_peer_find(&remote, 4, &message));
    ck_assert_uint_eq(be32_get(message.body), 3);
    ck_assert(!script_peer_find(&remote, 4, &message));
    end();
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

Suite *suite_serve(void)
{
    Suite *suite = suite_create("serve");
    TCase *tcase = tcase_create("serve");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_a_seed_unchokes_in_the_turn_of_the_handshake);
    tcase_add_test(tcase,
                   test_one_that_wants_nothing_loses_the_slot_it_was_given_at_once);
    tcase_add_loop_test(tcase, test_what_was_asked_for_comes_as_it_is, 0, 2);
    tcase_add_loop_test(tcase, test_what_cannot_be_served_is_rejected, 0,
                        2 * COUNT(refused));
    tcase_add_test(tcase, test_a_piece_we_lack_is_rejected);
    tcase_add_test(tcase, test_a_flood_of_requests_is_queued_to_2000_and_then_rejected);
    tcase_add_test(tcase, test_one_block_over_and_over_is_served_three_times);
    tcase_add_loop_test(tcase, test_a_cancel_is_answered_with_bep_6_and_stops_the_block,
                        0, 2);
    tcase_add_test(tcase, test_a_block_that_waits_to_be_sent_can_be_cancelled);
    tcase_add_test(tcase, test_a_choke_refuses_what_waits_and_a_reader_that_answers_late);
    tcase_add_loop_test(tcase, test_requests_while_choked_are_rejected_and_not_for_ever,
                        0, 2);
    tcase_add_test(tcase, test_one_that_never_reads_costs_little_and_goes_after_a_minute);
    tcase_add_test(tcase, test_one_attacker_costs_at_most_half_a_mebibyte);
    tcase_add_test(tcase, test_a_reject_is_sent_though_nothing_else_happens);
    tcase_add_test(tcase, test_interest_that_toggles_is_answered_once_in_a_while);
    tcase_add_test(tcase, test_have_is_told_to_those_who_lack_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
