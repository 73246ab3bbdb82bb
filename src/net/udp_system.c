#include "net/udp_system.h"

#include "net/udp_outgoing.h"
#include "net/udp_source.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define RECEIVE_MESSAGES 16
#define RECEIVE_BYTES    65536 /* of a message: with UDP_GRO many packets of one sender */
#define RECEIVE_ROUNDS   2     /* a turn */
#define ERRORS_A_TURN    32
#define BUFFER_BYTES     (4 * 1024 * 1024)
#define REST_NS          (10 * NS_PER_MS)

struct udp_system {
    struct udp_socket udp; /* first */
    struct loop *loop;
    struct loop_slot *slot;
    struct loop_timer rest; /* the kernel is out of buffers, which poll does not tell */
    uint8_t *received;      /* RECEIVE_MESSAGES x RECEIVE_BYTES; made when first needed */
    int fd;
    bool v6, segments; /* the kernel cuts packets of one length to one address itself */
    bool probing;      /* the socket is set to send whole packets only */
    bool blocked;      /* on_writable is owed */
    bool busy, closed; /* closed while busy: freed when that is over */
    struct udp_source source;
};

union control {
    struct cmsghdr header;
    char
        bytes[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) +
              UDP_SOURCE_SPACE];
};

static struct udp_system *system_of(struct udp_socket *udp)
{
    return (struct udp_system *)(void *)udp;
}

/* ---- what the network says of packets that were sent ---- */

static enum error_code error_of_network(const struct sock_extended_err *error)
{
    return error->ee_errno == ECONNREFUSED ? ERROR_CLOSED : ERROR_OFFLINE;
}

static void tell_error(struct udp_system *system, struct msghdr *message)
{
    struct netaddr to;
    if (netaddr_from_sockaddr(message->msg_name, &to) != ERROR_NONE)
        return;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL;
         at = CMSG_NXTHDR(message, at)) {
        struct sock_extended_err error;
        if (!(at->cmsg_level == SOL_IP && at->cmsg_type == IP_RECVERR) &&
            !(at->cmsg_level == SOL_IPV6 && at->cmsg_type == IPV6_RECVERR))
            continue;
        memcpy(&error, CMSG_DATA(at), sizeof error);
        if (error.ee_errno == EMSGSIZE || (error.ee_origin != SO_EE_ORIGIN_ICMP &&
                                           error.ee_origin != SO_EE_ORIGIN_ICMP6))
            continue;
        system->udp.callbacks->on_refused(system->udp.context, &to,
                                          error_of_network(&error));
        return;
    }
}

static void take_errors(struct udp_system *system)
{
    int pending;
    socklen_t length = sizeof pending;
    (void)getsockopt(system->fd, SOL_SOCKET, SO_ERROR, &pending, &length);
    for (int i = 0; i < ERRORS_A_TURN && !system->closed; i++) {
        struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
        union control control;
        struct msghdr message = {
            .msg_name = &name,
            .msg_namelen = sizeof name,
            .msg_control = &control,
            .msg_controllen = sizeof control,
        };
        if (recvmsg(system->fd, &message, MSG_ERRQUEUE) < 0)
            return;
        tell_error(system, &message);
    }
}

/* ---- sending ---- */

static void set_whole(struct udp_system *system, bool whole)
{
    if (system->probing == whole)
        return;
    system->probing = whole;
    const int mode = system->v6 ? (whole ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT)
                                : (whole ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
    setsockopt(system->fd, system->v6 ? SOL_IPV6 : SOL_IP,
               system->v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &mode, sizeof mode);
}

static bool is_networks_news(int errno_value)
{
    return errno_value == ECONNREFUSED || errno_value == EHOSTUNREACH ||
           errno_value == ENETUNREACH || errno_value == EPROTO ||
           errno_value == EOPNOTSUPP || errno_value == EHOSTDOWN ||
           errno_value == ENOPROTOOPT;
}

/* Of the first message, to TO. ERROR_NONE: try again. */
static enum error_code on_failure(struct udp_system *system,
                                  const struct udp_outgoing *outgoing,
                                  const struct netaddr *to, int errno_value)
{
    if (udp_source_find(&system->source, to, loop_now_ns(system->loop)) != NULL &&
        (errno_value == EINVAL || errno_value == EADDRNOTAVAIL ||
         is_networks_news(errno_value))) {
        udp_source_forget(&system->source, to); /* it may have gone */
        return ERROR_NONE;
    }
    if (outgoing->packets[0] > 1 &&
        (errno_value == EINVAL || errno_value == EIO || errno_value == EMSGSIZE)) {
        system->segments = false; /* not on this interface */
        return ERROR_NONE;
    }
    if (errno_value == EMSGSIZE)
        return ERROR_LIMIT;
    if (errno_value == ENOBUFS || errno_value == ENOMEM)
        loop_timer_set_in(system->loop, &system->rest, REST_NS);
    else if (errno_value == EAGAIN || errno_value == EWOULDBLOCK)
        loop_slot_set_events(system->slot, POLLIN | POLLOUT);
    else if (errno_value == EPERM || errno_value == EACCES)
        return ERROR_ACCESS;
    else
        return ERROR_OFFLINE;
    system->blocked = true;
    return ERROR_AGAIN;
}

/* News of packets sent before come as errors of this one: the second time is meant. */
static enum error_code system_send(struct udp_socket *udp,
                                   const struct udp_packet *packets, uint32_t count,
                                   uint32_t *ret_sent)
{
    struct udp_system *system = system_of(udp);
    struct udp_outgoing outgoing;
    uint32_t done = 0;
    bool again = false;
    enum error_code error = ERROR_NONE;
    while (done < count && error == ERROR_NONE) {
        set_whole(system, packets[done].whole);
        udp_outgoing_collect(&outgoing, packets + done, count - done, system->segments,
                             &system->source, loop_now_ns(system->loop));
        const int sent = udp_outgoing_send(&outgoing, system->fd);
        for (int i = 0; i < sent; i++)
            done += outgoing.packets[i];
        if (sent > 0)
            again = false;
        else if (!again && is_networks_news(errno))
            again = true;
        else
            error = on_failure(system, &outgoing, &packets[done].to, errno);
    }
    *ret_sent = done;
    return error;
}

static void on_rested(void *context)
{
    struct udp_system *system = context;
    system->blocked = false;
    system->udp.callbacks->on_writable(system->udp.context);
}

/* ---- receiving ---- */

static uint32_t segment_of(struct msghdr *message, uint32_t length)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL;
         at = CMSG_NXTHDR(message, at)) {
        int segment;
        if (at->cmsg_level != SOL_UDP || at->cmsg_type != UDP_GRO)
            continue;
        memcpy(&segment, CMSG_DATA(at), sizeof segment);
        return segment > 0 ? (uint32_t)segment : length;
    }
    return length;
}

static void hand_out(struct udp_system *system, struct mmsghdr *message)
{
    struct netaddr from;
    const uint8_t *bytes = message->msg_hdr.msg_iov->iov_base;
    const uint32_t length = message->msg_len;
    const uint32_t segment = segment_of(&message->msg_hdr, length);
    if (netaddr_from_sockaddr(message->msg_hdr.msg_name, &from) != ERROR_NONE)
        return;
    udp_source_note(&system->source, &from, &message->msg_hdr, loop_now_ns(system->loop));
    for (uint32_t at = 0; at < length && !system->closed;) {
        const uint32_t part = length - at < segment ? length - at : segment;
        system->udp.callbacks->on_packet(system->udp.context, &from, bytes + at, part);
        at += part;
    }
}

/* How many messages came; 0: none is left. */
static int receive(struct udp_system *system)
{
    struct mmsghdr messages[RECEIVE_MESSAGES];
    struct iovec parts[RECEIVE_MESSAGES];
    struct sockaddr_storage names[RECEIVE_MESSAGES];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int)) + UDP_SOURCE_SPACE];
    } controls[RECEIVE_MESSAGES];
    for (int i = 0; i < RECEIVE_MESSAGES; i++) {
        parts[i] =
            (struct iovec){system->received + (size_t)i * RECEIVE_BYTES, RECEIVE_BYTES};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &names[i],
            .msg_namelen = sizeof names[i],
            .msg_iov = &parts[i],
            .msg_iovlen = 1,
            .msg_control = &controls[i],
            .msg_controllen = sizeof controls[i],
        };
    }
    const int count =
        recvmmsg(system->fd, messages, RECEIVE_MESSAGES, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count && !system->closed; i++)
        hand_out(system, &messages[i]);
    return count < 0 ? 0 : count;
}

static void receive_all(struct udp_system *system)
{
    if (system->received == NULL)
        system->received = malloc((size_t)RECEIVE_MESSAGES * RECEIVE_BYTES);
    if (system->received == NULL)
        return; /* they wait in the kernel, or are lost there */
    for (int i = 0; i < RECEIVE_ROUNDS && !system->closed; i++) {
        const int count = receive(system);
        if (count > 0 && !system->closed)
            system->udp.callbacks->on_batch_end(system->udp.context);
        if (count < RECEIVE_MESSAGES)
            break;
    }
}

static void free_closed(struct udp_system *system)
{
    free(system->received);
    free(system);
}

static void on_ready(void *context, short revents)
{
    struct udp_system *system = context;
    system->busy = true;
    if ((revents & POLLERR) != 0)
        take_errors(system);
    if ((revents & POLLIN) != 0 && !system->closed)
        receive_all(system);
    if ((revents & POLLOUT) != 0 && !system->closed) {
        loop_slot_set_events(system->slot, POLLIN);
        if (system->blocked) {
            system->blocked = false;
            system->udp.callbacks->on_writable(system->udp.context);
        }
    }
    system->busy = false;
    if (system->closed)
        free_closed(system);
}

/* ---- life ---- */

static void system_close(struct udp_socket *udp)
{
    struct udp_system *system = system_of(udp);
    loop_timer_cancel(system->loop, &system->rest);
    loop_slot_remove(system->slot);
    close(system->fd);
    system->closed = true;
    if (!system->busy)
        free_closed(system);
}

static const struct udp_socket_ops system_ops = {system_send, system_close};

/* What a kernel lacks is done without. */
static void set_options(struct udp_system *system)
{
    const int one = 1, bytes = BUFFER_BYTES;
    int segment;
    socklen_t length = sizeof segment;
    setsockopt(system->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(system->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    setsockopt(system->fd, system->v6 ? SOL_IPV6 : SOL_IP,
               system->v6 ? IPV6_RECVERR : IP_RECVERR, &one, sizeof one);
    setsockopt(system->fd, SOL_UDP, UDP_GRO, &one, sizeof one);
    system->segments =
        getsockopt(system->fd, SOL_UDP, UDP_SEGMENT, &segment, &length) == 0;
    system->probing = true;
    set_whole(system, false);
    udp_source_init(&system->source, system->fd);
}

struct udp_socket *udp_system_new(struct loop *loop, int fd, enum netaddr_family family,
                                  const struct udp_socket_callbacks *callbacks,
                                  void *context)
{
    struct udp_system *system = calloc(1, sizeof *system);
    if (system == NULL)
        return NULL;
    system->udp = (struct udp_socket){&system_ops, callbacks, context};
    system->loop = loop;
    system->fd = fd;
    system->v6 = family == NETADDR_V6;
    loop_timer_init(&system->rest, on_rested, system);
    set_options(system);
    system->slot = loop_add(loop, fd, POLLIN, LOOP_CONTROL, on_ready, system);
    if (system->slot == NULL) {
        free(system);
        return NULL;
    }
    return &system->udp;
}
