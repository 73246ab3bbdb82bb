#include "tests/unit/piece/check_piece.h"

#include "piece/smart_ban.h"

#include <string.h>

#define BLOCKS 4u

static struct smart_ban *ban;
static struct piece_source *source[8];
static struct smart_ban_verdict verdict;

static void setup(void)
{
    ban = smart_ban_new();
    for (uint32_t i = 0; i < 8; i++) {
        const struct netaddr address = {
            .family = NETADDR_V4, .bytes = {10, 0, 0, (uint8_t)i}, .port = 6881};
        source[i] = source_new((struct peer_id_ref){i, 1}, &address);
    }
    verdict.count = 0;
}

static void teardown(void)
{
    smart_ban_verdict_done(&verdict);
    smart_ban_free(ban);
    for (uint32_t i = 0; i < 8; i++) {
        ck_assert_uint_eq(source[i]->refs, 1);
        source_unref(source[i]);
    }
}

/* FROM and MARKS: who delivered which content, a digit for each block. */
static void deliver(uint32_t piece, const char *from, const char *marks, bool passes)
{
    struct piece_source *sources[BLOCKS];
    uint8_t sha1s[BLOCKS * SHA1_BYTES] = {0};
    for (uint32_t i = 0; i < BLOCKS; i++) {
        sources[i] = source[from[i] - '0'];
        if (marks != NULL)
            sha1s[i * SHA1_BYTES] = (uint8_t)marks[i];
    }
    smart_ban_verdict_done(&verdict);
    const uint8_t *digests = marks != NULL ? sha1s : NULL;
    if (passes)
        smart_ban_passed(ban, piece, BLOCKS, sources, digests, &verdict);
    else
        smart_ban_failed(ban, piece, BLOCKS, sources, digests, &verdict);
}

static void check_guilty(const char *peers)
{
    ck_assert_uint_eq(verdict.count, strlen(peers));
    for (uint32_t i = 0; i < verdict.count; i++)
        ck_assert_uint_eq(verdict.guilty[i]->peer.index, (uint32_t)(peers[i] - '0'));
}

START_TEST(a_piece_from_one_peer_alone_is_proof)
{
    deliver(5, "1111", "abcd", false);
    check_guilty("1");
    ck_assert(!smart_ban_wants_digests(ban, 5));
}
END_TEST

START_TEST(the_right_piece_tells_who_lied)
{
    deliver(5, "1223", "abxd", false);
    check_guilty("");
    ck_assert(smart_ban_wants_digests(ban, 5));
    ck_assert(!smart_ban_wants_digests(ban, 6));
    deliver(5, "4444", "abcd", true);
    check_guilty("2");
    ck_assert(!smart_ban_wants_digests(ban, 5));
    ck_assert_uint_eq(smart_ban_bytes(ban), 0);
}
END_TEST

START_TEST(several_failures_name_several_liars)
{
    deliver(5, "1223", "xbcd", false);
    deliver(5, "4556", "aycd", false);
    check_guilty("");
    deliver(5, "7777", "abcd", true);
    check_guilty("15");
}
END_TEST

START_TEST(one_block_told_twice_differently_is_proof)
{
    deliver(5, "1223", "abxd", false);
    deliver(5, "4423", "abyd", false);
    check_guilty("2");
}
END_TEST

START_TEST(the_same_bytes_twice_are_nobodys_fault)
{
    /* Our own disk or memory failed: what passes now is what came before. */
    deliver(5, "1223", "abcd", false);
    deliver(5, "3333", "abcd", true);
    check_guilty("");
}
END_TEST

START_TEST(without_digests_three_strikes)
{
    deliver(1, "1223", NULL, false);
    deliver(2, "1453", NULL, false);
    check_guilty("");
    deliver(3, "3333", "abcd", true); /* clears 3 */
    deliver(4, "1633", NULL, false);
    check_guilty("1");
}
END_TEST

START_TEST(suspects_are_on_parole_until_they_pass_alone)
{
    deliver(5, "1223", "abxd", false);
    ck_assert(source[1]->on_parole && source[2]->on_parole && source[3]->on_parole);
    ck_assert(!source[4]->on_parole);
    deliver(6, "1111", "abcd", true);
    ck_assert(!source[1]->on_parole);
    ck_assert(source[2]->on_parole);
}
END_TEST

/* The right digests of a piece: of this delivery, and of the one before. */
START_TEST(a_proof_names_who_lied_and_clears_the_others)
{
    struct piece_source *const now[BLOCKS] = {source[5], source[2], source[6], source[7]};
    static const char came[] = "abcz", right[] = "abcd";
    uint8_t sha1s[BLOCKS * SHA1_BYTES] = {0}, right_sha1s[BLOCKS * SHA1_BYTES] = {0};
    for (uint32_t i = 0; i < BLOCKS; i++) {
        sha1s[i * SHA1_BYTES] = (uint8_t)came[i];
        right_sha1s[i * SHA1_BYTES] = (uint8_t)right[i];
    }
    deliver(5, "1223", "xbcd", false);
    smart_ban_failed(ban, 5, BLOCKS, now, sha1s, &verdict);
    check_guilty("");
    smart_ban_proved(ban, 5, BLOCKS, now, sha1s, right_sha1s, &verdict);
    check_guilty("71");
    ck_assert(!source[2]->on_parole && !source[3]->on_parole && !source[5]->on_parole);
    ck_assert(!smart_ban_wants_digests(ban, 5));
    ck_assert_uint_eq(smart_ban_bytes(ban), 0);
}
END_TEST

START_TEST(memory_is_bounded)
{
    for (uint32_t piece = 0; piece < 50000; piece++) {
        deliver(piece, "1223", "abxd", false);
        ck_assert_uint_le(smart_ban_bytes(ban), SMART_BAN_BYTES);
    }
    for (int again = 0; again < 50; again++)
        deliver(49999, "4556", "abxd", false);
    ck_assert_uint_le(smart_ban_bytes(ban), SMART_BAN_BYTES);
}
END_TEST

Suite *suite_smart_ban(void)
{
    Suite *suite = suite_create("piece/smart_ban");
    TCase *tcase = tcase_create("smart_ban");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_piece_from_one_peer_alone_is_proof);
    tcase_add_test(tcase, the_right_piece_tells_who_lied);
    tcase_add_test(tcase, several_failures_name_several_liars);
    tcase_add_test(tcase, one_block_told_twice_differently_is_proof);
    tcase_add_test(tcase, the_same_bytes_twice_are_nobodys_fault);
    tcase_add_test(tcase, without_digests_three_strikes);
    tcase_add_test(tcase, suspects_are_on_parole_until_they_pass_alone);
    tcase_add_test(tcase, a_proof_names_who_lied_and_clears_the_others);
    tcase_add_test(tcase, memory_is_bounded);
    suite_add_tcase(suite, tcase);
    return suite;
}
