#include "peer/webseed_manager.h"
#include "tests/lib/world.h"
#include "tests/unit/peer/check_peer.h"

static struct world world;
static struct bus *responses;
static struct webseed_manager *manager;
static struct loop_hook hook;
static bool is_due;
static uint32_t wakes; /* how often it asked to be run */
static uint32_t count[256];
static struct peer_id_ref seed;

static void run_soon(void *context)
{
    (void)context;
    is_due = true;
    wakes++;
}

/* As the Torrent Manager does it. */
static bool run(void *context)
{
    struct message message;
    (void)context;
    if (!is_due)
        return false;
    is_due = false;
    while (bus_take(responses, &message)) {
        count[message.type]++;
        seed = message.peer;
    }
    webseed_manager_run(manager);
    return is_due || bus_length(responses) > 0;
}

static char first_url[] = "http://h/x", second_url[] = "http://i/x", path[] = "x";
static char *urls[] = {first_url, second_url};
static struct metainfo_file file = {.path = path, .length = 65536};
static struct metainfo meta = {.files = &file,
                               .file_count = 1,
                               .total_bytes = 65536,
                               .piece_bytes = 16384,
                               .piece_count = 4,
                               .webseeds = urls};

static void begin(uint32_t seeds)
{
    world_init(&world, 1);
    responses = bus_new(64);
    meta.webseed_count = seeds;
    const struct webseed_manager_config config = {
        .loop = world.loop, .meta = &meta, .responses = responses, .run_soon = run_soon};
    manager = webseed_manager_new(&config);
    hook = (struct loop_hook){.callback = run};
    loop_hook_add(world.loop, &hook);
    for (uint32_t i = 0; i < sizeof count / sizeof *count; i++)
        count[i] = 0;
    bus_set_notify(responses, run_soon, NULL);
    webseed_manager_set_running(manager, true);
    run_soon(NULL);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(count[PEER_HANDSHAKEN], seeds);
    ck_assert_uint_eq(count[PEER_IDLE], seeds);
    wakes = 0;
}

static void end(void)
{
    webseed_manager_free(manager);
    loop_hook_remove(world.loop, &hook);
    bus_free(responses, NULL);
    world_done(&world);
}

static void tell(enum message_type type)
{
    struct message message = {.type = type, .peer = seed};
    message.u.gone.reason = PEER_REASON_BANNED_DATA;
    webseed_manager_take(manager, &message);
    world_run(&world, NS_PER_MS);
    wakes = 0;
}

START_TEST(nobody_is_woken_while_nothing_is_asked_for)
{
    begin(2);
    world_run(&world, 3600 * NS_PER_S);
    ck_assert_uint_eq(wakes, 0);
    webseed_manager_set_running(manager, false);
    run_soon(NULL);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(count[PEER_GONE], 2);
    wakes = 0;
    world_run(&world, 3600 * NS_PER_S);
    ck_assert_uint_eq(wakes, 0);
    end();
}
END_TEST

/* Nor each second until one that failed is tried again, ever later. */
START_TEST(one_that_failed_wakes_us_when_it_is_tried_again)
{
    begin(1);
    uint64_t in_ns = 5 * NS_PER_S;
    for (uint32_t fails = 1; fails <= 4; fails++, in_ns *= 2) {
        tell(PEER_DISCONNECT);
        ck_assert_uint_eq(count[PEER_GONE], fails);
        world_run(&world, in_ns - 2 * NS_PER_MS);
        ck_assert_uint_eq(wakes, 0);
        ck_assert_uint_eq(count[PEER_HANDSHAKEN], fails);
        world_run(&world, 2 * NS_PER_MS);
        ck_assert_uint_ge(wakes, 1);
        ck_assert_uint_eq(count[PEER_HANDSHAKEN], fails + 1);
        ck_assert_uint_eq(webseed_manager_connected(manager), 1);
    }
    end();
}
END_TEST

static const enum message_type endings[] = {PEER_PAUSE, PEER_BAN};

START_TEST(one_that_may_not_come_back_wakes_nobody)
{
    begin(1);
    tell(PEER_DISCONNECT);
    tell(endings[_i]);
    world_run(&world, 3600 * NS_PER_S);
    ck_assert_uint_eq(wakes, 0);
    ck_assert_uint_eq(count[PEER_HANDSHAKEN], 1);
    tell(PEER_RESUME);
    ck_assert_uint_eq(count[PEER_HANDSHAKEN], endings[_i] == PEER_PAUSE ? 2 : 1);
    end();
}
END_TEST

Suite *suite_webseed_manager(void)
{
    Suite *suite = suite_create("webseed_manager");
    TCase *tcase = tcase_create("webseed_manager");
    tcase_add_test(tcase, nobody_is_woken_while_nothing_is_asked_for);
    tcase_add_test(tcase, one_that_failed_wakes_us_when_it_is_tried_again);
    tcase_add_loop_test(tcase, one_that_may_not_come_back_wakes_nobody, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
