/* A seed with a slow uplink gives each piece once before it gives any twice. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include "peer/seed_order.h"

#define PIECES  64u
#define REMOTES 3
#define LIMIT   (1u << 20) /* a piece of two blocks in 31 ms */

static struct rig rig;
static struct script_peer remotes[REMOTES];

/* ---- the books ---- */

START_TEST(test_a_piece_is_first_a_copy_or_an_echo)
{
    const struct peer_id_ref one = {1, 7}, again = {1, 8}, two = {2, 7};
    struct seed_order *order = seed_order_new(5000);
    uint64_t now_ns = 1000 * NS_PER_S;
    ck_assert_int_eq(seed_order_rank(order, 3, one, NS_PER_S, now_ns), SEED_RANK_FIRST);
    seed_order_note(order, 3, one, NS_PER_S, now_ns);
    now_ns += NS_PER_S / 2;
    ck_assert_int_eq(seed_order_rank(order, 3, one, NS_PER_S, now_ns), SEED_RANK_FIRST);
    ck_assert_int_eq(seed_order_rank(order, 3, two, NS_PER_S, now_ns), SEED_RANK_ECHO);
    ck_assert_int_eq(seed_order_rank(order, 3, again, NS_PER_S, now_ns), SEED_RANK_ECHO);
    seed_order_note(order, 3, two, NS_PER_S, now_ns); /* it remains the first one's */
    now_ns += NS_PER_S / 2 + 1;
    ck_assert_int_eq(seed_order_rank(order, 3, one, NS_PER_S, now_ns), SEED_RANK_FIRST);
    ck_assert_int_eq(seed_order_rank(order, 3, two, NS_PER_S, now_ns), SEED_RANK_COPY);
    seed_order_note(order, 3, two, NS_PER_S, now_ns);
    ck_assert_int_eq(seed_order_rank(order, 3, one, NS_PER_S, now_ns), SEED_RANK_ECHO);
    seed_order_note(order, 3 + SEED_ORDER_SLOTS, one, NS_PER_S, now_ns); /* its slot */
    ck_assert_int_eq(seed_order_rank(order, 3, two, NS_PER_S, now_ns), SEED_RANK_COPY);
    seed_order_free(order);
}
END_TEST

/* ---- with peers ---- */

/* The first asks for pieces 0 … 9 and has been given some of them: the seed knows by now
 * how fast it is. */
static void begin(uint32_t count, bool fast)
{
    static const struct rig_config config = {.pieces = PIECES, .have_all = true};
    rig_init(&rig, &config);
    rig.readable = UINT32_MAX;
    peer_shared_set_limits(rig.shared, 0, LIMIT);
    for (uint32_t i = 0; i < count; i++) {
        const struct script_hello hello = rig_hello(&rig, (char)('A' + i), fast, true);
        script_peer_init(&remotes[i]);
        script_peer_dial(&remotes[i], vnet_host(rig.world.vnet, "10.0.0.2"),
                         rig.world.loop, "10.0.0.1:6881");
        script_peer_handshake(&remotes[i], &hello);
        script_peer_put(&remotes[i], 2, NULL, 0);
    }
    rig_run(&rig, 900 * NS_PER_MS);
}

static void end(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static void ask(uint32_t number, uint32_t from, uint32_t count)
{
    for (uint32_t block = 2 * from; block < 2 * (from + count); block++)
        script_peer_put_block(&remotes[number], 6, block / 2, block % 2 * BLOCK_BYTES,
                              BLOCK_BYTES);
}

/* The piece of the next block it was given; UINT32_MAX: none came. */
static uint32_t given(uint32_t number)
{
    struct script_message message;
    return script_peer_find(&remotes[number], 7, &message) ? be32_get(message.body)
                                                           : UINT32_MAX;
}

static uint32_t blocks(uint32_t number)
{
    return script_peer_count(&remotes[number], 7);
}

START_TEST(test_what_another_was_just_given_comes_after_the_rest)
{
    begin(2, true);
    ask(0, 0, 10);
    rig_run(&rig, 400 * NS_PER_MS);
    ck_assert_uint_eq(blocks(0), 20);
    ask(1, 8, 4); /* 8 and 9 the other has got */
    rig_run(&rig, NS_PER_S);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(given(1), 10 + (uint32_t)i / 2);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(given(1), 8 + (uint32_t)i / 2);
    end(2);
}
END_TEST

START_TEST(test_who_asks_only_for_that_waits_while_others_do_not)
{
    begin(2, true);
    ask(0, 0, PIECES);
    rig_run(&rig, 300 * NS_PER_MS);
    const uint32_t last = blocks(0) / 2 - 1;
    ck_assert_uint_ge(last, 5);
    ask(1, last, 1);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_ge(blocks(0), 4);
    ck_assert_uint_eq(given(1), UINT32_MAX);
    rig_run(&rig, 400 * NS_PER_MS);
    ck_assert_uint_eq(given(1), last);
    end(2);
}
END_TEST

/* What takes long to be passed on is not waited for as long. */
START_TEST(test_nobody_waits_for_more_than_a_second)
{
    begin(2, true);
    peer_shared_set_limits(rig.shared, 0, LIMIT / 8);
    ask(0, 0, PIECES);
    rig_run(&rig, 4 * NS_PER_S);
    ask(1, blocks(0) / 2 - 1, 1);
    rig_run(&rig, 700 * NS_PER_MS);
    ck_assert_uint_eq(given(1), UINT32_MAX);
    rig_run(&rig, 800 * NS_PER_MS);
    ck_assert_uint_ne(given(1), UINT32_MAX);
    end(2);
}
END_TEST

/* Whoever gets what nobody else has asks for more when its socket is empty, which takes
 * the longer the more there are. */
START_TEST(test_the_one_who_passes_it_on_has_time_to_ask_for_more)
{
    uint32_t got = 0;
    begin(3, true);
    peer_shared_set_limits(rig.shared, 0, 4 * LIMIT);
    ask(0, 0, 48);
    for (int i = 0; i < 100 && got < 96; i++) {
        rig_run(&rig, 5 * NS_PER_MS);
        got += blocks(0);
    }
    ck_assert_uint_eq(got, 96);
    ask(1, 47, 1);
    rig_run(&rig, 105 * NS_PER_MS);
    ck_assert_uint_eq(given(1), UINT32_MAX);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(given(1), 47);
    end(3);
}
END_TEST

START_TEST(test_nobody_waits_when_there_is_nothing_better_to_do)
{
    begin(2, true);
    ask(0, 0, 12);
    rig_run(&rig, 600 * NS_PER_MS);
    ck_assert_uint_eq(blocks(0), 24);
    ask(1, 0, 12);
    rig_run(&rig, 600 * NS_PER_MS);
    ck_assert_uint_eq(blocks(1), 24);
    end(2);
}
END_TEST

/* Alone, or without BEP 6: some of those count on the order. */
START_TEST(test_others_are_served_as_they_ask)
{
    const uint32_t count = 1 + (uint32_t)_i;
    begin(count, count == 1);
    ask(0, 0, 10);
    rig_run(&rig, 400 * NS_PER_MS);
    ck_assert_uint_eq(blocks(0), 20);
    ask(count - 1, 8, 4);
    rig_run(&rig, NS_PER_S);
    for (uint32_t i = 0; i < 8; i++)
        ck_assert_uint_eq(given(count - 1), 8 + i / 2);
    end(count);
}
END_TEST

Suite *suite_seed_order(void)
{
    Suite *suite = suite_create("seed_order");
    TCase *tcase = tcase_create("seed_order");
    tcase_add_test(tcase, test_a_piece_is_first_a_copy_or_an_echo);
    tcase_add_test(tcase, test_what_another_was_just_given_comes_after_the_rest);
    tcase_add_test(tcase, test_who_asks_only_for_that_waits_while_others_do_not);
    tcase_add_test(tcase, test_nobody_waits_for_more_than_a_second);
    tcase_add_test(tcase, test_the_one_who_passes_it_on_has_time_to_ask_for_more);
    tcase_add_test(tcase, test_nobody_waits_when_there_is_nothing_better_to_do);
    tcase_add_loop_test(tcase, test_others_are_served_as_they_ask, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
