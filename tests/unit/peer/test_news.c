/* Which pieces we have of late: who is told, and when. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <string.h>

#define CROWD   40
#define REST_NS (CROWD * NS_PER_MS / 2) /* between two rounds of news */

static struct rig rig;
static struct script_peer crowd[CROWD + 1];

static void come_in(uint32_t number)
{
    struct script_hello hello = rig_hello(&rig, 'P', true, true);
    memcpy(hello.peer_id, &number, sizeof number);
    script_peer_init(&crowd[number]);
    script_peer_dial(&crowd[number], vnet_host(rig.world.vnet, "10.0.0.2"),
                     rig.world.loop, "10.0.0.1:6881");
    script_peer_handshake(&crowd[number], &hello);
}

static void meet(void)
{
    static const struct rig_config config = {0};
    rig_init(&rig, &config);
    for (uint32_t i = 0; i < CROWD; i++)
        come_in(i);
    rig_run(&rig, 100 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_HANDSHAKEN], CROWD);
}

static void end(uint32_t peers)
{
    for (uint32_t i = 0; i < peers; i++)
        script_peer_done(&crowd[i]);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

static void get_piece(uint32_t piece)
{
    struct message have = {.type = PEER_HAVE, .u.piece.piece = piece};
    bitfield_set(&rig.have, piece);
    ck_assert_int_eq(bus_post(rig.requests, &have), ERROR_NONE);
}

/* A first one is told of, so that the next ones rest. */
static void meet_with_news(void)
{
    meet();
    get_piece(0);
    rig_run(&rig, 2 * NS_PER_MS);
    for (uint32_t i = 0; i < CROWD; i++)
        ck_assert_uint_eq(script_peer_count(&crowd[i], 4), 1);
}

static void check_told(struct script_peer *peer, uint32_t piece)
{
    struct script_message message;
    ck_assert(script_peer_find(peer, 4, &message));
    ck_assert_uint_eq(be32_get(message.body), piece);
}

START_TEST(test_the_first_piece_is_told_at_once_and_the_next_together)
{
    meet_with_news();
    get_piece(2);
    rig_run(&rig, REST_NS / 2);
    get_piece(1);
    ck_assert_uint_eq(script_peer_count(&crowd[3], 4), 0);
    rig_run(&rig, REST_NS / 2);
    for (uint32_t i = 0; i < CROWD; i++) {
        check_told(&crowd[i], 2);
        check_told(&crowd[i], 1);
    }
    /* After a rest without news the next is told at once again. */
    rig_run(&rig, REST_NS);
    get_piece(3);
    rig_run(&rig, 2 * NS_PER_MS);
    check_told(&crowd[3], 3);
    end(CROWD);
}
END_TEST

START_TEST(test_whoever_got_the_piece_meanwhile_is_not_told)
{
    meet_with_news();
    get_piece(1);
    script_peer_put_u32(&crowd[3], 4, 1);
    rig_run(&rig, 2 * REST_NS);
    ck_assert_uint_eq(script_peer_count(&crowd[3], 4), 0);
    check_told(&crowd[4], 1);
    end(CROWD);
}
END_TEST

START_TEST(test_whoever_comes_meanwhile_is_told_by_the_bitfield_alone)
{
    struct script_message message;
    meet_with_news();
    get_piece(1);
    rig_run(&rig, NS_PER_MS);
    come_in(CROWD);
    rig_run(&rig, 5 * NS_PER_MS);
    get_piece(2);
    ck_assert(script_peer_find(&crowd[CROWD], 5, &message));
    ck_assert_uint_eq(message.body[0], 0xc0);
    rig_run(&rig, 2 * REST_NS);
    check_told(&crowd[CROWD], 2);
    check_told(&crowd[3], 1);
    /* What comes later is told to all alike. */
    get_piece(3);
    rig_run(&rig, REST_NS);
    check_told(&crowd[CROWD], 3);
    end(CROWD + 1);
}
END_TEST

START_TEST(test_a_piece_that_is_lost_again_meanwhile_is_not_told)
{
    meet_with_news();
    get_piece(1);
    get_piece(2);
    rig_run(&rig, NS_PER_MS);
    bitfield_clear(&rig.have, 1);
    rig_run(&rig, 2 * REST_NS);
    check_told(&crowd[3], 2);
    end(CROWD);
}
END_TEST

START_TEST(test_many_pieces_at_once_do_not_pile_up)
{
    meet_with_news();
    for (uint32_t i = 0; i < 256; i++) {
        get_piece(1 + i % 4);
        rig_run(&rig, 10 * NS_PER_US);
    }
    rig_run(&rig, 2 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&crowd[3], 4), 256);
    end(CROWD);
}
END_TEST

Suite *suite_news(void)
{
    Suite *suite = suite_create("news");
    TCase *tcase = tcase_create("news");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, test_the_first_piece_is_told_at_once_and_the_next_together);
    tcase_add_test(tcase, test_whoever_got_the_piece_meanwhile_is_not_told);
    tcase_add_test(tcase, test_whoever_comes_meanwhile_is_told_by_the_bitfield_alone);
    tcase_add_test(tcase, test_a_piece_that_is_lost_again_meanwhile_is_not_told);
    tcase_add_test(tcase, test_many_pieces_at_once_do_not_pile_up);
    suite_add_tcase(suite, tcase);
    return suite;
}
