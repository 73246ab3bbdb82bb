/* The Piece Manager as people see it. */
#include "piece/piece_private.h"

#include <string.h>

#define LOOK_COPIES_NS (500 * NS_PER_MS)

enum piece_phase piece_manager_phase(const struct piece_manager *manager, uint32_t piece)
{
    const struct picker *picker = &manager->picker;
    if (bitfield_get(&picker->have, piece))
        return PIECE_PHASE_HAVE;
    const bool is_active = bitfield_get(&picker->taken, piece);
    const struct active *active = is_active ? active_find(&manager->table, piece) : NULL;
    if (active != NULL && active->is_verifying)
        return PIECE_PHASE_VERIFYING;
    if (bitfield_get(&manager->failed, piece))
        return PIECE_PHASE_FAILED;
    if (active != NULL && active->arrived + active->handed > 0)
        return PIECE_PHASE_ARRIVING;
    if (active != NULL && active->requested > 0)
        return PIECE_PHASE_REQUESTED;
    return bitfield_get(&picker->want, piece) ? PIECE_PHASE_MISSING
                                              : PIECE_PHASE_NOT_WANTED;
}

/* Moves pieces of the range that are in SET to the phase they are really in. Asks for the
 * next one only while there is one: else the search would leave the range. */
static void move_lively(const struct piece_manager *manager, const struct bitfield *set,
                        const struct bitfield *but, uint32_t first, uint32_t count,
                        uint32_t counts[PIECE_PHASES])
{
    uint32_t piece = first;
    for (uint32_t left = bitfield_count_range(set, first, count); left > 0; left--) {
        piece = bitfield_next_set(set, piece);
        const enum piece_phase phase = piece_manager_phase(manager, piece);
        const bool is_wanted = bitfield_get(&manager->picker.want, piece);
        if (phase != PIECE_PHASE_HAVE && !(but != NULL && bitfield_get(but, piece))) {
            counts[is_wanted ? PIECE_PHASE_MISSING : PIECE_PHASE_NOT_WANTED]--;
            counts[phase]++;
        }
        piece++;
    }
}

void piece_manager_count_phases(const struct piece_manager *manager, uint32_t first,
                                uint32_t count, uint32_t ret_counts[PIECE_PHASES])
{
    const struct picker *picker = &manager->picker;
    uint32_t counts[PIECE_PHASES] = {0};
    if (first >= picker->size)
        count = 0;
    else if (count > picker->size - first)
        count = picker->size - first;
    counts[PIECE_PHASE_HAVE] = bitfield_count_range(&picker->have, first, count);
    counts[PIECE_PHASE_MISSING] = bitfield_count_range(&picker->want, first, count);
    counts[PIECE_PHASE_NOT_WANTED] =
        count - counts[PIECE_PHASE_HAVE] - counts[PIECE_PHASE_MISSING];
    move_lively(manager, &picker->taken, NULL, first, count, counts);
    move_lively(manager, &manager->failed, &picker->taken, first, count, counts);
    memcpy(ret_counts, counts, sizeof counts);
}

uint32_t piece_manager_availability(const struct piece_manager *manager, uint32_t piece)
{
    return piece < manager->picker.size ? picker_availability(&manager->picker, piece)
                                        : 0;
}

uint32_t piece_manager_least_availability(const struct piece_manager *manager,
                                          uint32_t first, uint32_t count)
{
    const struct picker *picker = &manager->picker;
    uint32_t least = UINT16_MAX;
    if (first >= picker->size)
        return 0;
    if (count > picker->size - first)
        count = picker->size - first;
    for (uint32_t i = 0; i < count; i++)
        if (picker->avail[first + i] < least)
            least = picker->avail[first + i];
    return picker->seeds + least;
}

void piece_manager_get_progress(const struct piece_manager *manager, uint32_t piece,
                                struct piece_progress *ret_progress)
{
    const uint32_t blocks = piece_manager_block_count(manager, piece);
    *ret_progress = (struct piece_progress){.blocks = blocks};
    const struct active *active = active_find(&manager->table, piece);
    if (bitfield_get(&manager->picker.have, piece)) {
        ret_progress->arrived = blocks;
    } else if (active != NULL) {
        ret_progress->arrived = active->arrived + active->handed;
        ret_progress->requested = active->requested;
    }
}

void piece_manager_get_copies(struct piece_manager *manager, double *ret_copies,
                              uint32_t *ret_unavailable)
{
    struct piece_copies *copies = &manager->copies;
    const uint64_t now_ns = piece_now_ns(manager);
    if (!copies->is_counted ||
        (copies->avail_generation != manager->picker.avail_generation &&
         now_ns - copies->counted_ns >= LOOK_COPIES_NS)) {
        picker_count_copies(&manager->picker, &copies->copies, &copies->unavailable);
        copies->is_counted = true;
        copies->counted_ns = now_ns;
        copies->avail_generation = manager->picker.avail_generation;
    }
    *ret_copies = copies->copies;
    *ret_unavailable = copies->unavailable;
}
