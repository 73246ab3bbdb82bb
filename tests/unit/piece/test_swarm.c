/* Whole downloads on virtual time: how long, how much for nothing, who is banned. */
#include "tests/unit/piece/check_piece.h"
#include "tests/unit/piece/swarm.h"

#define MIB (UINT64_C(1) << 20)
#define KIB UINT64_C(1024)

static struct swarm swarm;

static void check_waste(double percent)
{
    const double waste = 100.0 * (double)swarm.duplicates / (double)swarm.blocks;
    ck_assert_msg(waste <= percent || swarm.duplicates <= 4,
                  "%.2f %% for nothing (%u blocks)", waste, (unsigned)swarm.duplicates);
}

static uint32_t banned(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < swarm.peer_count; i++) {
        count += swarm.peers[i].is_banned;
        ck_assert_msg(!swarm.peers[i].is_banned || swarm.peers[i].lies_permille > 0,
                      "innocent peer %u banned", i);
    }
    return count;
}

START_TEST(one_fast_seed_is_never_kept_waiting)
{
    swarm_init(&swarm, 64 * MIB, 256 * KIB, 1);
    swarm_add(&swarm, 8 * MIB, 50 * NS_PER_MS, true);
    ck_assert(swarm_run(&swarm, 60));
    ck_assert_double_lt(swarm_seconds(&swarm), 9.0);
    ck_assert_uint_eq(swarm.duplicates, 0);
    swarm_done(&swarm);
}
END_TEST

/* One peer a hundred times slower than the others must not hold up the end. */
START_TEST(end_game_wastes_little_and_waits_for_nobody)
{
    swarm_init(&swarm, 64 * MIB, 256 * KIB, (uint64_t)_i);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 12; i++) {
        const uint64_t rate = i == 0 ? 10 * KIB : (50 + 90 * i) * KIB;
        swarm_add(&swarm, rate, (20 + 15 * i) * NS_PER_MS, true);
        sum += rate;
    }
    ck_assert(swarm_run(&swarm, 120));
    const double bound = 64.0 * MIB / (double)sum;
    ck_assert_msg(swarm_seconds(&swarm) < bound * 1.10 + 1, "%.2f s, bound %.2f",
                  swarm_seconds(&swarm), bound);
    check_waste(0.5);
    swarm_done(&swarm);
}
END_TEST

/* P31 */
START_TEST(a_block_a_minute_does_not_hold_the_last_piece)
{
    swarm_init(&swarm, 8 * MIB, 256 * KIB, 7);
    swarm_add(&swarm, 16384 / 59 + 1, 50 * NS_PER_MS, true);
    swarm_add(&swarm, 1 * MIB, 50 * NS_PER_MS, true);
    ck_assert(swarm_run(&swarm, 300));
    ck_assert_double_lt(swarm_seconds(&swarm), 14.0);
    swarm_done(&swarm);
}
END_TEST

/* P30 */
START_TEST(peers_that_fall_silent_are_replaced)
{
    swarm_init(&swarm, 32 * MIB, 512 * KIB, 3);
    for (uint32_t i = 0; i < 6; i++)
        swarm.peers[swarm_add(&swarm, 1 * MIB, 30 * NS_PER_MS, true)].silent_after_ns =
            (2 + i) * NS_PER_S / 2;
    swarm_add(&swarm, 2 * MIB, 30 * NS_PER_MS, true);
    ck_assert(swarm_run(&swarm, 120));
    ck_assert_double_lt(swarm_seconds(&swarm), 20.0);
    check_waste(1.0);
    swarm_done(&swarm);
}
END_TEST

/* P31, P41: those who claim everything and reject it, or say nothing, beside a poisoner
 * whose failed pieces must be fetched by one peer alone. */
START_TEST(who_claims_all_and_gives_nothing_holds_nothing_up)
{
    swarm_init(&swarm, 16 * MIB, 256 * KIB, 41 + (uint64_t)_i);
    for (uint32_t i = 0; i < 2; i++)
        swarm_add(&swarm, 1 * MIB, 30 * NS_PER_MS, true);
    for (uint32_t i = 0; i < 10; i++)
        swarm.peers[swarm_add(&swarm, 1 * MIB, 5 * NS_PER_MS, true)].rejects = true;
    for (uint32_t i = 0; i < 6; i++)
        swarm.peers[swarm_add(&swarm, 1 * MIB, 5 * NS_PER_MS, true)].silent_after_ns = 1;
    swarm.peers[swarm_add(&swarm, 2 * MIB, 5 * NS_PER_MS, true)].lies_permille = 200;
    ck_assert(swarm_run(&swarm, 60));
    ck_assert_double_lt(swarm_seconds(&swarm), 12.0);
    ck_assert_uint_eq(banned(), 1);
    check_waste(1.0);
    swarm_done(&swarm);
}
END_TEST

/* A piece four times as large as the pool goes through it in runs. */
START_TEST(a_piece_larger_than_the_pool_passes_through)
{
    swarm_init(&swarm, 256 * MIB, 256 * MIB, 3);
    piece_manager_set_budget(swarm.manager, 1024);
    /* This disk keeps what it gets until the end: the pool must be large here. */
    block_pool_free(swarm.pool);
    swarm.pool = block_pool_new(320 * MIB);
    piece_manager_free(swarm.manager);
    swarm.config.pool = swarm.pool;
    swarm.config.budget_blocks = 1024;
    ck_assert_int_eq(piece_manager_new(&swarm.config, &swarm.manager), ERROR_NONE);
    swarm_add(&swarm, 30 * MIB, 10 * NS_PER_MS, true);
    swarm_add(&swarm, 500 * KIB, 90 * NS_PER_MS, true);
    ck_assert(swarm_run(&swarm, 60));
    ck_assert_double_lt(swarm_seconds(&swarm), 25.0);
    swarm_done(&swarm);
}
END_TEST

START_TEST(leechers_with_parts_complete_it_together)
{
    swarm_init(&swarm, 32 * MIB, 128 * KIB, 5);
    for (uint32_t i = 0; i < 8; i++) {
        const uint32_t peer = swarm_add(&swarm, 512 * KIB, 60 * NS_PER_MS, false);
        for (uint32_t piece = i / 2; piece < swarm.config.piece_count; piece += 4)
            bitfield_set(&swarm.peers[peer].bits, piece);
    }
    ck_assert(swarm_run(&swarm, 60));
    ck_assert_double_lt(swarm_seconds(&swarm), 10.0);
    check_waste(0.5);
    swarm_done(&swarm);
}
END_TEST

/* ---- poison ---- */

/* P32 */
START_TEST(a_sole_poisoner_is_banned_at_its_first_piece)
{
    swarm_init(&swarm, 4 * MIB, 256 * KIB, 5);
    swarm.peers[swarm_add(&swarm, 4 * MIB, 5 * NS_PER_MS, true)].lies_permille = 1000;
    ck_assert(!swarm_run(&swarm, 5));
    ck_assert_uint_eq(banned(), 1);
    ck_assert_uint_eq(swarm.failed_pieces, 1);
    swarm_done(&swarm);
}
END_TEST

/* P33 */
START_TEST(a_rare_liar_is_found_among_the_honest)
{
    swarm_init(&swarm, 128 * MIB, 512 * KIB, 11 + (uint64_t)_i);
    for (uint32_t i = 0; i < 8; i++)
        swarm_add(&swarm, 400 * KIB, 40 * NS_PER_MS, true);
    swarm.peers[3].lies_permille = 5;
    swarm.peers[3].rate = 1 * MIB;
    ck_assert(swarm_run(&swarm, 300));
    ck_assert_uint_eq(banned(), 1);
    swarm_done(&swarm);
}
END_TEST

/* P34 */
START_TEST(poison_in_end_game_does_not_stop_it)
{
    swarm_init(&swarm, 2 * MIB, 512 * KIB, 21 + (uint64_t)_i);
    for (uint32_t i = 0; i < 6; i++)
        swarm_add(&swarm, (20 + 60 * i) * KIB, 40 * NS_PER_MS, true);
    swarm.peers[5].lies_permille = 1000;
    swarm.peers[4].lies_permille = 300;
    ck_assert(swarm_run(&swarm, 300));
    banned();
    swarm_done(&swarm);
}
END_TEST

/* P35 */
START_TEST(five_poisoners_before_one_slow_honest_seed)
{
    const uint32_t attackers = 5;
    swarm_init(&swarm, 64 * MIB, 256 * KIB, 31 + (uint64_t)_i);
    swarm_add(&swarm, 1 * MIB, 80 * NS_PER_MS, true);
    for (uint32_t i = 0; i < attackers; i++)
        swarm.peers[swarm_add(&swarm, 5 * MIB, 10 * NS_PER_MS, true)].lies_permille =
            1000;
    ck_assert(swarm_run(&swarm, 300));
    ck_assert_uint_eq(banned(), attackers);
    struct piece_counts counts;
    piece_manager_get_counts(swarm.manager, &counts);
    const uint64_t allowed = attackers * 256 * KIB + 64 * MIB * 3 / 100;
    ck_assert_msg(counts.failed_bytes + counts.duplicate_bytes <= allowed,
                  "%lu + %lu of %lu", (unsigned long)counts.failed_bytes,
                  (unsigned long)counts.duplicate_bytes, (unsigned long)allowed);
    ck_assert_double_lt(swarm_seconds(&swarm), 75.0);
    swarm_done(&swarm);
}
END_TEST

Suite *suite_swarm(void)
{
    Suite *suite = suite_create("piece/swarm");
    TCase *tcase = tcase_create("swarm");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, one_fast_seed_is_never_kept_waiting);
    tcase_add_loop_test(tcase, end_game_wastes_little_and_waits_for_nobody, 1, 6);
    tcase_add_test(tcase, a_block_a_minute_does_not_hold_the_last_piece);
    tcase_add_test(tcase, peers_that_fall_silent_are_replaced);
    tcase_add_loop_test(tcase, who_claims_all_and_gives_nothing_holds_nothing_up, 0, 5);
    tcase_add_test(tcase, a_piece_larger_than_the_pool_passes_through);
    tcase_add_test(tcase, leechers_with_parts_complete_it_together);
    tcase_add_test(tcase, a_sole_poisoner_is_banned_at_its_first_piece);
    tcase_add_loop_test(tcase, a_rare_liar_is_found_among_the_honest, 0, 5);
    tcase_add_loop_test(tcase, poison_in_end_game_does_not_stop_it, 0, 8);
    tcase_add_loop_test(tcase, five_poisoners_before_one_slow_honest_seed, 0, 5);
    suite_add_tcase(suite, tcase);
    return suite;
}
