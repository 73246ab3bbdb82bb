/*
 * Which piece next: availability, priorities and what is wanted, for 1 to 16 million
 * pieces. Nothing is kept sorted: a HAVE is one increment. Order comes from the frontier,
 * the PICKER_FRONTIER best free pieces (priority, then rarity, then our share, ties at
 * random), built in one pass when it is half used or too old; with few pieces left it is
 * all of them. A peer that finds nothing there gets the rarest of some pieces from a
 * random place.
 *
 * A piece is free when it is wanted, not had and not taken.
 */
#ifndef BTTUI_PIECE_PICKER_H
#define BTTUI_PIECE_PICKER_H

#include "base/bitfield.h"
#include "base/clock.h"
#include "piece/shares.h"

#include <endian.h>
#include <string.h>

#define PICKER_NONE       UINT32_MAX
#define PICKER_FRONTIER   4096u
#define PICKER_PIECES_MAX (1u << 24)

struct picker_frontier {
    uint32_t *pieces; /* best first; NULL until needed */
    uint64_t *keys;   /* room to sort them */
    uint32_t count;
    uint32_t head;       /* all before are used */
    uint32_t used;       /* taken since it was built */
    uint32_t generation; /* never 0 once built */
    uint64_t built_ns;
    bool is_built;
    bool is_exact;   /* held every free piece when built */
    bool is_stale;   /* the order may have changed since */
    bool is_missing; /* a free piece may be missing from it */
};

struct picker {
    uint32_t size;
    uint16_t *avail; /* peers that have it, seeds not counted */
    uint32_t seeds;
    uint8_t *priority;     /* 0: not wanted */
    struct bitfield have;  /* verified */
    struct bitfield want;  /* priority > 0 and not had */
    struct bitfield taken; /* under way */
    uint32_t free_count;
    uint32_t free_at[256];     /* free pieces of each priority */
    uint32_t free_generation;  /* changes when a piece becomes free; never 0 */
    uint32_t want_generation;  /* changes when a piece becomes wanted; never 0 */
    uint32_t avail_generation; /* changes with availability and what is wanted */
    bool sequential;
    struct shares shares;
    struct picker_frontier frontier;
    const struct clock *clock;
    const struct random_source *random;
};

/* What a peer has seen of the picker, so that it never looks twice. All 0 at first. */
struct picker_view {
    uint32_t frontier_generation;
    uint32_t position;           /* entries before were looked at */
    uint32_t nothing_generation; /* free_generation when nothing was free for it */
    uint32_t boring_generation;  /* want_generation when it had nothing we want */
    uint32_t witness;            /* a piece it has and we want, perhaps */
};

/* Everything wanted at PRIORITY. ERROR_MEMORY leaves it safe to done. */
enum error_code picker_init(struct picker *picker, uint32_t size, uint8_t priority,
                            const struct clock *clock,
                            const struct random_source *random) MUST_CHECK;
void picker_done(struct picker *picker);

/* ---- what is wanted ---- */
void picker_set_priority(struct picker *picker, uint32_t piece, uint8_t priority);
void picker_set_sequential(struct picker *picker, bool sequential);
void picker_set_have(struct picker *picker, uint32_t piece, bool have);
/* Who else fetches what only few have: pieces of our share come first among equals. */
void picker_set_shares(struct picker *picker, const struct shares *shares);
/* Under way: not free. And back. */
void picker_take(struct picker *picker, uint32_t piece);
void picker_put_back(struct picker *picker, uint32_t piece);

static inline bool picker_is_free(const struct picker *picker, uint32_t piece)
{
    return bitfield_get(&picker->want, piece) && !bitfield_get(&picker->taken, piece);
}
static inline uint8_t picker_priority_of(const struct picker *picker, uint32_t piece)
{
    return picker->priority[piece];
}
static inline uint32_t picker_availability(const struct picker *picker, uint32_t piece)
{
    return picker->seeds + picker->avail[piece];
}

/* ---- who has what: BITS, or NULL for a seed ---- */
void picker_join(struct picker *picker, const struct bitfield *bits);
void picker_leave(struct picker *picker, const struct bitfield *bits);
/* A peer counted with its bits turns out to have had everything: all go down by one. */
void picker_leave_full(struct picker *picker);
/* A seed is counted as one with all bits from now on. */
void picker_split_seed(struct picker *picker);
void picker_lose(struct picker *picker, uint32_t piece);
void picker_gain(struct picker *picker, struct picker_view *view, uint32_t piece);

/* ---- choosing; BITS NULL: a seed. PICKER_NONE: nothing free for it ---- */
uint32_t picker_next(struct picker *picker, struct picker_view *view,
                     const struct bitfield *bits);
/* One at random of our share of those that several peers have, for the first pieces. */
uint32_t picker_random(struct picker *picker, struct picker_view *view,
                       const struct bitfield *bits);
/* Whether the peer has something we want and lack, taken or not. */
bool picker_is_interesting(struct picker *picker, struct picker_view *view,
                           const struct bitfield *bits);

/* One pass over all pieces: complete copies among the peers, and wanted pieces nobody
 * has. */
void picker_count_copies(const struct picker *picker, double *ret_copies,
                         uint32_t *ret_unavailable);

/* Brings the frontier up to date if it is due (picker_frontier.c). */
void picker_frontier_refresh(struct picker *picker);
/* Gives its memory back until it is needed again. */
void picker_frontier_drop(struct picker *picker);

/* 64 pieces as bits, bit 63 is the first. */
static inline uint64_t picker_bits_word(const struct bitfield *bits, uint32_t word)
{
    uint64_t value;
    memcpy(&value, bits->bytes + (size_t)word * 8, sizeof value);
    return be64toh(value);
}
static inline uint64_t picker_free_word(const struct picker *picker, uint32_t word)
{
    return picker_bits_word(&picker->want, word) &
           ~picker_bits_word(&picker->taken, word);
}
static inline uint32_t picker_words(const struct picker *picker)
{
    return (picker->size + 63) / 64;
}

#endif
