/* TCP on the loopback addresses for the benchmarks' programs. All exit with a message
 * when something fails. Connections use the cubic congestion control if the system has
 * it: one that paces (BBR) would measure its own timer. */
#ifndef BENCH_SOCKETS_H
#define BENCH_SOCKETS_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>

__attribute__((noreturn)) void die(const char *what); /* with errno's text */

/* "a.b.c.d:port" */
struct sockaddr_in socket_address(const char *text);
/* 127.GROUP.x.y for INDEX 0 … 62,499, with port 0. */
struct sockaddr_in socket_loopback(uint32_t group, uint32_t index);

int socket_listen(const struct sockaddr_in *at, int backlog); /* not blocking */
/* FROM NULL: any. The connection is made when it returns, and blocking. */
int socket_connect(const struct sockaddr_in *from, const struct sockaddr_in *to);
void socket_tune(int fd); /* no delay, cubic */
void socket_send_all(int fd, const void *bytes, size_t length);
void socket_read_all(int fd, void *bytes, size_t length);
/* Room for COUNT open files. */
void socket_allow(unsigned count);

/* Prints "at T BYTES", T in seconds of CLOCK_MONOTONIC, if BYTES are others than the last
 * time: with -t. */
void tell_bytes(uint64_t bytes);
#define TELL_MS 10

#endif
