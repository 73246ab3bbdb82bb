/* Metadata put together of what peers say: HOSTILE.md X9 to X12. */
#include "base/clock.h"
#include "peer/metadata_message.h"
#include "torrent/metadata_fetch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *test_metadata_fetch_suite(void);

#define PIECES 5u
#define TOTAL  (4u * 16384u + 100u)

static uint8_t whole[(PIECES + 1) * 16384];
static struct metadata_fetch *fetch;
static uint64_t now_ns;
static struct metadata_ask asks[64];
static uint32_t ask_count;

static struct peer_id_ref peer_of(uint32_t number)
{
    return (struct peer_id_ref){number, 1};
}

static void setup(void)
{
    struct metadata_fetch_config config = {.has_v1 = true, .has_v2 = true};
    for (uint32_t i = 0; i < sizeof whole; i++)
        whole[i] = (uint8_t)(i * 31 + i / 16384);
    digest_sha1(whole, TOTAL, config.hash.bytes);
    digest_sha256(whole, TOTAL, config.hash_v2);
    now_ns = NS_PER_S;
    fetch = metadata_fetch_new(&config);
    ck_assert_ptr_nonnull(fetch);
}

static void teardown(void)
{
    metadata_fetch_free(fetch);
}

static void collect(void)
{
    ask_count = 0;
    while (ask_count < 64 && metadata_fetch_next(fetch, now_ns, &asks[ask_count]))
        ask_count++;
}

static uint32_t asked_of(uint32_t peer)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ask_count; i++)
        count += asks[i].peer.index == peer;
    return count;
}

static enum metadata_verdict give(uint32_t peer, uint32_t piece, uint32_t length,
                                  int64_t total, bool lies)
{
    uint8_t bytes[16384];
    memcpy(bytes, whole + piece * 16384, sizeof bytes);
    bytes[0] ^= lies;
    const struct metadata_piece arrived = {piece, length, bytes, total};
    return metadata_fetch_arrived(fetch, peer_of(peer), &arrived, now_ns);
}

static enum metadata_verdict give_right(uint32_t peer, uint32_t piece)
{
    return give(peer, piece, metadata_piece_length(TOTAL, piece), TOTAL, false);
}

/* Answers all that was asked, LIAR with bytes that are wrong; the last verdict. */
static enum metadata_verdict answer_all(uint32_t liar)
{
    enum metadata_verdict verdict = METADATA_VERDICT_FINE;
    for (uint32_t i = 0; i < ask_count && verdict == METADATA_VERDICT_FINE; i++)
        verdict = give(asks[i].peer.index, asks[i].piece,
                       metadata_piece_length(TOTAL, asks[i].piece), TOTAL,
                       asks[i].peer.index == liar);
    return verdict;
}

static void check_done(void)
{
    size_t length;
    uint8_t *bytes = metadata_fetch_take(fetch, &length);
    ck_assert_uint_eq(length, TOTAL);
    ck_assert_mem_eq(bytes, whole, TOTAL);
    free(bytes);
}

START_TEST(pieces_are_spread_over_three_peers)
{
    for (uint32_t i = 0; i < 5; i++)
        metadata_fetch_offer(fetch, peer_of(i), TOTAL, false);
    collect();
    ck_assert_uint_eq(ask_count, PIECES);
    uint32_t peers = 0;
    for (uint32_t i = 0; i < 5; i++)
        peers += asked_of(i) > 0;
    ck_assert_uint_eq(peers, 3);
    ck_assert_int_eq(answer_all(UINT32_MAX), METADATA_VERDICT_DONE);
    check_done();
    collect();
    ck_assert_uint_eq(ask_count, 0);
}
END_TEST

/* rtorrent forgets what it is asked while it answers. */
START_TEST(one_that_cannot_take_more_is_asked_for_one_piece)
{
    metadata_fetch_offer(fetch, peer_of(0), TOTAL, true);
    for (uint32_t piece = 0; piece < PIECES; piece++) {
        collect();
        ck_assert_uint_eq(ask_count, 1);
        ck_assert_uint_eq(asks[0].piece, piece);
        ck_assert_int_eq(give_right(0, piece), piece + 1 < PIECES
                                                   ? METADATA_VERDICT_FINE
                                                   : METADATA_VERDICT_DONE);
    }
    check_done();
}
END_TEST

/* X9 */
START_TEST(sizes_that_cannot_be_are_nobodys)
{
    static const int64_t totals[] = {0, -1, INT64_C(1) << 31, (16 << 20) + 1, INT64_MIN};
    struct metadata_progress progress;
    for (uint32_t i = 0; i < 5; i++)
        metadata_fetch_offer(fetch, peer_of(i), totals[i], false);
    metadata_fetch_get_progress(fetch, &progress);
    ck_assert_uint_eq(progress.peers, 0);
    collect();
    ck_assert_uint_eq(ask_count, 0);
    metadata_fetch_offer(fetch, peer_of(9), 16 << 20, false);
    metadata_fetch_get_progress(fetch, &progress);
    ck_assert_uint_eq(progress.pieces, 1024);
}
END_TEST

/* X9: a crowd that claims another size does not keep the honest one waiting. */
START_TEST(who_claims_other_sizes_is_another_group)
{
    for (uint32_t i = 0; i < 50; i++)
        metadata_fetch_offer(fetch, peer_of(i), TOTAL + 1 + i, false);
    metadata_fetch_offer(fetch, peer_of(99), TOTAL, false);
    for (uint32_t round = 0; round < 100; round++) {
        collect();
        for (uint32_t i = 0; i < ask_count; i++)
            if (asks[i].peer.index == 99 &&
                give_right(99, asks[i].piece) == METADATA_VERDICT_DONE)
                return;
        now_ns += 5 * NS_PER_S;
    }
    ck_abort_msg("the honest peer was never asked for all of it");
}
END_TEST

/* X10 */
START_TEST(a_piece_that_cannot_be_is_a_strike)
{
    metadata_fetch_offer(fetch, peer_of(0), TOTAL, false);
    collect();
    ck_assert_int_eq(give(0, 5, 100, TOTAL, false), METADATA_VERDICT_STRIKE);
    ck_assert_int_eq(give(0, 0, 16383, TOTAL, false), METADATA_VERDICT_STRIKE);
    ck_assert_int_eq(give(0, 4, 16384, TOTAL, false), METADATA_VERDICT_STRIKE);
    ck_assert_int_eq(give(0, 0, 16384, TOTAL - 1, false), METADATA_VERDICT_STRIKE);
    ck_assert_int_eq(give(0, 0, 16384, 0, false), METADATA_VERDICT_FINE);
    ck_assert_int_eq(give_right(0, 0), METADATA_VERDICT_FINE); /* twice */
    ck_assert_int_eq(give_right(7, 1), METADATA_VERDICT_FINE); /* a stranger's */
    struct metadata_progress progress;
    metadata_fetch_get_progress(fetch, &progress);
    ck_assert_uint_eq(progress.pieces_have, 1);
}
END_TEST

/* X11 */
START_TEST(one_that_gave_all_of_it_wrong_is_the_liar)
{
    struct peer_id_ref liar;
    metadata_fetch_offer(fetch, peer_of(3), TOTAL, false);
    enum metadata_verdict verdict = METADATA_VERDICT_FINE;
    for (int round = 0; round < 5 && verdict == METADATA_VERDICT_FINE; round++) {
        collect();
        verdict = answer_all(3);
    }
    ck_assert_int_eq(verdict, METADATA_VERDICT_WRONG);
    ck_assert(metadata_fetch_liar(fetch, &liar));
    ck_assert_uint_eq(liar.index, 3);
    collect();
    ck_assert_uint_eq(ask_count, 0); /* it is asked no more */
}
END_TEST

/* X11: of several it is not known which; alone, it shows. */
START_TEST(of_several_the_liar_is_found_and_the_honest_are_not_blamed)
{
    struct peer_id_ref liar;
    uint32_t blamed = 0;
    for (uint32_t i = 0; i < 3; i++)
        metadata_fetch_offer(fetch, peer_of(i), TOTAL, false);
    for (int round = 0; round < 40; round++) {
        collect();
        const enum metadata_verdict verdict = answer_all(1);
        if (verdict == METADATA_VERDICT_WRONG && metadata_fetch_liar(fetch, &liar)) {
            ck_assert_uint_eq(liar.index, 1);
            blamed++;
            metadata_fetch_gone(fetch, liar); /* banned */
        }
        if (verdict == METADATA_VERDICT_DONE) {
            check_done();
            return;
        }
        now_ns += NS_PER_S;
    }
    ck_abort_msg("never whole; blamed %u times", blamed);
}
END_TEST

/* X12 */
START_TEST(who_does_not_answer_makes_room_after_five_seconds)
{
    for (uint32_t i = 0; i < 6; i++)
        metadata_fetch_offer(fetch, peer_of(i), TOTAL, false);
    collect();
    const uint32_t first = asks[0].peer.index;
    ck_assert_uint_eq(metadata_fetch_due_ns(fetch, now_ns), now_ns + 5 * NS_PER_S);
    now_ns += 5 * NS_PER_S - 1;
    collect();
    ck_assert_uint_eq(ask_count, 0);
    now_ns += 1;
    collect();
    ck_assert_uint_eq(ask_count, PIECES);
    ck_assert_uint_eq(asked_of(first), 0);
    ck_assert_int_eq(answer_all(UINT32_MAX), METADATA_VERDICT_DONE);
}
END_TEST

/* One that may be asked again while enough others are is no reason to look again at once.
 */
START_TEST(who_has_rested_waits_for_its_turn)
{
    metadata_fetch_offer(fetch, peer_of(0), TOTAL, false);
    collect();
    now_ns += 5 * NS_PER_S;
    collect();
    for (uint32_t i = 1; i <= 3; i++)
        metadata_fetch_offer(fetch, peer_of(i), TOTAL, false);
    collect();
    now_ns += 4 * NS_PER_S;
    for (uint32_t i = 0; i < ask_count; i++)
        if (asks[i].piece % 2 == 0)
            give_right(asks[i].peer.index, asks[i].piece);
    now_ns += 2 * NS_PER_S;
    collect();
    ck_assert_uint_eq(asked_of(0), 0);
    ck_assert_uint_gt(metadata_fetch_due_ns(fetch, now_ns), now_ns);
}
END_TEST

/* X12 */
START_TEST(who_refuses_makes_room_at_once)
{
    metadata_fetch_offer(fetch, peer_of(0), TOTAL, false);
    collect();
    ck_assert_uint_eq(asked_of(0), 4);
    for (uint32_t i = 0; i < 4; i++)
        metadata_fetch_refused(fetch, peer_of(0), i, now_ns);
    metadata_fetch_offer(fetch, peer_of(1), TOTAL, false);
    collect();
    ck_assert_uint_eq(asked_of(0), 0);
    ck_assert_uint_eq(asked_of(1), 4);
}
END_TEST

/* X12: a piece each 4 s would take for ever; others are asked for what is left. */
START_TEST(a_slow_one_does_not_hold_what_others_could_give)
{
    metadata_fetch_offer(fetch, peer_of(0), TOTAL, false);
    collect();
    ck_assert_uint_eq(asked_of(0), 4);
    metadata_fetch_offer(fetch, peer_of(1), TOTAL, false);
    collect();
    ck_assert_uint_eq(asked_of(1), 1);
    ck_assert_int_eq(answer_all(UINT32_MAX), METADATA_VERDICT_FINE);
    now_ns += 5 * NS_PER_S;
    collect();
    ck_assert_uint_eq(asked_of(1), 4);
    ck_assert_int_eq(answer_all(UINT32_MAX), METADATA_VERDICT_DONE);
}
END_TEST

START_TEST(one_that_goes_gives_its_pieces_back)
{
    metadata_fetch_offer(fetch, peer_of(0), TOTAL, false);
    collect();
    metadata_fetch_gone(fetch, peer_of(0));
    metadata_fetch_gone(fetch, peer_of(0));
    ck_assert_int_eq(give_right(0, 0), METADATA_VERDICT_FINE);
    metadata_fetch_offer(fetch, peer_of(1), TOTAL, false);
    collect();
    ck_assert_uint_eq(asks[0].piece, 0);
    ck_assert_uint_eq(metadata_fetch_due_ns(fetch, now_ns), now_ns + 5 * NS_PER_S);
}
END_TEST

Suite *test_metadata_fetch_suite(void)
{
    Suite *suite = suite_create("metadata_fetch");
    TCase *tcase = tcase_create("metadata_fetch");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, pieces_are_spread_over_three_peers);
    tcase_add_test(tcase, one_that_cannot_take_more_is_asked_for_one_piece);
    tcase_add_test(tcase, sizes_that_cannot_be_are_nobodys);
    tcase_add_test(tcase, who_claims_other_sizes_is_another_group);
    tcase_add_test(tcase, a_piece_that_cannot_be_is_a_strike);
    tcase_add_test(tcase, one_that_gave_all_of_it_wrong_is_the_liar);
    tcase_add_test(tcase, of_several_the_liar_is_found_and_the_honest_are_not_blamed);
    tcase_add_test(tcase, who_does_not_answer_makes_room_after_five_seconds);
    tcase_add_test(tcase, who_has_rested_waits_for_its_turn);
    tcase_add_test(tcase, who_refuses_makes_room_at_once);
    tcase_add_test(tcase, a_slow_one_does_not_hold_what_others_could_give);
    tcase_add_test(tcase, one_that_goes_gives_its_pieces_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
