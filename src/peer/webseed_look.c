/* What others may see of the web seeds: nothing here changes anything. */
#include "peer/webseed_private.h"

#include <strings.h>

const struct bitfield *webseed_manager_bitfield(const struct webseed_manager *manager,
                                                struct peer_id_ref ref, bool *ret_is_seed)
{
    const struct webseed *seed = webseed_find(manager, ref);
    *ret_is_seed = seed != NULL && seed->bits.size == 0;
    return seed != NULL && seed->bits.size > 0 ? &seed->bits : NULL;
}

uint64_t webseed_manager_rate(const struct webseed_manager *manager,
                              struct peer_id_ref ref)
{
    const struct webseed *seed = webseed_find(manager, ref);
    return seed != NULL ? seed->rate : 0;
}

uint32_t webseed_manager_last_piece(const struct webseed_manager *manager,
                                    struct peer_id_ref ref)
{
    const struct webseed *seed = webseed_find(manager, ref);
    return seed != NULL ? seed->last_piece : UINT32_MAX;
}

bool webseed_manager_address(const struct webseed_manager *manager,
                             struct peer_id_ref ref, struct netaddr *ret_address)
{
    const struct webseed *seed = webseed_find(manager, ref);
    if (seed == NULL || seed->from.family == NETADDR_NONE)
        return false;
    *ret_address = seed->from;
    return true;
}

uint32_t webseed_manager_connected(const struct webseed_manager *manager)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < manager->count; i++)
        count += manager->seeds[i].joined;
    return count;
}

uint32_t webseed_manager_count(const struct webseed_manager *manager)
{
    return manager->count;
}

static enum peer_status status_of(const struct webseed *seed)
{
    if (seed->refused != PEER_REASON_NONE || seed->paused)
        return PEER_STATUS_BLOCKED;
    if (!seed->joined)
        return PEER_STATUS_INACTIVE;
    return webseed_outstanding(seed) > 0 ? PEER_STATUS_DOWNLOADING : PEER_STATUS_ACTIVE;
}

bool webseed_manager_row(const struct webseed_manager *manager, uint32_t number,
                         struct peer_row *ret_row)
{
    if (number >= manager->count)
        return false;
    const struct webseed *seed = &manager->seeds[number];
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    const uint32_t pieces = manager->config.meta->piece_count;
    *ret_row = (struct peer_row){
        .ref = seed->ref,
        .address = seed->from,
        .url = seed->url,
        .source = PEER_SOURCE_WEB,
        .status = status_of(seed),
        .reason = seed->refused != PEER_REASON_NONE ? seed->refused
                  : seed->paused                    ? PEER_REASON_PAUSED
                                                    : PEER_REASON_NONE,
        .transport = PEER_TRANSPORT_HTTP,
        .encryption = strncasecmp(seed->url, "https:", 6) == 0 ? PEER_ENCRYPTION_TLS
                                                               : PEER_ENCRYPTION_NONE,
        .connected = seed->joined,
        .handshaken = seed->joined,
        .seed = seed->bits.size == 0,
        .am_interested = seed->joined,
        .unchoked_us = seed->joined,
        .snubbed = seed->is_stalled,
        .client = "",
        .down_rate = seed->joined ? seed->shown_rate : 0,
        .downloaded = seed->downloaded,
        .pieces = seed->bits.size == 0 ? pieces : seed->bits.count,
        .requests_out = webseed_outstanding(seed),
        .connected_ns = seed->joined ? now_ns - seed->joined_ns : 0,
        .retry_ns =
            manager->running && seed->retry_ns > now_ns ? seed->retry_ns - now_ns : 0,
    };
    return true;
}
