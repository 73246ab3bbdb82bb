/*
 * Datagrams to and from one remote address, never blocking: what others send does not
 * arrive. May be closed from inside any of its callbacks. Loop thread.
 */
#ifndef BTTUI_NET_DATAGRAM_H
#define BTTUI_NET_DATAGRAM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct datagram;

struct datagram_callbacks {
    /* BYTES live during the call. */
    void (*on_packet)(void *context, const uint8_t *bytes, size_t length);
    /* The network says that nobody is there; the socket stays usable. */
    void (*on_error)(void *context, enum error_code error);
};

struct datagram_ops {
    enum error_code (*send)(struct datagram *datagram, const uint8_t *bytes,
                            size_t length);
    void (*close)(struct datagram *datagram);
};

/* What every kind of datagram socket begins with. */
struct datagram {
    const struct datagram_ops *ops;
    const struct datagram_callbacks *callbacks;
    void *context;
};

/* ERROR_AGAIN: no room now, the packet is lost. Others: it cannot be sent from here. */
static inline enum error_code datagram_send(struct datagram *datagram,
                                            const uint8_t *bytes, size_t length)
{
    return datagram->ops->send(datagram, bytes, length);
}
/* NULL is ignored. No callback comes after this. */
static inline void datagram_close(struct datagram *datagram)
{
    if (datagram != NULL)
        datagram->ops->close(datagram);
}

#endif
