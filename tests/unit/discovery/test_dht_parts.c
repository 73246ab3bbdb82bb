/* The small parts of the DHT: ids, votes, what is believed of what was found, the rates,
 * the store, the state file. */
#include "base/digest.h"
#include "discovery/dht_found.h"
#include "discovery/dht_id.h"
#include "discovery/dht_rate.h"
#include "discovery/dht_state.h"
#include "discovery/dht_store.h"
#include "discovery/dht_votes.h"
#include "tests/unit/discovery/check_discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 6881, &address), ERROR_NONE);
    return address;
}

static struct netaddr in_net(unsigned net, unsigned host)
{
    char text[40];
    snprintf(text, sizeof text, "%u.%u.%u.%u:6881", 20 + net / 65536, net / 256 % 256,
             net % 256, host);
    return at(text);
}

static struct dht_id id_of(uint32_t number)
{
    struct random_seeded random;
    struct dht_id id;
    random_seeded_init(&random, number);
    random_fill(&random.source, id.bytes, sizeof id.bytes);
    return id;
}

static bool from_hex(const char *text, struct dht_id *ret_id)
{
    struct info_hash hash;
    if (!info_hash_from_hex(text, strlen(text), &hash))
        return false;
    memcpy(ret_id->bytes, hash.bytes, sizeof ret_id->bytes);
    return true;
}

/* ---- ids ---- */

START_TEST(ids_fit_their_addresses_as_the_bep_has_it)
{
    /* The examples of BEP 42. */
    static const struct {
        const char *address, *id;
    } examples[] = {
        {"124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"},
        {"21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"},
        {"65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"},
        {"84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"},
        {"43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"},
    };
    for (unsigned i = 0; i < 5; i++) {
        struct dht_id id;
        const struct netaddr address = at(examples[i].address);
        ck_assert(from_hex(examples[i].id, &id));
        ck_assert(dht_id_fits(&id, &address));
        id.bytes[1] ^= 1;
        ck_assert(!dht_id_fits(&id, &address));
    }
}
END_TEST

START_TEST(an_id_made_for_an_address_fits_it)
{
    static const char *const addresses[] = {"124.31.75.21", "[2a01:4f8::1]:1",
                                            "192.168.1.1"};
    struct random_seeded random;
    random_seeded_init(&random, 1);
    for (unsigned i = 0; i < 60; i++) {
        const struct netaddr address = at(addresses[i % 3]);
        const struct dht_id id = dht_id_for(&address, &random.source);
        ck_assert(dht_id_fits(&id, &address));
    }
}
END_TEST

START_TEST(distances_and_shared_bits_agree)
{
    struct random_seeded random;
    random_seeded_init(&random, 2);
    const struct dht_id own = id_of(1);
    for (uint32_t shared = 0; shared < DHT_ID_BITS; shared++) {
        const struct dht_id id = dht_id_random_near(&own, shared, &random.source);
        const struct dht_id far = dht_id_random_near(&own, 0, &random.source);
        ck_assert_uint_eq(dht_id_shared_bits(&own, &id), shared);
        if (shared > 0)
            ck_assert_int_lt(dht_id_compare(&own, &id, &far), 0);
    }
    ck_assert_uint_eq(dht_id_shared_bits(&own, &own), DHT_ID_BITS);
    ck_assert_int_eq(dht_id_compare(&own, &own, &own), 0);
}
END_TEST

/* ---- votes: D16 ---- */

START_TEST(ten_networks_are_needed_to_tell_us_our_address) /* D16 */
{
    struct dht_votes votes = {0};
    struct netaddr result;
    const struct netaddr truth = at("81.2.69.160"), lie = at("81.2.69.161");
    /* One network has one voice, however many speak from it; at home nobody has. */
    for (unsigned host = 1; host < 50; host++) {
        const struct netaddr liar = in_net(7, host), home = at("192.168.0.9");
        dht_votes_add(&votes, &liar, &lie);
        dht_votes_add(&votes, &home, &lie);
    }
    for (unsigned net = 100; net < 109; net++) {
        const struct netaddr voter = in_net(net, 1);
        dht_votes_add(&votes, &voter, &truth);
    }
    ck_assert(!dht_votes_result(&votes, &result));
    const struct netaddr tenth = in_net(200, 1);
    dht_votes_add(&votes, &tenth, &truth);
    ck_assert(dht_votes_result(&votes, &result));
    ck_assert(netaddr_same_host(&result, &truth));
    /* As many liars as there are honest voices say nothing. */
    for (unsigned net = 300; net < 312; net++) {
        const struct netaddr liar = in_net(net, 1);
        dht_votes_add(&votes, &liar, &lie);
    }
    ck_assert(!dht_votes_result(&votes, &result) || netaddr_same_host(&result, &lie));
}
END_TEST

/* ---- values: D13 ---- */

START_TEST(values_cannot_send_us_after_a_victim) /* D13 */
{
    struct dht_found found = {0};
    const struct netaddr from = in_net(1, 1);
    uint64_t now_ns = 1000 * NS_PER_S;
    uint32_t taken = 0;
    char text[40];
    for (unsigned port = 1; port < 65536; port += 97) { /* one host, all ports */
        snprintf(text, sizeof text, "81.2.69.160:%u", port);
        const struct netaddr peer = at(text);
        taken += dht_found_take(&found, &from, &peer, now_ns);
    }
    ck_assert_uint_eq(taken, 1);
    for (unsigned host = 1; host < 255; host++) { /* one network */
        const struct netaddr peer = in_net(9, host);
        taken += dht_found_take(&found, &from, &peer, now_ns);
    }
    ck_assert_uint_eq(taken, 1 + DHT_FOUND_NET);
    const struct netaddr refused[] = {at("81.2.70.1:80"),   at("192.168.0.1:6881"),
                                      at("127.0.0.1:6881"), at("224.0.0.1:6881"),
                                      at("81.2.70.1:1900"), at("169.254.1.1:6881")};
    for (unsigned i = 0; i < 6; i++)
        ck_assert(!dht_found_take(&found, &from, &refused[i], now_ns));
    /* Ten minutes later they may be named again. */
    now_ns += DHT_FOUND_NS;
    const struct netaddr again = in_net(9, 1);
    ck_assert(dht_found_take(&found, &from, &again, now_ns));
    dht_found_done(&found);
}
END_TEST

START_TEST(at_home_a_port_is_a_peer)
{
    struct dht_found found = {0};
    const struct netaddr from = at("127.0.0.1:4000");
    uint32_t taken = 0;
    char text[40];
    for (unsigned port = 2000; port < 2600; port++) {
        snprintf(text, sizeof text, "127.0.0.1:%u", port);
        const struct netaddr peer = at(text);
        taken += dht_found_take(&found, &from, &peer, 1);
        taken += dht_found_take(&found, &from, &peer, 1);
    }
    ck_assert_uint_eq(taken, DHT_FOUND_MOST);
    dht_found_done(&found);
}
END_TEST

/* ---- rates: D5, D6 ---- */

START_TEST(a_host_that_asks_too_much_is_not_answered_for_five_minutes) /* D6 */
{
    struct dht_rate *rate = dht_rate_new(0);
    const struct netaddr loud = in_net(1, 1), quiet = in_net(2, 1);
    uint32_t answered = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        struct netaddr from = loud;
        from.port = (uint16_t)(1024 + i); /* another port is no other host */
        answered += dht_rate_may_answer(rate, &from, NS_PER_S + i * NS_PER_MS);
    }
    ck_assert_uint_eq(answered, DHT_RATE_QUERIES);
    ck_assert(dht_rate_may_answer(rate, &quiet, 2 * NS_PER_S));
    ck_assert(!dht_rate_may_answer(rate, &loud, 290 * NS_PER_S));
    ck_assert(dht_rate_may_answer(rate, &loud, 310 * NS_PER_S));
    dht_rate_free(rate);
}
END_TEST

START_TEST(ten_thousand_hosts_cost_no_more_than_a_thousand) /* D6 */
{
    struct dht_rate *rate = dht_rate_new(0);
    const struct netaddr loud = in_net(60000, 1);
    for (uint32_t i = 0; i <= DHT_RATE_QUERIES; i++)
        dht_rate_may_answer(rate, &loud, NS_PER_S);
    for (uint32_t i = 0; i < 10000; i++) {
        const struct netaddr from = in_net(i, 1);
        ck_assert(dht_rate_may_answer(rate, &from, 2 * NS_PER_S + i));
        if (i % 500 == 0) /* it goes on, and so is not forgotten */
            ck_assert(!dht_rate_may_answer(rate, &loud, 2 * NS_PER_S + i));
    }
    dht_rate_free(rate);
}
END_TEST

START_TEST(all_together_get_eight_thousand_bytes_a_second) /* D6 */
{
    struct dht_rate *rate = dht_rate_new(0);
    uint64_t sent = 0;
    for (uint64_t now_ns = 0; now_ns < 60 * NS_PER_S; now_ns += NS_PER_MS)
        if (dht_rate_may_send(rate, 300, DHT_RATE_BURST_BYTES / 2, now_ns))
            sent += 300;
    ck_assert_uint_le(sent, 60 * DHT_RATE_BYTES_PER_S + DHT_RATE_BURST_BYTES);
    ck_assert_uint_ge(sent, 59 * DHT_RATE_BYTES_PER_S);
    /* What is more urgent still goes. */
    ck_assert(!dht_rate_may_send(rate, 300, DHT_RATE_BURST_BYTES / 2, 60 * NS_PER_S));
    ck_assert(dht_rate_may_send(rate, 300, 0, 60 * NS_PER_S));
    dht_rate_free(rate);
}
END_TEST

START_TEST(errors_are_told_once_a_second) /* D5 */
{
    struct dht_rate *rate = dht_rate_new(0);
    const struct netaddr from = in_net(1, 1);
    uint32_t told = 0;
    for (uint64_t now_ns = NS_PER_S; now_ns < 11 * NS_PER_S; now_ns += 10 * NS_PER_MS)
        told += dht_rate_may_fail(rate, &from, now_ns);
    ck_assert_uint_eq(told, 10);
    dht_rate_free(rate);
}
END_TEST

/* ---- the store: D7, D9 ---- */

START_TEST(a_token_is_good_for_its_host_its_hash_and_ten_minutes) /* D7 */
{
    struct random_seeded random;
    uint8_t token[DHT_TOKEN_BYTES];
    random_seeded_init(&random, 3);
    struct dht_store *store = dht_store_new(&random.source, 0);
    const struct netaddr host = in_net(1, 1), other = in_net(1, 2);
    const struct dht_id hash = id_of(1), foreign = id_of(2);
    struct netaddr port = host;
    port.port++;
    dht_store_token(store, &host, &hash, NS_PER_S, token);
#define IS_GOOD(address, id, size, now)                                                  \
    dht_store_token_is_good(store, address, id, token, size, now)
    ck_assert(IS_GOOD(&host, &hash, 8, NS_PER_S));
    ck_assert(IS_GOOD(&port, &hash, 8, NS_PER_S)); /* behind a NAT ports change */
    ck_assert(!IS_GOOD(&other, &hash, 8, NS_PER_S));
    ck_assert(!IS_GOOD(&host, &foreign, 8, NS_PER_S));
    ck_assert(!IS_GOOD(&host, &hash, 7, NS_PER_S));
    ck_assert(!IS_GOOD(&host, &hash, 0, NS_PER_S));
    ck_assert(IS_GOOD(&host, &hash, 8, 301 * NS_PER_S));
    ck_assert(IS_GOOD(&host, &hash, 8, 599 * NS_PER_S));
    ck_assert(!IS_GOOD(&host, &hash, 8, 601 * NS_PER_S));
    dht_store_token(store, &host, &hash, 601 * NS_PER_S, token);
    ck_assert(!IS_GOOD(&host, &hash, 8, 3000 * NS_PER_S)); /* after a long sleep */
    dht_store_free(store);
}
END_TEST

START_TEST(announces_of_a_million_hashes_leave_two_thousand) /* D9 */
{
    struct random_seeded random;
    struct netaddr found[10];
    uint32_t total;
    struct dht_id samples[8];
    random_seeded_init(&random, 4);
    struct dht_store *store = dht_store_new(&random.source, 0);
    const struct netaddr peer = in_net(1, 1);
    const struct dht_id used = id_of(UINT32_MAX);
    struct dht_id hash = {{0}};
    for (uint32_t i = 0; i < 1000000; i++) {
        if (i % 1000 == 0) /* one that is used is kept */
            dht_store_add(store, &used, &peer, false, i);
        memcpy(hash.bytes, &i, sizeof i);
        dht_store_add(store, &hash, &peer, false, i);
    }
    ck_assert_uint_eq(dht_store_samples(store, 1000000, samples, 8, &total), 8);
    ck_assert_uint_eq(total, DHT_STORE_HASHES);
    ck_assert_uint_eq(dht_store_peers(store, &used, 1000000, found, 10), 1);
    dht_store_free(store);
}
END_TEST

START_TEST(a_hash_has_five_hundred_peers_for_half_an_hour) /* D9 */
{
    struct random_seeded random;
    static struct netaddr found[2000];
    random_seeded_init(&random, 5);
    struct dht_store *store = dht_store_new(&random.source, 0);
    const struct dht_id hash = id_of(1);
    for (uint32_t i = 0; i < 5000; i++) {
        struct netaddr peer = in_net(i, 1);
        dht_store_add(store, &hash, &peer, false, i);
        peer.port++; /* a public host is one peer */
        dht_store_add(store, &hash, &peer, false, i);
    }
    ck_assert_uint_eq(dht_store_peers(store, &hash, 5000, found, 2000), DHT_STORE_PEERS);
    ck_assert_uint_eq(dht_store_peers(store, &hash, 5000 + DHT_STORE_NS, found, 2000), 0);
    dht_store_free(store);
}
END_TEST

START_TEST(blooms_are_those_of_the_bep)
{
    /* The example of BEP 33. */
    static const char wanted[] =
        "F6C3F5EAA07FFD91BDE89F777F26FB2BFF37BDB8FB2BBAA2FD3DDDE7BACFFF75"
        "EE7CCBAEFE5EEDB1FBFAFF67F6ABFF5E43DDBCA3FD9B9FFDF4FFD3E9DFF12D1B"
        "DF59DB53DBE9FA5B7FF3B8FDFCDE1AFB8BEDD7BE2F3EE71EBBBFE93BCDEEFE14"
        "8246C2BC5DBFF7E7EFDCF24FD8DC7ADFFD8FFFDFDDFFF7A4BBEEDF5CB95CE81F"
        "C7FCFF1FF4FFFFDFE5F7FDCBB7FD79B3FA1FC77BFE07FFF905B7B7FFC7FEFEFF"
        "E0B8370BB0CD3F5B7F2BD93FEB4386CFDD6F7FD5BFAF2E9EBFFFFEECD67ADBF7"
        "C67F17EFD5D75EBA6FFEBA7FFF47A91EB1BFBB53E8ABFB5762ABE8FF237279BF"
        "EFBFEEF5FFC5FEBFDFE5ADFFADFEE1FB737FFFFBFD9F6AEFFEEE76B6FD8F72EF";
    uint8_t bloom[DHT_BLOOM_BYTES] = {0};
    char text[2 * DHT_BLOOM_BYTES + 1];
    for (unsigned i = 0; i < 256; i++) {
        struct netaddr address = {.family = NETADDR_V4, .bytes = {192, 0, 2, (uint8_t)i}};
        dht_bloom_add(bloom, &address);
    }
    for (unsigned i = 0; i < 0x3e8; i++) {
        struct netaddr address = {.family = NETADDR_V6,
                                  .bytes = {0x20, 0x01, 0x0d, 0xb8}};
        address.bytes[14] = (uint8_t)(i >> 8);
        address.bytes[15] = (uint8_t)i;
        dht_bloom_add(bloom, &address);
    }
    for (unsigned i = 0; i < DHT_BLOOM_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02X", bloom[i]);
    ck_assert_str_eq(text, wanted);
}
END_TEST

/* ---- the state file: D20 ---- */

static void make_state(struct dht_state *state)
{
    memset(state, 0, sizeof *state);
    state->saved_wall_s = 1.7e9;
    state->v4.there = state->v6.there = true;
    state->v4.id = id_of(1);
    state->v6.id = id_of(2);
    state->v4.count = 150;
    state->v6.count = 3;
    for (uint32_t i = 0; i < 150; i++)
        state->v4.nodes[i] = (struct dht_contact){id_of(10 + i), in_net(i, 1)};
    for (uint32_t i = 0; i < 3; i++)
        state->v6.nodes[i] = (struct dht_contact){id_of(i), at("[2a01:4f8::1]:6881")};
}

START_TEST(what_is_saved_comes_back)
{
    struct dht_state state, back;
    struct buffer out;
    make_state(&state);
    buffer_init(&out, DHT_STATE_MAX_BYTES);
    ck_assert_int_eq(dht_state_write(&state, &out), ERROR_NONE);
    ck_assert_int_eq(dht_state_read(out.bytes, out.length, 1.7e9, &back), ERROR_NONE);
    ck_assert_uint_eq(back.v4.count, 150);
    ck_assert_uint_eq(back.v6.count, 3);
    ck_assert(dht_id_equal(&back.v4.id, &state.v4.id));
    ck_assert(netaddr_equal(&back.v4.nodes[149].address, &state.v4.nodes[149].address));
    ck_assert(netaddr_equal(&back.v6.nodes[2].address, &state.v6.nodes[2].address));
    buffer_done(&out);
}
END_TEST

START_TEST(ipv4_among_ipv6_nodes_is_left_out)
{
    static const char text[] =
        "d3:6id20:aaaaaaaaaaaaaaaaaaaa6:6nodes38:bbbbbbbbbbbbbbbbbbbb"
        "\0\0\0\0\0\0\0\0\0\0\xff\xff\x50\x01\x01\x01\x1a\xe1"
        "5:savedi1e7:versioni1ee";
    struct dht_state back;
    ck_assert_int_eq(dht_state_read((const uint8_t *)text, sizeof text - 1, 1.7e9, &back),
                     ERROR_NONE);
    ck_assert_uint_eq(back.v6.count, 0);
}
END_TEST

START_TEST(a_state_that_is_none_is_refused) /* D20 */
{
    struct dht_state state, back;
    struct buffer out;
    make_state(&state);
    buffer_init(&out, DHT_STATE_MAX_BYTES);
    ck_assert_int_eq(dht_state_write(&state, &out), ERROR_NONE);
    /* from the future: the clock is two days behind the one it was written by */
    ck_assert_int_eq(dht_state_read(out.bytes, out.length, 1.7e9 - 2 * 86400, &back),
                     ERROR_RANGE);
    for (size_t length = 0; length < out.length; length += 7)
        ck_assert_int_ne(dht_state_read(out.bytes, length, 1.7e9, &back), ERROR_NONE);
    uint8_t *huge = calloc(1, DHT_STATE_MAX_BYTES + 1);
    memcpy(huge, out.bytes, out.length);
    ck_assert_int_ne(dht_state_read(huge, DHT_STATE_MAX_BYTES + 1, 1.7e9, &back),
                     ERROR_NONE);
    free(huge);
    buffer_done(&out);
    static const char *const broken[] = {
        "de",
        "d5:savedi1e7:versioni2ee", /* of a newer version */
        "d5:savedi-1e7:versioni1ee",
        "d5:savedi1ee",
        "d3:4id3:abc6:4nodes0:5:savedi1e7:versioni1ee",
        "d3:4id20:aaaaaaaaaaaaaaaaaaaa6:4nodes3:abc5:savedi1e7:versioni1ee",
        "d3:4id20:aaaaaaaaaaaaaaaaaaaa5:savedi1e7:versioni1ee",
        "d5:savedi1e7:versioni1eex",
    };
    for (unsigned i = 0; i < sizeof broken / sizeof broken[0]; i++)
        ck_assert_int_ne(
            dht_state_read((const uint8_t *)broken[i], strlen(broken[i]), 1.7e9, &back),
            ERROR_NONE);
}
END_TEST

Suite *suite_dht_parts(void)
{
    Suite *suite = suite_create("dht parts");
    TCase *ids = tcase_create("ids");
    tcase_add_test(ids, ids_fit_their_addresses_as_the_bep_has_it);
    tcase_add_test(ids, an_id_made_for_an_address_fits_it);
    tcase_add_test(ids, distances_and_shared_bits_agree);
    suite_add_tcase(suite, ids);
    TCase *found = tcase_create("found");
    tcase_add_test(found, ten_networks_are_needed_to_tell_us_our_address);
    tcase_add_test(found, values_cannot_send_us_after_a_victim);
    tcase_add_test(found, at_home_a_port_is_a_peer);
    suite_add_tcase(suite, found);
    TCase *rates = tcase_create("rates");
    tcase_add_test(rates, a_host_that_asks_too_much_is_not_answered_for_five_minutes);
    tcase_add_test(rates, ten_thousand_hosts_cost_no_more_than_a_thousand);
    tcase_add_test(rates, all_together_get_eight_thousand_bytes_a_second);
    tcase_add_test(rates, errors_are_told_once_a_second);
    suite_add_tcase(suite, rates);
    TCase *store = tcase_create("store");
    tcase_set_timeout(store, 60);
    tcase_add_test(store, a_token_is_good_for_its_host_its_hash_and_ten_minutes);
    tcase_add_test(store, announces_of_a_million_hashes_leave_two_thousand);
    tcase_add_test(store, a_hash_has_five_hundred_peers_for_half_an_hour);
    tcase_add_test(store, blooms_are_those_of_the_bep);
    suite_add_tcase(suite, store);
    TCase *state = tcase_create("state");
    tcase_add_test(state, what_is_saved_comes_back);
    tcase_add_test(state, ipv4_among_ipv6_nodes_is_left_out);
    tcase_add_test(state, a_state_that_is_none_is_refused);
    suite_add_tcase(suite, state);
    return suite;
}
