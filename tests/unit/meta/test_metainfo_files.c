/* HOSTILE.md T20-T38: the list of files and what becomes of their names. */
#include "meta/metainfo.h"
#include "tests/unit/meta/check_meta.h"
#include "tests/unit/meta/notation.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define FILE_OF(bytes, path) "d'length'i" #bytes "e'path'l" path "ee"
#define PAD_OF(bytes)        "d'attr''p''length'i" #bytes "ee"

static const struct {
    const char *row;
    const char *list;
    const char *paths; /* as written on disk, '|' between; pads in brackets */
    uint32_t warnings;
} lists[] = {
    {"two", FILE_OF(5, "'a'") FILE_OF(5, "'d''b'"), "n/a|n/d/b", 0},
    {"T20: empty first, in the middle and last",
     FILE_OF(0, "'a'") FILE_OF(5, "'b'") FILE_OF(0, "'c'"), "n/a|n/b|n/c", 0},
    {"T24: up and out", FILE_OF(5, "'..''..''x'"), "n/_/_/x", METAINFO_WARNING_RENAMED},
    {"T24: inside one component", FILE_OF(5, "'a/../b'"), "n/a_.._b",
     METAINFO_WARNING_RENAMED},
    {"T24: backslash", FILE_OF(5, "'..\\x'"), "n/.._x", METAINFO_WARNING_RENAMED},
    {"T24: percent is plain text", FILE_OF(5, "'%2e%2e'"), "n/%2e%2e", 0},
    {"T24: overlong", FILE_OF(5, "'\xc0\xae\xc0\xae'"), "n/____",
     METAINFO_WARNING_RENAMED},
    {"T24: unique after cleaning", FILE_OF(5, "'..''x'") FILE_OF(5, "'_''x'"),
     "n/_/x|n/_/x.1", METAINFO_WARNING_RENAMED},
    {"T25: absolute", FILE_OF(5, "'/etc/x'"), "n/_etc_x", METAINFO_WARNING_RENAMED},
    {"T25: drive and share", FILE_OF(5, "'C:\\x'") FILE_OF(5, "'\\\\srv\\x'"),
     "n/C:_x|n/__srv_x", METAINFO_WARNING_RENAMED},
    {"T25: tilde and variables are plain text",
     FILE_OF(5, "'~''.ssh'") FILE_OF(5, "'$HOME'"), "n/~/.ssh|n/$HOME", 0},
    {"T27: an empty component", FILE_OF(5, "'''a'"), "n/_/a", METAINFO_WARNING_RENAMED},
    {"T28: control characters", FILE_OF(5, "'\x1b[31m\r\n\t\x7f\xc2\x9b'"),
     "n/_[31m_____", METAINFO_WARNING_RENAMED},
    {"T31: case twins", FILE_OF(5, "'X'") FILE_OF(5, "'x'"), "n/X|n/x", 0},
    {"T32: the same twice and thrice",
     FILE_OF(1, "'a'") FILE_OF(1, "'a'") FILE_OF(1, "'a'"), "n/a|n/a.1|n/a.2",
     METAINFO_WARNING_RENAMED},
    {"T32: a suffix that is taken",
     FILE_OF(1, "'a.1'") FILE_OF(1, "'a'") FILE_OF(1, "'a'"), "n/a.1|n/a|n/a.2",
     METAINFO_WARNING_RENAMED},
    {"T33: a file used as a directory", FILE_OF(5, "'x'") FILE_OF(5, "'x''y'"),
     "n/x|n/x.1/y", METAINFO_WARNING_RENAMED},
    {"T33: a directory used as a file", FILE_OF(5, "'x''y'") FILE_OF(5, "'x'"),
     "n/x/y|n/x.1", METAINFO_WARNING_RENAMED},
    {"T34: kept", FILE_OF(5, "'CON'") FILE_OF(5, "'AUX.txt '") FILE_OF(5, "'a:b.'"),
     "n/CON|n/AUX.txt |n/a:b.", 0},
    {"T35: bad bytes, surrogates, U+FFFE", FILE_OF(5, "'\xff\xed\xa0\x80\xef\xbf\xbe'"),
     "n/_____", METAINFO_WARNING_RENAMED},
    {"T35: path.utf-8 that is right",
     "d'length'i5e'path'l'\xff'e'path.utf-8'l'\xc3\xbc'ee", "n/\xc3\xbc", 0},
    {"T35: path.utf-8 that is wrong", "d'length'i5e'path'l'a'e'path.utf-8'l'\xff'ee",
     "n/a", 0},
    {"T36: a link, and a file below it",
     "d'attr''l''length'i0e'path'l'x'e'symlink path'l'..''y'ee" FILE_OF(5, "'x''y'"),
     "[n/x]|n/x/y", METAINFO_WARNING_SYMLINK},
    {"T37: padding by attribute",
     FILE_OF(5, "'a'") PAD_OF(11) FILE_OF(5, "'b'") PAD_OF(11),
     "n/a|[n/.pad/11]|n/b|[n/.pad/11]", 0},
    {"T37: padding by name", FILE_OF(5, "'a'") FILE_OF(11, "'.pad''11'"),
     "n/a|[n/.pad/11]", 0},
    {"T37: not padding",
     FILE_OF(5, "'.pad'") FILE_OF(5, "'.pad''x'") FILE_OF(5, "'a''.pad''5'"),
     "n/.pad|n/.pad.1/x|n/a/.pad/5", METAINFO_WARNING_RENAMED},
    {"T38: attributes that change nothing", "d'attr''xhZ''length'i5e'path'l'a'ee", "n/a",
     0},
};

static void join_paths(const struct metainfo *metainfo, char *ret_text, size_t size)
{
    size_t used = 0;
    for (uint32_t i = 0; i < metainfo->file_count; i++)
        used += (size_t)snprintf(ret_text + used, size - used,
                                 metainfo->files[i].pad ? "%s[%s]" : "%s%s",
                                 i > 0 ? "|" : "", metainfo->files[i].path);
}

START_TEST(names_become_what_a_disk_can_hold)
{
    struct buffer notation;
    char paths[1024];
    buffer_init(&notation, 1 << 16);
    ck_assert_int_eq(buffer_printf(&notation, FILES("%s") "%c", lists[_i].list, '\0'),
                     ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    join_paths(metainfo, paths, sizeof paths);
    ck_assert_msg(strcmp(paths, lists[_i].paths) == 0, "%s: %s", lists[_i].row, paths);
    ck_assert_msg(metainfo->warnings == lists[_i].warnings, "%s: %x", lists[_i].row,
                  metainfo->warnings);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

/* T36: where it points is never read, and so no target is better or worse than another.
 */
START_TEST(a_link_is_padding_whatever_it_points_to)
{
    static const char *const targets[] = {"l'b'e",
                                          "l'x'e",
                                          "l'..''..''etc''passwd'e",
                                          "l'/etc/passwd'e",
                                          "l''e",
                                          "le",
                                          "'x'",
                                          "i5e",
                                          "d'x'i1ee",
                                          "ll'x'ei-5ee",
                                          "l'\xff\x1b'e"};
    static const int lengths[] = {0, 16384};
    struct buffer notation;
    char paths[256];
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        for (size_t k = 0; k < 2; k++) {
            buffer_init(&notation, 1 << 16);
            ck_assert_int_eq(
                buffer_printf(
                    &notation,
                    INFO("'files'ld'attr''l''length'i%de'path'l'x'e'symlink "
                         "path'%se" FILE_OF(5, "'b'") FILE_OF(
                             0, "'x''below'") "e'name''n''piece "
                                              "length'i16384e'pieces'%d:%0*d") "%c",
                    lengths[k], targets[i], 20 * (int)(k + 1), 20 * (int)(k + 1), 7,
                    '\0'),
                ERROR_NONE);
            struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
            join_paths(metainfo, paths, sizeof paths);
            ck_assert_msg(strcmp(paths, "[n/x]|n/b|n/x/below") == 0, "%s: %s", targets[i],
                          paths);
            ck_assert_uint_eq(metainfo->warnings, METAINFO_WARNING_SYMLINK);
            ck_assert_uint_eq(metainfo->files[0].length, (uint64_t)lengths[k]);
            metainfo_free(metainfo);
            buffer_done(&notation);
        }
}
END_TEST

static const struct {
    const char *row;
    const char *list;
    const char *paths;
    uint32_t warnings;
} portables[] = {
    {"fine as they are", FILE_OF(5, "'a'") FILE_OF(5, "'d''b'"), "n/a|n/d/b", 0},
    {"T34: devices, ends, characters",
     FILE_OF(5, "'CON'") FILE_OF(5, "'AUX.txt '") FILE_OF(5, "'d.''a:b.'"),
     "n/_CON|n/_AUX.txt_|n/d_/a_b_", METAINFO_WARNING_RENAMED},
    {"T31: case twins are one name there",
     FILE_OF(5, "'X'") FILE_OF(5, "'x'") FILE_OF(5, "'D''a'") FILE_OF(5, "'d''A'"),
     "n/X|n/x.1|n/D/a|n/d/A.1", METAINFO_WARNING_RENAMED},
    {"unique after it", FILE_OF(5, "'a?'") FILE_OF(5, "'a*'"), "n/a_|n/a_.1",
     METAINFO_WARNING_RENAMED},
    {"padding", FILE_OF(5, "'a'") PAD_OF(11), "n/a|[n/.pad/11]", 0},
};

START_TEST(portable_names_are_such_as_windows_takes) /* T34, S18 */
{
    struct buffer notation;
    struct metainfo_error error;
    char paths[1024];
    buffer_init(&notation, 1 << 16);
    ck_assert_int_eq(buffer_printf(&notation, FILES("%s") "%c", portables[_i].list, '\0'),
                     ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    for (int i = 0; i < 2; i++) { /* twice is as good as once */
        ck_assert_int_eq(metainfo_set_names(metainfo, METAINFO_NAMES_PORTABLE, &error),
                         ERROR_NONE);
        join_paths(metainfo, paths, sizeof paths);
        ck_assert_msg(strcmp(paths, portables[_i].paths) == 0, "%s: %s",
                      portables[_i].row, paths);
    }
    ck_assert_uint_eq(metainfo->warnings, portables[_i].warnings);
    ck_assert(metainfo->portable_names);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

static const struct {
    const char *row;
    const char *name, *list;
    unsigned names;
    const char *message; /* NULL: it is taken */
} stricts[] = {
    {"plain", "n", FILE_OF(5, "'a'"), METAINFO_NAMES_STRICT, NULL},
    {"T24: up and out", "n", FILE_OF(5, "'a'") FILE_OF(5, "'..''x'"),
     METAINFO_NAMES_STRICT,
     "file 2 could only be written under another name, as “n/_/x”"},
    {"T24: one component", "n", FILE_OF(5, "'a/../b'"), METAINFO_NAMES_STRICT,
     "“n/a_.._b”"},
    {"T24: percent is plain text", "n", FILE_OF(5, "'%2e%2e'"), METAINFO_NAMES_STRICT,
     NULL},
    {"T26: the torrent's own", "a/b", FILE_OF(5, "'a'"), METAINFO_NAMES_STRICT,
     "“a_b/a”"},
    {"T32: a double", "n", FILE_OF(5, "'a'") FILE_OF(5, "'a'"), METAINFO_NAMES_STRICT,
     "file 2 could only be written under another name, as “n/a.1”"},
    {"padding is not written", "n",
     FILE_OF(5, "'a'") "d'attr''p''length'i1e'path'l'..'ee", METAINFO_NAMES_STRICT, NULL},
    {"T34: fine here", "n", FILE_OF(5, "'CON'"), METAINFO_NAMES_STRICT, NULL},
    {"T34: not there", "n", FILE_OF(5, "'CON'"),
     METAINFO_NAMES_STRICT | METAINFO_NAMES_PORTABLE, "“n/_CON”"},
};

START_TEST(strict_names_are_kept_or_the_torrent_is_refused) /* T24 */
{
    struct buffer notation;
    struct metainfo_error error;
    const char *message = stricts[_i].message;
    buffer_init(&notation, 1 << 16);
    ck_assert_int_eq(buffer_printf(&notation,
                                   INFO("'files'l%se'name''%s''piece "
                                        "length'i16384e'pieces'" HASH) "%c",
                                   stricts[_i].list, stricts[_i].name, '\0'),
                     ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    ck_assert_msg(metainfo_set_names(metainfo, stricts[_i].names, &error) ==
                          (message != NULL ? ERROR_NAME : ERROR_NONE) &&
                      (message == NULL || strstr(error.message, message) != NULL),
                  "%s: %s", stricts[_i].row, error.message);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

static const struct {
    const char *row;
    const char *list;
    enum error_code code;
    const char *message;
} refused[] = {
    {"T27: an empty path", FILE_OF(5, ""), ERROR_MISSING, "file 1 has no path"},
    {"T27: a path that is no list", "d'length'i5e'path''a'e", ERROR_TYPE,
     "file 1: its path is not a list"},
    {"T27: no path", "d'length'i5ee", ERROR_TYPE, "file 1: its path is not a list"},
    {"T27: an integer in it", FILE_OF(5, "'a'i5e"), ERROR_TYPE,
     "file 1: a part of its path is not a string"},
    {"a file that is no dictionary", "'a'", ERROR_TYPE, "file 1 is not a dictionary"},
    {"T37: nothing but padding", PAD_OF(5), ERROR_RANGE, "there is no data in it"},
    {"T37: a pad of 2^40", FILE_OF(5, "'a'") PAD_OF(1099511627776), ERROR_LIMIT,
     "file 2: 1099511627776 bytes of padding"},
    {"T8: a key twice", "d'length'i5e'length'i5e'path'l'a'ee", ERROR_DUPLICATE_KEY,
     "a key stands twice"},
};

START_TEST(lists_that_make_no_sense_are_refused)
{
    struct buffer notation;
    struct metainfo_error error;
    buffer_init(&notation, 1 << 16);
    ck_assert_int_eq(buffer_printf(&notation, FILES("%s") "%c", refused[_i].list, '\0'),
                     ERROR_NONE);
    ck_assert_ptr_null(notation_parse((const char *)notation.bytes, &error));
    ck_assert_msg(error.code == refused[_i].code &&
                      strstr(error.message, refused[_i].message) != NULL,
                  "%s: %s", refused[_i].row, error.message);
    buffer_done(&notation);
}
END_TEST

/* COUNT files around a list that PUT writes; the caller frees the buffer. */
static void put_files(struct buffer *buffer, uint32_t count,
                      void (*put)(struct buffer *buffer, uint32_t number))
{
    buffer_init(buffer, (size_t)64 << 20);
    ck_assert_int_eq(buffer_append_text(buffer, "d4:infod5:filesl"), ERROR_NONE);
    for (uint32_t i = 0; i < count; i++)
        put(buffer, i);
    ck_assert_int_eq(buffer_append_text(buffer,
                                        "e4:name1:n12:piece lengthi268435456e6:pieces20:"
                                        "AAAAAAAAAAAAAAAAAAAAee"),
                     ERROR_NONE);
}

static void put_numbered(struct buffer *buffer, uint32_t number)
{
    static const char digits[] = "0123456789abcdef";
    char entry[] = "d6:lengthi1e4:pathl6:......2:..ee";
    char *directory = strchr(entry, '.'), *name = strrchr(entry, '.') - 1;
    for (uint32_t i = 0, rest = number >> 8; i < 6; i++, rest >>= 4)
        directory[5 - i] = digits[rest & 15];
    name[0] = digits[number >> 4 & 15];
    name[1] = digits[number & 15];
    if (buffer_append(buffer, entry, sizeof entry - 1) != ERROR_NONE)
        ck_abort(); /* an assertion a file would take longer than the rest */
}

static void put_same(struct buffer *buffer, uint32_t number)
{
    (void)number;
    ck_assert_int_eq(buffer_append_text(buffer, "d6:lengthi1e4:pathl1:aee"), ERROR_NONE);
}

#define PAD_ENTRY "d4:attr1:p6:lengthi0ee" /* the shortest file there can be */

/* NUMBER 0: a file with something in it. Then padding, a thousand at a time: writing
 * single ones would take longer than reading them. */
static void put_thousand_pads(struct buffer *buffer, uint32_t number)
{
    static char thousand[(sizeof PAD_ENTRY - 1) * 1000];
    const size_t each = sizeof PAD_ENTRY - 1;
    if (number == 0) {
        put_same(buffer, 0);
        return;
    }
    for (size_t i = 0; thousand[0] == '\0' && i < 1000; i++)
        memcpy(thousand + (999 - i) * each, PAD_ENTRY, each);
    ck_assert_int_eq(buffer_append(buffer, thousand, sizeof thousand), ERROR_NONE);
}

/* A thousand less one of them, so that with the file it is a thousand. */
static void put_million_files(struct buffer *buffer, uint32_t number)
{
    put_thousand_pads(buffer, number);
    if (number == 1)
        buffer->length -= sizeof PAD_ENTRY - 1;
}

static void put_deep(struct buffer *buffer, uint32_t depth)
{
    ck_assert_int_eq(buffer_append_text(buffer, "d6:lengthi1e4:pathl"), ERROR_NONE);
    for (uint32_t i = 0; i < depth; i++)
        ck_assert_int_eq(buffer_append_text(buffer, "1:d"), ERROR_NONE);
    ck_assert_int_eq(buffer_append_text(buffer, "ee"), ERROR_NONE);
}

static void put_20000_deep(struct buffer *buffer, uint32_t number)
{
    (void)number;
    put_deep(buffer, 20000);
}

static void put_100_deep(struct buffer *buffer, uint32_t number)
{
    (void)number;
    put_deep(buffer, 100);
}

static void put_101_deep(struct buffer *buffer, uint32_t number)
{
    (void)number;
    put_deep(buffer, 101);
}

static void put_long(struct buffer *buffer, uint32_t number)
{
    (void)number;
    ck_assert_int_eq(buffer_append_text(buffer, "d6:lengthi1e4:pathl"), ERROR_NONE);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(buffer_printf(buffer, "220:%0220d", i), ERROR_NONE);
    ck_assert_int_eq(buffer_append_text(buffer, "ee"), ERROR_NONE);
}

/* "n", sixteen parts of 240 bytes, and one that makes BYTES of it. */
static void put_path_of(struct buffer *buffer, int bytes)
{
    const int last = bytes - 1 - 16 * 241 - 1;
    ck_assert_int_eq(buffer_append_text(buffer, "d6:lengthi1e4:pathl"), ERROR_NONE);
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(buffer_printf(buffer, "240:%0240d", i), ERROR_NONE);
    ck_assert_int_eq(buffer_printf(buffer, "%d:%0*dee", last, last, 0), ERROR_NONE);
}

static void put_4000_bytes(struct buffer *buffer, uint32_t number)
{
    (void)number;
    put_path_of(buffer, 4000);
}

static void put_4001_bytes(struct buffer *buffer, uint32_t number)
{
    (void)number;
    put_path_of(buffer, 4001);
}

static const struct {
    const char *row;
    uint32_t count;
    void (*put)(struct buffer *buffer, uint32_t number);
    enum error_code code;
    const char *message;
} crowds[] = {
    {"T23: 1,000,000 files", 1001, put_million_files, ERROR_NONE, ""},
    {"T23: 1,000,001 files", 1001, put_thousand_pads, ERROR_LIMIT,
     "more than 1000000 files"},
    {"T30: 100 deep", 1, put_100_deep, ERROR_NONE, ""},
    {"T30: 101 deep", 1, put_101_deep, ERROR_LIMIT, "more than 100 directories deep"},
    {"T30: 20,000 deep", 1, put_20000_deep, ERROR_LIMIT,
     "more than 100 directories deep"},
    {"T30: a path of 4,000 bytes", 1, put_4000_bytes, ERROR_NONE, ""},
    {"T30: a path of 4,001 bytes", 1, put_4001_bytes, ERROR_LIMIT,
     "longer than 4000 bytes"},
    {"T30: a path of 4,400 bytes", 1, put_long, ERROR_LIMIT, "longer than 4000 bytes"},
    {"T32: 500 doubles", 501, put_same, ERROR_NONE, ""},
    {"T32: 501 doubles", 502, put_same, ERROR_LIMIT, "too many files share a name"},
};

START_TEST(crowds_are_held_to_their_limits)
{
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    struct metainfo_error error;
    put_files(&buffer, crowds[_i].count, crowds[_i].put);
    const enum error_code code =
        metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error);
    ck_assert_msg(code == crowds[_i].code &&
                      strstr(error.message, crowds[_i].message) != NULL,
                  "%s: %s", crowds[_i].row, error.message);
    metainfo_free(metainfo);
    buffer_done(&buffer);
}
END_TEST

START_TEST(two_hundred_thousand_files_take_little) /* T22 */
{
    struct buffer buffer;
    struct metainfo *metainfo;
    struct metainfo_error error;
    struct rusage before, after;
    put_files(&buffer, 200000, put_numbered);
    getrusage(RUSAGE_SELF, &before);
    const clock_t begun = clock();
    ck_assert_int_eq(metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error),
                     ERROR_NONE);
    const double took_s = (double)(clock() - begun) / CLOCKS_PER_SEC;
    getrusage(RUSAGE_SELF, &after);
    ck_assert_uint_eq(metainfo->file_count, 200000);
#ifdef __SANITIZE_ADDRESS__
    ck_assert_double_lt(took_s,
                        10); /* an instrumented build is not what is promised of */
#else
    ck_assert_double_lt(took_s, 2);
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 200 << 10);
#endif
    metainfo_free(metainfo);
    buffer_done(&buffer);
}
END_TEST

START_TEST(offsets_find_the_file_that_holds_them) /* T20 */
{
    static const struct {
        uint64_t offset;
        uint32_t file;
    } cases[] = {{0, 1}, {4, 1}, {5, 4}, {9, 4}};
    struct metainfo *metainfo =
        notation_accept(FILES(FILE_OF(0, "'a'") FILE_OF(5, "'b'") FILE_OF(0, "'c'")
                                  FILE_OF(0, "'d'") FILE_OF(5, "'e'") FILE_OF(0, "'f'")));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_uint_eq(metainfo_file_at(metainfo, cases[i].offset), cases[i].file);
    ck_assert_str_eq(metainfo_file_path(metainfo, 1), "b");
    ck_assert_uint_eq(metainfo_piece_length(metainfo, 0), 10);
    metainfo_free(metainfo);
}
END_TEST

Suite *suite_metainfo_files(void)
{
    Suite *suite = suite_create("metainfo_files");
    TCase *tcase = tcase_create("metainfo_files");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, names_become_what_a_disk_can_hold, 0,
                        sizeof lists / sizeof *lists);
    tcase_add_test(tcase, a_link_is_padding_whatever_it_points_to);
    tcase_add_loop_test(tcase, portable_names_are_such_as_windows_takes, 0,
                        sizeof portables / sizeof *portables);
    tcase_add_loop_test(tcase, strict_names_are_kept_or_the_torrent_is_refused, 0,
                        sizeof stricts / sizeof *stricts);
    tcase_add_loop_test(tcase, lists_that_make_no_sense_are_refused, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_loop_test(tcase, crowds_are_held_to_their_limits, 0,
                        sizeof crowds / sizeof *crowds);
    tcase_add_test(tcase, two_hundred_thousand_files_take_little);
    tcase_add_test(tcase, offsets_find_the_file_that_holds_them);
    suite_add_tcase(suite, tcase);
    return suite;
}
