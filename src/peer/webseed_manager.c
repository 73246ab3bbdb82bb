#include "peer/webseed_manager.h"

#include "peer/webseed_private.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_LEAST 32u /* blocks asked for at once */
#define WINDOW_FIRST 64u
#define WINDOW_MOST  1024u
#define RUN_LEAST    16u             /* blocks in one request, where there are so many */
#define STALL_NS     (15 * NS_PER_S) /* without a block */
#define GIVE_UP_NS   (60 * NS_PER_S)
#define TICK_NS      NS_PER_S

static void run_soon(struct webseed_manager *manager)
{
    manager->config.run_soon(manager->config.context);
}

/* ---- asking ---- */

/* What it brings in two seconds. */
static uint32_t window_of(const struct webseed *seed)
{
    const uint64_t blocks = 2 * seed->rate / BLOCK_BYTES;
    if (seed->rate == 0)
        return WINDOW_FIRST;
    return blocks < WINDOW_LEAST  ? WINDOW_LEAST
           : blocks > WINDOW_MOST ? WINDOW_MOST
                                  : (uint32_t)blocks;
}

static void begin_gets(struct webseed *seed)
{
    const struct webseed_manager *manager = seed->manager;
    uint32_t most = window_of(seed) / WEBSEED_GETS;
    most = most < RUN_LEAST ? RUN_LEAST : most;
    for (uint32_t i = 0; i < WEBSEED_GETS && seed->joined && seed->queue.length > 0;
         i++) {
        struct webseed_get *get = &seed->gets[i];
        if (get->wants != NULL || !http_has_room(manager->config.http))
            continue;
        if (webseed_outstanding(seed) == seed->queue.length)
            seed->block_ns = loop_now_ns(manager->config.loop);
        if (!webseed_get_begin(get, most))
            webseed_fail(seed, error_text(ERROR_MEMORY));
    }
}

static void ask_for_more(struct webseed *seed)
{
    const uint32_t window = window_of(seed), out = webseed_outstanding(seed);
    if (!seed->hungry || out > window / 2)
        return;
    struct message message = {
        .type = PEER_IDLE, .torrent = seed->manager->config.torrent, .peer = seed->ref};
    message.u.room.blocks = window - out;
    seed->hungry = bus_post(seed->manager->config.responses, &message) != ERROR_NONE;
}

/* When it is to be looked after; UINT64_MAX: nothing is awaited of it. */
static uint64_t due_ns(const struct webseed *seed, uint64_t now_ns)
{
    if (seed->joined)
        return seed->shown_rate > 0 || webseed_outstanding(seed) > 0 ? now_ns + TICK_NS
                                                                     : UINT64_MAX;
    const bool comes_back = seed->manager->running && !seed->paused &&
                            seed->refused == PEER_REASON_NONE && seed->retry_ns > now_ns;
    return comes_back ? seed->retry_ns : UINT64_MAX;
}

/* A torrent that has nobody to ask wakes nobody. */
static void set_tick(struct webseed_manager *manager, uint64_t now_ns)
{
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t i = 0; i < manager->count; i++) {
        const uint64_t own_ns = due_ns(&manager->seeds[i], now_ns);
        next_ns = own_ns < next_ns ? own_ns : next_ns;
    }
    if (next_ns == UINT64_MAX)
        loop_timer_cancel(manager->config.loop, &manager->tick);
    else if (!loop_timer_is_set(&manager->tick) || manager->tick.at_ns > next_ns)
        loop_timer_set(manager->config.loop, &manager->tick, next_ns);
}

void webseed_manager_run(struct webseed_manager *manager)
{
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    for (uint32_t i = 0; manager->running && i < manager->count; i++) {
        struct webseed *seed = &manager->seeds[i];
        if (seed->refused != PEER_REASON_NONE || seed->paused || seed->retry_ns > now_ns)
            continue;
        if (!seed->joined)
            webseed_join(seed);
        if (!seed->joined)
            continue;
        begin_gets(seed);
        if (seed->joined)
            ask_for_more(seed);
    }
    set_tick(manager, now_ns);
}

void webseed_manager_wake_idle(struct webseed_manager *manager)
{
    for (uint32_t i = 0; i < manager->count; i++)
        manager->seeds[i].hungry = true;
    if (manager->count > 0)
        run_soon(manager);
}

/* ---- time ---- */

static bool is_held_back(const struct webseed *seed)
{
    for (uint32_t i = 0; i < WEBSEED_GETS; i++)
        if (seed->gets[i].waits)
            return true;
    return false;
}

static void look_after(struct webseed *seed, uint64_t now_ns)
{
    const uint64_t bytes = seed->downloaded - seed->counted;
    seed->counted = seed->downloaded;
    seed->shown_rate = bytes;
    seed->rate = seed->rate == 0 ? bytes : (3 * seed->rate + bytes) / 4;
    if (is_held_back(seed) || webseed_outstanding(seed) == seed->queue.length)
        seed->block_ns = now_ns; /* not its fault */
    const uint64_t silent_ns = now_ns - seed->block_ns;
    if (silent_ns >= GIVE_UP_NS) {
        webseed_fail(seed, error_text(ERROR_TIMEOUT));
    } else if (silent_ns >= STALL_NS && !seed->is_stalled) {
        seed->is_stalled = true;
        webseed_post(seed, PEER_STALLED, NULL); /* W7 */
    }
    seed->hungry = true;
}

/* What comes of it, and when the next tick is, webseed_manager_run sees to. */
static void on_tick(void *context)
{
    struct webseed_manager *manager = context;
    const uint64_t now_ns = loop_now_ns(manager->config.loop);
    for (uint32_t i = 0; i < manager->count; i++)
        if (manager->seeds[i].joined)
            look_after(&manager->seeds[i], now_ns);
    run_soon(manager);
}

static void on_resume(void *context)
{
    struct webseed_manager *manager = context;
    for (uint32_t i = 0; i < manager->count; i++)
        for (uint32_t j = 0; j < WEBSEED_GETS; j++)
            webseed_get_go_on(&manager->seeds[i].gets[j]);
}

/* ---- what it is told ---- */

static void take_request(struct webseed *seed, const struct message *message)
{
    if (!seed->joined || message->peer.generation != seed->ref.generation)
        return;
    seed->last_piece = message->u.block.piece;
    if (ref_queue_push(&seed->queue, &message->u.block) != ERROR_NONE)
        webseed_post(seed, PEER_RETURNED, &message->u.block);
}

static void take_cancel(struct webseed *seed, const struct block_ref *ref)
{
    if (ref_queue_remove(&seed->queue, ref))
        return;
    for (uint32_t i = 0; i < WEBSEED_GETS; i++)
        if (seed->gets[i].wants != NULL && webseed_get_cancel(&seed->gets[i], ref))
            return;
}

void webseed_manager_take(struct webseed_manager *manager, const struct message *message)
{
    struct webseed *seed = webseed_find(manager, message->peer);
    if (seed == NULL)
        return;
    switch ((int)message->type) {
    case PEER_REQUEST:
        take_request(seed, message);
        break;
    case PEER_CANCEL:
        take_cancel(seed, &message->u.block);
        break;
    case PEER_PAUSE:
        seed->paused = true;
        webseed_leave(seed, PEER_REASON_PAUSED);
        break;
    case PEER_RESUME:
        seed->paused = false;
        seed->retry_ns = 0;
        break;
    case PEER_DISCONNECT:
        webseed_fail(seed, peer_reason_word(message->u.gone.reason));
        break;
    case PEER_BAN:
        webseed_refuse(seed, message->u.gone.reason);
        break;
    default:
        break;
    }
    run_soon(manager);
}

/* ---- life ---- */

void webseed_manager_set_running(struct webseed_manager *manager, bool running)
{
    if (manager->running == running || manager->count == 0)
        return;
    manager->running = running;
    for (uint32_t i = 0; !running && i < manager->count; i++)
        webseed_leave(&manager->seeds[i], PEER_REASON_STOPPED);
}

struct webseed_manager *webseed_manager_new(const struct webseed_manager_config *config)
{
    struct webseed_manager *manager = calloc(1, sizeof *manager);
    if (manager == NULL)
        return NULL;
    manager->config = *config;
    /* Servers know the files by the names that were read. */
    struct metainfo *meta = config->meta->own != NULL ? config->meta->own : config->meta;
    manager->config.meta = metainfo_ref(meta);
    manager->count = meta->webseed_count;
    loop_timer_init(&manager->tick, on_tick, manager);
    loop_timer_init(&manager->resume, on_resume, manager);
    manager->seeds = calloc(manager->count + 1, sizeof *manager->seeds);
    if (manager->seeds == NULL) {
        metainfo_free(manager->config.meta);
        free(manager);
        return NULL;
    }
    for (uint32_t i = 0; i < manager->count; i++) {
        struct webseed *seed = &manager->seeds[i];
        seed->manager = manager;
        seed->last_piece = UINT32_MAX;
        seed->url = meta->webseeds[i];
        seed->ref.index = PEER_INDEX_WEBSEEDS + i;
        for (uint32_t j = 0; j < WEBSEED_GETS; j++)
            seed->gets[j].seed = seed;
    }
    return manager;
}

void webseed_manager_free(struct webseed_manager *manager)
{
    if (manager == NULL)
        return;
    for (uint32_t i = 0; i < manager->count; i++) {
        struct webseed *seed = &manager->seeds[i];
        webseed_leave(seed, PEER_REASON_STOPPED);
        bitfield_done(&seed->bits);
        free(seed->missing);
    }
    loop_timer_cancel(manager->config.loop, &manager->tick);
    loop_timer_cancel(manager->config.loop, &manager->resume);
    metainfo_free(manager->config.meta);
    free(manager->seeds);
    free(manager);
}
