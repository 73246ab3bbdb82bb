#include "base/sha1_lanes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (SHA1_LANES_CHUNK * 33)

Suite *test_sha1_lanes_suite(void);

static uint8_t messages[SHA1_LANES_MAX][BYTES_MAX + 1];

static void setup(void)
{
    uint32_t noise = 1;
    for (uint32_t i = 0; i < SHA1_LANES_MAX; i++)
        for (size_t k = 0; k < sizeof messages[i]; k++) {
            noise = noise * 1664525 + 1013904223;
            messages[i][k] = (uint8_t)(noise >> 24);
        }
}

/* The first COUNT messages, from byte SHIFT on, in parts of PART bytes. */
static void hash(uint32_t count, size_t shift, size_t length, size_t part,
                 uint8_t ret_digests[SHA1_LANES_MAX][SHA1_BYTES])
{
    struct sha1_lanes lanes;
    sha1_lanes_begin(&lanes, count);
    for (size_t at = 0; at < length; at += part) {
        const uint8_t *bytes[SHA1_LANES_MAX];
        for (uint32_t i = 0; i < count; i++)
            bytes[i] = messages[i] + shift + at;
        sha1_lanes_update(&lanes, bytes, length - at < part ? length - at : part);
    }
    sha1_lanes_final(&lanes, ret_digests);
}

START_TEST(each_message_has_the_digest_it_has_alone)
{
    const uint32_t count = (uint32_t)_i;
    bool right = true;
    if (count > sha1_lanes_most())
        return; /* this CPU hashes one after the other */
    for (size_t length = 0; length <= BYTES_MAX; length += SHA1_LANES_CHUNK) {
        uint8_t digests[SHA1_LANES_MAX][SHA1_BYTES], alone[SHA1_BYTES];
        hash(count, length & 1, length, SHA1_LANES_CHUNK * 5, digests);
        for (uint32_t i = 0; i < count; i++) {
            digest_sha1(messages[i] + (length & 1), length, alone);
            right &= memcmp(digests[i], alone, SHA1_BYTES) == 0;
        }
    }
    ck_assert(right);
}
END_TEST

START_TEST(lengths_beyond_512_mib_are_counted_in_bits)
{
    static uint8_t zeros[1 << 20];
    const uint8_t *bytes[SHA1_LANES_MAX] = {zeros, zeros, zeros, zeros};
    uint8_t digests[SHA1_LANES_MAX][SHA1_BYTES], alone[SHA1_BYTES];
    struct sha1_lanes lanes;
    struct digest *digest = digest_new(DIGEST_SHA1);
    if (sha1_lanes_most() < 2)
        return;
    sha1_lanes_begin(&lanes, 2);
    for (int i = 0; i < 513; i++) {
        sha1_lanes_update(&lanes, bytes, sizeof zeros);
        digest_update(digest, zeros, sizeof zeros);
    }
    sha1_lanes_final(&lanes, digests);
    digest_final(digest, alone);
    digest_free(digest);
    ck_assert_mem_eq(digests[1], alone, SHA1_BYTES);
}
END_TEST

Suite *test_sha1_lanes_suite(void)
{
    Suite *suite = suite_create("base/sha1_lanes");
    TCase *tcase = tcase_create("side by side");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, each_message_has_the_digest_it_has_alone, 2,
                        SHA1_LANES_MAX + 1);
    tcase_add_test(tcase, lengths_beyond_512_mib_are_counted_in_bits);
    suite_add_tcase(suite, tcase);
    return suite;
}
