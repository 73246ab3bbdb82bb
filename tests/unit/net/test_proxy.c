/* The net whose everything goes through a proxy: names, what is told of its troubles, and
 * how it is asked whether they are over. */
#include "net/proxy.h"
#include "tests/unit/net/socks_script.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *test_proxy_suite(void);

static struct world world;
static struct socks_script script;
static struct net *net;
static struct net_watch *watch;
static uint32_t changes;

static void on_change(void *context)
{
    (void)context;
    changes++;
}

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static void make(const char *user)
{
    struct proxy_place place = {.host = "10.0.0.9", .port = 1080, .password = "secret"};
    const struct netaddr address = at(SCRIPT_PROXY);
    strcpy(place.user, user);
    net = net_proxy_new((struct net *)(uintptr_t)vnet_host(world.vnet, "10.0.0.1"),
                        &place, &address);
    ck_assert_ptr_nonnull(net);
    watch = net->watch(net->context, world.loop, on_change, NULL);
}

static void setup(void)
{
    world_init(&world, 1);
    socks_script_begin(&script, &world);
    changes = 0;
    net = NULL;
}

static void teardown(void)
{
    net->unwatch(net->context, watch);
    net_proxy_free(net);
    socks_script_end(&script);
    ck_assert_uint_eq(vnet_open_streams(world.vnet), 0);
    world_done(&world);
}

static const char *trouble(void)
{
    struct net_bound bound;
    net->bound(net->context, &bound);
    ck_assert_str_eq(bound.to, "socks5://10.0.0.9:1080");
    ck_assert_str_eq(bound.proxy, "socks5h://10.0.0.9:1080");
    return bound.trouble;
}

START_TEST(one_that_works_is_asked_once_and_for_nothing)
{
    make("");
    ck_assert_ptr_null(trouble());
    world_run(&world, 60 * NS_PER_S);
    ck_assert_ptr_null(trouble());
    ck_assert_uint_eq(script.client_count, 1);
    ck_assert_uint_eq(script.command, 0);
    ck_assert_uint_eq(changes, 0);
}
END_TEST

static const struct {
    uint8_t method, login;
    const char *user, *junk, *words;
} troubles[] = {
    {255, 0, "", NULL, "it wants a user and a password, or another way to know us"},
    {2, 1, "me", NULL, "it refuses the user or the password"},
    {0, 0, "", "HTTP", "it does not speak SOCKS5"},
    {0, 0, "", "\x05", "it cannot be reached, or hangs up"},
};

START_TEST(what_is_wrong_is_told_in_words_until_it_is_over)
{
    char words[200];
    struct stream *stream;
    const struct netaddr target = at("1.2.3.4:80");
    script.method = troubles[_i].method;
    script.login = troubles[_i].login;
    script.junk = troubles[_i].junk;
    script.junk_length = script.junk != NULL ? strlen(script.junk) : 0;
    make(troubles[_i].user);
    world_run(&world, NS_PER_S);
    snprintf(words, sizeof words, "nothing is sent: the proxy socks5://10.0.0.9:1080: %s",
             troubles[_i].words);
    ck_assert_str_eq(trouble(), words);
    ck_assert_uint_eq(changes, 1);
    ck_assert_int_eq(net->connect(net->context, world.loop, &target, &stream),
                     ERROR_OFFLINE);
    world_run(&world, 20 * NS_PER_S);
    ck_assert_uint_eq(changes, 1);
    ck_assert_uint_ge(script.client_count, 4); /* asked every 5 s */
    ck_assert_uint_le(script.client_count, 6);
    script.method = 0;
    script.junk = NULL;
    world_run(&world, 6 * NS_PER_S);
    ck_assert_ptr_null(trouble());
    ck_assert_uint_eq(changes, 2);
    ck_assert_uint_eq(script.command, 0); /* nobody was asked for */
}
END_TEST

START_TEST(one_that_says_nothing_is_not_waited_for_for_ever)
{
    script.silent = true;
    make("");
    world_run(&world, 4 * NS_PER_S);
    ck_assert_ptr_null(trouble());
    world_run(&world, 2 * NS_PER_S);
    ck_assert_ptr_nonnull(strstr(trouble(), "cannot be reached, or hangs up"));
    script.silent = false;
    world_run(&world, 11 * NS_PER_S);
    ck_assert_ptr_null(trouble());
}
END_TEST

START_TEST(one_that_goes_is_missed_when_it_is_used_and_found_again)
{
    struct stream *stream;
    const struct netaddr target = at("1.2.3.4:80");
    make("");
    world_run(&world, NS_PER_S);
    socks_script_set_there(&script, false);
    ck_assert_ptr_null(trouble());
    ck_assert_int_eq(net->connect(net->context, world.loop, &target, &stream),
                     ERROR_NONE);
    stream_close(stream); /* we ended it ourselves: that says nothing */
    world_run(&world, NS_PER_S);
    ck_assert_ptr_null(trouble());
    vnet_set_fate(world.vnet, SCRIPT_PROXY, VNET_NO_ROUTE);
    ck_assert_int_eq(net->connect(net->context, world.loop, &target, &stream),
                     ERROR_OFFLINE);
}
END_TEST

/* ---- names ---- */

static void on_nothing(void *context)
{
    (void)context;
}

static void on_error(void *context, enum error_code error)
{
    (void)context;
    ck_abort_msg("the stream: %s", error_text(error));
}

static const struct stream_callbacks callbacks = {on_nothing, on_nothing, on_nothing,
                                                  on_error};

struct answer {
    struct netaddr address;
    uint32_t count, calls;
};

static void on_result(void *context, const struct netaddr *addresses, uint32_t count,
                      const char *message)
{
    struct answer *answer = context;
    (void)message;
    answer->calls++;
    answer->count = count;
    if (count > 0)
        answer->address = addresses[0];
}

static struct answer look_up(const char *name)
{
    struct answer answer = {.count = 0};
    ck_assert_ptr_nonnull(
        net->resolve(net->context, world.loop, name, on_result, &answer));
    world_run(&world, NS_PER_MS);
    ck_assert_uint_eq(answer.calls, 1);
    return answer;
}

START_TEST(names_are_the_proxys_to_look_up)
{
    const struct netaddr wrong = at("6.6.6.6:0");
    struct stream *stream;
    make("");
    vnet_set_name(world.vnet, "a.example", &wrong, 1); /* nobody may ask here */
    struct answer first = look_up("a.example"), again = look_up("a.example");
    const struct answer other = look_up("b.example");
    ck_assert_uint_eq(first.count, 1);
    ck_assert(netaddr_equal(&first.address, &again.address));
    ck_assert(!netaddr_equal(&first.address, &other.address));
    ck_assert(!netaddr_same_host(&first.address, &wrong));
    ck_assert_uint_eq(look_up("").count, 0);
    first.address.port = 80;
    ck_assert_int_eq(net->connect(net->context, world.loop, &first.address, &stream),
                     ERROR_NONE);
    stream_set_callbacks(stream, &callbacks, NULL);
    world_run(&world, NS_PER_S);
    ck_assert_mem_eq(script.asked,
                     "\x03\x09"
                     "a.example\x00\x50",
                     13);
    stream_close(stream);
}
END_TEST

START_TEST(addresses_are_no_names)
{
    static const char *const texts[] = {"1.2.3.4", "2001:db8::1"};
    char whole[40];
    make("");
    snprintf(whole, sizeof whole, _i == 0 ? "%s:0" : "[%s]:0", texts[_i]);
    const struct netaddr address = at(whole);
    const struct answer answer = look_up(texts[_i]);
    ck_assert_uint_eq(answer.count, 1);
    ck_assert(netaddr_equal(&answer.address, &address));
}
END_TEST

START_TEST(nobody_is_let_in_and_no_address_told)
{
    struct netaddr address = at("0.0.0.0:0");
    struct listener *listener;
    uint16_t port;
    make("");
    vnet_set_own_address(world.vnet, "10.0.0.1:0");
    ck_assert_int_eq(
        net->listen(net->context, world.loop, &address, NULL, NULL, &listener, &port),
        ERROR_REFUSED);
    ck_assert(!net->own_address(net->context, NETADDR_V4, &address));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *test_proxy_suite(void)
{
    Suite *suite = suite_create("proxy");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, one_that_works_is_asked_once_and_for_nothing);
    tcase_add_loop_test(tcase, what_is_wrong_is_told_in_words_until_it_is_over, 0,
                        COUNT(troubles));
    tcase_add_test(tcase, one_that_says_nothing_is_not_waited_for_for_ever);
    tcase_add_test(tcase, one_that_goes_is_missed_when_it_is_used_and_found_again);
    tcase_add_test(tcase, names_are_the_proxys_to_look_up);
    tcase_add_loop_test(tcase, addresses_are_no_names, 0, 2);
    tcase_add_test(tcase, nobody_is_let_in_and_no_address_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
