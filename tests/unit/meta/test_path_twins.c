/* T31: names that some file systems take for one. */
#include "meta/path_twins.h"

#include "tests/unit/meta/check_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 6

/* TWINS as "file=first:name", joined by '|'. */
static const struct {
    const char *row;
    const char *paths[MOST];
    const char *twins;
} rows[] = {
    {"none", {"n/a", "n/b", "n/a.1"}, ""},
    {"alone", {"A"}, ""},
    {"case", {"n/X", "n/y", "n/x"}, "2=0:n/x.1"},
    {"case of a directory", {"n/D/a", "n/d/A", "n/d/b"}, "1=0:n/d/A.1"},
    {"three", {"n/ab", "n/Ab", "n/aB"}, "1=0:n/Ab.1|2=0:n/aB.2"},
    {"a name that is taken", {"n/X", "n/x", "n/X.1"}, "1=0:n/x.3"},
    {"Latin, Greek, Cyrillic",
     {"\xc3\x89", "\xc3\xa9", "\xce\xa9", "\xcf\x89", "\xd0\x96", "\xd0\xb6"},
     "1=0:\xc3\xa9.1|3=2:\xcf\x89.1|5=4:\xd0\xb6.1"},
    {"an accent, composed and not", {"n/e\xcc\x81t", "n/\xc3\xa9t"}, "1=0:n/\xc3\xa9t.1"},
    {"and in the other case", {"n/E\xcc\x81", "n/\xc3\xa9"}, "1=0:n/\xc3\xa9.1"},
    {"kana", {"\xe3\x81\x8b\xe3\x82\x99", "\xe3\x81\x8c"}, "1=0:\xe3\x81\x8c.1"},
    {"Korean",
     {"\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8"},
     "1=0:\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8.1"},
    {"what only looks alike to the loose key", {"\xe4\xb8\x80.x", "\xe4\xba\x8c.x"}, ""},
};

static void put_twins(const struct path_twins *twins, char *ret_text, size_t size)
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (uint32_t i = 0; twins != NULL && i < twins->count; i++) {
        const struct path_twin *twin = &twins->twins[i];
        ck_assert_ptr_eq(path_twins_of(twins, twin->file), twin);
        used += (size_t)snprintf(ret_text + used, size - used, "%s%u=%u:%s",
                                 i > 0 ? "|" : "", twin->file, twin->first, twin->name);
    }
}

START_TEST(names_that_may_be_one_are_found)
{
    struct metainfo_file files[MOST] = {{0}};
    struct metainfo metainfo = {.files = files};
    struct path_twins *twins;
    char text[256];
    for (; metainfo.file_count < MOST; metainfo.file_count++) {
        if (rows[_i].paths[metainfo.file_count] == NULL)
            break;
        files[metainfo.file_count].path =
            (char *)(uintptr_t)rows[_i].paths[metainfo.file_count];
    }
    ck_assert_int_eq(path_twins_find(&metainfo, &twins), ERROR_NONE);
    put_twins(twins, text, sizeof text);
    ck_assert_msg(strcmp(text, rows[_i].twins) == 0, "%s: %s", rows[_i].row, text);
    ck_assert_ptr_null(path_twins_of(twins, 0));
    path_twins_free(twins);
}
END_TEST

START_TEST(padding_is_nobodys_twin)
{
    struct metainfo_file files[] = {{.path = (char *)(uintptr_t) ".pad/1", .pad = true},
                                    {.path = (char *)(uintptr_t) ".pad/1", .pad = true}};
    const struct metainfo metainfo = {.files = files, .file_count = 2};
    struct path_twins *twins;
    ck_assert_int_eq(path_twins_find(&metainfo, &twins), ERROR_NONE);
    ck_assert_ptr_null(twins);
}
END_TEST

/* A torrent of nothing but twins is looked through in no time, and no two names meet. */
START_TEST(a_hundred_thousand_twins_are_kept_apart)
{
    enum { COUNT = 200000 };
    struct metainfo_file *files = calloc(COUNT, sizeof *files);
    const struct metainfo metainfo = {.files = files, .file_count = COUNT};
    struct path_twins *twins, *again;
    for (uint32_t i = 0; i < COUNT; i++) {
        files[i].path = malloc(16);
        snprintf(files[i].path, 16, i % 2 == 0 ? "n/f%u" : "n/F%u", i / 2);
    }
    ck_assert_int_eq(path_twins_find(&metainfo, &twins), ERROR_NONE);
    ck_assert_uint_eq(twins->count, COUNT / 2);
    for (uint32_t i = 0; i < twins->count; i++) {
        free(files[twins->twins[i].file].path);
        files[twins->twins[i].file].path = strdup(twins->twins[i].name);
    }
    ck_assert_int_eq(path_twins_find(&metainfo, &again), ERROR_NONE);
    ck_assert_ptr_null(again);
    path_twins_free(twins);
    for (uint32_t i = 0; i < COUNT; i++)
        free(files[i].path);
    free(files);
}
END_TEST

Suite *suite_path_twins(void)
{
    Suite *suite = suite_create("meta/path_twins");
    TCase *tcase = tcase_create("path_twins");
    tcase_add_loop_test(tcase, names_that_may_be_one_are_found, 0,
                        (int)(sizeof rows / sizeof *rows));
    tcase_add_test(tcase, padding_is_nobodys_twin);
    tcase_add_test(tcase, a_hundred_thousand_twins_are_kept_apart);
    suite_add_tcase(suite, tcase);
    return suite;
}
