/*
 * A set of options, each by its place in option_table: which of them stood on a command
 * line. A value, copied by assignment; all zeros is the empty set.
 */
#ifndef BTTUI_APP_OPTION_SET_H
#define BTTUI_APP_OPTION_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTION_SET_WORDS    4
#define OPTION_SET_CAPACITY ((size_t)OPTION_SET_WORDS * 64)

struct option_set {
    uint64_t words[OPTION_SET_WORDS];
};

/* INDEX < OPTION_SET_CAPACITY. */
static inline void option_set_add(struct option_set *set, size_t index)
{
    set->words[index / 64] |= UINT64_C(1) << (index % 64);
}

static inline bool option_set_has(const struct option_set *set, size_t index)
{
    return (set->words[index / 64] >> (index % 64) & 1) != 0;
}

#endif
