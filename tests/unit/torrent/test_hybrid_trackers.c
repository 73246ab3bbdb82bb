/* Whom the trackers of a magnet link are asked for once it has turned out to be a hybrid
 * (BEP 52), at a virtual tracker. */
#include "meta/metainfo_write.h"
#include "tests/lib/script_peer.h"
#include "tests/lib/vhttp.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/awaited_private.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_hybrid_trackers_suite(void);

enum which { BY_V1, BY_V2 };
enum tracker { OF_LINK, ADDED, REMOVED, TRACKERS };
static const char *const urls[TRACKERS] = {"http://link.test/a", "http://added.test/a",
                                           "http://removed.test/a"};

static struct world world;
static struct net net;
static struct session *session;
static struct torrent_id id;
static struct buffer torrent;
static struct metainfo *meta;
static char root[] = "/tmp/bttui-hybrid-trackers-XXXXXX", payload[64];
static char message[SESSION_MESSAGE_SIZE];
static char escaped[2][3 * SHA1_BYTES + 1]; /* the hashes, as announces have them */
static uint32_t asked[TRACKERS][2], farewells[TRACKERS][2];
static bool knows_one[2]; /* by either hash: 10.0.0.2:7000 */

static void answer_with(struct vhttp_answer *ret_answer, bool one)
{
    static const char none[] = "d8:intervali1800e5:peers0:e";
    static const char some[] = "d8:intervali1800e5:peers6:\x0a\0\0\x02\x1b\x58"
                               "e";
    const size_t length = one ? sizeof some - 1 : sizeof none - 1;
    memcpy(ret_answer->body, one ? some : none, length);
    ret_answer->length = length;
    ret_answer->after_ns = NS_PER_MS;
}

static void on_get(void *context, const char *url, struct vhttp_answer *ret_answer)
{
    (void)context;
    const enum which by = strstr(url, escaped[BY_V1]) != NULL ? BY_V1 : BY_V2;
    answer_with(ret_answer, knows_one[by]);
    for (int tracker = 0; tracker < TRACKERS; tracker++)
        for (int which = 0; which < 2; which++)
            if (strncmp(url, urls[tracker], strlen(urls[tracker])) == 0 &&
                strstr(url, escaped[which]) != NULL) {
                asked[tracker][which]++;
                farewells[tracker][which] += strstr(url, "event=stopped") != NULL;
            }
}

static void escape(const struct info_hash *hash, char ret_text[3 * SHA1_BYTES + 1])
{
    static const char plain[] =
        "0123456789-_.~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int i = 0; i < SHA1_BYTES; i++)
        ret_text += sprintf(
            ret_text,
            memchr(plain, hash->bytes[i], sizeof plain - 1) != NULL ? "%c" : "%%%02X",
            hash->bytes[i]);
}

static void setup(void)
{
    struct metainfo_error why;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    payload_make_hybrid(root, &torrent);
    snprintf(payload, sizeof payload, "%s/payload", root);
    ck_assert_int_eq(metainfo_parse(torrent.bytes, torrent.length, &meta, &why),
                     ERROR_NONE);
    const struct info_hash short_v2 = metainfo_short_hash_v2(meta);
    escape(&meta->hash, escaped[BY_V1]);
    escape(&short_v2, escaped[BY_V2]);
    memset(asked, 0, sizeof asked);
    memset(knows_one, 0, sizeof knows_one);
    memset(farewells, 0, sizeof farewells);
    world_init(&world, 1);
    net = *vnet_host(world.vnet, "10.0.0.1");
    const struct session_config config = {.loop = world.loop,
                                          .net = &net,
                                          .random = &world.random.source,
                                          .download_dir = root,
                                          .workers = UINT32_MAX};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    vhttp_serve(session->http, on_get, NULL);
}

static void teardown(void)
{
    session_free(session);
    world_done(&world);
    metainfo_free(meta);
    buffer_done(&torrent);
    ck_assert_int_eq(unlink(payload), 0);
    ck_assert_int_eq(rmdir(root), 0);
}

static struct torrent_id add_link(enum which which, enum tracker first,
                                  enum tracker second)
{
    struct torrent_id added;
    char link[256], hex[2 * SHA256_BYTES + 1];
    const struct add_options none = {0};
    const uint8_t *hash = which == BY_V1 ? meta->hash.bytes : meta->hash_v2;
    for (int i = 0; i < (which == BY_V1 ? SHA1_BYTES : SHA256_BYTES); i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    snprintf(link, sizeof link, "magnet:?xt=urn:%s%s&tr=%s&tr=%s",
             which == BY_V1 ? "btih:" : "btmh:1220", hex, urls[first], urls[second]);
    ck_assert_int_eq(session_add_magnet(session, link, &none, &added, message),
                     ERROR_NONE);
    return added;
}

static void remove_tracker(const char *url)
{
    struct tracker_info tracker;
    for (uint32_t i = 0; torrent_get_tracker(session, id, i, &tracker); i++)
        if (strcmp(tracker.url, url) == 0) {
            torrent_remove_tracker(session, id, tracker.id);
            return;
        }
    ck_abort();
}

static void metadata_come(struct torrent_id to)
{
    struct buffer file;
    struct torrent *awaiting = session_torrent(session, to);
    buffer_init(&file, 65536);
    ck_assert_int_eq(
        metainfo_write_around(awaiting->meta, meta->info, meta->info_bytes, &file),
        ERROR_NONE);
    torrent_become(awaiting, file.bytes, file.length);
    buffer_done(&file);
    world_run(&world, 10 * NS_PER_S);
}

/* By whichever it came; with what was made of its trackers meanwhile. */
START_TEST(they_are_asked_by_both_hashes)
{
    const enum which link = (enum which)_i, other = (enum which) !_i;
    id = add_link(link, OF_LINK, REMOVED);
    ck_assert_int_eq(torrent_add_tracker(session, id, urls[ADDED]), ERROR_NONE);
    remove_tracker(urls[REMOVED]);
    world_run(&world, 10 * NS_PER_S);
    ck_assert_uint_eq(asked[OF_LINK][link], 1);
    ck_assert_uint_eq(asked[ADDED][link], 1);
    ck_assert_uint_eq(asked[OF_LINK][other], 0);
    metadata_come(id);
    ck_assert_uint_eq(asked[OF_LINK][other], 1);
    ck_assert_uint_eq(asked[ADDED][other], 1);
    ck_assert_uint_eq(asked[REMOVED][other], 0);
    ck_assert_uint_eq(torrent_tracker_count(session, id), 2); /* shown once */
    torrent_pause(session, id);
    world_run(&world, 10 * NS_PER_S);
    for (int which = 0; which < 2; which++) {
        ck_assert_uint_eq(farewells[OF_LINK][which], 1);
        ck_assert_uint_eq(farewells[ADDED][which], 1);
    }
}
END_TEST

START_TEST(one_that_is_paused_asks_nobody)
{
    id = add_link(BY_V1, OF_LINK, REMOVED);
    torrent_pause(session, id);
    world_run(&world, 10 * NS_PER_S);
    metadata_come(id);
    ck_assert_uint_eq(asked[OF_LINK][BY_V2], 0);
    torrent_resume(session, id);
    world_run(&world, 10 * NS_PER_S);
    ck_assert_uint_eq(asked[OF_LINK][BY_V2], 1);
}
END_TEST

START_TEST(who_has_its_metadata_first_learns_those_of_the_other_link)
{
    struct torrent_info info;
    id = add_link(BY_V2, REMOVED, OF_LINK);
    const struct torrent_id other = id;
    ck_assert_int_eq(torrent_add_tracker(session, id, urls[ADDED]), ERROR_NONE);
    remove_tracker(urls[REMOVED]);
    id = add_link(BY_V1, OF_LINK, OF_LINK);
    metadata_come(id);
    metadata_come(other);
    ck_assert(torrent_get_info(session, other, &info));
    ck_assert_int_eq(info.state, TORRENT_STATE_ERROR);
    ck_assert_uint_eq(torrent_tracker_count(session, id), 2);
    ck_assert_uint_eq(asked[ADDED][BY_V1], 1);
    ck_assert_uint_eq(asked[REMOVED][BY_V1], 0);
}
END_TEST

/* Two links to one hybrid at two trackers, and the one by v1 has the metadata: both ask
 * by v2's hash. ID is that one. *RET_LINK also asks ADDED, alone. */
static void two_ask_by_one_hash(struct torrent_id *ret_link)
{
    *ret_link = add_link(BY_V2, OF_LINK, ADDED);
    id = add_link(BY_V1, OF_LINK, REMOVED);
    world_run(&world, 10 * NS_PER_S);
    metadata_come(id);
    ck_assert_uint_ge(asked[OF_LINK][BY_V2], 2);
    ck_assert_uint_eq(asked[ADDED][BY_V2], 1);
    ck_assert_uint_eq(asked[ADDED][BY_V1], 0);
}

/* A tracker cannot tell them apart, and would forget the one that stays. */
START_TEST(who_leaves_it_to_the_other_link_says_no_farewell_for_that)
{
    struct torrent_id link;
    two_ask_by_one_hash(&link);
    metadata_come(link);
    ck_assert(!session_torrent(session, link)->running);
    for (int which = 0; which < 2; which++)
        for (int tracker = 0; tracker < TRACKERS; tracker++)
            ck_assert_uint_eq(farewells[tracker][which], 0);
    ck_assert_uint_eq(asked[ADDED][BY_V1], 1);
    ck_assert_uint_eq(asked[ADDED][BY_V2], 2);
    torrent_pause(session, id);
    world_run(&world, 10 * NS_PER_S);
    for (int which = 0; which < 2; which++)
        for (int tracker = 0; tracker < TRACKERS; tracker++)
            ck_assert_uint_eq(farewells[tracker][which], 1);
}
END_TEST

static void pause_it(struct torrent_id which)
{
    torrent_pause(session, which);
    world_run(&world, 10 * NS_PER_S);
}

static void remove_it(struct torrent_id which)
{
    session_remove(session, which, false);
    world_run(&world, 10 * NS_PER_S);
}

static void (*const leave[])(struct torrent_id) = {pause_it, remove_it};

/* Paused or removed: trackers that the one that stays has, too, hear nothing. */
START_TEST(a_link_that_leaves_says_no_farewell_for_the_torrent_that_stays)
{
    struct torrent_id link;
    two_ask_by_one_hash(&link);
    leave[_i](link);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V2], 0);
    pause_it(id);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V1], 1);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V2], 1);
}
END_TEST

START_TEST(a_torrent_that_leaves_says_no_farewell_for_the_link_that_stays)
{
    struct torrent_id link;
    two_ask_by_one_hash(&link);
    pause_it(id);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V1], 1);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V2], 0);
    ck_assert_uint_eq(farewells[REMOVED][BY_V2], 1); /* its alone */
    pause_it(link);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V2], 1);
}
END_TEST

START_TEST(nor_does_one_whose_tracker_is_taken_away)
{
    struct torrent_id link;
    two_ask_by_one_hash(&link);
    remove_tracker(urls[OF_LINK]);
    world_run(&world, 10 * NS_PER_S);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V1], 1);
    ck_assert_uint_eq(farewells[OF_LINK][BY_V2], 0);
}
END_TEST

static void note_stop(void *context)
{
    *(bool *)context = true;
}

/* Nobody stays. */
START_TEST(at_the_end_of_the_session_all_farewells_are_said)
{
    struct torrent_id link;
    bool stopped = false;
    two_ask_by_one_hash(&link);
    session_stop(session, note_stop, &stopped);
    world_run(&world, 10 * NS_PER_S);
    ck_assert(stopped);
    ck_assert_uint_ge(farewells[OF_LINK][BY_V2], 1);
}
END_TEST

/* It may know no other; who was found by both takes both. */
START_TEST(who_was_found_by_v2_alone_is_called_by_it)
{
    const bool found_by_v1 = _i == 1;
    const struct info_hash short_v2 = metainfo_short_hash_v2(meta);
    const struct info_hash *expected = found_by_v1 ? &meta->hash : &short_v2;
    struct script_peer peer;
    struct script_message hello;
    script_peer_init(&peer);
    knows_one[BY_V1] = found_by_v1;
    knows_one[BY_V2] = true;
    id = add_link(BY_V1, OF_LINK, OF_LINK);
    if (!found_by_v1) /* nobody is there by the link's hash */
        world_run(&world, 10 * NS_PER_S);
    script_peer_listen(&peer, vnet_host(world.vnet, "10.0.0.2"), world.loop,
                       "10.0.0.2:7000");
    metadata_come(id);
    ck_assert(script_peer_next(&peer, &hello));
    ck_assert_mem_eq(hello.body + 28, expected->bytes, SHA1_BYTES);
    script_peer_done(&peer);
}
END_TEST

Suite *test_hybrid_trackers_suite(void)
{
    Suite *suite = suite_create("hybrid-trackers");
    TCase *tcase = tcase_create("hybrid-trackers");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, they_are_asked_by_both_hashes, 0, 2);
    tcase_add_test(tcase, one_that_is_paused_asks_nobody);
    tcase_add_test(tcase, who_has_its_metadata_first_learns_those_of_the_other_link);
    tcase_add_test(tcase, who_leaves_it_to_the_other_link_says_no_farewell_for_that);
    tcase_add_loop_test(
        tcase, a_link_that_leaves_says_no_farewell_for_the_torrent_that_stays, 0, 2);
    tcase_add_test(tcase, a_torrent_that_leaves_says_no_farewell_for_the_link_that_stays);
    tcase_add_test(tcase, nor_does_one_whose_tracker_is_taken_away);
    tcase_add_test(tcase, at_the_end_of_the_session_all_farewells_are_said);
    tcase_add_loop_test(tcase, who_was_found_by_v2_alone_is_called_by_it, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
