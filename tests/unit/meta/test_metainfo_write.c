/* Making a .torrent file: its bytes, and that they are read as they were meant. */
#include "meta/metainfo_write.h"
#include "tests/unit/meta/check_meta.h"
#include "tests/unit/meta/notation.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t hashes[] = "AAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBB";
static const struct metainfo_plan_file alone[] = {{NULL, 20000}};
static const struct metainfo_plan_file several[] = {
    {"a/x y", 16384}, {"a/\xe6\x97\xa5", 0}, {"b", 3616}};
static char tracker_a[] = "http://a.example/announce", tracker_b[] = "udp://b.example:80",
            tracker_c[] = "https://c.example/";
static const struct metainfo_tracker trackers[] = {
    {tracker_a, 0}, {tracker_b, 0}, {tracker_c, 1}};
static const char *const webseeds[] = {"http://w.example/", "https://w.example/2/"};

static struct metainfo_plan plan_alone(void)
{
    return (struct metainfo_plan){.name = "n",
                                  .files = alone,
                                  .file_count = 1,
                                  .piece_bytes = 16384,
                                  .piece_count = 2,
                                  .piece_hashes = hashes,
                                  .created_s = -1};
}

static struct metainfo_plan plan_full(void)
{
    return (struct metainfo_plan){.name = "Big Buck",
                                  .files = several,
                                  .file_count = 3,
                                  .multi_file = true,
                                  .piece_bytes = 16384,
                                  .piece_count = 2,
                                  .piece_hashes = hashes,
                                  .is_private = true,
                                  .source = "S",
                                  .comment = "a word",
                                  .created_s = 1600000000,
                                  .trackers = trackers,
                                  .tracker_count = 3,
                                  .webseeds = webseeds,
                                  .webseed_count = 2};
}

#define PIECES "'AAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBB'"

static void expect_bytes(const struct metainfo_plan *plan, const char *notation)
{
    struct buffer wanted, written;
    buffer_init(&wanted, 10000);
    buffer_init(&written, 10000);
    notation_append(&wanted, notation);
    ck_assert_int_eq(metainfo_write(plan, &written), ERROR_NONE);
    ck_assert_msg(written.length == wanted.length &&
                      memcmp(written.bytes, wanted.bytes, wanted.length) == 0,
                  "%.*s", (int)written.length, (const char *)written.bytes);
    buffer_done(&wanted);
    buffer_done(&written);
}

START_TEST(the_least_torrent_has_nothing_but_its_info)
{
    const struct metainfo_plan plan = plan_alone();
    expect_bytes(&plan,
                 "d'info'd'length'i20000e'name''n''piece length'i16384e'pieces'" PIECES
                 "ee");
}
END_TEST

START_TEST(all_that_can_be_told_stands_in_the_order_of_the_keys)
{
    const struct metainfo_plan plan = plan_full();
    expect_bytes(&plan,
                 "d'announce''http://a.example/announce'"
                 "'announce-list'll'http://a.example/announce''udp://b.example:80'e"
                 "l'https://c.example/'ee"
                 "'comment''a word''creation date'i1600000000e"
                 "'info'd'files'ld'length'i16384e'path'l'a''x y'ee"
                 "d'length'i0e'path'l'a''\xe6\x97\xa5'ee"
                 "d'length'i3616e'path'l'b'eee"
                 "'name''Big Buck''piece length'i16384e'pieces'" PIECES
                 "'private'i1e'source''S'e"
                 "'url-list'l'http://w.example/''https://w.example/2/'ee");
}
END_TEST

START_TEST(one_tracker_and_one_web_seed_need_no_list)
{
    struct metainfo_plan plan = plan_alone();
    plan.trackers = trackers;
    plan.tracker_count = 1;
    plan.webseeds = webseeds;
    plan.webseed_count = 1;
    expect_bytes(&plan,
                 "d'announce''http://a.example/announce'"
                 "'info'd'length'i20000e'name''n''piece length'i16384e'pieces'" PIECES
                 "e'url-list''http://w.example/'e");
}
END_TEST

START_TEST(a_directory_of_one_file_stays_a_directory)
{
    const struct metainfo_plan plan = {.name = "n",
                                       .files = several,
                                       .file_count = 1,
                                       .multi_file = true,
                                       .piece_bytes = 16384,
                                       .piece_count = 1,
                                       .piece_hashes = hashes,
                                       .created_s = -1};
    expect_bytes(&plan, "d'info'd'files'ld'length'i16384e'path'l'a''x y'eee'name''n'"
                        "'piece length'i16384e'pieces''AAAAAAAAAAAAAAAAAAAA'ee");
}
END_TEST

static struct metainfo *read_back(const struct metainfo_plan *plan)
{
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    struct metainfo_error error;
    buffer_init(&buffer, METAINFO_MAX_BYTES);
    ck_assert_int_eq(metainfo_write(plan, &buffer), ERROR_NONE);
    ck_assert_msg(metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error) ==
                      ERROR_NONE,
                  "%s", error.message);
    buffer_done(&buffer);
    return metainfo;
}

START_TEST(what_is_read_back_is_what_was_planned)
{
    const struct metainfo_plan plans[] = {plan_alone(), plan_full()};
    for (int i = 0; i < 2; i++) {
        uint32_t file = 0;
        struct metainfo_plan plan = plans[i];
        struct metainfo *metainfo = read_back(&plan);
        ck_assert_uint_eq(metainfo->warnings, 0);
        ck_assert(metainfo_is_as_planned(metainfo, &plan, &file));
        plan.piece_hashes = NULL;
        ck_assert(metainfo_is_as_planned(metainfo, &plan, &file));
        metainfo_free(metainfo);
        metainfo = read_back(&plan);
        plan.piece_hashes = hashes; /* they were not known when it was written */
        ck_assert(!metainfo_is_as_planned(metainfo, &plan, &file));
        ck_assert_uint_eq(file, plan.file_count);
        metainfo_free(metainfo);
    }
}
END_TEST

/* Each a change of the plan after it was written. */
static void other_name(struct metainfo_plan *plan)
{
    plan->name = "n";
}
static void other_size(struct metainfo_plan *plan)
{
    plan->piece_bytes = 32768;
}
static void other_comment(struct metainfo_plan *plan)
{
    plan->comment = NULL;
}
static void other_date(struct metainfo_plan *plan)
{
    plan->created_s = -1;
}
static void not_private(struct metainfo_plan *plan)
{
    plan->is_private = false;
}
static void fewer_trackers(struct metainfo_plan *plan)
{
    plan->tracker_count--;
}
static void other_web_seeds(struct metainfo_plan *plan)
{
    static const char *const others[] = {"http://w.example/", "https://w.example/3/"};
    plan->webseeds = others;
}
static void fewer_files(struct metainfo_plan *plan)
{
    plan->file_count--;
}

START_TEST(every_difference_is_seen)
{
    static void (*const changes[])(struct metainfo_plan *) = {
        other_name,  other_size,     other_comment,   other_date,
        not_private, fewer_trackers, other_web_seeds, fewer_files};
    const struct metainfo_plan full = plan_full();
    struct metainfo *metainfo = read_back(&full);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint32_t file;
        struct metainfo_plan plan = full;
        changes[i](&plan);
        ck_assert_msg(!metainfo_is_as_planned(metainfo, &plan, &file), "%zu", i);
        ck_assert_uint_eq(file, plan.file_count);
    }
    metainfo_free(metainfo);
}
END_TEST

START_TEST(a_file_that_would_be_another_is_named)
{
    static const char *const names[] = {"a\\b", "x\xff", "a:/..", ".pad/10"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint32_t file = 0;
        const struct metainfo_plan_file files[] = {{"a", 10}, {names[i], 10}};
        struct metainfo_plan plan = plan_full();
        plan.files = files;
        plan.file_count = 2;
        plan.piece_count = 1;
        struct metainfo *metainfo = read_back(&plan);
        ck_assert_msg(!metainfo_is_as_planned(metainfo, &plan, &file), "%s", names[i]);
        ck_assert_uint_eq(file, 1);
        metainfo_free(metainfo);
    }
}
END_TEST

START_TEST(more_than_a_torrent_file_may_have_is_a_limit)
{
    struct buffer buffer;
    struct metainfo_plan plan = plan_alone();
    plan.piece_hashes = NULL;
    plan.piece_count = 2000000;
    buffer_init(&buffer, METAINFO_MAX_BYTES);
    ck_assert_int_eq(metainfo_write(&plan, &buffer), ERROR_LIMIT);
    buffer_done(&buffer);
}
END_TEST

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define TIB (1024 * 1024 * MIB)

START_TEST(pieces_are_a_thousand_or_two_where_that_is_sensible)
{
    static const struct {
        uint64_t total;
        uint64_t piece;
    } cases[] = {
        {1, 16 * KIB},
        {2000 * 16 * KIB, 16 * KIB},
        {2000 * 16 * KIB + 1, 32 * KIB},
        {700 * MIB, 512 * KIB},
        {4700 * MIB, 4 * MIB},
        {2000 * 8 * MIB, 8 * MIB},
        {2000 * 8 * MIB + 1, 16 * MIB},
        {TIB, 16 * MIB},
        {1000000 * 16 * MIB, 16 * MIB},
        {1000000 * 16 * MIB + 1, 32 * MIB},
        {(UINT64_C(1) << 48) - 1, 256 * MIB},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(metainfo_choose_piece_bytes(cases[i].total) == cases[i].piece,
                      "%llu", (unsigned long long)cases[i].total);
}
END_TEST

Suite *suite_metainfo_write(void)
{
    Suite *suite = suite_create("metainfo_write");
    TCase *tcase = tcase_create("metainfo_write");
    tcase_add_test(tcase, the_least_torrent_has_nothing_but_its_info);
    tcase_add_test(tcase, all_that_can_be_told_stands_in_the_order_of_the_keys);
    tcase_add_test(tcase, one_tracker_and_one_web_seed_need_no_list);
    tcase_add_test(tcase, a_directory_of_one_file_stays_a_directory);
    tcase_add_test(tcase, what_is_read_back_is_what_was_planned);
    tcase_add_test(tcase, every_difference_is_seen);
    tcase_add_test(tcase, a_file_that_would_be_another_is_named);
    tcase_add_test(tcase, more_than_a_torrent_file_may_have_is_a_limit);
    tcase_add_test(tcase, pieces_are_a_thousand_or_two_where_that_is_sensible);
    suite_add_tcase(suite, tcase);
    return suite;
}
