#include "sockets.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

void die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    _exit(1); /* from any thread */
}

struct sockaddr_in socket_address(const char *text)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[INET_ADDRSTRLEN];
    int port = 0;
    if (sscanf(text, "%15[0-9.]:%d", host, &port) != 2 || port < 1 || port > 65535 ||
        inet_pton(AF_INET, host, &at.sin_addr) != 1) {
        fprintf(stderr, "bench: %s is no address:port\n", text);
        exit(2);
    }
    at.sin_port = htons((uint16_t)port);
    return at;
}

struct sockaddr_in socket_loopback(uint32_t group, uint32_t index)
{
    const uint32_t host =
        127u << 24 | group << 16 | (index / 250) << 8 | (index % 250 + 1);
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
}

void socket_tune(int fd)
{
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
}

int socket_listen(const struct sockaddr_in *at, int backlog)
{
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    socket_tune(fd); /* what is accepted inherits it */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)at, sizeof *at) < 0 || listen(fd, backlog) < 0)
        die("listen");
    return fd;
}

int socket_connect(const struct sockaddr_in *from, const struct sockaddr_in *to)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    socket_tune(fd);
    if (from != NULL && bind(fd, (const struct sockaddr *)from, sizeof *from) < 0)
        die("bind");
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
        die("connect");
    return fd;
}

void socket_send_all(int fd, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        const ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);
        if (sent < 0)
            die("send");
        at += sent;
        length -= (size_t)sent;
    }
}

void socket_read_all(int fd, void *bytes, size_t length)
{
    uint8_t *at = bytes;
    while (length > 0) {
        const ssize_t got = read(fd, at, length);
        if (got < 0)
            die("read");
        if (got == 0) {
            fputs("bench: the other side ended the connection\n", stderr);
            exit(1);
        }
        at += got;
        length -= (size_t)got;
    }
}

void socket_allow(unsigned count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die("getrlimit");
    if (limit.rlim_cur >= count)
        return;
    limit.rlim_cur = count;
    if (limit.rlim_max < count)
        limit.rlim_max = count;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        die("too few open files allowed");
}

void tell_bytes(uint64_t bytes)
{
    static uint64_t told;
    if (bytes == told)
        return;
    told = bytes;
    printf("at %.6f %llu\n", (double)clock_now_ns(&clock_system) / 1e9,
           (unsigned long long)bytes);
    fflush(stdout);
}
