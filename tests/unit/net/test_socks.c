/* A SOCKS5 proxy's answers, right and wrong, in any portions; datagrams; what --proxy may
 * be. */
#include "net/proxy.h"
#include "net/socks.h"

#include <check.h>
#include <string.h>

Suite *test_socks_suite(void);

#define REPLY_V4 "\x05\x00\x00\x01\x01\x02\x03\x04\x1a\xe1"

static struct netaddr address_of(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static struct socks_target target_of(const char *address, const char *name)
{
    struct socks_target target = {.address = address_of(address)};
    strcpy(target.name, name);
    return target;
}

static void expect_out(struct socks *socks, const char *bytes, size_t length)
{
    ck_assert_uint_eq(socks->out_bytes, length);
    ck_assert_mem_eq(socks->out, bytes, length);
    socks->out_bytes = 0;
}

/* BYTES in portions of PORTION; how many were taken. */
static size_t feed(struct socks *socks, const char *bytes, size_t length, size_t portion)
{
    size_t at = 0;
    while (at < length && socks_wants(socks) > 0) {
        size_t part = length - at < portion ? length - at : portion;
        part = part < socks_wants(socks) ? part : socks_wants(socks);
        socks_feed(socks, (const uint8_t *)bytes + at, part);
        at += part;
    }
    return at;
}

START_TEST(a_target_is_asked_for_by_address_or_by_name)
{
    static const struct {
        const char *address, *name, *asked;
        size_t length;
    } targets[] = {
        {"1.2.3.4:6881", "", "\x05\x01\x00\x01\x01\x02\x03\x04\x1a\xe1", 10},
        {"[2001:db8::1]:80", "",
         "\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50", 22},
        {"198.18.0.0:80", "a.b",
         "\x05\x01\x00\x03\x03"
         "a.b\x00\x50",
         10},
    };
    struct socks socks;
    const struct socks_target target = target_of(targets[_i].address, targets[_i].name);
    socks_init(&socks, SOCKS_CONNECT, &target, NULL, NULL);
    expect_out(&socks, "\x05\x01\x00", 3);
    ck_assert_int_eq(socks_feed(&socks, (const uint8_t *)"\x05\x00", 2), SOCKS_GOES_ON);
    ck_assert(socks_is_let_in(&socks));
    expect_out(&socks, targets[_i].asked, targets[_i].length);
}
END_TEST

START_TEST(a_login_is_said_only_when_it_is_wanted)
{
    struct socks socks;
    const struct socks_target target = target_of("1.2.3.4:80", "");
    socks_init(&socks, SOCKS_UDP, &target, "me", "secret");
    expect_out(&socks, "\x05\x02\x00\x02", 4);
    socks_feed(&socks, (const uint8_t *)(_i == 0 ? "\x05\x00" : "\x05\x02"), 2);
    ck_assert_int_eq(socks_is_let_in(&socks), _i == 0);
    if (_i == 1) {
        expect_out(&socks, "\x01\x02me\x06secret", 11);
        ck_assert_int_eq(socks_feed(&socks, (const uint8_t *)"\x01\x00", 2),
                         SOCKS_GOES_ON);
    }
    expect_out(&socks, "\x05\x03\x00\x01\x01\x02\x03\x04\x00\x50", 10);
}
END_TEST

/* What it says after our greeting, and how many bytes of that are its own. */
static const struct {
    const char *bytes;
    size_t length, taken;
    bool login;
    enum socks_status status;
} answers[] = {
    {"\x05\x00" REPLY_V4 "more", 16, 12, false, SOCKS_DONE},
    {"\x05\x00\x05\x00\x00\x03\x03"
     "abc\x00\x50more",
     16, 12, false, SOCKS_DONE},
    {"\x05\x00\x05\x00\x00\x03\x00\x00\x50more", 13, 9, false, SOCKS_DONE},
    {"\x05\x00\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50more", 28, 24,
     false, SOCKS_DONE},
    {"\x05\x02\x01\x00" REPLY_V4, 14, 14, true, SOCKS_DONE},
    {"\x05\x00" REPLY_V4, 11, 11, false, SOCKS_GOES_ON},
    {"\x05", 1, 1, false, SOCKS_GOES_ON},
    {"HTTP/1.1 400", 12, 2, false, SOCKS_NO_PROXY},
    {"\x04\x00", 2, 2, false, SOCKS_NO_PROXY},
    {"\x05\xff", 2, 2, true, SOCKS_NO_METHOD},
    {"\x05\x02", 2, 2, false, SOCKS_NO_METHOD},
    {"\x05\x01", 2, 2, true, SOCKS_NO_METHOD},
    {"\x05\x02\x01\x01", 4, 4, true, SOCKS_NOT_LET_IN},
    {"\x05\x02\x05\x00", 4, 4, true, SOCKS_NO_PROXY},
    {"\x05\x00\x04\x00\x00\x01\x01\x02", 8, 7, false, SOCKS_NO_PROXY},
    {"\x05\x00\x05\x00\x00\x02\x01\x02", 8, 7, false, SOCKS_NO_PROXY},
    {"\x05\x00\x05\x01\x00\x01\x01\x02", 8, 7, false, SOCKS_FAILED},
    {"\x05\x00\x05\x02\x00\x01\x01\x02", 8, 7, false, SOCKS_REFUSED},
    {"\x05\x00\x05\x04\x00\x01\x01\x02", 8, 7, false, SOCKS_NOT_REACHABLE},
    {"\x05\x00\x05\x05\x00\x01\x01\x02", 8, 7, false, SOCKS_NOT_REACHABLE},
    {"\x05\x00\x05\x07\x00\x01\x01\x02", 8, 7, false, SOCKS_REFUSED},
    {"\x05\x00\x05\xff\x00\x01\x01\x02", 8, 7, false, SOCKS_FAILED},
};

START_TEST(answers_are_judged_and_nothing_behind_them_is_taken)
{
    static const size_t portions[] = {1, 3, 1000};
    for (int i = 0; i < 3; i++) {
        struct socks socks;
        const struct socks_target target = target_of("1.2.3.4:80", "");
        socks_init(&socks, SOCKS_CONNECT, &target, answers[_i].login ? "u" : NULL, "p");
        ck_assert_uint_eq(
            feed(&socks, answers[_i].bytes, answers[_i].length, portions[i]),
            answers[_i].taken);
        ck_assert_int_eq(socks.status, answers[_i].status);
        if (_i == 0) {
            const struct netaddr bound = address_of("1.2.3.4:6881");
            ck_assert(netaddr_equal(&socks.bound, &bound));
        }
    }
}
END_TEST

START_TEST(a_datagram_has_its_header_and_is_found_behind_it)
{
    static const char *const addresses[] = {"1.2.3.4:5", "[2001:db8::1]:6"};
    uint8_t bytes[SOCKS_HEADER_MOST + 4];
    struct netaddr from;
    size_t at;
    const struct socks_target target = target_of(addresses[_i], "");
    const size_t length = socks_put_header(&target, bytes);
    memcpy(bytes + length, "data", 4);
    ck_assert(socks_read_header(bytes, length + 4, &from, &at));
    ck_assert_uint_eq(at, length);
    ck_assert(netaddr_equal(&from, &target.address));
    for (size_t cut = 0; cut < length; cut++)
        ck_assert(!socks_read_header(bytes, cut, &from, &at));
    bytes[2] = 1; /* a fragment */
    ck_assert(!socks_read_header(bytes, length, &from, &at));
    bytes[2] = 0;
    bytes[3] = 9;
    ck_assert(!socks_read_header(bytes, length, &from, &at));
}
END_TEST

START_TEST(the_longest_name_user_and_password_fit)
{
    char text[SOCKS_TEXT_MOST + 1];
    struct socks socks;
    struct socks_target target = target_of("198.18.0.0:80", "");
    memset(text, 'x', sizeof text - 1);
    text[SOCKS_TEXT_MOST] = '\0';
    memcpy(target.name, text, sizeof text);
    socks_init(&socks, SOCKS_CONNECT, &target, text, text);
    socks_feed(&socks, (const uint8_t *)"\x05\x02", 2);
    ck_assert_uint_eq(socks.out_bytes, 3 + 2 * SOCKS_TEXT_MOST);
    socks_feed(&socks, (const uint8_t *)"\x01\x00", 2);
    ck_assert_uint_eq(socks.out_bytes, 4 + 1 + SOCKS_TEXT_MOST + 2);
    uint8_t header[SOCKS_HEADER_MOST];
    ck_assert_uint_eq(socks_put_header(&target, header), SOCKS_HEADER_MOST);
}
END_TEST

static const struct {
    const char *text, *host, *user, *password;
    uint16_t port;
} places[] = {
    {"socks5://127.0.0.1:9050", "127.0.0.1", "", "", 9050},
    {"socks5://proxy.example", "proxy.example", "", "", 1080},
    {"SOCKS5h://[::1]:1/", "::1", "", "", 1},
    {"socks5://[::1]", "::1", "", "", 1080},
    {"socks5://me@h:2", "h", "me", "", 2},
    {"socks5://me:a%3ab%40@h:2", "h", "me", "a:b@", 2},
    {"socks5://m@e:p@h:2", "h", "m@e", "p", 2},
};

START_TEST(a_proxy_is_named_by_url)
{
    struct proxy_place place;
    ck_assert(proxy_parse(places[_i].text, &place));
    ck_assert_str_eq(place.host, places[_i].host);
    ck_assert_str_eq(place.user, places[_i].user);
    ck_assert_str_eq(place.password, places[_i].password);
    ck_assert_uint_eq(place.port, places[_i].port);
}
END_TEST

static const char *const no_places[] = {
    "",
    "127.0.0.1:1080",
    "http://127.0.0.1:1080",
    "socks4://127.0.0.1:1080",
    "socks5://",
    "socks5://:1080",
    "socks5://h:",
    "socks5://h:0",
    "socks5://h:65536",
    "socks5://h:1x",
    "socks5://h:1/path",
    "socks5://::1:1080",
    "socks5://[::1",
    "socks5://[::1]x:1",
    "socks5://[1.2.3.4]:1",
    "socks5://a b:1",
    "socks5://@h:1",
    "socks5://:p@h:1",
    "socks5://u:@h:1",
    "socks5://%00@h:1",
    "socks5://%4@h:1",
    "socks5://%zz@h:1",
};

START_TEST(what_names_no_proxy_is_refused)
{
    struct proxy_place place = {.port = 7};
    ck_assert_msg(!proxy_parse(no_places[_i], &place), "%s", no_places[_i]);
    ck_assert_uint_eq(place.port, 7);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *test_socks_suite(void)
{
    Suite *suite = suite_create("socks");
    TCase *tcase = tcase_create("all");
    tcase_add_loop_test(tcase, a_target_is_asked_for_by_address_or_by_name, 0, 3);
    tcase_add_loop_test(tcase, a_login_is_said_only_when_it_is_wanted, 0, 2);
    tcase_add_loop_test(tcase, answers_are_judged_and_nothing_behind_them_is_taken, 0,
                        COUNT(answers));
    tcase_add_loop_test(tcase, a_datagram_has_its_header_and_is_found_behind_it, 0, 2);
    tcase_add_test(tcase, the_longest_name_user_and_password_fit);
    tcase_add_loop_test(tcase, a_proxy_is_named_by_url, 0, COUNT(places));
    tcase_add_loop_test(tcase, what_names_no_proxy_is_refused, 0, COUNT(no_places));
    suite_add_tcase(suite, tcase);
    return suite;
}
