#include "net/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Unsent bytes the kernel may hold: enough to keep a fast link busy, little enough for a
 * choke or a cancel to act soon. */
#define NOTSENT_LOW_BYTES (128 * 1024)

#define REST_NS (100 * NS_PER_MS)

struct tcp {
    struct stream stream; /* first */
    struct loop_slot *slot;
    int fd;
    bool connecting;
    bool resting; /* nothing is sent until REST is over */
    short events;
    struct loop *loop;
    struct loop_timer rest;
};

static struct tcp *tcp_of(struct stream *stream)
{
    return (struct tcp *)(void *)stream;
}

static void tcp_apply_events(struct tcp *tcp)
{
    const int hidden = tcp->resting ? POLLOUT : 0;
    if (!tcp->connecting)
        loop_slot_set_events(tcp->slot, (short)(tcp->events & ~hidden));
}

static enum error_code error_of(ssize_t result)
{
    if (result == 0)
        return ERROR_CLOSED;
    return error_from_errno(errno);
}

static enum error_code tcp_readv(struct stream *stream, const struct iovec *iov,
                                 int count, size_t *ret_bytes)
{
    ssize_t got;
    do
        got = readv(tcp_of(stream)->fd, iov, count);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return error_of(got);
    *ret_bytes = (size_t)got;
    return ERROR_NONE;
}

/* The kernel has no memory to send: the socket says that it is writable all the same. */
static void tcp_rest(struct tcp *tcp)
{
    tcp->resting = true;
    loop_timer_set_in(tcp->loop, &tcp->rest, REST_NS);
    tcp_apply_events(tcp);
}

static void tcp_on_rested(void *context)
{
    struct tcp *tcp = context;
    tcp->resting = false;
    tcp_apply_events(tcp);
}

static enum error_code tcp_writev(struct stream *stream, const struct iovec *iov,
                                  int count, size_t *ret_bytes)
{
    const struct msghdr message = {
        .msg_iov = (struct iovec *)(uintptr_t)iov,
        .msg_iovlen = (size_t)count,
    };
    ssize_t sent;
    do
        sent = sendmsg(tcp_of(stream)->fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == ENOBUFS || errno == ENOMEM)) {
        tcp_rest(tcp_of(stream));
        return ERROR_AGAIN;
    }
    if (sent < 0)
        return error_from_errno(errno);
    *ret_bytes = (size_t)sent;
    return ERROR_NONE;
}

static void tcp_set_interest(struct stream *stream, bool read, bool write)
{
    struct tcp *tcp = tcp_of(stream);
    const short events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    if (events == tcp->events)
        return;
    tcp->events = events;
    tcp_apply_events(tcp);
}

static void tcp_set_heat(struct stream *stream, enum loop_heat heat)
{
    loop_slot_set_heat(tcp_of(stream)->slot, heat);
}

static void tcp_close(struct stream *stream)
{
    struct tcp *tcp = tcp_of(stream);
    loop_timer_cancel(tcp->loop, &tcp->rest);
    loop_slot_remove(tcp->slot);
    close(tcp->fd);
    free(tcp);
}

static const struct stream_ops tcp_ops = {tcp_readv, tcp_writev, tcp_set_interest,
                                          tcp_set_heat, tcp_close};

static void tcp_on_connect(struct tcp *tcp)
{
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        error = errno;
    if (error != 0) {
        tcp->stream.callbacks->on_error(tcp->stream.context, error_from_errno(error));
        return;
    }
    tcp->connecting = false;
    tcp_apply_events(tcp);
    tcp->stream.callbacks->on_connected(tcp->stream.context);
}

static void tcp_on_ready(void *context, short revents)
{
    struct tcp *tcp = context;
    const struct loop_slot *slot = tcp->slot; /* outlives a close until the turn ends */
    if (tcp->connecting) {
        tcp_on_connect(tcp);
        return;
    }
    /* What still can be read is read before an end is believed: the callback finds it
     * out. */
    if ((revents & (POLLIN | POLLERR | POLLHUP)) != 0 && (tcp->events & POLLIN) != 0)
        tcp->stream.callbacks->on_readable(tcp->stream.context);
    else if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
        tcp->stream.callbacks->on_error(tcp->stream.context, ERROR_CLOSED);
    /* Both in one turn, or a peer that never stops sending would never be sent to. */
    if ((revents & POLLOUT) != 0 && !loop_slot_is_removed(slot) &&
        (tcp->events & POLLOUT) != 0)
        tcp->stream.callbacks->on_writable(tcp->stream.context);
}

static void set_options(int fd)
{
    const int one = 1, low = NOTSENT_LOW_BYTES;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof low);
}

struct stream *stream_tcp_new(struct loop *loop, int fd, const struct netaddr *remote,
                              bool connecting)
{
    struct tcp *tcp = calloc(1, sizeof *tcp);
    if (tcp == NULL)
        return NULL;
    tcp->stream.ops = &tcp_ops;
    tcp->stream.remote = *remote;
    tcp->fd = fd;
    tcp->connecting = connecting;
    tcp->events = POLLIN;
    tcp->loop = loop;
    loop_timer_init(&tcp->rest, tcp_on_rested, tcp);
    set_options(fd);
    tcp->slot =
        loop_add(loop, fd, connecting ? POLLOUT : POLLIN, LOOP_COLD, tcp_on_ready, tcp);
    if (tcp->slot == NULL) {
        free(tcp);
        return NULL;
    }
    return &tcp->stream;
}
