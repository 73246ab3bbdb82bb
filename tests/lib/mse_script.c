#include "tests/lib/mse_script.h"

#include "tests/lib/vnet_private.h"

#include <string.h>

static void sha1(const char *label, const void *a, size_t a_bytes, const void *b,
                 size_t b_bytes, uint8_t ret[SHA1_BYTES])
{
    struct digest *digest = digest_new(DIGEST_SHA1);
    VNET_REQUIRE(digest != NULL);
    digest_update(digest, label, strlen(label));
    digest_update(digest, a, a_bytes);
    digest_update(digest, b, b_bytes);
    digest_final(digest, ret);
    digest_free(digest);
}

void mse_script_init(struct mse_script *script, struct mse_group *group,
                     const struct info_hash *skey, const struct random_source *random,
                     uint8_t ret_public[MSE_KEY_BYTES])
{
    memset(script, 0, sizeof *script);
    script->group = group;
    script->skey = *skey;
    VNET_REQUIRE(mse_group_make_key(group, random, script->own_private, ret_public));
}

static void start(const struct mse_script *script, const char *label, struct rc4 *rc4)
{
    uint8_t key[SHA1_BYTES], dropped[1024] = {0};
    sha1(label, script->secret, sizeof script->secret, script->skey.bytes, SHA1_BYTES,
         key);
    rc4_init(rc4, key, sizeof key);
    rc4_crypt(rc4, dropped, dropped, sizeof dropped);
}

bool mse_script_share(struct mse_script *script, const uint8_t theirs[MSE_KEY_BYTES],
                      bool calls)
{
    if (!mse_group_share(script->group, script->own_private, theirs, script->secret))
        return false;
    start(script, calls ? "keyA" : "keyB", &script->out);
    start(script, calls ? "keyB" : "keyA", &script->in);
    return true;
}

void mse_script_hashes(const struct mse_script *script,
                       uint8_t ret_hashes[2 * SHA1_BYTES])
{
    uint8_t torrent[SHA1_BYTES], mask[SHA1_BYTES];
    sha1("req1", script->secret, sizeof script->secret, "", 0, ret_hashes);
    sha1("req2", script->skey.bytes, SHA1_BYTES, "", 0, torrent);
    sha1("req3", script->secret, sizeof script->secret, "", 0, mask);
    for (int i = 0; i < SHA1_BYTES; i++)
        ret_hashes[SHA1_BYTES + i] = torrent[i] ^ mask[i];
}

static void put(struct mse_script *script, struct buffer *buffer, const void *bytes,
                size_t length)
{
    const size_t at = buffer->length;
    VNET_REQUIRE(buffer_append(buffer, bytes, length) == ERROR_NONE);
    if (length > 0)
        rc4_crypt(&script->out, buffer->bytes + at, buffer->bytes + at, length);
}

void mse_script_put(struct mse_script *script, struct buffer *buffer,
                    const struct mse_offer *offer)
{
    static const uint8_t zeros[65536];
    const uint8_t head[14] = {
        [0] = offer->vc,
        [8] = (uint8_t)(offer->methods >> 24),
        [9] = (uint8_t)(offer->methods >> 16),
        [10] = (uint8_t)(offer->methods >> 8),
        [11] = (uint8_t)offer->methods,
        [12] = (uint8_t)(offer->padding >> 8),
        [13] = (uint8_t)offer->padding,
    };
    const uint8_t initial[2] = {(uint8_t)(offer->initial >> 8), (uint8_t)offer->initial};
    put(script, buffer, head, sizeof head);
    put(script, buffer, zeros, offer->padded);
    if (offer->has_initial)
        put(script, buffer, initial, sizeof initial);
    put(script, buffer, offer->stream, offer->stream_bytes);
}
