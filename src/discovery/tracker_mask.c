#include "discovery/tracker_mask.h"

#include <stdlib.h>
#include <string.h>

char *tracker_mask_url(const char *url)
{
    char *masked = strdup(url);
    if (masked == NULL)
        return NULL;
    char *query = strchr(masked, '?');
    if (query != NULL)
        strcpy(query, strlen(query) > 4 ? "?…" : "");
    /* A path component that looks like a key: 16 or more letters and digits. */
    char *at = strstr(masked, "://");
    at = at != NULL ? strchr(at + 3, '/') : NULL;
    while (at != NULL) {
        const size_t length = strcspn(at + 1, "/?");
        if (length >= 16 &&
            strspn(at + 1,
                   "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") >=
                length) {
            static const char stars[] = "…";
            memcpy(at + 1, stars, sizeof stars - 1);
            memmove(at + sizeof stars, at + 1 + length, strlen(at + 1 + length) + 1);
        }
        at = strchr(at + 1, '/');
    }
    return masked;
}
