#include "bus/bus.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

Suite *test_worker_bus_suite(void);

enum { POSTERS = 4, EACH = 5000 };

static struct worker_bus *bus;

static void setup(void)
{
    bus = worker_bus_new((size_t)1 << 20);
    ck_assert_ptr_nonnull(bus);
}

static void teardown(void)
{
    worker_bus_free(bus, NULL);
}

static enum error_code post(uint32_t poster, uint32_t number)
{
    struct message message = {.type = PEER_HAVE, .torrent = {poster, 1}};
    message.u.piece.piece = number;
    return worker_bus_post(bus, &message);
}

static void *post_many(void *context)
{
    const uint32_t poster = *(const uint32_t *)context;
    for (uint32_t i = 0; i < EACH; i++)
        ck_assert_int_eq(post(poster, i), ERROR_NONE);
    return NULL;
}

static void start_posters(pthread_t threads[POSTERS], uint32_t numbers[POSTERS])
{
    for (uint32_t i = 0; i < POSTERS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &numbers[i]), 0);
    }
}

static void join_posters(const pthread_t threads[POSTERS])
{
    for (uint32_t i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
}

/* Each poster's messages come whole and in its order. */
static void expect_next(uint32_t next[POSTERS], const struct message *message)
{
    ck_assert_uint_eq(message->u.piece.piece, next[message->torrent.index]++);
}

START_TEST(a_worker_that_waits_gets_all_of_everybody_in_order)
{
    pthread_t threads[POSTERS];
    uint32_t numbers[POSTERS], next[POSTERS] = {0};
    struct message message;
    start_posters(threads, numbers);
    for (uint32_t i = 0; i < POSTERS * EACH; i++) {
        ck_assert(worker_bus_wait(bus, &message));
        expect_next(next, &message);
    }
    join_posters(threads);
    ck_assert(!worker_bus_take(bus, &message));
}
END_TEST

struct taker {
    struct loop *loop;
    uint32_t next[POSTERS];
    uint32_t count;
};

static void take_all(void *context)
{
    struct taker *taker = context;
    struct message message;
    while (worker_bus_take(bus, &message)) {
        expect_next(taker->next, &message);
        taker->count++;
    }
}

START_TEST(a_loop_is_woken_for_all_of_everybody)
{
    pthread_t threads[POSTERS];
    uint32_t numbers[POSTERS];
    struct taker taker = {.loop = loop_new(&loop_platform_system)};
    struct loop_wake *wake = loop_wake_new(taker.loop, take_all, &taker);
    worker_bus_set_wake(bus, wake);
    start_posters(threads, numbers);
    while (taker.count < POSTERS * EACH)
        loop_turn(taker.loop, UINT64_MAX); /* a lost wake-up: the test's time-out */
    join_posters(threads);
    worker_bus_set_wake(bus, NULL);
    loop_wake_free(wake);
    ck_assert_int_eq(post(0, 0), ERROR_NONE); /* wakes nobody */
    loop_free(taker.loop);
}
END_TEST

static void *wait_for_the_end(void *context)
{
    uint32_t *count = context;
    struct message message;
    while (worker_bus_wait(bus, &message))
        ++*count;
    return NULL;
}

/* O23 */
START_TEST(closing_lets_a_waiting_worker_finish_what_is_there)
{
    pthread_t thread;
    uint32_t count = 0;
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_int_eq(post(0, i), ERROR_NONE);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_the_end, &count), 0);
    worker_bus_close(bus);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(count, 10);
}
END_TEST

START_TEST(a_full_worker_bus_refuses)
{
    struct worker_bus *small = worker_bus_new(3);
    struct message message = {.type = PEER_HAVE};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(worker_bus_post(small, &message), ERROR_NONE);
    ck_assert_int_eq(worker_bus_post(small, &message), ERROR_FULL);
    ck_assert(worker_bus_take(small, &message));
    ck_assert_int_eq(worker_bus_post(small, &message), ERROR_NONE);
    worker_bus_free(small, NULL);
}
END_TEST

START_TEST(blocks_left_in_it_go_back_to_the_pool)
{
    struct block_pool *pool = block_pool_new(3 * BLOCK_BYTES);
    struct worker_bus *small = worker_bus_new(8);
    struct message message = {.type = DISK_HASH};
    for (int i = 0; i < 3; i++) {
        message.u.run.chain = block_pool_take(pool);
        ck_assert_int_eq(worker_bus_post(small, &message), ERROR_NONE);
    }
    ck_assert(worker_bus_take(small, &message)); /* the rest is in the taker's batch */
    message_done(&message, pool);
    message.u.run.chain = block_pool_take(pool);
    ck_assert_int_eq(worker_bus_post(small, &message), ERROR_NONE);
    worker_bus_free(small, pool);
    ck_assert_uint_eq(block_pool_left(pool), 3);
    block_pool_free(pool);
}
END_TEST

Suite *test_worker_bus_suite(void)
{
    Suite *suite = suite_create("worker_bus");
    TCase *tcase = tcase_create("worker_bus");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, a_worker_that_waits_gets_all_of_everybody_in_order);
    tcase_add_test(tcase, a_loop_is_woken_for_all_of_everybody);
    tcase_add_test(tcase, closing_lets_a_waiting_worker_finish_what_is_there);
    tcase_add_test(tcase, a_full_worker_bus_refuses);
    tcase_add_test(tcase, blocks_left_in_it_go_back_to_the_pool);
    suite_add_tcase(suite, tcase);
    return suite;
}
