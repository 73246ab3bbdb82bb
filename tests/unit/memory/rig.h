/*
 * A small torrent on a virtual network: a seed that has all of it, a leech that wants it,
 * and a tracker that knows the seed. Time is virtual, the disk's jobs run on the loop.
 * Nothing asserts while the allocator is armed: Check allocates, too.
 */
#ifndef BTTUI_TESTS_UNIT_MEMORY_RIG_H
#define BTTUI_TESTS_UNIT_MEMORY_RIG_H

#include "base/buffer.h"
#include "tests/lib/world.h"

#define RIG_SEED    "10.0.0.1"
#define RIG_LEECH   "10.0.0.2"
#define RIG_TRACKER "10.0.0.3"

#define RIG_TOTAL_BYTES 150000u
#define RIG_PIECE_BYTES 16384u
#define RIG_PIECES      ((RIG_TOTAL_BYTES + RIG_PIECE_BYTES - 1) / RIG_PIECE_BYTES)

struct rig {
    struct world world;
    char root[64], down[80], state[80], seed_down[80];
    struct buffer torrent;
    struct session *seed;
    uint64_t seed_up;   /* its upload limit in bytes/s; 0: none */
    bool only_saved;    /* rig_open adds nothing to what was saved */
    bool verify_writes; /* what sessions are opened with */
    bool untold;        /* something failed without a word for people */
    bool late;          /* a session did not end in time */
};

void rig_init(struct rig *rig);
void rig_done(struct rig *rig);
/* A session that has all and uploads; its files are made, or have been. */
void rig_seed(struct rig *rig);
void rig_open_seed(struct rig *rig);
/* The leech's session with its state, the saved torrent or else this one in it. NULL: it
 * could not be made or the torrent not added, and people were told why. */
struct session *rig_open(struct rig *rig);
struct session *rig_open_at(struct rig *rig, const char *host);
/* Stops the session as a program that ends well does, and frees it. */
void rig_close(struct rig *rig, struct session *session);
/* Runs for so many seconds at most until all is there. */
bool rig_completes(struct rig *rig, struct session *session, unsigned seconds);
/* Whether the files below the download directory are what they should be. */
bool rig_files_are_right(const struct rig *rig);
/* Which pieces are right there, found without the product. Returns how many. */
uint32_t rig_pieces_there(const struct rig *rig, bool ret_there[RIG_PIECES]);

#endif
