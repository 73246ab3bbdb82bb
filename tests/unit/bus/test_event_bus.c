#include "bus/bus.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *test_event_bus_suite(void);

#define CAPACITY 100u

static struct clock_virtual clock_of_test;
static struct loop *loop;
static struct event_bus *events;
static struct message got[CAPACITY * 4];
static uint32_t got_count;

static void on_event(void *context, const struct message *event)
{
    (void)context;
    got[got_count++ % (CAPACITY * 4)] = *event;
}

static void setup(void)
{
    clock_virtual_init(&clock_of_test, NS_PER_S);
    const struct loop_platform platform = loop_platform_virtual(&clock_of_test);
    loop = loop_new(&platform);
    events = event_bus_new(loop, CAPACITY);
    got_count = 0;
    ck_assert_int_eq(event_bus_listen(events, on_event, got), ERROR_NONE);
}

static void teardown(void)
{
    event_bus_free(events);
    loop_free(loop);
}

static void post_changed(uint32_t torrent, uint32_t what)
{
    const struct message event = {
        .type = EVENT_TORRENT_CHANGED, .torrent = {torrent, 1}, .u.changed.what = what};
    event_bus_post(events, &event);
}

static void post_piece(uint32_t piece)
{
    struct message event = {.type = EVENT_PIECE, .torrent = {1, 1}};
    event.u.verified.piece = piece;
    event_bus_post(events, &event);
}

static void post_error(const char *text)
{
    struct message event = {.type = EVENT_ERROR, .torrent = {1, 1}};
    event.u.text.text = strdup(text);
    event_bus_post(events, &event);
}

START_TEST(nothing_is_delivered_inside_the_post)
{
    post_piece(7);
    ck_assert_uint_eq(got_count, 0);
    loop_turn(loop, 0);
    ck_assert_uint_eq(got_count, 1);
    ck_assert_uint_eq(got[0].u.verified.piece, 7);
}
END_TEST

START_TEST(changes_of_one_torrent_merge_and_others_do_not)
{
    post_changed(1, CHANGED_PEERS);
    post_piece(3);
    post_changed(2, CHANGED_STATE);
    post_changed(1, CHANGED_PROGRESS);
    post_piece(3);
    loop_turn(loop, 0);
    ck_assert_uint_eq(got_count, 4);
    ck_assert_uint_eq(got[0].u.changed.what, CHANGED_PEERS | CHANGED_PROGRESS);
    ck_assert_int_eq(got[1].type, EVENT_PIECE);
    ck_assert_uint_eq(got[2].torrent.index, 2);
    ck_assert_uint_eq(got[2].u.changed.what, CHANGED_STATE);
    ck_assert_int_eq(got[3].type, EVENT_PIECE);
}
END_TEST

START_TEST(a_generation_is_another_torrent)
{
    struct message event = {.type = EVENT_TORRENT_CHANGED, .torrent = {1, 1}};
    event.u.changed.what = 1;
    event_bus_post(events, &event);
    event.torrent.generation = 2;
    event_bus_post(events, &event);
    loop_turn(loop, 0);
    ck_assert_uint_eq(got_count, 2);
}
END_TEST

START_TEST(full_means_one_note_that_all_may_have_changed)
{
    for (uint32_t i = 0; i < 3 * CAPACITY; i++) {
        post_piece(i);
        post_changed(i, CHANGED_PEERS);
    }
    loop_turn(loop, 0);
    ck_assert_uint_eq(got_count, CAPACITY + 1);
    for (uint32_t i = 0; i < CAPACITY; i += 2)
        ck_assert_uint_eq(got[i].u.verified.piece, i / 2);
    ck_assert_int_eq(got[CAPACITY].type, EVENT_SESSION_CHANGED);
    ck_assert_uint_eq(got[CAPACITY].u.changed.what, CHANGED_ALL);
    post_piece(1); /* and it is said once */
    loop_turn(loop, 0);
    ck_assert_uint_eq(got_count, CAPACITY + 2);
}
END_TEST

/* O23 */
START_TEST(what_must_be_told_is_told_however_full)
{
    uint32_t errors = 0;
    for (uint32_t i = 0; i < CAPACITY; i++)
        post_piece(i);
    for (uint32_t i = 0; i < 2 * CAPACITY; i++) {
        post_error("the disk is full");
        post_piece(i); /* the room that errors made is not for these */
    }
    loop_turn(loop, 0);
    for (uint32_t i = 0; i < got_count; i++)
        errors += got[i].type == EVENT_ERROR;
    ck_assert_uint_eq(errors, 2 * CAPACITY);
    ck_assert_uint_eq(got_count, 3 * CAPACITY + 1);
}
END_TEST

static void on_event_post(void *context, const struct message *event)
{
    (void)context;
    if (event->type == EVENT_PIECE && event->u.verified.piece < 3)
        post_piece(event->u.verified.piece + 1);
}

START_TEST(what_a_listener_posts_comes_next_turn)
{
    ck_assert_int_eq(event_bus_listen(events, on_event_post, NULL), ERROR_NONE);
    post_piece(0);
    for (uint32_t turn = 1; turn <= 4; turn++) {
        loop_turn(loop, UINT64_MAX); /* and the loop does not sleep on it */
        ck_assert_uint_eq(got_count, turn);
    }
    loop_turn(loop, 0);
    ck_assert_uint_eq(got_count, 4);
}
END_TEST

static bool post_late(void *context)
{
    bool *posted = context;
    if (!*posted)
        post_piece(9);
    *posted = true;
    return false;
}

START_TEST(news_posted_after_the_bus_was_drained_keep_the_loop_awake)
{
    bool posted = false;
    struct loop_hook hook = {.callback = post_late, .context = &posted, .order = 99};
    loop_hook_add(loop, &hook);
    const uint64_t before_ns = clock_of_test.now_ns;
    loop_turn(loop, 3600 * NS_PER_S);
    loop_turn(loop, 0);
    ck_assert_uint_eq(got_count, 1);
    ck_assert_uint_eq(clock_of_test.now_ns, before_ns); /* no hour passed in between */
    loop_hook_remove(loop, &hook);
}
END_TEST

static void leave(void *context, const struct message *event)
{
    (void)event;
    event_bus_unlisten(events, leave, context);
    event_bus_unlisten(events, on_event, got);
    ++*(uint32_t *)context;
}

START_TEST(a_listener_may_remove_itself_and_others)
{
    uint32_t called = 0;
    event_bus_unlisten(events, on_event, got);
    ck_assert_int_eq(event_bus_listen(events, leave, &called), ERROR_NONE);
    ck_assert_int_eq(event_bus_listen(events, on_event, got), ERROR_NONE);
    post_piece(1);
    post_piece(2);
    loop_turn(loop, 0);
    ck_assert_uint_eq(called, 1);
    ck_assert_uint_eq(got_count, 0);
}
END_TEST

START_TEST(undelivered_texts_are_freed)
{
    post_error("never read");
    post_error("neither");
}
END_TEST

Suite *test_event_bus_suite(void)
{
    Suite *suite = suite_create("event_bus");
    TCase *tcase = tcase_create("event_bus");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_is_delivered_inside_the_post);
    tcase_add_test(tcase, changes_of_one_torrent_merge_and_others_do_not);
    tcase_add_test(tcase, a_generation_is_another_torrent);
    tcase_add_test(tcase, full_means_one_note_that_all_may_have_changed);
    tcase_add_test(tcase, what_must_be_told_is_told_however_full);
    tcase_add_test(tcase, what_a_listener_posts_comes_next_turn);
    tcase_add_test(tcase, news_posted_after_the_bus_was_drained_keep_the_loop_awake);
    tcase_add_test(tcase, a_listener_may_remove_itself_and_others);
    tcase_add_test(tcase, undelivered_texts_are_freed);
    suite_add_tcase(suite, tcase);
    return suite;
}
