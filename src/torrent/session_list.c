/* The saved list, info-hashes in order, and torrents that leave it. */
#include "base/i18n.h"
#include "disk/disk_manager.h"
#include "disk/state_file.h"
#include "peer/peer_manager.h"
#include "torrent/activity_private.h"
#include "torrent/keep_private.h"
#include "torrent/looks.h"
#include "torrent/network_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_RETRY_NS (30 * NS_PER_S)

/* What is saved, but for the torrents. */
static struct saved_list list_of(const struct session *session)
{
    return (struct saved_list){.settings = session->settings,
                               .configured = session->configured};
}

static enum error_code encode_list(const struct session *session, struct buffer *buffer)
{
    struct saved_list list = list_of(session);
    memcpy(list.looks, session->looks, sizeof list.looks);
    session_get_totals(session, &list.totals);
    list.torrents =
        calloc(session->count + session->waiting_count + 1u, sizeof *list.torrents);
    if (list.torrents == NULL)
        return ERROR_MEMORY;
    for (uint32_t i = 0; i < session->count; i++) {
        const struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent->kept)
            list.torrents[list.count++] =
                (struct saved_torrent){torrent->kept_hash, torrent->settings};
    }
    for (uint32_t i = 0; i < session->waiting_count; i++)
        list.torrents[list.count++] = session->waiting[i];
    const enum error_code error = saved_list_encode(&list, buffer);
    saved_list_done(&list);
    return error;
}

static void write_list(struct session *session)
{
    struct buffer buffer;
    if (session->restoring != NULL || session->list_unread)
        return; /* half a list must not replace the whole one */
    struct disk_job *job =
        session->state.fd >= 0 && !session->state.read_only ? disk_job_new() : NULL;
    if (job == NULL)
        return;
    buffer_init(&buffer, SAVED_LIST_BYTES_MAX);
    job->dir_fd = session->state.fd;
    job->name = strdup("session");
    if (job->name == NULL || encode_list(session, &buffer) != ERROR_NONE) {
        buffer_done(&buffer);
        disk_job_free(job);
        log_write(session->log, LOG_LEVEL_WARNING, "the session was not kept");
        return;
    }
    job->bytes = buffer.bytes;
    job->length = buffer.length;
    job->cookie = LIST_COOKIE;
    session->totals_saved_ns = loop_now_ns(session->loop);
    const struct torrent_id nobody = {0, 0};
    if (session_post_job(session, DISK_SAVE_RESUME, nobody, job) != ERROR_NONE)
        log_write(session->log, LOG_LEVEL_WARNING, "the session was not kept");
}

static void forget_state(struct session *session, const char *format, const char *hex)
{
    const struct torrent_id nobody = {0, 0};
    struct disk_job *job =
        session->state.fd >= 0 && !session->state.read_only ? disk_job_new() : NULL;
    if (job == NULL)
        return;
    job->dir_fd = session->state.fd;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (asprintf(&job->name, format, hex) < 0) {
#pragma GCC diagnostic pop
        job->name = NULL;
        disk_job_free(job);
    } else if (session_post_job(session, DISK_FORGET_STATE, nobody, job) != ERROR_NONE) {
        log_write(session->log, LOG_LEVEL_WARNING, "state of a removed torrent stays");
    }
}

/* After the list that no longer names them: a crash between leaves no half. */
static void forget_gone(struct session *session)
{
    for (uint32_t i = 0; i < session->gone_count; i++) {
        char hex[INFO_HASH_HEX_SIZE];
        info_hash_hex(&session->gone[i], hex);
        forget_state(session, "resume/%s", hex);
        forget_state(session, "torrents/%s.torrent", hex);
        forget_state(session, "torrents/%s.magnet", hex);
    }
    session->gone_count = 0;
}

void session_save_list(struct session *session)
{
    loop_timer_cancel(session->loop, &session->list_timer);
    write_list(session);
    forget_gone(session);
}

/* What it says now is saved as soon as the disk takes it. */
void session_on_list_saved(struct session *session, const struct disk_job *job,
                           enum error_code error)
{
    const struct torrent_id nobody = {0, 0};
    const bool told = session->list_failed;
    session->list_failed = error != ERROR_NONE;
    if (error == ERROR_NONE)
        return;
    if (!loop_timer_is_set(&session->list_timer))
        loop_timer_set_in(session->loop, &session->list_timer, LIST_RETRY_NS);
    if (!told)
        session_warn(session, nobody, _("%s/%s cannot be saved: %s"), session->state.path,
                     job->name, error_text(error));
}

static void on_list_timer(void *context)
{
    session_save_list(context);
}

void session_init_list(struct session *session)
{
    loop_timer_init(&session->list_timer, on_list_timer, session);
}

void session_save_list_soon(struct session *session)
{
    if (session->restoring == NULL &&
        loop_timer_set_in(session->loop, &session->list_timer, 0) != ERROR_NONE)
        session_save_list(session);
}

/* What cannot be restored this time, for lack of memory, on a disk that cannot be read,
 * or because its .torrent is damaged, stays on the saved list. */
static void wait_for(struct session *session, const struct saved_torrent *saved)
{
    if (session->waiting_count == session->waiting_capacity) {
        const uint32_t capacity =
            session->waiting_capacity == 0 ? 8 : session->waiting_capacity * 2;
        struct saved_torrent *waiting =
            realloc(session->waiting, capacity * sizeof *waiting);
        session->list_unread |= waiting == NULL; /* then the list stays as it is */
        if (waiting == NULL)
            return;
        session->waiting = waiting;
        session->waiting_capacity = capacity;
    }
    session->waiting[session->waiting_count++] = *saved;
}

static void restore_one(struct session *session, const struct saved_torrent *saved)
{
    char hex[INFO_HASH_HEX_SIZE], path[4096], message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    const struct add_options options = {0};
    info_hash_hex(&saved->hash, hex);
    snprintf(path, sizeof path, "%s/torrents/%s.torrent", session->state.path, hex);
    session->restoring = saved;
    enum error_code error = session_add_file(session, path, &options, &id, message);
    if (error == ERROR_NOT_FOUND) {
        snprintf(path, sizeof path, "%s/torrents/%s.magnet", session->state.path, hex);
        error = session_restore_link(session, path, message);
    }
    session->restoring = NULL;
    if (error == ERROR_NONE || error == ERROR_EXISTS)
        return;
    if (error != ERROR_NOT_FOUND)
        wait_for(session, saved);
    log_write(session->log, LOG_LEVEL_WARNING, "not restored: %s", message);
}

/* The list is damaged: what it named has files of its own. The order is lost. */
static void restore_by_names(struct session *session)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/torrents", session->state.path);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        struct saved_torrent saved = {0};
        const size_t length = strcspn(entry->d_name, ".");
        if ((strcmp(entry->d_name + length, ".torrent") == 0 ||
             strcmp(entry->d_name + length, ".magnet") == 0) &&
            info_hash_from_hex(entry->d_name, length, &saved.hash))
            restore_one(session, &saved);
    }
    if (dir != NULL)
        closedir(dir);
}

void session_no_longer_waits(struct session *session, const struct metainfo *meta)
{
    for (uint32_t i = 0; i < session->waiting_count; i++)
        if (metainfo_has_hash(meta, &session->waiting[i].hash))
            session->waiting[i--] = session->waiting[--session->waiting_count];
}

/* ERROR_NOT_FOUND: there is none. */
static enum error_code load_list(const struct session *session,
                                 struct saved_list *ret_list)
{
    uint8_t *bytes;
    size_t length;
    enum error_code error = state_file_load(session->state.fd, "session",
                                            SAVED_LIST_BYTES_MAX, &bytes, &length);
    if (error != ERROR_NONE)
        return error;
    error = saved_list_decode(bytes, length, ret_list);
    free(bytes);
    return error;
}

enum error_code session_restore(struct session *session,
                                char message[SESSION_MESSAGE_SIZE])
{
    struct saved_list list;
    message[0] = '\0';
    if (session->state.fd < 0)
        return ERROR_NONE;
    const enum error_code error = load_list(session, &list);
    if (error == ERROR_NOT_FOUND)
        return ERROR_NONE;
    if (error != ERROR_NONE) {
        session->list_unread = error != ERROR_CORRUPT;
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("the saved session in %s cannot be read: %s"), session->state.path,
                 error_text(error));
        session->list_lost = error == ERROR_CORRUPT;
        if (session->list_lost)
            restore_by_names(session);
        return error;
    }
    session_settings_restore(&list.settings, &list.configured, &session->configured);
    session_apply_settings(session, &list.settings);
    memcpy(session->looks, list.looks, sizeof session->looks);
    session->totals_before = list.totals;
    for (uint32_t i = 0; i < list.count; i++)
        restore_one(session, &list.torrents[i]);
    saved_list_done(&list);
    return ERROR_NONE;
}

static void delete_data(struct torrent *torrent)
{
    struct disk_job *job = disk_job_new();
    if (job != NULL)
        job->name = strdup(torrent->display_name);
    if (job == NULL || job->name == NULL ||
        session_post_job(torrent->session, DISK_DELETE, torrent->id, job) != ERROR_NONE)
        session_warn(torrent->session, torrent->id, _("%s: its files were not deleted"),
                     torrent->display_name);
}

void session_release_hashes(struct torrent *torrent)
{
    struct session *session = torrent->session;
    session_unlist(torrent);
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *other = session_torrent(session, session->order[i]);
        if (other == torrent || other->hash_count == (other->meta->hybrid ? 2u : 1u))
            continue;
        if (session_enlist(other) != ERROR_NONE)
            log_write(session->log, LOG_LEVEL_WARNING,
                      "%s: not to be found by each of its hashes: out of memory",
                      other->display_name);
        session_dht_follow(other);
        session_lsd_follow(other);
    }
}

static void take_off_list(struct session *session, struct torrent *torrent)
{
    for (uint32_t i = 0; i < session->count; i++) {
        if (session->order[i].index != torrent->id.index)
            continue;
        memmove(&session->order[i], &session->order[i + 1],
                (session->count - i - 1) * sizeof *session->order);
        session->count--;
        break;
    }
    session_unqueue(torrent);
    session_release_hashes(torrent);
    session->slots[torrent->id.index] = NULL;
}

/* Its state goes when the list was saved, once for all that leave in a row. */
static void note_gone(struct session *session, const struct info_hash *hash)
{
    if (session->gone_count == session->gone_capacity) {
        const uint32_t capacity =
            session->gone_capacity == 0 ? 8 : session->gone_capacity * 2;
        struct info_hash *gone = realloc(session->gone, capacity * sizeof *gone);
        if (gone == NULL) { /* it takes up room, and no more */
            log_write(session->log, LOG_LEVEL_WARNING,
                      "state of a removed torrent stays");
            return;
        }
        session->gone = gone;
        session->gone_capacity = capacity;
    }
    session->gone[session->gone_count++] = *hash;
}

void session_remove(struct session *session, struct torrent_id id, bool with_data)
{
    struct peer_counts counts;
    struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL)
        return;
    torrent_halt(torrent);
    torrent_leave_move(torrent);
    if (with_data && torrent->opened)
        delete_data(torrent);
    peer_manager_get_counts(torrent->peers, &counts);
    session->gone_down += counts.downloaded;
    session->gone_up += counts.uploaded;
    take_off_list(session, torrent);
    session_queue_soon(session);
    note_gone(session, &torrent->kept_hash);
    session_save_list_soon(session);
    const struct message event = {.type = EVENT_TORRENT_REMOVED, .torrent = id};
    event_bus_post(session->events, &event);
    torrent_free(torrent);
}
