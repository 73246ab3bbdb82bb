/*
 * The packets of uTP (BEP 29): a header of 20 bytes, extensions, data. Pure. The sequence
 * number of a packet without data is that of the next with some, as libutp and libtorrent
 * have it. Any thread.
 */
#ifndef BTTUI_NET_UTP_PACKET_H
#define BTTUI_NET_UTP_PACKET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTP_HEADER_BYTES 20u
#define UTP_SACK_MAX     252u /* bytes, a multiple of 4 that a length byte can tell */

enum utp_type { UTP_DATA, UTP_FIN, UTP_STATE, UTP_RESET, UTP_SYN, UTP_TYPE_COUNT };

struct utp_packet {
    enum utp_type type;
    uint16_t connection_id;
    uint32_t timestamp_us, difference_us;
    uint32_t window; /* bytes the sender of it can take */
    uint16_t sequence, ack;
    const uint8_t *sack; /* bit i: ack + 2 + i has come; NULL: none */
    size_t sack_bytes;
    const uint8_t *data;
    size_t data_bytes;
};

/* Points into BYTES. ERROR_PROTOCOL: it is none of version 1, or its extensions go past
 * its end. Extensions nobody knows are skipped; of several SACKs the first counts. */
enum error_code utp_packet_read(const uint8_t *bytes, size_t length,
                                struct utp_packet *ret_packet) MUST_CHECK;
/* The bytes before the data. */
size_t utp_packet_head_bytes(const struct utp_packet *packet);
/* Writes head and data; AT has room for head_bytes + data_bytes. DATA NULL: none is
 * written, the caller does. */
void utp_packet_write(const struct utp_packet *packet, uint8_t *at);

/* Whether A comes before B, of numbers that wrap. */
static inline bool utp_is_before(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b) < 0;
}

#endif
