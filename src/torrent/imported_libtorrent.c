/* What libtorrent (rasterbar) keeps, which qBittorrent and Deluge put their own words
 * beside. */
#include "torrent/imported_private.h"

#include <string.h>

#define LIBTORRENT_USUAL 4 /* a file's priority */
#define PIECE_HAD        1 /* in the byte of a piece; what else is set there does not matter */

static enum error_code take_pieces(struct bencode_value dict,
                                   const struct metainfo *metainfo,
                                   struct imported *imported)
{
    const char *bytes;
    size_t length;
    if (!bencode_get_string(dict, "pieces", &bytes, &length) || length == 0) {
        imported->unverified = true; /* it had not come to check it */
        return ERROR_NONE;
    }
    if (length != metainfo->piece_count)
        return ERROR_CORRUPT;
    for (uint32_t piece = 0; piece < metainfo->piece_count; piece++)
        if ((bytes[piece] & PIECE_HAD) != 0)
            bitfield_set(&imported->have, piece);
    return ERROR_NONE;
}

/* "file sizes" are pairs of size and time; libtorrent kept them until 1.1. */
static enum error_code take_time(struct bencode_value pair,
                                 const struct metainfo *metainfo, uint32_t file,
                                 struct imported *imported)
{
    int64_t time_s;
    struct imported_items items = imported_items(pair);
    (void)imported_next(&items);
    if (!bencode_integer(imported_next(&items), &time_s) || time_s <= 0)
        return ERROR_NONE;
    return imported_set_time(imported, metainfo, file, time_s);
}

/* What the two make of libtorrent's 1 to 7. */
struct scale {
    const char *suffix; /* of unfinished files' names; NULL: none */
    int64_t usual;      /* the least priority that is none below others */
};

static int rank(int64_t priority, const struct scale *scale)
{
    return priority < scale->usual ? -1 : priority > LIBTORRENT_USUAL ? 1 : 0;
}

/* Of each file, as far as it is told. */
static enum error_code take_files(struct bencode_value dict,
                                  const struct metainfo *metainfo,
                                  const struct scale *scale, struct imported *imported)
{
    struct imported_items priorities = imported_items(bencode_get(dict, "file_priority"));
    struct imported_items paths =
        imported_file_items(bencode_get(dict, "mapped_files"), metainfo);
    struct imported_items sizes =
        imported_file_items(bencode_get(dict, "file sizes"), metainfo);
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < metainfo->file_count && error == ERROR_NONE; i++) {
        int64_t priority = 1;
        if (bencode_integer(imported_next(&priorities), &priority))
            error = priority == 0 ? imported_leave_out(imported, metainfo, i)
                                  : imported_set_priority(imported, metainfo, i,
                                                          rank(priority, scale));
        if (error == ERROR_NONE)
            error = imported_rename(imported, metainfo, i, imported_next(&paths),
                                    scale->suffix);
        if (error == ERROR_NONE)
            error = take_time(imported_next(&sizes), metainfo, i, imported);
    }
    return error;
}

static void take_settings(struct bencode_value dict, struct imported *imported)
{
    const bool paused = imported_flag(dict, "paused");
    const bool managed = imported_flag(dict, "auto_managed"); /* it queues */
    imported->settings = (struct torrent_settings){
        .paused = paused && !managed,
        .forced = !paused && !managed,
        .sequential = imported_flag(dict, "sequential_download"),
        .super_seed = imported_flag(dict, "super_seeding"),
        .max_down = imported_rate(dict, "download_rate_limit"),
        .max_up = imported_rate(dict, "upload_rate_limit"),
    };
    imported->downloaded = (uint64_t)imported_count(dict, "total_downloaded");
    imported->uploaded = (uint64_t)imported_count(dict, "total_uploaded");
    imported->seeded_s = (uint64_t)imported_count(dict, "seeding_time");
    imported->added_s = imported_count(dict, "added_time");
    imported->completed_s = imported_count(dict, "completed_time");
}

static enum error_code take_all(struct bencode_value dict,
                                const struct metainfo *metainfo,
                                const struct scale *scale, struct imported *imported)
{
    const char *hash;
    size_t length;
    if (bencode_get_string(dict, "info-hash", &hash, &length) &&
        (length != SHA1_BYTES || memcmp(hash, metainfo->hash.bytes, SHA1_BYTES) != 0))
        return ERROR_CORRUPT;
    take_settings(dict, imported);
    enum error_code error = bitfield_init(&imported->have, metainfo->piece_count);
    if (error == ERROR_NONE)
        error = take_pieces(dict, metainfo, imported);
    if (error == ERROR_NONE)
        error = take_files(dict, metainfo, scale, imported);
    if (error == ERROR_NONE)
        error = imported_take_dir(imported, dict, "save_path");
    return error;
}

/* Thousandths and minutes; below 0 "none" or "that of all", which is a whole one less. */
static void take_goal(struct bencode_value dict, struct seed_goal *goal)
{
    int64_t ratio, minutes;
    if (bencode_get_integer(dict, "qBt-ratioLimit", &ratio) && ratio > -2000)
        goal->ratio =
            ratio < 0 ? SEED_NEVER : imported_goal((uint64_t)ratio / 10, SEED_RATIO_MOST);
    if (bencode_get_integer(dict, "qBt-seedingTimeLimit", &minutes) && minutes > -2)
        goal->minutes = minutes < 0 ? SEED_NEVER
                                    : imported_goal((uint64_t)minutes, SEED_MINUTES_MOST);
}

static void take_own_settings(struct bencode_value dict, struct imported *imported)
{
    const char *text;
    size_t length;
    imported->settings.first_last = imported_flag(dict, "qBt-firstLastPiecePriority");
    take_goal(dict, &imported->settings.goal);
    if (bencode_get_string(dict, "qBt-category", &text, &length))
        imported_set_label(imported, text, length);
}

static enum error_code take_qbittorrent(struct bencode_value dict,
                                        const struct metainfo *metainfo,
                                        struct imported *imported)
{
    /* Its normal one is 1, high 6 and most 7; without its help libtorrent's is 4. */
    static const struct scale scale = {IMPORTED_SUFFIX_QBITTORRENT, 1};
    enum error_code error = take_all(dict, metainfo, &scale, imported);
    take_own_settings(dict, imported);
    /* Where unfinished ones are and where they go, if libtorrent's word is not right. */
    if (error == ERROR_NONE)
        error = imported_take_dir(imported, dict, "qBt-downloadPath");
    if (error == ERROR_NONE)
        error = imported_take_dir(imported, dict, "qBt-savePath");
    return error;
}

enum error_code imported_read_qbittorrent(const struct imported_part *parts,
                                          const struct metainfo *metainfo,
                                          struct imported *ret_imported)
{
    return imported_read(&parts[0], metainfo, take_qbittorrent, ret_imported);
}

static enum error_code put_span(struct buffer *buffer, const char *key,
                                struct bencode_value value)
{
    size_t length;
    const uint8_t *bytes = bencode_span(value, &length);
    const enum error_code error = bencode_put_text(buffer, key);
    return error == ERROR_NONE ? buffer_append(buffer, bytes, length) : error;
}

static enum error_code put_torrent(struct bencode_value dict, struct buffer *torrent)
{
    const struct bencode_value info = bencode_get(dict, "info");
    const struct bencode_value trackers = bencode_get(dict, "trackers");
    if (!bencode_is(info, BENCODE_DICT))
        return ERROR_MISSING;
    enum error_code error = buffer_append_text(torrent, "d");
    if (error == ERROR_NONE && bencode_is(trackers, BENCODE_LIST))
        error = put_span(torrent, "announce-list", trackers);
    if (error == ERROR_NONE)
        error = put_span(torrent, "info", info);
    return error == ERROR_NONE ? buffer_append_text(torrent, "e") : error;
}

enum error_code imported_make_libtorrent(const struct imported_part *part,
                                         struct buffer *torrent)
{
    struct bencode tree;
    enum error_code error = imported_open(part, &tree);
    if (error != ERROR_NONE)
        return error;
    error = put_torrent(bencode_root(&tree), torrent);
    bencode_done(&tree);
    return error;
}

/* The resume data of one torrent, which stand as a string in the dictionary of all. */
static enum error_code read_inner(struct bencode_value all,
                                  const struct metainfo *metainfo,
                                  struct imported *imported)
{
    char hex[INFO_HASH_HEX_SIZE];
    static const struct scale scale = {NULL, LIBTORRENT_USUAL};
    struct imported_part inner;
    struct bencode tree;
    const char *bytes;
    info_hash_hex(&metainfo->hash, hex);
    if (!bencode_get_string(all, hex, &bytes, &inner.length))
        return ERROR_MISSING;
    inner.bytes = (const uint8_t *)bytes;
    enum error_code error = imported_open(&inner, &tree);
    if (error != ERROR_NONE)
        return error;
    error = take_all(bencode_root(&tree), metainfo, &scale, imported);
    bencode_done(&tree);
    return error;
}

enum error_code imported_read_deluge(const struct imported_part *parts,
                                     const struct metainfo *metainfo,
                                     struct imported *ret_imported)
{
    return imported_read(&parts[0], metainfo, read_inner, ret_imported);
}
