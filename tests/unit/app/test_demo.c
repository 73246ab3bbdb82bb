#include "app/demo.h"
#include "app/run.h"
#include "net/net.h"
#include "tests/lib/patient.h"
#include "tests/unit/app/check_demo.h"
#include "torrent/looks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB UINT64_C(1048576)

/* ---- swarms: one of some seconds, one without end ---- */

static const struct demo_file song_files[] = {{"歌.flac", MIB * 3 / 2 + 77, NULL},
                                              {"Words/Слова.txt", 0, "la la la\n"},
                                              {"Words/empty", 0, ""}};
static const struct demo_file gift_files[] = {{"gift.bin", MIB / 4 + 1, NULL}};
static const struct demo_torrent_plan torrents[] = {{"Song", "", 32768, song_files, 3},
                                                    {"Gift", "", 16384, gift_files, 1}};
static const struct demo_actor_plan fast_actors[] = {
    {"127.0.0.2", 0, MIB / 2, 0, 0, {DEMO_WHOLE, DEMO_NOT_IN}},
    {"127.0.0.3", 0, MIB / 4, 0, 0, {40, 0}},
    {"127.0.0.4", 0, MIB, 400, 0, {DEMO_WHOLE, DEMO_NOT_IN}},
    {"127.0.0.5", 0, 20000, 0, 6000, {DEMO_WHOLE, DEMO_NOT_IN}},
};
static const struct demo_actor_plan slow_actors[] = {
    {"127.0.0.2", 0, 40000, 0, 0, {DEMO_WHOLE, DEMO_NOT_IN}},
    {"127.0.0.3", 10000, 5000, 0, 0, {10, 0}},
};
static const struct demo_plan fast_plan = {torrents, 2, fast_actors, 4, {0, DEMO_WHOLE}};
static const struct demo_plan slow_plan = {torrents, 2, slow_actors, 2, {0, DEMO_WHOLE}};

/* ---- in this process: what the user's session sees ---- */

struct stage {
    struct patient time;
    struct loop *loop;
    struct log *log;
    struct net *net;
    struct demo *demo;
    struct session *session;
    struct torrent_id ids[DEMO_TORRENTS_MAX];
    bool seen[256]; /* last bytes of the hosts that were connected */
};

static void stage_open(struct stage *stage)
{
    char message[SESSION_MESSAGE_SIZE];
    uint32_t count;
    const struct add_options add = {0};
    *stage = (struct stage){.log = log_new(&clock_system, 100),
                            .net = net_system_new(DEMO_USER_HOST)};
    const struct loop_platform platform = patient_platform(&stage->time);
    stage->loop = loop_new(&platform);
    const struct demo_config demo = {stage->loop, &random_system, stage->log, &fast_plan};
    ck_assert_msg(demo_new(&demo, &stage->demo, message) == ERROR_NONE, "%s", message);
    ck_assert_int_eq(demo_begin(stage->demo), ERROR_NONE);
    const struct session_config config = {
        .loop = stage->loop,
        .net = stage->net,
        .random = &random_system,
        .log = stage->log,
        .download_dir = demo_download_dir(stage->demo),
        .bind = DEMO_USER_HOST,
        .workers = 1,
        .pool_bytes = 4 * MIB,
        .incoming = true,
    };
    ck_assert_msg(session_new(&config, &stage->session, message) == ERROR_NONE, "%s",
                  message);
    ck_assert_msg(demo_add_torrents(stage->demo, stage->session, &add, stage->ids, &count,
                                    message) == ERROR_NONE,
                  "%s", message);
    ck_assert_uint_eq(count, 2);
}

static void stage_close(struct stage *stage)
{
    session_free(stage->session);
    demo_free(stage->demo);
    net_system_free(stage->net);
    log_free(stage->log);
    loop_free(stage->loop);
    ck_assert_int_eq(check_demo_count(check_demo_tmpdir()), 0);
}

static void look_at_peers(struct stage *stage)
{
    struct peer_info peers[32];
    const uint32_t count = torrent_get_peers(stage->session, stage->ids[0], peers, 32);
    for (uint32_t i = 0; i < count && i < 32; i++)
        if ((peers[i].flags & PEER_FLAG_HANDSHAKEN) != 0)
            stage->seen[peers[i].address.bytes[3]] = true;
}

static void check_socket(const struct sockaddr_storage *sockaddr)
{
    struct netaddr address;
    char text[NETADDR_TEXT_SIZE];
    if (netaddr_from_sockaddr((const struct sockaddr *)sockaddr, &address) != ERROR_NONE)
        return; /* not of the Internet */
    ck_assert_msg(netaddr_scope(&address) == NETADDR_SCOPE_LOOPBACK, "%s",
                  netaddr_format(&address, text));
}

/* Both ends of every socket of this process; returns how many there are. */
static int check_sockets(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_storage sockaddr;
        socklen_t length = sizeof sockaddr;
        if (getsockname(fd, (struct sockaddr *)&sockaddr, &length) != 0)
            continue;
        check_socket(&sockaddr);
        count++;
        length = sizeof sockaddr;
        if (getpeername(fd, (struct sockaddr *)&sockaddr, &length) == 0)
            check_socket(&sockaddr);
    }
    return count;
}

static bool is_done(struct stage *stage)
{
    struct torrent_info song, gift;
    ck_assert(torrent_get_info(stage->session, stage->ids[0], &song));
    ck_assert(torrent_get_info(stage->session, stage->ids[1], &gift));
    return song.done_bytes == song.total_bytes && gift.uploaded >= gift.total_bytes;
}

START_TEST(user_gets_and_gives_and_sees_who_comes_and_goes)
{
    struct stage stage;
    uint64_t turns = 0;
    int sockets = 0;
    stage_open(&stage);
    const uint64_t end_ns = loop_now_ns(stage.loop) + 300 * NS_PER_S;
    while (!is_done(&stage) && loop_now_ns(stage.loop) < end_ns) {
        loop_turn(stage.loop, 20 * NS_PER_MS);
        look_at_peers(&stage);
        if (++turns % 16 == 0) {
            const int found = check_sockets();
            sockets = found > sockets ? found : sockets;
        }
    }
    ck_assert(is_done(&stage));
    ck_assert_int_gt(sockets, 5);
    /* Where there is one host only, they differ in nothing but their ports. */
    const bool many = stage.seen[2];
    for (int host = 2; host <= 5; host++)
        ck_assert_msg(stage.seen[many ? host : 1], "127.0.0.%d was not there", host);
    stage_close(&stage);
}
END_TEST

static bool log_has(const struct log *log, const char *words)
{
    for (uint64_t number = 1; number <= log_newest(log); number++) {
        const struct log_line *line = log_get(log, number);
        if (line != NULL && strstr(line->text, words) != NULL)
            return true;
    }
    return false;
}

START_TEST(log_tells_who_comes_and_goes)
{
    struct stage stage;
    static const char *const lines[] = {"demo: 127.0.0.2 joins, gives at most 512 KiB/s",
                                        "demo: 127.0.0.4 joins",
                                        "demo: 127.0.0.5 leaves"};
    stage_open(&stage);
    const uint64_t end_ns = loop_now_ns(stage.loop) + 60 * NS_PER_S;
    while (!log_has(stage.log, "leaves") && loop_now_ns(stage.loop) < end_ns)
        loop_turn(stage.loop, 20 * NS_PER_MS);
    const bool many = log_has(stage.log, "127.0.0.2");
    for (int i = 0; i < 3 && many; i++)
        ck_assert_msg(log_has(stage.log, lines[i]), "%s", lines[i]);
    ck_assert(log_has(stage.log, "leaves"));
    stage_close(&stage);
}
END_TEST

START_TEST(end_at_once_leaves_nothing)
{
    struct stage stage;
    stage_open(&stage);
    for (int i = 0; i < _i; i++)
        loop_turn(stage.loop, 0);
    stage_close(&stage);
}
END_TEST

/* ---- the program's way, in a child ---- */

struct child {
    pid_t pid;
    FILE *out; /* what it says */
};

static struct child run_child(const struct demo_plan *plan, bool json, int max_files)
{
    const struct options options = {
        .headless = true, .json = json, .exit_when_done = true};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        const struct rlimit limit = {(rlim_t)max_files, (rlim_t)max_files};
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        if (max_files > 0)
            setrlimit(RLIMIT_NOFILE, &limit);
        _exit((int)run_plan(&options, plan));
    }
    close(ends[1]);
    return (struct child){pid, fdopen(ends[0], "r")};
}

/* Reads on until a line holds WORDS; false: it has said all. */
static bool hear(const struct child *child, const char *words)
{
    char line[4096];
    while (fgets(line, sizeof line, child->out) != NULL)
        if (strstr(line, words) != NULL)
            return true;
    return false;
}

static int exit_status_of(struct child *child)
{
    int status;
    while (hear(child, "\n"))
        ;
    fclose(child->out);
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

START_TEST(exit_when_done_ends_with_0_and_leaves_nothing)
{
    struct child child = run_child(&fast_plan, true, 0);
    ck_assert(hear(&child, "\"event\":\"completed\""));
    ck_assert(hear(&child, "\"event\":\"stopped\""));
    ck_assert_int_eq(exit_status_of(&child), 0);
    ck_assert_int_eq(check_demo_count(check_demo_tmpdir()), 0);
}
END_TEST

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(signal_ends_it_with_0_and_leaves_nothing)
{
    struct child child = run_child(&slow_plan, false, 0);
    ck_assert(hear(&child, "listening"));
    ck_assert_int_eq(check_demo_count(check_demo_tmpdir()), 1);
    if (_i >= 3)
        ck_assert(hear(&child, "downloading"));
    ck_assert_int_eq(kill(child.pid, signals[_i % 3]), 0);
    ck_assert_int_eq(exit_status_of(&child), 0);
    ck_assert_int_eq(check_demo_count(check_demo_tmpdir()), 0);
}
END_TEST

START_TEST(second_signal_ends_it_at_once_and_leaves_nothing)
{
    struct child child = run_child(&slow_plan, false, 0);
    ck_assert(hear(&child, "downloading"));
    ck_assert_int_eq(kill(child.pid, SIGINT), 0);
    ck_assert_int_eq(kill(child.pid, SIGTERM), 0);
    ck_assert_int_eq(exit_status_of(&child), 0);
    ck_assert_int_eq(check_demo_count(check_demo_tmpdir()), 0);
}
END_TEST

START_TEST(failed_start_ends_with_2_and_leaves_nothing)
{
    /* Too few descriptors for the whole swarm: it fails half way, wherever that is. */
    struct child child = run_child(&fast_plan, false, 12 + 6 * _i);
    ck_assert_int_eq(exit_status_of(&child), EXIT_STATUS_USAGE);
    ck_assert_int_eq(check_demo_count(check_demo_tmpdir()), 0);
}
END_TEST

static const char *const unfit[][2] = {
    {"a.torrent", NULL},     {"--download-dir", "x"},   {"--state-dir", "x"},
    {"--bind", "127.0.0.1"}, {"--peer", "127.0.0.1:1"}, {"--select", "1"},
};

START_TEST(what_the_demo_decides_itself_is_refused)
{
    char texts[5][32] = {"bttui", "demo", "--headless"};
    char *arguments[] = {texts[0], texts[1], texts[2], texts[3], texts[4], NULL};
    const int count = unfit[_i][1] != NULL ? 5 : 4;
    struct options options;
    strcpy(texts[3], unfit[_i][0]);
    strcpy(texts[4], unfit[_i][1] != NULL ? unfit[_i][1] : "");
    arguments[count] = NULL;
    ck_assert_int_eq(options_parse(count, arguments, &options), EXIT_STATUS_USAGE);
}
END_TEST

START_TEST(plan_of_the_program_fits_its_bounds)
{
    const struct demo_plan *plan = &demo_plan_default;
    ck_assert_uint_le(plan->torrent_count, DEMO_TORRENTS_MAX);
    ck_assert_uint_le(plan->actor_count, DEMO_ACTORS_MAX);
    for (uint32_t i = 0; i < plan->actor_count; i++)
        ck_assert_int_eq(strncmp(plan->actors[i].host, "127.0.0.", 8), 0);
}
END_TEST

Suite *test_demo_suite(void)
{
    Suite *suite = suite_create("demo");
    TCase *cases = tcase_create("demo");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, user_gets_and_gives_and_sees_who_comes_and_goes);
    tcase_add_test(cases, log_tells_who_comes_and_goes);
    tcase_add_loop_test(cases, end_at_once_leaves_nothing, 0, 3);
    tcase_add_test(cases, exit_when_done_ends_with_0_and_leaves_nothing);
    tcase_add_loop_test(cases, signal_ends_it_with_0_and_leaves_nothing, 0, 4);
    tcase_add_test(cases, second_signal_ends_it_at_once_and_leaves_nothing);
    tcase_add_loop_test(cases, failed_start_ends_with_2_and_leaves_nothing, 0, 3);
    tcase_add_loop_test(cases, what_the_demo_decides_itself_is_refused, 0,
                        (int)(sizeof unfit / sizeof unfit[0]));
    tcase_add_test(cases, plan_of_the_program_fits_its_bounds);
    suite_add_tcase(suite, cases);
    return suite;
}
