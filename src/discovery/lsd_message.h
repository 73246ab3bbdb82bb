/*
 * Words of local service discovery (BEP 14), read and written: a request of HTTP's shape
 * in one datagram that says who has which torrents. Pure; any thread.
 */
#ifndef BTTUI_DISCOVERY_LSD_MESSAGE_H
#define BTTUI_DISCOVERY_LSD_MESSAGE_H

#include "base/buffer.h"
#include "base/digest.h"
#include "base/netaddr.h"

#define LSD_MESSAGE_MAX 1400u
#define LSD_HASHES_MAX  24u /* what we put in one */
#define LSD_READ_MAX    32u /* what we take from one */
#define LSD_COOKIE_MAX  32u

struct lsd_message {
    uint16_t port;
    struct info_hash hashes[LSD_READ_MAX];
    uint32_t hash_count;
    char cookie[LSD_COOKIE_MAX + 1]; /* "" if none, or a longer one */
};
/* ERROR_INVALID: it is none, names no port or no torrent. */
enum error_code lsd_message_parse(const uint8_t *bytes, size_t length,
                                  struct lsd_message *ret_message) MUST_CHECK;
/* Appends one to the group of FAMILY. COUNT <= LSD_HASHES_MAX. */
enum error_code lsd_message_write(enum netaddr_family family,
                                  const struct lsd_message *message,
                                  struct buffer *out) MUST_CHECK;

/* Where they are sent to. */
struct netaddr lsd_group(enum netaddr_family family);

#endif
