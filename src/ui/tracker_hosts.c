/* The trackers of all torrents, a row for each host: how many torrents it has, for how
 * many it fails, and what it counts for all of them together. */
#include "base/i18n.h"
#include "ui/view_trackers_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS_MAX 1000u
#define SLOTS     4096u /* of the hash table; a power of two */

struct host {
    uint32_t torrents, failing;
    bool answers, is_asked;
};

/* Rows by the hash of their host. */
struct hosts {
    struct trackers *trackers;
    struct host hosts[HOSTS_MAX];
    uint32_t count;
    uint16_t slots[SLOTS]; /* number + 1; 0: free */
};

/* "http://tracker.example:80" of an address. */
static size_t host_bytes(const char *url)
{
    const char *at = strstr(url, "://");
    return at != NULL ? (size_t)(at + 3 - url) + strcspn(at + 3, "/?") : strlen(url);
}

static uint64_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++) /* FNV-1a */
        hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void begin_row(struct tracker_row *row, uint64_t id, const char *url,
                      size_t length)
{
    *row = (struct tracker_row){
        .id = id,
        .tracker = {.tier = UINT32_MAX,
                    .seeds = UINT32_MAX,
                    .leechers = UINT32_MAX,
                    .downloads = UINT32_MAX,
                    .next_s = UINT64_MAX,
                    .last_s = UINT64_MAX},
    };
    snprintf(row->url, sizeof row->url, "%.*s", (int)length, url);
}

/* The row of URL's host, its number in *ret_number; NULL: there are too many. */
static struct tracker_row *row_of(struct hosts *hosts, const char *url,
                                  uint32_t *ret_number)
{
    struct tracker_row *rows = hosts->trackers->rows;
    const size_t length = host_bytes(url);
    const uint64_t id = hash_of(url, length);
    uint32_t slot = (uint32_t)id % SLOTS;
    while (hosts->slots[slot] != 0) {
        *ret_number = hosts->slots[slot] - 1u;
        if (rows[*ret_number].id == id)
            return &rows[*ret_number];
        slot = (slot + 1) % SLOTS;
    }
    if (hosts->count == HOSTS_MAX)
        return NULL;
    *ret_number = hosts->count++;
    hosts->slots[slot] = (uint16_t)(*ret_number + 1);
    begin_row(&rows[*ret_number], id, url, length);
    return &rows[*ret_number];
}

/* What is not told counts for nothing. */
static void add_count(uint32_t *sum, uint32_t count)
{
    if (count == UINT32_MAX)
        return;
    if (*sum == UINT32_MAX)
        *sum = 0;
    *sum = count < UINT32_MAX - 1 - *sum ? *sum + count : UINT32_MAX - 1;
}

static void take(struct hosts *hosts, const struct tracker_info *tracker)
{
    uint32_t number;
    struct tracker_row *row = row_of(hosts, tracker->url, &number);
    if (row == NULL)
        return;
    struct host *host = &hosts->hosts[number];
    struct tracker_info *sum = &row->tracker;
    host->torrents++;
    host->is_asked |= tracker->state == TRACKER_STATE_WORKING;
    host->answers |= tracker->state == TRACKER_STATE_OK;
    if (tracker->state == TRACKER_STATE_FAILED ||
        tracker->state == TRACKER_STATE_DISABLED) {
        host->failing++;
        snprintf(row->message, sizeof row->message, "%s", tracker->message);
    }
    add_count(&sum->seeds, tracker->seeds);
    add_count(&sum->leechers, tracker->leechers);
    add_count(&sum->downloads, tracker->downloads);
    sum->peers_given += tracker->peers_given;
    sum->tier = tracker->tier < sum->tier ? tracker->tier : sum->tier;
    sum->next_s = tracker->next_s < sum->next_s ? tracker->next_s : sum->next_s;
    sum->last_s = tracker->last_s < sum->last_s ? tracker->last_s : sum->last_s;
}

static void end_row(struct tracker_row *row, const struct host *host)
{
    char words[VIEW_TRACKERS_MESSAGE];
    row->is_finder = false;
    row->tracker.state = host->is_asked       ? TRACKER_STATE_WORKING
                         : host->answers      ? TRACKER_STATE_OK
                         : host->failing != 0 ? TRACKER_STATE_FAILED
                                              : TRACKER_STATE_IDLE;
    if (host->failing == 0)
        snprintf(words, sizeof words,
                 ngettext("%u torrent", "%u torrents", host->torrents), host->torrents);
    else
        snprintf(words, sizeof words,
                 /* L10N: torrents of a tracker, for how many of them it fails, its words
                  */
                 ngettext("%u torrent, fails for %u: %.200s",
                          "%u torrents, fails for %u: %.200s", host->torrents),
                 host->torrents, host->failing, row->message);
    memcpy(row->message, words, sizeof words);
}

static bool make_room(struct trackers *trackers)
{
    if (trackers->capacity >= HOSTS_MAX)
        return true;
    struct tracker_row *rows = realloc(trackers->rows, HOSTS_MAX * sizeof *rows);
    if (rows == NULL)
        return false;
    trackers->rows = rows;
    trackers->capacity = HOSTS_MAX;
    return true;
}

uint32_t tracker_hosts_fill(struct trackers *trackers, struct view_context *context)
{
    struct hosts *hosts = calloc(1, sizeof *hosts);
    uint32_t count = 0;
    if (hosts == NULL || !make_room(trackers)) {
        free(hosts);
        return 0;
    }
    hosts->trackers = trackers;
    for (uint32_t i = 0; i < session_count(context->session); i++) {
        const struct torrent_id id = session_at(context->session, i);
        struct tracker_info tracker;
        for (uint32_t t = 0; torrent_get_tracker(context->session, id, t, &tracker); t++)
            take(hosts, &tracker);
    }
    for (; count < hosts->count; count++)
        end_row(&trackers->rows[count], &hosts->hosts[count]);
    free(hosts);
    return count;
}
