/* Piece layers put together of what peers say: HOSTILE.md X16. */
#include "base/clock.h"
#include "base/merkle.h"
#include "torrent/layer_fetch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *test_layer_fetch_suite(void);

/* Of 1100 pieces (three parts), of two, of one, and the first once more. */
#define FILES      4u
#define PIECE      32768u
#define ALL_PIECES 2203u
#define PARTS      4u
#define BIG        (1100u * PIECE - 7)
#define REST_NS    (5 * NS_PER_S)

static struct metainfo_file files[FILES] = {
    {"a", 0, BIG, false},
    {"b", 1100u * PIECE, PIECE + 1, false},
    {"c", 1102u * PIECE, 5, false},
    {"d", 1103u * PIECE, BIG, false},
};
static uint8_t file_roots[FILES][SHA256_BYTES];
static uint8_t roots[ALL_PIECES][SHA256_BYTES], chunks[16][SHA256_BYTES];
static uint32_t by_root[3];
static struct metainfo full, bare;
static struct layer_fetch *fetch;
static uint64_t now_ns;
static struct layer_ask asks[64];
static uint32_t ask_count;

static int compare(const void *a, const void *b)
{
    return memcmp(file_roots[*(const uint32_t *)a], file_roots[*(const uint32_t *)b],
                  SHA256_BYTES);
}

static void make_trees(void)
{
    for (uint32_t i = 0; i < 1103; i++)
        digest_sha256(&i, sizeof i, roots[i]);
    memcpy(roots[1103], roots[0], (size_t)1100 * SHA256_BYTES);
    merkle_root(roots[0], 1100, 1, 11, file_roots[0]);
    merkle_root(roots[1100], 2, 1, 1, file_roots[1]);
    memcpy(file_roots[2], roots[1102], SHA256_BYTES);
    memcpy(file_roots[3], file_roots[0], SHA256_BYTES);
    for (uint32_t i = 0; i < 3; i++)
        by_root[i] = i;
    qsort(by_root, 3, sizeof *by_root, compare);
}

static void setup(void)
{
    make_trees();
    full = (struct metainfo){.v2_only = true,
                             .piece_bytes = PIECE,
                             .piece_count = ALL_PIECES,
                             .files = files,
                             .file_count = FILES,
                             .file_roots = file_roots[0],
                             .piece_roots = roots[0],
                             .chunk_roots = chunks[0],
                             .files_by_root = by_root,
                             .rooted_count = 3};
    for (uint32_t i = 0; i < 3; i++)
        merkle_root(roots[i * 512], i < 2 ? 512 : 1100 - 1024, 1, 9,
                    metainfo_chunk_root(&full, 0, i));
    bare = full;
    bare.piece_roots = NULL;
    bare.chunk_roots = NULL;
    now_ns = NS_PER_S;
    fetch = layer_fetch_new(&bare);
    ck_assert_ptr_nonnull(fetch);
}

static void teardown(void)
{
    layer_fetch_free(fetch);
}

static struct peer_id_ref peer_of(uint32_t number)
{
    return (struct peer_id_ref){number, 1};
}

static void collect(void)
{
    ask_count = 0;
    while (ask_count < 64 && layer_fetch_next(fetch, now_ns, &asks[ask_count]))
        ask_count++;
}

static uint32_t asked_of(uint32_t peer)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ask_count; i++)
        count += asks[i].peer.index == peer;
    return count;
}

static enum layer_verdict give(const struct layer_ask *ask, bool lies)
{
    uint8_t hashes[HASH_ANSWER_MAX * SHA256_BYTES];
    ck_assert_int_eq(hash_tree_answer(&full, &ask->request, hashes), ERROR_NONE);
    hashes[0] ^= lies;
    return layer_fetch_arrived(fetch, ask->peer, &ask->request, hashes, now_ns);
}

static void refuse(const struct layer_ask *ask)
{
    layer_fetch_refused(fetch, ask->peer, &ask->request, now_ns);
}

static void check_roots(void)
{
    uint32_t file;
    const uint8_t *got = layer_fetch_roots(fetch);
    ck_assert(metainfo_find_root(&bare, file_roots[0], &file));
    ck_assert_mem_eq(got + files[file].offset / PIECE * SHA256_BYTES, roots[0],
                     (size_t)1100 * SHA256_BYTES);
    ck_assert_mem_eq(got + (size_t)1100 * SHA256_BYTES, roots[1100], 2 * SHA256_BYTES);
}

START_TEST(all_parts_are_asked_for_once_and_put_together)
{
    layer_fetch_offer(fetch, peer_of(1));
    layer_fetch_offer(fetch, peer_of(1));
    collect();
    ck_assert_uint_eq(ask_count, PARTS);
    for (uint32_t i = 0; i < PARTS; i++)
        ck_assert_int_eq(give(&asks[PARTS - 1 - i], false),
                         i + 1 < PARTS ? LAYER_VERDICT_FINE : LAYER_VERDICT_DONE);
    check_roots();
    collect();
    ck_assert_uint_eq(ask_count, 0);
    ck_assert_int_eq(give(&asks[0], false), LAYER_VERDICT_FINE); /* twice */
}
END_TEST

START_TEST(several_peers_share_the_work)
{
    for (uint32_t i = 1; i <= 4; i++)
        layer_fetch_offer(fetch, peer_of(i));
    collect();
    ck_assert_uint_eq(ask_count, PARTS);
    for (uint32_t i = 1; i <= 4; i++)
        ck_assert_uint_eq(asked_of(i), 1);
}
END_TEST

/* X16: a wrong proof shows who lies, and whoever else is there is asked in its stead. */
START_TEST(a_liar_is_found_by_its_first_answer)
{
    struct layer_progress progress;
    layer_fetch_offer(fetch, peer_of(1));
    collect();
    const struct layer_ask again = asks[1];
    ck_assert_int_eq(give(&asks[0], true), LAYER_VERDICT_WRONG);
    collect();
    ck_assert_uint_eq(ask_count, 0);
    layer_fetch_get_progress(fetch, &progress);
    ck_assert_uint_eq(progress.peers, 0);
    ck_assert_uint_eq(progress.parts_have, 0);
    ck_assert_int_eq(give(&again, false), LAYER_VERDICT_FINE); /* which is right, is */
    layer_fetch_offer(fetch, peer_of(2));
    collect();
    ck_assert_uint_eq(ask_count, PARTS - 1);
    ck_assert_uint_eq(asked_of(2), PARTS - 1);
    for (uint32_t i = 0; i < PARTS - 1; i++)
        ck_assert_int_eq(give(&asks[i], false),
                         i + 2 < PARTS ? LAYER_VERDICT_FINE : LAYER_VERDICT_DONE);
    check_roots();
}
END_TEST

START_TEST(every_hash_of_an_answer_is_proved)
{
    uint8_t hashes[HASH_ANSWER_MAX * SHA256_BYTES];
    layer_fetch_offer(fetch, peer_of(1));
    collect();
    for (uint32_t i = 0; i < ask_count; i++) {
        const struct hash_request *request = &asks[i].request;
        const uint32_t count = request->count + hash_request_uncles(request);
        ck_assert_int_eq(hash_tree_answer(&full, request, hashes), ERROR_NONE);
        for (uint32_t k = i; k < count; k += k + 41 < count ? 41 : 1) { /* uncles, too */
            hashes[k * SHA256_BYTES + k % SHA256_BYTES] ^= 0x40;
            ck_assert_int_eq(layer_fetch_arrived(fetch, peer_of(9), request, hashes, 0),
                             LAYER_VERDICT_WRONG);
            hashes[k * SHA256_BYTES + k % SHA256_BYTES] ^= 0x40;
        }
    }
}
END_TEST

START_TEST(one_that_is_silent_makes_room_and_is_tried_again)
{
    layer_fetch_offer(fetch, peer_of(1));
    collect();
    ck_assert_uint_eq(ask_count, PARTS);
    const struct layer_ask late = asks[0];
    ck_assert_uint_eq(layer_fetch_due_ns(fetch, now_ns), now_ns + REST_NS);
    now_ns += REST_NS;
    collect();
    ck_assert_uint_eq(ask_count, 0);
    layer_fetch_offer(fetch, peer_of(2));
    collect();
    ck_assert_uint_eq(asked_of(2), PARTS);
    ck_assert_int_eq(give(&late, false), LAYER_VERDICT_FINE); /* late, and right */
    layer_fetch_gone(fetch, peer_of(2));
    ck_assert_uint_eq(layer_fetch_due_ns(fetch, now_ns), now_ns + REST_NS);
    now_ns += REST_NS;
    collect();
    ck_assert_uint_eq(asked_of(1), PARTS - 1);
    for (uint32_t i = 1; i <= 2; i++) { /* and rests for longer each time */
        now_ns += REST_NS;
        collect();
        ck_assert_uint_eq(layer_fetch_due_ns(fetch, now_ns), now_ns + i * REST_NS);
        now_ns += i * REST_NS;
        collect();
        ck_assert_uint_eq(asked_of(1), PARTS - 1);
    }
}
END_TEST

START_TEST(one_that_refuses_is_left_alone_for_a_while)
{
    layer_fetch_offer(fetch, peer_of(1));
    collect();
    for (uint32_t i = 0; i < PARTS; i++)
        refuse(&asks[i]);
    collect();
    ck_assert_uint_eq(ask_count, 0);
    /* Four refusals of what was asked at once are one. */
    ck_assert_uint_eq(layer_fetch_due_ns(fetch, now_ns), now_ns + REST_NS);
    now_ns += REST_NS;
    collect();
    ck_assert_uint_eq(ask_count, PARTS);
}
END_TEST

/* Who has nothing to do and nobody to wait for is not woken. */
START_TEST(nothing_is_due_when_nothing_can_be_asked)
{
    ck_assert_uint_eq(layer_fetch_due_ns(fetch, now_ns), UINT64_MAX);
    layer_fetch_offer(fetch, peer_of(1));
    collect();
    ck_assert_int_eq(give(&asks[0], true), LAYER_VERDICT_WRONG);
    ck_assert_uint_eq(layer_fetch_due_ns(fetch, now_ns), UINT64_MAX);
}
END_TEST

START_TEST(what_nobody_asked_for_is_not_taken)
{
    struct layer_ask ask;
    layer_fetch_offer(fetch, peer_of(1));
    collect();
    ask = asks[0];
    ask.request.root[0] ^= 1;
    uint8_t hashes[HASH_ANSWER_MAX * SHA256_BYTES] = {0};
    ck_assert_int_eq(layer_fetch_arrived(fetch, ask.peer, &ask.request, hashes, now_ns),
                     LAYER_VERDICT_FINE);
    ask = asks[0];
    ask.request.base = 0; /* of leaves */
    ck_assert_int_eq(layer_fetch_arrived(fetch, ask.peer, &ask.request, hashes, now_ns),
                     LAYER_VERDICT_FINE);
}
END_TEST

Suite *test_layer_fetch_suite(void)
{
    Suite *suite = suite_create("layer_fetch");
    TCase *tcase = tcase_create("layer_fetch");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, all_parts_are_asked_for_once_and_put_together);
    tcase_add_test(tcase, several_peers_share_the_work);
    tcase_add_test(tcase, a_liar_is_found_by_its_first_answer);
    tcase_add_test(tcase, every_hash_of_an_answer_is_proved);
    tcase_add_test(tcase, one_that_is_silent_makes_room_and_is_tried_again);
    tcase_add_test(tcase, one_that_refuses_is_left_alone_for_a_while);
    tcase_add_test(tcase, nothing_is_due_when_nothing_can_be_asked);
    tcase_add_test(tcase, what_nobody_asked_for_is_not_taken);
    suite_add_tcase(suite, tcase);
    return suite;
}
