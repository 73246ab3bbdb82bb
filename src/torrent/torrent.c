/* A torrent runs, halts and ends. */
#include "torrent/torrent.h"

#include "base/text.h"

#include <string.h>

void torrent_run_now(struct torrent *torrent)
{
    torrent->running = true;
    torrent_note_seeding(torrent);
    torrent->moved_ns = loop_now_ns(torrent->session->loop);
    session_share_pool(torrent->session);
    peer_manager_start(torrent->peers);
    tracker_manager_start(torrent->trackers);
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
    torrent->trackers_done = true;
    if (torrent->phase == TORRENT_PHASE_STOPPING)
        session_torrent_stopped(torrent);
}

void torrent_halt(struct torrent *torrent)
{
    if (!torrent->running)
        return;
    torrent->running = false;
    torrent_note_seeding(torrent);
    session_queue_soon(torrent->session);
    session_share_pool(torrent->session);
    loop_timer_cancel(torrent->session->loop, &torrent->retry);
    peer_manager_stop(torrent->peers);
    torrent_run(torrent);
    drop_unfinished(torrent);
    torrent->trackers_done = false;
    tracker_manager_stop(torrent->trackers, on_told, torrent);
    session_changed(torrent, CHANGED_STATE | CHANGED_PEERS);
}

void torrent_stop(struct torrent *torrent)
{
    struct peer_counts counts;
    const bool was_ready = torrent->phase == TORRENT_PHASE_READY;
    torrent_halt(torrent);
    torrent->phase = TORRENT_PHASE_STOPPING;
    torrent_stop_move(torrent);
    loop_timer_cancel(torrent->session->loop, &torrent->checkpoint);
    loop_timer_cancel(torrent->session->loop, &torrent->disk_retry);
    peer_manager_get_counts(torrent->peers, &counts);
    const bool settled = torrent->settled && counts.downloaded == 0 &&
                         counts.uploaded == 0 && !torrent_goal_keeps_time(torrent);
    torrent->disk_done = torrent->missing || torrent->unchecked || settled || !was_ready;
    if (!torrent->disk_done && !torrent->sync_under_way)
        torrent_save(torrent, true);
    else if (torrent->disk_done && torrent->choice_unsaved)
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
