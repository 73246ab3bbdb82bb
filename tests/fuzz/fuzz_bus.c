/* Any sequence of posts, takes and turns keeps order, bounds, and every block and text.
 */
#include "bus/bus.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY        400u
#define WORKER_CAPACITY 100u
#define EVENT_CAPACITY  32u
#define BLOCKS          8u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct story {
    struct block_pool *pool;
    struct bus *bus;
    struct worker_bus *worker;
    struct event_bus *events;
    uint32_t posted, taken; /* numbers on the bus: order */
    uint32_t firsts;        /* times it was told that the bus is empty no longer */
    uint32_t errors_posted, errors_heard;
    uint32_t heard_twice; /* by a second listener, while there is one */
    uint32_t woken;       /* for the worker's bus */
    bool second, waits;
};

static void hear(void *context, const struct message *event)
{
    struct story *story = context;
    story->errors_heard += event->type == EVENT_ERROR;
}

static void hear_too(void *context, const struct message *event)
{
    struct story *story = context;
    (void)event;
    story->heard_twice++;
}

static void wake(void *context)
{
    struct story *story = context;
    story->woken++;
}

static void note_first(void *context)
{
    struct story *story = context;
    assert(bus_length(story->bus) == 1);
    story->firsts++;
}

static void post_numbered(struct story *story)
{
    struct message message = {.type = PEER_BLOCK_ARRIVED};
    struct block *block = block_pool_take(story->pool);
    if (block == NULL)
        return;
    block->tag = story->posted;
    message.u.block_data.block = block;
    if (bus_post(story->bus, &message) == ERROR_NONE)
        story->posted++;
    else
        message_done(&message, story->pool);
}

/* Messages that hold nothing, as many as make a bus grow or are too many for it. */
static void post_many(struct story *story, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct message message = {.type = PEER_HAVE, .u.piece.piece = story->posted};
        const size_t room = bus_room(story->bus), length = bus_length(story->bus);
        const uint32_t firsts = story->firsts;
        const enum error_code error = bus_post(story->bus, &message);
        assert(error == (room > 0 ? ERROR_NONE : ERROR_FULL));
        assert(story->firsts == firsts + (length == 0));
        story->posted += room > 0;
    }
}

/* On it goes to the worker's bus, or back. */
static void take_numbered(struct story *story)
{
    struct message message;
    if (!bus_take(story->bus, &message)) {
        assert(story->posted == story->taken);
        return;
    }
    struct message on = message;
    if (message.type == PEER_HAVE) {
        assert(message.u.piece.piece == story->taken);
    } else {
        assert(message.u.block_data.block->tag == story->taken);
        on = (struct message){.type = DISK_HASH};
        on.u.run.chain = message.u.block_data.block;
    }
    story->taken++;
    if (worker_bus_post(story->worker, &on) != ERROR_NONE)
        message_done(&message, story->pool);
}

static void take_worker(struct story *story)
{
    struct message message;
    if (story->waits ? worker_bus_wait(story->worker, &message)
                     : worker_bus_take(story->worker, &message))
        message_done(&message, story->pool);
}

/* Closed, it is waited at no longer: what is there comes, and then nothing. */
static void close_worker(struct story *story)
{
    worker_bus_close(story->worker);
    story->waits = true;
}

static void change_listeners(struct story *story)
{
    if (story->second) {
        event_bus_unlisten(story->events, hear_too, story);
    } else {
        const enum error_code error = event_bus_listen(story->events, hear_too, story);
        assert(error == ERROR_NONE);
    }
    story->second = !story->second;
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

static void turn(struct story *story, struct loop *loop)
{
    const uint32_t heard = story->heard_twice;
    loop_turn(loop, 0);
    assert(story->errors_heard == story->errors_posted);
    assert(story->second || story->heard_twice == heard);
}

static void play(struct story *story, struct loop *loop, uint8_t what)
{
    switch (what % 8) {
    case 0:
        post_numbered(story);
        break;
    case 1:
        for (int i = 0; i <= what / 8; i++)
            take_numbered(story);
        break;
    case 2:
        for (int i = 0; i <= what / 8; i++)
            take_worker(story);
        break;
    case 3:
        post_event(story, what);
        break;
    case 4:
        post_many(story, what / 4);
        break;
    case 5:
        change_listeners(story);
        break;
    case 6:
        if (what > 250)
            close_worker(story);
        break;
    default:
        turn(story, loop);
        break;
    }
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
        .worker = worker_bus_new(WORKER_CAPACITY),
        .events = event_bus_new(loop, EVENT_CAPACITY),
    };
    const enum error_code listening = event_bus_listen(story.events, hear, &story);
    assert(listening == ERROR_NONE);
    struct loop_wake *wakes = loop_wake_new(loop, wake, &story);
    assert(wakes != NULL);
    worker_bus_set_wake(story.worker, wakes);
    bus_set_notify(story.bus, note_first, &story);
    for (size_t i = 0; i < length && i < 1024; i++) {
        play(&story, loop, bytes[i]);
        assert(bus_length(story.bus) == story.posted - story.taken);
    }
    worker_bus_set_wake(story.worker, NULL);
    loop_wake_free(wakes);
    bus_free(story.bus, story.pool);
    worker_bus_free(story.worker, story.pool);
    assert(block_pool_left(story.pool) == BLOCKS);
    event_bus_free(story.events);
    block_pool_free(story.pool);
    loop_free(loop);
    return 0;
}
