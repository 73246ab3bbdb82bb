#include "app/demo_data.h"
#include "meta/metainfo.h"
#include "tests/unit/app/check_demo.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char words[] = "words of a file that says something";
static const struct demo_file files[] = {
    {"one/Первый.bin", 70001, NULL},
    {"two.txt", 0, words},
    {"empty", 0, ""},
    {"one/deep/三.bin", 123457, NULL},
};
static const struct demo_torrent_plan plan = {"Вещи 物", "comment", 16384, files, 4};

START_TEST(content_is_the_same_from_any_offset)
{
    const uint64_t total = demo_data_bytes(&plan);
    uint8_t *whole = malloc(total), part[97];
    ck_assert_ptr_nonnull(whole);
    ck_assert_uint_eq(total, 70001 + strlen(words) + 123457);
    demo_data_fill(&plan, 0, whole, total);
    for (uint64_t at = 0; at < total; at += 61) {
        const size_t length = total - at < sizeof part ? total - at : sizeof part;
        demo_data_fill(&plan, at, part, length);
        ck_assert_mem_eq(part, whole + at, length);
    }
    ck_assert_mem_eq(whole + 70001, words, strlen(words));
    free(whole);
}
END_TEST

START_TEST(torrent_file_is_valid_and_about_the_content)
{
    struct buffer torrent;
    struct metainfo *meta;
    struct metainfo_error why;
    uint8_t piece[16384], sha1[SHA1_BYTES];
    buffer_init(&torrent, 1 << 20);
    ck_assert_int_eq(demo_data_metainfo(&plan, 4321, &torrent), ERROR_NONE);
    ck_assert_msg(metainfo_parse(torrent.bytes, torrent.length, &meta, &why) ==
                      ERROR_NONE,
                  "%s", why.message);
    ck_assert_str_eq(meta->name, plan.name);
    ck_assert_uint_eq(meta->total_bytes, demo_data_bytes(&plan));
    ck_assert_uint_eq(meta->file_count, 4);
    ck_assert_str_eq(metainfo_file_path(meta, 3), "one/deep/三.bin");
    ck_assert(meta->is_private);
    ck_assert_uint_eq(meta->warnings, 0);
    ck_assert_uint_eq(meta->tracker_count, 1);
    ck_assert_str_eq(meta->trackers[0].url, "http://127.0.0.1:4321/announce");
    for (uint32_t i = 0; i < meta->piece_count; i++) {
        const uint32_t length = metainfo_piece_length(meta, i);
        demo_data_fill(&plan, (uint64_t)i * 16384, piece, length);
        digest_sha1(piece, length, sha1);
        ck_assert_mem_eq(sha1, meta->piece_hashes + (size_t)i * SHA1_BYTES, SHA1_BYTES);
    }
    metainfo_free(meta);
    buffer_done(&torrent);
}
END_TEST

static int remove_entry(const char *path, const struct stat *status, int kind,
                        struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

/* How many of the torrent's pieces stand in the files below DIR as they should. */
static uint32_t count_pieces(const char *dir)
{
    const uint64_t total = demo_data_bytes(&plan);
    uint8_t *whole = malloc(total), *found = calloc(1, total);
    uint64_t at = 0;
    uint32_t right = 0;
    ck_assert(whole != NULL && found != NULL);
    demo_data_fill(&plan, 0, whole, total);
    for (uint32_t i = 0; i < plan.file_count; i++) {
        char path[512];
        const uint64_t length =
            files[i].text != NULL ? strlen(files[i].text) : files[i].bytes;
        snprintf(path, sizeof path, "%s/%s/%s", dir, plan.name, files[i].path);
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        ck_assert_msg(fd >= 0, "%s", path);
        ck_assert_int_ge(read(fd, found + at, length), 0);
        close(fd);
        at += length;
    }
    for (uint64_t begin = 0; begin < total; begin += plan.piece_bytes) {
        const uint64_t left = total - begin;
        const size_t length = left < plan.piece_bytes ? left : plan.piece_bytes;
        right += memcmp(whole + begin, found + begin, length) == 0;
    }
    free(whole);
    free(found);
    return right;
}

static const struct {
    int percent;
    uint32_t least, most; /* of 12 pieces */
} shares[] = {{100, 12, 12}, {50, 2, 10}, {0, 0, 0}};

START_TEST(share_is_written)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s/share-%d", check_demo_tmpdir(), _i);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    ck_assert_int_eq(demo_data_write(&plan, dir, shares[_i].percent, 7), ERROR_NONE);
    const uint32_t right = count_pieces(dir);
    nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    ck_assert_uint_ge(right, shares[_i].least);
    ck_assert_uint_le(right, shares[_i].most);
}
END_TEST

START_TEST(directory_that_is_missing_is_an_error)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s/nowhere/at-all", check_demo_tmpdir());
    ck_assert_int_eq(demo_data_write(&plan, dir, 100, 0), ERROR_NOT_FOUND);
}
END_TEST

Suite *test_demo_data_suite(void)
{
    Suite *suite = suite_create("demo_data");
    TCase *cases = tcase_create("demo_data");
    tcase_add_test(cases, content_is_the_same_from_any_offset);
    tcase_add_test(cases, torrent_file_is_valid_and_about_the_content);
    tcase_add_loop_test(cases, share_is_written, 0,
                        (int)(sizeof shares / sizeof shares[0]));
    tcase_add_test(cases, directory_that_is_missing_is_an_error);
    suite_add_tcase(suite, cases);
    return suite;
}
