/* What is kept of a magnet link while its metadata are awaited, beside the link: whom it
 * knows, and the trackers that people gave it. Virtual time. */
#include "meta/metainfo_write.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/awaited_private.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_link_kept_suite(void);

#define HEX  "0123456789012345678901234567890123456789"
#define LINK "magnet:?xt=urn:btmh:1220" HEX "aaaabbbbccccddddeeeeffff"

static struct world world;
static struct net nets[2];
static struct session *ours, *theirs; /* who has no more than we have */
static struct torrent_id id;
static char root[] = "/tmp/bttui-link-XXXXXX", state[64];
static char message[SESSION_MESSAGE_SIZE];

static struct session *open_session(uint32_t number, const char *state_dir)
{
    struct session *session;
    const struct session_config config = {.loop = world.loop,
                                          .net = &nets[number],
                                          .random = &world.random.source,
                                          .download_dir = root,
                                          .state_dir = state_dir,
                                          .port = 6881,
                                          .workers = UINT32_MAX,
                                          .incoming = true};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    ck_assert_int_eq(session_restore(session, message), ERROR_NONE);
    return session;
}

static struct torrent_id add_link(struct session *session)
{
    struct torrent_id added;
    const struct add_options none = {0};
    ck_assert_int_eq(session_add_magnet(session, LINK, &none, &added, message),
                     ERROR_NONE);
    return added;
}

static void setup(void)
{
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(state, sizeof state, "%s/state", root);
    world_init(&world, 1);
    nets[0] = *vnet_host(world.vnet, "10.0.0.1");
    nets[1] = *vnet_host(world.vnet, "10.0.0.2");
    ours = open_session(0, state);
    theirs = open_session(1, NULL);
    id = add_link(ours);
    (void)add_link(theirs);
    world_run(&world, NS_PER_S);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void teardown(void)
{
    session_free(ours);
    session_free(theirs);
    world_done(&world);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct torrent_info look(void)
{
    struct torrent_info info;
    ck_assert(torrent_get_info(ours, id, &info));
    return info;
}

static void meet(void)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse("10.0.0.2:6881", 0, &address), ERROR_NONE);
    torrent_add_peer(ours, id, &address);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(look().peers_connected, 1);
}

/* KILLED: or it ends well. */
static void begin_anew(bool killed)
{
    if (killed)
        session_free(ours);
    else
        payload_close(&world, ours);
    world_run(&world, NS_PER_S);
    ours = open_session(0, state);
    ck_assert_uint_eq(session_count(ours), 1);
    id = session_at(ours, 0);
    ck_assert(look().awaits_metadata);
    world_run(&world, 2 * NS_PER_S);
}

/* R1: within half a minute. */
START_TEST(whom_it_has_met_is_called_in_the_next_session)
{
    const bool killed = _i == 1;
    meet();
    world_run(&world, killed ? 31 * NS_PER_S : 0);
    for (int i = 0; i < 2; i++) { /* again, as nothing has changed */
        begin_anew(killed);
        ck_assert_uint_eq(look().peers_connected, 1);
    }
}
END_TEST

START_TEST(what_was_given_to_a_paused_one_is_not_forgotten)
{
    meet();
    world_run(&world, 31 * NS_PER_S);
    torrent_pause(ours, id);
    world_run(&world, NS_PER_S);
    begin_anew(_i == 1);
    ck_assert_uint_eq(look().peers_connected, 0);
    ck_assert_int_eq(torrent_add_tracker(ours, id, "udp://10.0.0.9:80/"), ERROR_NONE);
    world_run(&world, NS_PER_S);
    begin_anew(_i == 1);
    ck_assert_uint_eq(torrent_tracker_count(ours, id), 1);
    torrent_resume(ours, id);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(look().peers_connected, 1);
}
END_TEST

/* BEP 27 holds from the time that it is known. */
START_TEST(one_that_turns_out_private_forgets_them)
{
    const struct metainfo_plan_file file = {.path = "payload", .length = 5 << 14};
    static const uint8_t any_root[SHA256_BYTES] = {1};
    const struct metainfo_plan plan = {.format = METAINFO_V2,
                                       .name = "payload",
                                       .files = &file,
                                       .file_count = 1,
                                       .piece_bytes = 1 << 14,
                                       .piece_count = 5,
                                       .file_roots = any_root,
                                       .is_private = true,
                                       .created_s = -1};
    struct buffer v2;
    meet();
    begin_anew(false);
    ck_assert_uint_eq(look().peers_connected, 1);
    buffer_init(&v2, 65536);
    ck_assert_int_eq(metainfo_write(&plan, &v2), ERROR_NONE);
    torrent_become(session_torrent(ours, id), v2.bytes, v2.length);
    buffer_done(&v2);
    ck_assert(look().is_private);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(look().peers_connected, 0);
    begin_anew(_i == 1);
    ck_assert_uint_eq(look().peers_known, 0);
}
END_TEST

/* Nor is another one that comes by the same hash told of them. */
START_TEST(one_that_is_removed_leaves_nothing)
{
    char command[256];
    meet();
    world_run(&world, 31 * NS_PER_S);
    session_remove(ours, id, false);
    payload_close(&world, ours);
    snprintf(command, sizeof command,
             "test -z \"$(ls %s/torrents %s/resume | grep '^[0-9a-f]')\"", state, state);
    ck_assert_int_eq(system(command), 0);
    ours = open_session(0, state);
    id = add_link(ours);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(look().peers_known, 0);
}
END_TEST

Suite *test_link_kept_suite(void)
{
    Suite *suite = suite_create("link-kept");
    TCase *tcase = tcase_create("link-kept");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, whom_it_has_met_is_called_in_the_next_session, 0, 2);
    tcase_add_loop_test(tcase, what_was_given_to_a_paused_one_is_not_forgotten, 0, 2);
    tcase_add_loop_test(tcase, one_that_turns_out_private_forgets_them, 0, 2);
    tcase_add_test(tcase, one_that_is_removed_leaves_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
