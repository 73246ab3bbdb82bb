/* The books against a model, over many stories told by chance. */
#include "tests/unit/piece/check_piece.h"
#include "tests/unit/piece/driver.h"

#include "base/clock.h"

#define STORY_BYTES 3000

START_TEST(no_story_breaks_the_books)
{
    struct random_seeded random;
    random_seeded_init(&random, (uint64_t)_i);
    for (int story = 0; story < 20; story++) {
        uint8_t bytes[STORY_BYTES];
        random_fill(&random.source, bytes, sizeof bytes);
        driver_run(bytes, 1 + random_below(&random.source, STORY_BYTES));
    }
}
END_TEST

Suite *suite_driver(void)
{
    Suite *suite = suite_create("piece/driver");
    TCase *tcase = tcase_create("driver");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, no_story_breaks_the_books, 0, 20);
    suite_add_tcase(suite, tcase);
    return suite;
}
