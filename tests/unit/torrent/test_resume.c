#include "torrent/resume.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *test_resume_suite(void);

#define PIECE 16384u

/* Three files: pieces 0-2, 2-4, and an empty one in between. */
static struct metainfo_file files[] = {{NULL, 0, PIECE * 2 + 1, false},
                                       {NULL, PIECE * 2 + 1, 0, false},
                                       {NULL, PIECE * 2 + 1, PIECE * 2, false}};
static const struct metainfo meta = {.files = files,
                                     .file_count = 3,
                                     .piece_bytes = PIECE,
                                     .piece_count = 5,
                                     .total_bytes = PIECE * 4 + 1,
                                     .hash = {{1, 2, 3}}};

static struct file_stamp stamps[3];
static char dir[] = "/where/it/is";

static struct resume resume_of(const char *have)
{
    struct resume resume = {.hash = meta.hash,
                            .stamps = stamps,
                            .clean = true,
                            .paused = true,
                            .downloaded = 123456789012,
                            .uploaded = 5,
                            .seeded_s = 77,
                            .added_s = 1700000000,
                            .completed_s = 0,
                            .download_dir = dir};
    ck_assert_int_eq(bitfield_init(&resume.have, 5), ERROR_NONE);
    for (uint32_t i = 0; i < 5; i++)
        if (have[i] == '1')
            bitfield_set(&resume.have, i);
    for (uint32_t i = 0; i < 3; i++)
        stamps[i] = (struct file_stamp){.size = files[i].length,
                                        .mtime_ns = -5 + (int64_t)i,
                                        .device = 9,
                                        .inode = 100 + i};
    return resume;
}

static void expect_bits(const struct bitfield *bits, const char *wanted)
{
    char got[6] = "";
    for (uint32_t i = 0; i < 5; i++)
        got[i] = bitfield_get(bits, i) ? '1' : '0';
    ck_assert_str_eq(got, wanted);
}

static struct buffer encoded(const struct resume *resume)
{
    struct buffer buffer;
    buffer_init(&buffer, 65536);
    ck_assert_int_eq(resume_encode(resume, 3, &buffer), ERROR_NONE);
    return buffer;
}

START_TEST(what_was_encoded_is_decoded)
{
    struct resume in = resume_of("10110"), out;
    ck_assert_int_eq(bitfield_init(&in.unwanted, 3), ERROR_NONE);
    bitfield_set(&in.unwanted, 2);
    int8_t priorities[] = {0, 1, -1};
    in.priorities = priorities;
    static char to[] = "/to", from[] = "/from", final[] = "/final";
    in.moving_to = to;
    in.moved_from = from;
    in.final_dir = final;
    struct buffer buffer = encoded(&in);
    ck_assert_int_eq(resume_decode(buffer.bytes, buffer.length, &meta, &out), ERROR_NONE);
    expect_bits(&out.have, "10110");
    ck_assert_uint_eq(out.unwanted.size, 3);
    ck_assert_uint_eq(out.unwanted.count, 1);
    ck_assert(bitfield_get(&out.unwanted, 2));
    ck_assert_mem_eq(out.priorities, priorities, sizeof priorities);
    ck_assert_str_eq(out.moving_to, to);
    ck_assert_str_eq(out.moved_from, from);
    ck_assert_str_eq(out.final_dir, final);
    ck_assert_mem_eq(out.stamps, stamps, sizeof stamps);
    ck_assert(out.clean && out.paused);
    ck_assert_uint_eq(out.downloaded, in.downloaded);
    ck_assert_uint_eq(out.uploaded, 5);
    ck_assert_uint_eq(out.seeded_s, 77);
    ck_assert_int_eq(out.added_s, in.added_s);
    ck_assert_str_eq(out.download_dir, dir);
    resume_done(&out);
    bitfield_done(&in.have);
    bitfield_done(&in.unwanted);
    buffer_done(&buffer);
}
END_TEST

static struct netaddr address_of(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

/* Those of IPv4 first. */
START_TEST(peers_are_kept_but_for_what_cannot_be_one)
{
    struct netaddr peers[] = {address_of("[2600::1]:4"), address_of("9.8.7.6:5"),
                              address_of("9.8.7.6:0"), address_of("[fd00::7]:65535"),
                              address_of("224.0.0.1:6881")};
    struct resume in = resume_of("10110"), out;
    in.peers = peers;
    in.peer_count = 5;
    struct buffer buffer = encoded(&in);
    ck_assert_int_eq(resume_decode(buffer.bytes, buffer.length, &meta, &out), ERROR_NONE);
    ck_assert_uint_eq(out.peer_count, 3);
    ck_assert(netaddr_equal(&out.peers[0], &peers[1]));
    ck_assert(netaddr_equal(&out.peers[1], &peers[0]));
    ck_assert(netaddr_equal(&out.peers[2], &peers[3]));
    resume_done(&out);
    bitfield_done(&in.have);
    buffer_done(&buffer);
}
END_TEST

START_TEST(no_more_peers_are_taken_than_may_be_kept)
{
    struct netaddr peers[2 * RESUME_PEERS_MAX];
    struct resume in = resume_of("10110"), out;
    in.peers = peers;
    in.peer_count = 2 * RESUME_PEERS_MAX;
    for (uint32_t i = 0; i < in.peer_count; i++) {
        peers[i] = address_of(i % 2 == 0 ? "9.8.7.6:5" : "[2600::1]:4");
        peers[i].port = (uint16_t)(i + 1);
    }
    struct buffer buffer = encoded(&in);
    ck_assert_int_eq(resume_decode(buffer.bytes, buffer.length, &meta, &out), ERROR_NONE);
    ck_assert_uint_eq(out.peer_count, RESUME_PEERS_MAX);
    resume_done(&out);
    bitfield_done(&in.have);
    buffer_done(&buffer);
}
END_TEST

/* They are a hint: claims that are fine count without them. */
START_TEST(peers_of_a_length_that_cannot_be_are_none)
{
    struct netaddr peer = address_of("9.8.7.6:5");
    struct resume in = resume_of("10110"), out;
    in.peers = &peer;
    in.peer_count = 1;
    struct buffer buffer = encoded(&in);
    uint8_t *at = memmem(buffer.bytes, buffer.length, "5:peers6:", 9);
    ck_assert_ptr_nonnull(at);
    memcpy(at + 7, "4:\x09\x08\x07\x06", 6);
    memmove(at + 13, at + 15, (size_t)(buffer.bytes + buffer.length - (at + 15)));
    ck_assert_int_eq(resume_decode(buffer.bytes, buffer.length - 2, &meta, &out),
                     ERROR_NONE);
    expect_bits(&out.have, "10110");
    ck_assert_uint_eq(out.peer_count, 0);
    resume_done(&out);
    bitfield_done(&in.have);
    buffer_done(&buffer);
}
END_TEST

START_TEST(no_part_of_it_is_taken_for_the_whole)
{
    struct resume in = resume_of("11111"), out;
    struct buffer buffer = encoded(&in);
    for (size_t length = 0; length < buffer.length; length++)
        ck_assert_int_eq(resume_decode(buffer.bytes, length, &meta, &out), ERROR_CORRUPT);
    bitfield_done(&in.have);
    buffer_done(&buffer);
}
END_TEST

START_TEST(damage_never_crashes_and_claims_only_what_fits)
{
    struct resume in = resume_of("11011"), out;
    struct netaddr peers[] = {address_of("9.8.7.6:5"), address_of("[2600::1]:4")};
    in.peers = peers;
    in.peer_count = 2;
    struct buffer buffer = encoded(&in);
    for (size_t at = 0; at < buffer.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            buffer.bytes[at] ^= (uint8_t)(1 << bit);
            if (resume_decode(buffer.bytes, buffer.length, &meta, &out) == ERROR_NONE) {
                ck_assert_uint_eq(out.have.size, 5);
                resume_done(&out);
            }
            buffer.bytes[at] ^= (uint8_t)(1 << bit);
        }
    }
    bitfield_done(&in.have);
    buffer_done(&buffer);
}
END_TEST

/* R3 */
START_TEST(another_torrents_data_is_refused)
{
    struct resume in = resume_of("11111"), out;
    in.hash.bytes[0] ^= 1;
    struct buffer buffer = encoded(&in);
    ck_assert_int_eq(resume_decode(buffer.bytes, buffer.length, &meta, &out),
                     ERROR_CORRUPT);
    bitfield_done(&in.have);
    buffer_done(&buffer);
}
END_TEST

/* ---- claims against what is there ---- */

struct compared {
    struct bitfield have, to_hash;
};

static struct compared compare(const char *claims, bool clean,
                               const struct file_stamp now[3], bool with_stamps)
{
    struct resume resume = resume_of(claims);
    struct compared result = {0};
    resume.clean = clean;
    if (!with_stamps)
        resume.stamps = NULL;
    ck_assert_int_eq(bitfield_copy(&result.have, &resume.have), ERROR_NONE);
    ck_assert_int_eq(resume_compare(&resume, &meta, now, &result.have, &result.to_hash),
                     ERROR_NONE);
    bitfield_done(&resume.have);
    return result;
}

static void expect(struct compared result, const char *have, const char *to_hash)
{
    expect_bits(&result.have, have);
    expect_bits(&result.to_hash, to_hash);
    bitfield_done(&result.have);
    bitfield_done(&result.to_hash);
}

/* R5, R6 */
START_TEST(claims_hold_only_for_files_that_look_as_they_did)
{
    struct resume resume = resume_of("11111");
    struct file_stamp same[3], changed[3], gone[3], short_of[3];
    bitfield_done(&resume.have);
    memcpy(same, stamps, sizeof same);
    memcpy(changed, stamps, sizeof changed);
    memcpy(gone, stamps, sizeof gone);
    memcpy(short_of, stamps, sizeof short_of);
    changed[0].mtime_ns++;
    gone[2] = (struct file_stamp){.size = UINT64_MAX};
    short_of[2].size--;
    expect(compare("11111", true, same, true), "11111", "00000");
    expect(compare("10110", true, same, true), "10110", "00000");
    /* An unclean end: what is not claimed may be there all the same (R1). */
    expect(compare("10110", false, same, true), "10110", "01001");
    /* A changed file is hashed whole, the other is believed. */
    expect(compare("11111", true, changed, true), "00011", "11100");
    expect(compare("11111", true, short_of, true), "11000", "00111");
    /* A file that is gone claims nothing, and there is nothing to hash. */
    expect(compare("11111", true, gone, true), "11000", "00000");
    expect(compare("11111", true, same, false), "00000", "11111");
}
END_TEST

/* S18: what cannot be told apart is looked at, even if both say so. */
START_TEST(a_file_whose_time_is_unsure_is_hashed)
{
    struct resume resume = resume_of("11111");
    struct file_stamp now[3];
    struct bitfield have, to_hash;
    stamps[0].mtime_ns = FILE_STAMP_UNSURE;
    memcpy(now, stamps, sizeof now);
    ck_assert_int_eq(bitfield_copy(&have, &resume.have), ERROR_NONE);
    ck_assert_int_eq(resume_compare(&resume, &meta, now, &have, &to_hash), ERROR_NONE);
    expect((struct compared){have, to_hash}, "00011", "11100");
    bitfield_done(&resume.have);
}
END_TEST

START_TEST(a_file_that_was_not_there_and_is_not_there_claims_nothing)
{
    struct file_stamp none[3];
    struct resume resume = resume_of("11111");
    for (int i = 0; i < 3; i++)
        stamps[i] = none[i] = (struct file_stamp){.size = UINT64_MAX};
    struct bitfield have, to_hash;
    ck_assert_int_eq(bitfield_copy(&have, &resume.have), ERROR_NONE);
    ck_assert_int_eq(resume_compare(&resume, &meta, none, &have, &to_hash), ERROR_NONE);
    ck_assert_uint_eq(have.count, 0);
    ck_assert_uint_eq(to_hash.count, 0);
    bitfield_done(&have);
    bitfield_done(&to_hash);
    bitfield_done(&resume.have);
}
END_TEST

START_TEST(without_resume_data_what_is_there_is_hashed)
{
    const struct resume nothing = {0};
    struct file_stamp now[3] = {{.size = 1}, {.size = 0}, {.size = UINT64_MAX}};
    struct compared result = {0};
    ck_assert_int_eq(resume_compare(&nothing, &meta, now, &result.have, &result.to_hash),
                     ERROR_NONE);
    expect(result, "00000", "11100");
}
END_TEST

Suite *test_resume_suite(void)
{
    Suite *suite = suite_create("resume");
    TCase *tcase = tcase_create("resume");
    tcase_add_test(tcase, what_was_encoded_is_decoded);
    tcase_add_test(tcase, peers_are_kept_but_for_what_cannot_be_one);
    tcase_add_test(tcase, no_more_peers_are_taken_than_may_be_kept);
    tcase_add_test(tcase, peers_of_a_length_that_cannot_be_are_none);
    tcase_add_test(tcase, no_part_of_it_is_taken_for_the_whole);
    tcase_add_test(tcase, damage_never_crashes_and_claims_only_what_fits);
    tcase_add_test(tcase, another_torrents_data_is_refused);
    tcase_add_test(tcase, claims_hold_only_for_files_that_look_as_they_did);
    tcase_add_test(tcase, a_file_whose_time_is_unsure_is_hashed);
    tcase_add_test(tcase, a_file_that_was_not_there_and_is_not_there_claims_nothing);
    tcase_add_test(tcase, without_resume_data_what_is_there_is_hashed);
    suite_add_tcase(suite, tcase);
    return suite;
}
