/* The extension handshake (BEP 10) as bytes. */
#include "base/text.h"
#include "config.h"
#include "meta/bencode.h"
#include "peer/wire.h"

#include <string.h>

#define NAMES_MAX 64u /* of `m` that are looked at */

const char *wire_extended_name(unsigned number)
{
    switch (number) {
#define X(NAME, number, name)                                                            \
    case number:                                                                         \
        return #name;
        WIRE_EXTENSION_LIST(X)
#undef X
    default:
        return NULL;
    }
}

/* ---- what we say ---- */

static enum error_code put_name(struct buffer *body,
                                const struct wire_extension_offer *offer, uint32_t number,
                                const char *name)
{
    const bool taken = (offer->numbers >> number & 1) != 0;
    if (!taken && (offer->withdrawn >> number & 1) == 0)
        return ERROR_NONE;
    return buffer_printf(body, "%zu:%si%ue", strlen(name), name, taken ? number : 0);
}

static enum error_code put_names(struct buffer *body,
                                 const struct wire_extension_offer *offer)
{
    enum error_code error = buffer_append_text(body, "d1:md");
#define X(NAME, number, name)                                                            \
    if (error == ERROR_NONE)                                                             \
        error = put_name(body, offer, number, #name);
    WIRE_EXTENSION_LIST(X)
#undef X
    return error == ERROR_NONE ? buffer_append_text(body, "e") : error;
}

static enum error_code put_body(struct buffer *body,
                                const struct wire_extension_offer *offer)
{
    static const char version[] = "bttui " VERSION;
    enum error_code error = put_names(body, offer);
    if (error == ERROR_NONE && offer->metadata_bytes != 0)
        error = buffer_printf(body, "13:metadata_sizei%ue", offer->metadata_bytes);
    if (error == ERROR_NONE && offer->port != 0)
        error = buffer_printf(body, "1:pi%ue", offer->port);
    if (error == ERROR_NONE)
        error = buffer_printf(body, "4:reqqi%ue11:upload_onlyi%ue1:v%zu:%s", WIRE_REQQ,
                              offer->upload_only, strlen(version), version);
    if (error == ERROR_NONE && offer->your_ip->family != NETADDR_NONE) {
        const size_t length = offer->your_ip->family == NETADDR_V4 ? 4 : 16;
        error = buffer_append_text(body, "6:yourip");
        if (error == ERROR_NONE)
            error = bencode_put_string(body, offer->your_ip->bytes, length);
    }
    return error == ERROR_NONE ? buffer_append_text(body, "e") : error;
}

enum error_code wire_put_extension(struct buffer *buffer,
                                   const struct wire_extension_offer *offer)
{
    struct buffer body;
    buffer_init(&body, 1024);
    enum error_code error = put_body(&body, offer);
    if (error == ERROR_NONE)
        error = buffer_append_u32(buffer, (uint32_t)body.length + 2);
    if (error == ERROR_NONE)
        error = buffer_append_u16(buffer, WIRE_EXTENDED << 8);
    if (error == ERROR_NONE)
        error = buffer_append(buffer, body.bytes, body.length);
    buffer_done(&body);
    return error;
}

/* ---- what they say ---- */

static unsigned number_of(const char *name, size_t length)
{
    for (unsigned number = 1; number < WIRE_EXTENDED_COUNT; number++) {
        const char *ours = wire_extended_name(number);
        if (ours != NULL && strlen(ours) == length && memcmp(ours, name, length) == 0)
            return number;
    }
    return 0;
}

/* A number that two names have is the first's (X3). */
static void take_number(struct wire_extension *extension, bool taken[256], unsigned ours,
                        int64_t theirs)
{
    if (theirs < 0 || theirs > 255 || (theirs != 0 && taken[theirs]))
        return;
    taken[theirs] = true;
    if (ours != 0)
        extension->numbers[ours] = (int16_t)theirs;
}

static void read_names(struct bencode_value names, struct wire_extension *extension)
{
    bool taken[256] = {false};
    uint32_t count = 0;
    for (unsigned i = 0; i < WIRE_EXTENDED_COUNT; i++)
        extension->numbers[i] = WIRE_EXTENDED_UNTOLD;
    if (!bencode_is(names, BENCODE_DICT))
        return;
    for (struct bencode_value key = bencode_first(names);
         bencode_exists(key) && count < NAMES_MAX; count++) {
        const struct bencode_value value = bencode_next(names, key);
        const char *name;
        size_t length;
        int64_t theirs;
        if (bencode_string(key, &name, &length) && bencode_integer(value, &theirs))
            take_number(extension, taken, number_of(name, length), theirs);
        key = bencode_next(names, value);
    }
}

static void read_your_ip(struct bencode_value root, struct netaddr *ret_address)
{
    uint8_t compact[18] = {0};
    const char *text;
    size_t length;
    if (!bencode_get_string(root, "yourip", &text, &length) ||
        (length != 4 && length != 16))
        return;
    memcpy(compact, text, length);
    if (length == 4)
        netaddr_from_compact4(compact, ret_address);
    else
        netaddr_from_compact6(compact, ret_address);
}

static void read_values(struct bencode_value root, struct wire_extension *extension)
{
    const char *text;
    size_t text_length;
    int64_t number;
    if (bencode_get_integer(root, "p", &number) && number > 0 && number < 65536)
        extension->port = (uint16_t)number;
    if (bencode_get_integer(root, "reqq", &number))
        extension->reqq = number < 1                ? 1
                          : number > WIRE_REQQ_MOST ? WIRE_REQQ_MOST
                                                    : (uint32_t)number;
    if (bencode_get_integer(root, "metadata_size", &number))
        extension->metadata_bytes = number;
    extension->tells_upload_only = bencode_get_integer(root, "upload_only", &number);
    extension->upload_only = extension->tells_upload_only && number != 0;
    read_your_ip(root, &extension->your_ip);
    if (bencode_get_string(root, "v", &text, &text_length))
        text_clean((struct untrusted){text, text_length}, 40, extension->client,
                   sizeof extension->client);
}

enum error_code wire_read_extension(const uint8_t *bytes, size_t length,
                                    struct wire_extension *ret_extension)
{
    struct bencode tree;
    struct wire_extension extension = {0};
    struct bencode_limits limits = bencode_limits_extension;
    limits.strict = true;
    const enum error_code error = bencode_parse(bytes, length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error;
    const struct bencode_value root = bencode_root(&tree);
    const bool is_dict = bencode_is(root, BENCODE_DICT);
    if (is_dict) {
        read_names(bencode_get(root, "m"), &extension);
        read_values(root, &extension);
        *ret_extension = extension;
    }
    bencode_done(&tree);
    return is_dict ? ERROR_NONE : ERROR_TYPE;
}
