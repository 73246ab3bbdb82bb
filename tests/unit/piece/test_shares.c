/* Leechers behind one seed part its pieces among themselves without a word. */
#include "tests/unit/piece/check_piece.h"
#include "tests/unit/piece/fixture.h"

#include "piece/picker.h"
#include "piece/shares.h"

#include <string.h>

#define LEECHERS  8u
#define PIECES    256u
#define OURS_LAST (1u << 10) /* turns below are our share's */

static void id_of(uint32_t leecher, uint8_t ret_id[20])
{
    memcpy(ret_id, "-BT0100-ABCDEFGHIJKL", 20);
    ret_id[19] = (uint8_t)('a' + leecher);
}

static uint64_t key_of(uint32_t leecher)
{
    uint8_t id[20];
    id_of(leecher, id);
    return shares_key(id);
}

/* As LEECHER sees it: all the others. */
static struct shares shares_of(uint32_t leecher)
{
    struct shares shares = {.own = key_of(leecher)};
    for (uint32_t i = 0; i < LEECHERS; i++)
        if (i != leecher)
            shares.others[shares.count++] = key_of(i);
    return shares;
}

START_TEST(each_piece_is_in_one_share_and_shares_are_alike)
{
    uint32_t size[LEECHERS] = {0};
    for (uint32_t piece = 0; piece < PIECES; piece++) {
        uint32_t owners = 0;
        for (uint32_t i = 0; i < LEECHERS; i++) {
            const struct shares shares = shares_of(i);
            const bool ours = shares_turn(&shares, piece, 0) < OURS_LAST;
            owners += ours;
            size[i] += ours;
        }
        ck_assert_uint_eq(owners, 1);
    }
    for (uint32_t i = 0; i < LEECHERS; i++) { /* 32 each; 4 sigma are 21 */
        ck_assert_uint_gt(size[i], 11);
        ck_assert_uint_lt(size[i], 53);
    }
}
END_TEST

/* Who helps another takes from the end of what that one has before it. */
START_TEST(what_we_begin_with_is_what_helpers_take_last)
{
    const struct shares owner = shares_of(3), helper = shares_of(5);
    uint32_t pairs = 0, reversed = 0;
    for (uint32_t a = 0; a < PIECES; a++)
        for (uint32_t b = 0; b < a; b++) {
            const uint32_t own_a = shares_turn(&owner, a, 0);
            const uint32_t own_b = shares_turn(&owner, b, 0);
            const uint32_t other_a = shares_turn(&helper, a, 0);
            const uint32_t other_b = shares_turn(&helper, b, 0);
            if (own_a >= OURS_LAST || own_b >= OURS_LAST || other_a / OURS_LAST != 1 ||
                other_b / OURS_LAST != 1 || own_a == own_b)
                continue;
            pairs++;
            reversed += (own_a < own_b) == (other_a > other_b);
        }
    ck_assert_uint_gt(pairs, 0);
    ck_assert_uint_eq(reversed, pairs);
}
END_TEST

START_TEST(alone_with_a_seed_chance_decides)
{
    const struct shares alone = {.own = key_of(0)};
    ck_assert_uint_eq(shares_turn(&alone, 7, 0x1234), 0x1234);
    ck_assert_uint_eq(shares_turn(&alone, 8, 0xffff1234), 0x1234);
}
END_TEST

START_TEST(rarity_goes_before_our_share)
{
    struct clock_virtual clock;
    struct random_seeded chance;
    struct picker picker;
    struct picker_view view = {0}, other = {0};
    const struct shares shares = shares_of(0);
    clock_virtual_init(&clock, NS_PER_S);
    random_seeded_init(&chance, 1);
    ck_assert_int_eq(picker_init(&picker, 50, 4, &clock.clock, &chance.source),
                     ERROR_NONE);
    picker_set_shares(&picker, &shares);
    for (uint32_t i = 0; i < 50; i++)
        for (uint32_t times = 0; times < 1 + i % 2; times++)
            picker_gain(&picker, &other, i);
    uint32_t last_turn = 0, last_avail = 0;
    for (uint32_t i = 0; i < 50; i++) {
        const uint32_t piece = picker_next(&picker, &view, NULL);
        const uint32_t turn = shares_turn(&shares, piece, 0);
        ck_assert_uint_ge(picker.avail[piece], last_avail);
        if (picker.avail[piece] == last_avail)
            ck_assert_uint_ge(turn, last_turn);
        last_avail = picker.avail[piece];
        last_turn = turn;
        picker_take(&picker, piece);
    }
    picker_done(&picker);
}
END_TEST

static const struct netaddr address = {
    .family = NETADDR_V4, .bytes = {10, 0, 0, 2}, .port = 6881};

static struct peer_id_ref given_leecher(uint32_t leecher)
{
    const struct peer_id_ref peer = {leecher, 7};
    uint8_t id[20];
    struct bitfield none;
    id_of(leecher, id);
    ck_assert_int_eq(bitfield_init(&none, PIECES), ERROR_NONE);
    ck_assert_int_eq(piece_manager_peer_joined(manager, peer, &address, id), ERROR_NONE);
    piece_manager_has_pieces(manager, peer, &none, false, 0);
    bitfield_done(&none);
    return peer;
}

/* What a Piece Manager asks a seed for in its first 20 requests, one block a piece. */
static void ask_as(uint32_t leecher, uint32_t ret_asked[PIECES])
{
    struct piece_manager_config config = {
        .total_bytes = PIECES * BLOCK_BYTES,
        .piece_bytes = BLOCK_BYTES,
        .piece_count = PIECES,
        .clock = &now.clock,
        .pool = pool,
    };
    struct random_seeded chance;
    random_seeded_init(&chance, leecher);
    config.random = &chance.source;
    id_of(leecher, config.peer_id);
    ck_assert_int_eq(piece_manager_new(&config, &manager), ERROR_NONE);
    const struct peer_id_ref seed = given_seed(100);
    for (uint32_t i = 0; i < LEECHERS; i++)
        if (i != leecher)
            given_leecher(i);
    const uint32_t count = pick(seed, 1 << 20, 20);
    ck_assert_uint_eq(count, 20);
    for (uint32_t i = 0; i < count; i++)
        ret_asked[asked[i].piece]++;
    piece_manager_free(manager);
}

START_TEST(eight_leechers_ask_one_seed_for_different_pieces)
{
    uint32_t times[PIECES] = {0}, twice = 0;
    clock_virtual_init(&now, NS_PER_S);
    pool = block_pool_new(64u << 20);
    for (uint32_t i = 0; i < LEECHERS; i++)
        ask_as(i, times);
    for (uint32_t i = 0; i < PIECES; i++)
        twice += times[i] > 1;
    /* By chance alone it would be about 45 of 160. */
    ck_assert_uint_le(twice, 3);
    block_pool_free(pool);
}
END_TEST

/* How many of the next 20 blocks asked of SEED are not of our share beside OTHER. */
static uint32_t of_the_others_share(struct peer_id_ref seed, uint32_t other)
{
    const struct shares shares = {
        .own = shares_key(its_id), .others = {key_of(other)}, .count = 1};
    uint32_t strange = 0;
    ck_assert_uint_eq(pick(seed, 1 << 20, 20), 20);
    for (uint32_t i = 0; i < 20; i++)
        strange += shares_turn(&shares, asked[i].piece, 0) >= OURS_LAST;
    return strange;
}

START_TEST(who_wants_nothing_has_no_share)
{
    given(PIECES * BLOCK_BYTES, BLOCK_BYTES, 0);
    const struct peer_id_ref seed = given_seed(100);
    const struct peer_id_ref one = given_leecher(1);
    given_leecher(2);
    piece_manager_set_upload_only(manager, one, true);
    ck_assert_uint_gt(of_the_others_share(seed, 1), 0);
    piece_manager_set_upload_only(manager, one, false);
    clock_virtual_advance(&now, NS_PER_S);
    ck_assert_uint_eq(of_the_others_share(seed, 1), 0);
    finished();
}
END_TEST

START_TEST(who_has_everything_or_has_gone_has_no_share)
{
    given(PIECES * BLOCK_BYTES, BLOCK_BYTES, 0);
    const struct peer_id_ref seed = given_seed(100);
    const struct peer_id_ref one = given_leecher(1), two = given_leecher(2);
    ck_assert_uint_eq(of_the_others_share(seed, 1), 0);
    for (uint32_t i = 0; i < PIECES; i++)
        piece_manager_has_piece(manager, one, i, i + 1);
    clock_virtual_advance(&now, NS_PER_S);
    ck_assert_uint_gt(of_the_others_share(seed, 1), 0);
    ck_assert_uint_eq(of_the_others_share(seed, 2), 0);
    piece_manager_lacks_piece(manager, one, 0, PIECES + 1); /* a leecher again */
    clock_virtual_advance(&now, NS_PER_S);
    ck_assert_uint_eq(of_the_others_share(seed, 1), 0);
    piece_manager_peer_gone(manager, two, NULL, false);
    clock_virtual_advance(&now, NS_PER_S);
    ck_assert_uint_gt(of_the_others_share(seed, 2), 0);
    finished();
}
END_TEST

Suite *suite_shares(void)
{
    Suite *suite = suite_create("piece/shares");
    TCase *tcase = tcase_create("shares");
    tcase_add_test(tcase, each_piece_is_in_one_share_and_shares_are_alike);
    tcase_add_test(tcase, what_we_begin_with_is_what_helpers_take_last);
    tcase_add_test(tcase, alone_with_a_seed_chance_decides);
    tcase_add_test(tcase, rarity_goes_before_our_share);
    tcase_add_test(tcase, eight_leechers_ask_one_seed_for_different_pieces);
    tcase_add_test(tcase, who_wants_nothing_has_no_share);
    tcase_add_test(tcase, who_has_everything_or_has_gone_has_no_share);
    suite_add_tcase(suite, tcase);
    return suite;
}
