/* The state directory as a session would leave it: torrents and resume data first, then
 * the list that names them, so that a crash between leaves no half. */
#include "app/import_private.h"
#include "app/state_place.h"
#include "base/i18n.h"
#include "base/text.h"
#include "disk/state_file.h"
#include "torrent/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESUME_BYTES_MAX ((size_t)64 << 20)
#define MESSAGE_SIZE     1024

static enum exit_status complain(const char *text)
{
    char shown[MESSAGE_SIZE];
    text_clean(text_untrusted(text), MESSAGE_SIZE, shown, sizeof shown);
    fprintf(stderr, "bttui: %s\n", shown);
    return EXIT_STATUS_USAGE;
}

/* ---- what is there ---- */

/* Takes METAINFO. A place that is not known for want of memory is not compared. */
static void add_place(struct import *import, struct metainfo *metainfo, const char *dir)
{
    if (import->place_count == import->place_capacity) {
        const uint32_t capacity =
            import->place_capacity == 0 ? 64 : 2 * import->place_capacity;
        struct download_place *places =
            realloc(import->places, capacity * sizeof *places);
        if (places == NULL) {
            metainfo_free(metainfo);
            return;
        }
        import->places = places;
        import->place_capacity = capacity;
    }
    const struct download_place place = {metainfo, strdup(dir),
                                         download_path_root(metainfo, dir)};
    import->places[import->place_count++] = place;
}

static void add_saved_place(struct import *import, const struct info_hash *hash)
{
    char hex[INFO_HASH_HEX_SIZE], path[4096], name[80];
    struct metainfo_error why;
    struct metainfo *metainfo = NULL;
    struct resume resume;
    uint8_t *bytes;
    size_t length;
    info_hash_hex(hash, hex);
    snprintf(path, sizeof path, "%s/torrents/%s.torrent", import->state.path, hex);
    snprintf(name, sizeof name, "resume/%s", hex);
    if (metainfo_read_file(path, &bytes, &length, &why) != ERROR_NONE)
        return;
    const enum error_code parsed = metainfo_parse(bytes, length, &metainfo, &why);
    free(bytes);
    if (parsed != ERROR_NONE)
        return;
    if (state_file_load(import->state.fd, name, RESUME_BYTES_MAX, &bytes, &length) !=
        ERROR_NONE) {
        metainfo_free(metainfo);
        return;
    }
    const enum error_code resumed = resume_decode(bytes, length, metainfo, &resume);
    free(bytes);
    if (resumed != ERROR_NONE) {
        metainfo_free(metainfo);
        return;
    }
    add_place(import, metainfo, resume.download_dir);
    resume_done(&resume);
}

static enum exit_status load_list(struct import *import)
{
    char message[MESSAGE_SIZE];
    uint8_t *bytes;
    size_t length;
    enum error_code error = state_file_load(import->state.fd, "session",
                                            SAVED_LIST_BYTES_MAX, &bytes, &length);
    if (error == ERROR_NOT_FOUND)
        return EXIT_STATUS_OK;
    if (error == ERROR_NONE) {
        error = saved_list_decode(bytes, length, &import->list);
        free(bytes);
    }
    if (error == ERROR_NONE)
        return EXIT_STATUS_OK;
    snprintf(message, sizeof message, _("the saved session in %s cannot be read: %s"),
             import->state.path, error_text(error));
    return complain(message);
}

enum exit_status import_save_open(struct import *import)
{
    char message[MESSAGE_SIZE];
    char *path = state_place(import->options);
    if (path == NULL)
        return EXIT_STATUS_USAGE;
    const enum error_code error =
        state_dir_open(path, &import->state, message, sizeof message);
    free(path);
    if (error != ERROR_NONE)
        return complain(message);
    if (import->state.read_only) {
        snprintf(message, sizeof message, _("cannot use the state directory %s: %s"),
                 import->state.path, error_text(ERROR_READ_ONLY));
        return complain(message);
    }
    const enum exit_status status = load_list(import);
    for (uint32_t i = 0; status == EXIT_STATUS_OK && i < import->list.count; i++)
        add_saved_place(import, &import->list.torrents[i].hash);
    return status;
}

void import_save_close(struct import *import)
{
    for (uint32_t i = 0; i < import->place_count; i++) {
        metainfo_free((struct metainfo *)import->places[i].meta);
        free((char *)import->places[i].dir);
        free((char *)import->places[i].root);
    }
    free(import->places);
    saved_list_done(&import->list);
    state_dir_close(&import->state);
}

bool import_save_has(const struct import *import, const struct info_hash *hash)
{
    for (uint32_t i = 0; i < import->list.count; i++)
        if (info_hash_equal(&import->list.torrents[i].hash, hash))
            return true;
    for (uint32_t i = 0; i < import->result_count; i++)
        if (import->results[i].state != IMPORT_LEFT_OUT &&
            info_hash_equal(&import->results[i].hash, hash))
            return true;
    return false;
}

enum import_note import_save_check_place(const struct import *import,
                                         struct metainfo *metainfo, const char *dir,
                                         const struct metainfo **ret_other)
{
    enum import_note note = IMPORT_NOTE_NONE;
    char *root = download_path_root(metainfo, dir);
    const struct download_place place = {metainfo, dir, root};
    if (download_path_is_inside(metainfo, dir, import->state.path))
        note = IMPORT_NOTE_INSIDE;
    for (uint32_t i = 0;
         note == IMPORT_NOTE_NONE && root != NULL && i < import->place_count; i++) {
        const struct download_place *there = &import->places[i];
        if (there->root == NULL || there->dir == NULL ||
            !download_path_overlaps(&place, there))
            continue;
        *ret_other = there->meta;
        note = IMPORT_NOTE_OVERLAP;
    }
    free(root);
    return note;
}

/* ---- what is written ---- */

static enum error_code save_resume(struct import *import, const struct resume *resume,
                                   uint32_t file_count, const char *hex)
{
    char name[80];
    struct buffer buffer;
    snprintf(name, sizeof name, "resume/%s", hex);
    buffer_init(&buffer, RESUME_BYTES_MAX);
    enum error_code error = resume_encode(resume, file_count, &buffer);
    if (error == ERROR_NONE)
        error = state_file_save(import->state.fd, name, buffer.bytes, buffer.length);
    buffer_done(&buffer);
    return error;
}

enum error_code import_save_torrent(struct import *import, struct metainfo *metainfo,
                                    const struct imported_part *torrent,
                                    const struct imported *imported, const char *dir,
                                    const struct file_stamp *stamps)
{
    char hex[INFO_HASH_HEX_SIZE], name[80];
    const struct resume resume = {
        .hash = metainfo->hash,
        .have = imported->have,
        .stamps = (struct file_stamp *)stamps,
        .unwanted = imported->unwanted,
        .priorities = imported->priorities,
        .clean = stamps != NULL && !imported->unverified,
        .paused = imported->settings.paused,
        .downloaded = imported->downloaded,
        .uploaded = imported->uploaded,
        .seeded_s = imported->seeded_s,
        .added_s = imported->added_s,
        .completed_s = imported->completed_s,
        .download_dir = (char *)dir,
    };
    info_hash_hex(&metainfo->hash, hex);
    snprintf(name, sizeof name, "torrents/%s.torrent", hex);
    enum error_code error =
        state_file_save_raw(import->state.fd, name, torrent->bytes, torrent->length);
    if (error == ERROR_NONE)
        error = save_resume(import, &resume, metainfo->file_count, hex);
    if (error == ERROR_NONE)
        add_place(import, metainfo_ref(metainfo), dir);
    return error;
}

static int compare_added(const void *a, const void *b)
{
    const struct import_result *one = *(const struct import_result *const *)a;
    const struct import_result *other = *(const struct import_result *const *)b;
    return one->added_s != other->added_s ? (one->added_s < other->added_s ? -1 : 1)
           : one < other                  ? -1
                                          : 1;
}

static enum error_code append_taken(struct import *import)
{
    uint32_t count = 0;
    const struct import_result **taken =
        calloc((size_t)import->result_count + 1, sizeof(struct import_result *));
    struct saved_torrent *torrents = realloc(
        import->list.torrents,
        ((size_t)import->list.count + import->result_count + 1) * sizeof *torrents);
    if (torrents != NULL)
        import->list.torrents = torrents;
    if (taken == NULL || torrents == NULL) {
        free(taken);
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < import->result_count; i++)
        if (import->results[i].state != IMPORT_LEFT_OUT)
            taken[count++] = &import->results[i];
    qsort(taken, count, sizeof(struct import_result *), compare_added);
    for (uint32_t i = 0; i < count; i++)
        torrents[import->list.count++] =
            (struct saved_torrent){taken[i]->hash, taken[i]->settings};
    free(taken);
    return ERROR_NONE;
}

enum error_code import_save_list(struct import *import)
{
    struct buffer buffer;
    enum error_code error = append_taken(import);
    if (error != ERROR_NONE)
        return error;
    buffer_init(&buffer, SAVED_LIST_BYTES_MAX);
    error = saved_list_encode(&import->list, &buffer);
    if (error == ERROR_NONE)
        error = state_file_save(import->state.fd, "session", buffer.bytes, buffer.length);
    buffer_done(&buffer);
    return error;
}
