#include "torrent/settings.h"

#include "torrent/record.h"

#include <stdlib.h>
#include <string.h>

#define RATE_MAX (INT64_C(1) << 50)

#define TORRENT(name) offsetof(struct torrent_settings, name)
#define SESSION(name) offsetof(struct session_settings, name)
#define COUNT(table)  ((uint32_t)(sizeof(table) / sizeof *(table)))

/* In the order of their keys. */
static const struct record_field torrent_fields[] = {
    {"first-last", RECORD_FLAG, TORRENT(first_last), 0, 1},
    {"forced", RECORD_FLAG, TORRENT(forced), 0, 1},
    {"goal-action", RECORD_U32, TORRENT(goal.action), 0, SEED_ACTION_REMOVE},
    {"goal-minutes", RECORD_U32, TORRENT(goal.minutes), 0, UINT32_MAX},
    {"goal-ratio", RECORD_U32, TORRENT(goal.ratio), 0, UINT32_MAX},
    {"label", RECORD_TEXT, TORRENT(label), LABEL_CELLS, LABEL_BYTES},
    {"max-down", RECORD_U64, TORRENT(max_down), 0, RATE_MAX},
    {"max-up", RECORD_U64, TORRENT(max_up), 0, RATE_MAX},
    {"met-minutes", RECORD_U32, TORRENT(met_minutes), 0, UINT32_MAX},
    {"met-ratio", RECORD_U32, TORRENT(met_ratio), 0, UINT32_MAX},
    {"paused", RECORD_FLAG, TORRENT(paused), 0, 1},
    {"seed-end", RECORD_U32, TORRENT(seed_end), 0, SEED_END_TIME},
    {"sequential", RECORD_FLAG, TORRENT(sequential), 0, 1},
    {"super-seed", RECORD_FLAG, TORRENT(super_seed), 0, 1},
};
static const struct record_field session_fields[] = {
    {"active-checks", RECORD_U32, SESSION(active_checks), 0, UINT32_MAX},
    {"active-downloads", RECORD_U32, SESSION(active_downloads), 0, UINT32_MAX},
    {"active-seeds", RECORD_U32, SESSION(active_seeds), 0, UINT32_MAX},
    {"max-down", RECORD_U64, SESSION(max_down), 0, RATE_MAX},
    {"max-up", RECORD_U64, SESSION(max_up), 0, RATE_MAX},
    {"seed-action", RECORD_U32, SESSION(goal.action), 0, SEED_ACTION_REMOVE},
    {"seed-minutes", RECORD_U32, SESSION(goal.minutes), 0, UINT32_MAX},
    {"seed-ratio", RECORD_U32, SESSION(goal.ratio), 0, UINT32_MAX},
    {"turtle", RECORD_FLAG, SESSION(turtle), 0, 1},
    {"turtle-down", RECORD_U64, SESSION(turtle_down), 0, RATE_MAX},
    {"turtle-until", RECORD_U64, SESSION(turtle_until), 0, INT64_MAX},
    {"turtle-up", RECORD_U64, SESSION(turtle_up), 0, RATE_MAX},
};
static const struct record_field totals_fields[] = {
    {"downloaded", RECORD_U64, offsetof(struct session_totals, downloaded), 0, INT64_MAX},
    {"seconds", RECORD_U64, offsetof(struct session_totals, seconds), 0, INT64_MAX},
    {"sessions", RECORD_U64, offsetof(struct session_totals, sessions), 0, INT64_MAX},
    {"uploaded", RECORD_U64, offsetof(struct session_totals, uploaded), 0, INT64_MAX},
};
static const struct session_totals totals_defaults;
static const struct torrent_settings torrent_defaults;
static const struct session_settings session_defaults;

static const struct bencode_limits limits = {SAVED_LIST_BYTES_MAX, 4000000, 6, false};

void session_settings_restore(struct session_settings *chosen,
                              const struct session_settings *configured_then,
                              const struct session_settings *configured_now)
{
    for (uint32_t i = 0; i < COUNT(session_fields); i++)
        if (!record_equal(&session_fields[i], configured_then, configured_now))
            record_copy(&session_fields[i], configured_now, chosen);
}

void saved_list_done(struct saved_list *list)
{
    free(list->torrents);
    *list = (struct saved_list){0};
}

static enum error_code put_torrent(const struct saved_torrent *torrent,
                                   struct buffer *buffer)
{
    enum error_code error = buffer_append_text(buffer, "d4:hash");
    if (error == ERROR_NONE)
        error = bencode_put_string(buffer, torrent->hash.bytes, SHA1_BYTES);
    if (error == ERROR_NONE)
        error = buffer_append_text(buffer, "3:set");
    if (error == ERROR_NONE)
        error = record_encode(torrent_fields, COUNT(torrent_fields), &torrent->settings,
                              &torrent_defaults, buffer);
    return error == ERROR_NONE ? buffer_append_text(buffer, "e") : error;
}

static enum error_code put_torrents(const struct saved_list *list, struct buffer *buffer)
{
    enum error_code error = buffer_append_text(buffer, "8:torrentsl");
    for (uint32_t i = 0; i < list->count && error == ERROR_NONE; i++)
        error = put_torrent(&list->torrents[i], buffer);
    return error == ERROR_NONE ? buffer_append_text(buffer, "e") : error;
}

static enum error_code put_looks(const struct saved_list *list, struct buffer *buffer)
{
    enum error_code error = buffer_append_text(buffer, "5:looksd");
    for (uint32_t i = 0; i < SAVED_LOOKS && error == ERROR_NONE; i++) {
        if (list->looks[i].name[0] == '\0')
            continue;
        error = bencode_put_text(buffer, list->looks[i].name);
        if (error == ERROR_NONE)
            error = bencode_put_text(buffer, list->looks[i].text);
    }
    return error == ERROR_NONE ? buffer_append_text(buffer, "e") : error;
}

enum error_code saved_list_encode(const struct saved_list *list, struct buffer *buffer)
{
    enum error_code error = buffer_append_text(buffer, "d10:configured");
    if (error == ERROR_NONE)
        error = record_encode(session_fields, COUNT(session_fields), &list->configured,
                              &session_defaults, buffer);
    if (error == ERROR_NONE)
        error = put_looks(list, buffer);
    if (error == ERROR_NONE)
        error = buffer_append_text(buffer, "8:settings");
    if (error == ERROR_NONE)
        error = record_encode(session_fields, COUNT(session_fields), &list->settings,
                              &session_defaults, buffer);
    if (error == ERROR_NONE)
        error = put_torrents(list, buffer);
    if (error == ERROR_NONE)
        error = buffer_append_text(buffer, "6:totals");
    if (error == ERROR_NONE)
        error = record_encode(totals_fields, COUNT(totals_fields), &list->totals,
                              &totals_defaults, buffer);
    return error == ERROR_NONE ? buffer_append_text(buffer, "e") : error;
}

/* False: too long, or with bytes that no look has. */
static bool take_look_text(struct bencode_value value, char *ret_text, size_t size)
{
    const char *bytes;
    size_t length;
    if (!bencode_string(value, &bytes, &length) || length == 0 || length >= size)
        return false;
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < ' ' || bytes[i] > '~')
            return false;
    memcpy(ret_text, bytes, length);
    ret_text[length] = '\0';
    return true;
}

static void read_looks(struct bencode_value looks, struct saved_list *list)
{
    uint32_t count = 0;
    struct bencode_value value;
    for (struct bencode_value key = bencode_first(looks);
         bencode_exists(key) && count < SAVED_LOOKS; key = bencode_next(looks, value)) {
        struct saved_look *look = &list->looks[count];
        value = bencode_next(looks, key);
        if (take_look_text(key, look->name, sizeof look->name) &&
            take_look_text(value, look->text, sizeof look->text))
            count++;
        else
            *look = (struct saved_look){0};
    }
}

static uint32_t count_items(struct bencode_value list)
{
    uint32_t count = 0;
    for (struct bencode_value item = bencode_first(list); bencode_exists(item);
         item = bencode_next(list, item))
        count++;
    return count;
}

static int compare_hashes(const void *a, const void *b)
{
    const struct saved_torrent *const *left = a, *const *right = b;
    const int order = memcmp(&(*left)->hash, &(*right)->hash, SHA1_BYTES);
    return order != 0 ? order : (*left > *right) - (*left < *right);
}

/* The first of twins stays. */
static enum error_code drop_twins(struct saved_list *list)
{
    struct saved_torrent **sorted = malloc((list->count + 1u) * sizeof *sorted);
    bool *twin = calloc(list->count + 1u, sizeof *twin);
    uint32_t kept = 0;
    if (sorted == NULL || twin == NULL) {
        free(sorted);
        free(twin);
        return ERROR_MEMORY;
    }
    for (uint32_t i = 0; i < list->count; i++)
        sorted[i] = &list->torrents[i];
    qsort(sorted, list->count, sizeof(struct saved_torrent *), compare_hashes);
    for (uint32_t i = 1; i < list->count; i++)
        if (memcmp(&sorted[i]->hash, &sorted[i - 1]->hash, SHA1_BYTES) == 0)
            twin[sorted[i] - list->torrents] = true;
    for (uint32_t i = 0; i < list->count; i++)
        if (!twin[i])
            list->torrents[kept++] = list->torrents[i];
    list->count = kept;
    free(sorted);
    free(twin);
    return ERROR_NONE;
}

static enum error_code read_torrents(struct bencode_value torrents,
                                     struct saved_list *list)
{
    list->torrents = calloc(count_items(torrents) + 1u, sizeof *list->torrents);
    if (list->torrents == NULL)
        return ERROR_MEMORY;
    for (struct bencode_value item = bencode_first(torrents); bencode_exists(item);
         item = bencode_next(torrents, item)) {
        struct saved_torrent *saved = &list->torrents[list->count];
        const char *bytes;
        size_t length;
        if (!bencode_get_string(item, "hash", &bytes, &length) || length != SHA1_BYTES)
            continue;
        memcpy(saved->hash.bytes, bytes, SHA1_BYTES);
        record_decode(torrent_fields, COUNT(torrent_fields), bencode_get(item, "set"),
                      &saved->settings);
        list->count++;
    }
    return drop_twins(list);
}

enum error_code saved_list_decode(const uint8_t *bytes, size_t length,
                                  struct saved_list *ret_list)
{
    struct bencode tree;
    struct saved_list list = {0};
    enum error_code error = bencode_parse(bytes, length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error == ERROR_MEMORY ? ERROR_MEMORY : ERROR_CORRUPT;
    const struct bencode_value root = bencode_root(&tree);
    const struct bencode_value torrents = bencode_get(root, "torrents");
    error = ERROR_CORRUPT;
    if (bencode_is(torrents, BENCODE_LIST)) {
        record_decode(session_fields, COUNT(session_fields),
                      bencode_get(root, "settings"), &list.settings);
        record_decode(session_fields, COUNT(session_fields),
                      bencode_get(root, "configured"), &list.configured);
        record_decode(totals_fields, COUNT(totals_fields), bencode_get(root, "totals"),
                      &list.totals);
        if (bencode_is(bencode_get(root, "looks"), BENCODE_DICT))
            read_looks(bencode_get(root, "looks"), &list);
        error = read_torrents(torrents, &list);
    }
    bencode_done(&tree);
    if (error != ERROR_NONE) {
        saved_list_done(&list);
        return error;
    }
    *ret_list = list;
    return ERROR_NONE;
}
