#include "discovery/tracker_reply.h"
#include "tests/unit/discovery/check_discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof table / sizeof *table))

static struct random_seeded random_source;
static struct tracker_reply reply;

static struct netaddr address(const char *text)
{
    struct netaddr got;
    ck_assert_int_eq(netaddr_parse(text, 0, &got), ERROR_NONE);
    return got;
}

static enum error_code parse_from(const char *bytes, size_t length, const char *from)
{
    const struct netaddr source = address(from);
    random_seeded_init(&random_source, 1);
    memset(&reply, 0xee, sizeof reply);
    return tracker_reply_parse((const uint8_t *)bytes, length, &source,
                               &random_source.source, &reply);
}

static enum error_code parse(const char *text)
{
    return parse_from(text, strlen(text), "10.0.0.9:80");
}

static const struct {
    const char *text;
    uint32_t interval_s, min_interval_s;
} intervals[] = {
    {"de", 1800, 0},
    {"d8:intervali0ee", 60, 0},
    {"d8:intervali-1ee", 60, 0},
    {"d8:intervali1ee", 60, 0},
    {"d8:intervali59ee", 60, 0},
    {"d8:intervali60ee", 60, 0},
    {"d8:intervali61ee", 61, 0},
    {"d8:intervali900ee", 900, 0},
    {"d8:intervali21599ee", 21599, 0},
    {"d8:intervali21601ee", 21600, 0},
    {"d8:intervali9223372036854775807ee", 21600, 0},
    {"d8:interval3:abce", 1800, 0},
    {"d8:intervali900e12:min intervali1000ee", 900, 1000},
    {"d8:intervali900e12:min intervali5ee", 900, 60},
};

static void check_intervals_are_clamped(int number)
{
    ck_assert_int_eq(parse(intervals[number].text), ERROR_NONE);
    ck_assert_uint_eq(reply.interval_s, intervals[number].interval_s);
    ck_assert_uint_eq(reply.min_interval_s, intervals[number].min_interval_s);
    ck_assert(!reply.failed);
}

/* H18 */
START_TEST(test_intervals_are_clamped)
{
    for (int i = 0; i < COUNT(intervals); i++)
        check_intervals_are_clamped(i);
}
END_TEST

static const char *const wrong[] = {
    "",
    "<html>",
    "le",
    "i5e",
    "5:abcde",
    "d",
    "d5:peers",
    "llllllllllllllllllllle",
    "d1:ald1:ald1:ald1:ald1:ald1:aleeeeeeeeeee",
};

static void check_what_is_no_answer_is_an_error(int number)
{
    ck_assert_int_ne(parse(wrong[number]), ERROR_NONE);
}

/* H8 */
START_TEST(test_what_is_no_answer_is_an_error)
{
    for (int i = 0; i < COUNT(wrong); i++)
        check_what_is_no_answer_is_an_error(i);
}
END_TEST

static const struct {
    const char *peer, *from;
    bool kept;
} peers[] = {
    {"8.8.8.8:6881", "8.8.4.4:80", true},
    {"8.8.8.8:80", "8.8.4.4:80", true},
    {"8.8.8.8:0", "8.8.4.4:80", false},
    {"8.8.8.8:53", "8.8.4.4:80", false},
    {"0.0.0.0:6881", "8.8.4.4:80", false},
    {"255.255.255.255:6881", "8.8.4.4:80", false},
    {"224.0.0.1:6881", "8.8.4.4:80", false},
    {"169.254.1.1:6881", "8.8.4.4:80", false},
    {"127.0.0.1:6881", "8.8.4.4:80", false},
    {"10.0.0.1:6881", "8.8.4.4:80", false},
    {"10.0.0.1:6881", "10.0.0.9:80", true},
    {"127.0.0.1:6881", "127.0.0.1:80", true},
    {"[2001:470::1]:6881", "8.8.4.4:80", true},
    {"[::1]:6881", "8.8.4.4:80", false},
    {"[ff02::1]:6881", "10.0.0.9:80", false},
};

static void check_peers_are_kept_by_scope_compact_or_not(int number)
{
    char text[200], bytes[64];
    const struct netaddr peer = address(peers[number].peer);
    const size_t size = peer.family == NETADDR_V4 ? 4 : 16;
    const int begin = snprintf(bytes, sizeof bytes,
                               size == 4 ? "d5:peers%zu:" : "d6:peers6%zu:", size + 2);
    memcpy(bytes + begin, peer.bytes, size);
    bytes[begin + (int)size] = (char)(peer.port >> 8);
    bytes[begin + (int)size + 1] = (char)peer.port;
    bytes[begin + (int)size + 2] = 'e';
    ck_assert_int_eq(parse_from(bytes, (size_t)begin + size + 3, peers[number].from),
                     ERROR_NONE);
    ck_assert_uint_eq(reply.peer_count, peers[number].kept);
    if (peers[number].kept)
        ck_assert(netaddr_equal(&reply.peers[0], &peer));
    char host[NETADDR_TEXT_SIZE];
    netaddr_format_host(&peer, host);
    snprintf(text, sizeof text, "d5:peersld2:ip%zu:%s4:porti%uee2:xxee", strlen(host),
             host, peer.port);
    ck_assert_int_eq(parse_from(text, strlen(text), peers[number].from), ERROR_NONE);
    ck_assert_uint_eq(reply.peer_count, peers[number].kept);
}

/* H20 */
START_TEST(test_peers_are_kept_by_scope_compact_or_not)
{
    for (int i = 0; i < COUNT(peers); i++)
        check_peers_are_kept_by_scope_compact_or_not(i);
}
END_TEST

/* H19, H21 */
START_TEST(test_whole_records_are_used_and_the_rest_left)
{
    ck_assert_int_eq(parse_from("d5:peers8:\x0a\x01\x02\x03\x1a\xe1\x0a\x01"
                                "e",
                                19, "10.0.0.9:80"),
                     ERROR_NONE);
    ck_assert_uint_eq(reply.peer_count, 1);
    ck_assert_int_eq(parse("d5:peers3:abc6:peers617:12345678901234567e"), ERROR_NONE);
    ck_assert_uint_eq(reply.peer_count, 0);
    ck_assert_int_eq(
        parse("d5:peersld2:ip4:evil4:porti5eed4:porti6eed2:ip8:10.0.0.14:porti"
              "70000eed2:ip8:10.0.0.14:porti-1eei5eleee"),
        ERROR_NONE);
    ck_assert_uint_eq(reply.peer_count, 0);
}
END_TEST

/* H19 */
START_TEST(test_of_very_many_peers_any_two_hundred_are_kept)
{
    static char text[70000];
    const uint32_t count = 10000;
    int length = snprintf(text, sizeof text, "d5:peers%u:", count * 6);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t bytes[6] = {10, 1, (uint8_t)(i >> 8), (uint8_t)i, 0x1a, 0xe1};
        memcpy(text + length, bytes, 6);
        length += 6;
    }
    text[length++] = 'e';
    ck_assert_int_eq(parse_from(text, (size_t)length, "10.0.0.9:80"), ERROR_NONE);
    ck_assert_uint_eq(reply.peer_count, 200);
    ck_assert_uint_eq(reply.peers_offered, count);
    uint32_t late = 0;
    for (uint32_t i = 0; i < 200; i++)
        late += reply.peers[i].bytes[2] >= count / 2 >> 8;
    ck_assert_uint_gt(late, 60);
    ck_assert_uint_lt(late, 140);
}
END_TEST

/* H15, H17 */
START_TEST(test_a_refusal_keeps_the_trackers_own_words_and_nothing_else)
{
    ck_assert_int_eq(
        parse("d14:failure reason16:go away \x1b[31mnow5:peers6:\x0a\x01\x02\x03\x1a\xe1"
              "e"),
        ERROR_NONE);
    ck_assert(reply.failed);
    ck_assert_uint_eq(reply.peer_count, 0);
    ck_assert_int_eq(strncmp(reply.text, "go away ", 8), 0);
    ck_assert_ptr_null(strchr(reply.text, 0x1b));
    ck_assert_int_eq(parse("d14:failure reason6:%s%n%xe"), ERROR_NONE);
    ck_assert_str_eq(reply.text, "%s%n%x");
    ck_assert_int_eq(parse("d14:failure reason4:busy8:retry ini5ee"), ERROR_NONE);
    ck_assert_uint_eq(reply.retry_s, 300);
    ck_assert_int_eq(parse("d14:failure reason4:busy8:retry in5:nevere"), ERROR_NONE);
    ck_assert(reply.never_retry);
    ck_assert_int_eq(parse("d14:failure reason4:busy8:retry ini9223372036854775807ee"),
                     ERROR_NONE);
    ck_assert_uint_eq(reply.retry_s, 21600);
}
END_TEST

/* H15 */
START_TEST(test_long_words_are_cut)
{
    static char text[100100];
    int length = snprintf(text, sizeof text, "d14:failure reason100000:");
    memset(text + length, 'x', 100000);
    length += 100000;
    text[length++] = 'e';
    ck_assert_int_eq(parse_from(text, (size_t)length, "10.0.0.9:80"), ERROR_NONE);
    ck_assert_uint_le(strlen(reply.text), 210);
    ck_assert_uint_ge(strlen(reply.text), 100);
}
END_TEST

/* H16, H30 */
START_TEST(test_counts_warnings_and_ids_are_read)
{
    ck_assert_int_eq(parse("d8:completei5e10:downloadedi-1e10:incompletei99999999999999e"
                           "10:tracker id4:a&b\n15:warning message4:slowe"),
                     ERROR_NONE);
    ck_assert_uint_eq(reply.seeds, 5);
    ck_assert_uint_eq(reply.downloads, UINT32_MAX);
    ck_assert_uint_eq(reply.leechers, UINT32_MAX - 1);
    ck_assert_str_eq(reply.text, "slow");
    ck_assert(!reply.failed);
    ck_assert_uint_eq(reply.tracker_id_length, 4);
}
END_TEST

/* H30 */
START_TEST(test_a_scrape_gives_the_counts_of_our_torrent_alone)
{
    struct info_hash hash;
    memset(hash.bytes, 'h', sizeof hash.bytes);
    const char *good = "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei1ee"
                       "20:hhhhhhhhhhhhhhhhhhhhd8:completei5e10:downloadedi50e"
                       "10:incompletei10eeee";
    ck_assert_int_eq(
        tracker_reply_parse_scrape((const uint8_t *)good, strlen(good), &hash, &reply),
        ERROR_NONE);
    ck_assert_uint_eq(reply.seeds, 5);
    ck_assert_uint_eq(reply.downloads, 50);
    ck_assert_uint_eq(reply.leechers, 10);
    hash.bytes[0] = 'x';
    ck_assert_int_eq(
        tracker_reply_parse_scrape((const uint8_t *)good, strlen(good), &hash, &reply),
        ERROR_NOT_FOUND);
    static const char *const bad[] = {"le", "d5:filesle5:filesi5ee", "de", "",
                                      "d5:filesd20:xhhhhhhhhhhhhhhhhhhhi5eee"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_ne(tracker_reply_parse_scrape((const uint8_t *)bad[i],
                                                    strlen(bad[i]), &hash, &reply),
                         ERROR_NONE);
}
END_TEST

/* H28: what a tracker says our address is changes nothing. */
START_TEST(test_an_external_ip_is_not_believed)
{
    static struct tracker_reply without;
    ck_assert_int_eq(parse("d8:intervali900ee"), ERROR_NONE);
    without = reply;
    ck_assert_int_eq(parse("d11:external ip4:\x7f\1\1\1"
                           "8:intervali900ee"),
                     ERROR_NONE);
    ck_assert_uint_eq(reply.peer_count, 0);
    ck_assert_uint_eq(reply.interval_s, without.interval_s);
    ck_assert_str_eq(reply.text, "");
    ck_assert_int_eq(parse("d11:external ipd1:ai1ee8:intervali900ee"), ERROR_NONE);
    ck_assert_uint_eq(reply.interval_s, without.interval_s);
}
END_TEST

Suite *suite_reply(void)
{
    Suite *suite = suite_create("reply");
    TCase *tcase = tcase_create("reply");
    tcase_add_test(tcase, test_intervals_are_clamped);
    tcase_add_test(tcase, test_what_is_no_answer_is_an_error);
    tcase_add_test(tcase, test_peers_are_kept_by_scope_compact_or_not);
    tcase_add_test(tcase, test_whole_records_are_used_and_the_rest_left);
    tcase_add_test(tcase, test_of_very_many_peers_any_two_hundred_are_kept);
    tcase_add_test(tcase, test_a_refusal_keeps_the_trackers_own_words_and_nothing_else);
    tcase_add_test(tcase, test_long_words_are_cut);
    tcase_add_test(tcase, test_counts_warnings_and_ids_are_read);
    tcase_add_test(tcase, test_a_scrape_gives_the_counts_of_our_torrent_alone);
    tcase_add_test(tcase, test_an_external_ip_is_not_believed);
    suite_add_tcase(suite, tcase);
    return suite;
}
