/* The handshake of MSE/PE, fed in any portions, with a right and with a wrong other side.
 */
#include "net/mse.h"
#include "tests/lib/mse_script.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *test_mse_suite(void);

#define BOTH (MSE_PLAIN | MSE_RC4)

static struct mse_group *group;
static struct random_seeded random_numbers;
static struct info_hash skey;

static void setup(void)
{
    group = mse_group_new();
    ck_assert_ptr_nonnull(group);
    random_seeded_init(&random_numbers, 1);
    memset(skey.bytes, 's', sizeof skey.bytes);
}

static void teardown(void)
{
    mse_group_free(group);
}

/* ---- RC4 ---- */

/* RFC 6229, keys of 40 and of 256 bits. */
static const struct {
    const char *key;
    uint32_t key_bytes, at;
    const char *stream;
} vectors[] = {
    {"\x01\x02\x03\x04\x05", 5, 0,
     "\xb2\x39\x63\x05\xf0\x3d\xc0\x27\xcc\xc3\x52\x4a\x0a\x11\x18\xa8"},
    {"\x01\x02\x03\x04\x05", 5, 1024,
     "\x30\xab\xbc\xc7\xc2\x0b\x01\x60\x9f\x23\xee\x2d\x5f\x6b\xb7\xdf"},
    {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
     "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20",
     32, 0, "\xea\xa6\xbd\x25\x88\x0b\xf9\x3d\x3f\x5d\x1e\x4c\xa2\x61\x1d\x91"},
    {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
     "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20",
     32, 4096, "\xf3\xe4\xc0\xa2\xe0\x2d\x1d\x01\xf7\xf0\xa7\x46\x18\xaf\x2b\x48"},
};

START_TEST(rc4_gives_the_key_stream_of_the_rfc)
{
    uint8_t stream[16] = {0};
    struct rc4 rc4;
    rc4_init(&rc4, (const uint8_t *)vectors[_i].key, vectors[_i].key_bytes);
    rc4_skip(&rc4, vectors[_i].at);
    rc4_crypt(&rc4, stream, stream, sizeof stream);
    ck_assert_mem_eq(stream, vectors[_i].stream, sizeof stream);

    /* and behind what was put on something, not passed over */
    uint8_t before[4096] = {0};
    memset(stream, 0, sizeof stream);
    rc4_init(&rc4, (const uint8_t *)vectors[_i].key, vectors[_i].key_bytes);
    rc4_crypt(&rc4, before, before, vectors[_i].at);
    rc4_crypt(&rc4, stream, stream, sizeof stream);
    ck_assert_mem_eq(stream, vectors[_i].stream, sizeof stream);
}
END_TEST

START_TEST(rc4_is_the_same_in_any_portions_and_to_another_place)
{
    uint8_t plain[100], whole[100], parts[100];
    struct rc4 rc4;
    memset(plain, 'p', sizeof plain);
    rc4_init(&rc4, (const uint8_t *)"key", 3);
    rc4_crypt(&rc4, plain, whole, sizeof whole);
    rc4_init(&rc4, (const uint8_t *)"key", 3);
    rc4_crypt(&rc4, plain, parts, (size_t)_i);
    memcpy(parts + _i, plain + _i, sizeof parts - (size_t)_i);
    rc4_crypt(&rc4, parts + _i, parts + _i, sizeof parts - (size_t)_i);
    ck_assert_mem_eq(whole, parts, sizeof whole);
}
END_TEST

/* ---- two of them ---- */

struct end {
    struct mse *mse;
    struct mse_cipher cipher;
    struct buffer rest;
    enum mse_status status;
};

static void begin(struct end *end, struct mse *mse)
{
    *end = (struct end){.mse = mse};
    ck_assert_ptr_nonnull(mse);
    buffer_init(&end->rest, 65536);
}

static void finish(struct end *end)
{
    mse_free(end->mse);
    buffer_done(&end->rest);
}

/* What the answerer's owner does. */
static enum mse_status follow(struct mse *mse, enum mse_status status)
{
    uint8_t wanted[SHA1_BYTES], own[SHA1_BYTES];
    if (status == MSE_HAS_KEY)
        status = mse_answer(mse);
    if (status != MSE_HAS_TORRENT)
        return status;
    mse_wanted(mse, wanted);
    mse_obfuscate(&skey, own);
    return memcmp(wanted, own, sizeof own) == 0 ? mse_agree(mse, &skey) : MSE_FAILED;
}

/* BYTES arrive in portions of PORTION. */
static void feed(struct end *to, const uint8_t *bytes, size_t length, size_t portion)
{
    while (length > 0 && to->status != MSE_FAILED) {
        size_t used = 0;
        const size_t part = length < portion ? length : portion;
        if (to->status == MSE_DONE) {
            ck_assert_int_eq(buffer_append(&to->rest, bytes, part), ERROR_NONE);
            mse_decrypt(&to->cipher, to->rest.bytes + to->rest.length - part, part);
            used = part;
        } else {
            to->status = follow(to->mse, mse_feed(to->mse, bytes, part, &used));
            ck_assert_uint_le(used, part);
            if (to->status == MSE_DONE)
                ck_assert_int_eq(mse_finish(to->mse, &to->cipher, &to->rest), ERROR_NONE);
        }
        bytes += used;
        length -= used;
    }
}

static void carry(struct end *from, struct end *to, size_t portion)
{
    struct buffer *out = mse_out(from->mse);
    feed(to, out->bytes, out->length, portion);
    buffer_clear(out);
}

static void check_stream(struct end *from, struct end *to, const char *text)
{
    uint8_t bytes[64];
    const size_t length = strlen(text);
    memcpy(bytes, text, length);
    if (from->cipher.method == MSE_RC4)
        rc4_crypt(&from->cipher.out, bytes, bytes, length);
    ck_assert_int_eq(memcmp(bytes, text, length) == 0, from->cipher.method == MSE_PLAIN);
    feed(to, bytes, length, length);
    ck_assert_uint_ge(to->rest.length, length);
    ck_assert_mem_eq(to->rest.bytes + to->rest.length - length, text, length);
}

/* E6: what the caller offers, what the answerer accepts, which it likes better. */
static const struct {
    unsigned caller, answerer;
    bool strong;
    unsigned method; /* 0: they do not agree */
} matrix[] = {
    {MSE_PLAIN, MSE_PLAIN, false, MSE_PLAIN}, {MSE_PLAIN, MSE_RC4, false, 0},
    {MSE_PLAIN, BOTH, true, MSE_PLAIN},       {MSE_RC4, MSE_PLAIN, false, 0},
    {MSE_RC4, MSE_RC4, false, MSE_RC4},       {MSE_RC4, BOTH, false, MSE_RC4},
    {BOTH, MSE_PLAIN, true, MSE_PLAIN},       {BOTH, MSE_RC4, false, MSE_RC4},
    {BOTH, BOTH, false, MSE_PLAIN},           {BOTH, BOTH, true, MSE_RC4},
};

START_TEST(two_agree_on_what_both_have_in_any_portions)
{
    static const size_t portions[] = {1, 7, 97, 4096};
    struct end caller, answerer;
    const size_t portion = portions[_i % 4];
    const size_t row = (size_t)_i / 4;
    begin(&caller,
          mse_new_caller(group, &random_numbers.source, &skey, matrix[row].caller));
    begin(&answerer, mse_new_answerer(group, &random_numbers.source, matrix[row].answerer,
                                      matrix[row].strong));
    ck_assert(mse_say_first(caller.mse, "first ", 6));
    ck_assert(mse_say_first(caller.mse, "words", 5));
    carry(&caller, &answerer, portion);
    carry(&answerer, &caller, portion);
    ck_assert(!mse_say_first(caller.mse, "late", 4));
    carry(&caller, &answerer, portion);
    if (matrix[row].method == 0) {
        ck_assert_int_eq(answerer.status, MSE_FAILED);
    } else {
        carry(&answerer, &caller, portion);
        ck_assert_int_eq(answerer.status, MSE_DONE);
        ck_assert_int_eq(caller.status, MSE_DONE);
        ck_assert_uint_eq(caller.cipher.method, matrix[row].method);
        ck_assert_uint_eq(answerer.cipher.method, matrix[row].method);
        ck_assert_uint_eq(answerer.rest.length, 11);
        ck_assert_mem_eq(answerer.rest.bytes, "first words", 11);
        check_stream(&caller, &answerer, "from the caller");
        check_stream(&answerer, &caller, "from the answerer");
    }
    finish(&caller);
    finish(&answerer);
}
END_TEST

START_TEST(what_a_caller_says_first_has_its_limit)
{
    static const uint8_t bytes[512];
    struct mse *mse = mse_new_caller(group, &random_numbers.source, &skey, BOTH);
    ck_assert(!mse_say_first(mse, bytes, 513));
    ck_assert(mse_say_first(mse, bytes, 512));
    ck_assert(!mse_say_first(mse, bytes, 1));
    mse_free(mse);
}
END_TEST

/* ---- a caller who has something up its sleeve ---- */

struct call {
    struct mse_offer offer;
    uint32_t key_padding; /* PadA */
    bool strange;         /* it names no torrent of ours */
    enum mse_status status;
    unsigned accepts; /* 0: both */
    size_t rest;      /* bytes of the stream that come out */
};

static const char stream[] = "the stream";
#define STREAM stream, sizeof stream - 1

/* E2, E5, E6, E8, E9 */
static const struct call calls[] = {
    {{0, MSE_RC4, 0, 0, true, 0, STREAM}, 0, false, MSE_DONE, 0, 10},
    {{0, MSE_RC4, 512, 512, true, 10, STREAM}, 512, false, MSE_DONE, 0, 10},
    {{0, MSE_RC4, 512, 512, true, 4, STREAM}, 511, false, MSE_DONE, 0, 10},
    {{0, MSE_RC4, 1, 1, true, 68, STREAM}, 1, false, MSE_DONE, 0, 10},
    {{0, MSE_RC4, 0, 0, true, 4096, STREAM}, 1, false, MSE_DONE, 0, 10},
    {{0, MSE_RC4, 0, 0, true, 0, STREAM}, 513, false, MSE_FAILED, 0, 0},
    {{0, MSE_RC4, 513, 513, true, 0, STREAM}, 0, false, MSE_FAILED, 0, 0},
    {{0, MSE_RC4, 65535, 1024, true, 0, STREAM}, 0, false, MSE_FAILED, 0, 0},
    {{0, MSE_RC4, 0, 0, true, 4097, STREAM}, 0, false, MSE_FAILED, 0, 0},
    {{0, MSE_RC4, 0, 0, true, 65535, STREAM}, 0, false, MSE_FAILED, 0, 0},
    {{1, MSE_RC4, 0, 0, true, 0, STREAM}, 0, false, MSE_FAILED, 0, 0},
    {{0, 0, 0, 0, true, 0, STREAM}, 0, false, MSE_FAILED, 0, 0},
    {{0, 0xfffffffc, 0, 0, true, 0, STREAM}, 0, false, MSE_FAILED, 0, 0},
    {{0, 0xfffffffe, 0, 0, true, 0, STREAM}, 0, false, MSE_DONE, 0, 10},
    {{0, MSE_PLAIN, 0, 0, true, 0, STREAM}, 0, false, MSE_FAILED, MSE_RC4, 0},
    {{0, MSE_RC4, 0, 0, true, 0, STREAM}, 0, true, MSE_FAILED, 0, 0},
};

static void check_call(const struct call *call, size_t portion)
{
    uint8_t ya[MSE_KEY_BYTES], hashes[2 * SHA1_BYTES];
    static const uint8_t padding[1024];
    struct mse_script script;
    struct info_hash wanted = skey;
    struct buffer out;
    struct end end;
    wanted.bytes[19] ^= call->strange;
    begin(&end, mse_new_answerer(group, &random_numbers.source,
                                 call->accepts != 0 ? call->accepts : BOTH, true));
    mse_script_init(&script, group, &wanted, &random_numbers.source, ya);
    feed(&end, ya, sizeof ya, portion);
    ck_assert(mse_script_share(&script, mse_out(end.mse)->bytes, true));
    buffer_init(&out, 65536);
    mse_script_hashes(&script, hashes);
    ck_assert_int_eq(buffer_append(&out, padding, call->key_padding), ERROR_NONE);
    ck_assert_int_eq(buffer_append(&out, hashes, sizeof hashes), ERROR_NONE);
    mse_script_put(&script, &out, &call->offer);
    feed(&end, out.bytes, out.length, portion);
    ck_assert_int_eq(end.status, call->status);
    ck_assert_uint_eq(end.rest.length, call->rest);
    if (call->rest > 0)
        ck_assert_mem_eq(end.rest.bytes, stream, call->rest);
    buffer_done(&out);
    finish(&end);
}

START_TEST(a_caller_gets_as_far_as_it_keeps_the_rules)
{
    check_call(&calls[_i], 65536);
    check_call(&calls[_i], 1);
}
END_TEST

/* E9: IA is hidden though what follows it is plain. */
START_TEST(what_follows_the_initial_bytes_of_a_plain_stream_is_plain)
{
    uint8_t ya[MSE_KEY_BYTES], hashes[2 * SHA1_BYTES];
    struct mse_script script;
    struct buffer out;
    struct end end;
    const struct mse_offer offer = {0, MSE_PLAIN, 3, 3, true, 10, STREAM};
    begin(&end, mse_new_answerer(group, &random_numbers.source, BOTH, true));
    mse_script_init(&script, group, &skey, &random_numbers.source, ya);
    feed(&end, ya, sizeof ya, 4096);
    ck_assert(mse_script_share(&script, mse_out(end.mse)->bytes, true));
    buffer_init(&out, 65536);
    mse_script_hashes(&script, hashes);
    ck_assert_int_eq(buffer_append(&out, hashes, sizeof hashes), ERROR_NONE);
    mse_script_put(&script, &out, &offer);
    ck_assert_int_eq(buffer_append(&out, " goes on", 8), ERROR_NONE);
    feed(&end, out.bytes, out.length, _i == 0 ? 65536 : (size_t)_i);
    ck_assert_int_eq(end.status, MSE_DONE);
    ck_assert_uint_eq(end.rest.length, 18);
    ck_assert_mem_eq(end.rest.bytes, "the stream goes on", 18);
    buffer_done(&out);
    finish(&end);
}
END_TEST

/* ---- an answerer of that kind ---- */

struct reply {
    struct mse_offer offer;
    uint32_t key_padding; /* PadB */
    unsigned offered;
    enum mse_status status;
};

/* E2, E7 */
static const struct reply replies[] = {
    {{0, MSE_RC4, 0, 0, false, 0, STREAM}, 0, BOTH, MSE_DONE},
    {{0, MSE_RC4, 512, 512, false, 0, STREAM}, 512, MSE_RC4, MSE_DONE},
    {{0, MSE_RC4, 0, 0, false, 0, STREAM}, 513, BOTH, MSE_FAILED},
    {{0, MSE_RC4, 513, 513, false, 0, STREAM}, 0, BOTH, MSE_FAILED},
    {{0, MSE_RC4, 65535, 1024, false, 0, STREAM}, 0, BOTH, MSE_FAILED},
    {{0, MSE_PLAIN, 0, 0, false, 0, STREAM}, 0, MSE_RC4, MSE_FAILED},
    {{0, MSE_RC4, 0, 0, false, 0, STREAM}, 0, MSE_PLAIN, MSE_FAILED},
    {{0, BOTH, 0, 0, false, 0, STREAM}, 0, BOTH, MSE_FAILED},
    {{0, 0, 0, 0, false, 0, STREAM}, 0, BOTH, MSE_FAILED},
    {{0, 4, 0, 0, false, 0, STREAM}, 0, BOTH, MSE_FAILED},
    {{0, 0x80000002, 0, 0, false, 0, STREAM}, 0, BOTH, MSE_FAILED},
};

static void check_reply(const struct reply *reply, size_t portion)
{
    uint8_t yb[MSE_KEY_BYTES];
    static const uint8_t padding[1024];
    struct mse_script script;
    struct buffer out;
    struct end end;
    begin(&end, mse_new_caller(group, &random_numbers.source, &skey, reply->offered));
    mse_script_init(&script, group, &skey, &random_numbers.source, yb);
    ck_assert(mse_script_share(&script, mse_out(end.mse)->bytes, false));
    buffer_init(&out, 65536);
    ck_assert_int_eq(buffer_append(&out, yb, sizeof yb), ERROR_NONE);
    ck_assert_int_eq(buffer_append(&out, padding, reply->key_padding), ERROR_NONE);
    mse_script_put(&script, &out, &reply->offer);
    feed(&end, out.bytes, out.length, portion);
    ck_assert_int_eq(end.status, reply->status);
    ck_assert_uint_eq(end.rest.length, reply->status == MSE_DONE ? sizeof stream - 1 : 0);
    buffer_done(&out);
    finish(&end);
}

START_TEST(an_answerer_gets_as_far_as_it_keeps_the_rules)
{
    check_reply(&replies[_i], 65536);
    check_reply(&replies[_i], 1);
}
END_TEST

/* ---- those who say nothing of use ---- */

/* E1, E3: 96 bytes of a key, 512 of padding and the mark's 20. */
START_TEST(noise_is_given_up_after_as_many_bytes_as_there_may_be)
{
    uint8_t bytes[628];
    size_t used;
    struct mse *mse = mse_new_answerer(group, &random_numbers.source, BOTH, false);
    random_fill(&random_numbers.source, bytes, sizeof bytes);
    bytes[0] = 1; /* below the prime */
    ck_assert_int_eq(mse_feed(mse, bytes, 96, &used), MSE_HAS_KEY);
    ck_assert_int_eq(mse_answer(mse), MSE_GOES_ON);
    for (size_t at = 96; at < 627; at++)
        ck_assert_int_eq(mse_feed(mse, bytes + at, 1, &used), MSE_GOES_ON);
    ck_assert_int_eq(mse_feed(mse, bytes + 627, 1, &used), MSE_FAILED);
    ck_assert_int_eq(mse_feed(mse, bytes, 1, &used), MSE_FAILED);
    ck_assert_uint_eq(used, 0);
    mse_free(mse);
}
END_TEST

/* E1 */
START_TEST(a_caller_gives_noise_up_as_well)
{
    uint8_t bytes[616];
    size_t used;
    struct mse *mse = mse_new_caller(group, &random_numbers.source, &skey, BOTH);
    random_fill(&random_numbers.source, bytes, sizeof bytes);
    bytes[0] = 1;
    ck_assert_int_eq(mse_feed(mse, bytes, 615, &used), MSE_GOES_ON);
    ck_assert_int_eq(mse_feed(mse, bytes + 615, 1, &used), MSE_FAILED);
    mse_free(mse);
}
END_TEST

/* E4: keys that would make the secret known to all; they are not answered. */
START_TEST(a_degenerate_key_is_refused)
{
    uint8_t key[MSE_KEY_BYTES];
    static const char tail[] = "\xa6\x3a\x36\x21\x00\x00\x00\x00\x00\x09\x05";
    static const uint8_t last[] = {0x61, 0x62, 0x63, 0x64};
    uint8_t prime[MSE_KEY_BYTES];
    static const char *const hex =
        "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22"
        "514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6"
        "f44c42e9";
    size_t used;
    for (int i = 0; i < 84; i++)
        prime[i] = (uint8_t)strtoul((char[]){hex[2 * i], hex[2 * i + 1], 0}, NULL, 16);
    memcpy(prime + 84, tail, 11);
    memset(key, 0, sizeof key);
    if (_i < 2)
        key[95] = (uint8_t)_i;
    else if (_i < 6)
        memcpy(key, prime, sizeof key), key[95] = last[_i - 2];
    else
        memset(key, 0xff, sizeof key);
    const bool good = _i == 2; /* p - 2 */
    struct mse *mse = mse_new_answerer(group, &random_numbers.source, BOTH, false);
    ck_assert_int_eq(mse_feed(mse, key, sizeof key, &used), MSE_HAS_KEY);
    ck_assert_int_eq(mse_answer(mse), good ? MSE_GOES_ON : MSE_FAILED);
    ck_assert_int_eq(mse_out(mse)->length > 0, good);
    mse_free(mse);
    mse = mse_new_caller(group, &random_numbers.source, &skey, BOTH);
    ck_assert_int_eq(mse_feed(mse, key, sizeof key, &used),
                     good ? MSE_GOES_ON : MSE_FAILED);
    mse_free(mse);
}
END_TEST

START_TEST(turns_out_of_order_change_nothing)
{
    size_t used;
    struct mse *mse = mse_new_answerer(group, &random_numbers.source, BOTH, false);
    ck_assert_int_eq(mse_answer(mse), MSE_GOES_ON);
    ck_assert_int_eq(mse_agree(mse, &skey), MSE_GOES_ON);
    ck_assert_int_eq(mse_feed(mse, NULL, 0, &used), MSE_GOES_ON);
    ck_assert_uint_eq(mse_out(mse)->length, 0);
    mse_free(mse);
    mse_free(NULL);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *test_mse_suite(void)
{
    Suite *suite = suite_create("mse");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, rc4_gives_the_key_stream_of_the_rfc, 0, COUNT(vectors));
    tcase_add_loop_test(tcase, rc4_is_the_same_in_any_portions_and_to_another_place, 0,
                        20);
    tcase_add_loop_test(tcase, two_agree_on_what_both_have_in_any_portions, 0,
                        COUNT(matrix) * 4);
    tcase_add_test(tcase, what_a_caller_says_first_has_its_limit);
    tcase_add_loop_test(tcase, a_caller_gets_as_far_as_it_keeps_the_rules, 0,
                        COUNT(calls));
    tcase_add_loop_test(tcase, what_follows_the_initial_bytes_of_a_plain_stream_is_plain,
                        0, 3);
    tcase_add_loop_test(tcase, an_answerer_gets_as_far_as_it_keeps_the_rules, 0,
                        COUNT(replies));
    tcase_add_test(tcase, noise_is_given_up_after_as_many_bytes_as_there_may_be);
    tcase_add_test(tcase, a_caller_gives_noise_up_as_well);
    tcase_add_loop_test(tcase, a_degenerate_key_is_refused, 0, 7);
    tcase_add_test(tcase, turns_out_of_order_change_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
