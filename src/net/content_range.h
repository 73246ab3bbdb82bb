/*
 * Content-Range, the header that says which part of a file an answer holds (RFC 9110,
 * 14.4): "bytes 0-99/1000", or "*" for a length that is not known. Pure; the bytes are
 * a server's.
 */
#ifndef BTTUI_NET_CONTENT_RANGE_H
#define BTTUI_NET_CONTENT_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content_range {
    uint64_t first, last; /* bytes of the file, both included */
    uint64_t total;       /* of the file; UINT64_MAX: not told */
};

/* VALUE: what follows the colon, with or without spaces and an end of line around it.
 * False: it is no range of bytes, or one that cannot be (W3). */
bool content_range_parse(const char *value, size_t length,
                         struct content_range *ret_range);

#endif
