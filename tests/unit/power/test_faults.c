/* A disk that fails under a download or an upload, in virtual time (HOSTILE.md S). */
#include "tests/unit/power/check_power.h"
#include "tests/unit/power/journal.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
    rig.seed_up = 10000;
    rig_seed(&rig);
}

static void teardown(void)
{
    rig_done(&rig);
}

static bool is_in_error(const void *context)
{
    struct torrent_info info;
    struct session *session = *(struct session *const *)context;
    return torrent_get_info(session, session_at(session, 0), &info) &&
           info.state == TORRENT_STATE_ERROR;
}

static struct torrent_info look(struct session *session)
{
    struct torrent_info info = {0};
    ck_assert(torrent_get_info(session, session_at(session, 0), &info));
    return info;
}

static char warned[512];

static void note_warning(void *context, const struct message *event)
{
    (void)context;
    if (event->type == EVENT_WARNING)
        snprintf(warned, sizeof warned, "%s", event->u.text.text);
}

/* S1, S2, S7, S8: what ends by itself when the disk is well again, and what asks. */
static const struct {
    int error;
    bool resumes_alone;
    const char *word;
} write_faults[] = {{ENOSPC, true, "no space left"},
                    {EDQUOT, true, "no space left"},
                    {EROFS, true, "read-only"},
                    {EFBIG, false, "as large as this"},
                    {ENAMETOOLONG, false, "takes no such name"}, /* T30 */
                    {EILSEQ, false, "--portable-names"},         /* S18 */
                    {EACCES, false, "permission"},
                    {EIO, false, "look after the disk"}}; /* S4 */

START_TEST(a_disk_that_takes_nothing_stops_the_torrent_until_it_is_well)
{
    struct session *session = rig_open(&rig);
    world_run(&rig.world, 4 * NS_PER_S);
    power_fail(POWER_CALL_WRITE, "/down/", -1, write_faults[_i].error);
    ck_assert(world_run_until(&rig.world, 10 * NS_PER_S, is_in_error, &session));
    const struct torrent_info failed = look(session);
    ck_assert_msg(strstr(failed.reason, write_faults[_i].word) != NULL, "%s",
                  failed.reason);
    world_run(&rig.world, 70 * NS_PER_S); /* two tries more, in vain */
    ck_assert(is_in_error(&session));
    ck_assert_uint_eq(look(session).pieces_have, failed.pieces_have);
    bool there[RIG_PIECES];
    ck_assert_uint_ge(rig_pieces_there(&rig, there), failed.pieces_have);
    power_fail(POWER_CALL_WRITE, "", 0, 0);
    if (write_faults[_i].resumes_alone) {
        world_run(&rig.world, 31 * NS_PER_S);
        ck_assert(!is_in_error(&session));
    } else {
        world_run(&rig.world, 31 * NS_PER_S);
        ck_assert(is_in_error(&session));
        torrent_resume(session, session_at(session, 0));
    }
    ck_assert(rig_completes(&rig, session, 300));
    rig_close(&rig, session);
    ck_assert(rig_files_are_right(&rig));
}
END_TEST

/* S4: once is not noticed. */
START_TEST(a_write_that_fails_once_is_made_again)
{
    struct session *session = rig_open(&rig);
    world_run(&rig.world, 4 * NS_PER_S);
    power_fail(POWER_CALL_WRITE, "/down/", 1, EIO);
    ck_assert(rig_completes(&rig, session, 60));
    ck_assert_uint_eq(look(session).failed, 0);
    rig_close(&rig, session);
}
END_TEST

/* S26: the piece is fetched again, nobody is blamed, the disk is named. */
START_TEST(what_reads_back_wrong_is_fetched_again)
{
    rig.verify_writes = true;
    struct session *session = rig_open(&rig);
    warned[0] = '\0';
    ck_assert_int_eq(event_bus_listen(session_events(session), note_warning, NULL),
                     ERROR_NONE);
    world_run(&rig.world, 4 * NS_PER_S);
    const uint32_t before = look(session).pieces_have;
    power_fail(POWER_CALL_READ, "/down/", 2, 0); /* two pieces, then all is well */
    ck_assert(rig_completes(&rig, session, 300));
    ck_assert_uint_lt(before, RIG_PIECES);
    ck_assert_uint_eq(look(session).failed, 0); /* not the peer's fault */
    ck_assert_ptr_nonnull(strstr(warned, "reads back other than it was written"));
    ck_assert_ptr_nonnull(strstr(warned, rig.down));
    rig_close(&rig, session);
    ck_assert(rig_files_are_right(&rig));
}
END_TEST

START_TEST(a_disk_that_reads_back_wrong_for_ever_stops_the_torrent)
{
    rig.verify_writes = true;
    struct session *session = rig_open(&rig);
    world_run(&rig.world, 4 * NS_PER_S);
    const uint32_t before = look(session).pieces_have;
    power_fail(POWER_CALL_READ, "/down/", -1, 0);
    ck_assert(world_run_until(&rig.world, 60 * NS_PER_S, is_in_error, &session));
    ck_assert_ptr_nonnull(strstr(look(session).reason, "time and again"));
    ck_assert_uint_eq(look(session).pieces_have, before); /* nothing is claimed */
    power_fail(POWER_CALL_READ, "", 0, 0);
    torrent_resume(session, session_at(session, 0));
    ck_assert(rig_completes(&rig, session, 300));
    rig_close(&rig, session);
    ck_assert(rig_files_are_right(&rig));
}
END_TEST

/* S5: no wrong byte is sent; one failure is a reject, three in a row are told. */
START_TEST(a_disk_that_cannot_be_read_sends_nothing_wrong)
{
    struct session *session = rig_open(&rig);
    world_run(&rig.world, 4 * NS_PER_S);
    power_fail(POWER_CALL_READ, "/seed/", 1, EIO);
    world_run(&rig.world, 5 * NS_PER_S);
    ck_assert(!is_in_error(&rig.seed));
    power_fail(POWER_CALL_READ, "/seed/", -1, EIO);
    ck_assert(world_run_until(&rig.world, 60 * NS_PER_S, is_in_error, &rig.seed));
    ck_assert_uint_eq(look(session).failed, 0);
    power_fail(POWER_CALL_READ, "", 0, 0);
    torrent_resume(rig.seed, session_at(rig.seed, 0));
    ck_assert(rig_completes(&rig, session, 300));
    ck_assert_uint_eq(look(session).failed, 0);
    rig_close(&rig, session);
}
END_TEST

/* S6: what a failed sync was about is un-claimed and read back before it is claimed. */
START_TEST(a_failed_sync_unclaims_what_it_was_about)
{
    struct session *session = rig_open(&rig);
    world_run(&rig.world, 4 * NS_PER_S);
    power_fail(POWER_CALL_SYNC, "/down/", 1, EIO);
    ck_assert(world_run_until(&rig.world, 10 * NS_PER_S, is_in_error, &session));
    session_free(session); /* a kill: what is claimed now is what the state says */
    session = power_come_back(&rig, "after the failed sync");
    ck_assert(rig_completes(&rig, session, 300));
    rig_close(&rig, session);
    ck_assert(rig_files_are_right(&rig));
}
END_TEST

/* S17, S13: what is there already is looked at first; garbage is replaced only by what is
 * right, more than there should be stays. */
START_TEST(files_that_are_there_are_checked_before_anything_is_written)
{
    char path[128];
    uint8_t bytes[100000];
    struct stat status;
    ck_assert_int_eq(mkdir(rig.down, 0700), 0);
    snprintf(path, sizeof path, "%s/data", rig.down);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    strcat(path, "/a"); /* 90,000 bytes, of which the first two pieces are right */
    FILE *stream = fopen(path, "wb");
    memset(bytes, 0x5a, sizeof bytes);
    char seed[128];
    snprintf(seed, sizeof seed, "%s/data/a", rig.seed_down);
    FILE *source = fopen(seed, "rb");
    ck_assert_uint_eq(fread(bytes, 1, 2 * RIG_PIECE_BYTES, source), 2 * RIG_PIECE_BYTES);
    fclose(source);
    ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes, stream), sizeof bytes);
    fclose(stream);
    struct session *session = power_come_back(&rig, "garbage");
    ck_assert_uint_eq(look(session).pieces_have, 2);
    ck_assert(rig_completes(&rig, session, 300));
    rig_close(&rig, session);
    ck_assert(rig_files_are_right(&rig));
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_size, sizeof bytes);
}
END_TEST

/* R12: two that write the same files at once write the same bytes: only what is verified
 * is ever written. */
START_TEST(two_sessions_in_one_download_directory_do_no_harm)
{
    struct session *first = rig_open(&rig);
    char state[80];
    memcpy(state, rig.state, sizeof state);
    snprintf(rig.state, sizeof rig.state, "%s/state2", rig.root);
    struct session *second = rig_open_at(&rig, "10.0.0.4");
    ck_assert_ptr_nonnull(second);
    ck_assert(rig_completes(&rig, first, 300));
    ck_assert(rig_completes(&rig, second, 300));
    ck_assert_uint_eq(look(first).failed + look(second).failed, 0);
    rig_close(&rig, second);
    rig_close(&rig, first);
    ck_assert(rig_files_are_right(&rig));
    memcpy(rig.state, state, sizeof state);
    rig_close(&rig, power_come_back(&rig, "the first again"));
}
END_TEST

Suite *test_faults_suite(void)
{
    Suite *suite = suite_create("faults");
    TCase *cases = tcase_create("faults");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases,
                        a_disk_that_takes_nothing_stops_the_torrent_until_it_is_well, 0,
                        sizeof write_faults / sizeof *write_faults);
    tcase_add_test(cases, a_write_that_fails_once_is_made_again);
    tcase_add_test(cases, what_reads_back_wrong_is_fetched_again);
    tcase_add_test(cases, a_disk_that_reads_back_wrong_for_ever_stops_the_torrent);
    tcase_add_test(cases, a_disk_that_cannot_be_read_sends_nothing_wrong);
    tcase_add_test(cases, a_failed_sync_unclaims_what_it_was_about);
    tcase_add_test(cases, files_that_are_there_are_checked_before_anything_is_written);
    tcase_add_test(cases, two_sessions_in_one_download_directory_do_no_harm);
    suite_add_tcase(suite, cases);
    return suite;
}
