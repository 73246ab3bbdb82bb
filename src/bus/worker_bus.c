#include "bus/bus.h"

#include <pthread.h>
#include <stdlib.h>

/* Had from the start: however little memory is left, a message finds room as soon as
 * those before it were taken. */
#define FIRST_CAPACITY 64u

/* Posters fill one array under the lock; the taker swaps it with its own, so that it
 * takes the lock once a batch, not once a message. One taker at a time. */
struct worker_bus {
    pthread_mutex_t mutex;
    pthread_cond_t posted;
    struct message *incoming;
    size_t incoming_length, incoming_capacity;
    size_t limit;
    bool closed;
    struct loop_wake *wake;
    struct message *batch; /* the taker's */
    size_t batch_at, batch_length, batch_capacity;
};

struct worker_bus *worker_bus_new(size_t capacity)
{
    struct worker_bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return NULL;
    bus->limit = capacity;
    bus->incoming_capacity = bus->batch_capacity = FIRST_CAPACITY;
    bus->incoming = calloc(FIRST_CAPACITY, sizeof *bus->incoming);
    bus->batch = calloc(FIRST_CAPACITY, sizeof *bus->batch);
    if (bus->incoming == NULL || bus->batch == NULL) {
        free(bus->incoming);
        free(bus->batch);
        free(bus);
        return NULL;
    }
    pthread_mutex_init(&bus->mutex, NULL);
    pthread_cond_init(&bus->posted, NULL);
    return bus;
}

void worker_bus_free(struct worker_bus *bus, struct block_pool *pool)
{
    struct message message;
    if (bus == NULL)
        return;
    while (worker_bus_take(bus, &message))
        message_done(&message, pool);
    pthread_mutex_destroy(&bus->mutex);
    pthread_cond_destroy(&bus->posted);
    free(bus->incoming);
    free(bus->batch);
    free(bus);
}

static enum error_code append(struct worker_bus *bus, const struct message *message)
{
    if (bus->incoming_length >= bus->limit)
        return ERROR_FULL;
    if (bus->incoming_length == bus->incoming_capacity) {
        const size_t capacity = bus->incoming_capacity * 2;
        struct message *incoming = realloc(bus->incoming, capacity * sizeof *incoming);
        if (incoming == NULL)
            return ERROR_MEMORY;
        bus->incoming = incoming;
        bus->incoming_capacity = capacity;
    }
    bus->incoming[bus->incoming_length++] = *message;
    return ERROR_NONE;
}

enum error_code worker_bus_post(struct worker_bus *bus, const struct message *message)
{
    pthread_mutex_lock(&bus->mutex);
    const enum error_code error = append(bus, message);
    const bool first = error == ERROR_NONE && bus->incoming_length == 1;
    /* Under the lock, so that set_wake can promise that nobody is at the old one. */
    if (first && bus->wake != NULL)
        loop_wake_signal(bus->wake);
    pthread_mutex_unlock(&bus->mutex);
    if (first) /* who is woken finds the lock free */
        pthread_cond_signal(&bus->posted);
    return error;
}

/* With the lock held: makes what came the taker's batch. */
static void swap_batch(struct worker_bus *bus)
{
    struct message *empty = bus->batch;
    const size_t empty_capacity = bus->batch_capacity;
    bus->batch = bus->incoming;
    bus->batch_capacity = bus->incoming_capacity;
    bus->batch_length = bus->incoming_length;
    bus->batch_at = 0;
    bus->incoming = empty;
    bus->incoming_capacity = empty_capacity;
    bus->incoming_length = 0;
}

static bool take_from_batch(struct worker_bus *bus, struct message *ret_message)
{
    if (bus->batch_at == bus->batch_length)
        return false;
    *ret_message = bus->batch[bus->batch_at++];
    return true;
}

bool worker_bus_take(struct worker_bus *bus, struct message *ret_message)
{
    if (take_from_batch(bus, ret_message))
        return true;
    pthread_mutex_lock(&bus->mutex);
    swap_batch(bus);
    pthread_mutex_unlock(&bus->mutex);
    return take_from_batch(bus, ret_message);
}

bool worker_bus_wait(struct worker_bus *bus, struct message *ret_message)
{
    if (take_from_batch(bus, ret_message))
        return true;
    pthread_mutex_lock(&bus->mutex);
    while (bus->incoming_length == 0 && !bus->closed)
        pthread_cond_wait(&bus->posted, &bus->mutex);
    swap_batch(bus);
    pthread_mutex_unlock(&bus->mutex);
    return take_from_batch(bus, ret_message);
}

void worker_bus_close(struct worker_bus *bus)
{
    pthread_mutex_lock(&bus->mutex);
    bus->closed = true;
    pthread_cond_broadcast(&bus->posted);
    pthread_mutex_unlock(&bus->mutex);
}

void worker_bus_set_wake(struct worker_bus *bus, struct loop_wake *wake)
{
    pthread_mutex_lock(&bus->mutex);
    bus->wake = wake;
    pthread_mutex_unlock(&bus->mutex);
}
