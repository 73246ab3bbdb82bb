#include "piece/piece_private.h"

#include <stdlib.h>

static bool piece_config_is_valid(const struct piece_manager_config *config)
{
    if (config->piece_bytes == 0 || config->piece_count > PICKER_PIECES_MAX)
        return false;
    if (config->total_bytes == 0) /* nothing is known of it yet */
        return config->piece_count == 0;
    if (config->tails != NULL)
        return config->piece_count > 0;
    const uint64_t count = (config->total_bytes - 1) / config->piece_bytes + 1;
    return count == config->piece_count;
}

static enum error_code piece_manager_init(struct piece_manager *manager,
                                          const struct piece_manager_config *config)
{
    manager->config = *config;
    manager->counts.wanted = manager->counts.wanted_left = config->piece_count;
    manager->counts.wanted_bytes = manager->counts.wanted_left_bytes =
        config->total_bytes;
    manager->generation = 1;
    piece_manager_set_budget(manager, config->budget_blocks);
    active_table_init(&manager->table, (config->piece_bytes - 1) / BLOCK_BYTES + 1);
    manager->ban = smart_ban_new();
    if (manager->ban == NULL)
        return ERROR_MEMORY;
    return picker_init(&manager->picker, config->piece_count, PIECE_PRIORITY_NORMAL,
                       config->clock, config->random);
}

enum error_code piece_manager_new(const struct piece_manager_config *config,
                                  struct piece_manager **ret_manager)
{
    if (!piece_config_is_valid(config))
        return ERROR_INVALID;
    struct piece_manager *manager = calloc(1, sizeof *manager);
    if (manager == NULL)
        return ERROR_MEMORY;
    const enum error_code error = piece_manager_init(manager, config);
    if (error != ERROR_NONE) {
        piece_manager_free(manager);
        return error;
    }
    *ret_manager = manager;
    return ERROR_NONE;
}

void piece_manager_free(struct piece_manager *manager)
{
    if (manager == NULL)
        return;
    manager->config.cancel = NULL;
    while (manager->table.by_piece != NULL)
        piece_drop(manager, manager->table.by_piece);
    active_table_done(&manager->table);
    endgame_done(&manager->endgame);
    roster_done(&manager->roster);
    smart_ban_free(manager->ban);
    bitfield_done(&manager->failed);
    picker_done(&manager->picker);
    free(manager);
}

void piece_manager_set_budget(struct piece_manager *manager, uint32_t budget_blocks)
{
    manager->budget =
        budget_blocks > 0 ? budget_blocks : block_pool_total(manager->config.pool);
}

/* ---- sizes ---- */

uint32_t piece_manager_piece_bytes(const struct piece_manager *manager, uint32_t piece)
{
    const struct piece_manager_config *config = &manager->config;
    if (piece >= config->piece_count)
        return 0;
    if (config->tails != NULL)
        return piece_tails_find(config->tails, config->tail_count, piece,
                                config->piece_bytes);
    if (piece < config->piece_count - 1)
        return config->piece_bytes;
    return (uint32_t)(config->total_bytes - (uint64_t)piece * config->piece_bytes);
}

uint32_t piece_manager_block_count(const struct piece_manager *manager, uint32_t piece)
{
    const uint32_t bytes = piece_manager_piece_bytes(manager, piece);
    return bytes / BLOCK_BYTES + (bytes % BLOCK_BYTES != 0);
}

uint32_t piece_block_bytes(const struct piece_manager *manager, uint32_t piece,
                           uint32_t block)
{
    const uint32_t left = piece_manager_piece_bytes(manager, piece) - block * BLOCK_BYTES;
    return left < BLOCK_BYTES ? left : BLOCK_BYTES;
}

bool piece_manager_is_block(const struct piece_manager *manager,
                            const struct block_ref *block)
{
    return block->begin < piece_manager_piece_bytes(manager, block->piece) &&
           block->begin % BLOCK_BYTES == 0 &&
           block->length ==
               piece_block_bytes(manager, block->piece, block->begin / BLOCK_BYTES);
}

/* ---- requests ---- */

static struct block_ref piece_ref(const struct piece_manager *manager, uint32_t piece,
                                  uint32_t block)
{
    return (struct block_ref){.piece = piece,
                              .begin = block * BLOCK_BYTES,
                              .length = piece_block_bytes(manager, piece, block)};
}

bool piece_ask(struct piece_manager *manager, struct active *active, uint32_t block,
               struct piece_peer *peer, struct block_ref *ret_block)
{
    if (!active_request(&manager->table, active, block, peer, piece_now_ns(manager)))
        return false;
    *ret_block = piece_ref(manager, active->piece, block);
    return true;
}

void piece_cancel_request(struct piece_manager *manager, struct request *request)
{
    const struct block_ref block =
        piece_ref(manager, request->active->piece, request->block);
    const struct peer_id_ref peer = request->peer->ref;
    active_release(&manager->table, request);
    if (manager->config.cancel != NULL)
        manager->config.cancel(manager->config.context, peer, &block);
}

void piece_drop(struct piece_manager *manager, struct active *active)
{
    for (uint32_t i = 0; i < active->block_count; i++)
        while (active->blocks[i].owner_count > 0)
            piece_cancel_request(manager, active->blocks[i].owners[0]);
    const uint32_t piece = active->piece;
    active_close(&manager->table, active, manager->config.pool);
    picker_put_back(&manager->picker, piece);
    manager->generation++;
    if (manager->picker.want.count == 0) {
        active_table_trim(&manager->table);
        endgame_done(&manager->endgame);
    }
}

/* PEER, which fetched the piece alone, is asked for nothing of it any more: anybody may
 * have it, or, with nothing here, it has not begun. What it owes a proof stays its own.
 */
static void piece_give_up(struct piece_manager *manager, const struct piece_peer *peer,
                          struct active *active)
{
    if (active->alone != peer || active->requested > 0 || active->is_retry ||
        peer->source->on_parole)
        return;
    if (active->arrived + active->handed == 0)
        piece_drop(manager, active);
    else
        active_set_alone(&manager->table, active, NULL);
}

/* Whose request for BLOCK was released; NULL: there was none. */
static struct piece_peer *piece_release(struct piece_manager *manager,
                                        struct peer_id_ref ref,
                                        const struct block_ref *block)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL || !piece_manager_is_block(manager, block))
        return NULL;
    struct active *active = active_find(&manager->table, block->piece);
    struct request *request =
        active != NULL ? active_owner(active, block->begin / BLOCK_BYTES, peer) : NULL;
    if (request == NULL)
        return NULL;
    active_release(&manager->table, request);
    piece_give_up(manager, peer, active);
    manager->generation++;
    return peer;
}

void piece_manager_released(struct piece_manager *manager, struct peer_id_ref ref,
                            const struct block_ref *block)
{
    piece_release(manager, ref, block);
}

void piece_manager_refused(struct piece_manager *manager, struct peer_id_ref ref,
                           const struct block_ref *block)
{
    struct piece_peer *peer = piece_release(manager, ref, block);
    if (peer != NULL)
        piece_on_refusal(manager, peer);
}

/* ---- what is wanted and had ---- */

static void piece_count_wanted(struct piece_manager *manager, uint32_t piece, int by)
{
    struct piece_counts *counts = &manager->counts;
    if (picker_priority_of(&manager->picker, piece) == 0)
        return;
    const uint64_t bytes =
        (uint64_t)((int64_t)by * piece_manager_piece_bytes(manager, piece));
    counts->wanted += (uint32_t)by;
    counts->wanted_bytes += bytes;
    if (bitfield_get(&manager->picker.have, piece))
        return;
    counts->wanted_left += (uint32_t)by;
    counts->wanted_left_bytes += bytes;
}

void piece_set_have(struct piece_manager *manager, uint32_t piece, bool have)
{
    if (bitfield_get(&manager->picker.have, piece) == have)
        return;
    piece_count_wanted(manager, piece, -1);
    picker_set_have(&manager->picker, piece, have);
    piece_count_wanted(manager, piece, 1);
    const uint32_t bytes = piece_manager_piece_bytes(manager, piece);
    manager->counts.have = manager->picker.have.count;
    manager->counts.have_bytes += have ? bytes : -(uint64_t)bytes;
    if (have && manager->failed.size > 0)
        bitfield_clear(&manager->failed, piece);
    manager->generation++;
}

void piece_manager_set_priority(struct piece_manager *manager, uint32_t piece,
                                uint8_t priority)
{
    if (piece >= manager->picker.size ||
        picker_priority_of(&manager->picker, piece) == priority)
        return;
    piece_count_wanted(manager, piece, -1);
    picker_set_priority(&manager->picker, piece, priority);
    piece_count_wanted(manager, piece, 1);
    struct active *active = active_find(&manager->table, piece);
    if (priority == 0 && active != NULL && active->handed == 0)
        piece_drop(manager, active);
    manager->generation++;
}

uint8_t piece_manager_priority(const struct piece_manager *manager, uint32_t piece)
{
    return piece < manager->picker.size ? picker_priority_of(&manager->picker, piece) : 0;
}

void piece_manager_set_sequential(struct piece_manager *manager, bool sequential)
{
    picker_set_sequential(&manager->picker, sequential);
}

void piece_manager_set_have(struct piece_manager *manager, const struct bitfield *have)
{
    while (manager->table.by_piece != NULL)
        piece_drop(manager, manager->table.by_piece);
    active_table_begin_anew(&manager->table);
    for (uint32_t i = 0; i < manager->picker.size; i++)
        piece_set_have(manager, i, bitfield_get(have, i));
}

const struct bitfield *piece_manager_have(const struct piece_manager *manager)
{
    return &manager->picker.have;
}

void piece_manager_found(struct piece_manager *manager, uint32_t piece)
{
    if (piece >= manager->picker.size)
        return;
    struct active *active = active_find(&manager->table, piece);
    if (active != NULL && active->handed > 0)
        return; /* its own end will come */
    if (active != NULL)
        piece_drop(manager, active);
    piece_set_have(manager, piece, true);
}

void piece_manager_lost_piece(struct piece_manager *manager, uint32_t piece)
{
    if (piece < manager->picker.size)
        piece_set_have(manager, piece, false);
}

void piece_manager_get_counts(const struct piece_manager *manager,
                              struct piece_counts *ret_counts)
{
    *ret_counts = manager->counts;
}

const char *piece_manager_broken(const struct piece_manager *manager)
{
    return manager->table.broken;
}

uint32_t piece_manager_generation(const struct piece_manager *manager)
{
    return manager->generation;
}

bool piece_manager_in_endgame(const struct piece_manager *manager)
{
    return manager->in_endgame;
}

uint32_t piece_manager_requested_blocks(const struct piece_manager *manager)
{
    return (uint32_t)manager->table.requested;
}
