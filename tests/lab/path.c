/*
 * Joins hosts, each a network namespace, by links with a rate, a delay, a bounded queue
 * and losses: a network on one machine, for swarms and long paths.
 *
 *   lab_path [--seed=N] NAME[:KEY=VALUE]...
 *
 *   up=BYTES down=BYTES  a second; 0, the default: no limit
 *   delay=MS             one way, between the host and the middle; both ends' add up
 *   loss=PERCENT         of the packets that leave the host, at random
 *   queue=BYTES          before either rate; default: 100 ms of it, at least 64 KiB
 *   large=1              its TCP packets are of up to 64 KiB each, queued and lost as a
 *                        whole: for fast links without a rate, where packets of 1500
 * bytes would cost more than the programs do
 *
 * Prints a line of JSON for each host when the network stands: its name, its addresses
 * and the process whose namespace nsenter(1) enters. Runs until standard input ends; then
 * prints what each host sent, and lost in queues and at random.
 */
#include "lab_host.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define HOSTS_MAX     64u
#define BATCH         64
#define MTU           1500
#define TCP_HEADERS   52
#define NS_PER_S      1000000000ull
#define NS_PER_MS     1000000ull
#define QUEUE_LEAST   65536.0
#define QUEUE_SECONDS 0.1

/* One direction of a host's link: a queue that empties at a rate. */
struct link {
    double rate; /* bytes a second; 0: at once */
    double queue;
    double queued;
    uint64_t free_ns; /* when what is queued now has left */
};

struct host {
    char name[32];
    int fd;
    pid_t pid;
    struct link up, down;
    uint64_t delay_ns;
    double loss; /* 0..1 */
    bool large;
    uint64_t sent, bytes, dropped, lost; /* bytes: without what was lost at random */
};

/* Where a packet is next: at the end of its sender's link, of the way between, or of its
 * receiver's link. */
enum stage { LEFT_SENDER, REACHED_RECEIVER, DELIVERED };

struct packet {
    uint64_t at_ns;
    uint64_t number; /* packets of one moment keep their order */
    enum stage stage;
    struct host *from, *to;
    size_t size; /* as read */
    uint8_t bytes[];
};

static struct host hosts[HOSTS_MAX];
static uint32_t host_count;
static struct packet **heap;
static size_t heap_count, heap_room;
static uint8_t incoming[LAB_READ_MOST];
static uint64_t random_state = 1, packets_seen;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static double chance(void) /* xorshift64*, so that a seed gives the same losses again */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (double)(random_state * 2685821657736338717ull >> 11) / (double)(1ull << 53);
}

/* ---- packets in order of time ---- */

static bool before(const struct packet *a, const struct packet *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

static void push(struct packet *packet)
{
    if (heap_count == heap_room) {
        heap_room = heap_room == 0 ? 1024 : heap_room * 2;
        heap = realloc(heap, heap_room * sizeof(struct packet *));
        if (heap == NULL)
            exit(2);
    }
    size_t at = heap_count++;
    for (; at > 0 && before(packet, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = packet;
}

static struct packet *pop(void)
{
    struct packet *first = heap[0];
    struct packet *last = heap[--heap_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < heap_count; at = child) {
        if (child + 1 < heap_count && before(heap[child + 1], heap[child]))
            child++;
        if (!before(heap[child], last))
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return first;
}

static struct packet *packet_new(struct host *from, struct host *to, size_t size)
{
    struct packet *packet = malloc(sizeof *packet + size);
    if (packet == NULL)
        exit(2);
    *packet =
        (struct packet){.number = packets_seen++, .from = from, .to = to, .size = size};
    memcpy(packet->bytes, incoming, size);
    return packet;
}

/* ---- the way of a packet ---- */

/* A large packet is many, each with headers of its own. */
static double on_the_wire(const struct packet *packet)
{
    const double size = (double)(packet->size - LAB_HEADER);
    return size <= MTU ? size : size * MTU / (MTU - TCP_HEADERS);
}

/* Queues PACKET on LINK at AT_NS and says in at_ns when it has left; false: no room. */
static bool enqueue(struct link *link, struct packet *packet, uint64_t at_ns)
{
    const double size = on_the_wire(packet);
    packet->at_ns = at_ns;
    if (link->rate <= 0)
        return true;
    if (link->queued + size > link->queue)
        return false;
    if (link->free_ns < at_ns)
        link->free_ns = at_ns;
    link->free_ns += (uint64_t)(size / link->rate * (double)NS_PER_S);
    link->queued += size;
    packet->at_ns = link->free_ns;
    return true;
}

static void dequeue(struct link *link, const struct packet *packet)
{
    if (link->rate > 0)
        link->queued -= on_the_wire(packet);
}

static void deliver(struct packet *packet)
{
    if (write(packet->to->fd, packet->bytes, packet->size) < 0)
        packet->from->dropped++; /* its interface has no room */
    free(packet);
}

/* PACKET has come to the end of a stage: on to the next. */
static void advance(struct packet *packet)
{
    const uint64_t at_ns = packet->at_ns;
    switch (packet->stage) {
    case LEFT_SENDER:
        dequeue(&packet->from->up, packet);
        packet->stage = REACHED_RECEIVER;
        packet->at_ns = at_ns + packet->from->delay_ns + packet->to->delay_ns;
        push(packet);
        return;
    case REACHED_RECEIVER:
        packet->stage = DELIVERED;
        if (enqueue(&packet->to->down, packet, at_ns)) {
            push(packet);
        } else {
            packet->from->dropped++;
            free(packet);
        }
        return;
    case DELIVERED:
        dequeue(&packet->to->down, packet);
        deliver(packet);
        return;
    }
}

/* The host that an IP packet is for, or NULL: none of ours, or a group. */
static struct host *receiver(const uint8_t *bytes, size_t size)
{
    uint8_t number = 0;
    if (size >= 20 && bytes[0] >> 4 == 4 && bytes[16] == 10 && bytes[17] == 77)
        number = bytes[19];
    else if (size >= 40 && bytes[0] >> 4 == 6 && bytes[24] == 0xfd && bytes[25] == 0x77)
        number = bytes[39];
    return number >= 1 && number <= host_count ? &hosts[number - 1] : NULL;
}

static void take_packet(struct host *host, size_t size)
{
    struct host *to = receiver(incoming + LAB_HEADER, size - LAB_HEADER);
    if (to == NULL)
        return;
    host->sent++;
    if (host->loss > 0 && chance() < host->loss) {
        host->lost++;
        return;
    }
    struct packet *packet = packet_new(host, to, size);
    host->bytes += (uint64_t)on_the_wire(packet);
    if (enqueue(&host->up, packet, now_ns())) {
        push(packet);
    } else {
        host->dropped++;
        free(packet);
    }
}

static void take_packets(struct host *host)
{
    for (int i = 0; i < BATCH; i++) {
        const ssize_t size = read(host->fd, incoming, sizeof incoming);
        if (size <= LAB_HEADER)
            return;
        take_packet(host, (size_t)size);
    }
}

static void run(void)
{
    struct pollfd fds[HOSTS_MAX + 1];
    for (uint32_t i = 0; i < host_count; i++)
        fds[i] = (struct pollfd){.fd = hosts[i].fd, .events = POLLIN};
    fds[host_count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    for (;;) {
        struct timespec wait = {0, 0};
        uint64_t now = now_ns();
        while (heap_count > 0 && heap[0]->at_ns <= now)
            advance(pop());
        if (heap_count > 0) {
            now = now_ns();
            const uint64_t left = heap[0]->at_ns > now ? heap[0]->at_ns - now : 0;
            wait.tv_sec = (time_t)(left / NS_PER_S);
            wait.tv_nsec = (long)(left % NS_PER_S);
        }
        if (ppoll(fds, host_count + 1, heap_count > 0 ? &wait : NULL, NULL) < 0 &&
            errno != EINTR)
            return;
        for (uint32_t i = 0; i < host_count; i++)
            if (fds[i].revents != 0)
                take_packets(&hosts[i]);
        char byte;
        if (fds[host_count].revents != 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return;
    }
}

/* ---- the command line ---- */

static bool set(struct host *host, const char *key, double value)
{
    if (strcmp(key, "up") == 0)
        host->up.rate = value;
    else if (strcmp(key, "down") == 0)
        host->down.rate = value;
    else if (strcmp(key, "delay") == 0)
        host->delay_ns = (uint64_t)(value * (double)NS_PER_MS);
    else if (strcmp(key, "loss") == 0)
        host->loss = value / 100;
    else if (strcmp(key, "queue") == 0)
        host->up.queue = host->down.queue = value;
    else if (strcmp(key, "large") == 0)
        host->large = value != 0;
    else
        return false;
    return true;
}

static void default_queue(struct link *link)
{
    if (link->queue <= 0)
        link->queue = link->rate * QUEUE_SECONDS;
    if (link->queue < QUEUE_LEAST)
        link->queue = QUEUE_LEAST;
}

/* NAME[:KEY=VALUE]... */
static bool parse(struct host *host, char *text)
{
    char *rest = text;
    const char *name = strsep(&rest, ":");
    if (*name == '\0' || strlen(name) >= sizeof host->name)
        return false;
    strcpy(host->name, name);
    while (rest != NULL) {
        char *value = strsep(&rest, ":");
        const char *key = strsep(&value, "=");
        char *end = value;
        const double number = value != NULL ? strtod(value, &end) : -1;
        if (number < 0 || end == value || *end != '\0' || !set(host, key, number))
            return false;
    }
    default_queue(&host->up);
    default_queue(&host->down);
    return true;
}

static bool start(struct host *host, char *text)
{
    const uint8_t number = (uint8_t)(host - hosts + 1);
    if (!parse(host, text)) {
        fprintf(stderr, "path: what is the host \"%s\"?\n", text);
        return false;
    }
    host->fd = lab_host_new(number, host->large, &host->pid);
    if (host->fd < 0)
        return false;
    printf("{\"host\": \"%s\", \"pid\": %ld, \"address\": \"10.77.0.%u\", "
           "\"address6\": \"fd77::%x\"}\n",
           host->name, (long)host->pid, number, number);
    return true;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_TIMERSLACK, 1);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0) {
            random_state = strtoull(argv[i] + 7, NULL, 10) | 1;
            continue;
        }
        if (host_count == HOSTS_MAX || !start(&hosts[host_count], argv[i]))
            return 2;
        host_count++;
    }
    fflush(stdout);
    run();
    for (uint32_t i = 0; i < host_count; i++)
        printf("{\"host\": \"%s\", \"sent\": %llu, \"bytes\": %llu, \"dropped\": %llu, "
               "\"lost\": %llu}\n",
               hosts[i].name, (unsigned long long)hosts[i].sent,
               (unsigned long long)hosts[i].bytes, (unsigned long long)hosts[i].dropped,
               (unsigned long long)hosts[i].lost);
    return 0;
}
