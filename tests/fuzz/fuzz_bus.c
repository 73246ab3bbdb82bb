/* Any sequence of posts, takes and turns keeps order, bounds, and every block and text.
 */
#include "bus/bus.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY 32u
#define BLOCKS   8u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct story {
    struct block_pool *pool;
    struct bus *bus;
    struct worker_bus *worker;
    struct event_bus *events;
    uint32_t posted, taken; /* numbers on the bus: order */
    uint32_t errors_posted, errors_heard;
};

static void hear(void *context, const struct message *event)
{
    struct story *story = context;
    story->errors_heard += event->type == EVENT_ERROR;
}

static void post_numbered(struct story *story)
{
    struct message message = {.type = PEER_BLOCK_ARRIVED};
    struct block *block = block_pool_take(story->pool);
    if (block == NULL)
        return;
    block->tag = story->posted;
    message.u.block_data.block = block;
    const enum error_code error = bus_post(story->bus, &message);
    assert(error == ERROR_NONE); /* fewer blocks than places */
    story->posted++;
}

static void take_numbered(struct story *story)
{
    struct message message;
    if (!bus_take(story->bus, &message)) {
        assert(story->posted == story->taken);
        return;
    }
    assert(message.u.block_data.block->tag == story->taken++);
    /* on it goes to the worker's bus, or back */
    struct message on = {.type = DISK_HASH};
    on.u.run.chain = message.u.block_data.block;
    if (worker_bus_post(story->worker, &on) != ERROR_NONE)
        message_done(&message, story->pool);
}

static void take_worker(struct story *story)
{
    struct message message;
    if (worker_bus_take(story->worker, &message))
        message_done(&message, story->pool);
}

static void post_event(struct story *story, uint8_t what)
{
    struct message event = {.type = EVENT_TORRENT_CHANGED, .torrent = {what & 7, 1}};
    if ((what & 0x80) != 0) {
        event.type = EVENT_ERROR;
        event.u.text.text = strdup("text");
        story->errors_posted++;
    } else if ((what & 0x40) != 0) {
        event.type = EVENT_PIECE;
    } else {
        event.u.changed.what = what;
    }
    event_bus_post(story->events, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct clock_virtual clock;
    clock_virtual_init(&clock, NS_PER_S);
    const struct loop_platform platform = loop_platform_virtual(&clock);
    struct loop *loop = loop_new(&platform);
    struct story story = {
        .pool = block_pool_new(BLOCKS * BLOCK_BYTES),
        .bus = bus_new(CAPACITY),
        .worker = worker_bus_new(3),
        .events = event_bus_new(loop, CAPACITY),
    };
    const enum error_code listening = event_bus_listen(story.events, hear, &story);
    assert(listening == ERROR_NONE);
    for (size_t i = 0; i < length && i < 4096; i++) {
        switch (bytes[i] % 5) {
        case 0:
            post_numbered(&story);
            break;
        case 1:
            take_numbered(&story);
            break;
        case 2:
            take_worker(&story);
            break;
        case 3:
            post_event(&story, bytes[i]);
            break;
        default:
            loop_turn(loop, 0);
            assert(story.errors_heard == story.errors_posted);
            break;
        }
        assert(bus_length(story.bus) == story.posted - story.taken);
    }
    bus_free(story.bus, story.pool);
    worker_bus_free(story.worker, story.pool);
    assert(block_pool_left(story.pool) == BLOCKS);
    event_bus_free(story.events);
    block_pool_free(story.pool);
    loop_free(loop);
    return 0;
}
