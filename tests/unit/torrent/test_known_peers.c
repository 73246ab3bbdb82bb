/* Whom a torrent knows outlasts the session, however it ends. */
#include "tests/unit/torrent/pair.h"

#include "torrent/commands.h"
#include "torrent/keep_private.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>

Suite *test_known_peers_suite(void);

#define PIECE 32768u

static struct pair pair;

static void setup(void)
{
    pair_init(&pair, PIECE);
    pair_seed(&pair);
}

static void teardown(void)
{
    pair_done(&pair);
}

static struct torrent *leech_torrent(void)
{
    return session_torrent(pair.leech.session, pair.leech.id);
}

static bool leech_has_peer(const struct pair *at)
{
    return side_info(&at->leech).peers_connected > 0;
}

static bool leech_begun(const struct pair *at)
{
    return at->leech.pieces > 0;
}

static bool leech_saved(const struct pair *at)
{
    return at->leech.checkpoints > 0;
}

static void open_leech(void)
{
    side_open(&pair, &pair.leech, true);
    if (pair.leech.id.generation == 0)
        ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
}

/* What it is due for within seconds or minutes, now. */
static void save_now(struct loop_timer *timer)
{
    ck_assert(loop_timer_is_set(timer));
    pair.leech.checkpoints = 0;
    ck_assert_int_eq(loop_timer_set_in(pair.loop, timer, 0), ERROR_NONE);
    pair_until(&pair, leech_saved, 10);
}

/* A seed that gives nothing: the leech meets it, and has nothing to claim. */
static void meet_a_miser(void)
{
    struct torrent_settings none = {.max_up = 1};
    torrent_set_settings(pair.seed.session, pair.seed.id, &none);
    open_leech();
    side_close(&pair, &pair.leech);
    open_leech(); /* as the clean end left it */
    ck_assert(!loop_timer_is_set(&leech_torrent()->checkpoint));
    ck_assert(!loop_timer_is_set(&pair.leech.session->peers_timer));
    pair_introduce(&pair);
    pair_until(&pair, leech_has_peer, 10);
    while (!leech_torrent()->peers_unsaved)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    ck_assert_uint_eq(pair.leech.pieces, 0);
}

/* R1 */
START_TEST(peers_are_found_again_after_a_kill_in_the_midst_of_a_download)
{
    session_set_limits(pair.seed.session, 0, 600000);
    open_leech();
    pair_introduce(&pair);
    pair_until(&pair, leech_begun, 10);
    session_set_limits(pair.seed.session, 0, 1); /* however long the disk takes */
    save_now(&leech_torrent()->checkpoint);
    ck_assert(!pair_leech_complete(&pair));
    side_drop(&pair.leech);
    session_set_limits(pair.seed.session, 0, 0);
    open_leech(); /* and nobody tells it of the seed */
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

START_TEST(who_is_met_by_an_idle_torrent_is_saved_within_minutes_and_once)
{
    meet_a_miser();
    ck_assert(leech_torrent()->peers_unsaved);
    ck_assert(!loop_timer_is_set(&leech_torrent()->checkpoint));
    ck_assert(pair.leech.session->peers_timer.at_ns - loop_now_ns(pair.loop) >
              200 * NS_PER_S);
    save_now(&pair.leech.session->peers_timer);
    ck_assert(!leech_torrent()->peers_unsaved);
    ck_assert(!loop_timer_is_set(&pair.leech.session->peers_timer));
    side_drop(&pair.leech);
    open_leech();
    pair_until(&pair, leech_has_peer, 10);
}
END_TEST

static bool leech_is_alone(const struct pair *at)
{
    return side_info(&at->leech).peers_connected == 0;
}

static bool leech_met_somebody(const struct pair *at)
{
    (void)at;
    return leech_torrent()->peers_unsaved && leech_has_peer(at);
}

static bool timer_is_over(const struct pair *at)
{
    return !loop_timer_is_set(&at->leech.session->peers_timer);
}

/* Its peers are due to be saved, but the file has them. */
static void is_not_saved(void)
{
    struct loop_timer *timer = &pair.leech.session->peers_timer;
    pair_until(&pair, leech_met_somebody, 10);
    ck_assert(loop_timer_is_set(timer));
    pair.leech.checkpoints = 0;
    ck_assert_int_eq(loop_timer_set_in(pair.loop, timer, 0), ERROR_NONE);
    pair_until(&pair, timer_is_over, 10);
    ck_assert(!leech_torrent()->peers_unsaved);
    ck_assert(!leech_torrent()->sync_under_way);
    ck_assert_uint_eq(pair.leech.checkpoints, 0);
}

/* In this session, or in the next. */
START_TEST(who_comes_back_is_not_saved_again)
{
    meet_a_miser();
    save_now(&pair.leech.session->peers_timer);
    if (_i == 0) {
        torrent_pause(pair.seed.session, pair.seed.id);
        pair_until(&pair, leech_is_alone, 10);
        torrent_resume(pair.seed.session, pair.seed.id);
        pair_introduce(&pair);
    } else {
        side_drop(&pair.leech);
        open_leech();
    }
    is_not_saved();
}
END_TEST

START_TEST(an_orderly_end_keeps_them_though_nothing_else_has_changed)
{
    meet_a_miser();
    side_close(&pair, &pair.leech);
    open_leech();
    pair_until(&pair, leech_has_peer, 10);
}
END_TEST

/* Nobody is met while it is paused, nor forgotten. */
START_TEST(a_session_that_does_not_run_it_keeps_what_the_one_before_knew)
{
    meet_a_miser();
    torrent_pause(pair.leech.session, pair.leech.id);
    side_close(&pair, &pair.leech);
    open_leech();
    ck_assert_uint_eq(side_info(&pair.leech).peers_known, 0);
    torrent_choice_changed(leech_torrent());
    save_now(&leech_torrent()->checkpoint);
    side_drop(&pair.leech);
    open_leech();
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, leech_has_peer, 10);
}
END_TEST

/* BEP 27: its tracker says who is there. */
START_TEST(of_a_private_torrent_nobody_is_kept)
{
    uint32_t count;
    open_leech();
    leech_torrent()->meta->is_private = true;
    pair_introduce(&pair);
    pair_until(&pair, leech_begun, 10);
    ck_assert(!loop_timer_is_set(&pair.leech.session->peers_timer));
    ck_assert_ptr_null(torrent_known_peers(leech_torrent(), &count));
    ck_assert_uint_eq(count, 0);
}
END_TEST

Suite *test_known_peers_suite(void)
{
    Suite *suite = suite_create("known_peers");
    TCase *tcase = tcase_create("known_peers");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, peers_are_found_again_after_a_kill_in_the_midst_of_a_download);
    tcase_add_test(tcase, who_is_met_by_an_idle_torrent_is_saved_within_minutes_and_once);
    tcase_add_loop_test(tcase, who_comes_back_is_not_saved_again, 0, 2);
    tcase_add_test(tcase, an_orderly_end_keeps_them_though_nothing_else_has_changed);
    tcase_add_test(tcase, a_session_that_does_not_run_it_keeps_what_the_one_before_knew);
    tcase_add_test(tcase, of_a_private_torrent_nobody_is_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
