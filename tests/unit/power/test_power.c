/*
 * The power fails while a torrent is downloaded, at any moment, and again while what is
 * left of it recovers (HOSTILE.md R1, R7, R8, R9). Whatever the disk holds then: nothing
 * is claimed that is not there, nothing that is there is overlooked, and the download
 * completes.
 */
#include "tests/unit/power/check_power.h"
#include "tests/unit/power/journal.h"
#include "torrent/looks.h"
#include "torrent/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SEED_UP 10000u /* bytes a second: checkpoints come every five seconds */

static unsigned images;

static bool is_ready(const void *context)
{
    struct torrent_info info;
    struct session *session = *(struct session *const *)context;
    return torrent_get_info(session, session_at(session, 0), &info) &&
           info.state != TORRENT_STATE_CHECKING;
}

/* The session as it comes back, what it claims compared with what is there. */
struct session *power_come_back(struct rig *rig, const char *what)
{
    bool there[RIG_PIECES];
    uint8_t states[RIG_PIECES];
    struct torrent_info info;
    rig_pieces_there(rig, there);
    struct session *session = rig_open(rig);
    ck_assert_ptr_nonnull(session);
    const struct torrent_id id = session_at(session, 0);
    ck_assert(world_run_until(&rig->world, 10 * NS_PER_S, is_ready, &session));
    ck_assert(torrent_get_info(session, id, &info));
    ck_assert_msg(info.state != TORRENT_STATE_ERROR, "%s: %s", what, info.reason);
    ck_assert_uint_eq(torrent_get_pieces(session, id, 0, RIG_PIECES, states, NULL),
                      RIG_PIECES);
    for (uint32_t i = 0; i < RIG_PIECES; i++)
        ck_assert_msg((states[i] == PIECE_STATE_HAVE) == there[i],
                      "%s: piece %u is %s, and %s", what, i,
                      there[i] ? "there" : "not there",
                      states[i] == PIECE_STATE_HAVE ? "claimed" : "not claimed");
    return session;
}

static void open_world(struct rig *rig, char pool[96])
{
    char root[96];
    rig_init(rig);
    rig->seed_up = SEED_UP;
    snprintf(root, sizeof root, "%s/disk", rig->root);
    snprintf(pool, 96, "%s/pool", rig->root);
    ck_assert_int_eq(mkdir(root, 0700), 0);
    ck_assert_int_eq(mkdir(pool, 0700), 0);
    snprintf(rig->down, sizeof rig->down, "%s/disk/down", rig->root);
    snprintf(rig->state, sizeof rig->state, "%s/disk/state", rig->root);
    rig_seed(rig);
    journal_begin(root, pool);
}

static void disk_of(const struct rig *rig, char root[96])
{
    snprintf(root, 96, "%s/disk", rig->root);
}

/* From the image on: back, on for a while, the power fails again, and back for good. */
static void recover_twice(struct rig *rig, uint64_t seed,
                          const struct random_source *random)
{
    char what[96], root[96], pool[96];
    disk_of(rig, root);
    snprintf(pool, sizeof pool, "%s/pool", rig->root);
    snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
    journal_begin(root, pool);
    const uint32_t base = journal_count();
    struct session *session = power_come_back(rig, what);
    world_run(&rig->world, random_below(random, 8000) * NS_PER_MS);
    session_free(session);
    journal_end();
    images++;
    snprintf(what, sizeof what, "seed %llu, again", (unsigned long long)seed);
    journal_make_image(base + random_below(random, journal_count() - base + 1),
                       (enum power_mode)random_below(random, POWER_MODES), random);
    session = power_come_back(rig, what);
    ck_assert_msg(rig_completes(rig, session, 300), "%s: not complete", what);
    rig_close(rig, session);
    ck_assert_msg(rig_files_are_right(rig), "%s: wrong files", what);
}

/* A whole download, of which each image takes the first acts. */
static void record(struct rig *rig)
{
    struct session *session = rig_open(rig);
    ck_assert_ptr_nonnull(session);
    ck_assert(rig_completes(rig, session, 120));
    rig_close(rig, session);
    journal_end();
}

static unsigned images_wanted(void)
{
    const char *text = getenv("BTTUI_POWER_IMAGES");
#ifdef __SANITIZE_ADDRESS__
    const unsigned few = 16;
#else
    const unsigned few = 160;
#endif
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : few;
}

/* BTTUI_POWER_SEED=N: that one image; BTTUI_POWER_IMAGES=N: so many instead. */
START_TEST(whatever_the_disk_holds_after_a_power_loss_is_recovered)
{
    const char *only = getenv("BTTUI_POWER_SEED");
    const uint64_t first = only != NULL ? strtoull(only, NULL, 10) : 1;
    const uint64_t last = only != NULL ? first : images_wanted();
    for (uint64_t seed = first; seed <= last; seed++) {
        struct rig rig;
        struct random_seeded random;
        char pool[96];
        random_seeded_init(&random, seed);
        open_world(&rig, pool);
        const uint32_t base = journal_count();
        record(&rig);
        const uint32_t span = journal_count() - base;
        ck_assert_uint_gt(span, 40);
        images++;
        journal_make_image(base + random_below(&random.source, span + 1),
                           (enum power_mode)(seed % POWER_MODES), &random.source);
        recover_twice(&rig, seed, &random.source);
        rig_done(&rig);
    }
    printf("%u images, %u acts in the last\n", images, journal_count());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("power");
    TCase *cases = tcase_create("power");
    tcase_set_timeout(cases, 3600);
    tcase_add_test(cases, whatever_the_disk_holds_after_a_power_loss_is_recovered);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_add_suite(runner, test_faults_suite());
    srunner_add_suite(runner, test_settings_suite());
    srunner_add_suite(runner, test_state_suite());
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
