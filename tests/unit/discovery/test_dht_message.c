#include "discovery/dht_message.h"
#include "tests/unit/discovery/check_discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID    "abcdefghij0123456789"
#define OTHER "mnopqrstuvwxyz123456"

static enum error_code parse(const char *text, size_t length, struct dht_message *ret)
{
    return dht_message_parse((const uint8_t *)text, length, ret);
}
#define PARSE(text, ret) parse(text, sizeof(text) - 1, ret)

static void write_query(struct buffer *out, const struct dht_query *query)
{
    ck_assert_int_eq(dht_write_query(query, out), ERROR_NONE);
}

START_TEST(queries_are_read_as_they_were_written)
{
    static const enum dht_method methods[] = {DHT_PING, DHT_FIND_NODE, DHT_GET_PEERS,
                                              DHT_ANNOUNCE_PEER, DHT_SAMPLE_INFOHASHES};
    struct buffer out;
    struct dht_message message;
    buffer_init(&out, DHT_MESSAGE_MAX);
    for (unsigned i = 0; i < 5; i++) {
        struct dht_query query = {.transaction = 0x6162,
                                  .method = methods[i],
                                  .read_only = i % 2 == 0,
                                  .want = DHT_WANT_V4 | DHT_WANT_V6,
                                  .token = (const uint8_t *)"tokentok",
                                  .token_length = 8,
                                  .port = 6881,
                                  .seed = true};
        memcpy(query.id.bytes, ID, 20);
        memcpy(query.target.bytes, OTHER, 20);
        write_query(&out, &query);
        ck_assert_int_eq(dht_message_parse(out.bytes, out.length, &message), ERROR_NONE);
        ck_assert_int_eq(message.kind, DHT_QUERY);
        ck_assert_int_eq(message.method, methods[i]);
        ck_assert_mem_eq(message.transaction, "ab", 2);
        ck_assert_mem_eq(message.id.bytes, ID, 20);
        ck_assert_int_eq(message.read_only, i % 2 == 0); /* D19 */
        ck_assert_uint_eq(message.want, DHT_WANT_V4 | DHT_WANT_V6);
        if (methods[i] != DHT_PING)
            ck_assert_mem_eq(message.target.bytes, OTHER, 20);
        if (methods[i] != DHT_ANNOUNCE_PEER)
            continue;
        ck_assert_uint_eq(message.port, 6881);
        ck_assert(message.seed && !message.implied_port);
        ck_assert_mem_eq(message.token, "tokentok", 8);
    }
    buffer_done(&out);
}
END_TEST

START_TEST(the_examples_of_the_bep_are_read)
{
    struct dht_message message;
    ck_assert_int_eq(PARSE("d1:ad2:id20:" ID "9:info_hash20:" OTHER
                           "e1:q9:get_peers1:t2:aa1:y1:qe",
                           &message),
                     ERROR_NONE);
    ck_assert_int_eq(message.method, DHT_GET_PEERS);
    ck_assert_uint_eq(message.want, 0);
    ck_assert_int_eq(PARSE("d1:rd2:id20:" ID "5:token8:aoeusnth6:valuesl6:axje.u6:"
                           "idhtnmee1:t2:aa1:y1:re",
                           &message),
                     ERROR_NONE);
    ck_assert_int_eq(message.kind, DHT_RESPONSE);
    ck_assert_uint_eq(message.value_count, 2);
    ck_assert_uint_eq(message.values[0].port, '.' << 8 | 'u');
    ck_assert_int_eq(
        PARSE("d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee", &message),
        ERROR_NONE);
    ck_assert_int_eq(message.kind, DHT_ERROR);
    ck_assert_int_eq(message.error, 201);
}
END_TEST

START_TEST(what_is_broken_is_no_message) /* D3 */
{
    static const struct {
        const char *text;
        size_t length;
    } broken[] = {
#define TEXT(text) {text, sizeof(text) - 1}
        TEXT("d1:ad2:id20:" ID "e1:q4:ping1:t2:aae"),        /* no y */
        TEXT("d1:ad2:id20:" ID "e1:q4:ping1:t2:aa1:y1:xe"),  /* y of another kind */
        TEXT("d1:ad2:id20:" ID "e1:q4:ping1:t2:aa1:y2:qqe"), /* a long y */
        TEXT("d1:ade1:q4:ping1:t2:aa1:y1:qe"),               /* no id */
        TEXT("d1:ad2:id19:abcdefghij012345678e1:q4:ping1:t2:aa1:y1:qe"),
        TEXT("d1:ad2:id21:" ID "xe1:q4:ping1:t2:aa1:y1:qe"),
        TEXT("d1:ad2:idi5ee1:q4:ping1:t2:aa1:y1:qe"),
        TEXT("d1:a3:abc1:q4:ping1:t2:aa1:y1:qe"),
        TEXT("d1:ad2:id20:" ID "e1:q4:ping1:y1:qe"), /* no transaction */
        TEXT("d1:ad2:id20:" ID "e1:q4:ping1:t21:aaaaaaaaaaaaaaaaaaaaa1:y1:qe"),
        TEXT("d1:ad2:id20:" ID "e1:q9:find_node1:t2:aa1:y1:qe"), /* no target */
        TEXT("d1:ad2:id20:" ID "e1:q9:get_peers1:t2:aa1:y1:qe"),
        TEXT("d1:ad2:id20:" ID "9:info_hash20:" OTHER
             "5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe"), /* no port */
        TEXT("d1:rd2:id20:" ID "5:nodes25:aaaaaaaaaaaaaaaaaaaaaaaaae1:t2:aa1:y1:re"),
        TEXT("d1:rd2:id20:" ID "6:nodes637:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaae"
             "1:t2:aa1:y1:re"),
        TEXT("d1:rd2:id20:" ID "5:nodesi1ee1:t2:aa1:y1:re"),
        TEXT("d1:rde1:t2:aa1:y1:re"),
        TEXT("d1:t2:aa1:y1:re"),
        TEXT("d1:ei5e1:t2:aa1:y1:ee"),
        TEXT("d1:e3:abc1:t2:aa1:y1:ee"),
        TEXT("l1:ae"),
        TEXT("i1e"),
        TEXT("d"),
        TEXT(""),
    };
    struct dht_message message;
    for (unsigned i = 0; i < sizeof broken / sizeof broken[0]; i++)
        ck_assert_int_ne(parse(broken[i].text, broken[i].length, &message), ERROR_NONE);
}
END_TEST

START_TEST(values_of_an_odd_length_are_left_out) /* D3 */
{
    struct dht_message message;
    ck_assert_int_eq(PARSE("d1:rd2:id20:" ID "6:valuesl5:axje.6:idhtnmi3e7:axje.uxee"
                           "1:t2:aa1:y1:re",
                           &message),
                     ERROR_NONE);
    ck_assert_uint_eq(message.value_count, 1);
}
END_TEST

START_TEST(more_than_1500_bytes_8_levels_or_500_values_are_refused) /* D4 */
{
    static char text[65536];
    struct dht_message message;
    for (size_t length = 0; length < 2; length++) /* a datagram of a byte */
        ck_assert_int_ne(parse("d", length, &message), ERROR_NONE);
    /* Well-formed, but for its length. */
    const char head[] = "d1:ad2:id20:" ID "3:pad";
    for (size_t pad = 1300; pad <= 64000; pad += 62700) {
        size_t at = (size_t)sprintf(text, "%s%zu:", head, pad);
        memset(text + at, 'x', pad);
        at += pad;
        at += (size_t)sprintf(text + at, "e1:q4:ping1:t2:aa1:y1:qe");
        ck_assert_int_eq(parse(text, at, &message) == ERROR_NONE, pad == 1300);
    }
    for (unsigned depth = 1; depth < 600; depth += 20) {
        size_t at = (size_t)sprintf(text, "d1:ad2:id20:" ID "1:p");
        for (unsigned i = 0; i < depth; i++)
            text[at++] = 'l';
        for (unsigned i = 0; i < depth; i++)
            text[at++] = 'e';
        at += (size_t)sprintf(text + at, "e1:q4:ping1:t2:aa1:y1:qe");
        ck_assert_int_eq(parse(text, at, &message) == ERROR_NONE, depth == 1);
    }
    size_t at = (size_t)sprintf(text, "d1:ad2:id20:" ID "1:pl");
    for (unsigned i = 0; i < 600; i++)
        at += (size_t)sprintf(text + at, "le");
    at += (size_t)sprintf(text + at, "ee1:q4:ping1:t2:aa1:y1:qe");
    ck_assert_uint_lt(at, DHT_MESSAGE_MAX);
    ck_assert_int_eq(parse(text, at, &message), ERROR_TOKENS);
}
END_TEST

START_TEST(every_prefix_of_a_message_is_refused)
{
    static const char text[] = "d1:rd2:id20:" ID "5:nodes26:abcdefghijklmnopqrstuvwxyz"
                               "5:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee"
                               "1:t2:aa1:y1:re";
    struct dht_message message;
    for (size_t length = 0; length < sizeof text - 1; length++) {
        uint8_t *copy = malloc(length + 1);
        memcpy(copy, text, length);
        ck_assert_int_ne(dht_message_parse(copy, length, &message), ERROR_NONE);
        free(copy);
    }
    ck_assert_int_eq(PARSE(text, &message), ERROR_NONE);
    ck_assert_uint_eq(message.node_count, 1);
}
END_TEST

START_TEST(unknown_methods_are_known_as_such) /* D22 */
{
    struct dht_message message;
    ck_assert_int_eq(PARSE("d1:ad2:id20:" ID "6:target20:" OTHER "e1:q3:put1:t2:aa1:y1:"
                           "qe",
                           &message),
                     ERROR_NONE);
    ck_assert_int_eq(message.method, DHT_UNKNOWN_METHOD);
    ck_assert_int_eq(PARSE("d1:ad2:id20:" ID "e1:t2:aa1:y1:qe", &message), ERROR_NONE);
    ck_assert_int_eq(message.method, DHT_UNKNOWN_METHOD);
}
END_TEST

START_TEST(ports_out_of_range_are_zero)
{
    struct dht_message message;
    static const char *const ports[] = {"0", "-1", "65536", "9223372036854775807"};
    char text[300];
    for (unsigned i = 0; i < 4; i++) {
        const int length = sprintf(text,
                                   "d1:ad2:id20:" ID "9:info_hash20:" OTHER "4:porti%se"
                                   "5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe",
                                   ports[i]);
        ck_assert_int_eq(parse(text, (size_t)length, &message), ERROR_NONE);
        ck_assert_uint_eq(message.port, 0);
    }
}
END_TEST

Suite *suite_dht_message(void)
{
    Suite *suite = suite_create("dht message");
    TCase *tests = tcase_create("dht message");
    tcase_add_test(tests, queries_are_read_as_they_were_written);
    tcase_add_test(tests, the_examples_of_the_bep_are_read);
    tcase_add_test(tests, what_is_broken_is_no_message);
    tcase_add_test(tests, values_of_an_odd_length_are_left_out);
    tcase_add_test(tests, more_than_1500_bytes_8_levels_or_500_values_are_refused);
    tcase_add_test(tests, every_prefix_of_a_message_is_refused);
    tcase_add_test(tests, unknown_methods_are_known_as_such);
    tcase_add_test(tests, ports_out_of_range_are_zero);
    suite_add_tcase(suite, tests);
    return suite;
}
