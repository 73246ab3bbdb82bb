/* Changes of addresses in a network of this process alone, on virtual time (O10). */
#include "net/net_watch.h"
#include "tests/unit/net/alone.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Suite *test_net_watch_suite(void);

static struct clock_virtual clock_of_test;
static struct loop *loop;
static struct net_watch *watch;
static uint32_t changes;

static void on_change(void *context)
{
    (void)context;
    changes++;
}

/* False: this system lets nobody have a network of his own. */
static bool begin(void)
{
    if (!alone_begin() || !alone_take_address("lo:1", "10.1.2.3")) {
        fprintf(stderr, "no network of one's own here: changes of it are not tried\n");
        return false;
    }
    clock_virtual_init(&clock_of_test, 1000 * NS_PER_S);
    const struct loop_platform platform = loop_platform_virtual(&clock_of_test);
    loop = loop_new(&platform);
    watch = net_watch_new(loop, NULL, on_change, NULL);
    ck_assert_ptr_nonnull(watch);
    changes = 0;
    return true;
}

static void end(void)
{
    net_watch_free(watch);
    loop_free(loop);
}

static void run(uint64_t for_ns)
{
    const uint64_t end_ns = clock_of_test.now_ns + for_ns;
    while (clock_of_test.now_ns < end_ns)
        loop_turn(loop, end_ns - clock_of_test.now_ns);
}

START_TEST(a_new_address_is_told_once_and_then_nothing)
{
    if (!begin())
        return;
    run(100 * NS_PER_S);
    ck_assert_uint_eq(changes, 0);
    ck_assert(alone_take_address("lo:2", "10.1.2.4") &&
              alone_take_address("lo:3", "10.1.2.5"));
    run(NS_PER_S);
    ck_assert_uint_eq(changes, 0); /* more may come */
    run(2 * NS_PER_S);
    ck_assert_uint_eq(changes, 1);
    const uint64_t before_ns = clock_of_test.now_ns;
    loop_turn(loop, 3600 * NS_PER_S); /* nothing is due: it sleeps */
    ck_assert_uint_eq(clock_of_test.now_ns - before_ns, 3600 * NS_PER_S);
    ck_assert_uint_eq(changes, 1);
    end();
}
END_TEST

START_TEST(what_changes_and_is_as_it_was_is_no_news)
{
    if (!begin())
        return;
    ck_assert(alone_take_address("lo:2", "10.1.2.4"));
    alone_take_address("lo:2", "0.0.0.0"); /* it is gone, so that it cannot be set up */
    run(100 * NS_PER_S);
    ck_assert_uint_eq(changes, 0);
    end();
}
END_TEST

START_TEST(a_storm_of_changes_is_told_every_ten_seconds)
{
    if (!begin())
        return;
    for (unsigned i = 0; i < 200; i++) {
        char text[32];
        snprintf(text, sizeof text, "10.1.3.%u", i + 1);
        ck_assert(alone_take_address("lo:2", text));
        run(NS_PER_S / 10);
    }
    run(20 * NS_PER_S);
    ck_assert_uint_ge(changes, 2);
    ck_assert_uint_le(changes, 4);
    end();
}
END_TEST

Suite *test_net_watch_suite(void)
{
    Suite *suite = suite_create("net_watch");
    TCase *tcase = tcase_create("net_watch");
    tcase_add_test(tcase, a_new_address_is_told_once_and_then_nothing);
    tcase_add_test(tcase, what_changes_and_is_as_it_was_is_no_news);
    tcase_add_test(tcase, a_storm_of_changes_is_told_every_ten_seconds);
    suite_add_tcase(suite, tcase);
    return suite;
}
