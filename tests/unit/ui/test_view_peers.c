/* The Peers view: everybody is shown as they are, and keys reach the one that is meant.
 */
#include "tests/unit/ui/check_ui.h"
#include "tests/unit/ui/fake_session.h"

#include "ui/views.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECTED = PEER_FLAG_CONNECTED | PEER_FLAG_HANDSHAKEN };

static struct peer_info peer_of(uint32_t index, uint32_t flags)
{
    struct peer_info peer = {.ref = {index, 1},
                             .source = PEER_SOURCE_TRACKER,
                             .status = PEER_STATUS_INACTIVE,
                             .flags = flags,
                             .client = ""};
    peer.address = (struct netaddr){
        .family = NETADDR_V4, .bytes = {198, 51, 100, (uint8_t)index}, .port = 50000};
    if ((flags & PEER_FLAG_CONNECTED) != 0)
        peer.connected_s = 100;
    return peer;
}

/* Two that deliver, one paused, one banned, one not connected. */
static void fill(struct session *session, struct peer_info peers[5])
{
    fake_session_init(session);
    peers[0] = peer_of(1, CONNECTED | PEER_FLAG_INTERESTED | PEER_FLAG_UNCHOKED_US |
                              PEER_FLAG_FAST);
    peers[0].status = PEER_STATUS_DOWNLOADING;
    peers[0].client = "Transmission 3.00";
    peers[0].down_rate = 3 << 20;
    peers[0].downloaded = 90 << 20;
    peers[0].pieces_have = 100;
    peers[0].requests_out = 42;
    peers[0].latency_ms = 35;
    peers[1] = peer_of(2, CONNECTED | PEER_FLAG_PEER_INTERESTED | PEER_FLAG_WE_UNCHOKE |
                              PEER_FLAG_INCOMING);
    peers[1].status = PEER_STATUS_ACTIVE;
    peers[1].client = "qBittorrent 4.6.3";
    peers[1].source = PEER_SOURCE_INCOMING;
    peers[1].transport = PEER_TRANSPORT_UTP;
    peers[1].encryption = PEER_ENCRYPTION_RC4;
    peers[1].up_rate = 12 << 10;
    peers[1].pieces_have = 57;
    peers[1].requests_in = 3;
    peers[2] = peer_of(3, CONNECTED);
    peers[2].status = PEER_STATUS_BLOCKED;
    peers[2].reason = PEER_REASON_PAUSED;
    peers[3] = peer_of(4, 0);
    peers[3].status = PEER_STATUS_BLOCKED;
    peers[3].reason = PEER_REASON_BANNED_DATA;
    peers[4] = peer_of(5, 0);
    session->peers = peers;
    session->peer_count = 5;
}

START_TEST(at_80_columns_all_that_matters_is_shown)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    peers[0].address.bytes[3] = 251;
    peers[0].address.bytes[2] = 251;
    peers[0].address.bytes[1] = 251;
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    ck_assert_str_eq(
        row_text(scene.canvas, 0),
        " Address               Client       Status             Has       Down"
        "         Up");
    ck_assert_str_eq(
        row_text(scene.canvas, 1),
        " 198.251.251.251:50000 Transmissio… downloading ████  100%  3.0 MiB/s");
    ck_assert_str_eq(
        row_text(scene.canvas, 2),
        " 198.51.100.2:50000    qBittorrent… active      ██▎  57.0%           "
        " 12.0 KiB/s");
    ck_assert_str_eq(row_text(scene.canvas, 3),
                     " 198.51.100.3:50000                 blocked           0.0%");
    ck_assert_str_eq(row_text(scene.canvas, 4),
                     " 198.51.100.4:50000                 blocked");
    ck_assert_str_eq(row_text(scene.canvas, 5),
                     " 198.51.100.5:50000                 inactive");
    ck_assert_str_eq(row_text(scene.canvas, 19),
                     " downloading: it lets us download, it knows the Fast extension"
                     "  3 connected of 5");
    scene_close(&scene);
}
END_TEST

START_TEST(a_peer_that_is_not_connected_says_when_it_is_called)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    peers[4].retry_s = 80;
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'G');
    ck_assert_int_eq(
        strncmp(row_text(scene.canvas, 19), " inactive: called again in 1m20s  ", 34), 0);
    ck_assert_uint_eq(scene.screen.changed_in_ms, 1000);
    scene_close(&scene);
}
END_TEST

START_TEST(a_wide_terminal_shows_every_column)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 200, 20, false);
    ck_scene_has(&scene, "Received");
    ck_scene_has(&scene, "Sent");
    ck_scene_has(&scene, "DF");
    ck_scene_has(&scene, "42/0");
    ck_scene_has(&scene, "35 ms");
    ck_scene_has(&scene, "incoming");
    ck_scene_has(&scene, "1m40s");
    ck_scene_has(&scene, "90.0 MiB");
    ck_scene_has(&scene, "paused by you");
    ck_scene_has(&scene, "banned: sent bad data");
    scene_close(&scene);
}
END_TEST

START_TEST(how_a_peer_is_connected_is_shown_and_found)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 220, 20, false);
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 0), "Source   Via  Crypto"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 1), "tracker  TCP  plain"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 2), "incoming uTP  RC4"));
    /* There is no connection. */
    ck_assert_ptr_null(strstr(row_text(scene.canvas, 4), "TCP"));
    ck_assert_ptr_null(strstr(row_text(scene.canvas, 4), "plain"));
    struct table *table = view_peers.table(scene.state);
    table_set_filter(table, "utp");
    ck_assert_uint_eq(table_visible_count(table), 1);
    table_set_filter(table, "");
    scene_close(&scene);
}
END_TEST

START_TEST(a_blocked_peer_says_why_under_the_cursor)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    ck_scene_lacks(&scene, "paused by you");
    scene_press(&scene, 'j');
    scene_press(&scene, 'j');
    ck_scene_has(&scene, "blocked: paused by you");
    scene_press(&scene, 'j');
    ck_scene_has(&scene, "blocked: banned: sent bad data");
    scene_close(&scene);
}
END_TEST

static void check_command(const struct session *session, uint32_t at, const char *what,
                          uint32_t number)
{
    ck_assert_uint_gt(session->command_count, at);
    ck_assert_str_eq(session->commands[at].what, what);
    ck_assert_uint_eq(session->commands[at].number, number);
}

START_TEST(a_peer_is_snubbed_and_no_longer)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 100, 20, false);
    scene_press(&scene, '*');
    check_command(&session, 0, "put-peer-last", 1);
    ck_assert(session.commands[0].on);
    ck_assert_str_eq(scene.screen.said,
                     "1 peer snubbed: others are served and asked before it.");
    peers[0].flags |= PEER_FLAG_PUT_LAST;
    scene_show(&scene);
    ck_scene_has(&scene, "D*F");
    ck_scene_has(&scene, "snubbed by you: others come before it");
    scene_press(&scene, '*');
    check_command(&session, 1, "put-peer-last", 1);
    ck_assert(!session.commands[1].on);
    ck_assert_str_eq(scene.screen.said, "1 peer is treated as the others again.");
    scene_press(&scene, 'A'); /* not all are: all become so */
    scene_press(&scene, '*');
    ck_assert_uint_eq(session.command_count, 7);
    ck_assert(session.commands[2].on && session.commands[6].on);
    scene_close(&scene);
}
END_TEST

START_TEST(who_was_met_with_the_help_of_another_has_a_sign)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    peers[0].flags |= PEER_FLAG_PUNCHED;
    peers[0].transport = PEER_TRANSPORT_UTP;
    peers[0].source = PEER_SOURCE_PEX;
    scene_open(&scene, &view_peers, &session, session.torrent.id, 160, 20, false);
    ck_scene_has(&scene, "DhF");
    ck_scene_has(&scene, "met through another peer (hole punching)");
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 1), "PEX"));
    ck_assert_ptr_nonnull(strstr(row_text(scene.canvas, 1), "uTP"));
    scene_close(&scene);
}
END_TEST

START_TEST(p_pauses_and_resumes_the_peer_under_the_cursor)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'p');
    check_command(&session, 0, "pause-peer", 1);
    scene_press(&scene, 'j');
    scene_press(&scene, 'j');
    scene_press(&scene, 'p');
    check_command(&session, 1, "resume-peer", 3);
    scene_press(&scene, 'j');
    scene_press(&scene, 'p'); /* banned */
    ck_assert_uint_eq(session.command_count, 2);
    ck_assert_str_ne(scene.screen.said, "");
    scene_close(&scene);
}
END_TEST

START_TEST(keys_act_on_all_marked_peers)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'A');
    scene_press(&scene, 'p'); /* not all are paused: the others are too */
    ck_assert_uint_eq(session.command_count, 3);
    check_command(&session, 0, "pause-peer", 1);
    check_command(&session, 1, "pause-peer", 2);
    check_command(&session, 2, "pause-peer", 5);
    for (int i = 0; i < 5; i++)
        if (i != 3) {
            peers[i].status = PEER_STATUS_BLOCKED;
            peers[i].reason = PEER_REASON_PAUSED;
        }
    scene_show(&scene);
    scene_press(&scene, 'p');
    ck_assert_uint_eq(session.command_count, 7);
    check_command(&session, 3, "resume-peer", 1);
    scene_press(&scene, 'K'); /* only those that are connected */
    ck_assert_uint_eq(session.command_count, 10);
    check_command(&session, 9, "kick-peer", 3);
    scene_close(&scene);
}
END_TEST

START_TEST(a_ban_asks_and_hits_who_was_meant)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'j');
    scene_press(&scene, 'B');
    ck_assert_uint_eq(session.command_count, 0);
    ck_assert_ptr_nonnull(strstr(scene.screen.confirm, "198.51.100.2:50000"));
    /* Meanwhile it goes, and the cursor's place is another's. */
    peers[1] = peers[4];
    session.peer_count = 4;
    scene_show(&scene);
    scene.screen.on_yes(scene.screen.confirm_state, &scene.context);
    ck_assert_uint_eq(session.command_count, 1);
    check_command(&session, 0, "ban-peer", 2);
    scene_close(&scene);
}
END_TEST

START_TEST(limits_are_asked_for_and_hit_who_was_meant)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'j');
    scene_press(&scene, 'T');
    peers[1] = peers[4];
    session.peer_count = 4;
    scene_show(&scene);
    void *state = scene.screen.question.state;
    ck_assert(!scene.screen.question.on_accept(state, &scene.context, "1M"));
    ck_assert_uint_eq(session.command_count, 0);
    ck_assert(scene.screen.question.on_accept(state, &scene.context, "1M 2K"));
    ck_assert_uint_eq(session.command_count, 1);
    check_command(&session, 0, "limit-peer", 2);
    ck_assert_uint_eq(session.commands[0].down, 1 << 20);
    ck_assert_uint_eq(session.commands[0].up, 2 << 10);
    scene_close(&scene);
}
END_TEST

static const struct {
    const char *text;
    bool taken;
    uint16_t port; /* 0: no command */
} addresses[] = {
    {"192.0.2.77:6881", false, 0}, /* documentation only: nobody is there */
    {"198.18.0.1:6881", true, 6881},
    {"  198.18.0.1:6882\t", true, 6882},
    {"[2a00:1450::1]:51413", true, 51413},
    {"127.0.0.1:1", true, 1},
    {"198.18.0.1", false, 0},
    {"198.18.0.1:0", false, 0},
    {"198.18.0.1:65536", false, 0},
    {"example.org:6881", false, 0},
    {"0.0.0.0:6881", false, 0},
    {"", true, 0},
    {"999999999999999999999999999999999999999999999999999999999999999999:1", false, 0},
};

START_TEST(a_peer_is_added_by_its_address)
{
    struct session session;
    struct scene scene;
    fake_session_init(&session);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'a');
    ck_assert_ptr_nonnull(scene.screen.question.on_accept);
    const bool taken = scene.screen.question.on_accept(
        scene.screen.question.state, &scene.context, addresses[_i].text);
    ck_assert_int_eq(taken, addresses[_i].taken);
    ck_assert_uint_eq(session.command_count, addresses[_i].port != 0);
    if (addresses[_i].port != 0)
        ck_assert_uint_eq(session.commands[0].address.port, addresses[_i].port);
    if (!taken)
        ck_assert_str_ne(scene.screen.said, "");
    scene_close(&scene);
}
END_TEST

START_TEST(the_cursor_stays_with_its_peer)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'j');
    const struct peer_info first = peers[0];
    peers[0] = peers[1];
    peers[1] = first;
    scene_show(&scene);
    scene_press(&scene, 'p');
    check_command(&session, 0, "pause-peer", 2);
    scene_close(&scene);
}
END_TEST

START_TEST(sorting_keeps_unconnected_peers_last)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    table_set_sort(view_peers.table(scene.state), 0, true);
    scene_show(&scene);
    ck_assert_int_eq(scene_find(&scene, "198.51.100.3"), 1);
    ck_assert_int_eq(scene_find(&scene, "198.51.100.1"), 3);
    ck_assert_int_eq(scene_find(&scene, "198.51.100.5"), 4);
    scene_press(&scene, 'S');
    ck_assert_int_eq(scene_find(&scene, "198.51.100.1"), 1);
    ck_assert_int_eq(scene_find(&scene, "198.51.100.4"), 4);
    table_set_sort(view_peers.table(scene.state), 8, false); /* latency: known first */
    scene_show(&scene);
    ck_assert_int_eq(scene_find(&scene, "198.51.100.1"), 1);
    scene_close(&scene);
}
END_TEST

START_TEST(o_hides_the_unconnected_and_tells_so)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene_press(&scene, 'o');
    ck_scene_lacks(&scene, "198.51.100.5");
    ck_scene_has(&scene, "198.51.100.4"); /* blocked: p takes it back here */
    ck_scene_has(&scene, "3 connected, 1 hidden (o)");
    session.peer_count = 1;
    peers[0] = peers[4];
    scene_show(&scene);
    ck_scene_has(&scene, "1 peer is known and not connected.");
    scene_press(&scene, 'o');
    ck_scene_has(&scene, "198.51.100.5");
    scene_close(&scene);
}
END_TEST

START_TEST(the_filter_looks_at_all_words)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    table_set_filter(view_peers.table(scene.state), "QBIT");
    scene_show(&scene);
    ck_assert_uint_eq(table_visible_count(view_peers.table(scene.state)), 1);
    table_set_filter(view_peers.table(scene.state), "paused");
    ck_assert_uint_eq(table_visible_count(view_peers.table(scene.state)), 1);
    table_set_filter(view_peers.table(scene.state), "nobody");
    scene_show(&scene);
    ck_scene_has(&scene, "No peer has the filter's text.");
    scene_close(&scene);
}
END_TEST

START_TEST(an_empty_view_says_why_and_what_to_do)
{
    struct session session;
    struct scene scene;
    fake_session_init(&session);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    ck_scene_has(&scene, "No peers yet: asking the tracker for peers.");
    scene_press(&scene, 'p');
    scene_press(&scene, 'B');
    ck_assert_uint_eq(session.command_count, 0);
    scene_press(&scene, 'R');
    check_command(&session, 0, "announce", 0);
    scene.context.torrent.generation = 0;
    scene_show(&scene);
    ck_scene_has(&scene, "No torrent is selected.");
    scene_close(&scene);
}
END_TEST

START_TEST(masked_addresses_are_not_shown)
{
    struct session session;
    struct peer_info peers[5];
    struct scene scene;
    fill(&session, peers);
    scene_open(&scene, &view_peers, &session, session.torrent.id, 80, 20, false);
    scene.context.masked = true;
    scene_show(&scene);
    ck_scene_lacks(&scene, "198.51");
    scene_close(&scene);
}
END_TEST

/* Thousands of peers with names made to break columns, at every size. */
START_TEST(hostile_clients_break_no_row)
{
    enum { COUNT = 600 };
    static const uint32_t keys[] = {'j', 'G', 'g', 'p', '>', '>', 'S', 'o', 'o', 0};
    struct session session;
    struct peer_info *peers = calloc(COUNT, sizeof *peers);
    fake_session_init(&session);
    for (uint32_t i = 0; i < COUNT; i++) {
        peers[i] = peer_of(i, i < 50 ? CONNECTED : 0);
        peers[i].client = hostile_names[i % (uint32_t)hostile_name_count];
        peers[i].pieces_have = UINT32_MAX;
        peers[i].down_rate = peers[i].up_rate = UINT64_MAX;
        peers[i].latency_ms = peers[i].requests_in = peers[i].requests_out = UINT32_MAX;
        peers[i].flags |= i % 7 == 0 ? UINT32_MAX : 0;
        if (i % 3 == 0) {
            peers[i].address.family = NETADDR_V6;
            memset(peers[i].address.bytes, 0xfd, 16);
        }
    }
    session.peers = peers;
    session.peer_count = COUNT;
    scene_stand_all_sizes(&view_peers, &session, session.torrent.id, keys);
    free(peers);
}
END_TEST

Suite *test_view_peers_suite(void)
{
    Suite *suite = suite_create("view_peers");
    TCase *tests = tcase_create("view_peers");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, at_80_columns_all_that_matters_is_shown);
    tcase_add_test(tests, a_peer_that_is_not_connected_says_when_it_is_called);
    tcase_add_test(tests, a_wide_terminal_shows_every_column);
    tcase_add_test(tests, how_a_peer_is_connected_is_shown_and_found);
    tcase_add_test(tests, a_blocked_peer_says_why_under_the_cursor);
    tcase_add_test(tests, a_peer_is_snubbed_and_no_longer);
    tcase_add_test(tests, who_was_met_with_the_help_of_another_has_a_sign);
    tcase_add_test(tests, p_pauses_and_resumes_the_peer_under_the_cursor);
    tcase_add_test(tests, keys_act_on_all_marked_peers);
    tcase_add_test(tests, a_ban_asks_and_hits_who_was_meant);
    tcase_add_test(tests, limits_are_asked_for_and_hit_who_was_meant);
    tcase_add_loop_test(tests, a_peer_is_added_by_its_address, 0,
                        sizeof addresses / sizeof *addresses);
    tcase_add_test(tests, the_cursor_stays_with_its_peer);
    tcase_add_test(tests, sorting_keeps_unconnected_peers_last);
    tcase_add_test(tests, o_hides_the_unconnected_and_tells_so);
    tcase_add_test(tests, the_filter_looks_at_all_words);
    tcase_add_test(tests, an_empty_view_says_why_and_what_to_do);
    tcase_add_test(tests, masked_addresses_are_not_shown);
    tcase_add_test(tests, hostile_clients_break_no_row);
    suite_add_tcase(suite, tests);
    return suite;
}
