#include "piece/picker.h"

#include <stdlib.h>

/* So many hits are compared when a peer finds nothing in the frontier. */
#define PICKER_SAMPLE 64u

enum error_code picker_init(struct picker *picker, uint32_t size, uint8_t priority,
                            const struct clock *clock, const struct random_source *random)
{
    *picker = (struct picker){
        .size = size,
        .free_generation = 1,
        .want_generation = 1,
        .clock = clock,
        .random = random,
    };
    picker->avail = calloc(size, sizeof *picker->avail);
    picker->priority = malloc(size);
    if (picker->avail == NULL || picker->priority == NULL ||
        bitfield_init(&picker->have, size) != ERROR_NONE ||
        bitfield_init(&picker->want, size) != ERROR_NONE ||
        bitfield_init(&picker->taken, size) != ERROR_NONE)
        return ERROR_MEMORY;
    memset(picker->priority, priority, size);
    if (priority > 0) {
        bitfield_set_all(&picker->want);
        picker->free_count = size;
        picker->free_at[priority] = size;
    }
    return ERROR_NONE;
}

void picker_done(struct picker *picker)
{
    free(picker->avail);
    free(picker->priority);
    bitfield_done(&picker->have);
    bitfield_done(&picker->want);
    bitfield_done(&picker->taken);
    picker_frontier_drop(picker);
    *picker = (struct picker){0};
}

static void picker_bump(uint32_t *generation)
{
    if (++*generation == 0)
        *generation = 1;
}

/* ---- what is wanted ---- */

/* Called around every change of a piece: it leaves the free ones, changes, comes back. */
static bool picker_unfree(struct picker *picker, uint32_t piece)
{
    if (!picker_is_free(picker, piece))
        return false;
    picker->free_count--;
    picker->free_at[picker->priority[piece]]--;
    return true;
}

static void picker_refree(struct picker *picker, uint32_t piece, bool was_free)
{
    if (!picker_is_free(picker, piece)) {
        if (was_free)
            picker->frontier.used++;
        return;
    }
    picker->free_count++;
    picker->free_at[picker->priority[piece]]++;
    if (!was_free) {
        picker_bump(&picker->free_generation);
        picker->frontier.is_missing = true;
    }
}

static void picker_update_want(struct picker *picker, uint32_t piece)
{
    if (picker->priority[piece] == 0 || bitfield_get(&picker->have, piece))
        bitfield_clear(&picker->want, piece);
    else if (bitfield_set(&picker->want, piece))
        picker_bump(&picker->want_generation);
    picker->avail_generation++;
    if (picker->want.count == 0)
        picker_frontier_drop(picker);
}

void picker_set_priority(struct picker *picker, uint32_t piece, uint8_t priority)
{
    if (picker->priority[piece] == priority)
        return;
    const bool was_free = picker_unfree(picker, piece);
    picker->priority[piece] = priority;
    picker_update_want(picker, piece);
    picker_refree(picker, piece, was_free);
    picker->frontier.is_stale = true;
    picker->frontier.is_missing = true; /* it may have been too low to be in it */
}

void picker_set_sequential(struct picker *picker, bool sequential)
{
    if (picker->sequential == sequential)
        return;
    picker->sequential = sequential;
    picker->frontier.is_built = false;
}

void picker_set_shares(struct picker *picker, const struct shares *shares)
{
    picker->shares = *shares;
    picker->frontier.is_stale = true;
}

void picker_set_have(struct picker *picker, uint32_t piece, bool have)
{
    const bool was_free = picker_unfree(picker, piece);
    if (have)
        bitfield_set(&picker->have, piece);
    else
        bitfield_clear(&picker->have, piece);
    picker_update_want(picker, piece);
    picker_refree(picker, piece, was_free);
}

void picker_take(struct picker *picker, uint32_t piece)
{
    const bool was_free = picker_unfree(picker, piece);
    bitfield_set(&picker->taken, piece);
    picker_refree(picker, piece, was_free);
}

void picker_put_back(struct picker *picker, uint32_t piece)
{
    const bool was_free = picker_unfree(picker, piece);
    bitfield_clear(&picker->taken, piece);
    picker_refree(picker, piece, was_free);
}

/* ---- who has what ---- */

/* BY is +1 or -1; the compiler makes vectors of the inner loops. Peers are fewer than
 * 65,536 and each counts a piece once, so nothing overflows; a count that would fall
 * below 0 (a peer whose bits changed behind our back) stays at 0. */
static void picker_add_word(uint16_t *avail, uint64_t word, uint32_t bits, int by)
{
    if (by > 0) {
        for (uint32_t i = 0; i < bits; i++)
            avail[i] = (uint16_t)(avail[i] + (word >> (63 - i) & 1));
    } else {
        for (uint32_t i = 0; i < bits; i++)
            avail[i] = (uint16_t)(avail[i] - ((word >> (63 - i) & 1) & (avail[i] > 0)));
    }
}

static void picker_add_bits(struct picker *picker, const struct bitfield *bits, int by)
{
    picker->avail_generation++;
    picker->frontier.is_stale = true;
    if (bits == NULL) {
        picker->seeds += (uint32_t)by;
        return;
    }
    const uint32_t words = picker_words(picker);
    for (uint32_t i = 0; i < words; i++) {
        const uint64_t word = picker_bits_word(bits, i);
        const uint32_t left = picker->size - i * 64;
        if (word != 0)
            picker_add_word(picker->avail + (size_t)i * 64, word, left < 64 ? left : 64,
                            by);
    }
}

void picker_join(struct picker *picker, const struct bitfield *bits)
{
    picker_add_bits(picker, bits, 1);
}

void picker_leave(struct picker *picker, const struct bitfield *bits)
{
    picker_add_bits(picker, bits, -1);
}

void picker_leave_full(struct picker *picker)
{
    for (uint32_t i = 0; i < picker->size; i++)
        picker->avail[i] = (uint16_t)(picker->avail[i] - (picker->avail[i] > 0));
    picker->avail_generation++;
    picker->frontier.is_stale = true;
}

void picker_split_seed(struct picker *picker)
{
    for (uint32_t i = 0; i < picker->size; i++)
        picker->avail[i] = (uint16_t)(picker->avail[i] + (picker->avail[i] < UINT16_MAX));
    picker->seeds -= picker->seeds > 0;
}

void picker_lose(struct picker *picker, uint32_t piece)
{
    picker->avail[piece] = (uint16_t)(picker->avail[piece] - (picker->avail[piece] > 0));
    picker->avail_generation++;
    picker->frontier.is_stale = true;
}

void picker_gain(struct picker *picker, struct picker_view *view, uint32_t piece)
{
    if (picker->avail[piece] < UINT16_MAX)
        picker->avail[piece]++;
    picker->avail_generation++;
    picker->frontier.is_stale = true;
    if (!bitfield_get(&picker->want, piece))
        return;
    if (view->boring_generation != 0) {
        view->boring_generation = 0;
        view->witness = piece;
    }
    if (!bitfield_get(&picker->taken, piece))
        view->nothing_generation = 0;
}

/* ---- choosing ---- */

static uint64_t picker_hits(const struct picker *picker, const struct bitfield *bits,
                            uint32_t word)
{
    const uint64_t free_word = picker_free_word(picker, word);
    return bits == NULL ? free_word : free_word & picker_bits_word(bits, word);
}

/* Free pieces the peer has, from the word START on and around: at most PICKER_SAMPLE. */
static uint32_t picker_sample(const struct picker *picker, const struct bitfield *bits,
                              uint32_t start, uint32_t ret_pieces[PICKER_SAMPLE])
{
    const uint32_t words = picker_words(picker);
    uint32_t count = 0;
    for (uint32_t i = 0; i < words && count < PICKER_SAMPLE; i++) {
        const uint32_t word = start + i < words ? start + i : start + i - words;
        uint64_t hits = picker_hits(picker, bits, word);
        while (hits != 0 && count < PICKER_SAMPLE) {
            const uint32_t bit = (uint32_t)__builtin_clzll(hits);
            ret_pieces[count++] = word * 64 + bit;
            hits &= ~(UINT64_C(1) << (63 - bit));
        }
    }
    return count;
}

/* Whether A is to be fetched rather than B. */
static bool picker_better(const struct picker *picker, uint32_t a, uint32_t b)
{
    if (picker->priority[a] != picker->priority[b])
        return picker->priority[a] > picker->priority[b];
    if (picker->sequential)
        return a < b;
    return picker->avail[a] < picker->avail[b];
}

static uint32_t picker_elsewhere(struct picker *picker, struct picker_view *view,
                                 const struct bitfield *bits)
{
    uint32_t pieces[PICKER_SAMPLE];
    const uint32_t start =
        picker->sequential ? 0 : random_below(picker->random, picker_words(picker));
    const uint32_t count = picker_sample(picker, bits, start, pieces);
    if (count == 0) {
        view->nothing_generation = picker->free_generation;
        return PICKER_NONE;
    }
    uint32_t best = pieces[0];
    for (uint32_t i = 1; i < count; i++)
        if (picker_better(picker, pieces[i], best))
            best = pieces[i];
    return best;
}

static bool picker_has_nothing(const struct picker *picker,
                               const struct picker_view *view)
{
    return picker->free_count == 0 || view->nothing_generation == picker->free_generation;
}

uint32_t picker_next(struct picker *picker, struct picker_view *view,
                     const struct bitfield *bits)
{
    if (picker_has_nothing(picker, view))
        return PICKER_NONE;
    picker_frontier_refresh(picker);
    struct picker_frontier *frontier = &picker->frontier;
    while (frontier->head < frontier->count &&
           !picker_is_free(picker, frontier->pieces[frontier->head]))
        frontier->head++;
    if (view->frontier_generation != frontier->generation) {
        view->frontier_generation = frontier->generation;
        view->position = 0;
    }
    if (view->position < frontier->head)
        view->position = frontier->head;
    for (; view->position < frontier->count; view->position++) {
        const uint32_t piece = frontier->pieces[view->position];
        if (picker_is_free(picker, piece) && (bits == NULL || bitfield_get(bits, piece)))
            return piece;
    }
    return picker_elsewhere(picker, view, bits);
}

uint32_t picker_random(struct picker *picker, struct picker_view *view,
                       const struct bitfield *bits)
{
    if (picker_has_nothing(picker, view))
        return PICKER_NONE;
    uint32_t pieces[PICKER_SAMPLE];
    const uint32_t count = picker_sample(
        picker, bits, random_below(picker->random, picker_words(picker)), pieces);
    if (count == 0) {
        view->nothing_generation = picker->free_generation;
        return PICKER_NONE;
    }
    /* The best priority first, then those that more than this peer has, then by our
     * share. */
    const uint32_t last_turn = (1u << SHARES_BITS) - 1;
    uint32_t best = PICKER_NONE, best_rank = 0;
    for (uint32_t i = 0; i < count; i++) {
        const bool several = picker_availability(picker, pieces[i]) >= 2;
        const uint32_t draw = random_below(picker->random, last_turn + 1);
        const uint32_t rank = (picker->priority[pieces[i]] * 2u + several)
                                  << SHARES_BITS |
                              (last_turn - shares_turn(&picker->shares, pieces[i], draw));
        if (best == PICKER_NONE || rank > best_rank) {
            best_rank = rank;
            best = pieces[i];
        }
    }
    return best;
}

bool picker_is_interesting(struct picker *picker, struct picker_view *view,
                           const struct bitfield *bits)
{
    if (picker->want.count == 0 || view->boring_generation == picker->want_generation)
        return false;
    if (bits == NULL)
        return true;
    if (bitfield_get(&picker->want, view->witness) && bitfield_get(bits, view->witness))
        return true;
    const uint32_t words = picker_words(picker);
    const uint32_t start = view->witness / 64 < words ? view->witness / 64 : 0;
    for (uint32_t i = 0; i < words; i++) {
        const uint32_t word = start + i < words ? start + i : start + i - words;
        const uint64_t both =
            picker_bits_word(&picker->want, word) & picker_bits_word(bits, word);
        if (both != 0) {
            view->witness = word * 64 + (uint32_t)__builtin_clzll(both);
            return true;
        }
    }
    view->boring_generation = picker->want_generation;
    return false;
}

void picker_count_copies(const struct picker *picker, double *ret_copies,
                         uint32_t *ret_unavailable)
{
    uint16_t least = UINT16_MAX;
    for (uint32_t i = 0; i < picker->size; i++)
        least = picker->avail[i] < least ? picker->avail[i] : least;
    uint32_t above = 0;
    for (uint32_t i = 0; i < picker->size; i++)
        above += picker->avail[i] > least;
    uint32_t unavailable = 0;
    if (least == 0 && picker->seeds == 0)
        for (uint32_t i = bitfield_next_set(&picker->want, 0); i < picker->size;
             i = bitfield_next_set(&picker->want, i + 1))
            unavailable += picker->avail[i] == 0;
    *ret_copies = picker->seeds + least + (double)above / picker->size;
    *ret_unavailable = unavailable;
}
