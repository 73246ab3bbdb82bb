/* What is read of other clients' sessions. */
#include "base/clock.h"
#include "tests/unit/meta/notation.h"
#include "torrent/import_files.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_imported_suite(void);

/* Pieces of two blocks; a: 0-1, none: empty, c: 1-2 */
static struct metainfo_file files[] = {
    {"t/a", 0, 40000, false}, {"t/none", 40000, 0, false}, {"t/c", 40000, 30000, false}};
static struct metainfo metainfo = {.name = (char[]){"t"},
                                   .piece_bytes = 32768,
                                   .piece_count = 3,
                                   .total_bytes = 70000,
                                   .files = files,
                                   .file_count = 3,
                                   .multi_file = true};

static void add_bits(struct buffer *text, const char *name, const struct bitfield *bits)
{
    ck_assert_int_eq(buffer_printf(text, " %s=", name), ERROR_NONE);
    for (uint32_t i = 0; i < bits->size; i++)
        ck_assert_int_eq(buffer_append_text(text, bitfield_get(bits, i) ? "1" : "0"),
                         ERROR_NONE);
}

static void add_number(struct buffer *text, const char *name, int64_t number)
{
    if (number != 0)
        ck_assert_int_eq(buffer_printf(text, " %s=%lld", name, (long long)number),
                         ERROR_NONE);
}

/* What IMPORTED holds, but for what is nothing. */
static void describe(const struct imported *imported, struct buffer *text)
{
    add_bits(text, "have", &imported->have);
    if (imported->unwanted.size > 0)
        add_bits(text, "unwanted", &imported->unwanted);
    for (int i = 0; i < IMPORTED_DIRS && imported->dirs[i] != NULL; i++)
        ck_assert_int_eq(buffer_printf(text, " dir=%s", imported->dirs[i]), ERROR_NONE);
    for (uint32_t i = 0; imported->times_s != NULL && i < metainfo.file_count; i++)
        ck_assert_int_eq(
            buffer_printf(text, " time=%lld", (long long)imported->times_s[i]),
            ERROR_NONE);
    add_number(text, "exact", imported->exact_times);
    add_number(text, "unverified", imported->unverified);
    add_number(text, "renamed", imported->renamed_count);
    if (imported->renamed != NULL)
        ck_assert_int_eq(buffer_printf(text, " to=%s", imported->renamed), ERROR_NONE);
    add_number(text, "paused", imported->settings.paused);
    add_number(text, "forced", imported->settings.forced);
    add_number(text, "sequential", imported->settings.sequential);
    add_number(text, "super-seed", imported->settings.super_seed);
    add_number(text, "first-last", imported->settings.first_last);
    add_number(text, "ratio", imported->settings.goal.ratio);
    add_number(text, "minutes", imported->settings.goal.minutes);
    if (imported->settings.label[0] != '\0')
        ck_assert_int_eq(buffer_printf(text, " label=%s", imported->settings.label),
                         ERROR_NONE);
    for (uint32_t i = 0; imported->priorities != NULL && i < metainfo.file_count; i++)
        ck_assert_int_eq(buffer_printf(text, " %+d", imported->priorities[i]),
                         ERROR_NONE);
    add_number(text, "seeded", (int64_t)imported->seeded_s);
    add_number(text, "max-down", (int64_t)imported->settings.max_down);
    add_number(text, "max-up", (int64_t)imported->settings.max_up);
    add_number(text, "downloaded", (int64_t)imported->downloaded);
    add_number(text, "uploaded", (int64_t)imported->uploaded);
    add_number(text, "added", imported->added_s);
    add_number(text, "completed", imported->completed_s);
    ck_assert_int_eq(buffer_append_u8(text, 0), ERROR_NONE);
}

#define OWN(members)    "d'directory''/d/t''state'i1e" members "e"
#define RESUME(members) "d'bitfield'i3e'files'l" members "ee"
#define TIMED           "d'mtime'i5e'priority'i1ee"
#define FAST            "'auto_managed'i1e'pieces''\1\1\1'"
#define ALL_HEX         "'0000000000000000000000000000000000000000'"

static const struct {
    imported_reader *read;
    const char *parts[IMPORTED_PARTS];
    enum error_code error;
    const char *found;
} cases[] = {
    /* Transmission 3.00: complete, with all it has to say */
    {imported_read_transmission,
     {"d'added-date'i10e'destination''/d/''dnd'li0ei0ei1ee'done-date'i20e'downloaded'i30e"
      "'incomplete-dir''/i''paused'i1e'progress'd'blocks''all''time-checked'li40ei41e"
      "li50ei0ei2eeee'speed-limit-down'd'speed-Bps'i1000e'use-speed-limit'i1ee"
      "'speed-limit-up'd'speed-Bps'i1000e'use-speed-limit'i0ee'uploaded'i60ee"},
     ERROR_NONE,
     " have=111 unwanted=001 dir=/d dir=/i time=40 time=41 time=52 paused=1"
     " max-down=1000 downloaded=30 uploaded=60 added=10 completed=20"},
    /* half: the first piece and a block of the second; no file is complete */
    {imported_read_transmission,
     {"d'destination''/d''progress'd'blocks''\xe0''time-checked'li1ei1ei1eeee"},
     ERROR_NONE,
     " have=100 dir=/d time=-1 time=1 time=-1"},
    /* 4: pieces that it has not checked since the files were changed */
    {imported_read_transmission,
     {"d'destination''/d''progress'd'blocks''\xf8''mtimes'li7ei0ei9ee'pieces''\xc0'e"
      "'sequentialDownload'i1ee"},
     ERROR_NONE,
     " have=110 dir=/d time=7 time=-1 time=-1 unverified=1 sequential=1"},
    /* what is its own */
    {imported_read_transmission,
     {"d'labels'l'  linux iso ''other'e'priority'li-1ei0ei1ee'progress'd'blocks''all'e"
      "'ratio-limit'd'ratio-limit''1.259000''ratio-mode'i1ee'seeding-time-seconds'i70ee"},
     ERROR_NONE,
     " have=111 time=-1 time=-1 time=-1 ratio=125 label=linux iso -1 +0 +1 seeded=70"},
    {imported_read_transmission,
     {"d'progress'd'blocks''all'e'ratio-limit'd'ratio-limit''2''ratio-mode'i2eee"},
     ERROR_NONE,
     " have=111 time=-1 time=-1 time=-1 ratio=4294967295"},
    {imported_read_transmission,
     {"d'progress'd'blocks''all'e'ratio-limit'd'ratio-limit''2''ratio-mode'i1eee"},
     ERROR_NONE,
     " have=111 time=-1 time=-1 time=-1 ratio=200"},
    /* its newest words */
    {imported_read_transmission,
     {"d'added_date'i10e'destination''/d''progress'd'blocks''none'e"
      "'speed_limit_up'd'speed_Bps'i7e'use_speed_limit'i1eee"},
     ERROR_NONE,
     " have=000 dir=/d time=-1 time=-1 time=-1 max-up=7 added=10"},
    /* renamed; the ending of an unfinished file is no other name */
    {imported_read_transmission,
     {"d'destination''/d''files'l't/a.part''t/none''u/c'e'progress'd'blocks''all'ee"},
     ERROR_NONE,
     " have=111 dir=/d time=-1 time=-1 time=-1 renamed=1 to=u/c"},
    {imported_read_transmission, {"d'progress'd'blocks''\xff'ee"}, ERROR_CORRUPT, NULL},
    {imported_read_transmission,
     {"d'progress'd'blocks''\xf8\xf8'ee"},
     ERROR_CORRUPT,
     NULL},
    {imported_read_transmission, {"d'destination''/d'e"}, ERROR_CORRUPT, NULL},
    {imported_read_transmission, {"l'destination'e"}, ERROR_CORRUPT, NULL},
    {imported_read_transmission, {"d"}, ERROR_CORRUPT, NULL},
    {imported_read_transmission, {NULL}, ERROR_MISSING, NULL},

    {imported_read_qbittorrent,
     {"d'added_time'i10e'auto_managed'i0e'completed_time'i20e'download_rate_limit'i-1e"
      "'file_priority'li1ei0ee'mapped_files'l't/a''t/none.!qB''t/c'e'paused'i1e"
      "'pieces''\3\2\1''qBt-downloadPath''/i''qBt-savePath''/s''save_path''/s'"
      "'sequential_download'i1e'total_downloaded'i30e'total_uploaded'i40e"
      "'upload_rate_limit'i50ee"},
     ERROR_NONE,
     " have=101 unwanted=010 dir=/s dir=/i paused=1 sequential=1 max-up=50 downloaded=30"
     " uploaded=40 added=10 completed=20"},
    {imported_read_qbittorrent,
     {"d" FAST "'file_priority'li1ei6ei4ee'qBt-category''films/new'"
      "'qBt-firstLastPiecePriority'i1e'qBt-ratioLimit'i1500e'qBt-seedingTimeLimit'i-1e"
      "'seeding_time'i70e'super_seeding'i1ee"},
     ERROR_NONE,
     " have=111 super-seed=1 first-last=1 ratio=150 minutes=4294967295 label=films/new"
     " +0 +1 +0 seeded=70"},
    {imported_read_qbittorrent,
     {"d" FAST "'qBt-ratioLimit'i-2000e'qBt-seedingTimeLimit'i0ee"},
     ERROR_NONE,
     " have=111 minutes=1"},
    /* it waits in the queue */
    {imported_read_qbittorrent, {"d" FAST "'paused'i1ee"}, ERROR_NONE, " have=111"},
    {imported_read_qbittorrent,
     {"d'auto_managed'i0e'pieces''\1\1\1'e"},
     ERROR_NONE,
     " have=111 forced=1"},
    /* added, but not looked at yet */
    {imported_read_qbittorrent,
     {"d'auto_managed'i1e'pieces'''e"},
     ERROR_NONE,
     " have=000 unverified=1"},
    /* libtorrent 1.1 */
    {imported_read_qbittorrent,
     {"d" FAST "'file sizes'lli40000ei7eeli0ei0eeli30000ei9eeee"},
     ERROR_NONE,
     " have=111 time=7 time=-1 time=9"},
    /* no absolute path, no number of seconds, no list of files */
    {imported_read_qbittorrent,
     {"d" FAST "'added_time'i-1e'file_priority'i0e'mapped_files'l'x'e'save_path''d'e"},
     ERROR_NONE,
     " have=111"},
    {imported_read_qbittorrent, {"d'pieces''\1\1'e"}, ERROR_CORRUPT, NULL},
    {imported_read_qbittorrent,
     {"d" FAST "'info-hash''AAAAAAAAAAAAAAAAAAAA'e"},
     ERROR_CORRUPT,
     NULL},

    {imported_read_deluge,
     {"d" ALL_HEX "'d12:auto_managedi1e6:pieces3:\1\1\2"
      "9:save_path2:/de'e"},
     ERROR_NONE,
     " have=110 dir=/d"},
    {imported_read_deluge,
     {"d" ALL_HEX "'d12:auto_managedi1e13:file_priorityli1ei4ei7ee6:pieces3:\1\1\1e'e"},
     ERROR_NONE,
     " have=111 -1 +0 +1"},
    {imported_read_deluge, {"d'1'e"}, ERROR_CORRUPT, NULL},
    {imported_read_deluge, {"d'1''2'e"}, ERROR_MISSING, NULL},
    {imported_read_deluge, {"d" ALL_HEX "'d'e"}, ERROR_CORRUPT, NULL},

    {imported_read_rtorrent,
     {OWN("'custom'd'addtime''10\n'e'timestamp.finished'i20e'timestamp.started'i15e"
          "'total_uploaded'i30e"),
      RESUME("d'mtime'i7e'priority'i1eed'mtime'i-1e'priority'i0ee" TIMED)},
     ERROR_NONE,
     " have=111 unwanted=010 dir=/d time=7 time=-2 time=5 exact=1 uploaded=30 added=10"
     " completed=20"},
    {imported_read_rtorrent,
     {OWN("'custom1''two%20words%2'"), RESUME(TIMED "d'mtime'i5e'priority'i2ee" TIMED)},
     ERROR_NONE,
     " have=111 dir=/d time=5 time=5 time=5 exact=1 label=two words%2 +0 +1 +0"},
    /* stopped, and the directory has another name */
    {imported_read_rtorrent,
     {"d'directory''/d/other''state'i0ee",
      "d'bitfield''\xc0''files'l" TIMED TIMED TIMED "ee"},
     ERROR_NONE,
     " have=110 dir=/d time=5 time=5 time=5 exact=1 renamed=3 to=other paused=1"},
    {imported_read_rtorrent,
     {OWN(""), "d'bitfield'i0e'files'l" TIMED TIMED TIMED "ee"},
     ERROR_NONE,
     " have=000 dir=/d time=5 time=5 time=5 exact=1"},
    {imported_read_rtorrent,
     {OWN(""), "d'files'l" TIMED TIMED TIMED "ee"},
     ERROR_NONE,
     " have=000 dir=/d time=5 time=5 time=5 exact=1 unverified=1"},
    {imported_read_rtorrent, {OWN(""), RESUME(TIMED)}, ERROR_CORRUPT, NULL},
    {imported_read_rtorrent,
     {OWN(""), "d'bitfield'i2e'files'l" TIMED TIMED TIMED "ee"},
     ERROR_CORRUPT,
     NULL},
    {imported_read_rtorrent, {OWN(""), NULL}, ERROR_MISSING, NULL},
    {imported_read_rtorrent, {NULL, RESUME("")}, ERROR_MISSING, NULL},
};

START_TEST(a_clients_words_are_understood)
{
    struct buffer parts[IMPORTED_PARTS], text;
    struct imported_part given[IMPORTED_PARTS] = {0};
    struct imported imported = {.added_s = -1};
    for (int i = 0; i < IMPORTED_PARTS; i++) {
        buffer_init(&parts[i], 4096);
        if (cases[_i].parts[i] == NULL)
            continue;
        notation_append(&parts[i], cases[_i].parts[i]);
        given[i] = (struct imported_part){parts[i].bytes, parts[i].length};
    }
    const enum error_code error = cases[_i].read(given, &metainfo, &imported);
    ck_assert_str_eq(error_name(error), error_name(cases[_i].error));
    if (error == ERROR_NONE) {
        buffer_init(&text, 4096);
        describe(&imported, &text);
        ck_assert_str_eq((const char *)text.bytes, cases[_i].found);
        buffer_done(&text);
        imported_done(&imported);
    } else {
        ck_assert_int_eq(imported.added_s, -1);
    }
    for (int i = 0; i < IMPORTED_PARTS; i++)
        buffer_done(&parts[i]);
}
END_TEST

START_TEST(what_was_in_memory_is_trusted_until_the_system_comes_up_again)
{
    static const uint8_t own[] = "d5:statei1ee";
    static const uint8_t resume[] =
        "d8:bitfieldi3e5:filesld5:mtimei1eed5:mtimei1eed5:mtimei1eee"
        "16:uncertain_pieces8:\0\0\0\1\0\0\0\7"
        "26:uncertain_pieces.timestampi50ee";
    const struct imported_part parts[] = {{own, sizeof own - 1},
                                          {resume, sizeof resume - 1}};
    struct imported imported;
    ck_assert_int_eq(imported_read_rtorrent(parts, &metainfo, &imported), ERROR_NONE);
    import_files_drop_uncertain(&imported, 50);
    ck_assert(bitfield_full(&imported.have));
    ck_assert(!imported.unverified);
    import_files_drop_uncertain(&imported, 51);
    ck_assert(bitfield_get(&imported.have, 0));
    ck_assert(!bitfield_get(&imported.have, 1));
    ck_assert(bitfield_get(&imported.have, 2));
    ck_assert(imported.unverified);
    imported_done(&imported);
}
END_TEST

static const struct {
    const char *resume;
    enum error_code error;
    const char *torrent;
} made[] = {
    {"d'info'd'name''n'e'trackers'll'http://t/'eee", ERROR_NONE,
     "d'announce-list'll'http://t/'ee'info'd'name''n'ee"},
    {"d'info'd'name''n'e'trackers'i1ee", ERROR_NONE, "d'info'd'name''n'ee"},
    {"d'pieces''x'e", ERROR_MISSING, NULL},
    {"d'info'i1ee", ERROR_MISSING, NULL},
    {"d'info'd", ERROR_CORRUPT, NULL},
};

START_TEST(what_came_by_a_magnet_link_has_its_torrent_in_it)
{
    struct buffer resume, torrent, wanted;
    buffer_init(&resume, 4096);
    buffer_init(&torrent, 4096);
    buffer_init(&wanted, 4096);
    notation_append(&resume, made[_i].resume);
    const struct imported_part part = {resume.bytes, resume.length};
    ck_assert_int_eq(imported_make_libtorrent(&part, &torrent), made[_i].error);
    if (made[_i].torrent != NULL) {
        notation_append(&wanted, made[_i].torrent);
        ck_assert_uint_eq(torrent.length, wanted.length);
        ck_assert_mem_eq(torrent.bytes, wanted.bytes, wanted.length);
    }
    buffer_done(&resume);
    buffer_done(&torrent);
    buffer_done(&wanted);
}
END_TEST

/* ---- held against the files ---- */

static const struct {
    const char *have;  /* a digit a piece */
    uint64_t sizes[3]; /* UINT64_MAX: not there */
    int64_t times_s[3], mtimes_s[3];
    bool exact;
    enum import_note note;
    uint32_t file;
} compared[] = {
    {"111", {40000, 0, 30000}, {-1, -1, -1}, {9, 9, 9}, false, IMPORT_NOTE_NONE, 0},
    {"111", {40000, 0, 29999}, {-1, -1, -1}, {9, 9, 9}, false, IMPORT_NOTE_CHANGED, 2},
    {"111", {40001, 0, 30000}, {-1, -1, -1}, {9, 9, 9}, false, IMPORT_NOTE_CHANGED, 0},
    {"111",
     {40000, 0, UINT64_MAX},
     {-1, -1, -1},
     {9, 9, 9},
     false,
     IMPORT_NOTE_MISSING,
     2},
    /* as long as what is claimed of it needs */
    {"100", {32768, 0, UINT64_MAX}, {-1, -1, -1}, {9, 9, 9}, false, IMPORT_NOTE_NONE, 0},
    {"100",
     {32767, 0, UINT64_MAX},
     {-1, -1, -1},
     {9, 9, 9},
     false,
     IMPORT_NOTE_CHANGED,
     0},
    {"010", {40000, 0, 25536}, {-1, -1, -1}, {9, 9, 9}, false, IMPORT_NOTE_NONE, 0},
    {"010", {39999, 0, 25536}, {-1, -1, -1}, {9, 9, 9}, false, IMPORT_NOTE_CHANGED, 0},
    {"000", {40001, 0, 30000}, {-2, -1, -1}, {9, 9, 9}, true, IMPORT_NOTE_NONE, 0},
    /* changed since, or only when the client says */
    {"111", {40000, 0, 30000}, {7, -1, 8}, {9, 9, 9}, false, IMPORT_NOTE_NONE, 0},
    {"111", {40000, 0, 30000}, {9, -1, 6}, {9, 9, 9}, false, IMPORT_NOTE_CHANGED, 2},
    {"111", {40000, 0, 30000}, {9, -1, 9}, {9, 9, 8}, false, IMPORT_NOTE_NONE, 0},
    {"111", {40000, 0, 30000}, {9, -2, 9}, {9, 9, 9}, true, IMPORT_NOTE_NONE, 0},
    {"111", {40000, 0, 30000}, {9, -2, 9}, {9, 9, 8}, true, IMPORT_NOTE_CHANGED, 2},
    {"111", {40000, 0, 30000}, {9, -2, 9}, {9, 9, 10}, true, IMPORT_NOTE_CHANGED, 2},
    {"111", {40000, 0, 30000}, {-2, -1, 9}, {9, 9, 9}, true, IMPORT_NOTE_CHANGED, 0},
};

START_TEST(claims_are_held_against_sizes_and_times)
{
    struct imported imported = {.exact_times = compared[_i].exact,
                                .times_s = (int64_t *)compared[_i].times_s};
    struct file_stamp stamps[3];
    uint32_t file = 0;
    ck_assert_int_eq(bitfield_init(&imported.have, metainfo.piece_count), ERROR_NONE);
    for (uint32_t i = 0; i < metainfo.piece_count; i++)
        if (compared[_i].have[i] == '1')
            bitfield_set(&imported.have, i);
    for (uint32_t i = 0; i < metainfo.file_count; i++)
        stamps[i] =
            (struct file_stamp){.size = compared[_i].sizes[i],
                                .mtime_ns = compared[_i].mtimes_s[i] * (int64_t)NS_PER_S};
    const enum import_note note =
        import_files_compare(&metainfo, &imported, stamps, &file);
    ck_assert_int_eq(note, compared[_i].note);
    if (note != IMPORT_NOTE_NONE)
        ck_assert_uint_eq(file, compared[_i].file);
    bitfield_done(&imported.have);
}
END_TEST

Suite *test_imported_suite(void)
{
    Suite *suite = suite_create("imported");
    TCase *tests = tcase_create("imported");
    tcase_add_loop_test(tests, a_clients_words_are_understood, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tests, what_was_in_memory_is_trusted_until_the_system_comes_up_again);
    tcase_add_loop_test(tests, what_came_by_a_magnet_link_has_its_torrent_in_it, 0,
                        (int)(sizeof made / sizeof made[0]));
    tcase_add_loop_test(tests, claims_are_held_against_sizes_and_times, 0,
                        (int)(sizeof compared / sizeof compared[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
