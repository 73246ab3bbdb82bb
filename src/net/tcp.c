#include "net/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Unsent bytes the kernel may hold: enough to keep a fast link busy, little enough for a
 * choke or a cancel to act soon. */
#define NOTSENT_LOW_BYTES (128 * 1024)

#define REST_NS (100 * NS_PER_MS)

/* On a long and fast path most of the send buffer is taken by what is under way, and the
 * kernel calls a socket writable only when a third of the buffer is free: what is unsent
 * runs out although there is room, and a congestion control that cares (BBR) takes us for
 * one with little to say and never ends its start, with losses in each round trip. While
 * so much is under way, more is offered every INSIST_NS; ever less often while none is
 * taken, in the end not before POLLOUT. */
#define INSIST_BYTES   (1 << 20)
#define INSIST_NS      (2 * NS_PER_MS)
#define INSIST_MOST_NS (128 * NS_PER_MS)

/* The other side has closed while nothing is read here, for a rate limit perhaps: what it
 * sent may still be read for so long, then the socket is not left lying about. */
#define CLOSED_NS (8 * NS_PER_S)

struct tcp {
    struct stream stream; /* first */
    struct loop_slot *slot;
    int fd;
    bool connecting;
    bool resting; /* nothing is sent until REST is over */
    bool closing; /* the other side has closed: it is over when CLOSED fires */
    short events;
    struct loop *loop;
    struct loop_timer rest, closed;
    struct loop_timer insist;
    uint64_t insist_ns; /* until it is tried again */
};

static struct tcp *tcp_of(struct stream *stream)
{
    return (struct tcp *)(void *)stream;
}

static void tcp_apply_events(struct tcp *tcp)
{
    const int hidden = tcp->resting ? POLLOUT : 0;
    const int added = (tcp->events & POLLIN) == 0 && !tcp->closing ? POLLRDHUP : 0;
    if (!tcp->connecting)
        loop_slot_set_events(tcp->slot, (short)((tcp->events & ~hidden) | added));
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

static int tcp_held_bytes(const struct tcp *tcp)
{
    int bytes = 0;
#ifdef TIOCOUTQ
    if (ioctl(tcp->fd, TIOCOUTQ, &bytes) != 0)
        return 0;
#else
    (void)tcp;
#endif
    return bytes;
}

/* The kernel did not take all. */
static void tcp_insist(struct tcp *tcp)
{
    if (tcp->insist_ns <= INSIST_MOST_NS && tcp_held_bytes(tcp) >= INSIST_BYTES)
        loop_timer_set_in(tcp->loop, &tcp->insist, tcp->insist_ns);
}

static void tcp_on_insist(void *context)
{
    struct tcp *tcp = context;
    tcp->insist_ns *= 2;
    if ((tcp->events & POLLOUT) != 0 && !tcp->resting)
        tcp->stream.callbacks->on_writable(tcp->stream.context);
}

static size_t bytes_of(const struct iovec *iov, int count)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += iov[i].iov_len;
    return bytes;
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
    if (sent < 0) {
        const enum error_code error = error_from_errno(errno);
        if (error == ERROR_AGAIN)
            tcp_insist(tcp_of(stream));
        return error;
    }
    tcp_of(stream)->insist_ns = INSIST_NS;
    if ((size_t)sent < bytes_of(iov, count))
        tcp_insist(tcp_of(stream));
    *ret_bytes = (size_t)sent;
    return ERROR_NONE;
}

static void tcp_set_interest(struct stream *stream, bool read, bool write)
{
    struct tcp *tcp = tcp_of(stream);
    const short events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    if (events == tcp->events)
        return;
    if (!write)
        loop_timer_cancel(tcp->loop, &tcp->insist);
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
    loop_timer_cancel(tcp->loop, &tcp->closed);
    loop_timer_cancel(tcp->loop, &tcp->insist);
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

static void tcp_on_closed(void *context)
{
    struct tcp *tcp = context;
    tcp->stream.callbacks->on_error(tcp->stream.context, ERROR_CLOSED);
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
    else if ((revents & POLLRDHUP) != 0) {
        tcp->closing = true;
        tcp_apply_events(tcp);
        loop_timer_set_in(tcp->loop, &tcp->closed, CLOSED_NS);
    }
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
    tcp->insist_ns = INSIST_NS;
    loop_timer_init(&tcp->rest, tcp_on_rested, tcp);
    loop_timer_init(&tcp->closed, tcp_on_closed, tcp);
    loop_timer_init(&tcp->insist, tcp_on_insist, tcp);
    set_options(fd);
    tcp->slot =
        loop_add(loop, fd, connecting ? POLLOUT : POLLIN, LOOP_COLD, tcp_on_ready, tcp);
    if (tcp->slot == NULL) {
        free(tcp);
        return NULL;
    }
    return &tcp->stream;
}
