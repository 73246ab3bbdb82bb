/* Asking: which blocks a peer gets. */
#include "piece/piece_private.h"

#define PICK_FIRST_PIECES 4u  /* so many come at random and are fetched together */
#define PICK_WHOLE_S      20u /* who brings a piece in this time gets it whole */
#define PICK_LOOK_MAX     64u /* open pieces looked at for a peer */
#define PICK_ORPHANS_MAX  4u  /* begun pieces a fast peer looks at first */
#define PICK_WINDOW_MIN   32u /* blocks */
#define PICK_TAIL_MIN     4u  /* blocks in flight that every peer may have at the end */

/* A peer that picks, and what it may have. */
struct pick {
    struct piece_manager *manager;
    struct piece_peer *peer;
    const struct bitfield *bits;
    bool is_seed;
    bool takes_whole; /* fast enough to fetch a piece alone */
    uint32_t room;
    uint32_t count;
    struct block_ref *blocks;
    uint64_t now_ns;
};

static bool pick_has(const struct pick *pick, uint32_t piece)
{
    return piece_peer_has(pick->bits, pick->is_seed, piece);
}

/* Blocks past the cursor that a piece larger than the pool may be ahead. */
static uint32_t pick_end(const struct pick *pick, const struct active *active)
{
    const struct piece_manager *manager = pick->manager;
    if (!piece_is_giant(manager, active))
        return active->block_count;
    uint32_t window = manager->budget / 4 * 3;
    window = window < PICK_WINDOW_MIN ? PICK_WINDOW_MIN : window;
    return active->block_count - active->handed <= window ? active->block_count
                                                          : active->handed + window;
}

/* Asks for missing blocks of ACTIVE until the room is used up. True if there was any. */
static bool pick_from(struct pick *pick, struct active *active)
{
    const uint32_t before = pick->count;
    const uint32_t end = pick_end(pick, active);
    uint32_t block = 0;
    while (pick->count < pick->room && active->missing > 0) {
        block = active_next_missing(active, block, end, pick->peer);
        if (block >= end)
            break;
        struct active_block *entry = &active->blocks[block];
        if (entry->owner_count == ACTIVE_OWNERS_MAX) /* all of them stalled */
            piece_cancel_request(pick->manager, entry->owners[0]);
        if (!piece_ask(pick->manager, active, block, pick->peer,
                       &pick->blocks[pick->count]))
            break;
        pick->count++;
    }
    return pick->count > before;
}

static bool pick_own(struct pick *pick)
{
    struct active *active = pick->peer->own;
    for (; active != NULL; active = active->own_next)
        if (pick_has(pick, active->piece) && pick_from(pick, active))
            return true;
    return false;
}

static bool pick_shared(struct pick *pick)
{
    uint32_t looks = PICK_LOOK_MAX;
    for (struct active *active = pick->manager->table.shared;
         active != NULL && looks-- > 0; active = active->open_next)
        if (pick_has(pick, active->piece) && pick_from(pick, active))
            return true;
    return false;
}

/* Begun pieces that nobody works on: they hold blocks of the pool for nothing. */
static bool pick_orphan(struct pick *pick)
{
    struct active_table *table = &pick->manager->table;
    uint32_t looks = PICK_ORPHANS_MAX;
    for (struct active *active = table->shared; active != NULL && looks-- > 0;
         active = active->open_next) {
        if (active->requested > 0 || !pick_has(pick, active->piece))
            continue;
        active_set_alone(table, active, pick->peer);
        return pick_from(pick, active);
    }
    return false;
}

/* Pieces others fetch alone. One that failed, or that a suspect fetches, is left to its
 * peer, unless that takes far too long. */
static bool pick_help(struct pick *pick)
{
    uint32_t looks = PICK_LOOK_MAX;
    for (struct active *active = pick->manager->table.alone;
         active != NULL && looks-- > 0; active = active->open_next) {
        const struct piece_peer *owner = active->alone;
        if (!pick_has(pick, active->piece))
            continue;
        if ((active->is_retry || owner->source->on_parole) && owner->arrived_ns != 0) {
            const uint64_t blocks = active->missing + owner->requests.count;
            const uint64_t rate = roster_expected_rate(owner, pick->now_ns);
            if (blocks * BLOCK_BYTES * NS_PER_S / rate <
                piece_patience_ns(pick->manager, pick->peer))
                continue;
        }
        if (pick_from(pick, active))
            return true;
    }
    return false;
}

static bool pick_may_open(const struct pick *pick, uint32_t piece)
{
    const struct piece_manager *manager = pick->manager;
    const uint64_t blocks = piece_manager_block_count(manager, piece);
    if (manager->table.count == 0)
        return true;
    return pick->now_ns >= manager->tight_until_ns &&
           manager->table.reserved + blocks <= manager->budget;
}

static bool pick_is_first_phase(const struct piece_manager *manager)
{
    return !manager->picker.sequential &&
           manager->picker.have.count < PICK_FIRST_PIECES &&
           manager->picker.size > PICK_FIRST_PIECES;
}

/* A piece that failed waits for one peer, and so for one that is known to give, and not
 * to trickle. */
static bool pick_may_retry_alone(const struct pick *pick)
{
    return pick->peer->refusals == 0 && pick->peer->arrived_ns != 0 &&
           roster_expected_rate(pick->peer, pick->now_ns) * PICK_WHOLE_S >=
               pick->manager->config.piece_bytes;
}

static bool pick_new(struct pick *pick)
{
    struct piece_manager *manager = pick->manager;
    const struct bitfield *bits = pick->is_seed ? NULL : pick->bits;
    /* Any full-size piece stands for the one not chosen yet. */
    if (!pick_may_open(pick, 0))
        return false;
    piece_update_shares(manager);
    const uint32_t piece = pick_is_first_phase(manager)
                               ? picker_random(&manager->picker, &pick->peer->view, bits)
                               : picker_next(&manager->picker, &pick->peer->view, bits);
    if (piece == PICKER_NONE)
        return false;
    struct active *active =
        active_open(&manager->table, piece, piece_manager_block_count(manager, piece));
    if (active == NULL)
        return false;
    picker_take(&manager->picker, piece);
    active->is_retry =
        bitfield_get(&manager->failed, piece) && pick_may_retry_alone(pick);
    if (pick->takes_whole || active->is_retry)
        active_set_alone(&manager->table, active, pick->peer);
    return pick_from(pick, active);
}

static bool pick_step(struct pick *pick)
{
    const struct piece_manager *manager = pick->manager;
    if (pick_own(pick))
        return true;
    if (pick->peer->source->on_parole) {
        /* A suspect gets whole pieces alone, the next one when the last has passed. Where
         * there is none for it, it may be the only one who has what others began. */
        if (pick->peer->own_count > 0)
            return false;
        pick->takes_whole = true;
        return pick_new(pick) || pick_shared(pick) || pick_help(pick);
    }
    const bool too_many =
        manager->table.shared_count > 8 &&
        manager->table.shared_count * UINT64_C(2) > manager->roster.count * UINT64_C(3);
    if (pick->takes_whole && !too_many)
        return pick_orphan(pick) || pick_new(pick) || pick_shared(pick) ||
               pick_help(pick);
    return pick_shared(pick) || pick_new(pick) || pick_help(pick);
}

/* Nothing is free any more: nobody may sit on more than twice its share of what is left,
 * or the end waits for it. */
static uint32_t pick_tail_room(const struct pick *pick)
{
    const struct piece_manager *manager = pick->manager;
    if (manager->picker.free_count > 0)
        return pick->room;
    const uint64_t left = manager->table.missing + manager->table.requested;
    const uint64_t sum = manager->roster.rate_sum;
    uint64_t share = sum > 0 ? left * (pick->peer->rate / 1024 + 1) / (sum / 1024 + 1)
                             : left / manager->roster.count;
    share = 2 * share + 1;
    share = share < PICK_TAIL_MIN ? PICK_TAIL_MIN : share;
    const uint32_t queued = pick->peer->requests.count;
    if (queued >= share)
        return 0;
    return share - queued < pick->room ? (uint32_t)(share - queued) : pick->room;
}

/* Who refuses is tried with one block, ever more rarely (P41). */
static uint32_t pick_room(struct piece_manager *manager, const struct piece_peer *peer,
                          uint32_t room)
{
    if (peer->source->is_guilty || manager->picker.size == 0 ||
        piece_now_ns(manager) < roster_ask_again_ns(peer))
        return 0;
    if (peer->refusals == 0 || room == 0)
        return room;
    return peer->requests.count == 0 ? 1 : 0;
}

uint32_t piece_manager_pick(struct piece_manager *manager, struct peer_id_ref ref,
                            const struct bitfield *bits, bool is_seed,
                            uint64_t rate_bytes_per_s, uint32_t room,
                            struct block_ref *ret_blocks)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL)
        return 0;
    roster_set_rate(&manager->roster, peer, rate_bytes_per_s);
    room = pick_room(manager, peer, room);
    if (room == 0)
        return 0;
    struct pick pick = {
        .manager = manager,
        .peer = peer,
        .bits = bits,
        .is_seed = is_seed,
        .takes_whole = !pick_is_first_phase(manager) && !peer->is_stalled &&
                       peer->refusals == 0 &&
                       peer->rate * PICK_WHOLE_S >= manager->config.piece_bytes,
        .room = room,
        .blocks = ret_blocks,
        .now_ns = piece_now_ns(manager),
    };
    pick.room = pick_tail_room(&pick);
    while (pick.count < pick.room && pick_step(&pick))
        ;
    manager->in_endgame = false;
    if (pick.count == 0) {
        pick.count = endgame_pick(manager, peer, bits, is_seed, room, ret_blocks);
        manager->in_endgame = pick.count > 0;
    }
    return pick.count;
}

/* ---- of some pieces alone ---- */

/* What a peer may get of PIECE: not what another fetches alone, so that its failure says
 * who was it, nor what has failed, which waits for one peer. */
static struct active *pick_open(struct pick *pick, uint32_t piece)
{
    struct piece_manager *manager = pick->manager;
    struct active *active = active_find(&manager->table, piece);
    if (!pick_has(pick, piece) || bitfield_get(&manager->failed, piece))
        return NULL;
    if (active != NULL)
        return active->alone == NULL || active->alone == pick->peer ? active : NULL;
    if (!picker_is_free(&manager->picker, piece) || !pick_may_open(pick, piece))
        return NULL;
    active =
        active_open(&manager->table, piece, piece_manager_block_count(manager, piece));
    if (active == NULL)
        return NULL;
    /* Alone, or others would leave what they would rather bring and help with it. */
    picker_take(&manager->picker, piece);
    active_set_alone(&manager->table, active, pick->peer);
    return active;
}

uint32_t piece_manager_pick_of(struct piece_manager *manager, struct peer_id_ref ref,
                               const struct bitfield *bits, bool is_seed,
                               const uint32_t *pieces, uint32_t count, uint32_t room,
                               struct block_ref *ret_blocks)
{
    struct piece_peer *peer = roster_find(&manager->roster, ref);
    if (peer == NULL || peer->source->on_parole)
        return 0;
    struct pick pick = {
        .manager = manager,
        .peer = peer,
        .bits = bits,
        .is_seed = is_seed,
        .room = pick_room(manager, peer, room),
        .blocks = ret_blocks,
        .now_ns = piece_now_ns(manager),
    };
    for (uint32_t i = 0; i < count && pick.count < pick.room; i++) {
        struct active *active = pick_open(&pick, pieces[i]);
        if (active != NULL)
            pick_from(&pick, active);
    }
    return pick.count;
}
