#include "peer/choker.h"
#include "tests/unit/peer/check_peer.h"

#include <string.h>

#define PEERS_MAX 64

static struct choker choker;
static struct choker_peer peers[PEERS_MAX];
static uint32_t count;
static uint64_t now_ns;
static struct random_seeded random_source;

static void begin(uint32_t how_many)
{
    memset(&choker, 0, sizeof choker);
    memset(peers, 0, sizeof peers);
    count = how_many;
    now_ns = 1000 * NS_PER_S;
    random_seeded_init(&random_source, 5);
    choker.slots = 4;
    for (uint32_t i = 0; i < count; i++) {
        peers[i].interested = true;
        peers[i].given = 1000 * (i + 1);
        peers[i].quota = 1u << 20;
    }
}

static void run(bool whole, bool seeding)
{
    bool before[PEERS_MAX];
    const struct choker_rules rules = {.whole = whole,
                                       .seeding = seeding,
                                       .now_ns = now_ns,
                                       .random = &random_source.source};
    for (uint32_t i = 0; i < count; i++)
        before[i] = peers[i].unchoked;
    choker_run(&choker, peers, count, &rules);
    for (uint32_t i = 0; i < count; i++) {
        if (before[i] == peers[i].unchoked)
            continue;
        peers[i].unchoked_at_ns = now_ns;
        peers[i].served = 0;
    }
}

static uint32_t unchoked(void)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += peers[i].unchoked;
    return total;
}

static uint32_t optimistic(void)
{
    for (uint32_t i = 0; i < count; i++)
        if (peers[i].optimistic)
            return i;
    return UINT32_MAX;
}

START_TEST(test_those_who_give_most_are_served_and_one_more)
{
    begin(10);
    run(true, false);
    for (uint32_t i = 6; i < 10; i++)
        ck_assert(peers[i].unchoked && !peers[i].optimistic);
    ck_assert_uint_eq(unchoked(), 5);
    ck_assert_uint_lt(optimistic(), 6);
}
END_TEST

START_TEST(test_who_wants_nothing_or_is_paused_gets_no_slot)
{
    begin(10);
    peers[9].interested = false;
    peers[8].blocked = true;
    run(true, false);
    ck_assert(!peers[9].unchoked && !peers[8].unchoked);
    ck_assert(peers[7].unchoked && peers[4].unchoked);
}
END_TEST

START_TEST(test_the_snubbing_only_have_the_optimistic_slot)
{
    begin(3);
    peers[2].snubbed = true;
    run(true, false);
    ck_assert(peers[2].unchoked && peers[2].optimistic);
    ck_assert_uint_eq(unchoked(), 3);
}
END_TEST

START_TEST(test_who_is_put_last_has_a_slot_only_when_nobody_else_waits)
{
    for (int seeding = 0; seeding < 2; seeding++) {
        begin(7);
        peers[6].put_last = true; /* it gives most */
        run(true, seeding == 1);
        ck_assert_uint_eq(unchoked(), 5);
        ck_assert(!peers[6].unchoked);
        for (int i = 0; i < 60; i++) {
            now_ns += CHOKER_PERIOD_NS;
            run(true, seeding == 1);
            ck_assert(!peers[6].unchoked);
        }
        for (uint32_t i = 0; i < 3; i++)
            peers[i].interested = false;
        now_ns += CHOKER_PERIOD_NS;
        run(true, seeding == 1);
        ck_assert(peers[6].unchoked && peers[6].optimistic);
        peers[2].interested = true;
        now_ns += CHOKER_PERIOD_NS;
        run(true, seeding == 1);
        ck_assert(peers[2].unchoked);
    }
}
END_TEST

START_TEST(test_the_optimistic_slot_goes_round_every_thirty_seconds)
{
    bool had[PEERS_MAX] = {0};
    begin(12); /* eight compete for it */
    uint32_t last = UINT32_MAX, changes = 0;
    for (int period = 0; period < 24; period++, now_ns += CHOKER_PERIOD_NS) {
        run(true, false);
        const uint32_t now = optimistic();
        ck_assert_uint_lt(now, 8);
        had[now] = true;
        changes += now != last;
        last = now;
    }
    ck_assert_uint_eq(changes, 8); /* in 240 s */
    for (uint32_t i = 0; i < 8; i++)
        ck_assert_msg(had[i], "%u never had it", i);
}
END_TEST

/* Five that took and gave nothing, five that gave back, one that has just come. */
START_TEST(test_new_ones_and_those_who_gave_back_wait_a_third_as_long)
{
    begin(15);
    for (uint32_t i = 0; i < 11; i++) {
        peers[i].given = 0;
        peers[i].gives = i >= 5;
        peers[i].unchoked_at_ns = now_ns - (i < 5 ? 250 + i : 90 + i) * NS_PER_S;
    }
    peers[10].unchoked_at_ns = 0;
    peers[10].came_at_ns = now_ns - 30 * NS_PER_S;
    run(true, false);
    ck_assert_uint_eq(optimistic(), 9); /* 99 s, three times */
    now_ns += CHOKER_OPTIMISTIC_NS;
    run(true, false);
    ck_assert_uint_eq(optimistic(), 8); /* 128 */
    for (int i = 0; i < 2; i++, now_ns += CHOKER_OPTIMISTIC_NS)
        run(true, false);
    now_ns += 100 * NS_PER_S;
    peers[7].unchoked_at_ns = peers[6].unchoked_at_ns = peers[5].unchoked_at_ns = now_ns;
    peers[8].unchoked_at_ns = peers[9].unchoked_at_ns = now_ns;
    run(true, false);
    ck_assert_uint_eq(optimistic(), 10); /* it has come 250 s ago */
    peers[10].interested = false;
    run(true, false);
    ck_assert_uint_eq(optimistic(), 4);
}
END_TEST

START_TEST(test_a_new_wish_takes_no_ones_slot_away)
{
    begin(10);
    for (uint32_t i = 4; i < 10; i++)
        peers[i].interested = false;
    run(true, false);
    ck_assert_uint_eq(unchoked(), 4);
    peers[9].interested = true;
    peers[8].interested = true;
    now_ns += NS_PER_S;
    run(false, false);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert(peers[i].unchoked);
    ck_assert_uint_eq(unchoked(), 5); /* the optimistic slot was free */
    now_ns += CHOKER_PERIOD_NS;
    run(true, false);
    ck_assert(peers[9].unchoked && peers[8].unchoked);
}
END_TEST

/* P43 */
START_TEST(test_seeding_serves_everybody_in_turn)
{
    uint32_t periods[PEERS_MAX] = {0};
    begin(20);
    for (int period = 0; period < 60; period++, now_ns += CHOKER_PERIOD_NS) {
        run(true, true);
        for (uint32_t i = 0; i < count; i++)
            periods[i] += peers[i].unchoked;
    }
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_msg(periods[i] >= 6, "%u was served %u periods", i, periods[i]);
        ck_assert_uint_le(periods[i], 40);
    }
}
END_TEST

START_TEST(test_a_quota_ends_a_turn_while_seeding)
{
    begin(10);
    run(true, true);
    const bool was[2] = {peers[0].unchoked, peers[1].unchoked};
    for (uint32_t i = 0; i < count; i++)
        peers[i].served = peers[i].unchoked ? 2u << 20 : 0;
    now_ns += CHOKER_PERIOD_NS;
    run(true, true);
    ck_assert_uint_eq(unchoked(), 5);
    ck_assert(!(was[0] && peers[0].unchoked && !peers[0].optimistic));
    ck_assert(!(was[1] && peers[1].unchoked && !peers[1].optimistic));
}
END_TEST

START_TEST(test_a_quota_ends_the_optimistic_turn_too_while_seeding)
{
    begin(10);
    run(true, true);
    const uint32_t first = optimistic();
    now_ns += CHOKER_PERIOD_NS;
    run(true, true);
    ck_assert_uint_eq(optimistic(), first); /* it has half a minute */
    peers[first].served = 2u << 20;
    now_ns += NS_PER_S;
    run(false, true);
    ck_assert_uint_eq(optimistic(), first); /* a wish takes nobody's slot away */
    now_ns += CHOKER_PERIOD_NS;
    run(true, true);
    ck_assert(!peers[first].unchoked);
}
END_TEST

/* P40: at the end of a swarm, when many have become seeds. The others are served, too. */
START_TEST(test_those_who_gave_come_first_for_a_seed)
{
    uint32_t periods[PEERS_MAX] = {0};
    begin(20);
    for (uint32_t i = 0; i < count; i++)
        peers[i].gave = i % 2 == 0;
    for (int period = 0; period < 120; period++, now_ns += CHOKER_PERIOD_NS) {
        run(true, true);
        for (uint32_t i = 0; i < count; i++) {
            periods[i] += peers[i].unchoked;
            ck_assert(peers[i].gave || !peers[i].unchoked || peers[i].optimistic);
        }
    }
    for (uint32_t i = 0; i < count; i++)
        ck_assert_msg(periods[i] >= 6, "%u was served %u periods", i, periods[i]);
}
END_TEST

START_TEST(test_what_those_who_gave_leave_is_for_the_others)
{
    begin(20);
    peers[7].gave = peers[11].gave = true;
    run(true, true);
    ck_assert(peers[7].unchoked && peers[11].unchoked);
    ck_assert_uint_eq(unchoked(), 5);
}
END_TEST

/* Ties are many at the begin, when nobody has had time to give much. */
START_TEST(test_who_gave_once_comes_before_who_never_did)
{
    begin(10);
    for (uint32_t i = 0; i < count; i++)
        peers[i].given = 0;
    peers[2].gave = peers[6].gave = peers[8].gave = peers[9].gave = true;
    run(true, false);
    for (uint32_t i = 0; i < count; i++)
        ck_assert(peers[i].optimistic || peers[i].unchoked == peers[i].gave);
}
END_TEST

static uint64_t quantum(uint32_t number)
{
    return peers[number].quantum;
}

START_TEST(test_the_uplink_is_parted_by_what_each_gave)
{
    begin(6);
    choker.slots = 5;
    for (uint32_t i = 0; i < 6; i++)
        peers[i].given = i < 5 ? 100000 + 50000 * i : 0;
    run(true, false);
    choker_weigh(peers, count);
    ck_assert(peers[5].optimistic);
    uint64_t regular = 0;
    for (uint32_t i = 0; i < 5; i++)
        regular += quantum(i);
    ck_assert_uint_ge(quantum(5) * 100 / (regular + quantum(5)), 19); /* a fifth */
    ck_assert_uint_le(quantum(5) * 100 / (regular + quantum(5)), 21);
    for (uint32_t i = 1; i < 5; i++) { /* 100 : 150 : 200 : 250 : 300 */
        ck_assert_uint_ge(quantum(i) * 100 / quantum(0), 98 + 50 * i);
        ck_assert_uint_le(quantum(i) * 100 / quantum(0), 102 + 50 * i);
    }
}
END_TEST

START_TEST(test_nobodys_part_is_nothing_nor_more_than_four_blocks)
{
    begin(20);
    choker.slots = 20;
    for (uint32_t i = 0; i < 20; i++)
        peers[i].given = i == 7 ? UINT32_MAX : 0;
    run(true, false);
    choker_weigh(peers, count);
    ck_assert_uint_eq(quantum(7), 4 * BLOCK_BYTES);
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_uint_ge(quantum(i), 1024);
    for (uint32_t i = 0; i < 20; i++)
        peers[i].given = 0;
    choker_weigh(peers, count);
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_uint_eq(quantum(i), BLOCK_BYTES);
}
END_TEST

/* P43 */
START_TEST(test_one_public_host_has_one_slot)
{
    begin(10);
    for (uint32_t i = 5; i < 10; i++)
        peers[i].host = 1;
    run(true, false);
    uint32_t of_host = 0;
    for (uint32_t i = 5; i < 10; i++)
        of_host += peers[i].unchoked;
    ck_assert_uint_eq(of_host, 1);
    ck_assert(peers[9].unchoked); /* its best */
    ck_assert_uint_eq(unchoked(), 5);
}
END_TEST

/* P40 */
START_TEST(test_free_riders_share_one_slot_of_thirty_seconds)
{
    uint32_t periods = 0;
    begin(54);
    for (uint32_t i = 0; i < 50; i++)
        peers[i].given = 0;
    for (int period = 0; period < 30; period++, now_ns += CHOKER_PERIOD_NS) {
        run(true, false);
        for (uint32_t i = 0; i < 50; i++)
            periods += peers[i].unchoked;
        for (uint32_t i = 50; i < 54; i++)
            ck_assert(peers[i].unchoked);
    }
    ck_assert_uint_eq(periods, 30);
}
END_TEST

static void adapt(uint32_t used, uint32_t busy, uint32_t held, uint64_t rate,
                  uint64_t limit)
{
    const struct choker_use use = {used, busy, held, rate, limit};
    choker_adapt(&choker, &use);
}

START_TEST(test_slots_grow_while_that_makes_us_faster)
{
    memset(&choker, 0, sizeof choker);
    for (int i = 0; i < 200; i++) {
        const uint32_t slots = choker.slots != 0 ? choker.slots : CHOKER_SLOTS_FIRST;
        /* Each slot brings 100 kB/s, up to a line of 2 MB/s. */
        const uint64_t rate = slots * 100000u < 2000000u ? slots * 100000u : 2000000u;
        adapt(slots, slots, 0, rate, 0);
    }
    ck_assert_uint_ge(choker.slots, 19);
    ck_assert_uint_le(choker.slots, 22);
}
END_TEST

/* Fifty peers that may have 1 KiB/s each all have a slot after four periods. */
START_TEST(test_a_peer_that_its_own_limit_holds_leaves_its_slot_to_others)
{
    memset(&choker, 0, sizeof choker);
    for (int i = 0; i < 4; i++) {
        const uint32_t slots = choker.slots != 0 ? choker.slots : CHOKER_SLOTS_FIRST;
        adapt(slots, slots, slots, slots * 1024u, 0);
    }
    ck_assert_uint_ge(choker.slots, 50);
    ck_assert_uint_le(choker.slots, CHOKER_SLOTS_MOST);
}
END_TEST

/* A line of 100 kB/s, however many share it. */
START_TEST(test_one_who_is_held_does_not_open_slots_without_end)
{
    memset(&choker, 0, sizeof choker);
    for (int i = 0; i < 300; i++) {
        const uint32_t slots = choker.slots != 0 ? choker.slots : CHOKER_SLOTS_FIRST;
        adapt(slots, slots, _i == 0 ? 1 : 4, 100000, 0);
        ck_assert_uint_le(choker.slots, CHOKER_SLOTS_FIRST + 5);
    }
}
END_TEST

/* Whom a small limit holds is not starving, and does not hide that others are. */
START_TEST(test_held_ones_starve_nobody)
{
    memset(&choker, 0, sizeof choker);
    choker.slots = 20;
    for (int i = 0; i < 50; i++)
        adapt(choker.slots, choker.slots, choker.slots / 2, 5000, 5000);
    ck_assert_uint_lt(choker.slots, 10);
}
END_TEST

START_TEST(test_slots_do_not_grow_past_the_limit_nor_while_some_idle)
{
    memset(&choker, 0, sizeof choker);
    for (int i = 0; i < 50; i++)
        adapt(8, 8, 0, 990, 1000);
    ck_assert_uint_le(choker.slots, CHOKER_SLOTS_FIRST);
    memset(&choker, 0, sizeof choker);
    for (int i = 0; i < 50; i++)
        adapt(8, 7, 0, 100000, 0);
    ck_assert_uint_eq(choker.slots, CHOKER_SLOTS_FIRST);
}
END_TEST

START_TEST(test_starving_slots_become_fewer_but_three)
{
    memset(&choker, 0, sizeof choker);
    for (int i = 0; i < 50; i++)
        adapt(64, 64, 0, 5000, 5000);
    ck_assert_uint_eq(choker.slots, CHOKER_SLOTS_LEAST);
}
END_TEST

Suite *suite_choker(void)
{
    Suite *suite = suite_create("choker");
    TCase *tcase = tcase_create("choker");
    tcase_add_test(tcase, test_those_who_give_most_are_served_and_one_more);
    tcase_add_test(tcase, test_who_wants_nothing_or_is_paused_gets_no_slot);
    tcase_add_test(tcase, test_the_snubbing_only_have_the_optimistic_slot);
    tcase_add_test(tcase, test_who_is_put_last_has_a_slot_only_when_nobody_else_waits);
    tcase_add_test(tcase, test_the_optimistic_slot_goes_round_every_thirty_seconds);
    tcase_add_test(tcase, test_new_ones_and_those_who_gave_back_wait_a_third_as_long);
    tcase_add_test(tcase, test_the_uplink_is_parted_by_what_each_gave);
    tcase_add_test(tcase, test_nobodys_part_is_nothing_nor_more_than_four_blocks);
    tcase_add_test(tcase, test_a_new_wish_takes_no_ones_slot_away);
    tcase_add_test(tcase, test_seeding_serves_everybody_in_turn);
    tcase_add_test(tcase, test_a_quota_ends_a_turn_while_seeding);
    tcase_add_test(tcase, test_a_quota_ends_the_optimistic_turn_too_while_seeding);
    tcase_add_test(tcase, test_those_who_gave_come_first_for_a_seed);
    tcase_add_test(tcase, test_what_those_who_gave_leave_is_for_the_others);
    tcase_add_test(tcase, test_who_gave_once_comes_before_who_never_did);
    tcase_add_test(tcase, test_one_public_host_has_one_slot);
    tcase_add_test(tcase, test_free_riders_share_one_slot_of_thirty_seconds);
    tcase_add_test(tcase, test_slots_grow_while_that_makes_us_faster);
    tcase_add_test(tcase, test_a_peer_that_its_own_limit_holds_leaves_its_slot_to_others);
    tcase_add_loop_test(tcase, test_one_who_is_held_does_not_open_slots_without_end, 0,
                        2);
    tcase_add_test(tcase, test_held_ones_starve_nobody);
    tcase_add_test(tcase, test_slots_do_not_grow_past_the_limit_nor_while_some_idle);
    tcase_add_test(tcase, test_starving_slots_become_fewer_but_three);
    suite_add_tcase(suite, tcase);
    return suite;
}
