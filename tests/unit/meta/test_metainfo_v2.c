/* HOSTILE.md T7, T37, T43-T46: v2 and hybrid torrents (BEP 52, 47). */
#include "base/merkle.h"
#include "meta/bencode.h"
#include "meta/metainfo.h"
#include "tests/unit/meta/check_meta.h"
#include "tests/unit/meta/notation.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define A32   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B32   "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define C32   "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
#define ROOT  "'pieces root''" A32 "'"
#define SMALL "d''d'length'i5e" ROOT "ee"
/* @ is the root of a file whose two pieces have the roots B32 and C32. */
#define LARGE                  "d''d'length'i32767e'pieces root'@ee"
#define LAYER                  "@'" B32 C32 "'"
#define LAYERS(entries)        "'piece layers'd" entries "e"
#define V2(tree)               "'file tree'd" tree "e'meta version'i2e'name''n''piece length'i16384e"
#define V2_FILE(tree, entries) "d'info'd" V2(tree) "e" LAYERS(entries) "e"

static void expand(struct buffer *buffer, const char *notation)
{
    uint8_t root[SHA256_BYTES];
    char part[4096];
    merkle_root((const uint8_t *)(B32 C32), 2, 0, 1, root);
    for (;;) {
        const size_t length = strcspn(notation, "@");
        memcpy(part, notation, length);
        part[length] = '\0';
        notation_append(buffer, part);
        if (notation[length] == '\0')
            return;
        ck_assert_int_eq(bencode_put_string(buffer, root, sizeof root), ERROR_NONE);
        notation += length + 1;
    }
}

static struct metainfo *parse(const char *notation, unsigned leave,
                              struct metainfo_error *ret_error)
{
    struct buffer buffer;
    struct metainfo *metainfo = NULL;
    buffer_init(&buffer, 1 << 20);
    expand(&buffer, notation);
    const enum error_code error = metainfo_parse_leniently(buffer.bytes, buffer.length,
                                                           leave, &metainfo, ret_error);
    buffer_done(&buffer);
    ck_assert((error == ERROR_NONE) == (metainfo != NULL));
    return metainfo;
}

static struct metainfo *accept(const char *notation)
{
    struct metainfo_error error;
    struct metainfo *metainfo = parse(notation, 0, &error);
    ck_assert_msg(metainfo != NULL, "%s", error.message);
    return metainfo;
}

static const struct {
    const char *row, *notation, *message;
} refused[] = {
    {"T43: version 3", "d'info'd'meta version'i3eee", "unknown meta version 3"},
    {"T43: version 3 before all else, however wrong",
     "d'info'd'file tree'i1e'meta version'i3e'name'i7eee", "unknown meta version 3"},
    {"T43: version 0", "d'info'd'meta version'i0eee", "unknown meta version 0"},
    {"T43: version a string", "d'info'd'meta version''2'ee", "not a number"},
    {"T43: no version",
     "d'info'd'file tree'd'n'" SMALL "e'name''n''piece length'i16384eee",
     "but no meta version"},
    {"T43: piece length 24 KiB",
     "d'info'd'file tree'd'n'" SMALL
     "e'meta version'i2e'name''n''piece length'i24576ee'piece layers'dee",
     "24576 is not a power of two"},
    {"T43: piece length 8 KiB",
     "d'info'd'file tree'd'n'" SMALL
     "e'meta version'i2e'name''n''piece length'i8192ee'piece layers'dee",
     "8192 is not a power of two"},
    {"T44: no piece layers", "d'info'd" V2("'n'" SMALL) "ee", "piece layers is missing"},
    {"T44: a list", "d'info'd" V2("'n'" SMALL) "e'piece layers'lee",
     "piece layers is missing or not a dictionary"},
    {"T44: those of a file are missing", V2_FILE("'n'" LARGE, ""), "file 1 are missing"},
    {"T44: too short", V2_FILE("'n'" LARGE, "@'" B32 "'"), "32 bytes for the 2 pieces"},
    {"T44: too long", V2_FILE("'n'" LARGE, "@'" B32 C32 C32 "'"),
     "96 bytes for the 2 pieces"},
    {"T44: not a string", V2_FILE("'n'" LARGE, "@i1e"), "an entry is not a string"},
    {"T44: another root", V2_FILE("'n'" LARGE, "@'" C32 B32 "'"),
     "file 1 do not lead to its root"},
    {"T44: an unknown root", V2_FILE("'n'" SMALL, "'" B32 "''" B32 C32 "'"),
     "belongs to no file"},
    {"T44: a root too short", V2_FILE("'n'" SMALL, "'" B32 "B'''"), "belongs to no file"},
    {"T44: an entry for a file of one piece", V2_FILE("'n'" SMALL, "'" A32 "''" B32 "'"),
     "belongs to no file"},
    {"T44: a root of two sizes",
     V2_FILE("'a'" LARGE "'b'd''d'length'i5e'pieces root'@ee", LAYER), "another size"},
    {"T45: no tree", "d'info'd'meta version'i2e'name''n''piece length'i16384eee",
     "no file tree in it"},
    {"T45: a list",
     "d'info'd'file tree'le'meta version'i2e'name''n''piece "
     "length'i16384eee",
     "file tree is not a dictionary"},
    {"T45: nothing in it", V2_FILE("", ""), "there is no data in it"},
    {"T45: an empty directory", V2_FILE("'d'de", ""), "there is no data in it"},
    {"T45: the root is a file", V2_FILE("''d'length'i5e" ROOT "e", ""),
     "a directory is a file, too, or has no name"},
    {"T45: an empty name", V2_FILE("'d'd''d'x'" SMALL "ee", ""), "file 1: its length"},
    {"T45: a file with siblings", V2_FILE("'d'd''d'length'i5e" ROOT "e'x'" SMALL "e", ""),
     "a directory is a file, too, or has no name"},
    {"T45: an entry that is none", V2_FILE("'n'i1e", ""), "an entry is not a dictionary"},
    {"T45: a file that is none", V2_FILE("'n'd''i1ee", ""), "file 1: not a dictionary"},
    {"T45: unordered", V2_FILE("'b'" SMALL "'a'" SMALL, ""), "file tree: its keys"},
    {"T45: unordered further below", V2_FILE("'d'd'b'" SMALL "'a'" SMALL "e", ""),
     "file tree: its keys"},
    {"T45: a file unordered", V2_FILE("'n'd''d" ROOT "'length'i5eee", ""),
     "with its keys in order"},
    {"T45: no length", V2_FILE("'n'd''d" ROOT "ee", ""), "file 1: its length"},
    {"T45: a negative length", V2_FILE("'n'd''d'length'i-1e" ROOT "ee", ""),
     "file 1: its length"},
    {"T45: a huge length", V2_FILE("'n'd''d'length'i9223372036854775807e" ROOT "ee", ""),
     "larger than 2^48"},
    {"T45: a sum over 2^48",
     V2_FILE("'a'" SMALL "'n'd''d'length'i281474976710655e" ROOT "ee", ""),
     "larger than 2^48"},
    {"T23: too many pieces", V2_FILE("'n'd''d'length'i34359754753e" ROOT "ee", ""),
     "more than 2097152 pieces"},
    {"T45: no root", V2_FILE("'n'd''d'length'i5eee", ""), "its pieces root is missing"},
    {"T45: a root too short", V2_FILE("'n'd''d'length'i5e'pieces root''x'ee", ""),
     "its pieces root is missing or not a hash"},
    {"T45: a root that is a number", V2_FILE("'n'd''d'length'i5e'pieces root'i0eee", ""),
     "its pieces root"},
    {"T37: padding in a tree", V2_FILE("'n'd''d'attr''p''length'i5e" ROOT "ee", ""),
     "padding, which version 2 has not"},
    {"T7: info unsorted",
     "d'info'd'meta version'i2e'file tree'd'n'" SMALL
     "e'name''n''piece length'i16384ee" LAYERS("") "e",
     "info: its keys are not sorted"},
};

START_TEST(what_cannot_be_right_is_refused_in_words)
{
    struct metainfo_error error;
    const struct metainfo *metainfo = parse(refused[_i].notation, 0, &error);
    ck_assert_msg(metainfo == NULL, "%s was taken", refused[_i].row);
    ck_assert_msg(strstr(error.message, refused[_i].message) != NULL, "%s: %s",
                  refused[_i].row, error.message);
}
END_TEST

START_TEST(each_file_begins_at_a_piece)
{
    struct metainfo *metainfo = accept(
        V2_FILE("'a'" SMALL "'d'd'b'" LARGE "'c'd''d'length'i0eeee'z'" LARGE, LAYER));
    static const struct {
        const char *path;
        uint64_t offset, length;
    } files[] = {{"n/a", 0, 5},
                 {"n/d/b", 16384, 32767},
                 {"n/d/c", 49152, 0},
                 {"n/z", 49152, 32767}};
    static const uint32_t lengths[] = {5, 16384, 16383, 16384, 16383};
    uint32_t file;
    ck_assert(metainfo->v2_only && !metainfo->hybrid && metainfo->multi_file);
    ck_assert_mem_eq(metainfo->hash.bytes, metainfo->hash_v2, SHA1_BYTES);
    ck_assert_uint_eq(metainfo->file_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_str_eq(metainfo->files[i].path, files[i].path);
        ck_assert_uint_eq(metainfo->files[i].offset, files[i].offset);
        ck_assert_uint_eq(metainfo->files[i].length, files[i].length);
    }
    ck_assert_uint_eq(metainfo->piece_count, 5);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_uint_eq(metainfo_piece_length(metainfo, i), lengths[i]);
    ck_assert_uint_eq(metainfo->payload_bytes, 5 + 2 * 32767);
    ck_assert_uint_eq(metainfo_fetched_bytes(metainfo), 5 + 2 * 32767);
    ck_assert_uint_eq(metainfo->total_bytes, 5 * 16384);
    ck_assert_mem_eq(metainfo->piece_roots, A32 B32 C32 B32 C32, 5 * SHA256_BYTES);
    ck_assert(metainfo_find_root(metainfo, (const uint8_t *)A32, &file) && file == 0);
    ck_assert(!metainfo_find_root(metainfo, (const uint8_t *)B32, &file));
    metainfo_free(metainfo);
}
END_TEST

START_TEST(one_file_alone_has_its_own_name)
{
    struct metainfo *metainfo = accept(V2_FILE("'movie.mkv'" SMALL, ""));
    ck_assert(!metainfo->multi_file);
    ck_assert_str_eq(metainfo->files[0].path, "movie.mkv");
    ck_assert_str_eq(metainfo_file_path(metainfo, 0), "movie.mkv");
    metainfo_free(metainfo);
    metainfo = accept(V2_FILE("'..'d'x'" SMALL "e", "")); /* T24, T45 */
    ck_assert(metainfo->multi_file);
    ck_assert_str_eq(metainfo->files[0].path, "n/_/x");
    ck_assert((metainfo->warnings & METAINFO_WARNING_RENAMED) != 0);
    metainfo_free(metainfo);
    metainfo = accept(V2_FILE("'a'" SMALL "'l'd''d'attr''l'ee", "")); /* T36 */
    ck_assert(metainfo->files[1].pad);
    ck_assert((metainfo->warnings & METAINFO_WARNING_SYMLINK) != 0);
    metainfo_free(metainfo);
}
END_TEST

START_TEST(what_comes_without_layers_is_taken_where_they_follow)
{
    static const char large[] = "d'info'd" V2("'n'" LARGE) "ee";
    static const char small[] = "d'info'd" V2("'n'" SMALL) "ee";
    struct metainfo_error error;
    struct metainfo *metainfo = parse(large, METAINFO_WITHOUT_LAYERS, &error);
    ck_assert_ptr_nonnull(metainfo);
    ck_assert_ptr_null(metainfo->piece_roots);
    ck_assert_uint_eq(metainfo->piece_count, 2);
    metainfo_free(metainfo);
    metainfo = parse(small, METAINFO_WITHOUT_LAYERS, &error);
    ck_assert_ptr_nonnull(metainfo);
    ck_assert_mem_eq(metainfo->piece_roots, A32, SHA256_BYTES);
    metainfo_free(metainfo);
    ck_assert_ptr_null(parse(V2_FILE("'n'" LARGE, ""), METAINFO_WITHOUT_LAYERS, &error));
}
END_TEST

/* ---- hybrids ---- */

#define V1_A    "d'length'i5e'path'l'a'ee"
#define V1_B    "d'length'i32767e'path'l'b'ee"
#define V1_PAD  "d'attr''p''length'i16379e'path'l'.pad''16379'ee"
#define V1_TAIL "d'attr''p''length'i1e'path'l'.pad''1'ee"

static struct metainfo *parse_hybrid(const char *tree, const char *v1, unsigned pieces,
                                     struct metainfo_error *ret_error)
{
    char notation[4096], hashes[256] = "";
    for (unsigned i = 0; i < pieces; i++)
        strcat(hashes, "abcdefghijklmnopqrst");
    snprintf(notation, sizeof notation,
             "d'info'd'file tree'd%se%s'meta version'i2e'name''n''piece "
             "length'i16384e'pieces''%s'e" LAYERS("%s") "e",
             tree, v1, hashes, strchr(tree, '@') != NULL ? LAYER : "");
    return parse(notation, 0, ret_error);
}

#define TREE     "'a'" SMALL "'b'" LARGE
#define BOTH(v1) "'files'l" v1 "e"

static const struct {
    const char *row, *tree, *v1;
    unsigned pieces;
    const char *message; /* NULL: taken */
} hybrids[] = {
    {"as it should be", TREE, BOTH(V1_A V1_PAD V1_B), 3, NULL},
    {"padded at the end, too", TREE, BOTH(V1_A V1_PAD V1_B V1_TAIL), 3, NULL},
    {"alone", "'n'" SMALL, "'length'i5e", 1, NULL},
    {"alone in a directory", "'a'" SMALL, BOTH(V1_A), 1, NULL},
    {"T46: a pad is missing", TREE, BOTH(V1_A V1_B), 3, "does not begin where"},
    {"T46: another size", "'a'd''d'length'i6e" ROOT "ee", BOTH(V1_A), 1,
     "file 1 has other names or sizes"},
    {"T46: another name", "'x'" SMALL, BOTH(V1_A), 1, "file 1 has other names or sizes"},
    {"T46: another name, alone", "'x'" SMALL, "'length'i5e", 1,
     "file 1 has other names or sizes"},
    {"T46: another order", TREE, BOTH(V1_B V1_TAIL V1_A), 3,
     "file 1 has other names or sizes"},
    {"T46: one more", TREE, BOTH(V1_A), 1, "not as many files"},
    {"T46: one less", "'a'" SMALL, BOTH(V1_A V1_PAD V1_B), 3, "not as many files"},
    {"T46: a piece of padding more", "'a'" SMALL, BOTH(V1_A V1_PAD V1_PAD), 2,
     "not as many files and pieces"},
    {"T46: v1 hashes alone", "'n'" SMALL, "", 1, "neither length nor files"},
    {"T16: v1 hashes too few", TREE, BOTH(V1_A V1_PAD V1_B), 2, "2 hashes for 3 pieces"},
};

START_TEST(both_halves_say_the_same)
{
    struct metainfo_error error;
    struct metainfo *metainfo =
        parse_hybrid(hybrids[_i].tree, hybrids[_i].v1, hybrids[_i].pieces, &error);
    if (hybrids[_i].message == NULL) {
        ck_assert_msg(metainfo != NULL, "%s: %s", hybrids[_i].row, error.message);
        ck_assert(metainfo->hybrid && !metainfo->v2_only);
        ck_assert_mem_ne(metainfo->hash.bytes, metainfo->hash_v2, SHA1_BYTES);
        ck_assert_mem_eq(metainfo->piece_roots, A32, SHA256_BYTES);
        metainfo_free(metainfo);
        return;
    }
    ck_assert_msg(metainfo == NULL, "%s was taken", hybrids[_i].row);
    ck_assert_msg(strstr(error.message, hybrids[_i].message) != NULL, "%s: %s",
                  hybrids[_i].row, error.message);
}
END_TEST

START_TEST(padding_is_no_file_and_is_not_fetched) /* T37 */
{
    struct metainfo_error error;
    char notation[1024];
    static const uint32_t tails[][2] = {{0, 16384}, {1, 65536}, {2, 16384}, {3, 5}};
    /* Of the first piece one block is data; the second is none but for its last byte; the
     * third is padding alone. */
    snprintf(notation, sizeof notation,
             "'length'i5e'path'l'a'eed'attr''p''length'i131066e'path'l'.pad''1'eed"
             "'length'i1e'path'l'b'eed'attr''p''length'i65536e'path'l'.pad''2'ee"
             "d'length'i5e'path'l'c'e");
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    notation_append(&buffer, "d'info'd'files'ld");
    notation_append(&buffer, notation);
    notation_append(&buffer,
                    "ee'name''n''piece length'i65536e'pieces'"
                    "'abcdefghijklmnopqrstabcdefghijklmnopqrstabcdefghijklmnopqrst"
                    "abcdefghijklmnopqrst'ee");
    struct metainfo *metainfo = NULL;
    const enum error_code code =
        metainfo_parse(buffer.bytes, buffer.length, &metainfo, &error);
    buffer_done(&buffer);
    ck_assert_msg(code == ERROR_NONE, "%s", error.message);
    ck_assert_uint_eq(metainfo->payload_bytes, 11);
    ck_assert_uint_eq(metainfo->piece_count, 4);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_uint_eq(
            piece_tails_find(metainfo->tails, metainfo->tail_count, i, 65536),
            tails[i][1]);
    ck_assert_uint_eq(metainfo_fetched_bytes(metainfo), 16384 + 65536 + 16384 + 5);
    metainfo_free(metainfo);
}
END_TEST

Suite *suite_metainfo_v2(void)
{
    Suite *suite = suite_create("metainfo_v2");
    TCase *tcase = tcase_create("v2");
    tcase_add_loop_test(tcase, what_cannot_be_right_is_refused_in_words, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_test(tcase, each_file_begins_at_a_piece);
    tcase_add_test(tcase, one_file_alone_has_its_own_name);
    tcase_add_test(tcase, what_comes_without_layers_is_taken_where_they_follow);
    tcase_add_loop_test(tcase, both_halves_say_the_same, 0,
                        sizeof hybrids / sizeof *hybrids);
    tcase_add_test(tcase, padding_is_no_file_and_is_not_fetched);
    suite_add_tcase(suite, tcase);
    return suite;
}
