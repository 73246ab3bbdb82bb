#include "torrent/layer_fetch.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define PARALLEL_MAX 8u /* peers asked at a time */
#define PIPELINE_MAX 4u /* parts asked of one of them */
/* Of one peer. bttui answers twice as many, whenever its second begins. */
#define ASKS_A_SECOND 32u
#define ANSWER_NS     (5 * NS_PER_S)
#define REST_NS       (5 * NS_PER_S) /* of one that gives nothing; doubled each time */
#define REST_DOUBLES  5u
#define NOBODY        UINT32_MAX

/* HASH_COUNT_MAX pieces of a file, or what is left of it. */
struct part {
    uint32_t file, from;
    bool here;
};

struct source {
    struct peer_id_ref ref;
    uint32_t asked[PIPELINE_MAX]; /* parts, and not answered, nor given up */
    uint32_t asked_count;
    uint64_t asked_ns; /* when it last was asked or answered, while it is */
    uint64_t second_ns;
    uint32_t in_second; /* asked since then */
    uint64_t rest_until_ns;
    uint32_t rests; /* on end */
    bool lied;
};

struct layer_fetch {
    const struct metainfo *metainfo;
    struct part *parts;
    uint32_t *first_part; /* by file; of those that metainfo_find_root finds */
    uint32_t part_count, have_count;
    uint32_t *todo; /* parts that nobody is asked for; the next is the last */
    uint32_t todo_count;
    uint8_t *roots;
    struct source *sources;
    uint32_t source_count, source_capacity;
};

/* ---- what there is to ask for ---- */

static uint32_t pieces_of(const struct metainfo *metainfo, uint32_t file)
{
    return (uint32_t)((metainfo->files[file].length + metainfo->piece_bytes - 1) /
                      metainfo->piece_bytes);
}

static uint32_t parts_of(const struct metainfo *metainfo, uint32_t file)
{
    const uint32_t pieces = pieces_of(metainfo, file);
    return pieces > 1 ? (pieces + HASH_COUNT_MAX - 1) / HASH_COUNT_MAX : 0;
}

static void list_parts(struct layer_fetch *fetch)
{
    const struct metainfo *metainfo = fetch->metainfo;
    uint32_t count = 0;
    for (uint32_t i = 0; i < metainfo->rooted_count; i++) {
        const uint32_t file = metainfo->files_by_root[i];
        const uint32_t parts = parts_of(metainfo, file);
        fetch->first_part[file] = count;
        for (uint32_t k = 0; k < parts; k++)
            fetch->parts[count++] = (struct part){file, k * HASH_COUNT_MAX, false};
    }
    for (uint32_t i = 0; i < count; i++)
        fetch->todo[i] = count - 1 - i;
    fetch->todo_count = count;
}

struct layer_fetch *layer_fetch_new(const struct metainfo *metainfo)
{
    struct layer_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return NULL;
    fetch->metainfo = metainfo;
    for (uint32_t i = 0; i < metainfo->rooted_count; i++)
        fetch->part_count += parts_of(metainfo, metainfo->files_by_root[i]);
    fetch->parts = calloc(fetch->part_count + 1u, sizeof *fetch->parts);
    fetch->todo = calloc(fetch->part_count + 1u, sizeof *fetch->todo);
    fetch->first_part = calloc(metainfo->file_count + 1u, sizeof *fetch->first_part);
    fetch->roots = calloc(metainfo->piece_count + 1u, SHA256_BYTES);
    if (fetch->parts == NULL || fetch->todo == NULL || fetch->first_part == NULL ||
        fetch->roots == NULL) {
        layer_fetch_free(fetch);
        return NULL;
    }
    list_parts(fetch);
    return fetch;
}

void layer_fetch_free(struct layer_fetch *fetch)
{
    if (fetch == NULL)
        return;
    free(fetch->parts);
    free(fetch->todo);
    free(fetch->first_part);
    free(fetch->roots);
    free(fetch->sources);
    free(fetch);
}

static void request_of(const struct layer_fetch *fetch, uint32_t number,
                       struct hash_request *ret_request)
{
    const struct part *part = &fetch->parts[number];
    hash_tree_ask_pieces(fetch->metainfo, part->file, part->from, ret_request);
}

/* NOBODY: it was for something else. */
static uint32_t find_part(const struct layer_fetch *fetch,
                          const struct hash_request *request)
{
    struct hash_request whole;
    uint32_t file;
    if (!metainfo_find_root(fetch->metainfo, request->root, &file) ||
        request->index / HASH_COUNT_MAX >= parts_of(fetch->metainfo, file))
        return NOBODY;
    const uint32_t number = fetch->first_part[file] + request->index / HASH_COUNT_MAX;
    request_of(fetch, number, &whole);
    return hash_request_equal(request, &whole) ? number : NOBODY;
}

/* ---- who can be asked ---- */

static struct source *find(struct layer_fetch *fetch, struct peer_id_ref ref)
{
    for (uint32_t i = 0; i < fetch->source_count; i++)
        if (fetch->sources[i].ref.index == ref.index &&
            fetch->sources[i].ref.generation == ref.generation)
            return &fetch->sources[i];
    return NULL;
}

void layer_fetch_offer(struct layer_fetch *fetch, struct peer_id_ref ref)
{
    if (find(fetch, ref) != NULL)
        return;
    if (fetch->source_count == fetch->source_capacity) {
        const uint32_t capacity =
            fetch->source_capacity == 0 ? 8 : fetch->source_capacity * 2;
        struct source *sources = realloc(fetch->sources, capacity * sizeof *sources);
        if (sources == NULL)
            return; /* others may be asked */
        fetch->sources = sources;
        fetch->source_capacity = capacity;
    }
    fetch->sources[fetch->source_count++] = (struct source){.ref = ref};
}

static void give_up(struct layer_fetch *fetch, struct source *source)
{
    for (uint32_t i = 0; i < source->asked_count; i++)
        if (!fetch->parts[source->asked[i]].here)
            fetch->todo[fetch->todo_count++] = source->asked[i];
    source->asked_count = 0;
}

void layer_fetch_gone(struct layer_fetch *fetch, struct peer_id_ref ref)
{
    struct source *source = find(fetch, ref);
    if (source == NULL)
        return;
    give_up(fetch, source);
    *source = fetch->sources[--fetch->source_count];
}

static void rest(struct layer_fetch *fetch, struct source *source, uint64_t now_ns)
{
    give_up(fetch, source);
    source->rest_until_ns = now_ns + (REST_NS << source->rests);
    if (source->rests < REST_DOUBLES)
        source->rests++;
}

static void rest_the_silent(struct layer_fetch *fetch, uint64_t now_ns)
{
    for (uint32_t i = 0; i < fetch->source_count; i++) {
        struct source *source = &fetch->sources[i];
        if (source->asked_count > 0 && now_ns - source->asked_ns >= ANSWER_NS)
            rest(fetch, source, now_ns);
    }
}

static bool is_paced(const struct source *source, uint64_t now_ns)
{
    return source->in_second >= ASKS_A_SECOND && now_ns - source->second_ns < NS_PER_S;
}

/* Who has least to answer, but no more of them than PARALLEL_MAX; of the idle, who has
 * failed least. */
static struct source *choose(struct layer_fetch *fetch, uint64_t now_ns)
{
    struct source *best = NULL;
    uint32_t busy = 0;
    for (uint32_t i = 0; i < fetch->source_count; i++)
        busy += fetch->sources[i].asked_count > 0;
    for (uint32_t i = 0; i < fetch->source_count; i++) {
        struct source *source = &fetch->sources[i];
        if (source->lied || source->asked_count == PIPELINE_MAX ||
            now_ns < source->rest_until_ns || is_paced(source, now_ns) ||
            (source->asked_count == 0 && busy >= PARALLEL_MAX))
            continue;
        if (best == NULL || source->asked_count < best->asked_count ||
            (source->asked_count == best->asked_count && source->rests < best->rests))
            best = source;
    }
    return best;
}

static bool take_part(struct layer_fetch *fetch, uint32_t *ret_number)
{
    while (fetch->todo_count > 0) {
        *ret_number = fetch->todo[--fetch->todo_count];
        if (!fetch->parts[*ret_number].here)
            return true; /* else it came late, from one that was given up */
    }
    return false;
}

bool layer_fetch_next(struct layer_fetch *fetch, uint64_t now_ns,
                      struct layer_ask *ret_ask)
{
    uint32_t number;
    rest_the_silent(fetch, now_ns);
    struct source *source = choose(fetch, now_ns);
    if (source == NULL || !take_part(fetch, &number))
        return false;
    if (now_ns - source->second_ns >= NS_PER_S) {
        source->second_ns = now_ns;
        source->in_second = 0;
    }
    source->in_second++;
    if (source->asked_count == 0)
        source->asked_ns = now_ns;
    source->asked[source->asked_count++] = number;
    ret_ask->peer = source->ref;
    request_of(fetch, number, &ret_ask->request);
    return true;
}

/* What lies in the past waits for something else. */
static uint64_t due_of(const struct source *source, bool has_todo, uint64_t now_ns)
{
    uint64_t due_ns = UINT64_MAX;
    if (source->asked_count > 0)
        due_ns = source->asked_ns + ANSWER_NS;
    if (!has_todo || source->lied)
        return due_ns;
    if (source->rest_until_ns > now_ns && source->rest_until_ns < due_ns)
        due_ns = source->rest_until_ns;
    if (is_paced(source, now_ns) && source->second_ns + NS_PER_S < due_ns)
        due_ns = source->second_ns + NS_PER_S;
    return due_ns;
}

uint64_t layer_fetch_due_ns(const struct layer_fetch *fetch, uint64_t now_ns)
{
    uint64_t due_ns = UINT64_MAX;
    for (uint32_t i = 0; i < fetch->source_count; i++) {
        const uint64_t at_ns = due_of(&fetch->sources[i], fetch->todo_count > 0, now_ns);
        if (at_ns < due_ns)
            due_ns = at_ns;
    }
    return due_ns;
}

/* ---- what comes ---- */

/* False: it was given up before. */
static bool answered(struct source *source, uint32_t number, uint64_t now_ns)
{
    for (uint32_t i = 0; i < source->asked_count; i++) {
        if (source->asked[i] != number)
            continue;
        source->asked[i] = source->asked[--source->asked_count];
        source->asked_ns = now_ns;
        return true;
    }
    return false;
}

static void copy_roots(struct layer_fetch *fetch, uint32_t number, const uint8_t *hashes)
{
    const struct metainfo *metainfo = fetch->metainfo;
    const struct part *part = &fetch->parts[number];
    const uint64_t first = metainfo->files[part->file].offset / metainfo->piece_bytes;
    const uint32_t left = pieces_of(metainfo, part->file) - part->from;
    memcpy(fetch->roots + (size_t)(first + part->from) * SHA256_BYTES, hashes,
           (size_t)(left < HASH_COUNT_MAX ? left : HASH_COUNT_MAX) * SHA256_BYTES);
}

enum layer_verdict layer_fetch_arrived(struct layer_fetch *fetch, struct peer_id_ref ref,
                                       const struct hash_request *request,
                                       const uint8_t *hashes, uint64_t now_ns)
{
    struct source *source = find(fetch, ref);
    const uint32_t number = find_part(fetch, request);
    if (number == NOBODY)
        return LAYER_VERDICT_FINE;
    const bool was_asked = source != NULL && answered(source, number, now_ns);
    if (fetch->parts[number].here)
        return LAYER_VERDICT_FINE;
    if (!hash_tree_leads_to(request, hashes, request->root)) {
        if (was_asked)
            fetch->todo[fetch->todo_count++] = number;
        if (source != NULL) {
            give_up(fetch, source);
            source->lied = true;
        }
        return LAYER_VERDICT_WRONG;
    }
    if (source != NULL)
        source->rests = 0;
    fetch->parts[number].here = true;
    copy_roots(fetch, number, hashes);
    return ++fetch->have_count == fetch->part_count ? LAYER_VERDICT_DONE
                                                    : LAYER_VERDICT_FINE;
}

void layer_fetch_refused(struct layer_fetch *fetch, struct peer_id_ref ref,
                         const struct hash_request *request, uint64_t now_ns)
{
    struct source *source = find(fetch, ref);
    const uint32_t number = find_part(fetch, request);
    if (source == NULL || number == NOBODY || !answered(source, number, now_ns))
        return;
    fetch->todo[fetch->todo_count++] = number;
    rest(fetch, source, now_ns);
}

const uint8_t *layer_fetch_roots(const struct layer_fetch *fetch)
{
    return fetch->roots;
}

void layer_fetch_get_progress(const struct layer_fetch *fetch,
                              struct layer_progress *ret_progress)
{
    *ret_progress = (struct layer_progress){0, fetch->have_count, fetch->part_count};
    for (uint32_t i = 0; i < fetch->source_count; i++)
        ret_progress->peers += !fetch->sources[i].lied;
}
