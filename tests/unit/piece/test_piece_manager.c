#include "tests/unit/piece/check_piece.h"
#include "tests/unit/piece/fixture.h"

#define KIB 1024u

START_TEST(sizes_that_contradict_each_other_are_refused)
{
    struct piece_manager_config config = {
        .total_bytes = 100, .piece_bytes = 30, .piece_count = 3};
    ck_assert_int_eq(piece_manager_new(&config, &manager), ERROR_INVALID);
    config.piece_count = 5;
    ck_assert_int_eq(piece_manager_new(&config, &manager), ERROR_INVALID);
    config.piece_bytes = 0;
    ck_assert_int_eq(piece_manager_new(&config, &manager), ERROR_INVALID);
    config.total_bytes = 0;
    ck_assert_int_eq(piece_manager_new(&config, &manager), ERROR_INVALID);
    piece_manager_free(NULL);
}
END_TEST

START_TEST(a_small_piece_goes_to_the_disk_in_one_run)
{
    given(300000, 100000, 0);
    const struct peer_id_ref seed = given_seed(1);
    ck_assert_uint_eq(pick(seed, 0, 7), 7); /* 6 blocks of 16 KiB and 1,696 bytes */
    const uint32_t piece = asked[0].piece;
    uint32_t bytes = 0;
    struct piece_run run;
    for (uint32_t i = 7; i-- > 0;) { /* the wrong way round */
        ck_assert_uint_eq(asked[i].piece, piece);
        bytes += asked[i].length;
        ck_assert_uint_eq(take_run(0, &run), 0);
        ck_assert_int_eq(arrive(seed, asked[i]), PIECE_ARRIVAL_ACCEPTED);
        ck_assert_int_eq(piece_manager_phase(manager, piece), PIECE_PHASE_ARRIVING);
    }
    ck_assert_uint_eq(bytes, 100000);
    ck_assert_uint_eq(take_run(0, &run), 7);
    ck_assert(run.last && !run.want_digests && !run.write_now);
    ck_assert_uint_eq(run.piece, piece);
    ck_assert_int_eq(piece_manager_phase(manager, piece), PIECE_PHASE_VERIFYING);
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    ck_assert_uint_eq(piece_manager_verified(manager, piece, NULL, guilty), 0);
    ck_assert_int_eq(piece_manager_phase(manager, piece), PIECE_PHASE_HAVE);
    ck_assert_uint_eq(counts().have, 1);
    ck_assert_uint_eq(counts().have_bytes, 100000);
    ck_assert_uint_eq(counts().wanted_left_bytes, 200000);
    finished();
}
END_TEST

START_TEST(a_large_piece_goes_in_runs_from_the_cursor)
{
    given(8u << 20, 4u << 20, 0); /* 256 blocks a piece */
    const struct peer_id_ref seed = given_seed(1);
    struct piece_run run;
    ck_assert_uint_eq(pick(seed, 0, 256), 256);
    for (uint32_t i = 1; i < 16; i++)
        arrive(seed, asked[i]);
    ck_assert_uint_eq(take_run(0, &run), 0); /* block 0 is not here */
    arrive(seed, asked[0]);
    ck_assert_uint_eq(take_run(0, &run), 16);
    ck_assert(!run.last);
    for (uint32_t i = 17; i < 255; i++)
        arrive(seed, asked[i]);
    arrive(seed, asked[16]);
    ck_assert_uint_eq(take_run(16, &run), 239);
    ck_assert(!run.last);
    arrive(seed, asked[255]);
    ck_assert_uint_eq(take_run(255, &run), 1);
    ck_assert(run.last);
    ck_assert_uint_eq(take_run(0, &run), 0);
    finished();
}
END_TEST

/* P27, P28 */
START_TEST(what_arrives_is_told_apart)
{
    given(1024 * KIB, 64 * KIB, 0);
    const struct peer_id_ref seed = given_seed(1), other = given_seed(2);
    pick(seed, 0, 2);
    struct block_ref wrong = asked[0];
    wrong.length = 100;
    ck_assert_int_eq(arrive(seed, wrong), PIECE_ARRIVAL_BAD);
    wrong = (struct block_ref){99, 0, BLOCK_BYTES};
    ck_assert_int_eq(arrive(seed, wrong), PIECE_ARRIVAL_BAD);
    wrong = (struct block_ref){asked[0].piece, 5, BLOCK_BYTES};
    ck_assert_int_eq(arrive(seed, wrong), PIECE_ARRIVAL_BAD);
    wrong = (struct block_ref){UINT32_MAX, UINT32_MAX & ~(BLOCK_BYTES - 1), UINT32_MAX};
    ck_assert_int_eq(arrive(seed, wrong), PIECE_ARRIVAL_BAD);
    const struct block_ref idle = {(asked[0].piece + 1) % 16, 0, BLOCK_BYTES};
    ck_assert_int_eq(arrive(seed, idle), PIECE_ARRIVAL_UNWANTED);
    /* In flight when the peer choked us: still welcome, once. */
    piece_manager_peer_lost(manager, seed);
    ck_assert_int_eq(arrive(seed, asked[0]), PIECE_ARRIVAL_ACCEPTED);
    ck_assert_int_eq(arrive(other, asked[0]), PIECE_ARRIVAL_DUPLICATE);
    ck_assert_uint_eq(counts().duplicate_bytes, 2 * BLOCK_BYTES);
    const struct peer_id_ref nobody = {1, 6};
    ck_assert_int_eq(arrive(nobody, asked[1]), PIECE_ARRIVAL_UNWANTED);
    finished();
}
END_TEST

START_TEST(a_released_block_is_asked_of_another)
{
    given(64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref first = given_seed(1), second = given_seed(2);
    ck_assert_uint_eq(pick(first, 100u << 20, 4), 4);
    const struct block_ref block = asked[2];
    const uint32_t generation = piece_manager_generation(manager);
    ck_assert_uint_eq(pick(second, 0, 4), 0);
    piece_manager_released(manager, first, &block);
    piece_manager_released(manager, first, &block); /* said twice: as once */
    ck_assert_uint_ne(piece_manager_generation(manager), generation);
    ck_assert_uint_eq(pick(second, 0, 4), 1);
    ck_assert_uint_eq(asked[0].begin, block.begin);
    piece_manager_peer_gone(manager, first, NULL, true);
    ck_assert_uint_eq(pick(second, 0, 4), 3);
    finished();
}
END_TEST

static uint32_t pick_of(struct peer_id_ref peer, const uint32_t *pieces, uint32_t count,
                        uint32_t room)
{
    return piece_manager_pick_of(manager, peer, NULL, true, pieces, count, room, asked);
}

/* P42: a peer that chokes us and allows some. */
START_TEST(of_named_pieces_nothing_else_is_picked)
{
    static const uint32_t pieces[] = {9, 5, 2};
    given(64 * 32 * KIB, 32 * KIB, 0);
    const struct peer_id_ref seed = given_seed(1), other = given_seed(2);
    piece_manager_found(manager, 9); /* we have it */
    ck_assert_uint_eq(pick_of(seed, pieces, 3, 3), 3);
    ck_assert_uint_eq(asked[0].piece, 5);
    ck_assert_uint_eq(asked[1].piece, 5);
    ck_assert_uint_eq(asked[2].piece, 2);
    const struct block_ref block = asked[2];
    ck_assert_uint_eq(pick_of(other, pieces, 3, 16), 0);
    /* Refused before anything came, it has not begun. */
    piece_manager_released(manager, seed, &block);
    ck_assert_int_eq(piece_manager_phase(manager, 2), PIECE_PHASE_MISSING);
    ck_assert_uint_eq(pick_of(other, pieces, 3, 16), 2);
    ck_assert_uint_eq(asked[0].piece, 2);
    ck_assert_uint_eq(asked[1].piece, 2);
    /* Refused in the middle, the rest is anybody's. */
    const struct block_ref rest = asked[1];
    ck_assert_int_eq(arrive(other, asked[0]), PIECE_ARRIVAL_ACCEPTED);
    piece_manager_released(manager, other, &rest);
    ck_assert_uint_eq(pick_of(seed, pieces, 3, 16), 1);
    ck_assert_uint_eq(asked[0].begin, BLOCK_BYTES);
    const struct peer_id_ref poor = {3, 7};
    const struct netaddr address = {.family = NETADDR_V4, .bytes = {10, 0, 0, 3}};
    ck_assert_int_eq(piece_manager_peer_joined(manager, poor, &address, its_id),
                     ERROR_NONE);
    ck_assert_uint_eq(
        piece_manager_pick_of(manager, poor, NULL, false, pieces, 3, 16, asked), 0);
    finished();
}
END_TEST

/* A piece that one peer fetches alone, or that failed, is not spread over others. */
START_TEST(of_named_pieces_those_that_prove_something_are_left_alone)
{
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    struct piece_run run;
    given(64 * 32 * KIB, 32 * KIB, 0);
    given_first_pieces(4);
    const struct peer_id_ref seed = given_seed(1), other = given_seed(2);
    ck_assert_uint_eq(pick(seed, 100u << 20, 1), 1); /* fast: alone */
    const uint32_t piece = asked[0].piece;
    ck_assert_uint_eq(pick_of(other, &piece, 1, 16), 0);
    const struct block_ref first = asked[0];
    ck_assert_uint_eq(pick(seed, 100u << 20, 1), 1);
    ck_assert_uint_eq(asked[0].piece, piece);
    arrive(seed, first);
    arrive(seed, asked[0]);
    ck_assert_uint_eq(take_run(0, &run), 2);
    piece_manager_failed(manager, piece, NULL, guilty);
    ck_assert_uint_eq(pick_of(other, &piece, 1, 16), 0);
    finished();
}
END_TEST

START_TEST(who_refuses_is_asked_less_but_not_for_what_we_took_back)
{
    given(64 * 64 * KIB, 64 * KIB, 0);
    given_first_pieces(4);
    const struct peer_id_ref seed = given_seed(1);
    ck_assert_uint_eq(pick(seed, 0, 4), 4);
    for (uint32_t i = 0; i < 4; i++)
        piece_manager_released(manager, seed, &asked[i]);
    ck_assert_uint_eq(pick(seed, 0, 4), 4);
    for (uint32_t i = 0; i < 4; i++)
        piece_manager_refused(manager, seed, &asked[i]);
    ck_assert_uint_eq(pick(seed, 0, 4), 0);
    clock_virtual_advance(&now, NS_PER_S);
    ck_assert_uint_eq(pick(seed, 0, 4), 1);
    ck_assert_int_eq(arrive(seed, asked[0]), PIECE_ARRIVAL_ACCEPTED);
    ck_assert_uint_eq(pick(seed, 0, 4), 4);
    finished();
}
END_TEST

START_TEST(a_stalled_peers_blocks_go_elsewhere_and_it_is_told)
{
    given(64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref slow = given_seed(1), fast = given_seed(2);
    ck_assert_uint_eq(pick(slow, 0, 4), 4);
    piece_manager_peer_stalled(manager, slow);
    ck_assert_uint_eq(pick(fast, 0, 4), 4);
    ck_assert(!piece_manager_in_endgame(manager));
    arrive(fast, asked[0]);
    ck_assert_uint_eq(cancel_count, 1);
    ck_assert_uint_eq(cancelled_peer[0].index, 1);
    ck_assert_uint_eq(cancelled[0].begin, asked[0].begin);
    /* Late, but here before the other: welcome. */
    ck_assert_int_eq(arrive(slow, asked[1]), PIECE_ARRIVAL_ACCEPTED);
    ck_assert_uint_eq(cancelled_peer[1].index, 2);
    finished();
}
END_TEST

/* P30: all who may be asked for it at a time have never given anything. */
START_TEST(a_block_is_not_left_to_those_who_only_claim)
{
    given(48 * KIB, 48 * KIB, 0);
    const struct peer_id_ref giver = given_seed(9);
    ck_assert_uint_eq(pick(giver, 0, 1), 1);
    ck_assert_int_eq(arrive(giver, asked[0]), PIECE_ARRIVAL_ACCEPTED);
    for (uint32_t i = 1; i <= 3; i++) {
        ck_assert_uint_eq(pick(given_seed(i), 0, 4), 2);
        clock_virtual_advance(&now, 5 * i * NS_PER_S);
    }
    ck_assert_uint_eq(cancel_count, 0);
    ck_assert_uint_eq(pick(given_seed(4), 0, 4), 0); /* it has not given either */
    ck_assert_uint_eq(pick(giver, 0, 4), 2);
    ck_assert_uint_eq(cancel_count, 2);
    ck_assert_int_eq(arrive(giver, asked[0]), PIECE_ARRIVAL_ACCEPTED);
    ck_assert_int_eq(arrive(giver, asked[1]), PIECE_ARRIVAL_ACCEPTED);
    struct piece_run run;
    ck_assert_uint_eq(take_run(0, &run), 3);
    finished();
}
END_TEST

START_TEST(fast_peers_take_whole_pieces_slow_ones_share)
{
    given(64u << 20, 1u << 20, 0);
    given_first_pieces(4);
    const struct peer_id_ref fast = given_seed(1), slow = given_seed(2),
                             slower = given_seed(3);
    pick(fast, 1u << 20, 8);
    const uint32_t alone = asked[0].piece;
    pick(slow, 10000, 8);
    const uint32_t shared = asked[0].piece;
    ck_assert_uint_ne(shared, alone);
    pick(slower, 5000, 8);
    ck_assert_uint_eq(asked[0].piece, shared);
    ck_assert_uint_eq(asked[0].begin, 8 * BLOCK_BYTES);
    pick(fast, 1u << 20, 100);
    for (uint32_t i = 0; i < 56; i++)
        ck_assert_uint_eq(asked[i].piece, alone);
    ck_assert_uint_ne(asked[56].piece, alone);
    ck_assert_uint_ne(asked[56].piece, shared);
    finished();
}
END_TEST

START_TEST(the_first_pieces_are_fetched_together)
{
    given(64u << 20, 1u << 20, 0);
    uint32_t first = 0;
    for (uint32_t i = 1; i < 9; i++) {
        ck_assert_uint_eq(pick(given_seed(i), 100u << 20, 8), 8);
        if (i == 1)
            first = asked[0].piece;
        ck_assert_uint_eq(asked[0].piece, first);
    }
    finished();
}
END_TEST

START_TEST(pieces_under_way_fit_the_pools_share)
{
    given(64u << 20, 1u << 20, 256); /* 4 pieces of 64 blocks */
    given_first_pieces(4);
    const struct peer_id_ref seed = given_seed(1);
    ck_assert_uint_eq(pick(seed, 10u << 20, 1000), 256);
    ck_assert_uint_eq(piece_manager_requested_blocks(manager), 256);
    ck_assert_uint_eq(pick(seed, 10u << 20, 1000), 0);
    piece_manager_set_budget(manager, 320);
    ck_assert_uint_eq(pick(seed, 10u << 20, 1000), 64);
    finished();
}
END_TEST

START_TEST(a_giant_piece_stays_near_its_cursor)
{
    given(256u << 20, 256u << 20, 1024);
    const struct peer_id_ref seed = given_seed(1);
    struct piece_run run;
    ck_assert_uint_eq(pick(seed, 0, 4096), 768);
    for (uint32_t i = 0; i < 768; i++)
        arrive(seed, asked[i]);
    ck_assert_uint_eq(pick(seed, 0, 4096), 0);
    ck_assert_uint_eq(take_run(0, &run), 768);
    ck_assert(run.write_now);
    ck_assert_uint_eq(pick(seed, 0, 4096), 768);
    ck_assert_uint_eq(asked[0].begin, 768 * BLOCK_BYTES);
    finished();
}
END_TEST

START_TEST(a_dry_pool_is_relieved_by_the_least_complete_piece)
{
    given(64u << 20, 256 * KIB, 0);
    given_first_pieces(4);
    const struct peer_id_ref first = given_seed(1), second = given_seed(2);
    pick(first, 10u << 20, 16);
    for (uint32_t i = 0; i < 10; i++)
        arrive(first, asked[i]);
    const uint32_t kept = asked[0].piece;
    pick(second, 10u << 20, 16);
    for (uint32_t i = 0; i < 3; i++)
        arrive(second, asked[i]);
    const uint32_t left = block_pool_left(pool);
    ck_assert_uint_eq(piece_manager_relieve(manager, 2), 3);
    ck_assert_uint_eq(block_pool_left(pool), left + 3);
    ck_assert_uint_eq(cancel_count, 13);
    ck_assert_int_eq(piece_manager_phase(manager, asked[0].piece), PIECE_PHASE_MISSING);
    ck_assert_int_eq(piece_manager_phase(manager, kept), PIECE_PHASE_ARRIVING);
    ck_assert_uint_eq(pick(second, 10u << 20, 16), 0); /* nothing new for a second */
    /* The last piece loses its tail, not its head. */
    ck_assert_uint_eq(piece_manager_relieve(manager, 4), 4);
    struct piece_progress progress;
    piece_manager_get_progress(manager, kept, &progress);
    ck_assert_uint_eq(progress.arrived, 6);
    clock_virtual_advance(&now, 2 * NS_PER_S);
    ck_assert_uint_eq(pick(second, 10u << 20, 16), 16);
    finished();
}
END_TEST

START_TEST(unwanted_pieces_are_dropped_and_not_asked_for)
{
    given(10 * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref seed = given_seed(1);
    for (uint32_t i = 0; i < 10; i++)
        piece_manager_set_priority(manager, i, i == 6 ? 4 : 0);
    ck_assert_uint_eq(counts().wanted, 1);
    ck_assert_uint_eq(counts().wanted_left_bytes, 64 * KIB);
    ck_assert_uint_eq(pick(seed, 0, 100), 4);
    ck_assert_uint_eq(asked[0].piece, 6);
    arrive(seed, asked[0]);
    ck_assert(piece_manager_is_interesting(manager, seed, NULL, true));
    piece_manager_set_priority(manager, 6, 0);
    ck_assert_uint_eq(cancel_count, 3);
    ck_assert_uint_eq(block_pool_left(pool), block_pool_total(pool));
    ck_assert(!piece_manager_is_interesting(manager, seed, NULL, true));
    ck_assert_int_eq(piece_manager_phase(manager, 6), PIECE_PHASE_NOT_WANTED);
    ck_assert_uint_eq(pick(seed, 0, 100), 0);
    finished();
}
END_TEST

START_TEST(a_failed_piece_is_fetched_again_from_one_peer)
{
    given(16 * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref first = given_seed(1), second = given_seed(2);
    struct piece_run run;
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    uint8_t sha1s[4 * SHA1_BYTES] = {1};
    pick(first, 0, 2);
    const uint32_t piece = asked[0].piece;
    arrive(first, asked[0]);
    arrive(first, asked[1]);
    pick(second, 0, 2);
    arrive(second, asked[0]);
    arrive(second, asked[1]);
    ck_assert_uint_eq(take_run(0, &run), 4);
    ck_assert_uint_eq(piece_manager_failed(manager, piece, sha1s, guilty), 0);
    ck_assert_uint_eq(counts().failed_bytes, 64 * KIB);
    ck_assert_int_eq(piece_manager_phase(manager, piece), PIECE_PHASE_FAILED);
    piece_manager_peer_gone(manager, first, NULL, true);
    /* The other one fetches all alone now, this piece at some time. */
    uint32_t fetched = 0;
    while (fetched != piece + 1) {
        ck_assert_uint_eq(pick(second, 0, 4), 4);
        for (uint32_t i = 0; i < 4; i++) {
            ck_assert_uint_eq(asked[i].piece, asked[0].piece);
            arrive(second, asked[i]);
        }
        fetched = asked[0].piece + 1;
        ck_assert_uint_eq(take_run(0, &run), 4);
        ck_assert(run.want_digests == (run.piece == piece));
        sha1s[0] = 2;
        const uint32_t named = piece_manager_verified(manager, run.piece, sha1s, guilty);
        ck_assert_uint_eq(named, run.piece == piece);
    }
    /* It has gone, and is named all the same. */
    ck_assert_uint_eq(guilty[0].peer.index, 1);
    ck_assert_uint_eq(guilty[0].address.bytes[3], 1);
    finished();
}
END_TEST

/* One that trickles on may be asked for the piece that failed, but it does not keep it
 * when somebody else would bring it at once. */
START_TEST(a_failed_piece_is_not_left_to_one_that_trickles)
{
    given(64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref first = given_seed(1), second = given_seed(2);
    struct piece_run run;
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    const uint8_t sha1s[4 * SHA1_BYTES] = {1};
    for (uint32_t i = 0; i < 4; i++) {
        const struct peer_id_ref peer = i < 2 ? first : second;
        ck_assert_uint_eq(pick(peer, 0, 1), 1);
        arrive(peer, asked[0]);
    }
    ck_assert_uint_eq(take_run(0, &run), 4);
    ck_assert_uint_eq(piece_manager_failed(manager, 0, sha1s, guilty), 0);
    ck_assert_uint_eq(pick(first, 1 << 20, 4), 4);
    arrive(first, asked[0]);
    for (uint32_t i = 0; i < 2; i++) { /* a block in three seconds */
        const struct block_ref next = asked[1];
        ck_assert_uint_eq(pick(second, 4 << 20, 4), 0);
        clock_virtual_advance(&now, 3 * NS_PER_S);
        asked[1] = asked[2] = next;
        if (i == 0)
            arrive(first, next);
    }
    /* Two blocks are left, six seconds by its rate; the other needs a moment. */
    clock_virtual_advance(&now, NS_PER_S);
    ck_assert_uint_gt(pick(second, 4 << 20, 4), 0);
    arrive(second, asked[0]);
    finished();
}
END_TEST

START_TEST(a_disk_error_puts_the_piece_back)
{
    given(4 * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref seed = given_seed(1);
    struct piece_run run;
    pick(seed, 0, 4);
    const uint32_t piece = asked[0].piece;
    for (uint32_t i = 0; i < 4; i++)
        arrive(seed, asked[i]);
    take_run(0, &run);
    piece_manager_disk_error(manager, piece);
    ck_assert_int_eq(piece_manager_phase(manager, piece), PIECE_PHASE_MISSING);
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    ck_assert_uint_eq(piece_manager_verified(manager, piece, NULL, guilty), 0);
    ck_assert_uint_eq(counts().have, 0);
    ck_assert_uint_eq(pick(seed, 0, 16), 16);
    finished();
}
END_TEST

START_TEST(a_check_replaces_everything)
{
    given(100 * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref seed = given_seed(1);
    pick(seed, 0, 6);
    arrive(seed, asked[0]);
    struct bitfield have;
    ck_assert_int_eq(bitfield_init(&have, 100), ERROR_NONE);
    for (uint32_t i = 0; i < 99; i++)
        bitfield_set(&have, i);
    piece_manager_set_have(manager, &have);
    ck_assert_uint_eq(counts().have, 99);
    ck_assert_uint_eq(counts().wanted_left, 1);
    ck_assert_uint_eq(cancel_count, 5);
    ck_assert_uint_eq(pick(seed, 0, 64), 4);
    ck_assert_uint_eq(asked[0].piece, 99);
    bitfield_done(&have);
    finished();
}
END_TEST

START_TEST(bits_told_twice_count_once)
{
    given(100 * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref peer = {3, 1};
    const struct netaddr address = {.family = NETADDR_V4, .bytes = {10}, .port = 1};
    struct bitfield bits;
    ck_assert_int_eq(bitfield_init(&bits, 100), ERROR_NONE);
    ck_assert_int_eq(piece_manager_peer_joined(manager, peer, &address, its_id),
                     ERROR_NONE);
    ck_assert_int_eq(piece_manager_peer_joined(manager, peer, &address, its_id),
                     ERROR_EXISTS);
    bitfield_set(&bits, 5);
    bitfield_set(&bits, 6); /* by a HAVE whose message is still on its way */
    piece_manager_has_pieces(manager, peer, &bits, false, 2);
    piece_manager_has_piece(manager, peer, 6, 1);
    piece_manager_lacks_piece(manager, peer, 4, 2); /* it is not in them any more */
    piece_manager_has_pieces(manager, peer, &bits, false, 2);
    ck_assert_uint_eq(piece_manager_availability(manager, 6), 1);
    bitfield_set(&bits, 7);
    piece_manager_has_piece(manager, peer, 7, 3);
    piece_manager_has_piece(manager, peer, 1000000, 4);
    ck_assert_uint_eq(piece_manager_availability(manager, 7), 1);
    piece_manager_peer_gone(manager, peer, &bits, false);
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_eq(piece_manager_availability(manager, i), 0);
    bitfield_done(&bits);
    finished();
}
END_TEST

static void expect_availability(uint32_t piece, uint32_t its, uint32_t of_the_others)
{
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_eq(piece_manager_availability(manager, i),
                          i == piece ? its : of_the_others);
}

START_TEST(a_piece_taken_back_counts_no_more_be_it_a_seeds)
{
    given(100 * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref seed = given_seed(1);
    struct bitfield bits;
    double copies;
    uint32_t unavailable;
    ck_assert_int_eq(bitfield_init(&bits, 100), ERROR_NONE);
    bitfield_set_all(&bits);
    bitfield_clear(&bits, 5);
    piece_manager_lacks_piece(manager, seed, 5, 1);
    piece_manager_lacks_piece(manager, seed, 5, 1);
    piece_manager_lacks_piece(manager, seed, 1000000, 2);
    expect_availability(5, 0, 1);
    piece_manager_get_copies(manager, &copies, &unavailable);
    ck_assert_uint_eq(unavailable, 1);
    ck_assert(piece_manager_is_interesting(manager, seed, &bits, false));
    piece_manager_has_piece(manager, seed, 5, 2);
    expect_availability(5, 1, 1);
    piece_manager_lacks_piece(manager, seed, 5, 3);
    piece_manager_peer_gone(manager, seed, &bits, false);
    expect_availability(5, 0, 0);
    bitfield_done(&bits);
    finished();
}
END_TEST

START_TEST(a_piece_that_its_one_peer_has_lost_is_anybodys)
{
    given(4 * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref one = given_seed(1), other = given_seed(2);
    given_first_pieces(3);
    ck_assert_uint_eq(pick(one, 1 << 20, 2), 2); /* it takes it alone */
    const struct block_ref first = asked[0], second = asked[1];
    ck_assert_int_eq(arrive(one, first), PIECE_ARRIVAL_ACCEPTED);
    ck_assert_int_eq(arrive(one, second), PIECE_ARRIVAL_ACCEPTED);
    const uint32_t generation = piece_manager_generation(manager);
    piece_manager_lacks_piece(manager, one, 3, 1);
    ck_assert_uint_ne(piece_manager_generation(manager), generation);
    ck_assert_uint_eq(pick(other, 0, 8), 2);
    finished();
}
END_TEST

/* PIECE comes whole, half of it from each; returns its run. */
static struct block *bring(struct peer_id_ref one, struct peer_id_ref other)
{
    struct piece_run run;
    struct block_ref first[2];
    ck_assert_uint_eq(pick(one, 0, 2), 2);
    memcpy(first, asked, sizeof first);
    ck_assert_uint_eq(pick(other, 0, 2), 2);
    ck_assert_uint_eq(asked[0].piece, first[0].piece);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(arrive(one, first[i]), PIECE_ARRIVAL_ACCEPTED);
        ck_assert_int_eq(arrive(other, asked[i]), PIECE_ARRIVAL_ACCEPTED);
    }
    ck_assert(piece_manager_next_run(manager, &run));
    ck_assert(run.last);
    return run.chain;
}

/* BEP 52: the good blocks stay, and are not asked for; nor is anything while it waits. */
START_TEST(of_a_piece_that_failed_only_the_bad_blocks_are_fetched_again)
{
    const uint32_t wrong = (uint32_t)_i;
    uint8_t digests[4 * SHA1_BYTES] = {0}, right[4 * SHA1_BYTES] = {0};
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    struct piece_run run;
    given(5 * 64 * KIB, 64 * KIB, 64);
    const struct peer_id_ref one = given_seed(1), other = given_seed(2);
    given_first_pieces(4);
    struct block *chain = bring(one, other);
    ck_assert(!piece_manager_can_hold(manager, 4, chain->next)); /* not all of it */
    ck_assert(!piece_manager_can_hold(manager, 3, chain));
    ck_assert(piece_manager_can_hold(manager, 4, chain));
    ck_assert_uint_eq(piece_manager_hold(manager, 4, chain, digests, guilty), 0);
    ck_assert(!piece_manager_next_run(manager, &run));
    ck_assert_uint_eq(pick(one, 0, 8), 0);
    ck_assert_uint_eq(piece_manager_relieve(manager, 1), 0);
    right[wrong * SHA1_BYTES] = 1;
    ck_assert_uint_eq(piece_manager_proved(manager, 4, digests, right, guilty), 1);
    const struct peer_id_ref liar = wrong < 2 ? one : other;
    ck_assert_uint_eq(guilty[0].peer.index, liar.index);
    ck_assert_uint_eq(counts().failed_bytes, BLOCK_BYTES);
    ck_assert_uint_eq(pick(liar, 0, 8), 0);
    const struct peer_id_ref honest = wrong < 2 ? other : one;
    ck_assert_uint_eq(pick(honest, 0, 8), 1);
    ck_assert_uint_eq(asked[0].begin, wrong * BLOCK_BYTES);
    ck_assert_int_eq(arrive(honest, asked[0]), PIECE_ARRIVAL_ACCEPTED);
    ck_assert(piece_manager_next_run(manager, &run));
    ck_assert(run.last);
    block_pool_give_chain(pool, run.chain);
    ck_assert_uint_eq(piece_manager_verified(manager, 4, NULL, guilty), 0);
    ck_assert_uint_eq(counts().wanted_left, 0);
    finished();
}
END_TEST

START_TEST(a_piece_that_nothing_is_proved_of_is_fetched_again)
{
    uint8_t digests[4 * SHA1_BYTES] = {0};
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    given(5 * 64 * KIB, 64 * KIB, 64);
    const struct peer_id_ref one = given_seed(1), other = given_seed(2);
    given_first_pieces(4);
    piece_manager_hold(manager, 4, bring(one, other), digests, guilty);
    if (_i == 0)
        piece_manager_not_proved(manager, 4);
    else /* all blocks are right, and the piece is not: nobody knows whose fault it is */
        ck_assert_uint_eq(piece_manager_proved(manager, 4, digests, digests, guilty), 0);
    ck_assert_uint_eq(counts().failed_bytes, 64 * KIB);
    ck_assert_int_eq(piece_manager_phase(manager, 4), PIECE_PHASE_FAILED);
    piece_manager_not_proved(manager, 4);
    ck_assert_uint_eq(piece_manager_proved(manager, 4, digests, digests, guilty), 0);
    ck_assert_uint_eq(counts().failed_bytes, 64 * KIB);
    ck_assert_uint_eq(pick(one, 1 << 20, 8), 4);
    finished();
}
END_TEST

START_TEST(a_stopped_torrent_names_what_the_disk_holds)
{
    given(64u << 20, 4u << 20, 0);
    const struct peer_id_ref seed = given_seed(1);
    struct piece_run run;
    pick(seed, 0, 512);
    for (uint32_t i = 0; i < 20; i++)
        arrive(seed, asked[i]);
    const uint32_t begun = asked[0].piece;
    ck_assert_uint_eq(take_run(0, &run), 20);
    uint32_t dropped[4];
    ck_assert_uint_eq(piece_manager_drop_all(manager, dropped, 4), 1);
    ck_assert_uint_eq(dropped[0], begun);
    ck_assert_uint_eq(piece_manager_requested_blocks(manager), 0);
    ck_assert_uint_eq(block_pool_left(pool), block_pool_total(pool));
    finished();
}
END_TEST

/* Counting by words tells what counting one by one does, whatever the borders. */
START_TEST(phases_of_a_range_are_counted)
{
    enum { PIECES = 300 };
    given((uint64_t)PIECES * 64 * KIB, 64 * KIB, 0);
    const struct peer_id_ref peer = given_seed(1);
    given_first_pieces(70);
    for (uint32_t piece = 200; piece < 230; piece++)
        piece_manager_set_priority(manager, piece, PIECE_PRIORITY_NONE);
    const uint32_t count = pick(peer, 1 << 20, 60);
    for (uint32_t i = 0; i < count; i++)
        if (i % 3 == 0)
            ck_assert_int_eq(arrive(peer, asked[i]), PIECE_ARRIVAL_ACCEPTED);
    for (uint32_t first = 0; first < PIECES + 2; first += 13)
        for (uint32_t length = 0; length <= PIECES; length += 29) {
            uint32_t counts[PIECE_PHASES], expected[PIECE_PHASES] = {0};
            for (uint32_t p = first; p < first + length && p < PIECES; p++)
                expected[piece_manager_phase(manager, p)]++;
            piece_manager_count_phases(manager, first, length, counts);
            ck_assert_mem_eq(counts, expected, sizeof counts);
        }
    ck_assert_uint_eq(piece_manager_least_availability(manager, 0, PIECES), 1);
    ck_assert_uint_eq(piece_manager_least_availability(manager, PIECES, 1), 0);
    piece_manager_peer_gone(manager, peer, NULL, true);
    finished();
}
END_TEST

START_TEST(a_failed_piece_is_counted_as_such)
{
    uint32_t counts[PIECE_PHASES];
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    struct piece_run run;
    given(4 * 16 * KIB, 16 * KIB, 0);
    const struct peer_id_ref peer = given_seed(1);
    ck_assert_uint_eq(pick(peer, 0, 1), 1);
    arrive(peer, asked[0]);
    ck_assert(piece_manager_next_run(manager, &run));
    block_pool_give_chain(pool, run.chain);
    piece_manager_count_phases(manager, 0, 4, counts);
    ck_assert_uint_eq(counts[PIECE_PHASE_VERIFYING], 1);
    piece_manager_failed(manager, run.piece, NULL, guilty);
    piece_manager_count_phases(manager, 0, 4, counts);
    ck_assert_uint_eq(counts[PIECE_PHASE_FAILED], 1);
    ck_assert_uint_eq(counts[PIECE_PHASE_MISSING], 3);
    piece_manager_peer_gone(manager, peer, NULL, true);
    finished();
}
END_TEST

Suite *suite_piece_manager(void)
{
    Suite *suite = suite_create("piece/piece_manager");
    TCase *tcase = tcase_create("piece_manager");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, sizes_that_contradict_each_other_are_refused);
    tcase_add_test(tcase, a_small_piece_goes_to_the_disk_in_one_run);
    tcase_add_test(tcase, a_large_piece_goes_in_runs_from_the_cursor);
    tcase_add_test(tcase, what_arrives_is_told_apart);
    tcase_add_test(tcase, a_released_block_is_asked_of_another);
    tcase_add_test(tcase, of_named_pieces_nothing_else_is_picked);
    tcase_add_test(tcase, of_named_pieces_those_that_prove_something_are_left_alone);
    tcase_add_test(tcase, who_refuses_is_asked_less_but_not_for_what_we_took_back);
    tcase_add_test(tcase, a_stalled_peers_blocks_go_elsewhere_and_it_is_told);
    tcase_add_test(tcase, a_block_is_not_left_to_those_who_only_claim);
    tcase_add_test(tcase, fast_peers_take_whole_pieces_slow_ones_share);
    tcase_add_test(tcase, the_first_pieces_are_fetched_together);
    tcase_add_test(tcase, pieces_under_way_fit_the_pools_share);
    tcase_add_test(tcase, a_giant_piece_stays_near_its_cursor);
    tcase_add_test(tcase, a_dry_pool_is_relieved_by_the_least_complete_piece);
    tcase_add_test(tcase, unwanted_pieces_are_dropped_and_not_asked_for);
    tcase_add_test(tcase, a_failed_piece_is_fetched_again_from_one_peer);
    tcase_add_test(tcase, a_failed_piece_is_not_left_to_one_that_trickles);
    tcase_add_test(tcase, a_disk_error_puts_the_piece_back);
    tcase_add_test(tcase, a_check_replaces_everything);
    tcase_add_loop_test(
        tcase, of_a_piece_that_failed_only_the_bad_blocks_are_fetched_again, 0, 4);
    tcase_add_loop_test(tcase, a_piece_that_nothing_is_proved_of_is_fetched_again, 0, 2);
    tcase_add_test(tcase, bits_told_twice_count_once);
    tcase_add_test(tcase, a_piece_taken_back_counts_no_more_be_it_a_seeds);
    tcase_add_test(tcase, a_piece_that_its_one_peer_has_lost_is_anybodys);
    tcase_add_test(tcase, a_stopped_torrent_names_what_the_disk_holds);
    tcase_add_test(tcase, phases_of_a_range_are_counted);
    tcase_add_test(tcase, a_failed_piece_is_counted_as_such);
    suite_add_tcase(suite, tcase);
    return suite;
}
