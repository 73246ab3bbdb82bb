/*
 * What the demo's tracker is asked and what it answers (BEP 3, 23): pure functions on
 * bytes. A request is one HTTP/1.x GET of /announce; whatever its headers say is ignored.
 */
#ifndef BTTUI_APP_DEMO_ANNOUNCE_H
#define BTTUI_APP_DEMO_ANNOUNCE_H

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMO_ANNOUNCE_BYTES_MAX 4096u /* of a request with its headers */
#define DEMO_ANNOUNCE_PEERS_MAX 64u   /* in an answer */

enum demo_announce_event {
    DEMO_ANNOUNCE_NONE,
    DEMO_ANNOUNCE_STARTED,
    DEMO_ANNOUNCE_COMPLETED,
    DEMO_ANNOUNCE_STOPPED
};

struct demo_announce {
    struct info_hash hash;
    uint8_t peer_id[20];
    uint16_t port;
    uint64_t left;
    uint32_t numwant; /* at most DEMO_ANNOUNCE_PEERS_MAX, which is the default too */
    enum demo_announce_event event;
};

/* ERROR_AGAIN: the headers are not all there yet. ERROR_LIMIT: they are too long.
 * ERROR_NOT_FOUND: another path. ERROR_UNSUPPORTED: no GET. ERROR_SYNTAX: no HTTP or bad
 * escapes. ERROR_MISSING, ERROR_RANGE: the query lacks something or says nonsense.
 * *ret_announce is untouched but on ERROR_NONE. */
enum error_code demo_announce_parse(const uint8_t *bytes, size_t length,
                                    struct demo_announce *ret_announce) MUST_CHECK;

struct demo_announce_answer {
    const char *failure; /* instead of all the rest; NULL: none */
    uint32_t interval_s;
    uint32_t seeds, leechers;
    const struct netaddr *peers; /* IPv4 only */
    uint32_t peer_count;
};
/* Appends the whole HTTP response with STATUS ("200 OK"). */
enum error_code demo_announce_write(const char *status,
                                    const struct demo_announce_answer *answer,
                                    struct buffer *out) MUST_CHECK;

#endif
