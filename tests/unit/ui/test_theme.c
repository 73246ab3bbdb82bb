/* What is coloured can be read on a black and on a white background. */
#include "tests/unit/ui/check_ui.h"

#include "ui/theme.h"

#include <math.h>

static double linear(int part)
{
    const double value = part / 255.0;
    return value <= 0.03928 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* WCAG's relative luminance. */
static double luminance(int rgb)
{
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8 & 255) +
           0.0722 * linear(rgb & 255);
}

static double contrast(int a, int b)
{
    const double first = luminance(a), second = luminance(b);
    return (fmax(first, second) + 0.05) / (fmin(first, second) + 0.05);
}

START_TEST(every_role_contrasts_with_its_background)
{
    static const uint16_t flags[] = {0, STYLE_CURSOR, STYLE_CURSOR_OFF, STYLE_MARKED};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const struct look look = theme_look((uint16_t)(_i | flags[i]), COLOR_LEVEL_TRUE);
        if (look.foreground == LOOK_DEFAULT) {
            ck_assert_int_eq(look.background, LOOK_DEFAULT);
            continue;
        }
        if (look.background == LOOK_DEFAULT) {
            ck_assert_double_ge(contrast(look.foreground, 0x000000), 3);
            ck_assert_double_ge(contrast(look.foreground, 0xffffff), 3);
        } else if (_i != STYLE_BAR) { /* an area beside an area */
            ck_assert_double_ge(contrast(look.foreground, look.background), 3);
        }
    }
}
END_TEST

START_TEST(without_colours_the_cursor_and_the_bars_still_stand_out)
{
    for (int level = COLOR_LEVEL_NONE; level <= COLOR_LEVEL_8; level++) {
        const enum color_level few = (enum color_level)level;
        ck_assert(theme_look(STYLE_NORMAL | STYLE_CURSOR, few).reverse);
        ck_assert(theme_look(STYLE_NORMAL | STYLE_CURSOR_OFF, few).underline);
        ck_assert(theme_look(STYLE_TITLE, few).reverse);
        ck_assert(!theme_look(STYLE_TAB_OPEN, few).reverse);
    }
    for (uint16_t role = 0; role < STYLE_ROLE_COUNT; role++) {
        const struct look look = theme_look(role, COLOR_LEVEL_NONE);
        ck_assert_int_eq(look.foreground, LOOK_DEFAULT);
        ck_assert_int_eq(look.background, LOOK_DEFAULT);
        ck_assert_int_le(theme_look(role, COLOR_LEVEL_8).foreground, 7);
    }
}
END_TEST

Suite *test_theme_suite(void)
{
    Suite *suite = suite_create("theme");
    TCase *tests = tcase_create("theme");
    tcase_add_loop_test(tests, every_role_contrasts_with_its_background, 0,
                        STYLE_ROLE_COUNT);
    tcase_add_test(tests, without_colours_the_cursor_and_the_bars_still_stand_out);
    suite_add_tcase(suite, tests);
    return suite;
}
