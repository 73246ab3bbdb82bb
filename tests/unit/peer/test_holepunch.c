/* Hole punching (BEP 55): what a relay's word brings about, whom we ask when, and what we
 * do as a relay. */
#include "net/udp_port.h"
#include "peer/holepunch_message.h"
#include "peer/pex_message.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

#define REMOTES_MAX 4
#define THEIR_PEX   7 /* their numbers */
#define THEIR_PUNCH 9
#define OUR_PEX     3
#define OUR_PUNCH   5
#define VICTIM      "82.0.0.1:7000"
#define UTP_SYN     0x41

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];
static uint32_t syns;
static struct holepunch_message heard;

static void begin_with(const struct rig_config *config)
{
    rig_init(&rig, config);
    vnet_set_own_address(rig.world.vnet, "80.0.0.1");
    syns = 0;
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_init(&remotes[i]);
}

static void begin(void)
{
    begin_with(&(struct rig_config){.pex = true, .utp = true, .relay = true});
}

static void end(void)
{
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* Comes in from HOST with the extensions of NAMES, and listens at PORT; 0: does not say.
 */
static void come_in(int number, const char *host, const char *names, uint16_t port)
{
    struct script_hello hello = rig_hello(&rig, 'A', true, true);
    char body[128] = {0}, tail[16] = "e";
    hello.peer_id[0] = (uint8_t)(1 + number);
    if (port != 0)
        snprintf(tail, sizeof tail, "1:pi%uee", port);
    script_peer_dial(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remotes[number], &hello);
    snprintf(body + 1, sizeof body - 1, "d1:md%se%s", names, tail);
    script_peer_put(&remotes[number], 20, body, 1 + strlen(body + 1));
    rig_run(&rig, 50 * NS_PER_MS);
}

#define PUNCHES "12:ut_holepunchi9e6:ut_pexi7e"
#define NEITHER "6:ut_pexi7e"

static void say(int number, enum holepunch_type type, const char *address, uint32_t error)
{
    const struct holepunch_message message = {type, rig_address(address), error};
    uint8_t body[1 + HOLEPUNCH_BYTES_MAX] = {OUR_PUNCH};
    const size_t length = holepunch_message_write(&message, body + 1);
    script_peer_put(&remotes[number], 20, body, 1 + length);
    rig_run(&rig, 20 * NS_PER_MS);
}

/* The next message of ut_holepunch it was sent; false: none. */
static bool hears(int number)
{
    struct script_message message;
    while (script_peer_find(&remotes[number], 20, &message))
        if (message.body[0] == THEIR_PUNCH) {
            ck_assert_int_eq(
                holepunch_message_read(message.body + 1, message.length - 1, &heard),
                ERROR_NONE);
            return true;
        }
    return false;
}

static void check_heard(enum holepunch_type type, const char *address, uint32_t error)
{
    const struct netaddr at = rig_address(address);
    ck_assert_int_eq(heard.type, type);
    ck_assert_uint_eq(heard.error, error);
    ck_assert(netaddr_equal(&heard.address, &at));
}

static void keep_alive(int number)
{
    script_peer_send(&remotes[number], "\0\0\0\0", 4);
}

static void tell(int number, const char *address, uint8_t flags)
{
    static struct pex_message message;
    struct buffer body;
    message.added.count = 1;
    message.added.entries[0] = (struct pex_entry){rig_address(address), flags};
    buffer_init(&body, 65536);
    ck_assert_int_eq(buffer_append_u8(&body, OUR_PEX), ERROR_NONE);
    ck_assert_int_eq(pex_message_write(&message, &body), ERROR_NONE);
    script_peer_put(&remotes[number], 20, body.bytes, body.length);
    buffer_done(&body);
    rig_run(&rig, 10 * NS_PER_MS);
}

/* ---- being sent to somebody ---- */

static void on_victims_packet(void *context, const struct netaddr *from,
                              const uint8_t *bytes, size_t length)
{
    (void)context;
    (void)from;
    syns += length > 0 && bytes[0] == UTP_SYN;
}

static void watch(const char *address)
{
    vnet_serve_udp(rig.world.vnet, address, on_victims_packet, NULL);
}

START_TEST(test_whom_a_relay_names_is_called_by_utp_alone)
{
    struct peer_row row;
    begin();
    watch(VICTIM);
    come_in(0, "81.2.3.4", PUNCHES, 0);
    const uint32_t connects = vnet_connects(rig.world.vnet);
    say(0, HOLEPUNCH_CONNECT, VICTIM, 0);
    tell(0, VICTIM, PEX_HOLEPUNCH);
    ck_assert_uint_eq(syns, 1);
    ck_assert(rig_row(&rig, VICTIM, &row));
    ck_assert_int_eq(row.source, PEER_SOURCE_PEX);
    rig_run(&rig, 9 * NS_PER_S);
    ck_assert_uint_eq(syns, 3); /* and no more */
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), connects);
    ck_assert(!hears(0)); /* nobody is asked for who could not be met so */
    end();
}
END_TEST

static const struct {
    const char *relay, *extensions, *address;
} refused[] = {
    {"81.2.3.4", NEITHER, VICTIM},            /* it says that it does not take part */
    {"81.2.3.4", PUNCHES, "10.0.0.9:7000"},   /* private, for one who is not (X21) */
    {"81.2.3.4", PUNCHES, "127.0.0.1:7000"},  /* the same */
    {"81.2.3.4", PUNCHES, "82.0.0.1:80"},     /* a port of others (X20) */
    {"81.2.3.4", PUNCHES, "82.0.0.1:0"},      /* none */
    {"81.2.3.4", PUNCHES, "224.0.0.1:7000"},  /* nobody's */
    {"81.2.3.4", PUNCHES, "80.0.0.1:6881"},   /* ourselves, as the world sees us */
    {"81.2.3.4", PUNCHES, "82.6.6.6:7000"},   /* banned */
    {"81.2.3.4", PUNCHES, "83.0.0.1:7000"},   /* on the blocklist */
    {"81.2.3.4", PUNCHES, "84.0.0.1:7004"},   /* connected, from another port */
    {"10.0.0.2", PUNCHES, "169.254.1.1:700"}, /* of no network */
};

START_TEST(test_who_must_not_be_called_is_not)
{
    const struct netaddr banned = rig_address("82.6.6.6:1");
    struct peer_row row;
    struct blocklist *list = blocklist_new();
    begin();
    ck_assert_int_eq(peer_shared_ban(rig.shared, &banned, PEER_REASON_BANNED_USER),
                     ERROR_NONE);
    ck_assert_int_eq(blocklist_add_line(list, "83.0.0.0/8", 10), ERROR_NONE);
    blocklist_seal(list);
    peer_shared_set_blocklist(rig.shared, list);
    come_in(1, "84.0.0.1", NEITHER, 7004);
    come_in(0, refused[_i].relay, refused[_i].extensions, 0);
    watch(refused[_i].address);
    say(0, HOLEPUNCH_CONNECT, refused[_i].address, 0);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(syns, 0);
    ck_assert(!rig_row(&rig, refused[_i].address, &row));
    ck_assert(!hears(0)); /* and it is not told (BEP 55) */
    ck_assert(!remotes[0].over);
    end();
}
END_TEST

/* Each in a network of its own, so that nothing else holds it back. */
START_TEST(test_a_relay_sends_us_to_ten_a_minute)
{
    begin();
    come_in(0, "81.2.3.4", PUNCHES, 0);
    for (int i = 0; i < 15; i++) {
        char address[32];
        snprintf(address, sizeof address, "82.0.%d.1:7000", i);
        watch(address);
        say(0, HOLEPUNCH_CONNECT, address, 0);
    }
    ck_assert_uint_eq(syns, 10);
    rig_run(&rig, 60 * NS_PER_S);
    watch("82.1.0.1:7000");
    syns = 0;
    say(0, HOLEPUNCH_CONNECT, "82.1.0.1:7000", 0);
    ck_assert_uint_ge(syns, 1);
    end();
}
END_TEST

/* X20: eight in ten minutes, and one port of a host at a time. */
START_TEST(test_a_network_is_not_scanned)
{
    char address[32];
    begin();
    for (int minute = 0; minute < 4; minute++) {
        come_in(minute, "81.2.3.4", PUNCHES, 0);
        for (int i = 0; i < 10; i++) {
            snprintf(address, sizeof address, "82.0.0.%d:%d", _i == 0 ? 1 : i + 1,
                     7000 + minute * 10 + i);
            watch(address);
            say(minute, HOLEPUNCH_CONNECT, address, 0);
            rig_run(&rig, 8 * NS_PER_S);
            for (int other = 0; other <= minute; other++)
                keep_alive(other);
        }
    }
    ck_assert_uint_le(syns, 8 * 3);
    ck_assert_uint_ge(syns, 8);
    end();
}
END_TEST

START_TEST(test_a_full_torrent_calls_nobody)
{
    begin_with(&(struct rig_config){.pex = true, .utp = true, .max_peers = 1});
    watch(VICTIM);
    come_in(0, "81.2.3.4", PUNCHES, 0);
    say(0, HOLEPUNCH_CONNECT, VICTIM, 0);
    ck_assert_uint_eq(syns, 0);
    end();
}
END_TEST

/* ---- where there is none of it ---- */

static bool offers(int number)
{
    struct script_message message;
    ck_assert(script_peer_find(&remotes[number], 20, &message));
    return memmem(message.body, message.length, "12:ut_holepunchi5e", 18) != NULL;
}

static const struct {
    struct rig_config config;
    bool is_on;
} cases[] = {
    {{.pex = true, .utp = true}, true},
    {{.pex = true, .utp = false}, false},
    {{.pex = false, .utp = true}, false},
    {{.pex = true, .utp = true, .relay = true, .is_private = true}, false},
};

/* X22, and BEP 27: of a private torrent peers are told of by trackers alone. */
START_TEST(test_it_is_offered_where_peers_may_speak_of_each_other_and_there_is_utp)
{
    begin_with(&cases[_i].config);
    watch(VICTIM);
    come_in(0, "81.2.3.4", PUNCHES, 7001);
    come_in(1, "85.0.0.1", PUNCHES, 7002);
    ck_assert_int_eq(offers(0), cases[_i].is_on);
    say(0, HOLEPUNCH_CONNECT, VICTIM, 0);
    ck_assert_uint_eq(syns, cases[_i].is_on);
    say(0, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert(!hears(1));
    ck_assert_int_eq(hears(0), cases[_i].is_on); /* the relay is off there, it says no */
    for (int i = 0; i < 40; i++)
        say(0, HOLEPUNCH_CONNECT, VICTIM, 0);
    ck_assert_int_eq(remotes[0].over, !cases[_i].is_on); /* garbage, as X6 has it */
    end();
}
END_TEST

START_TEST(test_a_torrent_that_turns_out_private_takes_it_back)
{
    struct script_message message;
    begin_with(&(struct rig_config){.pex = true, .utp = true, .awaits = true});
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    script_peer_listen(&remotes[0], vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       "10.0.0.2:7000");
    rig_run(&rig, 50 * NS_PER_MS);
    const struct script_hello hello = rig_hello(&rig, 'T', true, true);
    script_peer_handshake(&remotes[0], &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(offers(0));
    struct peer_metainfo metainfo = rig_metainfo(&rig);
    metainfo.is_private = true;
    peer_manager_set_metainfo(rig.manager, &metainfo);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(script_peer_find(&remotes[0], 20, &message));
    ck_assert(memmem(message.body, message.length, "12:ut_holepunchi0e", 18) != NULL);
    end();
}
END_TEST

START_TEST(test_garbage_is_overlooked_a_few_times)
{
    begin();
    come_in(0, "81.2.3.4", PUNCHES, 0);
    for (int i = 0; i < 32; i++)
        script_peer_put(&remotes[0], 20, "\5\0\0abc", 6);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!remotes[0].over);
    script_peer_put(&remotes[0], 20, "\5\3", 2);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remotes[0].over);
    end();
}
END_TEST

/* ---- asking for somebody ---- */

static void nobody_answers(void)
{
    vnet_set_fate(rig.world.vnet, VICTIM, VNET_SILENT);
}

static void pass(uint32_t seconds)
{
    for (; seconds > 0; seconds -= 20) {
        rig_run(&rig, 20 * NS_PER_S);
        for (int i = 0; i < REMOTES_MAX; i++)
            if (remotes[i].stream != NULL && !remotes[i].over)
                keep_alive(i);
    }
}

START_TEST(test_who_told_of_it_is_asked_when_it_cannot_be_reached)
{
    begin();
    nobody_answers();
    come_in(1, "85.0.0.1", PUNCHES, 0);
    come_in(0, "81.2.3.4", PUNCHES, 0);
    tell(0, VICTIM, PEX_HOLEPUNCH);
    rig_run(&rig, 9 * NS_PER_S);
    ck_assert(!hears(0)); /* the call has not failed yet */
    rig_run(&rig, 2 * NS_PER_S);
    ck_assert(hears(0));
    check_heard(HOLEPUNCH_RENDEZVOUS, VICTIM, 0);
    pass(500); /* it is called again and again, but not asked for */
    ck_assert(!hears(0));
    ck_assert(!hears(1));
    end();
}
END_TEST

static const struct {
    const char *extensions;
    uint8_t flags;
    bool leaves;
} unasked[] = {
    {PUNCHES, PEX_UTP | PEX_SEED, false}, /* the other does not take part */
    {NEITHER, PEX_HOLEPUNCH, false},      /* nor does who told of it */
    {PUNCHES, PEX_HOLEPUNCH, true},       /* it is gone */
};

START_TEST(test_who_cannot_help_is_not_asked)
{
    begin();
    nobody_answers();
    come_in(0, "81.2.3.4", unasked[_i].extensions, 0);
    come_in(1, "85.0.0.1", PUNCHES, 0);
    tell(0, VICTIM, unasked[_i].flags);
    if (unasked[_i].leaves)
        script_peer_close(&remotes[0]);
    rig_run(&rig, 15 * NS_PER_S);
    ck_assert(unasked[_i].leaves || !hears(0));
    ck_assert(!hears(1));
    end();
}
END_TEST

/* Whom a tracker named too, and the next who tells of it when the first is gone. */
START_TEST(test_any_who_told_of_it_is_asked)
{
    begin();
    nobody_answers();
    rig_connect(&rig, VICTIM, PEER_SOURCE_TRACKER);
    come_in(0, "81.2.3.4", PUNCHES, 0);
    tell(0, VICTIM, PEX_HOLEPUNCH);
    script_peer_close(&remotes[0]);
    rig_run(&rig, 50 * NS_PER_MS);
    come_in(1, "85.0.0.1", PUNCHES, 0);
    tell(1, VICTIM, PEX_HOLEPUNCH);
    rig_run(&rig, 12 * NS_PER_S);
    ck_assert(hears(1));
    check_heard(HOLEPUNCH_RENDEZVOUS, VICTIM, 0);
    end();
}
END_TEST

/* Its NAT gives the other another port than the one where it listens: the answer names
 * that, and it is no second candidate. */
START_TEST(test_the_answer_may_name_another_port)
{
    struct peer_row row;
    begin();
    nobody_answers();
    watch("82.0.0.1:20000");
    come_in(0, "81.2.3.4", PUNCHES, 0);
    tell(0, VICTIM, PEX_HOLEPUNCH);
    rig_run(&rig, 12 * NS_PER_S);
    ck_assert(hears(0));
    say(0, HOLEPUNCH_CONNECT, "82.0.0.1:20000", 0);
    ck_assert_uint_eq(syns, 1);
    ck_assert(!rig_row(&rig, VICTIM, &row));
    end();
}
END_TEST

/* The other has asked first: our own call, which cannot succeed, is given up. */
START_TEST(test_a_call_that_goes_on_makes_way_for_one_that_is_helped)
{
    struct peer_row row;
    const char *address = _i == 0 ? "82.0.0.1:20000" : VICTIM;
    begin();
    nobody_answers();
    come_in(0, "81.2.3.4", PUNCHES, 0);
    tell(0, VICTIM, PEX_HOLEPUNCH);
    rig_run(&rig, 9 * NS_PER_S); /* TCP has not failed yet, and uTP has */
    vnet_set_fate(rig.world.vnet, VICTIM, VNET_NORMAL);
    watch(address);
    say(0, HOLEPUNCH_CONNECT, address, 0);
    ck_assert_uint_eq(syns, 1);
    ck_assert_int_eq(rig_row(&rig, VICTIM, &row), _i == 1);
    say(0, HOLEPUNCH_CONNECT, address, 0); /* but that one is not begun anew */
    ck_assert_uint_eq(syns, 1);
    end();
}
END_TEST

/* A relay that names it all the time keeps nobody from being called by TCP. */
START_TEST(test_what_a_relay_says_leaves_time_for_other_calls)
{
    begin();
    nobody_answers();
    rig_connect(&rig, VICTIM, PEER_SOURCE_TRACKER);
    come_in(0, "81.2.3.4", PUNCHES, 0);
    vnet_set_fate(rig.world.vnet, VICTIM, VNET_NORMAL); /* TCP is refused at once */
    const uint32_t connects = vnet_connects(rig.world.vnet);
    for (int i = 0; i < 60; i++) {
        say(0, HOLEPUNCH_CONNECT, VICTIM, 0);
        rig_run(&rig, 7 * NS_PER_S);
        keep_alive(0);
    }
    ck_assert_uint_ge(vnet_connects(rig.world.vnet) - connects, 2);
    end();
}
END_TEST

START_TEST(test_errors_change_nothing)
{
    begin();
    nobody_answers();
    come_in(0, "81.2.3.4", PUNCHES, 0);
    tell(0, VICTIM, PEX_HOLEPUNCH);
    rig_run(&rig, 12 * NS_PER_S);
    ck_assert(hears(0));
    for (uint32_t error = 0; error < 6; error++)
        say(0, HOLEPUNCH_ERROR, VICTIM, error * 0x33333333u);
    rig_run(&rig, NS_PER_S);
    ck_assert(!remotes[0].over);
    ck_assert(!hears(0));
    end();
}
END_TEST

/* ---- being a relay ---- */

START_TEST(test_two_who_are_connected_are_sent_to_each_other)
{
    begin();
    come_in(0, "81.2.3.4", PUNCHES, 7001);
    come_in(1, "85.0.0.1", PUNCHES, 7002);
    say(0, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert(hears(1));
    check_heard(HOLEPUNCH_CONNECT, "81.2.3.4:7001", 0);
    ck_assert(hears(0));
    check_heard(HOLEPUNCH_CONNECT, "85.0.0.1:7002", 0);
    ck_assert(!hears(0) && !hears(1));
    end();
}
END_TEST

static const struct {
    const char *asked_for;
    enum holepunch_error error;
} errors[] = {
    {"85.0.0.1:7002", HOLEPUNCH_NO_SUPPORT},    /* is connected, takes no part */
    {"85.0.0.1:7003", HOLEPUNCH_NOT_CONNECTED}, /* not from or at that port */
    {"86.0.0.1:7002", HOLEPUNCH_NOT_CONNECTED},
    {"80.0.0.1:6881", HOLEPUNCH_NO_SELF},
    {"81.2.3.4:7001", HOLEPUNCH_NO_SUCH_PEER}, /* who asks */
    {"85.0.0.1:0", HOLEPUNCH_NO_SUCH_PEER},
    {"255.255.255.255:7000", HOLEPUNCH_NO_SUCH_PEER},
    {"10.0.0.2:7004",
     HOLEPUNCH_NOT_CONNECTED}, /* X21: inside, and none of its business */
};

START_TEST(test_who_cannot_be_met_is_told_why)
{
    begin();
    come_in(0, "81.2.3.4", PUNCHES, 7001);
    come_in(1, "85.0.0.1", NEITHER, 7002);
    come_in(2, "10.0.0.2", PUNCHES, 7004);
    say(0, HOLEPUNCH_RENDEZVOUS, errors[_i].asked_for, 0);
    ck_assert(hears(0));
    check_heard(HOLEPUNCH_ERROR, errors[_i].asked_for, errors[_i].error);
    ck_assert(!hears(0) && !hears(1) && !hears(2));
    end();
}
END_TEST

START_TEST(test_who_takes_no_part_gets_no_answer)
{
    begin();
    come_in(0, "81.2.3.4", NEITHER, 7001);
    come_in(1, "85.0.0.1", PUNCHES, 7002);
    say(0, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert(!hears(0) && !hears(1));
    end();
}
END_TEST

/* By TCP it is not seen where its datagrams come from. */
START_TEST(test_of_whom_it_is_not_known_where_it_is_nobody_is_sent)
{
    begin();
    come_in(0, "81.2.3.4", PUNCHES, 0);
    come_in(1, "85.0.0.1", PUNCHES, 7002);
    say(0, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert(hears(0));
    check_heard(HOLEPUNCH_ERROR, "85.0.0.1:7002", HOLEPUNCH_NOT_CONNECTED);
    ck_assert(!hears(1));
    end();
}
END_TEST

/* X24 */
START_TEST(test_nobody_is_a_relay_who_was_not_asked_to)
{
    begin_with(&(struct rig_config){.pex = true, .utp = true});
    come_in(0, "81.2.3.4", PUNCHES, 7001);
    come_in(1, "85.0.0.1", PUNCHES, 7002);
    say(0, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert(hears(0));
    check_heard(HOLEPUNCH_ERROR, "85.0.0.1:7002", HOLEPUNCH_NOT_CONNECTED);
    ck_assert(!hears(1));
    end();
}
END_TEST

static uint32_t count_heard(int number)
{
    uint32_t count = 0;
    while (hears(number))
        count++;
    return count;
}

START_TEST(test_twenty_a_minute_are_served_and_twenty_are_sent_to_one)
{
    begin();
    come_in(0, "81.2.3.4", PUNCHES, 7001);
    come_in(1, "85.0.0.1", PUNCHES, 7002);
    come_in(2, "86.0.0.1", PUNCHES, 7003);
    for (int i = 0; i < 30; i++)
        say(0, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert_uint_eq(count_heard(0), 20);
    ck_assert_uint_eq(count_heard(1), 20);
    say(2, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert(hears(2));
    check_heard(HOLEPUNCH_ERROR, "85.0.0.1:7002", HOLEPUNCH_NOT_CONNECTED);
    ck_assert(!hears(1));
    pass(60);
    say(0, HOLEPUNCH_RENDEZVOUS, "85.0.0.1:7002", 0);
    ck_assert(hears(0) && hears(1));
    ck_assert(!remotes[0].over);
    end();
}
END_TEST

START_TEST(test_pex_tells_who_takes_part)
{
    static struct pex_message told;
    struct script_message message;
    begin();
    come_in(1, "85.0.0.1", PUNCHES, 7002);
    come_in(2, "86.0.0.1", NEITHER, 7003);
    come_in(0, "81.2.3.4", PUNCHES, 0);
    do
        ck_assert(script_peer_find(&remotes[0], 20, &message));
    while (message.body[0] != THEIR_PEX);
    ck_assert_int_eq(pex_message_read(message.body + 1, message.length - 1, &told),
                     ERROR_NONE);
    ck_assert_uint_eq(told.added.count, 2);
    for (uint32_t i = 0; i < 2; i++)
        ck_assert_int_eq((told.added.entries[i].flags & PEX_HOLEPUNCH) != 0,
                         told.added.entries[i].address.port == 7002);
    end();
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static void add_sent(TCase *tcase)
{
    tcase_add_test(tcase, test_whom_a_relay_names_is_called_by_utp_alone);
    tcase_add_loop_test(tcase, test_who_must_not_be_called_is_not, 0, COUNT(refused));
    tcase_add_test(tcase, test_a_relay_sends_us_to_ten_a_minute);
    tcase_add_loop_test(tcase, test_a_network_is_not_scanned, 0, 2);
    tcase_add_test(tcase, test_a_full_torrent_calls_nobody);
    tcase_add_loop_test(
        tcase, test_it_is_offered_where_peers_may_speak_of_each_other_and_there_is_utp, 0,
        COUNT(cases));
    tcase_add_test(tcase, test_a_torrent_that_turns_out_private_takes_it_back);
    tcase_add_test(tcase, test_garbage_is_overlooked_a_few_times);
}

static void add_asking(TCase *tcase)
{
    tcase_add_test(tcase, test_who_told_of_it_is_asked_when_it_cannot_be_reached);
    tcase_add_loop_test(tcase, test_who_cannot_help_is_not_asked, 0, COUNT(unasked));
    tcase_add_test(tcase, test_any_who_told_of_it_is_asked);
    tcase_add_test(tcase, test_the_answer_may_name_another_port);
    tcase_add_loop_test(tcase, test_a_call_that_goes_on_makes_way_for_one_that_is_helped,
                        0, 2);
    tcase_add_test(tcase, test_what_a_relay_says_leaves_time_for_other_calls);
    tcase_add_test(tcase, test_errors_change_nothing);
}

static void add_relay(TCase *tcase)
{
    tcase_add_test(tcase, test_two_who_are_connected_are_sent_to_each_other);
    tcase_add_loop_test(tcase, test_who_cannot_be_met_is_told_why, 0, COUNT(errors));
    tcase_add_test(tcase, test_who_takes_no_part_gets_no_answer);
    tcase_add_test(tcase, test_of_whom_it_is_not_known_where_it_is_nobody_is_sent);
    tcase_add_test(tcase, test_nobody_is_a_relay_who_was_not_asked_to);
    tcase_add_test(tcase, test_twenty_a_minute_are_served_and_twenty_are_sent_to_one);
    tcase_add_test(tcase, test_pex_tells_who_takes_part);
}

Suite *suite_holepunch(void)
{
    Suite *suite = suite_create("holepunch");
    TCase *tcase = tcase_create("holepunch");
    add_sent(tcase);
    add_asking(tcase);
    add_relay(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
