/* Super-seeding (BEP 16): two pieces at a time to each. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>
#include <string.h>

#define PIECES  16u
#define REMOTES 4

static struct rig rig;
static struct script_peer remotes[REMOTES];
static uint32_t told[PIECES], last; /* how often each was, to whomever; the last */

static void begin(bool on)
{
    static const struct rig_config config = {.pieces = PIECES, .have_all = true};
    rig_init(&rig, &config);
    peer_manager_set_super_seed(rig.manager, on);
    memset(told, 0, sizeof told);
    for (int i = 0; i < REMOTES; i++)
        script_peer_init(&remotes[i]);
}

static void end(void)
{
    for (int i = 0; i < REMOTES; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* With nothing, which it says if it is FAST. */
static void come_in(int number, bool fast)
{
    const struct script_hello hello = rig_hello(&rig, (char)('A' + number), fast, true);
    char host[16];
    snprintf(host, sizeof host, "10.0.1.%d", number + 1);
    script_peer_dial(&remotes[number], vnet_host(rig.world.vnet, host), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remotes[number], &hello);
    if (fast)
        script_peer_put(&remotes[number], 15, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void has(int number, uint32_t piece)
{
    script_peer_put_u32(&remotes[number], 4, piece);
    rig_run(&rig, 50 * NS_PER_MS);
}

/* How many HAVEs it was told; nothing else that tells of pieces. */
static uint32_t haves(int number)
{
    struct script_message message;
    uint32_t count = 0;
    while (script_peer_next(&remotes[number], &message)) {
        ck_assert_int_ne(message.id, 5);
        ck_assert_int_ne(message.id, 14);
        ck_assert_int_ne(message.id, 17);
        if (message.id != 4)
            continue;
        last = be32_get(message.body);
        told[last]++;
        count++;
    }
    return count;
}

START_TEST(test_each_is_shown_pieces_of_its_own)
{
    begin(true);
    come_in(0, true);
    come_in(1, true);
    come_in(2, false); /* BEP 3 has no word for nothing */
    rig_run(&rig, 2 * NS_PER_S);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(haves(i), 2);
    for (uint32_t piece = 0; piece < PIECES; piece++)
        ck_assert_uint_le(told[piece], 1);
    ck_assert(peer_manager_is_super_seeding(rig.manager));
    end();
}
END_TEST

START_TEST(test_the_next_comes_when_one_turned_up_elsewhere)
{
    begin(true);
    come_in(0, true);
    come_in(1, true);
    ck_assert_uint_eq(haves(0), 2);
    const uint32_t first = last;
    ck_assert_uint_eq(haves(1), 2);
    has(0, first);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(haves(0), 0); /* it keeps it for itself */
    has(1, first);
    ck_assert_uint_eq(haves(0), 1);
    ck_assert_uint_eq(told[last], 1);
    ck_assert_uint_eq(haves(1), 0);
    has(0, last); /* nobody takes it: half a minute, and it may go on */
    rig_run(&rig, 32 * NS_PER_S);
    ck_assert_uint_eq(haves(0), 1);
    ck_assert_uint_eq(told[last], 1);
    end();
}
END_TEST

START_TEST(test_one_alone_need_not_wait)
{
    begin(true);
    come_in(0, true);
    ck_assert_uint_eq(haves(0), 2);
    for (uint32_t i = 2; i < PIECES; i++) {
        has(0, last);
        ck_assert_uint_eq(haves(0), 1);
        ck_assert_uint_eq(told[last], 1);
    }
    end();
}
END_TEST

/* It is over for good when somebody else has everything, or when it is turned off. */
START_TEST(test_in_the_end_all_is_told)
{
    begin(true);
    come_in(0, true);
    ck_assert_uint_eq(haves(0), 2);
    if (_i == 0) {
        come_in(1, true);
        for (uint32_t i = 0; i < PIECES; i++)
            has(1, i);
    } else {
        peer_manager_set_super_seed(rig.manager, false);
    }
    ck_assert(!peer_manager_is_super_seeding(rig.manager));
    rig_run(&rig, 2 * NS_PER_S);
    haves(0);
    for (uint32_t piece = 0; piece < PIECES; piece++)
        ck_assert_uint_ge(told[piece], 1);
    come_in(2, true);
    ck_assert_uint_eq(script_peer_count(&remotes[2], 14), 1);
    end();
}
END_TEST

/* Nor does it say that it wants nothing. */
START_TEST(test_it_looks_like_a_leecher)
{
    struct script_message message;
    struct wire_extension extension;
    begin(true);
    come_in(0, true);
    ck_assert(script_peer_find(&remotes[0], 15, &message));
    ck_assert(script_peer_find(&remotes[0], 20, &message));
    ck_assert_int_eq(
        wire_read_extension(message.body + 1, message.length - 1, &extension),
        ERROR_NONE);
    ck_assert(!extension.upload_only);
    peer_manager_set_super_seed(rig.manager, false);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(script_peer_find(&remotes[0], 20, &message));
    ck_assert_int_eq(
        wire_read_extension(message.body + 1, message.length - 1, &extension),
        ERROR_NONE);
    ck_assert(extension.upload_only);
    end();
}
END_TEST

START_TEST(test_without_being_asked_everything_is_shown)
{
    begin(false);
    come_in(0, true);
    ck_assert_uint_eq(script_peer_count(&remotes[0], 14), 1);
    ck_assert(!peer_manager_is_super_seeding(rig.manager));
    end();
}
END_TEST

Suite *suite_super_seed(void)
{
    Suite *suite = suite_create("super_seed");
    TCase *tcase = tcase_create("super_seed");
    tcase_add_test(tcase, test_each_is_shown_pieces_of_its_own);
    tcase_add_test(tcase, test_the_next_comes_when_one_turned_up_elsewhere);
    tcase_add_test(tcase, test_one_alone_need_not_wait);
    tcase_add_loop_test(tcase, test_in_the_end_all_is_told, 0, 2);
    tcase_add_test(tcase, test_it_looks_like_a_leecher);
    tcase_add_test(tcase, test_without_being_asked_everything_is_shown);
    suite_add_tcase(suite, tcase);
    return suite;
}
