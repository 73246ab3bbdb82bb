#include "meta/magnet.h"

#include "base/text.h"
#include "meta/metainfo.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES 4096u
#define RANGES_MAX     10000u /* of `so` */
#define RANGE_BYTES    16u    /* ",1000000-1000000" */

static const char scheme[] = "magnet:?";

/* ---- hashes ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool read_hex(const char *text, size_t length, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < length; i++)
        if (hex_digit(text[i]) < 0)
            return false;
    for (size_t i = 0; i < length / 2; i++)
        ret_bytes[i] =
            (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return true;
}

static int base32_digit(char c)
{
    return c >= 'a' && c <= 'z'   ? c - 'a'
           : c >= 'A' && c <= 'Z' ? c - 'A'
           : c >= '2' && c <= '7' ? c - '2' + 26
                                  : -1;
}

static bool read_base32(const char *text, uint8_t ret_bytes[SHA1_BYTES])
{
    uint8_t bytes[SHA1_BYTES];
    uint32_t bits = 0, have = 0, used = 0;
    for (size_t i = 0; i < 32; i++) {
        const int digit = base32_digit(text[i]);
        if (digit < 0)
            return false;
        bits = bits << 5 | (uint32_t)digit;
        have += 5;
        if (have >= 8) {
            have -= 8;
            bytes[used++] = (uint8_t)(bits >> have);
        }
    }
    memcpy(ret_bytes, bytes, sizeof bytes);
    return true;
}

static bool read_v1(const char *text, size_t length, struct info_hash *ret_hash)
{
    return (length == 2 * SHA1_BYTES && read_hex(text, length, ret_hash->bytes)) ||
           (length == 32 && read_base32(text, ret_hash->bytes));
}

/* A multihash: 0x12 is SHA-256, 0x20 its length. */
static bool read_v2(const char *text, size_t length, uint8_t ret_hash[SHA256_BYTES])
{
    return length == 4 + 2 * SHA256_BYTES && memcmp(text, "1220", 4) == 0 &&
           read_hex(text + 4, length - 4, ret_hash);
}

/* A second hash of the same kind must be the same. */
static enum error_code take_v1(struct magnet *magnet, const char *text, size_t length)
{
    struct info_hash hash;
    if (!read_v1(text, length, &hash) ||
        (magnet->has_v1 && !info_hash_equal(&magnet->hash, &hash)))
        return ERROR_INVALID;
    magnet->has_v1 = true;
    magnet->hash = hash;
    return ERROR_NONE;
}

static enum error_code take_v2(struct magnet *magnet, const char *text, size_t length)
{
    uint8_t hash[SHA256_BYTES];
    if (!read_v2(text, length, hash) ||
        (magnet->has_v2 && memcmp(magnet->hash_v2, hash, sizeof hash) != 0))
        return ERROR_INVALID;
    magnet->has_v2 = true;
    memcpy(magnet->hash_v2, hash, sizeof hash);
    return ERROR_NONE;
}

/* What names other networks' files is no concern of ours. It is not unescaped: a hash has
 * nothing to escape. */
static enum error_code take_topic(struct magnet *magnet, const char *text, size_t length)
{
    static const char v1[] = "urn:btih:", v2[] = "urn:btmh:";
    const size_t prefix = sizeof v1 - 1;
    if (length >= prefix && strncasecmp(text, v1, prefix) == 0)
        return take_v1(magnet, text + prefix, length - prefix);
    if (length >= prefix && strncasecmp(text, v2, prefix) == 0)
        return take_v2(magnet, text + prefix, length - prefix);
    return ERROR_NONE;
}

/* ---- the other parameters ---- */

/* An escape that is cut off or none stays as it stands. NULL: it holds a NUL (M4), or
 * there is no memory. */
static char *unescape(const char *text, size_t length, bool plus_is_space)
{
    char *plain = malloc(length + 1);
    size_t used = 0;
    for (size_t i = 0; plain != NULL && i < length; i++) {
        char c = text[i] == '+' && plus_is_space ? ' ' : text[i];
        if (c == '%' && length - i > 2 && hex_digit(text[i + 1]) >= 0 &&
            hex_digit(text[i + 2]) >= 0) {
            c = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
            i += 2;
        }
        if (c == '\0') {
            free(plain);
            return NULL;
        }
        plain[used++] = c;
    }
    if (plain != NULL)
        plain[used] = '\0';
    return plain;
}

static bool holds(const struct magnet_list *list, const char *text)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->texts[i], text) == 0)
            return true;
    return false;
}

/* Takes TEXT over. */
static enum error_code list_add(struct magnet_list *list, char *text)
{
    if (list->texts == NULL)
        list->texts = calloc(MAGNET_MAX_EACH, sizeof *list->texts);
    if (list->texts == NULL) {
        free(text);
        return ERROR_MEMORY;
    }
    if (list->count == MAGNET_MAX_EACH || holds(list, text))
        free(text);
    else
        list->texts[list->count++] = text;
    return ERROR_NONE;
}

static bool is_tracker(const char *text)
{
    return metainfo_url_is_usable(text, strlen(text), true);
}

static bool is_webseed(const char *text)
{
    return metainfo_url_is_usable(text, strlen(text), false);
}

/* M6: a name or an address, and a port. */
static bool is_peer(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || colon == text || colon - text > 255 ||
        !text_parse_u64(colon + 1, 1, 65535, &port))
        return false;
    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || *at == '@' || *at == '/')
            return false;
    return true;
}

static enum error_code take_text(struct magnet_list *list, const char *text,
                                 size_t length, bool (*fits)(const char *text))
{
    char *plain = list->count < MAGNET_MAX_EACH ? unescape(text, length, false) : NULL;
    if (plain != NULL && fits(plain))
        return list_add(list, plain);
    free(plain);
    return ERROR_NONE;
}

static void take_name(struct magnet *magnet, const char *text, size_t length)
{
    char *plain = magnet->name == NULL ? unescape(text, length, true) : NULL;
    if (plain == NULL || plain[0] == '\0') {
        free(plain);
        return;
    }
    if (strlen(plain) > NAME_MAX_BYTES)
        plain[NAME_MAX_BYTES] = '\0';
    magnet->name = plain;
}

/* "3" or "5-8", from 0; cut to what a torrent can have (M7). */
static bool read_range(const char *item, size_t length, uint64_t *ret_first,
                       uint64_t *ret_last)
{
    char text[24];
    if (length == 0 || length >= sizeof text)
        return false;
    memcpy(text, item, length);
    text[length] = '\0';
    char *dash = strchr(text, '-');
    if (dash != NULL)
        *dash = '\0';
    if (!text_parse_u64(text, 0, METAINFO_MAX_FILES - 1, ret_first))
        return false;
    *ret_last = *ret_first;
    if (dash != NULL && !text_parse_u64(dash + 1, *ret_first, UINT32_MAX, ret_last))
        return false;
    if (*ret_last >= METAINFO_MAX_FILES)
        *ret_last = METAINFO_MAX_FILES - 1;
    return true;
}

static enum error_code take_select(struct magnet *magnet, const char *text, size_t length)
{
    struct buffer list;
    enum error_code error = ERROR_NONE;
    char *plain = magnet->select == NULL ? unescape(text, length, false) : NULL;
    uint32_t count = 0;
    buffer_init(&list, RANGES_MAX * RANGE_BYTES);
    for (const char *at = plain;
         at != NULL && error == ERROR_NONE && count < RANGES_MAX;) {
        const size_t part = strcspn(at, ",");
        uint64_t first, last;
        if (read_range(at, part, &first, &last))
            error = buffer_printf(&list, "%s%llu-%llu", count++ > 0 ? "," : "",
                                  (unsigned long long)first + 1,
                                  (unsigned long long)last + 1);
        at = at[part] == ',' ? at + part + 1 : NULL;
    }
    free(plain);
    if (error == ERROR_NONE && count > 0) {
        magnet->select = strndup((const char *)list.bytes, list.length);
        error = magnet->select != NULL ? ERROR_NONE : ERROR_MEMORY;
    }
    buffer_done(&list);
    return error;
}

/* "tr" is KEY, and so is "tr.1". */
static bool is_key(const char *text, size_t length, const char *key)
{
    const size_t own = strlen(key);
    if (length < own || strncasecmp(text, key, own) != 0)
        return false;
    return length == own ||
           (text[own] == '.' && strspn(text + own + 1, "0123456789") >= length - own - 1);
}

static enum error_code take_parameter(struct magnet *magnet, const char *text,
                                      size_t length)
{
    const char *equals = memchr(text, '=', length);
    if (equals == NULL)
        return ERROR_NONE;
    const size_t key = (size_t)(equals - text);
    const char *value = equals + 1;
    const size_t left = length - key - 1;
    if (is_key(text, key, "xt"))
        return take_topic(magnet, value, left);
    if (is_key(text, key, "tr"))
        return take_text(&magnet->trackers, value, left, is_tracker);
    if (is_key(text, key, "ws"))
        return take_text(&magnet->webseeds, value, left, is_webseed);
    if (is_key(text, key, "x.pe"))
        return take_text(&magnet->peers, value, left, is_peer);
    if (is_key(text, key, "so"))
        return take_select(magnet, value, left);
    if (is_key(text, key, "dn"))
        take_name(magnet, value, left);
    return ERROR_NONE;
}

/* ---- the whole ---- */

static bool has_scheme(const char *text, size_t length)
{
    return length >= sizeof scheme - 1 &&
           strncasecmp(text, scheme, sizeof scheme - 1) == 0;
}

static enum error_code parse_link(struct magnet *magnet, const char *text, size_t length)
{
    enum error_code error = ERROR_NONE;
    while (error == ERROR_NONE && length > 0) {
        const char *end = memchr(text, '&', length);
        const size_t part = end != NULL ? (size_t)(end - text) : length;
        error = take_parameter(magnet, text, part);
        text += part + (end != NULL);
        length -= part + (end != NULL);
    }
    if (error == ERROR_NONE && !magnet->has_v1 && !magnet->has_v2)
        error = ERROR_INVALID;
    return error;
}

enum error_code magnet_parse(const char *text, size_t length, struct magnet *ret_magnet)
{
    struct magnet magnet = {0};
    if (length > MAGNET_MAX_BYTES)
        return ERROR_LIMIT;
    enum error_code error = ERROR_NONE;
    if (has_scheme(text, length))
        error = parse_link(&magnet, text + sizeof scheme - 1, length - sizeof scheme + 1);
    else if (read_v1(text, length, &magnet.hash))
        magnet.has_v1 = true;
    else if (read_v2(text, length, magnet.hash_v2))
        magnet.has_v2 = true;
    else
        error = ERROR_SYNTAX;
    if (error == ERROR_NONE)
        *ret_magnet = magnet;
    else
        magnet_done(&magnet);
    return error;
}

bool magnet_is_one(const char *text)
{
    struct info_hash hash;
    uint8_t hash_v2[SHA256_BYTES];
    const size_t length = strlen(text);
    return strncasecmp(text, "magnet:", 7) == 0 || read_v1(text, length, &hash) ||
           read_v2(text, length, hash_v2);
}

static void list_done(struct magnet_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        free(list->texts[i]);
    free(list->texts);
}

void magnet_done(struct magnet *magnet)
{
    free(magnet->name);
    free(magnet->select);
    list_done(&magnet->trackers);
    list_done(&magnet->webseeds);
    list_done(&magnet->peers);
    *magnet = (struct magnet){0};
}
