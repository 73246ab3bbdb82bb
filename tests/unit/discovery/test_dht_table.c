#include "discovery/dht_lookup.h"
#include "discovery/dht_table.h"
#include "tests/unit/discovery/check_discovery.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct random_seeded generator;

static struct netaddr at(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct netaddr at(const char *format, ...)
{
    char text[60];
    struct netaddr address;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ck_assert_int_eq(netaddr_parse(text, 6881, &address), ERROR_NONE);
    return address;
}

static struct dht_contact fitting(struct netaddr address)
{
    return (struct dht_contact){dht_id_for(&address, &generator.source), address};
}

static struct dht_table *new_table(struct dht_id *ret_own)
{
    random_seeded_init(&generator, 11);
    random_fill(&generator.source, ret_own->bytes, sizeof ret_own->bytes);
    struct dht_table *table = dht_table_new(ret_own);
    ck_assert_ptr_nonnull(table);
    return table;
}

static bool has(const struct dht_table *table, const struct netaddr *address)
{
    return dht_table_rtt_ns(table, address) != 0;
}

/* ---- the table ---- */

START_TEST(the_nearest_are_found_nearest_first)
{
    struct dht_id own, target;
    struct dht_contact nodes[DHT_CLOSEST];
    struct dht_table *table = new_table(&own);
    for (unsigned i = 0; i < 1000; i++) {
        const struct dht_contact node = fitting(at("30.%u.%u.%u", i / 250, i % 250, 1));
        dht_table_answered(table, &node, NS_PER_S, NS_PER_MS);
    }
    ck_assert_uint_gt(dht_table_good(table), 50);
    for (unsigned i = 0; i < 50; i++) {
        random_fill(&generator.source, target.bytes, sizeof target.bytes);
        ck_assert_uint_eq(dht_table_closest(table, &target, DHT_CLOSEST, nodes),
                          DHT_CLOSEST);
        for (unsigned j = 1; j < DHT_CLOSEST; j++)
            ck_assert_int_lt(dht_id_compare(&target, &nodes[j - 1].id, &nodes[j].id), 0);
    }
    dht_table_free(table);
}
END_TEST

START_TEST(one_node_a_network_is_in_a_bucket) /* D10, D11 */
{
    struct dht_id own;
    struct dht_contact all[1000];
    struct dht_table *table = new_table(&own);
    for (unsigned i = 0; i < 5000; i++) { /* 20 networks of 250 hosts */
        const struct dht_contact node = fitting(at("30.1.%u.%u", i % 20, 1 + i / 20));
        dht_table_answered(table, &node, NS_PER_S, NS_PER_MS);
    }
    const uint32_t count = dht_table_all(table, all, 1000);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (dht_same_block(&all[i].address, &all[j].address))
                ck_assert_uint_ne(dht_id_shared_bits(&own, &all[i].id),
                                  dht_id_shared_bits(&own, &all[j].id));
    dht_table_free(table);
}
END_TEST

START_TEST(a_host_is_one_node_whatever_it_calls_itself) /* D10 */
{
    struct dht_id own;
    struct dht_table *table = new_table(&own);
    for (unsigned i = 0; i < 1000; i++) {
        struct dht_contact node = fitting(at("30.1.1.1:%u", 2000 + i));
        random_fill(&generator.source, node.id.bytes, sizeof node.id.bytes);
        dht_table_answered(table, &node, NS_PER_S, NS_PER_MS);
    }
    ck_assert_uint_eq(dht_table_good(table), 1);
    dht_table_free(table);
}
END_TEST

START_TEST(a_flood_puts_out_nobody_who_answers) /* D11 */
{
    struct dht_id own;
    struct dht_contact honest[200];
    struct dht_table *table = new_table(&own);
    uint32_t kept = 0;
    for (unsigned i = 0; i < 200; i++) {
        honest[i] = fitting(at("40.%u.7.1", i));
        dht_table_answered(table, &honest[i], NS_PER_S, NS_PER_MS);
    }
    for (unsigned i = 0; i < 200; i++)
        kept += has(table, &honest[i].address);
    for (unsigned i = 0; i < 100000; i++) { /* of one /16, with the best of ids */
        struct dht_contact node = fitting(at("50.1.%u.%u", i % 256, i / 256 % 256));
        node.address.port = (uint16_t)(1024 + i / 65536);
        if (i % 2 == 0)
            node.id = dht_id_random_near(&own, i % 30, &generator.source);
        dht_table_answered(table, &node, 2 * NS_PER_S, NS_PER_MS);
    }
    for (unsigned i = 0; i < 200; i++)
        kept -= has(table, &honest[i].address);
    ck_assert_uint_eq(kept, 0);
    dht_table_free(table);
}
END_TEST

START_TEST(who_fails_twice_is_replaced_by_who_stood_by)
{
    struct dht_id own;
    struct dht_table *table = new_table(&own);
    struct dht_contact nodes[60];
    for (unsigned i = 0; i < 60; i++) { /* all in the furthest bucket */
        nodes[i].address = at("10.0.0.%u:%u", 1 + i, 5000 + i);
        nodes[i].id = dht_id_random_near(&own, 0, &generator.source);
        dht_table_answered(table, &nodes[i], NS_PER_S, NS_PER_MS);
    }
    const uint32_t before = dht_table_good(table);
    ck_assert_uint_lt(before, 60);
    ck_assert(has(table, &nodes[0].address));
    dht_table_failed(table, &nodes[0].address);
    ck_assert(has(table, &nodes[0].address));
    ck_assert_uint_eq(dht_table_good(table), before - 1);
    dht_table_failed(table, &nodes[0].address);
    ck_assert(!has(table, &nodes[0].address));
    ck_assert_uint_eq(dht_table_good(table), before);
    dht_table_free(table);
}
END_TEST

START_TEST(ids_that_fit_are_told_before_others) /* D10 */
{
    struct dht_id own;
    struct dht_contact told[DHT_CLOSEST];
    struct dht_table *table = new_table(&own);
    const struct dht_id target = dht_id_random_near(&own, 0, &generator.source);
    for (unsigned i = 0; i < 8; i++) { /* made up, next to the target */
        const struct dht_contact sybil = {
            dht_id_random_near(&target, 120 + i, &generator.source), at("60.%u.1.1", i)};
        dht_table_answered(table, &sybil, NS_PER_S, NS_PER_MS);
    }
    for (unsigned i = 0; i < 40; i++) {
        const struct dht_contact node = fitting(at("40.%u.7.1", i));
        dht_table_answered(table, &node, NS_PER_S, NS_PER_MS);
    }
    const uint32_t count = dht_table_closest(table, &target, DHT_CLOSEST, told);
    for (uint32_t i = 0; i < count; i++)
        ck_assert(dht_id_fits(&told[i].id, &told[i].address));
    dht_table_free(table);
}
END_TEST

START_TEST(nodes_and_buckets_long_silent_are_looked_at)
{
    struct dht_id own, target;
    struct dht_contact stale;
    uint64_t next_ns;
    struct dht_table *table = new_table(&own);
    const struct dht_contact node = fitting(at("40.1.7.1"));
    dht_table_answered(table, &node, NS_PER_S, NS_PER_MS);
    ck_assert(!dht_table_next_stale(table, 2 * NS_PER_S, &stale, &next_ns));
    ck_assert_uint_eq(next_ns, NS_PER_S + DHT_FRESH_NS);
    ck_assert(dht_table_next_stale(table, next_ns, &stale, &next_ns));
    ck_assert(netaddr_equal(&stale.address, &node.address));
    ck_assert(!dht_table_next_stale(table, NS_PER_S + DHT_FRESH_NS, &stale, &next_ns));
    ck_assert(dht_table_next_refresh(table, NS_PER_S + DHT_FRESH_NS, &generator.source,
                                     &target, &next_ns));
    ck_assert(!dht_table_next_refresh(table, NS_PER_S + DHT_FRESH_NS, &generator.source,
                                      &target, &next_ns));
    ck_assert_uint_eq(next_ns, NS_PER_S + 2 * DHT_FRESH_NS);
    dht_table_free(table);
}
END_TEST

START_TEST(with_another_id_all_find_their_places)
{
    struct dht_id own, other;
    struct dht_contact node;
    struct dht_table *table = new_table(&own);
    for (unsigned i = 0; i < 20; i++) {
        node = fitting(at("40.%u.7.1", i));
        dht_table_answered(table, &node, NS_PER_S, NS_PER_MS);
    }
    const uint32_t before = dht_table_good(table);
    random_fill(&generator.source, other.bytes, sizeof other.bytes);
    dht_table_set_own(table, &other);
    ck_assert_uint_eq(dht_table_good(table), before);
    /* Nobody has our id (D15). */
    node = (struct dht_contact){other, at("41.1.7.1")};
    ck_assert(!dht_table_answered(table, &node, NS_PER_S, NS_PER_MS));
    ck_assert(!dht_table_asked(table, &node, NS_PER_S));
    dht_table_free(table);
}
END_TEST

/* ---- lookups ---- */

static struct dht_lookup *new_lookup(struct dht_id *ret_target)
{
    struct dht_id own;
    random_seeded_init(&generator, 12);
    random_fill(&generator.source, own.bytes, sizeof own.bytes);
    random_fill(&generator.source, ret_target->bytes, sizeof ret_target->bytes);
    struct dht_lookup *lookup = dht_lookup_new(&own, ret_target, 0);
    ck_assert_ptr_nonnull(lookup);
    return lookup;
}

START_TEST(a_lookup_that_never_converges_ends) /* D14 */
{
    struct dht_id target;
    struct dht_lookup *lookup = new_lookup(&target);
    struct dht_contact start = fitting(at("40.1.1.1"));
    uint64_t now_ns = 0, next_ns;
    unsigned fake = 0;
    struct dht_next next;
    dht_lookup_start(lookup, &start, 0);
    while (!dht_lookup_is_done(lookup, now_ns)) {
        now_ns += NS_PER_MS;
        while (dht_lookup_next(lookup, now_ns, NS_PER_S, &next, &next_ns)) {
            struct dht_message answer = {.kind = DHT_RESPONSE, .node_count = 8};
            for (unsigned i = 0; i < 8; i++, fake++) /* ever nearer */
                answer.nodes[i] = (struct dht_contact){
                    dht_id_random_near(&target, 20 + fake / 20 % 130, &generator.source),
                    at("%u.%u.%u.1", 50 + fake / 62500, fake / 250 % 250, fake % 250)};
            dht_lookup_answered(lookup, &next.contact.address, &answer);
        }
    }
    ck_assert_uint_eq(dht_lookup_queries(lookup), DHT_QUERIES_MOST);
    dht_lookup_free(lookup);
}
END_TEST

START_TEST(a_lookup_among_the_silent_ends_after_a_minute) /* D14 */
{
    struct dht_id target;
    struct dht_lookup *lookup = new_lookup(&target);
    uint64_t now_ns = 0, next_ns;
    struct dht_next next;
    for (unsigned i = 0; i < 20; i++) {
        const struct dht_contact start = fitting(at("40.%u.1.1", i));
        dht_lookup_start(lookup, &start, 0);
    }
    for (; !dht_lookup_is_done(lookup, now_ns); now_ns += NS_PER_S / 10)
        while (dht_lookup_next(lookup, now_ns, NS_PER_S, &next, &next_ns))
            ck_assert_uint_gt(next_ns, now_ns);
    ck_assert_uint_eq(now_ns, DHT_LOOKUP_NS);
    dht_lookup_free(lookup);
}
END_TEST

START_TEST(eight_are_asked_at_a_time_and_the_slow_hold_up_nobody)
{
    struct dht_id target;
    struct dht_lookup *lookup = new_lookup(&target);
    uint64_t next_ns;
    struct dht_next next;
    uint32_t asked = 0;
    for (unsigned i = 0; i < 24; i++) { /* all answer within 100 ms, as a rule */
        const struct dht_contact start = fitting(at("40.%u.1.1", i));
        dht_lookup_start(lookup, &start, 100 * NS_PER_MS);
    }
    while (dht_lookup_next(lookup, NS_PER_S, NS_PER_S, &next, &next_ns))
        asked++;
    ck_assert_uint_eq(asked, DHT_ALPHA);
    ck_assert_uint_eq(next_ns, NS_PER_S + 250 * NS_PER_MS);
    ck_assert(!dht_lookup_next(lookup, next_ns - 1, NS_PER_S, &next, &next_ns));
    next_ns = NS_PER_S + 250 * NS_PER_MS;
    const uint64_t slow_ns = next_ns;
    while (dht_lookup_next(lookup, slow_ns, NS_PER_S, &next, &next_ns))
        asked++;
    ck_assert_uint_eq(asked, 2 * DHT_ALPHA);
    dht_lookup_free(lookup);
}
END_TEST

START_TEST(three_ways_share_no_node) /* D10 */
{
    struct dht_id target;
    struct dht_lookup *lookup = new_lookup(&target);
    uint64_t next_ns, now_ns = NS_PER_S;
    struct dht_next next;
    uint32_t honest = 0;
    /* A liar and two honest nodes to begin with. The liar names eight of its own, as near
     * as can be; each of them eight more. The honest name honest ones. */
    const struct dht_contact liar = fitting(at("60.1.1.1"));
    dht_lookup_start(lookup, &liar, 0);
    for (unsigned i = 0; i < 2; i++) {
        const struct dht_contact start = fitting(at("40.%u.1.1", i));
        dht_lookup_start(lookup, &start, 0);
    }
    for (unsigned fake = 0, true_ones = 0; !dht_lookup_is_done(lookup, now_ns);
         now_ns += NS_PER_MS)
        while (dht_lookup_next(lookup, now_ns, NS_PER_S, &next, &next_ns)) {
            struct dht_message answer = {.kind = DHT_RESPONSE, .node_count = 8};
            const bool lies = next.contact.address.bytes[0] >= 60;
            honest += !lies;
            for (unsigned i = 0; i < 8; i++)
                answer.nodes[i] =
                    lies ? (struct dht_contact){dht_id_random_near(&target, 100,
                                                                   &generator.source),
                                                at("%u.%u.%u.1", 61 + fake / 62500,
                                                   fake / 250 % 250, fake % 250)}
                         : fitting(
                               at("41.%u.%u.1", true_ones / 250 % 250, true_ones % 250));
            fake += lies ? 8 : 0;
            true_ones += lies ? 0 : 8;
            dht_lookup_answered(lookup, &next.contact.address, &answer);
        }
    /* The liar's way ate its share; the other two went their ways to the end. */
    ck_assert_uint_ge(honest, 20);
    dht_lookup_free(lookup);
}
END_TEST

START_TEST(a_network_is_asked_once_and_misfits_are_half_of_the_result) /* D10 */
{
    struct dht_id target;
    struct dht_lookup *lookup = new_lookup(&target);
    struct dht_announcee nodes[DHT_CLOSEST];
    uint64_t next_ns;
    struct dht_next next;
    uint32_t from_one_net = 0, misfits = 0;
    struct dht_message answer = {.kind = DHT_RESPONSE, .token_length = 4};
    for (unsigned i = 0; i < 30; i++) {
        const struct dht_contact sybil = {
            dht_id_random_near(&target, 100 + i, &generator.source),
            i < 15 ? at("60.1.1.%u", i + 1) : at("61.%u.1.1", i)};
        const struct dht_contact node = fitting(at("40.%u.1.1", i));
        dht_lookup_start(lookup, &sybil, 0);
        dht_lookup_start(lookup, &node, 0);
    }
    while (dht_lookup_next(lookup, NS_PER_S, NS_PER_S, &next, &next_ns)) {
        from_one_net += next.contact.address.bytes[0] == 60;
        answer.id = next.contact.id;
        dht_lookup_answered(lookup, &next.contact.address, &answer);
    }
    ck_assert_uint_le(from_one_net, 1);
    ck_assert_uint_eq(dht_lookup_result(lookup, nodes), DHT_CLOSEST);
    for (unsigned i = 0; i < DHT_CLOSEST; i++)
        misfits += !dht_id_fits(&nodes[i].contact.id, &nodes[i].contact.address);
    ck_assert_uint_eq(misfits, DHT_CLOSEST / 2);
    dht_lookup_free(lookup);
}
END_TEST

START_TEST(an_address_without_an_id_begins_too)
{
    struct dht_id target;
    struct dht_lookup *lookup = new_lookup(&target);
    uint64_t next_ns;
    struct dht_next next;
    struct dht_message answer = {.kind = DHT_RESPONSE, .node_count = 1};
    const struct netaddr start = at("40.1.1.1");
    dht_lookup_start_at(lookup, &start);
    ck_assert(!dht_lookup_is_done(lookup, 0));
    ck_assert(dht_lookup_next(lookup, 0, NS_PER_S, &next, &next_ns));
    ck_assert(!next.has_id && netaddr_equal(&next.contact.address, &start));
    answer.id = dht_id_random_near(&target, 30, &generator.source);
    answer.nodes[0] = fitting(at("41.1.1.1"));
    dht_lookup_answered(lookup, &start, &answer);
    ck_assert(dht_lookup_next(lookup, 0, NS_PER_S, &next, &next_ns));
    ck_assert(next.has_id);
    dht_lookup_failed(lookup, &next.contact.address);
    ck_assert(dht_lookup_is_done(lookup, 0));
    ck_assert_uint_eq(dht_lookup_answers(lookup), 1);
    dht_lookup_free(lookup);
}
END_TEST

Suite *suite_dht_table(void)
{
    Suite *suite = suite_create("dht table");
    TCase *table = tcase_create("table");
    tcase_set_timeout(table, 60);
    tcase_add_test(table, the_nearest_are_found_nearest_first);
    tcase_add_test(table, one_node_a_network_is_in_a_bucket);
    tcase_add_test(table, a_host_is_one_node_whatever_it_calls_itself);
    tcase_add_test(table, a_flood_puts_out_nobody_who_answers);
    tcase_add_test(table, who_fails_twice_is_replaced_by_who_stood_by);
    tcase_add_test(table, ids_that_fit_are_told_before_others);
    tcase_add_test(table, nodes_and_buckets_long_silent_are_looked_at);
    tcase_add_test(table, with_another_id_all_find_their_places);
    suite_add_tcase(suite, table);
    TCase *lookup = tcase_create("lookup");
    tcase_add_test(lookup, a_lookup_that_never_converges_ends);
    tcase_add_test(lookup, a_lookup_among_the_silent_ends_after_a_minute);
    tcase_add_test(lookup, eight_are_asked_at_a_time_and_the_slow_hold_up_nobody);
    tcase_add_test(lookup, three_ways_share_no_node);
    tcase_add_test(lookup, a_network_is_asked_once_and_misfits_are_half_of_the_result);
    tcase_add_test(lookup, an_address_without_an_id_begins_too);
    suite_add_tcase(suite, lookup);
    return suite;
}
