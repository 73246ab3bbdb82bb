/*
 * What a tracker answers over HTTP (BEP 3, 7, 23, 31): pure parsing under HOSTILE.md's H
 * rows.
 */
#ifndef BTTUI_DISCOVERY_TRACKER_REPLY_H
#define BTTUI_DISCOVERY_TRACKER_REPLY_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACKER_PEERS_MAX          200u
#define TRACKER_NAMES_MAX          20u
#define TRACKER_NAME_SIZE          128
#define TRACKER_TEXT_SIZE          512
#define TRACKER_ID_BYTES           256
#define TRACKER_INTERVAL_LEAST_S   60u
#define TRACKER_INTERVAL_MOST_S    (6u * 3600)
#define TRACKER_INTERVAL_DEFAULT_S 1800u

struct tracker_reply {
    bool failed;                  /* the tracker refused; TEXT says why */
    char text[TRACKER_TEXT_SIZE]; /* its failure or warning, sanitised; "" if none */
    uint32_t interval_s;          /* clamped */
    uint32_t min_interval_s;      /* clamped; 0: not told */
    uint32_t retry_s;             /* BEP 31, clamped; 0: not told */
    bool never_retry;             /* BEP 31 */
    uint32_t seeds, leechers;     /* UINT32_MAX: not told */
    uint32_t downloads;           /* ever completed; UINT32_MAX: not told */
    char tracker_id[TRACKER_ID_BYTES + 1];
    size_t tracker_id_length;
    uint32_t peer_count;    /* of those kept */
    uint32_t peers_offered; /* acceptable ones in the answer */
    struct netaddr peers[TRACKER_PEERS_MAX];
    uint32_t name_count; /* peers told by host name: to be looked up */
    struct tracker_named_peer {
        char host[TRACKER_NAME_SIZE];
        uint16_t port;
    } names[TRACKER_NAMES_MAX];
};

/* Nothing told. */
void tracker_reply_init(struct tracker_reply *reply);

/* ERROR_SYNTAX and friends: not a tracker's answer. FROM is who sent it: it may not name
 * addresses it has no business with (netaddr_may_nominate). Of too many peers RANDOM
 * chooses which are kept. */
enum error_code tracker_reply_parse(const uint8_t *bytes, size_t length,
                                    const struct netaddr *from,
                                    const struct random_source *random,
                                    struct tracker_reply *ret_reply) MUST_CHECK;
/* The answer to a scrape (BEP 48): the counts of HASH. ERROR_NOT_FOUND: not in it. */
enum error_code tracker_reply_parse_scrape(const uint8_t *bytes, size_t length,
                                           const struct info_hash *hash,
                                           struct tracker_reply *ret_reply) MUST_CHECK;
/* Addresses of STRIDE bytes, 6 or 18; an incomplete one at the end is left out. */
void tracker_reply_add_compact(struct tracker_reply *reply, const struct netaddr *from,
                               const struct random_source *random, const uint8_t *bytes,
                               size_t length, size_t stride);
uint32_t tracker_clamp_interval(int64_t interval_s);

#endif
