/* Peers refused for what they are or do: who, how long, and what is shown. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

#define MIB (1u << 20)

static struct rig rig;
static struct script_peer remote;

/* ---- globs ---- */

static const struct {
    const char *glob, *name;
    bool matches;
} globs[] = {
    {"Leech", "Leech", true},
    {"leech*", "LEECH 1.2", true},
    {"Leech", "Leech 1.2", false},
    {"*1.2", "Leech 1.2", true},
    {"*.?", "Leech 1.2", true},
    {"?eech*", "Leech", true},
    {"?", "\xc3\xa9", true},
    {"a?c",
     "a\xe6\x98\x9f"
     "c",
     true},
    {"*a*b*c*", "xxaxxbxxcxx", true},
    {"*a*b*c", "xxaxxbxxcxx", false},
    {"**", "x", true},
    {"", "", true},
    {"", "x", false},
    {"*", "", true},
    {"?", "", false},
    {"[x]", "x", false},
    {"[x]", "[X]", true},
};

START_TEST(test_globs_are_text_stars_and_question_marks)
{
    ck_assert_msg(refuse_matches(globs[_i].glob, globs[_i].name) == globs[_i].matches,
                  "%s against %s", globs[_i].glob, globs[_i].name);
}
END_TEST

/* Nobody's name takes long, whatever the glob is. */
START_TEST(test_many_stars_are_no_work)
{
    char name[4096];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert(!refuse_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name));
}
END_TEST

/* ---- peers ---- */

static void begin(bool have_all)
{
    const struct rig_config config = {
        .pieces = 64, .piece_bytes = 65536, .have_all = have_all};
    rig_init(&rig, &config);
    rig.serve = true;
    script_peer_init(&remote);
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static void refuse(const char *glob, uint64_t leech_bytes)
{
    const struct peer_rules rules = {&glob, glob != NULL, leech_bytes};
    ck_assert_int_eq(peer_shared_set_rules(rig.shared, &rules), ERROR_NONE);
}

static struct script_hello hello_of(const char *id)
{
    struct script_hello hello = rig_hello(&rig, 'x', true, true);
    memcpy(hello.peer_id, id, strlen(id));
    return hello;
}

static void come_in(const char *id)
{
    const struct script_hello hello = hello_of(id);
    script_peer_done(&remote);
    script_peer_init(&remote);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, 100 * NS_PER_MS);
}

/* How many rows are blocked for REASON; *RET_ALL: of how many. */
static uint32_t blocked(enum peer_reason reason, uint32_t *ret_all)
{
    struct peer_row row;
    uint32_t count = 0;
    *ret_all = 0;
    for (uint32_t i = 0; i < peer_manager_row_count(rig.manager); i++) {
        if (!peer_manager_row(rig.manager, i, &row) || row.address.family == NETADDR_NONE)
            continue;
        count += row.status == PEER_STATUS_BLOCKED && row.reason == reason;
        ++*ret_all;
    }
    return count;
}

START_TEST(test_a_client_is_refused_without_a_word)
{
    uint32_t all;
    begin(true);
    refuse("transmission 3*", 0);
    come_in("-TR3000-");
    ck_assert(remote.over);
    ck_assert_uint_eq(remote.in.length, 0); /* not even a handshake */
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], 0);
    ck_assert_uint_eq(rig.count[PEER_GONE], 1);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_CLIENT);
    ck_assert_uint_eq(blocked(PEER_REASON_CLIENT, &all), 1);
    for (int i = 0; i < 5; i++)
        come_in("-TR3000-"); /* from other ports: one row is enough */
    ck_assert_uint_eq(blocked(PEER_REASON_CLIENT, &all), 1);
    ck_assert_uint_eq(all, 1);
    come_in("-TR4000-");
    ck_assert(!remote.over);
    end();
}
END_TEST

START_TEST(test_the_name_of_the_extension_counts)
{
    uint32_t all;
    begin(true);
    refuse("evil*", 0);
    come_in("-TR4000-");
    ck_assert(!remote.over);
    script_peer_put(&remote, 20, "\0d1:v8:Good 1.0e", 16);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert(!remote.over);
    script_peer_put(&remote, 20, "\0d1:v8:Evil 1.0e", 16);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert(remote.over);
    ck_assert_uint_eq(blocked(PEER_REASON_CLIENT, &all), 1);
    end();
}
END_TEST

START_TEST(test_one_that_is_refused_is_not_called_for_an_hour)
{
    struct peer_row row;
    begin(true);
    const struct script_hello hello = hello_of("-TR3000-");
    refuse("*mission 3*", 0);
    script_peer_listen(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                       "10.0.0.2:7000");
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    rig_run(&rig, NS_PER_S);
    ck_assert(remote.connected);
    script_peer_handshake(&remote, &hello);
    rig_run(&rig, NS_PER_S);
    ck_assert(remote.over);
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row));
    ck_assert_int_eq(row.status, PEER_STATUS_BLOCKED);
    rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_TRACKER);
    const uint32_t connected = rig.count[PEER_CONNECTED];
    rig_run(&rig, 3590 * NS_PER_S);
    ck_assert_uint_eq(rig.count[PEER_CONNECTED], connected);
    refuse(NULL, 0); /* other rules: it may come at once */
    ck_assert(rig_row(&rig, "10.0.0.2:7000", &row));
    ck_assert_int_eq(row.status, PEER_STATUS_INACTIVE);
    rig_run(&rig, 3600 * NS_PER_S);
    ck_assert_uint_gt(rig.count[PEER_CONNECTED], connected);
    end();
}
END_TEST

START_TEST(test_new_rules_hold_for_those_connected)
{
    begin(true);
    come_in("-TR3000-");
    ck_assert(!remote.over);
    refuse("Transmission*", 0);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert(remote.over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_CLIENT);
    end();
}
END_TEST

static uint64_t uploaded(void)
{
    struct peer_row row = {.uploaded = 0};
    for (uint32_t i = 0; i < peer_manager_row_count(rig.manager); i++)
        if (peer_manager_row(rig.manager, i, &row) && row.connected)
            return row.uploaded;
    return 0;
}

/* It is interested, gets a slot and fetches; we want what it HAS, or it has nothing. */
static void take(uint32_t pieces, bool has)
{
    come_in("-TR3000-");
    script_peer_put(&remote, 15, NULL, 0);
    if (has)
        script_peer_put_u32(&remote, 4, 40);
    script_peer_put(&remote, 2, NULL, 0);
    rig_run(&rig, 100 * NS_PER_MS);
    if (has)
        rig_post_interest(&rig, rig.peer, true);
    rig_run(&rig, 15 * NS_PER_S);
    for (uint32_t i = 0; i < pieces; i++)
        for (uint32_t at = 0; at < 65536; at += 16384)
            script_peer_put_block(&remote, 6, i, at, 16384);
    rig_run(&rig, 5 * NS_PER_S);
}

/* We have the first half. */
static void begin_half(void)
{
    begin(false);
    for (uint32_t i = 0; i < 32; i++)
        bitfield_set(&rig.have, i);
}

START_TEST(test_who_takes_and_never_gives_is_refused)
{
    uint32_t all;
    begin_half();
    refuse(NULL, MIB);
    take(15, true);
    ck_assert(!remote.over); /* not enough yet */
    ck_assert_uint_eq(uploaded(), 15 * 65536);
    for (uint32_t at = 0; at < 65536; at += 16384)
        script_peer_put_block(&remote, 6, 16, at, 16384);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert(remote.over);
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_LEECH);
    ck_assert_uint_eq(blocked(PEER_REASON_LEECH, &all), 1);
    come_in("-TR3000-"); /* the same, from another port */
    ck_assert(remote.over);
    ck_assert_uint_eq(blocked(PEER_REASON_LEECH, &all), 1);
    end();
}
END_TEST

START_TEST(test_who_gave_anything_may_take)
{
    begin_half();
    refuse(NULL, MIB);
    take(15, true);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 100 * NS_PER_MS);
    rig_post_block(&rig, PEER_REQUEST, rig.peer, 40, 0, 16384);
    rig_run(&rig, 100 * NS_PER_MS);
    script_peer_put_piece(&remote, 40, 0, 16384);
    rig_run(&rig, 100 * NS_PER_MS);
    for (uint32_t at = 0; at < 65536; at += 16384)
        script_peer_put_block(&remote, 6, 16, at, 16384);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert(!remote.over);
    end();
}
END_TEST

START_TEST(test_who_has_nothing_to_give_is_not_to_blame)
{
    begin_half();
    refuse(NULL, MIB);
    take(20, false);
    ck_assert(!remote.over);
    ck_assert_uint_eq(uploaded(), 20 * 65536);
    end();
}
END_TEST

START_TEST(test_a_seed_asks_for_nothing_back)
{
    begin(true);
    refuse(NULL, MIB);
    peer_manager_set_complete(rig.manager, true);
    peer_manager_set_upload_only(rig.manager, true);
    take(20, false);
    ck_assert(!remote.over);
    ck_assert_uint_eq(uploaded(), 20 * 65536);
    end();
}
END_TEST

/* After an hour a caller's row is gone. */
START_TEST(test_old_refusals_are_forgotten)
{
    static struct script_peer other;
    struct script_hello hello;
    uint32_t all;
    begin(true);
    refuse("*mission 3*", 0);
    come_in("-TR3000-");
    ck_assert_uint_eq(blocked(PEER_REASON_CLIENT, &all), 1);
    script_peer_init(&other);
    hello = hello_of("-TR4000-");
    script_peer_dial(&other, vnet_host(rig.world.vnet, "10.0.0.3"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&other, &hello);
    for (int i = 0; i < 61; i++) {
        script_peer_send(&other, "\0\0\0\0", 4); /* there is a tick while one is there */
        rig_run(&rig, 60 * NS_PER_S);
    }
    ck_assert(!other.over);
    ck_assert_uint_eq(blocked(PEER_REASON_CLIENT, &all), 0);
    ck_assert_uint_eq(all, 1);
    script_peer_done(&other);
    end();
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *suite_refuse(void)
{
    Suite *suite = suite_create("refuse");
    TCase *tcase = tcase_create("refuse");
    tcase_add_loop_test(tcase, test_globs_are_text_stars_and_question_marks, 0,
                        COUNT(globs));
    tcase_add_test(tcase, test_many_stars_are_no_work);
    tcase_add_test(tcase, test_a_client_is_refused_without_a_word);
    tcase_add_test(tcase, test_the_name_of_the_extension_counts);
    tcase_add_test(tcase, test_one_that_is_refused_is_not_called_for_an_hour);
    tcase_add_test(tcase, test_new_rules_hold_for_those_connected);
    tcase_add_test(tcase, test_who_takes_and_never_gives_is_refused);
    tcase_add_test(tcase, test_who_gave_anything_may_take);
    tcase_add_test(tcase, test_who_has_nothing_to_give_is_not_to_blame);
    tcase_add_test(tcase, test_a_seed_asks_for_nothing_back);
    tcase_add_test(tcase, test_old_refusals_are_forgotten);
    suite_add_tcase(suite, tcase);
    return suite;
}
