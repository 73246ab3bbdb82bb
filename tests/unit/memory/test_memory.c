/*
 * Memory that runs out (HOSTILE.md O4): at the k-th allocation, once and for ever, for
 * every k. Nothing crashes and nothing leaks; once is hardly ever noticed; after for ever
 * what was kept is good, and a session with memory completes.
 */
#include "app/show.h"
#include "meta/metainfo.h"
#include "tests/unit/memory/allocator.h"
#include "tests/unit/memory/rig.h"
#include "torrent/looks.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define K_MAX 100000u

/* Sanitizers make a run fifty times as long: they look at a sample of the ks. */
#ifdef __SANITIZE_ADDRESS__
#define STEP 4u
#else
#define STEP 1u
#endif

enum outcome {
    REFUSED, /* it did not start, and people were told why */
    STOPPED, /* it started and did not come to its good end */
    DONE
};

struct scenario {
    const char *name;
    /* With the allocator armed; RET_CALLS: how many allocations there were. */
    enum outcome (*run)(struct rig *rig, unsigned k, bool for_ever, unsigned *ret_calls);
    void (*prepare)(struct rig *rig);
    bool recovers; /* a session with memory completes afterwards */
};

/* ---- a torrent is read and shown ---- */

static enum outcome load_and_show(struct rig *rig, unsigned k, bool for_ever,
                                  unsigned *ret_calls)
{
    struct metainfo *metainfo = NULL;
    struct metainfo_error why;
    FILE *out = fopen("/dev/null", "w");
    json_t *json = NULL;
    allocator_arm(k, for_ever);
    const enum error_code error =
        metainfo_parse(rig->torrent.bytes, rig->torrent.length, &metainfo, &why);
    if (error == ERROR_NONE) {
        show_print(out, metainfo, 80);
        json = show_json(metainfo);
    }
    metainfo_free(metainfo);
    *ret_calls = allocator_disarm();
    const bool fine = error == ERROR_NONE && json != NULL;
    json_decref(json);
    fclose(out);
    return fine ? DONE : REFUSED;
}

/* ---- a download from a seed that a tracker tells of, which uploads ---- */

static void look_at_all(struct session *session)
{
    struct peer_info peers[8];
    struct tracker_info tracker;
    struct session_info info;
    struct file_info file;
    const struct torrent_id id = session_at(session, 0);
    uint8_t states[16];
    session_get_info(session, &info);
    torrent_get_peers(session, id, peers, 8);
    torrent_get_tracker(session, id, 0, &tracker);
    torrent_get_file(session, id, 0, &file);
    torrent_get_pieces(session, id, 0, 16, states, NULL);
}

static enum outcome run_session(struct rig *rig, unsigned k, bool for_ever,
                                unsigned *ret_calls)
{
    allocator_arm(k, for_ever);
    struct session *session = rig_open(rig);
    bool complete = false;
    if (session != NULL) {
        complete = rig_completes(rig, session, for_ever ? 20 : 400);
        look_at_all(session);
        rig_close(rig, session);
    }
    *ret_calls = allocator_disarm();
    ck_assert(!complete || rig_files_are_right(rig));
    return complete ? DONE : session != NULL ? STOPPED : REFUSED;
}

/* ---- a session comes back ---- */

static void prepare_checkpoint(struct rig *rig)
{
    rig_seed(rig);
    struct session *session = rig_open(rig);
    ck_assert_ptr_nonnull(session);
    ck_assert(rig_completes(rig, session, 60));
    rig_close(rig, session);
}

/* ---- the tracker alone ---- */

static bool has_answered(const void *context)
{
    struct tracker_info tracker;
    struct session *session = *(struct session *const *)context;
    return torrent_get_tracker(session, session_at(session, 0), 0, &tracker) &&
           tracker.state == TRACKER_STATE_OK;
}

static enum outcome announce(struct rig *rig, unsigned k, bool for_ever,
                             unsigned *ret_calls)
{
    bool answered = false;
    allocator_arm(k, for_ever);
    struct session *session = rig_open(rig);
    if (session != NULL) {
        answered = world_run_until(&rig->world, (for_ever ? 20 : 900) * NS_PER_S,
                                   has_answered, &session);
        rig_close(rig, session);
    }
    *ret_calls = allocator_disarm();
    return answered ? DONE : session != NULL ? STOPPED : REFUSED;
}

static const struct scenario scenarios[] = {
    {"load and show", load_and_show, NULL, false},
    {"download", run_session, rig_seed, true},
    {"announce", announce, NULL, false},
    {"restore", run_session, prepare_checkpoint, true},
};

/* One k in a world of its own. */
static enum outcome attempt(const struct scenario *scenario, unsigned k, bool for_ever,
                            unsigned *ret_calls)
{
    struct rig rig;
    rig_init(&rig);
    if (scenario->prepare != NULL)
        scenario->prepare(&rig);
    allocator_forget();
    const enum outcome outcome = scenario->run(&rig, k, for_ever, ret_calls);
    if (outcome != DONE && scenario->recovers) {
        struct session *session = rig_open(&rig);
        ck_assert_msg(session != NULL && rig_completes(&rig, session, 400) &&
                          rig_files_are_right(&rig),
                      "%s: k %u: not whole after memory came back", scenario->name, k);
        rig_close(&rig, session);
    }
    ck_assert_msg(!rig.untold && !rig.late, "%s: k %u%s: %s", scenario->name, k,
                  for_ever ? " for ever" : "", rig.late ? "late" : "failed unsaid");
    rig_done(&rig);
    ck_assert_msg(allocator_left() == 0, "%s: k %u%s: %u allocations leaked",
                  scenario->name, k, for_ever ? " for ever" : "", allocator_left());
    return outcome;
}

START_TEST(memory_that_is_missing_once_is_hardly_noticed)
{
    const struct scenario *scenario = &scenarios[_i];
    unsigned calls = 0, outcomes[DONE + 1] = {0}, ignored;
    ck_assert_int_eq(attempt(scenario, 0, false, &calls), DONE);
    for (unsigned k = 1; k <= calls && k < K_MAX; k += STEP)
        outcomes[attempt(scenario, k, false, &ignored)]++;
    const unsigned started = outcomes[DONE] + outcomes[STOPPED];
    printf("%s: %u allocations; one fails: %u done, %u not, %u told at the start\n",
           scenario->name, calls, outcomes[DONE], outcomes[STOPPED], outcomes[REFUSED]);
    /* A sample may hit one of the few more than its share. */
    ck_assert_msg((outcomes[DONE] + (STEP > 1)) * 100 >= started * 95,
                  "%s: only %u of %u done", scenario->name, outcomes[DONE], started);
}
END_TEST

START_TEST(memory_that_is_missing_for_ever_costs_nothing_that_was_kept)
{
    const struct scenario *scenario = &scenarios[_i];
    unsigned calls = 0, ignored;
    ck_assert_int_eq(attempt(scenario, 0, false, &calls), DONE);
    for (unsigned k = 1; k <= calls && k < K_MAX; k += STEP)
        attempt(scenario, k, true, &ignored);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *cases = tcase_create("memory");
    const int count = sizeof scenarios / sizeof *scenarios;
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, memory_that_is_missing_once_is_hardly_noticed, 0, count);
    tcase_add_loop_test(
        cases, memory_that_is_missing_for_ever_costs_nothing_that_was_kept, 0, count);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
