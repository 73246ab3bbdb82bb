/* What a peer says, byte by byte, and what comes of it. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <string.h>

#define COUNT(table) ((int)(sizeof table / sizeof *table))

static struct rig rig;
static struct script_peer remote;

static void begin(const struct rig_config *config)
{
    rig_init(&rig, config);
    script_peer_init(&remote);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* We dial it, and both say hello. */
static void meet(bool fast, bool extended)
{
    const struct net *net = vnet_host(rig.world.vnet, "10.0.0.2");
    const struct script_hello hello = rig_hello(&rig, 'P', fast, extended);
    script_peer_listen(&remote, net, rig.world.loop, "10.0.0.2:7000");
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], 1);
}

static const struct rig_config ten_pieces = {.pieces = 10, .last_bytes = 1000};

/* ---- what is legal and what is not ---- */

static void say_nothing(void)
{
}
static void say_length_ffffffff(void)
{
    script_peer_send(&remote, "\xff\xff\xff\xff", 4);
}
static void say_length_7ffffff0(void)
{
    script_peer_send(&remote, "\x7f\xff\xff\xf0", 4);
}
static void say_length_262146(void)
{
    script_peer_send(&remote, "\x00\x04\x00\x02", 4);
}
static void say_length_80000000(void)
{
    script_peer_send(&remote, "\x80\x00\x00\x00", 4);
}
/* What is legal for one type, said of another. */
static void say_have_as_long_as_a_bitfield(void)
{
    script_peer_send(&remote, "\x00\x04\x00\x01\x04", 5);
}
static void say_choke_as_long_as_a_block(void)
{
    script_peer_send(&remote, "\x00\x00\x40\x09\x00", 5);
}
static void say_bitfield_of_a_mebibyte(void)
{
    script_peer_send(&remote, "\x00\x10\x00\x01\x05", 5);
}
static void say_unchoke_with_payload(void)
{
    script_peer_put(&remote, 1, "x", 1);
}
static void say_not_interested_with_payload(void)
{
    script_peer_put(&remote, 3, "x", 1);
}
static void say_long_have(void)
{
    script_peer_send(&remote, "\x00\x00\x00\x06\x04", 5);
}
static void say_short_request(void)
{
    script_peer_send(&remote, "\x00\x00\x00\x0c\x06", 5);
}
static void say_choke_with_payload(void)
{
    script_peer_put(&remote, 0, "x", 1);
}
static void say_interested_with_payload(void)
{
    script_peer_put(&remote, 2, "x", 1);
}
static void say_tiny_piece(void)
{
    script_peer_put(&remote, 7, "1234567", 7);
}
static void say_empty_piece(void)
{
    script_peer_put(&remote, 7, "12345678", 8);
}
static void say_bitfield(void)
{
    script_peer_put(&remote, 5, "\xff\x00", 2);
}
static void say_bitfield_twice(void)
{
    say_bitfield();
    say_bitfield();
}
static void say_bitfield_after_have(void)
{
    script_peer_put_u32(&remote, 4, 3);
    say_bitfield();
}
static void say_bitfield_after_other_have(void)
{
    script_peer_put_u32(&remote, 4, 9);
    say_bitfield();
}
static void say_bitfield_after_unchoke(void)
{
    script_peer_put(&remote, 1, NULL, 0);
    say_bitfield();
}
static void say_bitfield_after_extension(void)
{
    script_peer_put(&remote, 20, "\0de", 3);
    say_bitfield();
}
static void say_have_all_and_bitfield(void)
{
    script_peer_put(&remote, 14, NULL, 0);
    say_bitfield();
}
static void say_have_all(void)
{
    script_peer_put(&remote, 14, NULL, 0);
}
static void say_have_none_and_all(void)
{
    script_peer_put(&remote, 15, NULL, 0);
    say_have_all();
}
static void say_short_bitfield(void)
{
    script_peer_put(&remote, 5, "\xff", 1);
}
static void say_long_bitfield(void)
{
    script_peer_put(&remote, 5, "\xff\x00\x00", 3);
}
static void say_empty_bitfield(void)
{
    script_peer_put(&remote, 5, NULL, 0);
}
static void say_spare_bits(void)
{
    script_peer_put(&remote, 5, "\xff\x20", 2);
}
static void say_have_past_the_end(void)
{
    script_peer_put_u32(&remote, 4, 10);
}
static void say_have_ffffffff(void)
{
    script_peer_put_u32(&remote, 4, UINT32_MAX);
}
static void say_request_past_the_end(void)
{
    script_peer_put_block(&remote, 6, 10, 0, 16384);
}
static void say_cancel_past_the_end(void)
{
    script_peer_put_block(&remote, 8, UINT32_MAX, 0, 16384);
}
static void say_suggest_past_the_end(void)
{
    script_peer_put_u32(&remote, 13, 10);
}
static void say_allowed_fast_past_the_end(void)
{
    script_peer_put_u32(&remote, 17, 10);
}
static void say_huge_request(void)
{
    script_peer_put_block(&remote, 6, 0, 0, 128 * 1024 + 1);
}
static void say_overflowing_request(void)
{
    script_peer_put_block(&remote, 6, 0, UINT32_MAX - 10, 16384);
}
static void say_49_bad_requests(void)
{
    for (int i = 0; i < 49; i++)
        script_peer_put_block(&remote, 6, 9, 900, 200);
}
static void say_50_bad_requests(void)
{
    say_49_bad_requests();
    script_peer_put_block(&remote, 6, 1, 0, 0);
}
static void say_32_unknown(void)
{
    static const uint8_t ids[] = {10, 11, 12, 18, 19, 21, 200, 254};
    for (int i = 0; i < 32; i++)
        script_peer_put(&remote, ids[i % 8], "abc", 3);
}
static void say_33_unknown(void)
{
    say_32_unknown();
    script_peer_put(&remote, 255, NULL, 0);
}
static void say_dht_ports(void)
{
    for (int i = 0; i < 100; i++)
        script_peer_put(&remote, 9, i % 2 == 0 ? "\0\0" : "\0\x35", 2);
}
static void say_100_keepalives(void)
{
    for (int i = 0; i < 100; i++)
        script_peer_send(&remote, "\0\0\0\0", 4);
}
static void say_101_keepalives(void)
{
    say_100_keepalives();
    script_peer_send(&remote, "\0\0\0\0", 4);
}
static void say_16_unrequested(void)
{
    for (uint32_t i = 0; i < 16; i++)
        script_peer_put_piece(&remote, i % 9, 0, 100);
}
static void say_17_unrequested(void)
{
    say_16_unrequested();
    script_peer_put_piece(&remote, 0, 0, 100);
}
static void say_rejects_of_nothing(void)
{
    for (uint32_t i = 0; i < 10000; i++)
        script_peer_put_block(&remote, 16, i % 10, 0, 16384);
}
static void say_reject(void)
{
    script_peer_put_block(&remote, 16, 0, 0, 16384);
}
static void say_48_allowed_fast(void)
{
    for (uint32_t i = 0; i < 48; i++)
        script_peer_put_u32(&remote, 17, i % 10);
}
static void say_49_allowed_fast(void)
{
    say_48_allowed_fast();
    script_peer_put_u32(&remote, 17, 0);
}
static void say_suggest(void)
{
    for (uint32_t i = 0; i < 1000; i++)
        script_peer_put_u32(&remote, 13, i % 10);
}
static void say_extended(void)
{
    script_peer_put(&remote, 20, "\0d1:md6:ut_pexi1eee", 19);
}
static void say_extended_twice(void)
{
    say_extended();
    script_peer_put(&remote, 20, "\0d1:v5:again4:reqqi3ee", 23);
}
static void say_extended_four_times(void)
{
    say_extended_twice();
    say_extended_twice();
}
static void say_extended_list(void)
{
    script_peer_put(&remote, 20, "\0le", 3);
}
static void say_extended_without_body(void)
{
    script_peer_put(&remote, 20, NULL, 0);
}
static void say_huge_extended(void)
{
    script_peer_send(&remote, "\x00\x01\x00\x03\x14", 5);
}
static void say_32_unknown_extended(void)
{
    for (int i = 0; i < 32; i++)
        script_peer_put(&remote, 20, "\x07garbage", 8);
}
static void say_33_unknown_extended(void)
{
    say_32_unknown_extended();
    script_peer_put(&remote, 20, "\x01", 1);
}
static void say_cancels_of_nothing(void)
{
    for (uint32_t i = 0; i < 20000; i++)
        script_peer_put_block(&remote, 8, i % 10, 0, 16384);
}
static void say_haves(void)
{
    for (uint32_t i = 0; i < 20000; i++)
        script_peer_put_u32(&remote, 4, i % 9);
}

static const struct {
    const char *name;
    void (*say)(void);
    bool fast, extended, kept;
} words[] = {
    {"nothing", say_nothing, true, true, true},
    {"P9 length 0xffffffff", say_length_ffffffff, true, true, false},
    {"P9 length 0x7ffffff0", say_length_7ffffff0, true, true, false},
    {"P9 length 262146", say_length_262146, true, true, false},
    {"P9 length 0x80000000", say_length_80000000, true, true, false},
    {"P9 have of 262145", say_have_as_long_as_a_bitfield, true, true, false},
    {"P9 choke of 16393", say_choke_as_long_as_a_block, true, true, false},
    {"P15 bitfield of 1 MiB", say_bitfield_of_a_mebibyte, true, true, false},
    {"P13 unchoke of 2", say_unchoke_with_payload, true, true, false},
    {"P13 not interested of 2", say_not_interested_with_payload, true, true, false},
    {"P13 have of 6", say_long_have, true, true, false},
    {"P13 request of 12", say_short_request, true, true, false},
    {"P13 choke of 2", say_choke_with_payload, true, true, false},
    {"P13 interested of 2", say_interested_with_payload, true, true, false},
    {"P13 piece of 8", say_tiny_piece, true, true, false},
    {"P13 piece without payload", say_empty_piece, true, true, false},
    {"bitfield", say_bitfield, false, false, true},
    {"bitfield twice, as aria2 does", say_bitfield_twice, true, false, true},
    {"bitfield after have", say_bitfield_after_have, false, false, true},
    {"bitfield after unchoke", say_bitfield_after_unchoke, false, false, true},
    {"P14 bitfield that takes back", say_bitfield_after_other_have, false, false, false},
    {"bitfield after extension", say_bitfield_after_extension, false, true, true},
    {"P14 have all and bitfield", say_have_all_and_bitfield, true, false, false},
    {"P14 have none and have all", say_have_none_and_all, true, false, false},
    {"have all", say_have_all, true, false, true},
    {"P14 have all without BEP 6", say_have_all, false, false, false},
    {"P15 short bitfield", say_short_bitfield, true, true, false},
    {"P15 long bitfield", say_long_bitfield, true, true, false},
    {"P15 empty bitfield", say_empty_bitfield, true, true, false},
    {"P16 spare bits", say_spare_bits, true, true, false},
    {"P17 have storm", say_haves, true, true, true},
    {"P18 have of no piece", say_have_past_the_end, true, true, false},
    {"P18 have 0xffffffff", say_have_ffffffff, true, true, false},
    {"P18 request of no piece", say_request_past_the_end, true, true, false},
    {"P18 cancel of no piece", say_cancel_past_the_end, true, true, false},
    {"P18 suggest of no piece", say_suggest_past_the_end, true, true, false},
    {"P18 allowed fast of no piece", say_allowed_fast_past_the_end, true, true, false},
    {"P19 request above 128 KiB", say_huge_request, true, true, false},
    {"P19 request that overflows", say_overflowing_request, true, true, false},
    {"P19 49 bad requests", say_49_bad_requests, true, true, true},
    {"P19 50 bad requests", say_50_bad_requests, true, true, false},
    {"P12 32 unknown", say_32_unknown, true, true, true},
    {"P12 33 unknown", say_33_unknown, true, true, false},
    {"P45 port messages", say_dht_ports, true, true, true},
    {"P11 100 keep-alives", say_100_keepalives, true, true, true},
    {"P11 101 keep-alives at once", say_101_keepalives, true, true, false},
    {"P25 16 unrequested blocks", say_16_unrequested, true, true, true},
    {"P25 17 unrequested blocks", say_17_unrequested, true, true, false},
    {"P42 rejects of nothing", say_rejects_of_nothing, true, true, true},
    {"reject without BEP 6", say_reject, false, true, false},
    {"P42 48 allowed fast", say_48_allowed_fast, true, true, true},
    {"P42 49 allowed fast", say_49_allowed_fast, true, true, false},
    {"P42 suggests", say_suggest, true, true, true},
    {"suggest without BEP 6", say_suggest, false, true, false},
    {"P23 cancels of nothing", say_cancels_of_nothing, true, true, true},
    {"X1 extension handshake", say_extended, true, true, true},
    {"X1 extension handshake twice", say_extended_twice, true, true, true},
    {"X1 extended without the bit", say_extended, true, false, false},
    {"X2 a list", say_extended_list, true, true, false},
    {"X2 no body", say_extended_without_body, true, true, false},
    {"X2 64 KiB + 1", say_huge_extended, true, true, false},
    {"X6 32 unknown extended", say_32_unknown_extended, true, true, true},
    {"X6 33 unknown extended", say_33_unknown_extended, true, true, false},
    {"X8 four extension handshakes", say_extended_four_times, true, true, false},
};

static void check_a_word_too_many_ends_the_connection(int number)
{
    begin(&ten_pieces);
    meet(words[number].fast, words[number].extended);
    words[number].say();
    rig_run(&rig, 900 * NS_PER_MS);
    ck_assert_msg((rig.count[PEER_GONE] == 0) == words[number].kept, "%s: %s",
                  words[number].name, words[number].kept ? "dropped" : "kept");
    ck_assert_int_eq(remote.over, !words[number].kept);
    if (!words[number].kept)
        ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_PROTOCOL);
    /* And none of them makes us call anybody (P45). */
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 1);
    ck_assert_uint_eq(vnet_open_datagrams(rig.world.vnet), 0);
    end();
}

/* P9, P11 to P19, P23, P25, P42, P45, X1, X2, X6, X8 */
START_TEST(test_a_word_too_many_ends_the_connection)
{
    for (int i = 0; i < COUNT(words); i++)
        check_a_word_too_many_ends_the_connection(i);
}
END_TEST

/* P17: however much waits in the socket, others have their turns. */
START_TEST(test_a_flood_of_small_messages_is_read_in_portions)
{
    static const struct rig_config config = {.pieces = 60000};
    begin(&config);
    meet(true, false);
    struct buffer haves;
    buffer_init(&haves, 1u << 20);
    for (uint32_t piece = 0; piece < 25000; piece++)
        script_put_u32(&haves, 4, piece);
    script_peer_send(&remote, haves.bytes, haves.length);
    buffer_done(&haves);
    uint32_t before = 0, most = 0;
    for (int i = 0; i < 1000 && rig.count[PEER_HAS_PIECE] < 25000; i++) {
        loop_turn(rig.world.loop, NS_PER_S);
        const uint32_t portion = rig.count[PEER_HAS_PIECE] - before;
        most = portion > most ? portion : most;
        before += portion;
    }
    ck_assert_uint_eq(before, 25000);
    ck_assert_uint_le(most, 65536 / 9 + 1);
    end();
}
END_TEST

/* ---- handshakes ---- */

static const struct {
    const char *bytes;
    size_t length;
} first_words[] = {
    {"GET / HTTP/1.1\r\n", 16},
    {"\x16\x03\x01\x02\x00\x01\x00", 7},
    {"\x13"
     "BitTorrent prot\x00col",
     20},
    {"\x12"
     "BitTorrent protocol",
     20},
    {"\x00", 1},
};
#define FIRST_WORDS_TOLD 3 /* the first ones are nothing else, either */

/* P1: random bytes may be the begin of a hidden connection, if such are let in at all. */
START_TEST(test_what_is_no_handshake_is_closed_at_once_and_unanswered)
{
    begin(&ten_pieces);
    if (_i >= FIRST_WORDS_TOLD)
        peer_shared_set_encryption(rig.shared, ENCRYPTION_OFF);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_send(&remote, first_words[_i].bytes, first_words[_i].length);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    ck_assert_uint_eq(remote.in.length, 0);
    end();
}
END_TEST

/* P2 */
START_TEST(test_an_unknown_info_hash_gets_no_answer)
{
    begin(&ten_pieces);
    struct script_hello hello = rig_hello(&rig, 'P', true, true);
    hello.hash.bytes[19] ^= 1;
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    ck_assert_uint_eq(remote.in.length, 0);
    ck_assert_uint_eq(rig.count[PEER_CONNECTED], 0);
    end();
}
END_TEST

/* P6 */
START_TEST(test_a_slow_handshake_ends_after_ten_seconds_however_it_drips)
{
    begin(&ten_pieces);
    const bool incoming = _i == 0;
    const struct net *net = vnet_host(rig.world.vnet, "10.0.0.2");
    if (incoming) {
        script_peer_dial(&remote, net, rig.world.loop, "10.0.0.1:6881");
    } else {
        script_peer_listen(&remote, net, rig.world.loop, "10.0.0.2:7000");
        rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    }
    rig_run(&rig, 100 * NS_PER_MS);
    static const char opening[] = "\x13"
                                  "BitTorrent protocol";
    for (int i = 0; i < 9; i++) {
        ck_assert(!remote.over);
        script_peer_send(&remote, &opening[i], 1);
        rig_run(&rig, NS_PER_S);
    }
    ck_assert(!remote.over);
    rig_run(&rig, 1100 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

/* P3 */
START_TEST(test_the_wrong_torrent_at_the_other_end_is_left)
{
    begin(&ten_pieces);
    const struct net *net = vnet_host(rig.world.vnet, "10.0.0.2");
    struct script_hello hello = rig_hello(&rig, 'P', true, true);
    hello.hash.bytes[0] ^= 1;
    script_peer_listen(&remote, net, rig.world.loop, "10.0.0.2:7000");
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_WRONG_TORRENT);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), 1); /* backed off */
    end();
}
END_TEST

START_TEST(test_an_incoming_peer_gets_everything_in_one_send)
{
    begin(&ten_pieces);
    bitfield_set(&rig.have, 2);
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    struct script_message message;
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 6 * NS_PER_MS);
    ck_assert(script_peer_next(&remote, &message) && message.id == SCRIPT_HANDSHAKE);
    ck_assert_uint_eq(message.body[25] & 0x10, 0x10);
    ck_assert_uint_eq(message.body[27] & 0x04, 0x04);
    ck_assert(script_peer_next(&remote, &message) && message.id == 5);
    ck_assert_mem_eq(message.body, "\x20\x00", 2);
    ck_assert(script_peer_next(&remote, &message) && message.id == 20);
    end();
}
END_TEST

static const struct {
    bool fast, all, none;
    int id; /* 0: nothing is said */
} hellos[] = {
    {true, true, false, 14}, {true, false, true, 15}, {true, false, false, 5},
    {false, true, false, 5}, {false, false, true, 0}, {false, false, false, 5},
};

START_TEST(test_what_we_have_is_told_as_the_peer_understands_it)
{
    struct script_message message;
    begin(&ten_pieces);
    if (hellos[_i].all)
        bitfield_set_all(&rig.have);
    else if (!hellos[_i].none)
        bitfield_set(&rig.have, 1);
    meet(hellos[_i].fast, false);
    ck_assert(script_peer_next(&remote, &message));
    const bool more = script_peer_next(&remote, &message);
    ck_assert_int_eq(more, hellos[_i].id != 0);
    if (more)
        ck_assert_int_eq(message.id, hellos[_i].id);
    end();
}
END_TEST

/* ---- P7: any segmentation gives the same events ---- */

/* The answer to fifteen requests, with all kinds of other messages between. */
static void put_story(struct buffer *bytes, uint32_t first_bytes)
{
    script_put_u32(bytes, 4, 1);
    script_put_piece(bytes, 0, 0, first_bytes);
    script_put_piece(bytes, 1, 0, 100);
    script_put_u32(bytes, 4, 2);
    script_put_piece(bytes, 2, 0, 1);
    script_put(bytes, 2, NULL, 0);
    script_put_piece(bytes, 8, 0, 90); /* nobody asked for it */
    ck_assert_int_eq(buffer_append_u32(bytes, 0), ERROR_NONE);
    script_put_piece(bytes, 4, 0, 100); /* out of order */
    script_put_piece(bytes, 3, 0, 100);
    script_put(bytes, 20, "\0d1:v5:threee", 13);
    script_put_block(bytes, 16, 5, 0, 100);
    script_put_piece(bytes, 6, 0, 20); /* too short: not what was asked for */
    script_put(bytes, 77, "unknown", 7);
    script_put_piece(bytes, 7, 0, 100);
    script_put(bytes, 0, NULL, 0);
    script_put_piece(bytes, 9, 0, 100);
    script_put_block(bytes, 6, 0, 0, 100);
    script_put(bytes, 5, "\xff\xff", 2); /* spare bits: the end */
    script_put_u32(bytes, 4, 3);
}

/* Runs the story cut into parts of SPLIT bytes and the rest (SEGMENT 0), or into parts of
 * SEGMENT; the events come back in ret_story. */
static void tell_story(const struct buffer *bytes, uint32_t first_bytes, size_t split,
                       uint32_t segment, struct buffer *ret_story)
{
    static const struct rig_config config = {
        .pieces = 10, .last_bytes = 1000, .pool_bytes = 1u << 20};
    begin(&config);
    const struct vnet_link link = {.latency_ns = NS_PER_MS, .segment = segment};
    vnet_set_link(rig.world.vnet, &link);
    meet(true, true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
    for (uint32_t piece = 0; piece < 10; piece++)
        rig_post_block(&rig, PEER_REQUEST, rig.peer, piece, 0,
                       piece == 0   ? first_bytes
                       : piece == 2 ? 1
                                    : 100);
    rig_run(&rig, 10 * NS_PER_MS);
    if (segment == 0) {
        script_peer_send(&remote, bytes->bytes, split);
        rig_run(&rig, 5 * NS_PER_MS);
    } else {
        split = 0;
    }
    script_peer_send(&remote, bytes->bytes + split, bytes->length - split);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_uint_eq(rig.wrong_blocks, 0);
    buffer_init(ret_story, 1u << 20);
    ck_assert_int_eq(buffer_append(ret_story, rig.story.bytes, rig.story.length),
                     ERROR_NONE);
    ck_assert_int_eq(buffer_append_u8(ret_story, 0), ERROR_NONE);
    end();
}

static void check_split(const struct buffer *bytes, uint32_t first_bytes, size_t split,
                        uint32_t segment, const struct buffer *expected)
{
    struct buffer story;
    tell_story(bytes, first_bytes, split, segment, &story);
    ck_assert_msg(strcmp((const char *)story.bytes, (const char *)expected->bytes) == 0,
                  "split %zu segment %u:\n%s\ninstead of\n%s", split, segment,
                  (const char *)story.bytes, (const char *)expected->bytes);
    buffer_done(&story);
}

START_TEST(test_any_segmentation_of_a_session_gives_the_same_events)
{
    static const uint32_t segments[] = {1, 2, 3, 13, 17, 64, 1000};
    struct buffer bytes, whole;
    buffer_init(&bytes, 1u << 20);
    put_story(&bytes, 100);
    tell_story(&bytes, 100, bytes.length, 0, &whole);
    ck_assert_ptr_nonnull(strstr((const char *)whole.bytes, "block 0 0 100"));
    ck_assert_ptr_nonnull(strstr((const char *)whole.bytes, "block 9 0 100"));
    ck_assert_ptr_nonnull(strstr((const char *)whole.bytes, "rejected 5 0 100"));
    ck_assert_ptr_nonnull(strstr((const char *)whole.bytes, "gone protocol"));
    for (size_t split = 1; split < bytes.length; split++)
        check_split(&bytes, 100, split, 0, &whole);
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++)
        check_split(&bytes, 100, 0, segments[i], &whole);
    buffer_done(&bytes);
    buffer_done(&whole);
}
END_TEST

START_TEST(test_any_segmentation_of_whole_blocks_gives_the_same_events)
{
    struct buffer bytes, whole;
    buffer_init(&bytes, 1u << 20);
    put_story(&bytes, BLOCK_BYTES);
    tell_story(&bytes, BLOCK_BYTES, bytes.length, 0, &whole);
    for (size_t split = 1; split < bytes.length; split += 97)
        check_split(&bytes, BLOCK_BYTES, split, 0, &whole);
    /* Around the end of the block. */
    for (size_t split = 9 + 13 + BLOCK_BYTES - 3; split < 9 + 13 + BLOCK_BYTES + 20;
         split++)
        check_split(&bytes, BLOCK_BYTES, split, 0, &whole);
    check_split(&bytes, BLOCK_BYTES, 0, 7, &whole);
    check_split(&bytes, BLOCK_BYTES, 0, 1460, &whole);
    buffer_done(&bytes);
    buffer_done(&whole);
}
END_TEST

Suite *suite_session(void)
{
    Suite *suite = suite_create("session");
    TCase *tcase = tcase_create("session");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_a_word_too_many_ends_the_connection);
    tcase_add_test(tcase, test_a_flood_of_small_messages_is_read_in_portions);
    tcase_add_loop_test(tcase, test_what_is_no_handshake_is_closed_at_once_and_unanswered,
                        0, COUNT(first_words));
    tcase_add_test(tcase, test_an_unknown_info_hash_gets_no_answer);
    tcase_add_loop_test(
        tcase, test_a_slow_handshake_ends_after_ten_seconds_however_it_drips, 0, 2);
    tcase_add_test(tcase, test_the_wrong_torrent_at_the_other_end_is_left);
    tcase_add_test(tcase, test_an_incoming_peer_gets_everything_in_one_send);
    tcase_add_loop_test(tcase, test_what_we_have_is_told_as_the_peer_understands_it, 0,
                        COUNT(hellos));
    tcase_add_test(tcase, test_any_segmentation_of_a_session_gives_the_same_events);
    tcase_add_test(tcase, test_any_segmentation_of_whole_blocks_gives_the_same_events);
    suite_add_tcase(suite, tcase);
    return suite;
}
