/* A session behind gateways of the virtual network: what becomes of its port. */
#include "base/buffer.h"
#include "tests/lib/world.h"
#include "torrent/looks.h"
#include "torrent/session.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_portmap_suite(void);

struct gateway {
    uint32_t asked, given_back;
    uint8_t outside[4];
    uint16_t port; /* that is granted; 0: refuses */
    bool silent_at_the_end;
    struct netaddr address;
};

static struct world world;
static struct net net;
static struct session *session;
static struct gateway first, second;
static char dir[] = "/tmp/bttui-portmap-XXXXXX";
static bool stopped;

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct gateway *gateway = context;
    uint8_t answer[60];
    ck_assert_uint_eq(length, sizeof answer); /* PCP */
    memcpy(answer, bytes, sizeof answer);
    answer[1] |= 0x80;
    memset(answer + 8, 0, 16);
    if (be32_get(bytes + 4) == 0) {
        gateway->given_back++;
        if (gateway->silent_at_the_end)
            return;
    } else {
        gateway->asked++;
    }
    be32_put(answer + 8, 7);
    answer[3] = gateway->port == 0 ? 2 : 0;
    be16_put(answer + 42, gateway->port);
    memcpy(answer + 56, gateway->outside, 4);
    vnet_send_udp(world.vnet, &gateway->address, from, answer, sizeof answer);
}

static void serve(struct gateway *gateway, const char *address)
{
    *gateway = (struct gateway){.outside = {11, 0, 0, 1}, .port = 7000};
    ck_assert_int_eq(netaddr_parse(address, 0, &gateway->address), ERROR_NONE);
    vnet_serve_udp(world.vnet, address, on_packet, gateway);
}

static void setup(void)
{
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    serve(&first, "10.0.0.254:5351");
    serve(&second, "10.0.0.253:5351");
    vnet_set_gateway(world.vnet, "10.0.0.254");
    session = NULL;
    stopped = false;
}

static void open_session(bool portmap, bool incoming)
{
    char message[SESSION_MESSAGE_SIZE];
    const struct session_config config = {
        .loop = world.loop,
        .net = &net,
        .random = &world.random.source,
        .download_dir = dir,
        .port = 6881,
        .workers = UINT32_MAX,
        .incoming = incoming,
        .portmap = portmap,
    };
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    world_run(&world, NS_PER_S);
}

static void teardown(void)
{
    session_free(session);
    world_done(&world);
    rmdir(dir);
}

static struct session_info info(void)
{
    struct session_info info;
    session_get_info(session, &info);
    return info;
}

static void on_stopped(void *context)
{
    (void)context;
    stopped = true;
}

START_TEST(the_port_is_mapped_and_given_back)
{
    open_session(true, true);
    ck_assert_int_eq(info().port_mapping, PORT_MAPPED);
    ck_assert_uint_eq(info().external_port, 7000);
    ck_assert_str_eq(info().port_text, "mapped as 11.0.0.1:7000, by PCP");
    ck_assert_uint_eq(first.asked, 2);
    session_stop(session, on_stopped, NULL);
    world_run(&world, 100 * NS_PER_MS);
    ck_assert_uint_eq(first.given_back, 2);
    ck_assert(stopped);
}
END_TEST

START_TEST(a_gateway_that_does_not_take_it_back_costs_a_second)
{
    first.silent_at_the_end = true;
    open_session(true, true);
    session_stop(session, on_stopped, NULL);
    world_run(&world, 900 * NS_PER_MS);
    ck_assert(!stopped);
    world_run(&world, 500 * NS_PER_MS);
    ck_assert(stopped);
    ck_assert_uint_gt(first.given_back, 4);
}
END_TEST

START_TEST(another_gateway_is_asked_and_none_is_said)
{
    open_session(true, true);
    second.port = 0;
    vnet_set_gateway(world.vnet, "10.0.0.253");
    vnet_change(world.vnet);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(second.asked, 2);
    ck_assert_int_eq(info().port_mapping, PORT_REFUSED);
    ck_assert_uint_eq(info().external_port, 0);
    ck_assert_ptr_nonnull(strstr(info().port_text, "10.0.0.253 refuses"));
    vnet_set_gateway(world.vnet, NULL);
    vnet_change(world.vnet);
    world_run(&world, NS_PER_S);
    ck_assert_int_eq(info().port_mapping, PORT_UNMAPPED);
    ck_assert_ptr_nonnull(strstr(info().port_text, "no gateway"));
    vnet_set_gateway(world.vnet, "10.0.0.254");
    vnet_change(world.vnet);
    world_run(&world, NS_PER_S);
    ck_assert_int_eq(info().port_mapping, PORT_MAPPED);
    vnet_change(world.vnet); /* it may have forgotten */
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(first.asked, 6);
}
END_TEST

START_TEST(a_gateway_behind_another_router_is_told_as_that)
{
    memcpy(first.outside, (const uint8_t[]){100, 64, 0, 5}, 4);
    open_session(true, true);
    ck_assert_int_eq(info().port_mapping, PORT_MAPPED_INSIDE);
    ck_assert_ptr_nonnull(strstr(info().port_text, "no public address"));
}
END_TEST

START_TEST(nobody_is_asked_who_is_not_to_be)
{
    open_session(_i == 0, _i == 1);
    ck_assert_uint_eq(first.asked, 0);
    ck_assert_int_eq(info().port_mapping, PORT_UNMAPPED);
    ck_assert_str_eq(info().port_text, "");
}
END_TEST

Suite *test_portmap_suite(void)
{
    Suite *suite = suite_create("portmap");
    TCase *tests = tcase_create("portmap");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_port_is_mapped_and_given_back);
    tcase_add_test(tests, a_gateway_that_does_not_take_it_back_costs_a_second);
    tcase_add_test(tests, another_gateway_is_asked_and_none_is_said);
    tcase_add_test(tests, a_gateway_behind_another_router_is_told_as_that);
    tcase_add_loop_test(tests, nobody_is_asked_who_is_not_to_be, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
