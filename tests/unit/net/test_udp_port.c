#include "net/udp_port.h"
#include "tests/lib/patient.h"
#include "tests/lib/world.h"
#include "tests/unit/net/alone.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Suite *test_udp_port_suite(void);

/* What came to one who registered. */
struct inbox {
    uint32_t packets, batches, refusals, writable, changes, bytes;
    enum error_code refused;
    struct netaddr from, refused_to;
    uint8_t last[2048];
    struct udp_port *frees; /* closed in the first packet */
};

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct inbox *inbox = context;
    inbox->packets++;
    inbox->bytes += (uint32_t)length;
    inbox->from = *from;
    if (length <= sizeof inbox->last)
        memcpy(inbox->last, bytes, length);
    if (inbox->frees != NULL)
        udp_port_close(inbox->frees);
}

static void on_batch_end(void *context)
{
    ((struct inbox *)context)->batches++;
}

static void on_refused(void *context, const struct netaddr *to, enum error_code error)
{
    struct inbox *inbox = context;
    inbox->refusals++;
    inbox->refused = error;
    inbox->refused_to = *to;
}

static void on_writable(void *context)
{
    ((struct inbox *)context)->writable++;
}

static void on_changed(void *context)
{
    ((struct inbox *)context)->changes++;
}

static const struct udp_receiver receiver = {on_packet, on_batch_end, on_refused,
                                             on_writable, on_changed};

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static void open_at(struct udp_port *port, const char *text)
{
    uint16_t number = 0;
    const struct netaddr address = at(text);
    ck_assert_int_eq(udp_port_open(port, &address, &number), ERROR_NONE);
    ck_assert_uint_ne(number, 0);
    ck_assert_uint_eq(udp_port_number(port, (enum netaddr_family)address.family), number);
}

static const uint8_t utp[20] = {0x41}, dht[] = "d1:y1:qe";

/* ---- the system's sockets ---- */

struct pair {
    struct loop *loop;
    struct net *net;
    struct udp_port *ports[2];
    struct inbox utp[2], dht[2];
    struct netaddr addresses[2];
};

static struct patient patient; /* the loop's time */

static void pair_open(struct pair *pair, const char *any)
{
    const struct loop_platform platform = patient_platform(&patient);
    *pair = (struct pair){.loop = loop_new(&platform), .net = net_system_new(NULL)};
    for (int i = 0; i < 2; i++) {
        pair->ports[i] = udp_port_new(pair->loop, pair->net);
        udp_port_set_receiver(pair->ports[i], UDP_KIND_UTP, &receiver, &pair->utp[i]);
        udp_port_set_receiver(pair->ports[i], UDP_KIND_DHT, &receiver, &pair->dht[i]);
        open_at(pair->ports[i], any);
        pair->addresses[i] = at(any);
        pair->addresses[i].port = udp_port_number(
            pair->ports[i], (enum netaddr_family)pair->addresses[i].family);
    }
}

static void pair_close(struct pair *pair)
{
    udp_port_free(pair->ports[0]);
    udp_port_free(pair->ports[1]);
    net_system_free(pair->net);
    loop_free(pair->loop);
}

static bool turns_until(struct loop *loop, const uint32_t *count, uint32_t least)
{
    const uint64_t end_ns = loop_now_ns(loop) + 5 * NS_PER_S;
    while (*count < least && loop_now_ns(loop) < end_ns)
        loop_turn(loop, 100 * NS_PER_MS);
    return *count >= least;
}

START_TEST(packets_reach_who_registered_for_their_kind)
{
    static const char *const hosts[] = {"127.0.0.1", "[::1]"};
    static const uint8_t strange[][20] = {
        {0x42}, {0x51}, {0x01, 0}, {'i'}, {0}, {'d'},
    };
    struct pair pair;
    pair_open(&pair, hosts[_i]);
    const struct netaddr *to = &pair.addresses[1];
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        udp_port_send(pair.ports[0], to, strange[i],
                      i == 5   ? 1
                      : i == 2 ? 19
                               : 20,
                      false);
    udp_port_send(pair.ports[0], to, NULL, 0, false);
    udp_port_send(pair.ports[0], to, utp, sizeof utp, false);
    udp_port_send(pair.ports[0], to, dht, sizeof dht - 1, true);
    udp_port_send(pair.ports[0], to, utp, sizeof utp, false);
    ck_assert(turns_until(pair.loop, &pair.dht[1].packets, 1));
    ck_assert(turns_until(pair.loop, &pair.utp[1].packets, 2));
    ck_assert_uint_eq(pair.utp[1].packets, 2);
    ck_assert_uint_eq(pair.dht[1].packets, 1);
    ck_assert_mem_eq(pair.dht[1].last, dht, sizeof dht - 1);
    ck_assert(netaddr_equal(&pair.dht[1].from, &pair.addresses[0]));
    ck_assert_uint_ge(pair.utp[1].batches, 1);
    ck_assert_uint_eq(pair.utp[0].packets + pair.dht[0].packets, 0);
    pair_close(&pair);
}
END_TEST

/* With the kernel's help in cutting and joining, or without: what arrives is what was
 * sent. */
START_TEST(many_packets_of_one_length_keep_their_borders)
{
    struct pair pair;
    uint8_t packet[1000];
    pair_open(&pair, _i == 0 ? "127.0.0.1" : "[::1]");
    memset(packet, 7, sizeof packet);
    packet[0] = 0x01;
    for (uint32_t sent = 0; sent < 400; sent++) {
        const size_t length = sent % 50 == 49 ? 321 : sizeof packet;
        ck_assert_int_eq(
            udp_port_send(pair.ports[0], &pair.addresses[1], packet, length, false),
            ERROR_NONE);
        if (sent % 50 == 49)
            ck_assert(turns_until(pair.loop, &pair.utp[1].packets, sent + 1));
    }
    ck_assert_uint_eq(pair.utp[1].packets, 400);
    ck_assert_uint_eq(pair.utp[1].bytes, 392 * 1000 + 8 * 321);
    ck_assert_uint_lt(pair.utp[1].batches, 100);
    pair_close(&pair);
}
END_TEST

/* PAIR's second, at an address of its own, writes to the first at WHERE. */
static void write_to_first_at(struct pair *pair, const char *where)
{
    struct netaddr first = at(where);
    const uint32_t before = pair->utp[0].packets;
    first.port = pair->addresses[0].port;
    ck_assert_int_eq(udp_port_send(pair->ports[1], &first, utp, sizeof utp, false),
                     ERROR_NONE);
    ck_assert(turns_until(pair->loop, &pair->utp[0].packets, before + 1));
}

/* The first's answers to it come from there: one alone, and COUNT together. */
static void has_answers_from(struct pair *pair, const char *where, uint32_t count)
{
    const struct netaddr from = at(where);
    const uint32_t before = pair->utp[1].packets;
    for (uint32_t i = 0; i < count; i++)
        ck_assert_int_eq(udp_port_send(pair->ports[0], &pair->utp[0].from, utp,
                                       sizeof utp, count == 1),
                         ERROR_NONE);
    ck_assert(turns_until(pair->loop, &pair->utp[1].packets, before + count));
    ck_assert(netaddr_same_host(&pair->utp[1].from, &from));
    ck_assert_uint_eq(pair->utp[1].from.port, pair->addresses[0].port);
}

START_TEST(answers_leave_from_the_address_that_was_asked)
{
    struct pair pair;
    pair_open(&pair, "0.0.0.0");
    open_at(pair.ports[1], "127.0.0.9");
    write_to_first_at(&pair, "127.0.0.2");
    has_answers_from(&pair, "127.0.0.2", 1);
    has_answers_from(&pair, "127.0.0.2", 20);
    write_to_first_at(&pair, "127.0.0.3"); /* it is the last that counts */
    has_answers_from(&pair, "127.0.0.3", 1);
    pair_close(&pair);
}
END_TEST

/* O10: the way to him may be another by then. */
START_TEST(the_address_that_was_asked_is_forgotten_after_two_minutes_of_silence)
{
    struct pair pair;
    pair_open(&pair, "0.0.0.0");
    open_at(pair.ports[1], "127.0.0.9");
    write_to_first_at(&pair, "127.0.0.2");
    clock_virtual_advance(&patient.time, 110 * NS_PER_S);
    loop_turn(pair.loop, 0);
    has_answers_from(&pair, "127.0.0.2", 1);
    clock_virtual_advance(&patient.time, 11 * NS_PER_S);
    loop_turn(pair.loop, 0);
    has_answers_from(&pair, "127.0.0.1", 1);
    write_to_first_at(&pair, "127.0.0.2");
    has_answers_from(&pair, "127.0.0.2", 1);
    pair_close(&pair);
}
END_TEST

START_TEST(an_address_that_has_gone_is_no_reason_to_be_silent)
{
    struct pair pair;
    if (!alone_begin() || !alone_take_address("lo:1", "10.1.2.3")) {
        fprintf(stderr, "no network of one's own here\n");
        return;
    }
    pair_open(&pair, "0.0.0.0");
    open_at(pair.ports[1], "127.0.0.9");
    write_to_first_at(&pair, "10.1.2.3");
    has_answers_from(&pair, "10.1.2.3", 1);
    ck_assert(alone_take_address("lo:1", "192.168.1.2"));
    has_answers_from(&pair, "127.0.0.1", 20);
    has_answers_from(&pair, "127.0.0.1", 1);
    pair_close(&pair);
}
END_TEST

/* A socket at HOST that hears nobody but itself: to all others its port is closed, and
 * nobody can open it meanwhile. */
static int hold_port(const char *host, struct netaddr *ret_address)
{
    struct sockaddr_storage sockaddr;
    struct netaddr address = at(host);
    socklen_t length = netaddr_to_sockaddr(&address, &sockaddr);
    const int fd = socket(sockaddr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sockaddr, length), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sockaddr, &length), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sockaddr, length), 0);
    ck_assert_int_eq(netaddr_from_sockaddr((struct sockaddr *)&sockaddr, ret_address),
                     ERROR_NONE);
    return fd;
}

START_TEST(nobody_there_is_told)
{
    const char *host = _i == 0 ? "127.0.0.1" : "[::1]";
    struct netaddr nobody;
    struct pair pair;
    pair_open(&pair, host);
    const int held = hold_port(host, &nobody);
    udp_port_send(pair.ports[0], &nobody, utp, sizeof utp, false);
    ck_assert(turns_until(pair.loop, &pair.utp[0].refusals, 1));
    ck_assert_int_eq(pair.utp[0].refused, ERROR_CLOSED);
    ck_assert(netaddr_equal(&pair.utp[0].refused_to, &nobody));
    ck_assert_uint_eq(pair.dht[0].refusals, 1);
    /* It is no reason not to send to others. */
    udp_port_send(pair.ports[0], &pair.addresses[1], utp, sizeof utp, false);
    ck_assert(turns_until(pair.loop, &pair.utp[1].packets, 1));
    pair_close(&pair);
    close(held);
}
END_TEST

START_TEST(a_whole_packet_longer_than_the_interface_takes_is_refused)
{
    static uint8_t packet[UDP_PACKET_MAX] = {0x01};
    struct pair pair;
    pair_open(&pair, "[::1]"); /* its headers leave less of the 65,536 bytes */
    ck_assert_int_eq(udp_port_send(pair.ports[0], &pair.addresses[1], packet,
                                   UDP_PACKET_MAX + 1, true),
                     ERROR_LIMIT);
    udp_port_send(pair.ports[0], &pair.addresses[1], packet, 60000, true);
    ck_assert(turns_until(pair.loop, &pair.utp[1].packets, 1));
    ck_assert_uint_eq(pair.utp[1].bytes, 60000);
    pair_close(&pair);
}
END_TEST

START_TEST(a_port_that_is_taken_is_told)
{
    struct pair pair;
    uint16_t number;
    pair_open(&pair, "127.0.0.1");
    ck_assert_int_eq(udp_port_open(pair.ports[0], &pair.addresses[1], &number),
                     ERROR_EXISTS);
    ck_assert_uint_eq(udp_port_number(pair.ports[0], NETADDR_V4), 0);
    ck_assert_int_eq(
        udp_port_send(pair.ports[0], &pair.addresses[1], utp, sizeof utp, false),
        ERROR_OFFLINE);
    pair_close(&pair);
}
END_TEST

START_TEST(it_may_be_closed_from_inside_a_packet)
{
    struct pair pair;
    pair_open(&pair, "127.0.0.1");
    pair.utp[1].frees = pair.ports[1];
    for (int i = 0; i < 20; i++)
        udp_port_send(pair.ports[0], &pair.addresses[1], utp, sizeof utp, false);
    ck_assert(turns_until(pair.loop, &pair.utp[1].packets, 1));
    for (int i = 0; i < 3; i++)
        loop_turn(pair.loop, 0);
    ck_assert_uint_eq(pair.utp[1].packets, 1);
    ck_assert_uint_eq(udp_port_number(pair.ports[1], NETADDR_V4), 0);
    pair_close(&pair);
}
END_TEST

START_TEST(what_is_tied_elsewhere_is_not_opened)
{
    struct loop *loop = loop_new(&loop_platform_system);
    struct net *net = net_system_new("no-such-if0");
    struct udp_port *port = udp_port_new(loop, net);
    const struct netaddr any = at("127.0.0.1");
    uint16_t number;
    ck_assert_int_ne(udp_port_open(port, &any, &number), ERROR_NONE);
    udp_port_free(port);
    net_system_free(net);
    loop_free(loop);
}
END_TEST

/* ---- on the virtual network ---- */

struct rig {
    struct world world;
    struct udp_port *ports[2];
    struct inbox inboxes[2];
};

static const char *const names[] = {"10.0.0.1", "10.0.0.2"};
static const char *const addresses[] = {"10.0.0.1:6881", "10.0.0.2:6881"};

static void rig_open(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    world_init(&rig->world, 1);
    for (int i = 0; i < 2; i++) {
        rig->ports[i] =
            udp_port_new(rig->world.loop, vnet_host(rig->world.vnet, names[i]));
        udp_port_set_receiver(rig->ports[i], UDP_KIND_UTP, &receiver, &rig->inboxes[i]);
        open_at(rig->ports[i], addresses[i]);
    }
}

static void rig_close(struct rig *rig)
{
    udp_port_free(rig->ports[0]);
    udp_port_free(rig->ports[1]);
    world_done(&rig->world);
}

static enum error_code rig_send(struct rig *rig)
{
    const struct netaddr to = at(addresses[1]);
    return udp_port_send(rig->ports[0], &to, utp, sizeof utp, false);
}

/* D21, U8: EPERM, ENETUNREACH and the like. */
START_TEST(when_nothing_can_be_sent_it_rests_longer_and_longer)
{
    struct rig rig;
    uint32_t tried = 0;
    rig_open(&rig);
    vnet_set_local_error(rig.world.vnet, _i == 0 ? ERROR_ACCESS : ERROR_OFFLINE);
    for (int i = 0; i < 60 * 50; i++) {
        tried += rig_send(&rig) == ERROR_NONE;
        world_run(&rig.world, 20 * NS_PER_MS);
    }
    ck_assert_uint_ge(tried, 8);
    ck_assert_uint_le(tried, 8 * 6 + 8);
    ck_assert_uint_eq(rig.inboxes[0].refusals, tried);
    ck_assert_int_eq(rig.inboxes[0].refused, _i == 0 ? ERROR_ACCESS : ERROR_OFFLINE);
    vnet_set_local_error(rig.world.vnet, ERROR_NONE);
    world_run(&rig.world, 30 * NS_PER_S);
    ck_assert_int_eq(rig_send(&rig), ERROR_NONE);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.inboxes[1].packets, 1);
    rig_close(&rig);
}
END_TEST

START_TEST(one_place_out_of_reach_is_no_reason_to_rest)
{
    struct rig rig;
    const struct netaddr nowhere = at("10.0.0.9:1");
    rig_open(&rig);
    vnet_set_fate(rig.world.vnet, "10.0.0.9:1", VNET_NO_ROUTE);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(udp_port_send(rig.ports[0], &nowhere, utp, sizeof utp, false),
                         ERROR_NONE);
        ck_assert_int_eq(rig_send(&rig), ERROR_NONE);
        world_run(&rig.world, 10 * NS_PER_MS);
    }
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.inboxes[1].packets, 100);
    ck_assert_uint_eq(rig.inboxes[0].refusals, 100);
    rig_close(&rig);
}
END_TEST

START_TEST(receivers_hear_of_other_sockets)
{
    struct rig rig;
    rig_open(&rig);
    udp_port_tell_changed(rig.ports[0]);
    ck_assert_uint_eq(rig.inboxes[0].changes, 1);
    rig_close(&rig);
}
END_TEST

/* The network that others' tests stand on. */
START_TEST(the_virtual_air_loses_doubles_and_delays)
{
    struct rig rig;
    const struct vnet_air air = {
        .latency_ns = 10 * NS_PER_MS, .loss = 300, .duplicates = 100, .seed = 5};
    uint32_t got[2];
    for (int run = 0; run < 2; run++) {
        rig_open(&rig);
        vnet_set_air(rig.world.vnet, &air);
        for (int i = 0; i < 1000; i++) {
            rig_send(&rig);
            world_run(&rig.world, NS_PER_MS);
        }
        world_run(&rig.world, NS_PER_S);
        got[run] = rig.inboxes[1].packets;
        rig_close(&rig);
    }
    ck_assert_uint_ge(got[0], 650);
    ck_assert_uint_le(got[0], 890);
    ck_assert_uint_eq(got[0], got[1]); /* a seed replays */
}
END_TEST

START_TEST(a_virtual_nat_lets_in_who_was_sent_to)
{
    struct rig rig;
    const struct netaddr inside = at("10.0.0.1:6881"), outside = at("1.2.3.4:20000");
    rig_open(&rig);
    vnet_set_nat(rig.world.vnet, "10.0.0.1", "1.2.3.4", VNET_NAT_RESTRICTED);
    udp_port_send(rig.ports[1], &outside, utp, sizeof utp, false);
    udp_port_send(rig.ports[1], &inside, utp, sizeof utp, false);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.inboxes[0].packets, 0);
    rig_send(&rig);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.inboxes[1].packets, 1);
    ck_assert(netaddr_equal(&rig.inboxes[1].from, &outside));
    udp_port_send(rig.ports[1], &outside, utp, sizeof utp, false);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.inboxes[0].packets, 1);
    rig_close(&rig);
}
END_TEST

Suite *test_udp_port_suite(void)
{
    Suite *suite = suite_create("udp_port");
    TCase *tcase = tcase_create("port");
    tcase_add_loop_test(tcase, packets_reach_who_registered_for_their_kind, 0, 2);
    tcase_add_loop_test(tcase, many_packets_of_one_length_keep_their_borders, 0, 2);
    tcase_add_test(tcase, answers_leave_from_the_address_that_was_asked);
    tcase_add_test(tcase,
                   the_address_that_was_asked_is_forgotten_after_two_minutes_of_silence);
    tcase_add_test(tcase, an_address_that_has_gone_is_no_reason_to_be_silent);
    tcase_add_loop_test(tcase, nobody_there_is_told, 0, 2);
    tcase_add_test(tcase, a_whole_packet_longer_than_the_interface_takes_is_refused);
    tcase_add_test(tcase, a_port_that_is_taken_is_told);
    tcase_add_test(tcase, it_may_be_closed_from_inside_a_packet);
    tcase_add_test(tcase, what_is_tied_elsewhere_is_not_opened);
    tcase_add_loop_test(tcase, when_nothing_can_be_sent_it_rests_longer_and_longer, 0, 2);
    tcase_add_test(tcase, one_place_out_of_reach_is_no_reason_to_rest);
    tcase_add_test(tcase, receivers_hear_of_other_sockets);
    tcase_add_test(tcase, the_virtual_air_loses_doubles_and_delays);
    tcase_add_test(tcase, a_virtual_nat_lets_in_who_was_sent_to);
    suite_add_tcase(suite, tcase);
    return suite;
}
