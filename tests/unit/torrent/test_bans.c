/* Bans that outlast the session (P36, R17). */
#include "torrent/ban_list.h"
#include "torrent/commands.h"

#include "tests/unit/torrent/pair.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_bans_suite(void);

#define NOW_S INT64_C(1795100000)

static const struct peer_ban bans[] = {
    {{NETADDR_V4, {8, 8, 8, 8}, 0}, PEER_REASON_BANNED_DATA, NOW_S - 10},
    {{NETADDR_V4, {192, 168, 0, 7}, 7777}, PEER_REASON_BANNED_USER, NOW_S},
    {{NETADDR_V6, {0x20, 1, 4, 0x70, 0, 1, 0, 2}, 0}, PEER_REASON_BANNED_DATA, NOW_S - 1},
};
#define BANS (sizeof bans / sizeof *bans)

static struct peer_ban *decoded;
static uint32_t decoded_count;

static enum error_code decode(const uint8_t *bytes, size_t length, int64_t now_s)
{
    free(decoded);
    decoded = NULL;
    return ban_list_decode(bytes, length, now_s, &decoded, &decoded_count);
}

static void encode(struct buffer *buffer)
{
    buffer_init(buffer, 4096);
    ck_assert_int_eq(ban_list_encode(bans, BANS, buffer), ERROR_NONE);
    ck_assert_uint_eq(buffer->length, BANS * BAN_LIST_RECORD_BYTES);
}

/* R17 */
START_TEST(what_was_written_is_read)
{
    struct buffer buffer;
    encode(&buffer);
    ck_assert_int_eq(decode(buffer.bytes, buffer.length, NOW_S), ERROR_NONE);
    ck_assert_uint_eq(decoded_count, BANS);
    for (uint32_t i = 0; i < BANS; i++) {
        ck_assert(netaddr_equal(&decoded[i].address, &bans[i].address));
        ck_assert_int_eq(decoded[i].reason, bans[i].reason);
        ck_assert_int_eq(decoded[i].since_s, bans[i].since_s);
    }
    buffer_done(&buffer);
}
END_TEST

/* P36, R14: at least a day; a clock set back makes none last for ever. */
START_TEST(a_ban_holds_for_two_days_of_any_clock)
{
    struct buffer buffer;
    encode(&buffer);
    ck_assert_int_eq(decode(buffer.bytes, buffer.length, NOW_S + 24 * 3600), ERROR_NONE);
    ck_assert_uint_eq(decoded_count, 3);
    ck_assert_int_eq(decode(buffer.bytes, buffer.length, NOW_S + BAN_LIST_KEEP_S - 1),
                     ERROR_NONE);
    ck_assert_uint_eq(decoded_count, 1);
    ck_assert_uint_eq(decoded[0].address.port, 7777);
    ck_assert_int_eq(decode(buffer.bytes, buffer.length, NOW_S - 86400), ERROR_NONE);
    ck_assert_uint_eq(decoded_count, 3);
    ck_assert_int_eq(decoded[1].since_s, NOW_S - 86400);
    buffer_done(&buffer);
}
END_TEST

START_TEST(what_is_no_list_is_refused)
{
    struct buffer buffer;
    encode(&buffer);
    for (size_t length = 0; length < buffer.length; length++)
        ck_assert_int_eq(decode(buffer.bytes, length, NOW_S) == ERROR_NONE,
                         length % BAN_LIST_RECORD_BYTES == 0);
    static const struct {
        size_t at;
        uint8_t value;
    } flips[] = {{0, 0}, {0, 5}, {1, 0}, {1, 200}, {8, 1}, {19, 1}, {20, 0x80}};
    for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
        uint8_t *byte = &buffer.bytes[flips[i].at];
        const uint8_t was = *byte;
        *byte = flips[i].value;
        ck_assert_int_eq(decode(buffer.bytes, buffer.length, NOW_S), ERROR_CORRUPT);
        *byte = was;
    }
    uint8_t *many = calloc(PEER_BANS_MAX + 1, BAN_LIST_RECORD_BYTES);
    ck_assert_int_eq(
        decode(many, (PEER_BANS_MAX + 1) * (size_t)BAN_LIST_RECORD_BYTES, NOW_S),
        ERROR_CORRUPT);
    free(many);
    buffer_done(&buffer);
}
END_TEST

/* ---- sessions ---- */

static struct pair pair;

static bool leech_connected(const struct pair *both)
{
    return side_info(&both->leech).peers_connected > 0;
}

static void ban_the_seed(void)
{
    struct peer_info peer;
    pair_introduce(&pair);
    pair_until(&pair, leech_connected, 10);
    ck_assert_uint_eq(torrent_get_peers(pair.leech.session, pair.leech.id, &peer, 1), 1);
    torrent_ban_peer(pair.leech.session, pair.leech.id, peer.ref);
}

static void turns(uint64_t for_ns)
{
    const uint64_t end_ns = loop_now_ns(pair.loop) + for_ns;
    while (loop_now_ns(pair.loop) < end_ns)
        loop_turn(pair.loop, 20 * NS_PER_MS);
}

static bool is_saved(const struct pair *both)
{
    return pair_size(both->leech.state, "bans") != UINT64_MAX;
}

/* R17: also after an end without a word, once it was saved. */
START_TEST(a_ban_survives_the_session)
{
    const bool cleanly = _i == 0;
    pair_init(&pair, 65536);
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    session_set_limits(pair.seed.session, 0, 16384); /* or it would be complete */
    ban_the_seed();
    if (cleanly) {
        side_close(&pair, &pair.leech);
    } else {
        pair_until(&pair, is_saved, 10);
        side_drop(&pair.leech);
    }
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, pair_leech_ready, 10);
    pair_introduce(&pair);
    turns(300 * NS_PER_MS);
    ck_assert_uint_eq(side_info(&pair.leech).peers_known, 0);
    pair_done(&pair);
}
END_TEST

/* R3: damage costs the bans and nothing else. */
START_TEST(a_damaged_list_is_no_obstacle)
{
    char path[128];
    pair_init(&pair, 65536);
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    side_close(&pair, &pair.leech);
    snprintf(path, sizeof path, "%s/bans", pair.leech.state);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs("garbage", file);
    fclose(file);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    pair_done(&pair);
}
END_TEST

static void setup(void)
{
    decoded = NULL;
}

static void teardown(void)
{
    free(decoded);
}

Suite *test_bans_suite(void)
{
    Suite *suite = suite_create("bans");
    TCase *tcase = tcase_create("bans");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_was_written_is_read);
    tcase_add_test(tcase, a_ban_holds_for_two_days_of_any_clock);
    tcase_add_test(tcase, what_is_no_list_is_refused);
    tcase_add_loop_test(tcase, a_ban_survives_the_session, 0, 2);
    tcase_add_test(tcase, a_damaged_list_is_no_obstacle);
    suite_add_tcase(suite, tcase);
    return suite;
}
