#include "base/text.h"

#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct ascii_case {
    uint32_t code;
    char shown;
} ascii_cases[] = {
    {'a', 'a'},     {'~', '~'},    {0x7f, '?'},    {0x9f, '?'},     {0xa0, ' '},
    {0xc4, 'A'},    {0xdf, 's'},   {0xe9, 'e'},    {0xff, 'y'},     {0x100, 'A'},
    {0x142, 'l'},   {0x153, 'o'},  {0x17e, 'z'},   {0x17f, 's'},    {0x180, '?'},
    {0x2019, '\''}, {0x201e, '"'}, {0x2013, '-'},  {0x202f, ' '},   {0x2026, '.'},
    {0x416, '?'},   {0x65e5, '?'}, {0x1f600, '?'}, {0x10ffff, '?'},
};

START_TEST(ascii_keeps_latin_readable)
{
    ck_assert_int_eq(text_ascii(ascii_cases[_i].code), ascii_cases[_i].shown);
}
END_TEST

START_TEST(ascii_is_one_printable_cell_for_every_code)
{
    uint32_t code = 0x20;
    while (code < 0x110000 && text_ascii(code) >= 0x20 && text_ascii(code) < 0x7f)
        code++;
    ck_assert_uint_eq(code, 0x110000);
}
END_TEST

START_TEST(test_hundredths)
{
    static const struct {
        const char *text;
        uint32_t value; /* UINT32_MAX: refused */
    } cases[] = {
        {"0", 0},
        {"2", 200},
        {"1.5", 150},
        {"0.25", 25},
        {"10.00", 1000},
        {"", UINT32_MAX},
        {".5", UINT32_MAX},
        {"1.", UINT32_MAX},
        {"1.234", UINT32_MAX},
        {"-1", UINT32_MAX},
        {"1,5", UINT32_MAX},
        {"1 ", UINT32_MAX},
        {"10.01", UINT32_MAX},
        {"99999999999", UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t value = 7;
        const bool fine = text_parse_hundredths(cases[i].text, 1000, &value);
        ck_assert_msg(fine == (cases[i].value != UINT32_MAX) &&
                          value == (fine ? cases[i].value : 7),
                      "“%s”: %u", cases[i].text, value);
    }
}
END_TEST

Suite *test_text_suite(void);

START_TEST(hostile_text_comes_out_harmless) /* C12-C15 */
{
    static const struct {
        const char *raw;
        const char *clean;
        size_t cells;
    } cases[] = {
        {"plain", "plain", 5},
        {"a\x1b[31mb", "a.[31mb", 7},
        {"\x07\x08\r\n\t", ".....", 5},
        {"\xc2\x9b", ".", 1}, /* C1 as UTF-8 */
        {"\x9b", ".", 1},     /* C1 raw */
        {"a\xe2\x80\xae"
         "b",
         "ab", 2}, /* right-to-left override */
        {"日本", "日本", 4},
        {"\xed\xa0\x80", "...", 3}, /* a surrogate */
        {"\xc0\xae", "..", 2},      /* overlong */
        {"e\xcc\x81", "e\xcc\x81", 1},
        {"\xcc\x81x", "x", 1}, /* a mark with nothing under it */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        ck_assert_uint_eq(text_clean(text_untrusted(cases[i].raw), 60, text, sizeof text),
                          cases[i].cells);
        ck_assert_str_eq(text, cases[i].clean);
        ck_assert_uint_eq(text_cells(text), cases[i].cells);
    }
}
END_TEST

START_TEST(towers_of_marks_are_cut_at_four)
{
    char raw[202] = "e", text[256];
    for (int i = 0; i < 100; i++)
        memcpy(raw + 1 + 2 * i, "\xcc\x81", 2);
    raw[201] = '\0';
    ck_assert_uint_eq(text_clean(text_untrusted(raw), 10, text, sizeof text), 1);
    ck_assert_uint_eq(strlen(text), 1 + 4 * 2);
}
END_TEST

/* Of a mebibyte only the first page can be read. */
static struct untrusted mostly_out_of_reach(const char *unit)
{
    const size_t length = 1 << 20, page = (size_t)sysconf(_SC_PAGESIZE);
    char *bytes =
        mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(bytes, MAP_FAILED);
    for (size_t at = 0; at < page; at++)
        bytes[at] = unit[at % strlen(unit)];
    ck_assert_int_eq(mprotect(bytes + page, length - page, PROT_NONE), 0);
    return (struct untrusted){bytes, length};
}

START_TEST(a_mebibyte_costs_what_is_shown_of_it) /* C18 */
{
    static const struct {
        const char *unit;
        size_t cells;
    } cases[] = {{"a", 80}, {"\xe2\x80\x8b", 0}, {"\xcc\x81", 0}, {"a\xcc\x81", 80}};
    char text[200];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct untrusted raw = mostly_out_of_reach(cases[i].unit);
        ck_assert_uint_eq(text_clean(raw, 80, text, sizeof text), text_cells(text));
        ck_assert_uint_eq(text_cells(text) > 60, cases[i].cells > 0);
        munmap((void *)raw.bytes, raw.length);
    }
}
END_TEST

START_TEST(fitting_never_takes_more_cells_than_given)
{
    char text[128];
    for (size_t cells = 0; cells < 20; cells++) {
        ck_assert_uint_le(
            text_fit("日本語のとても長い名前", cells, false, text, sizeof text), cells);
        ck_assert_uint_le(text_cells(text), cells);
    }
    text_fit("abcdef", 4, true, text, sizeof text);
    ck_assert_str_eq(text, "abc~");
    text_fit("abcd", 4, true, text, sizeof text);
    ck_assert_str_eq(text, "abcd");
}
END_TEST

START_TEST(numbers_are_short_and_never_promise_too_much)
{
    char text[TEXT_NUMBER_SIZE];
    ck_assert_str_eq(text_bytes(0, text), "0 B");
    ck_assert_str_eq(text_bytes(1023, text), "1023 B");
    ck_assert_str_eq(text_bytes(1536, text), "1.5 KiB");
    ck_assert_str_eq(text_rate(UINT64_C(3) << 30, text), "3.0 GiB/s");
    ck_assert_str_eq(text_percent(999, 1000, text), "99.9%");
    ck_assert_str_eq(text_percent(UINT64_MAX - 1, UINT64_MAX, text), "99.9%");
    ck_assert_str_eq(text_percent(UINT64_MAX / 1000, UINT64_MAX / 1000 + 1, text),
                     "99.9%");
    ck_assert_str_eq(text_percent(5, 5, text), "100%");
    ck_assert_str_eq(text_duration(59, text), "59s");
    ck_assert_str_eq(text_duration(192, text), "3m12s");
    ck_assert_str_eq(text_duration(UINT64_MAX, text), "∞");
}
END_TEST

START_TEST(rates_take_units_and_refuse_nonsense)
{
    static const struct {
        const char *text;
        bool fine;
        uint64_t rate;
    } cases[] = {
        {"0", true, 0},
        {"500K", true, 512000},
        {"2m", true, 2 << 20},
        {"1G", true, 1 << 30},
        {"", false, 0},
        {"K", false, 0},
        {"1KB", false, 0},
        {"-1", false, 0},
        {"99999999999999999999", false, 0},
        {"99999999999999999G", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t rate = 0;
        ck_assert_msg(text_parse_rate(cases[i].text, &rate) == cases[i].fine, "%s",
                      cases[i].text);
        ck_assert_uint_eq(rate, cases[i].rate);
    }
}
END_TEST

Suite *test_text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = tcase_create("text");
    tcase_add_test(tcase, test_hundredths);
    tcase_add_test(tcase, hostile_text_comes_out_harmless);
    tcase_add_test(tcase, towers_of_marks_are_cut_at_four);
    tcase_add_test(tcase, a_mebibyte_costs_what_is_shown_of_it);
    tcase_add_test(tcase, fitting_never_takes_more_cells_than_given);
    tcase_add_test(tcase, numbers_are_short_and_never_promise_too_much);
    tcase_add_test(tcase, rates_take_units_and_refuse_nonsense);
    tcase_add_loop_test(tcase, ascii_keeps_latin_readable, 0,
                        sizeof ascii_cases / sizeof *ascii_cases);
    tcase_add_test(tcase, ascii_is_one_printable_cell_for_every_code);
    suite_add_tcase(suite, tcase);
    return suite;
}
