/* Who is asked when, with what, and what comes of the answers (BEP 3, 12, 31, 48). */
#include "tests/lib/vnet_private.h"
#include "tests/unit/discovery/check_discovery.h"
#include "tests/unit/discovery/rig.h"

#include <stdio.h>
#include <string.h>

static struct rig rig;

static void begin_with(uint32_t count, bool one_tier)
{
    rig_init(&rig);
    for (uint32_t i = 0; i < count; i++) {
        char url[64];
        snprintf(url, sizeof url, "http://t%02u.test/announce", i);
        rig_add(&rig, url, one_tier ? 0 : i);
    }
}

static uint64_t between_ns(uint32_t a, uint32_t b)
{
    return rig.asked[b].at_ns - rig.asked[a].at_ns;
}

START_TEST(test_the_first_announce_says_all_and_asks_all)
{
    begin_with(3, false);
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(rig_count(&rig, i, "started", 0), 1);
    const char *url = rig.asked[0].url;
    ck_assert_ptr_nonnull(strstr(
        url, "?info_hash=%01hash%20of%20twenty%20byt%FF&peer_id=-BT0100-abcdefghijkl"
             "&port=6881&uploaded=0&downloaded=0&left=1000&compact=1&numwant=200"));
    ck_assert_ptr_nonnull(strstr(url, "&key="));
    ck_assert_str_eq(strstr(rig.asked[0].url, "&key="),
                     strstr(rig.asked[1].url, "&key="));
    ck_assert_uint_eq(rig.peers, 3);
    const struct tracker_row row = rig_row(&rig, 0);
    ck_assert_int_eq(row.phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(row.seeds, 3);
    ck_assert_uint_eq(row.leechers, 4);
    ck_assert_uint_eq(row.downloads, 7);
    ck_assert_uint_eq(rig_count(&rig, 0, "scrape", 0), 0); /* nothing was left to ask */
    rig_done(&rig);
}
END_TEST

/* H26 */
START_TEST(test_a_life_is_started_completed_and_stopped_once_each)
{
    begin_with(1, false);
    rig_begin(&rig);
    rig_run(&rig, 2000 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, 2);
    ck_assert_str_eq(rig.asked[1].event, "");
    ck_assert_uint_ge(between_ns(0, 1), 1800 * NS_PER_S);
    ck_assert_uint_le(between_ns(0, 1), 1802 * NS_PER_S);
    rig.stats.left = 0;
    tracker_manager_completed(rig.manager);
    rig_run(&rig, NS_PER_S);
    ck_assert_str_eq(rig.asked[2].event, "completed");
    ck_assert_ptr_nonnull(strstr(rig.asked[2].url, "&left=0&"));
    rig_run(&rig, 1900 * NS_PER_S);
    rig_stop(&rig);
    ck_assert_uint_eq(rig.stops, 0); /* never from inside */
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.stops, 1);
    ck_assert_ptr_nonnull(strstr(rig.asked[rig.asked_count - 1].url, "&numwant=0&"));
    rig_run(&rig, 10000 * NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 0, "started", 0), 1);
    ck_assert_uint_eq(rig_count(&rig, 0, "completed", 0), 1);
    ck_assert_uint_eq(rig_count(&rig, 0, "stopped", 0), 1);
    ck_assert_uint_eq(rig_count(&rig, 0, "", 0), 2); /* and none while stopped */
    rig_done(&rig);
}
END_TEST

/* Stopping and starting again, at any moment of the farewell. */
/* H26 */
START_TEST(test_a_change_of_mind_ends_in_started)
{
    begin_with(1, false);
    rig_begin(&rig);
    rig_run(&rig, 60 * NS_PER_S);
    rig_stop(&rig);
    rig_run(&rig, (uint64_t)_i * 400 * NS_PER_US);
    tracker_manager_start(rig.manager);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.stops, 1);
    ck_assert_uint_eq(rig.asked_count, 3);
    ck_assert_str_eq(rig.asked[1].event, "stopped");
    ck_assert_str_eq(rig.asked[2].event, "started");
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    rig_run(&rig, 1900 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, 4);
    rig_done(&rig);
}
END_TEST

static void answer_never(void *context, const char *url, struct vhttp_answer *answer)
{
    (void)context;
    (void)url;
    answer->never = true;
}

static size_t max_body;

static void answer_never_and_note(void *context, const char *url,
                                  struct vhttp_answer *answer)
{
    answer_never(context, url, answer);
    max_body = answer->max_body;
}

/* H1, H3: a mebibyte is read at most, for half a minute at most. */
START_TEST(test_a_silent_tracker_is_given_thirty_seconds)
{
    begin_with(1, false);
    rig.answer = answer_never_and_note;
    rig_begin(&rig);
    rig_run(&rig, 29900 * NS_PER_MS);
    ck_assert_uint_eq(max_body, 1048576);
    ck_assert_int_ne(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED);
    rig_done(&rig);
}
END_TEST

/* H23 */
START_TEST(test_a_tracker_that_is_silent_at_the_end_holds_nobody_up)
{
    begin_with(1, false);
    rig_begin(&rig);
    rig_run(&rig, 60 * NS_PER_S);
    rig.answer = answer_never;
    rig_stop(&rig);
    rig_run(&rig, 2900 * NS_PER_MS);
    ck_assert_uint_eq(rig.stops, 0);
    rig_run(&rig, 200 * NS_PER_MS);
    ck_assert_uint_eq(rig.stops, 1);
    tracker_manager_start(rig.manager);
    rig.answer = NULL;
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 0, "started", 0), 2);
    rig_done(&rig);
}
END_TEST

START_TEST(test_one_that_may_have_heard_started_is_told_of_the_end)
{
    begin_with(2, false);
    rig.answer = answer_never;
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    rig.answer = NULL;
    rig_stop(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.stops, 1);
    ck_assert_uint_eq(rig_count(&rig, 0, "stopped", 0), 1);
    ck_assert_uint_eq(rig_count(&rig, 1, "stopped", 0), 1);
    rig_done(&rig);
}
END_TEST

START_TEST(test_completed_before_the_answer_is_told_after_it)
{
    begin_with(1, false);
    rig_begin(&rig);
    rig_run(&rig, 500 * NS_PER_US); /* asked, not answered */
    ck_assert_uint_eq(rig.asked_count, 1);
    tracker_manager_completed(rig.manager);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 0, "completed", 0), 1);
    ck_assert_uint_eq(rig.asked_count, 2);
    rig_done(&rig);
}
END_TEST

static void answer_failing(void *context, const char *url, struct vhttp_answer *answer)
{
    (void)context;
    (void)url;
    answer->error = ERROR_SYSTEM;
    answer->message = "no \x1b[1mroute";
}

START_TEST(test_failures_are_retried_ever_more_rarely)
{
    begin_with(1, false);
    rig.answer = answer_failing;
    rig_begin(&rig);
    rig_run(&rig, 10 * 3600 * NS_PER_S);
    uint64_t last_ns = 4 * NS_PER_S;
    for (uint32_t i = 1; i < 9; i++) {
        ck_assert_uint_gt(between_ns(i - 1, i), last_ns);
        last_ns = between_ns(i - 1, i);
    }
    ck_assert_uint_lt(between_ns(0, 1), 8 * NS_PER_S);
    ck_assert_uint_lt(rig.asked_count, 40);
    ck_assert_uint_le(between_ns(rig.asked_count - 2, rig.asked_count - 1),
                      1802 * NS_PER_S);
    ck_assert_ptr_null(strchr(rig_row(&rig, 0).message, 0x1b));
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_FAILED);
    rig.answer = NULL;
    rig_run(&rig, 2000 * NS_PER_S);
    ck_assert_int_eq(rig_row(&rig, 0).phase, TRACKER_PHASE_OK);
    ck_assert_uint_eq(rig_row(&rig, 0).failures, 0);
    rig_done(&rig);
}
END_TEST

static const struct {
    long status;
    const char *body;
    enum tracker_phase phase;
    const char *words;
    uint32_t asked_least, asked_most; /* within two hours */
} answers[] = {
    {404, "<html>", TRACKER_PHASE_FAILED, "404", 8, 14},
    {410, "<html>", TRACKER_PHASE_DISABLED, "410", 1, 1},
    {429, "", TRACKER_PHASE_FAILED, "429", 8, 14},
    {999, "", TRACKER_PHASE_FAILED, "999", 8, 14},
    {200, "<html>", TRACKER_PHASE_FAILED, "", 8, 14},
    {200, "le", TRACKER_PHASE_FAILED, "", 8, 14},
    {200, "d14:failure reason7:not oure", TRACKER_PHASE_FAILED, "not our", 6, 9},
    {400, "d14:failure reason7:not oure", TRACKER_PHASE_FAILED, "not our", 6, 9},
    {200, "d14:failure reason2:no8:retry ini30ee", TRACKER_PHASE_FAILED, "no", 4, 5},
    {200, "d14:failure reason2:no8:retry in5:nevere", TRACKER_PHASE_DISABLED, "no", 1, 1},
    {200, "d8:intervali1e15:warning message4:slowe", TRACKER_PHASE_OK, "slow", 115, 121},
    {200, "d8:intervali60e12:min intervali3600ee", TRACKER_PHASE_OK, "", 2, 3},
};

static void answer_from_table(void *context, const char *url, struct vhttp_answer *answer)
{
    const struct rig *asking = context;
    if (strstr(url, "/scrape") != NULL) {
        answer->status = 404;
        return;
    }
    answer->status = answers[asking->stats.uploaded].status;
    rig_body(answer, answers[asking->stats.uploaded].body);
}

/* H7, H8, H18 */
START_TEST(test_each_kind_of_answer_has_its_consequence)
{
    begin_with(1, false);
    rig.stats.uploaded = (uint64_t)_i;
    rig.answer = answer_from_table;
    rig_begin(&rig);
    rig_run(&rig, 7200 * NS_PER_S);
    const struct tracker_row row = rig_row(&rig, 0);
    ck_assert_int_eq(row.phase, answers[_i].phase);
    ck_assert_ptr_nonnull(strstr(row.message, answers[_i].words));
    ck_assert_uint_ge(rig_count(&rig, 0, NULL, 0), answers[_i].asked_least);
    ck_assert_uint_le(rig_count(&rig, 0, NULL, 0), answers[_i].asked_most);
    rig_done(&rig);
}
END_TEST

/* R14: the wall clock jumps by days, to the epoch, past 2038: nobody is asked more often
 * or more rarely. */
START_TEST(test_jumps_of_the_wall_clock_change_no_announce)
{
    static const double jumps_s[] = {86400, -86400, -1e9, 2147483650.0 - 1e9,
                                     3600,  -7200};
    const double base_s = 1e9;
    uint32_t counts[2];
    for (int jumping = 0; jumping < 2; jumping++) {
        begin_with(3, false);
        rig_begin(&rig);
        for (unsigned i = 0; i < 200; i++) {
            if (jumping)
                rig.world.clock.wall_base_s = base_s + jumps_s[i % 6];
            rig_run(&rig, 100 * NS_PER_S);
        }
        counts[jumping] = rig.asked_count;
        ck_assert_uint_le(rig_row(&rig, 0).next_ns,
                          loop_now_ns(rig.world.loop) + UINT64_C(1900) * NS_PER_S);
        rig_done(&rig);
    }
    ck_assert_uint_gt(counts[0], 30);
    ck_assert_uint_eq(counts[0], counts[1]);
}
END_TEST

/* ---- tiers ---- */

START_TEST(test_after_the_first_round_one_of_each_tier_is_asked)
{
    begin_with(4, true);
    rig_begin(&rig);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, 4);
    rig_run(&rig, 5 * 1800 * NS_PER_S);
    uint32_t asked_again = 0;
    for (uint32_t i = 0; i < 4; i++)
        asked_again += rig_count(&rig, i, NULL, 4) > 0;
    ck_assert_uint_eq(asked_again, 1);
    const uint32_t before = rig.asked_count;
    rig_stop(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig.asked_count - before, 4); /* all knew us */
    rig_done(&rig);
}
END_TEST

static uint32_t broken; /* a bit for each tracker */

static void answer_unless_broken(void *context, const char *url,
                                 struct vhttp_answer *answer)
{
    (void)context;
    const unsigned number = (unsigned)((url[8] - '0') * 10 + url[9] - '0');
    if ((broken >> number & 1) != 0)
        answer_failing(NULL, url, answer);
    else
        rig_body(answer,
                 "d8:completei1e10:downloadedi1e10:incompletei1e8:intervali600ee");
}

START_TEST(test_when_the_one_fails_another_of_its_tier_takes_over)
{
    begin_with(3, true);
    broken = 0;
    rig.answer = answer_unless_broken;
    rig_begin(&rig);
    rig_run(&rig, 60 * NS_PER_S);
    rig_run(&rig, 700 * NS_PER_S);
    const uint32_t leader = rig.asked[3].tracker;
    broken = 1u << leader;
    const uint32_t from = rig.asked_count;
    rig_run(&rig, 700 * NS_PER_S);
    uint32_t others = 0;
    for (uint32_t i = 0; i < 3; i++)
        others += i != leader ? rig_count(&rig, i, NULL, from) : 0;
    ck_assert_uint_ge(others, 1);
    ck_assert_uint_le(rig_count(&rig, leader, NULL, from), 3);
    broken = 7;
    rig_run(&rig, 3600 * NS_PER_S);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(rig_row(&rig, i).phase, TRACKER_PHASE_FAILED);
    broken = 0;
    const uint32_t end = rig.asked_count;
    rig_run(&rig, 4000 * NS_PER_S);
    ck_assert_uint_ge(rig.asked_count - end, 3);
    rig_done(&rig);
}
END_TEST

START_TEST(test_the_order_within_a_tier_is_any_and_tiers_stay)
{
    bool first_seen[4] = {0};
    for (uint64_t seed = 0; seed < 40; seed++) {
        begin_with(4, true);
        rig.trackers[3].tier = 1;
        random_seeded_init(&rig.world.random, seed);
        rig_begin(&rig);
        rig_run(&rig, NS_PER_S);
        first_seen[rig.asked[0].tracker] = true;
        rig_done(&rig);
    }
    ck_assert(first_seen[0] && first_seen[1] && first_seen[2]);
}
END_TEST

/* H25 */
START_TEST(test_a_hundred_trackers_are_not_asked_in_one_moment)
{
    begin_with(100, false);
    rig_begin(&rig);
    rig_run(&rig, 10 * NS_PER_MS);
    ck_assert_uint_eq(rig.asked_count, 10);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, 100);
    rig_done(&rig);
}
END_TEST

/* ---- where we are (BEP 7) ---- */

static const struct {
    const char *own[2];
    const char *ipv4, *ipv6; /* NULL: not told */
} places[] = {
    {{NULL, NULL}, NULL, NULL},
    {{"192.168.1.7", "2a00:1450:4001::7"}, NULL, "&ipv6=2a00%3A1450%3A4001%3A%3A7"},
    {{"8.8.4.4", NULL}, "&ipv4=8.8.4.4", NULL},
    {{"8.8.4.4", "2a00::1"}, "&ipv4=8.8.4.4", "&ipv6=2a00%3A%3A1"},
    {{"10.1.2.3", "fd00::1"}, NULL, NULL},
    {{"100.64.1.2", "fe80::1"}, NULL, NULL},
    {{"127.0.0.1", "::1"}, NULL, NULL},
    {{"169.254.1.1", "2001:db8::1"}, NULL, NULL},
};

START_TEST(test_public_addresses_of_ours_are_told_and_no_others)
{
    begin_with(1, false);
    for (int i = 0; i < 2; i++)
        if (places[_i].own[i] != NULL)
            vnet_set_own_address(rig.world.vnet, places[_i].own[i]);
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    const char *url = rig.asked[0].url;
    ck_assert_msg((strstr(url, "&ipv4=") != NULL) == (places[_i].ipv4 != NULL), "%s",
                  url);
    ck_assert_msg((strstr(url, "&ipv6=") != NULL) == (places[_i].ipv6 != NULL), "%s",
                  url);
    ck_assert(places[_i].ipv4 == NULL || strstr(url, places[_i].ipv4) != NULL);
    ck_assert(places[_i].ipv6 == NULL || strstr(url, places[_i].ipv6) != NULL);
    rig_done(&rig);
}
END_TEST

/* H24 */
START_TEST(test_no_answer_comes_after_the_end)
{
    begin_with(3, false);
    rig_begin(&rig);
    rig_run(&rig, 500 * NS_PER_US); /* asked, not answered */
    ck_assert_uint_eq(rig.asked_count, 3);
    tracker_manager_free(rig.manager);
    rig.manager = NULL;
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(rig.peers, 0);
    rig_done(&rig);
}
END_TEST

/* ---- the user ---- */

/* H18 */
START_TEST(test_the_users_wish_is_heard_once_a_minute)
{
    begin_with(1, false);
    rig_begin(&rig);
    for (int i = 0; i < 1000; i++) {
        rig_run(&rig, 100 * NS_PER_MS);
        tracker_manager_announce(rig.manager);
    }
    ck_assert_uint_eq(rig.asked_count, 2); /* in 100 s */
    rig_done(&rig);
}
END_TEST

/* H27 */
START_TEST(test_passkeys_are_masked)
{
    rig_init(&rig);
    rig_add(&rig, "http://t.test/0123456789abcdef0123456789abcdef/announce", 0);
    rig_add(&rig, "http://u.test/announce?passkey=0123456789abcdef", 0);
    rig_add(&rig, "http://v.test:8080/a/b/announce.php", 0);
    rig_begin(&rig);
    ck_assert_ptr_null(strstr(rig_row(&rig, 0).url, "0123"));
    ck_assert_ptr_nonnull(strstr(rig_row(&rig, 0).url, "/announce"));
    ck_assert_ptr_null(strstr(rig_row(&rig, 1).url, "0123"));
    ck_assert_str_eq(rig_row(&rig, 2).url, "http://v.test:8080/a/b/announce.php");
    rig_run(&rig, NS_PER_S);
    ck_assert_ptr_nonnull(strstr(rig.asked[0].url, "?"));
    for (uint32_t i = 0; i < 3; i++)
        if (strstr(rig.asked[i].url, "passkey=0123456789abcdef") != NULL)
            ck_assert_ptr_nonnull(
                strstr(rig.asked[i].url, "passkey=0123456789abcdef&info_hash="));
    rig_done(&rig);
}
END_TEST

static void answer_with_id(void *context, const char *url, struct vhttp_answer *answer)
{
    (void)context;
    (void)url;
    rig_body(answer,
             "d8:completei1e10:downloadedi1e8:intervali60e10:tracker id5:a&b\r\ne");
}

/* H16 */
START_TEST(test_a_tracker_id_is_given_back_escaped)
{
    begin_with(1, false);
    rig.answer = answer_with_id;
    rig_begin(&rig);
    rig_run(&rig, 70 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, 2);
    ck_assert_ptr_nonnull(strstr(rig.asked[1].url, "&trackerid=a%26b%0D%0A"));
    rig_done(&rig);
}
END_TEST

/* H12 */
static void answer_from_public(void *context, const char *url,
                               struct vhttp_answer *answer)
{
    const struct rig *asking = context;
    rig.stats.downloaded = answer->shut;
    rig_body(answer, "d8:completei1e10:downloadedi1e8:intervali60ee");
    if (asking->stats.uploaded > 0)
        answer->from = vnet_parse("8.8.8.8:80");
    (void)url;
}

static unsigned shut_of(const char *url, bool public)
{
    rig_init(&rig);
    rig_add(&rig, url, 0);
    rig.stats.uploaded = public;
    rig.answer = answer_from_public;
    rig_begin(&rig);
    rig_run(&rig, 65 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, 2);
    const unsigned shut = (unsigned)rig.stats.downloaded;
    rig_done(&rig);
    return shut;
}

START_TEST(test_a_name_that_was_public_may_not_become_private)
{
    ck_assert_uint_eq(shut_of("http://t.test/announce", true), HTTP_SHUT_PRIVATE);
    ck_assert_uint_eq(shut_of("http://t.test/announce", false), HTTP_SHUT_NONE);
}
END_TEST

/* H12 */
START_TEST(test_this_machine_is_asked_for_announces_alone)
{
    ck_assert_uint_eq(shut_of("http://t.test/key/announce.php?x=/", false), 0);
    ck_assert_uint_eq(shut_of("http://t.test/delete?x=/announce", false),
                      HTTP_SHUT_LOOPBACK);
    ck_assert_uint_eq(shut_of("http://announce", false), HTTP_SHUT_LOOPBACK);
}
END_TEST

static void answer_with_names(void *context, const char *url, struct vhttp_answer *answer)
{
    (void)url;
    char body[4096] = "d8:completei1e10:downloadedi1e8:intervali1800e5:peersl";
    size_t length = strlen(body);
    for (int i = 0; i < 30; i++) /* of the same name; 20 count */
        length += (size_t)snprintf(body + length, sizeof body - length,
                                   "d2:ip6:p.test4:porti%deed2:ip3:a/b4:porti1ee", 6881);
    snprintf(body + length, sizeof body - length, "ee");
    rig_body(answer, body);
    if (((const struct rig *)context)->stats.uploaded > 0)
        answer->from = vnet_parse("8.8.8.8:80");
}

/* H21: host names of peers are looked up, twenty at most, and held to the scope rule. */
START_TEST(test_peers_named_by_host_are_looked_up)
{
    struct netaddr addresses[3];
    ck_assert_int_eq(netaddr_parse("10.0.0.3:1", 0, &addresses[0]), ERROR_NONE);
    ck_assert_int_eq(netaddr_parse("8.8.4.4:1", 0, &addresses[1]), ERROR_NONE);
    ck_assert_int_eq(netaddr_parse("0.0.0.0:1", 0, &addresses[2]), ERROR_NONE);
    begin_with(1, false);
    rig.stats.uploaded = (uint64_t)_i;
    rig.answer = answer_with_names;
    vnet_set_name(rig.world.vnet, "p.test", addresses, 3);
    rig_begin(&rig);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.peers, _i == 0 ? 40 : 20);
    rig_done(&rig);
}
END_TEST

/* ---- scraping ---- */

static void answer_bare_and_scrape(void *context, const char *url,
                                   struct vhttp_answer *answer)
{
    (void)context;
    if (strstr(url, "/scrape") == NULL) {
        rig_body(answer, "d8:intervali60e5:peers0:e");
        return;
    }
    static const char reply[] = "d5:filesd20:\x01hash of twenty byt\xff"
                                "d8:completei5e"
                                "10:downloadedi50e10:incompletei10eeee";
    rig_body(answer, reply);
}

START_TEST(test_counts_an_announce_lacks_are_scraped_now_and_then)
{
    rig_init(&rig);
    rig_add(&rig, "http://t.test/x/announce.php?key=1", 0);
    rig.answer = answer_bare_and_scrape;
    rig_begin(&rig);
    rig_run(&rig, NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 0, "scrape", 0), 1);
    ck_assert_ptr_nonnull(
        strstr(rig.asked[1].url, "http://t.test/x/scrape.php?key=1&info_hash=%01hash"));
    ck_assert_uint_eq(rig_row(&rig, 0).seeds, 5);
    ck_assert_uint_eq(rig_row(&rig, 0).leechers, 10);
    ck_assert_uint_eq(rig_row(&rig, 0).downloads, 50);
    rig_run(&rig, 3500 * NS_PER_S);
    ck_assert_uint_eq(rig_count(&rig, 0, "scrape", 0), 2);
    ck_assert_uint_eq(rig_row(&rig, 0).seeds, 5);
    rig_done(&rig);
}
END_TEST

START_TEST(test_an_address_without_announce_is_not_scraped)
{
    rig_init(&rig);
    rig_add(&rig, "http://t.test/x/tracker", 0);
    rig.answer = answer_bare_and_scrape;
    rig_begin(&rig);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(rig.asked_count, 1);
    rig_done(&rig);
}
END_TEST

#define COUNT(table) ((int)(sizeof table / sizeof *table))

Suite *suite_http_trackers(void)
{
    Suite *suite = suite_create("http_trackers");
    TCase *tcase = tcase_create("http_trackers");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_the_first_announce_says_all_and_asks_all);
    tcase_add_test(tcase, test_a_life_is_started_completed_and_stopped_once_each);
    tcase_add_loop_test(tcase, test_a_change_of_mind_ends_in_started, 0, 6);
    tcase_add_test(tcase, test_a_silent_tracker_is_given_thirty_seconds);
    tcase_add_test(tcase, test_a_tracker_that_is_silent_at_the_end_holds_nobody_up);
    tcase_add_test(tcase, test_one_that_may_have_heard_started_is_told_of_the_end);
    tcase_add_test(tcase, test_completed_before_the_answer_is_told_after_it);
    tcase_add_test(tcase, test_failures_are_retried_ever_more_rarely);
    tcase_add_loop_test(tcase, test_each_kind_of_answer_has_its_consequence, 0,
                        COUNT(answers));
    tcase_add_test(tcase, test_after_the_first_round_one_of_each_tier_is_asked);
    tcase_add_test(tcase, test_when_the_one_fails_another_of_its_tier_takes_over);
    tcase_add_test(tcase, test_the_order_within_a_tier_is_any_and_tiers_stay);
    tcase_add_test(tcase, test_a_hundred_trackers_are_not_asked_in_one_moment);
    tcase_add_test(tcase, test_the_users_wish_is_heard_once_a_minute);
    tcase_add_test(tcase, test_passkeys_are_masked);
    tcase_add_test(tcase, test_jumps_of_the_wall_clock_change_no_announce);
    tcase_add_test(tcase, test_a_tracker_id_is_given_back_escaped);
    tcase_add_test(tcase, test_counts_an_announce_lacks_are_scraped_now_and_then);
    tcase_add_test(tcase, test_an_address_without_announce_is_not_scraped);
    tcase_add_test(tcase, test_a_name_that_was_public_may_not_become_private);
    tcase_add_test(tcase, test_this_machine_is_asked_for_announces_alone);
    tcase_add_loop_test(tcase, test_peers_named_by_host_are_looked_up, 0, 2);
    tcase_add_loop_test(tcase, test_public_addresses_of_ours_are_told_and_no_others, 0,
                        sizeof places / sizeof *places);
    tcase_add_test(tcase, test_no_answer_comes_after_the_end);
    suite_add_tcase(suite, tcase);
    return suite;
}
