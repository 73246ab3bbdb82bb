#include "loop/loop.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

Suite *test_wake_suite(void);

static struct loop *loop;
static struct loop_wake *wake;
static uint32_t woken;
static atomic_uint posted, taken;

static void on_wake(void *context)
{
    (void)context;
    woken++;
    atomic_store(&taken, atomic_load(&posted));
}

static void setup(void)
{
    woken = 0;
    atomic_store(&posted, 0);
    atomic_store(&taken, 0);
    loop = loop_new(&loop_platform_system);
    wake = loop_wake_new(loop, on_wake, NULL);
    ck_assert_ptr_nonnull(wake);
}

static void teardown(void)
{
    loop_wake_free(wake);
    loop_free(loop);
}

START_TEST(many_signals_before_a_turn_are_one_wake_up)
{
    for (int i = 0; i < 1000; i++)
        loop_wake_signal(wake);
    loop_turn(loop, NS_PER_S);
    loop_turn(loop, 0);
    ck_assert_uint_eq(woken, 1);
    loop_wake_signal(wake);
    loop_turn(loop, NS_PER_S);
    ck_assert_uint_eq(woken, 2);
}
END_TEST

static void *post_many(void *context)
{
    (void)context;
    for (int i = 0; i < 20000; i++) {
        atomic_fetch_add(&posted, 1);
        loop_wake_signal(wake);
    }
    return NULL;
}

START_TEST(the_last_signal_of_another_thread_is_never_lost)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, post_many, NULL), 0);
    for (int i = 0; i < 100000 && atomic_load(&taken) < 20000; i++)
        loop_turn(loop, 5 * NS_PER_S);
    ck_assert_uint_eq(atomic_load(&taken), 20000);
    pthread_join(thread, NULL);
}
END_TEST

Suite *test_wake_suite(void)
{
    Suite *suite = suite_create("wake");
    TCase *tcase = tcase_create("wake");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, many_signals_before_a_turn_are_one_wake_up);
    tcase_add_test(tcase, the_last_signal_of_another_thread_is_never_lost);
    suite_add_tcase(suite, tcase);
    return suite;
}
