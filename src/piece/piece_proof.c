/* A piece of a hash tree that failed (BEP 52): its blocks wait here until their own
 * hashes have told which of them are wrong, and only those are fetched again. */
#include "piece/piece_private.h"

/* At a time, and in half of the budget: the others are fetched anew at once, and what
 * comes meanwhile has the other half. */
#define HELD_MAX 4u

static uint32_t held_count(const struct piece_manager *manager)
{
    uint32_t count = 0;
    for (const struct active *active = manager->table.by_piece; active != NULL;
         active = active->hh.next)
        count += active->is_held;
    return count;
}

/* In order, each block once. */
static bool is_whole(const struct active *active, const struct block *chain)
{
    uint32_t count = 0;
    while (chain != NULL && chain->piece == active->piece &&
           chain->begin == count * BLOCK_BYTES && count < active->block_count) {
        chain = chain->next;
        count++;
    }
    return chain == NULL && count == active->block_count;
}

bool piece_manager_can_hold(const struct piece_manager *manager, uint32_t piece,
                            const struct block *chain)
{
    const struct active *active = active_find(&manager->table, piece);
    return active != NULL && active->is_verifying && active->block_count > 1 &&
           active->block_count <= manager->budget / (2 * HELD_MAX) &&
           is_whole(active, chain) && held_count(manager) < HELD_MAX;
}

uint32_t piece_manager_hold(struct piece_manager *manager, uint32_t piece,
                            struct block *chain, const uint8_t *block_sha1s,
                            struct piece_guilty ret_guilty[PIECE_GUILTY_MAX])
{
    struct active *active = active_find(&manager->table, piece);
    struct smart_ban_verdict verdict = {.count = 0};
    smart_ban_failed(manager->ban, piece, active->block_count, active->from, block_sha1s,
                     &verdict);
    active->is_verifying = false;
    active->is_held = true;
    active_take_back(&manager->table, active, chain);
    return piece_name_guilty(manager, piece, &verdict, ret_guilty);
}

static struct active *find_held(const struct piece_manager *manager, uint32_t piece)
{
    struct active *active = active_find(&manager->table, piece);
    return active != NULL && active->is_held ? active : NULL;
}

/* Returns how many blocks were wrong. */
static uint32_t drop_wrong(struct piece_manager *manager, struct active *active,
                           const uint8_t *block_sha1s, const uint8_t *right_sha1s)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < active->block_count; i++) {
        const size_t at = (size_t)i * SHA1_BYTES;
        if (memcmp(block_sha1s + at, right_sha1s + at, SHA1_BYTES) == 0)
            continue;
        manager->counts.failed_bytes += piece_block_bytes(manager, active->piece, i);
        block_pool_give(manager->config.pool,
                        active_unarrive(&manager->table, active, i));
        count++;
    }
    return count;
}

uint32_t piece_manager_proved(struct piece_manager *manager, uint32_t piece,
                              const uint8_t *block_sha1s, const uint8_t *right_sha1s,
                              struct piece_guilty ret_guilty[PIECE_GUILTY_MAX])
{
    struct active *active = find_held(manager, piece);
    if (active == NULL)
        return 0;
    struct smart_ban_verdict verdict = {.count = 0};
    smart_ban_proved(manager->ban, piece, active->block_count, active->from, block_sha1s,
                     right_sha1s, &verdict);
    active->is_held = active->is_retry = false;
    active_set_alone(&manager->table, active, NULL);
    if (manager->failed.size > 0)
        bitfield_clear(&manager->failed, piece);
    /* All right and yet wrong together: then it is not they who are to blame. */
    if (drop_wrong(manager, active, block_sha1s, right_sha1s) == 0)
        piece_drop_failed(manager, active);
    else
        piece_update_ready(manager, active);
    manager->generation++;
    return piece_name_guilty(manager, piece, &verdict, ret_guilty);
}

void piece_manager_not_proved(struct piece_manager *manager, uint32_t piece)
{
    struct active *active = find_held(manager, piece);
    if (active != NULL)
        piece_drop_failed(manager, active);
}
