#include "net/mse_private.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_MOST 512u /* that a caller sends along */
#define OUT_MOST   4096u

/* ---- life ---- */

static struct mse *new_mse(struct mse_group *group, const struct random_source *random,
                           unsigned methods)
{
    struct mse *mse = calloc(1, sizeof *mse);
    if (mse == NULL)
        return NULL;
    mse->group = group;
    mse->random = random;
    mse->methods = methods;
    buffer_init(&mse->first, FIRST_MOST);
    buffer_init(&mse->out, OUT_MOST);
    return mse;
}

struct mse *mse_new_caller(struct mse_group *group, const struct random_source *random,
                           const struct info_hash *skey, unsigned methods)
{
    struct mse *mse = new_mse(group, random, methods);
    if (mse == NULL)
        return NULL;
    mse->calls = true;
    mse->skey = *skey;
    if (mse_say_key(mse))
        return mse;
    mse_free(mse);
    return NULL;
}

struct mse *mse_new_answerer(struct mse_group *group, const struct random_source *random,
                             unsigned methods, bool strong)
{
    struct mse *mse = new_mse(group, random, methods);
    if (mse != NULL)
        mse->strong = strong;
    return mse;
}

void mse_free(struct mse *mse)
{
    if (mse == NULL)
        return;
    buffer_done(&mse->first);
    buffer_done(&mse->out);
    OPENSSL_cleanse(mse, sizeof *mse);
    free(mse);
}

bool mse_say_first(struct mse *mse, const void *bytes, size_t length)
{
    return mse->state == MSE_AT_KEY &&
           buffer_append(&mse->first, bytes, length) == ERROR_NONE;
}

struct buffer *mse_out(struct mse *mse)
{
    return &mse->out;
}

/* ---- what is heard; each step that has all it needs does what comes next ---- */

static enum mse_status fail(struct mse *mse)
{
    mse->state = MSE_AT_FAILURE;
    return MSE_FAILED;
}

static uint32_t bytes_left(const struct mse *mse)
{
    return mse->held - mse->at;
}

static bool share_secret(struct mse *mse)
{
    const uint8_t *theirs = mse->bytes + mse->at;
    mse->at += MSE_KEY_BYTES;
    return mse_group_share(mse->group, mse->own_private, theirs, mse->secret);
}

/* A caller knows how the answer begins: with the verification constant, hidden. */
static enum mse_status on_answer(struct mse *mse)
{
    static const uint8_t zeros[MSE_VC_BYTES];
    if (!share_secret(mse))
        return fail(mse);
    mse_start_ciphers(mse);
    struct rc4 ahead = mse->in;
    rc4_crypt(&ahead, zeros, mse->mark, MSE_VC_BYTES);
    mse->mark_bytes = MSE_VC_BYTES;
    mse->state = MSE_AT_SYNC;
    return mse_say_request(mse) ? MSE_GOES_ON : fail(mse);
}

static enum mse_status on_key(struct mse *mse)
{
    if (mse->calls)
        return on_answer(mse);
    mse->state = MSE_AT_TURN;
    return MSE_HAS_KEY;
}

static enum mse_status on_sync(struct mse *mse)
{
    /* A caller's mark is part of its next step, where it is deciphered. */
    if (!mse->calls)
        mse->at += mse->mark_bytes;
    mse->state = mse->calls ? MSE_AT_CHOICE : MSE_AT_TORRENT;
    return MSE_GOES_ON;
}

/* Each byte is looked at once as the mark's first. */
static enum mse_status search_mark(struct mse *mse)
{
    while (bytes_left(mse) >= mse->mark_bytes) {
        if (CRYPTO_memcmp(mse->bytes + mse->at, mse->mark, mse->mark_bytes) == 0)
            return on_sync(mse);
        if (mse->padding_left == MSE_PAD_MOST)
            return fail(mse);
        mse->padding_left++;
        mse->at++;
    }
    return MSE_GOES_ON;
}

static enum mse_status on_torrent(struct mse *mse)
{
    mse_hash_secret(mse, "req3", mse->torrent);
    for (size_t i = 0; i < SHA1_BYTES; i++)
        mse->torrent[i] ^= mse->bytes[mse->at + i];
    mse->at += SHA1_BYTES;
    mse->state = MSE_AT_LOOKUP;
    return MSE_HAS_TORRENT;
}

static unsigned choose(const struct mse *mse, unsigned offered)
{
    const unsigned both = offered & mse->methods;
    const unsigned first = mse->strong ? MSE_RC4 : MSE_PLAIN;
    return (both & first) != 0 ? first : both;
}

static enum mse_status on_choice(struct mse *mse)
{
    static const uint8_t zeros[MSE_VC_BYTES];
    uint8_t *bytes = mse->bytes + mse->at;
    rc4_crypt(&mse->in, bytes, bytes, MSE_CHOICE_BYTES);
    mse->at += MSE_CHOICE_BYTES;
    const uint32_t methods = be32_get(bytes + MSE_VC_BYTES);
    mse->padding_left = (uint32_t)bytes[MSE_VC_BYTES + 4] << 8 | bytes[MSE_VC_BYTES + 5];
    if (memcmp(bytes, zeros, MSE_VC_BYTES) != 0 || mse->padding_left > MSE_PAD_MOST)
        return fail(mse);
    if (mse->calls)
        mse->method = methods == MSE_PLAIN || methods == MSE_RC4 ? methods : 0;
    else
        mse->method = choose(mse, methods);
    if ((mse->method & mse->methods) == 0)
        return fail(mse);
    mse->state = MSE_AT_PADDING;
    return MSE_GOES_ON;
}

static enum mse_status skip_padding(struct mse *mse)
{
    const uint32_t left = bytes_left(mse);
    const uint32_t part = left < mse->padding_left ? left : mse->padding_left;
    rc4_skip(&mse->in, part);
    mse->at += part;
    mse->padding_left -= part;
    if (mse->padding_left == 0)
        mse->state = mse->calls ? MSE_AT_END : MSE_AT_INITIAL;
    return MSE_GOES_ON;
}

static enum mse_status on_initial(struct mse *mse)
{
    uint8_t *bytes = mse->bytes + mse->at;
    rc4_crypt(&mse->in, bytes, bytes, 2);
    mse->at += 2;
    mse->initial = (uint32_t)bytes[0] << 8 | bytes[1];
    if (mse->initial > MSE_INITIAL_MOST || !mse_say_choice(mse, mse->method))
        return fail(mse);
    mse->state = MSE_AT_END;
    return MSE_GOES_ON;
}

/* Each state's step, and how many bytes it has to have. */
static enum mse_status step(struct mse *mse)
{
    static const struct {
        uint32_t needed;
        enum mse_status (*take)(struct mse *mse);
    } steps[] = {
        [MSE_AT_KEY] = {MSE_KEY_BYTES, on_key},
        [MSE_AT_SYNC] = {0, search_mark},
        [MSE_AT_TORRENT] = {SHA1_BYTES, on_torrent},
        [MSE_AT_CHOICE] = {MSE_CHOICE_BYTES, on_choice},
        [MSE_AT_PADDING] = {0, skip_padding},
        [MSE_AT_INITIAL] = {2, on_initial},
    };
    return bytes_left(mse) >= steps[mse->state].needed ? steps[mse->state].take(mse)
                                                       : MSE_GOES_ON;
}

static enum mse_status status_of(const struct mse *mse)
{
    switch (mse->state) {
    case MSE_AT_TURN:
        return MSE_HAS_KEY;
    case MSE_AT_LOOKUP:
        return MSE_HAS_TORRENT;
    case MSE_AT_END:
        return MSE_DONE;
    case MSE_AT_FAILURE:
        return MSE_FAILED;
    default:
        return MSE_GOES_ON;
    }
}

/* As far as the bytes there are allow. */
static enum mse_status go_on(struct mse *mse)
{
    enum mse_state before;
    do {
        before = mse->state;
        if (status_of(mse) != MSE_GOES_ON)
            break;
        step(mse);
    } while (mse->state != before);
    memmove(mse->bytes, mse->bytes + mse->at, bytes_left(mse));
    mse->held -= mse->at;
    mse->at = 0;
    return status_of(mse);
}

enum mse_status mse_feed(struct mse *mse, const uint8_t *bytes, size_t length,
                         size_t *ret_used)
{
    enum mse_status status = status_of(mse);
    *ret_used = 0;
    while (status == MSE_GOES_ON && *ret_used < length) {
        const size_t room = sizeof mse->bytes - mse->held, rest = length - *ret_used;
        const size_t part = rest < room ? rest : room;
        memcpy(mse->bytes + mse->held, bytes + *ret_used, part);
        mse->held += (uint32_t)part;
        *ret_used += part;
        status = go_on(mse);
    }
    return status;
}

/* ---- the answerer's turns ---- */

enum mse_status mse_answer(struct mse *mse)
{
    if (mse->state != MSE_AT_TURN)
        return status_of(mse);
    /* The key that came is judged before ours goes out. */
    if (!mse_say_key(mse) || !share_secret(mse)) {
        buffer_clear(&mse->out);
        return fail(mse);
    }
    mse_hash_secret(mse, "req1", mse->mark);
    mse->mark_bytes = SHA1_BYTES;
    mse->state = MSE_AT_SYNC;
    return go_on(mse);
}

void mse_wanted(const struct mse *mse, uint8_t ret_bytes[SHA1_BYTES])
{
    memcpy(ret_bytes, mse->torrent, sizeof mse->torrent);
}

enum mse_status mse_agree(struct mse *mse, const struct info_hash *skey)
{
    if (mse->state != MSE_AT_LOOKUP)
        return status_of(mse);
    mse->skey = *skey;
    mse_start_ciphers(mse);
    mse->state = MSE_AT_CHOICE;
    return go_on(mse);
}

/* ---- the stream ---- */

enum error_code mse_finish(struct mse *mse, struct mse_cipher *ret_cipher,
                           struct buffer *rest)
{
    ret_cipher->in = mse->in;
    ret_cipher->out = mse->out_cipher;
    ret_cipher->method = mse->method;
    ret_cipher->initial_left = mse->initial;
    mse_decrypt(ret_cipher, mse->bytes + mse->at, bytes_left(mse));
    return buffer_append(rest, mse->bytes + mse->at, bytes_left(mse));
}

void mse_decrypt(struct mse_cipher *cipher, uint8_t *bytes, size_t length)
{
    size_t hidden = length;
    if (cipher->method == MSE_PLAIN && hidden > cipher->initial_left)
        hidden = cipher->initial_left;
    cipher->initial_left -=
        (uint32_t)(hidden < cipher->initial_left ? hidden : cipher->initial_left);
    rc4_crypt(&cipher->in, bytes, bytes, hidden);
}
