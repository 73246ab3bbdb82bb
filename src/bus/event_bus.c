#include "bus/bus.h"

#include <stdlib.h>

#define LISTENERS_MAX 16
/* Twins are looked for among the newest few: that is where a busy torrent's are. */
#define MERGE_LOOK_BACK 16

struct event_bus {
    struct loop *loop;
    struct loop_hook hook;
    struct message *queue;
    size_t length, capacity, soft_limit;
    bool lost; /* something gave way: all may have changed */
    struct {
        event_listener *listener;
        void *context;
    } listeners[LISTENERS_MAX];
};

static void tell_all(const struct event_bus *events, const struct message *event)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++)
        if (events->listeners[i].listener != NULL)
            events->listeners[i].listener(events->listeners[i].context, event);
}

static bool event_bus_drain(void *context)
{
    struct event_bus *events = context;
    struct message *queue = events->queue;
    const size_t length = events->length;
    if (length == 0)
        return false;
    const bool lost = events->lost;
    events->lost = false;
    /* What listeners post goes to a fresh queue and out next turn. */
    events->queue = NULL;
    events->length = events->capacity = 0;
    for (size_t i = 0; i < length; i++) {
        tell_all(events, &queue[i]);
        message_done(&queue[i], NULL);
    }
    free(queue);
    if (lost)
        tell_all(events, &(const struct message){.type = EVENT_SESSION_CHANGED,
                                                 .u.changed.what = CHANGED_ALL});
    return events->length > 0;
}

struct event_bus *event_bus_new(struct loop *loop, size_t capacity)
{
    struct event_bus *events = calloc(1, sizeof *events);
    if (events == NULL)
        return NULL;
    events->loop = loop;
    events->soft_limit = capacity;
    events->hook =
        (struct loop_hook){.callback = event_bus_drain, .context = events, .order = 50};
    loop_hook_add(loop, &events->hook);
    return events;
}

void event_bus_free(struct event_bus *events)
{
    if (events == NULL)
        return;
    loop_hook_remove(events->loop, &events->hook);
    for (size_t i = 0; i < events->length; i++)
        message_done(&events->queue[i], NULL);
    free(events->queue);
    free(events);
}

static bool merge_into_twin(struct event_bus *events, const struct message *event)
{
    for (size_t i = 0; i < events->length && i < MERGE_LOOK_BACK; i++)
        if (message_merge(&events->queue[events->length - 1 - i], event))
            return true;
    return false;
}

static bool may_be_lost(enum message_type type)
{
    return type == EVENT_TORRENT_CHANGED || type == EVENT_SESSION_CHANGED ||
           type == EVENT_PIECE || type == EVENT_PEER;
}

static enum error_code event_bus_reserve(struct event_bus *events)
{
    if (events->length < events->capacity)
        return ERROR_NONE;
    const size_t capacity = events->capacity == 0 ? 64 : events->capacity * 2;
    struct message *queue = realloc(events->queue, capacity * sizeof *events->queue);
    if (queue == NULL)
        return ERROR_MEMORY;
    events->queue = queue;
    events->capacity = capacity;
    return ERROR_NONE;
}

void event_bus_post(struct event_bus *events, const struct message *event)
{
    struct message copy = *event;
    if (merge_into_twin(events, event))
        return;
    loop_do_not_sleep(events->loop); /* the hook may have run already */
    const bool full = events->length >= events->soft_limit && may_be_lost(event->type);
    if (full || event_bus_reserve(events) != ERROR_NONE) {
        events->lost = true;
        message_done(&copy, NULL);
        return;
    }
    events->queue[events->length++] = copy;
}

enum error_code event_bus_listen(struct event_bus *events, event_listener *listener,
                                 void *context)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        if (events->listeners[i].listener == NULL) {
            events->listeners[i].listener = listener;
            events->listeners[i].context = context;
            return ERROR_NONE;
        }
    }
    return ERROR_FULL;
}

void event_bus_unlisten(struct event_bus *events, event_listener *listener, void *context)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++)
        if (events->listeners[i].listener == listener &&
            events->listeners[i].context == context)
            events->listeners[i].listener = NULL;
}
