#include "discovery/tracker_packet.h"
#include "tests/unit/discovery/check_discovery.h"

#include <string.h>

static struct random_seeded random_source;
static struct tracker_packet packet;

static enum error_code parse(const char *bytes, size_t length, const char *from)
{
    struct netaddr source;
    random_seeded_init(&random_source, 1);
    ck_assert_int_eq(netaddr_parse(from, 0, &source), ERROR_NONE);
    return tracker_packet_read((const uint8_t *)bytes, length, &source,
                               &random_source.source, &packet);
}

/* connect, announce (one peer), scrape, error */
static const char connect_reply[] = "\0\0\0\0"
                                    "tttt"
                                    "\xff\xff\xff\xff\xff\xff\xff\xff";
static const char announce_reply[] = "\0\0\0\1"
                                     "tttt"
                                     "\0\0\x07\x08"
                                     "\0\0\0\4"
                                     "\0\0\0\3"
                                     "\x0a\1\2\3\x1a\xe1"
                                     "\x0a\1";
static const char scrape_reply[] = "\0\0\0\2"
                                   "tttt"
                                   "\0\0\0\5"
                                   "\0\0\0\6"
                                   "\0\0\0\7";
static const char error_reply[] = "\0\0\0\3"
                                  "tttt"
                                  "no \x1b[1mway";

/* U6 */
START_TEST(test_each_answer_is_read)
{
    ck_assert_int_eq(parse(connect_reply, 16, "10.0.0.9:80"), ERROR_NONE);
    ck_assert_uint_eq(packet.transaction, 0x74747474);
    ck_assert_uint_eq(packet.connection_id, UINT64_MAX);
    ck_assert_int_eq(parse(announce_reply, 26, "10.0.0.9:80"), ERROR_NONE);
    ck_assert_uint_eq(packet.reply.interval_s, 1800);
    ck_assert_uint_eq(packet.reply.leechers, 4);
    ck_assert_uint_eq(packet.reply.seeds, 3);
    ck_assert_uint_eq(packet.reply.peer_count, 1);
    ck_assert_uint_eq(packet.reply.peers[0].port, 6881);
    ck_assert_int_eq(parse(scrape_reply, 20, "10.0.0.9:80"), ERROR_NONE);
    ck_assert_uint_eq(packet.reply.seeds, 5);
    ck_assert_uint_eq(packet.reply.downloads, 6);
    ck_assert_uint_eq(packet.reply.leechers, 7);
    ck_assert_int_eq(parse(error_reply, sizeof error_reply - 1, "10.0.0.9:80"),
                     ERROR_NONE);
    ck_assert(packet.reply.failed);
    ck_assert_ptr_null(strchr(packet.reply.text, 0x1b));
}
END_TEST

/* U4, U5 */
START_TEST(test_every_prefix_is_whole_or_refused)
{
    for (size_t length = 0; length < 16; length++)
        ck_assert_int_eq(parse(connect_reply, length, "10.0.0.9:80"), ERROR_PROTOCOL);
    for (size_t length = 0; length < 20; length++) {
        ck_assert_int_eq(parse(announce_reply, length, "10.0.0.9:80"), ERROR_PROTOCOL);
        ck_assert_int_eq(parse(scrape_reply, length, "10.0.0.9:80"), ERROR_PROTOCOL);
    }
    for (size_t length = 20; length < 26; length++) {
        ck_assert_int_eq(parse(announce_reply, length, "10.0.0.9:80"), ERROR_NONE);
        ck_assert_uint_eq(packet.reply.peer_count, 0);
    }
    ck_assert_int_eq(parse(error_reply, 8, "10.0.0.9:80"), ERROR_NONE);
    ck_assert_str_eq(packet.reply.text, "");
    ck_assert_int_eq(parse("\0\0\0\4tttt", 8, "10.0.0.9:80"), ERROR_PROTOCOL);
    ck_assert_int_eq(parse("\xff\0\0\0tttt", 8, "10.0.0.9:80"), ERROR_PROTOCOL);
}
END_TEST

/* U9, U10 */
START_TEST(test_addresses_are_as_long_as_the_trackers_own)
{
    char bytes[20 + 18 + 6] = "\0\0\0\1tttt\xff\xff\xff\xff\0\0\0\1\0\0\0\1";
    memcpy(bytes + 20, "\x20\x01\x04\x70\0\0\0\0\0\0\0\0\0\0\0\1\x1a\xe1", 18);
    ck_assert_int_eq(parse(bytes, sizeof bytes, "[2001:470::9]:80"), ERROR_NONE);
    ck_assert_uint_eq(packet.reply.peer_count, 1);
    ck_assert_int_eq(packet.reply.peers[0].family, NETADDR_V6);
    ck_assert_uint_eq(packet.reply.interval_s, 21600);
}
END_TEST

/* U11 */
START_TEST(test_an_announce_carries_all_of_it)
{
    struct buffer out;
    char path[400];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    struct tracker_announce announce = {.downloaded = 1,
                                        .left = UINT64_MAX,
                                        .uploaded = 3,
                                        .event = 2,
                                        .key = 0x01020304,
                                        .peers_wanted = 200,
                                        .port = 6881,
                                        .path = path};
    memset(announce.hash.bytes, 'h', 20);
    memset(announce.peer_id, 'i', 20);
    buffer_init(&out, TRACKER_PACKET_MAX);
    ck_assert_int_eq(tracker_packet_put_announce(&out, 7, 9, &announce), ERROR_NONE);
    ck_assert_uint_eq(out.length, 98 + 2 + 255 + 2 + 144);
    ck_assert_mem_eq(out.bytes, "\0\0\0\0\0\0\0\7\0\0\0\1\0\0\0\x09", 16);
    ck_assert_mem_eq(out.bytes + 16, "hhhhhhhhhhhhhhhhhhhhiiiiiiiiiiiiiiiiiiii", 40);
    ck_assert_mem_eq(out.bytes + 56,
                     "\0\0\0\0\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff"
                     "\0\0\0\0\0\0\0\3\0\0\0\2\0\0\0\0\1\2\3\4\0\0\0\xc8"
                     "\x1a\xe1",
                     42);
    ck_assert_mem_eq(out.bytes + 98,
                     "\2\xff"
                     "ppp",
                     5);
    ck_assert_mem_eq(out.bytes + 98 + 257,
                     "\2\x90"
                     "ppp",
                     5);
    buffer_done(&out);
}
END_TEST

Suite *suite_packet(void)
{
    Suite *suite = suite_create("packet");
    TCase *tcase = tcase_create("packet");
    tcase_add_test(tcase, test_each_answer_is_read);
    tcase_add_test(tcase, test_every_prefix_is_whole_or_refused);
    tcase_add_test(tcase, test_addresses_are_as_long_as_the_trackers_own);
    tcase_add_test(tcase, test_an_announce_carries_all_of_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
