#include "peer/webseed_url.h"

#include <stdlib.h>
#include <string.h>

/* RFC 3986's unreserved ones, and what parts directories. */
static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr("-._~/", byte) != NULL);
}

static char *encode(char *to, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (is_plain(*text)) {
            *to++ = *text;
            continue;
        }
        *to++ = '%';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    *to = '\0';
    return to;
}

char *webseed_url(const char *base, const struct metainfo *meta, uint32_t file)
{
    const char *path = meta->files[file].path;
    const size_t length = strlen(base);
    const bool is_dir = length > 0 && base[length - 1] == '/';
    if (!meta->multi_file && !is_dir)
        return strdup(base);
    char *url = malloc(length + 1 + 3 * strlen(path) + 1);
    if (url == NULL)
        return NULL;
    memcpy(url, base, length);
    char *end = url + length;
    if (!is_dir)
        *end++ = '/';
    encode(end, path);
    return url;
}

const char *webseed_url_host(const char *url, size_t *ret_length)
{
    const char *slashes = strstr(url, "://");
    const char *host = slashes != NULL ? slashes + 3 : url;
    *ret_length = strcspn(host, "/?#");
    return host;
}
