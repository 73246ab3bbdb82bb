/* Torrents come into a session. */
#include "base/i18n.h"
#include "base/text.h"
#include "disk/state_file.h"
#include "meta/magnet.h"
#include "torrent/activity_private.h"
#include "torrent/awaited_private.h"
#include "torrent/commands.h"
#include "torrent/download_path.h"
#include "torrent/keep_private.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum error_code reserve_slot(struct session *session, uint32_t *ret_index)
{
    for (uint32_t i = 0; i < session->slot_count; i++) {
        if (session->slots[i] == NULL) {
            *ret_index = i;
            return ERROR_NONE;
        }
    }
    const uint32_t count = session->slot_count == 0 ? 8 : session->slot_count * 2;
    struct torrent **slots = realloc(session->slots, count * sizeof(struct torrent *));
    if (slots != NULL)
        session->slots = slots;
    uint32_t *generations = realloc(session->generations, count * sizeof *generations);
    if (generations != NULL)
        session->generations = generations;
    struct torrent_id *order = realloc(session->order, count * sizeof *order);
    if (order != NULL)
        session->order = order;
    if (slots == NULL || generations == NULL || order == NULL)
        return ERROR_MEMORY;
    memset(slots + session->slot_count, 0,
           (count - session->slot_count) * sizeof(struct torrent *));
    memset(generations + session->slot_count, 0,
           (count - session->slot_count) * sizeof *generations);
    *ret_index = session->slot_count;
    session->slot_count = count;
    return ERROR_NONE;
}

static bool overlaps_in(const struct download_place *place, const struct torrent *other,
                        const char *dir)
{
    char *root = dir != NULL ? download_path_root(other->meta, dir) : NULL;
    const struct download_place there = {other->meta, dir, root, other->suffix};
    const bool overlaps = root != NULL && download_path_overlaps(place, &there);
    free(root);
    return overlaps;
}

static bool overlaps(const struct download_place *place, struct torrent *other)
{
    if (other->meta->awaited)
        return false; /* looked at when its files are known */
    if (other->root == NULL)
        other->root = download_path_root(other->meta, other->download_dir);
    const struct download_place there = {other->meta, other->download_dir, other->root,
                                         other->suffix};
    return (other->root != NULL && download_path_overlaps(place, &there)) ||
           overlaps_in(place, other, other->move_dir) ||
           overlaps_in(place, other, other->final_dir);
}

/* A torrent that names a file of META's in DIR; NULL: none. */
static const struct torrent *find_overlap(struct session *session,
                                          const struct metainfo *meta, const char *dir,
                                          const struct torrent *except)
{
    char *root = download_path_root(meta, dir);
    const bool is_new = except == NULL || except->meta->awaited;
    const struct download_place place = {
        meta, dir, root, is_new ? session->config.incomplete_suffix : except->suffix};
    const struct torrent *found = NULL;
    for (uint32_t i = 0; root != NULL && found == NULL && i < session->count; i++) {
        struct torrent *other = session_torrent(session, session->order[i]);
        if (other != except && overlaps(&place, other))
            found = other;
    }
    free(root);
    return found;
}

enum error_code session_check_place(struct session *session, const struct metainfo *meta,
                                    const char *dir, const struct torrent *except,
                                    char message[SESSION_MESSAGE_SIZE])
{
    if (session->state.path != NULL &&
        download_path_is_inside(meta, dir, session->state.path)) {
        snprintf(message, SESSION_MESSAGE_SIZE,
                 _("its files would lie in the state directory %s; choose another "
                   "directory"),
                 session->state.path);
        return ERROR_REFUSED;
    }
    const struct torrent *other = find_overlap(session, meta, dir, except);
    if (other == NULL)
        return ERROR_NONE;
    snprintf(message, SESSION_MESSAGE_SIZE,
             _("its files would be those of another torrent in the list, “%.80s”; "
               "choose another directory"),
             other->display_name);
    return ERROR_REFUSED;
}

const char *session_first_dir(const struct session *session, const struct metainfo *meta,
                              const char *dir)
{
    struct stat status;
    char *root =
        session->config.incomplete_dir != NULL ? download_path_root(meta, dir) : NULL;
    const bool elsewhere = root != NULL && lstat(root, &status) != 0;
    free(root);
    return elsewhere ? session->config.incomplete_dir : NULL;
}

/* Both places of a torrent that is new. */
static enum error_code check_places(struct session *session, const struct metainfo *meta,
                                    const struct add_options *options,
                                    char message[SESSION_MESSAGE_SIZE])
{
    if (session->restoring)
        return ERROR_NONE; /* looked at when it was added */
    const char *dir =
        options->download_dir != NULL ? options->download_dir : session->download_dir;
    const char *first = session_first_dir(session, meta, dir);
    const enum error_code error = session_check_place(session, meta, dir, NULL, message);
    return error == ERROR_NONE && first != NULL
               ? session_check_place(session, meta, first, NULL, message)
               : error;
}

/* ERROR_NOT_FOUND: there is none that can be used. */
static enum error_code load_resume(struct session *session, const struct metainfo *meta,
                                   struct resume *ret_resume)
{
    char hex[INFO_HASH_HEX_SIZE], name[80];
    uint8_t *bytes;
    size_t length;
    if (session->state.fd < 0)
        return ERROR_NOT_FOUND;
    const struct saved_torrent *saved = session->restoring;
    info_hash_hex(saved != NULL ? &saved->hash : &meta->hash, hex);
    snprintf(name, sizeof name, "resume/%s", hex);
    enum error_code error =
        state_file_load(session->state.fd, name, (size_t)64 << 20, &bytes, &length);
    if (error == ERROR_CORRUPT)
        log_write(session->log, LOG_LEVEL_WARNING,
                  "%s: the resume data are damaged, checking the files instead",
                  meta->name);
    if (error != ERROR_NONE)
        return error == ERROR_MEMORY ? ERROR_MEMORY : ERROR_NOT_FOUND;
    error = resume_decode(bytes, length, meta, ret_resume);
    free(bytes);
    return error == ERROR_CORRUPT ? ERROR_NOT_FOUND : error;
}

/* A kill came between RESUME and the list, and the torrent is given again: that holds if
 * it is for the same DIR. Elsewhere nothing of it does, neither claims nor choices. */
static bool is_for(const struct resume *resume, const char *dir)
{
    char *given = download_path_absolute(dir);
    const char *kept =
        resume->final_dir != NULL ? resume->final_dir : resume->download_dir;
    const bool same = given != NULL && strcmp(given, kept) == 0;
    free(given);
    return same;
}

static enum error_code find_resume(struct session *session, const struct metainfo *meta,
                                   const struct add_options *options,
                                   struct resume *ret_resume)
{
    if (meta->awaited && session->restoring == NULL)
        return ERROR_NOT_FOUND; /* what is there is of another one */
    const char *dir =
        options->download_dir != NULL ? options->download_dir : session->download_dir;
    const enum error_code error = load_resume(session, meta, ret_resume);
    if (error != ERROR_NONE || session->restoring != NULL || is_for(ret_resume, dir))
        return error;
    resume_done(ret_resume);
    return ERROR_NOT_FOUND;
}

/* A torrent that comes back finds its files under the names they were given. */
static enum error_code keep_names(const struct session *session, struct metainfo **meta,
                                  const struct resume *resume,
                                  struct metainfo **ret_renamed)
{
    struct metainfo_error why;
    if ((*meta)->awaited)
        return ERROR_NONE;
    const bool portable = resume != NULL
                              ? resume->portable_names
                              : (session->config.names & METAINFO_NAMES_PORTABLE) != 0;
    enum error_code error =
        metainfo_set_names(*meta, portable ? METAINFO_NAMES_PORTABLE : 0, &why);
    if (error != ERROR_NONE || resume == NULL)
        return error;
    error = torrent_find_names(resume, meta, ret_renamed);
    if (error == ERROR_NONE || error == ERROR_MEMORY)
        return error;
    log_write(session->log, LOG_LEVEL_WARNING,
              "%s: the names it was given cannot be used: it has its own again",
              (*meta)->name);
    return ERROR_NONE;
}

/* What was chosen when it was added before gives way to what is asked for now. The list
 * was looked at already: only memory may be short of it. */
static void choose_anew(struct torrent *torrent, const char *select)
{
    char message[SESSION_MESSAGE_SIZE];
    if (torrent_select(torrent->session, torrent->id, select, message) != ERROR_NONE)
        log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: %s",
                  torrent->display_name, message);
}

enum error_code session_add_metainfo(struct session *session, struct metainfo *meta,
                                     const struct magnet *magnet,
                                     const struct add_options *options,
                                     struct torrent_id *ret_id)
{
    struct resume resume;
    uint32_t index;
    enum error_code error = reserve_slot(session, &index);
    struct torrent *torrent = error == ERROR_NONE ? calloc(1, sizeof *torrent) : NULL;
    if (torrent == NULL) {
        metainfo_free(meta);
        return ERROR_MEMORY;
    }
    torrent->id = (struct torrent_id){index, ++session->generations[index]};
    /* Without memory for it the torrent does not start: it would forget where its files
     * are, and that it was paused. */
    const enum error_code resumed = find_resume(session, meta, options, &resume);
    struct metainfo *renamed = NULL;
    error = resumed == ERROR_MEMORY
                ? ERROR_MEMORY
                : keep_names(session, &meta, resumed == ERROR_NONE ? &resume : NULL,
                             &renamed);
    if (error != ERROR_NONE) {
        if (resumed == ERROR_NONE)
            resume_done(&resume);
        metainfo_free(meta);
        free(torrent);
        return error;
    }
    error = torrent_new(session, meta, options, resumed == ERROR_NONE ? &resume : NULL,
                        &torrent);
    if (error != ERROR_NONE && resumed == ERROR_NONE)
        resume_done(&resume);
    if (error == ERROR_NONE && magnet != NULL)
        error = torrent_await(torrent, magnet, options);
    if (error != ERROR_NONE) {
        metainfo_free(renamed);
        torrent_free(torrent);
        return error;
    }
    torrent_await_rename(torrent, renamed);
    error = session_enlist(torrent);
    if (error != ERROR_NONE) {
        session_unlist(torrent);
        torrent_free(torrent);
        return error;
    }
    session->slots[index] = torrent;
    session->order[session->count++] = torrent->id;
    *ret_id = torrent->id;
    session_event(torrent, EVENT_TORRENT_ADDED, 0);
    if (meta->awaited)
        torrent_start(torrent);
    else
        torrent_begin(torrent);
    if (!meta->awaited && resumed == ERROR_NONE && options->select != NULL)
        choose_anew(torrent, options->select);
    return ERROR_NONE;
}

static enum error_code check_select(struct metainfo *meta, const char *list,
                                    char message[SESSION_MESSAGE_SIZE])
{
    bool *unwanted = NULL;
    const enum error_code error =
        list != NULL ? files_read_selection(meta, list, &unwanted, message) : ERROR_NONE;
    free(unwanted);
    return error;
}

static void log_warnings(const struct torrent *torrent)
{
    for (unsigned bit = 0; bit < METAINFO_WARNING_BITS; bit++)
        if ((torrent->meta->warnings >> bit & 1) != 0)
            log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: %s",
                      torrent->display_name, metainfo_warning_text(1u << bit));
}

enum error_code session_add_bytes(struct session *session, const uint8_t *bytes,
                                  size_t length, const struct add_options *options,
                                  struct torrent_id *ret_id,
                                  char message[SESSION_MESSAGE_SIZE])
{
    struct metainfo *meta;
    struct metainfo_error why;
    struct torrent *twin, *torrent;
    message[0] = '\0';
    if (session->gone_count > 0)
        session_save_list(session); /* it may be one of them that comes back */
    /* One whose metadata came from peers has no piece layers, if it is a hybrid. */
    const unsigned leave = session->restoring != NULL ? METAINFO_WITHOUT_LAYERS : 0u;
    enum error_code error = metainfo_parse_leniently(bytes, length, leave, &meta, &why);
    if (error != ERROR_NONE) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", why.message);
        return error;
    }
    if (session->restoring != NULL &&
        !metainfo_has_hash(meta, &session->restoring->hash)) {
        metainfo_free(meta); /* some bit of it fell over */
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(ERROR_CORRUPT));
        return ERROR_CORRUPT;
    }
    twin = session_twin(session, meta, NULL);
    if (twin != NULL) {
        const struct message event = {.type = EVENT_TORRENT_GIVEN, .torrent = twin->id};
        *ret_id = twin->id;
        metainfo_free(meta);
        event_bus_post(session->events, &event);
        snprintf(message, SESSION_MESSAGE_SIZE, _("is in the list already"));
        return ERROR_EXISTS;
    }
    if (session->restoring == NULL &&
        (error = metainfo_set_names(meta, session->config.names, &why)) != ERROR_NONE) {
        metainfo_free(meta);
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", why.message);
        return error;
    }
    error = check_places(session, meta, options, message);
    if (error == ERROR_NONE)
        error = check_select(meta, options->select, message);
    if (error != ERROR_NONE) {
        metainfo_free(meta);
        return error;
    }
    error = session_add_metainfo(session, meta, NULL, options, ret_id);
    if (error != ERROR_NONE) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(error));
        return error;
    }
    torrent = session_torrent(session, *ret_id);
    if (!session->restoring) {
        session_no_longer_waits(session, torrent->meta);
        torrent_keep(torrent, bytes, length);
        log_warnings(torrent);
    }
    return ERROR_NONE;
}

enum error_code session_add_file(struct session *session, const char *path,
                                 const struct add_options *options,
                                 struct torrent_id *ret_id,
                                 char message[SESSION_MESSAGE_SIZE])
{
    uint8_t *bytes;
    size_t length;
    struct metainfo_error why;
    char text[SESSION_MESSAGE_SIZE - 260], name[256];
    enum error_code error = metainfo_read_file(path, &bytes, &length, &why);
    if (error == ERROR_NONE) {
        char detail[SESSION_MESSAGE_SIZE];
        error = session_add_bytes(session, bytes, length, options, ret_id, detail);
        free(bytes);
        snprintf(text, sizeof text, "%.240s", detail);
    } else if (error == ERROR_ACCESS && session->files_confined) {
        snprintf(
            text, sizeof text, "%s",
            _("it cannot be read here: in the sandbox, torrent files may lie in your "
              "home directory's folders that are not hidden and were there at the "
              "start"));
    } else {
        snprintf(text, sizeof text, "%.240s", why.message);
    }
    if (error != ERROR_NONE) {
        text_clean(text_untrusted(path), 120, name, sizeof name);
        snprintf(message, SESSION_MESSAGE_SIZE, "%s: %s", name, text);
    }
    return error;
}
