#include "meta/metainfo_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_BYTES_MAX 2048

static bool has_scheme(const char *bytes, size_t length, const char *scheme)
{
    const size_t scheme_length = strlen(scheme);
    return length > scheme_length && strncasecmp(bytes, scheme, scheme_length) == 0;
}

/* Printable ASCII only: what a URL may hold, and nothing that could break a request line.
 */
static bool is_usable(const char *bytes, size_t length, bool allow_udp)
{
    if (length > URL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (bytes[i] <= ' ' || bytes[i] > '~')
            return false;
    return has_scheme(bytes, length, "http://") ||
           has_scheme(bytes, length, "https://") ||
           (allow_udp && has_scheme(bytes, length, "udp://"));
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
    if (!bencode_string(value, &bytes, &length) || !is_usable(bytes, length, true) ||
        metainfo->tracker_count == METAINFO_MAX_URLS) {
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
    if (!bencode_string(value, &bytes, &length) || !is_usable(bytes, length, false) ||
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
