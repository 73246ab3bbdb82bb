/* Peers are called by TCP and uTP, and how one was reached last comes first the next
 * time. */
#include "net/utp.h"
#include "tests/lib/vnet_private.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#define THEM "10.0.0.2:6881"

static struct rig rig;
static struct script_peer remote;
static struct udp_port *their_port;
static struct utp *their_utp;

static void begin(void)
{
    static const struct rig_config config = {.utp = true};
    const struct netaddr at = vnet_parse(THEM);
    uint16_t number;
    rig_init(&rig, &config);
    script_peer_init(&remote);
    their_port = udp_port_new(rig.world.loop, vnet_host(rig.world.vnet, "10.0.0.2"));
    ck_assert_int_eq(udp_port_open(their_port, &at, &number), ERROR_NONE);
    const struct utp_config theirs = {.loop = rig.world.loop,
                                      .port = their_port,
                                      .random = &rig.world.random.source,
                                      .on_accept = script_peer_accept,
                                      .accept_context = &remote};
    their_utp = utp_new(&theirs);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, 20 * NS_PER_S);
    utp_free(their_utp);
    udp_port_free(their_port);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static struct peer_row row(void)
{
    struct peer_row found = {0};
    ck_assert(peer_manager_row(rig.manager, rig.peer.index, &found));
    return found;
}

/* Whoever was called says hello. */
static void answer(void)
{
    const struct script_hello hello = rig_hello(&rig, 'A', true, true);
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(row().handshaken);
}

/* They have no TCP: it is refused, and uTP is called at once. */
static void meet_by_utp(void)
{
    rig_connect(&rig, THEM, PEER_SOURCE_TRACKER);
    rig_run(&rig, 50 * NS_PER_MS);
    answer();
    ck_assert_int_eq(row().transport, PEER_TRANSPORT_UTP);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 1);
}

/* They go, and are called again after a while. */
static void part(void)
{
    script_peer_close(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert(!row().connected);
}

static bool is_called(const void *context)
{
    (void)context;
    return remote.stream != NULL;
}

START_TEST(test_who_was_reached_by_utp_is_called_by_it_first)
{
    meet_by_utp();
    part();
    ck_assert(world_run_until(&rig.world, 120 * NS_PER_S, is_called, NULL));
    answer();
    ck_assert_int_eq(row().transport, PEER_TRANSPORT_UTP);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 1); /* TCP was not tried again */
}
END_TEST

/* Their uTP is gone, but TCP is there: that is found out, and kept in mind, too. */
START_TEST(test_what_is_remembered_changes_with_them)
{
    meet_by_utp();
    part();
    utp_free(their_utp);
    their_utp = NULL;
    udp_port_close(their_port);
    script_peer_listen(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       THEM);
    ck_assert(world_run_until(&rig.world, 120 * NS_PER_S, is_called, NULL));
    answer();
    ck_assert_int_eq(row().transport, PEER_TRANSPORT_TCP);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 2);
    script_peer_close(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert(world_run_until(&rig.world, 240 * NS_PER_S, is_called, NULL));
    answer();
    ck_assert_int_eq(row().transport, PEER_TRANSPORT_TCP);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 3);
}
END_TEST

Suite *suite_transport(void)
{
    Suite *suite = suite_create("transport");
    TCase *tcase = tcase_create("transport");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test_who_was_reached_by_utp_is_called_by_it_first);
    tcase_add_test(tcase, test_what_is_remembered_changes_with_them);
    suite_add_tcase(suite, tcase);
    return suite;
}
