/*
 * Plain structs as bencoded dictionaries, by a table of their fields. What equals the
 * defaults is not written, so old files gain new fields and small ones stay small. Pure.
 */
#ifndef BTTUI_TORRENT_RECORD_H
#define BTTUI_TORRENT_RECORD_H

#include "base/buffer.h"
#include "meta/bencode.h"

enum record_kind {
    RECORD_FLAG, /* bool */
    RECORD_U32,
    RECORD_U64,
    RECORD_TEXT /* char[most]: sanitised, NUL-terminated, of at most LEAST cells */
};

struct record_field {
    const char *key;
    enum record_kind kind;
    size_t offset;
    int64_t least, most; /* what lies outside is taken for the default */
};

/* "d…e" with the fields that differ from DEFAULTS. FIELDS are in the order of their keys.
 */
enum error_code record_encode(const struct record_field *fields, uint32_t count,
                              const void *record, const void *defaults,
                              struct buffer *buffer) MUST_CHECK;
/* RECORD holds the defaults already; what DICT has and is allowed is put there. */
void record_decode(const struct record_field *fields, uint32_t count,
                   struct bencode_value dict, void *record);
/* One field of two records. */
bool record_equal(const struct record_field *field, const void *a, const void *b);
void record_copy(const struct record_field *field, const void *from, void *to);

#endif
