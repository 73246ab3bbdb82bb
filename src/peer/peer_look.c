/* What others may see of the peers: nothing here changes anything. */
#include "peer/upload_private.h"

/* Also one just closed: PEER_GONE is answered with its pieces. */
static const struct peer *find_even_closed(const struct peer_manager *manager,
                                           struct peer_id_ref ref)
{
    if (ref.index >= manager->known_count ||
        manager->known[ref.index].generation != ref.generation)
        return NULL;
    return manager->known[ref.index].peer;
}

const struct bitfield *peer_manager_bitfield(const struct peer_manager *manager,
                                             struct peer_id_ref ref, bool *ret_is_seed)
{
    const struct peer *peer = find_even_closed(manager, ref);
    *ret_is_seed = peer != NULL && peer->is_seed;
    return peer != NULL && peer->has_bits ? &peer->bits : NULL;
}

uint32_t peer_manager_piece_changes(const struct peer_manager *manager,
                                    struct peer_id_ref ref)
{
    const struct peer *peer = find_even_closed(manager, ref);
    return peer != NULL ? peer->piece_changes : 0;
}

bool peer_manager_address(const struct peer_manager *manager, struct peer_id_ref ref,
                          struct netaddr *ret_address)
{
    if (ref.index >= manager->known_count ||
        manager->known[ref.index].address.family == NETADDR_NONE)
        return false;
    *ret_address = manager->known[ref.index].address;
    return true;
}

bool peer_manager_peer_id(const struct peer_manager *manager, struct peer_id_ref ref,
                          uint8_t ret_peer_id[20])
{
    const struct peer *peer = peer_manager_find(manager, ref);
    if (peer != NULL)
        memcpy(ret_peer_id, peer->peer_id, sizeof peer->peer_id);
    return peer != NULL;
}

bool peer_manager_unchokes_us(const struct peer_manager *manager, struct peer_id_ref ref)
{
    const struct peer *peer = peer_manager_find(manager, ref);
    return peer != NULL && peer->unchoked;
}

uint32_t peer_manager_allowed(const struct peer_manager *manager, struct peer_id_ref ref,
                              uint32_t ret_pieces[ALLOWED_FAST_MOST])
{
    const struct peer *peer = peer_manager_find(manager, ref);
    return peer != NULL ? peer_allowed_pieces(peer, ret_pieces) : 0;
}

uint64_t peer_manager_rate(const struct peer_manager *manager, struct peer_id_ref ref)
{
    const struct peer *peer = peer_manager_find(manager, ref);
    return peer != NULL ? peer->window.rate : 0;
}

void peer_manager_get_counts(const struct peer_manager *manager,
                             struct peer_counts *ret_counts)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < manager->known_count; i++)
        known += manager->known[i].address.family != NETADDR_NONE;
    *ret_counts = (struct peer_counts){
        .known = known,
        .connected = manager->connected,
        .seeds = manager->seeds,
        .half_open = manager->half_open,
        .downloaded = manager->downloaded,
        .uploaded = manager->uploaded,
        .wasted = manager->wasted,
    };
}

bool peer_manager_has_giver(const struct peer_manager *manager)
{
    for (const struct peer *peer = manager->givers; peer != NULL; peer = peer->giver_next)
        if (peer->unchoked && peer->am_interested && !peer->paused)
            return true;
    return false;
}

uint32_t peer_manager_row_count(const struct peer_manager *manager)
{
    return manager->known_count;
}

static enum peer_encryption encryption_of(const struct peer *peer)
{
    static const enum peer_encryption kinds[] = {
        [ENCRYPTION_NONE] = PEER_ENCRYPTION_NONE,
        [ENCRYPTION_HEADER] = PEER_ENCRYPTION_HEADER,
        [ENCRYPTION_RC4] = PEER_ENCRYPTION_RC4,
    };
    return peer->stream != NULL ? kinds[peer->stream->encryption] : PEER_ENCRYPTION_NONE;
}

static void fill_connection(const struct peer_manager *manager, const struct peer *peer,
                            struct peer_row *row)
{
    row->status = peer_status(peer);
    row->connected = peer->connected;
    row->transport = peer->stream != NULL && peer->stream->kind == STREAM_UTP
                         ? PEER_TRANSPORT_UTP
                         : PEER_TRANSPORT_TCP;
    row->encryption = encryption_of(peer);
    row->handshaken = peer->handshaken;
    row->incoming = peer->incoming;
    row->fast = peer->fast;
    row->extended = peer->extended;
    row->punched = peer->punched;
    row->seed = peer->is_seed;
    row->am_interested = peer->am_interested;
    row->unchoked_us = peer->unchoked;
    row->peer_interested = peer->peer_interested;
    row->we_unchoke = !peer->am_choking;
    row->optimistic = peer->optimistic;
    row->snubbed = peer->snubbed;
    row->client = peer->client;
    row->down_rate = peer->down_rate;
    row->up_rate = peer->up_rate;
    row->downloaded = peer->downloaded;
    row->uploaded = peer->uploaded;
    row->pieces = peer->is_seed    ? manager->config.metainfo.piece_count
                  : peer->has_bits ? peer->bits.count
                                   : 0;
    row->requests_out = peer->asked.length;
    row->requests_in = peer->wanted.length + peer->reads_out + peer->sending_count;
    row->latency_ms = (uint32_t)(peer->window.latency_ns / NS_PER_MS);
    row->connected_ns =
        peer->connected ? loop_now_ns(manager->loop) - peer->connected_at_ns : 0;
}

bool peer_manager_row(const struct peer_manager *manager, uint32_t number,
                      struct peer_row *ret_row)
{
    if (number >= manager->known_count)
        return false;
    const struct known *known = &manager->known[number];
    const bool filtered = peer_shared_is_filtered(manager->shared, &known->address);
    const bool refused = known_is_refused(manager, known);
    *ret_row = (struct peer_row){
        .ref = {number, known->generation},
        .address = known->address,
        .source = known->source,
        .status = known->banned || known->paused || filtered || refused
                      ? PEER_STATUS_BLOCKED
                      : PEER_STATUS_INACTIVE,
        .client = "",
    };
    const uint64_t now_ns = loop_now_ns(manager->loop);
    if (known->peer != NULL && !known->peer->dead)
        fill_connection(manager, known->peer, ret_row);
    else if (manager->running && known->dialable && known->next_try_ns > now_ns)
        ret_row->retry_ns = known->next_try_ns - now_ns;
    ret_row->put_last = known->put_last;
    if (known->limits != NULL) {
        ret_row->max_down = known->limits->ways[PACE_DOWN].bucket.limit.bytes_per_s;
        ret_row->max_up = known->limits->ways[PACE_UP].bucket.limit.bytes_per_s;
    }
    if (known->banned || refused)
        ret_row->reason = known->last_reason;
    else if (filtered)
        ret_row->reason = PEER_REASON_FILTERED;
    else if (known->paused)
        ret_row->reason = PEER_REASON_PAUSED;
    return true;
}
