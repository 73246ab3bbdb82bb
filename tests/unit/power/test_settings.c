/* What was added and set outlasts a kill at every call that changes the disk, and a power
 * loss there (HOSTILE.md R1, R2): once it was saved it is there, before it is as it was,
 * never half. */
#include "tests/unit/power/check_power.h"

#include "disk/state_file.h"
#include "tests/unit/power/journal.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY      24u /* more than are synced one by one */
#define IMAGES    4u  /* of each moment, if BTTUI_POWER_IMAGES is set */
#define STEPS_MAX 16u
#ifdef __SANITIZE_ADDRESS__
#define FEW 5u
#else
#define FEW 1u
#endif
#define SETTLED_NS (50 * NS_PER_MS)

/* All that a session has to know again. */
struct memory {
    uint32_t count;
    uint64_t max_down;
    struct {
        struct info_hash hash;
        struct torrent_settings settings;
        char dir[80];
        bool wanted[2];
        int priorities[2];
        uint32_t trackers;
    } torrents[MANY + 2];
};

static struct rig rig;
static char disk[72], pool[72], elsewhere[76];
static struct memory memories[STEPS_MAX + 1]; /* after so many steps */
static uint32_t saved_at[STEPS_MAX + 1];      /* acts, by which the last step is saved */
static uint32_t step_count;

static void setup(void)
{
    rig_init(&rig);
    rig.only_saved = true;
    snprintf(disk, sizeof disk, "%s/disk", rig.root);
    snprintf(pool, sizeof pool, "%s/pool", rig.root);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", rig.root);
    ck_assert_int_eq(mkdir(disk, 0700), 0);
    ck_assert_int_eq(mkdir(pool, 0700), 0);
    snprintf(rig.state, sizeof rig.state, "%s/state", disk);
    journal_begin(disk, pool);
}

static void teardown(void)
{
    power_fail(POWER_CALL_SYNC, "", 0, 0);
    journal_end();
    rig_done(&rig);
}

static void add(struct session *session, uint32_t number,
                const struct add_options *options)
{
    struct buffer torrent;
    struct torrent_id id;
    char message[SESSION_MESSAGE_SIZE];
    buffer_init(&torrent, 1024);
    ck_assert_int_eq(
        buffer_printf(&torrent,
                      "d4:infod5:filesld6:lengthi5e4:pathl1:aeed6:lengthi5e4:pathl1:beee"
                      "4:name6:%06u12:piece lengthi32768e6:pieces20:%020uee",
                      number, number),
        ERROR_NONE);
    ck_assert_msg(session_add_bytes(session, torrent.bytes, torrent.length, options, &id,
                                    message) == ERROR_NONE,
                  "%s", message);
    buffer_done(&torrent);
}

static struct memory remember(struct session *session)
{
    struct memory memory = {.count = session_count(session)};
    struct session_settings settings;
    session_get_settings(session, &settings);
    memory.max_down = settings.max_down;
    ck_assert_uint_le(memory.count, MANY + 2);
    for (uint32_t i = 0; i < memory.count; i++) {
        const struct torrent_id id = session_at(session, i);
        struct torrent_info info;
        struct file_info file;
        ck_assert(torrent_get_info(session, id, &info));
        memory.torrents[i].hash = info.hash;
        snprintf(memory.torrents[i].dir, sizeof memory.torrents[i].dir, "%s",
                 info.download_dir);
        ck_assert(torrent_get_settings(session, id, &memory.torrents[i].settings));
        for (uint32_t k = 0; k < 2; k++) {
            ck_assert(torrent_get_file(session, id, k, &file));
            memory.torrents[i].wanted[k] = file.wanted;
            memory.torrents[i].priorities[k] = file.priority;
        }
        memory.torrents[i].trackers = torrent_tracker_count(session, id);
    }
    return memory;
}

/* How many torrents the list on disk names. */
static uint32_t named(void)
{
    uint8_t *bytes;
    size_t length;
    struct saved_list list = {0};
    const int dir = open(rig.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const enum error_code error =
        state_file_load(dir, "session", SAVED_LIST_BYTES_MAX, &bytes, &length);
    if (dir >= 0)
        close(dir);
    if (error == ERROR_NONE) {
        ck_assert_int_eq(saved_list_decode(bytes, length, &list), ERROR_NONE);
        free(bytes);
    }
    const uint32_t count = list.count;
    saved_list_done(&list);
    return count;
}

/* ---- the steps: each is saved before the next ---- */

static void step_add_one(struct session *session)
{
    const struct add_options options = {
        .paused = true, .download_dir = elsewhere, .select = "2", .label = "first"};
    add(session, 0, &options);
}

static void step_add_many(struct session *session)
{
    const struct add_options options = {
        .paused = true, .download_dir = elsewhere, .select = "1", .label = "many"};
    for (uint32_t i = 1; i <= MANY; i++)
        add(session, i, &options);
}

static void step_label(struct session *session)
{
    torrent_set_label(session, session_at(session, 3), "third");
}

static void step_files(struct session *session)
{
    torrent_set_file_wanted(session, session_at(session, 2), 1, true);
}

static void step_limits(struct session *session)
{
    struct torrent_settings settings;
    const struct torrent_id id = session_at(session, 1);
    ck_assert(torrent_get_settings(session, id, &settings));
    settings.max_down = 11;
    settings.max_up = 22;
    settings.goal.ratio = 150;
    torrent_set_settings(session, id, &settings);
}

static void step_session(struct session *session)
{
    session_set_limits(session, 5000, 0);
}

static void step_resume(struct session *session)
{
    torrent_resume(session, session_at(session, 4));
}

static void step_force(struct session *session)
{
    torrent_force(session, session_at(session, 5), true);
}

static void step_pause(struct session *session)
{
    torrent_pause(session, session_at(session, 5));
}

static void step_order(struct session *session)
{
    torrent_move(session, session_at(session, 6), -3);
}

static void step_remove(struct session *session)
{
    session_remove(session, session_at(session, 2), false);
}

static void step_priority(struct session *session)
{
    char message[SESSION_MESSAGE_SIZE];
    ck_assert_int_eq(
        torrent_set_priority(session, session_at(session, 7), "1", 1, message),
        ERROR_NONE);
}

static void step_tracker(struct session *session)
{
    ck_assert_int_eq(torrent_add_tracker(session, session_at(session, 8),
                                         "udp://tracker.test:80/announce"),
                     ERROR_NONE);
}

static void step_remove_some(struct session *session)
{
    for (uint32_t i = 0; i < 3; i++)
        session_remove(session, session_at(session, 9), false);
}

static void step_add_last(struct session *session)
{
    const struct add_options options = {.sequential = true};
    add(session, MANY + 1, &options);
}

static void (*const steps[])(struct session *) = {
    step_add_one, step_add_many, step_label,       step_files,    step_limits,
    step_session, step_resume,   step_force,       step_pause,    step_order,
    step_remove,  step_add_last, step_remove_some, step_priority, step_tracker,
};
#define STEPS (sizeof steps / sizeof *steps)

/* A session in which all of it is done; the journal has what it wrote. */
static void record(void)
{
    struct session *session = rig_open(&rig);
    ck_assert_ptr_nonnull(session);
    memories[0] = remember(session);
    saved_at[0] = 0;
    for (step_count = 0; step_count < STEPS;) {
        steps[step_count](session);
        world_run(&rig.world, SETTLED_NS);
        step_count++;
        memories[step_count] = remember(session);
        saved_at[step_count] = journal_count();
    }
    world_run(&rig.world, 6 * NS_PER_S); /* and checkpoints */
    rig_close(&rig, session);
    journal_end();
}

static bool is_same(const struct memory *a, const struct memory *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void come_back(uint32_t cut, enum power_mode mode,
                      const struct random_source *random)
{
    uint32_t saved = 0;
    while (saved < step_count && saved_at[saved + 1] <= cut)
        saved++;
    journal_make_image(cut, mode, random);
    const uint32_t count = named();
    struct session *session = rig_open(&rig);
    ck_assert_ptr_nonnull(session);
    const struct memory memory = remember(session);
    session_free(session);
    ck_assert_msg(memory.count == count, "act %u, mode %u: %u named, %u there", cut, mode,
                  count, memory.count);
    ck_assert_msg(is_same(&memory, &memories[saved]) ||
                      (saved < step_count && is_same(&memory, &memories[saved + 1])),
                  "act %u, mode %u: neither as after step %u nor as after the next (%u "
                  "torrents)",
                  cut, mode, saved, memory.count);
}

START_TEST(what_was_set_is_as_it_was_saved_whenever_the_end_comes)
{
    struct random_seeded random;
    random_seeded_init(&random, 3);
    const uint32_t base = journal_count();
    record();
    const uint32_t end = journal_count();
    ck_assert_uint_gt(end - base, 200);
    const uint32_t images = getenv("BTTUI_POWER_IMAGES") != NULL ? IMAGES : 1;
    const uint32_t stride = images > 1 ? 1 : _i == POWER_KILL ? FEW : 4 * FEW;
    for (uint32_t cut = base; cut <= end; cut += stride)
        for (uint32_t k = 0; k < images; k++)
            come_back(cut, (enum power_mode)_i, &random.source);
}
END_TEST

/* The list names nothing that is not there; what failed is tried again. */
START_TEST(a_torrent_that_cannot_be_kept_is_not_on_the_list_until_it_is)
{
    const struct add_options options = {.paused = true, .label = "kept"};
    struct session *session = rig_open(&rig);
    ck_assert_ptr_nonnull(session);
    power_fail(POWER_CALL_SYNC, "/torrents/", -1, ENOSPC);
    add(session, 1, &options);
    world_run(&rig.world, 40 * NS_PER_S);
    session_set_limits(session, 700, 0); /* the list is saved */
    world_run(&rig.world, SETTLED_NS);
    session_free(session);
    ck_assert_uint_eq(named(), 0);
    session = rig_open(&rig);
    ck_assert_uint_eq(session_count(session), 0);
    ck_assert_uint_eq(remember(session).max_down, 700);
    add(session, 1, &options);
    world_run(&rig.world, SETTLED_NS);
    power_fail(POWER_CALL_SYNC, "", 0, 0);
    world_run(&rig.world, 31 * NS_PER_S);
    const struct memory memory = remember(session);
    session_free(session);
    session = rig_open(&rig);
    const struct memory back = remember(session);
    ck_assert_uint_eq(back.count, 1);
    ck_assert(is_same(&back, &memory));
    session_free(session);
}
END_TEST

START_TEST(what_could_not_be_kept_is_tried_once_more_at_the_end)
{
    const struct add_options options = {.paused = true};
    struct session *session = rig_open(&rig);
    power_fail(POWER_CALL_SYNC, "/torrents/", 1, ENOSPC);
    add(session, 1, &options);
    world_run(&rig.world, SETTLED_NS);
    rig_close(&rig, session);
    session = rig_open(&rig);
    ck_assert_uint_eq(session_count(session), 1);
    session_free(session);
}
END_TEST

static uint32_t warnings;

static void note_warning(void *context, const struct message *event)
{
    (void)context;
    warnings += event->type == EVENT_WARNING;
}

START_TEST(a_list_that_cannot_be_saved_is_saved_when_it_can)
{
    struct session *session = rig_open(&rig);
    warnings = 0;
    ck_assert_int_eq(event_bus_listen(session_events(session), note_warning, NULL),
                     ERROR_NONE);
    power_fail(POWER_CALL_SYNC, "/state/session", -1, ENOSPC);
    session_set_limits(session, 700, 0);
    world_run(&rig.world, 40 * NS_PER_S);
    ck_assert_uint_eq(warnings, 1); /* said once */
    power_fail(POWER_CALL_SYNC, "", 0, 0);
    world_run(&rig.world, 31 * NS_PER_S);
    session_free(session);
    session = rig_open(&rig);
    ck_assert_uint_eq(remember(session).max_down, 700);
    session_free(session);
}
END_TEST

Suite *test_settings_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *cases = tcase_create("settings");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, what_was_set_is_as_it_was_saved_whenever_the_end_comes,
                        POWER_KILL, POWER_MODES);
    tcase_add_test(cases, a_torrent_that_cannot_be_kept_is_not_on_the_list_until_it_is);
    tcase_add_test(cases, a_list_that_cannot_be_saved_is_saved_when_it_can);
    tcase_add_test(cases, what_could_not_be_kept_is_tried_once_more_at_the_end);
    suite_add_tcase(suite, cases);
    return suite;
}
