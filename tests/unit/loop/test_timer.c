#include "loop/loop.h"

#include <check.h>
#include <stdlib.h>

Suite *test_timer_suite(void);

static struct clock_virtual clock_of_test;
static struct loop *loop;

static void setup(void)
{
    clock_virtual_init(&clock_of_test, 1000 * NS_PER_S);
    const struct loop_platform platform = loop_platform_virtual(&clock_of_test);
    loop = loop_new(&platform);
    ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
    loop_free(loop);
}

struct probe {
    struct loop_timer timer;
    uint64_t fired_ns[8];
    uint32_t fired;
    uint64_t again_in_ns;    /* UINT64_MAX: no */
    struct probe *to_cancel; /* when fired */
    struct probe *to_set;
};

static void probe_fire(void *context)
{
    struct probe *probe = context;
    probe->fired_ns[probe->fired++ % 8] = loop_now_ns(loop);
    if (probe->to_cancel != NULL)
        loop_timer_cancel(loop, &probe->to_cancel->timer);
    if (probe->to_set != NULL)
        ck_assert_int_eq(loop_timer_set_in(loop, &probe->to_set->timer, 0), ERROR_NONE);
    if (probe->again_in_ns != UINT64_MAX)
        ck_assert_int_eq(loop_timer_set_in(loop, &probe->timer, probe->again_in_ns),
                         ERROR_NONE);
}

static struct probe probe_new(void)
{
    return (struct probe){.again_in_ns = UINT64_MAX};
}

static void probe_set(struct probe *probe, uint64_t in_ns)
{
    loop_timer_init(&probe->timer, probe_fire, probe);
    ck_assert_int_eq(loop_timer_set_in(loop, &probe->timer, in_ns), ERROR_NONE);
}

static void turns(int count)
{
    while (count-- > 0)
        loop_turn(loop, UINT64_MAX);
}

START_TEST(many_timers_fire_in_order_and_at_their_time)
{
    enum { COUNT = 1000 };
    struct probe *probes = calloc(COUNT, sizeof *probes);
    struct random_seeded seeded;
    random_seeded_init(&seeded, 7);
    const uint64_t begin_ns = loop_now_ns(loop);
    for (int i = 0; i < COUNT; i++) {
        probes[i] = probe_new();
        probe_set(&probes[i], random_below(&seeded.source, 1000000) * NS_PER_US + 1);
    }
    for (int i = 0; i < COUNT; i += 3) /* heaps break when the middle is taken out */
        loop_timer_cancel(loop, &probes[i].timer);
    while (loop_timer_is_set(&probes[1].timer) ||
           loop_now_ns(loop) < begin_ns + 2 * NS_PER_S) {
        const uint64_t before_ns = loop_now_ns(loop);
        loop_turn(loop, NS_PER_S);
        ck_assert_uint_ge(loop_now_ns(loop), before_ns);
    }
    for (int i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(probes[i].fired, i % 3 == 0 ? 0 : 1);
        if (i % 3 != 0)
            ck_assert_uint_eq(probes[i].fired_ns[0], probes[i].timer.at_ns);
    }
    free(probes);
}
END_TEST

START_TEST(a_timer_cancelled_by_another_that_is_due_too_does_not_fire)
{
    struct probe first = probe_new(), second = probe_new();
    probe_set(&first, 10);
    probe_set(&second, 20);
    first.to_cancel = &second;
    clock_virtual_advance(&clock_of_test, 100);
    turns(3);
    ck_assert_uint_eq(first.fired, 1);
    ck_assert_uint_eq(second.fired, 0);
}
END_TEST

START_TEST(a_timer_set_again_for_now_waits_for_the_next_turn)
{
    struct probe eager = probe_new(), later = probe_new();
    eager.again_in_ns = 0;
    probe_set(&eager, 0);
    probe_set(&later, NS_PER_S); /* a second timer in the heap must not give it a turn */
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(eager.fired, 1);
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(eager.fired, 2);
    loop_timer_cancel(loop, &eager.timer);
    loop_timer_cancel(loop, &later.timer);
}
END_TEST

START_TEST(a_timer_set_by_another_for_now_fires_soon)
{
    struct probe setter = probe_new(), set = probe_new();
    loop_timer_init(&set.timer, probe_fire, &set);
    setter.to_set = &set;
    probe_set(&setter, NS_PER_S);
    turns(4);
    ck_assert_uint_eq(set.fired, 1);
    ck_assert_uint_le(set.fired_ns[0], setter.fired_ns[0] + 1);
}
END_TEST

START_TEST(setting_again_moves_a_timer)
{
    struct probe probe = probe_new();
    const uint64_t begin_ns = loop_now_ns(loop);
    probe_set(&probe, 10 * NS_PER_S);
    ck_assert_int_eq(loop_timer_set_in(loop, &probe.timer, NS_PER_S), ERROR_NONE);
    turns(2);
    ck_assert_uint_eq(probe.fired, 1);
    ck_assert_uint_eq(probe.fired_ns[0], begin_ns + NS_PER_S);
    loop_turn(loop, 20 * NS_PER_S);
    ck_assert_uint_eq(probe.fired, 1);
}
END_TEST

START_TEST(a_time_past_the_end_of_time_never_comes)
{
    struct probe never = probe_new();
    probe_set(&never, UINT64_MAX);
    loop_turn(loop, NS_PER_S);
    loop_turn(loop, NS_PER_S);
    ck_assert_uint_eq(never.fired, 0);
    loop_timer_cancel(loop, &never.timer);
    ck_assert(!loop_timer_is_set(&never.timer));
}
END_TEST

START_TEST(virtual_time_jumps_to_the_next_timer_and_no_further)
{
    struct probe hourly = probe_new();
    const uint64_t begin_ns = loop_now_ns(loop);
    hourly.again_in_ns = 3600 * NS_PER_S;
    probe_set(&hourly, hourly.again_in_ns);
    turns(8);
    ck_assert_uint_ge(hourly.fired, 7);
    for (uint32_t i = 0; i < 7; i++)
        ck_assert_uint_eq(hourly.fired_ns[i], begin_ns + (i + 1) * hourly.again_in_ns);
    loop_timer_cancel(loop, &hourly.timer);
}
END_TEST

/* ---- gaps ---- */

#define LATE_NS (30 * NS_PER_S)

static void on_gap(void *context)
{
    struct probe *probe = context;
    probe->fired++;
    if (probe->to_set != NULL) /* what was due an hour ago is put off */
        ck_assert_int_eq(loop_timer_set_in(loop, &probe->to_set->timer, NS_PER_S),
                         ERROR_NONE);
}

/* O8: the process was stopped for an hour. */
START_TEST(after_a_gap_timers_may_be_put_off_before_they_fire)
{
    struct probe timer = probe_new(), seen = probe_new(), other = probe_new();
    struct loop_gap gap = {.late_ns = LATE_NS, .callback = on_gap, .context = &seen};
    struct loop_gap second = {.late_ns = LATE_NS, .callback = on_gap, .context = &other};
    loop_gap_add(loop, &gap);
    loop_gap_add(loop, &second);
    seen.to_set = &timer;
    probe_set(&timer, NS_PER_S);
    turns(1); /* to its time */
    clock_virtual_advance(&clock_of_test, 3600 * NS_PER_S);
    turns(1);
    ck_assert_uint_eq(seen.fired, 1);
    ck_assert_uint_eq(other.fired, 1);
    ck_assert_uint_eq(timer.fired, 0);
    turns(2);
    ck_assert_uint_eq(timer.fired, 1);
    ck_assert_uint_eq(seen.fired, 1);
    loop_gap_remove(loop, &gap);
    loop_gap_remove(loop, &second);
    probe_set(&timer, NS_PER_S);
    clock_virtual_advance(&clock_of_test, 3600 * NS_PER_S);
    turns(1);
    ck_assert_uint_eq(seen.fired, 1);
    ck_assert_uint_eq(timer.fired, 2);
}
END_TEST

START_TEST(a_late_turn_and_a_long_sleep_are_no_gap)
{
    struct probe timer = probe_new(), seen = probe_new();
    struct loop_gap gap = {.late_ns = LATE_NS, .callback = on_gap, .context = &seen};
    loop_gap_add(loop, &gap);
    probe_set(&timer, 7200 * NS_PER_S);
    turns(2);
    ck_assert_uint_eq(timer.fired, 1);
    probe_set(&timer, NS_PER_S);
    clock_virtual_advance(&clock_of_test, 20 * NS_PER_S);
    turns(1);
    clock_virtual_advance(&clock_of_test, 7200 * NS_PER_S); /* nothing was due */
    turns(1);
    ck_assert_uint_eq(timer.fired, 2);
    ck_assert_uint_eq(seen.fired, 0);
}
END_TEST

START_TEST(each_is_told_of_the_gaps_that_are_long_to_it)
{
    struct probe timer = probe_new(), brief = probe_new(), lengthy = probe_new();
    struct loop_gap first = {
        .late_ns = 5 * NS_PER_S, .callback = on_gap, .context = &brief};
    struct loop_gap second = {
        .late_ns = LATE_NS, .callback = on_gap, .context = &lengthy};
    loop_gap_add(loop, &first);
    loop_gap_add(loop, &second);
    static const uint64_t late_s[] = {4, 5, 29, 30};
    for (uint32_t i = 0; i < sizeof late_s / sizeof *late_s; i++) {
        probe_set(&timer, 0);
        clock_virtual_advance(&clock_of_test, late_s[i] * NS_PER_S);
        turns(1);
        ck_assert_uint_eq(timer.fired, i + 1);
        ck_assert_uint_eq(brief.fired, i);
        ck_assert_uint_eq(lengthy.fired, i / 3);
    }
}
END_TEST

Suite *test_timer_suite(void)
{
    Suite *suite = suite_create("timer");
    TCase *tcase = tcase_create("timer");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, many_timers_fire_in_order_and_at_their_time);
    tcase_add_test(tcase, a_timer_cancelled_by_another_that_is_due_too_does_not_fire);
    tcase_add_test(tcase, a_timer_set_again_for_now_waits_for_the_next_turn);
    tcase_add_test(tcase, a_timer_set_by_another_for_now_fires_soon);
    tcase_add_test(tcase, setting_again_moves_a_timer);
    tcase_add_test(tcase, a_time_past_the_end_of_time_never_comes);
    tcase_add_test(tcase, virtual_time_jumps_to_the_next_timer_and_no_further);
    tcase_add_test(tcase, after_a_gap_timers_may_be_put_off_before_they_fire);
    tcase_add_test(tcase, a_late_turn_and_a_long_sleep_are_no_gap);
    tcase_add_test(tcase, each_is_told_of_the_gaps_that_are_long_to_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
