/* Who has a slot, as peers see it. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <stdio.h>

#define REMOTES 18
#define SLOTS   9u /* eight and the optimistic one */

static struct rig rig;
static struct script_peer remotes[REMOTES];
static bool has_slot[REMOTES];

/* They all want something of a seed. */
static void begin(void)
{
    static const struct rig_config config = {.pieces = 64, .have_all = true};
    rig_init(&rig, &config);
    rig.readable = UINT32_MAX;
    for (int i = 0; i < REMOTES; i++) {
        const struct script_hello hello = rig_hello(&rig, (char)('A' + i), true, true);
        char host[16];
        snprintf(host, sizeof host, "10.0.1.%d", i + 1);
        has_slot[i] = false;
        script_peer_init(&remotes[i]);
        script_peer_dial(&remotes[i], vnet_host(rig.world.vnet, host), rig.world.loop,
                         "10.0.0.1:6881");
        script_peer_handshake(&remotes[i], &hello);
        script_peer_put(&remotes[i], 2, NULL, 0);
    }
    rig_run(&rig, NS_PER_S / 2);
}

static void end(void)
{
    for (int i = 0; i < REMOTES; i++)
        script_peer_done(&remotes[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

/* Takes what they were told; how many have a slot. */
static uint32_t look(void)
{
    struct script_message message;
    uint32_t count = 0;
    for (int i = 0; i < REMOTES; i++) {
        while (script_peer_next(&remotes[i], &message))
            if (message.id == 0 || message.id == 1)
                has_slot[i] = message.id == 1;
        count += has_slot[i];
    }
    return count;
}

/* Two pieces from FIRST on. */
static void take_two(int number, uint32_t first)
{
    for (uint32_t block = 0; block < 4; block++)
        script_peer_put_block(&remotes[number], 6, first + block / 2,
                              block % 2 * BLOCK_BYTES, BLOCK_BYTES);
}

/* Who has nothing to give is of no use to the others: nobody waits for a minute while
 * somebody fetches its sixteen pieces, until each has had its first two. */
START_TEST(test_a_seeds_first_turns_are_short)
{
    bool first[REMOTES];
    begin();
    ck_assert_uint_eq(look(), SLOTS);
    for (int i = 0; i < REMOTES; i++) {
        first[i] = has_slot[i];
        if (first[i])
            take_two(i, 0);
    }
    rig_run(&rig, 11 * NS_PER_S);
    ck_assert_uint_eq(look(), SLOTS);
    uint32_t kept = 0;
    for (int i = 0; i < REMOTES; i++)
        kept += first[i] && has_slot[i];
    ck_assert_uint_le(kept, 1); /* the optimistic slot is for thirty seconds */
    for (int i = 0; i < REMOTES; i++)
        if (has_slot[i])
            take_two(i, 2);
    rig_run(&rig, 20 * NS_PER_S);
    look();
    for (int i = 0; i < REMOTES; i++) {
        first[i] &= has_slot[i]; /* for the second time */
        if (first[i])
            take_two(i, 4);
    }
    rig_run(&rig, 10 * NS_PER_S);
    look();
    uint32_t stayed = 0;
    for (int i = 0; i < REMOTES; i++)
        stayed += first[i] && has_slot[i];
    ck_assert_uint_ge(stayed, SLOTS - 2);
    end();
}
END_TEST

Suite *suite_slots(void)
{
    Suite *suite = suite_create("slots");
    TCase *tcase = tcase_create("slots");
    tcase_add_test(tcase, test_a_seeds_first_turns_are_short);
    suite_add_tcase(suite, tcase);
    return suite;
}
