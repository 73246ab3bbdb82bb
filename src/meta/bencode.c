#include "meta/bencode_private.h"

#include <stdlib.h>
#include <string.h>

const struct bencode_limits bencode_limits_metainfo = {32u << 20, 8000000, 32, true};
const struct bencode_limits bencode_limits_tracker = {1u << 20, 100000, 8, false};
const struct bencode_limits bencode_limits_extension = {64u << 10, 4096, 8, false};

void bencode_done(struct bencode *tree)
{
    free(tree->tokens);
    *tree = (struct bencode){0};
}

/* ---- reading ---- */

void bencode_string_of(const uint8_t *bytes, const struct bencode_token *token,
                       const char **ret_bytes, size_t *ret_length)
{
    const uint8_t *at = bytes + token->begin;
    size_t length = 0;
    for (; *at != ':'; at++)
        length = length * 10 + (size_t)(*at - '0');
    *ret_bytes = (const char *)at + 1;
    *ret_length = length;
}

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
    bencode_string_of(value.tree->bytes, token_of(value), ret_bytes, ret_length);
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

bool bencode_is_sorted(struct bencode_value dict)
{
    const char *before = NULL, *bytes;
    size_t length_before = 0, length;
    for (struct bencode_value key = bencode_first(dict); bencode_exists(key);
         key = bencode_next(dict, bencode_next(dict, key))) {
        bencode_string(key, &bytes, &length);
        const size_t shorter = length < length_before ? length : length_before;
        const int order = before != NULL ? memcmp(before, bytes, shorter) : -1;
        if (order > 0 || (order == 0 && length_before >= length))
            return false;
        before = bytes;
        length_before = length;
    }
    return true;
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
        bencode_string_of(tree->bytes, token, &bytes, &length);
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
