/* A torrent runs, halts and ends. */
#include "torrent/torrent.h"

#include "base/text.h"
#include "discovery/tracker_manager.h"
#include "disk/disk_manager.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/awaited_private.h"
#include "torrent/hashes_private.h"
#include "torrent/keep_private.h"
#include "torrent/network_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <string.h>

void torrent_run_now(struct torrent *torrent)
{
    torrent->running = true;
    torrent_note_seeding(torrent);
    torrent->moved_ns = loop_now_ns(torrent->session->loop);
    session_share_pool(torrent->session);
    torrent_call_known_peers(torrent);
    peer_manager_start(torrent->peers);
    tracker_manager_start(torrent->trackers);
    if (torrent->second_trackers != NULL)
        tracker_manager_start(torrent->second_trackers);
    session_dht_follow(torrent);
    session_lsd_follow(torrent);
    torrent_metadata_begun(torrent);
    session_run_soon(torrent);
    session_changed(torrent, CHANGED_STATE);
}

void torrent_apply_settings(struct torrent *torrent)
{
    torrent_set_up_parts(torrent);
    session_queue_anew(torrent->session);
    if (torrent->settings.paused)
        torrent_halt(torrent);
    else
        torrent_start(torrent);
}

bool torrent_is_downloading(const struct torrent *torrent)
{
    return torrent->running && !torrent->complete;
}

static void drop_unfinished(struct torrent *torrent)
{
    uint32_t pieces[64], count;
    do {
        count = piece_manager_drop_all(torrent->pieces, pieces, 64);
        for (uint32_t i = 0; i < count; i++) {
            const struct message request = {.type = DISK_DROP_PIECE,
                                            .torrent = torrent->id,
                                            .u.run.piece = pieces[i]};
            if (disk_manager_post(torrent->session->disk, &request) != ERROR_NONE)
                return;
        }
    } while (count == 64);
}

static void on_told(void *context)
{
    struct torrent *torrent = context;
    if (--torrent->trackers_stopping > 0)
        return;
    torrent->trackers_done = true;
    if (torrent->phase == TORRENT_PHASE_STOPPING)
        session_torrent_stopped(torrent);
}

/* They answer later, never from here. */
static void tell_trackers(struct torrent *torrent)
{
    torrent->trackers_stopping = torrent->second_trackers != NULL ? 2 : 1;
    tracker_manager_stop(torrent->trackers,
                         torrent_tracker_heir(torrent, torrent->trackers), on_told,
                         torrent);
    if (torrent->second_trackers != NULL)
        tracker_manager_stop(torrent->second_trackers,
                             torrent_tracker_heir(torrent, torrent->second_trackers),
                             on_told, torrent);
}

void torrent_halt(struct torrent *torrent)
{
    if (!torrent->running)
        return;
    torrent_note_known_peers(torrent);
    torrent->running = false;
    torrent_note_seeding(torrent);
    session_queue_soon(torrent->session);
    session_share_pool(torrent->session);
    loop_timer_cancel(torrent->session->loop, &torrent->retry);
    peer_manager_stop(torrent->peers);
    torrent_run(torrent);
    torrent_blame_nobody(torrent);
    drop_unfinished(torrent);
    torrent->trackers_done = false;
    tell_trackers(torrent);
    session_dht_follow(torrent);
    session_lsd_follow(torrent);
    session_changed(torrent, CHANGED_STATE | CHANGED_PEERS);
}

void torrent_stop(struct torrent *torrent)
{
    struct peer_counts counts;
    const bool was_ready = torrent->phase == TORRENT_PHASE_READY;
    torrent_halt(torrent);
    torrent->phase = TORRENT_PHASE_STOPPING;
    torrent_stop_move(torrent);
    torrent_stop_rename(torrent);
    loop_timer_cancel(torrent->session->loop, &torrent->checkpoint);
    loop_timer_cancel(torrent->session->loop, &torrent->disk_retry);
    peer_manager_get_counts(torrent->peers, &counts);
    const bool settled = torrent->settled && !torrent_has_news_of_peers(torrent) &&
                         counts.downloaded == 0 && counts.uploaded == 0 &&
                         !torrent_goal_keeps_time(torrent);
    torrent->disk_done = torrent->missing || torrent->unchecked || settled || !was_ready;
    if (!torrent->disk_done && !torrent->sync_under_way)
        torrent_save(torrent, true);
    else if (torrent->disk_done &&
             (torrent->choice_unsaved || torrent_link_has_news_of_peers(torrent)))
        torrent_save_choice(torrent);
    session_torrent_stopped(torrent);
}

void torrent_fail(struct torrent *torrent, enum error_code error, const char *text)
{
    if (torrent->error == error)
        return;
    torrent->error = error;
    text_clean(text_untrusted(text), 300, torrent->error_text,
               sizeof torrent->error_text);
    struct message event = {.type = EVENT_ERROR, .torrent = torrent->id};
    event.u.text.text = strdup(torrent->error_text);
    event.u.text.error = error;
    if (event.u.text.text != NULL)
        event_bus_post(torrent->session->events, &event);
    log_write(torrent->session->log, LOG_LEVEL_ERROR, "%s: %s", torrent->display_name,
              torrent->error_text);
    session_changed(torrent, CHANGED_STATE);
}
