/* What the MSE handshake says, and the keys it says it with. */
#include "net/mse_private.h"

#include <string.h>

#define SKIP_BYTES 1024u /* of each key stream, which are weak */

/* ---- digests and keys ---- */

/* HASH(LABEL, A, B); B may be empty. */
static void hash(const char label[4], const void *a, size_t a_bytes, const void *b,
                 size_t b_bytes, uint8_t ret_bytes[SHA1_BYTES])
{
    uint8_t bytes[4 + MSE_KEY_BYTES + SHA1_BYTES];
    memcpy(bytes, label, 4);
    memcpy(bytes + 4, a, a_bytes);
    if (b_bytes > 0)
        memcpy(bytes + 4 + a_bytes, b, b_bytes);
    digest_sha1(bytes, 4 + a_bytes + b_bytes, ret_bytes);
}

void mse_obfuscate(const struct info_hash *skey, uint8_t ret_bytes[SHA1_BYTES])
{
    hash("req2", skey->bytes, sizeof skey->bytes, NULL, 0, ret_bytes);
}

void mse_hash_secret(const struct mse *mse, const char label[4],
                     uint8_t ret_bytes[SHA1_BYTES])
{
    hash(label, mse->secret, sizeof mse->secret, NULL, 0, ret_bytes);
}

static void start_cipher(const struct mse *mse, const char label[4], struct rc4 *rc4)
{
    uint8_t key[SHA1_BYTES];
    hash(label, mse->secret, sizeof mse->secret, mse->skey.bytes, sizeof mse->skey.bytes,
         key);
    rc4_init(rc4, key, sizeof key);
    rc4_skip(rc4, SKIP_BYTES);
}

void mse_start_ciphers(struct mse *mse)
{
    start_cipher(mse, mse->calls ? "keyA" : "keyB", &mse->out_cipher);
    start_cipher(mse, mse->calls ? "keyB" : "keyA", &mse->in);
}

/* ---- what is said ---- */

/* Ya or Yb, and as many random bytes as chance wants. */
bool mse_say_key(struct mse *mse)
{
    uint8_t bytes[MSE_KEY_BYTES + MSE_PAD_MOST];
    const uint32_t padding = random_below(mse->random, MSE_PAD_MOST + 1);
    if (!mse_group_make_key(mse->group, mse->random, mse->own_private, bytes))
        return false;
    random_fill(mse->random, bytes + MSE_KEY_BYTES, padding);
    return buffer_append(&mse->out, bytes, MSE_KEY_BYTES + padding) == ERROR_NONE;
}

static bool say_hidden(struct mse *mse, const void *bytes, size_t length)
{
    if (buffer_reserve(&mse->out, length) != ERROR_NONE)
        return false;
    rc4_crypt(&mse->out_cipher, bytes, mse->out.bytes + mse->out.length, length);
    mse->out.length += length;
    return true;
}

/* VC, crypto_provide or _select, and a padding of zeros. */
bool mse_say_choice(struct mse *mse, unsigned methods)
{
    uint8_t bytes[MSE_CHOICE_BYTES + MSE_PAD_MOST] = {0};
    const uint32_t padding = random_below(mse->random, MSE_PAD_MOST + 1);
    bytes[MSE_VC_BYTES + 3] = (uint8_t)methods;
    bytes[MSE_VC_BYTES + 4] = (uint8_t)(padding >> 8);
    bytes[MSE_VC_BYTES + 5] = (uint8_t)padding;
    return say_hidden(mse, bytes, MSE_CHOICE_BYTES + padding);
}

/* The third message. */
bool mse_say_request(struct mse *mse)
{
    uint8_t hashes[2 * SHA1_BYTES], wanted[SHA1_BYTES];
    const uint8_t length[2] = {(uint8_t)(mse->first.length >> 8),
                               (uint8_t)mse->first.length};
    mse_hash_secret(mse, "req1", hashes);
    mse_hash_secret(mse, "req3", hashes + SHA1_BYTES);
    mse_obfuscate(&mse->skey, wanted);
    for (size_t i = 0; i < SHA1_BYTES; i++)
        hashes[SHA1_BYTES + i] ^= wanted[i];
    return buffer_append(&mse->out, hashes, sizeof hashes) == ERROR_NONE &&
           mse_say_choice(mse, mse->methods) && say_hidden(mse, length, sizeof length) &&
           (mse->first.length == 0 ||
            say_hidden(mse, mse->first.bytes, mse->first.length));
}
