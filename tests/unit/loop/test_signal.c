#include "loop/loop.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

Suite *test_signal_suite(void);

static struct loop *loop;
static uint32_t seen[64];

static void setup(void)
{
    loop = loop_new(&loop_platform_system);
    ck_assert_ptr_nonnull(loop);
    for (int i = 0; i < 64; i++)
        seen[i] = 0;
}

static void teardown(void)
{
    loop_free(loop);
}

static void on_signal(void *context, int number)
{
    ck_assert_ptr_eq(context, seen);
    seen[number]++;
}

START_TEST(a_signal_reaches_its_callback_inside_a_turn)
{
    ck_assert_int_eq(loop_signal_watch(loop, SIGUSR1, on_signal, seen), ERROR_NONE);
    ck_assert_int_eq(loop_signal_watch(loop, SIGUSR2, on_signal, seen), ERROR_NONE);
    raise(SIGUSR2);
    ck_assert_uint_eq(seen[SIGUSR2], 0); /* never from the handler */
    loop_turn(loop, NS_PER_S);
    ck_assert_uint_eq(seen[SIGUSR1], 0);
    ck_assert_uint_eq(seen[SIGUSR2], 1);
}
END_TEST

START_TEST(a_storm_of_signals_is_one_call_and_blocks_nothing)
{
    ck_assert_int_eq(loop_signal_watch(loop, SIGWINCH, on_signal, seen), ERROR_NONE);
    ck_assert_int_eq(loop_signal_watch(loop, SIGUSR1, on_signal, seen), ERROR_NONE);
    raise(SIGUSR1);
    for (int i = 0; i < 100000; i++) /* more than a pipe holds */
        raise(SIGWINCH);
    loop_turn(loop, NS_PER_S);
    loop_turn(loop, 0);
    ck_assert_uint_eq(seen[SIGWINCH], 1);
    ck_assert_uint_eq(seen[SIGUSR1], 1);
}
END_TEST

START_TEST(dispositions_are_put_back)
{
    struct sigaction now;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    ck_assert_int_eq(sigaction(SIGUSR1, &ignore, NULL), 0);
    ck_assert_int_eq(loop_signal_watch(loop, SIGUSR1, on_signal, seen), ERROR_NONE);
    loop_signal_unwatch_all(loop);
    ck_assert_int_eq(sigaction(SIGUSR1, NULL, &now), 0);
    ck_assert_ptr_eq(now.sa_handler, SIG_IGN);
    raise(SIGUSR1);
    loop_turn(loop, 0);
    ck_assert_uint_eq(seen[SIGUSR1], 0);
}
END_TEST

START_TEST(a_watch_ends_alone)
{
    static uint32_t other[64];
    struct sigaction now;
    ck_assert_int_eq(loop_signal_watch(loop, SIGUSR1, on_signal, seen), ERROR_NONE);
    ck_assert_int_eq(loop_signal_watch(loop, SIGUSR2, on_signal, seen), ERROR_NONE);
    loop_signal_unwatch(loop, SIGUSR1, on_signal, other);
    raise(SIGUSR1);
    loop_turn(loop, NS_PER_S);
    ck_assert_uint_eq(seen[SIGUSR1], 1);
    loop_signal_unwatch(loop, SIGUSR1, on_signal, seen);
    ck_assert_int_eq(sigaction(SIGUSR1, NULL, &now), 0);
    ck_assert_ptr_eq(now.sa_handler, SIG_DFL);
    raise(SIGUSR2);
    loop_turn(loop, NS_PER_S);
    ck_assert_uint_eq(seen[SIGUSR2], 1);
}
END_TEST

START_TEST(one_loop_of_a_process_may_watch)
{
    struct loop *second = loop_new(&loop_platform_system);
    ck_assert_int_eq(loop_signal_watch(loop, SIGUSR1, on_signal, seen), ERROR_NONE);
    ck_assert_int_eq(loop_signal_watch(second, SIGUSR2, on_signal, seen), ERROR_EXISTS);
    loop_signal_unwatch_all(loop);
    ck_assert_int_eq(loop_signal_watch(second, SIGUSR2, on_signal, seen), ERROR_NONE);
    loop_free(second);
}
END_TEST

Suite *test_signal_suite(void)
{
    Suite *suite = suite_create("signal");
    TCase *tcase = tcase_create("signal");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_signal_reaches_its_callback_inside_a_turn);
    tcase_add_test(tcase, a_storm_of_signals_is_one_call_and_blocks_nothing);
    tcase_add_test(tcase, dispositions_are_put_back);
    tcase_add_test(tcase, a_watch_ends_alone);
    tcase_add_test(tcase, one_loop_of_a_process_may_watch);
    suite_add_tcase(suite, tcase);
    return suite;
}
