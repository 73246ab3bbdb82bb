/* The trackers of a torrent, and those that people add to it or take away from it, which
 * is kept with its resume data. */
#include "discovery/tracker_manager.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/commands.h"
#include "torrent/keep_private.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <string.h>

/* ---- making them ---- */

static void give_stats(void *context, struct tracker_stats *ret_stats)
{
    const struct torrent *torrent = context;
    struct peer_counts peers;
    struct piece_counts pieces;
    peer_manager_get_counts(torrent->peers, &peers);
    piece_manager_get_counts(torrent->pieces, &pieces);
    /* Something is left of what is not known yet: who has nothing left is a seed. */
    const uint64_t left = torrent->meta->awaited
                              ? BLOCK_BYTES
                              : metainfo_fetched_bytes(torrent->meta) - pieces.have_bytes;
    *ret_stats = (struct tracker_stats){peers.uploaded, peers.downloaded, left};
}

static struct tracker_manager *make(struct torrent *torrent, const struct info_hash *hash)
{
    struct session *session = torrent->session;
    struct tracker_manager_config config = {
        .loop = session->loop,
        .http = session->http,
        .turns = session->turns,
        .net = session->config.net,
        .random = session->config.random,
        .log = session->log,
        .discovery = torrent->discovery,
        .torrent = torrent->id,
        .hash = *hash,
        .silent = torrent->trackers != NULL,
        .port = session_public_port(session),
        .trackers = torrent->meta->trackers,
        .tracker_count = torrent->meta->tracker_count,
        .stats = give_stats,
        .context = torrent,
    };
    memcpy(config.peer_id, session->peer_id, sizeof config.peer_id);
    return tracker_manager_new(&config);
}

enum error_code torrent_make_trackers(struct torrent *torrent)
{
    const struct metainfo *meta = torrent->meta;
    torrent->trackers = make(torrent, &torrent->hash);
    if (torrent->trackers == NULL || !meta->hybrid)
        return torrent->trackers != NULL ? ERROR_NONE : ERROR_MEMORY;
    const struct info_hash short_v2 = metainfo_short_hash_v2(meta);
    torrent->second_trackers = make(torrent, &short_v2);
    return torrent->second_trackers != NULL ? ERROR_NONE : ERROR_MEMORY;
}

/* ---- what both are told ---- */

/* Two links to one hybrid, or it and a link, may ask by one hash. */
struct tracker_manager *torrent_tracker_heir(const struct torrent *torrent,
                                             const struct tracker_manager *trackers)
{
    const struct session *session = torrent->session;
    const struct info_hash *hash = tracker_manager_hash(trackers);
    if (session->stopping) /* nobody goes on; not looked for among all, by each of all */
        return NULL;
    for (uint32_t i = 0; i < session->count; i++) {
        const struct torrent *other = session_torrent(session, session->order[i]);
        struct tracker_manager *both[] = {other->trackers, other->second_trackers};
        for (int k = 0; other != torrent && other->running && k < 2; k++)
            if (both[k] != NULL && info_hash_equal(tracker_manager_hash(both[k]), hash))
                return both[k];
    }
    return NULL;
}

/* Both halves of a hybrid are known to the same trackers. */
void torrent_tell_trackers_complete(struct torrent *torrent)
{
    tracker_manager_completed(torrent->trackers);
    if (torrent->second_trackers != NULL)
        tracker_manager_completed(torrent->second_trackers);
}

void torrent_announce_now(struct torrent *torrent)
{
    tracker_manager_announce(torrent->trackers);
    if (torrent->second_trackers != NULL)
        tracker_manager_announce(torrent->second_trackers);
}

void torrent_network_changed(struct torrent *torrent)
{
    tracker_manager_network_changed(torrent->trackers);
    if (torrent->second_trackers != NULL)
        tracker_manager_network_changed(torrent->second_trackers);
}

void torrent_port_changed(struct torrent *torrent, uint16_t port)
{
    tracker_manager_set_port(torrent->trackers, port);
    if (torrent->second_trackers != NULL)
        tracker_manager_set_port(torrent->second_trackers, port);
    session_dht_follow(torrent);
    if (torrent->running)
        torrent_network_changed(torrent);
}

void torrent_network_lost(struct torrent *torrent, const char *message)
{
    tracker_manager_network_lost(torrent->trackers, message);
    if (torrent->second_trackers != NULL)
        tracker_manager_network_lost(torrent->second_trackers, message);
}

/* ---- what people change ---- */

/* What one of the two has no memory for it has at the next start. */
static enum error_code add_to_both(struct torrent *torrent, const char *url)
{
    const enum error_code error = tracker_manager_add(torrent->trackers, url);
    if (error == ERROR_NONE && torrent->second_trackers != NULL &&
        tracker_manager_add(torrent->second_trackers, url) != ERROR_NONE)
        log_write(torrent->session->log, LOG_LEVEL_WARNING,
                  "%s: a tracker is not asked by its other hash", torrent->display_name);
    return error;
}

/* By its URL: the numbers of the two need not be the same. */
static void remove_from(const struct torrent *torrent, struct tracker_manager *trackers,
                        const char *url)
{
    struct tracker_row row;
    for (uint32_t number = 0; tracker_manager_row(trackers, number, &row); number++)
        if (strcmp(row.whole_url, url) == 0) {
            tracker_manager_remove(trackers, number,
                                   torrent_tracker_heir(torrent, trackers));
            return;
        }
}

static void note_change(struct torrent *torrent)
{
    torrent_choice_changed(torrent);
    session_changed(torrent, CHANGED_TRACKERS | CHANGED_STATE);
}

enum error_code torrent_add_tracker(struct session *session, struct torrent_id id,
                                    const char *url)
{
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return ERROR_NOT_FOUND;
    if (!metainfo_url_is_usable(url, strlen(url), true))
        return ERROR_INVALID;
    enum error_code error = add_to_both(torrent, url);
    if (error != ERROR_NONE)
        return error;
    /* One of the torrent's own has come back. */
    if (!resume_urls_drop(&torrent->resume.trackers_removed, url))
        error = resume_urls_add(&torrent->resume.trackers_added, url, strlen(url));
    note_change(torrent);
    return error;
}

void torrent_remove_tracker(struct session *session, struct torrent_id id,
                            uint32_t tracker)
{
    struct torrent *torrent = session_torrent(session, id);
    struct tracker_row row;
    uint32_t number = 0;
    if (torrent == NULL)
        return;
    torrent_run(torrent); /* what trackers have said goes by their numbers */
    while (tracker_manager_row(torrent->trackers, number, &row) && row.id != tracker)
        number++;
    if (number == tracker_manager_count(torrent->trackers))
        return;
    if (!resume_urls_drop(&torrent->resume.trackers_added, row.whole_url) &&
        resume_urls_add(&torrent->resume.trackers_removed, row.whole_url,
                        strlen(row.whole_url)) != ERROR_NONE)
        return; /* it would come back */
    if (torrent->second_trackers != NULL)
        remove_from(torrent, torrent->second_trackers, row.whole_url);
    tracker_manager_remove(torrent->trackers, number,
                           torrent_tracker_heir(torrent, torrent->trackers));
    note_change(torrent);
}

static void take_changes(const struct torrent *torrent, struct tracker_manager *trackers)
{
    const struct resume_urls *removed = &torrent->resume.trackers_removed;
    const struct resume_urls *added = &torrent->resume.trackers_added;
    for (uint32_t i = 0; i < removed->count; i++)
        remove_from(torrent, trackers, removed->texts[i]);
    for (uint32_t i = 0; i < added->count; i++)
        if (tracker_manager_add(trackers, added->texts[i]) == ERROR_MEMORY)
            log_write(torrent->session->log, LOG_LEVEL_WARNING,
                      "%s: a tracker was not added", torrent->display_name);
}

void torrent_take_trackers(struct torrent *torrent)
{
    take_changes(torrent, torrent->trackers);
    if (torrent->second_trackers != NULL)
        take_changes(torrent, torrent->second_trackers);
}

void torrent_ask_trackers_by_both(struct torrent *torrent,
                                  const struct info_hash *asked_by)
{
    const struct metainfo *meta = torrent->meta;
    if (!meta->hybrid || torrent->second_trackers != NULL)
        return;
    const struct info_hash short_v2 = metainfo_short_hash_v2(meta);
    const bool by_v1 = info_hash_equal(asked_by, &meta->hash);
    torrent->second_trackers = make(torrent, by_v1 ? &short_v2 : &meta->hash);
    if (torrent->second_trackers == NULL)
        log_write(torrent->session->log, LOG_LEVEL_WARNING,
                  "%s: trackers are not asked by its other hash: out of memory",
                  torrent->display_name);
    else
        take_changes(torrent, torrent->second_trackers);
    if (torrent->second_trackers != NULL && torrent->running)
        tracker_manager_start(torrent->second_trackers);
}
