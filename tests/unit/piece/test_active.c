/* O28: books that are told what cannot be note it, and go on. */
#include "piece/active.h"

#include "piece/roster.h"
#include "tests/unit/piece/check_piece.h"

#include <string.h>

#define BLOCKS 4u

static struct active_table table;
static struct block_pool *pool;
static struct piece_source *source;
static struct piece_peer peer;
static struct active *active;

static void setup(void)
{
    const struct netaddr nobody = {0};
    active_table_init(&table, BLOCKS);
    pool = block_pool_new(1u << 20);
    source = source_new((struct peer_id_ref){1, 1}, &nobody);
    memset(&peer, 0, sizeof peer);
    active = active_open(&table, 7, BLOCKS);
    ck_assert_ptr_nonnull(active);
}

/* Whatever was tried, all blocks come back, and then the books are right again. */
static void teardown(void)
{
    active_close(&table, active, pool);
    active_table_begin_anew(&table);
    ck_assert_ptr_null(table.broken);
    ck_assert_uint_eq(table.missing + table.requested + table.reserved, 0);
    ck_assert_ptr_null(peer.requests.oldest);
    active_table_done(&table);
    source_unref(source);
    ck_assert_uint_eq(block_pool_left(pool), block_pool_total(pool));
    block_pool_free(pool);
}

static void arrive(uint32_t block)
{
    ck_assert(active_arrive(&table, active, block, block_pool_take(pool), source));
}

static void open_too_large(void)
{
    ck_assert_ptr_null(active_open(&table, 8, BLOCKS + 1));
}

static void ask_for_what_is_here(void)
{
    arrive(0);
    ck_assert(!active_request(&table, active, 0, &peer, 1));
}

static void ask_too_many(void)
{
    for (uint32_t i = 0; i < ACTIVE_OWNERS_MAX; i++)
        ck_assert(active_request(&table, active, 1, &peer, 1));
    ck_assert(!active_request(&table, active, 1, &peer, 1));
}

static void arrive_twice(void)
{
    struct block *again = block_pool_take(pool);
    arrive(2);
    ck_assert(!active_arrive(&table, active, 2, again, source));
    block_pool_give(pool, again);
}

static void take_back_what_is_not_here(void)
{
    ck_assert_ptr_null(active_unarrive(&table, active, 3));
}

static void hand_over_a_gap(void)
{
    arrive(0);
    arrive(2);
    ck_assert_ptr_null(active_hand(&table, active, 3));
    ck_assert_uint_eq(active->handed, 0);
}

static void release_anothers(void)
{
    struct request stray = {.peer = &peer, .active = active, .block = 1};
    ck_assert(active_request(&table, active, 1, &peer, 1));
    active_release(&table, &stray);
    ck_assert_uint_eq(peer.requests.count, 1);
}

static void close_while_asked_for(void)
{
    ck_assert(active_request(&table, active, 1, &peer, 1));
    active_close(&table, active, pool);
    ck_assert_uint_eq(peer.requests.count, 0);
    active = active_open(&table, 7, BLOCKS);
}

static void (*const misuses[])(void) = {
    open_too_large,   ask_for_what_is_here,       ask_too_many,
    arrive_twice,     take_back_what_is_not_here, hand_over_a_gap,
    release_anothers, close_while_asked_for};

START_TEST(what_cannot_be_is_noted_and_does_nothing)
{
    ck_assert_ptr_null(table.broken);
    misuses[_i]();
    ck_assert_ptr_nonnull(table.broken);
}
END_TEST

START_TEST(what_can_be_is_no_mistake)
{
    ck_assert(active_request(&table, active, 0, &peer, 1));
    arrive(0);
    arrive(1);
    block_pool_give(pool, active_unarrive(&table, active, 1));
    block_pool_give_chain(pool, active_hand(&table, active, 1));
    ck_assert_ptr_null(table.broken);
}
END_TEST

Suite *suite_active(void)
{
    Suite *suite = suite_create("piece/active");
    TCase *tcase = tcase_create("active");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, what_cannot_be_is_noted_and_does_nothing, 0,
                        (int)(sizeof misuses / sizeof *misuses));
    tcase_add_test(tcase, what_can_be_is_no_mistake);
    suite_add_tcase(suite, tcase);
    return suite;
}
