/*
 * Rules by which peers are refused for what they are or do. A refused one is
 * disconnected, shown as blocked with the reason, and neither called nor let in for an
 * hour.
 */
#ifndef BTTUI_PEER_REFUSE_H
#define BTTUI_PEER_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

struct peer_rules {
    const char *const *clients; /* globs on the client's name */
    uint32_t client_count;
    /* Who took so many bytes over one connection and gave nothing, though it has what we
     * want; 0: nobody. */
    uint64_t leech_bytes;
};

/* `*` is any text, `?` a character, letters of ASCII are the same in both cases. Linear
 * in the product of the lengths. */
bool refuse_matches(const char *glob, const char *name);

#endif
