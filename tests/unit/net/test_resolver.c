#include "net/resolver.h"

#include <check.h>
#include <netdb.h>
#include <pthread.h>
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
    while (results < count) /* threads may be slow */
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

/* ---- a resolver that hangs (O11) ---- */

int __real_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **ret_found);
int __wrap_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **ret_found);

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool is_open;
static int hanging, most_hanging;

static void hang(void)
{
    pthread_mutex_lock(&gate);
    hanging++;
    if (hanging > most_hanging)
        most_hanging = hanging;
    while (!is_open)
        pthread_cond_wait(&opened, &gate);
    hanging--;
    pthread_mutex_unlock(&gate);
}

static void open_gate(void)
{
    pthread_mutex_lock(&gate);
    is_open = true;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&gate);
}

static int hanging_now(void)
{
    pthread_mutex_lock(&gate);
    const int count = hanging;
    pthread_mutex_unlock(&gate);
    return count;
}

/* The linker puts it before the system's: "hangs" until the gate opens, "thousand" has a
 * thousand addresses. */
int __wrap_getaddrinfo(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **ret_found)
{
    if (strcmp(name, "hangs") == 0)
        hang();
    if (strcmp(name, "hangs") != 0 && strcmp(name, "thousand") != 0)
        return __real_getaddrinfo(name, service, hints, ret_found);
    const int error = __real_getaddrinfo("127.0.0.1", service, hints, ret_found);
    struct addrinfo *last = error == 0 ? *ret_found : NULL;
    for (int i = 0; i < 999 && last != NULL && strcmp(name, "thousand") == 0; i++) {
        if (__real_getaddrinfo("127.0.0.1", service, hints, &last->ai_next) != 0)
            break;
        last = last->ai_next;
    }
    return error;
}

START_TEST(look_ups_that_hang_hold_up_neither_the_loop_nor_literals)
{
    for (int i = 0; i < 25; i++)
        ck_assert_ptr_nonnull(resolver_lookup(loop, "hangs", on_result, NULL));
    while (hanging_now() < 10)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(results, 0);
    ck_assert_ptr_nonnull(resolver_lookup(loop, "192.0.2.7", on_result, NULL));
    turn_until_result(1);
    for (int i = 0; i < 30; i++) /* time for an eleventh, were there one */
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(results, 1);
    open_gate();
    turn_until_result(26);
    ck_assert_int_eq(most_hanging, 10);
}
END_TEST

START_TEST(one_that_hangs_can_be_left_alone)
{
    struct resolver_query *query = resolver_lookup(loop, "hangs", on_result, NULL);
    while (hanging_now() < 1)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_int_eq(hanging_now(), 1);
    resolver_cancel(query);
    open_gate();
    while (hanging_now() > 0)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(results, 0);
}
END_TEST

START_TEST(of_a_thousand_addresses_eight_are_taken)
{
    ck_assert_ptr_nonnull(resolver_lookup(loop, "thousand", on_result, NULL));
    turn_until_result(1);
    ck_assert_uint_eq(found_count, RESOLVER_ADDRESSES_MAX);
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
    tcase_add_test(tcase, look_ups_that_hang_hold_up_neither_the_loop_nor_literals);
    tcase_add_test(tcase, one_that_hangs_can_be_left_alone);
    tcase_add_test(tcase, of_a_thousand_addresses_eight_are_taken);
    suite_add_tcase(suite, tcase);
    return suite;
}
