/* HOSTILE.md T7-T23, T40, T42, T43: what makes a .torrent file acceptable. */
#include "meta/metainfo.h"
#include "tests/unit/meta/check_meta.h"
#include "tests/unit/meta/notation.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED(name) "'length'i5e'name'" name "'piece length'i16384e'pieces'" HASH
#define SIZED(length, piece_length, pieces)                                              \
    "'length'" length "'name''n''piece length'" piece_length "'pieces'" pieces

static const struct {
    const char *row;
    const char *notation;
    enum error_code code;
    const char *message; /* a part of it */
} refused[] = {
    {"T9: no dictionary", "l'info'e", ERROR_TYPE, "it is not a dictionary"},
    {"T11: a web page", "<!DOCTYPE html>", ERROR_SYNTAX, "a web page"},
    {"T11: gzip", "\x1f\x8b\x08\x01", ERROR_SYNTAX, "gzip"},
    {"T11: empty", "", ERROR_TRUNCATED, "the file is empty"},
    {"T11: text", "hello", ERROR_SYNTAX, "not valid bencode (at byte 0)"},
    {"T12: no info", "d'a'i1ee", ERROR_MISSING, "no info dictionary"},
    {"T12: info is a list", "d'info'lee", ERROR_MISSING, "no info dictionary"},
    {"T12: info is empty", INFO(""), ERROR_MISSING, "info has no name"},
    {"T13: no name", INFO("'length'i5e'piece length'i16384e'pieces'" HASH), ERROR_MISSING,
     "info has no name"},
    {"T14: no piece length", INFO("'length'i5e'name''n''pieces'" HASH), ERROR_RANGE,
     "piece length is missing"},
    {"T14: piece length 0", INFO(SIZED("i5e", "i0e", HASH)), ERROR_RANGE,
     "piece length is missing or not a positive number"},
    {"T14: piece length -1", INFO(SIZED("i5e", "i-1e", HASH)), ERROR_RANGE,
     "piece length"},
    {"T14: piece length a string", INFO(SIZED("i5e", "'16384'", HASH)), ERROR_RANGE,
     "piece length"},
    {"T15: 2^28 + 1", INFO(SIZED("i5e", "i268435457e", HASH)), ERROR_LIMIT,
     "piece length: over 256 MiB"},
    {"T15: 2^62", INFO(SIZED("i5e", "i4611686018427387904e", HASH)), ERROR_LIMIT,
     "piece length: over 256 MiB"},
    {"T16: no pieces", INFO("'length'i5e'name''n''piece length'i16384e"), ERROR_MISSING,
     "pieces is missing"},
    {"T16: pieces an integer", INFO(SIZED("i5e", "i16384e", "i5e")), ERROR_MISSING,
     "pieces is missing or not a string"},
    {"T16: 19 bytes", INFO(SIZED("i5e", "i16384e", "'1234567890123456789'")), ERROR_RANGE,
     "pieces: 19 bytes is not a multiple of 20"},
    {"T16: too few", INFO(SIZED("i16385e", "i16384e", HASH)), ERROR_RANGE,
     "pieces: 1 hashes for 2 pieces"},
    {"T16: too many",
     INFO(SIZED("i5e", "i16384e", "'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'")),
     ERROR_RANGE, "pieces: 2 hashes for 1 pieces"},
    {"T17: 2^48", INFO(SIZED("i281474976710656e", "i16384e", HASH)), ERROR_LIMIT,
     "file 1 is larger than 2^48 bytes"},
    {"T17: 2^63 - 1", INFO(SIZED("i9223372036854775807e", "i16384e", HASH)), ERROR_LIMIT,
     "larger than 2^48"},
    {"T17: a sum over 2^48",
     FILES("d'length'i281474976710655e'path'l'a'eed'length'i1e'path'l'b'ee"), ERROR_LIMIT,
     "larger than 2^48 bytes"},
    {"T18: negative", INFO(SIZED("i-1e", "i16384e", HASH)), ERROR_RANGE,
     "file 1: its length is missing or negative"},
    {"T18: missing", FILES("d'path'l'a'ee"), ERROR_RANGE, "file 1: its length"},
    {"T18: a string in the second file",
     FILES("d'length'i5e'path'l'a'eed'length''5''path'l'b'ee"), ERROR_RANGE,
     "file 2: its length"},
    {"T19: nothing in it", INFO(SIZED("i0e", "i16384e", "''")), ERROR_RANGE,
     "there is no data in it"},
    {"T19: no files", FILES(""), ERROR_RANGE, "there is no data in it"},
    {"T21: length and files",
     INFO("'files'ld'length'i5e'path'l'a'eee'length'i5e'name''n''piece "
          "length'i16384e'pieces'" HASH),
     ERROR_AMBIGUOUS, "both length and files"},
    {"T21: neither", INFO("'name''n''piece length'i16384e'pieces'" HASH), ERROR_MISSING,
     "neither length nor files"},
    {"T8: info twice", "d'info'd" ONE_FILE "e'info'd" ONE_FILE "ee", ERROR_DUPLICATE_KEY,
     "a key stands twice (at byte"},
    {"T8: name twice", INFO("'length'i5e'name''n''name''m'"), ERROR_DUPLICATE_KEY,
     "a key stands twice"},
    {"T23: more pieces than are allowed", INFO(SIZED("i2097153e", "i1e", HASH)),
     ERROR_LIMIT, "more than 2097152 pieces"},
    {"T23: as many as are allowed, and their hashes are not there",
     INFO(SIZED("i2097152e", "i1e", HASH)), ERROR_RANGE, "1 hashes for 2097152 pieces"},
    {"T43: version 3", INFO("'length'i5e'meta version'i3e"), ERROR_UNSUPPORTED,
     "unknown meta version 3"},
    {"T43: version 0", INFO("'length'i5e'meta version'i0e"), ERROR_UNSUPPORTED,
     "unknown meta version 0"},
    {"T43: version a string", INFO("'length'i5e'meta version''2'"), ERROR_TYPE,
     "meta version is not a number"},
};

START_TEST(what_cannot_be_right_is_refused_in_words)
{
    struct metainfo_error error;
    struct metainfo *metainfo = notation_parse(refused[_i].notation, &error);
    ck_assert_msg(metainfo == NULL, "%s was taken", refused[_i].row);
    ck_assert_msg(error.code == refused[_i].code, "%s: %s (%s)", refused[_i].row,
                  error_name(error.code), error.message);
    ck_assert_msg(strstr(error.message, refused[_i].message) != NULL, "%s: %s",
                  refused[_i].row, error.message);
}
END_TEST

static const struct {
    const char *row;
    const char *notation;
    uint32_t warnings;
    const char *name; /* NULL: the info-hash */
} accepted[] = {
    {"plain", INFO(ONE_FILE), 0, "n"},
    {"T7: unsorted",
     "d'info'd'name''n''length'i5e'piece length'i16384e'pieces'" HASH "ee",
     METAINFO_WARNING_UNSORTED, "n"},
    {"T10: bytes after it", INFO(ONE_FILE) "trailing", METAINFO_WARNING_TRAILING, "n"},
    {"T13: name an integer", INFO(NAMED("i7e")), METAINFO_WARNING_RENAMED, NULL},
    {"T13: name empty", INFO(NAMED("''")), METAINFO_WARNING_RENAMED, NULL},
    {"T13: name .", INFO(NAMED("'.'")), METAINFO_WARNING_RENAMED, NULL},
    {"T13: name ..", INFO(NAMED("'..'")), METAINFO_WARNING_RENAMED, NULL},
    {"T15: piece length 1", INFO(SIZED("i1e", "i1e", HASH)), 0, "n"},
    {"T15: odd piece length", INFO(SIZED("i5e", "i16385e", HASH)), 0, "n"},
    {"T15: 2^28", INFO(SIZED("i5e", "i268435456e", HASH)), 0, "n"},
    {"T15: one piece, and as large as one may be",
     INFO(SIZED("i268435456e", "i268435456e", HASH)), 0, "n"},
    {"T26: / in name", INFO(NAMED("'a/b'")), METAINFO_WARNING_RENAMED, "a_b"},
    {"T35: name.utf-8 that is right",
     INFO("'length'i5e'name''n\xff''name.utf-8''n\xc3\xbc''piece "
          "length'i16384e'pieces'" HASH),
     0, "n\xc3\xbc"},
    {"T35: name.utf-8 that is wrong",
     INFO("'length'i5e'name''n''name.utf-8''n\xff''piece length'i16384e'pieces'" HASH), 0,
     "n"},
    {"T43: meta version 1",
     INFO("'length'i5e'meta version'i1e'name''n''piece length'i16384e'pieces'" HASH), 0,
     "n"},
};

START_TEST(what_can_be_used_is_taken_with_a_warning)
{
    char hex[INFO_HASH_HEX_SIZE];
    struct metainfo *metainfo = notation_accept(accepted[_i].notation);
    info_hash_hex(&metainfo->hash, hex);
    ck_assert_msg(metainfo->warnings == accepted[_i].warnings, "%s: %x", accepted[_i].row,
                  metainfo->warnings);
    ck_assert_str_eq(metainfo->name, accepted[_i].name != NULL ? accepted[_i].name : hex);
    for (unsigned bit = 0; bit < METAINFO_WARNING_BITS; bit++)
        ck_assert_uint_gt(strlen(metainfo_warning_text(1u << bit)), 10);
    metainfo_free(metainfo);
}
END_TEST

/* SIZES and as many hashes as the largest torrent with the largest pieces has. */
static void put_largest(struct buffer *buffer, const char *sizes)
{
    enum { HASHES = 1 << 20 };
    buffer_init(buffer, (size_t)32 << 20);
    ck_assert_int_eq(
        buffer_printf(buffer, "d4:infod%s4:name1:n12:piece lengthi%ue6:pieces%d:", sizes,
                      METAINFO_MAX_PIECE_BYTES, HASHES * SHA1_BYTES),
        ERROR_NONE);
    static uint8_t hashes[HASHES * SHA1_BYTES]; /* not const: no part of the file */
    ck_assert_int_eq(buffer_append(buffer, hashes, sizeof hashes), ERROR_NONE);
    ck_assert_int_eq(buffer_append_text(buffer, "ee"), ERROR_NONE);
}

START_TEST(the_largest_size_is_taken_and_one_byte_more_is_not) /* T17 */
{
    static const struct {
        const char *sizes;
        enum error_code code;
    } cases[] = {
        {"6:lengthi281474976710655e", ERROR_NONE},
        {"6:lengthi281474976710656e", ERROR_LIMIT},
        {"5:filesld6:lengthi281474976710654e4:pathl1:aeed6:lengthi1e4:pathl1:beee",
         ERROR_NONE},
        {"5:filesld6:lengthi281474976710655e4:pathl1:aeed6:lengthi1e4:pathl1:beee",
         ERROR_LIMIT},
    };
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    struct metainfo_error error;
    put_largest(&buffer, cases[_i].sizes);
    ck_assert_int_eq(metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error),
                     cases[_i].code);
    if (metainfo != NULL) {
        ck_assert_uint_eq(metainfo->total_bytes, METAINFO_MAX_TOTAL_BYTES);
        ck_assert_uint_eq(metainfo_piece_length(metainfo, metainfo->piece_count - 1),
                          METAINFO_MAX_PIECE_BYTES - 1);
    } else {
        ck_assert_ptr_nonnull(strstr(error.message, "larger than 2^48 bytes"));
    }
    metainfo_free(metainfo);
    buffer_done(&buffer);
}
END_TEST

START_TEST(the_info_hash_is_of_the_raw_span) /* T7, T10 */
{
    static const char info[] =
        "d4:name1:n6:lengthi5e12:piece lengthi16384e6:pieces20:AAAAAAAAAAAAAAAAAAAAe";
    struct buffer buffer;
    struct metainfo *metainfo;
    struct metainfo_error error;
    uint8_t hash[SHA1_BYTES];
    buffer_init(&buffer, 4096);
    ck_assert_int_eq(buffer_printf(&buffer, "d4:info%s1:zi1ee--", info), ERROR_NONE);
    digest_sha1(info, sizeof info - 1, hash);
    ck_assert_int_eq(metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error),
                     ERROR_NONE);
    ck_assert_mem_eq(metainfo->hash.bytes, hash, SHA1_BYTES);
    metainfo_free(metainfo);
    buffer_done(&buffer);
}
END_TEST

static const struct {
    const char *value;
    bool is_private;
} privates[] = {{"", false},
                {"'private'i1e", true},
                {"'private'i0e", false},
                {"'private'i2e", false},
                {"'private''1'", false},
                {"'private'l1:1e", false}};

START_TEST(only_the_integer_1_makes_it_private) /* T42 */
{
    struct buffer notation;
    buffer_init(&notation, 4096);
    ck_assert_int_eq(
        buffer_printf(&notation, "d'info'd%s%see%c", ONE_FILE, privates[_i].value, '\0'),
        ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    ck_assert(metainfo->is_private == privates[_i].is_private);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

START_TEST(long_texts_are_cut_and_short_ones_kept) /* T40 */
{
    struct buffer notation;
    buffer_init(&notation, 4 << 20);
    ck_assert_int_eq(buffer_printf(&notation,
                                   "d'comment''%0*d''comment.utf-8''ok''created "
                                   "by''%0*d''creation date'i-5e'info'd%see%c",
                                   1 << 20, 0, 1 << 20, 0, ONE_FILE, '\0'),
                     ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    ck_assert_str_eq(metainfo->comment, "ok");
    ck_assert_uint_eq(strlen(metainfo->creator), 4096);
    ck_assert_int_eq(metainfo->created_s, 0);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

/* A right file of about two thousand bytes. */
static void put_example(struct buffer *buffer)
{
    ck_assert_int_eq(buffer_append_text(buffer, ""), ERROR_NONE);
    notation_append(buffer,
                    "d'announce''http://t.example/announce''announce-list'll'http://"
                    "t.example/announce'el'udp://u.example:80'ee'comment''c''created "
                    "by''b''creation date'i1500000000e'info'd'files'l");
    for (int i = 0; i < 20; i++) {
        char file[128];
        snprintf(file, sizeof file, "d'length'i%de'path'l'dir%d''file%d.bin'ee", 16384,
                 i % 3, i);
        notation_append(buffer, file);
    }
    notation_append(buffer, "e'name''example''piece length'i16384e'pieces'");
    ck_assert_int_eq(buffer_printf(buffer, "400:%0400d", 0), ERROR_NONE);
    notation_append(buffer, "'private'i1ee'url-list'l'http://w.example/'ee");
}

START_TEST(every_beginning_of_a_right_file_is_refused) /* T9 */
{
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    struct metainfo_error error;
    buffer_init(&buffer, 1 << 16);
    put_example(&buffer);
    ck_assert_uint_gt(buffer.length, 1500);
    for (size_t length = 0; length < buffer.length; length++) {
        /* A copy of exactly that size lets the sanitizer see a byte read past it. */
        uint8_t *prefix = malloc(length > 0 ? length : 1);
        memcpy(prefix, buffer.bytes, length);
        ck_assert_int_eq(metainfo_parse(prefix, length, &metainfo, &error),
                         ERROR_TRUNCATED);
        free(prefix);
    }
    ck_assert_int_eq(metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error),
                     ERROR_NONE);
    ck_assert_uint_eq(metainfo->file_count, 20);
    metainfo_free(metainfo);
    buffer_done(&buffer);
}
END_TEST

START_TEST(every_changed_byte_is_taken_or_refused_and_nothing_else)
{
    struct buffer buffer;
    buffer_init(&buffer, 1 << 16);
    put_example(&buffer);
    for (size_t at = 0; at < buffer.length; at++) {
        static const uint8_t others[] = {0, 'e', 'i', 'd', '9', 0xff};
        const uint8_t was = buffer.bytes[at];
        for (size_t i = 0; i < sizeof others; i++) {
            struct metainfo *metainfo = NULL;
            struct metainfo_error error;
            buffer.bytes[at] = others[i];
            if (metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error) ==
                ERROR_NONE)
                metainfo_free(metainfo);
            else
                ck_assert_uint_gt(strlen(error.message), 0);
        }
        buffer.bytes[at] = was;
    }
    buffer_done(&buffer);
}
END_TEST

Suite *suite_metainfo(void)
{
    Suite *suite = suite_create("metainfo");
    TCase *tcase = tcase_create("metainfo");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, what_cannot_be_right_is_refused_in_words, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_loop_test(tcase, what_can_be_used_is_taken_with_a_warning, 0,
                        sizeof accepted / sizeof *accepted);
    tcase_add_loop_test(tcase, the_largest_size_is_taken_and_one_byte_more_is_not, 0, 4);
    tcase_add_test(tcase, the_info_hash_is_of_the_raw_span);
    tcase_add_loop_test(tcase, only_the_integer_1_makes_it_private, 0,
                        sizeof privates / sizeof *privates);
    tcase_add_test(tcase, long_texts_are_cut_and_short_ones_kept);
    tcase_add_test(tcase, every_beginning_of_a_right_file_is_refused);
    tcase_add_test(tcase, every_changed_byte_is_taken_or_refused_and_nothing_else);
    suite_add_tcase(suite, tcase);
    return suite;
}
