/* HOSTILE.md T1-T10: what the parser takes and what it refuses, and where. */
#include "meta/bencode.h"
#include "tests/unit/meta/check_meta.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static enum error_code parse_strictly(const void *bytes, size_t length,
                                      size_t *ret_offset)
{
    struct bencode tree;
    const enum error_code error =
        bencode_parse(bytes, length, &bencode_limits_metainfo, &tree, ret_offset);
    if (error == ERROR_NONE)
        bencode_done(&tree);
    return error;
}

static const struct {
    const char *text;
    enum error_code strict, lenient;
    size_t offset; /* of the error in strict mode */
} scalars[] = {
    {"i0e", ERROR_NONE, ERROR_NONE, 0},
    {"i9223372036854775807e", ERROR_NONE, ERROR_NONE, 0},
    {"i-9223372036854775808e", ERROR_NONE, ERROR_NONE, 0},
    {"i9223372036854775808e", ERROR_RANGE, ERROR_RANGE, 19},
    {"i-9223372036854775809e", ERROR_RANGE, ERROR_RANGE, 20},
    {"i-0e", ERROR_SYNTAX, ERROR_NONE, 4},
    {"ie", ERROR_SYNTAX, ERROR_SYNTAX, 1},
    {"i-e", ERROR_SYNTAX, ERROR_SYNTAX, 2},
    {"i--1e", ERROR_SYNTAX, ERROR_SYNTAX, 2},
    {"i+1e", ERROR_SYNTAX, ERROR_SYNTAX, 1},
    {"i 1e", ERROR_SYNTAX, ERROR_SYNTAX, 1},
    {"i1.5e", ERROR_SYNTAX, ERROR_SYNTAX, 2},
    {"i03e", ERROR_LEADING_ZERO, ERROR_NONE, 3},
    {"i-03e", ERROR_LEADING_ZERO, ERROR_NONE, 4},
    {"i5", ERROR_TRUNCATED, ERROR_TRUNCATED, 2},
    {"i", ERROR_TRUNCATED, ERROR_TRUNCATED, 1},
    {"0:", ERROR_NONE, ERROR_NONE, 0},
    {"3:abc", ERROR_NONE, ERROR_NONE, 0},
    {"03:abc", ERROR_LEADING_ZERO, ERROR_NONE, 2},
    {"-1:a", ERROR_SYNTAX, ERROR_SYNTAX, 0},
    {"4:abc", ERROR_TRUNCATED, ERROR_TRUNCATED, 2},
    {"3abc", ERROR_SYNTAX, ERROR_SYNTAX, 1},
    {"18446744073709551617:a", ERROR_RANGE, ERROR_RANGE, 10},
    {"4294967296:a", ERROR_RANGE, ERROR_RANGE, 9},
    {"99999999999999999999:a", ERROR_RANGE, ERROR_RANGE, 9},
    {"3", ERROR_TRUNCATED, ERROR_TRUNCATED, 1},
    {"", ERROR_TRUNCATED, ERROR_TRUNCATED, 0},
    {"e", ERROR_SYNTAX, ERROR_SYNTAX, 0},
    {"x", ERROR_SYNTAX, ERROR_SYNTAX, 0},
};

START_TEST(numbers_and_strings_are_read_exactly_or_refused) /* T4-T6 */
{
    struct bencode tree;
    size_t offset = 0;
    const char *text = scalars[_i].text;
    const size_t length = strlen(text);
    const enum error_code strict = parse_strictly(text, length, &offset);
    ck_assert_msg(strict == scalars[_i].strict, "%s: %s", text, error_name(strict));
    if (strict != ERROR_NONE)
        ck_assert_msg(offset == scalars[_i].offset, "%s: at %zu", text, offset);
    const enum error_code lenient = bencode_parse((const uint8_t *)text, length,
                                                  &bencode_limits_tracker, &tree, NULL);
    ck_assert_msg(lenient == scalars[_i].lenient, "%s: %s", text, error_name(lenient));
    if (lenient == ERROR_NONE)
        bencode_done(&tree);
}
END_TEST

static const struct {
    const char *text;
    enum error_code strict, lenient;
    bool unsorted;
} containers[] = {
    {"le", ERROR_NONE, ERROR_NONE, false},
    {"de", ERROR_NONE, ERROR_NONE, false},
    {"d1:ai1e1:bi2ee", ERROR_NONE, ERROR_NONE, false},
    {"d1:bi2e1:ai1ee", ERROR_NONE, ERROR_NONE, true},           /* T7 */
    {"d1:ai1e1:ai2ee", ERROR_DUPLICATE_KEY, ERROR_NONE, false}, /* T8 */
    {"d1:ai1e1:bi2e1:ai3ee", ERROR_DUPLICATE_KEY, ERROR_NONE, true},
    {"d1:bi1e1:ai2e1:ci3e1:bi4ee", ERROR_DUPLICATE_KEY, ERROR_NONE, true},
    {"d1:xd1:bi1e1:ai2e1:bi3eee", ERROR_DUPLICATE_KEY, ERROR_NONE, true},
    {"d1:bi1e1:ad1:bi1eee", ERROR_NONE, ERROR_NONE, true}, /* not the same dictionary */
    {"d1:a1:ae", ERROR_NONE, ERROR_NONE, false},           /* a value may equal a key */
    {"di1e1:ae", ERROR_SYNTAX, ERROR_SYNTAX, false},       /* T9 */
    {"dle1:ae", ERROR_SYNTAX, ERROR_SYNTAX, false},
    {"d1:ae", ERROR_SYNTAX, ERROR_SYNTAX, false},
    {"d1:ai1e", ERROR_TRUNCATED, ERROR_TRUNCATED, false},
    {"li1e", ERROR_TRUNCATED, ERROR_TRUNCATED, false},
};

START_TEST(containers_hold_what_they_may) /* T7-T9 */
{
    struct bencode tree;
    const uint8_t *text = (const uint8_t *)containers[_i].text;
    const size_t length = strlen(containers[_i].text);
    const enum error_code strict = parse_strictly(text, length, NULL);
    ck_assert_msg(strict == containers[_i].strict, "%s: %s", containers[_i].text,
                  error_name(strict));
    const enum error_code lenient =
        bencode_parse(text, length, &bencode_limits_tracker, &tree, NULL);
    ck_assert_msg(lenient == containers[_i].lenient, "%s: %s", containers[_i].text,
                  error_name(lenient));
    if (lenient != ERROR_NONE)
        return;
    ck_assert_msg(tree.unsorted == containers[_i].unsorted, "%s", containers[_i].text);
    bencode_done(&tree);
}
END_TEST

/* LEAD and then UNIT, COUNT times; malloc'ed. */
static uint8_t *bomb(const char *lead, const char *unit, size_t count, size_t *ret_length)
{
    const size_t begin = strlen(lead), each = strlen(unit);
    uint8_t *bytes = malloc(begin + each * count);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, lead, begin);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + begin + i * each, unit, each);
    *ret_length = begin + each * count;
    return bytes;
}

static const struct {
    const char *lead, *unit;
    size_t count;
    enum error_code error;
    size_t offset; /* where: not a byte behind it was looked at; 0: not told here */
} bombs[] = {
    {"", "l", 100000, ERROR_DEPTH, 32},
    {"", "l", 10000000, ERROR_DEPTH, 32},
    {"", "d1:a", 1000000, ERROR_DEPTH, 128}, /* T2 */
    {"", "ld1:a", 100000, ERROR_DEPTH, 80},
    {"l", "le", 8000000, ERROR_TOKENS, 15999999},
    {"l", "0:", 8000000, ERROR_TOKENS, 15999999},
    {"i", "1", 5000, ERROR_RANGE, 20},
    {"", "9999999999999999999999999999999999999999999999999999999999999999", 1 << 20,
     ERROR_LIMIT, 0},
    {"d1:bi1e1:ai1e", "1:ai1e", 500000, ERROR_DUPLICATE_KEY, 0},
};

/* What a thread is given that must not need more, however deep its input is. */
#define SMALL_STACK_BYTES (64u << 10)

struct small_parse {
    const uint8_t *bytes;
    size_t length, offset;
    enum error_code error;
};

static void *parse_small(void *context)
{
    struct small_parse *parse = context;
    parse->error = parse_strictly(parse->bytes, parse->length, &parse->offset);
    return NULL;
}

static void parse_on_small_stack(struct small_parse *parse)
{
    pthread_t thread;
    pthread_attr_t attributes;
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, SMALL_STACK_BYTES), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, parse_small, parse), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

START_TEST(bombs_are_refused_where_the_limit_is) /* T1-T4 */
{
    struct small_parse parse = {0};
    uint8_t *bytes = bomb(bombs[_i].lead, bombs[_i].unit, bombs[_i].count, &parse.length);
    parse.bytes = bytes;
    parse_on_small_stack(&parse);
    free(bytes);
    ck_assert_msg(parse.error == bombs[_i].error, "%s: %s", bombs[_i].unit,
                  error_name(parse.error));
    if (bombs[_i].offset != 0)
        ck_assert_msg(parse.offset == bombs[_i].offset, "%s: at %zu", bombs[_i].unit,
                      parse.offset);
}
END_TEST

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

START_TEST(a_crowd_of_values_takes_eight_times_the_file_at_most) /* T3 */
{
    static const size_t counts[] = {3000000, 5000000};
    size_t length;
    uint8_t *bytes = bomb("l", "le", counts[_i], &length);
    const long before = peak_kib();
    (void)parse_strictly(bytes, length, NULL);
    const long more = peak_kib() - before;
    free(bytes);
#ifndef __SANITIZE_ADDRESS__ /* its allocator keeps more than was asked for */
    ck_assert_int_le(more, 7 * (long)(length >> 10)); /* the file is the eighth */
#else
    (void)more;
#endif
}
END_TEST

/* "d" and COUNT keys of six digits, counting down. */
static void put_descending_keys(struct buffer *buffer, unsigned count)
{
    ck_assert_int_eq(buffer_append_text(buffer, "d"), ERROR_NONE);
    for (unsigned i = count; i-- > 0;)
        ck_assert_int_eq(buffer_printf(buffer, "6:%06ui1e", i), ERROR_NONE);
}

START_TEST(a_dictionary_out_of_order_is_searched_for_twins_in_bounded_time)
{
    static const struct {
        unsigned count;
        const char *more;
        enum error_code error;
    } cases[] = {
        {4000, "e", ERROR_NONE},        {4000, "6:000007i1ee", ERROR_DUPLICATE_KEY},
        {4096, "e", ERROR_NONE},        {4097, "e", ERROR_KEY_ORDER},
        {100000, "e", ERROR_KEY_ORDER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer buffer;
        buffer_init(&buffer, bencode_limits_metainfo.max_bytes);
        put_descending_keys(&buffer, cases[i].count);
        ck_assert_int_eq(buffer_append_text(&buffer, cases[i].more), ERROR_NONE);
        ck_assert_int_eq(parse_strictly(buffer.bytes, buffer.length, NULL),
                         cases[i].error);
        buffer_done(&buffer);
    }
}
END_TEST

START_TEST(depth_is_counted_to_the_limit)
{
    char text[2 * BENCODE_DEPTH_CAP + 2];
    for (uint32_t depth = 1; depth <= BENCODE_DEPTH_CAP; depth++) {
        memset(text, 'l', depth);
        memset(text + depth, 'e', depth);
        ck_assert_int_eq(parse_strictly(text, 2 * (size_t)depth, NULL),
                         depth <= 32 ? ERROR_NONE : ERROR_DEPTH);
    }
}
END_TEST

/* Each limit where it is: so much is taken, one more is not. */
static enum error_code parse_repeated(const struct bencode_limits *limits,
                                      const char *lead, const char *unit, size_t count,
                                      const char *tail)
{
    struct buffer buffer;
    struct bencode tree;
    buffer_init(&buffer, (size_t)64 << 20);
    ck_assert_int_eq(buffer_append_text(&buffer, lead), ERROR_NONE);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(buffer_append_text(&buffer, unit), ERROR_NONE);
    ck_assert_int_eq(buffer_append_text(&buffer, tail), ERROR_NONE);
    const enum error_code error =
        bencode_parse(buffer.bytes, buffer.length, limits, &tree, NULL);
    if (error == ERROR_NONE)
        bencode_done(&tree);
    buffer_done(&buffer);
    return error;
}

static const struct {
    const struct bencode_limits *limits;
    uint32_t depth, tokens;
    size_t bytes;
} edges[] = {
    {&bencode_limits_metainfo, 32, 0, 33554432}, /* its values: among the bombs */
    {&bencode_limits_tracker, 8, 100000, 1048576},
    {&bencode_limits_extension, 8, 4096, 65536},
};

START_TEST(each_limit_takes_so_much_and_no_more)
{
    static const char many[] = "lelelelelelelelelelelelelelelelelelelele"; /* 20 */
    char nest[BENCODE_DEPTH_CAP + 2] = "", ends[BENCODE_DEPTH_CAP + 2] = "";
    const uint32_t depth = edges[_i].depth, tokens = edges[_i].tokens;
    char text[64];
    memset(nest, 'l', depth);
    memset(ends, 'e', depth);
    ck_assert_int_eq(parse_repeated(edges[_i].limits, nest, "", 0, ends), ERROR_NONE);
    nest[depth] = 'l';
    ends[depth] = 'e';
    ck_assert_int_eq(parse_repeated(edges[_i].limits, nest, "", 0, ends), ERROR_DEPTH);
    if (tokens == 0)
        return;
    /* The list itself is one, too. */
    const char *rest = many + sizeof many - 1 - (tokens - 1) % 20 * 2;
    snprintf(text, sizeof text, "%se", rest);
    ck_assert_int_eq(parse_repeated(edges[_i].limits, "l", many, (tokens - 1) / 20, text),
                     ERROR_NONE);
    snprintf(text, sizeof text, "le%se", rest);
    ck_assert_int_eq(parse_repeated(edges[_i].limits, "l", many, (tokens - 1) / 20, text),
                     ERROR_TOKENS);
}
END_TEST

/* A string of BYTES bytes and a few, with its length before it. */
static enum error_code parse_of_length(const struct bencode_limits *limits, size_t bytes)
{
    char lead[32];
    struct bencode tree;
    uint8_t *input = calloc(1, bytes);
    ck_assert_ptr_nonnull(input);
    int digits = snprintf(lead, sizeof lead, "%zu:", bytes);
    digits = snprintf(lead, sizeof lead, "%zu:", bytes - (size_t)digits);
    memcpy(input, lead, (size_t)digits);
    const enum error_code error = bencode_parse(input, bytes, limits, &tree, NULL);
    if (error == ERROR_NONE)
        bencode_done(&tree);
    free(input);
    return error;
}

START_TEST(as_many_bytes_are_read_as_are_allowed)
{
    ck_assert_int_eq(parse_of_length(edges[_i].limits, edges[_i].bytes), ERROR_NONE);
    ck_assert_int_eq(parse_of_length(edges[_i].limits, edges[_i].bytes + 1), ERROR_LIMIT);
}
END_TEST

static const struct {
    const char *text, *key, *span;
} spans[] = {
    {"d1:ai5ee", "a", "i5e"},
    {"d1:a3:xyze", "a", "3:xyz"},
    {"d1:alee", "a", "le"},
    {"d1:adee", "a", "de"},
    {"d1:alleee", "a", "llee"},
    {"d1:ald1:bl1:xeei5ee1:bi1ee", "a", "ld1:bl1:xeei5ee"},
    {"d1:ad1:bd1:cle1:di5eeee", "a", "d1:bd1:cle1:di5eee"},
    {"d1:ad1:bd1:cleee1:zi1ee", "a", "d1:bd1:cleee"},
    {"d1:a02:xye", "a", "02:xy"}, /* as it stood, never encoded anew (T6) */
};

START_TEST(the_raw_span_of_a_value_is_as_it_stood)
{
    struct bencode tree;
    size_t length;
    const char *text = spans[_i].text;
    if (bencode_parse((const uint8_t *)text, strlen(text), &bencode_limits_tracker, &tree,
                      NULL) != ERROR_NONE)
        ck_abort_msg("%s is no bencode", text);
    const uint8_t *span =
        bencode_span(bencode_get(bencode_root(&tree), spans[_i].key), &length);
    ck_assert_msg(length == strlen(spans[_i].span) &&
                      memcmp(span, spans[_i].span, length) == 0,
                  "%s: %.*s", text, (int)length, (const char *)span);
    bencode_done(&tree);
}
END_TEST

START_TEST(values_are_found_and_walked)
{
    static const char text[] = "d1:ai-7e1:bl2:xxi2ee1:cd1:ki1ee1:d0:exx";
    struct bencode tree;
    int64_t number = 0;
    const char *bytes = NULL;
    size_t length = 9, count = 0;
    ck_assert_int_eq(bencode_parse((const uint8_t *)text, sizeof text - 1,
                                   &bencode_limits_metainfo, &tree, NULL),
                     ERROR_NONE);
    ck_assert(tree.trailing); /* T10 */
    ck_assert_uint_eq(tree.length, sizeof text - 3);
    const struct bencode_value root = bencode_root(&tree);
    ck_assert(bencode_get_integer(root, "a", &number));
    ck_assert_int_eq(number, -7);
    ck_assert(bencode_get_string(root, "d", &bytes, &length));
    ck_assert_uint_eq(length, 0);
    ck_assert(!bencode_get_integer(root, "d", &number));
    ck_assert(!bencode_get_string(root, "nothing", &bytes, &length));
    ck_assert(!bencode_exists(bencode_get(bencode_get(root, "a"), "k")));
    ck_assert(bencode_get_integer(bencode_get(root, "c"), "k", &number));
    const struct bencode_value list = bencode_get(root, "b");
    for (struct bencode_value at = bencode_first(list); bencode_exists(at);
         at = bencode_next(list, at))
        count++;
    ck_assert_uint_eq(count, 2);
    bencode_done(&tree);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN};
    struct buffer buffer;
    struct bencode tree;
    int64_t number;
    buffer_init(&buffer, 4096);
    ck_assert_int_eq(buffer_append_text(&buffer, "l"), ERROR_NONE);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(bencode_put_integer(&buffer, numbers[i]), ERROR_NONE);
    ck_assert_int_eq(buffer_append_text(&buffer, "e"), ERROR_NONE);
    ck_assert_int_eq(
        bencode_parse(buffer.bytes, buffer.length, &bencode_limits_metainfo, &tree, NULL),
        ERROR_NONE);
    const struct bencode_value list = bencode_root(&tree);
    struct bencode_value at = bencode_first(list);
    for (size_t i = 0; i < 5; i++, at = bencode_next(list, at)) {
        ck_assert(bencode_integer(at, &number));
        ck_assert_int_eq(number, numbers[i]);
    }
    bencode_done(&tree);
    buffer_done(&buffer);
}
END_TEST

Suite *suite_bencode(void)
{
    Suite *suite = suite_create("bencode");
    TCase *tcase = tcase_create("bencode");
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, numbers_and_strings_are_read_exactly_or_refused, 0,
                        sizeof scalars / sizeof *scalars);
    tcase_add_loop_test(tcase, containers_hold_what_they_may, 0,
                        sizeof containers / sizeof *containers);
    tcase_add_loop_test(tcase, bombs_are_refused_where_the_limit_is, 0,
                        sizeof bombs / sizeof *bombs);
    tcase_add_loop_test(tcase, a_crowd_of_values_takes_eight_times_the_file_at_most, 0,
                        2);
    tcase_add_test(tcase,
                   a_dictionary_out_of_order_is_searched_for_twins_in_bounded_time);
    tcase_add_test(tcase, depth_is_counted_to_the_limit);
    tcase_add_loop_test(tcase, each_limit_takes_so_much_and_no_more, 0,
                        sizeof edges / sizeof *edges);
    tcase_add_loop_test(tcase, as_many_bytes_are_read_as_are_allowed, 0,
                        sizeof edges / sizeof *edges);
    tcase_add_loop_test(tcase, the_raw_span_of_a_value_is_as_it_stood, 0,
                        sizeof spans / sizeof *spans);
    tcase_add_test(tcase, values_are_found_and_walked);
    tcase_add_test(tcase, what_is_written_is_read_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
