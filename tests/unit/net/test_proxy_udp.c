/* The UDP port through a proxy (RFC 1928, UDP ASSOCIATE): made when it is wanted, made
 * again when it breaks, closed where the proxy relays nothing. */
#include "net/proxy.h"
#include "net/udp_port.h"
#include "tests/unit/net/socks_script.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *test_proxy_udp_suite(void);

static struct world world;
static struct socks_script script;
static struct net *net;
static struct net_watch *watch;
static struct udp_port *port;
static uint32_t changes;

/* What came. */
static struct netaddr from;
static char payload[64];
static uint32_t packets, batches, refusals, writable;

static void on_change(void *context)
{
    (void)context;
    changes++;
}

static void on_packet(void *context, const struct netaddr *sender, const uint8_t *bytes,
                      size_t length)
{
    (void)context;
    ck_assert_uint_lt(length, sizeof payload);
    packets++;
    from = *sender;
    memcpy(payload, bytes, length);
    payload[length] = '\0';
}

static void on_batch_end(void *context)
{
    (void)context;
    batches++;
}

static void on_refused(void *context, const struct netaddr *to, enum error_code error)
{
    (void)context, (void)to, (void)error;
    refusals++;
}

static void on_writable(void *context)
{
    (void)context;
    writable++;
}

static const struct udp_receiver receiver = {on_packet, on_batch_end, on_refused,
                                             on_writable, NULL};

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static void open_ports(void)
{
    static const char *const any[] = {"0.0.0.0:0", "[::]:0"};
    for (int i = 0; i < 2; i++) {
        const struct netaddr address = at(any[i]);
        uint16_t number = 0;
        ck_assert_int_eq(udp_port_open(port, &address, &number), ERROR_NONE);
        ck_assert_uint_ne(number, 0);
    }
}

static void setup(void)
{
    const struct proxy_place place = {.host = "10.0.0.9", .port = 1080};
    world_init(&world, 1);
    socks_script_begin(&script, &world);
    const struct netaddr address = at(SCRIPT_PROXY);
    net = net_proxy_new((struct net *)(uintptr_t)vnet_host(world.vnet, "10.0.0.1"),
                        &place, &address);
    watch = net->watch(net->context, world.loop, on_change, NULL);
    port = udp_port_new(world.loop, net);
    udp_port_set_receiver(port, UDP_KIND_DHT, &receiver, NULL);
    open_ports();
    world_run(&world, NS_PER_S);
    changes = packets = batches = refusals = writable = 0;
}

static void teardown(void)
{
    udp_port_free(port);
    net->unwatch(net->context, watch);
    net_proxy_free(net);
    socks_script_end(&script);
    ck_assert_uint_eq(vnet_open_streams(world.vnet), 0);
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), 0);
    world_done(&world);
}

static enum error_code send_to(const char *to)
{
    const struct netaddr address = at(to);
    return udp_port_send(port, &address, (const uint8_t *)"d1:q", 4, false);
}

static const char *no_udp(void)
{
    struct net_bound bound;
    net->bound(net->context, &bound);
    return bound.no_udp;
}

START_TEST(nobody_is_asked_for_a_relay_before_there_is_something_to_send)
{
    ck_assert_uint_eq(script.client_count, 1); /* whether it lets us in */
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), 0);
}
END_TEST

START_TEST(packets_go_by_the_relay_and_come_by_it)
{
    static const char *const addresses[] = {"1.2.3.4:6881", "[2001:db8::1]:6881"};
    const struct netaddr target = at(addresses[_i]), relay = at("10.0.0.9:7000");
    ck_assert_int_eq(send_to(addresses[_i]), ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_int_eq(script.command, SOCKS_UDP);
    ck_assert_mem_eq(script.asked, "\x01\0\0\0\0\0\0", 7);
    ck_assert_uint_eq(script.relayed, 1);
    ck_assert(netaddr_equal(&script.relayed_to, &target));
    socks_script_relay(&script, &target, "d1:r");
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(packets, 1);
    ck_assert_uint_eq(batches, 1);
    ck_assert(netaddr_equal(&from, &target));
    ck_assert_str_eq(payload, "d1:r");
    /* Others than the relay, fragments, and what has no header are nobody's. */
    const struct netaddr other = at("10.0.0.9:7001");
    vnet_send_udp(world.vnet, &other, &script.relayed_from,
                  (const uint8_t *)"\0\0\0\x01\x01\x02\x03\x04\x00\x50"
                                   "d1:x",
                  14);
    vnet_send_udp(world.vnet, &relay, &script.relayed_from,
                  (const uint8_t *)"\0\0\1\x01\x01\x02\x03\x04\x00\x50"
                                   "d1:x",
                  14);
    vnet_send_udp(world.vnet, &relay, &script.relayed_from, (const uint8_t *)"d1:x", 4);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(packets, 1);
    ck_assert_uint_eq(script.client_count, 2);
}
END_TEST

/* More than one group of them, of many lengths. */
START_TEST(of_many_packets_none_is_lost)
{
    static uint8_t bytes[1200] = "d1:";
    const struct netaddr target = at("1.2.3.4:6881");
    for (uint32_t i = 0; i < 200; i++)
        ck_assert_int_eq(udp_port_send(port, &target, bytes, 100 + 5 * i, i % 2 == 0),
                         ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(script.relayed, 200);
}
END_TEST

static void on_result(void *context, const struct netaddr *addresses, uint32_t count,
                      const char *message)
{
    (void)message;
    ck_assert_uint_eq(count, 1);
    *(struct netaddr *)context = addresses[0];
}

START_TEST(who_is_sent_to_by_name_answers_for_it)
{
    struct netaddr name;
    const struct netaddr real = at("5.5.5.5:6881");
    ck_assert_ptr_nonnull(
        net->resolve(net->context, world.loop, "router.example", on_result, &name));
    world_run(&world, NS_PER_MS);
    name.port = 6881;
    ck_assert_int_eq(udp_port_send(port, &name, (const uint8_t *)"d1:q", 4, false),
                     ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_str_eq(script.name, "router.example");
    socks_script_relay(&script, &real, "d1:r");
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(packets, 1);
    ck_assert(netaddr_equal(&from, &name));
}
END_TEST

START_TEST(where_it_relays_nothing_nothing_is_sent_and_words_say_so)
{
    static const struct {
        uint8_t reply;
        const char *words;
    } replies[] = {{7, "it does not know how"}, {2, "its rules do not allow it"}};
    char words[200];
    script.reply = replies[_i].reply;
    ck_assert_ptr_null(no_udp());
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE); /* it waits for the relay */
    world_run(&world, NS_PER_S / 2);
    snprintf(words, sizeof words,
             "no DHT, no uTP and no UDP trackers: the proxy socks5://10.0.0.9:1080 "
             "relays no datagrams: %s",
             replies[_i].words);
    ck_assert_str_eq(no_udp(), words);
    ck_assert_uint_eq(changes, 1);
    ck_assert_uint_eq(refusals, 1);
    for (int i = 0; i < 30; i++) {
        (void)!send_to("1.2.3.4:6881");
        world_run(&world, NS_PER_S);
    }
    ck_assert_uint_eq(script.relayed, 0);
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), 0);
    ck_assert_uint_le(script.client_count, 8); /* it is asked more and more rarely */
    ck_assert_uint_ge(script.client_count, 5);
    struct net_bound bound;
    net->bound(net->context, &bound);
    ck_assert_ptr_null(bound.trouble); /* connections still go */

    script.reply = 0;
    world_run(&world, 40 * NS_PER_S);
    ck_assert_ptr_null(no_udp());
    ck_assert_uint_eq(changes, 2);
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(script.relayed, 1);
}
END_TEST

START_TEST(one_that_breaks_is_made_again_and_nothing_is_sent_meanwhile)
{
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), 1);
    socks_script_hang_up(&script);
    world_run(&world, NS_PER_S / 10);
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), 0);
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S / 10);
    ck_assert_uint_eq(refusals, 1);
    ck_assert_uint_eq(script.relayed, 1);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), 1);
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(script.relayed, 2);
    ck_assert_ptr_null(no_udp());
}
END_TEST

/* It takes us, and hangs up every time. */
START_TEST(one_that_breaks_again_and_again_is_made_ever_more_rarely)
{
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    for (int i = 0; i < 600; i++) {
        world_run(&world, NS_PER_S / 10);
        socks_script_hang_up(&script);
    }
    ck_assert_uint_le(script.client_count, 8); /* after 1, 2, 4, 8, 16, 32 s */
    ck_assert_uint_ge(script.client_count, 6);
}
END_TEST

START_TEST(one_that_does_not_answer_is_given_up)
{
    script.silent = true;
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, 14 * NS_PER_S);
    ck_assert_uint_eq(refusals, 0);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(refusals, 1);
    script.silent = false;
    world_run(&world, 3 * NS_PER_S);
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(script.relayed, 1);
}
END_TEST

START_TEST(a_relay_elsewhere_is_used_where_it_is)
{
    script.bound = "10.0.0.9:7000";
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(script.relayed, 1);
    udp_port_close(port);
    open_ports();
    script.bound = "0.0.0.0:0"; /* nowhere */
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S / 2);
    ck_assert_uint_eq(refusals, 1);
    ck_assert_uint_eq(script.relayed, 1);
}
END_TEST

/* By the callback in which it came. */
static void close_port(void *context, const struct netaddr *sender, const uint8_t *bytes,
                       size_t length)
{
    on_packet(context, sender, bytes, length);
    udp_port_close(port);
}

START_TEST(it_may_be_closed_from_inside_a_packet)
{
    static const struct udp_receiver closer = {close_port, on_batch_end, NULL, NULL,
                                               NULL};
    const struct netaddr target = at("1.2.3.4:6881");
    udp_port_set_receiver(port, UDP_KIND_DHT, &closer, NULL);
    ck_assert_int_eq(send_to("1.2.3.4:6881"), ERROR_NONE);
    world_run(&world, NS_PER_S);
    socks_script_relay(&script, &target, "d1:r");
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(packets, 1);
    ck_assert_uint_eq(vnet_open_datagrams(world.vnet), 0);
}
END_TEST

Suite *test_proxy_udp_suite(void)
{
    Suite *suite = suite_create("proxy_udp");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nobody_is_asked_for_a_relay_before_there_is_something_to_send);
    tcase_add_loop_test(tcase, packets_go_by_the_relay_and_come_by_it, 0, 2);
    tcase_add_test(tcase, of_many_packets_none_is_lost);
    tcase_add_test(tcase, who_is_sent_to_by_name_answers_for_it);
    tcase_add_loop_test(tcase, where_it_relays_nothing_nothing_is_sent_and_words_say_so,
                        0, 2);
    tcase_add_test(tcase, one_that_breaks_is_made_again_and_nothing_is_sent_meanwhile);
    tcase_add_test(tcase, one_that_breaks_again_and_again_is_made_ever_more_rarely);
    tcase_add_test(tcase, one_that_does_not_answer_is_given_up);
    tcase_add_test(tcase, a_relay_elsewhere_is_used_where_it_is);
    tcase_add_test(tcase, it_may_be_closed_from_inside_a_packet);
    suite_add_tcase(suite, tcase);
    return suite;
}
