/* Magnet links and bare info-hashes: HOSTILE.md's M rows. */
#include "meta/magnet.h"
#include "tests/unit/meta/check_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

#define HEX    "0123456789abcdef0123456789ABCDEF01234567"
#define BASE32 "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH" /* the same bytes */
#define HEX_V2 "1220" HEX "89abcdef0123456789abcdef"
#define V1     "magnet:?xt=urn:btih:" HEX

static struct magnet magnet;

static enum error_code parse(const char *text)
{
    magnet = (struct magnet){0};
    return magnet_parse(text, strlen(text), &magnet);
}

/* M1 */
static const struct {
    const char *text;
    bool v1, v2;
} good[] = {
    {V1, true, false},
    {"MAGNET:?XT=URN:BTIH:" HEX, true, false},
    {"magnet:?xt=urn:btih:" BASE32, true, false},
    {"magnet:?xt=urn:btih:aerukz4jvpg66ajdivtytk6n54asgrlh", true, false},
    {"magnet:?dn=x&xt=urn:btih:" HEX "&&=", true, false},
    {"magnet:?xt=urn:btmh:" HEX_V2, false, true},
    {V1 "&xt=urn:btmh:" HEX_V2, true, true},
    {"magnet:?xt.1=urn:btih:" HEX "&xt.2=urn:btmh:" HEX_V2, true, true},
    {V1 "&xt=urn:btih:" BASE32, true, false},
    {V1 "&xt=urn:sha1:whatever", true, false},
    {HEX, true, false},
    {BASE32, true, false},
    {HEX_V2, false, true},
};

START_TEST(test_what_names_a_torrent_is_read)
{
    for (int i = 0; i < COUNT(good); i++) {
        static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
        ck_assert_msg(parse(good[i].text) == ERROR_NONE, "%s", good[i].text);
        ck_assert(magnet_is_one(good[i].text));
        ck_assert_int_eq(magnet.has_v1, good[i].v1);
        ck_assert_int_eq(magnet.has_v2, good[i].v2);
        if (good[i].v1)
            ck_assert_mem_eq(magnet.hash.bytes, bytes, sizeof bytes);
        if (good[i].v2)
            ck_assert_mem_eq(magnet.hash_v2, bytes, sizeof bytes);
        magnet_done(&magnet);
    }
}
END_TEST

/* M2 */
static const struct {
    const char *text;
    enum error_code error;
} bad[] = {
    {"magnet:?xt=urn:btih:0123", ERROR_INVALID},
    {V1 "0", ERROR_INVALID},
    {"magnet:?xt=urn:btih:g123456789abcdef0123456789abcdef01234567", ERROR_INVALID},
    {"magnet:?xt=urn:btih: 123456789abcdef0123456789abcdef0123456", ERROR_INVALID},
    {"magnet:?xt=urn:btih:%30123456789abcdef0123456789abcdef0123456", ERROR_INVALID},
    {"magnet:?xt=urn:btih:1ERUKZ4JVPG66AJDIVTYTK6N54ASGRLH", ERROR_INVALID},
    {"magnet:?xt=urn:btih:", ERROR_INVALID},
    {"magnet:?xt=urn:btmh:" HEX, ERROR_INVALID},
    {"magnet:?xt=urn:btmh:1120" HEX "89abcdef0123456789abcdef", ERROR_INVALID},
    {V1 "&xt=urn:btih:"
        "1123456789abcdef0123456789abcdef01234567",
     ERROR_INVALID},
    {"magnet:?xt=urn:btmh:" HEX_V2 "&xt=urn:btmh:"
     "1220" HEX "99abcdef0123456789abcdef",
     ERROR_INVALID},
    {"magnet:?dn=name", ERROR_INVALID},
    {"magnet:?", ERROR_INVALID},
    {"magnet:", ERROR_SYNTAX},
    {"magnet", ERROR_SYNTAX},
    {"", ERROR_SYNTAX},
    {"a.torrent", ERROR_SYNTAX},
};

START_TEST(test_what_names_none_or_two_is_refused)
{
    for (int i = 0; i < COUNT(bad); i++)
        ck_assert_msg(parse(bad[i].text) == bad[i].error, "%s", bad[i].text);
}
END_TEST

START_TEST(test_what_is_no_link_is_not_taken_for_one)
{
    ck_assert(!magnet_is_one("a.torrent"));
    ck_assert(!magnet_is_one(HEX ".torrent"));
    ck_assert(!magnet_is_one("0123"));
    ck_assert(!magnet_is_one(""));
    ck_assert(magnet_is_one("magnet:?nonsense"));
}
END_TEST

/* M3, M4 */
static const struct {
    const char *parameter, *name;
} names[] = {
    {"dn=..%2F..%2Fetc%2Fpasswd", "../../etc/passwd"},
    {"dn=a+b%20c", "a b c"},
    {"dn=%1b%5D0;x", "\x1b]0;x"},
    {"dn=a%4", "a%4"},
    {"dn=a%", "a%"},
    {"dn=a%zz", "a%zz"},
    {"dn=a%00b", NULL},
    {"dn=", NULL},
    {"dn=one&dn=two", "one"},
    {"dn", NULL},
};

START_TEST(test_a_name_is_unescaped_safely)
{
    for (int i = 0; i < COUNT(names); i++) {
        char text[200];
        snprintf(text, sizeof text, V1 "&%s", names[i].parameter);
        ck_assert_int_eq(parse(text), ERROR_NONE);
        if (names[i].name == NULL)
            ck_assert_ptr_null(magnet.name);
        else
            ck_assert_str_eq(magnet.name, names[i].name);
        magnet_done(&magnet);
    }
}
END_TEST

/* M3 */
START_TEST(test_a_long_name_is_cut)
{
    char *text = malloc(60000);
    strcpy(text, V1 "&dn=");
    memset(text + strlen(V1 "&dn="), 'x', 50000);
    text[strlen(V1 "&dn=") + 50000] = '\0';
    ck_assert_int_eq(parse(text), ERROR_NONE);
    ck_assert_uint_eq(strlen(magnet.name), 4096);
    magnet_done(&magnet);
    free(text);
}
END_TEST

static uint32_t count_of(const char *parameters)
{
    char text[1000];
    snprintf(text, sizeof text, V1 "&%s", parameters);
    ck_assert_int_eq(parse(text), ERROR_NONE);
    const uint32_t count =
        magnet.trackers.count + magnet.webseeds.count + magnet.peers.count;
    magnet_done(&magnet);
    return count;
}

/* M4, M6, T41 */
START_TEST(test_addresses_are_taken_if_they_are_usable)
{
    ck_assert_uint_eq(count_of("tr=http%3A%2F%2Fa.example%2Fannounce"), 1);
    ck_assert_uint_eq(count_of("tr.2=udp://a.example:80/announce"), 1);
    ck_assert_uint_eq(count_of("tr=http://a.example/%00"), 0);
    ck_assert_uint_eq(count_of("tr=http://u:p@a.example/"), 0);
    ck_assert_uint_eq(count_of("tr=file:///etc/passwd"), 0);
    ck_assert_uint_eq(count_of("tr=http://a.example/&tr=http://a.example/"), 1);
    ck_assert_uint_eq(count_of("ws=https://a.example/file"), 1);
    ck_assert_uint_eq(count_of("ws=udp://a.example:80/"), 0);
    ck_assert_uint_eq(count_of("x.pe=1.2.3.4:5&x.pe=[::1]:5&x.pe=host.example:5"), 3);
    ck_assert_uint_eq(count_of("x.pe=1.2.3.4:0&x.pe=1.2.3.4:65536&x.pe=1.2.3.4&x.pe=:5"),
                      0);
    ck_assert_uint_eq(count_of("x.pe=a%20b:5&x.pe=a%1b:5&x.pe=u@h:5"), 0);
}
END_TEST

/* M5 */
START_TEST(test_so_much_is_read_of_it)
{
    char *text = malloc(200000);
    strcpy(text, V1);
    for (int i = 0; i < 101; i++)
        sprintf(text + strlen(text),
                "&tr=http://a%d.example/&ws=http://b%d.example/"
                "&x.pe=1.2.3.4:%d",
                i, i, i + 1);
    ck_assert_int_eq(parse(text), ERROR_NONE);
    ck_assert_uint_eq(magnet.trackers.count, 100);
    ck_assert_uint_eq(magnet.webseeds.count, 100);
    ck_assert_uint_eq(magnet.peers.count, 100);
    magnet_done(&magnet);
    memset(text, 'x', 65537);
    memcpy(text, V1 "&", strlen(V1 "&"));
    ck_assert_int_eq(magnet_parse(text, 65536, &magnet), ERROR_NONE);
    magnet_done(&magnet);
    ck_assert_int_eq(magnet_parse(text, 65537, &magnet), ERROR_LIMIT);
    free(text);
}
END_TEST

/* M7 */
static const struct {
    const char *so, *select;
} choices[] = {
    {"0", "1-1"},
    {"0,2,4-6", "1-1,3-3,5-7"},
    {"0-4294967295", "1-1000000"},
    {"0-4294967296", NULL},
    {"5-2", NULL},
    {"5-2,1", "2-2"},
    {"1000000", NULL},
    {"-1,x,1-,%2c,99999999999999999999999999", NULL},
    {"", NULL},
};

/* M7: as many as go into a link, each as long as can be. */
START_TEST(test_a_choice_of_many_files_is_no_mistake)
{
    struct buffer link;
    buffer_init(&link, MAGNET_MAX_BYTES + 1);
    ck_assert_int_eq(buffer_append_text(&link, V1 "&so=99999"), ERROR_NONE);
    for (uint32_t i = 1; i < 9999; i++)
        ck_assert_int_eq(buffer_append_text(&link, ",99999"), ERROR_NONE);
    ck_assert_int_eq(buffer_append_u8(&link, '\0'), ERROR_NONE);
    ck_assert_int_eq(parse((const char *)link.bytes), ERROR_NONE);
    ck_assert_uint_eq(strlen(magnet.select), 9999 * strlen("100000-100000,") - 1);
    magnet_done(&magnet);
    buffer_done(&link);
}
END_TEST

START_TEST(test_a_choice_of_files_is_cut_to_what_can_be)
{
    for (int i = 0; i < COUNT(choices); i++) {
        char text[200];
        snprintf(text, sizeof text, V1 "&so=%s", choices[i].so);
        ck_assert_int_eq(parse(text), ERROR_NONE);
        if (choices[i].select == NULL)
            ck_assert_ptr_null(magnet.select);
        else
            ck_assert_str_eq(magnet.select, choices[i].select);
        magnet_done(&magnet);
    }
}
END_TEST

START_TEST(test_what_is_written_can_be_read)
{
    static const char link[] =
        "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"
        "&xt=urn:btmh:"
        "12200123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        "&dn=%C3%A4%20%26%20b&so=0,2-4&tr=http://a.example/x%3Fy%3D1"
        "&ws=http://b.example/&x.pe=[::1]:5";
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    ck_assert_int_eq(parse(link), ERROR_NONE);
    ck_assert_str_eq(magnet.name, "ä & b");
    ck_assert_int_eq(magnet_write(&magnet, &buffer), ERROR_NONE);
    ck_assert_int_eq(buffer_append_u8(&buffer, 0), ERROR_NONE);
    ck_assert_str_eq((const char *)buffer.bytes, link);
    buffer_done(&buffer);
    magnet_done(&magnet);
}
END_TEST

Suite *suite_magnet(void)
{
    Suite *suite = suite_create("magnet");
    TCase *tcase = tcase_create("magnet");
    tcase_add_test(tcase, test_what_names_a_torrent_is_read);
    tcase_add_test(tcase, test_what_names_none_or_two_is_refused);
    tcase_add_test(tcase, test_what_is_no_link_is_not_taken_for_one);
    tcase_add_test(tcase, test_a_name_is_unescaped_safely);
    tcase_add_test(tcase, test_a_long_name_is_cut);
    tcase_add_test(tcase, test_addresses_are_taken_if_they_are_usable);
    tcase_add_test(tcase, test_so_much_is_read_of_it);
    tcase_add_test(tcase, test_a_choice_of_files_is_cut_to_what_can_be);
    tcase_add_test(tcase, test_a_choice_of_many_files_is_no_mistake);
    tcase_add_test(tcase, test_what_is_written_can_be_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
