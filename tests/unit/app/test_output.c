/* Lines for a reader that is slow, gone, or not there at all. */
#include "app/output.h"
#include "tests/unit/app/check_app.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static int ends[2];

static void open_loop(void)
{
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new(&loop_platform_system);
    ck_assert_ptr_nonnull(loop);
}

static void close_loop(void)
{
    loop_free(loop);
}

static void make_pipe(void)
{
    ck_assert_int_eq(pipe(ends), 0);
}

static void make_sockets(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const int swap = ends[0];
    ends[0] = ends[1];
    ends[1] = swap;
}

static void (*const makers[])(void) = {make_pipe, make_sockets};

/* Reads what is there within a second; turns the loop meanwhile. */
static size_t drain(char *ret_bytes, size_t size)
{
    size_t got = 0;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (int idle = 0; idle < 20 && got < size;) {
        const ssize_t more = read(ends[0], ret_bytes + got, size - got);
        if (more > 0)
            got += (size_t)more;
        idle = more > 0 ? 0 : idle + 1;
        loop_turn(loop, more > 0 ? 0 : NS_PER_MS);
    }
    return got;
}

START_TEST(lines_arrive_in_order)
{
    char bytes[64];
    makers[_i]();
    struct output *output = output_new(loop, ends[1]);
    output_line(output, "one", true);
    output_line(output, "two", false);
    ck_assert_uint_eq(drain(bytes, sizeof bytes), 8);
    ck_assert_mem_eq(bytes, "one\ntwo\n", 8);
    output_free(output, 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_reader_that_stalls_holds_nobody_and_loses_no_line_that_must_arrive)
{
    enum { COUNT = 40000, LINE = 100 };
    char line[LINE], *bytes = malloc((size_t)COUNT * LINE);
    memset(line, 'x', LINE - 1);
    line[LINE - 1] = '\0';
    makers[_i]();
    struct output *output = output_new(loop, ends[1]);
    for (int i = 0; i < COUNT; i++) {
        line[0] = (char)('0' + i % 10);
        output_line(output, line, true); /* 4 MB: no pipe holds that */
    }
    ck_assert(!output_broken(output));
    ck_assert_uint_eq(drain(bytes, (size_t)COUNT * LINE), (size_t)COUNT * LINE);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(bytes[(size_t)i * LINE], '0' + i % 10);
    output_free(output, 0);
    free(bytes);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(lines_that_may_be_lost_are_lost_before_memory_is)
{
    char line[1024];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    makers[_i]();
    struct output *output = output_new(loop, ends[1]);
    for (int i = 0; i < 100000; i++)
        output_line(output, line, i % 2 == 0); /* 100 MB */
    output_line(output, "after", true);        /* over the hard cap: dropped too */
    ck_assert(!output_broken(output));
    output_free(output, 0); /* does not wait */
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_reader_that_goes_is_noticed_and_costs_no_turns)
{
    makers[_i]();
    struct output *output = output_new(loop, ends[1]);
    output_line(output, "one", true);
    close(ends[0]);
    loop_turn(loop, 0);
    output_line(output, "two", true);
    ck_assert(output_broken(output));
    const uint64_t before_ns = clock_now_ns(&clock_system);
    loop_turn(loop, 20 * NS_PER_MS); /* sleeps: the dead descriptor is not polled */
    ck_assert_uint_ge(clock_now_ns(&clock_system) - before_ns, 15 * NS_PER_MS);
    output_free(output, 1000);
    close(ends[1]);
}
END_TEST

START_TEST(the_descriptor_stays_as_the_shell_gave_it)
{
    makers[_i]();
    struct output *output = output_new(loop, ends[1]);
    output_line(output, "one", true);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    output_free(output, 0);
    ck_assert_int_eq(fcntl(ends[1], F_GETFD), 0); /* still open */
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* Fills OUTPUT, which nobody reads; how long its end waits then. */
static uint64_t end_of_a_full_one_ns(int maker)
{
    char line[4096];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    makers[maker]();
    struct output *output = output_new(loop, ends[1]);
    for (int i = 0; i < 1000; i++)
        output_line(output, line, true);
    const uint64_t before_ns = clock_now_ns(&clock_system);
    output_free(output, 100);
    const uint64_t took_ns = clock_now_ns(&clock_system) - before_ns;
    close(ends[0]);
    close(ends[1]);
    return took_ns;
}

/* A machine that stands still adds to what it takes: the least of some times counts. */
START_TEST(the_end_waits_as_long_as_it_was_told)
{
    uint64_t least_ns = UINT64_MAX;
    for (int i = 0; i < 10 && least_ns > 3 * NS_PER_S; i++) {
        const uint64_t took_ns = end_of_a_full_one_ns(_i);
        ck_assert_uint_ge(took_ns, 90 * NS_PER_MS);
        least_ns = took_ns < least_ns ? took_ns : least_ns;
    }
    ck_assert_uint_lt(least_ns, 3 * NS_PER_S);
}
END_TEST

START_TEST(a_full_disk_is_a_reader_that_is_gone)
{
    const int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        return; /* not on this system */
    struct output *output = output_new(loop, fd);
    output_line(output, "one", true);
    ck_assert(output_broken(output));
    output_free(output, 1000);
    close(fd);
}
END_TEST

Suite *suite_output(void)
{
    Suite *suite = suite_create("output");
    TCase *tcase = tcase_create("output");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, open_loop, close_loop);
    tcase_add_loop_test(tcase, lines_arrive_in_order, 0, 2);
    tcase_add_loop_test(
        tcase, a_reader_that_stalls_holds_nobody_and_loses_no_line_that_must_arrive, 0,
        2);
    tcase_add_loop_test(tcase, lines_that_may_be_lost_are_lost_before_memory_is, 0, 2);
    tcase_add_loop_test(tcase, a_reader_that_goes_is_noticed_and_costs_no_turns, 0, 2);
    tcase_add_loop_test(tcase, the_descriptor_stays_as_the_shell_gave_it, 0, 2);
    tcase_add_loop_test(tcase, the_end_waits_as_long_as_it_was_told, 0, 2);
    tcase_add_test(tcase, a_full_disk_is_a_reader_that_is_gone);
    suite_add_tcase(suite, tcase);
    return suite;
}
