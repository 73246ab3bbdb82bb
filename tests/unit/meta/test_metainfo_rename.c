/* Torrents under other names than their own: what may be one, and what is noted. */
#include "meta/metainfo_rename.h"

#include "tests/unit/meta/check_meta.h"
#include "tests/unit/meta/notation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_ROW(path) "d'length'i4e'path'l" path "ee"

static struct metainfo *make(void)
{
    return notation_accept(FILES(FILE_ROW("'a'") FILE_ROW("'d''b'") FILE_ROW("'d''c'")
                                     FILE_ROW("'d''e''f'")));
}

static void expect_paths(const struct metainfo *metainfo, const char *paths)
{
    char text[512] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < metainfo->file_count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                 i > 0 ? "|" : "", metainfo->files[i].path);
    ck_assert_str_eq(text, paths);
}

#define LONG240                                                                          \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"   \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"   \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* PATHS: NULL where it is refused with ERROR. T24, T25, T28, T32: as in a torrent. */
static const struct {
    const char *path, *name;
    enum error_code error;
    const char *paths;
} rows[] = {
    {"n", "m", ERROR_NONE, "m/a|m/d/b|m/d/c|m/d/e/f"},
    {"n/a", "x y", ERROR_NONE, "n/x y|n/d/b|n/d/c|n/d/e/f"},
    {"n/d", "x", ERROR_NONE, "n/a|n/x/b|n/x/c|n/x/e/f"},
    {"n/d/e", "x", ERROR_NONE, "n/a|n/d/b|n/d/c|n/d/x/f"},
    {"n/d/e/f", "f.txt", ERROR_NONE, "n/a|n/d/b|n/d/c|n/d/e/f.txt"},
    {"n/d/b", "B", ERROR_NONE, "n/a|n/d/B|n/d/c|n/d/e/f"},
    {"n/a", LONG240, ERROR_NONE, "n/" LONG240 "|n/d/b|n/d/c|n/d/e/f"},
    {"n/a", LONG240 "a", ERROR_NAME, NULL},
    {"n/x", "y", ERROR_NOT_FOUND, NULL},
    {"n/d/", "y", ERROR_NOT_FOUND, NULL},
    {"n/a/b", "y", ERROR_NOT_FOUND, NULL},
    {"", "y", ERROR_NOT_FOUND, NULL},
    {"n/a", "d", ERROR_EXISTS, NULL},
    {"n/a", "D", ERROR_NONE, "n/D|n/d/b|n/d/c|n/d/e/f"},
    {"n/d", "a", ERROR_EXISTS, NULL},
    {"n/d/b", "c", ERROR_EXISTS, NULL},
    {"n/d/b", "C", ERROR_EXISTS, NULL},
    {"n/d/b", "e", ERROR_EXISTS, NULL},
    {"n/d/e", "b", ERROR_EXISTS, NULL},
    {"n/a", "", ERROR_NAME, NULL},
    {"n/a", ".", ERROR_NAME, NULL},
    {"n/a", "..", ERROR_NAME, NULL},
    {"n", "..", ERROR_NAME, NULL},
    {"n/a", "../a", ERROR_NAME, NULL},
    {"n/a", "x/y", ERROR_NAME, NULL},
    {"n/a", "/etc", ERROR_NAME, NULL},
    {"n/a", "x\\y", ERROR_NAME, NULL},
    {"n/a", "x\x1b[2J", ERROR_NAME, NULL},
    {"n/a", "x\ny", ERROR_NAME, NULL},
    {"n/a", "\xff", ERROR_NAME, NULL},
};

START_TEST(a_name_is_given_or_refused)
{
    struct metainfo *own = make(), *renamed = NULL;
    ck_assert_int_eq(metainfo_rename(own, rows[_i].path, rows[_i].name, &renamed),
                     rows[_i].error);
    expect_paths(own, "n/a|n/d/b|n/d/c|n/d/e/f");
    if (rows[_i].paths != NULL) {
        expect_paths(renamed, rows[_i].paths);
        ck_assert_ptr_eq(renamed->own, own);
        ck_assert_ptr_eq(renamed->piece_hashes, own->piece_hashes);
        ck_assert(memcmp(&renamed->hash, &own->hash, sizeof own->hash) == 0);
    } else {
        ck_assert_ptr_null(renamed);
    }
    metainfo_free(own); /* RENAMED keeps it */
    if (renamed != NULL)
        ck_assert_uint_eq(renamed->piece_hashes[0], 'A');
    metainfo_free(renamed);
}
END_TEST

static struct metainfo *again(struct metainfo *metainfo, const char *path,
                              const char *name)
{
    struct metainfo *renamed;
    ck_assert_int_eq(metainfo_rename(metainfo, path, name, &renamed), ERROR_NONE);
    metainfo_free(metainfo);
    return renamed;
}

START_TEST(renamed_back_it_is_what_was_read)
{
    struct metainfo *own = make();
    struct metainfo *renamed = again(metainfo_ref(own), "n/d", "x");
    renamed = again(renamed, "n/x/b", "a");
    renamed = again(renamed, "n", "m");
    expect_paths(renamed, "m/a|m/x/a|m/x/c|m/x/e/f");
    renamed = again(renamed, "m/x/a", "b");
    renamed = again(renamed, "m/x", "d");
    ck_assert_ptr_ne(renamed, own);
    renamed = again(renamed, "m", "n");
    ck_assert_ptr_eq(renamed, own);
    metainfo_free(renamed);
    metainfo_free(own);
}
END_TEST

START_TEST(what_is_noted_brings_the_names_back)
{
    struct metainfo_given names;
    struct metainfo *own = make(), *back;
    struct metainfo *renamed = again(metainfo_ref(own), "n/d/e", "x");
    renamed = again(renamed, "n/a", "z");
    ck_assert_int_eq(metainfo_given_of(renamed, &names), ERROR_NONE);
    ck_assert_ptr_null(names.name);
    ck_assert_uint_eq(names.count, 2);
    ck_assert_uint_eq(names.paths[1].file, 3);
    ck_assert_str_eq(names.paths[1].path, "d/x/f");
    metainfo_given_done(&names);
    renamed = again(renamed, "n", "m");
    ck_assert_int_eq(metainfo_given_of(renamed, &names), ERROR_NONE);
    ck_assert_str_eq(names.name, "m");
    ck_assert_uint_eq(names.count, 2);
    ck_assert_int_eq(metainfo_apply_given(own, &names, &back), ERROR_NONE);
    expect_paths(back, "m/z|m/d/b|m/d/c|m/d/x/f");
    metainfo_given_done(&names);
    ck_assert_int_eq(metainfo_given_of(own, &names), ERROR_NONE);
    ck_assert_ptr_null(names.name);
    ck_assert_uint_eq(names.count, 0);
    metainfo_free(back);
    metainfo_free(renamed);
    metainfo_free(own);
}
END_TEST

/* R2: the notes are anybody's by the time they are read. */
static const struct {
    const char *name;
    uint32_t file;
    const char *path;
    enum error_code error;
} notes[] = {
    {NULL, 4, "x", ERROR_INVALID},      {NULL, 0, "../x", ERROR_NAME},
    {NULL, 0, "x/../../y", ERROR_NAME}, {NULL, 0, "/x", ERROR_NAME},
    {NULL, 0, "x/", ERROR_NAME},        {NULL, 0, "", ERROR_NAME},
    {NULL, 0, "d/b", ERROR_EXISTS},     {NULL, 0, "d/b/x", ERROR_EXISTS},
    {NULL, 0, "d", ERROR_EXISTS},       {"..", 0, "a", ERROR_NAME},
    {"a/b", 0, "a", ERROR_NAME},        {"", 0, "a", ERROR_NAME},
    {NULL, 0, "x\x1b", ERROR_NAME},     {NULL, 0, "deeper/than/before", ERROR_NONE},
};

START_TEST(notes_lead_nowhere_else)
{
    char path[64], name[16];
    struct metainfo *own = make(), *renamed = NULL;
    struct metainfo_new_path new_path = {notes[_i].file, path};
    struct metainfo_given names = {.paths = &new_path, .count = 1};
    snprintf(path, sizeof path, "%s", notes[_i].path);
    if (notes[_i].name != NULL) {
        snprintf(name, sizeof name, "%s", notes[_i].name);
        names.name = name;
    }
    ck_assert_int_eq(metainfo_apply_given(own, &names, &renamed), notes[_i].error);
    metainfo_free(renamed);
    metainfo_free(own);
}
END_TEST

START_TEST(a_torrent_of_one_file_has_one_name)
{
    struct metainfo_given names;
    struct metainfo *own = notation_accept(INFO(ONE_FILE)), *back;
    struct metainfo *renamed = again(metainfo_ref(own), "n", "m.iso");
    expect_paths(renamed, "m.iso");
    ck_assert_str_eq(renamed->name, "m.iso");
    ck_assert_int_eq(metainfo_given_of(renamed, &names), ERROR_NONE);
    ck_assert_uint_eq(names.count, 0);
    ck_assert_int_eq(metainfo_apply_given(own, &names, &back), ERROR_NONE);
    expect_paths(back, "m.iso");
    metainfo_given_done(&names);
    metainfo_free(back);
    metainfo_free(renamed);
    metainfo_free(own);
}
END_TEST

/* T31: which of them is called what follows from all their names. */
START_TEST(of_names_that_nearly_coincide_only_the_whole_is_renamed)
{
    struct metainfo *own = notation_accept(FILES(FILE_ROW("'A'") FILE_ROW("'a'")));
    struct metainfo *renamed;
    ck_assert_int_eq(metainfo_rename(own, "n/a", "b", &renamed), ERROR_REFUSED);
    renamed = again(own, "n", "m");
    expect_paths(renamed, "m/A|m/a");
    metainfo_free(renamed);
}
END_TEST

START_TEST(portable_names_stay_portable)
{
    struct metainfo_error error;
    struct metainfo *own = make(), *renamed;
    ck_assert_int_eq(metainfo_set_names(own, METAINFO_NAMES_PORTABLE, &error),
                     ERROR_NONE);
    ck_assert_int_eq(metainfo_rename(own, "n/a", "x:y", &renamed), ERROR_NAME);
    ck_assert_int_eq(metainfo_rename(own, "n/a", "con.txt", &renamed), ERROR_NAME);
    renamed = again(own, "n/a", "x");
    metainfo_free(renamed);
}
END_TEST

Suite *suite_metainfo_rename(void)
{
    Suite *suite = suite_create("metainfo_rename");
    TCase *tcase = tcase_create("names");
    tcase_add_loop_test(tcase, a_name_is_given_or_refused, 0,
                        (int)(sizeof rows / sizeof *rows));
    tcase_add_test(tcase, renamed_back_it_is_what_was_read);
    tcase_add_test(tcase, what_is_noted_brings_the_names_back);
    tcase_add_loop_test(tcase, notes_lead_nowhere_else, 0,
                        (int)(sizeof notes / sizeof *notes));
    tcase_add_test(tcase, a_torrent_of_one_file_has_one_name);
    tcase_add_test(tcase, of_names_that_nearly_coincide_only_the_whole_is_renamed);
    tcase_add_test(tcase, portable_names_stay_portable);
    suite_add_tcase(suite, tcase);
    return suite;
}
