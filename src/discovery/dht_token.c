/* Tokens: HMAC of host and info-hash under a secret that changes every five minutes, and
 * is good for five more. */
#include "discovery/dht_store_private.h"

#include "base/digest.h"

#include <string.h>

static void note_time(struct dht_store *store, uint64_t now_ns)
{
    const uint64_t turns = (now_ns - store->secret_ns) / DHT_TOKEN_NS;
    if (turns == 0)
        return;
    if (turns == 1)
        memcpy(store->secrets[1], store->secrets[0], sizeof store->secrets[1]);
    else
        random_fill(store->random, store->secrets[1], sizeof store->secrets[1]);
    random_fill(store->random, store->secrets[0], sizeof store->secrets[0]);
    store->secret_ns += turns * DHT_TOKEN_NS;
}

static void make(const uint8_t *secret, const struct netaddr *address,
                 const struct dht_id *hash, uint8_t ret_token[DHT_TOKEN_BYTES])
{
    uint8_t text[1 + sizeof address->bytes + DHT_ID_BYTES], code[SHA256_BYTES];
    text[0] = address->family;
    memcpy(text + 1, address->bytes, sizeof address->bytes);
    memcpy(text + 1 + sizeof address->bytes, hash->bytes, DHT_ID_BYTES);
    digest_hmac_sha256(secret, DHT_SECRET_BYTES, text, sizeof text, code);
    memcpy(ret_token, code, DHT_TOKEN_BYTES);
}

void dht_store_token(struct dht_store *store, const struct netaddr *address,
                     const struct dht_id *hash, uint64_t now_ns,
                     uint8_t ret_token[DHT_TOKEN_BYTES])
{
    note_time(store, now_ns);
    make(store->secrets[0], address, hash, ret_token);
}

bool dht_store_token_is_good(struct dht_store *store, const struct netaddr *address,
                             const struct dht_id *hash, const uint8_t *token,
                             size_t length, uint64_t now_ns)
{
    uint8_t wanted[DHT_TOKEN_BYTES];
    bool good = false;
    note_time(store, now_ns);
    for (int i = 0; i < 2 && length == DHT_TOKEN_BYTES; i++) {
        unsigned differs = 0;
        make(store->secrets[i], address, hash, wanted);
        for (unsigned at = 0; at < DHT_TOKEN_BYTES; at++)
            differs |= (unsigned)(wanted[at] ^ token[at]);
        good |= differs == 0;
    }
    return good;
}
