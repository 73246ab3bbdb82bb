/*
 * Whole sessions on virtual time and a virtual network: one seed with a limited upload
 * and several leechers that know each other. How long the last one takes is the test of
 * choking, piece selection and HAVEs together: a piece must be given on rather than
 * fetched from the seed again.
 */
#include "app/demo_data.h"
#include "tests/lib/vnet.h"
#include "tests/unit/app/check_demo.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MIB          UINT64_C(1048576)
#define SESSIONS_MAX 9
#define SEED_UP      (4 * MIB)
#define BYTES        (48 * MIB)
#define PORT         6881

static const struct demo_file files[] = {{"data.bin", BYTES, NULL}};
static const struct demo_torrent_plan torrent = {"Swarm", "", 65536, files, 1};

struct swarm {
    struct clock_virtual clock;
    struct loop_platform platform;
    struct random_seeded random;
    struct loop *loop;
    struct vnet *vnet;
    struct session *sessions[SESSIONS_MAX]; /* the first is the seed */
    struct torrent_id ids[SESSIONS_MAX];
    int count;
    char dir[PATH_MAX];
};

static void open_session(struct swarm *swarm, int number)
{
    char dir[PATH_MAX + 16], host[32], message[SESSION_MESSAGE_SIZE];
    struct buffer bytes;
    const struct add_options add = {0};
    snprintf(dir, sizeof dir, "%s/%d", swarm->dir, number);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    if (number == 0)
        ck_assert_int_eq(demo_data_write(&torrent, dir, 100, 0), ERROR_NONE);
    snprintf(host, sizeof host, "10.0.0.%d", number + 1);
    const struct session_config config = {
        .loop = swarm->loop,
        /* The host is not changed by whoever uses it. */
        .net = (struct net *)(uintptr_t)vnet_host(swarm->vnet, host),
        .random = &swarm->random.source,
        .download_dir = dir,
        .port = PORT,
        .max_up = number == 0 ? SEED_UP : 0,
        .workers = UINT32_MAX,
        .pool_bytes = 8 * MIB,
        .incoming = true,
    };
    ck_assert_msg(session_new(&config, &swarm->sessions[number], message) == ERROR_NONE,
                  "%s", message);
    buffer_init(&bytes, MIB);
    ck_assert_int_eq(demo_data_metainfo(&torrent, 1, &bytes), ERROR_NONE);
    ck_assert_msg(session_add_bytes(swarm->sessions[number], bytes.bytes, bytes.length,
                                    &add, &swarm->ids[number], message) == ERROR_NONE,
                  "%s", message);
    buffer_done(&bytes);
}

/* Everybody dials those before him. */
static void acquaint(struct swarm *swarm)
{
    for (int i = 1; i < swarm->count; i++) {
        for (int to = 0; to < i; to++) {
            char text[32];
            struct netaddr address;
            snprintf(text, sizeof text, "10.0.0.%d", to + 1);
            ck_assert_int_eq(netaddr_parse(text, PORT, &address), ERROR_NONE);
            torrent_add_peer(swarm->sessions[i], swarm->ids[i], &address);
        }
    }
}

static void swarm_open(struct swarm *swarm, int leechers, uint64_t random_seed)
{
    memset(swarm, 0, sizeof *swarm);
    clock_virtual_init(&swarm->clock, NS_PER_S);
    swarm->platform = loop_platform_virtual(&swarm->clock);
    random_seeded_init(&swarm->random, random_seed);
    swarm->loop = loop_new(&swarm->platform);
    swarm->vnet = vnet_new(swarm->loop);
    swarm->count = leechers + 1;
    snprintf(swarm->dir, sizeof swarm->dir, "%s/swarm-XXXXXX", check_demo_tmpdir());
    ck_assert_ptr_nonnull(mkdtemp(swarm->dir));
    for (int i = 0; i < swarm->count; i++)
        open_session(swarm, i);
}

static int remove_entry(const char *path, const struct stat *status, int kind,
                        struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static void swarm_close(struct swarm *swarm)
{
    for (int i = 0; i < swarm->count; i++)
        session_free(swarm->sessions[i]);
    vnet_free(swarm->vnet);
    loop_free(swarm->loop);
    nftw(swarm->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct torrent_info look(struct swarm *swarm, int number)
{
    struct torrent_info info;
    ck_assert(torrent_get_info(swarm->sessions[number], swarm->ids[number], &info));
    return info;
}

static bool all_are(struct swarm *swarm, bool complete)
{
    for (int i = 0; i < swarm->count; i++) {
        const struct torrent_info info = look(swarm, i);
        if (complete ? info.done_bytes < info.total_bytes
                     : info.state == TORRENT_STATE_CHECKING)
            return false;
    }
    return true;
}

static uint64_t now(const struct swarm *swarm)
{
    return clock_now_ns(&swarm->clock.clock);
}

/* Seconds until the last leecher has all. */
static double run(struct swarm *swarm)
{
    const uint64_t end_ns = now(swarm) + 300 * NS_PER_S;
    while (!all_are(swarm, false) && now(swarm) < end_ns)
        loop_turn(swarm->loop, NS_PER_S);
    const uint64_t began_ns = now(swarm);
    acquaint(swarm);
    while (!all_are(swarm, true) && now(swarm) < end_ns)
        loop_turn(swarm->loop, NS_PER_S);
    ck_assert_msg(all_are(swarm, true), "not complete after 300 s");
    return (double)(now(swarm) - began_ns) / (double)NS_PER_S;
}

static const int crowds[] = {4, 8};

/* The seed's line is what limits them: once for each piece is ideal. What a few leechers
 * ask it for at the same moment goes twice, which is the more of a torrent the smaller it
 * is: 15 % here. */
START_TEST(last_leecher_is_not_far_behind_the_seed)
{
    struct swarm swarm;
    swarm_open(&swarm, crowds[_i], 7);
    const double ideal_s = (double)BYTES / (double)SEED_UP;
    const double took_s = run(&swarm);
    const double copies = (double)look(&swarm, 0).uploaded / (double)BYTES;
    ck_assert_msg(took_s <= 1.3 * ideal_s,
                  "%d leechers: %.2f s, the seed gave %.2f copies", crowds[_i], took_s,
                  copies);
    ck_assert_double_ge(took_s, 0.95 * ideal_s);
    for (int i = 1; i < swarm.count; i++)
        ck_assert_uint_lt(look(&swarm, i).wasted, BYTES / 50);
    swarm_close(&swarm);
}
END_TEST

Suite *test_session_swarm_suite(void)
{
    Suite *suite = suite_create("session_swarm");
    TCase *cases = tcase_create("session_swarm");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, last_leecher_is_not_far_behind_the_seed, 0,
                        (int)(sizeof crowds / sizeof crowds[0]));
    suite_add_tcase(suite, cases);
    return suite;
}
