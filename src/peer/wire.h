/*
 * The peer wire protocol (BEP 3, 6, 10, 52) as bytes: ids, legal lengths, and writers.
 * Pure.
 */
#ifndef BTTUI_PEER_WIRE_H
#define BTTUI_PEER_WIRE_H

#include "base/buffer.h"
#include "bus/message.h"
#include "meta/hash_tree.h"

#include <stdbool.h>
#include <stdint.h>

enum wire_id {
    WIRE_CHOKE = 0,
    WIRE_UNCHOKE = 1,
    WIRE_INTERESTED = 2,
    WIRE_NOT_INTERESTED = 3,
    WIRE_HAVE = 4,
    WIRE_BITFIELD = 5,
    WIRE_REQUEST = 6,
    WIRE_PIECE = 7,
    WIRE_CANCEL = 8,
    WIRE_PORT = 9,
    WIRE_SUGGEST = 13,
    WIRE_HAVE_ALL = 14,
    WIRE_HAVE_NONE = 15,
    WIRE_REJECT = 16,
    WIRE_ALLOWED_FAST = 17,
    WIRE_EXTENDED = 20,
    WIRE_HASH_REQUEST = 21,
    WIRE_HASHES = 22,
    WIRE_HASH_REJECT = 23
};

#define WIRE_HANDSHAKE_BYTES    68
#define WIRE_PIECE_HEADER_BYTES 13      /* length, id, index, begin */
#define WIRE_LENGTH_MAX         262145u /* a bitfield of 2,097,152 pieces */
#define WIRE_EXTENDED_MAX       65538u
#define WIRE_REQUEST_MAX        (128u * 1024) /* of one block asked for; more closes */

/* Whether a message may have this length (that of the prefix, id included): known before
 * its body is read. PIECES is the torrent's count; 0: it is not known yet. */
bool wire_length_is_legal(uint8_t id, uint32_t length, uint32_t pieces);

/* Whether a message of this id means anything to us; others are not kept. */
bool wire_is_known(uint8_t id);

/* The header of a `piece` message for BLOCK. */
void wire_piece_header(const struct block_ref *block,
                       uint8_t ret_bytes[WIRE_PIECE_HEADER_BYTES]);

enum error_code wire_put(struct buffer *buffer, enum wire_id id) MUST_CHECK;
enum error_code wire_put_port(struct buffer *buffer, uint16_t port) MUST_CHECK;
enum error_code wire_put_index(struct buffer *buffer, enum wire_id id,
                               uint32_t index) MUST_CHECK;
/* request, cancel, reject */
enum error_code wire_put_block(struct buffer *buffer, enum wire_id id,
                               const struct block_ref *block) MUST_CHECK;

/* hash request, hash reject; and hashes with COUNT hashes behind */
enum error_code wire_put_hashes(struct buffer *buffer, enum wire_id id,
                                const struct hash_request *request, const uint8_t *hashes,
                                uint32_t count) MUST_CHECK;

struct wire_handshake {
    struct info_hash hash;
    uint8_t peer_id[20];
    bool fast;     /* BEP 6 */
    bool extended; /* BEP 10 */
    bool dht;      /* BEP 5: it has a node */
    bool v2;       /* BEP 52: of a hybrid, it would go on by its v2 hash */
};
void wire_handshake_write(const struct wire_handshake *handshake,
                          uint8_t ret_bytes[WIRE_HANDSHAKE_BYTES]);
/* Whether the first LENGTH bytes (at most WIRE_HANDSHAKE_BYTES) may become one. */
bool wire_handshake_begins(const uint8_t *bytes, size_t length);
/* ERROR_PROTOCOL: not a BitTorrent handshake. */
enum error_code wire_handshake_read(const uint8_t bytes[WIRE_HANDSHAKE_BYTES],
                                    struct wire_handshake *ret_handshake) MUST_CHECK;

/* "Transmission 3.00" from a peer id; ret_name is sanitised. */
#define WIRE_CLIENT_SIZE 65
void wire_client_name(const uint8_t peer_id[20], char ret_name[WIRE_CLIENT_SIZE]);

/* What is said by the extension protocol (BEP 10): X(NAME, our number for it, its name in
 * the handshake's `m`), in the order of those names. peer/extension.c hands a message of
 * that number to peer_on_<name>, which stands in a file of its own. */
#define WIRE_EXTENSION_LIST(X)                                                           \
    X(DONTHAVE, 4, lt_donthave)    /* BEP 54 */                                          \
    X(UPLOAD_ONLY, 1, upload_only) /* BEP 21, libtorrent's */                            \
    X(HOLEPUNCH, 5, ut_holepunch)  /* BEP 55 */                                          \
    X(METADATA, 2, ut_metadata)    /* BEP 9 */                                           \
    X(PEX, 3, ut_pex)              /* BEP 11 */
enum wire_extended {
#define X(NAME, number, name) WIRE_EXTENDED_##NAME = number,
    WIRE_EXTENSION_LIST(X)
#undef X
};
#define WIRE_EXTENDED_COUNT 16u /* our numbers are below it */
/* The name of one of them; NULL: there is none of that number. */
const char *wire_extended_name(unsigned number);

/* The extension handshake: what we say. */
struct wire_extension_offer {
    uint32_t numbers;              /* 1 << enum wire_extended, or-ed: what we take */
    uint32_t withdrawn;            /* what we took before, and do no more */
    uint16_t port;                 /* 0: not told */
    bool upload_only;              /* BEP 21: we have all we want */
    uint32_t metadata_bytes;       /* of the info dictionary (BEP 9); 0: not told */
    const struct netaddr *your_ip; /* family NONE: not told */
};
enum error_code wire_put_extension(struct buffer *buffer,
                                   const struct wire_extension_offer *offer) MUST_CHECK;

/* And what is read of theirs. */
#define WIRE_EXTENDED_UNTOLD (-1)
struct wire_extension {
    uint16_t port; /* 0: not told */
    bool tells_upload_only, upload_only;
    uint32_t reqq; /* 1 … WIRE_REQQ_MOST; 0: not told */
    /* By our numbers, theirs: 1 … 255; 0: it takes it no more. */
    int16_t numbers[WIRE_EXTENDED_COUNT];
    struct netaddr your_ip; /* where it sees us, without a port; family NONE: not told */
    int64_t metadata_bytes; /* as claimed; 0: not told */
    char client[WIRE_CLIENT_SIZE]; /* sanitised; "" if not told */
};
/* Anything but a dictionary in good order is an error. */
enum error_code wire_read_extension(const uint8_t *bytes, size_t length,
                                    struct wire_extension *ret_extension) MUST_CHECK;

#define WIRE_REQQ_MOST 2048u /* of a peer's own limit, whatever it says */
#define WIRE_REQQ      2000u /* requests a peer may have waiting with us */

#endif
