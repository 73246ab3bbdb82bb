#include "torrent/download_path.h"

#include "disk/storage.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_download_path_suite(void);

static char root[64];

static void setup(void)
{
    char path[128];
    snprintf(root, sizeof root, "/tmp/bttui-path-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(path, sizeof path, "%s/link", root);
    ck_assert_int_eq(symlink(".", path), 0);
}

static void teardown(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/link", root);
    unlink(path);
    rmdir(root);
}

static uint8_t hashes[2][SHA1_BYTES] = {{1}, {2}};

static struct metainfo meta_of(char *name, struct metainfo_file *files, uint32_t count,
                               int hash)
{
    return (struct metainfo){.name = name,
                             .files = files,
                             .file_count = count,
                             .piece_bytes = 16384,
                             .piece_count = 1,
                             .piece_hashes = hashes[hash],
                             .total_bytes = 10};
}

static const char *below(const char *rest)
{
    static char paths[2][160];
    static int turn;
    turn = 1 - turn;
    snprintf(paths[turn], sizeof paths[turn], "%s%s", root, rest);
    return paths[turn];
}

START_TEST(paths_become_absolute_and_links_are_seen_through)
{
    char *path = download_path_absolute("x/y");
    ck_assert_int_eq(path[0], '/');
    ck_assert_str_eq(path + strlen(path) - 4, "/x/y");
    free(path);
    char *here = getcwd(NULL, 0);
    static const char *const dots[] = {".", "./", ".//."};
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++) {
        path = download_path_absolute(dots[i]);
        ck_assert_str_eq(path, here);
        free(path);
    }
    free(here);
    path = download_path_resolved(below("/link/not/there"));
    char *real = realpath(root, NULL);
    ck_assert_int_eq(strncmp(path, real, strlen(real)), 0);
    ck_assert_str_eq(path + strlen(real), "/not/there");
    free(real);
    free(path);
    path = download_path_resolved("/no-such-directory-here/x");
    ck_assert_str_eq(path, "/no-such-directory-here/x");
    free(path);
    path = download_path_resolved("/");
    ck_assert_str_eq(path, "/");
    free(path);
}
END_TEST

/* T39, also before the directory exists. */
START_TEST(the_state_directory_is_no_place_for_payload)
{
    static char name[] = "state";
    const struct metainfo meta = meta_of(name, NULL, 0, 0);
    ck_assert(download_path_is_inside(&meta, below("/state"), below("/state")));
    ck_assert(download_path_is_inside(&meta, below("/state/deep/er"), below("/state")));
    ck_assert(download_path_is_inside(&meta, below("/link/state/x"), below("/state")));
    ck_assert(download_path_is_inside(&meta, root, below("/state")));
    ck_assert(download_path_is_inside(&meta, root, below("/state/sub")));
    ck_assert(!download_path_is_inside(&meta, below("/statement"), below("/state")));
    ck_assert(!download_path_is_inside(&meta, below("/down"), below("/state")));
}
END_TEST

static bool overlap_until_complete(const struct metainfo *a, const char *a_dir,
                                   const char *a_suffix, const struct metainfo *b,
                                   const char *b_dir)
{
    char *a_root = download_path_root(a, a_dir), *b_root = download_path_root(b, b_dir);
    const struct download_place first = {a, a_dir, a_root, a_suffix};
    const struct download_place second = {b, b_dir, b_root, NULL};
    const bool answer = download_path_overlaps(&first, &second);
    free(a_root);
    free(b_root);
    return answer;
}

static bool overlap(const struct metainfo *a, const char *a_dir, const struct metainfo *b,
                    const char *b_dir)
{
    return overlap_until_complete(a, a_dir, NULL, b, b_dir);
}

START_TEST(two_torrents_never_share_a_file_unless_they_are_the_same_content)
{
    static char n[] = "n", m[] = "m";
    static char path_a[] = "n/a", path_b[] = "n/b", path_c[] = "m/n/a";
    struct metainfo_file only_a[] = {{path_a, 0, 10, false}};
    struct metainfo_file a_and_b[] = {{path_a, 0, 5, false}, {path_b, 5, 5, false}};
    struct metainfo_file only_b[] = {{path_b, 0, 10, false}};
    struct metainfo_file deep[] = {{path_c, 0, 10, false}};
    struct metainfo_file pad_a[] = {{path_a, 0, 10, true}};
    const struct metainfo a = meta_of(n, only_a, 1, 0), twin = meta_of(n, only_a, 1, 0);
    const struct metainfo other = meta_of(n, only_a, 1, 1);
    const struct metainfo both = meta_of(n, a_and_b, 2, 0), b = meta_of(n, only_b, 1, 1);
    const struct metainfo nested = meta_of(m, deep, 1, 1), pad = meta_of(n, pad_a, 1, 1);
    ck_assert(!overlap(&a, root, &twin, root)); /* the same content */
    ck_assert(overlap(&a, root, &other, root));
    ck_assert(overlap(&both, root, &other, root));
    ck_assert(!overlap(&a, root, &b, root)); /* side by side */
    ck_assert(overlap(&both, root, &b, below("/link")));
    ck_assert(!overlap(&a, root, &other, below("/elsewhere")));
    ck_assert(overlap(&nested, root, &other, below("/m")));
    ck_assert(!overlap(&a, root, &pad, root)); /* nobody writes padding */
    char parts[STORAGE_PARTS_NAME_SIZE];
    storage_parts_name(&a.hash, parts);
    const struct metainfo thief = meta_of(parts, only_b, 1, 1);
    ck_assert(overlap(&a, root, &thief, below("/link")));
    ck_assert(overlap(&thief, root, &a, root));
    ck_assert(!overlap(&a, root, &thief, below("/elsewhere")));
    static struct metainfo_file only_n[] = {{n, 0, 10, false}};
    struct metainfo file = meta_of(n, only_n, 1, 0), directory = meta_of(n, only_b, 1, 1);
    directory.multi_file = true;
    ck_assert(overlap(&file, root, &directory, root));
}
END_TEST

/* T47: what is called otherwise until it is complete, too. */
START_TEST(a_suffix_is_no_way_into_the_files_of_another)
{
    static char x[] = "x", xp[] = "x.part", n[] = "n", path[] = "n/x",
                path_p[] = "n/x.part";
    static char inside[] = "x.part/x", xq[] = "x.party";
    static struct metainfo_file only_x[] = {{x, 0, 10, false}};
    static struct metainfo_file only_xp[] = {{xp, 0, 10, false}};
    static struct metainfo_file only_xq[] = {{xq, 0, 10, false}};
    static struct metainfo_file below_n[] = {{path, 0, 10, false}};
    static struct metainfo_file below_n_p[] = {{path_p, 0, 10, false}};
    static struct metainfo_file below_xp[] = {{inside, 0, 10, false}};
    const struct metainfo file = meta_of(x, only_x, 1, 0),
                          taker = meta_of(xp, only_xp, 1, 1);
    const struct metainfo longer = meta_of(xq, only_xq, 1, 1);
    struct metainfo many = meta_of(n, below_n, 1, 0), thief = meta_of(n, below_n_p, 1, 1);
    struct metainfo dir = meta_of(xp, below_xp, 1, 1);
    many.multi_file = thief.multi_file = dir.multi_file = true;
    ck_assert(!overlap(&file, root, &taker, root));
    ck_assert(overlap_until_complete(&file, root, ".part", &taker, below("/link")));
    ck_assert(overlap_until_complete(&file, root, ".part", &dir, root));
    ck_assert(!overlap_until_complete(&file, root, ".part", &longer, root));
    ck_assert(!overlap_until_complete(&file, root, ".part", &taker, below("/elsewhere")));
    ck_assert(!overlap_until_complete(&taker, root, ".part", &file, root));
    ck_assert(!overlap(&many, root, &thief, root));
    ck_assert(overlap_until_complete(&many, root, ".part", &thief, root));
    ck_assert(!overlap_until_complete(&thief, root, ".part", &many, root));
}
END_TEST

Suite *test_download_path_suite(void)
{
    Suite *suite = suite_create("download_path");
    TCase *tcase = tcase_create("download_path");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, paths_become_absolute_and_links_are_seen_through);
    tcase_add_test(tcase, the_state_directory_is_no_place_for_payload);
    tcase_add_test(tcase,
                   two_torrents_never_share_a_file_unless_they_are_the_same_content);
    tcase_add_test(tcase, a_suffix_is_no_way_into_the_files_of_another);
    suite_add_tcase(suite, tcase);
    return suite;
}
