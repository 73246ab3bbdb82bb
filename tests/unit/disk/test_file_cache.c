#include "disk/file_cache.h"

#include "tests/unit/disk/place.h"

#include <check.h>
#include <fcntl.h>
#include <unistd.h>

Suite *test_file_cache_suite(void);

/* Keys only: the cache never looks into a storage. */
static char keys[2];
#define STORAGE(i) ((const struct storage *)(const void *)&keys[i])

static struct file_cache *cache;
static uint32_t before;

static void setup(void)
{
    before = place_open_descriptors();
    cache = file_cache_new(3);
}

static void teardown(void)
{
    file_cache_free(cache);
    ck_assert_uint_eq(place_open_descriptors(), before);
}

static int open_null(void)
{
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static int put(int storage, uint32_t file, bool write)
{
    const int fd = file_cache_add(cache, STORAGE(storage), file, write, open_null());
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(the_least_recently_used_goes_first)
{
    for (uint32_t i = 0; i < 3; i++)
        file_cache_unpin(cache, put(0, i, false));
    file_cache_unpin(cache, file_cache_pin(cache, STORAGE(0), 0, false)); /* used again */
    file_cache_unpin(cache, put(0, 3, false));
    ck_assert_int_lt(file_cache_pin(cache, STORAGE(0), 1, false), 0);
    for (uint32_t i = 0; i < 4; i += i == 0 ? 2 : 1) {
        const int fd = file_cache_pin(cache, STORAGE(0), i, false);
        ck_assert_int_ge(fd, 0);
        file_cache_unpin(cache, fd);
    }
    ck_assert_uint_eq(place_open_descriptors(), before + 3);
}
END_TEST

START_TEST(what_is_pinned_stays_and_more_go_uncached)
{
    int fds[5];
    for (uint32_t i = 0; i < 5; i++)
        fds[i] = put(0, i, false);
    ck_assert_uint_eq(place_open_descriptors(), before + 5);
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_int_ne(fcntl(fds[i], F_GETFD), -1);
        file_cache_unpin(cache, fds[i]);
    }
    ck_assert_uint_eq(place_open_descriptors(), before + 3);
}
END_TEST

START_TEST(one_that_was_opened_to_read_is_not_given_to_write)
{
    file_cache_unpin(cache, put(0, 0, false));
    ck_assert_int_lt(file_cache_pin(cache, STORAGE(0), 0, true), 0);
    file_cache_unpin(cache, put(0, 0, true));
    const int fd = file_cache_pin(cache, STORAGE(0), 0, true);
    ck_assert_int_ge(fd, 0);
    file_cache_unpin(cache, fd);
}
END_TEST

START_TEST(of_twins_the_first_wins)
{
    const int first = put(0, 0, true), second = put(0, 0, false);
    ck_assert_int_eq(first, second);
    file_cache_unpin(cache, first);
    file_cache_unpin(cache, second);
    ck_assert_uint_eq(place_open_descriptors(), before + 1);
}
END_TEST

START_TEST(dropping_closes_what_is_not_in_use_and_the_rest_later)
{
    const int held = put(0, 0, false), other = put(1, 0, false);
    file_cache_unpin(cache, put(0, 1, true));
    file_cache_unpin(cache, other);
    file_cache_drop(cache, STORAGE(0));
    ck_assert_uint_eq(place_open_descriptors(), before + 2);
    ck_assert_int_lt(file_cache_pin(cache, STORAGE(0), 0, false), 0);
    file_cache_unpin(cache, held);
    ck_assert_uint_eq(place_open_descriptors(), before + 1);
    ck_assert_int_eq(file_cache_pin(cache, STORAGE(1), 0, false), other);
    file_cache_unpin(cache, other);
}
END_TEST

Suite *test_file_cache_suite(void)
{
    Suite *suite = suite_create("file_cache");
    TCase *tcase = tcase_create("file_cache");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, the_least_recently_used_goes_first);
    tcase_add_test(tcase, what_is_pinned_stays_and_more_go_uncached);
    tcase_add_test(tcase, one_that_was_opened_to_read_is_not_given_to_write);
    tcase_add_test(tcase, of_twins_the_first_wins);
    tcase_add_test(tcase, dropping_closes_what_is_not_in_use_and_the_rest_later);
    suite_add_tcase(suite, tcase);
    return suite;
}
