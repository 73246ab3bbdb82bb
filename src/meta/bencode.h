/*
 * Bencode (BEP 3): an iterative parser under mandatory limits into a flat array of
 * tokens, and accessors on it. Nothing is copied: values point into the input, which
 * must outlive the tree. Pure; any thread.
 */
#ifndef BTTUI_META_BENCODE_H
#define BTTUI_META_BENCODE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bencode_limits {
    size_t max_bytes;
    uint32_t max_tokens;
    uint32_t max_depth; /* <= BENCODE_DEPTH_CAP */
    /* Metainfo: leading zeros and duplicate keys are errors. Trackers' and peers' words
     * are read leniently. Unsorted keys are noted in both. */
    bool strict;
};
#define BENCODE_DEPTH_CAP 64

/* 32 MiB, depth 32, 8 M tokens: each of a million files has six or more. */
extern const struct bencode_limits bencode_limits_metainfo;
extern const struct bencode_limits
    bencode_limits_tracker; /* 1 MiB, depth 8, strict off */
extern const struct bencode_limits
    bencode_limits_extension; /* 64 KiB, depth 8, 4,096 tokens */

enum bencode_kind { BENCODE_INTEGER, BENCODE_STRING, BENCODE_LIST, BENCODE_DICT };

struct bencode_token {
    uint32_t begin; /* offset of the value's first byte in the input */
    uint32_t kind : 2;
    uint32_t next : 30; /* index of the token after this value and all it holds */
};

struct bencode {
    const uint8_t *bytes;
    size_t length; /* of the top value; what follows it is trailing */
    size_t input_length;
    struct bencode_token *tokens;
    uint32_t count;
    bool unsorted; /* a dict's keys are out of order somewhere */
    bool trailing; /* bytes stand after the top value */
};

/* On failure RET is untouched and *ret_offset (may be NULL) tells where in the input. */
enum error_code bencode_parse(const uint8_t *bytes, size_t length,
                              const struct bencode_limits *limits,
                              struct bencode *ret_tree, size_t *ret_offset) MUST_CHECK;
void bencode_done(struct bencode *tree);

/* A value of the tree; NULL in `tree` means "not there". */
struct bencode_value {
    const struct bencode *tree;
    uint32_t token;
};
static inline bool bencode_exists(struct bencode_value value)
{
    return value.tree != NULL;
}
struct bencode_value bencode_root(const struct bencode *tree);
bool bencode_is(struct bencode_value value,
                enum bencode_kind kind); /* false if not there */

/* The value of KEY, or "not there". */
struct bencode_value bencode_get(struct bencode_value dict, const char *key);
/* False (RET untouched) when not there or of another kind. */
bool bencode_get_integer(struct bencode_value dict, const char *key, int64_t *ret_value);
bool bencode_get_string(struct bencode_value dict, const char *key,
                        const char **ret_bytes, size_t *ret_length);

bool bencode_integer(struct bencode_value value, int64_t *ret_value);
bool bencode_string(struct bencode_value value, const char **ret_bytes,
                    size_t *ret_length);
/* The bytes of the whole value as they stood in the input. */
const uint8_t *bencode_span(struct bencode_value value, size_t *ret_length);

/* Walks a list's items or a dict's keys and values alternately:
 * for (v = bencode_first(list); bencode_exists(v); v = bencode_next(list, v)) */
struct bencode_value bencode_first(struct bencode_value container);
struct bencode_value bencode_next(struct bencode_value container,
                                  struct bencode_value value);

/* Whether the keys of DICT itself, not of what it holds, are in order. */
bool bencode_is_sorted(struct bencode_value dict);

/* Writing: the caller keeps keys in order. */
enum error_code bencode_put_string(struct buffer *buffer, const void *bytes,
                                   size_t length) MUST_CHECK;
enum error_code bencode_put_text(struct buffer *buffer, const char *text) MUST_CHECK;
enum error_code bencode_put_integer(struct buffer *buffer, int64_t value) MUST_CHECK;

#endif
