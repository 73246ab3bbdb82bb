/* Trackers that people add and remove: what is kept. */
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"
#include "torrent/resume.h"

#include <check.h>
#include <string.h>

Suite *test_trackers_suite(void);

static struct pair pair;

static const char *url_at(uint32_t number)
{
    struct tracker_info tracker;
    const struct side *side = &pair.leech;
    return torrent_get_tracker(side->session, side->id, number, &tracker) ? tracker.url
                                                                          : "none";
}

static void remove_at(uint32_t number)
{
    struct tracker_info tracker;
    ck_assert(torrent_get_tracker(pair.leech.session, pair.leech.id, number, &tracker));
    torrent_remove_tracker(pair.leech.session, pair.leech.id, tracker.id);
}

static enum error_code add(const char *url)
{
    return torrent_add_tracker(pair.leech.session, pair.leech.id, url);
}

static void reopen(void)
{
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    pair.leech.id = session_at(pair.leech.session, 0);
}

START_TEST(what_is_changed_is_kept)
{
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    const uint32_t own = torrent_tracker_count(pair.leech.session, pair.leech.id);
    ck_assert_int_eq(add("http://127.0.0.1:1/announce"), ERROR_NONE);
    ck_assert_int_eq(add("udp://127.0.0.1:1"), ERROR_NONE);
    ck_assert_int_eq(add("udp://127.0.0.1:1"), ERROR_EXISTS);
    ck_assert_uint_eq(side_info(&pair.leech).trackers, own + 2);
    reopen();
    ck_assert_str_eq(url_at(own), "http://127.0.0.1:1/announce");
    ck_assert_str_eq(url_at(own + 1), "udp://127.0.0.1:1");
    remove_at(own);
    torrent_remove_tracker(pair.leech.session, pair.leech.id, 4711);
    pair_until(&pair, pair_leech_ready, 10);
    reopen();
    ck_assert_str_eq(url_at(own), "udp://127.0.0.1:1");
    ck_assert_str_eq(url_at(own + 1), "none");
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

static const char *const unusable[] = {
    "",
    "tracker.example",
    "ftp://tracker.example/",
    "http://",
    "http://user:secret@tracker.example/announce",
    "udp://tracker.example",
    "http://tracker.example/a b",
    "http://tracker.example/\x1b[31m",
    ("http://tr\xc3\xa4"
     "cker.example/"),
    "udp://tracker.example:99999",
};

START_TEST(what_is_no_address_is_refused)
{
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, false);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    const uint32_t own = torrent_tracker_count(pair.leech.session, pair.leech.id);
    ck_assert_int_eq(add(unusable[_i]), ERROR_INVALID);
    ck_assert_uint_eq(torrent_tracker_count(pair.leech.session, pair.leech.id), own);
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

/* One of the torrent's own goes, stays away, and comes back. */
START_TEST(the_torrents_own_may_go_and_come_back)
{
    static const char bytes[] = "d8:announce20:http://127.0.0.1:1/a4:infod6:lengthi5e"
                                "4:name1:n12:piece lengthi16384e6:pieces20:"
                                "01234567890123456789ee";
    char message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {0};
    pair_init(&pair, 32768);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(session_add_bytes(pair.leech.session, (const uint8_t *)bytes,
                                       sizeof bytes - 1, &options, &pair.leech.id,
                                       message),
                     ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_str_eq(url_at(0), "http://127.0.0.1:1/a");
    remove_at(0);
    ck_assert_str_eq(url_at(0), "none");
    reopen();
    ck_assert_str_eq(url_at(0), "none");
    ck_assert_int_eq(add("http://127.0.0.1:1/a"), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    reopen();
    ck_assert_str_eq(url_at(0), "http://127.0.0.1:1/a");
    ck_assert_str_eq(url_at(1), "none");
    side_close(&pair, &pair.leech);
    pair_done(&pair);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *test_trackers_suite(void)
{
    Suite *suite = suite_create("trackers");
    TCase *tcase = tcase_create("trackers");
    tcase_add_test(tcase, what_is_changed_is_kept);
    tcase_add_loop_test(tcase, what_is_no_address_is_refused, 0, COUNT(unusable));
    tcase_add_test(tcase, the_torrents_own_may_go_and_come_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
