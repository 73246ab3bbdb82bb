#include "base/buffer.h"

#include <check.h>
#include <string.h>

Suite *test_buffer_suite(void);

START_TEST(grows_up_to_its_cap_and_no_further)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(buffer_append_u8(&buffer, (uint8_t)i), ERROR_NONE);
    ck_assert_int_eq(buffer_append_u8(&buffer, 0), ERROR_LIMIT);
    ck_assert_uint_eq(buffer.length, 100);
    buffer_consume(&buffer, 60);
    ck_assert_uint_eq(buffer.length, 40);
    ck_assert_uint_eq(buffer.bytes[0], 60);
    buffer_done(&buffer);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    struct buffer buffer;
    struct cursor cursor;
    buffer_init(&buffer, 1000);
    ck_assert_int_eq(buffer_append_u16(&buffer, 0x1234), ERROR_NONE);
    ck_assert_int_eq(buffer_append_u32(&buffer, 0xdeadbeef), ERROR_NONE);
    ck_assert_int_eq(buffer_append_u64(&buffer, UINT64_C(0x0102030405060708)),
                     ERROR_NONE);
    ck_assert_int_eq(buffer_printf(&buffer, "%d:%s", 3, "abc"), ERROR_NONE);
    cursor_init(&cursor, buffer.bytes, buffer.length);
    ck_assert_uint_eq(cursor_u16(&cursor), 0x1234);
    ck_assert_uint_eq(cursor_u32(&cursor), 0xdeadbeef);
    ck_assert_uint_eq(cursor_u64(&cursor), UINT64_C(0x0102030405060708));
    ck_assert_mem_eq(cursor_bytes(&cursor, 5), "3:abc", 5);
    ck_assert_uint_eq(cursor_left(&cursor), 0);
    buffer_done(&buffer);
}
END_TEST

START_TEST(a_cursor_remembers_that_it_went_past_the_end)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct cursor cursor;
    cursor_init(&cursor, bytes, sizeof bytes);
    ck_assert_uint_eq(cursor_u32(&cursor), 0);
    ck_assert(cursor.failed);
    ck_assert_uint_eq(cursor_u8(&cursor), 0);
    ck_assert_ptr_null(cursor_bytes(&cursor, 1));
}
END_TEST

Suite *test_buffer_suite(void)
{
    Suite *suite = suite_create("buffer");
    TCase *tcase = tcase_create("buffer");
    tcase_add_test(tcase, grows_up_to_its_cap_and_no_further);
    tcase_add_test(tcase, what_is_written_is_read_back);
    tcase_add_test(tcase, a_cursor_remembers_that_it_went_past_the_end);
    suite_add_tcase(suite, tcase);
    return suite;
}
