/*
 * The handshake of MSE/PE in both roles, against another side whose every field the input
 * chooses and which is enciphered as it should be, or against raw bytes. Fed at once and
 * in portions it comes to the same end with the same bytes of the stream.
 *
 * The input: role and portions; whether it is raw; paddings, methods, lengths; the
 * stream.
 */
#include "net/mse.h"
#include "tests/lib/mse_script.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define HEAD_BYTES  16u
#define STREAM_MOST 8192u
#define MUST(what)                                                                       \
    do {                                                                                 \
        if (!(what))                                                                     \
            abort();                                                                     \
    } while (0)

struct end {
    struct mse *mse;
    struct mse_cipher cipher;
    struct buffer rest;
    enum mse_status status;
    struct info_hash skey;
    bool knows; /* the torrent */
};

static enum mse_status follow(struct end *end, enum mse_status status)
{
    uint8_t wanted[SHA1_BYTES], own[SHA1_BYTES];
    if (status == MSE_HAS_KEY)
        status = mse_answer(end->mse);
    if (status != MSE_HAS_TORRENT)
        return status;
    mse_wanted(end->mse, wanted);
    mse_obfuscate(&end->skey, own);
    return end->knows && memcmp(wanted, own, sizeof own) == 0
               ? mse_agree(end->mse, &end->skey)
               : MSE_FAILED;
}

static void feed(struct end *end, const uint8_t *bytes, size_t length, size_t portion)
{
    while (length > 0 && end->status != MSE_FAILED) {
        const size_t part = length < portion ? length : portion;
        size_t used = part;
        if (end->status == MSE_DONE) {
            MUST(buffer_append(&end->rest, bytes, part) == ERROR_NONE);
            mse_decrypt(&end->cipher, end->rest.bytes + end->rest.length - part, part);
        } else {
            end->status = follow(end, mse_feed(end->mse, bytes, part, &used));
            MUST(used <= part);
            if (end->status == MSE_DONE)
                MUST(mse_finish(end->mse, &end->cipher, &end->rest) == ERROR_NONE);
        }
        bytes += used;
        length -= used;
    }
}

static uint32_t two(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* What stands in the input's head, as it is said. */
static void put_script(struct mse_script *script, struct buffer *out, const uint8_t *head,
                       const uint8_t *stream, size_t stream_bytes, bool they_call)
{
    static const uint8_t padding[1024];
    uint8_t hashes[2 * SHA1_BYTES];
    const uint32_t methods = (uint32_t)head[3] << 24 | head[2];
    const struct mse_offer offer = {
        .vc = head[4] == 255,
        .methods = methods,
        .padding = (uint16_t)two(head + 5),
        .padded = two(head + 7) % 1025,
        .has_initial = they_call,
        .initial = (uint16_t)two(head + 9),
        .stream = stream,
        .stream_bytes = stream_bytes,
    };
    MUST(buffer_append(out, padding, two(head + 11) % 1025) == ERROR_NONE);
    if (they_call) {
        mse_script_hashes(script, hashes);
        MUST(buffer_append(out, hashes, sizeof hashes) == ERROR_NONE);
    }
    mse_script_put(script, out, &offer);
}

static void run(const uint8_t *bytes, size_t length, size_t portion, struct end *end)
{
    const uint8_t *head = bytes;
    const bool they_call = (head[0] & 1) != 0, raw = (head[1] & 3) == 0;
    const unsigned methods = 1u + (head[0] >> 1 & 3) % 3;
    struct random_seeded random_numbers;
    struct mse_group *group = mse_group_new();
    struct mse_script script;
    struct buffer out;
    uint8_t key[MSE_KEY_BYTES];
    MUST(group != NULL);
    random_seeded_init(&random_numbers, 1);
    memset(&end->skey, 's', sizeof end->skey);
    end->knows = (head[1] & 12) != 12;
    buffer_init(&end->rest, 65536);
    buffer_init(&out, 65536);
    mse_script_init(&script, group, &end->skey, &random_numbers.source, key);
    end->mse =
        they_call
            ? mse_new_answerer(group, &random_numbers.source, methods, (head[0] & 8) != 0)
            : mse_new_caller(group, &random_numbers.source, &end->skey, methods);
    MUST(end->mse != NULL);
    if (!they_call)
        MUST(mse_say_first(end->mse, bytes, 16));
    if (raw) {
        feed(end, bytes + HEAD_BYTES, length - HEAD_BYTES, portion);
    } else {
        feed(end, key, sizeof key, portion);
        MUST(mse_out(end->mse)->length >= MSE_KEY_BYTES);
        MUST(mse_script_share(&script, mse_out(end->mse)->bytes, they_call));
        put_script(&script, &out, head, bytes + HEAD_BYTES, length - HEAD_BYTES,
                   they_call);
        feed(end, out.bytes, out.length, portion);
    }
    MUST(mse_out(end->mse)->length <= 4096);
    mse_free(end->mse);
    buffer_done(&out);
    mse_group_free(group);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct end whole = {0}, parts = {0};
    if (length < HEAD_BYTES || length > STREAM_MOST)
        return 0;
    run(bytes, length, SIZE_MAX, &whole);
    run(bytes, length, 1u + bytes[13], &parts);
    MUST(whole.status == parts.status);
    MUST(whole.rest.length == parts.rest.length);
    MUST(whole.rest.length == 0 ||
         memcmp(whole.rest.bytes, parts.rest.bytes, whole.rest.length) == 0);
    buffer_done(&whole.rest);
    buffer_done(&parts.rest);
    return 0;
}
