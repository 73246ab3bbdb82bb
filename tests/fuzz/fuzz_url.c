/* A URL that is taken has no user, no space and no line end, and a host. */
#include "meta/metainfo.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *url = (const char *)bytes;
    if (!metainfo_url_is_usable(url, length, true)) {
        if (metainfo_url_is_usable(url, length, false))
            abort();
        return 0;
    }
    const char *host = memchr(url, '/', length);
    if (host == NULL || length - (size_t)(host - url) < 3)
        abort();
    for (const char *at = host + 2; at < url + length && strchr("/?#", *at) == NULL; at++)
        if (*at == '@')
            abort();
    for (size_t i = 0; i < length; i++)
        if (url[i] <= ' ' || url[i] > '~')
            abort();
    return 0;
}
