#include "tests/lib/world.h"

#include "tests/lib/vnet_private.h"

void world_init(struct world *world, uint64_t seed)
{
    clock_virtual_init(&world->clock, 1000 * NS_PER_S);
    random_seeded_init(&world->random, seed);
    const struct loop_platform platform = loop_platform_virtual(&world->clock);
    world->loop = loop_new(&platform);
    VNET_REQUIRE(world->loop != NULL);
    world->vnet = vnet_new(world->loop);
}

void world_done(struct world *world)
{
    vnet_free(world->vnet);
    loop_free(world->loop);
}

static bool never(const void *context)
{
    (void)context;
    return false;
}

bool world_run_until(struct world *world, uint64_t for_ns,
                     bool (*done)(const void *context), const void *context)
{
    const uint64_t end_ns = world->clock.now_ns + for_ns;
    while (world->clock.now_ns < end_ns) {
        if (done(context))
            return true;
        loop_turn(world->loop, end_ns - world->clock.now_ns);
    }
    /* What is due at the end, and what that leads to at the same moment. */
    for (int i = 0; i < 3; i++)
        loop_turn(world->loop, 0);
    return done(context);
}

void world_run(struct world *world, uint64_t for_ns)
{
    world_run_until(world, for_ns, never, NULL);
}
