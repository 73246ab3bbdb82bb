/* Magnet links are written. */
#include "meta/magnet.h"

#include <stdlib.h>
#include <string.h>

static enum error_code put_hex(struct buffer *buffer, const uint8_t *bytes, size_t length)
{
    enum error_code error = ERROR_NONE;
    for (size_t i = 0; i < length && error == ERROR_NONE; i++)
        error = buffer_printf(buffer, "%02x", bytes[i]);
    return error;
}

static bool stands_for_itself(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~:/[]", c) != NULL);
}

static enum error_code put_parameter(struct buffer *buffer, const char *key,
                                     const char *text)
{
    enum error_code error = buffer_printf(buffer, "&%s=", key);
    for (; *text != '\0' && error == ERROR_NONE; text++)
        error = stands_for_itself(*text)
                    ? buffer_append_u8(buffer, (uint8_t)*text)
                    : buffer_printf(buffer, "%%%02X", (unsigned char)*text);
    return error;
}

static enum error_code put_list(struct buffer *buffer, const char *key,
                                const struct magnet_list *list)
{
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < list->count && error == ERROR_NONE; i++)
        error = put_parameter(buffer, key, list->texts[i]);
    return error;
}

/* Its numbers are from 0 in a link. */
static enum error_code put_select(struct buffer *buffer, const char *select)
{
    enum error_code error = buffer_append_text(buffer, "&so=");
    for (const char *at = select; error == ERROR_NONE && *at != '\0';) {
        char *end;
        const unsigned long long first = strtoull(at, &end, 10);
        const unsigned long long last = *end == '-' ? strtoull(end + 1, &end, 10) : first;
        error = buffer_printf(buffer, "%s%llu", at == select ? "" : ",", first - 1);
        if (error == ERROR_NONE && last > first)
            error = buffer_printf(buffer, "-%llu", last - 1);
        at = *end == ',' ? end + 1 : end;
    }
    return error;
}

static enum error_code put_topics(struct buffer *buffer, const struct magnet *magnet)
{
    enum error_code error = buffer_append_text(buffer, "magnet:?");
    if (error == ERROR_NONE && magnet->has_v1)
        error = buffer_append_text(buffer, "xt=urn:btih:");
    if (error == ERROR_NONE && magnet->has_v1)
        error = put_hex(buffer, magnet->hash.bytes, SHA1_BYTES);
    if (error == ERROR_NONE && magnet->has_v2)
        error = buffer_printf(buffer, "%sxt=urn:btmh:1220", magnet->has_v1 ? "&" : "");
    return error == ERROR_NONE && magnet->has_v2
               ? put_hex(buffer, magnet->hash_v2, SHA256_BYTES)
               : error;
}

enum error_code magnet_write(const struct magnet *magnet, struct buffer *buffer)
{
    enum error_code error = put_topics(buffer, magnet);
    if (error == ERROR_NONE && magnet->name != NULL)
        error = put_parameter(buffer, "dn", magnet->name);
    if (error == ERROR_NONE && magnet->select != NULL)
        error = put_select(buffer, magnet->select);
    if (error == ERROR_NONE)
        error = put_list(buffer, "tr", &magnet->trackers);
    if (error == ERROR_NONE)
        error = put_list(buffer, "ws", &magnet->webseeds);
    if (error == ERROR_NONE)
        error = put_list(buffer, "x.pe", &magnet->peers);
    return error;
}
