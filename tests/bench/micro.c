/*
 * What one operation of the innermost parts costs, in nanoseconds of CPU: picker,
 * bitfield, buses, wire. The best of three rounds each.
 *
 *   bench_micro [PIECES PEERS]     1,000,000 and 1,000 by default
 */
#include "peer/peer_manager_private.h"
#include "piece/picker.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS  3
#define PICKS   20000u
#define ALWAYS  200000u /* operations of what does not depend on the sizes */
#define MESSAGE 9u      /* a HAVE on the wire */

static uint32_t pieces = 1000000, peers = 1000;
static struct random_seeded chance;
static struct bitfield *fields; /* of each peer, half full */
static struct picker_view *views;
static struct picker picker;
static uint64_t began_ns;
static uint64_t sum; /* so that nothing is left out as useless */

static void must(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    fprintf(stderr, "bench_micro: %s\n", what);
    exit(1);
}

/* Of the CPU, so that other programs disturb less. */
static uint64_t cpu_ns(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0, "no clock");
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void start(void)
{
    began_ns = cpu_ns();
}

static uint64_t stop(void)
{
    return cpu_ns() - began_ns;
}

/* ---- bitfield ---- */

static uint64_t set_bits(uint32_t *ret_count)
{
    struct bitfield bits;
    must(bitfield_init(&bits, pieces) == ERROR_NONE, "memory");
    start();
    for (uint32_t i = 0; i < pieces; i++)
        bitfield_set(&bits, (uint32_t)((uint64_t)i * 7919 % pieces));
    const uint64_t took_ns = stop();
    sum += bits.count;
    bitfield_done(&bits);
    *ret_count = pieces;
    return took_ns;
}

static uint64_t walk_bits(uint32_t *ret_count)
{
    uint32_t found = 0;
    start();
    for (uint32_t i = bitfield_next_set(&fields[0], 0); i < pieces;
         i = bitfield_next_set(&fields[0], i + 1))
        found++;
    *ret_count = found;
    return stop();
}

static uint64_t load_bits(uint32_t *ret_count)
{
    struct bitfield bits;
    must(bitfield_init(&bits, pieces) == ERROR_NONE, "memory");
    start();
    for (uint32_t i = 0; i < 20; i++)
        must(bitfield_load(&bits, fields[i % peers].bytes, bitfield_wire_bytes(pieces)) ==
                 ERROR_NONE,
             "a bitfield");
    const uint64_t took_ns = stop();
    bitfield_done(&bits);
    *ret_count = 20;
    return took_ns;
}

/* ---- picker ---- */

static uint64_t join(uint32_t *ret_count)
{
    start();
    for (uint32_t i = 0; i < peers; i++)
        picker_join(&picker, &fields[i]);
    *ret_count = peers;
    return stop();
}

static uint64_t leave(uint32_t *ret_count)
{
    start();
    for (uint32_t i = 0; i < peers; i++)
        picker_leave(&picker, &fields[i]);
    *ret_count = peers;
    return stop();
}

static uint64_t gain(uint32_t *ret_count)
{
    start();
    for (uint32_t i = 0; i < ALWAYS; i++)
        picker_gain(&picker, &views[i % peers], (uint32_t)((uint64_t)i * 7919 % pieces));
    *ret_count = ALWAYS;
    return stop();
}

/* Each peer in its turn takes one, as long as there are some. */
static uint64_t pick(uint32_t *ret_count)
{
    static uint32_t taken[PICKS];
    uint32_t count = 0;
    memset(views, 0, peers * sizeof *views);
    start();
    for (uint32_t i = 0; i < PICKS && i < pieces / 2; i++) {
        const uint32_t piece =
            picker_next(&picker, &views[i % peers], &fields[i % peers]);
        if (piece == PICKER_NONE)
            continue;
        picker_take(&picker, piece);
        taken[count++] = piece;
    }
    const uint64_t took_ns = stop();
    for (uint32_t i = 0; i < count; i++)
        picker_put_back(&picker, taken[i]);
    *ret_count = count;
    return took_ns;
}

/* HAVEs come in between, as they do: what was found out is not sure any more. */
static uint64_t pick_among_haves(uint32_t *ret_count)
{
    const uint32_t count = PICKS < pieces / 2 ? PICKS : pieces / 2;
    memset(views, 0, peers * sizeof *views);
    start();
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < 10; k++)
            picker_gain(&picker, &views[(i + k) % peers], (i * 10 + k) * 31 % pieces);
        sum += picker_next(&picker, &views[i % peers], &fields[i % peers]);
    }
    *ret_count = count;
    return stop();
}

/* A peer that has nothing of what is left asks again and again. */
static uint64_t pick_nothing(uint32_t *ret_count)
{
    struct bitfield none;
    struct picker_view view = {0};
    must(bitfield_init(&none, pieces) == ERROR_NONE, "memory");
    start();
    for (uint32_t i = 0; i < ALWAYS; i++)
        sum += picker_next(&picker, &view, &none);
    const uint64_t took_ns = stop();
    bitfield_done(&none);
    *ret_count = ALWAYS;
    return took_ns;
}

/* ---- buses ---- */

static uint64_t post_and_take(uint32_t *ret_count)
{
    struct bus *bus = bus_new(4096);
    struct message message = {.type = PEER_HAS_PIECE};
    must(bus != NULL, "memory");
    start();
    for (uint32_t i = 0; i < ALWAYS; i += 100) {
        for (uint32_t k = 0; k < 100; k++) {
            message.u.piece.piece = i + k;
            must(bus_post(bus, &message) == ERROR_NONE, "the bus");
        }
        while (bus_take(bus, &message))
            sum += message.u.piece.piece;
    }
    const uint64_t took_ns = stop();
    bus_free(bus, NULL);
    *ret_count = ALWAYS;
    return took_ns;
}

static uint64_t post_and_take_between_threads(uint32_t *ret_count)
{
    struct worker_bus *bus = worker_bus_new(4096);
    struct message message = {.type = PEER_HAS_PIECE};
    must(bus != NULL, "memory");
    start();
    for (uint32_t i = 0; i < ALWAYS; i++)
        must(worker_bus_post(bus, &message) == ERROR_NONE &&
                 worker_bus_take(bus, &message),
             "the worker bus");
    const uint64_t took_ns = stop();
    worker_bus_free(bus, NULL);
    *ret_count = ALWAYS;
    return took_ns;
}

/* ---- wire ---- */

static uint64_t write_requests(uint32_t *ret_count)
{
    struct buffer buffer;
    buffer_init(&buffer, 1u << 20);
    start();
    for (uint32_t i = 0; i < ALWAYS; i++) {
        const struct block_ref block = {i, 16384 * (i % 64), 16384};
        if (i % 1000 == 0)
            buffer_consume(&buffer, buffer.length);
        must(wire_put_block(&buffer, WIRE_REQUEST, &block) == ERROR_NONE, "memory");
    }
    const uint64_t took_ns = stop();
    buffer_done(&buffer);
    *ret_count = ALWAYS;
    return took_ns;
}

static void put_haves(uint8_t *wire, uint32_t first, uint32_t count)
{
    static const uint8_t head[5] = {0, 0, 0, 5, WIRE_HAVE};
    for (uint32_t i = 0; i < count; i++) {
        memcpy(wire + i * MESSAGE, head, sizeof head);
        be32_put(wire + i * MESSAGE + sizeof head, first + i);
    }
}

/* From bytes to the messages on the bus, for a peer that has said hello. */
static uint64_t parse_haves(uint32_t *ret_count)
{
    static struct rig rig;
    static uint8_t wire[1000 * MESSAGE];
    struct script_peer remote;
    const struct rig_config config = {.pieces = pieces};
    rig_init(&rig, &config);
    script_peer_init(&remote);
    const struct script_hello hello = rig_hello(&rig, 'A', true, false);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    struct peer *peer = rig.manager->known[0].peer;
    must(peer != NULL && peer->handshaken, "the handshake");
    const uint32_t count = pieces < 100000 ? pieces / 1000 * 1000 : 100000;
    uint64_t took_ns = 0;
    for (uint32_t i = 0; i < count; i += 1000) {
        put_haves(wire, i, 1000);
        start();
        must(peer_feed(peer, wire, sizeof wire) == ERROR_NONE, "a HAVE");
        took_ns += stop();
        rig_run(&rig, NS_PER_MS);
    }
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    must(rig_done(&rig) == 0, "something was left behind");
    *ret_count = count;
    return took_ns;
}

/* ---- all of them ---- */

static const struct {
    const char *name;
    uint64_t (*run)(uint32_t *ret_count); /* ns it took, and for how many */
} all[] = {
    {"bitfield: set a bit", set_bits},
    {"bitfield: next set bit", walk_bits},
    {"bitfield: load from the wire", load_bits},
    {"picker: a bitfield joins", join},
    {"picker: HAVE", gain},
    {"picker: pick and take", pick},
    {"picker: 10 HAVEs and a pick", pick_among_haves},
    {"picker: nothing for this peer", pick_nothing},
    {"picker: a bitfield leaves", leave},
    {"bus: post and take", post_and_take},
    {"worker bus: post and take", post_and_take_between_threads},
    {"wire: write a request", write_requests},
    {"wire: parse a HAVE and post it", parse_haves},
};

/* Joining and leaving go together: of joins more than one round would count twice. */
static bool happens_once(uint64_t (*run)(uint32_t *ret_count))
{
    return run == join || run == leave;
}

static void measure(uint32_t number)
{
    double best_ns = 0;
    const int rounds = happens_once(all[number].run) ? 1 : ROUNDS;
    for (int i = 0; i < rounds; i++) {
        uint32_t count = 0;
        const double took_ns = (double)all[number].run(&count);
        must(count > 0, all[number].name);
        if (i == 0 || took_ns / count < best_ns)
            best_ns = took_ns / count;
    }
    printf("%-34s%14.1f ns\n", all[number].name, best_ns);
    fflush(stdout);
}

static void make_peers(void)
{
    fields = calloc(peers, sizeof *fields);
    views = calloc(peers, sizeof *views);
    must(fields != NULL && views != NULL, "memory");
    const size_t length = bitfield_wire_bytes(pieces);
    uint8_t *wire = malloc(length);
    must(wire != NULL, "memory");
    for (uint32_t i = 0; i < peers; i++) {
        random_fill(&chance.source, wire, length);
        if (pieces % 8 != 0)
            wire[length - 1] &= (uint8_t)(0xff << (8 - pieces % 8));
        must(bitfield_init(&fields[i], pieces) == ERROR_NONE &&
                 bitfield_load(&fields[i], wire, length) == ERROR_NONE,
             "a bitfield");
    }
    free(wire);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        pieces = (uint32_t)strtoul(argv[1], NULL, 10);
        peers = (uint32_t)strtoul(argv[2], NULL, 10);
    }
    if ((argc != 1 && argc != 3) || pieces < 1000 || pieces > 2097152 || peers == 0) {
        fputs("usage: bench_micro [PIECES PEERS], 1000 pieces at least\n", stderr);
        return 2;
    }
    random_seeded_init(&chance, 1);
    make_peers();
    must(picker_init(&picker, pieces, 4, &clock_system, &random_system) == ERROR_NONE,
         "memory");
    printf("%u pieces, %u peers\n", pieces, peers);
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++)
        measure(i);
    picker_done(&picker);
    for (uint32_t i = 0; i < peers; i++)
        bitfield_done(&fields[i]);
    free(fields);
    free(views);
    return sum == 0;
}
