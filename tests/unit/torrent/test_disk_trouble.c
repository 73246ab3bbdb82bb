#include "tests/unit/torrent/pair.h"

#include "base/sandbox.h"
#include "disk/disk_private.h"
#include "piece/piece_private.h"
#include "torrent/commands.h"
#include "torrent/session_private.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *test_disk_trouble_suite(void);

#define PIECE 32768u

static struct pair pair;

static void setup(void)
{
    pair_init(&pair, PIECE);
    pair_seed(&pair);
}

static void teardown(void)
{
    pair_done(&pair);
}

static bool leech_failed(const struct pair *at)
{
    return at->leech.errors > 0;
}

static bool leech_begun(const struct pair *at)
{
    return at->leech.pieces > 0;
}

/* No write and no request is under way that could fail after all. */
static bool leech_quiet(const struct pair *at)
{
    uint8_t states[256];
    struct peer_info peers[8];
    const uint32_t count = torrent_get_pieces(at->leech.session, at->leech.id, 0,
                                              sizeof states, states, NULL);
    const uint32_t known = torrent_get_peers(at->leech.session, at->leech.id, peers, 8);
    for (uint32_t i = 0; i < count; i++)
        if (states[i] == PIECE_STATE_VERIFYING)
            return false;
    for (uint32_t i = 0; i < known && i < 8; i++)
        if (peers[i].requests_out > 0)
            return false;
    return true;
}

static void start_leech(void)
{
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
}

static void expect_error(const char *file, const char *words)
{
    const struct torrent_info info = side_info(&pair.leech);
    ck_assert_int_eq(info.state, TORRENT_STATE_ERROR);
    ck_assert_msg(strstr(info.reason, file) != NULL && strstr(info.reason, words) != NULL,
                  "%s", info.reason);
}

/* S2: what is too large stays on the network; nothing is claimed, the rest goes on. */
START_TEST(a_file_size_limit_stops_the_download_and_names_the_file)
{
    const struct rlimit small = {800000, RLIM_INFINITY};
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    start_leech();
    pair_until(&pair, leech_failed, 20);
    expect_error("sub/c", "large");
    const uint32_t had = side_info(&pair.leech).pieces_have;
    ck_assert_uint_lt(had, pair.meta->piece_count);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    pair_until(&pair, leech_quiet, 20);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

START_TEST(something_in_the_way_is_named_and_left_alone)
{
    char path[256], target[128];
    snprintf(path, sizeof path, "%s/pair", pair.leech.down);
    snprintf(target, sizeof target, "%s/victim", pair.root);
    ck_assert_int_eq(mkdir(pair.leech.down, 0755), 0);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    strcat(path, "/a");
    ck_assert_int_eq(symlink(target, path), 0);
    start_leech();
    pair_until(&pair, leech_failed, 20);
    expect_error("a", "stands in the place");
    ck_assert_int_ne(access(target, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);
    pair_until(&pair, leech_quiet, 20);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

START_TEST(an_empty_file_that_could_not_be_made_is_made_when_it_can)
{
    char path[256];
    snprintf(path, sizeof path, "%s/pair", pair.leech.down);
    ck_assert_int_eq(mkdir(pair.leech.down, 0755), 0);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    strcat(path, "/empty");
    ck_assert_int_eq(symlink("nowhere", path), 0);
    start_leech();
    pair_until(&pair, leech_failed, 20);
    expect_error("empty", "stands in the place");
    ck_assert_int_eq(unlink(path), 0);
    pair_until(&pair, leech_quiet, 20);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, pair_leech_complete, 20);
    pair_until(&pair, pair_leech_ready, 5);
    while (pair_size(pair.leech.down, "pair/empty") != 0)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

/* O28: a mistake of our own in a torrent's books ends its connections, not the program;
 * what is on disk is verified, and it goes on. */
START_TEST(books_that_do_not_hold_stop_one_torrent_and_are_made_anew)
{
    start_leech();
    pair_until(&pair, leech_begun, 20);
    struct torrent *torrent = session_torrent(pair.leech.session, pair.leech.id);
    torrent->pieces->table.broken = "test of it";
    torrent->pieces->table.missing += 12345;
    session_run_soon(torrent);
    pair_until(&pair, leech_failed, 20);
    expect_error("a mistake in bttui", "test of it");
    ck_assert_uint_eq(side_info(&pair.leech).peers_connected, 0);
    ck_assert_int_eq(side_info(&pair.seed).state, TORRENT_STATE_SEEDING);
    pair_until(&pair, leech_quiet, 20);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, pair_leech_ready, 20);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    ck_assert_uint_eq(pair.leech.errors, 1);
    ck_assert_ptr_null(piece_manager_broken(torrent->pieces));
}
END_TEST

static bool seed_failed(const struct pair *at)
{
    return at->seed.errors > 0;
}

/* S11: what is not there any more is neither uploaded nor claimed. */
START_TEST(a_file_cut_short_while_seeding_is_no_source_of_zeros)
{
    char path[256];
    snprintf(path, sizeof path, "%s/pair/sub/c", pair.seed.down);
    ck_assert_int_eq(truncate(path, 100000), 0);
    start_leech();
    pair_until(&pair, seed_failed, 20);
    ck_assert_ptr_nonnull(strstr(pair.seed.text, "shorter"));
    ck_assert_ptr_nonnull(strstr(pair.seed.text, "sub/c"));
    ck_assert_uint_lt(side_info(&pair.seed).pieces_have, pair.meta->piece_count);
    ck_assert(!pair_leech_complete(&pair));
    ck_assert_uint_eq(side_info(&pair.leech).failed, 0); /* not one wrong byte came */
}
END_TEST

static struct side other; /* a third one, which has nothing */

static bool other_complete(const struct pair *at)
{
    (void)at;
    return side_is_complete(&other);
}

/* What TO's peer, the leech, has, as TO was told. */
static uint32_t pieces_told(const struct side *to)
{
    struct peer_info peers[4];
    const uint32_t known = torrent_get_peers(to->session, to->id, peers, 4);
    uint32_t most = 0;
    for (uint32_t i = 0; i < known && i < 4; i++)
        if (peers[i].pieces_have > most)
            most = peers[i].pieces_have;
    return most;
}

static bool other_was_told(const struct pair *at)
{
    return pieces_told(&other) == side_info(&at->leech).pieces_have;
}

static bool leech_saved(const struct pair *at)
{
    return at->leech.checkpoints > 0 &&
           at->leech.last_checkpoint == side_info(&at->leech).pieces_have;
}

static void introduce(struct side *to, const struct side *from)
{
    struct session_info info;
    struct netaddr address;
    session_get_info(from->session, &info);
    ck_assert_int_eq(netaddr_parse("127.0.0.1", info.port, &address), ERROR_NONE);
    torrent_add_peer(to->session, to->id, &address);
}

static void open_other(void)
{
    other = (struct side){.sequential = true};
    snprintf(other.down, sizeof other.down, "%s/other", pair.root);
    side_open(&pair, &other, false);
    ck_assert_int_eq(side_add(&pair, &other, NULL), ERROR_NONE);
}

/* S11: a piece that was verified and is not there any more when somebody asks for it is
 * taken back, in what peers are told, in what is shown and in what is kept; and is
 * fetched again. */
START_TEST(a_verified_piece_that_is_lost_is_taken_back_and_fetched_again)
{
    char path[256];
    pair_write_files(&pair, pair.leech.down);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_complete, 20);
    snprintf(path, sizeof path, "%s/pair/sub/c", pair.leech.down);
    ck_assert_int_eq(truncate(path, 890000), 0); /* within the last piece */
    open_other();
    introduce(&other, &pair.leech);
    pair_until(&pair, leech_failed, 20);
    expect_error("sub/c", "shorter");
    ck_assert_uint_eq(side_info(&pair.leech).pieces_have, pair.meta->piece_count - 1);
    ck_assert_uint_eq(side_info(&other).failed, 0); /* no zeros for bytes */
    side_drop(&other);
    open_other();
    introduce(&other, &pair.leech);
    pair_until(&pair, other_was_told, 20); /* who comes now */
    struct loop_timer *checkpoint =
        &session_torrent(pair.leech.session, pair.leech.id)->checkpoint;
    ck_assert(loop_timer_is_set(checkpoint));
    pair.leech.checkpoints = 0;
    loop_timer_set_in(pair.loop, checkpoint, 0); /* not in five seconds */
    pair_until(&pair, leech_saved, 20);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    pair_until(&pair, other_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    ck_assert(pair_files_are_right(&pair, other.down));
    side_drop(&other);
}
END_TEST

/* In a process of its own, which the test framework cannot be in: 0, or what is wrong. */
static int find_out_of_reach(void)
{
    char path[128], message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    const unsigned all = SANDBOX_READ | SANDBOX_LIST | SANDBOX_WRITE;
    const uint16_t any_port = 0;
    const struct add_options options = {0};
    const struct sandbox_path paths[] = {{pair.leech.state, all}, {"/proc", all}};
    const struct sandbox_config config = {.paths = paths,
                                          .path_count = 2,
                                          .ports = &any_port,
                                          .port_count = 1,
                                          .listen = true};
    if ((sandbox_enter(&config) & SANDBOX_FILES) == 0)
        return 77;
    side_open(&pair, &pair.leech, true);
    if (side_add(&pair, &pair.leech, NULL) != ERROR_NONE)
        return 1;
    session_set_sandbox(pair.leech.session, "files", true);
    snprintf(path, sizeof path, "%s/x.torrent", pair.root);
    if (session_add_file(pair.leech.session, path, &options, &id, message) !=
            ERROR_ACCESS ||
        strstr(message, "in the sandbox") == NULL)
        return 2;
    while (pair.leech.errors == 0)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    return strstr(pair.leech.text, "the sandbox reaches only what was there") != NULL ? 0
                                                                                      : 3;
}

/* What the sandbox keeps out, such as a disk mounted after the start, is said to be out
 * of its reach. */
START_TEST(what_the_sandbox_keeps_out_is_told_to_be_so)
{
    char path[128];
    int status;
    ck_assert_int_eq(mkdir(pair.leech.state, 0700), 0);
    snprintf(path, sizeof path, "%s/x.torrent", pair.root);
    FILE *file = fopen(path, "w");
    fclose(file);
    const pid_t child = fork();
    if (child == 0)
        _exit(find_out_of_reach());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        printf("skipped, this kernel cannot: files out of reach\n");
    else
        ck_assert_int_eq(status, 0);
}
END_TEST

/* S3: state that cannot be saved is told once and holds up nothing. */
START_TEST(a_full_state_directory_is_a_warning)
{
    char path[160];
    side_open(&pair, &pair.leech, true);
    snprintf(path, sizeof path, "%s/resume", pair.leech.state);
    ck_assert_int_eq(rmdir(path), 0); /* nothing can be saved there now */
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    while (!side_info(&pair.leech).synced)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    ck_assert_uint_eq(pair.leech.warnings, 1);
    ck_assert_ptr_nonnull(strstr(pair.leech.text, pair.leech.state));
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_SEEDING);
    ck_assert(side_info(&pair.leech).synced); /* payload is; --exit-when-done may end */
    ck_assert_uint_eq(pair.leech.checkpoints, 0);
    side_close(&pair, &pair.leech);
}
END_TEST

static void download_in_part(void)
{
    session_set_limits(pair.seed.session, 0, 200000);
    start_leech();
    while (pair.leech.pieces < 30 || pair.leech.checkpoints == 0)
        loop_turn(pair.loop, 20 * NS_PER_MS);
}

static void resume_and_complete(void)
{
    session_set_limits(pair.seed.session, 0, 0);
    for (int i = 0; i < 50; i++)
        loop_turn(pair.loop, 5 * NS_PER_MS);
    pair_until(&pair, leech_quiet, 20);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}

static void remove_of_leech(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/pair/%s", pair.leech.down, name);
    ck_assert_int_eq(unlink(path), 0);
}

/* S10 */
START_TEST(a_file_deleted_while_downloading_is_told_and_not_made_again_unasked)
{
    download_in_part();
    remove_of_leech("a");
    pair_until(&pair, leech_failed, 20); /* at the checkpoint, if no write met it */
    expect_error("a", "missing");
    resume_and_complete();
}
END_TEST

/* S10: though only one of them is named. Of each something was synced before, and
 * something not yet. */
START_TEST(of_several_files_that_are_gone_none_is_claimed)
{
    download_in_part();
    const uint32_t before = pair.leech.pieces;
    while (pair.leech.pieces < before + 6)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    remove_of_leech("a");
    remove_of_leech("sub/c");
    pair_until(&pair, leech_failed, 20);
    resume_and_complete();
}
END_TEST

/* S10: nor a file that was closed, as it is when many others were used since. */
START_TEST(a_file_that_was_closed_and_is_gone_is_not_claimed)
{
    download_in_part();
    storage_close_files(pair.leech.session->disk->torrents[pair.leech.id.index].storage);
    remove_of_leech("a");
    pair_until(&pair, leech_failed, 20);
    expect_error("a", "missing");
    resume_and_complete();
}
END_TEST

Suite *test_disk_trouble_suite(void)
{
    Suite *suite = suite_create("disk_trouble");
    TCase *tcase = tcase_create("disk_trouble");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_file_size_limit_stops_the_download_and_names_the_file);
    tcase_add_test(tcase, what_the_sandbox_keeps_out_is_told_to_be_so);
    tcase_add_test(tcase, something_in_the_way_is_named_and_left_alone);
    tcase_add_test(tcase, books_that_do_not_hold_stop_one_torrent_and_are_made_anew);
    tcase_add_test(tcase, an_empty_file_that_could_not_be_made_is_made_when_it_can);
    tcase_add_test(tcase, a_file_cut_short_while_seeding_is_no_source_of_zeros);
    tcase_add_test(tcase, a_verified_piece_that_is_lost_is_taken_back_and_fetched_again);
    tcase_add_test(tcase, a_full_state_directory_is_a_warning);
    tcase_add_test(tcase,
                   a_file_deleted_while_downloading_is_told_and_not_made_again_unasked);
    tcase_add_test(tcase, of_several_files_that_are_gone_none_is_claimed);
    tcase_add_test(tcase, a_file_that_was_closed_and_is_gone_is_not_claimed);
    suite_add_tcase(suite, tcase);
    return suite;
}
