/* Magnet links: what is read of one is within its limits, and written and read again it
 * is the same. */
#include "meta/magnet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_list(const struct magnet_list *a, const struct magnet_list *b)
{
    if (a->count > MAGNET_MAX_EACH || a->count != b->count)
        abort();
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->texts[i], b->texts[i]) != 0)
            abort();
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_same(const struct magnet *a, const struct magnet *b)
{
    if (a->has_v1 != b->has_v1 || a->has_v2 != b->has_v2 ||
        memcmp(&a->hash, &b->hash, sizeof a->hash) != 0 ||
        memcmp(a->hash_v2, b->hash_v2, sizeof a->hash_v2) != 0)
        abort();
    if (!same_text(a->name, b->name) || !same_text(a->select, b->select))
        abort();
    check_list(&a->trackers, &b->trackers);
    check_list(&a->webseeds, &b->webseeds);
    check_list(&a->peers, &b->peers);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct magnet magnet, again;
    struct buffer link;
    if (magnet_parse((const char *)bytes, length, &magnet) != ERROR_NONE)
        return 0;
    buffer_init(&link, (size_t)1 << 20);
    if (magnet_write(&magnet, &link) != ERROR_NONE)
        abort();
    if (link.length <= MAGNET_MAX_BYTES) {
        if (magnet_parse((const char *)link.bytes, link.length, &again) != ERROR_NONE)
            abort();
        check_same(&magnet, &again);
        magnet_done(&again);
    }
    buffer_done(&link);
    magnet_done(&magnet);
    return 0;
}
