#include "torrent/imported_private.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define RATE_MAX (INT64_C(1) << 50)

/* Deluge keeps all torrents in one file. */
static const struct bencode_limits limits = {(size_t)256 << 20, 16000000, 16, false};

void imported_done(struct imported *imported)
{
    for (int i = 0; i < IMPORTED_DIRS; i++)
        free(imported->dirs[i]);
    free(imported->renamed);
    bitfield_done(&imported->have);
    bitfield_done(&imported->uncertain);
    bitfield_done(&imported->unwanted);
    free(imported->priorities);
    free(imported->times_s);
    *imported = (struct imported){0};
}

enum error_code imported_open(const struct imported_part *part, struct bencode *ret_tree)
{
    struct bencode tree;
    if (part->bytes == NULL)
        return ERROR_MISSING;
    const enum error_code error =
        bencode_parse(part->bytes, part->length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error == ERROR_MEMORY ? ERROR_MEMORY : ERROR_CORRUPT;
    if (!bencode_is(bencode_root(&tree), BENCODE_DICT)) {
        bencode_done(&tree);
        return ERROR_CORRUPT;
    }
    *ret_tree = tree;
    return ERROR_NONE;
}

enum error_code imported_read(const struct imported_part *part,
                              const struct metainfo *metainfo, imported_taker *take,
                              struct imported *ret_imported)
{
    struct bencode tree;
    struct imported imported = {0};
    enum error_code error = imported_open(part, &tree);
    if (error != ERROR_NONE)
        return error;
    error = take(bencode_root(&tree), metainfo, &imported);
    bencode_done(&tree);
    if (error == ERROR_NONE)
        *ret_imported = imported;
    else
        imported_done(&imported);
    return error;
}

int64_t imported_count(struct bencode_value dict, const char *key)
{
    int64_t value = 0;
    return bencode_get_integer(dict, key, &value) && value > 0 ? value : 0;
}

bool imported_flag(struct bencode_value dict, const char *key)
{
    int64_t value = 0;
    return bencode_get_integer(dict, key, &value) && value != 0;
}

uint64_t imported_rate(struct bencode_value dict, const char *key)
{
    const int64_t rate = imported_count(dict, key);
    return rate <= RATE_MAX ? (uint64_t)rate : 0;
}

enum error_code imported_add_dir(struct imported *imported, const char *text,
                                 size_t length)
{
    int count = 0;
    if (length == 0 || length >= PATH_MAX || text[0] != '/' ||
        memchr(text, 0, length) != NULL)
        return ERROR_NONE;
    while (length > 1 && text[length - 1] == '/')
        length--;
    for (; count < IMPORTED_DIRS && imported->dirs[count] != NULL; count++)
        if (strlen(imported->dirs[count]) == length &&
            memcmp(imported->dirs[count], text, length) == 0)
            return ERROR_NONE;
    if (count == IMPORTED_DIRS)
        return ERROR_NONE;
    imported->dirs[count] = strndup(text, length);
    return imported->dirs[count] != NULL ? ERROR_NONE : ERROR_MEMORY;
}

enum error_code imported_take_dir(struct imported *imported, struct bencode_value dict,
                                  const char *key)
{
    const char *text;
    size_t length;
    return bencode_get_string(dict, key, &text, &length)
               ? imported_add_dir(imported, text, length)
               : ERROR_NONE;
}

static bool is_own(const char *own, const char *path, size_t length, const char *suffix)
{
    const size_t own_length = strlen(own);
    if (length < own_length || memcmp(path, own, own_length) != 0)
        return false;
    const size_t rest = length - own_length;
    return rest == 0 || (suffix != NULL && rest == strlen(suffix) &&
                         memcmp(path + own_length, suffix, rest) == 0);
}

enum error_code imported_rename(struct imported *imported,
                                const struct metainfo *metainfo, uint32_t file,
                                struct bencode_value path, const char *suffix)
{
    const char *text;
    size_t length;
    if (!bencode_string(path, &text, &length) || length == 0 ||
        metainfo->files[file].pad ||
        is_own(metainfo->files[file].path, text, length, suffix))
        return ERROR_NONE;
    if (imported->renamed_count++ == 0)
        imported->renamed = strndup(text, length < PATH_MAX ? length : PATH_MAX);
    return imported->renamed != NULL ? ERROR_NONE : ERROR_MEMORY;
}

enum error_code imported_leave_out(struct imported *imported,
                                   const struct metainfo *metainfo, uint32_t file)
{
    if (imported->unwanted.size == 0 &&
        bitfield_init(&imported->unwanted, metainfo->file_count) != ERROR_NONE)
        return ERROR_MEMORY;
    bitfield_set(&imported->unwanted, file);
    return ERROR_NONE;
}

enum error_code imported_set_priority(struct imported *imported,
                                      const struct metainfo *metainfo, uint32_t file,
                                      int priority)
{
    if (priority == 0)
        return ERROR_NONE;
    if (imported->priorities == NULL)
        imported->priorities = calloc(metainfo->file_count, sizeof *imported->priorities);
    if (imported->priorities == NULL)
        return ERROR_MEMORY;
    imported->priorities[file] = priority < 0 ? -1 : 1;
    return ERROR_NONE;
}

void imported_set_label(struct imported *imported, const char *text, size_t length)
{
    char whole[1024];
    if (length >= sizeof whole)
        return;
    memcpy(whole, text, length);
    whole[length] = '\0';
    if (!label_read(whole, imported->settings.label))
        imported->settings.label[0] = '\0';
}

uint32_t imported_goal(uint64_t number, uint32_t most)
{
    return number == 0 ? 1 : number > most ? most : (uint32_t)number;
}

enum error_code imported_set_time(struct imported *imported,
                                  const struct metainfo *metainfo, uint32_t file,
                                  int64_t time_s)
{
    if (imported->times_s == NULL) {
        imported->times_s = calloc(metainfo->file_count, sizeof *imported->times_s);
        if (imported->times_s == NULL)
            return ERROR_MEMORY;
        for (uint32_t i = 0; i < metainfo->file_count; i++)
            imported->times_s[i] = IMPORTED_TIME_UNTOLD;
    }
    imported->times_s[file] = time_s;
    return ERROR_NONE;
}

struct imported_items imported_items(struct bencode_value list)
{
    return (struct imported_items){list, bencode_first(list)};
}

struct imported_items imported_file_items(struct bencode_value list,
                                          const struct metainfo *metainfo)
{
    uint32_t count = 0;
    struct imported_items items = imported_items(list);
    while (bencode_exists(imported_next(&items)))
        count++;
    return bencode_is(list, BENCODE_LIST) && count == metainfo->file_count
               ? imported_items(list)
               : (struct imported_items){0};
}

struct bencode_value imported_next(struct imported_items *items)
{
    const struct bencode_value item = items->at;
    if (bencode_exists(item))
        items->at = bencode_next(items->list, item);
    return item;
}
