/* Whom another session had better call. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

#define REMOTES_MAX 8

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];

static void begin(void)
{
    const struct rig_config config = {.pex = true};
    rig_init(&rig, &config);
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_init(&remotes[i]);
}

static void end(void)
{
    for (int i = 0; i < REMOTES_MAX; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static struct script_hello hello_of(int number)
{
    return rig_hello(&rig, (char)('A' + number), true, true);
}

static void come_in(int number, const char *host)
{
    const struct script_hello hello = hello_of(number);
    script_peer_dial(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remotes[number], &hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void go_out(int number, const char *host, const char *address,
                   enum peer_source source)
{
    const struct script_hello hello = hello_of(number);
    script_peer_listen(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                       address);
    rig_connect(&rig, address, source);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remotes[number], &hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

/* "…:… …:…", in their order. */
static void expect_good(const char *wanted)
{
    struct netaddr good[REMOTES_MAX];
    char got[REMOTES_MAX * NETADDR_TEXT_SIZE] = "", text[NETADDR_TEXT_SIZE];
    const uint32_t count = peer_manager_list_good(rig.manager, good, REMOTES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        strcat(got, i > 0 ? " " : "");
        strcat(got, netaddr_format(&good[i], text));
    }
    ck_assert_str_eq(got, wanted);
}

START_TEST(test_who_shook_hands_is_good_and_who_was_only_named_is_not)
{
    begin();
    rig_connect(&rig, "10.0.0.3:7000", PEER_SOURCE_TRACKER);
    go_out(0, "10.0.0.2", "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    expect_good("10.0.0.2:7000");
    script_peer_close(&remotes[0]); /* it is not forgotten */
    rig_run(&rig, NS_PER_S);
    expect_good("10.0.0.2:7000");
    end();
}
END_TEST

START_TEST(test_who_called_us_is_to_be_called_where_it_listens)
{
    static const char extension[] = "\x00"
                                    "d1:pi7001ee";
    begin();
    come_in(0, "10.0.0.2");
    expect_good("");
    script_peer_put(&remotes[0], 20, extension, sizeof extension - 1);
    rig_run(&rig, 50 * NS_PER_MS);
    expect_good("10.0.0.2:7001");
    rig_connect(&rig, "10.0.0.2:7001", PEER_SOURCE_RESUME); /* the same one */
    rig_run(&rig, 50 * NS_PER_MS);
    expect_good("10.0.0.2:7001");
    end();
}
END_TEST

START_TEST(test_those_that_are_there_come_before_those_that_failed)
{
    struct netaddr first;
    begin();
    go_out(0, "10.0.0.2", "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    script_peer_close(&remotes[0]);
    rig_run(&rig, 300 * NS_PER_S);
    go_out(1, "10.0.0.9", "10.0.0.9:7000", PEER_SOURCE_TRACKER);
    expect_good("10.0.0.9:7000 10.0.0.2:7000");
    ck_assert_uint_eq(peer_manager_list_good(rig.manager, &first, 1), 1);
    const struct netaddr there = rig_address("10.0.0.9:7000");
    ck_assert(netaddr_equal(&first, &there));
    end();
}
END_TEST

/* They are carried on from one session that nobody answers in to the next, but not for
 * ever. */
START_TEST(test_those_of_an_earlier_session_stay_for_some_tries)
{
    begin();
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_RESUME);
    rig_run(&rig, NS_PER_S);
    expect_good("10.0.0.2:7000");
    rig_run(&rig, 3600 * NS_PER_S);
    expect_good("");
    end();
}
END_TEST

START_TEST(test_who_is_banned_is_not_called_again)
{
    begin();
    go_out(0, "10.0.0.2", "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    go_out(1, "10.0.0.3", "10.0.0.3:7000", PEER_SOURCE_TRACKER);
    rig_post_gone(&rig, PEER_BAN, rig.peer, PEER_REASON_BANNED_USER);
    rig_run(&rig, 50 * NS_PER_MS);
    expect_good("10.0.0.2:7000");
    end();
}
END_TEST

/* Seeds have no use for each other. */
START_TEST(test_seeds_are_good_for_those_alone_who_miss_something)
{
    begin();
    go_out(0, "10.0.0.2", "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    go_out(1, "10.0.0.3", "10.0.0.3:7000", PEER_SOURCE_TRACKER);
    script_peer_put(&remotes[0], 14, NULL, 0); /* HAVE ALL */
    rig_run(&rig, 50 * NS_PER_MS);
    expect_good("10.0.0.2:7000 10.0.0.3:7000");
    peer_manager_set_complete(rig.manager, true);
    rig_run(&rig, 50 * NS_PER_MS);
    expect_good("10.0.0.3:7000");
    end();
}
END_TEST

/* What one peer said is not vouched for by having been written down. */
START_TEST(test_who_is_known_already_keeps_its_source)
{
    struct peer_row row;
    begin();
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_PEX);
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_RESUME);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row));
    ck_assert_int_eq(row.source, PEER_SOURCE_PEX);
    expect_good("");
    end();
}
END_TEST

Suite *suite_known_good(void)
{
    Suite *suite = suite_create("known_good");
    TCase *tcase = tcase_create("known_good");
    tcase_add_test(tcase, test_who_shook_hands_is_good_and_who_was_only_named_is_not);
    tcase_add_test(tcase, test_who_called_us_is_to_be_called_where_it_listens);
    tcase_add_test(tcase, test_those_that_are_there_come_before_those_that_failed);
    tcase_add_test(tcase, test_those_of_an_earlier_session_stay_for_some_tries);
    tcase_add_test(tcase, test_who_is_banned_is_not_called_again);
    tcase_add_test(tcase, test_seeds_are_good_for_those_alone_who_miss_something);
    tcase_add_test(tcase, test_who_is_known_already_keeps_its_source);
    suite_add_tcase(suite, tcase);
    return suite;
}
