/* A node by itself: what comes in, and what it makes of it. */
#include "tests/unit/discovery/check_discovery.h"
#include "tests/unit/discovery/dht_net.h"

#include <stdio.h>
#include <string.h>

#define ID    "abcdefghij0123456789"
#define OTHER "mnopqrstuvwxyz123456"

static struct dht_net net;
static struct dht_net_node *node;
static uint8_t sent[DHT_MESSAGE_MAX];
static size_t sent_length;
static uint32_t sent_count;
static struct netaddr sent_to;
static struct dht_message answer; /* what was sent last, read */

static void on_sent(struct dht_net_node *from, const struct netaddr *to,
                    const uint8_t *bytes, size_t length)
{
    ck_assert_ptr_eq(from, node);
    memcpy(sent, bytes, length);
    sent_length = length;
    sent_to = *to;
    sent_count++;
}

static void setup(void)
{
    dht_net_init(&net, 21);
    node = dht_net_add(&net, "30.1.1.1:6881", DHT_NET_HONEST);
    net.on_sent = on_sent;
    sent_count = 0;
}

static void teardown(void)
{
    dht_net_done(&net);
}

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 6881, &address), ERROR_NONE);
    return address;
}

static void receive(const char *from, const void *bytes, size_t length)
{
    const struct netaddr address = at(from);
    dht_receive(node->dht, net.now_ns, &address, bytes, length);
}

/* Sends a query and reads the answer; false: there was none of that transaction. */
static bool ask(const char *from, const char *text, size_t length)
{
    const uint32_t before = sent_count;
    receive(from, text, length);
    if (sent_count == before)
        return false;
    /* A ping may follow, to see whether it is a node: the answer comes before. */
    return dht_message_parse(sent, sent_length, &answer) == ERROR_NONE;
}

static void answer_query(const char *from, const struct dht_id *id,
                         const struct dht_contact *nodes, uint32_t count)
{
    struct dht_message query;
    struct buffer out;
    ck_assert_int_eq(dht_message_parse(sent, sent_length, &query), ERROR_NONE);
    const struct dht_reply reply = {.to = &query,
                                    .id = *id,
                                    .observed = node->address,
                                    .nodes4 = nodes,
                                    .node4_count = count};
    buffer_init(&out, DHT_MESSAGE_MAX);
    ck_assert_int_eq(dht_write_reply(&reply, &out), ERROR_NONE);
    receive(from, out.bytes, out.length);
    buffer_done(&out);
}

static struct dht_look look(void)
{
    struct dht_look result;
    dht_get_look(node->dht, &result);
    return result;
}

#define RO        "2:roi1e" /* a read-only node is not asked back: only the answer is sent */
#define PING(tid) "d1:ad2:id20:" ID "e1:q4:ping" RO "1:t2:" tid "1:y1:qe"
#define GET_PEERS                                                                        \
    "d1:ad2:id20:" ID "9:info_hash20:" OTHER "e1:q9:get_peers" RO "1:t2:aa1:y1:qe"
#define ASK(from, text) ask(from, text, sizeof(text) - 1)

START_TEST(answers_nobody_asked_for_are_ignored) /* D1 */
{
    const struct netaddr peer = at("40.1.1.1:7000");
    const struct dht_id id = dht_id_for(&peer, &net.random.source);
    dht_ping(node->dht, net.now_ns, &peer);
    ck_assert_uint_eq(sent_count, 1);
    answer_query("40.1.1.1:7001", &id, NULL, 0); /* another port */
    answer_query("40.1.1.2:7000", &id, NULL, 0); /* another host */
    ck_assert_uint_eq(look().nodes, 0);
    sent[sent_length - 12]++; /* hardly its transaction any more */
    receive("40.1.1.1:7000", "d1:rd2:id20:" ID "e1:t2:zz1:y1:re", 40);
    ck_assert_uint_eq(look().nodes, 0);
    sent[sent_length - 12]--;
    answer_query("40.1.1.1:7000", &id, NULL, 0);
    ck_assert_uint_eq(look().nodes, 1);
}
END_TEST

START_TEST(guessing_all_transactions_gains_one_node_at_most) /* D2 */
{
    const struct netaddr peer = at("40.1.1.1:7000");
    char text[] = "d1:rd2:id20:" ID "e1:t2:aa1:y1:re";
    uint8_t *tid = (uint8_t *)strstr(text, "aa1:y");
    dht_ping(node->dht, net.now_ns, &peer);
    for (unsigned i = 0; i < 65536; i++) { /* from elsewhere: nothing */
        tid[0] = (uint8_t)(i >> 8);
        tid[1] = (uint8_t)i;
        receive("50.1.1.1:7000", text, sizeof text - 1);
    }
    ck_assert_uint_eq(look().nodes, 0);
    for (unsigned i = 0; i < 65536; i++) { /* as if from there: that one answer */
        tid[0] = (uint8_t)(i >> 8);
        tid[1] = (uint8_t)i;
        receive("40.1.1.1:7000", text, sizeof text - 1);
    }
    ck_assert_uint_eq(look().nodes, 1);
    ck_assert_uint_eq(node->found_count, 0);
}
END_TEST

START_TEST(what_is_broken_gets_no_answer) /* D3, D4 */
{
    static uint8_t huge[65507];
    memset(huge, 'd', sizeof huge);
    ck_assert(!ASK("40.1.1.1:7000", "d1:ad2:id19:abcdefghij012345678e1:q4:ping1:t2:aa1:"
                                    "y1:qe"));
    ck_assert(!ASK("40.1.1.1:7000", "d1:ad2:id20:" ID "e1:q4:ping1:t2:aae"));
    ck_assert(!ASK("40.1.1.1:7000", "d"));
    ck_assert(!ask("40.1.1.1:7000", (char *)huge, sizeof huge));
    ck_assert(!ASK("40.1.1.1:0", PING("aa")));
    ck_assert(!ASK("224.0.0.1:7000", PING("aa")));
    ck_assert(!ASK("[2a01::1]:7000", PING("aa"))); /* not of this family */
    ck_assert(ASK("40.1.1.1:7000", PING("aa")));
    ck_assert_uint_eq(sent_count, 1);
}
END_TEST

START_TEST(errors_are_rate_limited) /* D5, D22 */
{
    uint32_t told = 0;
    for (unsigned i = 0; i < 40; i++)
        told += ASK("40.1.1.1:7000", "d1:ad2:id20:" ID "6:target20:" OTHER "e1:q3:get" RO
                                     "1:t2:aa1:y1:qe");
    ck_assert_uint_eq(told, 1);
    ck_assert_int_eq(answer.kind, DHT_ERROR);
    ck_assert_int_eq(answer.error, DHT_ERROR_METHOD);
}
END_TEST

START_TEST(put_whatever_it_holds_is_an_unknown_method) /* D22 */
{
    static char text[DHT_MESSAGE_MAX];
    /* A value of more than 1,000 bytes, a salt of more than 64. */
    int length = sprintf(text, "d1:ad2:id20:" ID "4:salt100:%0100d5:token1:x1:v1100:", 0);
    memset(text + length, 'v', 1100);
    length += 1100;
    length += sprintf(text + length, "e1:q3:put" RO "1:t2:aa1:y1:qe");
    ck_assert(ask("40.1.1.1:7000", text, (size_t)length));
    ck_assert_int_eq(answer.error, DHT_ERROR_METHOD);
}
END_TEST

START_TEST(a_flood_of_queries_is_answered_for_a_while) /* D6 */
{
    uint32_t answered = 0;
    for (unsigned i = 0; i < 1000; i++) {
        net.now_ns += NS_PER_MS;
        answered += ASK("40.1.1.1:7000", GET_PEERS);
    }
    ck_assert_uint_eq(answered, 50);
    /* 10,000 forged senders in a second: what we send stays within 8,000 bytes/s. */
    const uint64_t before = node->sent_bytes;
    for (unsigned i = 0; i < 10000; i++) {
        char from[40];
        sprintf(from, "41.%u.%u.1:7000", i / 250, i % 250);
        net.now_ns += NS_PER_MS / 10;
        ASK(from, GET_PEERS);
    }
    ck_assert_uint_le(node->sent_bytes - before, 16000 + 8000);
}
END_TEST

static bool announce(const char *from, const char *token, unsigned token_length,
                     const char *port)
{
    char text[300];
    const int head =
        sprintf(text, "d1:ad2:id20:" ID "%s9:info_hash20:" OTHER "4:porti%se5:token%u:",
                port[0] == 'i' ? "12:implied_porti1e" : "", port[0] == 'i' ? "0" : port,
                token_length);
    memcpy(text + head, token, token_length);
    const int tail =
        sprintf(text + head + token_length, "e1:q13:announce_peer" RO "1:t2:aa1:y1:qe");
    net.now_ns += 2 * NS_PER_S;
    ck_assert(ask(from, text, (size_t)head + token_length + (size_t)tail));
    return answer.kind == DHT_RESPONSE;
}

START_TEST(announces_need_the_token_they_were_given) /* D7 */
{
    char token[DHT_TOKEN_MAX];
    ck_assert(ASK("40.1.1.1:7000", GET_PEERS));
    ck_assert_uint_eq(answer.token_length, 8);
    memcpy(token, answer.token, 8);
    ck_assert(!announce("40.1.1.1:7000", "nonsense", 8, "6000"));
    ck_assert_int_eq(answer.error, DHT_ERROR_PROTOCOL);
    ck_assert(!announce("40.1.1.1:7000", "", 0, "6000"));
    ck_assert(!announce("40.1.1.2:7000", token, 8, "6000")); /* another's */
    ck_assert(!announce("40.1.1.1:7000", token, 8, "0"));
    ck_assert(!announce("40.1.1.1:7000", token, 8, "65536"));
    ck_assert(ASK("42.1.1.1:7000", GET_PEERS));
    ck_assert_uint_eq(answer.value_count, 0);
    ck_assert(announce("40.1.1.1:7000", token, 8, "6000"));
    ck_assert(ASK("42.1.1.1:7000", GET_PEERS));
    ck_assert_uint_eq(answer.value_count, 1);
    ck_assert_uint_eq(answer.values[0].port, 6000);
    ck_assert(announce("40.1.1.1:7000", token, 8, "implied"));
    ck_assert(ASK("42.1.1.1:7000", GET_PEERS));
    ck_assert_uint_eq(answer.values[0].port, 7000);
    net.now_ns += 11 * 60 * NS_PER_S;
    ck_assert(!announce("40.1.1.1:7000", token, 8, "6000"));
    ck_assert_int_eq(answer.error, DHT_ERROR_PROTOCOL);
}
END_TEST

/* Nodes are there, and peers are announced: whatever is asked, the answer is short. */
START_TEST(no_answer_is_long) /* D8 */
{
    static const char *const queries[] = {
        PING("aa"),
        GET_PEERS,
        "d1:ad2:id20:" ID "6:target20:" OTHER "4:wantl2:n42:n6ee1:q9:find_node" RO
        "1:t2:aa1:y1:qe",
        "d1:ad2:id20:" ID "9:info_hash20:" OTHER "6:scrapei1ee1:q9:get_peers" RO
        "1:t2:aa1:y1:qe",
        "d1:ad2:id20:" ID "6:target20:" OTHER "e1:q17:sample_infohashes" RO
        "1:t2:aa1:y1:qe",
        "d1:ad2:id20:" ID "e1:q3:foo" RO "1:t2:aa1:y1:qe",
    };
    char from[40], token[8];
    for (unsigned i = 0; i < 60; i++) {
        sprintf(from, "43.%u.1.1:7000", i);
        net.now_ns += NS_PER_S;
        const struct netaddr peer = at(from);
        const struct dht_id id = dht_id_for(&peer, &net.random.source);
        ck_assert(ASK(from, GET_PEERS));
        memcpy(token, answer.token, 8);
        announce(from, token, 8, "6000");
        dht_ping(node->dht, net.now_ns, &peer);
        answer_query(from, &id, NULL, 0);
    }
    ck_assert_uint_ge(look().nodes, 20);
    net.now_ns += 60 * NS_PER_S;
    for (unsigned i = 0; i < 6; i++) {
        const size_t length = strlen(queries[i]);
        ck_assert(ask("44.1.1.1:7000", queries[i], length));
        ck_assert_uint_le(sent_length, length * 3 > 400 ? length * 3 : 400);
        ck_assert_uint_eq(sent_to.port, 7000);
    }
    ck_assert(ASK("44.1.1.1:7000", GET_PEERS));
    ck_assert_uint_ge(answer.value_count, 15);
    ck_assert_uint_ge(answer.node_count, 2);
}
END_TEST

START_TEST(nodes_that_are_none_are_not_asked) /* D12, D15 */
{
    const struct netaddr peer = at("40.1.1.1:7000");
    const struct dht_id id = dht_id_for(&peer, &net.random.source);
    const struct dht_id own = look().id;
    const struct dht_contact bad[] = {
        {own, at("41.1.1.1:7000")}, /* our own id */
        {{"aaaaaaaaaaaaaaaaaaa"}, at("41.1.1.1:0")},
        {{"baaaaaaaaaaaaaaaaaa"}, at("224.1.1.1:7000")},
        {{"caaaaaaaaaaaaaaaaaa"}, at("192.168.1.1:7000")},
        {{"daaaaaaaaaaaaaaaaaa"}, at("127.0.0.1:7000")},
        {{"eaaaaaaaaaaaaaaaaaa"}, at("41.1.1.2:53")},
        {{"faaaaaaaaaaaaaaaaaa"}, at("255.255.255.255:7000")},
        {{"gaaaaaaaaaaaaaaaaaa"}, at("0.0.0.0:7000")},
    };
    dht_add_start(node->dht, &peer, true, false);
    dht_run(node->dht, net.now_ns);
    ck_assert_uint_eq(sent_count, 1);
    answer_query("40.1.1.1:7000", &id, bad, 8);
    dht_net_run(&net, 3 * NS_PER_S);
    ck_assert_uint_eq(sent_count, 1);
}
END_TEST

START_TEST(who_says_it_is_us_is_nobody) /* D15 */
{
    const struct netaddr peer = at("40.1.1.1:7000");
    const struct dht_id own = look().id;
    dht_ping(node->dht, net.now_ns, &peer);
    answer_query("40.1.1.1:7000", &own, NULL, 0);
    ck_assert_uint_eq(look().nodes, 0);
    /* And in its own words to us. */
    char text[100];
    int length = sprintf(text, "d1:ad2:id20:");
    memcpy(text + length, own.bytes, 20);
    length += 20;
    length += sprintf(text + length, "e1:q4:ping1:t2:aa1:y1:qe");
    ck_assert(ask("40.1.1.1:7000", text, (size_t)length));
    ck_assert_uint_eq(sent_count, 2); /* an answer, and no ping */
}
END_TEST

START_TEST(read_only_nodes_are_answered_and_not_kept) /* D19 */
{
    ck_assert(ASK("40.1.1.1:7000", PING("aa")));
    ck_assert_uint_eq(sent_count, 1);
    ck_assert(ASK("40.1.2.1:7000", "d1:ad2:id20:" OTHER "e1:q4:ping1:t2:aa1:y1:qe"));
    ck_assert_uint_eq(sent_count, 3); /* this one is asked whether it is a node */
    ck_assert_int_eq(answer.kind, DHT_QUERY);
    ck_assert(!answer.read_only);
}
END_TEST

START_TEST(both_families_are_told_who_wants_both) /* D19 */
{
    static struct dht_net_node *six;
    net.on_sent = NULL;
    six = dht_net_add(&net, "[2a01:4f8::1]:6881", DHT_NET_HONEST);
    dht_pair(node->dht, six->dht);
    for (unsigned i = 0; i < 10; i++) {
        char text[60];
        sprintf(text, "40.%u.1.1:7000", i);
        dht_net_add(&net, text, DHT_NET_HONEST);
        dht_ping(node->dht, net.now_ns, &net.nodes[net.count - 1]->address);
        sprintf(text, "[2a01:4f8:%x::1]:7000", i);
        dht_net_add(&net, text, DHT_NET_HONEST);
        dht_ping(six->dht, net.now_ns, &net.nodes[net.count - 1]->address);
    }
    dht_net_run(&net, NS_PER_S);
    net.on_sent = on_sent;
    ck_assert(ASK("44.1.1.1:7000",
                  "d1:ad2:id20:" ID "6:target20:" OTHER
                  "4:wantl2:n42:n6ee1:q9:find_node" RO "1:t2:aa1:y1:qe"));
    uint32_t v4 = 0, v6 = 0;
    for (uint32_t i = 0; i < answer.node_count; i++) {
        v4 += answer.nodes[i].address.family == NETADDR_V4;
        v6 += answer.nodes[i].address.family == NETADDR_V6;
    }
    ck_assert_uint_ge(v4, 3);
    ck_assert_uint_ge(v6, 3);
    ck_assert(ASK("44.1.1.1:7000", "d1:ad2:id20:" ID "6:target20:" OTHER
                                   "4:wantl2:n6ee1:q9:find_node" RO "1:t2:aa1:y1:qe"));
    for (uint32_t i = 0; i < answer.node_count; i++)
        ck_assert_uint_eq(answer.nodes[i].address.family, NETADDR_V6);
    net.on_sent = NULL;
}
END_TEST

START_TEST(without_a_network_it_rests) /* D21 */
{
    const struct netaddr start = at("40.1.1.1:7000");
    node->refuse = ERROR_ACCESS;
    dht_add_start(node->dht, &start, true, false);
    dht_net_search(node, 1, 6881);
    uint32_t turns = 0;
    for (uint64_t end_ns = net.now_ns + 600 * NS_PER_S; net.now_ns < end_ns; turns++) {
        dht_run(node->dht, net.now_ns);
        ck_assert_uint_gt(dht_next_ns(node->dht), net.now_ns);
        net.now_ns = dht_next_ns(node->dht) < end_ns ? dht_next_ns(node->dht) : end_ns;
    }
    ck_assert_uint_lt(turns, 60);
    ck_assert(look().stopped);
    ck_assert_uint_eq(sent_count, 0);
    node->refuse = ERROR_NONE;
    dht_network_changed(node->dht, net.now_ns);
    ck_assert_uint_ge(sent_count, 1);
    ck_assert(!look().stopped);
}
END_TEST

START_TEST(where_nobody_answers_it_is_tried_ever_more_rarely) /* D17 */
{
    const struct netaddr start = at("40.1.1.1:7000");
    uint32_t in_first_minute, after_a_day;
    dht_add_start(node->dht, &start, true, true);
    dht_net_run(&net, 60 * NS_PER_S);
    in_first_minute = sent_count;
    ck_assert_uint_ge(in_first_minute, 3);
    dht_net_run(&net, 86400 * NS_PER_S);
    after_a_day = sent_count;
    dht_net_run(&net, 86400 * NS_PER_S);
    ck_assert_uint_ge(sent_count - after_a_day, 86400 / 960); /* at least every 15 min */
    ck_assert_uint_le(sent_count - after_a_day, 86400 / 890);
    /* One that says nothing but junk is no better. */
    char junk[64] = "d1:rd2:id20:" ID "e1:t2:xx1:y1:re";
    receive("40.1.1.1:7000", junk, sizeof junk);
    ck_assert_uint_eq(look().nodes, 0);
}
END_TEST

START_TEST(ten_networks_give_us_another_id) /* D16 */
{
    const struct dht_id before = look().id;
    char from[40];
    for (unsigned i = 0; i < 10; i++) {
        const struct dht_id now = look().id;
        ck_assert(dht_id_equal(&before, &now));
        sprintf(from, "40.%u.1.1:7000", i);
        const struct netaddr peer = at(from);
        const struct dht_id id = dht_id_for(&peer, &net.random.source);
        dht_ping(node->dht, net.now_ns, &peer);
        answer_query(from, &id, NULL, 0);
    }
    const struct dht_id after = look().id;
    ck_assert(!dht_id_equal(&before, &after));
    ck_assert(dht_id_fits(&after, &node->address));
    ck_assert_uint_eq(look().nodes, 10);
}
END_TEST

START_TEST(scrapes_are_told_to_nodes_that_answered_us)
{
    const struct netaddr peer = at("40.1.1.1:7000");
    const struct dht_id id = dht_id_for(&peer, &net.random.source);
    char token[8];
    ck_assert(ASK("40.1.1.1:7000", GET_PEERS));
    memcpy(token, answer.token, 8);
    ck_assert(announce("40.1.1.1:7000", token, 8, "6000"));
    dht_ping(node->dht, net.now_ns, &peer);
    answer_query("40.1.1.1:7000", &id, NULL, 0);
#define SCRAPE                                                                           \
    "d1:ad2:id20:" ID "9:info_hash20:" OTHER "6:scrapei1ee1:q9:get_peers" RO             \
    "1:t2:aa1:y1:qe"
    ck_assert(ASK("40.1.1.1:7000", SCRAPE));
    ck_assert_ptr_nonnull(memmem(sent, sent_length, "4:BFpe256:", 10));
    ck_assert(ASK("40.1.2.1:7000", SCRAPE));
    ck_assert_ptr_null(memmem(sent, sent_length, "4:BFpe", 6));
}
END_TEST

START_TEST(samples_are_told_with_their_interval)
{
    char token[8];
    ck_assert(ASK("40.1.1.1:7000", GET_PEERS));
    memcpy(token, answer.token, 8);
    ck_assert(announce("40.1.1.1:7000", token, 8, "6000"));
    ck_assert(ASK("40.1.1.1:7000", "d1:ad2:id20:" ID "6:target20:" OTHER
                                   "e1:q17:sample_infohashes" RO "1:t2:aa1:y1:qe"));
    ck_assert_ptr_nonnull(memmem(sent, sent_length, "8:intervali21600e", 17));
    ck_assert_ptr_nonnull(memmem(sent, sent_length, "3:numi1e", 8));
    ck_assert_ptr_nonnull(memmem(sent, sent_length, "7:samples20:" OTHER, 12 + 20));
}
END_TEST

Suite *suite_dht(void)
{
    Suite *suite = suite_create("dht");
    TCase *tests = tcase_create("dht");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, answers_nobody_asked_for_are_ignored);
    tcase_add_test(tests, guessing_all_transactions_gains_one_node_at_most);
    tcase_add_test(tests, what_is_broken_gets_no_answer);
    tcase_add_test(tests, errors_are_rate_limited);
    tcase_add_test(tests, put_whatever_it_holds_is_an_unknown_method);
    tcase_add_test(tests, a_flood_of_queries_is_answered_for_a_while);
    tcase_add_test(tests, announces_need_the_token_they_were_given);
    tcase_add_test(tests, no_answer_is_long);
    tcase_add_test(tests, nodes_that_are_none_are_not_asked);
    tcase_add_test(tests, who_says_it_is_us_is_nobody);
    tcase_add_test(tests, read_only_nodes_are_answered_and_not_kept);
    tcase_add_test(tests, both_families_are_told_who_wants_both);
    tcase_add_test(tests, without_a_network_it_rests);
    tcase_add_test(tests, where_nobody_answers_it_is_tried_ever_more_rarely);
    tcase_add_test(tests, ten_networks_give_us_another_id);
    tcase_add_test(tests, scrapes_are_told_to_nodes_that_answered_us);
    tcase_add_test(tests, samples_are_told_with_their_interval);
    suite_add_tcase(suite, tests);
    return suite;
}
