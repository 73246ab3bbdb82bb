/* Lists of addresses that are refused, in the forms they are passed around in. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include "peer/blocklist.h"

#include <string.h>

static struct blocklist *list;

static enum error_code add(const char *line)
{
    return blocklist_add_line(list, line, strlen(line));
}

static bool has(const char *address)
{
    const struct netaddr at = rig_address(address);
    return blocklist_has(list, &at);
}

static void setup(void)
{
    list = blocklist_new();
    ck_assert_ptr_nonnull(list);
}

static void teardown(void)
{
    blocklist_free(list);
}

static const struct {
    const char *line, *first, *last, *outside; /* first NULL: blocks nothing */
} lines[] = {
    {"001.009.096.105 - 001.009.096.110 , 000 , Some, thing", "1.9.96.105", "1.9.96.110",
     "1.9.96.111"},
    {"001.009.096.105-001.009.096.110,127,x", "1.9.96.105", "1.9.96.110", "1.9.96.104"},
    {"001.009.096.105 - 001.009.096.110 , 128 , allowed", NULL, NULL, "1.9.96.105"},
    {"Name: with colons:1.9.96.105-1.9.96.110\r", "1.9.96.105", "1.9.96.110",
     "1.9.96.104"},
    {"A-dash 1-2:1.9.96.105 - 1.9.96.110", "1.9.96.105", "1.9.96.110", "1.9.96.104"},
    {":1.9.96.105-1.9.96.105", "1.9.96.105", "1.9.96.105", "1.9.96.106"},
    {"sixes:2001:db8::1-2001:db8::ff", "2001:db8::1", "2001:db8::ff", "2001:db8::100"},
    {"1.9.96.0/24", "1.9.96.0", "1.9.96.255", "1.9.97.0"},
    {"1.9.96.77/24", "1.9.96.0", "1.9.96.255", "1.9.95.255"},
    {" 1.9.96.105 ", "1.9.96.105", "1.9.96.105", "1.9.96.104"},
    {"1.9.96.105/32", "1.9.96.105", "1.9.96.105", "1.9.96.106"},
    {"0.0.0.0/0", "0.0.0.0", "255.255.255.255", "::1"},
    {"2001:db8::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff",
     "2001:db8:8000::"},
    {"1.2.3.4-1.2.3.9", "1.2.3.4", "1.2.3.9", "1.2.3.10"},
    {"# 1.2.3.4", NULL, NULL, "1.2.3.4"},
    {"// 1.2.3.4", NULL, NULL, "1.2.3.4"},
    {"", NULL, NULL, "1.2.3.4"},
};

START_TEST(each_form_is_understood)
{
    ck_assert_int_eq(add(lines[_i].line), ERROR_NONE);
    blocklist_seal(list);
    ck_assert_uint_eq(blocklist_count(list), lines[_i].first != NULL);
    ck_assert(lines[_i].first == NULL || has(lines[_i].first));
    ck_assert(lines[_i].last == NULL || has(lines[_i].last));
    ck_assert(!has(lines[_i].outside));
}
END_TEST

static const char *const strange[] = {
    "<html>",           "1.2.3",          "1.2.3.4.5",        "1.2.3.256",
    "1.2.3.4/33",       "1.2.3.4/",       "1.2.3.4/-1",       "1.2.3.9-1.2.3.4",
    "1.2.3.4-::1",      "2001:db8::/129", "name:1.2.3.4",     "1.2.3.4 - 1.2.3.9 , x , y",
    "1.2.3.4-1.2.3.9,", "1..2.3",         "0x1.2.3.4",        "+1.2.3.4",
    "1.2.3.4-",         "-1.2.3.4",       "1.2.3.0000000004", "fe80::1%lo",
};

START_TEST(what_is_no_range_is_refused)
{
    ck_assert_int_eq(add(strange[_i]), ERROR_INVALID);
    blocklist_seal(list);
    ck_assert_uint_eq(blocklist_count(list), 0);
}
END_TEST

START_TEST(ranges_in_any_order_are_joined)
{
    static const char *const many[] = {
        "9.0.0.0/8", "1.0.0.10-1.0.0.20",       "1.0.0.0-1.0.0.9", "1.0.0.15-1.0.0.17",
        "1.0.0.22",  "2001:db8::5-2001:db8::9", "2001:db8::/120",  "255.255.255.255"};
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        ck_assert_int_eq(add(many[i]), ERROR_NONE);
    blocklist_seal(list);
    ck_assert_uint_eq(blocklist_count(list), 5);
    ck_assert(has("1.0.0.0") && has("1.0.0.18") && has("1.0.0.20") && has("1.0.0.22"));
    ck_assert(!has("1.0.0.21") && !has("0.255.255.255") && !has("1.0.0.23"));
    ck_assert(has("9.255.255.255") && !has("10.0.0.0") && has("255.255.255.255"));
    ck_assert(has("2001:db8::ff") && !has("2001:db8::100"));
}
END_TEST

/* ---- what it does to peers ---- */

static struct rig rig;
static struct script_peer remote;

static struct blocklist *list_of(const char *line)
{
    struct blocklist *made = blocklist_new();
    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(blocklist_add_line(made, line, strlen(line)), ERROR_NONE);
    blocklist_seal(made);
    return made;
}

static void begin(void)
{
    static const struct rig_config config = {0};
    rig_init(&rig, &config);
    script_peer_init(&remote);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

START_TEST(who_is_on_it_is_not_called_and_says_why)
{
    struct peer_row row;
    begin();
    peer_shared_set_blocklist(rig.shared, list_of("10.0.0.0/24"));
    script_peer_listen(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       "10.0.0.2:7000");
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    rig_run(&rig, 120 * NS_PER_S);
    ck_assert(!remote.connected);
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row));
    ck_assert_int_eq(row.status, PEER_STATUS_BLOCKED);
    ck_assert_int_eq(row.reason, PEER_REASON_FILTERED);
    /* Taken off the list, it is. */
    peer_shared_set_blocklist(rig.shared, NULL);
    rig_run(&rig, NS_PER_S);
    ck_assert(remote.connected);
    end();
}
END_TEST

START_TEST(who_is_on_it_is_not_let_in_and_counted)
{
    uint32_t ranges;
    uint64_t refused;
    begin();
    peer_shared_set_blocklist(rig.shared, list_of("10.0.0.2"));
    const struct script_hello hello = rig_hello(&rig, 'a', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, NS_PER_S);
    ck_assert(remote.over);
    peer_shared_get_filtered(rig.shared, &ranges, &refused);
    ck_assert_uint_eq(ranges, 1);
    ck_assert_uint_eq(refused, 1);
    end();
}
END_TEST

START_TEST(a_new_list_closes_connections)
{
    struct peer_counts counts;
    begin();
    const struct script_hello hello = rig_hello(&rig, 'a', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, NS_PER_S);
    peer_manager_get_counts(rig.manager, &counts);
    ck_assert_uint_eq(counts.connected, 1);
    peer_shared_set_blocklist(rig.shared, list_of("10.0.0.0/8"));
    rig_run(&rig, NS_PER_S);
    ck_assert(remote.over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_FILTERED);
    end();
}
END_TEST

Suite *suite_blocklist(void)
{
    Suite *suite = suite_create("blocklist");
    TCase *tcase = tcase_create("lines");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, each_form_is_understood, 0,
                        (int)(sizeof lines / sizeof *lines));
    tcase_add_loop_test(tcase, what_is_no_range_is_refused, 0,
                        (int)(sizeof strange / sizeof *strange));
    tcase_add_test(tcase, ranges_in_any_order_are_joined);
    suite_add_tcase(suite, tcase);
    TCase *peers = tcase_create("peers");
    tcase_add_test(peers, who_is_on_it_is_not_called_and_says_why);
    tcase_add_test(peers, who_is_on_it_is_not_let_in_and_counted);
    tcase_add_test(peers, a_new_list_closes_connections);
    suite_add_tcase(suite, peers);
    return suite;
}
