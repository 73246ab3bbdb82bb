/* ut_metadata (BEP 9) with one peer, and what it says of its pieces before we know how
 * many there are: HOSTILE.md X10, X13, X17, P15, P18. */
#include "peer/metadata_message.h"
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THEIRS 7 /* number of ut_metadata with the peer */

static struct rig rig;
static struct script_peer remote;
static uint8_t info[3 * 16384 + 5];

static void begin(bool awaits)
{
    for (size_t i = 0; i < sizeof info; i++)
        info[i] = (uint8_t)(i * 7);
    const struct rig_config config = {
        .awaits = awaits, .info = info, .info_bytes = sizeof info, .have_all = !awaits};
    rig_init(&rig, &config);
    script_peer_init(&remote);
    struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static void say_extended(uint8_t number, const void *bytes, size_t length)
{
    uint8_t body[20000] = {number};
    memcpy(body + 1, bytes, length);
    script_peer_put(&remote, 20, body, length + 1);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void introduce(long long total)
{
    char text[200];
    snprintf(text, sizeof text, "d1:md11:ut_metadatai%dee13:metadata_sizei%llde1:pi5ee",
             THEIRS, total);
    say_extended(0, text, strlen(text));
}

static void say(const struct metadata_message *message)
{
    struct buffer body;
    buffer_init(&body, 40000);
    ck_assert_int_eq(metadata_message_write(message, &body), ERROR_NONE);
    say_extended(WIRE_EXTENDED_METADATA, body.bytes, body.length);
    buffer_done(&body);
}

static void ask(uint32_t piece)
{
    const struct metadata_message message = {.type = METADATA_REQUEST, .piece = piece};
    say(&message);
}

/* The next ut_metadata message it was sent; false: none. */
static bool next(struct metadata_message *ret_message)
{
    struct script_message message;
    while (script_peer_find(&remote, 20, &message))
        if (message.body[0] == THEIRS)
            return metadata_message_read(message.body + 1, message.length - 1,
                                         ret_message) == ERROR_NONE;
    return false;
}

START_TEST(who_asks_is_given_the_dictionary)
{
    struct metadata_message message;
    begin(false);
    introduce(0);
    for (uint32_t piece = 0; piece < 4; piece++) {
        ask(piece);
        ck_assert(next(&message));
        ck_assert_int_eq(message.type, METADATA_DATA);
        ck_assert_int_eq(message.total, sizeof info);
        ck_assert_uint_eq(message.length, piece < 3 ? 16384 : 5);
        ck_assert_mem_eq(message.bytes, info + piece * 16384, message.length);
    }
    ask(4);
    ck_assert(next(&message));
    ck_assert_int_eq(message.type, METADATA_REJECT);
    ck_assert_uint_eq(message.piece, 4);
    end();
}
END_TEST

/* X13 */
START_TEST(it_is_given_twice_and_then_refused)
{
    struct metadata_message message;
    uint32_t given = 0, refused = 0;
    begin(false);
    introduce(0);
    script_peer_set_deaf(&remote, true);
    for (uint32_t i = 0; i < 100; i++)
        ask(i % 4);
    script_peer_set_deaf(&remote, false);
    rig_run(&rig, NS_PER_S);
    while (next(&message)) {
        given += message.type == METADATA_DATA;
        refused += message.type == METADATA_REJECT;
    }
    ck_assert_uint_eq(given, 8);
    ck_assert_uint_eq(refused, 92);
    ck_assert(!remote.over);
    end();
}
END_TEST

START_TEST(without_it_we_refuse)
{
    struct metadata_message message;
    begin(true);
    introduce(sizeof info);
    ask(0);
    ck_assert(next(&message));
    ck_assert_int_eq(message.type, METADATA_REJECT);
    end();
}
END_TEST

START_TEST(what_we_ask_for_is_told)
{
    struct metadata_message message;
    begin(true);
    introduce(sizeof info);
    ck_assert_uint_eq(rig.count[PEER_METADATA_OFFERED], 1);
    ck_assert_int_eq(rig.last[PEER_METADATA_OFFERED].u.metadata.total, sizeof info);
    struct message request = {.type = PEER_ASK_METADATA, .peer = rig.peer};
    request.u.metadata.piece = 2;
    ck_assert_int_eq(bus_post(rig.requests, &request), ERROR_NONE);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(next(&message));
    ck_assert_int_eq(message.type, METADATA_REQUEST);
    ck_assert_uint_eq(message.piece, 2);
    message = (struct metadata_message){.type = METADATA_DATA,
                                        .piece = 2,
                                        .total = sizeof info,
                                        .bytes = info + 2 * 16384,
                                        .length = 16384};
    say(&message);
    ck_assert_uint_eq(rig.count[PEER_METADATA_ARRIVED], 1);
    ck_assert_uint_eq(rig.last[PEER_METADATA_ARRIVED].u.metadata.length, 16384);
    free(rig.last[PEER_METADATA_ARRIVED].u.metadata.bytes); /* ours to free, now */
    say(&message);                                          /* X10: unasked */
    ck_assert_uint_eq(rig.count[PEER_METADATA_ARRIVED], 1);
    end();
}
END_TEST

/* The client that loses questions is known by its name. */
START_TEST(rtorrent_is_asked_one_by_one)
{
    static const struct {
        const char *client;
        bool one_by_one;
    } clients[] = {{"17:libTorrent 0.13.8", true}, {"17:libtorrent/2.0.8.", false}};
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        char text[200];
        begin(true);
        snprintf(text, sizeof text, "d1:md11:ut_metadatai2ee13:metadata_sizei99e1:v%se",
                 clients[i].client);
        say_extended(0, text, strlen(text));
        ck_assert_uint_eq(rig.count[PEER_METADATA_OFFERED], 1);
        ck_assert_int_eq(rig.last[PEER_METADATA_OFFERED].u.metadata.one_by_one,
                         clients[i].one_by_one);
        end();
    }
}
END_TEST

START_TEST(a_refusal_is_told)
{
    begin(true);
    introduce(sizeof info);
    struct message request = {.type = PEER_ASK_METADATA, .peer = rig.peer};
    ck_assert_int_eq(bus_post(rig.requests, &request), ERROR_NONE);
    rig_run(&rig, 50 * NS_PER_MS);
    const struct metadata_message message = {.type = METADATA_REJECT};
    say(&message);
    say(&message);
    ck_assert_uint_eq(rig.count[PEER_METADATA_REFUSED], 1);
    end();
}
END_TEST

/* X10: data nobody asked for, and what is no message at all. */
START_TEST(so_much_garbage_and_no_more)
{
    const struct metadata_message message = {.type = METADATA_DATA, .length = 0};
    begin(true);
    introduce(sizeof info);
    for (int i = 0; i < 32; i++)
        say(&message);
    ck_assert(!remote.over);
    say_extended(WIRE_EXTENDED_METADATA, "garbage", 7);
    ck_assert(remote.over);
    end();
}
END_TEST

/* X17 */
START_TEST(a_type_of_later_days_is_ignored)
{
    begin(false);
    introduce(0);
    for (int i = 0; i < 100; i++)
        say_extended(WIRE_EXTENDED_METADATA, "d8:msg_typei3e5:piecei0ee", 25);
    ck_assert(!remote.over);
    end();
}
END_TEST

/* ---- before the metainfo ---- */

static void know(void)
{
    const struct peer_metainfo metainfo = rig_metainfo(&rig);
    peer_manager_set_metainfo(rig.manager, &metainfo);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void say_bitfield(const void *bytes, size_t length)
{
    script_peer_put(&remote, 5, bytes, length);
    rig_run(&rig, 50 * NS_PER_MS);
}

/* P15: whatever its length, it is kept, and judged when we know. */
static const struct {
    const char *bytes;
    size_t length;
    bool kept;
    uint32_t pieces;
} bitfields[] = {
    {"\xa0", 1, true, 2},
    {"\xff", 1, true, 8},
    {"", 0, false, 0},
    {"\xff\x80", 2, false, 0},
};

START_TEST(a_bitfield_is_judged_when_the_metainfo_has_come)
{
    struct peer_row row;
    bool is_seed;
    for (size_t i = 0; i < sizeof bitfields / sizeof *bitfields; i++) {
        begin(true);
        say_bitfield(bitfields[i].bytes, bitfields[i].length);
        ck_assert(!remote.over);
        ck_assert_uint_eq(rig.count[PEER_HAS_PIECES], 0);
        const struct peer_id_ref ref = rig.peer;
        know();
        ck_assert_int_eq(remote.over, !bitfields[i].kept);
        ck_assert_uint_eq(rig.count[PEER_HAS_PIECES], bitfields[i].kept);
        if (bitfields[i].kept) {
            const struct bitfield *bits =
                peer_manager_bitfield(rig.manager, ref, &is_seed);
            ck_assert_uint_eq(is_seed ? 8 : bits->count, bitfields[i].pieces);
        }
        (void)row;
        end();
    }
}
END_TEST

/* P15 */
START_TEST(a_bitfield_of_more_than_can_be_closes)
{
    begin(true);
    script_peer_send(&remote, "\x00\x04\x00\x02\x05", 5); /* 262,145 bytes of it */
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

/* P18 */
START_TEST(what_names_pieces_is_no_mistake_before_they_are_known)
{
    bool is_seed;
    begin(true);
    const struct peer_id_ref ref = rig.peer;
    script_peer_put(&remote, 15, NULL, 0);
    script_peer_put_u32(&remote, 4, 3);
    script_peer_put_u32(&remote, 4, 0xffffffff);
    script_peer_put_u32(&remote, 4, 9);
    script_peer_put_u32(&remote, 17, 77);
    script_peer_put_u32(&remote, 13, 0xffffffff);
    script_peer_put_block(&remote, 6, 5, 0, 16384);
    script_peer_put_block(&remote, 8, 5, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!remote.over);
    know();
    ck_assert(!remote.over);
    const struct bitfield *bits = peer_manager_bitfield(rig.manager, ref, &is_seed);
    ck_assert_ptr_nonnull(bits);
    ck_assert_uint_eq(bits->count, 1);
    ck_assert(bitfield_get(bits, 3));
    script_peer_put_u32(&remote, 4, 8);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

START_TEST(a_seed_is_one_when_the_metainfo_has_come)
{
    bool is_seed = false;
    begin(true);
    const struct peer_id_ref ref = rig.peer;
    script_peer_put(&remote, 14, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
    const uint32_t told = rig.count[PEER_HAS_PIECES];
    know();
    ck_assert_uint_eq(rig.count[PEER_HAS_PIECES], told + 1);
    (void)peer_manager_bitfield(rig.manager, ref, &is_seed);
    ck_assert(is_seed);
    end();
}
END_TEST

/* BEP 27: whom the DHT, peers, the local network or an earlier session told of was no
 * mistake until now. */
START_TEST(private_metadata_drop_whom_no_tracker_told_of)
{
    static const struct {
        enum peer_source source, then;
        bool stays;
    } sources[] = {{PEER_SOURCE_TRACKER, PEER_SOURCE_TRACKER, true},
                   {PEER_SOURCE_DHT, PEER_SOURCE_DHT, false},
                   {PEER_SOURCE_PEX, PEER_SOURCE_DHT, false},
                   {PEER_SOURCE_LSD, PEER_SOURCE_LSD, false},
                   {PEER_SOURCE_RESUME, PEER_SOURCE_DHT, false},
                   {PEER_SOURCE_RESUME, PEER_SOURCE_TRACKER, true},
                   {PEER_SOURCE_LSD, PEER_SOURCE_TRACKER, true}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const struct rig_config config = {
            .awaits = true, .info = info, .info_bytes = sizeof info};
        rig_init(&rig, &config);
        script_peer_init(&remote);
        const struct script_hello hello = rig_hello(&rig, 'P', true, true);
        script_peer_listen(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                           "10.0.0.2:7000");
        rig_connect(&rig, "10.0.0.2:7000", sources[i].source);
        rig_connect(&rig, "10.0.0.2:7000", sources[i].then);
        rig_run(&rig, NS_PER_S);
        script_peer_handshake(&remote, &hello);
        rig_run(&rig, 50 * NS_PER_MS);
        ck_assert(!remote.over);
        struct peer_metainfo metainfo = rig_metainfo(&rig);
        metainfo.is_private = true;
        peer_manager_set_metainfo(rig.manager, &metainfo);
        rig_run(&rig, 50 * NS_PER_MS);
        ck_assert_int_eq(remote.over, !sources[i].stays);
        end();
    }
}
END_TEST

Suite *suite_metadata(void)
{
    Suite *suite = suite_create("metadata");
    TCase *tcase = tcase_create("metadata");
    tcase_add_test(tcase, who_asks_is_given_the_dictionary);
    tcase_add_test(tcase, it_is_given_twice_and_then_refused);
    tcase_add_test(tcase, without_it_we_refuse);
    tcase_add_test(tcase, what_we_ask_for_is_told);
    tcase_add_test(tcase, rtorrent_is_asked_one_by_one);
    tcase_add_test(tcase, a_refusal_is_told);
    tcase_add_test(tcase, so_much_garbage_and_no_more);
    tcase_add_test(tcase, a_type_of_later_days_is_ignored);
    tcase_add_test(tcase, a_bitfield_is_judged_when_the_metainfo_has_come);
    tcase_add_test(tcase, a_bitfield_of_more_than_can_be_closes);
    tcase_add_test(tcase, what_names_pieces_is_no_mistake_before_they_are_known);
    tcase_add_test(tcase, a_seed_is_one_when_the_metainfo_has_come);
    tcase_add_test(tcase, private_metadata_drop_whom_no_tracker_told_of);
    suite_add_tcase(suite, tcase);
    return suite;
}
