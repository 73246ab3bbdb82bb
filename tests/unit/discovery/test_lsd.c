/* Local service discovery: what is said, and who is heard. */
#include "discovery/lsd.h"
#include "discovery/lsd_message.h"
#include "tests/unit/discovery/check_discovery.h"

#include <stdio.h>
#include <string.h>

#define SENT_MOST 64

static struct random_seeded generator;
static struct lsd *lsd;
static struct lsd_message sent[SENT_MOST]; /* over IPv4 */
static uint64_t sent_at_ns[SENT_MOST];
static uint32_t sent_count, sent6_count, peer_count;
static struct netaddr last_peer;
static uint64_t now_ns;

static void on_send(void *context, enum netaddr_family family, const uint8_t *bytes,
                    size_t length)
{
    (void)context;
    ck_assert_uint_le(length, LSD_MESSAGE_MAX);
    if (family == NETADDR_V6) {
        sent6_count++;
        return;
    }
    ck_assert_uint_lt(sent_count, SENT_MOST);
    ck_assert_int_eq(lsd_message_parse(bytes, length, &sent[sent_count]), ERROR_NONE);
    sent_at_ns[sent_count++] = now_ns;
}

static void on_peer(void *context, const struct info_hash *hash,
                    const struct netaddr *peer)
{
    (void)context;
    (void)hash;
    peer_count++;
    last_peer = *peer;
}

static void setup(void)
{
    const struct lsd_config config = {
        .random = &generator.source, .send = on_send, .on_peer = on_peer};
    random_seeded_init(&generator, 5);
    now_ns = 1000 * NS_PER_S;
    sent_count = sent6_count = peer_count = 0;
    lsd = lsd_new(&config);
    ck_assert_ptr_nonnull(lsd);
    lsd_set_port(lsd, 6881);
}

static void teardown(void)
{
    lsd_free(lsd);
}

static struct info_hash hash_of(uint32_t number)
{
    struct info_hash hash;
    digest_sha1(&number, sizeof number, hash.bytes);
    return hash;
}

static void add(uint32_t number)
{
    const struct info_hash hash = hash_of(number);
    ck_assert_int_eq(lsd_add(lsd, &hash, now_ns), ERROR_NONE);
}

static void run_for(uint64_t for_ns)
{
    const uint64_t end_ns = now_ns + for_ns;
    while (lsd_next_ns(lsd) <= end_ns) {
        now_ns = lsd_next_ns(lsd) > now_ns ? lsd_next_ns(lsd) : now_ns;
        lsd_run(lsd, now_ns);
    }
    now_ns = end_ns;
}

static void hear(const char *from, const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(from, 0, &address), ERROR_NONE);
    lsd_receive(lsd, now_ns, &address, (const uint8_t *)text, strlen(text));
}

static const char *words(uint32_t number, unsigned port, const char *cookie)
{
    static char text[300];
    char hex[INFO_HASH_HEX_SIZE];
    const struct info_hash hash = hash_of(number);
    info_hash_hex(&hash, hex);
    snprintf(text, sizeof text,
             "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: %u\r\n"
             "Infohash: %s\r\ncookie: %s\r\n\r\n\r\n",
             port, hex, cookie);
    return text;
}

START_TEST(a_torrent_is_told_at_once_and_every_five_minutes)
{
    add(1);
    run_for(0);
    ck_assert_uint_eq(sent_count, 1);
    ck_assert_uint_eq(sent6_count, 1);
    ck_assert_uint_eq(sent[0].port, 6881);
    ck_assert_uint_eq(sent[0].hash_count, 1);
    run_for(LSD_AGAIN_NS - NS_PER_S);
    ck_assert_uint_eq(sent_count, 1);
    run_for(NS_PER_S);
    ck_assert_uint_eq(sent_count, 2);
    const struct info_hash hash = hash_of(1);
    lsd_remove(lsd, &hash);
    ck_assert_uint_eq(lsd_next_ns(lsd), UINT64_MAX);
}
END_TEST

START_TEST(a_thousand_torrents_are_told_in_few_packets_one_a_second)
{
    for (uint32_t i = 0; i < 1000; i++)
        add(i);
    run_for(60 * NS_PER_S);
    ck_assert_uint_eq(sent_count, (1000 + LSD_HASHES_MAX - 1) / LSD_HASHES_MAX);
    for (uint32_t i = 1; i < sent_count; i++)
        ck_assert_uint_ge(sent_at_ns[i] - sent_at_ns[i - 1], NS_PER_S);
}
END_TEST

START_TEST(who_cannot_be_reached_says_nothing)
{
    lsd_set_port(lsd, 0);
    add(1);
    run_for(600 * NS_PER_S);
    ck_assert_uint_eq(sent_count, 0);
    lsd_set_port(lsd, 7000);
    run_for(0);
    ck_assert_uint_eq(sent_count, 1);
    ck_assert_uint_eq(sent[0].port, 7000);
}
END_TEST

START_TEST(another_network_is_told_anew_but_not_again_and_again)
{
    add(1);
    run_for(120 * NS_PER_S);
    for (int i = 0; i < 20; i++) {
        lsd_network_changed(lsd, now_ns);
        run_for(NS_PER_S);
    }
    ck_assert_uint_eq(sent_count, 2);
}
END_TEST

START_TEST(who_has_our_torrents_is_told_of)
{
    struct lsd_look look;
    const struct info_hash hash = hash_of(1);
    add(1);
    hear("192.168.1.5:6771", words(1, 50000, "abc"));
    ck_assert_uint_eq(peer_count, 1);
    ck_assert_uint_eq(last_peer.port, 50000);
    hear("192.168.1.5:6771", words(2, 50000, "abc")); /* a torrent of others */
    ck_assert_uint_eq(peer_count, 1);
    ck_assert(lsd_get(lsd, &hash, &look));
    ck_assert_uint_eq(look.found, 1);
    hear("[fd00::5]:6771", words(1, 50000, ""));
    ck_assert_uint_eq(peer_count, 2);
}
END_TEST

START_TEST(strangers_broken_words_and_ourselves_are_not_heard) /* W13 */
{
    char own[LSD_COOKIE_MAX + 1];
    add(1);
    run_for(0);
    memcpy(own, sent[0].cookie, sizeof own);
    now_ns += NS_PER_S;
    hear("192.168.1.5:6771", words(1, 6881, own)); /* our own cookie */
    hear("80.1.1.1:6771", words(1, 50000, "abc")); /* not local */
    hear("[2a01:4f8::1]:6771", words(1, 50000, "abc"));
    now_ns += NS_PER_S;
    hear("192.168.1.5:6771", words(1, 0, "abc"));
    hear("192.168.1.5:6771", words(1, 53, "abc"));
    hear("192.168.1.5:6771", words(1, 65536, "abc"));
    now_ns += NS_PER_S;
    hear("192.168.1.5:6771", "BT-SEARCH * HTTP/1.0\r\n\r\n");
    hear("192.168.1.5:6771", "NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\n\r\n");
    hear("192.168.1.5:6771", "\x1b]0;x\x07");
    hear("192.168.1.5:6771", "");
    ck_assert_uint_eq(peer_count, 0);
    now_ns += NS_PER_S;
    hear("192.168.1.5:6771", words(1, 50000, "\x1b[31m"));
    ck_assert_uint_eq(peer_count, 1);
}
END_TEST

START_TEST(ten_packets_a_second_are_looked_at) /* W13 */
{
    add(1);
    for (int i = 0; i < 10000; i++) {
        now_ns += NS_PER_S / 10000;
        hear("192.168.1.5:6771", words(1, 50000, "abc"));
    }
    ck_assert_uint_le(peer_count, 11);
    ck_assert_uint_ge(peer_count, 10);
}
END_TEST

START_TEST(words_of_others_are_read)
{
    struct lsd_message message;
    static const char text[] =
        "BT-SEARCH * HTTP/1.1\n" /* without CR, other letters and spaces, several */
        "HOST: 239.192.152.143:6771\n"
        "port:  6881 \n"
        "X-Other: 1\n"
        "InfoHash: 0123456789abcdef0123456789ABCDEF01234567\n"
        "Infohash: 0123456789abcdef0123456789ABCDEF0123456\n"
        "Infohash: 1123456789abcdef0123456789ABCDEF01234567\n"
        "Cookie: 012345678901234567890123456789012\n"
        "\nInfohash: 2123456789abcdef0123456789ABCDEF01234567\n";
    ck_assert_int_eq(lsd_message_parse((const uint8_t *)text, sizeof text - 1, &message),
                     ERROR_NONE);
    ck_assert_uint_eq(message.port, 6881);
    ck_assert_uint_eq(message.hash_count, 2);
    ck_assert_str_eq(message.cookie, ""); /* too long */
    static char huge[LSD_MESSAGE_MAX + 2];
    memset(huge, ' ', sizeof huge);
    memcpy(huge, text, sizeof text - 1);
    ck_assert_int_ne(
        lsd_message_parse((const uint8_t *)huge, LSD_MESSAGE_MAX + 1, &message),
        ERROR_NONE);
}
END_TEST

Suite *suite_lsd(void)
{
    Suite *suite = suite_create("lsd");
    TCase *tests = tcase_create("lsd");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_torrent_is_told_at_once_and_every_five_minutes);
    tcase_add_test(tests, a_thousand_torrents_are_told_in_few_packets_one_a_second);
    tcase_add_test(tests, who_cannot_be_reached_says_nothing);
    tcase_add_test(tests, another_network_is_told_anew_but_not_again_and_again);
    tcase_add_test(tests, who_has_our_torrents_is_told_of);
    tcase_add_test(tests, strangers_broken_words_and_ourselves_are_not_heard);
    tcase_add_test(tests, ten_packets_a_second_are_looked_at);
    tcase_add_test(tests, words_of_others_are_read);
    suite_add_tcase(suite, tests);
    return suite;
}
