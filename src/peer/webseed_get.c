/* A run of blocks on its way from a web seed: requests for parts of files, one after the
 * other, whose bytes fill blocks as they come. */
#include "peer/peer_manager_private.h"
#include "peer/webseed_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESUME_NS    (20 * NS_PER_MS)
#define LEAST_ROOM   ((int64_t)BLOCK_BYTES / 2)
#define BLOCKS_SPARE 2u /* that a portion may reach into beyond its length */

static void get_step(struct webseed_get *get);

/* ---- may bytes come? ---- */

static uint64_t wait_ns(struct webseed_manager *manager, size_t length)
{
    struct peer_manager *peers = manager->config.peers;
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    const uint64_t own_ns =
        rate_limit_wait_ns(&peers->pace[PACE_DOWN].bucket.limit, LEAST_ROOM, now_ns);
    const uint64_t all_ns = rate_limit_wait_ns(
        &peers->shared->pace[PACE_DOWN].bucket.limit, LEAST_ROOM, now_ns);
    if (block_pool_left(manager->config.pool) < length / BLOCK_BYTES + BLOCKS_SPARE ||
        (manager->config.disk_is_behind != NULL &&
         manager->config.disk_is_behind(manager->config.context)))
        return RESUME_NS;
    return own_ns > all_ns ? own_ns : all_ns;
}

/* False: not yet; it goes on by itself. */
static bool may_take(struct webseed_get *get, size_t length)
{
    struct webseed_manager *manager = get->seed->manager;
    uint64_t in_ns = wait_ns(manager, length);
    get->waits = in_ns > 0;
    if (!get->waits)
        return true;
    in_ns = in_ns < RESUME_NS ? RESUME_NS : in_ns;
    const uint64_t at_ns = loop_now_ns(manager->config.loop) + in_ns;
    if (!loop_timer_is_set(&manager->resume) || manager->resume.at_ns > at_ns)
        loop_timer_set(manager->config.loop, &manager->resume, at_ns);
    return false;
}

static void spend(struct webseed *seed, size_t bytes)
{
    struct peer_manager *peers = seed->manager->config.peers;
    rate_limit_spend(&peers->pace[PACE_DOWN].bucket.limit, bytes);
    rate_limit_spend(&peers->shared->pace[PACE_DOWN].bucket.limit, bytes);
    peers->downloaded += bytes;
    seed->downloaded += bytes;
}

/* ---- bytes into blocks ---- */

static void deliver(struct webseed_get *get)
{
    struct webseed *seed = get->seed;
    struct webseed_manager *manager = seed->manager;
    struct block *block = get->filling;
    struct message message = {.type = PEER_BLOCK_ARRIVED,
                              .torrent = manager->config.torrent,
                              .peer = seed->ref};
    message.u.block_data.block = block;
    get->filling = NULL;
    seed->block_ns = loop_now_ns(manager->config.loop);
    seed->is_stalled = false;
    if (bus_post(manager->config.responses, &message) != ERROR_NONE)
        block_pool_give(manager->config.pool, block);
}

/* The caller has seen to it that the pool has enough. BYTES: NULL for zeros. */
static void fill(struct webseed_get *get, const uint8_t *bytes, uint64_t length)
{
    while (length > 0) {
        const struct webseed_want *want = &get->wants[get->next];
        const uint64_t room = want->ref.length - get->filled;
        const uint32_t part = (uint32_t)(length < room ? length : room);
        if (get->filling == NULL && !want->cancelled && get->filled == 0) {
            get->filling = block_pool_take(get->seed->manager->config.pool);
            if (get->filling != NULL)
                *get->filling = (struct block){.bytes = get->filling->bytes,
                                               .piece = want->ref.piece,
                                               .begin = want->ref.begin,
                                               .length = want->ref.length};
        }
        if (get->filling != NULL && bytes != NULL)
            memcpy(get->filling->bytes + get->filled, bytes, part);
        else if (get->filling != NULL)
            memset(get->filling->bytes + get->filled, 0, part);
        get->filled += part;
        get->at += part;
        length -= part;
        bytes = bytes != NULL ? bytes + part : NULL;
        if (get->filled < want->ref.length)
            continue;
        get->filled = 0;
        get->next++;
        if (get->filling != NULL)
            deliver(get);
        else if (!want->cancelled)
            webseed_post(get->seed, PEER_RETURNED, &want->ref);
    }
}

/* ---- answers ---- */

/* W1, W3: exactly what was asked for, or nothing. */
static bool is_as_asked(const struct webseed_get *get, const struct http_reply *reply)
{
    const struct metainfo_file *file = &get->seed->manager->config.meta->files[get->file];
    const uint64_t last = get->first + (get->request_end - get->at) - 1;
    return reply->status == 206 && !reply->encoded && reply->has_range &&
           reply->range.first == get->first && reply->range.last == last &&
           (reply->range.total == UINT64_MAX || reply->range.total == file->length);
}

static enum http_take on_bytes(void *context, const struct http_reply *reply,
                               const uint8_t *bytes, size_t length)
{
    struct webseed_get *get = context;
    if (!get->answered && !is_as_asked(get, reply)) {
        /* What an error says of itself is nothing to us. */
        get->is_broken = reply->status >= 200 && reply->status < 300;
        return HTTP_TAKE_END;
    }
    get->answered = true;
    if (length > get->request_end - get->at) {
        get->is_broken = true;
        return HTTP_TAKE_END;
    }
    if (!may_take(get, length))
        return HTTP_TAKE_WAIT;
    spend(get->seed, length);
    fill(get, bytes, length);
    return HTTP_TAKE_GO_ON;
}

static void on_result(void *context, const struct http_result *result)
{
    struct webseed_get *get = context;
    struct webseed *seed = get->seed;
    char text[64];
    const bool is_whole = get->answered && get->at == get->request_end;
    get->request = NULL;
    get->waits = false;
    if (result->from.family != NETADDR_NONE)
        seed->from = result->from;
    if (result->error == ERROR_NONE && result->status == 206 && is_whole) {
        get_step(get);
    } else if (result->status == 404 || result->status == 410) {
        webseed_lacks(seed, get->file);
    } else if (get->is_broken || (result->error == ERROR_NONE && result->status >= 200 &&
                                  result->status < 300)) {
        snprintf(text, sizeof text, "not the bytes asked for, status %ld",
                 result->status);
        webseed_strike(seed, text);
    } else if (result->status >= 300 && !get->answered) {
        snprintf(text, sizeof text, "status %ld", result->status);
        webseed_fail(seed, text);
    } else {
        webseed_fail(seed, result->message);
    }
}

/* ---- one file after the other ---- */

static void get_done(struct webseed_get *get)
{
    struct webseed *seed = get->seed;
    struct webseed_manager *manager = seed->manager;
    const uint64_t took_ns = loop_now_ns(manager->config.loop) - get->begun_ns;
    const uint64_t bytes = get->end - get->begun_at;
    const uint64_t rate = bytes * NS_PER_MS / (took_ns / 1000 + 1);
    if (rate > seed->rate)
        seed->rate = rate;
    seed->strikes = seed->failures = 0;
    webseed_get_end(get);
    seed->hungry = true;
    manager->config.run_soon(manager->config.context);
}

static void get_request(struct webseed_get *get, const struct metainfo_file *file)
{
    struct webseed *seed = get->seed;
    struct webseed_manager *manager = seed->manager;
    char *url = webseed_url(seed->url, manager->config.meta, get->file);
    get->first = get->at - file->offset;
    get->answered = get->is_broken = false;
    if (url != NULL)
        get->request = http_get_range(manager->config.http, url, get->first,
                                      get->first + (get->request_end - get->at) - 1,
                                      HTTP_SHUT_NONE, on_bytes, on_result, get);
    free(url);
    if (get->request == NULL)
        webseed_fail(seed, error_text(ERROR_MEMORY));
}

static void get_step(struct webseed_get *get)
{
    const struct metainfo *meta = get->seed->manager->config.meta;
    while (get->at < get->end) {
        get->file = metainfo_file_at(meta, get->at);
        const struct metainfo_file *file = &meta->files[get->file];
        const uint64_t file_end = file->offset + file->length;
        get->request_end = file_end < get->end ? file_end : get->end;
        if (!file->pad) {
            get_request(get, file);
            return;
        }
        uint64_t part = get->request_end - get->at;
        part = part < BLOCK_BYTES ? part : BLOCK_BYTES;
        if (!may_take(get, part))
            return;
        fill(get, NULL, part);
    }
    get_done(get);
}

/* ---- for webseed_manager.c ---- */

bool webseed_get_begin(struct webseed_get *get, uint32_t most)
{
    struct webseed *seed = get->seed;
    const struct webseed_manager *manager = seed->manager;
    struct ref_queue *queue = &seed->queue;
    const uint32_t count = queue->length < most ? queue->length : most;
    struct block_ref ref;
    if (!ref_queue_first(queue, &ref))
        return true;
    get->wants = calloc(count, sizeof *get->wants);
    if (get->wants == NULL)
        return false;
    get->at = get->end = get->begun_at = webseed_offset(manager, &ref);
    get->count = get->next = get->filled = 0;
    get->begun_ns = loop_now_ns(manager->config.loop);
    while (get->count < count && ref_queue_first(queue, &ref) &&
           webseed_offset(manager, &ref) == get->end) {
        ref_queue_pop(queue, &ref);
        get->wants[get->count++].ref = ref;
        get->end += ref.length;
    }
    get_step(get);
    return true;
}

void webseed_get_end(struct webseed_get *get)
{
    http_cancel(get->request);
    if (get->filling != NULL)
        block_pool_give(get->seed->manager->config.pool, get->filling);
    free(get->wants);
    *get = (struct webseed_get){.seed = get->seed};
}

void webseed_get_go_on(struct webseed_get *get)
{
    if (!get->waits)
        return;
    get->waits = false;
    if (get->request != NULL)
        http_go_on(get->request);
    else
        get_step(get);
}

bool webseed_get_cancel(struct webseed_get *get, const struct block_ref *ref)
{
    bool found = false, is_needed = false;
    for (uint32_t i = get->next; i < get->count; i++) {
        struct webseed_want *want = &get->wants[i];
        if (memcmp(&want->ref, ref, sizeof *ref) == 0)
            found = want->cancelled = true;
        is_needed |= !want->cancelled;
    }
    if (found && !is_needed)
        webseed_get_end(get);
    return found;
}
