/* `bttui show`: the whole page, and the whole object. */
#include "app/json_text.h"
#include "app/show.h"
#include "base/text.h"
#include "tests/unit/app/check_app.h"
#include "tests/unit/meta/notation.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HASHES "'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'"
static const char full[] =
    "d'announce-list'll'http://t.example/announce''udp://[::1]:80'el'https://b.example/"
    "a'ee"
    "'comment''see \x1b[31mred\x1b[0m \xe2\x80\xaetxt'"
    "'created by''mktorrent 1.1''creation date'i1600000000e"
    "'info'd'files'l"
    "d'length'i10000e'path'l'a''\xe6\x97\xa5\xe6\x9c\xac.mkv'ee"
    "d'attr''p'6:lengthi6384e'path'l'.pad''6384'ee"
    "d'length'i16384e'path'l'\x1b]0;x''..'ee"
    "d'length'i0e'path'l'empty'ee"
    "e'name''Big Buck''piece length'i16384e'pieces'" HASHES "'private'i1ee"
    "'url-list'l'http://seed.example/'ee";

static char *page_of(const char *notation, size_t width)
{
    char *text = NULL;
    size_t length;
    struct metainfo *metainfo = notation_accept(notation);
    FILE *out = open_memstream(&text, &length);
    show_print(out, metainfo, width);
    fclose(out);
    metainfo_free(metainfo);
    return text;
}

START_TEST(the_page_says_all_that_the_file_holds)
{
    char *page = page_of(full, 0);
    ck_assert_str_eq(page, "Name       Big Buck\n"
                           "Info-hash  30a8ed2d43063ea80c9f156726f7534254d18d6e\n"
                           "Size       32.0 KiB (32768 bytes)\n"
                           "Pieces     2 of 16.0 KiB\n"
                           "Private    yes: peers come from its trackers alone\n"
                           "Created    2020-09-13 12:26:40 UTC\n"
                           "With       mktorrent 1.1\n"
                           "Comment    see .[31mred.[0m txt\n"
                           "Trackers   1: http://t.example/announce\n"
                           "           1: udp://[::1]:80\n"
                           "           2: https://b.example/a\n"
                           "Web seeds  http://seed.example/\n"
                           "Warning    names that cannot stand on a disk were changed\n"
                           "Files      3\n"
                           "  1  9.7 KiB  a/\xe6\x97\xa5\xe6\x9c\xac.mkv\n"
                           "  3 16.0 KiB  _]0;x/_\n"
                           "  4      0 B  empty\n");
    free(page);
}
END_TEST

START_TEST(long_lines_go_on_below_at_the_width_of_the_terminal)
{
    char *page = page_of("d'comment''0123456789012345678901234567890123456789'"
                         "'info'd'length'i5e'name''\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
                         "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
                         "'12:piece lengthi16384e'pieces''AAAAAAAAAAAAAAAAAAAA'ee",
                         24);
    ck_assert_ptr_nonnull(strstr(page, "Comment    0123456789012\n"
                                       "           3456789012345\n"
                                       "           6789012345678\n"
                                       "           9\n"));
    for (char *at = page; *at != '\0';) {
        char *end = strchr(at, '\n');
        *end = '\0';
        ck_assert_msg(text_cells(at) <= 24, "%s", at);
        at = end + 1;
    }
    free(page);
}
END_TEST

START_TEST(the_object_has_every_key)
{
    struct metainfo *metainfo = notation_accept(full);
    json_t *object = show_json(metainfo);
    char *line = json_text_line(object);
    ck_assert_str_eq(
        line,
        "{\"name\":\"Big "
        "Buck\",\"infohash\":\"30a8ed2d43063ea80c9f156726f7534254d18d6e\","
        "\"infohash_v2\":null,\"total_bytes\":32768,\"piece_bytes\":16384,\"pieces\":2,"
        "\"private\":true,\"files\":["
        "{\"path\":\"a/\\u65E5\\u672C.mkv\",\"bytes\":10000},"
        "{\"path\":\".pad/6384\",\"bytes\":6384,\"pad\":true},"
        "{\"path\":\"_]0;x/_\",\"bytes\":16384},{\"path\":\"empty\",\"bytes\":0}],"
        "\"trackers\":[[\"http://t.example/announce\",\"udp://[::1]:80\"],"
        "[\"https://b.example/a\"]],\"webseeds\":[\"http://seed.example/\"],"
        "\"comment\":\"see \\u001B[31mred\\u001B[0m \\u202Etxt\","
        "\"creator\":\"mktorrent 1.1\",\"created\":1600000000}");
    free(line);
    json_decref(object);
    metainfo_free(metainfo);
}
END_TEST

START_TEST(what_is_not_told_is_empty_or_null)
{
    struct metainfo *metainfo = notation_accept(INFO(ONE_FILE));
    json_t *object = show_json(metainfo);
    ck_assert_uint_eq(json_object_size(object), 13);
    ck_assert(json_is_false(json_object_get(object, "private")));
    ck_assert_str_eq(json_string_value(json_object_get(object, "comment")), "");
    ck_assert(json_is_null(json_object_get(object, "created")));
    ck_assert_uint_eq(json_array_size(json_object_get(object, "trackers")), 0);
    ck_assert_str_eq(json_string_value(json_object_get(
                         json_array_get(json_object_get(object, "files"), 0), "path")),
                     "n");
    json_decref(object);
    metainfo_free(metainfo);
}
END_TEST

Suite *suite_show(void)
{
    Suite *suite = suite_create("show");
    TCase *tcase = tcase_create("show");
    tcase_add_test(tcase, the_page_says_all_that_the_file_holds);
    tcase_add_test(tcase, long_lines_go_on_below_at_the_width_of_the_terminal);
    tcase_add_test(tcase, the_object_has_every_key);
    tcase_add_test(tcase, what_is_not_told_is_empty_or_null);
    suite_add_tcase(suite, tcase);
    return suite;
}
