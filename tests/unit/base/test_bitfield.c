#include "base/bitfield.h"

#include <check.h>

Suite *test_bitfield_suite(void);

START_TEST(setting_and_clearing_keeps_the_count)
{
    struct bitfield bits;
    ck_assert_int_eq(bitfield_init(&bits, 100), ERROR_NONE);
    ck_assert(bitfield_set(&bits, 0));
    ck_assert(bitfield_set(&bits, 99));
    ck_assert(!bitfield_set(&bits, 99));
    ck_assert_uint_eq(bits.count, 2);
    ck_assert(bitfield_clear(&bits, 0));
    ck_assert(!bitfield_clear(&bits, 0));
    ck_assert_uint_eq(bits.count, 1);
    ck_assert(!bitfield_get(&bits, 100));
    bitfield_done(&bits);
}
END_TEST

START_TEST(wire_form_must_have_the_exact_length_and_no_spare_bits)
{
    static const struct {
        uint8_t wire[3];
        size_t length;
        enum error_code error;
    } cases[] = {
        {{0xff, 0xc0}, 2, ERROR_NONE},        {{0xff, 0xe0}, 2, ERROR_PROTOCOL}, /* P16 */
        {{0xff}, 1, ERROR_PROTOCOL},                                             /* P15 */
        {{0xff, 0xc0, 0}, 3, ERROR_PROTOCOL}, {{0}, 0, ERROR_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bitfield bits;
        ck_assert_int_eq(bitfield_init(&bits, 10), ERROR_NONE);
        ck_assert_int_eq(bitfield_load(&bits, cases[i].wire, cases[i].length),
                         cases[i].error);
        ck_assert_uint_eq(bits.count, cases[i].error == ERROR_NONE ? 10 : 0);
        bitfield_done(&bits);
    }
}
END_TEST

START_TEST(searching_finds_what_a_walk_finds)
{
    struct bitfield bits;
    ck_assert_int_eq(bitfield_init(&bits, 200), ERROR_NONE);
    for (uint32_t i = 0; i < 200; i += 37)
        bitfield_set(&bits, i);
    for (uint32_t from = 0; from <= 200; from++) {
        uint32_t set = from, clear = from, count = 0;
        while (set < 200 && !bitfield_get(&bits, set))
            set++;
        while (clear < 200 && bitfield_get(&bits, clear))
            clear++;
        for (uint32_t i = from; i < 200 && i < from + 70; i++)
            count += bitfield_get(&bits, i);
        ck_assert_uint_eq(bitfield_next_set(&bits, from), set);
        ck_assert_uint_eq(bitfield_next_clear(&bits, from), clear);
        ck_assert_uint_eq(bitfield_count_range(&bits, from, 70), count);
    }
    bitfield_done(&bits);
}
END_TEST

START_TEST(a_full_one_has_no_spare_bits)
{
    for (uint32_t size = 1; size < 70; size++) {
        struct bitfield bits, copy;
        ck_assert_int_eq(bitfield_init(&bits, size), ERROR_NONE);
        bitfield_set_all(&bits);
        ck_assert(bitfield_full(&bits));
        ck_assert_int_eq(bitfield_copy(&copy, &bits), ERROR_NONE);
        ck_assert(!bitfield_has_beyond(&bits, &copy));
        bitfield_clear(&copy, size - 1);
        ck_assert(bitfield_has_beyond(&bits, &copy));
        ck_assert_int_eq(bitfield_load(&copy, bits.bytes, bitfield_wire_bytes(size)),
                         ERROR_NONE);
        bitfield_done(&bits);
        bitfield_done(&copy);
    }
}
END_TEST

Suite *test_bitfield_suite(void)
{
    Suite *suite = suite_create("bitfield");
    TCase *tcase = tcase_create("bitfield");
    tcase_add_test(tcase, setting_and_clearing_keeps_the_count);
    tcase_add_test(tcase, wire_form_must_have_the_exact_length_and_no_spare_bits);
    tcase_add_test(tcase, searching_finds_what_a_walk_finds);
    tcase_add_test(tcase, a_full_one_has_no_spare_bits);
    suite_add_tcase(suite, tcase);
    return suite;
}
