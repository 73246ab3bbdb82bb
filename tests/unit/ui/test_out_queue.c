/* Bytes reach a terminal whole and in order, however little of them it takes at a time.
 */
#include "tests/unit/ui/check_ui.h"

#include "base/clock.h"
#include "ui/out_queue.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PART 4096u

static int ends[2];
static struct out_queue queue;

static void setup(void)
{
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    out_queue_init(&queue);
    queue.fd = ends[1];
}

static void teardown(void)
{
    out_queue_done(&queue);
    close(ends[0]);
    close(ends[1]);
}

/* Bytes that tell where they stand. */
static void fill(char *part, size_t at)
{
    for (size_t i = 0; i < PART; i++)
        part[i] = (char)((at + i) % 251);
}

START_TEST(what_is_not_taken_is_kept_in_order)
{
    char part[PART], got[PART];
    size_t added = 0, seen = 0;
    while (out_queue_is_empty(&queue)) { /* until the pipe is full */
        fill(part, added);
        ck_assert(out_queue_add(&queue, part, PART));
        added += PART;
        ck_assert(out_queue_send(&queue));
    }
    fill(part, added);
    ck_assert(out_queue_add(&queue, part, PART));
    added += PART;
    while (seen < added) {
        const ssize_t count = read(ends[0], got, PART);
        ck_assert_int_gt(count, 0);
        for (ssize_t i = 0; i < count; i++)
            ck_assert_int_eq(got[i], (char)((seen + (size_t)i) % 251));
        seen += (size_t)count;
        ck_assert(out_queue_send(&queue));
    }
    ck_assert(out_queue_is_empty(&queue));
}
END_TEST

START_TEST(waiting_for_one_that_does_not_read_has_an_end)
{
    char part[PART] = "";
    while (out_queue_is_empty(&queue)) {
        ck_assert(out_queue_add(&queue, part, PART));
        ck_assert(out_queue_send(&queue));
    }
    ck_assert(out_queue_wait(&queue, 5 * NS_PER_MS));
    ck_assert(!out_queue_is_empty(&queue));
    out_queue_clear(&queue);
    ck_assert(out_queue_is_empty(&queue));
}
END_TEST

START_TEST(one_that_is_gone_is_noticed)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    ck_assert(out_queue_add(&queue, "bytes", 5));
    ck_assert(!out_queue_send(&queue));
    ck_assert(!out_queue_wait(&queue, NS_PER_S));
    ends[0] = dup(ends[1]); /* for teardown */
    signal(SIGPIPE, before);
}
END_TEST

Suite *test_out_queue_suite(void)
{
    Suite *suite = suite_create("out_queue");
    TCase *tests = tcase_create("out_queue");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, what_is_not_taken_is_kept_in_order);
    tcase_add_test(tests, waiting_for_one_that_does_not_read_has_an_end);
    tcase_add_test(tests, one_that_is_gone_is_noticed);
    suite_add_tcase(suite, tests);
    return suite;
}
