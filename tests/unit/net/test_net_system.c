#include "net/net.h"
#include "tests/lib/patient.h"
#include "tests/unit/net/alone.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

Suite *test_net_system_suite(void);

static struct patient patient;
static struct loop *loop;
static struct net *net;

static struct {
    struct listener *listener;
    struct netaddr address;
    struct stream *accepted[8];
    uint32_t count;
    uint32_t connected, failed;
    enum error_code error;
} at;

static void on_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    (void)context;
    ck_assert_int_eq(netaddr_scope(from), NETADDR_SCOPE_LOOPBACK);
    at.accepted[at.count++ % 8] = stream;
}

static void on_connected(void *context)
{
    (void)context;
    at.connected++;
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_error(void *context, enum error_code error)
{
    (void)context;
    at.failed++;
    at.error = error;
}

static const struct stream_callbacks callbacks = {on_connected, on_nothing, on_nothing,
                                                  on_error};

static void listen_at(const char *text)
{
    uint16_t port;
    ck_assert_int_eq(netaddr_parse(text, 0, &at.address), ERROR_NONE);
    ck_assert_int_eq(net->listen(net->context, loop, &at.address, on_accept, NULL,
                                 &at.listener, &port),
                     ERROR_NONE);
    ck_assert_uint_ne(port, 0);
    at.address.port = port;
}

static void setup(void)
{
    const struct loop_platform platform = patient_platform(&patient);
    loop = loop_new(&platform);
    net = net_system_new(NULL);
    at.count = at.connected = at.failed = 0;
    at.listener = NULL;
}

static void teardown(void)
{
    for (uint32_t i = 0; i < at.count && i < 8; i++)
        stream_close(at.accepted[i]);
    net->unlisten(net->context, at.listener);
    net_system_free(net);
    loop_free(loop);
}

static struct stream *dial(const struct netaddr *to)
{
    struct stream *stream = NULL;
    ck_assert_int_eq(net->connect(net->context, loop, to, &stream), ERROR_NONE);
    stream_set_callbacks(stream, &callbacks, NULL);
    return stream;
}

static void turn_until(const uint32_t *counter, uint32_t count)
{
    while (*counter < count)
        loop_turn(loop, 20 * NS_PER_MS);
}

START_TEST(a_connection_is_told_to_both_ends)
{
    static const char *const addresses[] = {"127.0.0.1", "[::1]"};
    listen_at(addresses[_i]);
    struct stream *stream = dial(&at.address);
    turn_until(&at.connected, 1);
    turn_until(&at.count, 1);
    ck_assert(netaddr_equal(&stream->remote, &at.address));
    stream_close(stream);
}
END_TEST

START_TEST(a_refused_connection_is_an_error)
{
    uint16_t port;
    const int held = alone_hold_port(&port);
    ck_assert_int_ge(held, 0);
    ck_assert_int_eq(netaddr_parse("127.0.0.1", port, &at.address), ERROR_NONE);
    struct stream *stream = dial(&at.address);
    turn_until(&at.failed, 1);
    ck_assert_int_eq(at.error, ERROR_CLOSED);
    ck_assert_uint_eq(at.connected, 0);
    stream_close(stream);
    close(held);
}
END_TEST

START_TEST(a_reset_is_an_error_and_not_a_spin)
{
    const struct linger at_once = {1, 0};
    struct sockaddr_storage sockaddr;
    listen_at("127.0.0.1");
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const socklen_t length = netaddr_to_sockaddr(&at.address, &sockaddr);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sockaddr, length), 0);
    turn_until(&at.count, 1);
    stream_set_callbacks(at.accepted[0], &callbacks, NULL);
    stream_set_interest(at.accepted[0], false, false);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    turn_until(&at.failed, 1);
}
END_TEST

START_TEST(a_port_in_use_is_said_to_be_so)
{
    struct listener *second;
    uint16_t port;
    listen_at("127.0.0.1");
    ck_assert_int_eq(
        net->listen(net->context, loop, &at.address, on_accept, NULL, &second, &port),
        ERROR_EXISTS);
}
END_TEST

START_TEST(an_outgoing_address_of_the_other_family_is_not_used)
{
    struct net *bound = net_system_new("127.0.0.1");
    struct stream *stream = NULL;
    struct netaddr to;
    ck_assert_int_eq(netaddr_parse("[::1]:9", 0, &to), ERROR_NONE);
    errno = 0;
    ck_assert_int_ne(bound->connect(bound->context, loop, &to, &stream), ERROR_NONE);
    ck_assert_ptr_null(stream);
    net_system_free(bound);
}
END_TEST

START_TEST(an_interface_that_is_not_there_is_not_replaced_by_another)
{
    struct net *bound = net_system_new("no-such-if0");
    struct stream *stream = NULL;
    struct listener *listener = NULL;
    struct netaddr to;
    uint16_t port;
    ck_assert_int_eq(netaddr_parse("127.0.0.1:9", 0, &to), ERROR_NONE);
    ck_assert_int_ne(bound->connect(bound->context, loop, &to, &stream), ERROR_NONE);
    to.port = 0;
    ck_assert_int_ne(
        bound->listen(bound->context, loop, &to, on_accept, NULL, &listener, &port),
        ERROR_NONE);
    ck_assert_ptr_null(stream);
    ck_assert_ptr_null(listener);
    net_system_free(bound);
}
END_TEST

/* Without descriptors the listener must neither spin nor give up. */
START_TEST(out_of_descriptors_the_listener_waits_and_goes_on)
{
    struct rlimit before, none;
    struct sockaddr_storage sockaddr;
    uint32_t turns = 0;
    listen_at("127.0.0.1");
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const socklen_t length = netaddr_to_sockaddr(&at.address, &sockaddr);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sockaddr, length), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){(rlim_t)fd + 1, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    const uint64_t begin_ns = loop_now_ns(loop);
    for (; loop_now_ns(loop) - begin_ns < NS_PER_S / 2; turns++)
        loop_turn(loop, NS_PER_S / 10);
    ck_assert_uint_eq(at.count, 0);
    ck_assert_uint_lt(turns, 12); /* asleep in between */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    turn_until(&at.count, 1);
    close(fd);
}
END_TEST

/* BEP 7: whatever it is here, it is an address that can be bound to. */
START_TEST(an_own_address_is_one_of_ours)
{
    struct netaddr own = {.family = NETADDR_NONE};
    struct sockaddr_storage sockaddr;
    struct net *bound = net_system_new("127.0.0.1");
    ck_assert(!bound->own_address(bound->context, NETADDR_V6, &own));
    ck_assert(!bound->own_address(bound->context, NETADDR_V4, &own) ||
              netaddr_scope(&own) == NETADDR_SCOPE_LOOPBACK);
    net_system_free(bound);
    if (!net->own_address(net->context, NETADDR_V4, &own))
        return; /* no way out of here */
    const socklen_t length = netaddr_to_sockaddr(&own, &sockaddr);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sockaddr, length), 0);
    close(fd);
}
END_TEST

Suite *test_net_system_suite(void)
{
    Suite *suite = suite_create("net_system");
    TCase *tcase = tcase_create("net_system");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_connection_is_told_to_both_ends, 0, 2);
    tcase_add_test(tcase, a_refused_connection_is_an_error);
    tcase_add_test(tcase, a_reset_is_an_error_and_not_a_spin);
    tcase_add_test(tcase, a_port_in_use_is_said_to_be_so);
    tcase_add_test(tcase, an_outgoing_address_of_the_other_family_is_not_used);
    tcase_add_test(tcase, an_interface_that_is_not_there_is_not_replaced_by_another);
    tcase_add_test(tcase, out_of_descriptors_the_listener_waits_and_goes_on);
    tcase_add_test(tcase, an_own_address_is_one_of_ours);
    suite_add_tcase(suite, tcase);
    return suite;
}
