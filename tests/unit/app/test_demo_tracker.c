#include "app/demo_announce.h"
#include "app/demo_plan.h"
#include "app/demo_tracker.h"
#include "discovery/tracker_reply.h"
#include "tests/unit/app/check_demo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HASH  "%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa%aa"
#define TURNS 2000

/* On virtual time: the loop looks at the sockets, and where none is ready the clock goes
 * on to the next deadline. */
static struct clock_virtual now;
static struct loop_platform platform;
static struct loop *loop;
static struct net *net;
static struct demo_tracker *tracker;

static void setup(void)
{
    struct info_hash hash;
    memset(hash.bytes, 0xaa, sizeof hash.bytes);
    clock_virtual_init(&now, NS_PER_S);
    platform = loop_platform_virtual(&now);
    loop = loop_new(&platform);
    net = net_system_new(NULL);
    ck_assert(loop != NULL && net != NULL);
    ck_assert_int_eq(demo_tracker_new(loop, net, &tracker), ERROR_NONE);
    ck_assert_int_eq(demo_tracker_serve(tracker, &hash), ERROR_NONE);
}

static void teardown(void)
{
    demo_tracker_free(tracker);
    net_system_free(net);
    loop_free(loop);
}

static int visit(void)
{
    struct netaddr address;
    struct sockaddr_storage sockaddr;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(netaddr_parse("127.0.0.1", demo_tracker_port(tracker), &address),
                     ERROR_NONE);
    const socklen_t length = netaddr_to_sockaddr(&address, &sockaddr);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sockaddr, length), 0);
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Turns the loop until the tracker has closed the connection; what it said. */
static size_t hear(int fd, char *ret_text, size_t size)
{
    size_t length = 0;
    int turn = 0;
    for (; turn < TURNS; turn++) {
        loop_turn(loop, 0);
        const ssize_t got = read(fd, ret_text + length, size - 1 - length);
        if (got > 0)
            length += (size_t)got;
        else if (got == 0 || errno != EAGAIN)
            break;
    }
    ck_assert_msg(turn < TURNS, "the tracker keeps the connection");
    close(fd);
    ret_text[length] = '\0';
    return length;
}

static size_t ask(const char *request, char *ret_text, size_t size)
{
    const int fd = visit();
    ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    return hear(fd, ret_text, size);
}

static void announce(const char *rest, struct tracker_reply *ret_reply)
{
    char request[512], text[4096];
    struct netaddr from;
    snprintf(
        request, sizeof request,
        "GET /announce?info_hash=%s&peer_id=-BT0100-abcdefghijkl&%s HTTP/1.1\r\n\r\n",
        HASH, rest);
    const size_t length = ask(request, text, sizeof text);
    const char *body = strstr(text, "\r\n\r\n");
    ck_assert_msg(body != NULL && strncmp(text, "HTTP/1.1 200 ", 13) == 0, "%s", text);
    ck_assert_int_eq(netaddr_parse("127.0.0.1:1", 0, &from), ERROR_NONE);
    ck_assert_int_eq(tracker_reply_parse((const uint8_t *)body + 4,
                                         length - (size_t)(body + 4 - text), &from,
                                         &random_system, ret_reply),
                     ERROR_NONE);
}

START_TEST(peers_find_each_other)
{
    struct tracker_reply reply;
    announce("port=1001&left=0&event=started", &reply);
    ck_assert_uint_eq(reply.peer_count, 0);
    ck_assert_uint_eq(reply.seeds, 1);
    announce("port=1002&left=5&event=started", &reply);
    ck_assert_uint_eq(reply.peer_count, 1);
    ck_assert_uint_eq(reply.peers[0].port, 1001);
    ck_assert_uint_eq(reply.leechers, 1);
    announce("port=1002&left=0&event=completed", &reply);
    ck_assert_uint_eq(reply.seeds, 2);
    ck_assert_uint_eq(reply.leechers, 0);
    ck_assert_uint_eq(reply.peer_count, 0); /* a seed is not sent to seeds */
    announce("port=1003&left=5&numwant=1", &reply);
    ck_assert_uint_eq(reply.peer_count, 1);
    announce("port=1001&left=0&event=stopped", &reply);
    ck_assert_uint_eq(reply.peer_count, 0);
    announce("port=1003&left=5", &reply);
    ck_assert_uint_eq(reply.seeds, 1);
    ck_assert_uint_eq(reply.peer_count, 1);
    ck_assert_uint_eq(reply.peers[0].port, 1002);
}
END_TEST

START_TEST(crowd_is_bounded)
{
    struct tracker_reply reply;
    char rest[64];
    for (int port = 1000; port < 1100; port++) {
        snprintf(rest, sizeof rest, "port=%d&left=1", port);
        announce(rest, &reply);
    }
    ck_assert_uint_eq(reply.leechers, 64);
    ck_assert_uint_eq(reply.peer_count, 64);
}
END_TEST

START_TEST(torrent_it_does_not_serve_is_refused)
{
    char text[4096];
    ask("GET "
        "/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=-BT0100-abcdefghijkl&port=1&"
        "left=1 HTTP/1.1\r\n\r\n",
        text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "14:failure reason"));
}
END_TEST

static const struct {
    const char *request, *answer;
} talk[] = {
    {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
    {"GET /scrape?info_hash=x HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
    {"GET /announce HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
    {"\x13"
     "BitTorrent protocol\r\n\r\n",
     "HTTP/1.1 400 "},
    {"\r\n\r\n", "HTTP/1.1 400 "},
};

START_TEST(nonsense_gets_a_plain_answer)
{
    char text[4096];
    ask(talk[_i].request, text, sizeof text);
    ck_assert_msg(strncmp(text, talk[_i].answer, strlen(talk[_i].answer)) == 0, "%s",
                  text);
}
END_TEST

START_TEST(request_in_single_bytes_is_answered)
{
    static const char request[] =
        "GET /announce?info_hash=" HASH "&peer_id=-BT0100-abcdefghijkl&port=1&left=1 "
        "HTTP/1.0\r\n\r\n";
    char text[4096];
    const int fd = visit();
    for (size_t i = 0; i < sizeof request - 1; i++) {
        ck_assert_int_eq(write(fd, request + i, 1), 1);
        loop_turn(loop, 0);
    }
    hear(fd, text, sizeof text);
    ck_assert_int_eq(strncmp(text, "HTTP/1.1 200 ", 13), 0);
}
END_TEST

START_TEST(endless_request_is_cut_off)
{
    char text[4096];
    char *request = malloc(20001);
    ck_assert_ptr_nonnull(request);
    memset(request, 'a', 20000);
    request[20000] = '\0';
    ask(request, text, sizeof text); /* the answer may be lost to the reset */
    free(request);
}
END_TEST

START_TEST(silent_visitor_is_sent_away)
{
    char text[64];
    const int fd = visit();
    const uint64_t before_ns = clock_now_ns(&now.clock);
    loop_turn(loop, 0); /* takes it in */
    for (int turn = 0; turn < TURNS; turn++) {
        loop_turn(loop, NS_PER_S);
        if (read(fd, text, sizeof text) == 0)
            break;
        ck_assert_int_eq(errno, EAGAIN);
    }
    const uint64_t waited_ns = clock_now_ns(&now.clock) - before_ns;
    ck_assert_uint_ge(waited_ns, 10 * NS_PER_S);
    ck_assert_uint_lt(waited_ns, 12 * NS_PER_S);
    close(fd);
}
END_TEST

START_TEST(visitors_are_bounded)
{
    int fds[80];
    unsigned closed = 0;
    char byte;
    for (int i = 0; i < 80; i++) {
        fds[i] = visit();
        loop_turn(loop, 0);
    }
    for (int i = 0; i < 80; i++) {
        closed += read(fds[i], &byte, 1) == 0;
        close(fds[i]);
    }
    ck_assert_uint_eq(closed, 16);
}
END_TEST

START_TEST(torrents_are_bounded)
{
    struct info_hash hash = {{0}};
    unsigned served = 1; /* the one of setup */
    while (demo_tracker_serve(tracker, &hash) == ERROR_NONE)
        hash.bytes[0] = (uint8_t)++served;
    ck_assert_uint_eq(served, DEMO_TORRENTS_MAX);
}
END_TEST

Suite *test_demo_tracker_suite(void)
{
    Suite *suite = suite_create("demo_tracker");
    TCase *cases = tcase_create("demo_tracker");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, peers_find_each_other);
    tcase_add_test(cases, crowd_is_bounded);
    tcase_add_test(cases, torrent_it_does_not_serve_is_refused);
    tcase_add_loop_test(cases, nonsense_gets_a_plain_answer, 0,
                        (int)(sizeof talk / sizeof talk[0]));
    tcase_add_test(cases, request_in_single_bytes_is_answered);
    tcase_add_test(cases, endless_request_is_cut_off);
    tcase_add_test(cases, silent_visitor_is_sent_away);
    tcase_add_test(cases, visitors_are_bounded);
    tcase_add_test(cases, torrents_are_bounded);
    suite_add_tcase(suite, cases);
    return suite;
}
