#include "tests/unit/piece/check_piece.h"

#include "piece/picker.h"

static struct clock_virtual now;
static struct random_seeded chance;
static struct picker picker;
static struct picker_view view;

static void given_pieces(uint32_t count)
{
    clock_virtual_init(&now, NS_PER_S);
    random_seeded_init(&chance, count);
    view = (struct picker_view){0};
    ck_assert_int_eq(picker_init(&picker, count, 4, &now.clock, &chance.source),
                     ERROR_NONE);
}

static void given_had(uint32_t piece, uint32_t times)
{
    struct picker_view other = {0};
    while (times-- > 0)
        picker_gain(&picker, &other, piece);
}

static uint32_t take_next(const struct bitfield *bits)
{
    const uint32_t piece = picker_next(&picker, &view, bits);
    if (piece != PICKER_NONE)
        picker_take(&picker, piece);
    return piece;
}

START_TEST(the_rarest_comes_first)
{
    given_pieces(50);
    for (uint32_t i = 0; i < 50; i++)
        given_had(i, 1 + i * 7 % 50);
    for (uint32_t rarity = 1; rarity <= 50; rarity++)
        ck_assert_uint_eq(picker.avail[take_next(NULL)], rarity);
    ck_assert_uint_eq(take_next(NULL), PICKER_NONE);
    picker_done(&picker);
}
END_TEST

START_TEST(a_have_changes_the_order_of_few_pieces_at_once)
{
    given_pieces(10);
    for (uint32_t i = 0; i < 10; i++)
        given_had(i, i + 5);
    ck_assert_uint_eq(picker_next(&picker, &view, NULL), 0);
    given_had(0, 20);
    ck_assert_uint_eq(picker_next(&picker, &view, NULL), 1);
    picker_done(&picker);
}
END_TEST

START_TEST(ties_are_broken_by_chance)
{
    uint32_t first[8] = {0};
    for (uint32_t round = 0; round < 4000; round++) {
        given_pieces(8);
        random_seeded_init(&chance, round);
        first[picker_next(&picker, &view, NULL)]++;
        picker_done(&picker);
    }
    for (int i = 0; i < 8; i++) { /* 500 each; 5 sigma are 105 */
        ck_assert_uint_gt(first[i], 395);
        ck_assert_uint_lt(first[i], 605);
    }
}
END_TEST

START_TEST(the_frontier_of_many_holds_the_rarest)
{
    given_pieces(100000);
    struct bitfield most;
    ck_assert_int_eq(bitfield_init(&most, 100000), ERROR_NONE);
    bitfield_set_all(&most);
    for (uint32_t i = 0; i < 100000; i += 100)
        bitfield_clear(&most, i); /* 1,000 rare ones */
    picker_join(&picker, &most);
    for (uint32_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(take_next(NULL) % 100, 0);
    const uint32_t next = take_next(NULL);
    ck_assert_uint_ne(next % 100, 0);
    /* Among equals all parts of the torrent have the same chance. */
    uint32_t low = 0;
    for (uint32_t i = 0; i < 3000; i++)
        low += take_next(NULL) < 50000;
    ck_assert_uint_gt(low, 1350);
    ck_assert_uint_lt(low, 1650);
    bitfield_done(&most);
    picker_done(&picker);
}
END_TEST

START_TEST(every_piece_is_found_however_many)
{
    given_pieces(20001);
    struct bitfield seen;
    ck_assert_int_eq(bitfield_init(&seen, 20001), ERROR_NONE);
    uint32_t piece;
    while ((piece = take_next(NULL)) != PICKER_NONE)
        ck_assert(bitfield_set(&seen, piece));
    ck_assert(bitfield_full(&seen));
    bitfield_done(&seen);
    picker_done(&picker);
}
END_TEST

START_TEST(a_peer_beyond_the_frontier_gets_its_rarest)
{
    given_pieces(100000);
    struct bitfield bits;
    ck_assert_int_eq(bitfield_init(&bits, 100000), ERROR_NONE);
    for (uint32_t i = 90000; i < 100000; i++)
        given_had(i, 9); /* too common for the frontier */
    bitfield_set(&bits, 95000);
    bitfield_set(&bits, 95001);
    given_had(95001, 2);
    ck_assert_uint_eq(take_next(&bits), 95000);
    ck_assert_uint_eq(take_next(&bits), 95001);
    ck_assert_uint_eq(take_next(&bits), PICKER_NONE);
    ck_assert_uint_eq(view.nothing_generation, picker.free_generation);
    picker_put_back(&picker, 95001);
    ck_assert_uint_eq(take_next(&bits), 95001);
    ck_assert_uint_eq(take_next(&bits), PICKER_NONE);
    bitfield_set(&bits, 7);
    picker_gain(&picker, &view, 7);
    ck_assert_uint_eq(take_next(&bits), 7);
    bitfield_done(&bits);
    picker_done(&picker);
}
END_TEST

START_TEST(priority_goes_before_rarity)
{
    given_pieces(20000);
    for (uint32_t i = 0; i < 20000; i++)
        picker_set_priority(&picker, i, i % 2 == 0 ? 1 : 4);
    picker_set_priority(&picker, 123, 7);
    given_had(123, 30);
    picker_set_priority(&picker, 125, 0);
    ck_assert_uint_eq(take_next(NULL), 123);
    for (uint32_t i = 1; i < 20000 / 2 - 1; i++)
        ck_assert_uint_eq(picker.priority[take_next(NULL)], 4);
    ck_assert_uint_eq(picker.priority[take_next(NULL)], 1);
    ck_assert(!picker_is_free(&picker, 125));
    picker_done(&picker);
}
END_TEST

START_TEST(sequential_is_in_order)
{
    given_pieces(20000);
    given_had(3, 10);
    ck_assert_uint_ne(picker_next(&picker, &view, NULL), PICKER_NONE);
    picker_set_sequential(&picker, true);
    for (uint32_t i = 0; i < 20000; i++)
        ck_assert_uint_eq(take_next(NULL), i);
    picker_done(&picker);
}
END_TEST

START_TEST(first_pieces_are_random_but_not_the_rarest)
{
    uint32_t low = 0;
    for (uint32_t round = 0; round < 400; round++) {
        given_pieces(1000);
        random_seeded_init(&chance, round);
        for (uint32_t i = 0; i < 1000; i++)
            given_had(i, i % 4 == 0 ? 1 : 3);
        const uint32_t piece = picker_random(&picker, &view, NULL);
        ck_assert_uint_ne(piece % 4, 0);
        low += piece < 500;
        picker_done(&picker);
    }
    ck_assert_uint_gt(low, 140);
    ck_assert_uint_lt(low, 260);
}
END_TEST

START_TEST(availability_follows_peers_that_come_and_go)
{
    given_pieces(130);
    struct bitfield bits;
    ck_assert_int_eq(bitfield_init(&bits, 130), ERROR_NONE);
    for (uint32_t i = 0; i < 130; i += 3)
        bitfield_set(&bits, i);
    picker_join(&picker, &bits);
    picker_join(&picker, &bits);
    picker_join(&picker, NULL);
    for (uint32_t i = 0; i < 130; i++)
        ck_assert_uint_eq(picker_availability(&picker, i), i % 3 == 0 ? 3 : 1);
    double copies;
    uint32_t unavailable;
    picker_count_copies(&picker, &copies, &unavailable);
    ck_assert_double_eq_tol(copies, 1 + 44.0 / 130, 1e-9);
    ck_assert_uint_eq(unavailable, 0);
    picker_leave(&picker, NULL);
    picker_leave(&picker, &bits);
    picker_count_copies(&picker, &copies, &unavailable);
    ck_assert_uint_eq(unavailable, 86);
    picker_leave(&picker, &bits);
    picker_leave(&picker, &bits); /* once too often: never below none */
    for (uint32_t i = 0; i < 130; i++)
        ck_assert_uint_eq(picker_availability(&picker, i), 0);
    bitfield_done(&bits);
    picker_done(&picker);
}
END_TEST

START_TEST(interest_ends_with_the_last_wanted_piece)
{
    given_pieces(1000);
    struct bitfield bits;
    ck_assert_int_eq(bitfield_init(&bits, 1000), ERROR_NONE);
    bitfield_set(&bits, 10);
    bitfield_set(&bits, 900);
    picker_join(&picker, &bits);
    ck_assert(picker_is_interesting(&picker, &view, &bits));
    picker_set_have(&picker, 10, true);
    ck_assert(picker_is_interesting(&picker, &view, &bits));
    picker_set_priority(&picker, 900, 0);
    ck_assert(!picker_is_interesting(&picker, &view, &bits));
    picker_set_priority(&picker, 900, 1);
    ck_assert(picker_is_interesting(&picker, &view, &bits));
    picker_set_have(&picker, 900, true);
    ck_assert(!picker_is_interesting(&picker, &view, &bits));
    bitfield_set(&bits, 500);
    picker_gain(&picker, &view, 500);
    ck_assert(picker_is_interesting(&picker, &view, &bits));
    bitfield_done(&bits);
    picker_done(&picker);
}
END_TEST

Suite *suite_picker(void)
{
    Suite *suite = suite_create("piece/picker");
    TCase *tcase = tcase_create("picker");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_rarest_comes_first);
    tcase_add_test(tcase, a_have_changes_the_order_of_few_pieces_at_once);
    tcase_add_test(tcase, ties_are_broken_by_chance);
    tcase_add_test(tcase, the_frontier_of_many_holds_the_rarest);
    tcase_add_test(tcase, every_piece_is_found_however_many);
    tcase_add_test(tcase, a_peer_beyond_the_frontier_gets_its_rarest);
    tcase_add_test(tcase, priority_goes_before_rarity);
    tcase_add_test(tcase, sequential_is_in_order);
    tcase_add_test(tcase, first_pieces_are_random_but_not_the_rarest);
    tcase_add_test(tcase, availability_follows_peers_that_come_and_go);
    tcase_add_test(tcase, interest_ends_with_the_last_wanted_piece);
    suite_add_tcase(suite, tcase);
    return suite;
}
