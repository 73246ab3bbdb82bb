/* Virtual time, a loop on it, seeded randomness and a virtual network. */
#ifndef BTTUI_TESTS_LIB_WORLD_H
#define BTTUI_TESTS_LIB_WORLD_H

#include "base/clock.h"
#include "loop/loop.h"
#include "tests/lib/vnet.h"

struct world {
    struct clock_virtual clock;
    struct random_seeded random;
    struct loop *loop;
    struct vnet *vnet;
};

void world_init(struct world *world, uint64_t seed);
void world_done(struct world *world);
/* Runs turns until FOR_NS of virtual time have passed, and what is due then. */
void world_run(struct world *world, uint64_t for_ns);
/* Runs until DONE says so (true) or FOR_NS have passed (false). */
bool world_run_until(struct world *world, uint64_t for_ns,
                     bool (*done)(const void *context), const void *context);

#endif
