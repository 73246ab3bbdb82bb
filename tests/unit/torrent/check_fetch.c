/* Torrents by URL, from a virtual server. */
#include "base/buffer.h"
#include "tests/lib/vhttp.h"
#include "tests/lib/world.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_hybrid_trackers_suite(void);
Suite *test_link_kept_suite(void);
Suite *test_magnet_webseed_suite(void);

#define URL "http://site.test/0123456789abcdef0123/a.torrent?passkey=secret"

static struct world world;
static struct net net;
static struct session *session;
static struct vhttp_answer answer; /* to every request */
static uint32_t asked, fetched, number;
static struct message last; /* EVENT_FETCHED; its text is in `text` */
static char text[1024], dir[] = "/tmp/bttui-fetch-XXXXXX";
static char message[SESSION_MESSAGE_SIZE];

static void on_get(void *context, const char *url, struct vhttp_answer *ret_answer)
{
    const unsigned shut = ret_answer->shut;
    const size_t max_body = ret_answer->max_body;
    (void)context;
    (void)url;
    asked++;
    *ret_answer = answer;
    ret_answer->shut = answer.shut = shut;
    ret_answer->max_body = answer.max_body = max_body;
}

static void on_event(void *context, const struct message *event)
{
    (void)context;
    if (event->type != EVENT_FETCHED)
        return;
    fetched++;
    last = *event;
    snprintf(text, sizeof text, "%s",
             event->u.fetched.text != NULL ? event->u.fetched.text : "");
}

static void answer_with(long status, const char *body)
{
    answer.status = status;
    answer.length = strlen(body);
    memcpy(answer.body, body, answer.length);
}

static void answer_with_torrent(const char *name)
{
    char torrent[256];
    snprintf(torrent, sizeof torrent,
             "d4:infod6:lengthi5e4:name%zu:%s12:piece lengthi16384e6:pieces20:"
             "01234567890123456789ee",
             strlen(name), name);
    answer_with(200, torrent);
}

static void setup(void)
{
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = dir,
                                          .workers = UINT32_MAX};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    vhttp_serve(session->http, on_get, NULL);
    answer = (struct vhttp_answer){.after_ns = NS_PER_S};
    asked = fetched = 0;
    ck_assert_int_eq(event_bus_listen(session_events(session), on_event, NULL),
                     ERROR_NONE);
}

static void teardown(void)
{
    session_free(session);
    world_done(&world);
    ck_assert_int_eq(rmdir(dir), 0);
}

static enum error_code fetch(const char *url, const struct add_options *options)
{
    const struct add_options none = {0};
    return session_fetch(session, url, options != NULL ? options : &none, &number,
                         message);
}

/* What the options point to may go before the file comes. */
START_TEST(what_comes_is_added_as_a_file_would_be)
{
    char label[] = "films", where[64];
    struct torrent_info info;
    uint32_t count;
    snprintf(where, sizeof where, "%s/there", dir);
    const struct add_options options = {
        .download_dir = where, .label = label, .paused = true};
    answer_with_torrent("one");
    ck_assert_int_eq(fetch(URL, &options), ERROR_NONE);
    memset(label, 'x', 5);
    memset(where, 'x', 5);
    ck_assert_uint_eq(answer.max_body, METAINFO_MAX_BYTES);
    ck_assert_uint_eq(answer.shut, HTTP_SHUT_NONE);
    const char *shown = session_fetching(session, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_ptr_nonnull(strstr(shown, "site.test/"));
    ck_assert_ptr_null(strstr(shown, "secret")); /* H27 */
    ck_assert_ptr_null(strstr(shown, "0123456789abcdef"));
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(fetched, 1);
    ck_assert_uint_eq(last.u.fetched.number, number);
    ck_assert_int_eq(last.u.fetched.error, ERROR_NONE);
    ck_assert(torrent_get_info(session, last.torrent, &info));
    ck_assert_str_eq(info.name, "one");
    ck_assert_str_eq(info.label, "films");
    ck_assert_ptr_nonnull(strstr(info.download_dir, "/there"));
    ck_assert_ptr_null(session_fetching(session, &count));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(what_is_there_already_is_told)
{
    answer_with_torrent("one");
    ck_assert_int_eq(fetch(URL, NULL), ERROR_NONE);
    world_run(&world, 2 * NS_PER_S);
    const struct torrent_id first = last.torrent;
    ck_assert_int_eq(fetch(URL, NULL), ERROR_NONE);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(fetched, 2);
    ck_assert_int_eq(last.u.fetched.error, ERROR_EXISTS);
    ck_assert_uint_eq(last.torrent.index, first.index);
    ck_assert_uint_eq(session_count(session), 1);
}
END_TEST

static const struct {
    enum error_code error; /* of the answer */
    long status;
    const char *body, *said;
    enum error_code told;
    const char *words;
} failures[] = {
    {ERROR_NONE, 404, "gone", "", ERROR_SYSTEM, "404): check the address"},
    {ERROR_NONE, 403, "no", "", ERROR_SYSTEM, "browser"},
    {ERROR_NONE, 500, "d", "", ERROR_SYSTEM, "status 500"},
    {ERROR_NONE, 206, "d", "", ERROR_SYSTEM, "status 206"},
    {ERROR_NONE, 200, " \n<!doctype html><p>log in", "", ERROR_SYNTAX, "a web page"},
    {ERROR_NONE, 200, "", "", ERROR_TRUNCATED, ""},
    {ERROR_LIMIT, 200, "", "", ERROR_LIMIT, "32 MiB"}, /* H1, H5 */
    {ERROR_TIMEOUT, 0, "", "", ERROR_TIMEOUT, "30 s"},
    {ERROR_NOT_FOUND, 0, "", "", ERROR_NOT_FOUND, "no host"},
    {ERROR_REFUSED, 0, "", "not \x1b[31m there", ERROR_REFUSED, "fetched: not .[31m"},
};

START_TEST(what_went_wrong_is_told_in_words)
{
    answer_with(failures[_i].status, failures[_i].body);
    answer.error = failures[_i].error;
    answer.message = failures[_i].said;
    ck_assert_int_eq(fetch(URL, NULL), ERROR_NONE);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(fetched, 1);
    ck_assert_int_eq(last.u.fetched.error, failures[_i].told);
    ck_assert_msg(strstr(text, failures[_i].words) != NULL, "“%s”", text);
    ck_assert_ptr_nonnull(strstr(text, "site.test"));
    ck_assert_ptr_null(strstr(text, "secret")); /* H27 */
    ck_assert_uint_eq(session_count(session), 0);
}
END_TEST

START_TEST(who_does_not_answer_is_not_waited_for_for_ever)
{
    answer.never = true; /* H3 */
    ck_assert_int_eq(fetch(URL, NULL), ERROR_NONE);
    world_run(&world, 29 * NS_PER_S);
    ck_assert_uint_eq(fetched, 0);
    world_run(&world, 2 * NS_PER_S);
    ck_assert_uint_eq(fetched, 1);
    ck_assert_int_eq(last.u.fetched.error, ERROR_TIMEOUT);
}
END_TEST

/* H13 */
static const char *const bad_urls[] = {"http://",
                                       "http:///a.torrent",
                                       "https://user:word@site.test/a",
                                       "http://s\xc3\xaete.test/a",
                                       "http://site.test/a b",
                                       "http://site.test/a\r\nX: y"};

START_TEST(what_is_no_address_is_not_asked)
{
    ck_assert_int_eq(fetch(bad_urls[_i], NULL), ERROR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(message, "http"));
    ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(one_url_is_fetched_once_at_a_time)
{
    answer_with_torrent("one");
    ck_assert_int_eq(fetch(URL, NULL), ERROR_NONE);
    ck_assert_int_eq(fetch(URL, NULL), ERROR_AGAIN);
    ck_assert_int_eq(fetch("http://site.test/other", NULL), ERROR_NONE);
    ck_assert_uint_eq(asked, 2);
}
END_TEST

static void on_stopped(void *context)
{
    *(bool *)context = true;
}

START_TEST(the_end_waits_for_none_of_them)
{
    bool stopped = false;
    answer.never = true;
    ck_assert_int_eq(fetch(URL, NULL), ERROR_NONE);
    session_stop(session, on_stopped, &stopped);
    world_run(&world, NS_PER_S);
    ck_assert(stopped);
    ck_assert_uint_eq(vhttp_under_way(session->http), 0);
    ck_assert_uint_eq(fetched, 0);
    ck_assert_int_eq(fetch(URL, NULL), ERROR_CANCELLED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch");
    TCase *tests = tcase_create("fetch");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, what_comes_is_added_as_a_file_would_be);
    tcase_add_test(tests, what_is_there_already_is_told);
    tcase_add_loop_test(tests, what_went_wrong_is_told_in_words, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_test(tests, who_does_not_answer_is_not_waited_for_for_ever);
    tcase_add_loop_test(tests, what_is_no_address_is_not_asked, 0,
                        sizeof bad_urls / sizeof *bad_urls);
    tcase_add_test(tests, one_url_is_fetched_once_at_a_time);
    tcase_add_test(tests, the_end_waits_for_none_of_them);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_add_suite(runner, test_hybrid_trackers_suite());
    srunner_add_suite(runner, test_link_kept_suite());
    srunner_add_suite(runner, test_magnet_webseed_suite());
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
