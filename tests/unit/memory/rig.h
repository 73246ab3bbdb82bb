/*
 * A small torrent on a virtual network: a seed that has all of it, a leech that wants it,
 * and a tracker that knows the seed. Time is virtual, the disk's jobs run on the loop.
 * Nothing asserts while the allocator is armed: Check allocates, too.
 */
#ifndef BTTUI_TESTS_UNIT_MEMORY_RIG_H
#define BTTUI_TESTS_UNIT_MEMORY_RIG_H

#include "base/buffer.h"
#include "tests/lib/world.h"
#include "torrent/session.h"

#define RIG_SEED    "10.0.0.1"
#define RIG_LEECH   "10.0.0.2"
#define RIG_TRACKER "10.0.0.3"

struct rig {
    struct world world;
    char root[64], down[80], state[80], seed_down[80];
    struct buffer torrent;
    struct session *seed;
    bool untold; /* something failed without a word for people */
    bool late;   /* a session did not end in time */
};

void rig_init(struct rig *rig);
void rig_done(struct rig *rig);
/* A session that has all and uploads. */
void rig_seed(struct rig *rig);
/* The leech's session with its state, the saved torrent or else this one in it. NULL: it
 * could not be made or the torrent not added, and people were told why. */
struct session *rig_open(struct rig *rig);
/* Stops the session as a program that ends well does, and frees it. */
void rig_close(struct rig *rig, struct session *session);
/* Runs for so many seconds at most until all is there. */
bool rig_completes(struct rig *rig, struct session *session, unsigned seconds);
/* Whether the file below the download directory is what it should be. */
bool rig_file_is_right(const struct rig *rig);

#endif
