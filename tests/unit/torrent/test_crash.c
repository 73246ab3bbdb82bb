/* SIGKILL at any moment: nothing is claimed falsely, and what is on disk is found (R1).
 */
#include "tests/unit/torrent/pair.h"
#include "torrent/commands.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Suite *test_crash_suite(void);

#define PIECE 32768u
#define KILLS 8
#define ENDS  12

static struct pair pair;

/* In a process of its own: both sessions, until it is killed or complete. */
static void be_killed(void)
{
    pair_open_loop(&pair);
    side_open(&pair, &pair.seed, false);
    if (side_add(&pair, &pair.seed, NULL) != ERROR_NONE)
        _exit(1);
    session_set_limits(pair.seed.session, 0, 4000000);
    side_open(&pair, &pair.leech, true);
    if (pair.leech.id.generation == 0 && side_add(&pair, &pair.leech, NULL) != ERROR_NONE)
        _exit(1);
    for (bool introduced = false;;) {
        loop_turn(pair.loop, 20 * NS_PER_MS);
        if (!introduced && side_is_complete(&pair.seed) && pair.leech.checked > 0) {
            pair_introduce(&pair);
            introduced = true;
        }
    }
}

/* Pieces of what is on disk now that are right, found without the product's state. */
static struct bitfield really_there(void)
{
    struct bitfield there;
    const uint64_t total = pair.meta->total_bytes;
    uint8_t *bytes = calloc(total, 1);
    ck_assert_int_eq(bitfield_init(&there, pair.meta->piece_count), ERROR_NONE);
    for (uint32_t i = 0; i < pair.meta->file_count; i++) {
        const struct metainfo_file *file = &pair.meta->files[i];
        char path[512];
        snprintf(path, sizeof path, "%s/%s", pair.leech.down, file->path);
        FILE *stream = fopen(path, "rb");
        if (stream != NULL) {
            if (fread(bytes + file->offset, 1, file->length, stream) < file->length)
                clearerr(stream);
            fclose(stream);
        }
    }
    for (uint32_t i = 0; i < pair.meta->piece_count; i++) {
        uint8_t digest[SHA1_BYTES];
        digest_sha1(bytes + (uint64_t)i * PIECE, metainfo_piece_length(pair.meta, i),
                    digest);
        if (memcmp(digest, pair.meta->piece_hashes + i * SHA1_BYTES, SHA1_BYTES) == 0)
            bitfield_set(&there, i);
    }
    free(bytes);
    return there;
}

START_TEST(after_a_kill_at_any_moment_exactly_what_is_on_disk_is_had)
{
    struct random_seeded seeded;
    random_seeded_init(&seeded, (uint64_t)_i + 1);
    pair_init(&pair, PIECE);
    net_system_free(pair.net);
    loop_free(pair.loop);
    pair.net = NULL;
    pair.loop = NULL;
    pair_write_files(&pair, pair.seed.down);
    for (int kill_number = 0; kill_number < KILLS; kill_number++) {
        const pid_t child = fork();
        if (child == 0)
            be_killed();
        const struct timespec wait = {0, (long)(20 + random_below(&seeded.source, 200)) *
                                             (long)NS_PER_MS};
        nanosleep(&wait, NULL);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
    }
    /* What a restart believes is exactly what is there. */
    pair_open_loop(&pair);
    struct bitfield there = really_there();
    side_open(&pair, &pair.leech, true);
    if (pair.leech.id.generation == 0) /* killed before the list was saved */
        ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
    pair_until(&pair, pair_leech_ready, 10);
    uint8_t states[256];
    ck_assert_uint_eq(
        torrent_get_pieces(pair.leech.session, pair.leech.id, 0, 256, states, NULL),
        pair.meta->piece_count);
    for (uint32_t i = 0; i < pair.meta->piece_count; i++)
        ck_assert_msg((states[i] == PIECE_STATE_HAVE) == bitfield_get(&there, i),
                      "piece %u: state %u, there %d", i, states[i],
                      bitfield_get(&there, i));
    pair_seed(&pair);
    pair_introduce(&pair);
    pair_until(&pair, pair_leech_complete, 20);
    ck_assert(pair_files_are_right(&pair, pair.leech.down));
    bitfield_done(&there);
    pair_done(&pair);
}
END_TEST

static uint32_t wanted_pieces;

static bool leech_has_some(const struct pair *at)
{
    return at->leech.pieces >= wanted_pieces || at->leech.completed > 0;
}

/* Pieces that are with the disk when the end is asked for are claimed, too: after a clean
 * end nothing else is looked for. */
START_TEST(an_orderly_end_at_any_moment_claims_all_that_is_on_disk)
{
    struct random_seeded seeded;
    random_seeded_init(&seeded, 9);
    pair_init(&pair, PIECE);
    pair_seed(&pair);
    for (int round = 0; round < ENDS; round++) {
        side_open(&pair, &pair.leech, true);
        ck_assert_int_eq(side_add(&pair, &pair.leech, NULL), ERROR_NONE);
        pair_until(&pair, pair_leech_ready, 10);
        pair_introduce(&pair);
        wanted_pieces = random_below(&seeded.source, 40);
        pair_until(&pair, leech_has_some, 10);
        side_close(&pair, &pair.leech);
        struct bitfield there = really_there();
        side_open(&pair, &pair.leech, true);
        pair_until(&pair, pair_leech_ready, 10);
        ck_assert_uint_eq(pair.leech.last_checked, there.count);
        bitfield_done(&there);
        session_remove(pair.leech.session, pair.leech.id, true);
        side_close(&pair, &pair.leech);
    }
    pair_done(&pair);
}
END_TEST

Suite *test_crash_suite(void)
{
    Suite *suite = suite_create("crash");
    TCase *tcase = tcase_create("crash");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, after_a_kill_at_any_moment_exactly_what_is_on_disk_is_had,
                        0, 2);
    tcase_add_test(tcase, an_orderly_end_at_any_moment_claims_all_that_is_on_disk);
    suite_add_tcase(suite, tcase);
    return suite;
}
