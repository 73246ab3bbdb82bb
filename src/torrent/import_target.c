#include "torrent/import_target.h"

#include "base/i18n.h"
#include "disk/state_file.h"
#include "torrent/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESUME_BYTES_MAX ((size_t)64 << 20)

/* ---- what is there ---- */

/* Takes METAINFO. A place that is not known for want of memory is not compared. */
static void add_place(struct import_target *target, struct metainfo *metainfo,
                      const char *dir, const char *suffix)
{
    if (target->place_count == target->place_capacity) {
        const uint32_t capacity =
            target->place_capacity == 0 ? 64 : 2 * target->place_capacity;
        struct download_place *places =
            realloc(target->places, capacity * sizeof *places);
        if (places == NULL) {
            metainfo_free(metainfo);
            return;
        }
        target->places = places;
        target->place_capacity = capacity;
    }
    const struct download_place place = {metainfo, strdup(dir),
                                         download_path_root(metainfo, dir),
                                         suffix != NULL ? strdup(suffix) : NULL};
    target->places[target->place_count++] = place;
}

static void add_saved_place(struct import_target *target, const struct info_hash *hash)
{
    char hex[INFO_HASH_HEX_SIZE], path[4096], name[80];
    struct metainfo_error why;
    struct metainfo *metainfo = NULL;
    struct resume resume;
    uint8_t *bytes;
    size_t length;
    info_hash_hex(hash, hex);
    snprintf(path, sizeof path, "%s/torrents/%s.torrent", target->state.path, hex);
    snprintf(name, sizeof name, "resume/%s", hex);
    if (metainfo_read_file(path, &bytes, &length, &why) != ERROR_NONE)
        return;
    const enum error_code parsed =
        metainfo_parse_leniently(bytes, length, METAINFO_WITHOUT_LAYERS, &metainfo, &why);
    free(bytes);
    if (parsed != ERROR_NONE)
        return;
    if (state_file_load(target->state.fd, name, RESUME_BYTES_MAX, &bytes, &length) !=
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
    add_place(target, metainfo, resume.download_dir, resume.suffix);
    resume_done(&resume);
}

static enum error_code load_list(struct import_target *target, char *message,
                                 size_t message_size)
{
    uint8_t *bytes;
    size_t length;
    enum error_code error = state_file_load(target->state.fd, "session",
                                            SAVED_LIST_BYTES_MAX, &bytes, &length);
    if (error == ERROR_NOT_FOUND)
        return ERROR_NONE;
    if (error == ERROR_NONE) {
        error = saved_list_decode(bytes, length, &target->list);
        free(bytes);
    }
    if (error != ERROR_NONE)
        snprintf(message, message_size, _("the saved session in %s cannot be read: %s"),
                 target->state.path, error_text(error));
    return error;
}

enum error_code import_target_open(const char *path, struct import_target *target,
                                   char *message, size_t message_size)
{
    enum error_code error = state_dir_open(path, &target->state, message, message_size);
    if (error != ERROR_NONE)
        return error;
    if (target->state.read_only) {
        snprintf(message, message_size, _("cannot use the state directory %s: %s"),
                 target->state.path, error_text(ERROR_READ_ONLY));
        return ERROR_READ_ONLY;
    }
    error = load_list(target, message, message_size);
    for (uint32_t i = 0; error == ERROR_NONE && i < target->list.count; i++)
        add_saved_place(target, &target->list.torrents[i].hash);
    return error;
}

void import_target_close(struct import_target *target)
{
    for (uint32_t i = 0; i < target->place_count; i++) {
        metainfo_free((struct metainfo *)target->places[i].meta);
        free((char *)target->places[i].dir);
        free((char *)target->places[i].root);
        free((char *)target->places[i].suffix);
    }
    free(target->places);
    free(target->taken);
    saved_list_done(&target->list);
    state_dir_close(&target->state);
}

bool import_target_has(const struct import_target *target,
                       const struct metainfo *metainfo)
{
    for (uint32_t i = 0; i < target->list.count; i++)
        if (metainfo_has_hash(metainfo, &target->list.torrents[i].hash))
            return true;
    for (uint32_t i = 0; i < target->taken_count; i++)
        if (metainfo_has_hash(metainfo, &target->taken[i].torrent.hash))
            return true;
    return false;
}

enum import_note import_target_check_place(const struct import_target *target,
                                           struct metainfo *metainfo, const char *dir,
                                           const struct metainfo **ret_other)
{
    enum import_note note = IMPORT_NOTE_NONE;
    char *root = download_path_root(metainfo, dir);
    const struct download_place place = {metainfo, dir, root, NULL};
    if (download_path_is_inside(metainfo, dir, target->state.path))
        note = IMPORT_NOTE_INSIDE;
    for (uint32_t i = 0;
         note == IMPORT_NOTE_NONE && root != NULL && i < target->place_count; i++) {
        const struct download_place *there = &target->places[i];
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

static enum error_code save_resume(struct import_target *target,
                                   const struct resume *resume, uint32_t file_count,
                                   const char *hex)
{
    char name[80];
    struct buffer buffer;
    snprintf(name, sizeof name, "resume/%s", hex);
    buffer_init(&buffer, RESUME_BYTES_MAX);
    enum error_code error = resume_encode(resume, file_count, &buffer);
    if (error == ERROR_NONE)
        error = state_file_save(target->state.fd, name, buffer.bytes, buffer.length);
    buffer_done(&buffer);
    return error;
}

static bool make_room_for_taken(struct import_target *target)
{
    if (target->taken_count < target->taken_capacity)
        return true;
    const uint32_t capacity =
        target->taken_capacity == 0 ? 64 : 2 * target->taken_capacity;
    struct import_taken *taken = realloc(target->taken, capacity * sizeof *taken);
    if (taken == NULL)
        return false;
    target->taken = taken;
    target->taken_capacity = capacity;
    return true;
}

enum error_code import_target_add(struct import_target *target, struct metainfo *metainfo,
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
    if (!make_room_for_taken(target))
        return ERROR_MEMORY;
    info_hash_hex(&metainfo->hash, hex);
    snprintf(name, sizeof name, "torrents/%s.torrent", hex);
    enum error_code error =
        state_file_save_raw(target->state.fd, name, torrent->bytes, torrent->length);
    if (error == ERROR_NONE)
        error = save_resume(target, &resume, metainfo->file_count, hex);
    if (error != ERROR_NONE)
        return error;
    add_place(target, metainfo_ref(metainfo), dir, NULL);
    target->taken[target->taken_count++] = (struct import_taken){
        .torrent = {metainfo->hash, imported->settings}, .added_s = imported->added_s};
    return ERROR_NONE;
}

/* Torrents of the same time stay as they came. */
static int compare_added(const void *a, const void *b)
{
    const struct import_taken *one = *(const struct import_taken *const *)a;
    const struct import_taken *other = *(const struct import_taken *const *)b;
    return one->added_s != other->added_s ? (one->added_s < other->added_s ? -1 : 1)
           : one < other                  ? -1
                                          : 1;
}

static enum error_code append_taken(struct import_target *target)
{
    struct saved_list *list = &target->list;
    const uint32_t count = target->taken_count;
    const struct import_taken **taken =
        calloc((size_t)count + 1, sizeof(struct import_taken *));
    struct saved_torrent *torrents =
        realloc(list->torrents, ((size_t)list->count + count + 1) * sizeof *torrents);
    if (torrents != NULL)
        list->torrents = torrents;
    if (taken == NULL || torrents == NULL) {
        free(taken);
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++)
        taken[i] = &target->taken[i];
    qsort(taken, count, sizeof(struct import_taken *), compare_added);
    for (uint32_t i = 0; i < count; i++)
        torrents[list->count++] = taken[i]->torrent;
    free(taken);
    return ERROR_NONE;
}

enum error_code import_target_save(struct import_target *target)
{
    struct buffer buffer;
    enum error_code error = append_taken(target);
    if (error != ERROR_NONE)
        return error;
    buffer_init(&buffer, SAVED_LIST_BYTES_MAX);
    error = saved_list_encode(&target->list, &buffer);
    if (error == ERROR_NONE)
        error = state_file_save(target->state.fd, "session", buffer.bytes, buffer.length);
    buffer_done(&buffer);
    return error;
}
