#include "net/resolver.h"

#include <check.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_resolver_suite(void);

static struct loop *loop;
static struct netaddr found[RESOLVER_ADDRESSES_MAX];
static uint32_t found_count, results;
static char words[256];

static void on_result(void *context, const struct netaddr *addresses, uint32_t count,
                      const char *message)
{
    (void)context;
    results++;
    found_count = count;
    memcpy(found, addresses, count * sizeof *found);
    snprintf(words, sizeof words, "%s", message != NULL ? message : "");
}

static void setup(void)
{
    loop = loop_new(&loop_platform_system);
    results = found_count = 0;
}

static void teardown(void)
{
    loop_free(loop);
}

static void turn_until_result(uint32_t count)
{
    for (int i = 0; i < 2000 && results < count; i++)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(results, count);
}

START_TEST(an_address_needs_no_look_up_and_comes_later)
{
    static const char *const texts[] = {"127.0.0.1", "::1", "192.0.2.7"};
    char text[NETADDR_TEXT_SIZE];
    ck_assert_ptr_nonnull(resolver_lookup(loop, texts[_i], on_result, NULL));
    ck_assert_uint_eq(results, 0); /* never from inside the call */
    turn_until_result(1);
    ck_assert_uint_eq(found_count, 1);
    netaddr_format_host(&found[0], text);
    ck_assert_ptr_nonnull(strstr(text, texts[_i]));
}
END_TEST

START_TEST(localhost_is_this_machine)
{
    /* A machine without /etc/hosts may not know the name. */
    struct addrinfo *known = NULL;
    const bool is_known = getaddrinfo("localhost", NULL, NULL, &known) == 0;
    if (is_known)
        freeaddrinfo(known);
    ck_assert_ptr_nonnull(resolver_lookup(loop, "localhost", on_result, NULL));
    turn_until_result(1);
    ck_assert_int_eq(found_count >= 1, is_known);
    for (uint32_t i = 0; i < found_count; i++)
        ck_assert_int_eq(netaddr_scope(&found[i]), NETADDR_SCOPE_LOOPBACK);
}
END_TEST

START_TEST(a_name_that_cannot_be_is_told_with_words)
{
    ck_assert_ptr_nonnull(resolver_lookup(loop, "a..b", on_result, NULL));
    turn_until_result(1);
    ck_assert_uint_eq(found_count, 0);
    ck_assert_str_ne(words, "");
    ck_assert_str_ne(words, "Success");
}
END_TEST

START_TEST(no_result_comes_after_a_cancel)
{
    for (int i = 0; i < 20; i++) {
        struct resolver_query *query = resolver_lookup(
            loop, i % 2 == 0 ? "localhost" : "127.0.0.1", on_result, NULL);
        ck_assert_ptr_nonnull(query);
        if (i % 4 < 2)
            loop_turn(loop, 0);
        if (results == 0)
            resolver_cancel(query);
        results = 0;
    }
    for (int i = 0; i < 20; i++)
        loop_turn(loop, 5 * NS_PER_MS);
    ck_assert_uint_eq(results, 0);
    resolver_cancel(NULL);
}
END_TEST

START_TEST(more_look_ups_than_threads_are_all_answered)
{
    for (int i = 0; i < 60; i++)
        ck_assert_ptr_nonnull(resolver_lookup(loop, "localhost", on_result, NULL));
    turn_until_result(60);
}
END_TEST

Suite *test_resolver_suite(void)
{
    Suite *suite = suite_create("resolver");
    TCase *tcase = tcase_create("resolver");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, an_address_needs_no_look_up_and_comes_later, 0, 3);
    tcase_add_test(tcase, localhost_is_this_machine);
    tcase_add_test(tcase, a_name_that_cannot_be_is_told_with_words);
    tcase_add_test(tcase, no_result_comes_after_a_cancel);
    tcase_add_test(tcase, more_look_ups_than_threads_are_all_answered);
    suite_add_tcase(suite, tcase);
    return suite;
}
