/* What arrives, what goes to the disk, and what comes of it. */
#include "piece/piece_private.h"

#include <utlist.h>

#define ARRIVE_WHOLE_BYTES (1u << 20) /* pieces up to this go to the disk in one run */
#define ARRIVE_RUN_BLOCKS  16u        /* larger ones in runs of at least this */
#define ARRIVE_TIGHT_NS    NS_PER_S

static enum piece_arrival piece_refuse(struct piece_manager *manager,
                                       const struct block *block,
                                       enum piece_arrival arrival)
{
    manager->counts.duplicate_bytes += block->length;
    manager->duplicates += arrival == PIECE_ARRIVAL_DUPLICATE;
    return arrival;
}

static bool piece_has_run(const struct piece_manager *manager,
                          const struct active *active)
{
    if (active->is_verifying || active->is_held)
        return false;
    if (active->prefix == active->block_count)
        return true;
    const bool in_runs = manager->config.piece_bytes > ARRIVE_WHOLE_BYTES ||
                         piece_is_giant(manager, active);
    return in_runs && active->prefix - active->handed >= ARRIVE_RUN_BLOCKS;
}

void piece_update_ready(struct piece_manager *manager, struct active *active)
{
    const bool is_ready = piece_has_run(manager, active);
    if (is_ready == active->is_ready)
        return;
    active->is_ready = is_ready;
    if (is_ready)
        DL_APPEND2(manager->table.ready, active, ready_prev, ready_next);
    else
        DL_DELETE2(manager->table.ready, active, ready_prev, ready_next);
}

static bool piece_accept(struct piece_manager *manager, struct active *active,
                         uint32_t index, struct piece_peer *peer, struct block *block)
{
    struct active_block *entry = &active->blocks[index];
    struct request *own = active_owner(active, index, peer);
    const struct block_ref ref = {block->piece, block->begin, block->length};
    for (uint32_t i = 0; i < entry->owner_count; i++)
        if (entry->owners[i] != own && manager->config.cancel != NULL)
            manager->config.cancel(manager->config.context, entry->owners[i]->peer->ref,
                                   &ref);
    block->next = NULL;
    if (!active_arrive(&manager->table, active, index, block, peer->source))
        return false;
    piece_update_ready(manager, active);
    return true;
}

enum piece_arrival piece_manager_on_block(struct piece_manager *manager,
                                          struct peer_id_ref ref, struct block *block)
{
    const struct block_ref place = {block->piece, block->begin, block->length};
    if (!piece_manager_is_block(manager, &place))
        return PIECE_ARRIVAL_BAD;
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    struct active *active = active_find(&manager->table, block->piece);
    if (peer == NULL || active == NULL || peer->source->is_guilty)
        return piece_refuse(manager, block,
                            bitfield_get(&manager->picker.have, block->piece)
                                ? PIECE_ARRIVAL_DUPLICATE
                                : PIECE_ARRIVAL_UNWANTED);
    peer->arrived_ns = piece_now_ns(manager);
    peer->refusals = 0;
    const uint32_t index = block->begin / BLOCK_BYTES;
    if (active->blocks[index].state >= ACTIVE_BLOCK_ARRIVED)
        return piece_refuse(manager, block, PIECE_ARRIVAL_DUPLICATE);
    /* Late, and not asked for any more: welcome, but who fetches a piece alone must not
     * find a stranger's blocks in it, nor others a suspect's. */
    if (active_owner(active, index, peer) == NULL && active->alone != peer &&
        (active->alone != NULL || peer->source->on_parole))
        return piece_refuse(manager, block, PIECE_ARRIVAL_UNWANTED);
    piece_revive(manager, peer);
    return piece_accept(manager, active, index, peer, block)
               ? PIECE_ARRIVAL_ACCEPTED
               : piece_refuse(manager, block, PIECE_ARRIVAL_UNWANTED);
}

bool piece_manager_next_run(struct piece_manager *manager, struct piece_run *ret_run)
{
    struct active *active = manager->table.ready;
    if (active == NULL)
        return false;
    const bool is_last = active->prefix == active->block_count;
    struct block *chain = active_hand(&manager->table, active, active->prefix);
    if (chain == NULL)
        return false;
    *ret_run = (struct piece_run){
        .piece = active->piece,
        .chain = chain,
        .last = is_last,
        .want_digests = smart_ban_wants_digests(manager->ban, active->piece),
        .write_now = piece_is_giant(manager, active),
    };
    active->is_verifying = is_last;
    piece_update_ready(manager, active);
    return true;
}

/* ---- the verdict ---- */

static struct active *piece_verifying(const struct piece_manager *manager, uint32_t piece)
{
    struct active *active = active_find(&manager->table, piece);
    return active != NULL && active->is_verifying ? active : NULL;
}

uint32_t piece_name_guilty(struct piece_manager *manager, uint32_t piece,
                           struct smart_ban_verdict *verdict,
                           struct piece_guilty *ret_guilty)
{
    _Static_assert(SMART_BAN_VERDICT_MAX <= PIECE_GUILTY_MAX, "all guilty are named");
    const uint32_t count = verdict->count;
    for (uint32_t i = 0; i < count; i++) {
        const struct piece_source *source = verdict->guilty[i];
        ret_guilty[i] = (struct piece_guilty){
            .peer = source->peer, .address = source->address, .piece = piece};
        struct piece_peer *peer = roster_find(&manager->roster, source->peer);
        if (peer != NULL)
            piece_release_all(manager, peer);
    }
    smart_ban_verdict_done(verdict);
    return count;
}

uint32_t piece_manager_verified(struct piece_manager *manager, uint32_t piece,
                                const uint8_t *block_sha1s,
                                struct piece_guilty ret_guilty[PIECE_GUILTY_MAX])
{
    struct active *active = piece_verifying(manager, piece);
    if (active == NULL)
        return 0;
    struct smart_ban_verdict verdict = {.count = 0};
    smart_ban_passed(manager->ban, piece, active->block_count, active->from, block_sha1s,
                     &verdict);
    /* In this order it is never free in between, which would wake every idle peer. */
    piece_set_have(manager, piece, true);
    piece_drop(manager, active);
    return piece_name_guilty(manager, piece, &verdict, ret_guilty);
}

void piece_drop_failed(struct piece_manager *manager, struct active *active)
{
    manager->counts.failed_bytes += piece_manager_piece_bytes(manager, active->piece);
    /* Without memory for the mark the piece is simply fetched again. */
    if (manager->failed.size == 0 &&
        bitfield_init(&manager->failed, manager->picker.size) != ERROR_NONE)
        manager->failed.size = 0;
    bitfield_set(&manager->failed, active->piece);
    piece_drop(manager, active);
}

uint32_t piece_manager_failed(struct piece_manager *manager, uint32_t piece,
                              const uint8_t *block_sha1s,
                              struct piece_guilty ret_guilty[PIECE_GUILTY_MAX])
{
    struct active *active = piece_verifying(manager, piece);
    if (active == NULL)
        return 0;
    struct smart_ban_verdict verdict = {.count = 0};
    smart_ban_failed(manager->ban, piece, active->block_count, active->from, block_sha1s,
                     &verdict);
    piece_drop_failed(manager, active);
    return piece_name_guilty(manager, piece, &verdict, ret_guilty);
}

void piece_manager_disk_error(struct piece_manager *manager, uint32_t piece)
{
    struct active *active = active_find(&manager->table, piece);
    if (active != NULL)
        piece_drop(manager, active);
}

/* ---- giving blocks back ---- */

/* Of those with something to give, the one with the smallest part of its blocks here. */
static struct active *piece_least_complete(const struct piece_manager *manager)
{
    struct active *least = NULL, *active, *next;
    HASH_ITER(hh, manager->table.by_piece, active, next)
    {
        if (active->is_verifying || active->is_held || active->is_ready ||
            active->arrived == 0)
            continue;
        if (least == NULL ||
            (uint64_t)(active->arrived + active->handed) * least->block_count <
                (uint64_t)(least->arrived + least->handed) * active->block_count)
            least = active;
    }
    return least;
}

/* Drops the blocks furthest from the cursor of a piece that cannot be dropped whole. */
static uint32_t piece_cut(struct piece_manager *manager, struct active *active,
                          uint32_t blocks)
{
    uint32_t count = 0;
    for (uint32_t i = active->block_count; i-- > active->handed && count < blocks;) {
        if (active->blocks[i].state != ACTIVE_BLOCK_ARRIVED)
            continue;
        block_pool_give(manager->config.pool,
                        active_unarrive(&manager->table, active, i));
        count++;
    }
    return count;
}

uint32_t piece_manager_relieve(struct piece_manager *manager, uint32_t blocks)
{
    uint32_t count = 0;
    while (count < blocks) {
        struct active *active = piece_least_complete(manager);
        if (active == NULL)
            break;
        if (active->handed > 0 || manager->table.count == 1) {
            count += piece_cut(manager, active, blocks - count);
            continue;
        }
        count += active->arrived;
        piece_drop(manager, active);
    }
    manager->tight_until_ns = piece_now_ns(manager) + ARRIVE_TIGHT_NS;
    manager->generation++;
    return count;
}

bool piece_manager_is_verifying(const struct piece_manager *manager)
{
    for (const struct active *active = manager->table.by_piece; active != NULL;
         active = active->hh.next)
        if (active->is_verifying)
            return true;
    return false;
}

uint32_t piece_manager_drop_all(struct piece_manager *manager, uint32_t *ret_pieces,
                                uint32_t capacity)
{
    uint32_t count = 0;
    struct active *active, *next;
    HASH_ITER(hh, manager->table.by_piece, active, next)
    {
        if (active->is_verifying || (active->handed > 0 && count == capacity))
            continue;
        if (active->handed > 0)
            ret_pieces[count++] = active->piece;
        piece_drop(manager, active);
    }
    return count;
}
