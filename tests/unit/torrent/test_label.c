/* Labels: what is one, and that a torrent keeps it. */
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"
#include "torrent/label_rule.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *test_label_suite(void);

#define TEN      "0123456789"
#define FORTY    TEN TEN TEN TEN
#define WIDE     "\xe6\x98\x9f" /* two cells */
#define WIDE_TEN WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE

static const struct {
    const char *text, *label; /* NULL: too long */
} readings[] = {
    {"films", "films"},
    {"  two words \t", "two words"},
    {"", ""},
    {"   ", ""},
    {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
    {"a \xe2\x80\x8b", "a"}, /* a space of no width */
    {"a\x1b[31mb\x07", "a.[31mb."},
    {"\xe2\x80\xae"
     "exe",
     "exe"}, /* an override of the direction */
    {"\xff\xfe", ".."},
    {FORTY, FORTY},
    {FORTY "x", NULL},
    {WIDE_TEN WIDE_TEN, WIDE_TEN WIDE_TEN},
    {WIDE_TEN WIDE_TEN "x", NULL},
    {FORTY FORTY FORTY FORTY FORTY, NULL},
};

START_TEST(a_label_is_clean_and_fits)
{
    char label[LABEL_BYTES] = "before";
    if (readings[_i].label == NULL) {
        ck_assert(!label_read(readings[_i].text, label));
        ck_assert_str_eq(label, "before");
        return;
    }
    ck_assert(label_read(readings[_i].text, label));
    ck_assert_str_eq(label, readings[_i].label);
}
END_TEST

/* Forty cells with as many marks as a cell may have are more bytes than there are. */
START_TEST(marks_without_end_are_too_long)
{
    char text[40 * 10] = "", label[LABEL_BYTES];
    for (int i = 0; i < 30; i++)
        strcat(text, "a\xcc\x80\xcc\x81\xcc\x82");
    ck_assert(!label_read(text, label));
}
END_TEST

/* ---- rules ---- */

static const struct {
    const char *text, *label;
    struct seed_goal goal;
    const char *dir;
} rules[] = {
    {"films ratio=2", "films", {200, 0, 0}, NULL},
    {"  two  words  ratio=1.5 time=600\taction=remove ",
     "two  words",
     {150, 600, SEED_ACTION_REMOVE},
     NULL},
    {"x action=stop", "x", {0, 0, SEED_ACTION_STOP}, NULL},
    {"x ratio=0 time=0", "x", {SEED_NEVER, SEED_NEVER, 0}, NULL},
    {"x time=1 time=2", "x", {0, 2, 0}, NULL},
    {"x dir=/a b ratio=2", "x", {0, 0, 0}, "/a b ratio=2"},
    {"x ratio=2  dir=here", "x", {200, 0, 0}, "here"},
    {"\xe6\x98\x9f time=52560000", "\xe6\x98\x9f", {0, SEED_MINUTES_MOST, 0}, NULL},
};

START_TEST(a_rule_is_a_label_and_what_holds_for_it)
{
    struct label_rule rule;
    const char *fault = NULL;
    ck_assert(label_rule_read(rules[_i].text, &rule, &fault));
    ck_assert_str_eq(rule.label, rules[_i].label);
    ck_assert_uint_eq(rule.goal.ratio, rules[_i].goal.ratio);
    ck_assert_uint_eq(rule.goal.minutes, rules[_i].goal.minutes);
    ck_assert_uint_eq(rule.goal.action, rules[_i].goal.action);
    ck_assert_pstr_eq(rule.dir, rules[_i].dir);
}
END_TEST

static const struct {
    const char *text;
    int fault; /* where */
} wrong[] = {
    {"", 0},
    {"films", 5},
    {"ratio=2", 0},
    {" =", 0},
    {FORTY "x ratio=2", 0},
    {"x ratio=", 2},
    {"x ratio=-1", 2},
    {"x ratio=10001", 2},
    {"x time=1.5", 2},
    {"x time=52560001", 2},
    {"x action=delete", 2},
    {"x action=stopped", 2},
    {"x ratio=1 speed=2", 10},
    {"x ratio=1 y", 10},
    {"x rat=1", 2},
    {"x dir=", 2},
    {"x ratio=00000000000000000000000000000000000001", 2},
};

START_TEST(what_is_no_rule_is_pointed_at)
{
    struct label_rule rule = {.label = "before"};
    const char *fault = NULL;
    ck_assert(!label_rule_read(wrong[_i].text, &rule, &fault));
    ck_assert_msg(fault == wrong[_i].text + wrong[_i].fault, "%s: at “%s”",
                  wrong[_i].text, fault);
    ck_assert_str_eq(rule.label, "before");
}
END_TEST

/* ---- kept ---- */

static struct pair pair;

static const char *label_of(const struct side *side)
{
    return side_info(side).label;
}

START_TEST(a_torrent_keeps_its_label)
{
    const struct add_options options = {.label = "books"};
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    ck_assert_str_eq(label_of(&pair.leech), "books");
    torrent_set_label(pair.leech.session, pair.leech.id, "films");
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    pair.leech.id = session_at(pair.leech.session, 0);
    ck_assert_str_eq(label_of(&pair.leech), "films");
    torrent_set_label(pair.leech.session, pair.leech.id, "");
    ck_assert_str_eq(label_of(&pair.leech), "");
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

static bool leech_has_moved(const struct pair *with)
{
    const struct torrent_info info = side_info(&with->leech);
    return strstr(info.download_dir, "/films dir") != NULL && !info.moving;
}

START_TEST(a_label_has_a_directory_for_what_is_complete)
{
    char rule[160], dir[128];
    const char *const rules_given[] = {rule};
    const struct add_options options = {.label = "films"};
    pair_init(&pair, 32768);
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    snprintf(dir, sizeof dir, "%s/films dir", pair.root);
    snprintf(rule, sizeof rule, "films dir=%s", dir);
    session_set_label_rules(pair.leech.session, rules_given, 1);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &options), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, leech_has_moved, 20);
    ck_assert(pair_files_are_right(&pair, dir));
    ck_assert(!pair_files_are_right(&pair, pair.leech.down));
    ck_assert_uint_eq(pair.leech.completed, 1);
    side_close(&pair, &pair.leech);
    side_close(&pair, &pair.seed);
    pair_done(&pair);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *test_label_suite(void)
{
    Suite *suite = suite_create("label");
    TCase *tcase = tcase_create("label");
    tcase_add_loop_test(tcase, a_label_is_clean_and_fits, 0, COUNT(readings));
    tcase_add_test(tcase, marks_without_end_are_too_long);
    tcase_add_loop_test(tcase, a_rule_is_a_label_and_what_holds_for_it, 0, COUNT(rules));
    tcase_add_loop_test(tcase, what_is_no_rule_is_pointed_at, 0, COUNT(wrong));
    tcase_add_test(tcase, a_torrent_keeps_its_label);
    tcase_add_test(tcase, a_label_has_a_directory_for_what_is_complete);
    suite_add_tcase(suite, tcase);
    return suite;
}
