#include "meta/bencode.h"

#include <stdlib.h>
#include <string.h>

const struct bencode_limits bencode_limits_metainfo = {32u << 20, 8000000, 32, true};
const struct bencode_limits bencode_limits_tracker = {1u << 20, 100000, 8, false};
const struct bencode_limits bencode_limits_extension = {64u << 10, 4096, 8, false};

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

static void string_of(const uint8_t *bytes, const struct bencode_token *token,
                      const char **ret_bytes, size_t *ret_length)
{
    const uint8_t *at = bytes + token->begin;
    size_t length = 0;
    for (; *at != ':'; at++)
        length = length * 10 + (size_t)(*at - '0');
    *ret_bytes = (const char *)at + 1;
    *ret_length = length;
}

static int compare_strings(const uint8_t *bytes, const struct bencode_token *a,
                           const struct bencode_token *b)
{
    const char *a_bytes, *b_bytes;
    size_t a_length, b_length;
    string_of(bytes, a, &a_bytes, &a_length);
    string_of(bytes, b, &b_bytes, &b_length);
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

void bencode_done(struct bencode *tree)
{
    free(tree->tokens);
    *tree = (struct bencode){0};
}

/* ---- accessors ---- */

static const struct bencode_value not_there = {NULL, 0};

static const struct bencode_token *token_of(struct bencode_value value)
{
    return &value.tree->tokens[value.token];
}

struct bencode_value bencode_root(const struct bencode *tree)
{
    return (struct bencode_value){tree, 0};
}

bool bencode_is(struct bencode_value value, enum bencode_kind kind)
{
    return value.tree != NULL && token_of(value)->kind == (unsigned)kind;
}

bool bencode_integer(struct bencode_value value, int64_t *ret_value)
{
    if (!bencode_is(value, BENCODE_INTEGER))
        return false;
    const uint8_t *at = value.tree->bytes + token_of(value)->begin + 1;
    const bool negative = *at == '-';
    uint64_t magnitude = 0;
    for (at += negative; *at != 'e'; at++)
        magnitude = magnitude * 10 + (uint64_t)(*at - '0');
    *ret_value = negative ? (int64_t)(~magnitude + 1) : (int64_t)magnitude;
    return true;
}

bool bencode_string(struct bencode_value value, const char **ret_bytes,
                    size_t *ret_length)
{
    if (!bencode_is(value, BENCODE_STRING))
        return false;
    string_of(value.tree->bytes, token_of(value), ret_bytes, ret_length);
    return true;
}

struct bencode_value bencode_first(struct bencode_value container)
{
    if (!bencode_is(container, BENCODE_LIST) && !bencode_is(container, BENCODE_DICT))
        return not_there;
    if (container.token + 1 == token_of(container)->next)
        return not_there;
    return (struct bencode_value){container.tree, container.token + 1};
}

struct bencode_value bencode_next(struct bencode_value container,
                                  struct bencode_value value)
{
    const uint32_t next = token_of(value)->next;
    if (next >= token_of(container)->next)
        return not_there;
    return (struct bencode_value){container.tree, next};
}

struct bencode_value bencode_get(struct bencode_value dict, const char *key)
{
    const size_t key_length = strlen(key);
    if (!bencode_is(dict, BENCODE_DICT))
        return not_there;
    for (struct bencode_value at = bencode_first(dict); bencode_exists(at);) {
        const char *bytes;
        size_t length;
        const struct bencode_value value = bencode_next(dict, at);
        if (bencode_string(at, &bytes, &length) && length == key_length &&
            memcmp(bytes, key, length) == 0)
            return value;
        at = bencode_next(dict, value);
    }
    return not_there;
}

bool bencode_get_integer(struct bencode_value dict, const char *key, int64_t *ret_value)
{
    return bencode_integer(bencode_get(dict, key), ret_value);
}

bool bencode_get_string(struct bencode_value dict, const char *key,
                        const char **ret_bytes, size_t *ret_length)
{
    return bencode_string(bencode_get(dict, key), ret_bytes, ret_length);
}

/* The offset just past a value without children, found from its own bytes. */
static size_t leaf_end(const struct bencode *tree, const struct bencode_token *token)
{
    if (token->kind == BENCODE_STRING) {
        const char *bytes;
        size_t length;
        string_of(tree->bytes, token, &bytes, &length);
        return (size_t)((const uint8_t *)bytes - tree->bytes) + length;
    }
    const uint8_t *end =
        memchr(tree->bytes + token->begin, 'e', tree->length - token->begin);
    return (size_t)(end - tree->bytes) + 1;
}

const uint8_t *bencode_span(struct bencode_value value, size_t *ret_length)
{
    const struct bencode *tree = value.tree;
    const struct bencode_token *token = token_of(value);
    size_t end;
    if (token->kind == BENCODE_STRING || token->kind == BENCODE_INTEGER) {
        end = leaf_end(tree, token);
    } else if (token->next == value.token + 1u) {
        end = token->begin + 2u; /* "le", "de" */
    } else {
        /* After the last leaf inside come the closing bytes of every container that ends
         * there: this one's is the one that brings the depth of the walk to 0. */
        const uint32_t last = token->next - 1u;
        const struct bencode_token *leaf = &tree->tokens[last];
        const bool is_leaf =
            leaf->kind == BENCODE_STRING || leaf->kind == BENCODE_INTEGER;
        end = is_leaf ? leaf_end(tree, leaf) : leaf->begin + 2u;
        uint32_t open = 0;
        for (uint32_t at = value.token; at < last;) {
            const struct bencode_token *inner = &tree->tokens[at];
            const bool holds_last =
                inner->next == token->next &&
                (inner->kind == BENCODE_LIST || inner->kind == BENCODE_DICT);
            open += holds_last;
            at = holds_last ? at + 1 : inner->next;
        }
        end += open;
    }
    *ret_length = end - token->begin;
    return tree->bytes + token->begin;
}

/* ---- writing ---- */

enum error_code bencode_put_string(struct buffer *buffer, const void *bytes,
                                   size_t length)
{
    const enum error_code error = buffer_printf(buffer, "%zu:", length);
    return error != ERROR_NONE ? error : buffer_append(buffer, bytes, length);
}

enum error_code bencode_put_text(struct buffer *buffer, const char *text)
{
    return bencode_put_string(buffer, text, strlen(text));
}

enum error_code bencode_put_integer(struct buffer *buffer, int64_t value)
{
    return buffer_printf(buffer, "i%llde", (long long)value);
}
