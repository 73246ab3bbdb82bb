#include "net/utp.h"
#include "net/utp_delay.h"
#include "net/utp_packet.h"
#include "net/utp_window.h"
#include "tests/lib/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_utp_suite(void);

/* One end of a connection: sends a pattern, and checks the one it gets. */
struct end {
    struct stream *stream;
    uint64_t to_send, sent, got;
    uint64_t most_read; /* it reads no more than that; 0: all */
    uint32_t connected, failed;
    enum error_code error;
    bool ended, wrong, close_when_got;
    uint64_t expected;
};

struct host {
    struct udp_port *port;
    struct utp *utp;
    struct end end; /* of the connection that came in, or went out */
    uint32_t accepted;
    uint64_t will_send; /* of who comes in */
};

struct rig {
    struct world world;
    struct host hosts[2];
};

static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at * 31 + (at >> 11));
}

static void give(struct end *end)
{
    uint8_t bytes[16384];
    while (end->sent < end->to_send) {
        const uint64_t left = end->to_send - end->sent;
        const size_t length = left < sizeof bytes ? left : sizeof bytes;
        for (size_t i = 0; i < length; i++)
            bytes[i] = pattern(end->sent + i);
        const struct iovec iov[2] = {{bytes, length / 3},
                                     {bytes + length / 3, length - length / 3}};
        size_t done = 0;
        if (stream_writev(end->stream, iov, 2, &done) != ERROR_NONE)
            break;
        end->sent += done;
        if (done < length)
            break;
    }
    stream_set_interest(end->stream, true, end->sent < end->to_send);
}

static void end_close(struct end *end)
{
    stream_close(end->stream);
    end->stream = NULL;
}

static void on_connected(void *context)
{
    struct end *end = context;
    end->connected++;
    give(end);
}

static void on_readable(void *context)
{
    struct end *end = context;
    uint8_t bytes[50000];
    for (;;) {
        size_t got = 0;
        size_t room = sizeof bytes - 20000;
        if (end->most_read != 0 && end->got + room > end->most_read)
            room = end->most_read - end->got;
        if (room == 0) {
            stream_set_interest(end->stream, false, false);
            return;
        }
        const struct iovec iov[2] = {{bytes, room < 777 ? room : 777},
                                     {bytes + 777, room < 777 ? 0 : room - 777}};
        const enum error_code error = stream_readv(end->stream, iov, 2, &got);
        if (error != ERROR_NONE) {
            if (error != ERROR_AGAIN) {
                end->ended = true;
                end->error = error;
                end_close(end);
            }
            return;
        }
        for (size_t i = 0; i < got; i++)
            end->wrong |= bytes[i] != pattern(end->got + i);
        end->got += got;
        if (end->close_when_got && end->got >= end->expected) {
            end_close(end);
            return;
        }
    }
}

static void on_writable(void *context)
{
    give(context);
}

static void on_error(void *context, enum error_code error)
{
    struct end *end = context;
    end->failed++;
    end->error = error;
    end_close(end);
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

static void on_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    struct host *host = context;
    ck_assert_uint_ne(from->port, 0);
    host->accepted++;
    if (host->end.stream != NULL) {
        stream_close(stream);
        return;
    }
    host->end.stream = stream;
    host->end.to_send = host->will_send;
    stream_set_callbacks(stream, &callbacks, &host->end);
    stream_set_interest(stream, true, host->will_send > 0);
}

static const char *const addresses[] = {"10.0.0.1:7001", "10.0.0.2:7002"};

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static void rig_open(struct rig *rig, uint64_t seed)
{
    memset(rig, 0, sizeof *rig);
    world_init(&rig->world, seed);
    for (int i = 0; i < 2; i++) {
        struct host *host = &rig->hosts[i];
        const struct netaddr address = at(addresses[i]);
        uint16_t number;
        host->port =
            udp_port_new(rig->world.loop,
                         vnet_host(rig->world.vnet, i == 0 ? "10.0.0.1" : "10.0.0.2"));
        ck_assert_int_eq(udp_port_open(host->port, &address, &number), ERROR_NONE);
        const struct utp_config config = {
            .loop = rig->world.loop,
            .port = host->port,
            .random = &rig->world.random.source,
            .on_accept = on_accept,
            .accept_context = host,
        };
        host->utp = utp_new(&config);
    }
}

static void rig_close(struct rig *rig)
{
    for (int i = 0; i < 2; i++) {
        stream_close(rig->hosts[i].end.stream);
        utp_free(rig->hosts[i].utp);
        udp_port_free(rig->hosts[i].port);
    }
    world_done(&rig->world);
}

/* Host 0 calls host 1, and each sends so much. */
static void rig_connect(struct rig *rig, uint64_t bytes0, uint64_t bytes1)
{
    const struct netaddr to = at(addresses[1]);
    struct host *host = &rig->hosts[0];
    host->end.to_send = bytes0;
    rig->hosts[1].will_send = bytes1;
    ck_assert_int_eq(utp_connect(host->utp, &to, &host->end.stream), ERROR_NONE);
    stream_set_callbacks(host->end.stream, &callbacks, &host->end);
}

struct wanted {
    const struct rig *rig;
    uint64_t bytes[2]; /* that each is to get */
};

static bool all_got(const void *context)
{
    const struct wanted *wanted = context;
    return wanted->rig->hosts[0].end.got >= wanted->bytes[0] &&
           wanted->rig->hosts[1].end.got >= wanted->bytes[1];
}

/* In seconds of virtual time. */
static double rig_transfer(struct rig *rig, uint64_t bytes0, uint64_t bytes1,
                           double most_s)
{
    const struct wanted wanted = {rig, {bytes1, bytes0}};
    const uint64_t begin_ns = rig->world.clock.now_ns;
    rig_connect(rig, bytes0, bytes1);
    const bool done =
        world_run_until(&rig->world, (uint64_t)(most_s * 1e9), all_got, &wanted);
    if (!done)
        fprintf(stderr, "got %lu of %lu and %lu of %lu, errors %d %d\n",
                (unsigned long)rig->hosts[0].end.got, (unsigned long)bytes1,
                (unsigned long)rig->hosts[1].end.got, (unsigned long)bytes0,
                rig->hosts[0].end.error, rig->hosts[1].end.error);
    ck_assert(done);
    for (int i = 0; i < 2; i++) {
        ck_assert(!rig->hosts[i].end.wrong);
        ck_assert_uint_eq(rig->hosts[i].end.got, wanted.bytes[i]);
    }
    return (double)(rig->world.clock.now_ns - begin_ns) / 1e9;
}

/* ---- a connection's life ---- */

START_TEST(both_sides_send_and_end)
{
    struct rig rig;
    rig_open(&rig, 1);
    rig_transfer(&rig, 300000, 200000, 60);
    ck_assert_uint_eq(rig.hosts[1].accepted, 1);
    ck_assert_uint_eq(rig.hosts[0].end.connected, 1);
    end_close(&rig.hosts[0].end);
    world_run(&rig.world, NS_PER_S);
    ck_assert(rig.hosts[1].end.ended);
    ck_assert_int_eq(rig.hosts[1].end.error, ERROR_CLOSED);
    world_run(&rig.world, NS_PER_S);
    for (int i = 0; i < 2; i++)
        ck_assert_uint_eq(utp_connections(rig.hosts[i].utp), 0);
    rig_close(&rig);
}
END_TEST

START_TEST(what_was_written_arrives_though_it_was_closed)
{
    struct rig rig;
    const struct vnet_air air = {.latency_ns = 20 * NS_PER_MS, .loss = 100, .seed = 3};
    rig_open(&rig, 1);
    vnet_set_air(rig.world.vnet, &air);
    rig_connect(&rig, 100000, 0);
    while (rig.hosts[0].end.sent < 100000)
        world_run(&rig.world, NS_PER_MS);
    end_close(&rig.hosts[0].end);
    world_run(&rig.world, 30 * NS_PER_S);
    ck_assert_uint_eq(rig.hosts[1].end.got, 100000);
    ck_assert(rig.hosts[1].end.ended);
    ck_assert_uint_eq(utp_connections(rig.hosts[0].utp), 0);
    rig_close(&rig);
}
END_TEST

START_TEST(nobody_there_fails_at_once_and_silence_after_seconds)
{
    struct rig rig;
    struct end *end = &rig.hosts[0].end;
    const struct netaddr to = at("10.0.0.9:1");
    rig_open(&rig, 1);
    if (_i == 1)
        vnet_set_fate(rig.world.vnet, "10.0.0.9:1", VNET_SILENT);
    ck_assert_int_eq(utp_connect(rig.hosts[0].utp, &to, &end->stream), ERROR_NONE);
    stream_set_callbacks(end->stream, &callbacks, end);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(end->failed, _i == 0);
    world_run(&rig.world, 7 * NS_PER_S);
    ck_assert_uint_eq(end->failed, 1);
    ck_assert_int_eq(end->error, _i == 0 ? ERROR_CLOSED : ERROR_TIMEOUT);
    ck_assert_uint_eq(utp_connections(rig.hosts[0].utp), 0);
    rig_close(&rig);
}
END_TEST

/* Where the way is about to open, it opens for the next packet. */
START_TEST(one_that_insists_goes_on_though_nobody_is_there_yet)
{
    struct rig rig;
    struct end *end = &rig.hosts[0].end;
    rig_open(&rig, 1);
    udp_port_close(rig.hosts[1].port);
    rig_connect(&rig, 1000, 0);
    if (_i == 1)
        utp_insist(end->stream);
    world_run(&rig.world, NS_PER_S / 2);
    ck_assert_uint_eq(end->failed, _i == 0);
    if (_i == 1) {
        const struct netaddr address = at(addresses[1]);
        uint16_t number;
        ck_assert_int_eq(udp_port_open(rig.hosts[1].port, &address, &number), ERROR_NONE);
        world_run(&rig.world, 2 * NS_PER_S);
        ck_assert_uint_eq(end->connected, 1);
        ck_assert_uint_eq(rig.hosts[1].end.got, 1000);
    }
    rig_close(&rig);
}
END_TEST

START_TEST(a_call_by_a_socket_that_is_gone_fails_at_once)
{
    struct rig rig;
    struct end *end = &rig.hosts[0].end;
    const struct netaddr to = at("10.0.0.9:1");
    rig_open(&rig, 1);
    vnet_set_fate(rig.world.vnet, "10.0.0.9:1", VNET_SILENT);
    ck_assert_int_eq(utp_connect(rig.hosts[0].utp, &to, &end->stream), ERROR_NONE);
    stream_set_callbacks(end->stream, &callbacks, end);
    udp_port_tell_changed(rig.hosts[0].port); /* it is still there */
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(end->failed, 0);
    udp_port_close(rig.hosts[0].port);
    udp_port_tell_changed(rig.hosts[0].port);
    world_run(&rig.world, NS_PER_S / 10);
    ck_assert_uint_eq(end->failed, 1);
    ck_assert_int_eq(end->error, ERROR_OFFLINE);
    rig_close(&rig);
}
END_TEST

START_TEST(a_reader_who_stops_stops_the_sender)
{
    struct rig rig;
    rig_open(&rig, 1);
    rig.hosts[1].end.most_read = 100000;
    rig_connect(&rig, 8 << 20, 0);
    world_run(&rig.world, 30 * NS_PER_S);
    ck_assert_uint_eq(rig.hosts[1].end.got, 100000);
    ck_assert_uint_lt(rig.hosts[0].end.sent, 3 << 20);
    rig.hosts[1].end.most_read = 0;
    stream_set_interest(rig.hosts[1].end.stream, true, false);
    world_run(&rig.world, 30 * NS_PER_S);
    ck_assert_uint_eq(rig.hosts[1].end.got, 8 << 20);
    ck_assert(!rig.hosts[1].end.wrong);
    rig_close(&rig);
}
END_TEST

/* W11: a window of nothing for ever, or silence. */
START_TEST(sixty_seconds_without_progress_end_it)
{
    struct rig rig;
    rig_open(&rig, 1);
    rig.hosts[1].end.most_read = 1;
    rig_connect(&rig, 8 << 20, 0);
    world_run(&rig.world, 5 * NS_PER_S);
    if (_i == 1)
        vnet_set_fate(rig.world.vnet, addresses[1], VNET_SILENT);
    world_run(&rig.world, 50 * NS_PER_S);
    ck_assert_uint_eq(rig.hosts[0].end.failed, 0);
    world_run(&rig.world, 20 * NS_PER_S);
    ck_assert_uint_eq(rig.hosts[0].end.failed, 1);
    ck_assert_int_eq(rig.hosts[0].end.error, ERROR_TIMEOUT);
    rig_close(&rig);
}
END_TEST

START_TEST(an_idle_connection_is_kept_alive_and_costs_no_more)
{
    struct rig rig;
    rig_open(&rig, 1);
    rig_transfer(&rig, 1000, 1000, 10);
    world_run(&rig.world, 600 * NS_PER_S);
    ck_assert_ptr_nonnull(rig.hosts[0].end.stream);
    rig.hosts[0].end.to_send += 5000;
    stream_set_interest(rig.hosts[0].end.stream, true, true);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.hosts[1].end.got, 6000);
    rig_close(&rig);
}
END_TEST

/* ---- bad networks ---- */

/* W12 */
static const struct vnet_air storms[] = {
    {.latency_ns = 25 * NS_PER_MS, .loss = 300},
    {.latency_ns = 25 * NS_PER_MS, .duplicates = 300},
    {.latency_ns = 25 * NS_PER_MS, .reordered = 300},
    {.latency_ns = 25 * NS_PER_MS, .jitter_ns = 50 * NS_PER_MS},
    {.latency_ns = 25 * NS_PER_MS, .mtu = 1280},
    {.latency_ns = 25 * NS_PER_MS, .mtu = 600},
    {.latency_ns = 25 * NS_PER_MS,
     .jitter_ns = 20 * NS_PER_MS,
     .loss = 100,
     .duplicates = 100,
     .reordered = 100,
     .mtu = 1300},
    {.latency_ns = 25 * NS_PER_MS, .bytes_per_s = 500000, .queue_bytes = 10000},
};
#define STORMS (int)(sizeof storms / sizeof *storms)

START_TEST(everything_arrives_through_a_storm)
{
    struct rig rig;
    struct vnet_air air = storms[_i % STORMS];
    const uint64_t bytes = air.loss == 300 ? 200000 : 2000000;
    air.seed = (uint64_t)_i;
    rig_open(&rig, (uint64_t)_i);
    vnet_set_air(rig.world.vnet, &air);
    rig_transfer(&rig, bytes, bytes / 2, 600);
    rig_close(&rig);
}
END_TEST

START_TEST(a_long_fat_way_is_filled)
{
    struct rig rig;
    const struct vnet_air air = {
        .latency_ns = 50 * NS_PER_MS, .bytes_per_s = 12500000, .queue_bytes = 2500000};
    rig_open(&rig, 1);
    vnet_set_air(rig.world.vnet, &air);
    const double s = rig_transfer(&rig, 64 << 20, 0, 60);
    ck_assert(s < 5.37 * 1.35);
    rig_close(&rig);
}
END_TEST

START_TEST(the_greatest_length_is_found)
{
    static const uint32_t mtus[] = {1232, 1300, 1400, 1472, 9000};
    struct rig rig;
    struct utp_look look;
    const struct vnet_air air = {.latency_ns = 10 * NS_PER_MS, .mtu = mtus[_i]};
    rig_open(&rig, 1);
    vnet_set_air(rig.world.vnet, &air);
    rig_transfer(&rig, 2000000, 0, 60);
    utp_get_look(rig.hosts[0].end.stream, &look);
    ck_assert_uint_le(look.packet_bytes, mtus[_i]);
    ck_assert_uint_ge(look.packet_bytes + 16, mtus[_i] < 1472 ? mtus[_i] : 1472);
    rig_close(&rig);
}
END_TEST

/* ---- attackers ---- */

/* Packets as somebody makes them who is no uTP. */
struct attacker {
    struct udp_port *port;
    uint32_t packets, bytes, resets, states;
    uint8_t last[64];
};

static void attacker_on_packet(void *context, const struct netaddr *from,
                               const uint8_t *bytes, size_t length)
{
    struct attacker *attacker = context;
    (void)from;
    attacker->packets++;
    attacker->bytes += (uint32_t)length;
    attacker->resets += bytes[0] == 0x31;
    attacker->states += bytes[0] == 0x21;
    memcpy(attacker->last, bytes, length < 64 ? length : 64);
}

static const struct udp_receiver attacker_receiver = {attacker_on_packet, NULL, NULL,
                                                      NULL, NULL};

static void attacker_open(struct attacker *attacker, struct rig *rig)
{
    uint16_t number;
    const struct netaddr address = at("10.0.0.3:9");
    memset(attacker, 0, sizeof *attacker);
    attacker->port =
        udp_port_new(rig->world.loop, vnet_host(rig->world.vnet, "10.0.0.3"));
    udp_port_set_receiver(attacker->port, UDP_KIND_UTP, &attacker_receiver, attacker);
    ck_assert_int_eq(udp_port_open(attacker->port, &address, &number), ERROR_NONE);
}

static void attacker_send(struct attacker *attacker, uint8_t first, uint16_t id,
                          uint16_t sequence, uint16_t ack, size_t data)
{
    uint8_t bytes[20 + 1000] = {first, 0, (uint8_t)(id >> 8), (uint8_t)id};
    const struct netaddr to = at(addresses[1]);
    bytes[13] = 0x10; /* a window of 1 MiB */
    bytes[16] = (uint8_t)(sequence >> 8);
    bytes[17] = (uint8_t)sequence;
    bytes[18] = (uint8_t)(ack >> 8);
    bytes[19] = (uint8_t)ack;
    udp_port_send(attacker->port, &to, bytes, 20 + data, false);
}

/* W8 */
START_TEST(callers_who_do_not_answer_cost_little_and_get_no_more_than_they_sent)
{
    struct rig rig;
    struct attacker attacker;
    rig_open(&rig, 1);
    attacker_open(&attacker, &rig);
    for (uint32_t i = 0; i < 100000; i++) {
        attacker_send(&attacker, 0x41, (uint16_t)(i * 2), (uint16_t)i, 0, 0);
        if (i % 100 == 99)
            world_run(&rig.world, NS_PER_MS);
        ck_assert_uint_le(utp_unconfirmed(rig.hosts[1].utp), 128);
    }
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(attacker.states, attacker.packets);
    ck_assert_uint_le(attacker.packets, 100000);
    ck_assert_uint_eq(attacker.bytes, attacker.packets * 20); /* 20 bytes for 20 */
    ck_assert_uint_eq(rig.hosts[1].accepted, 0);
    /* Who guesses no sequence number is not believed. */
    attacker_send(&attacker, 0x01, (uint16_t)(99999 * 2 + 1), 100000 & 0xffff, 1, 100);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.hosts[1].accepted, 0);
    world_run(&rig.world, 20 * NS_PER_S);
    ck_assert_uint_eq(utp_connections(rig.hosts[1].utp), 0);
    udp_port_free(attacker.port);
    rig_close(&rig);
}
END_TEST

/* W9 */
START_TEST(strangers_cannot_end_or_feed_a_connection)
{
    struct rig rig;
    struct attacker attacker;
    rig_open(&rig, 1);
    attacker_open(&attacker, &rig);
    rig_connect(&rig, 400000, 400000);
    for (uint32_t i = 0; i < 65536; i++) { /* every id there is, from another address */
        attacker_send(&attacker, (uint8_t)((i % 4) << 4 | 1), (uint16_t)i, 0, 0, i % 3);
        if (i % 64 == 63)
            world_run(&rig.world, NS_PER_MS);
    }
    world_run(&rig.world, 20 * NS_PER_S);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(rig.hosts[i].end.got, 400000);
        ck_assert(!rig.hosts[i].end.wrong);
        ck_assert_ptr_nonnull(rig.hosts[i].end.stream);
    }
    ck_assert_uint_eq(attacker.resets, attacker.packets); /* and no flood of those */
    ck_assert_uint_le(attacker.packets, 50 * 3);
    udp_port_free(attacker.port);
    rig_close(&rig);
}
END_TEST

/* The attacker calls as anybody may; returns the sequence number they begin with. */
static uint16_t attacker_call(struct attacker *attacker, struct rig *rig, uint64_t wanted)
{
    rig->hosts[1].will_send = wanted;
    attacker_send(attacker, 0x41, 50, 100, 0, 0);
    world_run(&rig->world, 10 * NS_PER_MS);
    const uint16_t theirs = (uint16_t)(attacker->last[16] << 8 | attacker->last[17]);
    attacker_send(attacker, 0x01, 51, 101, (uint16_t)(theirs - 1), 10);
    world_run(&rig->world, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig->hosts[1].accepted, 1);
    return theirs;
}

/* W11 */
START_TEST(acks_of_what_was_not_sent_change_nothing)
{
    struct rig rig;
    struct attacker attacker;
    struct utp_look before, after;
    rig_open(&rig, 1);
    attacker_open(&attacker, &rig);
    const uint16_t theirs = attacker_call(&attacker, &rig, 8 << 20);
    world_run(&rig.world, 10 * NS_PER_MS);
    utp_get_look(rig.hosts[1].end.stream, &before);
    for (uint16_t i = 0; i < 300; i++)
        attacker_send(&attacker, 0x21, 51, 102, (uint16_t)(theirs + 1000 + i * 200), 0);
    world_run(&rig.world, 10 * NS_PER_MS);
    utp_get_look(rig.hosts[1].end.stream, &after);
    ck_assert_uint_eq(after.flying_bytes, before.flying_bytes);
    ck_assert_uint_eq(after.window_bytes, before.window_bytes);
    /* Acknowledged again and again, a packet counts once. */
    for (int i = 0; i < 300; i++)
        attacker_send(&attacker, 0x21, 51, 102, theirs, 0);
    world_run(&rig.world, 10 * NS_PER_MS);
    utp_get_look(rig.hosts[1].end.stream, &after);
    ck_assert_uint_le(after.window_bytes, before.window_bytes + 2 * 1472);
    udp_port_free(attacker.port);
    rig_close(&rig);
}
END_TEST

START_TEST(what_comes_far_too_early_is_kept_in_bounds)
{
    struct rig rig;
    struct attacker attacker;
    rig_open(&rig, 1);
    attacker_open(&attacker, &rig);
    const uint16_t theirs = attacker_call(&attacker, &rig, 0);
    attacker.bytes = 0;
    for (uint32_t i = 0; i < 60000; i++) {
        attacker_send(&attacker, 0x01, 51, (uint16_t)(103 + i), (uint16_t)(theirs - 1),
                      1000);
        if (i % 64 == 63)
            world_run(&rig.world, NS_PER_MS);
    }
    /* The window it is told shows what is kept: 64 KiB of it, of 1 MiB. */
    const uint32_t window = (uint32_t)attacker.last[12] << 24 |
                            (uint32_t)attacker.last[13] << 16 |
                            (uint32_t)attacker.last[14] << 8 | attacker.last[15];
    ck_assert_uint_ge(window, (1024 - 72) * 1024);
    ck_assert_uint_eq(rig.hosts[1].end.got, 10);
    udp_port_free(attacker.port);
    rig_close(&rig);
}
END_TEST

/* W10: chains of extensions that lead nowhere, lengths past the end, other versions. */
START_TEST(headers_are_walked_within_bounds)
{
    static const struct {
        uint8_t bytes[32];
        size_t length;
        enum error_code error;
        size_t sack, data;
    } cases[] = {
        {{0x01}, 20, ERROR_NONE, 0, 0},
        {{0x01}, 19, ERROR_PROTOCOL, 0, 0},
        {{0x02}, 20, ERROR_PROTOCOL, 0, 0},
        {{0x51}, 20, ERROR_PROTOCOL, 0, 0},
        {{0x21, 1, [20] = 0, 4, 1, 2, 3, 4}, 26, ERROR_NONE, 4, 0},
        {{0x01, 1, [20] = 0, 4, 1, 2, 3, 4, 9}, 27, ERROR_NONE, 4, 1},
        {{0x21, 1, [20] = 0, 255, 1}, 32, ERROR_PROTOCOL, 0, 0},
        {{0x21, 1, [20] = 0}, 21, ERROR_PROTOCOL, 0, 0},
        {{0x21, 1}, 20, ERROR_PROTOCOL, 0, 0},
        {{0x21, 7, [20] = 7, 0, 7, 0, 7, 0}, 26, ERROR_PROTOCOL, 0, 0},
        {{0x21, 7, [20] = 1, 0, 0, 2, 5, 6}, 26, ERROR_NONE, 2, 0},
        {{0x21, 1, [20] = 1, 0, 1, 1, 9, 0, 0}, 27, ERROR_NONE, 1, 0},
    };
    struct utp_packet packet;
    const enum error_code error =
        utp_packet_read(cases[_i].bytes, cases[_i].length, &packet);
    ck_assert_int_eq(error, cases[_i].error);
    if (error != ERROR_NONE)
        return;
    ck_assert_uint_eq(packet.sack_bytes, cases[_i].sack);
    ck_assert_uint_eq(packet.data_bytes, cases[_i].data);
}
END_TEST
#define HEADERS 12

/* ---- the parts ---- */

START_TEST(of_two_clocks_that_drift_the_delay_is_still_seen)
{
    struct utp_delay delay = {0};
    uint64_t now_ns = NS_PER_S;
    uint32_t base = UINT32_MAX - 1000; /* it wraps */
    for (int i = 0; i < 3000; i++, now_ns += 100 * NS_PER_MS) {
        base += _i == 0 ? 0 : 10; /* 100 ppm */
        utp_delay_add(&delay, base + (uint32_t)(i % 7) * 100, now_ns);
        if (_i == 1)
            utp_delay_shift(&delay, 10);
    }
    for (int i = 0; i < 4; i++)
        utp_delay_add(&delay, base + 50000, now_ns);
    ck_assert_uint_ge(utp_delay_queued_us(&delay), 49000);
    ck_assert_uint_le(utp_delay_queued_us(&delay), 52000);
}
END_TEST

START_TEST(the_base_is_that_of_two_minutes)
{
    struct utp_delay delay = {0};
    utp_delay_add(&delay, 1000, NS_PER_S);
    for (uint64_t s = 2; s < 110; s++)
        utp_delay_add(&delay, 31000, s * NS_PER_S);
    ck_assert_uint_eq(utp_delay_queued_us(&delay), 30000);
    for (uint64_t s = 110; s < 140; s++)
        utp_delay_add(&delay, 31000, s * NS_PER_S);
    ck_assert_uint_eq(utp_delay_queued_us(&delay), 0); /* the way is a longer one now */
}
END_TEST

START_TEST(a_window_is_halved_once_and_gives_way_to_delay)
{
    struct utp_window window;
    utp_window_init(&window, 1400);
    window.limits = true;
    utp_window_on_rtt(&window, 100 * NS_PER_MS);
    ck_assert_uint_ge(window.rto_ns, 500 * NS_PER_MS);
    for (int i = 0; i < 8; i++) /* it doubles each round trip */
        utp_window_on_ack(&window, (uint32_t)window.bytes, 0, NS_PER_S);
    ck_assert(window.bytes > 200 * 4 * 1400);
    utp_window_on_ack(&window, 1400, 76000, NS_PER_S); /* three quarters of the target */
    ck_assert_int_eq(window.pace, UTP_PACE_STEADY);
    const double full = window.bytes;
    utp_window_on_ack(&window, (uint32_t)full, 0, NS_PER_S);
    ck_assert(window.bytes > full && window.bytes <= full + 2 * 1400);
    utp_window_on_ack(&window, (uint32_t)window.bytes, 300000, NS_PER_S);
    ck_assert(window.bytes <= full * 0.51);
    const double before = window.bytes;
    utp_window_on_loss(&window, 60000, NS_PER_S);
    ck_assert(window.bytes <= before * 0.51 && window.bytes >= before * 0.49);
}
END_TEST

/* How much a round trip with QUEUED_US changes it, in parts of it. */
static double changed(struct utp_window *window, uint32_t queued_us, uint64_t now_ns)
{
    const double before = window->bytes;
    utp_window_on_ack(window, (uint32_t)before, queued_us, now_ns);
    return (window->bytes - before) / before;
}

START_TEST(a_queue_that_overflows_before_the_target_makes_it_lower_for_a_while)
{
    struct utp_window window;
    utp_window_init(&window, 1400);
    window.limits = true;
    utp_window_on_rtt(&window, 100 * NS_PER_MS);
    utp_window_on_loss(&window, 0, NS_PER_S); /* by chance: nothing was queued */
    window.bytes = 100 * 1400;
    window.next_pause_ns = UINT64_MAX;
    uint64_t now_ns = 2 * NS_PER_S;
    ck_assert(changed(&window, 80000, now_ns) > 0);
    utp_window_on_loss(&window, 80000, now_ns);
    ck_assert(changed(&window, 30000, now_ns) > 0); /* half of it is the target */
    ck_assert(changed(&window, 60000, now_ns) < -0.4);
    for (int i = 0; i < 3; i++) {
        now_ns += 30 * NS_PER_S;
        changed(&window, 0, now_ns);
    }
    window.bytes = 100 * 1400;
    ck_assert(changed(&window, 95000, now_ns) > 0); /* as it was */
    changed(&window, 130000, now_ns);
    utp_window_on_loss(&window, 130000, now_ns); /* others fill it; we would not have */
    ck_assert(changed(&window, 95000, now_ns) > 0);
}
END_TEST

Suite *test_utp_suite(void)
{
    Suite *suite = suite_create("utp");
    TCase *tcase = tcase_create("life");
    tcase_add_test(tcase, both_sides_send_and_end);
    tcase_add_test(tcase, what_was_written_arrives_though_it_was_closed);
    tcase_add_loop_test(tcase, nobody_there_fails_at_once_and_silence_after_seconds, 0,
                        2);
    tcase_add_loop_test(tcase, one_that_insists_goes_on_though_nobody_is_there_yet, 0, 2);
    tcase_add_test(tcase, a_call_by_a_socket_that_is_gone_fails_at_once);
    tcase_add_test(tcase, a_reader_who_stops_stops_the_sender);
    tcase_add_loop_test(tcase, sixty_seconds_without_progress_end_it, 0, 2);
    tcase_add_test(tcase, an_idle_connection_is_kept_alive_and_costs_no_more);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("networks");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, everything_arrives_through_a_storm, 0, 2 * STORMS);
    tcase_add_test(tcase, a_long_fat_way_is_filled);
    tcase_add_loop_test(tcase, the_greatest_length_is_found, 0, 5);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("attackers");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase,
                   callers_who_do_not_answer_cost_little_and_get_no_more_than_they_sent);
    tcase_add_test(tcase, strangers_cannot_end_or_feed_a_connection);
    tcase_add_test(tcase, acks_of_what_was_not_sent_change_nothing);
    tcase_add_test(tcase, what_comes_far_too_early_is_kept_in_bounds);
    tcase_add_loop_test(tcase, headers_are_walked_within_bounds, 0, HEADERS);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("parts");
    tcase_add_loop_test(tcase, of_two_clocks_that_drift_the_delay_is_still_seen, 0, 2);
    tcase_add_test(tcase, the_base_is_that_of_two_minutes);
    tcase_add_test(tcase, a_window_is_halved_once_and_gives_way_to_delay);
    tcase_add_test(tcase,
                   a_queue_that_overflows_before_the_target_makes_it_lower_for_a_while);
    suite_add_tcase(suite, tcase);
    return suite;
}
