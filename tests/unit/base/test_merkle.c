/* BEP 52: hash trees. Expected values are worked out leaf by leaf, in full trees. */
#include "base/merkle.h"

#include <check.h>
#include <string.h>

Suite *test_merkle_suite(void);

#define LEAVES_MAX 64u

/* The plain way: all nodes of a layer, then all of the next. */
static void plain_root(const uint8_t *hashes, uint32_t count, unsigned layer,
                       unsigned levels, uint8_t ret_root[SHA256_BYTES])
{
    uint8_t nodes[LEAVES_MAX][SHA256_BYTES], both[2 * SHA256_BYTES];
    const uint32_t width = 1u << levels;
    memcpy(nodes, hashes, (size_t)count * SHA256_BYTES);
    uint8_t padding[SHA256_BYTES] = {0};
    for (unsigned i = 0; i < layer; i++) {
        memcpy(both, padding, SHA256_BYTES);
        memcpy(both + SHA256_BYTES, padding, SHA256_BYTES);
        digest_sha256(both, sizeof both, padding);
    }
    for (uint32_t i = count; i < width; i++)
        memcpy(nodes[i], padding, SHA256_BYTES);
    for (uint32_t left = width; left > 1; left /= 2)
        for (uint32_t i = 0; i < left / 2; i++)
            digest_sha256(nodes[2 * i], 2 * (size_t)SHA256_BYTES, nodes[i]);
    memcpy(ret_root, nodes[0], SHA256_BYTES);
}

static void fill(uint8_t *hashes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        digest_sha256(&i, sizeof i, hashes + (size_t)i * SHA256_BYTES);
}

START_TEST(levels_are_those_of_the_next_power_of_two)
{
    static const struct {
        uint64_t count;
        unsigned levels;
    } cases[] = {{1, 0}, {2, 1},     {3, 2},     {4, 2},
                 {5, 3}, {1024, 10}, {1025, 11}, {UINT64_C(1) << 32, 32}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_uint_eq(merkle_levels(cases[i].count), cases[i].levels);
}
END_TEST

START_TEST(any_number_of_hashes_has_the_root_of_its_full_tree)
{
    uint8_t hashes[LEAVES_MAX * SHA256_BYTES], root[SHA256_BYTES], plain[SHA256_BYTES];
    fill(hashes, LEAVES_MAX);
    for (unsigned layer = 0; layer < 4; layer++)
        for (unsigned levels = 0; levels <= 6; levels++)
            for (uint32_t count = 1; count <= 1u << levels; count++) {
                merkle_root(hashes, count, layer, levels, root);
                plain_root(hashes, count, layer, levels, plain);
                ck_assert_mem_eq(root, plain, SHA256_BYTES);
            }
}
END_TEST

START_TEST(uncles_lead_from_any_node_to_the_root)
{
    uint8_t hashes[16 * SHA256_BYTES], root[SHA256_BYTES], climbed[SHA256_BYTES];
    fill(hashes, 16);
    merkle_root(hashes, 16, 0, 4, root);
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t uncles[4][SHA256_BYTES];
        for (unsigned k = 0; k < 4; k++) {
            const uint32_t sibling = (i >> k ^ 1) << k;
            merkle_root(hashes + (size_t)sibling * SHA256_BYTES, UINT64_C(1) << k, 0, k,
                        uncles[k]);
        }
        merkle_climb(hashes + (size_t)i * SHA256_BYTES, i, uncles[0], 4, climbed);
        ck_assert_mem_eq(climbed, root, SHA256_BYTES);
        merkle_climb(hashes + (size_t)i * SHA256_BYTES, i ^ 1, uncles[0], 4, climbed);
        ck_assert_mem_ne(climbed, root, SHA256_BYTES);
    }
}
END_TEST

Suite *test_merkle_suite(void)
{
    Suite *suite = suite_create("base/merkle");
    TCase *tcase = tcase_create("merkle");
    tcase_add_test(tcase, levels_are_those_of_the_next_power_of_two);
    tcase_add_test(tcase, any_number_of_hashes_has_the_root_of_its_full_tree);
    tcase_add_test(tcase, uncles_lead_from_any_node_to_the_root);
    suite_add_tcase(suite, tcase);
    return suite;
}
