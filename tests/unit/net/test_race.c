/* TCP and uTP called at once: which is taken, what becomes of the other, and when. What
 * the system is told to connect to by TCP is another port than uTP's, so that each can be
 * open, closed, mute or silent by itself. */
#include "net/race.h"
#include "net/utp.h"
#include "tests/lib/world.h"

#include <check.h>
#include <string.h>

Suite *test_race_suite(void);

#define UTP_AT     "10.0.0.2:7002"
#define TCP_AT     "10.0.0.2:8000"
#define CLOSED_AT  "10.0.0.2:9"
#define HEAD_START (250 * NS_PER_MS)

/* The other side of either way: says back what it hears, or not. */
struct other {
    struct stream *stream;
    uint32_t accepted, ended;
    bool mute, hangs_up;
    uint8_t heard[8192];
    size_t heard_bytes;
};

struct rig {
    struct world world;
    struct udp_port *ports[2];
    struct utp *utps[2];
    struct net net; /* as ours, but that TCP goes elsewhere */
    const struct net *own;
    struct listener *listener;
    const char *tcp_to;
    enum error_code tcp_error; /* not ERROR_NONE: it cannot even begin */
    struct stream_ops broken;  /* of a TCP that takes no word */
    bool tcp_is_broken;
    struct other tcp, utp;

    struct stream *stream;
    const char *words; /* said as soon as it is connected; NULL: none */
    uint32_t connected, failed;
    uint64_t connected_ns, answered_ns;
    bool reads_little; /* at a time */
    enum error_code error;
    uint8_t got[8192];
    size_t got_bytes;
};

static struct rig rig;

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static uint64_t now_ns(void)
{
    return rig.world.clock.now_ns;
}

/* ---- the other side ---- */

static void other_close(struct other *other)
{
    stream_close(other->stream);
    other->stream = NULL;
}

static void on_other_readable(void *context)
{
    struct other *other = context;
    for (;;) {
        size_t got = 0, sent = 0;
        const size_t room = sizeof other->heard - other->heard_bytes;
        const struct iovec iov = {other->heard + other->heard_bytes, room};
        const enum error_code error = stream_readv(other->stream, &iov, 1, &got);
        if (error == ERROR_AGAIN)
            return;
        if (error != ERROR_NONE) {
            other->ended++;
            other_close(other);
            return;
        }
        const struct iovec back = {other->heard + other->heard_bytes, got};
        other->heard_bytes += got;
        if (!other->mute)
            ck_assert_int_eq(stream_writev(other->stream, &back, 1, &sent), ERROR_NONE);
    }
}

static void on_other_error(void *context, enum error_code error)
{
    (void)error;
    ((struct other *)context)->ended++;
    other_close(context);
}

static void nothing(void *context)
{
    (void)context;
}

static const struct stream_callbacks other_callbacks = {nothing, on_other_readable,
                                                        nothing, on_other_error};

static void on_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    struct other *other = context;
    (void)from;
    other->accepted++;
    if (other->hangs_up) {
        stream_close(stream);
        return;
    }
    other->stream = stream;
    stream_set_callbacks(stream, &other_callbacks, other);
    stream_set_interest(stream, true, false);
}

/* ---- our side ---- */

static void say(const char *text)
{
    size_t sent = 0;
    const struct iovec iov = {(void *)(uintptr_t)text, strlen(text)};
    ck_assert_int_eq(stream_writev(rig.stream, &iov, 1, &sent), ERROR_NONE);
    ck_assert_uint_eq(sent, strlen(text));
}

static void on_connected(void *context)
{
    (void)context;
    rig.connected++;
    rig.connected_ns = now_ns();
    if (rig.words != NULL)
        say(rig.words);
}

static void on_error(void *context, enum error_code error)
{
    (void)context;
    rig.failed++;
    rig.error = error;
    stream_close(rig.stream);
    rig.stream = NULL;
}

static void on_readable(void *context)
{
    (void)context;
    for (;;) {
        size_t got = 0;
        /* in small parts, so that what was read to find the winner is read in several */
        const struct iovec iov[2] = {{rig.got + rig.got_bytes, 100},
                                     {rig.got + rig.got_bytes + 100, 28}};
        const enum error_code error = stream_readv(rig.stream, iov, 2, &got);
        if (error == ERROR_AGAIN)
            return;
        if (error != ERROR_NONE) {
            on_error(NULL, error);
            return;
        }
        if (rig.got_bytes == 0)
            rig.answered_ns = now_ns();
        rig.got_bytes += got;
        if (rig.reads_little)
            return;
    }
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, nothing,
                                                  on_error};

static enum error_code cannot_write(struct stream *stream, const struct iovec *iov,
                                    int count, size_t *ret_bytes)
{
    (void)stream;
    (void)iov;
    (void)count;
    (void)ret_bytes;
    return ERROR_CLOSED;
}

static enum error_code connect_elsewhere(void *context, struct loop *loop,
                                         const struct netaddr *to,
                                         struct stream **ret_stream)
{
    const struct netaddr there = at(rig.tcp_to);
    const struct netaddr wanted = at(UTP_AT);
    (void)context;
    ck_assert(netaddr_equal(to, &wanted));
    if (rig.tcp_error != ERROR_NONE)
        return rig.tcp_error;
    const enum error_code error =
        rig.own->connect(rig.own->context, loop, &there, ret_stream);
    if (error == ERROR_NONE && rig.tcp_is_broken) {
        rig.broken = *(*ret_stream)->ops;
        rig.broken.writev = cannot_write;
        (*ret_stream)->ops = &rig.broken;
    }
    return error;
}

static void open_utp(int i, const char *host, const char *address, struct other *other)
{
    const struct netaddr own = at(address);
    uint16_t number;
    rig.ports[i] = udp_port_new(rig.world.loop, vnet_host(rig.world.vnet, host));
    ck_assert_int_eq(udp_port_open(rig.ports[i], &own, &number), ERROR_NONE);
    const struct utp_config config = {
        .loop = rig.world.loop,
        .port = rig.ports[i],
        .random = &rig.world.random.source,
        .on_accept = other != NULL ? on_accept : NULL,
        .accept_context = other,
    };
    rig.utps[i] = utp_new(&config);
}

static void begin(void)
{
    const struct netaddr there = at(TCP_AT);
    uint16_t port;
    memset(&rig, 0, sizeof rig);
    world_init(&rig.world, 1);
    const struct net *other = vnet_host(rig.world.vnet, "10.0.0.2");
    rig.own = vnet_host(rig.world.vnet, "10.0.0.1");
    rig.net = *rig.own;
    rig.net.connect = connect_elsewhere;
    rig.tcp_to = TCP_AT;
    ck_assert_int_eq(other->listen(other->context, rig.world.loop, &there, on_accept,
                                   &rig.tcp, &rig.listener, &port),
                     ERROR_NONE);
    open_utp(0, "10.0.0.1", "10.0.0.1:7001", NULL);
    open_utp(1, "10.0.0.2", UTP_AT, &rig.utp);
}

static void end(void)
{
    const struct net *other = vnet_host(rig.world.vnet, "10.0.0.2");
    stream_close(rig.stream);
    other_close(&rig.tcp);
    other_close(&rig.utp);
    world_run(&rig.world, 20 * NS_PER_S);
    ck_assert_uint_eq(vnet_open_streams(rig.world.vnet), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(utp_connections(rig.utps[i]), 0);
        utp_free(rig.utps[i]);
        udp_port_free(rig.ports[i]);
    }
    other->unlisten(other->context, rig.listener);
    world_done(&rig.world);
}

static void tcp_is_closed(void)
{
    rig.tcp_to = CLOSED_AT;
}

static void is_silent(const char *address)
{
    vnet_set_fate(rig.world.vnet, address, VNET_SILENT);
}

/* Nobody takes part in uTP there, and says so. */
static void utp_is_closed(void)
{
    utp_free(rig.utps[1]);
    udp_port_free(rig.ports[1]);
    open_utp(1, "10.0.0.2", "10.0.0.2:7003", NULL);
}

static enum error_code call(bool utp_first)
{
    const struct netaddr to = at(UTP_AT);
    const struct race_config config = {.loop = rig.world.loop,
                                       .net = &rig.net,
                                       .utp = rig.utps[0],
                                       .tcp = true,
                                       .utp_first = utp_first};
    const enum error_code error = race_connect(&config, &to, &rig.stream);
    if (error == ERROR_NONE)
        stream_set_callbacks(rig.stream, &callbacks, NULL);
    return error;
}

/* Calls, says TEXT to who is there first, and gives it a second; the answer has to come.
 */
static void call_and_say(bool utp_first, const char *text)
{
    rig.words = text;
    ck_assert_int_eq(call(utp_first), ERROR_NONE);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.connected, 1);
    ck_assert_uint_eq(rig.failed, 0);
    ck_assert_uint_eq(rig.got_bytes, strlen(text));
    ck_assert_mem_eq(rig.got, text, strlen(text));
}

static void is_by_utp(bool utp)
{
    ck_assert_int_eq(rig.stream->kind, utp ? STREAM_UTP : STREAM_TCP);
    ck_assert_uint_eq(utp_connections(rig.utps[0]), utp);
    ck_assert_ptr_eq(rig.tcp.stream, utp ? NULL : rig.tcp.stream);
    ck_assert_ptr_eq(rig.utp.stream, utp ? rig.utp.stream : NULL);
    ck_assert_ptr_nonnull(utp ? rig.utp.stream : rig.tcp.stream);
}

/* ---- one is quick ---- */

START_TEST(who_has_the_head_start_and_answers_is_alone)
{
    const bool utp_first = _i == 1;
    call_and_say(utp_first, "hello");
    is_by_utp(utp_first);
    world_run(&rig.world, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.tcp.accepted, !utp_first);
    ck_assert_uint_eq(rig.utp.accepted, utp_first);
    ck_assert_uint_eq(vnet_connects(rig.world.vnet), !utp_first);
}
END_TEST

START_TEST(without_utp_there_is_no_race)
{
    const struct netaddr to = at(UTP_AT);
    const struct race_config config = {
        .loop = rig.world.loop, .net = &rig.net, .tcp = true};
    ck_assert_int_eq(race_connect(&config, &to, &rig.stream), ERROR_NONE);
    stream_set_callbacks(rig.stream, &callbacks, NULL);
    world_run(&rig.world, NS_PER_S);
    ck_assert_int_eq(rig.stream->kind, STREAM_TCP);
    ck_assert_uint_eq(rig.utp.accepted, 0);
}
END_TEST

/* ---- the head start is over ---- */

START_TEST(silence_is_overtaken_after_a_quarter_of_a_second)
{
    const bool utp_first = _i == 1;
    const uint64_t began_ns = now_ns();
    is_silent(utp_first ? UTP_AT : TCP_AT);
    call_and_say(utp_first, "hello");
    is_by_utp(!utp_first);
    ck_assert_uint_ge(rig.connected_ns - began_ns, HEAD_START);
    ck_assert_uint_lt(rig.answered_ns - began_ns, HEAD_START + 10 * NS_PER_MS);
    /* the one that lost is closed: of streams there is uTP's none, or TCP's two ends */
    ck_assert_uint_eq(vnet_open_streams(rig.world.vnet), utp_first ? 2 : 0);
}
END_TEST

START_TEST(who_is_connected_but_mute_loses_and_is_closed)
{
    const bool utp_first = _i == 1;
    struct other *mute = utp_first ? &rig.utp : &rig.tcp;
    struct other *quick = utp_first ? &rig.tcp : &rig.utp;
    mute->mute = true;
    call_and_say(utp_first, "hello");
    is_by_utp(!utp_first);
    ck_assert_uint_eq(mute->ended, 1);
    /* both were told what was written before one had won, and nothing twice */
    ck_assert_uint_eq(mute->heard_bytes, 5);
    ck_assert_uint_eq(quick->heard_bytes, 5);
    say("more");
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(mute->heard_bytes, 5);
    ck_assert_uint_eq(quick->heard_bytes, 9);
    ck_assert_mem_eq(quick->heard, "hellomore", 9);
}
END_TEST

/* Both are silent: it is not over before both have failed, and uTP does after 7 s; how
 * long TCP takes is the system's business. */
START_TEST(one_that_fails_does_not_end_the_other)
{
    is_silent(UTP_AT);
    is_silent(TCP_AT);
    ck_assert_int_eq(call(false), ERROR_NONE);
    world_run(&rig.world, 60 * NS_PER_S);
    ck_assert_uint_eq(utp_connections(rig.utps[0]), 0);
    ck_assert_uint_eq(rig.failed, 0);
    ck_assert_uint_eq(rig.connected, 0);
    ck_assert_uint_eq(vnet_open_streams(rig.world.vnet), 1);
}
END_TEST

/* ---- one fails ---- */

START_TEST(who_is_refused_lets_the_other_begin_at_once)
{
    const bool utp_first = _i == 1;
    const uint64_t began_ns = now_ns();
    if (utp_first)
        utp_is_closed();
    else
        tcp_is_closed();
    call_and_say(utp_first, "hello");
    ck_assert_uint_lt(rig.answered_ns - began_ns, 20 * NS_PER_MS);
    is_by_utp(!utp_first);
}
END_TEST

/* Though nothing else tells of it, and what could be said again and again. */
START_TEST(one_that_takes_no_word_is_over)
{
    rig.tcp_is_broken = true;
    if (_i == 1) {
        is_silent(UTP_AT);
        rig.words = "hello";
        ck_assert_int_eq(call(false), ERROR_NONE);
        world_run(&rig.world, 60 * NS_PER_S);
        ck_assert_uint_eq(rig.failed, 1);
        return;
    }
    call_and_say(false, "hello");
    is_by_utp(true);
}
END_TEST

START_TEST(who_hangs_up_without_a_word_has_not_won)
{
    const bool utp_first = _i == 1;
    (utp_first ? &rig.utp : &rig.tcp)->hangs_up = true;
    call_and_say(utp_first, "hello");
    is_by_utp(!utp_first);
}
END_TEST

START_TEST(when_both_are_refused_it_has_failed_once)
{
    tcp_is_closed();
    utp_is_closed();
    ck_assert_int_eq(call(_i == 1), ERROR_NONE);
    world_run(&rig.world, HEAD_START / 2);
    ck_assert_uint_eq(rig.failed, 1);
    ck_assert_int_eq(rig.error, ERROR_CLOSED);
    world_run(&rig.world, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.failed, 1);
    ck_assert_uint_eq(rig.connected, 0);
}
END_TEST

START_TEST(the_winners_end_is_the_end)
{
    call_and_say(_i == 1, "hello");
    other_close(_i == 1 ? &rig.utp : &rig.tcp);
    world_run(&rig.world, 5 * NS_PER_S);
    ck_assert_uint_eq(rig.failed, 1);
    ck_assert_int_eq(rig.error, ERROR_CLOSED);
    ck_assert_uint_eq(rig.tcp.accepted + rig.utp.accepted, 1);
}
END_TEST

/* ---- one cannot begin ---- */

START_TEST(what_forbids_tcp_does_not_forbid_utp)
{
    static const enum error_code errors[] = {ERROR_ACCESS, ERROR_OFFLINE};
    rig.tcp_error = errors[_i];
    call_and_say(false, "hello");
    is_by_utp(true);
}
END_TEST

START_TEST(what_is_short_here_is_told)
{
    static const enum error_code errors[] = {ERROR_FULL, ERROR_MEMORY};
    rig.tcp_error = errors[_i];
    ck_assert_int_eq(call(false), errors[_i]);
    rig.stream = NULL;
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.utp.accepted, 0);
}
END_TEST

START_TEST(without_a_udp_socket_tcp_is_called_alone)
{
    udp_port_close(rig.ports[0]);
    call_and_say(_i == 1, "hello");
    ck_assert_int_eq(rig.stream->kind, STREAM_TCP);
    ck_assert_uint_eq(rig.utp.accepted, 0);
}
END_TEST

START_TEST(what_tcp_says_counts_when_neither_can_begin)
{
    udp_port_close(rig.ports[0]);
    rig.tcp_error = ERROR_ACCESS;
    ck_assert_int_eq(call(_i == 1), ERROR_ACCESS);
    rig.stream = NULL;
}
END_TEST

/* ---- what is written and read ---- */

START_TEST(who_writes_much_has_chosen_who_is_there)
{
    static char much[5000];
    memset(much, 'm', sizeof much - 1);
    rig.tcp.mute = true;
    rig.words = "hello";
    ck_assert_int_eq(call(false), ERROR_NONE);
    world_run(&rig.world, HEAD_START / 2);
    say(much); /* more than is kept for the other */
    world_run(&rig.world, 2 * NS_PER_S);
    ck_assert_int_eq(rig.stream->kind, STREAM_TCP);
    ck_assert_uint_eq(rig.utp.accepted, 0);
    ck_assert_uint_eq(rig.tcp.heard_bytes, 5 + 4999);
    ck_assert_mem_eq(rig.tcp.heard, "hellomm", 7);
}
END_TEST

/* Whether a word was said by it before or not. */
START_TEST(who_writes_much_has_not_chosen_what_is_broken)
{
    static char much[5000];
    const struct iovec iov = {much, sizeof much};
    size_t sent = 0;
    rig.tcp_is_broken = true;
    ck_assert_int_eq(call(false), ERROR_NONE);
    world_run(&rig.world, HEAD_START / 2);
    ck_assert_uint_eq(rig.connected, 1);
    if (_i == 0)
        say("hello");
    ck_assert_int_eq(stream_writev(rig.stream, &iov, 1, &sent), ERROR_AGAIN);
    world_run(&rig.world, NS_PER_S);
    if (_i == 1)
        say("hello");
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.failed, 0);
    ck_assert_uint_eq(rig.got_bytes, 5);
    is_by_utp(true);
}
END_TEST

START_TEST(a_long_answer_is_read_whole)
{
    static char text[3001];
    for (size_t i = 0; i < 3000; i++)
        text[i] = (char)('a' + i % 23);
    rig.reads_little = _i >= 2;
    call_and_say(_i % 2 == 1, text);
    ck_assert_uint_eq(rig.got_bytes, 3000);
}
END_TEST

START_TEST(who_reads_nothing_is_not_called_until_he_does)
{
    ck_assert_int_eq(call(_i == 1), ERROR_NONE);
    world_run(&rig.world, HEAD_START / 2);
    ck_assert_uint_eq(rig.connected, 1);
    stream_set_interest(rig.stream, false, false);
    say("hello");
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.got_bytes, 0);
    stream_set_interest(rig.stream, true, false);
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.got_bytes, 5);
}
END_TEST

START_TEST(it_can_be_closed_at_any_moment)
{
    static const uint64_t after_ns[] = {0, 500000, 2 * NS_PER_MS, 251 * NS_PER_MS,
                                        300 * NS_PER_MS};
    rig.tcp.mute = true;
    ck_assert_int_eq(call(false), ERROR_NONE);
    world_run(&rig.world, after_ns[_i]);
    stream_close(rig.stream);
    rig.stream = NULL;
    world_run(&rig.world, NS_PER_S);
    ck_assert_uint_eq(rig.failed, 0);
}
END_TEST

Suite *test_race_suite(void)
{
    Suite *suite = suite_create("race");
    TCase *tcase = tcase_create("race");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_loop_test(tcase, who_has_the_head_start_and_answers_is_alone, 0, 2);
    tcase_add_test(tcase, without_utp_there_is_no_race);
    tcase_add_loop_test(tcase, silence_is_overtaken_after_a_quarter_of_a_second, 0, 2);
    tcase_add_loop_test(tcase, who_is_connected_but_mute_loses_and_is_closed, 0, 2);
    tcase_add_test(tcase, one_that_fails_does_not_end_the_other);
    tcase_add_loop_test(tcase, who_is_refused_lets_the_other_begin_at_once, 0, 2);
    tcase_add_loop_test(tcase, one_that_takes_no_word_is_over, 0, 2);
    tcase_add_loop_test(tcase, who_hangs_up_without_a_word_has_not_won, 0, 2);
    tcase_add_loop_test(tcase, when_both_are_refused_it_has_failed_once, 0, 2);
    tcase_add_loop_test(tcase, the_winners_end_is_the_end, 0, 2);
    tcase_add_loop_test(tcase, what_forbids_tcp_does_not_forbid_utp, 0, 2);
    tcase_add_loop_test(tcase, what_is_short_here_is_told, 0, 2);
    tcase_add_loop_test(tcase, without_a_udp_socket_tcp_is_called_alone, 0, 2);
    tcase_add_loop_test(tcase, what_tcp_says_counts_when_neither_can_begin, 0, 2);
    tcase_add_test(tcase, who_writes_much_has_chosen_who_is_there);
    tcase_add_loop_test(tcase, who_writes_much_has_not_chosen_what_is_broken, 0, 2);
    tcase_add_loop_test(tcase, a_long_answer_is_read_whole, 0, 4);
    tcase_add_loop_test(tcase, who_reads_nothing_is_not_called_until_he_does, 0, 2);
    tcase_add_loop_test(tcase, it_can_be_closed_at_any_moment, 0, 5);
    suite_add_tcase(suite, tcase);
    return suite;
}
