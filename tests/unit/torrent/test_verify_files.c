/* Whose fault a bad piece is. Pieces of ten bytes, files side by side. */
#include "torrent/verify_files.h"

#include <check.h>
#include <stdlib.h>

Suite *test_verify_files_suite(void);

#define FILES 4

/* a: 0-24, b: 25-29, none: empty, c: 30-51 */
static struct metainfo_file files[FILES] = {{"t/a", 0, 25, false},
                                            {"t/b", 25, 5, false},
                                            {"t/none", 30, 0, false},
                                            {"t/c", 30, 22, false}};
static const struct metainfo metainfo = {.piece_bytes = 10,
                                         .piece_count = 6,
                                         .total_bytes = 52,
                                         .files = files,
                                         .file_count = FILES};

static const struct {
    const char *have; /* a digit a piece */
    enum verify_state seen[FILES], judged[FILES];
} cases[] = {
    {"111111", {0}, {0}},
    {"011111", {0}, {VERIFY_WRONG}},
    /* in two files: either may be to blame */
    {"110111", {0}, {VERIFY_WRONG, VERIFY_WRONG}},
    {"110111", {VERIFY_OK, VERIFY_MISSING}, {VERIFY_UNCERTAIN, VERIFY_MISSING}},
    {"010111", {VERIFY_OK, VERIFY_MISSING}, {VERIFY_WRONG, VERIFY_MISSING}},
    {"000111", {VERIFY_MISSING}, {VERIFY_MISSING, VERIFY_UNCERTAIN}},
    {"110111", {VERIFY_SHORT}, {VERIFY_SHORT, VERIFY_UNCERTAIN}},
    /* what is too long does not spoil a piece */
    {"110111", {VERIFY_LONG}, {VERIFY_LONG, VERIFY_WRONG}},
    {"111111", {VERIFY_LONG}, {VERIFY_LONG}},
    /* nothing in it, and yet not there */
    {"111111", {0, 0, VERIFY_MISSING}, {0, 0, VERIFY_MISSING}},
    {"111000", {0, 0, 0, VERIFY_UNREADABLE}, {0, 0, 0, VERIFY_UNREADABLE}},
    {"111110", {0}, {0, 0, 0, VERIFY_WRONG}},
};

START_TEST(a_bad_piece_is_blamed_on_the_files_that_can_be_the_cause)
{
    struct verify_file found[FILES] = {0};
    struct bitfield have;
    ck_assert_int_eq(bitfield_init(&have, metainfo.piece_count), ERROR_NONE);
    for (uint32_t piece = 0; piece < metainfo.piece_count; piece++)
        if (cases[_i].have[piece] == '1')
            bitfield_set(&have, piece);
    for (int i = 0; i < FILES; i++)
        found[i].state = cases[_i].seen[i];
    ck_assert_int_eq(verify_judge(&metainfo, &have, found), ERROR_NONE);
    for (int i = 0; i < FILES; i++)
        ck_assert_msg(found[i].state == cases[_i].judged[i], "%s: %s", files[i].path,
                      verify_state_word(found[i].state));
    ck_assert_uint_eq(found[0].piece_count, 3);
    ck_assert_uint_eq(found[1].piece_count, 1);
    ck_assert_uint_eq(found[2].piece_count, 0);
    ck_assert_uint_eq(found[3].piece_count, 3);
    bitfield_done(&have);
}
END_TEST

START_TEST(padding_is_nobodys_file)
{
    struct metainfo_file padded[2] = {{"t/a", 0, 5, false}, {"t/.pad/5", 5, 5, true}};
    const struct metainfo one = {.piece_bytes = 10,
                                 .piece_count = 1,
                                 .total_bytes = 10,
                                 .files = padded,
                                 .file_count = 2};
    struct verify_file found[2] = {0};
    struct bitfield have;
    ck_assert_int_eq(bitfield_init(&have, 1), ERROR_NONE);
    ck_assert_int_eq(verify_judge(&one, &have, found), ERROR_NONE);
    ck_assert_int_eq(found[0].state, VERIFY_WRONG);
    ck_assert_int_eq(found[1].state, VERIFY_OK);
    bitfield_done(&have);
}
END_TEST

Suite *test_verify_files_suite(void)
{
    Suite *suite = suite_create("verify_files");
    TCase *tcase = tcase_create("verify_files");
    tcase_add_loop_test(tcase, a_bad_piece_is_blamed_on_the_files_that_can_be_the_cause,
                        0, sizeof cases / sizeof *cases);
    tcase_add_test(tcase, padding_is_nobodys_file);
    suite_add_tcase(suite, tcase);
    return suite;
}
