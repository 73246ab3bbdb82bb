#include "base/text.h"
#include "meta/metainfo_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_BYTES_MAX 2048

/* The length of SCHEME if the URL has it, else 0. */
static size_t scheme_length(const char *bytes, size_t length, const char *scheme)
{
    const size_t wanted = strlen(scheme);
    return length > wanted && strncasecmp(bytes, scheme, wanted) == 0 ? wanted : 0;
}

/* A name as the DNS has it, or what stands in brackets (H13): labels of 1 to 63 letters,
 * digits, '-' and '_', and perhaps a dot at the end. */
static bool is_usable_host(const char *bytes, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t label = 0;
    if (length == 0 || length > 254)
        return false;
    if (bytes[0] == '[') {
        for (size_t i = 1; i + 1 < length; i++)
            if (memchr("0123456789abcdefABCDEF:.", bytes[i], 24) == NULL)
                return false;
        return length > 2;
    }
    for (size_t i = 0; i < length; i++) {
        const bool dot = bytes[i] == '.';
        if (dot ? label == 0 : memchr(letters, bytes[i], sizeof letters - 1) == NULL)
            return false;
        label = dot ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return true;
}

/* "host", "host:port", "[v6]:port"; no user or password, which would go to a tracker in
 * clear or hide what the host is. */
static bool is_usable_authority(const char *bytes, size_t length, bool needs_port)
{
    size_t host = 0;
    if (length > 0 && bytes[0] == '[') {
        const char *end = memchr(bytes, ']', length);
        host = end != NULL ? (size_t)(end - bytes) + 1 : 0;
    } else {
        while (host < length && bytes[host] != ':')
            host++;
    }
    if (!is_usable_host(bytes, host))
        return false;
    if (host == length)
        return !needs_port;
    char port[6] = "";
    uint64_t number;
    if (bytes[host] != ':' || length - host - 1 >= sizeof port)
        return false;
    memcpy(port, bytes + host + 1, length - host - 1);
    return text_parse_u64(port, 1, 65535, &number);
}

bool metainfo_url_is_usable(const char *bytes, size_t length, bool allow_udp)
{
    if (length > URL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (bytes[i] <= ' ' || bytes[i] > '~')
            return false; /* could break a request line, or look like another host */
    const size_t udp = allow_udp ? scheme_length(bytes, length, "udp://") : 0;
    size_t begin = udp + scheme_length(bytes, length, "http://");
    begin += scheme_length(bytes, length, "https://");
    size_t end = begin;
    while (end < length && strchr("/?#", bytes[end]) == NULL)
        end++;
    return begin > 0 && is_usable_authority(bytes + begin, end - begin, udp > 0);
}

static bool has_tracker(const struct metainfo *metainfo, const char *url)
{
    for (uint32_t i = 0; i < metainfo->tracker_count; i++)
        if (strcmp(metainfo->trackers[i].url, url) == 0)
            return true;
    return false;
}

static enum error_code add_tracker(struct metainfo *metainfo, struct bencode_value value,
                                   uint32_t tier)
{
    const char *bytes;
    size_t length;
    if (bencode_string(value, &bytes, &length) && length == 0)
        return ERROR_NONE; /* the way some say that there is none */
    if (!bencode_is(value, BENCODE_STRING) ||
        metainfo->tracker_count == METAINFO_MAX_URLS ||
        !metainfo_url_is_usable(bytes, length, true)) {
        metainfo->warnings |= METAINFO_WARNING_TRACKER;
        return ERROR_NONE;
    }
    char *url = strndup(bytes, length);
    if (url == NULL)
        return ERROR_MEMORY;
    if (has_tracker(metainfo, url)) {
        free(url);
        return ERROR_NONE;
    }
    metainfo->trackers[metainfo->tracker_count++] = (struct metainfo_tracker){url, tier};
    return ERROR_NONE;
}

/* BEP 12: the list, where there is one, stands in for `announce`. */
static enum error_code read_trackers(struct metainfo *metainfo, struct bencode_value root)
{
    const struct bencode_value tiers = bencode_get(root, "announce-list");
    uint32_t tier = 0;
    metainfo->trackers = calloc(METAINFO_MAX_URLS, sizeof *metainfo->trackers);
    if (metainfo->trackers == NULL)
        return ERROR_MEMORY;
    for (struct bencode_value at = bencode_first(tiers); bencode_exists(at);
         at = bencode_next(tiers, at)) {
        const uint32_t before = metainfo->tracker_count;
        for (struct bencode_value url = bencode_first(at); bencode_exists(url);
             url = bencode_next(at, url)) {
            const enum error_code error = add_tracker(metainfo, url, tier);
            if (error != ERROR_NONE)
                return error;
        }
        tier += metainfo->tracker_count > before;
    }
    const struct bencode_value announce = bencode_get(root, "announce");
    if (metainfo->tracker_count == 0 && bencode_exists(announce))
        return add_tracker(metainfo, announce, 0);
    return ERROR_NONE;
}

static enum error_code add_webseed(struct metainfo *metainfo, struct bencode_value value)
{
    const char *bytes;
    size_t length;
    if (!bencode_string(value, &bytes, &length) ||
        !metainfo_url_is_usable(bytes, length, false) ||
        metainfo->webseed_count == METAINFO_MAX_URLS)
        return ERROR_NONE;
    char *url = strndup(bytes, length);
    if (url == NULL)
        return ERROR_MEMORY;
    metainfo->webseeds[metainfo->webseed_count++] = url;
    return ERROR_NONE;
}

/* BEP 19: one URL or a list of them. */
static enum error_code read_webseeds(struct metainfo *metainfo, struct bencode_value root)
{
    const struct bencode_value list = bencode_get(root, "url-list");
    enum error_code error = ERROR_NONE;
    if (!bencode_exists(list))
        return ERROR_NONE;
    metainfo->webseeds = calloc(METAINFO_MAX_URLS, sizeof(char *));
    if (metainfo->webseeds == NULL)
        return ERROR_MEMORY;
    if (bencode_is(list, BENCODE_STRING))
        return add_webseed(metainfo, list);
    for (struct bencode_value at = bencode_first(list);
         bencode_exists(at) && error == ERROR_NONE; at = bencode_next(list, at))
        error = add_webseed(metainfo, at);
    return error;
}

enum error_code metainfo_read_urls(struct metainfo *metainfo, struct bencode_value root)
{
    const enum error_code error = read_trackers(metainfo, root);
    return error != ERROR_NONE ? error : read_webseeds(metainfo, root);
}
