/* Web seeds of magnet links (ws=), from a virtual server. */
#include "tests/lib/vhttp.h"
#include "tests/unit/torrent/payload.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *test_magnet_webseed_suite(void);

#define TOTAL (PAYLOAD_PIECES * PAYLOAD_PIECE_BYTES)

static struct world world;
static struct net nets[2];
static struct session *giver, *leech;
static struct torrent_id id;
static char root[] = "/tmp/bttui-magnet-ws-XXXXXX", message[SESSION_MESSAGE_SIZE];
static char empty[64], down[64], path[80];
static uint8_t payload[TOTAL];
static uint32_t asked;

static void on_get(void *context, const char *url, struct vhttp_answer *ret_answer)
{
    (void)context;
    ck_assert_str_eq(url, "http://site.test/payload");
    ret_answer->file = payload;
    ret_answer->length = sizeof payload;
    asked++;
}

static struct session *open_session(uint32_t number, const char *dir)
{
    struct session *session;
    const struct session_config config = {.loop = world.loop,
                                          .net = &nets[number],
                                          .random = &world.random.source,
                                          .download_dir = dir,
                                          .port = 6881,
                                          .workers = UINT32_MAX,
                                          .incoming = true};
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_NONE);
    vhttp_serve(session->files_http, on_get, NULL);
    return session;
}

/* GIVER knows the metadata, and has nothing of the data. */
static void setup(void)
{
    struct buffer torrent;
    const struct add_options none = {0};
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(empty, sizeof empty, "%s/empty", root);
    snprintf(down, sizeof down, "%s/down", root);
    ck_assert_int_eq(mkdir(empty, 0755), 0);
    payload_make(root, &torrent);
    snprintf(path, sizeof path, "%s/payload", root);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(payload, 1, sizeof payload, file), sizeof payload);
    fclose(file);
    asked = 0;
    world_init(&world, 1);
    nets[0] = *vnet_host(world.vnet, "10.0.0.1");
    nets[1] = *vnet_host(world.vnet, "10.0.0.2");
    giver = open_session(1, empty);
    ck_assert_int_eq(
        session_add_bytes(giver, torrent.bytes, torrent.length, &none, &id, message),
        ERROR_NONE);
    buffer_done(&torrent);
    leech = open_session(0, down);
}

static void teardown(void)
{
    session_free(leech);
    session_free(giver);
    world_done(&world);
    unlink(path);
    snprintf(path, sizeof path, "%s/payload", down);
    unlink(path);
    rmdir(down);
    rmdir(empty);
    ck_assert_int_eq(rmdir(root), 0);
}

static bool is_complete(const void *context)
{
    struct torrent_info info;
    (void)context;
    return torrent_get_info(leech, id, &info) && info.state == TORRENT_STATE_SEEDING;
}

START_TEST(they_are_asked_as_soon_as_the_metadata_are_here)
{
    char link[200], hex[INFO_HASH_HEX_SIZE];
    struct torrent_info info;
    const struct add_options none = {0};
    ck_assert(torrent_get_info(giver, id, &info));
    info_hash_hex(&info.hash, hex);
    snprintf(link, sizeof link,
             "magnet:?xt=urn:btih:%s&ws=http://site.test/payload&x.pe=10.0.0.2:6881",
             hex);
    ck_assert_int_eq(session_add_magnet(leech, link, &none, &id, message), ERROR_NONE);
    ck_assert_uint_eq(asked, 0);
    ck_assert(world_run_until(&world, 30 * NS_PER_S, is_complete, NULL));
    ck_assert_uint_gt(asked, 0);
    ck_assert(torrent_get_info(leech, id, &info));
    ck_assert_uint_eq(info.downloaded, TOTAL);
}
END_TEST

Suite *test_magnet_webseed_suite(void)
{
    Suite *suite = suite_create("magnet-webseed");
    TCase *tcase = tcase_create("magnet-webseed");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, they_are_asked_as_soon_as_the_metadata_are_here);
    suite_add_tcase(suite, tcase);
    return suite;
}
