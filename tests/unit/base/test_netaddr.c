#include "base/netaddr.h"

#include <check.h>

Suite *test_netaddr_suite(void);

static struct netaddr address(const char *text)
{
    struct netaddr result;
    ck_assert_msg(netaddr_parse(text, 6881, &result) == ERROR_NONE, "%s", text);
    return result;
}

START_TEST(addresses_are_read_and_written)
{
    static const struct {
        const char *text;
        const char *formatted; /* NULL: not an address */
    } cases[] = {
        {"1.2.3.4", "1.2.3.4:6881"},
        {"1.2.3.4:5", "1.2.3.4:5"},
        {"::1", "[::1]:6881"},
        {"[2001::5]:99", "[2001::5]:99"},
        {"::ffff:9.8.7.6", "9.8.7.6:6881"},
        {"1.2.3.4:65536", NULL},
        {"1.2.3.4:", NULL},
        {"1.2.3", NULL},
        {"host:1", NULL},
        {"[::1", NULL},
        {"[::1]x", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct netaddr result;
        char text[NETADDR_TEXT_SIZE];
        const enum error_code error = netaddr_parse(cases[i].text, 6881, &result);
        ck_assert_msg((error == ERROR_NONE) == (cases[i].formatted != NULL), "%s",
                      cases[i].text);
        if (error == ERROR_NONE)
            ck_assert_str_eq(netaddr_format(&result, text), cases[i].formatted);
    }
}
END_TEST

START_TEST(every_address_has_a_scope)
{
    static const struct {
        const char *text;
        enum netaddr_scope scope;
    } cases[] = {
        {"0.0.0.0", NETADDR_SCOPE_INVALID},
        {"127.3.2.1", NETADDR_SCOPE_LOOPBACK},
        {"10.0.0.1", NETADDR_SCOPE_PRIVATE},
        {"172.31.255.1", NETADDR_SCOPE_PRIVATE},
        {"172.32.0.1", NETADDR_SCOPE_PUBLIC},
        {"192.168.1.1", NETADDR_SCOPE_PRIVATE},
        {"169.254.1.1", NETADDR_SCOPE_LINK_LOCAL},
        {"224.0.0.1", NETADDR_SCOPE_INVALID},
        {"255.255.255.255", NETADDR_SCOPE_INVALID},
        {"8.8.8.8", NETADDR_SCOPE_PUBLIC},
        {"100.64.0.1", NETADDR_SCOPE_PRIVATE},
        {"::1", NETADDR_SCOPE_LOOPBACK},
        {"::", NETADDR_SCOPE_INVALID},
        {"fe80::1", NETADDR_SCOPE_LINK_LOCAL},
        {"fd00::1", NETADDR_SCOPE_PRIVATE},
        {"ff02::1", NETADDR_SCOPE_INVALID},
        {"2a00::1", NETADDR_SCOPE_PUBLIC},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct netaddr at = address(cases[i].text);
        ck_assert_msg(netaddr_scope(&at) == cases[i].scope, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(public_sources_nominate_only_public_addresses) /* H20 */
{
    const struct netaddr public_source = address("8.8.8.8"), local = address("127.0.0.1");
    const struct netaddr user = {.family = NETADDR_NONE};
    const struct netaddr lan = address("192.168.1.5"), far = address("9.9.9.9");
    const struct netaddr mail = address("9.9.9.9:25"), zero = address("9.9.9.9:0");
    ck_assert(netaddr_may_nominate(&public_source, &far));
    ck_assert(!netaddr_may_nominate(&public_source, &lan));
    ck_assert(netaddr_may_nominate(&local, &lan));
    ck_assert(netaddr_may_nominate(&user, &lan));
    ck_assert(!netaddr_may_nominate(&user, &mail));
    /* Behind a proxy names stand there: of another's word they are nobody's. */
    const struct netaddr stand_in = address("198.19.255.1");
    ck_assert(netaddr_is_stand_in(&stand_in) && !netaddr_is_stand_in(&far));
    ck_assert(!netaddr_may_nominate(&public_source, &stand_in));
    ck_assert(!netaddr_may_nominate(&local, &stand_in));
    ck_assert(netaddr_may_nominate(&user, &stand_in));
    ck_assert(!netaddr_may_nominate(&user, &zero));
}
END_TEST

Suite *test_netaddr_suite(void)
{
    Suite *suite = suite_create("netaddr");
    TCase *tcase = tcase_create("netaddr");
    tcase_add_test(tcase, addresses_are_read_and_written);
    tcase_add_test(tcase, every_address_has_a_scope);
    tcase_add_test(tcase, public_sources_nominate_only_public_addresses);
    suite_add_tcase(suite, tcase);
    return suite;
}
