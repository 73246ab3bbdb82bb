/* Conversations with UDP trackers (BEP 15, 41): losses, lies, names with several
 * addresses. */
#include "base/buffer.h"
#include "tests/unit/discovery/check_discovery.h"
#include "tests/unit/discovery/rig.h"

#include <string.h>

#define PACKETS_MAX 256

static struct rig rig;

struct server {
    struct netaddr address;
    uint64_t at_ns[PACKETS_MAX];
    uint32_t action[PACKETS_MAX], transaction[PACKETS_MAX], event[PACKETS_MAX];
    uint32_t count;
    uint32_t lose; /* so many packets before it answers */
    bool lie;      /* sends all kinds of wrong answers before the right one */
    bool refuse;   /* with an error, in its own words */
    bool no_scrape;
    uint64_t connection_id;
    uint8_t last[2048];
    size_t last_length;
};
static struct server server;

static void reply(const struct server *from, const struct netaddr *to,
                  const struct buffer *packet)
{
    vnet_send_udp(rig.world.vnet, &from->address, to, packet->bytes, packet->length);
}

static void put(struct buffer *packet, uint32_t value)
{
    ck_assert_int_eq(buffer_append_u32(packet, value), ERROR_NONE);
}

static void lie(struct server *from, const struct netaddr *to, uint32_t action,
                uint32_t transaction)
{
    static const uint8_t nothing[20];
    struct buffer packet;
    buffer_init(&packet, 2048);
    for (size_t length = 0; length < 20; length++)
        vnet_send_udp(rig.world.vnet, &from->address, to, nothing, length);
    put(&packet, action);
    put(&packet, transaction + 1); /* somebody else's */
    for (int i = 0; i < 5; i++)
        put(&packet, 7);
    reply(from, to, &packet);
    be32_put(packet.bytes, action == 0 ? 1 : 0); /* the other action */
    be32_put(packet.bytes + 4, transaction);
    reply(from, to, &packet);
    be32_put(packet.bytes, 77);
    reply(from, to, &packet);
    /* Right, but from another address. */
    struct netaddr elsewhere = from->address;
    elsewhere.port++;
    be32_put(packet.bytes, 3);
    vnet_send_udp(rig.world.vnet, &elsewhere, to, packet.bytes, packet.length);
    buffer_done(&packet);
}

static void put_answer(const struct server *from, struct buffer *packet, uint32_t action)
{
    if (action == 0) {
        ck_assert_int_eq(buffer_append_u64(packet, from->connection_id), ERROR_NONE);
    } else if (action == 1) {
        put(packet, 900);
        put(packet, 4);
        put(packet, 3);
        ck_assert_int_eq(
            buffer_append(packet, "\x0a\1\2\3\x1a\xe1\x0a\1\2\4\x1a\xe1", 12),
            ERROR_NONE);
    } else {
        put(packet, 5);
        put(packet, 50);
        put(packet, 10);
    }
}

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct server *at = context;
    const uint32_t number = at->count++;
    ck_assert_uint_lt(number, PACKETS_MAX);
    ck_assert_uint_ge(length, 16);
    at->at_ns[number] = rig.world.clock.now_ns;
    at->action[number] = be32_get(bytes + 8);
    at->transaction[number] = be32_get(bytes + 12);
    at->event[number] = length >= 98 ? be32_get(bytes + 80) : 0;
    memcpy(at->last, bytes, length);
    at->last_length = length;
    if (at->action[number] == 0)
        ck_assert_mem_eq(bytes, "\0\0\4\x17\x27\x10\x19\x80", 8);
    else
        ck_assert_uint_eq((uint64_t)be32_get(bytes) << 32 | be32_get(bytes + 4),
                          at->connection_id);
    if (number < at->lose || (at->no_scrape && at->action[number] == 2))
        return;
    if (at->lie)
        lie(at, from, at->action[number], at->transaction[number]);
    struct buffer packet;
    buffer_init(&packet, 2048);
    const bool refuse = at->refuse && at->action[number] == 1;
    put(&packet, refuse ? 3 : at->action[number]);
    put(&packet, at->transaction[number]);
    if (refuse)
        ck_assert_int_eq(buffer_append(&packet, "not \x1b[1mours", 12), ERROR_NONE);
    else
        put_answer(at, &packet, at->action[number]);
    reply(at, from, &packet);
    reply(at, from, &packet); /* twice: the first counts */
    buffer_done(&packet);
}

static void serve(struct server *at, const char *address)
{
    memset(at, 0, sizeof *at);
    ck_assert_int_eq(netaddr_parse(address, 0, &at->address), ERROR_NONE);
    at->connection_id = UINT64_MAX;
    vnet_serve_udp(rig.world.vnet, address, on_packet, at);
}

static void begin(const char *url)
{
    rig_init(&rig);
    serve(&server, "10.0.0.9:6969");
    rig_add(&rig, url, 0);
}

/* U2, U14 */
START_TEST(test_connect_announce_scrape)
{
    begin("udp://10.0.0.9:6969/announce");
    server.connection_id = _i == 0 ? 0 : UINT64_MAX; /* opaque */
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(server.count, 3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(server.action[i], i);
    ck_assert_uint_eq(server.event[1], 2);
    ck_assert_uint_eq(rig.peers, 2);
    const struct tracker_row row = rig_row(&rig, 0);
    ck_assert_int_eq(row.phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(row.seeds, 5);
    ck_assert_uint_eq(row.leechers, 10);
    ck_assert_uint_eq(row.downloads, 50);
    rig_run(&rig, 902 * NS_PER_S);
    ck_assert_uint_eq(server.count, 6); /* a new connection: the id was old */
    ck_assert_uint_eq(server.event[4], 0);
    rig_stop(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.stops, 1);
    ck_assert_uint_eq(server.count, 8);
    ck_assert_uint_eq(server.event[7], 3);
    rig_done(&rig);
}
END_TEST

/* U1, U3 */
START_TEST(test_losses_are_repaired_after_15_30_60_seconds)
{
    begin("udp://10.0.0.9:6969/announce");
    server.lose = 4;
    rig_begin(&rig);
    rig_run(&rig, 200 * NS_PER_S);
    ck_assert_uint_eq(server.at_ns[1] - server.at_ns[0], 15 * NS_PER_S);
    ck_assert_uint_eq(server.at_ns[2] - server.at_ns[1], 30 * NS_PER_S);
    ck_assert_uint_eq(server.at_ns[3] - server.at_ns[2], 60 * NS_PER_S);
    ck_assert_uint_ne(server.transaction[0], server.transaction[1]);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED); /* shown meanwhile */
    rig_run(&rig, 100 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(rig.peers, 2);
    rig_done(&rig);
}
END_TEST

/* U2 */
START_TEST(test_a_lost_announce_is_sent_again_and_later_connected_for_anew)
{
    begin("udp://10.0.0.9:6969/announce");
    rig_begin(&rig);
    rig_run(&rig, 2500 * NS_PER_US); /* connect was answered, announce is on its way */
    server.lose = 3;
    rig_run(&rig, 44 * NS_PER_S);
    ck_assert_uint_eq(server.action[0], 0);
    ck_assert_uint_eq(server.action[1], 1);
    ck_assert_uint_eq(server.action[2], 1); /* after 15 s */
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert_uint_eq(server.count, 6);
    ck_assert_uint_eq(server.action[3], 0); /* after 45 s */
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    rig_done(&rig);
    begin("udp://10.0.0.9:6969/announce");
    rig_begin(&rig);
    rig_run(&rig, 2500 * NS_PER_US);
    server.lose = 2;
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(server.action[1], 1);
    rig.world.clock.now_ns += 61 * NS_PER_S; /* asleep */
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(server.action[2], 0);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    rig_done(&rig);
}
END_TEST

/* An answer is waited for as long as before it is sent again for the first time. */
START_TEST(test_between_two_sendings_no_socket_is_kept)
{
    begin("udp://10.0.0.9:6969/announce");
    server.lose = PACKETS_MAX;
    rig_begin(&rig);
    for (uint32_t at_s = 0; at_s < 200; at_s++) {
        rig_run(&rig, NS_PER_S);
        const bool waits =
            at_s < 30 || (at_s >= 45 && at_s < 60) || (at_s >= 105 && at_s < 120);
        ck_assert_msg(vnet_open_datagrams(rig.world.vnet) == waits, "after %u s", at_s);
    }
    ck_assert_uint_eq(server.count, 4);
    rig_done(&rig);
}
END_TEST

/* U1 */
START_TEST(test_others_of_the_tier_are_asked_after_two_losses)
{
    static struct server other;
    begin("udp://10.0.0.9:6969/announce");
    serve(&other, "10.0.0.8:6969");
    rig_add(&rig, "udp://10.0.0.8:6969/announce", 0);
    rig_begin(&rig);
    rig_run(&rig, 10 * NS_PER_S);
    struct server *leader = &server, *rests = &other;
    rig_run(&rig, 910 * NS_PER_S);
    if (other.count > server.count) {
        leader = &other;
        rests = &server;
    }
    const uint32_t before = rests->count;
    leader->lose = PACKETS_MAX;
    rig_run(&rig, 910 * NS_PER_S); /* at 1830 s: asked at 1800, lost once */
    ck_assert_uint_eq(rests->count, before);
    rig_run(&rig, 30 * NS_PER_S);
    ck_assert_uint_gt(rests->count, before);
    rig_done(&rig);
}
END_TEST

/* U3, U4, U13 */
START_TEST(test_lies_are_ignored)
{
    begin("udp://10.0.0.9:6969/announce");
    server.lie = true;
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(server.count, 3);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(rig.peers, 2);
    rig_done(&rig);
}
END_TEST

/* U6 */
START_TEST(test_a_refusal_is_kept_in_its_own_words)
{
    begin("udp://10.0.0.9:6969/announce");
    server.refuse = true;
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED);
    ck_assert_int_eq(strncmp(rig_row(&rig, 0).message, "not ", 4), 0);
    ck_assert_ptr_null(strchr(rig_row(&rig, 0).message, 0x1b));
    rig_done(&rig);
}
END_TEST

/* U8 */
START_TEST(test_nobody_there_fails_at_once_and_backs_off)
{
    begin(_i == 0 ? "udp://10.0.0.7:6969/announce" : "udp://nowhere.test:6969/announce");
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED);
    ck_assert_uint_gt(strlen(rig_row(&rig, 0).message), 5);
    rig_run(&rig, 3600 * NS_PER_S);
    ck_assert_uint_le(rig_row(&rig, 0).failures, 14);
    ck_assert_uint_ge(rig_row(&rig, 0).failures, 8);
    rig_done(&rig);
}
END_TEST

/* U8 */
START_TEST(test_no_route_fails_at_once)
{
    begin("udp://10.0.0.9:6969/announce");
    vnet_set_fate(rig.world.vnet, "10.0.0.9:6969", VNET_NO_ROUTE);
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED);
    rig_done(&rig);
}
END_TEST

/* U8: ENETUNREACH, EPERM, ENOBUFS; of the last the packet is lost, and sent again. */
START_TEST(test_what_cannot_be_sent_is_tried_again_and_not_at_once)
{
    static const struct {
        enum error_code error;
        enum tracker_phase phase;
        uint32_t failures_most; /* in ten minutes */
    } cases[] = {{ERROR_OFFLINE, TRACKER_PHASE_FAILED, 18},
                 {ERROR_ACCESS, TRACKER_PHASE_FAILED, 8},
                 {ERROR_AGAIN, TRACKER_PHASE_WORKING, 1}};
    begin("udp://10.0.0.9:6969/announce");
    vnet_set_local_error(rig.world.vnet, cases[_i].error);
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, cases[_i].phase);
    rig_run(&rig, 600 * NS_PER_S);
    ck_assert_uint_ge(rig_row(&rig, 0).failures, 1);
    ck_assert_uint_le(rig_row(&rig, 0).failures, cases[_i].failures_most);
    ck_assert_uint_eq(server.count, 0);
    vnet_set_local_error(rig.world.vnet, ERROR_NONE);
    rig_run(&rig, 650 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    rig_done(&rig);
}
END_TEST

static const char *const unusable[] = {
    "udp://10.0.0.9/announce",    "udp://10.0.0.9:0/announce",
    "udp://10.0.0.9:53/announce", "udp://10.0.0.9:70000/announce",
    "udp://:6969/announce",       "udp://[::1/announce",
};

/* U12 */
START_TEST(test_addresses_nobody_can_be_asked_at_are_left_alone)
{
    begin(unusable[_i]);
    rig_begin(&rig);
    rig_run(&rig, 3600 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_DISABLED);
    ck_assert_uint_eq(rig_row(&rig, 0).failures, 1);
    rig_done(&rig);
}
END_TEST

/* U10 */
START_TEST(test_a_names_next_address_is_tried_when_one_is_broken)
{
    struct netaddr addresses[2];
    ck_assert_int_eq(netaddr_parse("[fd00::9]:1", 0, &addresses[0]), ERROR_NONE);
    ck_assert_int_eq(netaddr_parse("10.0.0.9:1", 0, &addresses[1]), ERROR_NONE);
    begin("udp://two.test:6969/announce");
    vnet_set_name(rig.world.vnet, "two.test", addresses, 2);
    static const enum vnet_fate fates[] = {VNET_SILENT, VNET_NO_ROUTE, VNET_NORMAL};
    vnet_set_fate(rig.world.vnet, "[fd00::9]:6969", fates[_i]);
    rig_begin(&rig);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(server.count, 3);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(rig.peers, 2);
    rig_done(&rig);
}
END_TEST

/* U11 */
START_TEST(test_path_and_query_travel_along)
{
    begin("udp://10.0.0.9:6969/ann/x?key=1");
    server.no_scrape = true;
    rig_begin(&rig);
    rig_run(&rig, 4 * NS_PER_MS);
    ck_assert_uint_eq(server.count, 2);
    ck_assert_uint_eq(server.last_length, 98 + 2 + 12);
    ck_assert_mem_eq(server.last + 98, "\2\x0c/ann/x?key=1", 14);
    rig_run(&rig, 60 * NS_PER_S); /* the scrape is not answered: no harm */
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(rig_row(&rig, 0).seeds, 3);
    ck_assert_uint_eq(rig_row(&rig, 0).downloads, UINT32_MAX);
    rig_done(&rig);
}
END_TEST

START_TEST(test_a_wish_during_a_scrape_is_not_lost)
{
    begin("udp://10.0.0.9:6969/announce");
    server.no_scrape = true;
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(server.count, 3);
    tracker_manager_completed(rig.manager);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(server.count, 6);
    ck_assert_uint_eq(server.event[4], 1);
    rig_stop(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(server.event[7], 3);
    ck_assert_uint_eq(rig.stops, 1);
    rig_done(&rig);
}
END_TEST

/* H24 */
START_TEST(test_everything_may_end_at_any_moment)
{
    begin("udp://10.0.0.9:6969/announce");
    rig_begin(&rig);
    rig_run(&rig, (uint64_t)_i * 500 * NS_PER_US);
    rig_done(&rig);
}
END_TEST

/* H12: of a name with public addresses the others are not asked, nor later. */
START_TEST(test_a_name_that_was_public_may_not_become_private)
{
    struct netaddr addresses[2];
    static struct server public;
    ck_assert_int_eq(netaddr_parse("10.0.0.9:1", 0, &addresses[0]), ERROR_NONE);
    ck_assert_int_eq(netaddr_parse("8.8.8.8:1", 0, &addresses[1]), ERROR_NONE);
    begin("udp://two.test:6969/announce");
    serve(&public, "8.8.8.8:6969");
    vnet_set_name(rig.world.vnet, "two.test", addresses, 2);
    rig_begin(&rig);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(public.count, 3);
    vnet_set_name(rig.world.vnet, "two.test", addresses, 1);
    rig_run(&rig, 905 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED);
    ck_assert_ptr_nonnull(strstr(rig_row(&rig, 0).message, "private"));
    ck_assert_uint_eq(server.count, 0);
    rig_done(&rig);
}
END_TEST

/* U7: a flood of answers with a guessed transaction neither helps nor hinders. */
START_TEST(test_a_flood_of_guesses_changes_nothing)
{
    begin("udp://10.0.0.9:6969/announce");
    server.lose = 1;
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    const struct netaddr to = {
        .family = NETADDR_V4, .bytes = {10, 0, 0, 1}, .port = 50000};
    uint8_t guess[26] = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        guess[3] = (uint8_t)(i % 4);
        be32_put(guess + 4, server.transaction[0] + 1 + i);
        vnet_send_udp(rig.world.vnet, &server.address, &to, guess, sizeof guess);
    }
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_WORKING);
    ck_assert_uint_eq(server.count, 1);
    be32_put(guess, 0);
    be32_put(guess + 4, server.transaction[0]); /* the right one is taken */
    be32_put(guess + 8, UINT32_MAX);
    be32_put(guess + 12, UINT32_MAX);
    vnet_send_udp(rig.world.vnet, &server.address, &to, guess, 16);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    rig_done(&rig);
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

Suite *suite_udp_trackers(void)
{
    Suite *suite = suite_create("udp_trackers");
    TCase *tcase = tcase_create("udp_trackers");
    tcase_add_loop_test(tcase, test_connect_announce_scrape, 0, 2);
    tcase_add_test(tcase, test_losses_are_repaired_after_15_30_60_seconds);
    tcase_add_test(tcase,
                   test_a_lost_announce_is_sent_again_and_later_connected_for_anew);
    tcase_add_test(tcase, test_between_two_sendings_no_socket_is_kept);
    tcase_add_test(tcase, test_others_of_the_tier_are_asked_after_two_losses);
    tcase_add_test(tcase, test_lies_are_ignored);
    tcase_add_test(tcase, test_a_refusal_is_kept_in_its_own_words);
    tcase_add_loop_test(tcase, test_nobody_there_fails_at_once_and_backs_off, 0, 2);
    tcase_add_test(tcase, test_no_route_fails_at_once);
    tcase_add_loop_test(tcase, test_what_cannot_be_sent_is_tried_again_and_not_at_once, 0,
                        3);
    tcase_add_loop_test(tcase, test_addresses_nobody_can_be_asked_at_are_left_alone, 0,
                        COUNT(unusable));
    tcase_add_loop_test(tcase, test_a_names_next_address_is_tried_when_one_is_broken, 0,
                        3);
    tcase_add_test(tcase, test_path_and_query_travel_along);
    tcase_add_test(tcase, test_a_wish_during_a_scrape_is_not_lost);
    tcase_add_loop_test(tcase, test_everything_may_end_at_any_moment, 0, 16);
    tcase_add_test(tcase, test_a_name_that_was_public_may_not_become_private);
    tcase_add_test(tcase, test_a_flood_of_guesses_changes_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
