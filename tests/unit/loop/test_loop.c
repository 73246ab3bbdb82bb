#include "loop/loop.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

Suite *test_loop_suite(void);

/* A platform that counts how poll is called; time moves only when told. */
static struct {
    struct clock_virtual clock;
    nfds_t counts[16];
    uint64_t timeouts_ns[16];
    uint32_t calls;
    int fail; /* errno of the next call */
} fake;

static int fake_poll(void *context, struct pollfd *fds, nfds_t count, uint64_t timeout_ns)
{
    (void)context;
    fake.counts[fake.calls % 16] = count;
    fake.timeouts_ns[fake.calls++ % 16] = timeout_ns;
    if (fake.fail != 0) {
        errno = fake.fail;
        fake.fail = 0;
        return -1;
    }
    return poll(fds, count, 0);
}

static struct loop *loop;

static void setup(void)
{
    fake.calls = 0;
    clock_virtual_init(&fake.clock, 1000 * NS_PER_S);
    const struct loop_platform platform = {&fake.clock.clock, fake_poll, NULL};
    loop = loop_new(&platform);
    ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
    loop_free(loop);
}

struct end {
    int fds[2];
    struct loop_slot *slot;
    uint32_t called;
    short revents;
    struct end *to_remove; /* when called */
    bool stays_full;
};

static void end_ready(void *context, short revents)
{
    struct end *end = context;
    char byte;
    end->called++;
    end->revents = revents;
    if (!end->stays_full && (revents & POLLIN) != 0)
        ck_assert_int_ge(read(end->fds[0], &byte, 1), 0);
    if (end->to_remove != NULL) {
        loop_slot_remove(end->to_remove->slot);
        end->to_remove->slot = NULL;
        end->to_remove = NULL;
    }
}

static void end_open(struct end *end, enum loop_heat heat)
{
    *end = (struct end){0};
    ck_assert_int_eq(pipe(end->fds), 0);
    end->slot = loop_add(loop, end->fds[0], POLLIN, heat, end_ready, end);
    ck_assert_ptr_nonnull(end->slot);
}

static void end_fill(const struct end *end)
{
    ck_assert_int_eq(write(end->fds[1], "x", 1), 1);
}

static void end_close(struct end *end)
{
    loop_slot_remove(end->slot);
    close(end->fds[0]);
    close(end->fds[1]);
}

START_TEST(a_ready_descriptor_is_told_once_for_what_is_there)
{
    struct end end;
    end_open(&end, LOOP_CONTROL);
    loop_turn(loop, 0);
    ck_assert_uint_eq(end.called, 0);
    end_fill(&end);
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    ck_assert_uint_eq(end.called, 1);
    ck_assert_int_ne(end.revents & POLLIN, 0);
    end_close(&end);
}
END_TEST

START_TEST(a_slot_removed_by_another_that_is_ready_too_is_not_called)
{
    struct end a, b;
    end_open(&a, LOOP_CONTROL);
    end_open(&b, LOOP_CONTROL);
    end_fill(&a);
    end_fill(&b);
    a.to_remove = &b;
    b.to_remove = &a;
    loop_turn(loop, 0);
    ck_assert_uint_eq(a.called + b.called, 1);
    end_close(&a);
    end_close(&b);
}
END_TEST

START_TEST(a_slot_may_remove_itself)
{
    struct end end;
    end_open(&end, LOOP_HOT);
    end_fill(&end);
    end_fill(&end);
    end.to_remove = &end;
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    ck_assert_uint_eq(end.called, 1);
    end_close(&end);
}
END_TEST

/* Any order of adding, heating, cooling and removing leaves each slot with its own
 * descriptor. */
static void move_and_remove(uint64_t seed)
{
    enum { COUNT = 24 };
    struct end ends[COUNT];
    struct random_seeded seeded;
    random_seeded_init(&seeded, seed);
    for (int i = 0; i < COUNT; i++)
        end_open(&ends[i], (enum loop_heat)random_below(&seeded.source, 3));
    for (int round = 0; round < 40; round++) {
        const uint32_t at = random_below(&seeded.source, COUNT);
        switch (random_below(&seeded.source, 3)) {
        case 0:
            end_close(&ends[at]);
            loop_turn(loop, 0);
            end_open(&ends[at], (enum loop_heat)random_below(&seeded.source, 3));
            break;
        default:
            loop_slot_set_heat(ends[at].slot,
                               (enum loop_heat)random_below(&seeded.source, 3));
            break;
        }
        const uint32_t filled = random_below(&seeded.source, COUNT);
        const uint32_t before = ends[filled].called;
        end_fill(&ends[filled]);
        fake.clock.now_ns += NS_PER_S; /* cold ones are due */
        loop_turn(loop, 0);
        ck_assert_uint_eq(ends[filled].called, before + 1);
    }
    for (int i = 0; i < COUNT; i++)
        end_close(&ends[i]);
    loop_turn(loop, 0);
}

START_TEST(slots_keep_their_descriptors_through_moves_and_removals)
{
    for (uint64_t seed = 1; seed <= 16; seed++)
        move_and_remove(seed);
}
END_TEST

START_TEST(cold_slots_are_looked_at_every_50_ms_while_others_keep_the_loop_busy)
{
    struct end hot, cold;
    end_open(&hot, LOOP_HOT);
    end_open(&cold, LOOP_COLD);
    hot.stays_full = true;
    end_fill(&hot);
    loop_turn(loop, UINT64_MAX); /* looks at all: the first time is due */
    end_fill(&cold);
    for (int ms = 0; ms < 49; ms++) {
        fake.clock.now_ns += NS_PER_MS;
        loop_turn(loop, UINT64_MAX);
    }
    ck_assert_uint_eq(cold.called, 0);
    ck_assert_uint_ge(hot.called, 49);
    fake.clock.now_ns += NS_PER_MS;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(cold.called, 1);
    end_close(&hot);
    end_close(&cold);
}
END_TEST

/* Each look at them has its price: 50 us for each of these pass between two. */
enum { MANY = 64 };
#define MANY_REST_NS (MANY * 50 * NS_PER_US)

static struct {
    struct end hot, cold[MANY];
} crowd;

static void crowd_open(void)
{
    end_open(&crowd.hot, LOOP_HOT);
    for (int i = 0; i < MANY; i++)
        end_open(&crowd.cold[i], LOOP_COLD);
    loop_turn(loop, 0); /* the first look is due */
    ck_assert_uint_eq(fake.counts[0], MANY + 1);
    fake.calls = 0;
}

static void crowd_close(void)
{
    end_close(&crowd.hot);
    for (int i = 0; i < MANY; i++)
        end_close(&crowd.cold[i]);
    loop_turn(loop, 0);
}

START_TEST(many_cold_slots_are_slept_on_only_when_the_hot_ones_are_silent)
{
    crowd_open();
    loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(fake.calls, 4);
    const nfds_t counts[] = {1, MANY + 1, 1, MANY + 1};
    const uint64_t timeouts_ns[] = {MANY_REST_NS, 0, MANY_REST_NS,
                                    10 * NS_PER_MS - 2 * MANY_REST_NS};
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(fake.counts[i], counts[i]);
        ck_assert_uint_eq(fake.timeouts_ns[i], timeouts_ns[i]);
    }
    crowd_close();
}
END_TEST

START_TEST(many_cold_slots_are_looked_at_when_they_have_rested)
{
    crowd_open();
    end_fill(&crowd.cold[7]);
    fake.clock.now_ns += NS_PER_MS;
    loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(fake.calls, 2);
    ck_assert_uint_eq(fake.timeouts_ns[0], MANY_REST_NS - NS_PER_MS);
    ck_assert_uint_eq(crowd.cold[7].called, 1);
    crowd_close();
}
END_TEST

START_TEST(a_timer_that_is_due_before_many_cold_slots_have_rested_is_in_time)
{
    crowd_open();
    loop_turn(loop, NS_PER_MS / 2);
    ck_assert_uint_eq(fake.calls, 1);
    ck_assert_uint_eq(fake.counts[0], 1);
    ck_assert_uint_eq(fake.timeouts_ns[0], NS_PER_MS / 2);
    crowd_close();
}
END_TEST

START_TEST(many_cold_slots_are_looked_at_every_50_ms_without_waiting)
{
    crowd_open();
    crowd.hot.stays_full = true;
    end_fill(&crowd.hot);
    end_fill(&crowd.cold[7]);
    for (int ms = 0; ms < 49; ms++) {
        fake.clock.now_ns += NS_PER_MS;
        loop_turn(loop, UINT64_MAX);
    }
    ck_assert_uint_eq(crowd.cold[7].called, 0);
    fake.clock.now_ns += NS_PER_MS;
    fake.calls = 0;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(fake.calls, 1);
    ck_assert_uint_eq(fake.timeouts_ns[0], 0);
    ck_assert_uint_eq(crowd.cold[7].called, 1);
    crowd_close();
}
END_TEST

START_TEST(many_cold_slots_without_a_hot_one_are_slept_on_at_once)
{
    crowd_open();
    loop_slot_set_heat(crowd.hot.slot, LOOP_COLD);
    loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(fake.timeouts_ns[0], 0);
    ck_assert_uint_eq(fake.timeouts_ns[1], 10 * NS_PER_MS);
    crowd_close();
}
END_TEST

START_TEST(cold_slots_are_looked_at_at_once_when_the_loop_would_sleep)
{
    struct end hot, cold;
    end_open(&hot, LOOP_HOT);
    end_open(&cold, LOOP_COLD);
    loop_turn(loop, UINT64_MAX);
    end_fill(&cold);
    fake.clock.now_ns += NS_PER_MS;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(cold.called, 1);
    end_close(&hot);
    end_close(&cold);
}
END_TEST

START_TEST(a_poll_that_fails_is_no_event)
{
    struct end end;
    end_open(&end, LOOP_CONTROL);
    end_fill(&end);
    fake.fail = EINTR;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(end.called, 0);
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(end.called, 1);
    end_close(&end);
}
END_TEST

START_TEST(an_idle_loop_waits_for_ever_and_one_with_a_timer_just_so_long)
{
    struct loop_timer timer;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(fake.timeouts_ns[0], UINT64_MAX);
    loop_timer_init(&timer, NULL, NULL);
    ck_assert_int_eq(loop_timer_set_in(loop, &timer, 123 * NS_PER_MS), ERROR_NONE);
    fake.clock.now_ns += 23 * NS_PER_MS;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(fake.timeouts_ns[1], 100 * NS_PER_MS);
    loop_turn(loop, 7 * NS_PER_MS);
    ck_assert_uint_eq(fake.timeouts_ns[2], 7 * NS_PER_MS);
    loop_timer_cancel(loop, &timer);
}
END_TEST

/* ---- hooks ---- */

struct hooked {
    struct loop_hook hook;
    int number;
    bool more;
    struct loop_hook *to_remove;
    bool wakes;
};
static int order[16];
static uint32_t order_length;

static bool hooked_run(void *context)
{
    struct hooked *hooked = context;
    order[order_length++ % 16] = hooked->number;
    if (hooked->to_remove != NULL)
        loop_hook_remove(loop, hooked->to_remove);
    if (hooked->wakes)
        loop_do_not_sleep(loop);
    hooked->wakes = false;
    return hooked->more;
}

static void hooked_add(struct hooked *hooked, int number, int at)
{
    *hooked = (struct hooked){.number = number};
    hooked->hook =
        (struct loop_hook){.callback = hooked_run, .context = hooked, .order = at};
    loop_hook_add(loop, &hooked->hook);
}

START_TEST(hooks_run_once_a_turn_in_order)
{
    struct hooked a, b, c;
    order_length = 0;
    hooked_add(&a, 1, 50);
    hooked_add(&b, 2, 10);
    hooked_add(&c, 3, 50);
    loop_turn(loop, 0);
    ck_assert_uint_eq(order_length, 3);
    ck_assert_int_eq(order[0], 2);
    ck_assert_int_eq(order[1], 1);
    ck_assert_int_eq(order[2], 3);
}
END_TEST

START_TEST(a_hook_may_remove_itself_and_the_next_one)
{
    struct hooked a, *b = calloc(1, sizeof *b), c;
    order_length = 0;
    hooked_add(&a, 1, 1);
    hooked_add(b, 2, 2);
    hooked_add(&c, 3, 3);
    a.to_remove = &b->hook;
    c.to_remove = &c.hook;
    loop_turn(loop, 0);
    free(b); /* nobody may look at it again */
    a.to_remove = NULL;
    loop_turn(loop, 0);
    ck_assert_uint_eq(order_length, 3);
    ck_assert_int_eq(order[0], 1);
    ck_assert_int_eq(order[1], 3);
    ck_assert_int_eq(order[2], 1);
}
END_TEST

START_TEST(the_loop_does_not_sleep_while_a_hook_has_more)
{
    struct hooked hooked;
    hooked_add(&hooked, 1, 1);
    hooked.more = true;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(fake.timeouts_ns[0], 0);
    hooked.more = false;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(fake.timeouts_ns[1], UINT64_MAX);
}
END_TEST

START_TEST(work_that_comes_up_after_its_hook_has_run_is_not_slept_on)
{
    struct hooked early, late;
    hooked_add(&early, 1, 1);
    hooked_add(&late, 2, 2);
    late.wakes = true;
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(fake.timeouts_ns[0], 0);
    loop_turn(loop, UINT64_MAX);
    ck_assert_uint_eq(fake.timeouts_ns[1], UINT64_MAX);
}
END_TEST

START_TEST(the_longest_turn_is_told_once)
{
    struct end end;
    end_open(&end, LOOP_CONTROL);
    loop_turn(loop, 0);
    loop_take_lag_ns(loop);
    fake.clock.now_ns += 70 * NS_PER_MS; /* as if a callback took so long */
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    ck_assert_uint_eq(loop_take_lag_ns(loop), 70 * NS_PER_MS);
    ck_assert_uint_eq(loop_take_lag_ns(loop), 0);
    end_close(&end);
}
END_TEST

static void stop(void *context)
{
    loop_stop(context);
}

START_TEST(a_loop_runs_until_it_is_stopped)
{
    struct loop_timer timer;
    loop_timer_init(&timer, stop, loop);
    ck_assert_int_eq(loop_timer_set_in(loop, &timer, 0), ERROR_NONE);
    loop_run(loop);
    ck_assert(!loop_timer_is_set(&timer));
}
END_TEST

Suite *test_loop_suite(void)
{
    Suite *suite = suite_create("loop");
    TCase *tcase = tcase_create("loop");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_ready_descriptor_is_told_once_for_what_is_there);
    tcase_add_test(tcase, a_slot_removed_by_another_that_is_ready_too_is_not_called);
    tcase_add_test(tcase, a_slot_may_remove_itself);
    tcase_add_test(tcase, slots_keep_their_descriptors_through_moves_and_removals);
    tcase_add_test(tcase,
                   cold_slots_are_looked_at_every_50_ms_while_others_keep_the_loop_busy);
    tcase_add_test(tcase, many_cold_slots_are_slept_on_only_when_the_hot_ones_are_silent);
    tcase_add_test(tcase, many_cold_slots_are_looked_at_when_they_have_rested);
    tcase_add_test(tcase,
                   a_timer_that_is_due_before_many_cold_slots_have_rested_is_in_time);
    tcase_add_test(tcase, many_cold_slots_are_looked_at_every_50_ms_without_waiting);
    tcase_add_test(tcase, many_cold_slots_without_a_hot_one_are_slept_on_at_once);
    tcase_add_test(tcase, cold_slots_are_looked_at_at_once_when_the_loop_would_sleep);
    tcase_add_test(tcase, a_poll_that_fails_is_no_event);
    tcase_add_test(tcase, an_idle_loop_waits_for_ever_and_one_with_a_timer_just_so_long);
    tcase_add_test(tcase, hooks_run_once_a_turn_in_order);
    tcase_add_test(tcase, a_hook_may_remove_itself_and_the_next_one);
    tcase_add_test(tcase, the_loop_does_not_sleep_while_a_hook_has_more);
    tcase_add_test(tcase, work_that_comes_up_after_its_hook_has_run_is_not_slept_on);
    tcase_add_test(tcase, the_longest_turn_is_told_once);
    tcase_add_test(tcase, a_loop_runs_until_it_is_stopped);
    suite_add_tcase(suite, tcase);
    return suite;
}
