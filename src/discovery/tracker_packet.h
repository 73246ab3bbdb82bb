/* The packets of UDP trackers (BEP 15, 41) as bytes: pure, under HOSTILE.md's U rows. */
#ifndef BTTUI_DISCOVERY_TRACKER_PACKET_H
#define BTTUI_DISCOVERY_TRACKER_PACKET_H

#include "base/buffer.h"
#include "base/clock.h"
#include "discovery/tracker_reply.h"

#define TRACKER_PACKET_MAX 2048u /* of those we send */

enum tracker_action {
    TRACKER_ACTION_CONNECT = 0,
    TRACKER_ACTION_ANNOUNCE = 1,
    TRACKER_ACTION_SCRAPE = 2,
    TRACKER_ACTION_ERROR = 3
};

struct tracker_packet {
    enum tracker_action action;
    uint32_t transaction;
    uint64_t connection_id; /* CONNECT */
    struct tracker_reply
        reply; /* ANNOUNCE, SCRAPE (counts alone), ERROR (failed, text) */
};
/* ERROR_PROTOCOL: too short for what it says it is, or nothing we know. FROM tells the
 * size of addresses, and which of them it may name; RANDOM chooses if there are too many.
 */
enum error_code tracker_packet_read(const uint8_t *bytes, size_t length,
                                    const struct netaddr *from,
                                    const struct random_source *random,
                                    struct tracker_packet *ret_packet) MUST_CHECK;

struct tracker_announce {
    struct info_hash hash;
    uint8_t peer_id[20];
    uint64_t downloaded, left, uploaded;
    uint32_t event, key, peers_wanted;
    uint16_t port;
    const char *path; /* BEP 41: the URL's path and query; "" to leave it out */
};
enum error_code tracker_packet_put_connect(struct buffer *packet,
                                           uint32_t transaction) MUST_CHECK;
enum error_code
tracker_packet_put_announce(struct buffer *packet, uint64_t connection_id,
                            uint32_t transaction,
                            const struct tracker_announce *announce) MUST_CHECK;
enum error_code tracker_packet_put_scrape(struct buffer *packet, uint64_t connection_id,
                                          uint32_t transaction,
                                          const struct info_hash *hash) MUST_CHECK;

#endif
