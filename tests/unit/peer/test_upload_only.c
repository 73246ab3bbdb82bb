/* Peers that want nothing any more, and ourselves when we do not (BEP 21). */
#include "tests/unit/peer/check_peer.h"
#include "tests/unit/peer/rig.h"

#include <string.h>

#define REMOTES_MAX 4

static struct rig rig;
static struct script_peer remotes[REMOTES_MAX];

static void begin(bool have_all, uint32_t max_peers)
{
    const struct rig_config config = {.have_all = have_all, .max_peers = max_peers};
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

static void come_in(int number)
{
    struct script_hello hello = rig_hello(&rig, (char)('A' + number), true, true);
    script_peer_dial(&remotes[number], vnet_host(rig.world.vnet, "10.0.0.2"),
                     rig.world.loop, "10.0.0.1:6881");
    script_peer_handshake(&remotes[number], &hello);
    rig_run(&rig, 50 * NS_PER_MS);
}

static void say(int number, const char *dictionary)
{
    uint8_t body[64] = {0};
    memcpy(body + 1, dictionary, strlen(dictionary));
    script_peer_put(&remotes[number], 20, body, 1 + strlen(dictionary));
    rig_run(&rig, 300 * NS_PER_MS);
}

static void want(int number)
{
    script_peer_put(&remotes[number], 2, NULL, 0);
    rig_run(&rig, 300 * NS_PER_MS);
}

/* Takes what it was told up to the next extension handshake: whether we are upload-only.
 */
static bool is_told_upload_only(int number)
{
    struct script_message message;
    struct wire_extension extension;
    ck_assert(script_peer_find(&remotes[number], 20, &message));
    ck_assert_uint_eq(message.body[0], 0);
    ck_assert_int_eq(
        wire_read_extension(message.body + 1, message.length - 1, &extension),
        ERROR_NONE);
    ck_assert(extension.tells_upload_only);
    return extension.upload_only;
}

static uint32_t unchokes(int number)
{
    return script_peer_count(&remotes[number], 1);
}

static bool is_in(int number)
{
    return remotes[number].connected && !remotes[number].over;
}

START_TEST(test_we_say_so_at_first_and_when_it_changes)
{
    begin(false, 0);
    come_in(0);
    ck_assert(!is_told_upload_only(0));
    peer_manager_set_upload_only(rig.manager, true);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(is_told_upload_only(0));
    come_in(1);
    ck_assert(is_told_upload_only(1));
    peer_manager_set_upload_only(rig.manager, true); /* no news */
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert_uint_eq(script_peer_count(&remotes[0], 20), 0);
    peer_manager_set_upload_only(rig.manager, false);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(!is_told_upload_only(0) && !is_told_upload_only(1));
    bitfield_set_all(&rig.have);
    peer_manager_set_complete(rig.manager, true);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(is_told_upload_only(0) && is_told_upload_only(1));
    end();
}
END_TEST

START_TEST(test_who_wants_nothing_gets_no_slot_whatever_it_says)
{
    begin(true, 0);
    come_in(0);
    say(0, "d11:upload_onlyi1ee");
    ck_assert_uint_eq(rig.count[PEER_UPLOAD_ONLY], 1);
    ck_assert(rig.last[PEER_UPLOAD_ONLY].u.flag.on);
    script_peer_count(&remotes[0], 1); /* who comes to a seed is let in until it speaks */
    want(0);
    ck_assert_uint_eq(unchokes(0), 0);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(unchokes(0), 0);
    say(0, "d11:upload_onlyi0ee"); /* libtorrent's files can be chosen anew */
    ck_assert_uint_eq(unchokes(0), 1);
    ck_assert(!rig.last[PEER_UPLOAD_ONLY].u.flag.on);
    end();
}
END_TEST

/* libtorrent's own message, for which it takes the number from our handshake. */
START_TEST(test_a_message_says_the_same)
{
    begin(true, 0);
    come_in(0);
    want(0);
    ck_assert_uint_eq(unchokes(0), 1);
    script_peer_put(&remotes[0], 20, "\1\1", 2);
    rig_run(&rig, 300 * NS_PER_MS);
    ck_assert(rig.last[PEER_UPLOAD_ONLY].u.flag.on);
    rig_run(&rig, 10 * NS_PER_S);
    ck_assert_uint_eq(script_peer_count(&remotes[0], 0), 1);
    script_peer_put(&remotes[0], 20, "\1\0", 2);
    rig_run(&rig, 300 * NS_PER_MS);
    ck_assert(!rig.last[PEER_UPLOAD_ONLY].u.flag.on);
    ck_assert_uint_eq(unchokes(0), 1);
    ck_assert_uint_eq(rig.count[PEER_GONE], 0);
    end();
}
END_TEST

START_TEST(test_a_seed_gets_no_slot)
{
    begin(false, 0);
    for (uint32_t i = 0; i < 4; i++)
        bitfield_set(&rig.have, i);
    come_in(0);
    script_peer_put(&remotes[0], 14, NULL, 0); /* HAVE ALL */
    want(0);
    rig_run(&rig, 60 * NS_PER_S);
    ck_assert_uint_eq(unchokes(0), 0);
    end();
}
END_TEST

/* Both have what they want, though not everything: they stay until there is somebody with
 * whom there is something to do. */
START_TEST(test_two_that_want_nothing_make_room_at_once)
{
    begin(false, 2);
    peer_manager_set_upload_only(rig.manager, true);
    come_in(0);
    come_in(1);
    say(0, "d11:upload_onlyi1ee");
    ck_assert(is_in(0) && is_in(1));
    come_in(2);
    ck_assert(!is_in(0) && is_in(1) && is_in(2));
    ck_assert_int_eq(rig.last[PEER_GONE].u.gone.reason, PEER_REASON_TOO_MANY);
    end();
}
END_TEST

/* Files were chosen anew: who had everything and left is not waited for. */
START_TEST(test_a_seed_that_left_is_sought_when_something_is_wanted_again)
{
    begin(false, 0);
    const struct script_hello hello = rig_hello(&rig, 'A', true, true);
    script_peer_listen(&remotes[0], vnet_host(rig.world.vnet, "10.0.0.3"), rig.world.loop,
                       "10.0.0.3:7000");
    rig_connect(&rig, "10.0.0.3:7000", PEER_SOURCE_TRACKER);
    rig_run(&rig, 50 * NS_PER_MS);
    script_peer_handshake(&remotes[0], &hello);
    script_peer_put(&remotes[0], 14, NULL, 0); /* HAVE ALL */
    rig_run(&rig, 50 * NS_PER_MS);
    peer_manager_set_upload_only(rig.manager, true);
    script_peer_close(&remotes[0]);
    rig_run(&rig, 5 * NS_PER_S);
    ck_assert(!is_in(0));
    peer_manager_set_upload_only(rig.manager, false);
    rig_run(&rig, 50 * NS_PER_MS);
    ck_assert(is_in(0));
    end();
}
END_TEST

Suite *suite_upload_only(void)
{
    Suite *suite = suite_create("upload_only");
    TCase *tcase = tcase_create("upload_only");
    tcase_add_test(tcase, test_we_say_so_at_first_and_when_it_changes);
    tcase_add_test(tcase, test_who_wants_nothing_gets_no_slot_whatever_it_says);
    tcase_add_test(tcase, test_a_message_says_the_same);
    tcase_add_test(tcase, test_a_seed_gets_no_slot);
    tcase_add_test(tcase, test_two_that_want_nothing_make_room_at_once);
    tcase_add_test(tcase, test_a_seed_that_left_is_sought_when_something_is_wanted_again);
    suite_add_tcase(suite, tcase);
    return suite;
}
