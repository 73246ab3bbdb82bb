/* A magnet link, and nobody who has what it stands for, on virtual time. */
#include "tests/unit/torrent/payload.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_magnet_alone_suite(void);

static struct world world;
static struct net net;
static struct session *session;
static struct torrent_id id;
static char dir[] = "/tmp/bttui-alone-XXXXXX", message[SESSION_MESSAGE_SIZE];
static uint32_t warnings;
static char text[512]; /* of the last one */

static void on_event(void *context, const struct message *event)
{
    (void)context;
    if (event->type != EVENT_WARNING)
        return;
    warnings++;
    strncpy(text, event->u.text.text, sizeof text - 1);
}

static void setup(void)
{
    const struct add_options none = {0};
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = dir,
                                          .port = 6881,
                                          .workers = UINT32_MAX};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    warnings = 0;
    ck_assert_int_eq(event_bus_listen(session_events(session), on_event, NULL),
                     ERROR_NONE);
    ck_assert_int_eq(session_add_magnet(session,
                                        "magnet:?dn=lonely&xt=urn:btih:"
                                        "0123456789012345678901234567890123456789",
                                        &none, &id, message),
                     ERROR_NONE);
}

static void teardown(void)
{
    payload_close(&world, session);
    world_done(&world);
    ck_assert_int_eq(rmdir(dir), 0);
}

static enum torrent_state state_now(void)
{
    struct torrent_info info;
    ck_assert(torrent_get_info(session, id, &info));
    return info.state;
}

/* M8: told once, and it goes on. */
START_TEST(after_a_minute_it_says_that_nobody_answers)
{
    world_run(&world, 59 * NS_PER_S);
    ck_assert_int_eq(state_now(), TORRENT_STATE_METADATA);
    ck_assert_uint_eq(warnings, 0);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(warnings, 1);
    ck_assert_ptr_nonnull(strstr(text, "lonely: no peer has given its metadata"));
    world_run(&world, 3600 * NS_PER_S);
    ck_assert_uint_eq(warnings, 1);
    ck_assert_int_eq(state_now(), TORRENT_STATE_METADATA);
}
END_TEST

/* M8: nobody is asked then. */
START_TEST(while_paused_it_says_nothing)
{
    world_run(&world, 30 * NS_PER_S);
    torrent_pause(session, id);
    world_run(&world, 600 * NS_PER_S);
    ck_assert_uint_eq(warnings, 0);
    torrent_resume(session, id);
    world_run(&world, 59 * NS_PER_S);
    ck_assert_uint_eq(warnings, 0);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(warnings, 1);
}
END_TEST

Suite *test_magnet_alone_suite(void)
{
    Suite *suite = suite_create("magnet-alone");
    TCase *tcase = tcase_create("magnet-alone");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, after_a_minute_it_says_that_nobody_answers);
    tcase_add_test(tcase, while_paused_it_says_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
