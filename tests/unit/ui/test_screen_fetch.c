/* Torrents by URL, typed and pasted, from a virtual server. */
#include "tests/lib/vhttp.h"
#include "tests/unit/ui/screen_rig.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <string.h>

#define URL "http://site.test/a.torrent"

static bool is_torrent;

static void on_get(void *context, const char *url, struct vhttp_answer *ret_answer)
{
    const char *body = is_torrent ? "d4:infod6:lengthi5e4:name9:some film12:piece "
                                    "lengthi16384e6:pieces20:01234567890123456789ee"
                                  : "<html>";
    (void)context;
    (void)url;
    ret_answer->after_ns = 3 * NS_PER_S;
    ret_answer->length = strlen(body);
    memcpy(ret_answer->body, body, ret_answer->length);
}

static void open_with_server(bool gives_torrent)
{
    is_torrent = gives_torrent;
    vhttp_serve(session->http, on_get, NULL);
    open_screen(100, 24, false);
}

START_TEST(a_url_that_is_typed_is_fetched_and_shown)
{
    open_with_server(true);
    press('a');
    type(URL);
    press(KEY_RETURN);
    check_not_shown("Torrent: ");
    check_shown("[fetching " URL "] ");
    ck_assert_uint_eq(session_count(session), TORRENTS);
    world_run(&world, 4 * NS_PER_S);
    check_not_shown("[fetching");
    check_shown("Added: “some film”.");
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
    ck_assert(has_cursor("some film"));
}
END_TEST

START_TEST(a_url_that_is_pasted_waits_for_return)
{
    open_with_server(true);
    paste(" " URL "\n");
    check_shown("Torrent: " URL);
    check_not_shown("[fetching");
    press(KEY_RETURN);
    check_shown("[fetching " URL "] ");
    press('X');
    check_not_shown("site.test");
    world_run(&world, 4 * NS_PER_S);
    ck_assert_uint_eq(session_count(session), TORRENTS + 1);
}
END_TEST

START_TEST(what_was_wrong_with_a_url_is_said)
{
    open_with_server(false);
    paste(URL);
    press(KEY_RETURN);
    world_run(&world, 4 * NS_PER_S);
    check_shown(URL ": a web page came instead of a .torrent file");
    ck_assert_uint_eq(session_count(session), TORRENTS);
    paste("http://user@site.test/a.torrent");
    press(KEY_RETURN);
    check_shown("no user or password");
    check_shown("Torrent: http://user@"); /* to be put right */
}
END_TEST

START_TEST(an_empty_list_tells_of_what_will_come)
{
    open_with_server(true);
    check_shown("No torrents yet.");
    paste(URL);
    press(KEY_RETURN);
    check_shown("A torrent is being fetched.");
}
END_TEST

Suite *test_screen_fetch_suite(void)
{
    Suite *suite = suite_create("screen_fetch");
    TCase *tests = screen_case(suite, "torrents", setup_torrents);
    tcase_add_test(tests, a_url_that_is_typed_is_fetched_and_shown);
    tcase_add_test(tests, a_url_that_is_pasted_waits_for_return);
    tcase_add_test(tests, what_was_wrong_with_a_url_is_said);
    tests = screen_case(suite, "none", setup);
    tcase_add_test(tests, an_empty_list_tells_of_what_will_come);
    return suite;
}
