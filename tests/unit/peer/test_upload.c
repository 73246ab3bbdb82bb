/* Blocks on their way up: from memory at once, from the disk by a worker, and fairly. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#define PIECE_BLOCKS 16u
#define PIECES       32u
#define POOL_BLOCKS  256u

static struct rig rig;
static struct script_peer remote;

/* We seed 32 pieces of 256 KiB; it leeches, is unchoked, and WINDOW bytes can be under
 * way to it. */
static void meet_through(uint32_t window)
{
    static const struct rig_config config = {.pieces = PIECES,
                                             .piece_bytes = PIECE_BLOCKS * BLOCK_BYTES,
                                             .have_all = true,
                                             .pool_bytes = POOL_BLOCKS * BLOCK_BYTES};
    const struct vnet_link link = {.latency_ns = NS_PER_MS, .window = window};
    rig_init(&rig, &config);
    vnet_set_link(rig.world.vnet, &link);
    script_peer_init(&remote);
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_put(&remote, 2, NULL, 0);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 1), 1);
}

static void meet(void)
{
    meet_through(8u << 20);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* Blocks FROM … FROM + COUNT - 1 of the torrent. */
static void ask(uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++)
        script_peer_put_block(&remote, 6, i / PIECE_BLOCKS,
                              i % PIECE_BLOCKS * BLOCK_BYTES, BLOCK_BYTES);
}

/* The next COUNT blocks it was sent are these, and right. */
static void expect(uint32_t from, uint32_t count)
{
    struct script_message message;
    for (uint32_t i = from; i < from + count; i++) {
        ck_assert_msg(script_peer_find(&remote, 7, &message), "block %u did not come", i);
        const uint32_t piece = be32_get(message.body), begin = be32_get(message.body + 4);
        ck_assert_uint_eq(piece * PIECE_BLOCKS + begin / BLOCK_BYTES, i);
        ck_assert_uint_eq(message.length - 8, BLOCK_BYTES);
        for (uint32_t at = 0; at < BLOCK_BYTES; at += 1021)
            ck_assert_uint_eq(message.body[8 + at], script_payload(piece, begin + at));
    }
}

START_TEST(test_what_is_in_memory_needs_no_worker)
{
    meet();
    rig.readable = UINT32_MAX;
    ask(0, 400);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 0);
    ck_assert_uint_eq(rig.read, 400);
    expect(0, 400);
    end();
}
END_TEST

/* A working set that stays in the processor's cache. */
START_TEST(test_the_same_few_blocks_carry_everything)
{
    meet();
    rig.readable = UINT32_MAX;
    ask(0, 400);
    rig_run(&rig, 100 * NS_PER_MS);
    expect(0, 400);
    ck_assert_int_le(rig.highest - rig.lowest, 15 * (int)BLOCK_BYTES);
    end();
}
END_TEST

/* 256 KiB, however much its socket takes. */
START_TEST(test_a_peer_has_its_share_of_a_turn_and_no_more)
{
    meet();
    rig.readable = UINT32_MAX;
    ask(0, 400);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_le(rig.read_most, 32);
    ck_assert_uint_eq(rig.read, 400);
    end();
}
END_TEST

START_TEST(test_where_memory_ends_a_worker_goes_on_and_the_order_stays)
{
    meet();
    rig.readable = (uint32_t)_i;
    rig.serve = true;
    ask(3, 40);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(rig.read, (uint32_t)_i);
    ck_assert_uint_eq(rig.wanted, 40 - (uint32_t)_i);
    expect(3, 40);
    end();
}
END_TEST

/* A worker's answer that takes long is waited for: some peers count on the order. */
START_TEST(test_what_a_worker_reads_is_not_overtaken)
{
    meet();
    ask(0, 4);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 4);
    rig.readable = UINT32_MAX;
    ask(4, 30);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(rig.read, 0);
    ck_assert_uint_eq(rig.wanted, 16); /* so many at once */
    end();
}
END_TEST

START_TEST(test_a_run_that_cannot_be_read_is_refused_block_by_block)
{
    meet();
    rig.fail = true;
    ask(0, 20);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 20);
    ck_assert_uint_eq(script_peer_count(&remote, 7), 0);
    /* And then from memory again. */
    rig.readable = UINT32_MAX;
    ask(20, 20);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(rig.wanted, 20);
    expect(20, 20);
    end();
}
END_TEST

/* Only the disk is read ahead of a socket that is full. */
START_TEST(test_memory_is_not_read_for_a_socket_that_is_full)
{
    meet_through(5 * BLOCK_BYTES);
    rig.readable = UINT32_MAX;
    ask(0, 512);
    rig_run(&rig, 20 * NS_PER_MS); /* it knows by now what the socket takes */
    script_peer_set_deaf(&remote, true);
    rig_run(&rig, 20 * NS_PER_MS);
    ck_assert_uint_ge(block_pool_left(rig.pool) + 5, POOL_BLOCKS);
    script_peer_set_deaf(&remote, false);
    rig_run(&rig, NS_PER_S);
    expect(0, 512);
    ck_assert_uint_eq(rig.wanted, 0);
    end();
}
END_TEST

/* P22: what it does not read is all in the system's hands, and more is wanted. */
START_TEST(test_one_that_never_reads_goes_though_nothing_waits_here)
{
    meet_through((4 + 8 + 16) * (BLOCK_BYTES + WIRE_PIECE_HEADER_BYTES));
    rig.readable = UINT32_MAX;
    script_peer_set_deaf(&remote, true);
    ask(0, 100);
    rig_run(&rig, 50 * NS_PER_S);
    ck_assert_uint_eq(rig.read, 4 + 8 + 16);
    ck_assert_uint_eq(block_pool_left(rig.pool), POOL_BLOCKS);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    rig_run(&rig, 15 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    end();
}
END_TEST

START_TEST(test_without_blocks_an_upload_waits_and_goes_on)
{
    struct block *all = NULL, *block;
    meet();
    if (_i == 1)
        peer_shared_set_limits(rig.shared, 0, 100u << 20);
    rig.readable = UINT32_MAX;
    while ((block = block_pool_take(rig.pool)) != NULL) {
        block->next = all;
        all = block;
    }
    ask(0, 40);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(rig.read + rig.wanted, 0);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 0);
    block_pool_give_chain(rig.pool, all);
    rig_run(&rig, 400 * NS_PER_MS);
    expect(0, 40);
    end();
}
END_TEST

Suite *suite_upload(void)
{
    Suite *suite = suite_create("upload");
    TCase *tcase = tcase_create("upload");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_what_is_in_memory_needs_no_worker);
    tcase_add_test(tcase, test_the_same_few_blocks_carry_everything);
    tcase_add_test(tcase, test_a_peer_has_its_share_of_a_turn_and_no_more);
    tcase_add_loop_test(
        tcase, test_where_memory_ends_a_worker_goes_on_and_the_order_stays, 0, 18);
    tcase_add_test(tcase, test_what_a_worker_reads_is_not_overtaken);
    tcase_add_test(tcase, test_a_run_that_cannot_be_read_is_refused_block_by_block);
    tcase_add_test(tcase, test_memory_is_not_read_for_a_socket_that_is_full);
    tcase_add_test(tcase, test_one_that_never_reads_goes_though_nothing_waits_here);
    tcase_add_loop_test(tcase, test_without_blocks_an_upload_waits_and_goes_on, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
