/* State files that were damaged (HOSTILE.md R3, R4): the torrent comes back, or is added
 * again; nothing is claimed that is not there, and the download completes. */
#include "tests/unit/power/check_power.h"

#include "base/digest.h"
#include "meta/metainfo.h"
#include "torrent/commands.h"
#include "torrent/looks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX 8192u
#ifdef __SANITIZE_ADDRESS__
#define STEP 17u
#else
#define STEP 3u
#endif

static struct rig rig;
static char paths[3][200]; /* list, resume data, .torrent */

static size_t read_file(const char *path, uint8_t bytes[BYTES_MAX])
{
    FILE *stream = fopen(path, "rb");
    ck_assert_msg(stream != NULL, "%s", path);
    const size_t length = fread(bytes, 1, BYTES_MAX, stream);
    fclose(stream);
    ck_assert_uint_lt(length, BYTES_MAX);
    return length;
}

static void write_file(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(bytes, 1, length, stream), length);
    fclose(stream);
}

/* Half a download and its state, saved more than once. */
static void setup(void)
{
    struct metainfo *metainfo;
    struct metainfo_error why;
    char hex[INFO_HASH_HEX_SIZE];
    rig_init(&rig);
    rig.seed_up = 8000;
    rig_seed(&rig);
    for (int i = 0; i < 2; i++) {
        struct session *session = rig_open(&rig);
        world_run(&rig.world, 7 * NS_PER_S);
        rig_close(&rig, session);
    }
    ck_assert_int_eq(
        metainfo_parse(rig.torrent.bytes, rig.torrent.length, &metainfo, &why),
        ERROR_NONE);
    info_hash_hex(&metainfo->hash, hex);
    metainfo_free(metainfo);
    snprintf(paths[0], sizeof paths[0], "%s/session", rig.state);
    snprintf(paths[1], sizeof paths[1], "%s/resume/%s", rig.state, hex);
    snprintf(paths[2], sizeof paths[2], "%s/torrents/%s.torrent", rig.state, hex);
}

static void teardown(void)
{
    rig_done(&rig);
}

/* With these bytes in the file's place, and without the generation before. */
static void try_with(int file, const uint8_t *bytes, size_t length, bool with_previous,
                     const char *what)
{
    uint8_t previous[BYTES_MAX];
    char path[208];
    size_t previous_length = 0;
    snprintf(path, sizeof path, "%s.prev", paths[file]);
    if (!with_previous && access(path, F_OK) == 0) {
        previous_length = read_file(path, previous);
        write_file(path, bytes, length);
    }
    write_file(paths[file], bytes, length);
    rig.only_saved = file < 2; /* a .torrent has to be given again */
    struct session *session = power_come_back(&rig, what);
    rig.only_saved = false;
    struct torrent_info info;
    ck_assert_uint_eq(session_count(session), 1);
    ck_assert(torrent_get_info(session, session_at(session, 0), &info));
    ck_assert_str_eq(info.name, "data");
    session_free(session);
    if (previous_length > 0)
        write_file(path, previous, previous_length);
}

START_TEST(a_flipped_or_missing_byte_of_any_file_costs_a_check_at_most)
{
    uint8_t bytes[BYTES_MAX], torrent[BYTES_MAX], list[BYTES_MAX];
    char what[80];
    const size_t length = read_file(paths[_i], bytes);
    const size_t torrent_length = read_file(paths[2], torrent);
    const size_t list_length = read_file(paths[0], list);
    for (size_t at = 0; at < length; at += STEP) {
        snprintf(what, sizeof what, "file %d, byte %zu flipped", _i, at);
        bytes[at] ^= (uint8_t)(1u << at % 8);
        try_with(_i, bytes, length, at % 2 == 0, what);
        bytes[at] ^= (uint8_t)(1u << at % 8);
        snprintf(what, sizeof what, "file %d, cut after %zu", _i, at);
        try_with(_i, bytes, at, at % 2 == 0, what);
        write_file(paths[2], torrent, torrent_length);
        write_file(paths[0], list, list_length);
    }
    write_file(paths[_i], bytes, length);
    struct session *session = power_come_back(&rig, "mended");
    session_set_limits(rig.seed, 0, 0);
    ck_assert(rig_completes(&rig, session, 300));
    rig_close(&rig, session);
    ck_assert(rig_files_are_right(&rig));
}
END_TEST

START_TEST(junk_in_the_place_of_any_file_costs_a_check_at_most)
{
    static uint8_t zeros[BYTES_MAX / 2];
    static const uint8_t garbage[] = "d4:infod6:lengthi5eee and more of it";
    uint8_t torrent[BYTES_MAX];
    const size_t torrent_length = read_file(paths[2], torrent);
    try_with(_i, zeros, 0, false, "empty"); /* R4 */
    write_file(paths[2], torrent, torrent_length);
    try_with(_i, zeros, sizeof zeros, false, "zeros");
    write_file(paths[2], torrent, torrent_length);
    try_with(_i, garbage, sizeof garbage, false, "garbage");
}
END_TEST

Suite *test_state_suite(void)
{
    Suite *suite = suite_create("state");
    TCase *cases = tcase_create("state");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(
        cases, a_flipped_or_missing_byte_of_any_file_costs_a_check_at_most, 0, 3);
    tcase_add_loop_test(cases, junk_in_the_place_of_any_file_costs_a_check_at_most, 0, 3);
    suite_add_tcase(suite, cases);
    return suite;
}
