#include "tests/unit/piece/fixture.h"

#include <check.h>

struct clock_virtual now;
static struct random_seeded chance;
struct block_pool *pool;
struct piece_manager *manager;
struct block_ref asked[4096];
struct peer_id_ref cancelled_peer[4096];
struct block_ref cancelled[4096];
uint32_t cancel_count;
const uint8_t its_id[20] = "-BT0100-ABCDEFGHIJK";

static void on_cancel(void *context, struct peer_id_ref peer,
                      const struct block_ref *block)
{
    (void)context;
    cancelled_peer[cancel_count] = peer;
    cancelled[cancel_count++] = *block;
}

void given(uint64_t total_bytes, uint32_t piece_bytes, uint32_t budget)
{
    clock_virtual_init(&now, NS_PER_S);
    random_seeded_init(&chance, total_bytes);
    pool = block_pool_new(64u << 20);
    cancel_count = 0;
    const struct piece_manager_config config = {
        .total_bytes = total_bytes,
        .piece_bytes = piece_bytes,
        .piece_count = (uint32_t)((total_bytes - 1) / piece_bytes + 1),
        .clock = &now.clock,
        .random = &chance.source,
        .pool = pool,
        .budget_blocks = budget,
        .peer_id = "-BT0100-ABCDEFGHIJK",
        .cancel = on_cancel,
    };
    ck_assert_int_eq(piece_manager_new(&config, &manager), ERROR_NONE);
}

void finished(void)
{
    piece_manager_free(manager);
    ck_assert_uint_eq(block_pool_left(pool), block_pool_total(pool));
    block_pool_free(pool);
}

struct peer_id_ref given_seed(uint32_t index)
{
    const struct peer_id_ref peer = {index, 7};
    const struct netaddr address = {
        .family = NETADDR_V4, .bytes = {10, 0, 0, (uint8_t)index}, .port = 6881};
    ck_assert_int_eq(piece_manager_peer_joined(manager, peer, &address, its_id),
                     ERROR_NONE);
    piece_manager_has_pieces(manager, peer, NULL, true, 0);
    return peer;
}

void given_first_pieces(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        piece_manager_found(manager, i);
}

uint32_t pick(struct peer_id_ref peer, uint64_t rate, uint32_t room)
{
    return piece_manager_pick(manager, peer, NULL, true, rate, room, asked);
}

enum piece_arrival arrive(struct peer_id_ref peer, struct block_ref ref)
{
    struct block *block = block_pool_take(pool);
    block->piece = ref.piece;
    block->begin = ref.begin;
    block->length = ref.length;
    const enum piece_arrival arrival = piece_manager_on_block(manager, peer, block);
    if (arrival != PIECE_ARRIVAL_ACCEPTED)
        block_pool_give(pool, block);
    return arrival;
}

uint32_t take_run(uint32_t first, struct piece_run *ret_run)
{
    if (!piece_manager_next_run(manager, ret_run))
        return 0;
    uint32_t count = 0;
    for (struct block *block = ret_run->chain; block != NULL; block = block->next)
        ck_assert_uint_eq(block->begin, (first + count++) * BLOCK_BYTES);
    block_pool_give_chain(pool, ret_run->chain);
    return count;
}

struct piece_counts counts(void)
{
    struct piece_counts now_counts;
    piece_manager_get_counts(manager, &now_counts);
    return now_counts;
}
