#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"

#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

Suite *test_session_suite(void);

#define PIECE 32768u

static struct pair pair;

static void setup(void)
{
    pair_init(&pair, PIECE);
}

static void teardown(void)
{
    pair_done(&pair);
}

/* Bytes read by this process so far, from wherever. */
static uint64_t bytes_read(void)
{
    unsigned long long bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "rchar: %llu", &bytes), 1);
    fclose(file);
    return bytes;
}

static void download_all(bool keep)
{
    pair_seed(&pair);
    side_open(&pair, &pair.leech, keep);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
}

START_TEST(one_seeds_and_the_other_has_all_files)
{
    download_all(false);
    const struct torrent_info info = side_info(&pair.leech);
    ck_assert_uint_eq(info.downloaded, pair.meta->total_bytes);
    ck_assert_uint_eq(info.done_bytes, info.total_bytes);
    ck_assert_int_eq(info.state, TORRENT_STATE_SEEDING);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    loop_turn(pair.loop, 0);
    ck_assert_uint_eq(pair.leech.completed, 1);
    ck_assert_uint_eq(pair.leech.pieces, pair.meta->piece_count);
    ck_assert_uint_eq(pair.leech.errors, 0);
    ck_assert_uint_eq(pair.seed.completed, 0); /* it was complete from the start */
    side_close(&pair, &pair.leech);
    side_close(&pair, &pair.seed);
}
END_TEST

START_TEST(after_a_clean_end_nothing_is_hashed_again_and_nothing_lost)
{
    download_all(true);
    side_close(&pair, &pair.leech);
    const uint64_t before = bytes_read();
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
    pair_until(&pair, pair_leech_ready, 10);
    const struct torrent_info info = side_info(&pair.leech);
    ck_assert_uint_lt(bytes_read() - before, 100000); /* no payload */
    ck_assert_uint_eq(info.pieces_have, info.pieces);
    ck_assert_uint_eq(info.downloaded, pair.meta->total_bytes); /* over its life */
    ck_assert_uint_eq(pair.leech.last_checked, pair.meta->piece_count);
    ck_assert_uint_eq(pair.leech.checkpoints, 0); /* nothing has changed: nothing saved */
    ck_assert_uint_eq(pair.leech.completed, 0);
}
END_TEST

static bool leech_checkpointed(const struct pair *at)
{
    return at->leech.checkpoints > 0 &&
           at->leech.last_checkpoint == at->meta->piece_count;
}

/* R1: A checkpoint that was told holds, however the process ends after it. */
START_TEST(what_a_checkpoint_claims_survives_an_end_without_a_word)
{
    download_all(true);
    pair_until(&pair, leech_checkpointed, 10);
    side_drop(&pair.leech);
    const uint64_t before = bytes_read();
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_uint_eq(pair.leech.last_checked, pair.meta->piece_count);
    ck_assert_uint_lt(bytes_read() - before, 100000);
}
END_TEST

static void damage(const char *state, const char *suffix)
{
    char path[256], hex[INFO_HASH_HEX_SIZE];
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(path, sizeof path, "%s/resume/%s%s", state, hex, suffix);
    const int fd = open(path, O_WRONLY);
    if (fd < 0)
        return;
    ck_assert_int_eq(pwrite(fd, "\xff\xff\xff", 3, 60), 3);
    close(fd);
}

/* R3 */
START_TEST(damaged_resume_data_cost_a_check_and_no_download)
{
    download_all(true);
    side_close(&pair, &pair.leech);
    damage(pair.leech.state, "");
    damage(pair.leech.state, ".prev");
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_uint_eq(pair.leech.last_checked, pair.meta->piece_count);
    ck_assert_uint_eq(pair.leech.pieces, 0);
}
END_TEST

/* R6: just the changed file is hashed, and just its damage fetched again. */
START_TEST(a_file_changed_meanwhile_is_not_believed)
{
    char path[256];
    download_all(true);
    side_close(&pair, &pair.leech);
    snprintf(path, sizeof path, "%s/pair/a", pair.leech.down);
    const int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "vandal", 6, 5 * PIECE), 6);
    close(fd);
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_uint_eq(pair.leech.last_checked, pair.meta->piece_count - 1);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    loop_turn(pair.loop, 0);
    ck_assert_uint_eq(pair.leech.pieces, 1);
}
END_TEST

/* S16: an unmounted directory is no reason to fill the place under it. */
START_TEST(files_that_are_all_gone_are_not_fetched_again_unasked)
{
    char away[128];
    snprintf(away, sizeof away, "%s/away", pair.root);
    download_all(true);
    side_close(&pair, &pair.leech);
    ck_assert_int_eq(rename(pair.leech.down, away), 0);
    side_open(&pair, &pair.leech, true);
    while (pair.leech.errors == 0)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    ck_assert_uint_eq(pair.leech.errors, 1);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_ERROR);
    ck_assert_ptr_nonnull(strstr(side_info(&pair.leech).reason, "missing"));
    pair_introduce(&pair);
    for (int i = 0; i < 20; i++)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_int_ne(access(pair.leech.down, F_OK), 0);
    /* stopping keeps the claims: it may come back by the next start */
    side_close(&pair, &pair.leech);
    ck_assert_int_eq(rename(away, pair.leech.down), 0);
    const uint64_t before = bytes_read();
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_uint_eq(pair.leech.last_checked, pair.meta->piece_count);
    ck_assert_uint_lt(bytes_read() - before, 100000);
}
END_TEST

START_TEST(files_that_are_gone_are_fetched_again_when_asked)
{
    char away[128];
    snprintf(away, sizeof away, "%s/away", pair.root);
    download_all(true);
    side_close(&pair, &pair.leech);
    ck_assert_int_eq(rename(pair.leech.down, away), 0);
    side_open(&pair, &pair.leech, true);
    while (pair.leech.errors == 0)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_until(&pair, pair_leech_ready, 10);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

START_TEST(the_same_torrent_twice_is_one)
{
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    const struct torrent_id first = pair.leech.id;
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_EXISTS);
    ck_assert_uint_eq(pair.leech.id.index, first.index);
    ck_assert_uint_eq(session_count(pair.leech.session), 1);
}
END_TEST

/* T47, S24: another torrent whose files lie in the same place. */
START_TEST(a_torrent_on_top_of_another_is_refused)
{
    struct pair other;
    const struct add_options elsewhere = {.download_dir = "/tmp/bttui-nowhere"};
    char message[SESSION_MESSAGE_SIZE];
    struct torrent_id id;
    pair_init(&other, PIECE * 2); /* the same files under another hash */
    side_open(&pair, &pair.leech, false);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    const struct add_options here = {0};
    ck_assert_int_eq(session_add_bytes(pair.leech.session, other.torrent.bytes,
                                       other.torrent.length, &here, &id, message),
                     ERROR_REFUSED);
    ck_assert_ptr_nonnull(strstr(message, "pair"));
    const struct add_options paused_elsewhere = {
        .download_dir = elsewhere.download_dir, .paused = true, .select = "1"};
    ck_assert_int_eq(session_add_bytes(pair.leech.session, other.torrent.bytes,
                                       other.torrent.length, &paused_elsewhere, &id,
                                       message),
                     ERROR_NONE);
    session_remove(pair.leech.session, id, true);
    pair_done(&other);
}
END_TEST

START_TEST(payload_in_the_state_directory_is_refused)
{
    const struct add_options inside = {.download_dir = pair.leech.state};
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &inside), ERROR_REFUSED);
    ck_assert_ptr_nonnull(strstr(pair.leech.text, "state directory"));
    ck_assert_uint_eq(session_count(pair.leech.session), 0);
}
END_TEST

static bool some_pieces(const struct pair *at)
{
    return at->leech.pieces >= 4;
}

START_TEST(a_paused_torrent_stands_still_and_goes_on)
{
    pair_seed(&pair);
    session_set_limits(pair.seed.session, 0, 500000);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, some_pieces, 20);
    torrent_pause(pair.leech.session, pair.leech.id);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_PAUSED);
    for (int i = 0; i < 5; i++)
        loop_turn(pair.loop, 20 * NS_PER_MS);
    const uint32_t had = side_info(&pair.leech).pieces_have;
    ck_assert_uint_eq(side_info(&pair.leech).peers_connected, 0);
    side_close(&pair, &pair.leech); /* and it stays paused over a restart (R17) */
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, pair_leech_ready, 10);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_PAUSED);
    ck_assert_uint_ge(side_info(&pair.leech).pieces_have, had);
    session_set_limits(pair.seed.session, 0, 0);
    torrent_resume(pair.leech.session, pair.leech.id);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
}
END_TEST

static bool leech_wanted_done(const struct pair *at)
{
    const struct torrent_info info = side_info(&at->leech);
    return info.state == TORRENT_STATE_SEEDING;
}

START_TEST(the_choice_of_files_is_kept)
{
    const struct add_options first = {.select = "a"};
    struct file_info file;
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    ck_assert_int_eq(side_add(&pair, &pair.leech, &first), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, leech_wanted_done, 20);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    pair_until(&pair, pair_leech_ready, 10);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert(torrent_get_file(pair.leech.session, pair.leech.id, i, &file));
        ck_assert_int_eq(file.wanted, strcmp(file.path, "a") == 0);
    }
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_SEEDING);
}
END_TEST

/* S23 */
START_TEST(removing_leaves_or_deletes_exactly_its_own)
{
    char foreign[256], hex[INFO_HASH_HEX_SIZE], name[128];
    download_all(true);
    info_hash_hex(&pair.meta->hash, hex);
    snprintf(foreign, sizeof foreign, "%s/pair/sub/notes", pair.leech.down);
    FILE *file = fopen(foreign, "w");
    fputs("mine", file);
    fclose(file);
    session_remove(pair.leech.session, pair.leech.id, _i == 1);
    ck_assert_uint_eq(session_count(pair.leech.session), 0);
    side_close(&pair, &pair.leech); /* right behind it: the work is done all the same */
    ck_assert_uint_eq(pair_size(pair.leech.down, "pair/sub/notes"), 4);
    ck_assert_int_eq(pair_size(pair.leech.down, "pair/a") == UINT64_MAX, _i == 1);
    ck_assert_int_eq(pair_size(pair.leech.down, "pair/empty") == UINT64_MAX, _i == 1);
    snprintf(name, sizeof name, "resume/%s", hex);
    ck_assert_uint_eq(pair_size(pair.leech.state, name), UINT64_MAX);
    snprintf(name, sizeof name, "torrents/%s.torrent", hex);
    ck_assert_uint_eq(pair_size(pair.leech.state, name), UINT64_MAX);
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), 0);
}
END_TEST

/* S25, O23 */
START_TEST(a_torrent_may_be_removed_in_the_middle_of_anything)
{
    pair_seed(&pair);
    side_open(&pair, &pair.leech, true);
    for (int turns = 0; turns < 24; turns++) {
        ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
        pair_introduce(&pair);
        for (int i = 0; i < turns; i++)
            loop_turn(pair.loop, NS_PER_MS);
        session_remove(pair.leech.session, pair.leech.id, turns % 2 == 0);
    }
    ck_assert_uint_eq(session_count(pair.leech.session), 0);
}
END_TEST

static bool verified_again(const struct pair *at)
{
    return at->leech.checked >= 2;
}

/* P37, S12: the disk's fault is nobody else's. */
START_TEST(verifying_finds_what_was_damaged_behind_our_back)
{
    char path[256];
    download_all(false);
    snprintf(path, sizeof path, "%s/pair/sub/c", pair.leech.down);
    const int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "vandal", 6, 300000), 6);
    close(fd);
    torrent_verify(pair.leech.session, pair.leech.id);
    ck_assert_int_eq(side_info(&pair.leech).state, TORRENT_STATE_CHECKING);
    pair_until(&pair, verified_again, 10);
    ck_assert_uint_eq(pair.leech.last_checked, pair.meta->piece_count - 1);
    ck_assert_uint_eq(pair.leech.warnings, 1);
    ck_assert_ptr_nonnull(strstr(pair.leech.text, "1 piece was changed on the disk"));
    pair_introduce(&pair); /* as complete as it was, it had let the seed go */
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    ck_assert_uint_eq(pair.leech.bans, 0);
}
END_TEST

START_TEST(too_few_descriptors_are_told_with_the_number)
{
    const struct rlimit few = {16, 1024};
    char message[SESSION_MESSAGE_SIZE];
    struct session *session = NULL;
    const struct session_config config = {.loop = pair.loop,
                                          .net = pair.net,
                                          .random = &random_system,
                                          .download_dir = "/"};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    ck_assert_int_eq(session_new(&config, &session, message), ERROR_LIMIT);
    ck_assert_ptr_nonnull(strstr(message, "32"));
    ck_assert_ptr_null(session);
}
END_TEST

START_TEST(a_session_that_cannot_begin_leaves_nothing_behind)
{
    char message[SESSION_MESSAGE_SIZE];
    struct session *second = NULL;
    side_open(&pair, &pair.leech, true);
    struct session_config config = {.loop = pair.loop,
                                    .net = pair.net,
                                    .random = &random_system,
                                    .download_dir = pair.leech.down,
                                    .state_dir = pair.leech.state};
    ck_assert_int_eq(session_new(&config, &second, message), ERROR_EXISTS);
    ck_assert_ptr_nonnull(strstr(message, pair.leech.state));
    struct session_info info;
    session_get_info(pair.leech.session, &info);
    config.state_dir = NULL;
    config.incoming = true;
    config.bind = "127.0.0.1";
    config.port = info.port; /* in use */
    ck_assert_int_eq(session_new(&config, &second, message), ERROR_EXISTS);
    ck_assert_ptr_null(second);
    loop_turn(pair.loop, 0);
}
END_TEST

static bool space_known(const struct pair *at)
{
    struct session_info info;
    session_get_info(at->leech.session, &info);
    return info.free_bytes != UINT64_MAX;
}

START_TEST(free_space_is_known_after_a_look_that_holds_nobody)
{
    side_open(&pair, &pair.leech, false);
    ck_assert(!space_known(&pair));
    pair_write_files(&pair, pair.leech.down);
    side_drop(&pair.leech);
    side_open(&pair, &pair.leech, false);
    pair_until(&pair, space_known, 5);
}
END_TEST

/* ---- the network changes ---- */

static void (*change)(void *context);
static void *change_context;

static struct net_watch *catch_watch(void *context, struct loop *loop,
                                     void (*on_change)(void *context),
                                     void *watch_context)
{
    (void)context;
    (void)loop;
    change = on_change;
    change_context = watch_context;
    return NULL;
}

static bool tracker_failed(const struct pair *at)
{
    struct tracker_info tracker;
    return torrent_get_tracker(at->leech.session, at->leech.id, 0, &tracker) &&
           tracker.failures >= 2;
}

/* Whether somebody who comes to PORT finds an open door. */
static bool is_listening_at(uint16_t port)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool open = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return open;
}

/* O10; a gap (O8) comes the same way. */
START_TEST(when_the_network_changes_trackers_are_asked_again_soon)
{
    static const char torrent[] =
        "d8:announce27:http://127.0.0.1:1/announce4:infod6:lengthi1e4:name1:x12:piece "
        "lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
    char message[SESSION_MESSAGE_SIZE];
    struct tracker_info tracker;
    const struct add_options options = {0};
    pair.net->watch = catch_watch;
    side_open(&pair, &pair.leech, false);
    ck_assert_ptr_nonnull(change);
    ck_assert_int_eq(session_add_bytes(pair.leech.session, (const uint8_t *)torrent,
                                       sizeof torrent - 1, &options, &pair.leech.id,
                                       message),
                     ERROR_NONE);
    pair_until(&pair, tracker_failed, 20);
    change(change_context);
    ck_assert(torrent_get_tracker(pair.leech.session, pair.leech.id, 0, &tracker));
    ck_assert_uint_eq(tracker.failures, 0);
    ck_assert_uint_le(tracker.next_s, 45);
}
END_TEST

/* O10: the address changes, the door stays where it was. */
START_TEST(when_the_network_changes_the_port_stays_open)
{
    struct session_info before, after;
    pair.net->watch = catch_watch;
    side_open(&pair, &pair.leech, false);
    ck_assert_ptr_nonnull(change);
    session_get_info(pair.leech.session, &before);
    ck_assert_uint_ne(before.port, 0);
    for (int i = 0; i < 20; i++) {
        change(change_context);
        loop_turn(pair.loop, NS_PER_MS);
    }
    session_get_info(pair.leech.session, &after);
    ck_assert_uint_eq(after.port, before.port);
    ck_assert(is_listening_at(after.port));
}
END_TEST

/* ---- what the user has tied us to (--bind) ---- */

static struct net_bound bound;

static void tell_bound(void *context, struct net_bound *ret_bound)
{
    (void)context;
    *ret_bound = bound;
}

static void set_trouble(const char *trouble)
{
    bound = (struct net_bound){
        .to = "wg0", .trouble = trouble, .epoch = bound.epoch + (trouble != NULL)};
    change(change_context);
}

static enum error_code (*connect_for_real)(void *, struct loop *, const struct netaddr *,
                                           struct stream **);
static uint32_t connects;

static enum error_code connect_if_bound(void *context, struct loop *loop,
                                        const struct netaddr *to, struct stream **stream)
{
    if (bound.trouble != NULL)
        return ERROR_OFFLINE;
    connects++;
    return connect_for_real(context, loop, to, stream);
}

static bool leech_has_some(const struct pair *at)
{
    return side_info(&at->leech).pieces_have > 0;
}

static bool leech_has_no_peer(const struct pair *at)
{
    return side_info(&at->leech).peers_connected == 0;
}

START_TEST(when_what_we_are_tied_to_goes_nothing_goes_on_until_it_is_back)
{
    static const char trouble[] = "bound to wg0, which is down";
    static const char other[] = "bound to wg0, which is not there";
    struct session_info info;
    pair_seed(&pair);
    session_set_limits(pair.seed.session, 0, 40000);
    bound = (struct net_bound){.to = "wg0"};
    connects = 0;
    connect_for_real = pair.net->connect;
    pair.net->watch = catch_watch;
    pair.net->bound = tell_bound;
    pair.net->connect = connect_if_bound;
    side_open(&pair, &pair.leech, false);
    ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_introduce(&pair);
    pair_until(&pair, leech_has_some, 20);
    ck_assert_uint_eq(pair.leech.warnings, 0);

    session_get_info(pair.leech.session, &info);
    const uint16_t port = info.port;
    const uint32_t before = connects;
    set_trouble(trouble);
    pair_until(&pair, leech_has_no_peer, 1);
    ck_assert_str_eq(side_info(&pair.leech).reason, trouble);
    set_trouble(trouble); /* no news */
    for (int i = 0; i < 20; i++)
        loop_turn(pair.loop, NS_PER_S / 20);
    ck_assert_uint_eq(pair.leech.warnings, 1);
    ck_assert_str_eq(pair.leech.text, trouble);
    session_get_info(pair.leech.session, &info);
    ck_assert_str_eq(info.trouble, trouble);
    ck_assert_uint_eq(connects, before);
    set_trouble(other);
    loop_turn(pair.loop, NS_PER_S / 20);
    ck_assert_uint_eq(pair.leech.warnings, 2);
    ck_assert_str_eq(pair.leech.text, other);

    session_set_limits(pair.seed.session, 0, 0);
    set_trouble(NULL);
    pair_until(&pair, pair_leech_complete, 20);
    session_get_info(pair.leech.session, &info);
    ck_assert_ptr_null(info.trouble);
    ck_assert_uint_eq(info.port, port);
    ck_assert(is_listening_at(port));
}
END_TEST

START_TEST(trackers_asked_through_what_has_gone_have_failed_for_that)
{
    static const char torrent[] =
        "d8:announce27:http://127.0.0.1:1/announce4:infod6:lengthi1e4:name1:x12:piece "
        "lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";
    static const char trouble[] = "bound to wg0, which is down";
    char message[SESSION_MESSAGE_SIZE];
    struct tracker_info tracker;
    const struct add_options options = {0};
    bound = (struct net_bound){.to = "wg0"};
    pair.net->watch = catch_watch;
    side_open(&pair, &pair.leech, false);
    pair.net->bound = tell_bound;
    ck_assert_int_eq(session_add_bytes(pair.leech.session, (const uint8_t *)torrent,
                                       sizeof torrent - 1, &options, &pair.leech.id,
                                       message),
                     ERROR_NONE);
    do {
        loop_turn(pair.loop, NS_PER_S / 50);
        ck_assert(torrent_get_tracker(pair.leech.session, pair.leech.id, 0, &tracker));
    } while (tracker.state != TRACKER_STATE_WORKING);
    set_trouble(trouble);
    ck_assert(torrent_get_tracker(pair.leech.session, pair.leech.id, 0, &tracker));
    ck_assert_int_eq(tracker.state, TRACKER_STATE_FAILED);
    ck_assert_str_eq(tracker.message, trouble);
}
END_TEST

Suite *test_session_suite(void)
{
    Suite *suite = suite_create("session");
    TCase *tcase = tcase_create("session");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_seeds_and_the_other_has_all_files);
    tcase_add_test(tcase, after_a_clean_end_nothing_is_hashed_again_and_nothing_lost);
    tcase_add_test(tcase, what_a_checkpoint_claims_survives_an_end_without_a_word);
    tcase_add_test(tcase, damaged_resume_data_cost_a_check_and_no_download);
    tcase_add_test(tcase, a_file_changed_meanwhile_is_not_believed);
    tcase_add_test(tcase, files_that_are_all_gone_are_not_fetched_again_unasked);
    tcase_add_test(tcase, files_that_are_gone_are_fetched_again_when_asked);
    tcase_add_test(tcase, the_same_torrent_twice_is_one);
    tcase_add_test(tcase, a_torrent_on_top_of_another_is_refused);
    tcase_add_test(tcase, payload_in_the_state_directory_is_refused);
    tcase_add_test(tcase, a_paused_torrent_stands_still_and_goes_on);
    tcase_add_test(tcase, the_choice_of_files_is_kept);
    tcase_add_loop_test(tcase, removing_leaves_or_deletes_exactly_its_own, 0, 2);
    tcase_add_test(tcase, a_torrent_may_be_removed_in_the_middle_of_anything);
    tcase_add_test(tcase, verifying_finds_what_was_damaged_behind_our_back);
    tcase_add_test(tcase, too_few_descriptors_are_told_with_the_number);
    tcase_add_test(tcase, a_session_that_cannot_begin_leaves_nothing_behind);
    tcase_add_test(tcase, free_space_is_known_after_a_look_that_holds_nobody);
    tcase_add_test(tcase, when_the_network_changes_the_port_stays_open);
    tcase_add_test(tcase, when_what_we_are_tied_to_goes_nothing_goes_on_until_it_is_back);
    tcase_add_test(tcase, trackers_asked_through_what_has_gone_have_failed_for_that);
    tcase_add_test(tcase, when_the_network_changes_trackers_are_asked_again_soon);
    suite_add_tcase(suite, tcase);
    return suite;
}
