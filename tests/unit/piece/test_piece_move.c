#include "tests/unit/piece/check_piece.h"
#include "tests/unit/piece/fixture.h"

#include "base/bitfield.h"

#define PIECE  (4 * BLOCK_BYTES)
#define PIECES 64u
#define SLOW   (2 * BLOCK_BYTES) /* a second */
#define FAST   (1000 * BLOCK_BYTES)

static struct peer_id_ref seed, leecher;
static struct bitfield bits; /* the leecher's */

/* The slow seed has delivered a block of the first of its pieces and owes us three; the
 * leecher has one piece of no use and delivers fast. */
static void given_a_slow_seed_and_a_leecher(uint64_t leecher_rate)
{
    given((uint64_t)PIECE * PIECES, PIECE, 0);
    given_first_pieces(8);
    seed = given_seed(1);
    leecher = (struct peer_id_ref){2, 7};
    const struct netaddr address = {
        .family = NETADDR_V4, .bytes = {10, 0, 0, 2}, .port = 6881};
    ck_assert_int_eq(bitfield_init(&bits, PIECES), ERROR_NONE);
    bitfield_set(&bits, 0);
    ck_assert_int_eq(piece_manager_peer_joined(manager, leecher, &address, its_id),
                     ERROR_NONE);
    piece_manager_has_pieces(manager, leecher, &bits, false, 0);
    struct block_ref nothing;
    ck_assert_uint_eq(
        piece_manager_pick(manager, leecher, &bits, false, leecher_rate, 1, &nothing), 0);
    ck_assert_uint_eq(pick(seed, SLOW, 12), 12);
    ck_assert_int_eq(arrive(seed, asked[0]), PIECE_ARRIVAL_ACCEPTED);
    clock_virtual_advance(&now, 200 * NS_PER_MS);
}

static void leecher_gets(uint32_t piece)
{
    bitfield_set(&bits, piece);
    piece_manager_has_piece(manager, leecher, piece, 1);
}

static void done(void)
{
    bitfield_done(&bits);
    finished();
}

START_TEST(a_piece_that_waits_at_a_slow_seed_moves_to_a_leecher_that_has_it_now)
{
    given_a_slow_seed_and_a_leecher(FAST);
    const uint32_t waiting = asked[11].piece;
    leecher_gets(waiting);
    ck_assert_uint_eq(cancel_count, 4);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert(cancelled[i].piece == waiting && cancelled_peer[i].index == seed.index);
    ck_assert_uint_eq(piece_manager_pick(manager, leecher, &bits, false, FAST, 4, asked),
                      4);
    ck_assert_uint_eq(asked[0].piece, waiting);
    done();
}
END_TEST

START_TEST(what_the_seed_has_begun_to_send_stays_with_it)
{
    given_a_slow_seed_and_a_leecher(FAST);
    leecher_gets(asked[0].piece);
    ck_assert_uint_eq(cancel_count, 0);
    done();
}
END_TEST

START_TEST(nothing_moves_to_a_peer_that_has_given_us_nothing)
{
    given_a_slow_seed_and_a_leecher(0); /* it chokes us, perhaps */
    leecher_gets(asked[11].piece);
    ck_assert_uint_eq(cancel_count, 0);
    done();
}
END_TEST

START_TEST(a_piece_moves_only_when_it_turns_up_for_the_first_time)
{
    given_a_slow_seed_and_a_leecher(FAST);
    const uint32_t waiting = asked[11].piece;
    leecher_gets(waiting);
    ck_assert_uint_eq(cancel_count, 4);
    /* Asked of the seed again, and yet another peer gets it: it stays. */
    const uint32_t count = pick(seed, SLOW, 1024);
    bool again = false;
    for (uint32_t i = 0; i < count; i++)
        again |= asked[i].piece == waiting;
    ck_assert(again);
    const uint32_t before = cancel_count;
    const struct peer_id_ref other = {3, 7};
    const struct netaddr address = {
        .family = NETADDR_V4, .bytes = {10, 0, 0, 3}, .port = 6881};
    struct bitfield its;
    ck_assert_int_eq(bitfield_init(&its, PIECES), ERROR_NONE);
    ck_assert_int_eq(piece_manager_peer_joined(manager, other, &address, its_id),
                     ERROR_NONE);
    piece_manager_has_pieces(manager, other, &its, false, 0);
    ck_assert_uint_eq(piece_manager_pick(manager, other, &its, false, FAST, 1, asked), 0);
    bitfield_set(&its, waiting);
    piece_manager_has_piece(manager, other, waiting, 1);
    ck_assert_uint_eq(cancel_count, before);
    bitfield_done(&its);
    done();
}
END_TEST

Suite *suite_piece_move(void)
{
    Suite *suite = suite_create("piece/piece_move");
    TCase *tcase = tcase_create("piece_move");
    tcase_add_test(tcase,
                   a_piece_that_waits_at_a_slow_seed_moves_to_a_leecher_that_has_it_now);
    tcase_add_test(tcase, what_the_seed_has_begun_to_send_stays_with_it);
    tcase_add_test(tcase, nothing_moves_to_a_peer_that_has_given_us_nothing);
    tcase_add_test(tcase, a_piece_moves_only_when_it_turns_up_for_the_first_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
