/* The read-only looks of session.h at one torrent. */
#include "base/i18n.h"
#include "torrent/torrent.h"

#include <stdio.h>

const char *torrent_state_word(enum torrent_state state)
{
    static const char *const words[TORRENT_STATE_COUNT] = {
        "checking", "metadata", "queued", "downloading", "seeding", "paused", "error"};
    return (unsigned)state < TORRENT_STATE_COUNT ? words[state] : "?";
}

const char *torrent_state_text(enum torrent_state state)
{
    static const char *const texts[TORRENT_STATE_COUNT] = {
        N_("checking"),    N_("fetching metadata"), N_("queued"),
        N_("downloading"), N_("seeding"),           N_("paused"),
        N_("error")};
    return (unsigned)state < TORRENT_STATE_COUNT ? _(texts[state]) : "?";
}

static enum torrent_state state_of(const struct torrent *torrent)
{
    if (torrent->error != ERROR_NONE)
        return TORRENT_STATE_ERROR;
    if (torrent->move != TORRENT_MOVE_NONE)
        return TORRENT_STATE_PAUSED;
    if (torrent_is_queued(torrent))
        return TORRENT_STATE_QUEUED;
    if (torrent->phase == TORRENT_PHASE_STARTING ||
        torrent->phase == TORRENT_PHASE_CHECKING)
        return TORRENT_STATE_CHECKING;
    if (torrent->settings.paused)
        return TORRENT_STATE_PAUSED;
    return torrent->complete ? TORRENT_STATE_SEEDING : TORRENT_STATE_DOWNLOADING;
}

/* Where else it has, or will have, something. */
static const char *other_dir(const struct torrent *torrent)
{
    return torrent->move_dir != NULL           ? torrent->move_dir
           : torrent->final_dir != NULL        ? torrent->final_dir
           : torrent->resume.moving_to != NULL ? torrent->resume.moving_to
                                               : torrent->resume.moved_from;
}

bool torrent_get_info(struct session *session, struct torrent_id id,
                      struct torrent_info *ret_info)
{
    struct torrent *torrent = session_torrent(session, id);
    struct peer_counts peers;
    struct piece_counts pieces;
    struct tracker_row row;
    if (torrent == NULL)
        return false;
    const struct metainfo *meta = torrent->meta;
    peer_manager_get_counts(torrent->peers, &peers);
    piece_manager_get_counts(torrent->pieces, &pieces);
    struct torrent_info info = {
        .id = id,
        .hash = torrent->hash,
        .name = torrent->display_name,
        .label = torrent->settings.label,
        .download_dir = torrent->download_dir,
        .state = state_of(torrent),
        .total_bytes = pieces.wanted_bytes,
        .done_bytes = pieces.wanted_bytes - pieces.wanted_left_bytes,
        .checked_pieces = torrent->check_done,
        .down_rate = torrent->history.down_rate,
        .up_rate = torrent->history.up_rate,
        .max_down = torrent->settings.max_down,
        .max_up = torrent->settings.max_up,
        .downloaded = torrent->resume.downloaded + peers.downloaded,
        .uploaded = torrent->resume.uploaded + peers.uploaded,
        .wasted = peers.wasted + pieces.duplicate_bytes,
        .failed = pieces.failed_bytes,
        .pieces = meta->piece_count,
        .pieces_have = pieces.have,
        .piece_bytes = meta->piece_bytes,
        .peers_connected = peers.connected,
        .peers_known = peers.known,
        .seeds_connected = peers.seeds,
        .seeds_tracker = UINT32_MAX,
        .leechers_tracker = UINT32_MAX,
        .eta_s = UINT64_MAX,
        .added_wall_s = torrent->added_wall_s,
        .completed_wall_s = torrent->completed_wall_s,
        .created_wall_s = (double)meta->created_s,
        .files = meta->file_count,
        .trackers = tracker_manager_count(torrent->trackers),
        .is_private = meta->is_private,
        .seeded_s = torrent_seeded_s(torrent),
        .goal = goal_of(torrent),
        .sequential = torrent->settings.sequential,
        .super_seed = torrent->settings.super_seed,
        .super_seeding = peer_manager_is_super_seeding(torrent->peers),
        .first_last = torrent->settings.first_last,
        .moving = torrent->move != TORRENT_MOVE_NONE,
        .other_dir = other_dir(torrent),
        .synced = !torrent->claims_dirty && !torrent->sync_under_way &&
                  torrent->move == TORRENT_MOVE_NONE,
        .comment = torrent->comment,
        .creator = torrent->creator,
    };
    for (uint32_t i = 0; tracker_manager_row(torrent->trackers, i, &row); i++) {
        if (row.seeds != UINT32_MAX)
            info.seeds_tracker = row.seeds;
        if (row.leechers != UINT32_MAX)
            info.leechers_tracker = row.leechers;
    }
    if (info.state == TORRENT_STATE_DOWNLOADING && info.down_rate > 0)
        info.eta_s = pieces.wanted_left_bytes / info.down_rate;
    piece_manager_get_copies(torrent->pieces, &info.availability,
                             &info.unavailable_pieces);
    info.reason = torrent_reason(torrent, &info);
    *ret_info = info;
    return true;
}

char *torrent_get_path(struct session *session, struct torrent_id id)
{
    const struct torrent *torrent = session_torrent(session, id);
    char *path;
    if (torrent == NULL ||
        asprintf(&path, "%s/%s", torrent->download_dir, torrent->meta->name) < 0)
        return NULL;
    return path;
}

/* ---- peers ---- */

static uint32_t flags_of(const struct peer_row *row)
{
    return (row->am_interested ? PEER_FLAG_INTERESTED : 0u) |
           (row->unchoked_us ? PEER_FLAG_UNCHOKED_US : 0u) |
           (row->peer_interested ? PEER_FLAG_PEER_INTERESTED : 0u) |
           (row->we_unchoke ? PEER_FLAG_WE_UNCHOKE : 0u) |
           (row->optimistic ? PEER_FLAG_OPTIMISTIC : 0u) |
           (row->snubbed ? PEER_FLAG_SNUBBED : 0u) |
           (row->incoming ? PEER_FLAG_INCOMING : 0u) | (row->fast ? PEER_FLAG_FAST : 0u) |
           (row->extended ? PEER_FLAG_EXTENDED : 0u) | (row->seed ? PEER_FLAG_SEED : 0u) |
           (row->connected ? PEER_FLAG_CONNECTED : 0u) |
           (row->handshaken ? PEER_FLAG_HANDSHAKEN : 0u);
}

static struct peer_info info_of(const struct peer_row *row)
{
    return (struct peer_info){
        .ref = row->ref,
        .address = row->address,
        .source = row->source,
        .status = row->status,
        .reason = row->reason,
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
        for (uint32_t i = 0; i < peer_manager_row_count(torrent->peers); i++) {
            struct peer_row row;
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

/* ---- pieces ---- */

uint32_t torrent_get_pieces(struct session *session, struct torrent_id id, uint32_t first,
                            uint32_t count, uint8_t *ret_states,
                            uint16_t *ret_availability)
{
    const struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL || first >= torrent->meta->piece_count)
        return 0;
    if (count > torrent->meta->piece_count - first)
        count = torrent->meta->piece_count - first;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t piece = first + i;
        if (ret_states != NULL) /* the two enumerations are one list */
            ret_states[i] = (uint8_t)piece_manager_phase(torrent->pieces, piece);
        if (ret_availability != NULL) {
            const uint32_t copies = piece_manager_availability(torrent->pieces, piece);
            ret_availability[i] = copies > UINT16_MAX ? UINT16_MAX : (uint16_t)copies;
        }
    }
    return count;
}

uint32_t torrent_get_piece_map(struct session *session, struct torrent_id id,
                               uint32_t first, uint32_t per_cell, uint32_t count,
                               bool with_least, struct piece_cell *ret_cells)
{
    const struct torrent *torrent = session_torrent(session, id);
    uint32_t cells = 0;
    if (torrent == NULL || per_cell == 0)
        return 0;
    const uint32_t pieces = torrent->meta->piece_count;
    for (; cells < count && first < pieces; cells++) {
        struct piece_cell *cell = &ret_cells[cells];
        const uint32_t left = pieces - first;
        *cell = (struct piece_cell){.pieces = left < per_cell ? left : per_cell};
        piece_manager_count_phases(torrent->pieces, first, cell->pieces, cell->states);
        if (with_least)
            cell->least =
                piece_manager_least_availability(torrent->pieces, first, cell->pieces);
        first += cell->pieces;
    }
    return cells;
}

bool torrent_get_piece(struct session *session, struct torrent_id id, uint32_t index,
                       struct piece_info *ret_piece)
{
    const struct torrent *torrent = session_torrent(session, id);
    struct piece_progress progress;
    if (torrent == NULL || index >= torrent->meta->piece_count)
        return false;
    const struct metainfo *meta = torrent->meta;
    const uint32_t bytes = metainfo_piece_length(meta, index);
    const uint64_t begin = (uint64_t)index * meta->piece_bytes;
    piece_manager_get_progress(torrent->pieces, index, &progress);
    *ret_piece = (struct piece_info){
        .index = index,
        .bytes = bytes,
        .state = (enum piece_state)piece_manager_phase(torrent->pieces, index),
        .blocks = progress.blocks,
        .blocks_arrived = progress.arrived,
        .blocks_requested = progress.requested,
        .availability = piece_manager_availability(torrent->pieces, index),
        .first_file = metainfo_file_at(meta, begin),
        .last_file = metainfo_file_at(meta, begin + bytes - 1),
    };
    return true;
}

/* ---- files ---- */

uint32_t torrent_file_count(struct session *session, struct torrent_id id)
{
    const struct torrent *torrent = session_torrent(session, id);
    return torrent != NULL ? torrent->meta->file_count : 0;
}

/* Verified bytes of a file: whole pieces inside it, and its share of those at its edges.
 */
static uint64_t file_done(const struct torrent *torrent, const struct metainfo_file *file)
{
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    const uint64_t piece_bytes = torrent->meta->piece_bytes;
    if (file->length == 0)
        return 0;
    const uint64_t end = file->offset + file->length;
    const uint32_t first = (uint32_t)(file->offset / piece_bytes);
    const uint32_t last = (uint32_t)((end - 1) / piece_bytes);
    if (first == last)
        return bitfield_get(have, first) ? file->length : 0;
    uint64_t done =
        (uint64_t)bitfield_count_range(have, first + 1, last - first - 1) * piece_bytes;
    if (bitfield_get(have, first))
        done += (first + 1) * piece_bytes - file->offset;
    if (bitfield_get(have, last))
        done += end - last * piece_bytes;
    return done;
}

bool torrent_get_file(struct session *session, struct torrent_id id, uint32_t number,
                      struct file_info *ret_file)
{
    const struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL || number >= torrent->meta->file_count)
        return false;
    const struct metainfo_file *file = &torrent->meta->files[number];
    *ret_file = (struct file_info){
        .path = metainfo_file_path(torrent->meta, number),
        .bytes = file->length,
        .done_bytes = file_done(torrent, file),
        .pad = file->pad,
        .priority = torrent->priorities != NULL ? torrent->priorities[number] : 0,
        .wanted = !file->pad && (torrent->unwanted == NULL || !torrent->unwanted[number]),
    };
    return true;
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

uint32_t torrent_get_history(struct session *session, struct torrent_id id,
                             uint32_t *ret_down, uint32_t *ret_up, uint32_t capacity)
{
    const struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL && id.generation != 0)
        return 0;
    return history_get(torrent != NULL ? &torrent->history : &session->history,
                       loop_now_ns(session->loop), ret_down, ret_up, capacity);
}
