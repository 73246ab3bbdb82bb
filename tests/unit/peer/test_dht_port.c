/* Peers that tell of their DHT nodes (BEP 5), truly or not. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

static struct rig rig;
static struct script_peer remote;

static void begin(bool is_private)
{
    static const struct rig_config config;
    rig_init(&rig, &config);
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    struct peer_metainfo metainfo = rig_metainfo(&rig);
    metainfo.is_private = is_private;
    peer_manager_set_metainfo(rig.manager, &metainfo);
    script_peer_init(&remote);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], 1);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static void say_port(uint16_t port)
{
    const uint8_t body[] = {(uint8_t)(port >> 8), (uint8_t)port};
    script_peer_put(&remote, WIRE_PORT, body, sizeof body);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!remote.over);
}

/* P45: whatever port it names, it is its own host that is asked. */
START_TEST(test_a_node_is_asked_on_its_peers_own_host_alone)
{
    begin(false);
    say_port(0);
    ck_assert_uint_eq(rig.dht_nodes, 0);
    say_port(53);
    ck_assert_uint_eq(rig.dht_nodes, 1);
    struct netaddr own;
    ck_assert_int_eq(netaddr_parse("10.0.0.2:53", 0, &own), ERROR_NONE);
    ck_assert(netaddr_equal(&rig.dht_node, &own));
    end();
}
END_TEST

/* P45 */
START_TEST(test_a_peers_node_is_asked_once_a_minute)
{
    begin(false);
    for (uint16_t port = 1000; port < 1590; port++) { /* in 59 s */
        say_port(port);
        rig_run(&rig, 50 * NS_PER_MS);
    }
    ck_assert_uint_eq(rig.dht_nodes, 1);
    ck_assert_uint_eq(rig.dht_node.port, 1000);
    rig_run(&rig, 2 * NS_PER_S);
    say_port(2000);
    say_port(2001);
    ck_assert_uint_eq(rig.dht_nodes, 2);
    ck_assert_uint_eq(rig.dht_node.port, 2000);
    end();
}
END_TEST

/* P45, D18 */
START_TEST(test_a_private_torrents_peers_tell_of_none)
{
    begin(true);
    say_port(6881);
    ck_assert_uint_eq(rig.dht_nodes, 0);
    end();
}
END_TEST

Suite *suite_dht_port(void)
{
    Suite *suite = suite_create("dht_port");
    TCase *tcase = tcase_create("dht_port");
    tcase_add_test(tcase, test_a_node_is_asked_on_its_peers_own_host_alone);
    tcase_add_test(tcase, test_a_peers_node_is_asked_once_a_minute);
    tcase_add_test(tcase, test_a_private_torrents_peers_tell_of_none);
    suite_add_tcase(suite, tcase);
    return suite;
}
