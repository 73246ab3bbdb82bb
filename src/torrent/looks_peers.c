/* Looks at the peers of a torrent, and at the ways they are found. */
#include "discovery/lsd.h"
#include "discovery/tracker_manager.h"
#include "peer/webseed_manager.h"
#include "torrent/looks.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

static uint32_t flags_of(const struct peer_row *row)
{
    return (row->am_interested ? PEER_FLAG_INTERESTED : 0u) |
           (row->unchoked_us ? PEER_FLAG_UNCHOKED_US : 0u) |
           (row->peer_interested ? PEER_FLAG_PEER_INTERESTED : 0u) |
           (row->we_unchoke ? PEER_FLAG_WE_UNCHOKE : 0u) |
           (row->optimistic ? PEER_FLAG_OPTIMISTIC : 0u) |
           (row->snubbed ? PEER_FLAG_SNUBBED : 0u) |
           (row->put_last ? PEER_FLAG_PUT_LAST : 0u) |
           (row->incoming ? PEER_FLAG_INCOMING : 0u) | (row->fast ? PEER_FLAG_FAST : 0u) |
           (row->punched ? PEER_FLAG_PUNCHED : 0u) |
           (row->extended ? PEER_FLAG_EXTENDED : 0u) | (row->seed ? PEER_FLAG_SEED : 0u) |
           (row->connected ? PEER_FLAG_CONNECTED : 0u) |
           (row->handshaken ? PEER_FLAG_HANDSHAKEN : 0u);
}

static struct peer_info info_of(const struct peer_row *row)
{
    return (struct peer_info){
        .ref = row->ref,
        .address = row->address,
        .url = row->url,
        .source = row->source,
        .status = row->status,
        .reason = row->reason,
        .transport = row->transport,
        .encryption = row->encryption,
        .flags = flags_of(row),
        .client = row->client,
        .down_rate = row->down_rate,
        .up_rate = row->up_rate,
        .max_down = row->max_down,
        .max_up = row->max_up,
        .downloaded = row->downloaded,
        .uploaded = row->uploaded,
        .pieces_have = row->pieces,
        .requests_out = row->requests_out,
        .requests_in = row->requests_in,
        .latency_ms = row->latency_ms,
        .connected_s = row->connected ? row->connected_ns / NS_PER_S + 1 : 0,
        .retry_s = (row->retry_ns + NS_PER_S - 1) / NS_PER_S,
        .bad_pieces = row->bad_pieces,
    };
}

uint32_t torrent_get_peers(struct session *session, struct torrent_id id,
                           struct peer_info *ret_peers, uint32_t capacity)
{
    const struct torrent *torrent = session_torrent(session, id);
    uint32_t count = 0;
    if (torrent == NULL)
        return 0;
    /* Connected ones first: two walks over a table of at most 2,000. */
    for (int connected = 1; connected >= 0; connected--) {
        struct peer_row row;
        for (uint32_t i = 0; webseed_manager_row(torrent->webseeds, i, &row); i++) {
            if (row.connected != (connected == 1))
                continue;
            if (count < capacity)
                ret_peers[count] = info_of(&row);
            count++;
        }
        for (uint32_t i = 0; i < peer_manager_row_count(torrent->peers); i++) {
            if (!peer_manager_row(torrent->peers, i, &row) ||
                row.address.family == NETADDR_NONE || row.connected != (connected == 1))
                continue;
            if (count < capacity)
                ret_peers[count] = info_of(&row);
            count++;
        }
    }
    return count;
}

/* ---- trackers ---- */

uint32_t torrent_tracker_count(struct session *session, struct torrent_id id)
{
    const struct torrent *torrent = session_torrent(session, id);
    return torrent != NULL ? tracker_manager_count(torrent->trackers) : 0;
}

bool torrent_get_tracker(struct session *session, struct torrent_id id, uint32_t number,
                         struct tracker_info *ret_tracker)
{
    const struct torrent *torrent = session_torrent(session, id);
    const uint64_t now_ns = loop_now_ns(session->loop);
    struct tracker_row row;
    if (torrent == NULL || !tracker_manager_row(torrent->trackers, number, &row))
        return false;
    *ret_tracker = (struct tracker_info){
        .url = row.url,
        .id = row.id,
        .tier = row.tier,
        .state = (enum tracker_state)row.phase,
        .message = row.message,
        .seeds = row.seeds,
        .leechers = row.leechers,
        .downloads = row.downloads,
        .peers_given = row.peers_given,
        .next_s = row.next_ns == UINT64_MAX ? UINT64_MAX
                  : row.next_ns > now_ns    ? (row.next_ns - now_ns) / NS_PER_S
                                            : 0,
        .last_s =
            row.last_ns == UINT64_MAX ? UINT64_MAX : (now_ns - row.last_ns) / NS_PER_S,
        .failures = row.failures,
    };
    return true;
}

/* ---- other ways to peers ---- */

static uint64_t seconds_to(uint64_t from_ns, uint64_t to_ns)
{
    if (from_ns == UINT64_MAX || to_ns == UINT64_MAX)
        return UINT64_MAX;
    return to_ns > from_ns ? (to_ns - from_ns) / NS_PER_S : 0;
}

static bool find_dht(const struct torrent *torrent, uint64_t now_ns,
                     struct finder_info *ret_info)
{
    struct session_dht_look look;
    if (!session_dht_search(torrent, &look))
        return false;
    *ret_info = (struct finder_info){
        .working = look.working,
        .nodes = look.nodes,
        .peers_given = look.found,
        .announced = look.announced,
        .next_s = seconds_to(now_ns, look.next_ns),
        .last_s = seconds_to(look.last_ns, now_ns),
        .trouble = session_no_udp(torrent->session),
    };
    return true;
}

static bool find_lsd(const struct torrent *torrent, uint64_t now_ns,
                     struct finder_info *ret_info)
{
    struct lsd_look look;
    if (!session_lsd_look(torrent, &look))
        return false;
    *ret_info = (struct finder_info){
        .peers_given = look.found,
        .next_s = seconds_to(now_ns, look.next_ns),
        .last_s = seconds_to(look.last_ns, now_ns),
    };
    return true;
}

static bool find_pex(const struct torrent *torrent, uint64_t now_ns,
                     struct finder_info *ret_info)
{
    struct pex_look look;
    if (!peer_manager_pex_look(torrent->peers, &look))
        return false;
    *ret_info = (struct finder_info){
        .nodes = look.peers,
        .peers_given = look.found,
        .next_s = UINT64_MAX,
        .last_s = seconds_to(look.heard_ns, now_ns),
    };
    return true;
}

bool torrent_get_finder(struct session *session, struct torrent_id id, enum finder finder,
                        struct finder_info *ret_info)
{
    const struct torrent *torrent = session_torrent(session, id);
    const uint64_t now_ns = loop_now_ns(session->loop);
    if (torrent == NULL)
        return false;
    switch (finder) {
    case FINDER_DHT:
        return find_dht(torrent, now_ns, ret_info);
    case FINDER_LSD:
        return find_lsd(torrent, now_ns, ret_info);
    case FINDER_PEX:
        return find_pex(torrent, now_ns, ret_info);
    case FINDER_COUNT:
        break;
    }
    return false;
}
