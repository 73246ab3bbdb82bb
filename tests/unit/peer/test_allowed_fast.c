/* Allowed Fast (BEP 6): what a choked peer may have, on both sides, and how much of it.
 */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include "peer/allowed_fast.h"

#include <stdio.h>
#include <string.h>

#define PIECES       100u
#define SLOTS        9 /* one of them optimistic */
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static struct rig rig;
static struct script_peer remote, served[SLOTS];
static int served_count;
static uint32_t set[ALLOWED_FAST_PIECES]; /* of the remote */

/* ---- which pieces ---- */

/* The examples of BEP 6: a torrent of 1313 pieces, hash aa…aa, and 80.4.4.200. */
START_TEST(test_the_set_is_the_canonical_one)
{
    static const uint32_t expected[] = {1059, 431, 808, 1217, 287, 376, 1188, 353, 508};
    static const uint32_t sizes[] = {7, 9};
    struct netaddr address = rig_address("80.4.4.200:6881");
    struct info_hash hash;
    uint32_t pieces[9];
    memset(hash.bytes, 0xaa, sizeof hash.bytes);
    for (int i = 0; i < COUNT(sizes); i++) {
        ck_assert_uint_eq(allowed_fast_set(&address, &hash, 1313, sizes[i], pieces),
                          sizes[i]);
        ck_assert_mem_eq(pieces, expected, sizes[i] * sizeof *pieces);
    }
    /* Its neighbours are given the same. */
    address = rig_address("80.4.4.3:1");
    allowed_fast_set(&address, &hash, 1313, 9, pieces);
    ck_assert_mem_eq(pieces, expected, sizeof expected);
}
END_TEST

START_TEST(test_a_small_torrent_is_given_whole_and_each_piece_once)
{
    const struct netaddr address = rig_address("80.4.4.200:6881");
    const struct info_hash hash = {{0}};
    for (uint32_t size = 1; size <= 12; size++) {
        uint32_t pieces[10], seen[12] = {0};
        const uint32_t count = allowed_fast_set(&address, &hash, size, 10, pieces);
        ck_assert_uint_eq(count, size < 10 ? size : 10);
        for (uint32_t i = 0; i < count; i++) {
            ck_assert_uint_lt(pieces[i], size);
            ck_assert_uint_eq(seen[pieces[i]]++, 0);
        }
    }
}
END_TEST

START_TEST(test_ipv6_goes_by_the_network)
{
    const struct netaddr one = rig_address("[2001:db8::1]:1"),
                         two = rig_address("[2001:db8::2:2]:1"),
                         other = rig_address("[2001:db8:0:1::1]:1");
    const struct info_hash hash = {{1}};
    uint32_t a[10], b[10];
    allowed_fast_set(&one, &hash, 10000, 10, a);
    allowed_fast_set(&two, &hash, 10000, 10, b);
    ck_assert_mem_eq(a, b, sizeof a);
    allowed_fast_set(&other, &hash, 10000, 10, b);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

/* ---- what it may have of us ---- */

/* Somebody at 10.0.0.HOST who wants something, and has the first HAS pieces. */
static void come(struct script_peer *peer, int host, bool fast, uint32_t has)
{
    uint8_t bits[(PIECES + 7) / 8] = {0};
    char address[32];
    const struct script_hello hello = rig_hello(&rig, (char)('A' + host), fast, true);
    snprintf(address, sizeof address, "10.0.0.%d", host);
    for (uint32_t i = 0; i < has; i++)
        bits[i / 8] |= (uint8_t)(0x80 >> i % 8);
    script_peer_init(peer);
    script_peer_dial(peer, vnet_host(rig.world.vnet, address), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(peer, &hello);
    if (has == PIECES && fast)
        script_peer_put(peer, 14, NULL, 0);
    else
        script_peer_put(peer, 5, bits, sizeof bits);
    script_peer_put(peer, 2, NULL, 0);
    rig_run(&rig, 150 * NS_PER_MS); /* wishes of 100 ms are answered together */
}

/* It comes when all slots are taken. */
static void meet(bool fast, uint32_t has)
{
    static const struct rig_config config = {.pieces = PIECES};
    const struct netaddr address = rig_address("10.0.0.2:1");
    struct script_message message;
    rig_init(&rig, &config);
    rig.serve = true;
    bitfield_set_all(&rig.have);
    allowed_fast_set(&address, &rig.hash, PIECES, ALLOWED_FAST_PIECES, set);
    for (; served_count < SLOTS; served_count++) {
        come(&served[served_count], 3 + served_count, true, 0);
        ck_assert(script_peer_find(&served[served_count], 1, &message));
    }
    come(&remote, 2, fast, has);
}

/* Its end, and that of whom a test met. */
static void end(void)
{
    for (; served_count > 0; served_count--)
        script_peer_done(&served[served_count - 1]);
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static bool is_in_set(uint32_t piece)
{
    for (uint32_t i = 0; i < ALLOWED_FAST_PIECES; i++)
        if (set[i] == piece)
            return true;
    return false;
}

static uint32_t outside_the_set(void)
{
    uint32_t piece = 0;
    while (is_in_set(piece))
        piece++;
    return piece;
}

static void ask(uint32_t piece, uint32_t begin)
{
    script_peer_put_block(&remote, 6, piece, begin, BLOCK_BYTES);
}

START_TEST(test_who_is_starting_is_told_the_set)
{
    struct script_message message;
    meet(true, 0);
    for (uint32_t i = 0; i < ALLOWED_FAST_PIECES; i++) {
        ck_assert(script_peer_find(&remote, 17, &message));
        ck_assert_uint_eq(be32_get(message.body), set[i]);
    }
    ck_assert_uint_eq(script_peer_count(&remote, 17), 0);
    /* Who is served needs none of it, and who wants nothing neither. */
    for (int i = 0; i < SLOTS; i++)
        ck_assert_uint_eq(script_peer_count(&served[i], 17), 0);
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_peer_init(&remote);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    script_peer_put(&remote, 15, NULL, 0);
    rig_run(&rig, 12 * NS_PER_S); /* the choker has looked at everybody since */
    ck_assert_uint_eq(script_peer_count(&remote, 17), 0);
    end();
}
END_TEST

START_TEST(test_not_what_it_has_nor_what_we_lack_until_we_have_it)
{
    struct script_message message;
    meet(true, 0);
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    /* It is back with the lowest of them, and we lack the highest. */
    uint32_t low = set[0], high = set[0];
    for (uint32_t i = 1; i < ALLOWED_FAST_PIECES; i++) {
        low = set[i] < low ? set[i] : low;
        high = set[i] > high ? set[i] : high;
    }
    ck_assert_uint_lt(low, ALLOWED_FAST_PIECES);
    bitfield_clear(&rig.have, high);
    come(&remote, 2, true, low + 1);
    ck_assert_uint_eq(script_peer_count(&remote, 17), ALLOWED_FAST_PIECES - 2);
    bitfield_set(&rig.have, high);
    struct message have = {.type = PEER_HAVE, .u.piece.piece = high};
    ck_assert_int_eq(bus_post(rig.requests, &have), ERROR_NONE);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(script_peer_find(&remote, 4, &message));
    ck_assert(script_peer_find(&remote, 17, &message));
    ck_assert_uint_eq(be32_get(message.body), high);
    end();
}
END_TEST

static const struct {
    bool fast;
    uint32_t has;
    uint32_t told;
} others[] = {{false, 0, 0}, {true, 11, 0}, {true, PIECES, 0}};

START_TEST(test_others_are_told_nothing)
{
    meet(others[_i].fast, others[_i].has);
    ck_assert_uint_eq(script_peer_count(&remote, 17), others[_i].told);
    ask(set[0], 0);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 7), 0);
    end();
}
END_TEST

/* P20, P42 */
START_TEST(test_the_set_is_served_to_a_choked_peer_and_nothing_else)
{
    struct script_message message;
    meet(true, 0);
    rig_run(&rig, 3 * NS_PER_S); /* choked for long: other requests count against it */
    for (uint32_t i = 0; i < ALLOWED_FAST_PIECES; i++) {
        ask(set[i], 0);
        ask(set[i], BLOCK_BYTES);
        ask(outside_the_set(), 0);
    }
    rig_run(&rig, NS_PER_S);
    for (uint32_t i = 0; i < 2 * ALLOWED_FAST_PIECES; i++) {
        ck_assert(script_peer_find(&remote, 7, &message));
        ck_assert_uint_eq(be32_get(message.body), set[i / 2]);
        ck_assert_uint_eq(message.body[8],
                          script_payload(set[i / 2], i % 2 * BLOCK_BYTES));
    }
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    for (uint32_t i = 0; i < 40; i++)
        ask(outside_the_set(), 0);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1); /* 50 of them by now */
    end();
}
END_TEST

/* P42: three times the set, and no more. */
START_TEST(test_who_fetches_the_set_over_and_over_is_dropped)
{
    meet(true, 0);
    for (uint32_t times = 0; times < 3; times++)
        for (uint32_t i = 0; i < ALLOWED_FAST_PIECES; i++) {
            ask(set[i], 0);
            ask(set[i], BLOCK_BYTES);
        }
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    ask(set[0], 0);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_PROTOCOL);
    end();
}
END_TEST

/* P42: those who come again and again, choked, get a part of the uplink at most. */
START_TEST(test_all_choked_ones_together_are_sent_two_sets_and_a_sixteenth)
{
    uint32_t sent = 0;
    meet(true, 0);
    for (uint32_t visit = 0; visit < 6; visit++) {
        for (uint32_t i = 0; i < ALLOWED_FAST_PIECES; i++) {
            ask(set[i], 0);
            ask(set[i], BLOCK_BYTES);
        }
        rig_run(&rig, NS_PER_S);
        ck_assert(!remote.over);
        sent += script_peer_count(&remote, 7);
        script_peer_done(&remote);
        rig_run(&rig, NS_PER_S);
        come(&remote, 2, true, 0);
    }
    ck_assert_uint_ge(sent, 40);
    ck_assert_uint_le(sent, 44);
    end();
}
END_TEST

START_TEST(test_who_has_enough_is_refused_and_kept)
{
    meet(true, 0);
    for (uint32_t piece = 0; piece < 11; piece++)
        script_peer_put_u32(&remote, 4, piece);
    ask(set[0], 0);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    ck_assert_uint_eq(rig.wanted, 0);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 1);
    end();
}
END_TEST

/* While somebody waits for the limited uplink, nothing can be spared. */
START_TEST(test_a_busy_uplink_spares_nothing)
{
    meet(true, 0);
    peer_shared_set_limits(rig.shared, 0, BLOCK_BYTES);
    for (uint32_t i = 0; i < 20; i++)
        script_peer_put_block(&served[0], 6, i, 0, BLOCK_BYTES);
    rig_run(&rig, NS_PER_S);
    ask(set[0], 0);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 1);
    end();
}
END_TEST

START_TEST(test_a_choke_takes_nothing_from_the_set)
{
    meet(true, 0);
    rig.serve = false; /* the disk is slow: it has 16, and three wait */
    script_peer_put(&served[0], 3, NULL, 0);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 1), 1);
    for (uint32_t piece = 0, asked = 0; asked < 16; piece++)
        if (!is_in_set(piece)) {
            ask(piece, 0);
            asked++;
        }
    rig_run(&rig, 50 * NS_PER_MS);
    ask(set[0], 0);
    ask(PIECES - 1 - is_in_set(PIECES - 1), 0);
    ask(set[1], 0);
    script_peer_put(&remote, 3, NULL, 0);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&remote, 16), 1);
    struct peer_row row;
    ck_assert(peer_manager_row(rig.manager, rig.peer.index, &row) && !row.we_unchoke);
    ck_assert_uint_eq(row.requests_in, 16 + 2);
    end();
}
END_TEST

/* ---- what we may have of it ---- */

/* It has all, chokes us, and allows us 3 and 5; we have nothing. */
static void be_allowed(void)
{
    static const struct rig_config config = {.pieces = PIECES};
    rig_init(&rig, &config);
    rig.interest = true;
    script_peer_init(&remote);
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    script_peer_put(&remote, 14, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 0);
    script_peer_put_u32(&remote, 17, 3);
    script_peer_put_u32(&remote, 17, 5);
    script_peer_put_u32(&remote, 17, 3);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_count(&remote, 0);
}

static void request(uint32_t piece)
{
    rig_post_block(&rig, PEER_REQUEST, rig.peer, piece, 0, BLOCK_BYTES);
    rig_run(&rig, 50 * NS_PER_MS);
}

START_TEST(test_what_is_allowed_is_asked_for_while_choked)
{
    uint32_t pieces[ALLOWED_FAST_MOST];
    be_allowed();
    ck_assert_uint_eq(rig.count[PEER_IDLE], 1);
    ck_assert(!peer_manager_unchokes_us(rig.manager, rig.peer));
    ck_assert_uint_eq(peer_manager_allowed(rig.manager, rig.peer, pieces), 2);
    request(3);
    request(4);
    ck_assert_uint_eq(script_peer_count(&remote, 6), 1);
    ck_assert_uint_eq(rig.count[PEER_RETURNED], 1);
    ck_assert_uint_eq(rig.last[PEER_RETURNED].u.block.piece, 4);
    ck_assert_int_eq(rig.last[PEER_STATUS_CHANGED].u.status.status,
                     PEER_STATUS_DOWNLOADING);
    script_peer_put_piece(&remote, 3, 0, BLOCK_BYTES);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 1);
    ck_assert_uint_eq(rig.wrong_blocks, 0);
    end();
}
END_TEST

/* What we have already, or it has not, is nothing to be idle for. */
START_TEST(test_only_what_it_has_and_we_lack_counts)
{
    uint32_t pieces[ALLOWED_FAST_MOST];
    static const struct rig_config config = {.pieces = PIECES};
    rig_init(&rig, &config);
    rig.interest = true;
    bitfield_set(&rig.have, 3);
    script_peer_init(&remote);
    const struct script_hello hello = rig_hello(&rig, 'P', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    script_peer_put(&remote, 15, NULL, 0);
    script_peer_put_u32(&remote, 4, 3);
    script_peer_put_u32(&remote, 17, 3);
    script_peer_put_u32(&remote, 17, 5);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 0);
    ck_assert_uint_eq(peer_manager_allowed(rig.manager, rig.peer, pieces), 0);
    script_peer_put_u32(&remote, 4, 5);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 1); /* once, not time and again */
    ck_assert_uint_eq(peer_manager_allowed(rig.manager, rig.peer, pieces), 1);
    ck_assert_uint_eq(pieces[0], 5);
    end();
}
END_TEST

/* P42: what is refused after all is not asked for again, nor held against it. */
START_TEST(test_a_refusal_takes_the_piece_back)
{
    be_allowed();
    request(3);
    script_peer_put_block(&remote, 16, 3, 0, BLOCK_BYTES);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_REJECTED], 0);
    ck_assert_uint_eq(rig.count[PEER_RETURNED], 1);
    request(3);
    ck_assert_uint_eq(rig.count[PEER_RETURNED], 2);
    request(5);
    ck_assert_uint_eq(rig.count[PEER_RETURNED], 2);
    end();
}
END_TEST

START_TEST(test_requests_outlive_a_choke_and_an_unchoke_asks_anew)
{
    be_allowed();
    ck_assert_uint_eq(rig.count[PEER_IDLE], 1);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_IDLE], 2);
    request(5);
    script_peer_put(&remote, 0, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_put_piece(&remote, 5, 0, BLOCK_BYTES);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 1);
    ck_assert_uint_eq(rig.count[PEER_REJECTED] + rig.count[PEER_RETURNED], 0);
    end();
}
END_TEST

/* P29: however often it chokes and unchokes between two turns, room is offered once. */
START_TEST(test_flapping_offers_no_room_twice)
{
    be_allowed();
    for (int i = 0; i < 100; i++) {
        script_peer_put(&remote, 1, NULL, 0);
        script_peer_put(&remote, 0, NULL, 0);
    }
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_le(rig.count[PEER_IDLE], 3);
    end();
}
END_TEST

Suite *suite_allowed_fast(void)
{
    Suite *suite = suite_create("allowed fast");
    TCase *tcase = tcase_create("allowed fast");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_the_set_is_the_canonical_one);
    tcase_add_test(tcase, test_a_small_torrent_is_given_whole_and_each_piece_once);
    tcase_add_test(tcase, test_ipv6_goes_by_the_network);
    tcase_add_test(tcase, test_who_is_starting_is_told_the_set);
    tcase_add_test(tcase, test_not_what_it_has_nor_what_we_lack_until_we_have_it);
    tcase_add_loop_test(tcase, test_others_are_told_nothing, 0, COUNT(others));
    tcase_add_test(tcase, test_the_set_is_served_to_a_choked_peer_and_nothing_else);
    tcase_add_test(tcase, test_who_fetches_the_set_over_and_over_is_dropped);
    tcase_add_test(tcase,
                   test_all_choked_ones_together_are_sent_two_sets_and_a_sixteenth);
    tcase_add_test(tcase, test_who_has_enough_is_refused_and_kept);
    tcase_add_test(tcase, test_a_busy_uplink_spares_nothing);
    tcase_add_test(tcase, test_a_choke_takes_nothing_from_the_set);
    tcase_add_test(tcase, test_what_is_allowed_is_asked_for_while_choked);
    tcase_add_test(tcase, test_only_what_it_has_and_we_lack_counts);
    tcase_add_test(tcase, test_a_refusal_takes_the_piece_back);
    tcase_add_test(tcase, test_requests_outlive_a_choke_and_an_unchoke_asks_anew);
    tcase_add_test(tcase, test_flapping_offers_no_room_twice);
    suite_add_tcase(suite, tcase);
    return suite;
}
