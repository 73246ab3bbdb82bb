#include "net/udp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_BYTES  4096
#define PACKET_BUDGET 16 /* a turn */

struct udp {
    struct datagram datagram; /* first */
    struct loop_slot *slot;
    int fd;
    bool reading, closed; /* closed while reading: freed when that is over */
};

static struct udp *udp_of(struct datagram *datagram)
{
    return (struct udp *)(void *)datagram;
}

static enum error_code udp_send(struct datagram *datagram, const uint8_t *bytes,
                                size_t length)
{
    ssize_t sent;
    do
        sent = send(udp_of(datagram)->fd, bytes, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return ERROR_NONE;
    /* A refusal of an earlier packet is reported here too: it is on_error's news. */
    return errno == ENOBUFS || errno == ENOMEM || errno == ECONNREFUSED
               ? ERROR_AGAIN
               : error_from_errno(errno);
}

static void udp_close(struct datagram *datagram)
{
    struct udp *udp = udp_of(datagram);
    loop_slot_remove(udp->slot);
    close(udp->fd);
    udp->closed = true;
    if (!udp->reading)
        free(udp);
}

static const struct datagram_ops udp_ops = {udp_send, udp_close};

static void udp_on_readable(void *context, short revents)
{
    struct udp *udp = context;
    uint8_t bytes[PACKET_BYTES];
    (void)revents;
    udp->reading = true;
    for (int budget = PACKET_BUDGET; budget > 0 && !udp->closed; budget--) {
        const ssize_t got = recv(udp->fd, bytes, sizeof bytes, 0);
        if (got >= 0)
            udp->datagram.callbacks->on_packet(udp->datagram.context, bytes, (size_t)got);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR)
            udp->datagram.callbacks->on_error(udp->datagram.context,
                                              error_from_errno(errno));
    }
    udp->reading = false;
    if (udp->closed)
        free(udp);
}

struct datagram *datagram_udp_new(struct loop *loop, int fd,
                                  const struct datagram_callbacks *callbacks,
                                  void *context)
{
    struct udp *udp = calloc(1, sizeof *udp);
    if (udp == NULL)
        return NULL;
    udp->datagram = (struct datagram){&udp_ops, callbacks, context};
    udp->fd = fd;
    udp->slot = loop_add(loop, fd, POLLIN, LOOP_CONTROL, udp_on_readable, udp);
    if (udp->slot == NULL) {
        free(udp);
        return NULL;
    }
    return &udp->datagram;
}
