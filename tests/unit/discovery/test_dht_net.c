/* Many nodes together. BTTUI_DHT_SEED=N is one of the runs. */
#include "tests/unit/discovery/check_discovery.h"
#include "tests/unit/discovery/dht_net.h"

#include <stdio.h>
#include <stdlib.h>

#define NODES 100u

static struct dht_net net;

static uint64_t seed_of(uint64_t usual)
{
    const char *text = getenv("BTTUI_DHT_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : usual;
}

static bool found(const struct dht_net_node *node, const struct netaddr *peer)
{
    for (uint32_t i = 0; i < node->found_count; i++)
        if (netaddr_same_host(&node->found[i], peer))
            return true;
    return false;
}

/* COUNT nodes announce themselves, then others look: how many of those found somebody. */
static uint32_t finders(uint32_t announcers, uint32_t lookers)
{
    uint32_t that_found = 0;
    for (uint32_t i = 0; i < announcers; i++)
        dht_net_search(net.nodes[1 + i * 7 % NODES], i, 6000);
    dht_net_run(&net, 30 * NS_PER_S);
    for (uint32_t i = 0; i < lookers; i++) {
        struct dht_net_node *looker = net.nodes[3 + i * 11 % (NODES - 3)];
        const uint32_t hash = i % announcers;
        const struct dht_net_node *wanted = net.nodes[1 + hash * 7 % NODES];
        if (looker == wanted)
            looker = net.nodes[2];
        looker->found_count = 0;
        dht_net_search(looker, hash, 0);
        dht_net_run(&net, 10 * NS_PER_S);
        that_found += found(looker, &wanted->address);
    }
    return that_found;
}

START_TEST(what_one_announces_all_find)
{
    dht_net_init(&net, seed_of(1));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    for (uint32_t i = 0; i < NODES; i++) {
        struct dht_look look;
        dht_get_look(net.nodes[i]->dht, &look);
        ck_assert_uint_ge(look.nodes, 8);
    }
    ck_assert_uint_eq(finders(20, 40), 40);
    dht_net_done(&net);
}
END_TEST

START_TEST(a_tenth_of_all_packets_lost_hides_hardly_anybody)
{
    dht_net_init(&net, seed_of(2));
    net.loss_percent = 10;
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 120 * NS_PER_S);
    ck_assert_uint_ge(finders(20, 40), 39);
    dht_net_done(&net);
}
END_TEST

START_TEST(a_third_of_silent_nodes_and_liars_hide_hardly_anybody) /* D10, D14 */
{
    char text[40];
    dht_net_init(&net, seed_of(3));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    /* They make themselves known by asking everybody. */
    for (uint32_t i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "150.%u.1.1:6881", i);
        struct dht_net_node *bad =
            dht_net_add(&net, text, i % 2 == 0 ? DHT_NET_LIAR : DHT_NET_SILENT);
        struct buffer out;
        const struct dht_query query = {.method = DHT_PING, .id = bad->id};
        buffer_init(&out, DHT_MESSAGE_MAX);
        ck_assert_int_eq(dht_write_query(&query, &out), ERROR_NONE);
        for (uint32_t j = 0; j < NODES; j++)
            dht_net_send(&net, &bad->address, &net.nodes[j]->address, out.bytes,
                         out.length, NS_PER_MS);
        buffer_done(&out);
        dht_net_run(&net, NS_PER_S);
    }
    ck_assert_uint_ge(finders(20, 40), 38);
    dht_net_done(&net);
}
END_TEST

START_TEST(a_newcomer_finds_peers_in_under_a_second)
{
    dht_net_init(&net, seed_of(4));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    uint64_t worst_ns = 0;
    for (uint32_t i = 0; i < 10; i++)
        dht_net_search(net.nodes[5 + i * 9], i, 6000);
    dht_net_run(&net, 30 * NS_PER_S);
    for (uint32_t i = 0; i < 10; i++) {
        char text[40];
        snprintf(text, sizeof text, "160.%u.1.1:6881", i);
        struct dht_net_node *newcomer = dht_net_add(&net, text, DHT_NET_HONEST);
        dht_add_start(newcomer->dht, &net.nodes[0]->address, true, false);
        const uint64_t begun_ns = net.now_ns;
        dht_net_search(newcomer, i, 6001);
        dht_net_run(&net, 20 * NS_PER_S);
        ck_assert_uint_ge(newcomer->found_count, 1);
        if (newcomer->first_found_ns - begun_ns > worst_ns)
            worst_ns = newcomer->first_found_ns - begun_ns;
    }
    printf("a newcomer's first peer, worst of 10: %u ms\n",
           (unsigned)(worst_ns / NS_PER_MS));
    ck_assert_uint_le(worst_ns, NS_PER_S);
    dht_net_done(&net);
}
END_TEST

START_TEST(a_restart_needs_no_router)
{
    static struct dht_state_side side;
    dht_net_init(&net, seed_of(5));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    dht_net_search(net.nodes[40], 1, 6000);
    dht_net_run(&net, 20 * NS_PER_S);
    dht_save(net.nodes[20]->dht, &side);
    ck_assert_uint_ge(side.count, 16);
    struct dht_net_node *again = dht_net_add(&net, "170.1.1.1:6881", DHT_NET_HONEST);
    dht_restore(again->dht, &side);
    dht_net_search(again, 1, 0);
    dht_net_run(&net, 10 * NS_PER_S);
    ck_assert(found(again, &net.nodes[40]->address));
    dht_net_done(&net);
}
END_TEST

START_TEST(announces_are_made_again_and_searches_end)
{
    dht_net_init(&net, seed_of(6));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    dht_net_search(net.nodes[40], 1, 6000);
    dht_net_run(&net, 30 * NS_PER_S);
    const struct dht_search_look first = dht_net_look(net.nodes[40], 1);
    ck_assert(!first.working);
    ck_assert_uint_ge(first.announced, 6);
    ck_assert_uint_ge(first.asked, 8);
    dht_net_run(&net, 3600 * NS_PER_S); /* longer than stores keep it */
    ck_assert_uint_gt(dht_net_look(net.nodes[40], 1).last_ns, first.last_ns);
    dht_net_search(net.nodes[60], 1, 0);
    dht_net_run(&net, 10 * NS_PER_S);
    ck_assert(found(net.nodes[60], &net.nodes[40]->address));
    struct dht_search_look look;
    const struct info_hash hash = dht_net_hash(1);
    dht_search_end(net.nodes[40]->dht, &hash);
    ck_assert(!dht_search_get(net.nodes[40]->dht, &hash, &look));
    const uint32_t searched = net.nodes[40]->searched;
    dht_net_run(&net, 3600 * NS_PER_S);
    ck_assert_uint_eq(net.nodes[40]->searched, searched);
    dht_net_done(&net);
}
END_TEST

/* O10: others know us by an address that may be ours no more. */
START_TEST(when_the_network_changes_announces_are_made_again_once_a_minute)
{
    dht_net_init(&net, seed_of(9));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    struct dht_net_node *node = net.nodes[40];
    dht_net_search(node, 1, 6000);
    dht_net_search(net.nodes[50], 1, 6000); /* it finds somebody: all is well for long */
    dht_net_run(&net, 120 * NS_PER_S);
    const uint64_t first_ns = dht_net_look(node, 1).last_ns;
    ck_assert_uint_gt(net.now_ns - first_ns, 50 * NS_PER_S);
    dht_network_changed(node->dht, net.now_ns);
    dht_net_run(&net, 12 * NS_PER_S);
    const uint64_t second_ns = dht_net_look(node, 1).last_ns;
    ck_assert_uint_gt(second_ns, first_ns);
    for (int i = 0; i < 20; i++) {
        dht_network_changed(node->dht, net.now_ns);
        dht_net_run(&net, NS_PER_S);
    }
    ck_assert_uint_eq(dht_net_look(node, 1).last_ns, second_ns);
    dht_net_run(&net, 60 * NS_PER_S);
    ck_assert_uint_gt(dht_net_look(node, 1).last_ns, second_ns);
    dht_net_done(&net);
}
END_TEST

/* O10: what had begun before is no announce of after. */
START_TEST(a_search_that_runs_when_the_network_changes_is_made_again)
{
    dht_net_init(&net, seed_of(9));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    dht_net_search(net.nodes[50], 1, 6000);
    dht_net_run(&net, 60 * NS_PER_S);
    struct dht_net_node *node = net.nodes[40];
    dht_net_search(node, 1, 6000); /* it finds somebody: all is well for long */
    dht_net_run(&net, 20 * NS_PER_MS);
    ck_assert(dht_net_look(node, 1).working);
    dht_network_changed(node->dht, net.now_ns);
    dht_net_run(&net, 30 * NS_PER_S);
    const uint64_t first_ns = dht_net_look(node, 1).last_ns;
    ck_assert(!dht_net_look(node, 1).working);
    ck_assert_uint_gt(dht_net_look(node, 1).found, 0);
    dht_net_run(&net, 60 * NS_PER_S);
    const uint64_t second_ns = dht_net_look(node, 1).last_ns;
    ck_assert_uint_gt(second_ns, first_ns);
    dht_net_run(&net, 120 * NS_PER_S); /* once */
    ck_assert_uint_eq(dht_net_look(node, 1).last_ns, second_ns);
    dht_net_done(&net);
}
END_TEST

START_TEST(nodes_left_alone_say_little)
{
    dht_net_init(&net, seed_of(7));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 3600 * NS_PER_S);
    uint64_t before = 0, after = 0;
    for (uint32_t i = 0; i < NODES; i++)
        before += net.nodes[i]->sent;
    dht_net_run(&net, 3600 * NS_PER_S);
    for (uint32_t i = 0; i < NODES; i++)
        after += net.nodes[i]->sent;
    /* Pings, refreshes and the answers to them. */
    ck_assert_uint_le((after - before) / NODES, 3600);
    dht_net_done(&net);
}
END_TEST

START_TEST(a_hundred_torrents_at_once_stay_within_the_rate) /* D6 */
{
    dht_net_init(&net, seed_of(8));
    dht_net_add_many(&net, NODES, NS_PER_S / 10);
    dht_net_run(&net, 60 * NS_PER_S);
    struct dht_net_node *busy = net.nodes[10];
    const uint64_t before = busy->sent_bytes;
    for (uint32_t i = 0; i < 100; i++)
        dht_net_search(busy, 1000 + i, 6000);
    dht_net_run(&net, 60 * NS_PER_S);
    ck_assert_uint_le(busy->sent_bytes - before, 60 * 8000 + 32000);
    dht_net_run(&net, 300 * NS_PER_S);
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_ne(dht_net_look(busy, 1000 + i).last_ns, UINT64_MAX);
    dht_net_done(&net);
}
END_TEST

Suite *suite_dht_net(void)
{
    Suite *suite = suite_create("dht net");
    TCase *tests = tcase_create("dht net");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_one_announces_all_find);
    tcase_add_test(tests, a_tenth_of_all_packets_lost_hides_hardly_anybody);
    tcase_add_test(tests, a_third_of_silent_nodes_and_liars_hide_hardly_anybody);
    tcase_add_test(tests, a_newcomer_finds_peers_in_under_a_second);
    tcase_add_test(tests, a_restart_needs_no_router);
    tcase_add_test(tests, announces_are_made_again_and_searches_end);
    tcase_add_test(tests,
                   when_the_network_changes_announces_are_made_again_once_a_minute);
    tcase_add_test(tests, a_search_that_runs_when_the_network_changes_is_made_again);
    tcase_add_test(tests, nodes_left_alone_say_little);
    tcase_add_test(tests, a_hundred_torrents_at_once_stay_within_the_rate);
    suite_add_tcase(suite, tests);
    return suite;
}
