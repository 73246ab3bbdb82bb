/*
 * Messages of ut_pex (BEP 11) as bytes: whom a peer is connected to since it last told,
 * and whom it is not any more, of both families. Pure.
 */
#ifndef BTTUI_PEER_PEX_MESSAGE_H
#define BTTUI_PEER_PEX_MESSAGE_H

#include "base/buffer.h"
#include "base/netaddr.h"

#include <stdint.h>

#define PEX_MESSAGE_BYTES_MAX (32u * 1024)
#define PEX_LIST_MAX          200u /* entries of a list that are looked at */

enum pex_flag {
    PEX_PREFERS_ENCRYPTION = 0x01,
    PEX_SEED = 0x02, /* or upload-only */
    PEX_UTP = 0x04,
    PEX_HOLEPUNCH = 0x08, /* it takes ut_holepunch (BEP 55) */
    PEX_REACHABLE = 0x10  /* who tells of it has called it */
};

struct pex_entry {
    struct netaddr address;
    uint8_t flags; /* enum pex_flag, or-ed; of those added */
};
struct pex_list {
    uint32_t told;  /* entries in the message */
    uint32_t count; /* of them, the first */
    struct pex_entry entries[PEX_LIST_MAX];
};
struct pex_message {
    struct pex_list added, dropped;
    bool is_flawed; /* lists of broken lengths, or one address in both (X18) */
};

/* ERROR_LIMIT: too long; others: no dictionary, or a list in it is no text. */
enum error_code pex_message_read(const uint8_t *bytes, size_t length,
                                 struct pex_message *ret_message) MUST_CHECK;
enum error_code pex_message_write(const struct pex_message *message,
                                  struct buffer *buffer) MUST_CHECK;

#endif
