#include "peer/wire.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

bool wire_length_is_legal(uint8_t id, uint32_t length, uint32_t pieces)
{
    switch (id) {
    case WIRE_CHOKE:
    case WIRE_UNCHOKE:
    case WIRE_INTERESTED:
    case WIRE_NOT_INTERESTED:
    case WIRE_HAVE_ALL:
    case WIRE_HAVE_NONE:
        return length == 1;
    case WIRE_HAVE:
    case WIRE_SUGGEST:
    case WIRE_ALLOWED_FAST:
        return length == 5;
    case WIRE_BITFIELD:
        return pieces == 0 ? length <= WIRE_LENGTH_MAX : length == 1 + (pieces + 7) / 8;
    case WIRE_REQUEST:
    case WIRE_CANCEL:
    case WIRE_REJECT:
        return length == 13;
    case WIRE_PIECE:
        return length >= 9 && length - 9 <= WIRE_REQUEST_MAX;
    case WIRE_PORT:
        return length == 3;
    case WIRE_HASH_REQUEST:
    case WIRE_HASH_REJECT:
        return length == 1 + HASH_REQUEST_BYTES;
    case WIRE_HASHES:
        return length > 1 + HASH_REQUEST_BYTES &&
               (length - 1 - HASH_REQUEST_BYTES) % SHA256_BYTES == 0 &&
               length - 1 - HASH_REQUEST_BYTES <= HASH_ANSWER_MAX * SHA256_BYTES;
    case WIRE_EXTENDED:
        return length >= 2 && length <= WIRE_EXTENDED_MAX;
    default:
        return length <= WIRE_LENGTH_MAX;
    }
}

bool wire_is_known(uint8_t id)
{
    return id <= WIRE_PORT || (id >= WIRE_SUGGEST && id <= WIRE_ALLOWED_FAST) ||
           (id >= WIRE_EXTENDED && id <= WIRE_HASH_REJECT);
}

void wire_piece_header(const struct block_ref *block,
                       uint8_t ret_bytes[WIRE_PIECE_HEADER_BYTES])
{
    be32_put(ret_bytes, block->length + 9);
    ret_bytes[4] = WIRE_PIECE;
    be32_put(ret_bytes + 5, block->piece);
    be32_put(ret_bytes + 9, block->begin);
}

enum error_code wire_put(struct buffer *buffer, enum wire_id id)
{
    const uint8_t bytes[5] = {0, 0, 0, 1, (uint8_t)id};
    return buffer_append(buffer, bytes, sizeof bytes);
}

enum error_code wire_put_port(struct buffer *buffer, uint16_t port)
{
    enum error_code error = buffer_append_u32(buffer, 3);
    if (error == ERROR_NONE)
        error = buffer_append_u8(buffer, WIRE_PORT);
    return error == ERROR_NONE ? buffer_append_u16(buffer, port) : error;
}

enum error_code wire_put_index(struct buffer *buffer, enum wire_id id, uint32_t index)
{
    uint8_t bytes[9] = {0, 0, 0, 5, (uint8_t)id};
    be32_put(bytes + 5, index);
    return buffer_append(buffer, bytes, sizeof bytes);
}

enum error_code wire_put_block(struct buffer *buffer, enum wire_id id,
                               const struct block_ref *block)
{
    uint8_t bytes[17] = {0, 0, 0, 13, (uint8_t)id};
    be32_put(bytes + 5, block->piece);
    be32_put(bytes + 9, block->begin);
    be32_put(bytes + 13, block->length);
    return buffer_append(buffer, bytes, sizeof bytes);
}

enum error_code wire_put_hashes(struct buffer *buffer, enum wire_id id,
                                const struct hash_request *request, const uint8_t *hashes,
                                uint32_t count)
{
    uint8_t head[5 + HASH_REQUEST_BYTES];
    const size_t length = (size_t)count * SHA256_BYTES;
    be32_put(head, (uint32_t)(1 + HASH_REQUEST_BYTES + length));
    head[4] = (uint8_t)id;
    hash_request_write(request, head + 5);
    const enum error_code error = buffer_append(buffer, head, sizeof head);
    return error == ERROR_NONE && length > 0 ? buffer_append(buffer, hashes, length)
                                             : error;
}

/* ---- handshake ---- */

static const char protocol[] = "\x13"
                               "BitTorrent protocol";

void wire_handshake_write(const struct wire_handshake *handshake,
                          uint8_t ret_bytes[WIRE_HANDSHAKE_BYTES])
{
    memset(ret_bytes, 0, WIRE_HANDSHAKE_BYTES);
    memcpy(ret_bytes, protocol, 20);
    ret_bytes[25] |= handshake->extended ? 0x10 : 0;
    ret_bytes[27] |= (handshake->fast ? 0x04 : 0) | (handshake->dht ? 0x01 : 0);
    ret_bytes[27] |= handshake->v2 ? 0x10 : 0;
    memcpy(ret_bytes + 28, handshake->hash.bytes, SHA1_BYTES);
    memcpy(ret_bytes + 48, handshake->peer_id, 20);
}

bool wire_handshake_begins(const uint8_t *bytes, size_t length)
{
    return memcmp(bytes, protocol, length < 20 ? length : 20) == 0;
}

enum error_code wire_handshake_read(const uint8_t bytes[WIRE_HANDSHAKE_BYTES],
                                    struct wire_handshake *ret_handshake)
{
    if (memcmp(bytes, protocol, 20) != 0)
        return ERROR_PROTOCOL;
    memcpy(ret_handshake->hash.bytes, bytes + 28, SHA1_BYTES);
    memcpy(ret_handshake->peer_id, bytes + 48, 20);
    ret_handshake->extended = (bytes[25] & 0x10) != 0;
    ret_handshake->fast = (bytes[27] & 0x04) != 0;
    ret_handshake->dht = (bytes[27] & 0x01) != 0;
    ret_handshake->v2 = (bytes[27] & 0x10) != 0;
    return ERROR_NONE;
}

/* ---- client names (BEP 20) ---- */

static const struct {
    char code[3];
    const char *name;
} clients[] = {
    {"AG", "Ares"},         {"AZ", "Vuze"},
    {"BC", "BitComet"},     {"BG", "BTG"},
    {"BI", "BiglyBT"},      {"BT", "bttui"},
    {"DE", "Deluge"},       {"FD", "Free Download Manager"},
    {"KT", "KTorrent"},     {"LT", "libtorrent"},
    {"lt", "rtorrent"},     {"qB", "qBittorrent"},
    {"RQ", "rqbit"},        {"TR", "Transmission"},
    {"UM", "µTorrent Mac"}, {"UT", "µTorrent"},
    {"UW", "µTorrent Web"}, {"WW", "WebTorrent"},
    {"XL", "Xunlei"},       {"A2", "aria2"},
    {"TX", "Tixati"},       {"PI", "PicoTorrent"},
};

static void version_text(const uint8_t digits[4], char *ret_text, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < 4 && used + 3 < size; i++) {
        if (digits[i] < '!' || digits[i] > '~')
            break;
        if (i == 3 && digits[i] == '0')
            break;
        if (i > 0)
            ret_text[used++] = '.';
        ret_text[used++] = (char)digits[i];
    }
    ret_text[used] = '\0';
}

void wire_client_name(const uint8_t peer_id[20], char ret_name[WIRE_CLIENT_SIZE])
{
    char version[16], name[WIRE_CLIENT_SIZE];
    ret_name[0] = '\0';
    if (memcmp(peer_id, "A2-", 3) == 0) {
        snprintf(ret_name, WIRE_CLIENT_SIZE, "aria2");
        return;
    }
    if (peer_id[0] != '-' || peer_id[7] != '-')
        return;
    version_text(peer_id + 3, version, sizeof version);
    snprintf(name, sizeof name, "%c%c %s", peer_id[1], peer_id[2], version);
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        if (memcmp(clients[i].code, peer_id + 1, 2) == 0)
            snprintf(name, sizeof name, "%s %s", clients[i].name, version);
    text_clean(text_untrusted(name), 40, ret_name, WIRE_CLIENT_SIZE);
}
