#include "base/clock.h"
#include "bus/bus.h"

#include <check.h>

Suite *test_bus_suite(void);

static struct message numbered(uint32_t number)
{
    struct message message = {.type = PEER_HAVE};
    message.u.piece.piece = number;
    return message;
}

static enum error_code post(struct bus *bus, uint32_t number)
{
    const struct message message = numbered(number);
    return bus_post(bus, &message);
}

START_TEST(messages_come_out_in_the_order_they_went_in)
{
    struct bus *bus = bus_new(100000);
    struct random_seeded seeded;
    struct message message;
    uint32_t in = 0, out = 0;
    random_seeded_init(&seeded, 3);
    uint32_t wrong = 0; /* one assertion at the end: each costs a write */
    for (int round = 0; round < 3000; round++) {
        for (uint32_t n = random_below(&seeded.source, 90); n > 0; n--)
            wrong += post(bus, in++) != ERROR_NONE;
        for (uint32_t n = random_below(&seeded.source, 95);
             n > 0 && bus_take(bus, &message); n--)
            wrong += message.u.piece.piece != out++;
        wrong += bus_length(bus) != in - out;
    }
    while (bus_take(bus, &message))
        wrong += message.u.piece.piece != out++;
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(out, in);
    bus_free(bus, NULL);
}
END_TEST

/* O23 */
START_TEST(a_full_bus_refuses_and_keeps_what_it_has)
{
    struct bus *bus = bus_new(5);
    struct message message;
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(bus_room(bus), 5 - i);
        ck_assert_int_eq(post(bus, i), ERROR_NONE);
    }
    ck_assert_int_eq(post(bus, 5), ERROR_FULL);
    ck_assert(bus_take(bus, &message));
    ck_assert_uint_eq(message.u.piece.piece, 0);
    ck_assert_int_eq(post(bus, 6), ERROR_NONE);
    ck_assert_int_eq(post(bus, 7), ERROR_FULL);
    bus_free(bus, NULL);
}
END_TEST

static void count_first(void *context)
{
    ++*(uint32_t *)context;
}

START_TEST(the_owner_is_told_of_the_first_message_only)
{
    struct bus *bus = bus_new(10);
    struct message message;
    uint32_t told = 0;
    bus_set_notify(bus, count_first, &told);
    ck_assert_int_eq(post(bus, 1), ERROR_NONE);
    ck_assert_int_eq(post(bus, 2), ERROR_NONE);
    ck_assert_uint_eq(told, 1);
    while (bus_take(bus, &message))
        ;
    ck_assert_int_eq(post(bus, 3), ERROR_NONE);
    ck_assert_uint_eq(told, 2);
    bus_free(bus, NULL);
}
END_TEST

START_TEST(a_burst_is_over_when_the_bus_is_empty_again)
{
    struct bus *bus = bus_new(1 << 20);
    struct message message;
    for (int round = 0; round < 3; round++) {
        uint32_t out = 0;
        for (uint32_t i = 0; i < 5000; i++)
            ck_assert_int_eq(post(bus, i), ERROR_NONE);
        while (bus_take(bus, &message))
            ck_assert_uint_eq(message.u.piece.piece, out++);
        ck_assert_uint_eq(out, 5000);
    }
    bus_free(bus, NULL);
}
END_TEST

/* O23 */
START_TEST(what_was_not_delivered_gives_its_blocks_back)
{
    struct block_pool *pool = block_pool_new(4 * BLOCK_BYTES);
    struct bus *bus = bus_new(4);
    struct message message = {.type = PEER_BLOCK_ARRIVED};
    for (int i = 0; i < 4; i++) {
        message.u.block_data.block = block_pool_take(pool);
        ck_assert_int_eq(bus_post(bus, &message), ERROR_NONE);
    }
    ck_assert_uint_eq(block_pool_left(pool), 0);
    bus_free(bus, pool);
    ck_assert_uint_eq(block_pool_left(pool), 4);
    block_pool_free(pool);
}
END_TEST

Suite *test_bus_suite(void)
{
    Suite *suite = suite_create("bus");
    TCase *tcase = tcase_create("bus");
    tcase_add_test(tcase, messages_come_out_in_the_order_they_went_in);
    tcase_add_test(tcase, a_full_bus_refuses_and_keeps_what_it_has);
    tcase_add_test(tcase, the_owner_is_told_of_the_first_message_only);
    tcase_add_test(tcase, a_burst_is_over_when_the_bus_is_empty_again);
    tcase_add_test(tcase, what_was_not_delivered_gives_its_blocks_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
