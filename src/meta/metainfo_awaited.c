/* What stands for a torrent's metainfo before it has come. */
#include "base/block_pool.h"
#include "meta/magnet.h"
#include "meta/metainfo_private.h"

#include <stdlib.h>
#include <string.h>

/* Each in a tier of its own: a link has none, but an order. */
static enum error_code take_trackers(struct metainfo *metainfo,
                                     const struct magnet *magnet)
{
    const struct magnet_list *list = &magnet->trackers;
    metainfo->trackers = calloc(list->count + 1u, sizeof *metainfo->trackers);
    if (metainfo->trackers == NULL)
        return ERROR_MEMORY;
    for (uint32_t i = 0; i < list->count; i++) {
        metainfo->trackers[i].tier = i;
        metainfo->trackers[i].url = strdup(list->texts[i]);
        if (metainfo->trackers[i].url == NULL)
            return ERROR_MEMORY;
        metainfo->tracker_count++;
    }
    return ERROR_NONE;
}

static enum error_code take_webseeds(struct metainfo *metainfo,
                                     const struct magnet *magnet)
{
    const struct magnet_list *list = &magnet->webseeds;
    metainfo->webseeds = calloc(list->count + 1u, sizeof *metainfo->webseeds);
    if (metainfo->webseeds == NULL)
        return ERROR_MEMORY;
    for (uint32_t i = 0; i < list->count; i++) {
        metainfo->webseeds[i] = strdup(list->texts[i]);
        if (metainfo->webseeds[i] == NULL)
            return ERROR_MEMORY;
        metainfo->webseed_count++;
    }
    return ERROR_NONE;
}

/* Of what is known only by a v2 hash the first bytes stand for it (BEP 52). A link with
 * both is a hybrid's, and one with a v2 hash alone a v2 torrent's, until it shows. */
static void take_hash(struct metainfo *metainfo, const struct magnet *magnet)
{
    metainfo->hybrid = magnet->has_v1 && magnet->has_v2;
    metainfo->v2_only = !magnet->has_v1;
    memcpy(metainfo->hash_v2, magnet->hash_v2, sizeof metainfo->hash_v2);
    if (magnet->has_v1)
        metainfo->hash = magnet->hash;
    else
        memcpy(metainfo->hash.bytes, magnet->hash_v2, SHA1_BYTES);
}

static char *name_of(const struct metainfo *metainfo, const struct magnet *magnet)
{
    char hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&metainfo->hash, hex);
    return strdup(magnet->name != NULL ? magnet->name : hex);
}

struct metainfo *metainfo_new_awaited(const struct magnet *magnet)
{
    struct metainfo *metainfo = calloc(1, sizeof *metainfo);
    if (metainfo == NULL)
        return NULL;
    metainfo->awaited = true;
    metainfo->piece_bytes = BLOCK_BYTES;
    take_hash(metainfo, magnet);
    metainfo->name = name_of(metainfo, magnet);
    metainfo->comment = strdup("");
    metainfo->creator = strdup("");
    metainfo->files = calloc(1, sizeof *metainfo->files);
    if (metainfo->name != NULL && metainfo->comment != NULL &&
        metainfo->creator != NULL && metainfo->files != NULL &&
        take_trackers(metainfo, magnet) == ERROR_NONE &&
        take_webseeds(metainfo, magnet) == ERROR_NONE)
        return metainfo;
    metainfo_free(metainfo);
    return NULL;
}
