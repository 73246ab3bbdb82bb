/*
 * Buses. A `bus` is a bounded queue of messages inside the loop thread; posting
 * queues, nothing is delivered inside the poster's call. A `worker_bus` is the
 * same between threads, with a condition for the worker's side and a loop_wake
 * for the loop's.
 *
 * "Something changed" messages merge with a twin still in the queue; data never
 * does. When a bus is full, bus_post returns ERROR_FULL and the poster keeps what
 * the message held: each message's comment in message.h says what it does then.
 */
#ifndef BTTUI_BUS_BUS_H
#define BTTUI_BUS_BUS_H

#include "base/error.h"
#include "bus/message.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bus;

/* Starts with no storage, grows by doubling up to CAPACITY messages, and lets go of what
 * a burst made it take. */
struct bus *bus_new(size_t capacity);
/* Undelivered messages are passed to message_done with POOL (may be NULL). */
void bus_free(struct bus *bus, struct block_pool *pool);
/* Takes over what MESSAGE holds, unless it fails (ERROR_FULL, ERROR_MEMORY). */
enum error_code bus_post(struct bus *bus, const struct message *message) MUST_CHECK;
/* The oldest message, whose content is now the caller's; false: empty. */
bool bus_take(struct bus *bus, struct message *ret_message);
size_t bus_length(const struct bus *bus);
size_t bus_room(const struct bus *bus);
/* ON_FIRST is called when a message is posted to an empty bus: the owner notes that there
 * is work, it must not take from inside. */
void bus_set_notify(struct bus *bus, void (*on_first)(void *context), void *context);

/* ---- the event bus: one poster's news to many listeners (views, headless, log, resume)
 * ---- */
struct event_bus;
typedef void event_listener(void *context, const struct message *event);

struct event_bus *event_bus_new(struct loop *loop, size_t capacity);
void event_bus_free(struct event_bus *events);
/* Takes over what EVENT holds. Merges "changed" events with a twin in the queue. Full:
 * changes and news of single peers and pieces give way to one EVENT_SESSION_CHANGED that
 * says everything may have changed; EVENT_ERROR, EVENT_BAN, EVENT_COMPLETED and the like
 * are never lost (the queue grows). */
void event_bus_post(struct event_bus *events, const struct message *event);
/* Listeners are called when the bus is drained, once a turn, never inside post.
 * ERROR_FULL: too many. A listener may remove itself or another. */
enum error_code event_bus_listen(struct event_bus *events, event_listener *listener,
                                 void *context) MUST_CHECK;
void event_bus_unlisten(struct event_bus *events, event_listener *listener,
                        void *context);

/* ---- between threads ---- */
struct worker_bus;
struct worker_bus *worker_bus_new(size_t capacity);
void worker_bus_free(struct worker_bus *bus, struct block_pool *pool);
/* Any thread; never waits. When WAKE was set, signals it (coalesced). Takes over what
 * MESSAGE holds, unless it fails (ERROR_FULL, ERROR_MEMORY). */
enum error_code worker_bus_post(struct worker_bus *bus,
                                const struct message *message) MUST_CHECK;
bool worker_bus_take(struct worker_bus *bus, struct message *ret_message);
/* Worker side: waits until there is a message (true) or the bus was closed and is empty.
 */
bool worker_bus_wait(struct worker_bus *bus, struct message *ret_message);
void worker_bus_close(struct worker_bus *bus);
/* NULL: nobody is woken any more, once this returns. */
void worker_bus_set_wake(struct worker_bus *bus, struct loop_wake *wake);

#endif
