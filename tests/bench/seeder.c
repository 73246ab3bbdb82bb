/*
 * A seeder that is never the bottleneck: plays any number of seeds of a made-up torrent
 * from memory, in one thread, many blocks a sendmsg(2).
 *
 *   bench_seeder [-t] [-n PEERS | -a ADDRESS] [-f DATA_FILE] FILE.torrent BYTES
 * PIECE_BYTES PORT bench_seeder -i IDLE [-e] -d ADDRESS FILE.torrent BYTES PIECE_BYTES
 * PORT
 *
 * writes FILE.torrent, listens on PORT of 127.0.0.1, for -a of ADDRESS, for -n of PEERS
 * addresses 127.1.x.y instead. With -f the data are read from DATA_FILE into a small
 * buffer for each send: the bare limit of seeding from the page cache.
 *
 * With -d it connects to a client at ADDRESS:PORT: first IDLE peers from 127.2.x.y that
 * show all pieces (-e: none), never unchoke, and say nothing but keep-alives; when all
 * have the client's handshake, or after 20 s, one that serves, from 127.1.0.1. "joined N"
 * then says how many idle ones the client has taken.
 *
 * With -t it tells every hundredth of a second how many bytes of blocks have left.
 *
 * Says "ready" when it listens; "first T" (seconds of CLOCK_MONOTONIC) when the first
 * block of a client leaves; "served BYTES" when the last connection that was given any
 * has ended. Trusts its peers: for benchmarks on one machine.
 */
#include "seeder_peer.h"
#include "sockets.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUP_ACTIVE  1u /* second byte of the addresses */
#define GROUP_IDLE    2u
#define DIALLING      64u
#define CONNECTIONS   4096u
#define EVENTS        64
#define BACKLOG       64
#define KEEP_ALIVE_MS 60000

/* What an event is about: a listener, or a connection. */
struct source {
    int listener; /* -1: a connection */
    struct seeder *seeder;
    uint32_t index; /* in sources */
};

static struct payload payload;
static int epoll, data_fd = -1;
static struct source *sources[CONNECTIONS];
static uint32_t source_count;
static struct sockaddr_in client; /* sin_port 0: none is dialled */
static uint32_t idle_wanted, idle_dialled, idle_greeted;
static uint32_t idle_waiting; /* dialled, neither greeted nor refused */
static bool idle_are_empty;
static bool has_joined;
static bool is_serving, is_telling;
static uint32_t served_connections;
static uint64_t served;

static void add(struct source source)
{
    struct source *added = malloc(sizeof *added);
    if (added == NULL || source_count == CONNECTIONS) {
        fputs("bench_seeder: too many connections\n", stderr);
        exit(1);
    }
    source.index = source_count;
    *added = source;
    sources[source_count++] = added;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = added};
    const int fd = source.listener >= 0 ? source.listener : source.seeder->fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll");
}

static void listen_on(const struct sockaddr_in *at, uint16_t port)
{
    struct sockaddr_in with_port = *at;
    with_port.sin_port = htons(port);
    add((struct source){.listener = socket_listen(&with_port, BACKLOG)});
}

static void accept_one(const struct source *source)
{
    const int fd = accept4(source->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    socket_tune(fd);
    add((struct source){.listener = -1,
                        .seeder = seeder_new(&payload, fd, data_fd, false)});
}

static void drop(struct source *source)
{
    if (source->seeder->has_sent_block) {
        served += source->seeder->uploaded;
        if (--served_connections == 0) {
            printf("served %llu\n", (unsigned long long)served);
            fflush(stdout);
            is_serving = false;
            served = 0;
        }
    }
    if (source->seeder->is_idle) {
        idle_greeted -= source->seeder->has_greeted;
        idle_waiting -= !source->seeder->has_greeted;
    }
    seeder_free(source->seeder);
    sources[source->index] = sources[--source_count];
    sources[source->index]->index = source->index;
    free(source);
}

/* Called when a connection has sent its first block. */
static void note_first(void)
{
    served_connections++;
    if (is_serving)
        return;
    is_serving = true;
    printf("first %.6f\n", (double)clock_now_ns(&clock_system) / 1e9);
    fflush(stdout);
}

static void dial(uint32_t group, uint32_t index)
{
    const struct sockaddr_in from = socket_loopback(group, index);
    const int fd = socket_connect(&from, &client);
    struct seeder *seeder = seeder_new(&payload, fd, data_fd, group == GROUP_IDLE);
    seeder->is_empty = seeder->is_idle && idle_are_empty;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        die("fcntl");
    add((struct source){.listener = -1, .seeder = seeder});
    seeder_call(seeder);
}

/* A few at a time, so that the client's backlog never is full; the one that serves comes
 * last. */
static void join(void)
{
    if (client.sin_port == 0 || has_joined)
        return;
    while (idle_dialled < idle_wanted && idle_waiting < DIALLING) {
        idle_waiting++;
        dial(GROUP_IDLE, idle_dialled++);
    }
    if (idle_dialled == idle_wanted && idle_waiting == 0) {
        has_joined = true;
        printf("joined %u\n", idle_greeted);
        fflush(stdout);
        dial(GROUP_ACTIVE, 0);
    }
}

static void note_greeting(const struct seeder *seeder)
{
    idle_greeted += seeder->is_idle;
    idle_waiting -= seeder->is_idle;
}

static void serve(struct source *source, struct epoll_event *event)
{
    struct seeder *seeder = source->seeder;
    const bool waited = seeder->waits_for_room;
    const bool had_sent = seeder->has_sent_block;
    const bool had_greeted = seeder->has_greeted;
    const bool is_fine = seeder_turn(seeder, event->events);
    if (seeder->has_sent_block && !had_sent)
        note_first();
    if (seeder->has_greeted && !had_greeted)
        note_greeting(seeder);
    if (!is_fine) {
        drop(source);
    } else if (seeder->waits_for_room != waited) {
        event->events = seeder->waits_for_room ? EPOLLIN | EPOLLOUT : EPOLLIN;
        epoll_ctl(epoll, EPOLL_CTL_MOD, seeder->fd, event);
    }
}

static void keep_alive(void)
{
    for (uint32_t i = source_count; i-- > 0;)
        if (sources[i]->listener < 0 && sources[i]->seeder->is_idle &&
            !seeder_keep_alive(sources[i]->seeder))
            drop(sources[i]);
}

/* By those that are connected. */
static uint64_t uploaded(void)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < source_count; i++)
        bytes += sources[i]->listener < 0 ? sources[i]->seeder->uploaded : 0;
    return bytes;
}

static void run(void)
{
    struct epoll_event events[EVENTS];
    uint64_t kept_alive = clock_now_ns(&clock_system), told = kept_alive;
    for (;;) {
        const int ready =
            epoll_wait(epoll, events, EVENTS,
                       is_telling                            ? TELL_MS
                       : client.sin_port != 0 && !has_joined ? 20
                                                             : KEEP_ALIVE_MS);
        if (ready < 0 && errno != EINTR)
            die("epoll");
        for (int i = 0; i < ready; i++) {
            struct source *source = events[i].data.ptr;
            if (source->listener >= 0)
                accept_one(source);
            else
                serve(source, &events[i]);
        }
        join();
        const uint64_t now = clock_now_ns(&clock_system);
        if (is_telling && now - told >= TELL_MS * NS_PER_MS) {
            told = now;
            tell_bytes(uploaded());
        }
        if (now - kept_alive >= KEEP_ALIVE_MS * NS_PER_MS) {
            kept_alive = now;
            keep_alive();
        }
    }
}

static struct sockaddr_in address_of(const char *text)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, text, &at.sin_addr) != 1) {
        fprintf(stderr, "bench_seeder: %s is no address\n", text);
        exit(2);
    }
    return at;
}

static void start_listening(const char *address, uint16_t port, uint32_t peers)
{
    if (peers == 0) {
        const struct sockaddr_in one = address_of(address);
        listen_on(&one, port);
    }
    for (uint32_t i = 0; i < peers; i++) {
        const struct sockaddr_in at = socket_loopback(GROUP_ACTIVE, i);
        listen_on(&at, port);
    }
}

static void start_dialling(const char *address, uint16_t port)
{
    client = address_of(address);
    client.sin_port = htons(port);
}

int main(int argc, char **argv)
{
    uint32_t peers = 0;
    const char *own = "127.0.0.1", *dialled = NULL;
    int option;
    while ((option = getopt(argc, argv, "tn:i:ea:d:f:")) != -1) {
        if (option == 'n')
            peers = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'i')
            idle_wanted = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 't')
            is_telling = true;
        else if (option == 'e')
            idle_are_empty = true;
        else if (option == 'a')
            own = optarg;
        else if (option == 'd')
            dialled = optarg;
        else if (option != 'f' || (data_fd = open(optarg, O_RDONLY | O_CLOEXEC)) < 0)
            die("the data file");
    }
    if (argc - optind != 4 || peers + idle_wanted > (CONNECTIONS - 64) / 2) {
        fputs("usage: bench_seeder [-t] [-n PEERS | -a ADDRESS] [-f DATA_FILE] [-i IDLE "
              "[-e] "
              "-d ADDRESS] "
              "FILE.torrent BYTES PIECE_BYTES PORT\n",
              stderr);
        return 2;
    }
    argv += optind;
    payload_init(&payload, strtoull(argv[1], NULL, 10),
                 (uint32_t)strtoul(argv[2], NULL, 10));
    payload_make_torrent(&payload, "payload", argv[0]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        die("epoll");
    socket_allow(2 * (peers + idle_wanted) + 64);
    if (dialled == NULL)
        start_listening(own, (uint16_t)atoi(argv[3]), peers);
    else
        start_dialling(dialled, (uint16_t)atoi(argv[3]));
    puts("ready");
    fflush(stdout);
    run();
}
