/* What Transmission keeps, in the words of 3.00 and of 4: newer ones have '_' where older
 * ones have '-'. */
#include "torrent/imported_private.h"

#include <string.h>

#define BLOCK_BYTES UINT32_C(16384)

static struct bencode_value get(struct bencode_value dict, const char *key)
{
    char newer[40];
    const struct bencode_value value = bencode_get(dict, key);
    const size_t length = strlen(key);
    if (bencode_exists(value) || length >= sizeof newer)
        return value;
    for (size_t i = 0; i <= length; i++)
        newer[i] = (char)(key[i] == '-' ? '_' : key[i]);
    return bencode_get(dict, newer);
}

static int64_t count_of(struct bencode_value dict, const char *key)
{
    int64_t value = 0;
    return bencode_integer(get(dict, key), &value) && value > 0 ? value : 0;
}

/* ---- bits ---- */

static bool is_word(const char *bytes, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(bytes, word, length) == 0;
}

/* "all", "none", or a bitfield. */
static enum error_code read_bits(struct bencode_value value, uint32_t size,
                                 struct bitfield *ret_bits)
{
    const char *bytes;
    size_t length;
    struct bitfield bits;
    enum error_code error = bencode_string(value, &bytes, &length)
                                ? bitfield_init(&bits, size)
                                : ERROR_CORRUPT;
    if (error != ERROR_NONE)
        return error;
    if (length == bitfield_wire_bytes(size) &&
        bitfield_load(&bits, (const uint8_t *)bytes, length) == ERROR_NONE)
        error = ERROR_NONE;
    else if (is_word(bytes, length, "all"))
        bitfield_set_all(&bits);
    else if (!is_word(bytes, length, "none"))
        error = ERROR_CORRUPT;
    if (error == ERROR_NONE)
        *ret_bits = bits;
    else
        bitfield_done(&bits);
    return error;
}

/* Until 3.00 a block is the largest part of a piece that is not over 16 KiB, then always
 * as much. */
static uint32_t block_bytes(const struct metainfo *metainfo, bool is_old)
{
    uint32_t bytes = metainfo->piece_bytes;
    while (is_old && bytes > BLOCK_BYTES)
        bytes /= 2;
    return is_old && bytes > 0 && metainfo->piece_bytes % bytes == 0 ? bytes
                                                                     : BLOCK_BYTES;
}

static bool has_piece(const struct metainfo *metainfo, const struct bitfield *blocks,
                      uint32_t bytes, uint32_t piece)
{
    const uint64_t begin = (uint64_t)piece * metainfo->piece_bytes;
    const uint64_t end = begin + metainfo_piece_length(metainfo, piece);
    return bitfield_next_clear(blocks, (uint32_t)(begin / bytes)) >=
           (end + bytes - 1) / bytes;
}

static enum error_code take_pieces(struct bencode_value progress,
                                   const struct metainfo *metainfo,
                                   struct imported *imported)
{
    const bool is_old = bencode_exists(get(progress, "time-checked"));
    const uint32_t bytes = block_bytes(metainfo, is_old);
    const uint64_t count = (metainfo->total_bytes + bytes - 1) / bytes;
    struct bitfield blocks, checked = {0};
    enum error_code error =
        count <= UINT32_MAX ? read_bits(get(progress, "blocks"), (uint32_t)count, &blocks)
                            : ERROR_CORRUPT;
    if (error != ERROR_NONE)
        return error;
    error = bitfield_init(&imported->have, metainfo->piece_count);
    /* From 4 on what it has not read since the files were changed is not in there. */
    if (error == ERROR_NONE && bencode_exists(get(progress, "pieces")))
        error = read_bits(get(progress, "pieces"), metainfo->piece_count, &checked);
    for (uint32_t i = 0; i < metainfo->piece_count && error == ERROR_NONE; i++) {
        if (!has_piece(metainfo, &blocks, bytes, i))
            continue;
        if (checked.size == 0 || bitfield_get(&checked, i))
            bitfield_set(&imported->have, i);
        else
            imported->unverified = true;
    }
    bitfield_done(&blocks);
    bitfield_done(&checked);
    return error;
}

/* ---- times ---- */

/* One for the file, or those of its pieces: a base, and by how much each is later than
 * that, or 0 for one that was never looked at. */
static int64_t newest_check(struct bencode_value item)
{
    int64_t base, offset, newest = IMPORTED_TIME_UNTOLD;
    struct imported_items offsets = imported_items(item);
    if (bencode_integer(item, &base))
        return base > 0 ? base : IMPORTED_TIME_UNTOLD;
    if (!bencode_integer(imported_next(&offsets), &base) || base < 0)
        return IMPORTED_TIME_UNTOLD;
    for (struct bencode_value at = imported_next(&offsets); bencode_exists(at);
         at = imported_next(&offsets))
        if (bencode_integer(at, &offset) && offset > 0 && offset <= INT64_MAX - base &&
            base + offset > newest)
            newest = base + offset;
    return newest;
}

/* A file's time is known from when it was complete. */
static bool is_complete(const struct metainfo *metainfo, const struct bitfield *have,
                        uint32_t file)
{
    const struct metainfo_file *record = &metainfo->files[file];
    if (record->length == 0)
        return true;
    return bitfield_next_clear(have, (uint32_t)(record->offset / metainfo->piece_bytes)) >
           (record->offset + record->length - 1) / metainfo->piece_bytes;
}

static enum error_code take_times(struct bencode_value progress,
                                  const struct metainfo *metainfo,
                                  struct imported *imported)
{
    const struct bencode_value older = get(progress, "time-checked");
    struct imported_items items = imported_file_items(
        bencode_exists(older) ? older : get(progress, "mtimes"), metainfo);
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < metainfo->file_count && error == ERROR_NONE; i++) {
        const struct bencode_value item = imported_next(&items);
        if (is_complete(metainfo, &imported->have, i))
            error = imported_set_time(imported, metainfo, i, newest_check(item));
    }
    return error;
}

/* ---- the rest ---- */

static enum error_code take_files(struct bencode_value dict,
                                  const struct metainfo *metainfo,
                                  struct imported *imported)
{
    struct imported_items flags = imported_file_items(get(dict, "dnd"), metainfo);
    struct imported_items priorities =
        imported_file_items(get(dict, "priority"), metainfo);
    struct imported_items paths = imported_file_items(get(dict, "files"), metainfo);
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < metainfo->file_count && error == ERROR_NONE; i++) {
        int64_t is_unwanted = 0, priority = 0;
        if (bencode_integer(imported_next(&flags), &is_unwanted) && is_unwanted != 0)
            error = imported_leave_out(imported, metainfo, i);
        if (error == ERROR_NONE && bencode_integer(imported_next(&priorities), &priority))
            error = imported_set_priority(imported, metainfo, i,
                                          (priority > 0) - (priority < 0));
        if (error == ERROR_NONE)
            error = imported_rename(imported, metainfo, i, imported_next(&paths),
                                    IMPORTED_SUFFIX_TRANSMISSION);
    }
    return error;
}

static uint64_t limit_of(struct bencode_value dict, const char *key)
{
    const struct bencode_value limit = get(dict, key);
    if (count_of(limit, "use-speed-limit") == 0)
        return 0;
    return imported_rate(limit, bencode_exists(bencode_get(limit, "speed-Bps"))
                                    ? "speed-Bps"
                                    : "speed_Bps");
}

/* "1.500000": hundredths, rounded down. */
static uint64_t read_ratio(const char *text, size_t length)
{
    uint64_t hundredths = 0;
    unsigned decimals = 0;
    bool is_fraction = false;
    for (size_t at = 0; at < length && decimals < 2; at++) {
        is_fraction |= text[at] == '.';
        if (text[at] < '0' || text[at] > '9' || hundredths > SEED_RATIO_MOST)
            continue;
        hundredths = hundredths * 10 + (uint64_t)(text[at] - '0');
        decimals += is_fraction;
    }
    for (; decimals < 2; decimals++)
        hundredths *= 10;
    return hundredths;
}

/* Its own one, or none; else that of all torrents. */
static void take_goal(struct bencode_value dict, struct seed_goal *goal)
{
    const struct bencode_value limit = get(dict, "ratio-limit");
    const char *text;
    size_t length;
    if (count_of(limit, "ratio-mode") == 2)
        goal->ratio = SEED_NEVER;
    else if (count_of(limit, "ratio-mode") == 1 &&
             bencode_string(get(limit, "ratio-limit"), &text, &length) && length > 0 &&
             text[0] >= '0' && text[0] <= '9')
        goal->ratio = imported_goal(read_ratio(text, length), SEED_RATIO_MOST);
}

/* The first, if it has several. */
static void take_label(struct bencode_value dict, struct imported *imported)
{
    const char *text;
    size_t length;
    if (bencode_string(bencode_first(get(dict, "labels")), &text, &length))
        imported_set_label(imported, text, length);
}

static void take_settings(struct bencode_value dict, struct imported *imported)
{
    imported->settings = (struct torrent_settings){
        .paused = count_of(dict, "paused") != 0,
        .sequential = count_of(dict, "sequential-download") != 0 ||
                      imported_flag(dict, "sequentialDownload"),
        .max_down = limit_of(dict, "speed-limit-down"),
        .max_up = limit_of(dict, "speed-limit-up"),
    };
    take_goal(dict, &imported->settings.goal);
    take_label(dict, imported);
    imported->seeded_s = (uint64_t)count_of(dict, "seeding-time-seconds");
    imported->downloaded = (uint64_t)count_of(dict, "downloaded");
    imported->uploaded = (uint64_t)count_of(dict, "uploaded");
    imported->added_s = count_of(dict, "added-date");
    imported->completed_s = count_of(dict, "done-date");
}

static enum error_code take_dir(struct bencode_value dict, const char *key,
                                struct imported *imported)
{
    const char *text;
    size_t length;
    return bencode_string(get(dict, key), &text, &length)
               ? imported_add_dir(imported, text, length)
               : ERROR_NONE;
}

static enum error_code take_all(struct bencode_value dict,
                                const struct metainfo *metainfo,
                                struct imported *imported)
{
    const struct bencode_value progress = get(dict, "progress");
    take_settings(dict, imported);
    enum error_code error = take_pieces(progress, metainfo, imported);
    if (error == ERROR_NONE)
        error = take_times(progress, metainfo, imported);
    if (error == ERROR_NONE)
        error = take_files(dict, metainfo, imported);
    if (error == ERROR_NONE)
        error = take_dir(dict, "destination", imported);
    if (error == ERROR_NONE)
        error = take_dir(dict, "incomplete-dir", imported);
    return error;
}

enum error_code imported_read_transmission(const struct imported_part *parts,
                                           const struct metainfo *metainfo,
                                           struct imported *ret_imported)
{
    return imported_read(&parts[0], metainfo, take_all, ret_imported);
}
