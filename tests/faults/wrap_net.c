/* The calls that reach a network, a thread, another process's clock. */
#include "tests/faults/wrap.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

FAULT_WRAP(int, -1, socket, (int domain, int type, int protocol),
           (domain, type, protocol), "socket", NULL, -1, false)
FAULT_WRAP(int, -1, bind, (int fd, const struct sockaddr *address, socklen_t length),
           (fd, address, length), "bind", NULL, fd, false)
FAULT_WRAP(int, -1, listen, (int fd, int backlog), (fd, backlog), "listen", NULL, fd,
           false)
FAULT_WRAP(int, -1, connect, (int fd, const struct sockaddr *address, socklen_t length),
           (fd, address, length), "connect", NULL, fd, false)
FAULT_WRAP(int, -1, accept4,
           (int fd, struct sockaddr *address, socklen_t *length, int flags),
           (fd, address, length, flags), "accept4", NULL, fd, false)
FAULT_WRAP(int, -1, setsockopt,
           (int fd, int level, int name, const void *value, socklen_t length),
           (fd, level, name, value, length), "setsockopt", NULL, fd, false)
FAULT_WRAP(int, -1, getsockopt,
           (int fd, int level, int name, void *value, socklen_t *length),
           (fd, level, name, value, length), "getsockopt", NULL, fd, false)
FAULT_WRAP(int, -1, getsockname, (int fd, struct sockaddr *address, socklen_t *length),
           (fd, address, length), "getsockname", NULL, fd, false)
FAULT_WRAP(ssize_t, -1, recv, (int fd, void *bytes, size_t length, int flags),
           (fd, bytes, length, flags), "recv", NULL, fd, false)
FAULT_WRAP(ssize_t, -1, send, (int fd, const void *bytes, size_t length, int flags),
           (fd, bytes, length, flags), "send", NULL, fd, false)
FAULT_WRAP(int, -1, poll, (struct pollfd * fds, nfds_t count, int timeout_ms),
           (fds, count, timeout_ms), "poll", NULL, -1, false)
FAULT_WRAP(int, -1, ppoll,
           (struct pollfd * fds, nfds_t count, const struct timespec *timeout,
            const sigset_t *mask),
           (fds, count, timeout, mask), "ppoll", NULL, -1, false)
FAULT_WRAP(int, -1, eventfd, (unsigned value, int flags), (value, flags), "eventfd", NULL,
           -1, false)
FAULT_WRAP(int, -1, pipe2, (int ends[2], int flags), (ends, flags), "pipe2", NULL, -1,
           false)
FAULT_WRAP(ssize_t, -1, getrandom, (void *bytes, size_t length, unsigned flags),
           (bytes, length, flags), "getrandom", NULL, -1, false)
FAULT_WRAP(int, EAI_SYSTEM, getaddrinfo,
           (const char *node, const char *service, const struct addrinfo *hints,
            struct addrinfo **result),
           (node, service, hints, result), "getaddrinfo", node, -1, false)
FAULT_WRAP(int, errno, pthread_create,
           (pthread_t * thread, const pthread_attr_t *attributes,
            void *(*start)(void *context), void *context),
           (thread, attributes, start, context), "pthread_create", NULL, -1, false)

ssize_t __real_readv(int fd, const struct iovec *iov, int count);
ssize_t __wrap_readv(int fd, const struct iovec *iov, int count);
ssize_t __wrap_readv(int fd, const struct iovec *iov, int count)
{
    const struct fault_call call = {"readv", NULL, fd, false};
    if (fault_hits(&call))
        return -1;
    const size_t part = fault_share(iov[0].iov_len, true);
    if (part == iov[0].iov_len)
        return __real_readv(fd, iov, count);
    const struct iovec first = {iov[0].iov_base, part};
    return part == 0 ? -1 : __real_readv(fd, &first, 1);
}

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    const struct fault_call call = {"sendmsg", NULL, fd, false};
    struct msghdr part = *message;
    if (fault_hits(&call))
        return -1;
    struct iovec first = message->msg_iov[0];
    first.iov_len = fault_share(first.iov_len, true);
    if (first.iov_len == message->msg_iov[0].iov_len)
        return __real_sendmsg(fd, message, flags);
    part.msg_iov = &first;
    part.msg_iovlen = 1;
    return first.iov_len == 0 ? -1 : __real_sendmsg(fd, &part, flags);
}
