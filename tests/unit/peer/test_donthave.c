/* A piece that was announced is lost (BEP 54), ours and a peer's; and garbage of
 * libtorrent's other extensions. */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <string.h>

static struct rig rig;
static struct script_peer remote;

static void begin_with(const struct rig_config *config, const char *dictionary)
{
    uint8_t body[128] = {0};
    rig_init(&rig, config);
    script_peer_init(&remote);
    const struct script_hello hello = rig_hello(&rig, 'A', true, true);
    script_peer_dial(&remote, vnet_host(rig.world.vnet, "10.0.0.2"), rig.world.loop,
                     "10.0.0.1:6881");
    script_peer_handshake(&remote, &hello);
    memcpy(body + 1, dictionary, strlen(dictionary));
    script_peer_put(&remote, 20, body, 1 + strlen(dictionary));
    rig_run(&rig, 50 * NS_PER_MS);
}

static void begin(const char *dictionary)
{
    const struct rig_config config = {.have_all = true};
    begin_with(&config, dictionary);
}

/* We lack all, it tells of its pieces by ID and BITS (one byte), and unchokes us. */
static void meet(uint8_t id, const char *bits)
{
    const struct rig_config config = {0};
    begin_with(&config, "d1:mdee");
    script_peer_put(&remote, id, bits, bits != NULL ? 1 : 0);
    script_peer_put(&remote, 1, NULL, 0);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void say_lacks(uint32_t piece)
{
    uint8_t body[5] = {4};
    be32_put(body + 1, piece);
    script_peer_put(&remote, 20, body, sizeof body);
}

static uint32_t pieces_of_it(void)
{
    bool is_seed;
    const struct bitfield *bits = peer_manager_bitfield(rig.manager, rig.peer, &is_seed);
    return is_seed ? 8 : bits != NULL ? bits->count : 0;
}

static uint32_t seeds(void)
{
    struct peer_counts counts;
    peer_manager_get_counts(rig.manager, &counts);
    return counts.seeds;
}

static void end(void)
{
    script_peer_done(&remote);
    rig_run(&rig, NS_PER_S);
    ck_assert_int_eq(rig_done(&rig), 0);
}

START_TEST(test_who_takes_it_is_told_of_a_lost_piece)
{
    struct script_message message;
    begin("d1:md11:lt_donthavei9eee");
    ck_assert(script_peer_find(&remote, 20, &message));
    ck_assert_uint_eq(message.body[0], 0);
    ck_assert_ptr_nonnull(memmem(message.body, message.length, "11:lt_donthavei4e", 17));
    peer_manager_lost_piece(rig.manager, 3);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(script_peer_find(&remote, 20, &message));
    ck_assert_uint_eq(message.length, 5);
    ck_assert_mem_eq(message.body, "\x09\0\0\0\x03", 5);
    end();
}
END_TEST

START_TEST(test_the_others_are_not)
{
    begin("d1:mdee");
    script_peer_count(&remote, 20);
    peer_manager_lost_piece(rig.manager, 3);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 20), 0);
    end();
}
END_TEST

static const struct {
    const char *body;
    size_t length;
} garbage[] = {
    {"\1", 1},                 /* upload_only without a word */
    {"\1\1\1", 3},             /* with too many */
    {"\4\xff\xff\xff\xff", 5}, /* lt_donthave of a piece that there is not */
    {"\4\0\0\0\x08", 5},
    {"\4\0\0\0\x01\0", 6},
    {"\4", 1},
    {"\5anything", 9}, /* lt_tex, share_mode: not ours */
};

START_TEST(test_garbage_of_extensions_is_ignored_but_not_for_ever) /* X23, X6 */
{
    begin("d1:md6:lt_texi5e10:share_modei6ee10:share_mode3:yes11:upload_only1:xe");
    for (int i = 0; i < 32; i++)
        script_peer_put(&remote, 20, garbage[_i].body, garbage[_i].length);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!remote.over);
    ck_assert_uint_eq(rig.count[PEER_UPLOAD_ONLY], 0);
    script_peer_put(&remote, 20, garbage[_i].body, garbage[_i].length);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

/* Of one that had all of them, or some. */
START_TEST(test_what_a_peer_has_lost_it_has_no_more)
{
    const bool seed = _i == 0;
    struct message *last = &rig.last[PEER_LACKS_PIECE];
    meet(seed ? 14 : 5, seed ? NULL : "\x3f");
    const uint32_t before = pieces_of_it();
    ck_assert_uint_eq(before, seed ? 8 : 6);
    ck_assert_uint_eq(seeds(), seed);
    say_lacks(3);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_LACKS_PIECE], 1);
    ck_assert_uint_eq(last->u.piece.piece, 3);
    ck_assert_uint_eq(last->u.piece.change, 1);
    ck_assert_uint_eq(peer_manager_piece_changes(rig.manager, rig.peer), 1);
    ck_assert_uint_eq(pieces_of_it(), before - 1);
    ck_assert_uint_eq(seeds(), 0);
    say_lacks(3); /* which it lacks already */
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_LACKS_PIECE], 1);
    script_peer_put_u32(&remote, 4, 3);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_HAS_PIECE], 1);
    ck_assert_uint_eq(rig.last[PEER_HAS_PIECE].u.piece.change, 2);
    ck_assert_uint_eq(pieces_of_it(), before);
    ck_assert_uint_eq(seeds(), seed);
    end();
}
END_TEST

/* A bitfield that it sends then may leave it out, too, and nothing else. */
START_TEST(test_a_later_bitfield_need_not_have_it)
{
    meet(5, "\xff");
    say_lacks(0);
    script_peer_put(&remote, 5, "\x7f", 1);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!remote.over);
    script_peer_put(&remote, 5, "\x3f", 1);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

START_TEST(test_what_it_was_asked_for_of_a_lost_piece_comes_back)
{
    meet(14, NULL);
    for (uint32_t piece = 2; piece < 5; piece++)
        for (uint32_t begin = 0; begin < 32768; begin += 16384)
            rig_post_block(&rig, PEER_REQUEST, rig.peer, piece, begin, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remote, 6), 6);
    rig_forget(&rig);
    say_lacks(3);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_REJECTED], 2);
    ck_assert_ptr_nonnull(memmem(rig.story.bytes, rig.story.length,
                                 "rejected 3 0 16384\nrejected 3 16384 16384\nlacks 3\n",
                                 48));
    /* It rejects them, too, or has one still: neither is a mistake. */
    script_peer_put_block(&remote, 16, 3, 0, 16384);
    script_peer_put_piece(&remote, 3, 16384, 16384);
    script_peer_put_piece(&remote, 2, 0, 16384);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!remote.over);
    ck_assert_uint_eq(rig.count[PEER_REJECTED], 2);
    ck_assert_uint_eq(rig.count[PEER_BLOCK_ARRIVED], 2);
    end();
}
END_TEST

/* It is given up as one that rejects all it is asked for is (P41). */
START_TEST(test_one_that_loses_whatever_it_is_asked_for_is_left)
{
    meet(14, NULL);
    for (uint32_t i = 0; i < 12 && !remote.over; i++) {
        ck_assert(i < 9);
        rig_post_block(&rig, PEER_REQUEST, rig.peer, 3, 0, 16384);
        rig_run(&rig, 10 * NS_PER_MS);
        say_lacks(3);
        script_peer_put_u32(&remote, 4, 3);
        rig_run(&rig, 1500 * NS_PER_MS);
    }
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_PROTOCOL);
    end();
}
END_TEST

/* P17: each change of mind may cost a look at all its pieces; losses in a row do not. */
START_TEST(test_one_that_changes_its_mind_all_the_time_is_left)
{
    meet(14, NULL);
    for (uint32_t second = 0; second < 3; second++) {
        for (uint32_t i = 0; i < 30; i++) {
            say_lacks(3);
            say_lacks(4);
            script_peer_put_u32(&remote, 4, 3);
            script_peer_put_u32(&remote, 4, 4);
        }
        rig_run(&rig, NS_PER_S);
        ck_assert(!remote.over);
    }
    for (uint32_t i = 0; i < 65; i++) {
        say_lacks(3);
        script_peer_put_u32(&remote, 4, 3);
    }
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(remote.over);
    end();
}
END_TEST

START_TEST(test_what_is_lost_before_we_know_how_many_there_are_is_not_kept)
{
    const struct rig_config config = {.awaits = true};
    begin_with(&config, "d1:mdee");
    script_peer_put(&remote, 5, "\xa0", 1);
    say_lacks(2);
    say_lacks(0xffffffff);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(rig.count[PEER_LACKS_PIECE], 0);
    const struct peer_metainfo metainfo = rig_metainfo(&rig);
    peer_manager_set_metainfo(rig.manager, &metainfo);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(pieces_of_it(), 1);
    say_lacks(0);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(pieces_of_it(), 0);
    ck_assert(!remote.over);
    end();
}
END_TEST

Suite *suite_donthave(void)
{
    Suite *suite = suite_create("donthave");
    TCase *tcase = tcase_create("donthave");
    tcase_add_test(tcase, test_who_takes_it_is_told_of_a_lost_piece);
    tcase_add_test(tcase, test_the_others_are_not);
    tcase_add_loop_test(tcase, test_what_a_peer_has_lost_it_has_no_more, 0, 2);
    tcase_add_test(tcase, test_a_later_bitfield_need_not_have_it);
    tcase_add_test(tcase, test_what_it_was_asked_for_of_a_lost_piece_comes_back);
    tcase_add_test(tcase, test_one_that_loses_whatever_it_is_asked_for_is_left);
    tcase_add_test(tcase, test_one_that_changes_its_mind_all_the_time_is_left);
    tcase_add_test(tcase,
                   test_what_is_lost_before_we_know_how_many_there_are_is_not_kept);
    tcase_add_loop_test(tcase, test_garbage_of_extensions_is_ignored_but_not_for_ever, 0,
                        (int)(sizeof garbage / sizeof *garbage));
    suite_add_tcase(suite, tcase);
    return suite;
}
