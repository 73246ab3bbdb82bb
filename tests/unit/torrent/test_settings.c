/* The file "session": order and settings, and what holds after a restart. */
#include "torrent/commands.h"
#include "torrent/settings.h"

#include "tests/unit/torrent/pair.h"

#include <check.h>
#include <string.h>

Suite *test_settings_suite(void);

static struct saved_torrent torrents[3];

static struct saved_list given_list(void)
{
    for (uint8_t i = 0; i < 3; i++)
        torrents[i] = (struct saved_torrent){.hash = {{(uint8_t)(9 - i), 7}}};
    torrents[1].settings = (struct torrent_settings){.paused = true,
                                                     .sequential = true,
                                                     .super_seed = true,
                                                     .max_down = 4000,
                                                     .max_up = 50,
                                                     .label = "a b"};
    return (struct saved_list){.settings = {.max_down = 1000, .max_up = 20000},
                               .configured = {.max_down = 1000},
                               .looks = {{"files", "sort=name"}, {"peers", "sort=-down"}},
                               .totals = {1, 2, UINT64_C(1) << 60, 4},
                               .torrents = torrents,
                               .count = 3};
}

static struct buffer encoded(const struct saved_list *list)
{
    struct buffer buffer;
    buffer_init(&buffer, 65536);
    ck_assert_int_eq(saved_list_encode(list, &buffer), ERROR_NONE);
    return buffer;
}

START_TEST(order_and_settings_come_back)
{
    const struct saved_list in = given_list();
    struct saved_list out;
    struct buffer buffer = encoded(&in);
    ck_assert_int_eq(saved_list_decode(buffer.bytes, buffer.length, &out), ERROR_NONE);
    ck_assert_uint_eq(out.count, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_mem_eq(&out.torrents[i].hash, &torrents[i].hash, SHA1_BYTES);
    ck_assert(out.torrents[1].settings.paused && out.torrents[1].settings.sequential);
    ck_assert(!out.torrents[0].settings.paused && !out.torrents[2].settings.sequential);
    ck_assert(out.torrents[1].settings.super_seed &&
              !out.torrents[0].settings.super_seed);
    ck_assert_uint_eq(out.torrents[1].settings.max_down, 4000);
    ck_assert_uint_eq(out.torrents[1].settings.max_up, 50);
    ck_assert_uint_eq(out.torrents[2].settings.max_up, 0);
    ck_assert_str_eq(out.torrents[1].settings.label, "a b");
    ck_assert_str_eq(out.torrents[2].settings.label, "");
    ck_assert_uint_eq(out.settings.max_down, 1000);
    ck_assert_uint_eq(out.settings.max_up, 20000);
    ck_assert_uint_eq(out.configured.max_down, 1000);
    ck_assert_uint_eq(out.configured.max_up, 0);
    ck_assert_mem_eq(&out.totals, &in.totals, sizeof in.totals);
    ck_assert_mem_eq(out.looks, in.looks, sizeof in.looks);
    saved_list_done(&out);
    buffer_done(&buffer);
}
END_TEST

START_TEST(no_part_of_a_list_is_taken_for_the_whole)
{
    const struct saved_list in = given_list();
    struct saved_list out;
    struct buffer buffer = encoded(&in);
    for (size_t length = 0; length < buffer.length; length++)
        ck_assert_int_eq(saved_list_decode(buffer.bytes, length, &out), ERROR_CORRUPT);
    buffer_done(&buffer);
}
END_TEST

START_TEST(what_is_not_allowed_counts_as_not_set)
{
    static const char text[] =
        "d10:configuredde5:looksd0:1:x5:filesi3e5:peers2:\x1b[4:view3:a=be"
        "8:settingsd8:max-downi-5e6:max-up1:xe8:torrentsl"
        "i7ed4:hash3:abce" /* none */
        "d4:hash20:aaaaaaaaaaaaaaaaaaaa3:setd8:max-downi-1e6:pausedi2e7:unknowni1eee"
        "d4:hash20:bbbbbbbbbbbbbbbbbbbb3:setd5:label4:a\x1b[b6:pausedi1eee"
        "d4:hash20:aaaaaaaaaaaaaaaaaaaa3:setd6:pausedi1eee" /* a twin */
        "ee";
    struct saved_list list;
    ck_assert_int_eq(saved_list_decode((const uint8_t *)text, sizeof text - 1, &list),
                     ERROR_NONE);
    ck_assert_uint_eq(list.settings.max_down, 0);
    ck_assert_uint_eq(list.settings.max_up, 0);
    ck_assert_str_eq(list.looks[0].name, "view");
    ck_assert_str_eq(list.looks[1].name, "");
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(list.torrents[0].hash.bytes[0], 'a');
    ck_assert_uint_eq(list.torrents[0].settings.max_down, 0);
    ck_assert(!list.torrents[0].settings.paused);
    ck_assert(list.torrents[1].settings.paused);
    saved_list_done(&list);
}
END_TEST

/* Who edits the configuration means it; otherwise what was chosen last holds. */
START_TEST(what_was_chosen_holds_until_the_configuration_changes)
{
    struct session_settings chosen = {.max_down = 5, .max_up = 6};
    const struct session_settings then = {.max_down = 1, .max_up = 2};
    const struct session_settings now = {.max_down = 1, .max_up = 3};
    session_settings_restore(&chosen, &then, &now);
    ck_assert_uint_eq(chosen.max_down, 5);
    ck_assert_uint_eq(chosen.max_up, 3);
}
END_TEST

static struct pair pair;

/* R17: also what has had no checkpoint yet. */
START_TEST(settings_outlast_the_session)
{
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    struct torrent_settings settings;
    ck_assert(torrent_get_settings(pair.leech.session, pair.leech.id, &settings));
    settings.sequential = settings.paused = true;
    torrent_set_settings(pair.leech.session, pair.leech.id, &settings);
    session_set_limits(pair.leech.session, 123456, 0);
    session_set_look(pair.leech.session, "peers", "sort=down");
    session_set_look(pair.leech.session, "files", "sort=name");
    session_set_look(pair.leech.session, "peers", "sort=up");
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    pair.leech.id = session_at(pair.leech.session, 0);
    ck_assert(torrent_get_settings(pair.leech.session, pair.leech.id, &settings));
    ck_assert(settings.sequential && settings.paused);
    struct session_settings session;
    session_get_settings(pair.leech.session, &session);
    ck_assert_uint_eq(session.max_down, 123456);
    ck_assert_str_eq(session_get_look(pair.leech.session, "peers"), "sort=up");
    ck_assert_str_eq(session_get_look(pair.leech.session, "files"), "sort=name");
    ck_assert_ptr_null(session_get_look(pair.leech.session, "view"));
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

START_TEST(what_is_configured_anew_wins_where_it_changed)
{
    const struct session_settings anew = {.max_up = 9, .active_seeds = 2};
    struct session_settings now;
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, false);
    session_set_limits(pair.leech.session, 5, 6);
    session_configure(pair.leech.session, &anew);
    session_get_settings(pair.leech.session, &now);
    ck_assert_uint_eq(now.max_down, 5);
    ck_assert_uint_eq(now.max_up, 9);
    ck_assert_uint_eq(now.active_seeds, 2);
    session_set_limits(pair.leech.session, 5, 7);
    session_configure(pair.leech.session, &anew);
    session_get_settings(pair.leech.session, &now);
    ck_assert_uint_eq(now.max_up, 7);
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

START_TEST(a_torrent_is_fetched_in_the_order_that_was_set_when_it_was_added)
{
    struct torrent_settings settings;
    pair_init(&pair, 32768);
    pair.leech.sequential = true;
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    ck_assert(torrent_get_settings(pair.leech.session, pair.leech.id, &settings));
    ck_assert(settings.sequential);
    session_remove(pair.leech.session, pair.leech.id, false);
    session_set_adding(pair.leech.session, 0, false, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    ck_assert(torrent_get_settings(pair.leech.session, pair.leech.id, &settings));
    ck_assert(!settings.sequential && settings.first_last);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    ck_assert(torrent_get_settings(pair.leech.session, pair.leech.id, &settings));
    ck_assert(!settings.sequential && settings.first_last);
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

START_TEST(choices_and_priorities_of_files_outlast_the_session)
{
    char message[SESSION_MESSAGE_SIZE];
    struct file_info file;
    const uint32_t last = 1;
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    struct session *session = pair.leech.session;
    ck_assert_int_eq(torrent_set_priority(session, pair.leech.id, "1", 1, message),
                     ERROR_NONE);
    torrent_step_files_priority(session, pair.leech.id, &last, 1, -1);
    torrent_step_files_priority(session, pair.leech.id, &last, 1, -1);
    ck_assert_int_eq(torrent_select(session, pair.leech.id, "2", message), ERROR_NONE);
    ck_assert_int_eq(torrent_select(session, pair.leech.id, "2,*.none", message),
                     ERROR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "--select: “*.none”"));
    ck_assert_int_eq(torrent_set_priority(session, pair.leech.id, "x/", 1, message),
                     ERROR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "--priority: “x/”"));
    pair_until(&pair, pair_leech_ready, 10);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    pair.leech.id = session_at(pair.leech.session, 0);
    for (uint32_t i = 0; torrent_get_file(pair.leech.session, pair.leech.id, i, &file);
         i++) {
        ck_assert_int_eq(file.priority, i == 0 ? 1 : i == 1 ? -1 : 0);
        ck_assert(file.wanted == (i == 1));
    }
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

static bool leech_has_peer(const struct pair *with)
{
    return side_info(&with->leech).peers_connected > 0;
}

START_TEST(limits_of_a_torrent_and_of_a_peer_hold_at_once)
{
    struct torrent_settings settings;
    struct peer_info peer;
    pair_init(&pair, 32768);
    pair_seed(&pair);
    side_open(&pair, &pair.leech, false);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    ck_assert(torrent_get_settings(pair.leech.session, pair.leech.id, &settings));
    settings.max_down = 1;
    settings.max_up = 7000;
    torrent_set_settings(pair.leech.session, pair.leech.id, &settings);
    pair_introduce(&pair);
    pair_until(&pair, leech_has_peer, 10);
    ck_assert_uint_eq(side_info(&pair.leech).max_up, 7000);
    ck_assert_uint_eq(torrent_get_peers(pair.leech.session, pair.leech.id, &peer, 1), 1);
    torrent_limit_peer(pair.leech.session, pair.leech.id, peer.ref, 2, 3);
    loop_turn(pair.loop, NS_PER_MS);
    torrent_get_peers(pair.leech.session, pair.leech.id, &peer, 1);
    ck_assert_uint_eq(peer.max_down, 2);
    ck_assert_uint_eq(peer.max_up, 3);
    for (int i = 0; i < 50; i++)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(side_info(&pair.leech).downloaded, 0);
    settings.max_down = 0;
    torrent_set_settings(pair.leech.session, pair.leech.id, &settings);
    torrent_limit_peer(pair.leech.session, pair.leech.id, peer.ref, 0, 0);
    pair_until(&pair, pair_leech_complete, 20);
    side_close(&pair, &pair.leech);
    side_close(&pair, &pair.seed);
    pair_done(&pair);
}
END_TEST

Suite *test_settings_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = tcase_create("settings");
    tcase_add_test(tcase, order_and_settings_come_back);
    tcase_add_test(tcase, no_part_of_a_list_is_taken_for_the_whole);
    tcase_add_test(tcase, what_is_not_allowed_counts_as_not_set);
    tcase_add_test(tcase, what_was_chosen_holds_until_the_configuration_changes);
    tcase_add_test(tcase, settings_outlast_the_session);
    tcase_add_test(tcase, what_is_configured_anew_wins_where_it_changed);
    tcase_add_test(tcase,
                   a_torrent_is_fetched_in_the_order_that_was_set_when_it_was_added);
    tcase_add_test(tcase, choices_and_priorities_of_files_outlast_the_session);
    tcase_add_test(tcase, limits_of_a_torrent_and_of_a_peer_hold_at_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
