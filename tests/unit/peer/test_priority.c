/* Canonical peer priority (BEP 40), and how the address it needs is learnt. */
#include "peer/priority.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *ours, *theirs;
    uint32_t priority;
} pairs[] = {
    /* BEP 40's own */
    {"123.213.32.10:6881", "98.76.54.32:6881", 0xec2d7224},
    {"123.213.32.10:6881", "123.213.32.234:6881", 0x99568189},
    /* the same /16; one host; IPv6 in no, the same /48, the same /56 */
    {"123.213.32.10:6881", "123.213.216.234:6881", 0x3c342518},
    {"1.2.3.4:2", "1.2.3.4:1", 0x0c1da94e},
    {"[2003:1:2:3::1]:1", "[2004:4:5:6::ff]:1", 0x9bf7cce9},
    {"[2003:1:2:300::1]:1", "[2003:1:2:400::ff]:1", 0x142d3c82},
    {"[2003:1:2:3::1]:1", "[2003:1:2:4::ff]:1", 0xed215b80},
};

START_TEST(test_both_ends_have_the_same)
{
    const struct netaddr a = rig_address(pairs[_i].ours);
    const struct netaddr b = rig_address(pairs[_i].theirs);
    ck_assert_uint_eq(priority_of(&a, &b), pairs[_i].priority);
    ck_assert_uint_eq(priority_of(&b, &a), pairs[_i].priority);
}
END_TEST

START_TEST(test_families_have_none_in_common)
{
    const struct netaddr a = rig_address("1.2.3.4:1"), b = rig_address("[2003::1]:1");
    ck_assert_uint_eq(priority_of(&a, &b), 0);
}
END_TEST

START_TEST(test_one_host_alone_is_not_believed)
{
    const struct netaddr us = rig_address("81.1.1.1:0"), lie = rig_address("9.9.9.9:0");
    const struct netaddr a = rig_address("82.1.1.1:5"), a2 = rig_address("82.1.1.1:6");
    const struct netaddr b = rig_address("83.1.1.1:5"), none = rig_address("0.0.0.0:0");
    struct priority_own own;
    memset(&own, 0, sizeof own);
    priority_note_own(&own, &lie, &a);
    priority_note_own(&own, &lie, &a2);
    ck_assert_int_eq(own.agreed.family, NETADDR_NONE);
    priority_note_own(&own, &us, &b);
    ck_assert_int_eq(own.agreed.family, NETADDR_NONE);
    priority_note_own(&own, &us, &a);
    ck_assert(netaddr_same_host(&own.agreed, &us));
    priority_note_own(&own, &none, &a);
    priority_note_own(&own, &none, &b);
    priority_note_own(&own, &lie, &a);
    ck_assert(netaddr_same_host(&own.agreed, &us));
    priority_note_own(&own, &lie, &b); /* we have moved */
    ck_assert(netaddr_same_host(&own.agreed, &lie));
}
END_TEST

/* ---- what it is for ---- */

#define REMOTES 12

static struct rig rig;
static struct script_peer remotes[REMOTES];

static void name_host(int number, char text[32], const char *port)
{
    snprintf(text, 32, "8%d.%d.1.1%s", number % 10, number * 7, port);
}

/* Theirs and ours, who are 10.0.0.1 as the network has it. */
static uint32_t priority_at(int number)
{
    char text[32];
    name_host(number, text, ":7000");
    const struct netaddr ours = rig_address("10.0.0.1:6881"), at = rig_address(text);
    return priority_of(&ours, &at);
}

static void begin(uint32_t max_peers)
{
    const struct rig_config config = {.max_peers = max_peers};
    rig_init(&rig, &config);
    vnet_set_own_address(rig.world.vnet, "10.0.0.1");
    for (int i = 0; i < REMOTES; i++)
        script_peer_init(&remotes[i]);
}

static void end(void)
{
    for (int i = 0; i < REMOTES; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

START_TEST(test_of_many_the_first_by_priority_are_called)
{
    char text[32];
    int above = 0;
    begin(4);
    for (int i = 0; i < REMOTES; i++) {
        struct message message = {.type = PEER_CONNECT};
        name_host(i, text, "");
        const struct net *net = vnet_host(rig.world.vnet, text);
        name_host(i, text, ":7000");
        script_peer_listen(&remotes[i], net, rig.world.loop, text);
        message.u.candidate.address = rig_address(text);
        message.u.candidate.source = PEER_SOURCE_TRACKER;
        ck_assert_int_eq(bus_post(rig.requests, &message), ERROR_NONE);
    }
    rig_run(&rig, 200 * NS_PER_MS);
    for (int i = 0; i < REMOTES; i++) {
        int better = 0;
        for (int other = 0; other < REMOTES; other++)
            better += priority_at(other) > priority_at(i);
        ck_assert_int_eq(remotes[i].connected, better < 4);
        above += remotes[i].connected;
    }
    ck_assert_int_eq(above, 4);
    end();
}
END_TEST

START_TEST(test_of_those_on_trial_the_last_by_priority_goes)
{
    char text[32];
    int last = 0;
    begin(6);
    for (int i = 0; i < 7; i++) {
        struct script_hello hello = rig_hello(&rig, 'A', true, false);
        hello.peer_id[0] = (uint8_t)(1 + i);
        name_host(i, text, "");
        if (i == 6)
            rig_run(&rig, 11 * NS_PER_S);
        script_peer_dial(&remotes[i], vnet_host(rig.world.vnet, text), rig.world.loop,
                         "10.0.0.1:6881");
        script_peer_handshake(&remotes[i], &hello);
        rig_run(&rig, 50 * NS_PER_MS);
    }
    for (int i = 0; i < 6; i++)
        if (priority_at(i) < priority_at(last))
            last = i;
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(remotes[i].over, i == last);
    end();
}
END_TEST

Suite *suite_priority(void)
{
    Suite *suite = suite_create("priority");
    TCase *tcase = tcase_create("priority");
    tcase_add_loop_test(tcase, test_both_ends_have_the_same, 0,
                        (int)(sizeof pairs / sizeof *pairs));
    tcase_add_test(tcase, test_families_have_none_in_common);
    tcase_add_test(tcase, test_one_host_alone_is_not_believed);
    tcase_add_test(tcase, test_of_many_the_first_by_priority_are_called);
    tcase_add_test(tcase, test_of_those_on_trial_the_last_by_priority_goes);
    suite_add_tcase(suite, tcase);
    return suite;
}
