/* Torrents are made, and freed. */
#include "base/text.h"
#include "discovery/tracker_manager.h"
#include "disk/disk_manager.h"
#include "peer/webseed_manager.h"
#include "piece/piece_manager.h"
#include "torrent/awaited_private.h"
#include "torrent/download_path.h"
#include "torrent/hashes_private.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *cleaned(const char *raw, size_t cells)
{
    char text[4096];
    text_clean(text_untrusted(raw), cells, text, sizeof text);
    return strdup(text);
}

static void on_retry(void *context)
{
    struct torrent *torrent = context;
    torrent->starving = false;
    peer_manager_wake_idle(torrent->peers);
    webseed_manager_wake_idle(torrent->webseeds);
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
    if (resume->unwanted.size > 0)
        torrent->unwanted = calloc(resume->unwanted.size, sizeof *torrent->unwanted);
    for (uint32_t i = 0; torrent->unwanted != NULL && i < resume->unwanted.size; i++)
        torrent->unwanted[i] = bitfield_get(&resume->unwanted, i);
    torrent->priorities = torrent->resume.priorities;
    torrent->resume.priorities = NULL;
    /* The list knows better; where it was lost, nothing starts that was not meant to. */
    if (torrent->session->restoring == NULL || torrent->session->list_lost)
        torrent->settings.paused |= resume->paused;
    if (resume->added_s != 0)
        torrent->added_wall_s = (double)resume->added_s;
    torrent->completed_wall_s = (double)resume->completed_s;
    torrent_known_peers_saved(torrent, resume->peers, resume->peer_count);
    torrent_take_trackers(torrent);
}

static enum error_code make_texts(struct torrent *torrent)
{
    const struct metainfo *meta = torrent->meta;
    char *name = cleaned(meta->name, 500);
    char *comment = cleaned(meta->comment, 1000);
    char *creator = cleaned(meta->creator, 200);
    if (name == NULL || comment == NULL || creator == NULL) {
        free(name);
        free(comment);
        free(creator);
        return ERROR_MEMORY;
    }
    free(torrent->display_name);
    free(torrent->comment);
    free(torrent->creator);
    torrent->display_name = name;
    torrent->comment = comment;
    torrent->creator = creator;
    return ERROR_NONE;
}

/* What is said of it now goes on top of what was kept. */
static void take_settings(struct torrent *torrent, const struct add_options *options)
{
    const struct session *session = torrent->session;
    struct torrent_settings *settings = &torrent->settings;
    const bool is_new = session->restoring == NULL;
    if (!is_new)
        *settings = session->restoring->settings;
    settings->paused |= options->paused;
    settings->sequential |= options->sequential || (is_new && session->config.sequential);
    settings->first_last |= options->first_last || (is_new && session->config.first_last);
    settings->super_seed |= options->super_seed;
    if (options->label != NULL)
        snprintf(settings->label, sizeof settings->label, "%s", options->label);
}

/* Where it is, or is to be, and where it goes first. */
static enum error_code set_dirs(struct torrent *torrent,
                                const struct add_options *options,
                                const struct resume *resume)
{
    const struct session *session = torrent->session;
    const bool is_kept = resume != NULL && !torrent->meta->awaited; /* a link says it */
    const char *dir = is_kept                         ? resume->download_dir
                      : options->download_dir != NULL ? options->download_dir
                                                      : session->download_dir;
    const char *first = resume != NULL || torrent->meta->awaited
                            ? NULL
                            : session_first_dir(session, torrent->meta, dir);
    torrent->download_dir = download_path_absolute(first != NULL ? first : dir);
    if (first != NULL)
        torrent->final_dir = download_path_absolute(dir);
    return torrent->download_dir != NULL && (first == NULL || torrent->final_dir != NULL)
               ? ERROR_NONE
               : ERROR_MEMORY;
}

/* What it has on disk is known to the Disk Manager, once its names are. */
static enum error_code open_files(struct torrent *torrent, const struct resume *resume)
{
    const enum error_code error = disk_manager_open(torrent->session->disk, torrent->id,
                                                    torrent->meta, torrent->download_dir);
    torrent->opened = error == ERROR_NONE;
    return torrent->opened ? torrent_begin_suffix(torrent, resume) : error;
}

/* SELECT: --select, if it counts; NULL: all files. */
static enum error_code make_all(struct torrent *torrent, const char *select,
                                const struct resume *resume)
{
    char message[SESSION_MESSAGE_SIZE];
    enum error_code error = make_texts(torrent);
    if (error == ERROR_NONE)
        error = torrent_make_buses(torrent);
    if (error == ERROR_NONE && select != NULL)
        error = files_read_selection(torrent->meta, select, &torrent->unwanted, message);
    if (error == ERROR_NONE)
        error = torrent_make_pieces(torrent);
    if (error == ERROR_NONE)
        error = torrent_make_peers(torrent);
    if (error == ERROR_NONE)
        error = torrent_make_webseeds(torrent);
    if (error == ERROR_NONE)
        error = torrent_make_trackers(torrent);
    if (error == ERROR_NONE && !torrent->meta->awaited)
        error = open_files(torrent, resume);
    return error;
}

static void take_hashes(struct torrent *torrent)
{
    const struct saved_torrent *restoring = torrent->session->restoring;
    torrent->hash = torrent->kept_hash = torrent->meta->hash;
    if (restoring != NULL && metainfo_has_hash(torrent->meta, &restoring->hash))
        torrent->kept_hash = restoring->hash;
}

enum error_code torrent_new(struct session *session, struct metainfo *meta,
                            const struct add_options *options,
                            const struct resume *resume, struct torrent **ret_torrent)
{
    struct torrent *torrent = *ret_torrent; /* the session made it, with its id */
    const char *select = resume == NULL && !meta->awaited ? options->select : NULL;
    torrent->session = session;
    torrent->kept = session->restoring != NULL;
    torrent->meta = meta;
    torrent->trackers_done = true; /* nobody knows us yet */
    torrent->added_wall_s = clock_wall_s(loop_clock(session->loop));
    loop_timer_init(&torrent->retry, on_retry, torrent);
    loop_timer_init(&torrent->disk_retry, on_disk_retry, torrent);
    loop_timer_init(&torrent->checkpoint, on_checkpoint, torrent);
    take_hashes(torrent);
    take_settings(torrent, options);
    enum error_code error = set_dirs(torrent, options, resume);
    if (error == ERROR_NONE)
        error = make_all(torrent, select, resume);
    if (error != ERROR_NONE)
        return error;
    if (resume != NULL)
        take_resume(torrent, resume);
    disk_manager_set_unwanted(session->disk, torrent->id, torrent->unwanted);
    torrent_set_up_parts(torrent);
    torrent_seek_layers_of_hybrid(torrent);
    add_given_peers(torrent, options);
    return ERROR_NONE;
}

/* ---- the metainfo comes later ---- */

/* Where its files go first, which its names decide. */
static enum error_code choose_dirs(struct torrent *torrent)
{
    const char *first =
        session_first_dir(torrent->session, torrent->meta, torrent->download_dir);
    char *dir = first != NULL ? download_path_absolute(first) : NULL;
    if (first == NULL)
        return ERROR_NONE;
    if (dir == NULL)
        return ERROR_MEMORY;
    torrent->final_dir = torrent->download_dir;
    torrent->download_dir = dir;
    return ERROR_NONE;
}

/* All that may fail. */
static enum error_code make_anew(struct torrent *torrent, const char *select,
                                 char message[SESSION_MESSAGE_SIZE])
{
    struct session *session = torrent->session;
    enum error_code error = ERROR_NONE;
    if (select != NULL)
        error = files_read_selection(torrent->meta, select, &torrent->unwanted, message);
    if (error == ERROR_NONE)
        error = torrent_make_pieces(torrent);
    if (error == ERROR_NONE)
        error = torrent_make_webseeds(torrent);
    if (error == ERROR_NONE)
        error = choose_dirs(torrent);
    if (error == ERROR_NONE)
        error = make_texts(torrent);
    if (error == ERROR_NONE)
        error = disk_manager_open(session->disk, torrent->id, torrent->meta,
                                  torrent->download_dir);
    if (error != ERROR_NONE)
        return error;
    error = torrent_begin_suffix(torrent, NULL);
    if (error != ERROR_NONE)
        disk_manager_close(session->disk, torrent->id);
    return error;
}

enum error_code torrent_set_metainfo(struct torrent *torrent, struct metainfo *meta,
                                     const char *select,
                                     char message[SESSION_MESSAGE_SIZE])
{
    struct metainfo *before = torrent->meta;
    struct piece_manager *pieces = torrent->pieces;
    struct webseed_manager *webseeds = torrent->webseeds;
    torrent->meta = meta;
    torrent->pieces = NULL;
    torrent->webseeds = NULL;
    message[0] = '\0';
    const enum error_code error = make_anew(torrent, select, message);
    if (error != ERROR_NONE) {
        if (message[0] == '\0')
            snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(error));
        piece_manager_free(torrent->pieces);
        webseed_manager_free(torrent->webseeds);
        free(torrent->unwanted);
        torrent->unwanted = NULL;
        torrent->pieces = pieces;
        torrent->webseeds = webseeds;
        torrent->meta = before;
        return error;
    }
    torrent->opened = true;
    const struct peer_metainfo metainfo = torrent_peer_metainfo(torrent);
    disk_manager_set_unwanted(torrent->session->disk, torrent->id, torrent->unwanted);
    torrent_join_again(torrent);
    peer_manager_set_metainfo(torrent->peers, &metainfo);
    torrent_set_up_parts(torrent);
    piece_manager_free(pieces);
    webseed_manager_free(webseeds); /* which were not asked for anything yet */
    metainfo_free(before);
    session_share_pool(torrent->session);
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
    torrent_await_no_more(torrent);
    torrent_seek_layers_no_more(torrent);
    torrent_blame_nobody(torrent);
    torrent_serve_no_leaves(torrent);
    tracker_manager_free(torrent->trackers);
    tracker_manager_free(torrent->second_trackers);
    webseed_manager_free(torrent->webseeds);
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
    free(torrent->suffix);
    free(torrent->whole);
    free(torrent->priorities);
    free(torrent->download_dir);
    free(torrent->final_dir);
    free(torrent->move_dir);
    free(torrent->root);
    free(torrent->display_name);
    free(torrent->comment);
    free(torrent->creator);
    torrent_forget_rename(torrent);
    metainfo_free(torrent->former_meta);
    metainfo_free(torrent->layered_meta);
    metainfo_free(torrent->meta);
    free(torrent);
}
