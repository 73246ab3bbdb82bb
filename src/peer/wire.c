#include "peer/wire.h"

#include "base/text.h"
#include "config.h"
#include "meta/bencode.h"

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
        return length == 1 + (pieces + 7) / 8;
    case WIRE_REQUEST:
    case WIRE_CANCEL:
    case WIRE_REJECT:
        return length == 13;
    case WIRE_PIECE:
        return length >= 9 && length - 9 <= WIRE_REQUEST_MAX;
    case WIRE_PORT:
        return length == 3;
    case WIRE_EXTENDED:
        return length >= 2 && length <= WIRE_EXTENDED_MAX;
    default:
        return length <= WIRE_LENGTH_MAX;
    }
}

bool wire_is_known(uint8_t id)
{
    return id <= WIRE_PORT || (id >= WIRE_SUGGEST && id <= WIRE_ALLOWED_FAST) ||
           id == WIRE_EXTENDED;
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

/* ---- handshake ---- */

static const char protocol[] = "\x13"
                               "BitTorrent protocol";

void wire_handshake_write(const struct wire_handshake *handshake,
                          uint8_t ret_bytes[WIRE_HANDSHAKE_BYTES])
{
    memset(ret_bytes, 0, WIRE_HANDSHAKE_BYTES);
    memcpy(ret_bytes, protocol, 20);
    ret_bytes[25] |= handshake->extended ? 0x10 : 0;
    ret_bytes[27] |= handshake->fast ? 0x04 : 0;
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

/* ---- extension handshake (BEP 10) ---- */

enum error_code wire_put_extension(struct buffer *buffer, uint16_t port, bool upload_only,
                                   const struct netaddr *yourip)
{
    struct buffer body;
    buffer_init(&body, 512);
    enum error_code error =
        buffer_printf(&body, "d1:md11:upload_onlyi%uee", WIRE_EXTENDED_UPLOAD_ONLY);
    if (error == ERROR_NONE && port != 0)
        error = buffer_printf(&body, "1:pi%ue", port);
    if (error == ERROR_NONE)
        error = buffer_printf(&body, "4:reqqi%ue11:upload_onlyi%ue1:v%zu:%s", WIRE_REQQ,
                              upload_only, strlen("bttui " VERSION), "bttui " VERSION);
    if (error == ERROR_NONE && yourip->family != NETADDR_NONE) {
        const size_t length = yourip->family == NETADDR_V4 ? 4 : 16;
        error = buffer_append_text(&body, "6:yourip");
        if (error == ERROR_NONE)
            error = bencode_put_string(&body, yourip->bytes, length);
    }
    if (error == ERROR_NONE)
        error = buffer_append_text(&body, "e");
    if (error == ERROR_NONE)
        error = buffer_append_u32(buffer, (uint32_t)body.length + 2);
    if (error == ERROR_NONE)
        error = buffer_append_u16(buffer, WIRE_EXTENDED << 8);
    if (error == ERROR_NONE)
        error = buffer_append(buffer, body.bytes, body.length);
    buffer_done(&body);
    return error;
}

enum error_code wire_read_extension(const uint8_t *bytes, size_t length,
                                    struct wire_extension *ret_extension)
{
    struct bencode tree;
    struct wire_extension extension = {0};
    const char *text;
    size_t text_length;
    int64_t number;
    struct bencode_limits limits = bencode_limits_extension;
    limits.strict = true;
    const enum error_code error = bencode_parse(bytes, length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error;
    const struct bencode_value root = bencode_root(&tree);
    if (!bencode_is(root, BENCODE_DICT)) {
        bencode_done(&tree);
        return ERROR_TYPE;
    }
    if (bencode_get_integer(root, "p", &number) && number > 0 && number < 65536)
        extension.port = (uint16_t)number;
    if (bencode_get_integer(root, "reqq", &number))
        extension.reqq = number < 1                ? 1
                         : number > WIRE_REQQ_MOST ? WIRE_REQQ_MOST
                                                   : (uint32_t)number;
    extension.tells_upload_only = bencode_get_integer(root, "upload_only", &number);
    extension.upload_only = extension.tells_upload_only && number != 0;
    if (bencode_get_string(root, "v", &text, &text_length))
        text_clean((struct untrusted){text, text_length}, 40, extension.client,
                   sizeof extension.client);
    bencode_done(&tree);
    *ret_extension = extension;
    return ERROR_NONE;
}
