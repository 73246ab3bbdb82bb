/* A piece that waits in one peer's queue turns up at another: it is fetched there, and
 * the first peer's time goes to what nobody else has. Several that fetch from one slow
 * seed thus take different pieces from it, though they do not know of each other's
 * requests. */
#include "piece/piece_private.h"

#define MOVE_LATE_NS (100 * NS_PER_MS) /* what comes sooner is on its way */

/* When the first block of ACTIVE is due from the peer that was asked for all of it. */
static uint64_t due_in_ns(const struct active *active, uint64_t now_ns)
{
    const struct piece_peer *owner = active->alone;
    uint64_t rank = 1;
    for (const struct request *request = owner->requests.oldest;
         request != NULL && request->active != active; request = request->next)
        rank++;
    return rank * BLOCK_BYTES * NS_PER_S / roster_expected_rate(owner, now_ns);
}

static bool is_waiting(const struct active *active)
{
    return active->alone != NULL && active->requested > 0 && active->arrived == 0 &&
           active->handed == 0 && !active->is_retry && !active->alone->source->on_parole;
}

void piece_turned_up(struct piece_manager *manager, const struct piece_peer *peer,
                     uint32_t piece)
{
    struct active *active = active_find(&manager->table, piece);
    if (active == NULL || active->alone == peer || !is_waiting(active))
        return;
    /* The first besides the seeds to have it; it serves us; others are left to pick. */
    if (manager->picker.avail[piece] != 1 || peer->rate == 0 || peer->is_stalled ||
        manager->picker.free_count == 0)
        return;
    const uint64_t now_ns = piece_now_ns(manager);
    const uint64_t owner_ns = due_in_ns(active, now_ns);
    const uint64_t blocks = (uint64_t)peer->requests.count + active->block_count;
    const uint64_t ours_ns =
        blocks * BLOCK_BYTES * NS_PER_S / roster_expected_rate(peer, now_ns);
    if (owner_ns >= MOVE_LATE_NS && ours_ns < owner_ns)
        piece_drop(manager, active);
}
