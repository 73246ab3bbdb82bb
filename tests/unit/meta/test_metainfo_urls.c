/* HOSTILE.md T40, T41, H13: trackers and web seeds. */
#include "meta/metainfo.h"
#include "tests/unit/meta/check_meta.h"
#include "tests/unit/meta/notation.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *url;
    bool tracker, webseed;
} urls[] = {
    {"http://t.example/announce", true, true},
    {"HTTPS://t.example:443/a?passkey=1", true, true},
    {"http://t.example?x=a@b", true, true},
    {"http://[::1]:6969/announce", true, true},
    {"http://[::1]/announce", true, true},
    {"udp://t.example:80", true, false},
    {"udp://t.example:80/announce", true, false},
    {"udp://t.example/announce", false, false}, /* BEP 15 has no port of its own */
    {"http://", false, false},
    {"http:///announce", false, false},
    {"http://:80/", false, false},
    {"http://t.example:0/", false, false},
    {"http://t.example:65536/", false, false},
    {"http://t.example:80x/", false, false},
    {"http://[::1/", false, false},
    {"http://user:pass@t.example/", false, false},
    {"http://trusted.example@evil.example/", false, false},
    {"file:///etc/passwd", false, false},
    {"ftp://t.example/", false, false},
    {"javascript:alert(1)", false, false},
    {"t.example/announce", false, false},
    {"http://t.example/\r\nHost: x", false, false},
    {"http://t.example/ x", false, false},
    {"http://t\xc3\xa9.example/", false, false},
    {"wss://t.example/", false, false},
    /* H13 */
    {"http://xn--tst-bma.example/", true, true}, /* as it stands, and is shown */
    {"http://t.example./announce", true, true},
    {"http://t..example/", false, false},
    {"http://.example/", false, false},
    {"http://./", false, false},
    {"http://" LABEL ".example/", true, true},
    {"http://x" LABEL ".example/", false, false},
    {"http://" LABEL "." LABEL "." LABEL "." LABEL "/", false, false},
    {"http://t%2eexample/", false, false},
    {"http://t.example%00.evil.example/", false, false},
    {"http://t.example\\.evil.example/", false, false},
    {"http://t.example;x/", false, false},
    {"http://t.example:80@evil.example/", false, false},
    {"http://[fe80::1%25eth0]/", false, false},
    {"http://[]/", false, false},
    {"udp://t.example\\:80", false, false},
    {"", false, false},
};

START_TEST(only_urls_that_can_be_asked_are_kept) /* T41, W5 */
{
    const size_t length = strlen(urls[_i].url);
    char *exact = malloc(length + 1);
    memcpy(exact, urls[_i].url, length + 1);
    char *bytes = realloc(exact, length > 0 ? length : 1); /* no NUL to stop at */
    ck_assert_msg(metainfo_url_is_usable(bytes, length, true) == urls[_i].tracker, "%s",
                  urls[_i].url);
    ck_assert_msg(metainfo_url_is_usable(bytes, length, false) == urls[_i].webseed, "%s",
                  urls[_i].url);
    free(bytes);
}
END_TEST

static const struct {
    const char *row;
    const char *members;  /* before info */
    const char *trackers; /* "tier url" each, '|' between */
    uint32_t warnings;
} files[] = {
    {"none", "", "", 0},
    {"empty", "'announce'''", "", 0},
    {"announce alone", "'announce''http://a/'", "0 http://a/", 0},
    {"the list stands for announce (BEP 12)",
     "'announce''http://a/''announce-list'll'http://b/''http://c/'el'udp://d:1'ee",
     "0 http://b/|0 http://c/|1 udp://d:1", 0},
    {"an empty list does not", "'announce''http://a/''announce-list'le", "0 http://a/",
     0},
    {"a list with nothing usable does not",
     "'announce''http://a/''announce-list'll'ftp://x/'ee", "0 http://a/",
     METAINFO_WARNING_TRACKER},
    {"tiers have no gaps", "'announce-list'll'ftp://x/'el'http://b/'elel'http://c/'ee",
     "0 http://b/|1 http://c/", METAINFO_WARNING_TRACKER},
    {"a tracker stands once", "'announce-list'll'http://b/'el'http://b/'ee",
     "0 http://b/", 0},
    {"what is no list is passed over", "'announce-list'l'http://b/'i5eli7eee", "",
     METAINFO_WARNING_TRACKER},
    {"a tracker that cannot be used", "'announce''ftp://x/'", "",
     METAINFO_WARNING_TRACKER},
};

START_TEST(tiers_are_read_as_bep_12_says)
{
    struct buffer notation;
    char text[512] = "";
    size_t used = 0;
    buffer_init(&notation, 1 << 16);
    ck_assert_int_eq(
        buffer_printf(&notation, "d%s'info'd%see%c", files[_i].members, ONE_FILE, '\0'),
        ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    for (uint32_t i = 0; i < metainfo->tracker_count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%u %s", i > 0 ? "|" : "",
                             metainfo->trackers[i].tier, metainfo->trackers[i].url);
    ck_assert_msg(strcmp(text, files[_i].trackers) == 0, "%s: %s", files[_i].row, text);
    ck_assert_msg(metainfo->warnings == files[_i].warnings, "%s: %x", files[_i].row,
                  metainfo->warnings);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

START_TEST(no_more_than_a_hundred_of_each_are_kept) /* T40, W5 */
{
    struct buffer notation;
    buffer_init(&notation, 8 << 20);
    ck_assert_int_eq(buffer_append_text(&notation, "d'announce-list'l"), ERROR_NONE);
    for (int i = 0; i < 10000; i++)
        ck_assert_int_eq(buffer_printf(&notation, "l'http://t%d/'e", i), ERROR_NONE);
    ck_assert_int_eq(buffer_printf(&notation, "e'info'd%se'url-list'l", ONE_FILE),
                     ERROR_NONE);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(buffer_printf(&notation, "'http://w%d/'", i), ERROR_NONE);
    ck_assert_int_eq(buffer_append(&notation, "ee", 3), ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    ck_assert_uint_eq(metainfo->tracker_count, METAINFO_MAX_URLS);
    ck_assert_uint_eq(metainfo->webseed_count, METAINFO_MAX_URLS);
    ck_assert(metainfo->warnings == METAINFO_WARNING_TRACKER);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

/* T40: nodes for a DHT (BEP 5) are of no use here, whatever they are. */
START_TEST(nodes_are_passed_over)
{
    static const char *const bad[] = {"'nodes'i5e", "'nodes''x'", "'nodes'de",
                                      "'nodes'll'h'i-1eel'h'el'h'i70000e'x'elei3ee"};
    struct buffer notation;
    buffer_init(&notation, 8 << 20);
    ck_assert_int_eq(buffer_printf(&notation, "d'info'd%se", ONE_FILE), ERROR_NONE);
    if (_i < (int)(sizeof bad / sizeof *bad)) {
        ck_assert_int_eq(buffer_append_text(&notation, bad[_i]), ERROR_NONE);
    } else {
        ck_assert_int_eq(buffer_append_text(&notation, "'nodes'l"), ERROR_NONE);
        for (int i = 0; i < 100000; i++)
            ck_assert_int_eq(buffer_printf(&notation, "l'10.0.0.1'i%iee", i), ERROR_NONE);
        ck_assert_int_eq(buffer_append_text(&notation, "e"), ERROR_NONE);
    }
    ck_assert_int_eq(buffer_append(&notation, "e", 2), ERROR_NONE);
    struct metainfo *metainfo = notation_accept((const char *)notation.bytes);
    ck_assert_uint_eq(metainfo->tracker_count + metainfo->webseed_count, 0);
    ck_assert_uint_eq(metainfo->warnings, 0);
    metainfo_free(metainfo);
    buffer_done(&notation);
}
END_TEST

START_TEST(one_web_seed_may_stand_without_a_list) /* BEP 19 */
{
    struct metainfo *metainfo =
        notation_accept("d'info'd" ONE_FILE "e'url-list''http://w.example/'e");
    ck_assert_uint_eq(metainfo->webseed_count, 1);
    ck_assert_str_eq(metainfo->webseeds[0], "http://w.example/");
    metainfo_free(metainfo);
}
END_TEST

Suite *suite_metainfo_urls(void)
{
    Suite *suite = suite_create("metainfo_urls");
    TCase *tcase = tcase_create("metainfo_urls");
    tcase_add_loop_test(tcase, only_urls_that_can_be_asked_are_kept, 0,
                        sizeof urls / sizeof *urls);
    tcase_add_loop_test(tcase, tiers_are_read_as_bep_12_says, 0,
                        sizeof files / sizeof *files);
    tcase_add_test(tcase, no_more_than_a_hundred_of_each_are_kept);
    tcase_add_loop_test(tcase, nodes_are_passed_over, 0, 5);
    tcase_add_test(tcase, one_web_seed_may_stand_without_a_list);
    suite_add_tcase(suite, tcase);
    return suite;
}
