/*
 * A swarm in one process, with raw sockets and poll(2):
 *
 *   hostile_swarm FILE.torrent BYTES PIECE_BYTES RATE PORT KIND=COUNT...
 *
 * writes FILE.torrent (NAME "payload", no trackers), says "sha1 HEX" of the payload and
 * "peer ADDRESS KIND" for each peer that waits to be called, then "ready", and plays its
 * part until it is ended: peers that dial do so at 127.0.0.1:PORT. At SIGTERM it tells
 * what came of each kind. RATE: bytes a second of each honest seed, 0 for any.
 */
#include "swarm.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS 1000

struct payload swarm_payload;
uint64_t swarm_rate;
static struct peer peers[PEERS];
static uint32_t peer_count;
static uint16_t bttui_port;
static volatile sig_atomic_t is_over, is_asked;

static uint64_t now_ms(void)
{
    return clock_now_ns(&clock_system) / NS_PER_MS;
}

/* ---- connections ---- */

static void drop(struct connection *c)
{
    struct peer *peer = c->peer;
    close(c->fd);
    free(c->out);
    free(c->queue);
    free(c);
    peer->connection = NULL;
    peer->dropped++;
    peer->next_ms = now_ms() + peer->kind->again_ms;
}

static void open_connection(struct peer *peer, int fd, bool connecting)
{
    struct connection *c = calloc(1, sizeof *c);
    const int on = 1;
    if (c == NULL)
        exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer->connection = c;
    peer->opened++;
    *c = (struct connection){.peer = peer, .fd = fd, .connecting = connecting};
    c->opened_ms = c->last_ms = now_ms();
    if (peer->kind->on_open != NULL)
        peer->kind->on_open(c);
    else
        swarm_put_hello(c);
}

static int make_socket(const struct peer *peer)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons(peer->port),
                                   .sin_addr.s_addr = htonl(peer->host)};
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        exit(1);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) < 0) {
        perror("hostile_swarm: bind");
        exit(1);
    }
    return fd;
}

/* From the port it listens at, so that it is known there as the same peer. */
static void dial(struct peer *peer)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(bttui_port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = make_socket(peer);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 &&
        errno != EINPROGRESS) {
        close(fd);
        peer->next_ms = now_ms() + peer->kind->again_ms;
        return;
    }
    open_connection(peer, fd, true);
}

static void accept_one(struct peer *peer)
{
    const int fd = accept4(peer->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (peer->connection != NULL)
        drop(peer->connection);
    open_connection(peer, fd, false);
}

static void parse(struct connection *c)
{
    size_t at = 0;
    const struct kind *kind = c->peer->kind;
    if (!c->greeted && c->in_length >= 68) {
        c->greeted = true;
        at = 68;
        if (kind->on_hello != NULL)
            kind->on_hello(c);
    }
    while (c->greeted && c->in_length - at >= 4) {
        const uint32_t length = be32_get(c->in + at);
        if (length > sizeof c->in - 4 || c->in_length - at < 4 + (size_t)length)
            break;
        if (length > 0 && kind->on_message != NULL)
            kind->on_message(c, c->in[at + 4], c->in + at + 5, length - 1);
        at += 4 + (size_t)length;
    }
    memmove(c->in, c->in + at, c->in_length - at);
    c->in_length -= at;
}

static bool receive(struct connection *c)
{
    for (int i = 0; i < 8; i++) {
        const ssize_t got =
            recv(c->fd, c->in + c->in_length, sizeof c->in - c->in_length, 0);
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        c->peer->in_bytes += (uint64_t)got;
        c->in_length += (size_t)got;
        parse(c);
        if (c->in_length == sizeof c->in)
            return false; /* bttui sends nothing of that length to a peer without pieces
                           */
    }
    return true;
}

static bool transmit(struct connection *c)
{
    size_t at = 0;
    while (at < c->out_length) {
        const ssize_t sent = send(c->fd, c->out + at, c->out_length - at, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return false;
        if (sent < 0)
            break;
        at += (size_t)sent;
    }
    c->peer->out_bytes += at;
    if (at > 0)
        memmove(c->out, c->out + at, c->out_length - at);
    c->out_length -= at;
    return c->out_length > 0 || c->count != UINT32_MAX;
}

static void on_ready(struct connection *c, short events)
{
    bool fine = true;
    c->connecting = c->connecting && (events & POLLOUT) == 0;
    if ((events & (POLLERR | POLLHUP)) != 0 && c->deaf)
        fine = false;
    if (fine && (events & (POLLIN | POLLHUP | POLLERR)) != 0)
        fine = receive(c);
    if (fine && !c->connecting)
        fine = transmit(c);
    if (fine && swarm_rate == 0 && c->length > 0 && c->out_length < OUT_MOST / 4 &&
        c->peer->kind->on_tick != NULL)
        c->peer->kind->on_tick(c, now_ms());
    if (!fine)
        drop(c);
}

/* ---- the turns ---- */

static void tick(uint64_t at_ms)
{
    for (uint32_t i = 0; i < peer_count; i++) {
        struct peer *peer = &peers[i];
        struct connection *c = peer->connection;
        const bool dials = peer->kind->dials || peer->dropped > 0;
        if (c == NULL && dials && at_ms >= peer->next_ms &&
            strcmp(peer->kind->name, "honest") != 0)
            dial(peer);
        const bool speaks = c != NULL && !c->connecting && peer->kind->on_tick != NULL;
        if (speaks && (c->greeted || peer->kind->on_open != NULL)) {
            peer->kind->on_tick(c, at_ms);
            if (!transmit(c))
                drop(c);
        }
    }
}

static void turn(int timeout_ms)
{
    static struct pollfd fds[2 * PEERS];
    static struct peer *whose[2 * PEERS];
    nfds_t count = 0;
    for (uint32_t i = 0; i < peer_count; i++) {
        const struct connection *c = peers[i].connection;
        if (peers[i].listener >= 0) {
            whose[count] = &peers[i];
            fds[count++] = (struct pollfd){.fd = peers[i].listener, .events = POLLIN};
        }
        if (c == NULL)
            continue;
        const short in = c->deaf ? 0 : POLLIN;
        const short out = c->out_length > 0 || c->connecting ? POLLOUT : 0;
        whose[count] = &peers[i];
        fds[count++] = (struct pollfd){.fd = c->fd, .events = (short)(in | out)};
    }
    if (poll(fds, count, timeout_ms) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++) {
        if (fds[i].revents == 0)
            continue;
        if (fds[i].fd == whose[i]->listener)
            accept_one(whose[i]);
        else if (whose[i]->connection != NULL && whose[i]->connection->fd == fds[i].fd)
            on_ready(whose[i]->connection, fds[i].revents);
    }
}

/* ---- beginning and end ---- */

static void add_peer(const struct kind *kind, uint32_t kind_number, uint32_t number)
{
    struct sockaddr_in at;
    socklen_t length = sizeof at;
    struct peer *peer = &peers[peer_count++];
    *peer = (struct peer){.kind = kind, .number = number, .listener = -1};
    peer->host = 0x7f010000u + (kind_number << 8) + number + 1;
    const int fd = make_socket(peer);
    if (getsockname(fd, (struct sockaddr *)&at, &length) < 0)
        exit(1);
    peer->port = ntohs(at.sin_port);
    if (kind->dials)
        return; /* left open, or the port would be somebody else's between two calls */
    if (listen(fd, 16) < 0)
        exit(1);
    peer->listener = fd;
    printf("peer 127.1.%u.%u:%u %s\n", kind_number, number + 1, peer->port, kind->name);
}

static void add_peers(int count, char **arguments)
{
    for (int i = 0; i < count; i++) {
        char *equals = strchr(arguments[i], '=');
        if (equals == NULL)
            exit(2);
        *equals = '\0';
        const struct kind *kind = kind_find(arguments[i]);
        if (kind == NULL) {
            fprintf(stderr, "hostile_swarm: no kind %s\n", arguments[i]);
            exit(2);
        }
        /* Honest ones are told apart from hostile ones of another process. */
        const uint32_t block = strcmp(kind->name, "honest") == 0 ? 0 : (uint32_t)i + 1;
        const uint32_t peers_of_kind = (uint32_t)atoi(equals + 1);
        for (uint32_t k = 0; k < peers_of_kind && peer_count < PEERS; k++)
            add_peer(kind, block, k);
    }
}

static void tell_sha1(void)
{
    uint8_t hash[20], *all = malloc(swarm_payload.bytes);
    if (all == NULL)
        exit(1);
    for (uint64_t at = 0; at < swarm_payload.bytes; at += BLOCK) {
        const uint64_t left = swarm_payload.bytes - at;
        memcpy(all + at, payload_at(&swarm_payload, at), left < BLOCK ? left : BLOCK);
    }
    digest_sha1(all, swarm_payload.bytes, hash);
    free(all);
    fputs("sha1 ", stdout);
    for (int i = 0; i < 20; i++)
        printf("%02x", hash[i]);
    puts("");
}

static void tell(void)
{
    is_asked = 0;
    for (uint32_t i = 0; i < peer_count; i++)
        printf("at 127.1.%u.%u:%u %s %u %u %d %llu %llu\n", peers[i].host >> 8 & 0xff,
               peers[i].host & 0xff, peers[i].port, peers[i].kind->name, peers[i].opened,
               peers[i].dropped, peers[i].connection != NULL,
               (unsigned long long)peers[i].in_bytes,
               (unsigned long long)peers[i].out_bytes);
    puts("told");
    fflush(stdout);
}

static void on_signal(int number)
{
    if (number == SIGTERM)
        is_over = 1;
    else
        is_asked = 1;
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fputs("usage: hostile_swarm FILE.torrent BYTES PIECE_BYTES RATE PORT "
              "KIND=COUNT...\n",
              stderr);
        return 2;
    }
    signal(SIGTERM, on_signal);
    signal(SIGUSR1, on_signal);
    payload_init(&swarm_payload, strtoull(argv[2], NULL, 10),
                 (uint32_t)strtoul(argv[3], NULL, 10));
    payload_make_torrent(&swarm_payload, "payload", argv[1]);
    swarm_rate = strtoull(argv[4], NULL, 10);
    bttui_port = (uint16_t)atoi(argv[5]);
    tell_sha1();
    add_peers(argc - 6, argv + 6);
    puts("ready");
    fflush(stdout);
    for (uint64_t next_ms = now_ms(); !is_over;) {
        const uint64_t at_ms = now_ms();
        if (at_ms >= next_ms) {
            tick(at_ms);
            next_ms = at_ms + TICK_MS;
        }
        turn(TICK_MS);
        if (is_asked)
            tell();
    }
    return 0;
}
