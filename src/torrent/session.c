#include "base/i18n.h"
#include "base/text.h"
#include "disk/disk_manager.h"
#include "net/mse.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/activity_private.h"
#include "torrent/keep_private.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <string.h>

#define STOP_NS            (SESSION_STOP_MS * NS_PER_MS)
#define TOTALS_SAVE_NS     (60 * NS_PER_S) /* a kill forgets no more of them */
#define RUN_ROUNDS         8
#define SHARE_LEAST_BLOCKS 16u

/* ---- finding torrents ---- */

struct torrent *session_torrent(const struct session *session, struct torrent_id id)
{
    if (id.index >= session->slot_count || session->slots[id.index] == NULL ||
        session->slots[id.index]->id.generation != id.generation)
        return NULL;
    return session->slots[id.index];
}

struct torrent *session_by_hash(const struct session *session,
                                const struct info_hash *hash)
{
    struct torrent_hash *found;
    HASH_FIND(hh, session->by_hash, hash, sizeof *hash, found);
    return found != NULL ? found->torrent : NULL;
}

struct torrent *session_twin(const struct session *session, const struct metainfo *meta,
                             const struct torrent *except)
{
    const struct info_hash short_v2 = metainfo_short_hash_v2(meta);
    if (session->restoring != NULL)
        return session_by_hash(session, &session->restoring->hash);
    struct torrent *twin = session_by_hash(session, &meta->hash);
    if ((twin == NULL || twin == except) && meta->hybrid)
        twin = session_by_hash(session, &short_v2);
    return twin != except ? twin : NULL;
}

struct peer_manager *session_lookup(void *context, const struct info_hash *hash)
{
    struct session *session = context;
    const struct torrent *torrent = session_by_hash(session, hash);
    session->incoming_seen = true;
    return torrent != NULL && torrent->running ? torrent->peers : NULL;
}

static enum error_code enlist_hash(struct torrent *torrent, const struct info_hash *hash)
{
    struct session *session = torrent->session;
    if (session_by_hash(session, hash) != NULL)
        return ERROR_NONE;
    struct torrent_hash *entry = &torrent->hashes[torrent->hash_count];
    entry->torrent = torrent;
    entry->hash = *hash;
    mse_obfuscate(hash, entry->obfuscated);
    HASH_ADD(hh, session->by_hash, hash, sizeof entry->hash, entry);
    if (entry->hh.tbl == NULL)
        return ERROR_MEMORY;
    HASH_ADD(hh_obfuscated, session->by_obfuscated, obfuscated, sizeof entry->obfuscated,
             entry);
    if (entry->hh_obfuscated.tbl == NULL) {
        HASH_DEL(session->by_hash, entry);
        return ERROR_MEMORY;
    }
    torrent->hash_count++;
    return ERROR_NONE;
}

enum error_code session_enlist(struct torrent *torrent)
{
    enum error_code error = enlist_hash(torrent, &torrent->hash);
    if (error == ERROR_NONE && torrent->meta->hybrid) {
        const struct info_hash hash = metainfo_short_hash_v2(torrent->meta);
        error = enlist_hash(torrent, &hash);
    }
    return error;
}

void session_unlist(struct torrent *torrent)
{
    for (; torrent->hash_count > 0; torrent->hash_count--) {
        struct torrent_hash *entry = &torrent->hashes[torrent->hash_count - 1];
        HASH_DEL(torrent->session->by_hash, entry);
        HASH_DELETE(hh_obfuscated, torrent->session->by_obfuscated, entry);
    }
}

/* A table of 32-bit hashes comes before the comparison: how long that takes says nothing.
 */
struct peer_manager *session_find(void *context, const uint8_t obfuscated[SHA1_BYTES],
                                  struct info_hash *ret_hash)
{
    struct session *session = context;
    struct torrent_hash *found;
    HASH_FIND(hh_obfuscated, session->by_obfuscated, obfuscated, SHA1_BYTES, found);
    if (found == NULL || !found->torrent->running)
        return NULL;
    *ret_hash = found->hash;
    return found->torrent->peers;
}

/* ---- news ---- */

void session_changed(struct torrent *torrent, uint32_t what)
{
    const struct message event = {
        .type = EVENT_TORRENT_CHANGED, .torrent = torrent->id, .u.changed.what = what};
    event_bus_post(torrent->session->events, &event);
}

void session_event(struct torrent *torrent, enum message_type type, uint32_t number)
{
    struct message event = {.type = type, .torrent = torrent->id};
    event.u.piece.piece = number;
    event_bus_post(torrent->session->events, &event);
}

/* ---- the pool ---- */

/* Three quarters of the pool are for pieces on their way, shared evenly by those that
 * download, so that together they never hold all blocks in pieces that cannot end. */
static void share_pool(struct session *session)
{
    const uint32_t blocks = block_pool_total(session->pool) / 4 * 3;
    uint32_t sharers = 0;
    session->share_due = false;
    for (uint32_t i = 0; i < session->count; i++)
        sharers += torrent_is_downloading(session_torrent(session, session->order[i]));
    uint32_t share = sharers == 0 ? blocks : blocks / sharers;
    if (share < SHARE_LEAST_BLOCKS)
        share = SHARE_LEAST_BLOCKS;
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent_is_downloading(torrent))
            piece_manager_set_budget(torrent->pieces, share);
    }
}

void session_share_pool(struct session *session)
{
    session->share_due = true;
    loop_do_not_sleep(session->loop);
}

/* ---- a turn ---- */

void session_run_soon(struct torrent *torrent)
{
    if (torrent->queued_to_run)
        return;
    torrent->queued_to_run = true;
    loop_do_not_sleep(torrent->session->loop); /* the hook may have run already */
    torrent->run_next = torrent->session->run_list;
    torrent->session->run_list = torrent;
}

void session_unqueue(struct torrent *torrent)
{
    struct torrent **at = &torrent->session->run_list;
    while (*at != NULL && *at != torrent)
        at = &(*at)->run_next;
    if (*at != NULL)
        *at = torrent->run_next;
    torrent->queued_to_run = false;
}

void session_warn(struct session *session, struct torrent_id id, const char *format, ...)
{
    char raw[600], text[600];
    struct message event = {.type = EVENT_WARNING, .torrent = id};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    text_clean(text_untrusted(raw), 500, text, sizeof text);
    event.u.text.text = strdup(text);
    if (event.u.text.text == NULL) {
        log_write(session->log, LOG_LEVEL_WARNING, "%s", text);
        return;
    }
    log_write_told(session->log, LOG_LEVEL_WARNING, text);
    event_bus_post(session->events, &event);
}

/* ---- jobs of the session's own ---- */

enum error_code session_post_job(struct session *session, enum message_type type,
                                 struct torrent_id id, struct disk_job *job)
{
    const struct message request = {.type = type, .torrent = id, .u.job.job = job};
    const enum error_code error = disk_manager_post(session->disk, &request);
    if (error != ERROR_NONE)
        disk_job_free(job);
    else
        session->jobs++;
    return error;
}

static void on_job_done(struct session *session, const struct message *response)
{
    const struct disk_job *job = response->u.job.job;
    const enum error_code error = response->u.job.error;
    if (job->request == DISK_SPACE) {
        const struct message event = {.type = EVENT_SESSION_CHANGED,
                                      .u.changed.what = CHANGED_PROGRESS};
        session->looking_for_space = false;
        if (session->free_bytes != job->free_bytes)
            event_bus_post(session->events, &event);
        session->free_bytes = job->free_bytes;
        return;
    }
    if (job->request == DISK_RELEASE || job->request == DISK_LEAVES)
        return;
    if (job->request == DISK_DELETE && error != ERROR_NONE)
        session_warn(session, response->torrent,
                     _("%s: not all of its files could be deleted: %s"), job->name,
                     error_text(error));
    else if (job->name != NULL && job->cookie == 0 && !job->raw && error != ERROR_NONE)
        session_warn(session, response->torrent, _("%s/%s cannot be saved: %s"),
                     session->state.path, job->name, error_text(error));
    session->jobs--;
    if (job->cookie == LIST_COOKIE)
        session_on_list_saved(session, job, error);
    else if (job->raw)
        session_on_kept(session, response);
    session_check_stopped(session);
}

static bool take_disk_responses(struct session *session)
{
    struct message response;
    bool any = false;
    while (disk_manager_take(session->disk, &response)) {
        struct torrent *torrent = session_torrent(session, response.torrent);
        if (torrent != NULL)
            torrent_on_disk(torrent, &response);
        if (response.type == DISK_JOB_DONE)
            on_job_done(session, &response);
        message_done(&response, session->pool);
        any = true;
    }
    return any;
}

/* One turn's work for whoever has some; true: something was done. */
static bool run_round(struct session *session)
{
    bool any = session->config.workers == UINT32_MAX && disk_manager_run(session->disk);
    any |= take_disk_responses(session);
    if (session->queue_due)
        session_run_queue(session);
    if (session->share_due)
        share_pool(session);
    struct torrent *torrent = session->run_list;
    any |= torrent != NULL;
    session->run_list = NULL;
    while (torrent != NULL) {
        struct torrent *next = torrent->run_next;
        torrent->queued_to_run = false;
        if (torrent_run(torrent))
            session_run_soon(torrent);
        torrent = next;
    }
    return any;
}

static bool on_hook(void *context)
{
    bool more = true;
    for (int round = 0; round < RUN_ROUNDS && more; round++)
        more = run_round(context);
    return more;
}

static void on_tick(void *context)
{
    struct session *session = context;
    const uint64_t now_ns = loop_now_ns(session->loop);
    session_watch_clock(session);
    uint64_t down = session->gone_down, up = session->gone_up;
    bool again = false;
    for (uint32_t i = 0; i < session->count; i++) {
        struct peer_counts counts;
        struct torrent *torrent = session_torrent(session, session->order[i]);
        peer_manager_get_counts(torrent->peers, &counts);
        down += counts.downloaded;
        up += counts.uploaded;
        if (history_sample(&torrent->history, now_ns, counts.downloaded,
                           counts.uploaded)) {
            session_changed(torrent, CHANGED_PROGRESS | CHANGED_PEERS);
            again = true;
            if (torrent->history.down_rate > 0)
                torrent->moved_ns = now_ns;
        }
    }
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_PROGRESS};
    if (again)
        session_check_goals(session);
    if (history_sample(&session->history, now_ns, down, up) || again) {
        event_bus_post(session->events, &event);
        loop_timer_set_in(session->loop, &session->tick, NS_PER_S);
        if (now_ns - session->totals_saved_ns >= TOTALS_SAVE_NS)
            session_save_list_soon(session);
    }
}

void session_tick_soon(struct session *session)
{
    if (!loop_timer_is_set(&session->tick))
        loop_timer_set_in(session->loop, &session->tick, NS_PER_S);
}

/* ---- its end ---- */

static void on_stop_timer(void *context)
{
    struct session *session = context;
    void (*stopped)(void *) = session->stopped;
    session->stopped = NULL;
    if (stopped != NULL)
        stopped(session->stopped_context);
}

void session_torrent_stopped(struct torrent *torrent)
{
    struct session *session = torrent->session;
    if (!torrent->trackers_done || !torrent->disk_done ||
        torrent->phase != TORRENT_PHASE_STOPPING)
        return;
    torrent->phase = TORRENT_PHASE_STOPPED;
    session_event(torrent, EVENT_STOPPED, 0);
    session_check_stopped(session);
}

void session_check_stopped(struct session *session)
{
    if (!session->stopping || session->jobs > 0 || !session_portmap_has_ended(session))
        return;
    for (uint32_t i = 0; i < session->count; i++)
        if (session_torrent(session, session->order[i])->phase != TORRENT_PHASE_STOPPED)
            return;
    loop_timer_set_in(session->loop, &session->stop_timer, 0);
}

void session_stop(struct session *session, void (*done)(void *context), void *context)
{
    if (session->stopping)
        return;
    session->stopping = true;
    session->stopped = done;
    session->stopped_context = context;
    for (int i = 0; i < 2; i++) {
        if (session->listeners[i] != NULL)
            session->config.net->unlisten(session->config.net->context,
                                          session->listeners[i]);
        session->listeners[i] = NULL;
    }
    loop_timer_set_in(session->loop, &session->stop_timer, session->stop_ns);
    session_end_fetches(session);
    for (uint32_t i = 0; i < session->count; i++)
        torrent_stop(session_torrent(session, session->order[i]));
    session_portmap_give_back(session);
    session_keep_again(session);
    session_save_bans(session);
    session_dht_save(session);
    session_save_list(session); /* the totals */
    session_check_stopped(session);
}

bool session_is_saved(const struct session *session)
{
    for (uint32_t i = 0; i < session->count; i++)
        if (!session_torrent(session, session->order[i])->disk_done)
            return false;
    return session->jobs == 0;
}

void session_stop_within(struct session *session, uint64_t wait_ms)
{
    session->stop_ns = wait_ms * NS_PER_MS;
    if (session->stopped == NULL)
        return;
    loop_timer_set_in(session->loop, &session->stop_timer, session->stop_ns);
    session_check_stopped(session);
}

void session_begin_turns(struct session *session)
{
    session->stop_ns = STOP_NS;
    loop_timer_init(&session->tick, on_tick, session);
    loop_timer_init(&session->stop_timer, on_stop_timer, session);
    session->hook =
        (struct loop_hook){.callback = on_hook, .context = session, .order = 10};
    loop_hook_add(session->loop, &session->hook);
}
