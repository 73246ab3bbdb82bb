/* What traffic is tied to, in a network of this process alone. */
#include "net/bind.h"
#include "net/names.h"
#include "net/net.h"
#include "tests/unit/net/alone.h"

#include <check.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Suite *test_bind_suite(void);

static bool is_alone;

static void setup(void)
{
    is_alone = alone_begin() && alone_take_address("lo:1", "10.1.2.3");
    if (!is_alone)
        fprintf(stderr, "no network of one's own here: what goes away is not tried\n");
}

static void teardown(void)
{
    if (is_alone)
        alone_set_up(true);
}

static bool can_tie(struct net_bind *bind, enum netaddr_family family)
{
    const int fd =
        socket(family == NETADDR_V6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool fine = fd >= 0 && net_bind_tie(bind, fd, family);
    const int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return fine;
}

START_TEST(what_is_no_address_or_interface_is_gone)
{
    static const char *const texts[] = {"no-such-if0",
                                        "192.0.2.77",
                                        "2001:db8::77",
                                        "lo:9",
                                        "127.0.0.1:80",
                                        "a name that is far too long",
                                        ""};
    struct net_bind *bind = net_bind_new(texts[_i]);
    ck_assert_ptr_nonnull(bind);
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_GONE);
    ck_assert_ptr_nonnull(strstr(net_bind_trouble(bind), "which is not there"));
    ck_assert(!can_tie(bind, NETADDR_V4));
    ck_assert(!can_tie(bind, NETADDR_V6));
    net_bind_free(bind);
}
END_TEST

START_TEST(a_socket_is_tied_to_the_interface)
{
    char name[IFNAMSIZ] = "";
    socklen_t length = sizeof name;
    struct net_bind *bind = net_bind_new("lo");
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_UP);
    ck_assert_ptr_null(net_bind_trouble(bind));
    ck_assert(net_bind_tie(bind, fd, NETADDR_V4));
    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length), 0);
    if (!net_bind_is_loose(bind))
        ck_assert_str_eq(name, "lo");
    close(fd);
    net_bind_free(bind);
}
END_TEST

START_TEST(an_address_serves_its_family_alone)
{
    struct net_bind *bind = net_bind_new("127.0.0.5");
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_UP);
    ck_assert(net_bind_serves(bind, NETADDR_V4) && !net_bind_serves(bind, NETADDR_V6));
    ck_assert(can_tie(bind, NETADDR_V4));
    ck_assert(!can_tie(bind, NETADDR_V6));
    ck_assert_int_eq(errno, EAFNOSUPPORT);
    net_bind_free(bind);
}
END_TEST

START_TEST(an_interface_goes_down_and_comes_back)
{
    if (!is_alone)
        return;
    struct net_bind *bind = net_bind_new("lo");
    const uint32_t epoch = net_bind_epoch(bind);
    ck_assert(!net_bind_look(bind)); /* nothing new */
    alone_set_up(false);
    ck_assert(net_bind_look(bind));
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_DOWN);
    ck_assert_str_eq(net_bind_trouble(bind),
                     "bound to lo, which is down: nothing is sent until it is back");
    ck_assert_uint_ne(net_bind_epoch(bind), epoch);
    ck_assert(!can_tie(bind, NETADDR_V4));
    ck_assert_int_eq(errno, ENETDOWN);
    const uint32_t later = net_bind_epoch(bind);
    alone_set_up(true);
    ck_assert(net_bind_look(bind));
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_UP);
    ck_assert_uint_eq(net_bind_epoch(bind), later); /* there are no sockets of before */
    ck_assert(can_tie(bind, NETADDR_V4));
    net_bind_free(bind);
}
END_TEST

START_TEST(an_address_goes_and_comes_back)
{
    if (!is_alone)
        return;
    struct net_bind *bind = net_bind_new("10.1.2.3");
    const uint32_t epoch = net_bind_epoch(bind);
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_UP);
    ck_assert(can_tie(bind, NETADDR_V4));
    alone_take_address("lo:1", "0.0.0.0");
    ck_assert(net_bind_look(bind));
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_GONE);
    ck_assert_uint_ne(net_bind_epoch(bind), epoch);
    ck_assert(!can_tie(bind, NETADDR_V4));
    ck_assert(alone_take_address("lo:1", "10.1.2.3"));
    ck_assert(net_bind_look(bind));
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_UP);
    alone_set_up(false); /* the address stays */
    ck_assert(net_bind_look(bind));
    ck_assert_int_eq(net_bind_state(bind), NET_BIND_DOWN);
    ck_assert(!can_tie(bind, NETADDR_V4));
    net_bind_free(bind);
}
END_TEST

static void count(void *context)
{
    ++*(uint32_t *)context;
}

/* Whoever is told of the network is told of this at once. */
START_TEST(a_change_is_told_within_a_turn)
{
    uint32_t changes = 0;
    struct net_bound bound;
    if (!is_alone)
        return;
    struct loop *loop = loop_new(&loop_platform_system);
    struct net *net = net_system_new("10.1.2.3");
    struct net_watch *watch = net->watch(net->context, loop, count, &changes);
    ck_assert_ptr_nonnull(watch);
    alone_set_up(false);
    loop_turn(loop, NS_PER_S);
    loop_turn(loop, NS_PER_S / 20);
    ck_assert_uint_eq(changes, 1);
    net->bound(net->context, &bound);
    ck_assert_str_eq(bound.to, "10.1.2.3");
    ck_assert_ptr_nonnull(bound.trouble);
    net->unwatch(net->context, watch);
    net_system_free(net);
    loop_free(loop);
}
END_TEST

/* ---- names ---- */

static struct {
    uint32_t results, count;
    struct netaddr address;
    char message[256];
} got;

static void on_result(void *context, const struct netaddr *addresses, uint32_t found,
                      const char *message)
{
    (void)context;
    got.results++;
    got.count = found;
    if (found > 0)
        got.address = addresses[0];
    snprintf(got.message, sizeof got.message, "%s", message != NULL ? message : "");
}

static void look_up(struct loop *loop, struct names *names, const char *host)
{
    memset(&got, 0, sizeof got);
    ck_assert_ptr_nonnull(names_lookup(names, loop, host, on_result, NULL));
    ck_assert_uint_eq(got.results, 0); /* never from inside the call */
    while (got.results == 0)
        loop_turn(loop, 20 * NS_PER_MS);
    ck_assert_uint_eq(got.results, 1);
    ck_assert((got.count == 0) == (got.message[0] != '\0'));
}

START_TEST(names_come_by_the_tie_or_not_at_all)
{
    struct loop *loop = loop_new(&loop_platform_system);
    struct net_bind *bind = net_bind_new("127.0.0.1");
    struct names *names = names_new(bind);
    look_up(loop, names, "127.0.0.7");
    ck_assert_uint_eq(got.count, 1);
    look_up(loop, names, "localhost"); /* /etc/hosts may not know it */
    ck_assert(got.count == 0 || netaddr_scope(&got.address) == NETADDR_SCOPE_LOOPBACK);
    ck_assert(got.count == 0 || got.address.family == NETADDR_V4);
    look_up(loop, names, "a..b");
    ck_assert_uint_eq(got.count, 0);
    /* One that nobody waits for any more, and one that ends with the tie. */
    resolver_cancel(names_lookup(names, loop, "no-such-name.invalid", on_result, NULL));
    memset(&got, 0, sizeof got);
    ck_assert_ptr_nonnull(
        names_lookup(names, loop, "no-such-name.invalid", on_result, NULL));
    names_cut(names);
    while (got.results == 0)
        loop_turn(loop, 20 * NS_PER_MS);
    ck_assert_uint_eq(got.results, 1);
    ck_assert_uint_eq(got.count, 0);
    names_free(names);
    net_bind_free(bind);
    loop_free(loop);
}
END_TEST

START_TEST(while_the_tie_is_away_no_name_is_looked_up)
{
    struct loop *loop = loop_new(&loop_platform_system);
    struct net_bind *bind = net_bind_new("no-such-if0");
    struct names *names = names_new(bind);
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    look_up(loop, names, hosts[_i]);
    ck_assert_str_eq(got.message, net_bind_trouble(bind));
    names_free(names);
    net_bind_free(bind);
    loop_free(loop);
}
END_TEST

Suite *test_bind_suite(void)
{
    Suite *suite = suite_create("bind");
    TCase *tcase = tcase_create("bind");
    tcase_add_loop_test(tcase, what_is_no_address_or_interface_is_gone, 0, 7);
    tcase_add_test(tcase, a_socket_is_tied_to_the_interface);
    tcase_add_test(tcase, an_address_serves_its_family_alone);
    tcase_add_test(tcase, names_come_by_the_tie_or_not_at_all);
    tcase_add_loop_test(tcase, while_the_tie_is_away_no_name_is_looked_up, 0, 2);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("alone");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, an_interface_goes_down_and_comes_back);
    tcase_add_test(tcase, an_address_goes_and_comes_back);
    tcase_add_test(tcase, a_change_is_told_within_a_turn);
    suite_add_tcase(suite, tcase);
    return suite;
}
