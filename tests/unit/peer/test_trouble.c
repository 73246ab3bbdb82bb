/* Networks that go away and come back, and connecting that fails for reasons of our own.
 */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

#define VISITS_MAX 64u

static struct rig rig;
static struct script_peer visits[VISITS_MAX];
static uint32_t visit_count;

/* Somebody who says hello to whoever comes, as often as that may be. */
static void on_visit(void *context, struct stream *stream, const struct netaddr *from)
{
    const char *id = context;
    const struct script_hello hello = rig_hello(&rig, *id, true, true);
    ck_assert_uint_lt(visit_count, VISITS_MAX);
    struct script_peer *visit = &visits[visit_count++];
    script_peer_init(visit);
    script_peer_accept(visit, stream, from);
    script_peer_handshake(visit, &hello);
}

static void wait_at(const char *text, const char *id)
{
    const struct net *net = vnet_host(rig.world.vnet, text);
    const struct netaddr address = rig_address(text);
    struct listener *listener;
    uint16_t port;
    ck_assert_int_eq(net->listen(net->context, rig.world.loop, &address, on_visit,
                                 (void *)(uintptr_t)id, &listener, &port),
                     ERROR_NONE);
    rig_connect(&rig, text, PEER_SOURCE_TRACKER);
}

static void setup(void)
{
    static const struct rig_config config = {0};
    rig_init(&rig, &config);
    visit_count = 0;
}

static void teardown(void)
{
    for (uint32_t i = 0; i < visit_count; i++)
        script_peer_done(&visits[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static uint32_t connected(void)
{
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    return counts.connected;
}

static uint32_t connects(void)
{
    return vnet_connects(rig.world.vnet);
}

/* Keeps those connected busy enough not to be idle for too long. */
static void chat(uint64_t for_ns)
{
    for (uint64_t at_ns = 0; at_ns < for_ns; at_ns += 50 * NS_PER_S) {
        rig_run(&rig, 50 * NS_PER_S);
        for (uint32_t i = 0; i < visit_count; i++)
            if (!visits[i].over)
                script_peer_send(&visits[i], "\0\0\0", 4);
    }
}

/* O9: with and without a sign of it here. */
START_TEST(test_after_five_minutes_without_a_network_all_are_back_in_one)
{
    static const char *const ids[] = {"A", "B", "C", "D", "E"};
    const enum vnet_weather weather = _i == 0 ? VNET_DOWN : VNET_LOST;
    for (uint32_t i = 0; i < 5; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.0.%u:77", i + 2);
        wait_at(address, ids[i]);
    }
    chat(300 * NS_PER_S);
    ck_assert_uint_eq(connected(), 5);
    const uint32_t before = connects();
    vnet_set_weather(rig.world.vnet, weather);
    rig_run(&rig, 340 * NS_PER_S);
    ck_assert_uint_eq(connected(), 0);
    ck_assert_uint_gt(connects(), before);
    ck_assert_uint_le(connects() - before, 60);
    vnet_set_weather(rig.world.vnet, VNET_UP);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(connected(), 5);
}
END_TEST

/* O9 */
START_TEST(test_one_that_has_left_is_not_asked_for_ever)
{
    wait_at("10.0.0.2:77", "A");
    chat(100 * NS_PER_S);
    ck_assert_uint_eq(connected(), 1);
    vnet_set_fate(rig.world.vnet, "10.0.0.2:77", VNET_SILENT);
    script_peer_close(&visits[0]);
    rig_run(&rig, 700 * NS_PER_S);
    const uint32_t before = connects();
    rig_run(&rig, 3600 * NS_PER_S);
    ck_assert_uint_le(connects() - before, 8);
}
END_TEST

/* O14 */
START_TEST(test_trouble_of_our_own_is_waited_out)
{
    static const struct {
        enum error_code error;
        uint32_t least, most; /* tries of all in a minute */
        bool blamed;
    } cases[] = {
        {ERROR_OFFLINE, 3, 6, false},
        {ERROR_FULL, 10, 13, false},
        {ERROR_MEMORY, 10, 13, false},
        {ERROR_ACCESS, 16, 60, true},
    };
    vnet_set_local_error(rig.world.vnet, cases[_i].error);
    for (uint32_t i = 0; i < 100; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.1.%u:77", i + 1);
        rig_connect(&rig, address, PEER_SOURCE_TRACKER);
    }
    wait_at("10.0.0.2:77", "A");
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_ge(connects(), cases[_i].least);
    ck_assert_uint_le(connects(), cases[_i].most);
    vnet_set_local_error(rig.world.vnet, ERROR_NONE);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(connected(), 1);
    ck_assert(cases[_i].blamed || connects() >= 101);
}
END_TEST

/* O14 */
START_TEST(test_no_route_for_one_family_is_no_obstacle_to_the_other)
{
    static const char *const ids[] = {"A", "B", "C", "D"};
    vnet_set_fate(rig.world.vnet, "[2001:db8::9]:77", VNET_NO_ROUTE);
    rig_connect(&rig, "[2001:db8::9]:77", PEER_SOURCE_TRACKER);
    for (uint32_t i = 0; i < 4; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.0.%u:77", i + 2);
        wait_at(address, ids[i]);
    }
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert_uint_eq(connected(), 4);
    const uint32_t before = connects();
    rig_run(&rig, 100 * NS_PER_S);
    ck_assert_uint_le(connects() - before, 8);
}
END_TEST

/* O9, O10 */
START_TEST(test_when_the_network_has_changed_long_waits_are_over)
{
    rig_connect(&rig, "10.0.0.2:77", PEER_SOURCE_TRACKER);
    rig_run(&rig, 7200 * NS_PER_S); /* it has failed often: the next try is far away */
    wait_at("10.0.0.2:77", "A");
    const uint32_t before = connects();
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(connects(), before);
    peer_shared_network_changed(rig.shared);
    rig_run(&rig, 11 * NS_PER_S);
    ck_assert_uint_eq(connects(), before + 1);
    ck_assert_uint_eq(connected(), 1);
}
END_TEST

Suite *suite_trouble(void)
{
    Suite *suite = suite_create("trouble");
    TCase *tcase = tcase_create("trouble");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(
        tcase, test_after_five_minutes_without_a_network_all_are_back_in_one, 0, 2);
    tcase_add_test(tcase, test_one_that_has_left_is_not_asked_for_ever);
    tcase_add_loop_test(tcase, test_trouble_of_our_own_is_waited_out, 0, 4);
    tcase_add_test(tcase, test_no_route_for_one_family_is_no_obstacle_to_the_other);
    tcase_add_test(tcase, test_when_the_network_has_changed_long_waits_are_over);
    suite_add_tcase(suite, tcase);
    return suite;
}
