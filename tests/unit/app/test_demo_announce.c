#include "app/demo_announce.h"
#include "discovery/tracker_reply.h"
#include "tests/unit/app/check_demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH "info_hash=%00%01%02%03456789abcdefghij"
#define ID   "peer_id=-BT0100-abcdefghijkl"
#define REST "port=6881&uploaded=0&downloaded=0&left=99"
#define FULL HASH "&" ID "&" REST
#define END  " HTTP/1.1\r\nHost: x\r\n\r\n"

static enum error_code parse(const char *text, struct demo_announce *ret_announce)
{
    /* A copy of the exact length, so that the sanitizer sees a read past its end. */
    const size_t length = strlen(text);
    uint8_t *bytes = malloc(length > 0 ? length : 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, text, length);
    const enum error_code error = demo_announce_parse(bytes, length, ret_announce);
    free(bytes);
    return error;
}

START_TEST(announce_is_read)
{
    static const uint8_t hash[SHA1_BYTES] = {0,   1,   2,   3,   '4', '5', '6',
                                             '7', '8', '9', 'a', 'b', 'c', 'd',
                                             'e', 'f', 'g', 'h', 'i', 'j'};
    struct demo_announce announce;
    ck_assert_int_eq(
        parse("GET /announce?" FULL "&compact=1&numwant=7&event=stopped" END, &announce),
        ERROR_NONE);
    ck_assert_mem_eq(announce.hash.bytes, hash, sizeof hash);
    ck_assert_mem_eq(announce.peer_id, "-BT0100-abcdefghijkl", 20);
    ck_assert_uint_eq(announce.port, 6881);
    ck_assert_uint_eq(announce.left, 99);
    ck_assert_uint_eq(announce.numwant, 7);
    ck_assert_int_eq(announce.event, DEMO_ANNOUNCE_STOPPED);
}
END_TEST

static const struct {
    const char *text;
    enum error_code error;
} refused[] = {
    {"", ERROR_AGAIN},
    {"GET /announce?" FULL " HTTP/1.1\r\n", ERROR_AGAIN},
    {"\r\n\r\n", ERROR_SYNTAX},
    {" \r\n\r\n", ERROR_SYNTAX},
    {"  \r\n\r\n", ERROR_SYNTAX},
    {"GET\r\n\r\n", ERROR_SYNTAX},
    {"GET /announce\r\n\r\n", ERROR_SYNTAX},
    {"GET /announce HTTP/2.0\r\n\r\n", ERROR_SYNTAX},
    {"GET /announce?" FULL " HTTP/1.10\r\n\r\n", ERROR_SYNTAX},
    {"POST /announce?" FULL END, ERROR_UNSUPPORTED},
    {"GET /" END, ERROR_NOT_FOUND},
    {"GET  /announce?" FULL END, ERROR_SYNTAX},
    {"GET /announce2?" FULL END, ERROR_NOT_FOUND},
    {"GET /announc?" FULL END, ERROR_NOT_FOUND},
    {"GET /announce" END, ERROR_MISSING},
    {"GET /announce?" END, ERROR_MISSING},
    {"GET /announce?&&=&=&&" END, ERROR_MISSING},
    {"GET /announce?" HASH "&" ID "&port=1" END, ERROR_MISSING},
    {"GET /announce?" HASH "&" REST END, ERROR_MISSING},
    {"GET /announce?" ID "&" REST END, ERROR_MISSING},
    {"GET /announce?info_hash=short&" ID "&" REST END, ERROR_RANGE},
    {"GET /announce?info_hash=%00%01%02%03456789abcdefghijk&" ID "&" REST END,
     ERROR_RANGE},
    {"GET /announce?info_hash=%0&" ID "&" REST END, ERROR_SYNTAX},
    {"GET /announce?" ID "&" REST "&info_hash=%" END, ERROR_SYNTAX},
    {"GET /announce?info_hash=%zz&" ID "&" REST END, ERROR_SYNTAX},
    {"GET /announce?info_hash=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&" ID "&" REST END,
     ERROR_RANGE},
    {"GET /announce?" FULL "&port=0" END, ERROR_RANGE},
    {"GET /announce?" FULL "&port=65536" END, ERROR_RANGE},
    {"GET /announce?" FULL "&port=-1" END, ERROR_RANGE},
    {"GET /announce?" FULL "&port=" END, ERROR_RANGE},
    {"GET /announce?" FULL "&port=80%00" END, ERROR_RANGE},
    {"GET /announce?" FULL "&left=99999999999999999999" END, ERROR_RANGE},
    {"GET /announce?" FULL "&event=paused" END, ERROR_RANGE},
    {"GET /announce?" FULL "&numwant=x" END, ERROR_RANGE},
};

START_TEST(nonsense_is_refused)
{
    struct demo_announce announce;
    memset(&announce, 0x5a, sizeof announce);
    const struct demo_announce before = announce;
    ck_assert_msg(parse(refused[_i].text, &announce) == refused[_i].error, "%s: %s",
                  refused[_i].text, error_name(parse(refused[_i].text, &announce)));
    ck_assert_mem_eq(&announce, &before, sizeof before);
}
END_TEST

START_TEST(endless_headers_are_cut_off)
{
    uint8_t bytes[DEMO_ANNOUNCE_BYTES_MAX + 1];
    struct demo_announce announce;
    memset(bytes, 'a', sizeof bytes);
    memcpy(bytes, "GET /announce?", 14);
    ck_assert_int_eq(demo_announce_parse(bytes, sizeof bytes - 2, &announce),
                     ERROR_AGAIN);
    ck_assert_int_eq(demo_announce_parse(bytes, sizeof bytes - 1, &announce),
                     ERROR_LIMIT);
    ck_assert_int_eq(demo_announce_parse(bytes, sizeof bytes, &announce), ERROR_LIMIT);
}
END_TEST

START_TEST(too_many_wanted_peers_are_the_most_there_are)
{
    struct demo_announce announce;
    ck_assert_int_eq(parse("GET /announce?" FULL "&numwant=5000" END, &announce),
                     ERROR_NONE);
    ck_assert_uint_eq(announce.numwant, DEMO_ANNOUNCE_PEERS_MAX);
}
END_TEST

static const uint8_t *body_of(const struct buffer *out, size_t *ret_length)
{
    const uint8_t *end = memmem(out->bytes, out->length, "\r\n\r\n", 4);
    ck_assert_ptr_nonnull(end);
    *ret_length = out->length - (size_t)(end + 4 - out->bytes);
    return end + 4;
}

START_TEST(answer_is_what_a_client_reads)
{
    struct netaddr peers[DEMO_ANNOUNCE_PEERS_MAX], from;
    const struct demo_announce_answer answer = {.interval_s = 900,
                                                .seeds = 3,
                                                .leechers = 2,
                                                .peers = peers,
                                                .peer_count = DEMO_ANNOUNCE_PEERS_MAX};
    struct tracker_reply reply;
    struct buffer out;
    size_t length;
    char text[32], header[64];
    for (unsigned i = 0; i < DEMO_ANNOUNCE_PEERS_MAX; i++) {
        snprintf(text, sizeof text, "127.0.0.%u:%u", i + 1, 6881 + i);
        ck_assert_int_eq(netaddr_parse(text, 0, &peers[i]), ERROR_NONE);
    }
    ck_assert_int_eq(netaddr_parse("127.0.0.1:80", 0, &from), ERROR_NONE);
    buffer_init(&out, 2048);
    ck_assert_int_eq(demo_announce_write("200 OK", &answer, &out), ERROR_NONE);
    const uint8_t *body = body_of(&out, &length);
    snprintf(header, sizeof header, "\r\nContent-Length: %zu\r\n", length);
    ck_assert_ptr_nonnull(memmem(out.bytes, out.length, header, strlen(header)));
    ck_assert_int_eq(tracker_reply_parse(body, length, &from, &random_system, &reply),
                     ERROR_NONE);
    ck_assert(!reply.failed);
    ck_assert_uint_eq(reply.interval_s, 900);
    ck_assert_uint_eq(reply.seeds, 3);
    ck_assert_uint_eq(reply.leechers, 2);
    ck_assert_uint_eq(reply.peer_count, DEMO_ANNOUNCE_PEERS_MAX);
    for (unsigned i = 0; i < DEMO_ANNOUNCE_PEERS_MAX; i++)
        ck_assert(netaddr_equal(&reply.peers[i], &peers[i]));
    buffer_done(&out);
}
END_TEST

START_TEST(refusal_carries_its_reason)
{
    const struct demo_announce_answer answer = {.failure = "who are you?"};
    struct tracker_reply reply;
    struct netaddr from = {0};
    struct buffer out;
    size_t length;
    buffer_init(&out, 2048);
    ck_assert_int_eq(demo_announce_write("400 Bad Request", &answer, &out), ERROR_NONE);
    ck_assert_mem_eq(out.bytes, "HTTP/1.1 400 Bad Request\r\n", 26);
    const uint8_t *body = body_of(&out, &length);
    ck_assert_int_eq(tracker_reply_parse(body, length, &from, &random_system, &reply),
                     ERROR_NONE);
    ck_assert(reply.failed);
    ck_assert_str_eq(reply.text, "who are you?");
    buffer_done(&out);
}
END_TEST

Suite *test_demo_announce_suite(void)
{
    Suite *suite = suite_create("demo_announce");
    TCase *cases = tcase_create("demo_announce");
    tcase_add_test(cases, announce_is_read);
    tcase_add_loop_test(cases, nonsense_is_refused, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(cases, endless_headers_are_cut_off);
    tcase_add_test(cases, too_many_wanted_peers_are_the_most_there_are);
    tcase_add_test(cases, answer_is_what_a_client_reads);
    tcase_add_test(cases, refusal_carries_its_reason);
    suite_add_tcase(suite, cases);
    return suite;
}
