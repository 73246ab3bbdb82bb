/* Very many torrents in a session (R16). */
#include "disk/state_file.h"
#include "loop/loop.h"
#include "tests/unit/torrent/pair.h"
#include "torrent/session.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

Suite *test_many_suite(void);

static struct pair pair;

static void setup(void)
{
    pair_init(&pair, 65536);
}

static void teardown(void)
{
    pair_done(&pair);
}

static void put_torrent(struct buffer *buffer, uint32_t number)
{
    buffer_init(buffer, 1024);
    ck_assert_int_eq(buffer_printf(buffer,
                                   "d4:infod6:lengthi5e4:name6:%06u12:piece "
                                   "lengthi32768e6:pieces20:%020uee",
                                   number, number),
                     ERROR_NONE);
}

START_TEST(what_is_added_in_a_row_is_put_on_the_saved_list_once)
{
    enum { COUNT = 5 };
    char message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {.paused = true};
    struct torrent_id id;
    side_open(&pair, &pair.leech, true);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct buffer torrent;
        put_torrent(&torrent, i);
        ck_assert_int_eq(session_add_bytes(pair.leech.session, torrent.bytes,
                                           torrent.length, &options, &id, message),
                         ERROR_NONE);
        buffer_done(&torrent);
    }
    while (pair_size(pair.leech.state, "session") == UINT64_MAX)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(pair_size(pair.leech.state, "session.prev"), UINT64_MAX);
    side_close(&pair, &pair.leech);
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), COUNT);
    side_close(&pair, &pair.leech);
}
END_TEST

static void write_file(const char *name, const void *head, size_t head_length,
                       const struct buffer *content)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", pair.leech.state, name);
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(head, 1, head_length, stream), head_length);
    ck_assert_uint_eq(fwrite(content->bytes, 1, content->length, stream),
                      content->length);
    fclose(stream);
}

/* The state directory of a session of COUNT torrents. */
static void write_state(uint32_t count)
{
    char name[128], hex[INFO_HASH_HEX_SIZE];
    uint8_t header[STATE_FILE_HEADER_BYTES];
    struct buffer buffer;
    struct saved_list list = {.count = count};
    list.torrents = calloc(count, sizeof *list.torrents);
    ck_assert_ptr_nonnull(list.torrents);
    ck_assert_int_eq(mkdir(pair.leech.state, 0700), 0);
    snprintf(name, sizeof name, "%s/torrents", pair.leech.state);
    ck_assert_int_eq(mkdir(name, 0700), 0);
    for (uint32_t i = 0; i < count; i++) {
        struct buffer torrent;
        struct info_hash *hash = &list.torrents[i].hash;
        put_torrent(&torrent, i);
        digest_sha1(torrent.bytes + 7, torrent.length - 8, hash->bytes);
        info_hash_hex(hash, hex);
        snprintf(name, sizeof name, "torrents/%s.torrent", hex);
        write_file(name, NULL, 0, &torrent);
        buffer_done(&torrent);
    }
    buffer_init(&buffer, SAVED_LIST_BYTES_MAX);
    ck_assert_int_eq(saved_list_encode(&list, &buffer), ERROR_NONE);
    state_file_header(buffer.bytes, buffer.length, header);
    write_file("session", header, sizeof header, &buffer);
    buffer_done(&buffer);
    saved_list_done(&list);
}

/* At most three seconds for ten thousand; BTTUI_TORRENTS: how many. */
START_TEST(very_many_torrents_come_back_in_no_time)
{
    const char *wanted = getenv("BTTUI_TORRENTS");
    const uint32_t count = wanted != NULL ? (uint32_t)strtoul(wanted, NULL, 10) : 300;
    write_state(count);
    const clock_t begun = clock();
    side_open(&pair, &pair.leech, true);
    ck_assert_uint_eq(session_count(pair.leech.session), count);
    while (pair.leech.checked < count)
        loop_turn(pair.loop, 10 * NS_PER_MS);
    const double took_s = (double)(clock() - begun) / CLOCKS_PER_SEC;
    ck_assert_uint_eq(pair.leech.checked, count);
    /* Of the processor's time: others may run beside it. */
    ck_assert_double_lt(took_s, count < 10000 ? 1.0 : 3.0);
    side_drop(&pair.leech);
}
END_TEST

Suite *test_many_suite(void)
{
    Suite *suite = suite_create("many");
    TCase *tcase = tcase_create("many");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_added_in_a_row_is_put_on_the_saved_list_once);
    tcase_add_test(tcase, very_many_torrents_come_back_in_no_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
