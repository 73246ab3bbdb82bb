#include "bus/bus.h"

#include <stdlib.h>

/* What an empty bus keeps at most: an idle torrent costs kilobytes, and growing again is
 * little beside the work of so many messages. */
#define BUS_KEPT 256u

struct bus {
    struct message *ring;
    size_t capacity; /* of the ring now: a power of two or 0 */
    size_t limit;
    size_t head, length;
    void (*on_first)(void *context);
    void *context;
};

struct bus *bus_new(size_t capacity)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (bus != NULL)
        bus->limit = capacity;
    return bus;
}

void bus_free(struct bus *bus, struct block_pool *pool)
{
    struct message message;
    if (bus == NULL)
        return;
    while (bus_take(bus, &message))
        message_done(&message, pool);
    free(bus->ring);
    free(bus);
}

void bus_set_notify(struct bus *bus, void (*on_first)(void *context), void *context)
{
    bus->on_first = on_first;
    bus->context = context;
}

static enum error_code bus_grow(struct bus *bus)
{
    const size_t capacity = bus->capacity == 0 ? 16 : bus->capacity * 2;
    struct message *ring = malloc(capacity * sizeof *ring);
    if (ring == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < bus->length; i++)
        ring[i] = bus->ring[(bus->head + i) & (bus->capacity - 1)];
    free(bus->ring);
    bus->ring = ring;
    bus->capacity = capacity;
    bus->head = 0;
    return ERROR_NONE;
}

enum error_code bus_post(struct bus *bus, const struct message *message)
{
    if (bus->length >= bus->limit)
        return ERROR_FULL;
    if (bus->length == bus->capacity) {
        const enum error_code error = bus_grow(bus);
        if (error != ERROR_NONE)
            return error;
    }
    bus->ring[(bus->head + bus->length++) & (bus->capacity - 1)] = *message;
    if (bus->length == 1 && bus->on_first != NULL)
        bus->on_first(bus->context);
    return ERROR_NONE;
}

bool bus_take(struct bus *bus, struct message *ret_message)
{
    if (bus->length == 0)
        return false;
    *ret_message = bus->ring[bus->head];
    bus->head = (bus->head + 1) & (bus->capacity - 1);
    if (--bus->length == 0 && bus->capacity > BUS_KEPT) {
        free(bus->ring);
        bus->ring = NULL;
        bus->capacity = bus->head = 0;
    }
    return true;
}

size_t bus_length(const struct bus *bus)
{
    return bus->length;
}

size_t bus_room(const struct bus *bus)
{
    return bus->limit - bus->length;
}
