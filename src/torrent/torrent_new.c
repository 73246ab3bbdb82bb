/* Torrents are made, and freed. */
#include "torrent/torrent.h"

#include "base/text.h"
#include "torrent/download_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUS_CAPACITY ((size_t)1 << 20)

static char *cleaned(const char *raw, size_t cells)
{
    char text[4096];
    text_clean(text_untrusted(raw), cells, text, sizeof text);
    return strdup(text);
}

static void on_posted(void *context)
{
    session_run_soon(context);
}

static void on_cancel(void *context, struct peer_id_ref peer,
                      const struct block_ref *block)
{
    struct message message = {.type = PEER_CANCEL, .peer = peer, .u.block = *block};
    torrent_post_peers(context, &message);
}

static void on_retry(void *context)
{
    struct torrent *torrent = context;
    torrent->starving = false;
    peer_manager_wake_idle(torrent->peers);
    session_run_soon(torrent);
}

static void on_disk_retry(void *context)
{
    struct torrent *torrent = context;
    torrent_forgive_disk(torrent);
}

static void on_checkpoint(void *context)
{
    struct torrent *torrent = context;
    torrent_checkpoint(torrent);
}

static void give_stats(void *context, struct tracker_stats *ret_stats)
{
    const struct torrent *torrent = context;
    struct peer_counts peers;
    struct piece_counts pieces;
    peer_manager_get_counts(torrent->peers, &peers);
    piece_manager_get_counts(torrent->pieces, &pieces);
    *ret_stats = (struct tracker_stats){peers.uploaded, peers.downloaded,
                                        torrent->meta->total_bytes - pieces.have_bytes};
}

/* ---- making it ---- */

static enum error_code make_pieces(struct torrent *torrent)
{
    const struct session *session = torrent->session;
    struct piece_manager_config config = {
        .total_bytes = torrent->meta->total_bytes,
        .piece_bytes = torrent->meta->piece_bytes,
        .piece_count = torrent->meta->piece_count,
        .clock = loop_clock(session->loop),
        .random = session->config.random,
        .pool = session->pool,
        .budget_blocks = block_pool_total(session->pool) / 4 * 3,
        .cancel = on_cancel,
        .context = torrent,
    };
    memcpy(config.peer_id, session->peer_id, sizeof config.peer_id);
    return piece_manager_new(&config, &torrent->pieces);
}

static uint32_t read_now(void *context, struct block *chain)
{
    const struct torrent *torrent = context;
    session_tick_soon(torrent->session);
    return disk_manager_read_now(torrent->session->disk, torrent->id, chain);
}

#define DISK_QUEUE_BYTES (UINT64_C(16) << 20)

static bool disk_is_behind(void *context)
{
    const struct torrent *torrent = context;
    return disk_manager_queued_bytes(torrent->session->disk) > DISK_QUEUE_BYTES;
}

static enum error_code make_peers(struct torrent *torrent)
{
    const struct session *session = torrent->session;
    struct peer_manager_config config = {
        .shared = session->peers,
        .requests = torrent->requests,
        .responses = torrent->responses,
        .torrent = torrent->id,
        .hash = torrent->hash,
        .piece_count = torrent->meta->piece_count,
        .piece_bytes = torrent->meta->piece_bytes,
        .total_bytes = torrent->meta->total_bytes,
        .max_peers = session->config.max_peers,
        .have = piece_manager_have(torrent->pieces),
        .read_now = read_now,
        .disk_is_behind = disk_is_behind,
        .run_soon = on_posted,
        .context = torrent,
    };
    memcpy(config.peer_id, session->peer_id, sizeof config.peer_id);
    torrent->peers = peer_manager_new(&config);
    return torrent->peers != NULL ? ERROR_NONE : ERROR_MEMORY;
}

static enum error_code make_trackers(struct torrent *torrent)
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
        .hash = torrent->hash,
        .port = session->port,
        .trackers = torrent->meta->trackers,
        .tracker_count = torrent->meta->tracker_count,
        .stats = give_stats,
        .context = torrent,
    };
    memcpy(config.peer_id, session->peer_id, sizeof config.peer_id);
    torrent->trackers = tracker_manager_new(&config);
    return torrent->trackers != NULL ? ERROR_NONE : ERROR_MEMORY;
}

static enum error_code make_buses(struct torrent *torrent)
{
    torrent->requests = bus_new(BUS_CAPACITY);
    torrent->responses = bus_new(BUS_CAPACITY);
    torrent->discovery = bus_new(BUS_CAPACITY);
    if (torrent->requests == NULL || torrent->responses == NULL ||
        torrent->discovery == NULL)
        return ERROR_MEMORY;
    bus_set_notify(torrent->requests, on_posted, torrent);
    bus_set_notify(torrent->responses, on_posted, torrent);
    bus_set_notify(torrent->discovery, on_posted, torrent);
    return ERROR_NONE;
}

static void add_given_peers(struct torrent *torrent, const struct add_options *options)
{
    for (uint32_t i = 0; i < options->peer_count; i++) {
        struct message message = {.type = PEER_CONNECT};
        message.u.candidate.address = options->peers[i];
        message.u.candidate.source = PEER_SOURCE_MANUAL;
        torrent_post_peers(torrent, &message);
    }
}

static void take_resume(struct torrent *torrent, const struct resume *resume)
{
    torrent->resume = *resume; /* takes over what it holds */
    if (bitfield_copy(&torrent->claimed, &resume->have) != ERROR_NONE)
        torrent->claimed = (struct bitfield){0}; /* then they are hashed again */
    if (torrent->final_dir == NULL) {
        torrent->final_dir = torrent->resume.final_dir;
        torrent->resume.final_dir = NULL;
    }
    if (resume->unwanted.size > 0 && torrent->unwanted == NULL)
        torrent->unwanted = calloc(resume->unwanted.size, sizeof *torrent->unwanted);
    for (uint32_t i = 0; torrent->unwanted != NULL && i < resume->unwanted.size; i++)
        torrent->unwanted[i] |= bitfield_get(&resume->unwanted, i);
    torrent->priorities = torrent->resume.priorities;
    torrent->resume.priorities = NULL;
    /* The list knows better; where it was lost, nothing starts that was not meant to. */
    if (torrent->session->restoring == NULL || torrent->session->list_lost)
        torrent->settings.paused |= resume->paused;
    if (resume->added_s != 0)
        torrent->added_wall_s = (double)resume->added_s;
    torrent->completed_wall_s = (double)resume->completed_s;
    torrent_take_trackers(torrent);
}

/* As it is set. */
void torrent_set_up_parts(struct torrent *torrent)
{
    const struct torrent_settings *settings = &torrent->settings;
    piece_manager_set_sequential(torrent->pieces, settings->sequential);
    peer_manager_set_super_seed(torrent->peers, settings->super_seed);
    torrent_apply_wanted(torrent);
    peer_manager_set_limits(torrent->peers, settings->max_down, settings->max_up);
}

enum error_code torrent_new(struct session *session, struct metainfo *meta,
                            const struct add_options *options,
                            const struct resume *resume, struct torrent **ret_torrent)
{
    char message[SESSION_MESSAGE_SIZE];
    struct torrent *torrent = *ret_torrent; /* the session made it, with its id */
    const char *dir = resume != NULL                  ? resume->download_dir
                      : options->download_dir != NULL ? options->download_dir
                                                      : session->download_dir;
    const char *first = resume != NULL ? NULL : session_first_dir(session, meta, dir);
    torrent->session = session;
    torrent->kept = session->restoring != NULL;
    torrent->meta = meta;
    torrent->hash = meta->hash;
    torrent->trackers_done = true; /* nobody knows us yet */
    if (session->restoring != NULL)
        torrent->settings = session->restoring->settings;
    torrent->settings.paused |= options->paused;
    torrent->settings.sequential |=
        options->sequential || (session->restoring == NULL && session->config.sequential);
    torrent->settings.first_last |=
        options->first_last || (session->restoring == NULL && session->config.first_last);
    if (options->label != NULL)
        snprintf(torrent->settings.label, sizeof torrent->settings.label, "%s",
                 options->label);
    torrent->settings.super_seed |= options->super_seed;
    torrent->added_wall_s = clock_wall_s(loop_clock(session->loop));
    loop_timer_init(&torrent->retry, on_retry, torrent);
    loop_timer_init(&torrent->disk_retry, on_disk_retry, torrent);
    loop_timer_init(&torrent->checkpoint, on_checkpoint, torrent);
    torrent->download_dir = download_path_absolute(first != NULL ? first : dir);
    if (first != NULL)
        torrent->final_dir = download_path_absolute(dir);
    torrent->display_name = cleaned(meta->name, 500);
    torrent->comment = cleaned(meta->comment, 1000);
    torrent->creator = cleaned(meta->creator, 200);
    enum error_code error = torrent->download_dir == NULL ||
                                    (first != NULL && torrent->final_dir == NULL) ||
                                    torrent->display_name == NULL ||
                                    torrent->comment == NULL || torrent->creator == NULL
                                ? ERROR_MEMORY
                                : ERROR_NONE;
    if (error == ERROR_NONE)
        error = make_buses(torrent);
    if (error == ERROR_NONE && options->select != NULL)
        error = files_read_selection(meta, options->select, &torrent->unwanted, message);
    if (error == ERROR_NONE)
        error = make_pieces(torrent);
    if (error == ERROR_NONE)
        error = make_peers(torrent);
    if (error == ERROR_NONE)
        error = make_trackers(torrent);
    if (error == ERROR_NONE)
        error =
            disk_manager_open(session->disk, torrent->id, meta, torrent->download_dir);
    torrent->opened = error == ERROR_NONE;
    if (error != ERROR_NONE)
        return error;
    if (resume != NULL)
        take_resume(torrent, resume);
    disk_manager_set_unwanted(session->disk, torrent->id, torrent->unwanted);
    torrent_set_up_parts(torrent);
    add_given_peers(torrent, options);
    return ERROR_NONE;
}

void torrent_free(struct torrent *torrent)
{
    struct loop *loop = torrent->session->loop;
    torrent->queued_to_run = true; /* what its parts still post wakes nobody */
    if (torrent->opened)
        disk_manager_close(torrent->session->disk, torrent->id);
    loop_timer_cancel(loop, &torrent->retry);
    loop_timer_cancel(loop, &torrent->disk_retry);
    loop_timer_cancel(loop, &torrent->checkpoint);
    tracker_manager_free(torrent->trackers);
    peer_manager_free(torrent->peers);
    bus_free(torrent->requests, torrent->session->pool);
    bus_free(torrent->responses, torrent->session->pool);
    bus_free(torrent->discovery, torrent->session->pool);
    piece_manager_free(torrent->pieces);
    resume_done(&torrent->resume);
    bitfield_done(&torrent->to_hash);
    bitfield_done(&torrent->claiming);
    bitfield_done(&torrent->claimed);
    bitfield_done(&torrent->durable);
    history_done(&torrent->history);
    free(torrent->unkept);
    free(torrent->noted);
    free(torrent->unwanted);
    free(torrent->priorities);
    free(torrent->download_dir);
    free(torrent->final_dir);
    free(torrent->move_dir);
    free(torrent->root);
    free(torrent->display_name);
    free(torrent->comment);
    free(torrent->creator);
    metainfo_free(torrent->meta);
    free(torrent);
}
