/* What files may be called until they are complete. */
#include "meta/path_suffix.h"

#include "tests/unit/meta/check_meta.h"

#include <stdint.h>
#include <string.h>

static const struct {
    const char *suffix;
    bool usable;
} suffixes[] = {
    {".part", true}, {".!qB", true},     {"~", true},      {".incomplete-yet", true},
    {"", false},     {"/x", false},      {"/../x", false}, {".0123456789abcdef", false},
    {"\x1b", false}, {".part\n", false}, {"\\x", false},   {".", false},
    {" ", false},    {":x", false},      {"\xff", false},
};

START_TEST(a_suffix_may_stand_behind_any_name)
{
    ck_assert_int_eq(path_suffix_is_usable(suffixes[_i].suffix), suffixes[_i].usable);
}
END_TEST

#define MOST 4
static const struct {
    const char *paths[MOST];
    bool fits;
} rows[] = {
    {{"n"}, true},
    {{"n/a", "n/b", "n/a.parts"}, true},
    {{"n/a", "n/a.part"}, false},
    {{"n/a", "n/A.PART"}, false},
    {{"n/a.part/b", "n/a"}, false},
    {{"n/a", "n/c/a.part"}, true},
    {{"n/a", "n/A"}, false}, /* T31: which is which is found out otherwise */
};

START_TEST(nothing_of_a_torrent_is_called_as_another_will_be)
{
    struct metainfo_file files[MOST] = {{0}};
    struct metainfo metainfo = {.files = files};
    bool fits = !rows[_i].fits;
    for (; metainfo.file_count < MOST && rows[_i].paths[metainfo.file_count] != NULL;
         metainfo.file_count++)
        files[metainfo.file_count].path =
            (char *)(uintptr_t)rows[_i].paths[metainfo.file_count];
    ck_assert_int_eq(path_suffix_fits(&metainfo, ".part", &fits), ERROR_NONE);
    ck_assert_int_eq(fits, rows[_i].fits);
}
END_TEST

Suite *suite_path_suffix(void)
{
    Suite *suite = suite_create("path_suffix");
    TCase *tcase = tcase_create("suffixes");
    tcase_add_loop_test(tcase, a_suffix_may_stand_behind_any_name, 0,
                        (int)(sizeof suffixes / sizeof *suffixes));
    tcase_add_loop_test(tcase, nothing_of_a_torrent_is_called_as_another_will_be, 0,
                        (int)(sizeof rows / sizeof *rows));
    suite_add_tcase(suite, tcase);
    return suite;
}
