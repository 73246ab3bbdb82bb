/* The frontier: the best free pieces, chosen by counting instead of sorting them all. */
#include "piece/picker.h"

#include <stdlib.h>

#define FRONTIER_BINS   2048u /* rarer than this is all the same */
#define FRONTIER_AGE_NS NS_PER_S
/* An exact frontier is built again after changes as often as costs about 1 % of a core;
 * with few pieces at once. */
#define FRONTIER_EXACT_NS  UINT64_C(12000) /* for each piece */
#define FRONTIER_AT_ONCE   64u
#define FRONTIER_INDX_BITS 24

/* What gets in, decided before the pieces are gathered. */
struct frontier_cut {
    uint8_t priority; /* above: in */
    uint32_t avail;   /* at the cut's priority and rarer: in */
    uint32_t ties;    /* so many of those at both cuts, at random (in order: the first) */
    uint32_t sure;    /* how many get in without a draw */
};

/* A draw has no enemy here, only a million pieces: fast beats strong, and a system call
 * for each would cost more than the rest. */
static uint64_t frontier_draws(const struct picker *picker)
{
    uint64_t state;
    random_fill(picker->random, &state, sizeof state);
    return state | 1;
}

static uint32_t frontier_draw(uint64_t *state, uint32_t limit)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 32) * limit >> 32);
}

static uint32_t frontier_bin(const struct picker *picker, uint32_t piece)
{
    if (picker->sequential)
        return 0;
    const uint32_t avail = picker->avail[piece];
    return avail < FRONTIER_BINS ? avail : FRONTIER_BINS - 1;
}

#define FRONTIER_FOR_EACH_FREE(picker, piece)                                            \
    for (uint32_t word_ = 0; word_ < picker_words(picker); word_++)                      \
        for (uint64_t hits_ = picker_free_word(picker, word_), piece = 0;                \
             hits_ != 0 &&                                                               \
             (piece = word_ * 64 + (uint32_t)__builtin_clzll(hits_), true);              \
             hits_ &= ~(UINT64_C(1) << (63 - (piece & 63))))

static struct frontier_cut frontier_find_cut(const struct picker *picker, uint32_t limit)
{
    struct frontier_cut cut = {.priority = 255};
    while (cut.priority > 1 && cut.sure + picker->free_at[cut.priority] < limit)
        cut.sure += picker->free_at[cut.priority--];
    uint32_t bins[FRONTIER_BINS] = {0};
    if (picker->sequential) {
        bins[0] = picker->free_at[cut.priority];
    } else {
        FRONTIER_FOR_EACH_FREE(picker, piece)
        if (picker->priority[piece] == cut.priority)
            bins[frontier_bin(picker, (uint32_t)piece)]++;
    }
    while (cut.avail < FRONTIER_BINS - 1 && cut.sure + bins[cut.avail] < limit)
        cut.sure += bins[cut.avail++];
    cut.ties = limit - cut.sure;
    return cut;
}

static void frontier_gather(struct picker *picker, const struct frontier_cut *cut)
{
    uint32_t *pieces = picker->frontier.pieces;
    uint32_t sure = 0, ties = 0;
    uint64_t random = frontier_draws(picker);
    FRONTIER_FOR_EACH_FREE(picker, piece)
    {
        const uint8_t priority = picker->priority[piece];
        const uint32_t bin = frontier_bin(picker, (uint32_t)piece);
        if (priority > cut->priority || (priority == cut->priority && bin < cut->avail)) {
            pieces[sure++] = (uint32_t)piece;
        } else if (priority == cut->priority && bin == cut->avail) {
            /* Reservoir sampling: each of them is in with the same chance. */
            const uint32_t place = ties < cut->ties ? ties
                                   : picker->sequential
                                       ? cut->ties
                                       : frontier_draw(&random, ties + 1);
            if (place < cut->ties)
                pieces[cut->sure + place] = (uint32_t)piece;
            ties++;
        }
    }
}

static int frontier_compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void frontier_sort(struct picker *picker)
{
    struct picker_frontier *frontier = &picker->frontier;
    uint64_t random = frontier_draws(picker);
    for (uint32_t i = 0; i < frontier->count; i++) {
        const uint32_t piece = frontier->pieces[i];
        uint64_t key = (uint64_t)(255 - picker->priority[piece]) << 56 | piece;
        if (!picker->sequential) {
            const uint32_t draw = frontier_draw(&random, 1u << SHARES_BITS);
            const uint64_t turn = shares_turn(&picker->shares, piece, draw);
            key |= (uint64_t)picker->avail[piece] << (SHARES_BITS + FRONTIER_INDX_BITS);
            key |= turn << FRONTIER_INDX_BITS;
        }
        frontier->keys[i] = key;
    }
    qsort(frontier->keys, frontier->count, sizeof *frontier->keys, frontier_compare);
    for (uint32_t i = 0; i < frontier->count; i++)
        frontier->pieces[i] =
            (uint32_t)(frontier->keys[i] & ((1u << FRONTIER_INDX_BITS) - 1));
}

/* A torrent with nothing left to fetch has no frontier. */
static bool frontier_allocate(struct picker *picker)
{
    struct picker_frontier *frontier = &picker->frontier;
    const uint32_t room = picker->size < PICKER_FRONTIER ? picker->size : PICKER_FRONTIER;
    if (frontier->pieces == NULL)
        frontier->pieces = malloc(room * sizeof *frontier->pieces);
    if (frontier->keys == NULL)
        frontier->keys = malloc(room * sizeof *frontier->keys);
    return frontier->pieces != NULL && frontier->keys != NULL;
}

void picker_frontier_drop(struct picker *picker)
{
    struct picker_frontier *frontier = &picker->frontier;
    free(frontier->pieces);
    free(frontier->keys);
    *frontier = (struct picker_frontier){.generation = frontier->generation};
}

static bool frontier_is_due(const struct picker *picker, uint64_t now_ns)
{
    const struct picker_frontier *frontier = &picker->frontier;
    if (!frontier->is_built)
        return true;
    const bool half_used = !frontier->is_exact && frontier->used * 2 >= frontier->count;
    if (half_used)
        return true;
    if (!frontier->is_missing && (!frontier->is_stale || picker->sequential))
        return false;
    uint64_t age_ns = FRONTIER_AGE_NS;
    if (picker->free_count <= FRONTIER_AT_ONCE)
        age_ns = 0;
    else if (picker->free_count <= PICKER_FRONTIER)
        age_ns = picker->free_count * FRONTIER_EXACT_NS;
    return now_ns - frontier->built_ns >= age_ns;
}

void picker_frontier_refresh(struct picker *picker)
{
    struct picker_frontier *frontier = &picker->frontier;
    const uint64_t now_ns = clock_now_ns(picker->clock);
    if (!frontier_is_due(picker, now_ns) || !frontier_allocate(picker))
        return;
    const uint32_t generation = frontier->generation + 1;
    *frontier = (struct picker_frontier){
        .pieces = frontier->pieces,
        .keys = frontier->keys,
        .count =
            picker->free_count < PICKER_FRONTIER ? picker->free_count : PICKER_FRONTIER,
        .generation = generation == 0 ? 1 : generation,
        .built_ns = now_ns,
        .is_built = true,
        .is_exact = picker->free_count <= PICKER_FRONTIER,
    };
    const struct frontier_cut cut = frontier_find_cut(picker, frontier->count);
    frontier_gather(picker, &cut);
    frontier_sort(picker);
}
