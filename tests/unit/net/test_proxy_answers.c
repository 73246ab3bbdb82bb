#include "net/proxy_answers.h"

#include "base/clock.h"

#include <check.h>

Suite *test_proxy_answers_suite(void);

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static void expect(struct proxy_answers *answers, const char *from, uint64_t now_ns,
                   const char *told)
{
    const struct netaddr sender = at(from), wanted = at(told);
    const struct netaddr got = proxy_answers_from(answers, &sender, now_ns);
    ck_assert_msg(netaddr_equal(&got, &wanted), "%s is not told as %s", from, told);
}

START_TEST(the_first_answer_from_a_names_port_is_the_names)
{
    struct proxy_answers answers = {.next = 0};
    const struct netaddr name = at("198.18.0.0:6881"), known = at("7.7.7.7:6881");
    expect(&answers, "5.5.5.5:6881", 0, "5.5.5.5:6881");
    proxy_answers_sent(&answers, &name, true, NS_PER_S);
    proxy_answers_sent(&answers, &known, false, NS_PER_S);
    expect(&answers, "7.7.7.7:6881", 2 * NS_PER_S, "7.7.7.7:6881"); /* was sent to */
    expect(&answers, "6.6.6.6:6882", 2 * NS_PER_S, "6.6.6.6:6882"); /* another port */
    expect(&answers, "5.5.5.5:6881", 2 * NS_PER_S, "198.18.0.0:6881");
    expect(&answers, "8.8.8.8:6881", 2 * NS_PER_S,
           "8.8.8.8:6881"); /* has been answered */
    expect(&answers, "5.5.5.5:6881", 100 * NS_PER_S, "198.18.0.0:6881");
}
END_TEST

START_TEST(a_name_is_not_waited_for_for_long)
{
    struct proxy_answers answers = {.next = 0};
    const struct netaddr name = at("198.18.0.0:6881");
    proxy_answers_sent(&answers, &name, true, NS_PER_S);
    expect(&answers, "5.5.5.5:6881", 30 * NS_PER_S, "5.5.5.5:6881");
    proxy_answers_sent(&answers, &name, true, 40 * NS_PER_S);
    expect(&answers, "5.5.5.5:6881", 41 * NS_PER_S, "198.18.0.0:6881");
    proxy_answers_sent(&answers, &name, true, 50 * NS_PER_S); /* it may lead elsewhere */
    expect(&answers, "5.5.5.6:6881", 51 * NS_PER_S, "198.18.0.0:6881");
    expect(&answers, "5.5.5.5:6881", 51 * NS_PER_S, "5.5.5.5:6881");
}
END_TEST

START_TEST(of_many_names_the_oldest_are_forgotten)
{
    struct proxy_answers answers = {.next = 0};
    struct netaddr name = at("198.18.0.0:1000");
    for (int i = 0; i < 20; i++, name.bytes[3]++, name.port++)
        proxy_answers_sent(&answers, &name, true, NS_PER_S);
    expect(&answers, "5.5.5.5:1000", NS_PER_S, "5.5.5.5:1000");
    expect(&answers, "5.5.5.5:1019", NS_PER_S, "198.18.0.19:1019");
}
END_TEST

Suite *test_proxy_answers_suite(void)
{
    Suite *suite = suite_create("proxy_answers");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, the_first_answer_from_a_names_port_is_the_names);
    tcase_add_test(tcase, a_name_is_not_waited_for_for_long);
    tcase_add_test(tcase, of_many_names_the_oldest_are_forgotten);
    suite_add_tcase(suite, tcase);
    return suite;
}
