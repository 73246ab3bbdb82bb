/* Looks at one torrent. */
#include "torrent/looks.h"

#include "base/i18n.h"
#include "discovery/tracker_manager.h"
#include "disk/disk_manager.h"
#include "peer/webseed_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

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
    if (torrent->phase == TORRENT_PHASE_METADATA)
        return TORRENT_STATE_METADATA;
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

static void tell_what_it_is(const struct torrent *torrent, struct torrent_info *info)
{
    const struct metainfo *meta = torrent->meta;
    info->id = torrent->id;
    info->hash = torrent->hash;
    info->hash_v2 = metainfo_has_v2(meta) ? meta->hash_v2 : NULL;
    info->v2_only = meta->v2_only;
    info->is_private = meta->is_private;
    info->awaits_metadata = meta->awaited;
    info->name = torrent->display_name;
    info->names_epoch = torrent->names_epoch;
    info->comment = torrent->comment;
    info->creator = torrent->creator;
    info->created_wall_s = (double)meta->created_s;
    info->pieces = meta->piece_count;
    info->piece_bytes = meta->piece_bytes;
    info->files = meta->file_count;
    info->download_dir = torrent->download_dir;
    info->other_dir = other_dir(torrent);
}

static void tell_settings(const struct torrent *torrent, struct torrent_info *info)
{
    const struct torrent_settings *settings = &torrent->settings;
    info->label = settings->label;
    info->max_down = settings->max_down;
    info->max_up = settings->max_up;
    info->goal = goal_of(torrent);
    info->sequential = settings->sequential;
    info->first_last = settings->first_last;
    info->super_seed = settings->super_seed;
    info->super_seeding = peer_manager_is_super_seeding(torrent->peers);
}

static void tell_peers(const struct torrent *torrent, const struct peer_counts *peers,
                       struct torrent_info *info)
{
    const uint32_t webseeds = webseed_manager_connected(torrent->webseeds);
    struct tracker_row row;
    info->peers_connected = peers->connected + webseeds;
    info->peers_known = peers->known + webseed_manager_count(torrent->webseeds);
    info->seeds_connected = peers->seeds + webseeds;
    info->trackers = tracker_manager_count(torrent->trackers);
    info->seeds_tracker = info->leechers_tracker = UINT32_MAX;
    for (uint32_t i = 0; tracker_manager_row(torrent->trackers, i, &row); i++) {
        if (row.seeds != UINT32_MAX)
            info->seeds_tracker = row.seeds;
        if (row.leechers != UINT32_MAX)
            info->leechers_tracker = row.leechers;
    }
}

static void tell_traffic(const struct torrent *torrent, const struct peer_counts *peers,
                         struct torrent_info *info)
{
    info->down_rate = torrent->history.down_rate;
    info->up_rate = torrent->history.up_rate;
    info->downloaded = torrent->resume.downloaded + peers->downloaded;
    info->uploaded = torrent->resume.uploaded + peers->uploaded;
    info->seeded_s = torrent_seeded_s(torrent);
    info->added_wall_s = torrent->added_wall_s;
    info->completed_wall_s = torrent->completed_wall_s;
}

static bool is_synced(const struct torrent *torrent)
{
    return !torrent->claims_dirty && !torrent->sync_under_way &&
           torrent->move == TORRENT_MOVE_NONE && !torrent_is_renaming(torrent) &&
           !torrent->forms_under_way;
}

static void tell_progress(const struct torrent *torrent, const struct peer_counts *peers,
                          struct torrent_info *info)
{
    struct piece_counts pieces;
    piece_manager_get_counts(torrent->pieces, &pieces);
    piece_manager_get_copies(torrent->pieces, &info->availability,
                             &info->unavailable_pieces);
    info->state = state_of(torrent);
    info->moving = torrent->move != TORRENT_MOVE_NONE;
    info->synced = is_synced(torrent);
    info->total_bytes = pieces.wanted_bytes;
    info->done_bytes = pieces.wanted_bytes - pieces.wanted_left_bytes;
    info->checked_pieces = torrent->check_done;
    info->pieces_have = pieces.have;
    info->wasted = peers->wasted + pieces.duplicate_bytes;
    info->failed = pieces.failed_bytes;
    info->eta_s = info->state == TORRENT_STATE_DOWNLOADING && info->down_rate > 0
                      ? pieces.wanted_left_bytes / info->down_rate
                      : UINT64_MAX;
}

bool torrent_get_info(struct session *session, struct torrent_id id,
                      struct torrent_info *ret_info)
{
    struct torrent *torrent = session_torrent(session, id);
    struct torrent_info info = {0};
    struct peer_counts peers;
    if (torrent == NULL)
        return false;
    peer_manager_get_counts(torrent->peers, &peers);
    tell_what_it_is(torrent, &info);
    tell_settings(torrent, &info);
    tell_peers(torrent, &peers, &info);
    tell_traffic(torrent, &peers, &info);
    tell_progress(torrent, &peers, &info);
    info.reason = torrent_reason(torrent, &info);
    *ret_info = info;
    return true;
}

char *torrent_get_path(struct session *session, struct torrent_id id)
{
    const struct torrent *torrent = session_torrent(session, id);
    char *path;
    if (torrent == NULL || torrent->meta->awaited)
        return NULL;
    const bool unfinished = !torrent->meta->multi_file &&
                            disk_manager_is_unfinished(session->disk, torrent->id, 0);
    if (asprintf(&path, "%s/%s%s", torrent->download_dir, torrent->meta->name,
                 unfinished ? torrent->suffix : "") < 0)
        return NULL;
    return path;
}

char *torrent_get_name(struct session *session, struct torrent_id id)
{
    const struct torrent *torrent = session_torrent(session, id);
    return torrent != NULL && !torrent->meta->awaited ? strdup(torrent->meta->name)
                                                      : NULL;
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
