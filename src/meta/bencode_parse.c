/* From bytes to a tree of tokens, in one walk: a token a value, each with where the next
 * one after it begins. What is not bencode is refused here, so that bencode.c can trust
 * the bytes. */
#include "meta/bencode_private.h"

#include <stdlib.h>
#include <string.h>

struct frame {
    uint32_t token;
    uint32_t last_key; /* token of the previous key; 0: none yet */
    bool is_dict;
    bool wants_value; /* a key was read, its value is next */
    bool unsorted;
};

/* A dictionary whose keys are out of order is sorted to see that none stands twice; one
 * with more keys than this was never made by an honest program. */
#define UNSORTED_KEYS_MAX 4096

struct parser {
    const uint8_t *bytes;
    size_t length;
    size_t at;
    const struct bencode_limits *limits;
    struct bencode_token *tokens;
    uint32_t count, capacity;
    struct frame stack[BENCODE_DEPTH_CAP];
    uint32_t depth;
    bool unsorted;
};

static enum error_code add_token(struct parser *parser, enum bencode_kind kind)
{
    if (parser->count == parser->limits->max_tokens)
        return ERROR_TOKENS;
    if (parser->count == parser->capacity) {
        const uint32_t capacity = parser->capacity == 0 ? 64 : parser->capacity * 2;
        struct bencode_token *tokens = realloc(parser->tokens, capacity * sizeof *tokens);
        if (tokens == NULL)
            return ERROR_MEMORY;
        parser->tokens = tokens;
        parser->capacity = capacity;
    }
    struct bencode_token *token = &parser->tokens[parser->count++];
    token->begin = (uint32_t)parser->at;
    token->kind = (unsigned)kind & 3u;
    token->next = parser->count & 0x3fffffffu;
    return ERROR_NONE;
}

/* Digits from AT up to END_BYTE into a magnitude of at most LIMIT. */
static enum error_code scan_digits(struct parser *parser, uint8_t end_byte,
                                   uint64_t limit, uint64_t *ret_value)
{
    const size_t begin = parser->at;
    uint64_t value = 0;
    for (; parser->at < parser->length; parser->at++) {
        const uint8_t byte = parser->bytes[parser->at];
        if (byte == end_byte)
            break;
        if (byte < '0' || byte > '9')
            return ERROR_SYNTAX;
        const uint64_t digit = byte - '0';
        if (value > (limit - digit) / 10)
            return ERROR_RANGE;
        value = value * 10 + digit;
    }
    if (parser->at == parser->length)
        return ERROR_TRUNCATED;
    if (parser->at == begin)
        return ERROR_SYNTAX;
    if (parser->limits->strict && parser->bytes[begin] == '0' && parser->at - begin > 1)
        return ERROR_LEADING_ZERO;
    parser->at++;
    *ret_value = value;
    return ERROR_NONE;
}

static enum error_code scan_integer(struct parser *parser)
{
    uint64_t value;
    enum error_code error = add_token(parser, BENCODE_INTEGER);
    if (error != ERROR_NONE)
        return error;
    parser->at++;
    const bool negative = parser->at < parser->length && parser->bytes[parser->at] == '-';
    if (negative)
        parser->at++;
    error = scan_digits(parser, 'e', (uint64_t)INT64_MAX + (negative ? 1 : 0), &value);
    if (error == ERROR_NONE && negative && value == 0 && parser->limits->strict)
        return ERROR_SYNTAX; /* i-0e */
    return error;
}

static enum error_code scan_string(struct parser *parser)
{
    uint64_t length;
    enum error_code error = add_token(parser, BENCODE_STRING);
    if (error == ERROR_NONE)
        error = scan_digits(parser, ':', UINT32_MAX, &length);
    if (error != ERROR_NONE)
        return error;
    if (length > parser->length - parser->at)
        return ERROR_TRUNCATED;
    parser->at += (size_t)length;
    return ERROR_NONE;
}

static int compare_strings(const uint8_t *bytes, const struct bencode_token *a,
                           const struct bencode_token *b)
{
    const char *a_bytes, *b_bytes;
    size_t a_length, b_length;
    bencode_string_of(bytes, a, &a_bytes, &a_length);
    bencode_string_of(bytes, b, &b_bytes, &b_length);
    const int order = memcmp(a_bytes, b_bytes, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static enum error_code check_key(struct parser *parser, struct frame *frame, uint32_t key)
{
    const uint32_t last = frame->last_key;
    frame->last_key = key;
    if (last == 0)
        return ERROR_NONE;
    const int order =
        compare_strings(parser->bytes, &parser->tokens[last], &parser->tokens[key]);
    if (order == 0 && parser->limits->strict)
        return ERROR_DUPLICATE_KEY;
    frame->unsorted |= order > 0;
    parser->unsorted |= order > 0;
    return ERROR_NONE;
}

static int compare_keys(const void *a, const void *b, void *context)
{
    const struct parser *parser = context;
    return compare_strings(parser->bytes, &parser->tokens[*(const uint32_t *)a],
                           &parser->tokens[*(const uint32_t *)b]);
}

/* Equal keys of the dictionary that ends here, which do not stand side by side. */
static enum error_code check_unsorted(struct parser *parser, const struct frame *frame)
{
    uint32_t count = 0;
    enum error_code error = ERROR_NONE;
    uint32_t *keys = malloc(UNSORTED_KEYS_MAX * sizeof *keys);
    if (keys == NULL)
        return ERROR_MEMORY;
    for (uint32_t at = frame->token + 1; at < parser->count;) {
        if (count == UNSORTED_KEYS_MAX) {
            free(keys);
            return ERROR_KEY_ORDER;
        }
        keys[count++] = at;
        at = parser->tokens[at + 1].next; /* past the key's value */
    }
    qsort_r(keys, count, sizeof *keys, compare_keys, parser);
    for (uint32_t i = 1; i < count && error == ERROR_NONE; i++)
        if (compare_keys(&keys[i - 1], &keys[i], parser) == 0)
            error = ERROR_DUPLICATE_KEY;
    free(keys);
    return error;
}

static enum error_code open_container(struct parser *parser, bool is_dict)
{
    const enum error_code error =
        add_token(parser, is_dict ? BENCODE_DICT : BENCODE_LIST);
    if (error != ERROR_NONE)
        return error;
    if (parser->depth == parser->limits->max_depth || parser->depth == BENCODE_DEPTH_CAP)
        return ERROR_DEPTH;
    parser->stack[parser->depth++] =
        (struct frame){.token = parser->count - 1, .is_dict = is_dict};
    parser->at++;
    return ERROR_NONE;
}

static enum error_code close_container(struct parser *parser)
{
    if (parser->depth == 0)
        return ERROR_SYNTAX;
    const struct frame *frame = &parser->stack[parser->depth - 1];
    if (frame->wants_value)
        return ERROR_SYNTAX;
    const enum error_code error = frame->unsorted && parser->limits->strict
                                      ? check_unsorted(parser, frame)
                                      : ERROR_NONE;
    if (error != ERROR_NONE)
        return error;
    parser->tokens[frame->token].next = parser->count & 0x3fffffffu;
    parser->depth--;
    parser->at++;
    return ERROR_NONE;
}

static enum error_code parse_one(struct parser *parser)
{
    struct frame *frame = parser->depth > 0 ? &parser->stack[parser->depth - 1] : NULL;
    const uint8_t byte = parser->bytes[parser->at];
    if (byte == 'e')
        return close_container(parser);
    const bool is_key = frame != NULL && frame->is_dict && !frame->wants_value;
    if (frame != NULL && frame->is_dict)
        frame->wants_value = is_key;
    if (is_key && (byte < '0' || byte > '9'))
        return ERROR_SYNTAX;
    if (byte == 'i')
        return scan_integer(parser);
    if (byte == 'l' || byte == 'd')
        return open_container(parser, byte == 'd');
    if (byte < '0' || byte > '9')
        return ERROR_SYNTAX;
    const uint32_t token = parser->count;
    const enum error_code error = scan_string(parser);
    return error == ERROR_NONE && is_key ? check_key(parser, frame, token) : error;
}

enum error_code bencode_parse(const uint8_t *bytes, size_t length,
                              const struct bencode_limits *limits,
                              struct bencode *ret_tree, size_t *ret_offset)
{
    struct parser parser = {.bytes = bytes, .length = length, .limits = limits};
    enum error_code error = length > limits->max_bytes ? ERROR_LIMIT : ERROR_NONE;
    do {
        if (error == ERROR_NONE && parser.at >= length)
            error = ERROR_TRUNCATED;
        if (error == ERROR_NONE)
            error = parse_one(&parser);
    } while (error == ERROR_NONE && parser.depth > 0);
    if (error != ERROR_NONE) {
        if (ret_offset != NULL)
            *ret_offset = parser.at < length ? parser.at : length;
        free(parser.tokens);
        return error;
    }
    *ret_tree = (struct bencode){
        .bytes = bytes,
        .length = parser.at,
        .input_length = length,
        .tokens = parser.tokens,
        .count = parser.count,
        .unsorted = parser.unsorted,
        .trailing = parser.at < length,
    };
    return ERROR_NONE;
}
