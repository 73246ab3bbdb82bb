#include "net/stream.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

Suite *test_tcp_suite(void);

static struct loop *loop;

/* A stream over one end of a pair of sockets; the test holds the other. */
struct side {
    struct stream *stream;
    int other;
    uint32_t connected, readable, writable, failed;
    enum error_code error;
    char got[64];
    size_t length;
    bool close_in_callback;
};

static void side_on_connected(void *context)
{
    ((struct side *)context)->connected++;
}

static void side_on_readable(void *context)
{
    struct side *side = context;
    size_t bytes = 0;
    const struct iovec iov = {side->got + side->length,
                              sizeof side->got - 1 - side->length};
    side->readable++;
    side->error = stream_readv(side->stream, &iov, 1, &bytes);
    side->length += bytes;
    if (side->close_in_callback || side->error == ERROR_CLOSED) {
        stream_close(side->stream);
        side->stream = NULL;
    }
}

static void side_on_writable(void *context)
{
    ((struct side *)context)->writable++;
}

static void side_on_error(void *context, enum error_code error)
{
    struct side *side = context;
    side->failed++;
    side->error = error;
    stream_close(side->stream);
    side->stream = NULL;
}

static const struct stream_callbacks callbacks = {side_on_connected, side_on_readable,
                                                  side_on_writable, side_on_error};

static void side_open(struct side *side)
{
    int fds[2];
    const struct netaddr nobody = {.family = NETADDR_NONE};
    *side = (struct side){0};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    side->stream = stream_tcp_new(loop, fds[0], &nobody, false);
    ck_assert_ptr_nonnull(side->stream);
    stream_set_callbacks(side->stream, &callbacks, side);
    side->other = fds[1];
}

static void side_done(struct side *side)
{
    stream_close(side->stream);
    close(side->other);
}

static void setup(void)
{
    loop = loop_new(&loop_platform_system);
}

static void teardown(void)
{
    loop_free(loop);
}

static void turns(int count)
{
    while (count-- > 0)
        loop_turn(loop, 20 * NS_PER_MS);
}

START_TEST(bytes_come_in_whatever_pieces_they_were_sent)
{
    struct side side;
    side_open(&side);
    for (const char *at = "announce"; *at != '\0'; at++) {
        ck_assert_int_eq(write(side.other, at, 1), 1);
        turns(1);
    }
    ck_assert_str_eq(side.got, "announce");
    ck_assert_uint_eq(side.readable, 8);
    side_done(&side);
}
END_TEST

START_TEST(a_read_of_nothing_says_not_now)
{
    struct side side;
    size_t bytes = 77;
    char byte;
    const struct iovec iov = {&byte, 1};
    side_open(&side);
    ck_assert_int_eq(stream_readv(side.stream, &iov, 1, &bytes), ERROR_AGAIN);
    ck_assert_uint_eq(bytes, 77);
    side_done(&side);
}
END_TEST

START_TEST(what_was_sent_before_the_end_is_read_before_it)
{
    struct side side;
    side_open(&side);
    ck_assert_int_eq(write(side.other, "last words", 10), 10);
    ck_assert_int_eq(shutdown(side.other, SHUT_WR), 0);
    turns(3);
    ck_assert_str_eq(side.got, "last words");
    ck_assert_int_eq(side.error, ERROR_CLOSED);
    ck_assert_ptr_null(side.stream);
    turns(2);
    ck_assert_uint_eq(side.readable, 2); /* nothing after the close */
    side_done(&side);
}
END_TEST

/* O17: a socket in CLOSE_WAIT, when a rate limit keeps us from reading. */
START_TEST(an_end_behind_what_is_not_read_is_told_within_ten_seconds)
{
    struct clock_virtual clock;
    struct side side;
    clock_virtual_init(&clock, NS_PER_S);
    const struct loop_platform platform = loop_platform_virtual(&clock);
    loop_free(loop);
    loop = loop_new(&platform);
    side_open(&side);
    stream_set_interest(side.stream, false, false);
    ck_assert_int_eq(write(side.other, "last words", 10), 10);
    ck_assert_int_eq(shutdown(side.other, SHUT_WR), 0);
    uint32_t turns_made = 0;
    while (clock.now_ns < 6 * NS_PER_S) {
        loop_turn(loop, NS_PER_S);
        turns_made++;
    }
    ck_assert_uint_eq(side.failed, 0);
    ck_assert_uint_le(turns_made, 8); /* no spin */
    if (_i == 1) {                    /* read in time after all */
        stream_set_interest(side.stream, true, false);
        turns(3);
        ck_assert_str_eq(side.got, "last words");
        ck_assert_uint_eq(side.failed, 0);
    } else {
        while (clock.now_ns < 11 * NS_PER_S)
            loop_turn(loop, NS_PER_S);
        ck_assert_uint_eq(side.failed, 1);
    }
    ck_assert_int_eq(side.error, ERROR_CLOSED);
    ck_assert_ptr_null(side.stream);
    loop_turn(loop, 60 * NS_PER_S);
    close(side.other);
}
END_TEST

START_TEST(an_end_is_told_even_when_nothing_is_to_be_read)
{
    struct side side;
    side_open(&side);
    stream_set_interest(side.stream, false, false);
    close(side.other);
    turns(2);
    ck_assert_uint_eq(side.failed, 1);
    ck_assert_int_eq(side.error, ERROR_CLOSED);
    ck_assert_uint_eq(side.readable, 0);
}
END_TEST

START_TEST(a_write_to_a_dead_peer_is_an_error_and_no_signal)
{
    struct side side;
    size_t bytes = 0;
    const struct iovec iov = {(char[]){"x"}, 1};
    side_open(&side);
    close(side.other);
    ck_assert_int_eq(stream_writev(side.stream, &iov, 1, &bytes), ERROR_CLOSED);
    stream_close(side.stream);
}
END_TEST

/* Fills the socket; how many bytes went. */
static size_t fill(const struct side *side)
{
    static char zeros[65536];
    const struct iovec iov[2] = {{zeros, 1000}, {zeros, sizeof zeros}};
    size_t total = 0, bytes = 0;
    while (stream_writev(side->stream, iov, 2, &bytes) == ERROR_NONE)
        total += bytes;
    return total;
}

static size_t drain(const struct side *side)
{
    char bytes[65536];
    size_t total = 0;
    ssize_t got;
    while ((got = read(side->other, bytes, sizeof bytes)) > 0)
        total += (size_t)got;
    return total;
}

START_TEST(a_full_socket_takes_a_part_and_says_when_there_is_room)
{
    struct side side;
    side_open(&side);
    const size_t total = fill(&side);
    stream_set_interest(side.stream, true, true);
    turns(2);
    ck_assert_uint_eq(side.writable, 0);
    ck_assert_uint_eq(drain(&side), total);
    turns(1);
    ck_assert_uint_ge(side.writable, 1);
    const uint32_t before = side.writable;
    stream_set_interest(side.stream, true, false);
    turns(2);
    ck_assert_uint_eq(side.writable, before); /* no longer asked for */
    side_done(&side);
}
END_TEST

START_TEST(a_stream_that_always_has_something_to_read_is_written_to_as_well)
{
    struct side side;
    side_open(&side);
    stream_set_interest(side.stream, true, true);
    ck_assert_int_eq(write(side.other, "x", 1), 1);
    turns(1);
    ck_assert_uint_eq(side.readable, 1);
    ck_assert_uint_eq(side.writable, 1);
    side_done(&side);
}
END_TEST

START_TEST(a_stream_closed_in_its_callback_hears_nothing_more)
{
    struct side side;
    side_open(&side);
    side.close_in_callback = true;
    stream_set_interest(side.stream, true, true);
    ck_assert_int_eq(write(side.other, "x", 1), 1);
    turns(3);
    ck_assert_uint_eq(side.readable, 1);
    ck_assert_uint_eq(side.writable, 0);
    side_done(&side);
}
END_TEST

/* ---- much under way ---- */

int __real_ioctl(int fd, unsigned long request, void *value);
int __wrap_ioctl(int fd, unsigned long request, void *value);

static int held_bytes = -1; /* what the kernel is to say it holds; -1: the truth */

int __wrap_ioctl(int fd, unsigned long request, void *value)
{
    if (request != TIOCOUTQ || held_bytes < 0)
        return __real_ioctl(fd, request, value);
    memcpy(value, &held_bytes, sizeof held_bytes);
    return 0;
}

/* As a peer does: what is refused is tried again when the socket is said to be writable.
 */
static void insist_on_writable(void *context)
{
    struct side *side = context;
    side->writable++;
    side->length += fill(side);
}

static const struct stream_callbacks insisting = {side_on_connected, side_on_readable,
                                                  insist_on_writable, side_on_error};

static const struct {
    int held;
    bool write; /* it has something to send */
    uint32_t tries_least, tries_most;
} held[] = {{0, true, 0, 0},
            {1 << 19, true, 0, 0},
            {2 << 20, true, 4, 8},
            {2 << 20, false, 0, 0}};

/* A full socket is not writable for poll(): what is tried is tried by the timer. */
START_TEST(while_much_is_under_way_more_is_offered_for_a_while)
{
    struct clock_virtual clock;
    struct side side;
    clock_virtual_init(&clock, NS_PER_S);
    const struct loop_platform platform = loop_platform_virtual(&clock);
    loop_free(loop);
    loop = loop_new(&platform);
    side_open(&side);
    stream_set_callbacks(side.stream, &insisting, &side);
    stream_set_interest(side.stream, true, held[_i].write);
    held_bytes = held[_i].held;
    fill(&side);
    turns(200);
    ck_assert_uint_ge(side.writable, held[_i].tries_least);
    ck_assert_uint_le(side.writable, held[_i].tries_most);
    ck_assert_uint_eq(side.length, 0);
    held_bytes = -1;
    side_done(&side);
}
END_TEST

Suite *test_tcp_suite(void)
{
    Suite *suite = suite_create("tcp");
    TCase *tcase = tcase_create("tcp");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, bytes_come_in_whatever_pieces_they_were_sent);
    tcase_add_test(tcase, a_read_of_nothing_says_not_now);
    tcase_add_test(tcase, what_was_sent_before_the_end_is_read_before_it);
    tcase_add_loop_test(tcase, an_end_behind_what_is_not_read_is_told_within_ten_seconds,
                        0, 2);
    tcase_add_test(tcase, an_end_is_told_even_when_nothing_is_to_be_read);
    tcase_add_test(tcase, a_write_to_a_dead_peer_is_an_error_and_no_signal);
    tcase_add_test(tcase, a_full_socket_takes_a_part_and_says_when_there_is_room);
    tcase_add_test(tcase,
                   a_stream_that_always_has_something_to_read_is_written_to_as_well);
    tcase_add_test(tcase, a_stream_closed_in_its_callback_hears_nothing_more);
    tcase_add_loop_test(tcase, while_much_is_under_way_more_is_offered_for_a_while, 0,
                        (int)(sizeof held / sizeof *held));
    suite_add_tcase(suite, tcase);
    return suite;
}
