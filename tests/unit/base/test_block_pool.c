#include "base/block_pool.h"

#include <check.h>
#include <string.h>

Suite *test_block_pool_suite(void);

START_TEST(the_last_block_given_is_the_next_one_taken)
{
    struct block_pool *pool = block_pool_new(4 * BLOCK_BYTES);
    struct block *a = block_pool_take(pool), *b = block_pool_take(pool);
    memset(a->bytes, 1, BLOCK_BYTES);
    memset(b->bytes, 2, BLOCK_BYTES);
    block_pool_give(pool, a);
    ck_assert_ptr_eq(block_pool_take(pool), a);
    a->next = b;
    block_pool_give_chain(pool, a);
    ck_assert_uint_eq(block_pool_left(pool), 4);
    block_pool_free(pool);
}
END_TEST

START_TEST(an_empty_pool_says_so)
{
    struct block_pool *pool = block_pool_new(2 * BLOCK_BYTES);
    struct block *a = block_pool_take(pool), *b = block_pool_take(pool);
    ck_assert_ptr_null(block_pool_take(pool));
    block_pool_give(pool, b);
    block_pool_give(pool, a);
    block_pool_trim(pool);
    ck_assert_ptr_nonnull(block_pool_take(pool));
    block_pool_free(pool);
}
END_TEST

Suite *test_block_pool_suite(void)
{
    Suite *suite = suite_create("block_pool");
    TCase *tcase = tcase_create("block_pool");
    tcase_add_test(tcase, the_last_block_given_is_the_next_one_taken);
    tcase_add_test(tcase, an_empty_pool_says_so);
    suite_add_tcase(suite, tcase);
    return suite;
}
