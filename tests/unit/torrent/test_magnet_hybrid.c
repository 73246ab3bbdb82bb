/* Magnet links with one hash of a torrent that has two (BEP 52), and a seed, on virtual
 * time. */
#include "meta/metainfo.h"
#include "meta/metainfo_write.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/awaited_private.h"
#include "torrent/commands.h"
#include "torrent/looks.h"
#include "torrent/session_dht_private.h"
#include "torrent/session_private.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

Suite *test_magnet_hybrid_suite(void);

static struct world world;
static struct net nets[2];
static struct session *seed, *leech;
static struct torrent_id id;
static struct buffer torrent;
static struct metainfo *meta;
static char root[] = "/tmp/bttui-hybrid-XXXXXX", message[SESSION_MESSAGE_SIZE];
static char seed_dir[64], down[64], other_down[64], state[64];

static struct session *open_session(uint32_t number, const char *dir,
                                    const char *state_dir)
{
    struct session *session;
    const struct session_config config = {
        .loop = world.loop,
        .net = &nets[number],
        .random = &world.random.source,
        .download_dir = dir,
        .state_dir = state_dir,
        .port = 6881,
        .workers = UINT32_MAX,
        .incoming = true,
        .dht = true,
    };
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    ck_assert_int_eq(session_restore(session, message), ERROR_NONE);
    return session;
}

static struct torrent_info look(void)
{
    struct torrent_info info;
    ck_assert(torrent_get_info(leech, id, &info));
    return info;
}

/* CONTEXT: whose first torrent it is. */
static bool seeds(const void *context)
{
    struct session *const *session = context;
    struct torrent_info info;
    return torrent_get_info(*session, session_at(*session, 0), &info) &&
           info.state == TORRENT_STATE_SEEDING;
}

static bool is_complete(const void *context)
{
    (void)context;
    return look().state == TORRENT_STATE_SEEDING;
}

static bool has_failed(const void *context)
{
    (void)context;
    return look().state == TORRENT_STATE_ERROR;
}

static void setup(void)
{
    struct metainfo_error why;
    struct torrent_id ignored;
    const struct add_options none = {0};
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(seed_dir, sizeof seed_dir, "%s/seed", root);
    snprintf(down, sizeof down, "%s/down", root);
    snprintf(other_down, sizeof other_down, "%s/other", root);
    snprintf(state, sizeof state, "%s/state", root);
    ck_assert_int_eq(mkdir(seed_dir, 0755), 0);
    world_init(&world, 1);
    nets[0] = *vnet_host(world.vnet, "10.0.0.1");
    nets[1] = *vnet_host(world.vnet, "10.0.0.2");
    payload_make_hybrid(seed_dir, &torrent);
    ck_assert_int_eq(metainfo_parse(torrent.bytes, torrent.length, &meta, &why),
                     ERROR_NONE);
    ck_assert(meta->hybrid);
    seed = open_session(1, seed_dir, NULL);
    ck_assert_int_eq(
        session_add_bytes(seed, torrent.bytes, torrent.length, &none, &ignored, message),
        ERROR_NONE);
    ck_assert(world_run_until(&world, 10 * NS_PER_S, seeds, &seed));
    leech = open_session(0, down, state);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void teardown(void)
{
    session_free(leech);
    session_free(seed);
    world_done(&world);
    metainfo_free(meta);
    buffer_done(&torrent);
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void reopen(uint32_t count)
{
    payload_close(&world, leech);
    leech = open_session(0, down, state);
    ck_assert_uint_eq(session_count(leech), count);
    id = session_at(leech, 0);
}

enum which { BY_V1, BY_V2 };

/* With one of its hashes alone. */
static enum error_code add_link(enum which which, const char *dir, bool with_peer,
                                struct torrent_id *ret_id)
{
    char link[256], hex[2 * SHA256_BYTES + 1];
    const struct add_options options = {.download_dir = dir};
    const uint8_t *hash = which == BY_V1 ? meta->hash.bytes : meta->hash_v2;
    for (int i = 0; i < (which == BY_V1 ? SHA1_BYTES : SHA256_BYTES); i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    snprintf(link, sizeof link, "magnet:?xt=urn:%s%s%s",
             which == BY_V1 ? "btih:" : "btmh:1220", hex,
             with_peer ? "&x.pe=10.0.0.2:6881" : "");
    return session_add_magnet(leech, link, &options, ret_id, message);
}

static enum error_code add_file(void)
{
    struct torrent_id ignored;
    const struct add_options none = {0};
    return session_add_bytes(leech, torrent.bytes, torrent.length, &none, &ignored,
                             message);
}

static void expect_found_by_both(void)
{
    struct torrent_id twin;
    const uint32_t count = session_count(leech);
    ck_assert_int_eq(add_file(), ERROR_EXISTS);
    ck_assert_int_eq(add_link(BY_V1, NULL, false, &twin), ERROR_EXISTS);
    ck_assert_uint_eq(twin.index, id.index);
    ck_assert_int_eq(add_link(BY_V2, NULL, false, &twin), ERROR_EXISTS);
    ck_assert_uint_eq(twin.index, id.index);
    ck_assert_uint_eq(session_count(leech), count);
}

/* By which hash it was asked for is all the same in the end, and to a restart. */
START_TEST(a_hybrid_is_known_by_both_hashes_whichever_it_came_by)
{
    ck_assert_int_eq(add_link((enum which)_i, NULL, true, &id), ERROR_NONE);
    ck_assert(world_run_until(&world, 20 * NS_PER_S, is_complete, NULL));
    ck_assert(look().hash_v2 != NULL);
    const struct info_hash hash = look().hash;
    ck_assert(info_hash_equal(&hash, &meta->hash));
    expect_found_by_both();
    const uint64_t downloaded = look().downloaded;
    ck_assert_uint_eq(downloaded, PAYLOAD_PIECES * PAYLOAD_PIECE_BYTES);
    for (int i = 0; i < 2; i++) { /* the second one from what the first had saved */
        reopen(1);
        ck_assert(!look().awaits_metadata);
        ck_assert_str_eq(look().name, "payload");
        ck_assert_uint_eq(look().downloaded, downloaded);
        ck_assert(world_run_until(&world, 20 * NS_PER_S, is_complete, NULL));
        ck_assert_uint_eq(look().downloaded, downloaded);
        expect_found_by_both();
    }
}
END_TEST

/* Its state goes, too, by the name it is kept under. */
START_TEST(one_that_is_removed_leaves_nothing)
{
    char command[256];
    ck_assert_int_eq(add_link((enum which)_i, NULL, true, &id), ERROR_NONE);
    ck_assert(world_run_until(&world, 20 * NS_PER_S, is_complete, NULL));
    reopen(1);
    ck_assert(world_run_until(&world, 20 * NS_PER_S, is_complete, NULL));
    session_remove(leech, id, true);
    payload_close(&world, leech);
    leech = open_session(0, down, state);
    ck_assert_uint_eq(session_count(leech), 0);
    snprintf(command, sizeof command,
             "test -z \"$(ls %s/torrents %s/resume | grep '^[0-9a-f]')\"", state, state);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

static void call_seed(void)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse("10.0.0.2:6881", 0, &address), ERROR_NONE);
    torrent_add_peer(leech, id, &address);
}

/* Two links whose metadata are the same torrent: the one that has them goes on, the
 * other has nothing to do. */
START_TEST(two_links_to_one_torrent_are_not_two)
{
    ck_assert_int_eq(add_link((enum which)_i, down, false, &id), ERROR_NONE);
    ck_assert_int_eq(add_link((enum which) !_i, other_down, true, &id), ERROR_NONE);
    ck_assert(world_run_until(&world, 20 * NS_PER_S, is_complete, NULL));
    reopen(2);
    id = session_at(leech, 1);
    ck_assert(world_run_until(&world, 20 * NS_PER_S, is_complete, NULL));
    id = session_at(leech, 0);
    call_seed();
    ck_assert(world_run_until(&world, 20 * NS_PER_S, has_failed, NULL));
    ck_assert(look().awaits_metadata);
    ck_assert_ptr_nonnull(strstr(look().reason, "in the list already"));
    id = session_at(leech,
                    1); /* and whoever calls by either hash gets the one that has it */
    expect_found_by_both();
    /* When that one goes, the link is what it was. */
    const struct torrent_id link = session_at(leech, 0);
    struct torrent_id again;
    session_remove(leech, id, false);
    ck_assert_int_eq(add_link((enum which)_i, NULL, false, &again), ERROR_EXISTS);
    ck_assert_uint_eq(again.index, link.index);
    ck_assert_uint_eq(session_count(leech), 1);
}
END_TEST

/* Who stays has the hash of who goes. */
START_TEST(the_hash_of_a_twin_that_is_removed_is_taken_over)
{
    struct torrent_id twin;
    struct dht_search_look search;
    const struct add_options none = {0};
    const struct info_hash short_v2 = metainfo_short_hash_v2(meta);
    const struct info_hash *freed = _i == BY_V1 ? &meta->hash : &short_v2;
    ck_assert_int_eq(add_link((enum which)_i, down, false, &twin), ERROR_NONE);
    ck_assert_int_eq(add_link((enum which) !_i, other_down, true, &id), ERROR_NONE);
    ck_assert(world_run_until(&world, 20 * NS_PER_S, is_complete, NULL));
    ck_assert_ptr_eq(session_by_hash(leech, freed), session_torrent(leech, twin));
    session_remove(leech, twin, false);
    expect_found_by_both();
    ck_assert_ptr_eq(session_lookup(leech, freed), session_torrent(leech, id)->peers);
    ck_assert(dht_search_get(leech->dht->sides[0].node, freed, &search));
    session_remove(leech, id, false);
    ck_assert(!dht_search_get(leech->dht->sides[0].node, freed, &search));
    ck_assert_int_eq(
        session_add_bytes(leech, torrent.bytes, torrent.length, &none, &id, message),
        ERROR_NONE);
}
END_TEST

/* M9: anybody may make a link with the SHA-256 of a dictionary of v1. */
START_TEST(a_v2_link_to_metadata_of_v1_is_refused)
{
    struct buffer v1;
    ck_assert_int_eq(add_link(BY_V2, NULL, false, &id), ERROR_NONE);
    payload_make(seed_dir, &v1);
    torrent_become(session_torrent(leech, id), v1.bytes, v1.length);
    ck_assert(has_failed(NULL));
    ck_assert(look().awaits_metadata);
    ck_assert_ptr_nonnull(strstr(look().reason, "of BitTorrent v1"));
    buffer_done(&v1);
}
END_TEST

/* BEP 27 holds as soon as the metadata say so. */
START_TEST(a_private_one_is_private_while_its_piece_hashes_are_awaited)
{
    const struct metainfo_plan_file file = {.path = "payload", .length = 5 << 14};
    static const uint8_t any_root[SHA256_BYTES] = {1};
    const struct metainfo_plan plan = {.format = METAINFO_V2,
                                       .name = "payload",
                                       .files = &file,
                                       .file_count = 1,
                                       .piece_bytes = 1 << 14,
                                       .piece_count = 5,
                                       .file_roots = any_root,
                                       .is_private = true,
                                       .created_s = -1};
    struct buffer v2;
    buffer_init(&v2, 65536);
    ck_assert_int_eq(metainfo_write(&plan, &v2), ERROR_NONE);
    ck_assert_int_eq(add_link(BY_V2, NULL, false, &id), ERROR_NONE);
    ck_assert(!look().is_private);
    torrent_become(session_torrent(leech, id), v2.bytes, v2.length);
    ck_assert_int_eq(look().state, TORRENT_STATE_METADATA);
    ck_assert(look().is_private);
    buffer_done(&v2);
}
END_TEST

Suite *test_magnet_hybrid_suite(void)
{
    Suite *suite = suite_create("magnet-hybrid");
    TCase *tcase = tcase_create("magnet-hybrid");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_hybrid_is_known_by_both_hashes_whichever_it_came_by, 0,
                        2);
    tcase_add_loop_test(tcase, one_that_is_removed_leaves_nothing, 0, 2);
    tcase_add_loop_test(tcase, the_hash_of_a_twin_that_is_removed_is_taken_over, 0, 2);
    tcase_add_loop_test(tcase, two_links_to_one_torrent_are_not_two, 0, 2);
    tcase_add_test(tcase, a_v2_link_to_metadata_of_v1_is_refused);
    tcase_add_test(tcase, a_private_one_is_private_while_its_piece_hashes_are_awaited);
    suite_add_tcase(suite, tcase);
    return suite;
}
