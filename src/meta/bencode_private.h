/* Between bencode_parse.c, which makes trees, and bencode.c, which reads them; nobody
 * else includes this. */
#ifndef BTTUI_META_BENCODE_PRIVATE_H
#define BTTUI_META_BENCODE_PRIVATE_H

#include "meta/bencode.h"

/* The bytes of a string's TOKEN, which was parsed: its length is not checked again. */
void bencode_string_of(const uint8_t *bytes, const struct bencode_token *token,
                       const char **ret_bytes, size_t *ret_length);

#endif
