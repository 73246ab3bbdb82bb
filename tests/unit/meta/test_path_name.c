/* HOSTILE.md T29: names of every length, cut where a character ends. */
#include "meta/path_name.h"

#include "base/text.h"
#include "tests/unit/meta/check_meta.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* LENGTH bytes: UNIT over and over, then TAIL. */
static char *long_name(const char *unit, size_t length, const char *tail)
{
    char *name = malloc(length + 1);
    const size_t each = strlen(unit), end = length - strlen(tail);
    ck_assert_ptr_nonnull(name);
    for (size_t i = 0; i < end; i++)
        name[i] = unit[i % each];
    memcpy(name + end, tail, strlen(tail) + 1);
    return name;
}

static const struct {
    const char *row;
    const char *unit, *tail;
    size_t length;
    size_t kept; /* bytes of the result */
    bool same;
} cuts[] = {
    {"240 bytes are kept", "a", "", 240, 240, true},
    {"241 are cut", "a", "", 241, 240, false},
    {"255 are cut", "a", ".mkv", 255, 240, false},
    {"256 are cut", "a", ".mkv", 256, 240, false},
    {"70,000 keep their extension", "a", ".mkv", 70000, 240, false},
    {"an extension of ten", "a", ".abcdefghij", 300, 240, false},
    {"eleven is none", "a", ".abcdefghijk", 300, 240, false},
    {"never inside a character of three", "\xe6\x97\xa5", "", 300, 240, false},
    {"never inside a character, with an extension", "\xe6\x97\xa5", ".mkv", 304, 238,
     false},
    {"never inside a character of four", "\xf0\x9f\x98\x80", ".mkv", 404, 240, false},
    {"bad bytes shrink to one each", "\xff", "", 300, 240, false},
};

START_TEST(long_names_are_cut_and_keep_their_extension)
{
    char name[PATH_NAME_SIZE];
    char *raw = long_name(cuts[_i].unit, cuts[_i].length, cuts[_i].tail);
    ck_assert_msg(path_name_clean(raw, cuts[_i].length, name) == cuts[_i].same, "%s",
                  cuts[_i].row);
    ck_assert_msg(strlen(name) == cuts[_i].kept, "%s: %zu", cuts[_i].row, strlen(name));
    ck_assert(text_is_valid_utf8(name, strlen(name)));
    const size_t tail = strlen(cuts[_i].tail);
    if (tail <= 11)
        ck_assert_str_eq(name + strlen(name) - tail, cuts[_i].tail);
    free(raw);
}
END_TEST

START_TEST(names_that_are_not_names_become_one)
{
    static const char *const raws[] = {"", ".", "..", "/", "\\"};
    char name[PATH_NAME_SIZE];
    for (size_t i = 0; i < sizeof raws / sizeof *raws; i++) {
        ck_assert(!path_name_clean(raws[i], strlen(raws[i]), name));
        ck_assert_str_eq(name, "_");
    }
    ck_assert(!path_name_clean("a\0b", 3, name)); /* T26 */
    ck_assert_str_eq(name, "a_b");
    ck_assert(path_name_clean("...", 3, name));
    ck_assert_str_eq(name, "...");
}
END_TEST

static const struct {
    const char *name, *portable;
} portables[] = {
    {"a.txt", "a.txt"},
    {"CON", "_CON"}, /* T34 */
    {"con", "_con"},
    {"AUX.txt", "_AUX.txt"},
    {"Nul.tar.gz", "_Nul.tar.gz"},
    {"PRN .x", "_PRN .x"},
    {"COM1", "_COM1"},
    {"lpt9.c", "_lpt9.c"},
    {"COM", "COM"},
    {"COM10", "COM10"},
    {"CONSOLE", "CONSOLE"},
    {"x.CON", "x.CON"},
    {"a:b", "a_b"},
    {"<>:\"|?*", "_______"},
    {"a.", "a_"},
    {"a ", "a_"},
    {"a. . ", "a____"},
    {" .a", " .a"},
    {"...", "___"},
    {"CON.", "CON_"},
};

START_TEST(names_are_made_such_as_windows_takes)
{
    char name[PATH_NAME_SIZE];
    const char *portable = portables[_i].portable;
    strcpy(name, portables[_i].name);
    const bool same = path_name_make_portable(name);
    ck_assert_str_eq(name, portable);
    ck_assert(same == (strcmp(portables[_i].name, portable) == 0));
    ck_assert(path_name_make_portable(name)); /* for good */
    ck_assert_str_eq(name, portable);
}
END_TEST

START_TEST(a_device_with_the_longest_extension_is_still_a_name)
{
    char name[PATH_NAME_SIZE];
    memset(name, 'x', PATH_NAME_BYTES);
    memcpy(name, "con.", 4);
    name[PATH_NAME_BYTES] = '\0';
    ck_assert(!path_name_make_portable(name));
    ck_assert_uint_eq(strlen(name), PATH_NAME_BYTES);
    ck_assert_mem_eq(name, "_on.x", 5);
}
END_TEST

START_TEST(a_set_never_gives_one_path_twice)
{
    static const char *const paths[] = {"a", "a/b", "a/b", "a.1", "a.1/b",
                                        "a", "b/c", "b",   "b/c", "b/c/d"};
    const size_t count = sizeof paths / sizeof *paths;
    char *given[sizeof paths / sizeof *paths];
    unsigned renamed = 0;
    struct path_set *set = path_set_new(false);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(path_set_add(set, paths[i], &given[i], &renamed), ERROR_NONE);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const size_t length = strlen(given[i]);
            /* Neither the same, nor the one a directory of the other. */
            ck_assert_msg(i == j || strncmp(given[i], given[j], length) != 0 ||
                              (given[j][length] != '\0' && given[j][length] != '/'),
                          "%s and %s", given[i], given[j]);
        }
    }
    ck_assert_uint_gt(renamed, 0);
    for (size_t i = 0; i < count; i++)
        free(given[i]);
    path_set_free(set);
}
END_TEST

Suite *suite_path_name(void)
{
    Suite *suite = suite_create("path_name");
    TCase *tcase = tcase_create("path_name");
    tcase_add_loop_test(tcase, long_names_are_cut_and_keep_their_extension, 0,
                        sizeof cuts / sizeof *cuts);
    tcase_add_test(tcase, names_that_are_not_names_become_one);
    tcase_add_loop_test(tcase, names_are_made_such_as_windows_takes, 0,
                        sizeof portables / sizeof *portables);
    tcase_add_test(tcase, a_device_with_the_longest_extension_is_still_a_name);
    tcase_add_test(tcase, a_set_never_gives_one_path_twice);
    suite_add_tcase(suite, tcase);
    return suite;
}
