/* Peer exchange (BEP 11): what is said when, and how far what is heard is believed. */
#include "peer/net_tries.h"
#include "peer/pex_message.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMOTES_MAX 60
#define THEIR_PEX   7 /* their number for ut_pex */
#define OUR_PEX     "\3"

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];
static struct pex_message heard;

static void begin_with(const struct rig_config *config)
{
    rig_init(&rig, config);
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_init(&remotes[i]);
}

static void begin(void)
{
    static const struct rig_config config = {.pex = true};
    begin_with(&config);
}

static void end(void)
{
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* Comes in from HOST, takes part and listens at PORT; 0: does not say where. */
static void come_in(int number, const char *host, uint16_t port)
{
    struct script_hello hello = rig_hello(&rig, 'A', true, true);
    char body[64] = {0};
    hello.peer_id[0] = (uint8_t)(1 + number);
    script_peer_dial(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remotes[number], &hello);
    if (port != 0)
        snprintf(body + 1, sizeof body - 1, "d1:md6:ut_pexi%uee1:pi%uee", THEIR_PEX,
                 port);
    else
        snprintf(body + 1, sizeof body - 1, "d1:md6:ut_pexi%ueee", THEIR_PEX);
    script_peer_put(&remotes[number], 20, body, 1 + strlen(body + 1));
    rig_run(&rig, 50 * NS_PER_MS);
}

/* The next message of ut_pex it was sent; false: none. */
static bool hears(int number)
{
    struct script_message message;
    while (script_peer_find(&remotes[number], 20, &message))
        if (message.body[0] == THEIR_PEX) {
            ck_assert_int_eq(
                pex_message_read(message.body + 1, message.length - 1, &heard),
                ERROR_NONE);
            ck_assert(!heard.is_flawed);
            return true;
        }
    return false;
}

static bool is_in(const struct pex_list *list, const char *address, uint8_t flags)
{
    const struct netaddr at = rig_address(address);
    for (uint32_t i = 0; i < list->count; i++)
        if (netaddr_equal(&list->entries[i].address, &at))
            return list->entries[i].flags == flags;
    return false;
}

static void say(int number, const struct pex_message *message)
{
    struct buffer body;
    buffer_init(&body, 65536);
    ck_assert_int_eq(buffer_append(&body, OUR_PEX, 1), ERROR_NONE);
    ck_assert_int_eq(pex_message_write(message, &body), ERROR_NONE);
    script_peer_put(&remotes[number], 20, body.bytes, body.length);
    buffer_done(&body);
    rig_run(&rig, 10 * NS_PER_MS);
}

/* Tells of COUNT addresses "FORMAT", which takes two numbers below 256, from FIRST on. */
static void tell(int number, const char *format, uint32_t first, uint32_t count)
{
    static struct pex_message message;
    message.added.count = message.dropped.count = 0;
    for (uint32_t i = first; i < first + count; i++) {
        char text[NETADDR_TEXT_SIZE];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, format, i / 250, i % 250 + 1);
#pragma GCC diagnostic pop
        message.added.entries[message.added.count++] =
            (struct pex_entry){.address = rig_address(text)};
    }
    say(number, &message);
}

static void keep_alive(int number)
{
    script_peer_send(&remotes[number], "\0\0\0\0", 4);
}

static void tell_one(int number, const char *address)
{
    static struct pex_message message;
    message.dropped.count = 0;
    message.added.count = 1;
    message.added.entries[0] = (struct pex_entry){.address = rig_address(address)};
    say(number, &message);
}

static uint32_t known_by_pex(void)
{
    uint32_t count = 0;
    struct peer_row row;
    for (uint32_t i = 0; peer_manager_row(rig.manager, i, &row); i++)
        count += row.address.family != NETADDR_NONE && row.source == PEER_SOURCE_PEX;
    return count;
}

static bool is_known(const char *address)
{
    struct peer_row row;
    return rig_row(&rig, address, &row);
}

/* ---- bytes ---- */

static const struct {
    const char *text;
    enum error_code error;
    uint32_t added, dropped, kept;
    bool is_flawed;
} messages[] = {
    {"de", ERROR_NONE, 0, 0, 0, false},
    {"d5:added6:abcdef7:added.f1:\x02"
     "e",
     ERROR_NONE, 1, 0, 1, false},
    {"d5:added6:abcdefe", ERROR_NONE, 1, 0, 1, false},
    {"d5:added12:abcdefghijkl7:added.f1:\x02"
     "e",
     ERROR_NONE, 2, 0, 2, true},
    {"d5:added7:abcdefge", ERROR_NONE, 1, 0, 1, true},
    {"d5:added5:abcdee", ERROR_NONE, 0, 0, 0, true},
    {"d6:added618:abcdefghijklmnopqre", ERROR_NONE, 1, 0, 1, false},
    {"d6:added617:abcdefghijklmnopqe", ERROR_NONE, 0, 0, 0, true},
    {"d7:dropped6:abcdef8:dropped618:abcdefghijklmnopqre", ERROR_NONE, 0, 2, 0, false},
    {"d5:added6:abcdef7:dropped6:abcdefe", ERROR_NONE, 1, 1, 1, true},
    {"d5:added6:abcdefex", ERROR_NONE, 1, 0, 1, true},
    {"d5:addedi1ee", ERROR_TYPE, 0, 0, 0, false},
    {"d5:added6:abcdef7:added.fi1ee", ERROR_TYPE, 0, 0, 0, false},
    {"le", ERROR_TYPE, 0, 0, 0, false},
    {"", ERROR_TRUNCATED, 0, 0, 0, false},
};

START_TEST(test_lists_of_both_families_are_read) /* X18 */
{
    static struct pex_message message;
    const char *text = messages[_i].text;
    const enum error_code error =
        pex_message_read((const uint8_t *)text, strlen(text), &message);
    ck_assert_msg(error == messages[_i].error, "%s: %d", text, error);
    if (error != ERROR_NONE)
        return;
    ck_assert_uint_eq(message.added.told, messages[_i].added);
    ck_assert_uint_eq(message.dropped.told, messages[_i].dropped);
    ck_assert_uint_eq(message.added.count, messages[_i].kept);
    ck_assert_int_eq(message.is_flawed, messages[_i].is_flawed);
}
END_TEST

START_TEST(test_what_is_written_is_read_again)
{
    static struct pex_message message, again;
    struct buffer bytes;
    buffer_init(&bytes, 65536);
    message.added.count = 3;
    message.added.entries[0] =
        (struct pex_entry){rig_address("1.2.3.4:5000"), PEX_SEED | PEX_REACHABLE};
    message.added.entries[1] = (struct pex_entry){rig_address("[2003::1]:6000"), PEX_UTP};
    message.added.entries[2] = (struct pex_entry){rig_address("1.2.3.5:5001"), 0};
    message.dropped.count = 1;
    message.dropped.entries[0] = (struct pex_entry){rig_address("[2003::2]:6001"), 0};
    ck_assert_int_eq(pex_message_write(&message, &bytes), ERROR_NONE);
    ck_assert_int_eq(pex_message_read(bytes.bytes, bytes.length, &again), ERROR_NONE);
    ck_assert(!again.is_flawed);
    ck_assert_uint_eq(again.added.count, 3);
    ck_assert(is_in(&again.added, "1.2.3.4:5000", PEX_SEED | PEX_REACHABLE));
    ck_assert(is_in(&again.added, "[2003::1]:6000", PEX_UTP));
    ck_assert(is_in(&again.added, "1.2.3.5:5001", 0));
    ck_assert_uint_eq(again.dropped.count, 1);
    ck_assert(is_in(&again.dropped, "[2003::2]:6001", 0));
    buffer_done(&bytes);
}
END_TEST

/* ---- saying ---- */

START_TEST(test_who_comes_is_told_at_once_and_the_others_within_a_minute)
{
    begin();
    come_in(0, "10.0.0.2", 7001);
    ck_assert(!hears(0));
    come_in(1, "10.0.0.3", 7002);
    ck_assert(hears(1));
    ck_assert_uint_eq(heard.added.count, 1);
    ck_assert(is_in(&heard.added, "10.0.0.2:7001", 0));
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert(hears(0)); /* it had been told of nobody yet */
    ck_assert(is_in(&heard.added, "10.0.0.3:7002", 0));
    come_in(2, "10.0.0.4", 7003);
    script_peer_close(&remotes[1]);
    rig_run(&rig, 55 * NS_PER_S);
    ck_assert(!hears(0));
    rig_run(&rig, 6 * NS_PER_S);
    ck_assert(hears(0));
    ck_assert(is_in(&heard.added, "10.0.0.4:7003", 0));
    ck_assert(is_in(&heard.dropped, "10.0.0.3:7002", 0));
    ck_assert_uint_eq(heard.added.count + heard.dropped.count, 2);
    rig_run(&rig, 50 * NS_PER_S);
    ck_assert(!hears(0)); /* no news */
    end();
}
END_TEST

START_TEST(test_flags_tell_what_we_know_of_it)
{
    const struct script_hello hello = rig_hello(&rig, 'Z', true, true);
    begin();
    script_peer_listen(&remotes[0], vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       "10.0.0.2:7000");
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    rig_run(&rig, 50 * NS_PER_MS);
    struct script_hello ours = hello;
    ours.hash = rig.hash;
    script_peer_handshake(&remotes[0], &ours);
    script_peer_put(&remotes[0], 14, NULL, 0); /* HAVE ALL */
    rig_run(&rig, 50 * NS_PER_MS);
    come_in(1, "10.0.0.3", 7002);
    ck_assert(hears(1));
    ck_assert(is_in(&heard.added, "10.0.0.2:7000", PEX_SEED | PEX_REACHABLE));
    end();
}
END_TEST

START_TEST(test_who_does_not_say_where_it_listens_is_not_told_of)
{
    begin();
    come_in(0, "10.0.0.2", 0);
    come_in(1, "10.0.0.3", 80); /* nobody would take that */
    come_in(2, "10.0.0.4", 7002);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert(!hears(2));
    end();
}
END_TEST

START_TEST(test_private_addresses_are_not_told_to_public_peers) /* X21 */
{
    begin();
    come_in(0, "10.0.0.2", 7001);
    come_in(1, "81.2.3.4", 7002);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert(!hears(1));
    ck_assert(hears(0));
    ck_assert(is_in(&heard.added, "81.2.3.4:7002", 0));
    end();
}
END_TEST

START_TEST(test_a_later_message_has_fifty_at_most) /* X18 */
{
    const struct rig_config config = {.pex = true, .max_peers = 100};
    uint32_t told = 0;
    begin_with(&config);
    come_in(0, "10.0.0.2", 7000);
    come_in(1, "10.0.1.1", 7000);
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert(hears(0));
    for (int i = 2; i < REMOTES_MAX; i++) {
        char host[32];
        snprintf(host, sizeof host, "10.0.1.%d", i);
        come_in(i, host, 7000);
    }
    ck_assert(hears(REMOTES_MAX - 1));
    ck_assert_uint_eq(heard.added.count, REMOTES_MAX - 1);
    rig_run(&rig, 61 * NS_PER_S);
    ck_assert(hears(0));
    ck_assert_uint_eq(heard.added.count, 50);
    told = heard.added.count;
    keep_alive(0);
    rig_run(&rig, 61 * NS_PER_S);
    ck_assert(hears(0));
    ck_assert_uint_eq(told + heard.added.count, REMOTES_MAX - 2);
    end();
}
END_TEST

/* ---- hearing ---- */

START_TEST(test_whom_it_tells_of_is_called)
{
    begin();
    come_in(0, "10.0.0.2", 7001);
    script_peer_listen(&remotes[1], vnet_host(rig.world.vnet, "10.0.0.9"), rig.world.loop,
                       "10.0.0.9:7009");
    tell_one(0, "10.0.0.9:7009");
    rig_run(&rig, 50 * NS_PER_MS);
    struct peer_row row;
    ck_assert(rig_row(&rig, "10.0.0.9:7009", &row));
    ck_assert_int_eq(row.source, PEER_SOURCE_PEX);
    ck_assert(remotes[1].connected);
    struct pex_look look;
    ck_assert(peer_manager_pex_look(rig.manager, &look));
    ck_assert_uint_eq(look.peers, 1);
    ck_assert_uint_eq(look.found, 1);
    ck_assert_uint_ne(look.heard_ns, UINT64_MAX);
    end();
}
END_TEST

START_TEST(test_what_comes_too_soon_is_ignored_and_three_times_is_enough) /* X18 */
{
    begin();
    come_in(0, "81.2.3.4", 7001);
    tell_one(0, "82.0.0.1:7000");
    ck_assert(is_known("82.0.0.1:7000"));
    rig_run(&rig, 60 * NS_PER_S);
    tell_one(0, "82.0.1.1:7000");
    ck_assert(is_known("82.0.1.1:7000"));
    for (int i = 0; i < 3; i++) {
        rig_run(&rig, NS_PER_S);
        tell_one(0, "82.0.2.1:7000");
        ck_assert(!is_known("82.0.2.1:7000"));
    }
    rig_run(&rig, 90 * NS_PER_S);
    tell_one(0, "82.0.3.1:7000");
    ck_assert(!is_known("82.0.3.1:7000"));
    ck_assert(!remotes[0].over);
    end();
}
END_TEST

START_TEST(test_of_a_later_message_the_first_fifty_count) /* X18 */
{
    begin();
    come_in(0, "81.2.3.4", 7001);
    tell(0, "82.%u.%u.1:7000", 0, 120);
    ck_assert_uint_eq(known_by_pex(), 120);
    rig_run(&rig, 60 * NS_PER_S);
    tell(0, "83.%u.%u.1:7000", 0, 60);
    ck_assert_uint_eq(known_by_pex(), 170);
    end();
}
END_TEST

static const char *const flawed[] = {
    "d5:added7:\x52\1\2\3\x1b\x58xe", /* no whole entries */
    "d5:added6:\x52\1\2\3\x1b\x58"
    "7:added.f2:abe", /* other flags */
    "d5:added6:\x52\1\2\3\x1b\x58"
    "7:dropped6:\x52\1\2\3\x1b\x58"
    "e", /* both */
    "d5:addedi7ee",
    "no dictionary",
};

START_TEST(test_three_flaws_are_enough) /* X18 */
{
    char body[128] = OUR_PEX;
    begin();
    come_in(0, "81.2.3.4", 7001);
    for (int i = 0; i < 3; i++) {
        if (i == 2) {
            tell_one(0, "82.0.2.1:7000");
            ck_assert(is_known("82.0.2.1:7000")); /* two are not */
            rig_run(&rig, 70 * NS_PER_S);
        }
        memcpy(body + 1, flawed[_i], strlen(flawed[_i]));
        script_peer_put(&remotes[0], 20, body, 1 + strlen(flawed[_i]));
        rig_run(&rig, 70 * NS_PER_S);
    }
    tell_one(0, "82.0.3.1:7000");
    ck_assert(!is_known("82.0.3.1:7000"));
    ck_assert(!remotes[0].over);
    end();
}
END_TEST

START_TEST(test_one_peer_has_two_hundred_candidates) /* X19 */
{
    begin();
    come_in(0, "81.2.3.4", 7001);
    come_in(1, "81.2.4.4", 7001);
    tell(0, "82.%u.%u.1:7000", 0, 200);
    ck_assert_uint_eq(known_by_pex(), 200);
    for (uint32_t i = 0; i < 12; i++) {
        rig_run(&rig, 60 * NS_PER_S);
        tell(0, "83.%u.%u.1:7000", i * 50, 50);
        ck_assert_uint_le(known_by_pex(), 200);
        keep_alive(1);
    }
    tell_one(1, "84.0.0.1:7000");
    ck_assert(is_known("84.0.0.1:7000"));
    end();
}
END_TEST

/* Two hundred from one, two of a tracker: those wait for no more than each other. */
START_TEST(test_sources_have_turns) /* X19 */
{
    const struct rig_config config = {.pex = true, .max_peers = 7};
    begin_with(&config);
    come_in(0, "81.2.3.4", 7001);
    come_in(1, "81.2.4.4", 7001);
    tell(0, "82.%u.%u.1:7000", 0, 200);
    rig_run(&rig, 5 * NS_PER_MS);
    script_peer_listen(&remotes[4], vnet_host(rig.world.vnet, "85.0.0.1"), rig.world.loop,
                       "85.0.0.1:7000");
    script_peer_listen(&remotes[5], vnet_host(rig.world.vnet, "86.0.0.1"), rig.world.loop,
                       "86.0.0.1:7000");
    rig_connect(&rig, "85.0.0.1:7000", PEER_SOURCE_TRACKER);
    tell_one(1, "86.0.0.1:7000");
    rig_run(&rig, NS_PER_S); /* the 200, at five each 100 ms, take four */
    ck_assert(remotes[4].connected);
    ck_assert(remotes[5].connected);
    end();
}
END_TEST

START_TEST(test_ports_of_one_host_are_not_tried_in_turn) /* X20 */
{
    begin();
    come_in(0, "81.2.3.4", 7001);
    tell(0, "82.1.1.1:70%u%u", 0, 8);
    ck_assert_uint_eq(known_by_pex(), 1);
    rig_run(&rig, 60 * NS_PER_S);
    tell_one(0, "82.1.1.2:80");
    ck_assert(!is_known("82.1.1.2:80"));
    end();
}
END_TEST

START_TEST(test_a_network_is_tried_eight_times_in_ten_minutes) /* X20 */
{
    begin();
    come_in(0, "81.2.3.4", 7001);
    const uint32_t before = vnet_connects(rig.world.vnet);
    tell(0, "82.1.%u.%u:7000", 0, 100);
    rig_run(&rig, 590 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet) - before, 8);
    rig_run(&rig, 600 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet) - before, 16);
    end();
}
END_TEST

START_TEST(test_the_same_holds_for_what_the_dht_names) /* D13 */
{
    begin();
    const uint32_t before = vnet_connects(rig.world.vnet);
    for (int i = 1; i < 30; i++) {
        char address[32];
        snprintf(address, sizeof address, "82.1.1.%d:7000", i);
        rig_connect(&rig, address, PEER_SOURCE_DHT);
    }
    rig_run(&rig, 590 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet) - before, 8);
    end();
}
END_TEST

START_TEST(test_public_peers_name_no_private_addresses) /* X21 */
{
    static const char *const addresses[] = {"127.0.0.1:7000",   "192.168.1.1:7000",
                                            "169.254.1.1:7000", "[::1]:7000",
                                            "[fe80::1]:7000",   "224.0.0.1:7000"};
    begin();
    come_in(0, "81.2.3.4", 7001);
    tell_one(0, addresses[_i]);
    ck_assert_uint_eq(known_by_pex(), 0);
    end();
}
END_TEST

START_TEST(test_private_torrents_neither_say_nor_hear) /* X22 */
{
    struct script_message message;
    struct pex_look look;
    begin();
    struct peer_metainfo metainfo = rig_metainfo(&rig);
    metainfo.is_private = true;
    peer_manager_set_metainfo(rig.manager, &metainfo);
    come_in(0, "10.0.0.2", 7001);
    ck_assert(script_peer_find(&remotes[0], 20, &message));
    ck_assert_ptr_null(memmem(message.body, message.length, "ut_pex", 6));
    come_in(1, "10.0.0.3", 7002);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert(!hears(1) && !hears(0));
    tell_one(0, "10.0.0.9:7000");
    ck_assert_uint_eq(known_by_pex(), 0);
    ck_assert(!peer_manager_pex_look(rig.manager, &look));
    end();
}
END_TEST

START_TEST(test_a_magnet_hears_and_says_nothing_until_it_knows) /* X22 */
{
    const struct rig_config config = {.pex = true, .awaits = true};
    struct script_message message;
    begin_with(&config);
    come_in(0, "10.0.0.2", 7001);
    come_in(1, "10.0.0.3", 7002);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert(!hears(0) && !hears(1));
    tell_one(0, "10.0.0.9:7000");
    ck_assert_uint_eq(known_by_pex(), 1);
    struct peer_metainfo metainfo = rig_metainfo(&rig);
    metainfo.piece_count = 8;
    metainfo.is_private = _i != 0;
    peer_manager_set_metainfo(rig.manager, &metainfo);
    rig_run(&rig, NS_PER_S / 2);
    ck_assert(script_peer_find(&remotes[0], 20, &message));
    /* Of a private one it takes back what it had offered. */
    ck_assert_ptr_nonnull(memmem(message.body, message.length,
                                 _i != 0 ? "6:ut_pexi0e" : "6:ut_pexi3e", 11));
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_int_eq(hears(1), _i == 0);
    ck_assert_uint_eq(known_by_pex(), _i == 0);
    end();
}
END_TEST

START_TEST(test_left_out_it_is_not_offered)
{
    const struct rig_config config = {0};
    struct script_message message;
    begin_with(&config);
    come_in(0, "10.0.0.2", 7001);
    ck_assert(script_peer_find(&remotes[0], 20, &message));
    ck_assert_ptr_null(memmem(message.body, message.length, "ut_pex", 6));
    tell_one(0, "10.0.0.9:7000");
    ck_assert_uint_eq(known_by_pex(), 0);
    end();
}
END_TEST

/* ---- networks ---- */

START_TEST(test_tries_are_counted_by_network) /* X20 */
{
    struct net_tries *tries = net_tries_new();
    const struct netaddr one = rig_address("82.1.1.1:1"),
                         other = rig_address("82.1.2.1:1");
    const struct netaddr six = rig_address("[2003::1]:1"),
                         lan = rig_address("10.0.0.1:1");
    ck_assert_ptr_nonnull(tries);
    for (uint64_t i = 0; i < 8; i++) {
        ck_assert_uint_eq(net_tries_take(tries, &one, (i + 1) * NS_PER_S), 0);
        ck_assert_uint_eq(net_tries_take(tries, &six, (i + 1) * NS_PER_S), 0);
    }
    ck_assert_uint_eq(net_tries_take(tries, &one, 9 * NS_PER_S), 601 * NS_PER_S);
    ck_assert_uint_eq(net_tries_take(tries, &six, 9 * NS_PER_S), 601 * NS_PER_S);
    ck_assert_uint_eq(net_tries_take(tries, &other, 9 * NS_PER_S), 0);
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(net_tries_take(tries, &lan, 9 * NS_PER_S), 0);
    ck_assert_uint_eq(net_tries_take(tries, &one, 601 * NS_PER_S), 0);
    ck_assert_uint_eq(net_tries_take(tries, &one, 601 * NS_PER_S), 602 * NS_PER_S);
    net_tries_free(tries);
}
END_TEST

Suite *suite_pex(void)
{
    Suite *suite = suite_create("pex");
    TCase *tcase = tcase_create("pex");
    tcase_add_loop_test(tcase, test_lists_of_both_families_are_read, 0,
                        (int)(sizeof messages / sizeof *messages));
    tcase_add_test(tcase, test_what_is_written_is_read_again);
    tcase_add_test(tcase, test_who_comes_is_told_at_once_and_the_others_within_a_minute);
    tcase_add_test(tcase, test_flags_tell_what_we_know_of_it);
    tcase_add_test(tcase, test_who_does_not_say_where_it_listens_is_not_told_of);
    tcase_add_test(tcase, test_private_addresses_are_not_told_to_public_peers);
    tcase_add_test(tcase, test_a_later_message_has_fifty_at_most);
    tcase_add_test(tcase, test_whom_it_tells_of_is_called);
    tcase_add_test(tcase, test_what_comes_too_soon_is_ignored_and_three_times_is_enough);
    tcase_add_test(tcase, test_of_a_later_message_the_first_fifty_count);
    tcase_add_loop_test(tcase, test_three_flaws_are_enough, 0,
                        (int)(sizeof flawed / sizeof *flawed));
    tcase_add_test(tcase, test_one_peer_has_two_hundred_candidates);
    tcase_add_test(tcase, test_sources_have_turns);
    tcase_add_test(tcase, test_ports_of_one_host_are_not_tried_in_turn);
    tcase_add_test(tcase, test_a_network_is_tried_eight_times_in_ten_minutes);
    tcase_add_test(tcase, test_the_same_holds_for_what_the_dht_names);
    tcase_add_loop_test(tcase, test_public_peers_name_no_private_addresses, 0, 6);
    tcase_add_test(tcase, test_private_torrents_neither_say_nor_hear);
    tcase_add_loop_test(tcase, test_a_magnet_hears_and_says_nothing_until_it_knows, 0, 2);
    tcase_add_test(tcase, test_left_out_it_is_not_offered);
    tcase_add_test(tcase, test_tries_are_counted_by_network);
    suite_add_tcase(suite, tcase);
    return suite;
}
