#include "app/demo_announce.h"

#include "base/text.h"
#include "meta/bencode.h"

#include <string.h>

#define VALUE_BYTES 64u /* the longest value of a key we know is 20 bytes */

struct span {
    const char *bytes;
    size_t length;
};

/* ---- the query ---- */

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static enum error_code unescape(struct span text, char ret_value[VALUE_BYTES],
                                size_t *ret_length)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (length == VALUE_BYTES - 1)
            return ERROR_RANGE;
        char byte = text.bytes[i];
        if (byte == '%') {
            const int high = text.length - i > 2 ? hex_digit(text.bytes[i + 1]) : -1;
            const int low = text.length - i > 2 ? hex_digit(text.bytes[i + 2]) : -1;
            if (high < 0 || low < 0)
                return ERROR_SYNTAX;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        ret_value[length++] = byte;
    }
    ret_value[length] = '\0';
    *ret_length = length;
    return ERROR_NONE;
}

static bool is(struct span text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

static enum error_code read_event(const char *value, enum demo_announce_event *ret_event)
{
    static const char *const words[] = {"", "started", "completed", "stopped"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(value, words[i]) == 0) {
            *ret_event = (enum demo_announce_event)i;
            return ERROR_NONE;
        }
    }
    return ERROR_RANGE;
}

enum { SEEN_HASH = 1, SEEN_ID = 2, SEEN_PORT = 4, SEEN_LEFT = 8, SEEN_ALL = 15 };

static enum error_code read_bytes(const char *value, size_t length, uint8_t *ret_bytes)
{
    if (length != SHA1_BYTES) /* a peer id is as long */
        return ERROR_RANGE;
    memcpy(ret_bytes, value, length);
    return ERROR_NONE;
}

static enum error_code read_pair(struct demo_announce *announce, struct span key,
                                 struct span text, unsigned *seen)
{
    char value[VALUE_BYTES];
    size_t length;
    uint64_t number = 0;
    enum error_code error = ERROR_NONE;
    const bool hash = is(key, "info_hash"), id = is(key, "peer_id");
    const bool port = is(key, "port"), left = is(key, "left");
    const bool numwant = is(key, "numwant"), event = is(key, "event");
    if (!hash && !id && !port && !left && !numwant && !event)
        return ERROR_NONE;
    error = unescape(text, value, &length);
    if (error != ERROR_NONE)
        return error;
    if (hash || id)
        error =
            read_bytes(value, length, hash ? announce->hash.bytes : announce->peer_id);
    else if (event)
        error = read_event(value, &announce->event);
    else if (strlen(value) != length ||
             !text_parse_u64(value, port ? 1 : 0, port ? 65535 : INT64_MAX, &number))
        error = ERROR_RANGE;
    if (port)
        announce->port = (uint16_t)number;
    else if (left)
        announce->left = number;
    else if (numwant && number < DEMO_ANNOUNCE_PEERS_MAX)
        announce->numwant = (uint32_t)number;
    *seen |= (hash ? SEEN_HASH : 0u) | (id ? SEEN_ID : 0u) | (port ? SEEN_PORT : 0u) |
             (left ? SEEN_LEFT : 0u);
    return error;
}

static enum error_code read_query(struct span query, struct demo_announce *ret_announce)
{
    struct demo_announce announce = {.numwant = DEMO_ANNOUNCE_PEERS_MAX};
    unsigned seen = 0;
    while (query.length > 0) {
        const char *amp = memchr(query.bytes, '&', query.length);
        const size_t length = amp != NULL ? (size_t)(amp - query.bytes) : query.length;
        const char *equals = memchr(query.bytes, '=', length);
        if (equals != NULL) {
            const size_t key = (size_t)(equals - query.bytes);
            const enum error_code error =
                read_pair(&announce, (struct span){query.bytes, key},
                          (struct span){equals + 1, length - key - 1}, &seen);
            if (error != ERROR_NONE)
                return error;
        }
        const size_t used = amp != NULL ? length + 1 : length;
        query.bytes += used;
        query.length -= used;
    }
    if (seen != SEEN_ALL)
        return ERROR_MISSING;
    *ret_announce = announce;
    return ERROR_NONE;
}

/* ---- the request ---- */

static bool is_http(struct span version)
{
    return version.length == 8 && memcmp(version.bytes, "HTTP/1.", 7) == 0;
}

enum error_code demo_announce_parse(const uint8_t *bytes, size_t length,
                                    struct demo_announce *ret_announce)
{
    static const char path[] = "/announce";
    const char *text = (const char *)bytes;
    if (length > DEMO_ANNOUNCE_BYTES_MAX)
        return ERROR_LIMIT;
    if (memmem(text, length, "\r\n\r\n", 4) == NULL)
        return length == DEMO_ANNOUNCE_BYTES_MAX ? ERROR_LIMIT : ERROR_AGAIN;
    const char *end = memmem(text, length, "\r\n", 2);
    const size_t line = (size_t)(end - text);
    const char *space = memchr(text, ' ', line);
    if (space == NULL)
        return ERROR_SYNTAX;
    const char *target = space + 1;
    const char *after = memchr(target, ' ', (size_t)(end - target));
    if (after == NULL || !is_http((struct span){after + 1, (size_t)(end - after) - 1}))
        return ERROR_SYNTAX;
    if (!is((struct span){text, (size_t)(space - text)}, "GET"))
        return ERROR_UNSUPPORTED;
    const size_t target_length = (size_t)(after - target);
    const char *mark = memchr(target, '?', target_length);
    const size_t path_length = mark != NULL ? (size_t)(mark - target) : target_length;
    if (!is((struct span){target, path_length}, path))
        return ERROR_NOT_FOUND;
    if (mark == NULL)
        return ERROR_MISSING;
    return read_query((struct span){mark + 1, (size_t)(after - mark) - 1}, ret_announce);
}

/* ---- the answer ---- */

static enum error_code put_peers(struct buffer *body,
                                 const struct demo_announce_answer *answer)
{
    enum error_code error = buffer_printf(body, "5:peers%u:", answer->peer_count * 6);
    for (uint32_t i = 0; i < answer->peer_count && error == ERROR_NONE; i++) {
        error = buffer_append(body, answer->peers[i].bytes, 4);
        if (error == ERROR_NONE)
            error = buffer_append_u16(body, answer->peers[i].port);
    }
    return error;
}

static enum error_code put_body(struct buffer *body,
                                const struct demo_announce_answer *answer)
{
    enum error_code error;
    if (answer->failure != NULL) {
        error = buffer_append_text(body, "d14:failure reason");
        if (error == ERROR_NONE)
            error = bencode_put_text(body, answer->failure);
    } else {
        error = buffer_printf(body, "d8:completei%ue10:incompletei%ue8:intervali%ue",
                              answer->seeds, answer->leechers, answer->interval_s);
        if (error == ERROR_NONE)
            error = put_peers(body, answer);
    }
    return error == ERROR_NONE ? buffer_append_u8(body, 'e') : error;
}

enum error_code demo_announce_write(const char *status,
                                    const struct demo_announce_answer *answer,
                                    struct buffer *out)
{
    struct buffer body;
    buffer_init(&body, 1024);
    enum error_code error = put_body(&body, answer);
    if (error == ERROR_NONE)
        error = buffer_printf(out,
                              "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
                              "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                              status, body.length);
    if (error == ERROR_NONE)
        error = buffer_append(out, body.bytes, body.length);
    buffer_done(&body);
    return error;
}
