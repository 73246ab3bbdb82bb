/*
 * Views over a real session on virtual time and a virtual network, with a scripted peer
 * that has everything: what a key does is on the canvas when the session's events ask for
 * the next frame.
 */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_screen.h"

#include "base/buffer.h"
#include "peer/wire.h"
#include "tests/lib/script_peer.h"
#include "tests/lib/world.h"
#include "torrent/commands.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECES      100u
#define PIECE_BYTES 32768u
#define PROMPTLY    (50 * NS_PER_MS)

static struct world world;
static struct net net;
static struct session *session;
static struct torrent_id torrent;
static struct script_peer peer;
static struct scene scene;
static uint32_t changed; /* bits since the last frame */
static uint32_t looks;   /* at torrents */

bool __real_torrent_get_info(struct session *at, struct torrent_id id,
                             struct torrent_info *ret_info);
bool __wrap_torrent_get_info(struct session *at, struct torrent_id id,
                             struct torrent_info *ret_info);
bool __wrap_torrent_get_info(struct session *at, struct torrent_id id,
                             struct torrent_info *ret_info)
{
    looks++;
    return __real_torrent_get_info(at, id, ret_info);
}
static char dir[] = "/tmp/bttui-views-XXXXXX";

static void on_event(void *context, const struct message *event)
{
    (void)context;
    if (event->type == EVENT_TORRENT_CHANGED)
        changed |= event->u.changed.what;
    if (scene.state != NULL && scene.class->on_message != NULL)
        scene.class->on_message(scene.state, &scene.context, event);
}

/* Two files; hashes that nothing will ever match, for nothing is completed here. */
static void add_torrent(void)
{
    struct buffer buffer;
    char message[SESSION_MESSAGE_SIZE];
    static const uint8_t hashes[PIECES * SHA1_BYTES];
    const struct add_options options = {.download_dir = dir};
    buffer_init(&buffer, 65536);
    enum error_code error = buffer_printf(
        &buffer,
        "d4:infod5:filesld6:lengthi%ue4:pathl1:a5:b.binee"
        "d6:lengthi%ue4:pathl9:\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
        "eee4:name4:data12:piece lengthi%ue6:pieces%u:",
        PIECE_BYTES * 90, PIECE_BYTES * 10, PIECE_BYTES, PIECES * SHA1_BYTES);
    error |= buffer_append(&buffer, hashes, sizeof hashes);
    error |= buffer_append_text(&buffer, "ee");
    ck_assert_int_eq(error, ERROR_NONE);
    ck_assert_int_eq(session_add_bytes(session, buffer.bytes, buffer.length, &options,
                                       &torrent, message),
                     ERROR_NONE);
    buffer_done(&buffer);
}

static bool is_downloading(const void *context)
{
    struct torrent_info info;
    (void)context;
    return torrent_get_info(session, torrent, &info) &&
           info.state == TORRENT_STATE_DOWNLOADING;
}

/* A seed connects and lets us download; it never sends a block by itself. */
static void seed_comes(void)
{
    struct torrent_info info;
    struct script_hello hello = {.fast = true};
    static uint8_t all[(PIECES + 7) / 8];
    memset(all, 0xff, sizeof all);
    all[sizeof all - 1] = 0xf0;
    ck_assert(torrent_get_info(session, torrent, &info));
    hello.hash = info.hash;
    memset(hello.peer_id, 'x', sizeof hello.peer_id);
    script_peer_init(&peer);
    script_peer_dial(&peer, vnet_host(world.vnet, "10.0.0.2"), world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&peer, &hello);
    script_peer_put(&peer, WIRE_BITFIELD, all, sizeof all);
    script_peer_put(&peer, WIRE_UNCHOKE, NULL, 0);
    world_run(&world, PROMPTLY);
    ck_assert(!peer.over);
}

static void setup(void)
{
    char message[SESSION_MESSAGE_SIZE];
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {
        .loop = world.loop,
        .net = &net,
        .random = &world.random.source,
        .download_dir = dir,
        .port = 6881,
        .workers = UINT32_MAX,
        .incoming = true,
    };
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    ck_assert_int_eq(event_bus_listen(session_events(session), on_event, NULL),
                     ERROR_NONE);
    add_torrent();
    ck_assert(world_run_until(&world, NS_PER_S, is_downloading, NULL));
    seed_comes();
}

static void teardown(void)
{
    scene_close(&scene);
    script_peer_done(&peer);
    event_bus_unlisten(session_events(session), on_event, NULL);
    session_free(session);
    world_done(&world);
    rmdir(dir);
}

static void open_view(const struct view_class *class)
{
    scene_open(&scene, class, session, torrent, 100, 20, false);
}

/* What the screen does: a frame only if an event says that something shown changed. */
static void next_frame(void)
{
    changed = 0;
    world_run(&world, PROMPTLY);
    if ((changed & scene.class->shows) != 0)
        scene_show(&scene);
}

START_TEST(p_blocks_the_peer_and_takes_it_back)
{
    struct script_message message;
    open_view(&view_peers);
    ck_scene_has(&scene, "downloading");
    ck_scene_has(&scene, "100%");
    scene_press(&scene, 'p');
    next_frame();
    ck_scene_has(&scene, "blocked: paused by you");
    ck_scene_lacks(&scene, "downloading");
    ck_assert(script_peer_find(&peer, WIRE_CANCEL, &message));
    scene_press(&scene, 'p');
    next_frame();
    ck_scene_has(&scene, "downloading");
    ck_scene_lacks(&scene, "blocked");
    ck_assert(!peer.over);
}
END_TEST

START_TEST(a_kicked_peer_is_gone_and_a_banned_one_stays_out)
{
    open_view(&view_peers);
    scene_press(&scene, 'K');
    next_frame();
    ck_assert(peer.over);
    ck_scene_lacks(&scene, "downloading");
    script_peer_done(&peer);
    seed_comes();
    scene_show(&scene);
    ck_scene_has(&scene, "downloading");
    scene_press(&scene, 'B');
    ck_assert(!peer.over);
    scene.screen.on_yes(scene.screen.confirm_state, &scene.context);
    next_frame();
    ck_assert(peer.over);
    ck_scene_has(&scene, "banned by you");
}
END_TEST

START_TEST(an_added_peer_is_dialled)
{
    struct script_peer waiting;
    script_peer_init(&waiting);
    script_peer_listen(&waiting, vnet_host(world.vnet, "10.0.0.3"), world.loop,
                       "10.0.0.3:7000");
    open_view(&view_peers);
    scene_press(&scene, 'a');
    ck_assert(scene.screen.question.on_accept(scene.screen.question.state, &scene.context,
                                              "10.0.0.3:7000"));
    world_run(&world, 2 * NS_PER_S);
    ck_assert_ptr_nonnull(waiting.stream);
    scene_show(&scene);
    ck_scene_has(&scene, "10.0.0.3:7000");
    script_peer_done(&waiting);
}
END_TEST

START_TEST(a_peer_that_refuses_is_called_again_and_says_when)
{
    open_view(&view_peers);
    scene_press(&scene, 'a');
    ck_assert(scene.screen.question.on_accept(scene.screen.question.state, &scene.context,
                                              "10.0.0.4:7000"));
    world_run(&world, 2 * NS_PER_S);
    scene_show(&scene);
    scene_press(&scene, 'G');
    ck_scene_has(&scene, "inactive: called again in ");
}
END_TEST

/* The map's way of counting tells what the pieces say one by one. */
static void check_map(void)
{
    uint8_t states[PIECES];
    struct piece_cell cells[PIECES], expected;
    ck_assert_uint_eq(torrent_get_pieces(session, torrent, 0, PIECES, states, NULL),
                      PIECES);
    for (uint32_t per_cell = 1; per_cell <= PIECES; per_cell += 9) {
        const uint32_t count =
            torrent_get_piece_map(session, torrent, 0, per_cell, PIECES, true, cells);
        ck_assert_uint_eq(count, (PIECES + per_cell - 1) / per_cell);
        for (uint32_t cell = 0; cell < count; cell++) {
            expected = (struct piece_cell){.least = 1};
            for (uint32_t p = cell * per_cell; p < PIECES && p < (cell + 1) * per_cell;
                 p++) {
                expected.pieces++;
                expected.states[states[p]]++;
            }
            ck_assert_mem_eq(&cells[cell], &expected, sizeof expected);
        }
    }
    ck_assert_uint_eq(torrent_get_piece_map(session, torrent, PIECES, 1, 1, true, cells),
                      0);
    ck_assert_uint_eq(torrent_get_piece_map(session, torrent, 0, 0, 1, true, cells), 0);
}

START_TEST(the_map_shows_what_is_asked_for_and_what_arrives)
{
    struct script_message message;
    uint8_t body[8 + 16384] = {0};
    open_view(&view_pieces);
    ck_scene_has(&scene, "asked for");
    ck_scene_lacks(&scene, "arriving");
    check_map();
    ck_assert(script_peer_find(&peer, WIRE_REQUEST, &message));
    memcpy(body, message.body, 8); /* piece and begin, as asked */
    script_peer_put(&peer, WIRE_PIECE, body, sizeof body);
    world_run(&world, 2 * NS_PER_S);
    scene_show(&scene);
    ck_scene_has(&scene, "arriving 1");
    check_map();
}
END_TEST

START_TEST(what_is_not_wanted_is_seen_in_both_views)
{
    struct piece_cell all;
    open_view(&view_files);
    ck_scene_has(&scene, "2 of 2 files wanted, 3.1 MiB");
    scene_press(&scene, ' '); /* the folder */
    next_frame();
    ck_scene_has(&scene, "1 of 2 files wanted, 320 KiB");
    ck_assert_int_eq(strncmp(row_text(scene.canvas, 1), "[ ] ▾ a/", 8), 0);
    ck_assert_uint_eq(torrent_get_piece_map(session, torrent, 0, PIECES, 1, false, &all),
                      1);
    ck_assert_uint_eq(all.states[PIECE_STATE_NOT_WANTED], 90);
    scene_press(&scene, '*');
    next_frame();
    ck_scene_has(&scene, "2 of 2 files wanted");
}
END_TEST

START_TEST(the_other_views_stand_on_a_real_session)
{
    static const uint32_t keys[] = {'j', 'G', 'R', '(', 'v', 0};
    scene_stand_all_sizes(&view_trackers, session, torrent, keys);
    scene_stand_all_sizes(&view_graph, session, torrent, keys);
    scene_stand_all_sizes(&view_log, session, torrent, keys);
    world_run(&world, NS_PER_S); /* copies are counted at most twice a second */
    open_view(&view_info);
    ck_scene_has(&scene, "1 connected of 1 known, 1 complete");
    ck_scene_has(&scene, "1.00 copies connected");
}
END_TEST

static void add_idle_torrent(uint32_t number, struct torrent_id *ret_id)
{
    struct buffer buffer;
    char message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {.download_dir = dir, .paused = true};
    buffer_init(&buffer, 1024);
    ck_assert_int_eq(buffer_printf(&buffer,
                                   "d4:infod6:lengthi5e4:name6:%06u12:piece "
                                   "lengthi32768e6:pieces20:%020uee",
                                   number, number),
                     ERROR_NONE);
    ck_assert_int_eq(session_add_bytes(session, buffer.bytes, buffer.length, &options,
                                       ret_id, message),
                     ERROR_NONE);
    buffer_done(&buffer);
}

static bool is_idle(const void *context)
{
    struct torrent_info info;
    return torrent_get_info(session, *(const struct torrent_id *)context, &info) &&
           info.state == TORRENT_STATE_PAUSED;
}

/* C23: a frame looks at what changed and at what is on the screen, however long the list
 * is, and memory is taken once. */
START_TEST(a_frame_of_a_long_list_costs_what_is_seen_of_it)
{
    enum { MANY = 300, ROWS = 19, EVENTS = 8 };
    struct torrent_id last = {0, 0};
    for (uint32_t i = 0; i < MANY; i++)
        add_idle_torrent(i, &last);
    ck_assert(world_run_until(&world, 60 * NS_PER_S, is_idle, &last));
    world_run(&world, NS_PER_S);
    looks = 0;
    open_view(&view_torrents);
    scene_show(&scene);
    ck_assert_uint_ge(looks, MANY + 1);
    for (int round = 0; round < 50; round++) {
        world_run(&world, NS_PER_S); /* one of them downloads */
        looks = 0;
        scene_show(&scene);
        ck_assert_uint_ge(looks, ROWS);
        ck_assert_uint_le(looks, ROWS + EVENTS);
    }
    /* One far below the screen changes: it is noticed, and alone. */
    torrent_resume(session, last);
    world_run(&world, PROMPTLY);
    looks = 0;
    scene_show(&scene);
    ck_assert_uint_le(looks, ROWS + EVENTS);
    ck_assert(scene.class->act(scene.state, &scene.context, ACTION_SHOW_PAUSED));
    ck_assert_uint_eq(table_visible_count(scene.class->table(scene.state)), MANY - 1);
    ck_assert(scene.class->act(scene.state, &scene.context, ACTION_SHOW_ALL));
    session_remove(session, last, false);
    world_run(&world, NS_PER_S);
    scene_show(&scene);
    scene_press(&scene, 'G');
    ck_scene_lacks(&scene, "000299");
    ck_scene_has(&scene, "000298");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("views, live");
    TCase *tests = tcase_create("views, live");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, p_blocks_the_peer_and_takes_it_back);
    tcase_add_test(tests, a_kicked_peer_is_gone_and_a_banned_one_stays_out);
    tcase_add_test(tests, an_added_peer_is_dialled);
    tcase_add_test(tests, a_peer_that_refuses_is_called_again_and_says_when);
    tcase_add_test(tests, the_map_shows_what_is_asked_for_and_what_arrives);
    tcase_add_test(tests, what_is_not_wanted_is_seen_in_both_views);
    tcase_add_test(tests, the_other_views_stand_on_a_real_session);
    tcase_add_test(tests, a_frame_of_a_long_list_costs_what_is_seen_of_it);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
