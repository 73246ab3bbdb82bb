/* What is said to a terminal directly and what ncurses says keep their order. */
#include "tests/unit/ui/check_ui.h"

#include "ui/frame_bytes.h"

#include <string.h>

static struct frame_bytes frame;

static void setup(void)
{
    ck_assert(frame_bytes_init(&frame));
}

static void teardown(void)
{
    frame_bytes_done(&frame);
}

static void say(const char *text)
{
    frame_bytes_append(&frame, text, strlen(text));
}

static void draw(const char *text)
{
    fputs(text, frame.file);
    frame_bytes_collect(&frame);
}

static void expect(const char *wanted)
{
    size_t length;
    const char *bytes = frame_bytes_take(&frame, &length);
    ck_assert_uint_eq(length, strlen(wanted));
    if (length > 0)
        ck_assert_mem_eq(bytes, wanted, length);
}

START_TEST(what_is_said_and_what_is_drawn_come_in_order_and_once)
{
    static char large[20000];
    memset(large, 'x', sizeof large - 1);
    expect("");
    say("a");
    draw("b");
    say("c");
    draw("");
    expect("abc");
    expect("");
    draw(large);
    expect(large);
    draw("d");
    expect("d");
}
END_TEST

START_TEST(only_the_first_of_the_bytes_that_are_unwanted_goes)
{
    say("-no-");
    frame_bytes_drop(&frame, 4, "no");
    draw("-no-no-");
    frame_bytes_drop(&frame, 4, "no");
    frame_bytes_drop(&frame, 4, "yes");
    expect("-no---no-");
}
END_TEST

Suite *test_frame_bytes_suite(void)
{
    Suite *suite = suite_create("frame_bytes");
    TCase *tcase = tcase_create("frame_bytes");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_is_said_and_what_is_drawn_come_in_order_and_once);
    tcase_add_test(tcase, only_the_first_of_the_bytes_that_are_unwanted_goes);
    suite_add_tcase(suite, tcase);
    return suite;
}
