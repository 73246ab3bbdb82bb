/*
 * A leecher that is never the bottleneck: CONNECTIONS peers, each from its own loopback
 * address, download the whole payload from one client with deep request queues, check it
 * and throw it away. One thread.
 *
 *   bench_leecher [-t] BYTES PIECE_BYTES ADDRESS:PORT CONNECTIONS [WINDOW]
 *
 * Each peer begins at another place of the payload. WINDOW requests wait at most, fewer
 * if the client says so (BEP 10, reqq). Every block's place and length are checked, and
 * of every 64th the bytes. With -t it tells every hundredth of
 * a second how many bytes have come. Prints one JSON object when all have ended, and ends
 * with 1 if one did not get everything. Trusts nobody's promises but is made for one
 * machine only.
 */
#include "leecher_peer.h"
#include "sockets.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define EVENTS      64

static struct payload payload;

static double now_s(void)
{
    return (double)clock_now_ns(&clock_system) / 1e9;
}

static struct leecher *join(int epoll, const struct sockaddr_in *to, uint32_t index,
                            uint32_t count, uint32_t window)
{
    const struct sockaddr_in from = socket_loopback(3, index);
    const int fd = socket_connect(&from, to);
    struct leecher *leecher = leecher_new(&payload, fd, index, window);
    leecher->first_block = (uint32_t)((uint64_t)leecher->blocks * index / count);
    leecher_greet(leecher);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd,
                  &(struct epoll_event){.events = EPOLLIN, .data.ptr = leecher}) < 0)
        die("epoll");
    return leecher;
}

struct result {
    double began, first_byte, first_done, last_done; /* s */
    uint64_t bytes;
    uint32_t done, failed;
};

static void note(struct leecher *leecher, struct result *result)
{
    if (result->first_byte == 0 && leecher->received > 0)
        result->first_byte = now_s();
    if (!leecher->is_over)
        return;
    result->bytes += (uint64_t)leecher->received_bytes;
    if (leecher->received < leecher->blocks) {
        fprintf(stderr, "bench_leecher: peer %u: %s after %u of %u blocks\n",
                leecher->index, leecher->trouble, leecher->received, leecher->blocks);
        result->failed++;
    } else {
        result->last_done = now_s();
        if (result->done++ == 0)
            result->first_done = result->last_done;
    }
    close(leecher->fd);
}

static void tell(struct leecher **leechers, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += leechers[i]->received_bytes;
    tell_bytes(bytes);
}

static void run(int epoll, struct leecher **tellers, uint32_t count,
                struct result *result)
{
    struct epoll_event events[EVENTS];
    uint64_t told = 0;
    while (result->done + result->failed < count) {
        const uint64_t now = clock_now_ns(&clock_system);
        if (tellers != NULL && now - told >= TELL_MS * NS_PER_MS) {
            told = now;
            tell(tellers, count);
        }
        const int ready = epoll_wait(epoll, events, EVENTS, PATIENCE_MS);
        if (ready < 0 && errno != EINTR)
            die("epoll");
        if (ready == 0) {
            fprintf(stderr, "bench_leecher: nothing came for %d s; %u of %u done\n",
                    PATIENCE_MS / 1000, result->done, count);
            exit(1);
        }
        for (int i = 0; i < ready; i++) {
            struct leecher *leecher = events[i].data.ptr;
            const bool waited = leecher->wants_to_send;
            leecher_turn(leecher, events[i].events);
            note(leecher, result);
            if (leecher->is_over || leecher->wants_to_send == waited)
                continue;
            events[i].events = leecher->wants_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN;
            epoll_ctl(epoll, EPOLL_CTL_MOD, leecher->fd, &events[i]);
        }
    }
}

static double since(const struct result *result, double at)
{
    return at > 0 ? at - result->began : 0;
}

static void print(const struct result *result, uint32_t count)
{
    printf("{\"peers\": %u, \"failed\": %u, \"bytes\": %llu, \"mb_per_s\": %.1f, "
           "\"first_byte_s\": %.4f, \"first_done_s\": %.4f, \"last_done_s\": %.4f}\n",
           count, result->failed, (unsigned long long)result->bytes,
           result->done > 0
               ? (double)result->bytes / since(result, result->last_done) / 1e6
               : 0.0,
           since(result, result->first_byte), since(result, result->first_done),
           since(result, result->last_done));
}

int main(int argc, char **argv)
{
    struct result result = {0};
    const bool is_telling = argc > 1 && strcmp(argv[1], "-t") == 0;
    argc -= is_telling;
    argv += is_telling;
    if (argc != 5 && argc != 6) {
        fputs("usage: bench_leecher [-t] BYTES PIECE_BYTES ADDRESS:PORT CONNECTIONS "
              "[WINDOW]\n",
              stderr);
        return 2;
    }
    payload_init(&payload, strtoull(argv[1], NULL, 10),
                 (uint32_t)strtoul(argv[2], NULL, 10));
    payload_make_torrent(&payload, "payload", NULL);
    const struct sockaddr_in to = socket_address(argv[3]);
    const uint32_t count = (uint32_t)strtoul(argv[4], NULL, 10);
    const uint32_t window = argc == 6 ? (uint32_t)strtoul(argv[5], NULL, 10) : 512;
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct leecher **leechers = calloc(count + 1, sizeof *leechers);
    if (epoll < 0 || leechers == NULL)
        die("start");
    socket_allow(count + 16);
    result.began = now_s();
    for (uint32_t i = 0; i < count; i++)
        leechers[i] = join(epoll, &to, i, count, window);
    run(epoll, is_telling ? leechers : NULL, count, &result);
    print(&result, count);
    for (uint32_t i = 0; i < count; i++)
        leecher_free(leechers[i]);
    free(leechers);
    free(payload.noise);
    return result.failed == 0 ? 0 : 1;
}
