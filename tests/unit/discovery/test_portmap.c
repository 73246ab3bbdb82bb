/* Port mapping by PCP and NAT-PMP: what the gateway is asked, and which answers count. */
#include "base/buffer.h"
#include "discovery/portmap.h"
#include "tests/unit/discovery/check_discovery.h"

#include <string.h>

#define SENT_MOST 256

struct sent {
    uint64_t at_ns;
    size_t length;
    uint8_t bytes[PORTMAP_REQUEST_BYTES];
};

static struct random_seeded generator;
static struct portmap *portmap;
static struct sent sent[SENT_MOST];
static uint32_t sent_count, changes;
static uint64_t now_ns, begun_ns;
static struct netaddr own;

static void on_send(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    ck_assert_uint_lt(sent_count, SENT_MOST);
    ck_assert_uint_le(length, PORTMAP_REQUEST_BYTES);
    sent[sent_count].at_ns = now_ns;
    sent[sent_count].length = length;
    memcpy(sent[sent_count++].bytes, bytes, length);
}

static void on_change(void *context)
{
    (void)context;
    changes++;
}

static void setup(void)
{
    const struct portmap_config config = {
        .random = &generator.source, .send = on_send, .on_change = on_change};
    random_seeded_init(&generator, 5);
    now_ns = begun_ns = 1000 * NS_PER_S;
    sent_count = changes = 0;
    portmap = portmap_new(&config);
    ck_assert_ptr_nonnull(portmap);
    ck_assert_int_eq(netaddr_parse("192.168.1.7", 0, &own), ERROR_NONE);
    portmap_begin(portmap, now_ns, &own, 6881);
}

static void teardown(void)
{
    portmap_free(portmap);
}

static void run_for(uint64_t for_ns)
{
    const uint64_t end_ns = now_ns + for_ns;
    while (portmap_next_ns(portmap) <= end_ns) {
        now_ns = portmap_next_ns(portmap) > now_ns ? portmap_next_ns(portmap) : now_ns;
        portmap_run(portmap, now_ns);
    }
    now_ns = end_ns;
}

static struct portmap_look look(void)
{
    struct portmap_look look;
    portmap_get_look(portmap, &look);
    return look;
}

static uint32_t epoch_s(void)
{
    return 50 + (uint32_t)((now_ns - begun_ns) / NS_PER_S);
}

/* What a PCP gateway says to the request. */
static void answer_pcp(const struct sent *request, uint8_t result, uint32_t lease_s,
                       uint16_t port)
{
    uint8_t bytes[PORTMAP_REQUEST_BYTES];
    ck_assert_uint_eq(request->length, sizeof bytes);
    memcpy(bytes, request->bytes, sizeof bytes);
    bytes[1] |= 0x80;
    bytes[3] = result;
    be32_put(bytes + 4, lease_s);
    be32_put(bytes + 8, epoch_s());
    be16_put(bytes + 42, port);
    memcpy(bytes + 56, "\x05\x06\x07\x08", 4);
    portmap_receive(portmap, now_ns, bytes, sizeof bytes);
}

static void answer_natpmp(const struct sent *request, uint16_t result, uint32_t lease_s,
                          uint16_t port)
{
    uint8_t bytes[16] = {0, (uint8_t)(0x80 | request->bytes[1])};
    ck_assert_uint_eq(request->length, 12);
    be16_put(bytes + 2, result);
    be32_put(bytes + 4, epoch_s());
    memcpy(bytes + 8, request->bytes + 4, 2);
    be16_put(bytes + 10, port);
    be32_put(bytes + 12, lease_s);
    portmap_receive(portmap, now_ns, bytes, sizeof bytes);
}

static void say_version(void)
{
    const uint8_t bytes[8] = {0, 0x81, 0, 1, 0, 0, 0, 50};
    portmap_receive(portmap, now_ns, bytes, sizeof bytes);
}

static void map_by_pcp(void)
{
    run_for(0);
    ck_assert_uint_eq(sent_count, 2);
    answer_pcp(&sent[0], 0, 3600, 6881);
    answer_pcp(&sent[1], 0, 3600, 6881);
}

START_TEST(pcp_asks_for_both_and_again_at_half_of_the_time)
{
    static const uint8_t begin[24] = {2, 1, 0, 0, 0, 0, 0x0e, 0x10, 0,   0,   0, 0,
                                      0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 7};
    run_for(0);
    ck_assert_uint_eq(sent_count, 2);
    ck_assert_mem_eq(sent[0].bytes, begin, sizeof begin);
    ck_assert_uint_eq(sent[0].bytes[36], 6);
    ck_assert_uint_eq(sent[1].bytes[36], 17);
    ck_assert_uint_eq(be16_get(sent[0].bytes + 40), 6881);
    ck_assert_uint_eq(be16_get(sent[0].bytes + 42), 6881);
    ck_assert_int_eq(look().state, PORTMAP_ASKING);
    answer_pcp(&sent[0], 0, 3600, 7000);
    answer_pcp(&sent[1], 0, 3600, 7001);
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    ck_assert_int_eq(look().udp_state, PORTMAP_MAPPED);
    ck_assert(look().by_pcp);
    ck_assert_uint_eq(look().external_port, 7000);
    ck_assert_uint_eq(look().external.bytes[3], 8);
    run_for(1800 * NS_PER_S - 1);
    ck_assert_uint_eq(sent_count, 2);
    const uint32_t changes_before = changes;
    run_for(1);
    ck_assert_uint_eq(sent_count, 4);
    ck_assert_uint_eq(be16_get(sent[2].bytes + 42), 7000); /* that one again */
    ck_assert_mem_eq(sent[2].bytes + 24, sent[0].bytes + 24, PORTMAP_NONCE_BYTES);
    answer_pcp(&sent[2], 0, 3600, 7000);
    answer_pcp(&sent[3], 0, 3600, 7001);
    run_for(1799 * NS_PER_S);
    ck_assert_uint_eq(sent_count, 4);
    ck_assert_uint_eq(changes, changes_before);
}
END_TEST

START_TEST(a_lease_that_nobody_prolongs_ends)
{
    map_by_pcp();
    run_for(3599 * NS_PER_S);
    ck_assert_uint_gt(sent_count, 8);
    ck_assert_uint_lt(sent_count, 40);
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    run_for(NS_PER_S);
    ck_assert_int_eq(look().state, PORTMAP_ASKING);
    ck_assert_uint_eq(look().external_port, 0);
    run_for(30 * NS_PER_S);
    ck_assert_int_eq(look().state, PORTMAP_SILENT);
}
END_TEST

START_TEST(who_does_not_understand_pcp_is_asked_by_natpmp)
{
    static const uint8_t tcp[12] = {0, 2, 0, 0, 0x1a, 0xe1, 0x1a, 0xe1, 0, 0, 0x0e, 0x10};
    static const uint8_t address[12] = {0, 0x80, 0, 0, 0, 0, 0, 50, 5, 6, 7, 8};
    run_for(0);
    say_version();
    say_version(); /* one each */
    run_for(0);
    ck_assert_uint_eq(sent_count, 5);
    ck_assert_uint_eq(sent[2].length, 12);
    ck_assert_mem_eq(sent[2].bytes, tcp, sizeof tcp);
    ck_assert_uint_eq(sent[3].length, 2);
    ck_assert_uint_eq(sent[4].bytes[1], 1);
    portmap_receive(portmap, now_ns, address, sizeof address);
    answer_natpmp(&sent[2], 0, 3600, 6881);
    answer_natpmp(&sent[4], 0, 3600, 6881);
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    ck_assert_int_eq(look().udp_state, PORTMAP_MAPPED);
    ck_assert(!look().by_pcp);
    ck_assert_uint_eq(look().external.bytes[0], 5);
    run_for(1800 * NS_PER_S);
    ck_assert_uint_eq(sent_count, 8);
}
END_TEST

START_TEST(silence_is_said_after_ten_seconds_and_asked_into_ever_less_often)
{
    run_for(8 * NS_PER_S);
    ck_assert_int_eq(look().state, PORTMAP_ASKING);
    run_for(2 * NS_PER_S);
    ck_assert_int_eq(look().state, PORTMAP_SILENT);
    const uint32_t early = sent_count;
    run_for(2 * 3600 * NS_PER_S);
    ck_assert_uint_gt(sent_count, early + 20);
    ck_assert_uint_lt(sent_count, early + 120);
    const struct sent *last = &sent[sent_count - 1];
    ck_assert_uint_gt(last->at_ns, now_ns - 1200 * NS_PER_S);
    /* Only now it is there. */
    for (uint32_t i = 0; i < 5; i++)
        if (sent[sent_count - 5 + i].length == 12 &&
            sent[sent_count - 5 + i].bytes[1] == 2)
            answer_natpmp(&sent[sent_count - 5 + i], 0, 3600, 6881);
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    portmap_on_nobody(portmap); /* a late word of the network changes nothing */
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
}
END_TEST

START_TEST(where_nobody_listens_that_is_said_at_once)
{
    run_for(0);
    portmap_on_nobody(portmap);
    ck_assert_int_eq(look().state, PORTMAP_SILENT);
    const uint32_t asked = sent_count;
    portmap_again(portmap, now_ns);
    run_for(0);
    ck_assert_uint_gt(sent_count, asked);
}
END_TEST

/* W15 */
START_TEST(what_was_not_asked_for_is_ignored)
{
    struct sent other;
    run_for(0);
    other = sent[0];
    other.bytes[24] ^= 1; /* the nonce */
    answer_pcp(&other, 0, 3600, 6881);
    answer_pcp(&other, 2, 3600, 0);
    other = sent[0];
    other.bytes[41] ^= 1; /* the port */
    answer_pcp(&other, 0, 3600, 6881);
    other = (struct sent){.length = 12, .bytes = {0, 2, 0, 0, 0x1a, 0xe2}};
    answer_natpmp(&other, 0, 3600, 6881);
    ck_assert_int_eq(look().state, PORTMAP_ASKING);
    ck_assert_uint_eq(changes, 1);
    answer_pcp(&sent[0], 0, 3600, 6881);
    answer_pcp(&sent[1], 0, 3600, 6881);
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    /* Not asked any more, or not in this way. */
    answer_pcp(&sent[0], 0, 3600, 666);
    answer_pcp(&sent[0], 2, 3600, 666);
    other = (struct sent){.length = 12, .bytes = {0, 2, 0, 0, 0x1a, 0xe1}};
    answer_natpmp(&other, 2, 3600, 666);
    say_version();
    ck_assert_int_eq(look().state, PORTMAP_MAPPED);
    ck_assert_uint_eq(look().external_port, 6881);
    run_for(NS_PER_S);
    ck_assert_uint_eq(sent_count, 2);
}
END_TEST

static const struct {
    bool pcp;
    uint16_t result;
    uint32_t told_s, again_s;
    enum portmap_refusal refusal;
} refusals[] = {
    {true, 2, 600, 600, PORTMAP_REFUSAL_FORBIDDEN},
    {true, 8, 1, 30, PORTMAP_REFUSAL_FULL},
    {true, 12, UINT32_MAX, 1800, PORTMAP_REFUSAL_ADDRESS},
    {true, 7, 60, 60, PORTMAP_REFUSAL_OFFLINE},
    {true, 3, 60, 60, PORTMAP_REFUSAL_OTHER},
    {true, 0, 0, 300, PORTMAP_REFUSAL_OTHER}, /* granted for no time at all */
    {false, 2, 0, 300, PORTMAP_REFUSAL_FORBIDDEN},
    {false, 3, 0, 300, PORTMAP_REFUSAL_OFFLINE},
    {false, 4, 0, 300, PORTMAP_REFUSAL_FULL},
};

START_TEST(a_refusal_is_told_and_asked_again_when_it_may_be_over)
{
    run_for(0);
    if (!refusals[_i].pcp) {
        say_version();
        run_for(0);
    }
    const struct sent *tcp = &sent[refusals[_i].pcp ? 0 : 2];
    if (refusals[_i].pcp)
        answer_pcp(tcp, (uint8_t)refusals[_i].result, refusals[_i].told_s, 6881);
    else
        answer_natpmp(tcp, refusals[_i].result, refusals[_i].told_s, 6881);
    ck_assert_int_eq(look().state, PORTMAP_REFUSED);
    ck_assert_int_eq(look().refusal, refusals[_i].refusal);
    ck_assert_uint_eq(look().external_port, 0);
    const uint64_t at_ns = now_ns + refusals[_i].again_s * NS_PER_S;
    run_for(3600 * NS_PER_S);
    for (uint32_t i = 0; i < sent_count; i++)
        ck_assert(sent[i].at_ns == tcp->at_ns || sent[i].at_ns >= at_ns ||
                  sent[i].bytes[sent[i].length == 60 ? 36 : 1] ==
                      (sent[i].length == 60 ? 17 : 1) /* UDP */
        );
}
END_TEST

/* RFC 6886, 3.6 */
START_TEST(a_gateway_that_has_forgotten_is_asked_anew)
{
    map_by_pcp();
    run_for(1800 * NS_PER_S);
    ck_assert_uint_eq(sent_count, 4);
    answer_pcp(&sent[2], 0, 3600, 6881);
    answer_pcp(&sent[3], 0, 3600, 6881);
    run_for(NS_PER_S);
    ck_assert_uint_eq(sent_count, 4); /* it had not */
    portmap_again(portmap, now_ns);
    run_for(0);
    ck_assert_uint_eq(sent_count, 6);
    begun_ns = now_ns; /* its clock begins again */
    answer_pcp(&sent[5], 0, 3600, 6881);
    run_for(0);
    ck_assert_uint_eq(sent_count, 7);
    ck_assert_uint_eq(sent[6].bytes[36], 6);
}
END_TEST

START_TEST(at_the_end_all_is_given_back)
{
    map_by_pcp();
    portmap_end(portmap, now_ns);
    ck_assert_uint_eq(sent_count, 4);
    ck_assert_uint_eq(be32_get(sent[2].bytes + 4), 0);
    ck_assert_mem_eq(sent[2].bytes + 24, sent[0].bytes + 24, PORTMAP_NONCE_BYTES);
    answer_pcp(&sent[0], 0, 3600, 6881); /* from before */
    ck_assert(!portmap_has_ended(portmap));
    answer_pcp(&sent[2], 0, 0, 6881);
    ck_assert(!portmap_has_ended(portmap));
    answer_pcp(&sent[3], 0, 0, 6881);
    ck_assert(portmap_has_ended(portmap));
    ck_assert_uint_eq(portmap_next_ns(portmap), UINT64_MAX);
}
END_TEST

START_TEST(who_does_not_take_it_back_is_asked_for_a_second)
{
    map_by_pcp();
    portmap_end(portmap, now_ns);
    run_for(900 * NS_PER_MS);
    ck_assert(!portmap_has_ended(portmap));
    ck_assert_uint_eq(sent_count, 10); /* four times for each */
    run_for(300 * NS_PER_MS);
    ck_assert(portmap_has_ended(portmap));
    ck_assert_uint_eq(sent_count, 10);
}
END_TEST

START_TEST(who_never_answered_is_not_waited_for)
{
    run_for(0);
    portmap_end(portmap, now_ns);
    ck_assert(portmap_has_ended(portmap));
}
END_TEST

START_TEST(another_gateway_is_asked_as_if_there_had_been_none)
{
    map_by_pcp();
    const uint8_t first = sent[0].bytes[24];
    ck_assert_int_eq(netaddr_parse("10.0.0.9", 0, &own), ERROR_NONE);
    portmap_begin(portmap, now_ns, &own, 6882);
    ck_assert_int_eq(look().state, PORTMAP_ASKING);
    ck_assert_int_eq(look().external.family, NETADDR_NONE);
    run_for(0);
    ck_assert_uint_eq(sent_count, 4);
    ck_assert_uint_eq(sent[2].bytes[23], 9);
    ck_assert_uint_ne(sent[2].bytes[24], first);
    ck_assert_uint_eq(be16_get(sent[2].bytes + 42), 6882);
    portmap_rest(portmap);
    ck_assert_int_eq(look().state, PORTMAP_RESTING);
    ck_assert_uint_eq(portmap_next_ns(portmap), UINT64_MAX);
}
END_TEST

static const struct {
    size_t length;
    uint8_t bytes[64];
} broken[] = {
    {0, {0}},
    {3, {0, 0x80, 0}},
    {7, {0, 0x80, 0, 0, 0, 0, 0}},
    {8, {0, 0x80, 0, 0, 0, 0, 0, 1}},              /* no address */
    {15, {0, 0x81, 0, 0, 0, 0, 0, 1, 0x1a, 0xe1}}, /* one byte short */
    {16, {0, 0x01, 0, 0, 0, 0, 0, 1, 0x1a, 0xe1}}, /* a request */
    {16, {0, 0x83, 0, 0, 0, 0, 0, 1, 0x1a, 0xe1}}, /* no such opcode */
    {59, {2, 0x81, 0, 0}},                         /* one byte short */
    {60, {2, 0x82, 0, 0}},                         /* another opcode */
    {60, {2, 0x81, 0, 0, [36] = 1}},               /* of ICMP */
    {62, {2, 0x81, 0, 0, [36] = 6}},               /* no multiple of 4 */
    {4, {1, 0x81, 0, 0}},                          /* another version */
};

START_TEST(what_is_broken_is_no_answer)
{
    struct portmap_reply reply;
    ck_assert_int_eq(portmap_parse(broken[_i].bytes, broken[_i].length, &reply),
                     ERROR_INVALID);
}
END_TEST

Suite *suite_portmap(void)
{
    Suite *suite = suite_create("portmap");
    TCase *tests = tcase_create("portmap");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, pcp_asks_for_both_and_again_at_half_of_the_time);
    tcase_add_test(tests, a_lease_that_nobody_prolongs_ends);
    tcase_add_test(tests, who_does_not_understand_pcp_is_asked_by_natpmp);
    tcase_add_test(tests,
                   silence_is_said_after_ten_seconds_and_asked_into_ever_less_often);
    tcase_add_test(tests, where_nobody_listens_that_is_said_at_once);
    tcase_add_test(tests, what_was_not_asked_for_is_ignored);
    tcase_add_loop_test(tests, a_refusal_is_told_and_asked_again_when_it_may_be_over, 0,
                        sizeof refusals / sizeof refusals[0]);
    tcase_add_test(tests, a_gateway_that_has_forgotten_is_asked_anew);
    tcase_add_test(tests, at_the_end_all_is_given_back);
    tcase_add_test(tests, who_does_not_take_it_back_is_asked_for_a_second);
    tcase_add_test(tests, who_never_answered_is_not_waited_for);
    tcase_add_test(tests, another_gateway_is_asked_as_if_there_had_been_none);
    tcase_add_loop_test(tests, what_is_broken_is_no_answer, 0,
                        sizeof broken / sizeof broken[0]);
    suite_add_tcase(suite, tests);
    return suite;
}
