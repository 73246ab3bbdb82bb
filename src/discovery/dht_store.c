#include "discovery/dht_store_private.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

struct dht_store *dht_store_new(const struct random_source *random, uint64_t now_ns)
{
    struct dht_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->random = random;
    store->secret_ns = now_ns;
    random_fill(random, store->secrets, sizeof store->secrets);
    return store;
}

static void drop(struct dht_store *store, struct dht_stored_hash *hash)
{
    HASH_DEL(store->hashes, hash);
    free(hash->peers);
    free(hash);
}

void dht_store_free(struct dht_store *store)
{
    if (store == NULL)
        return;
    while (store->hashes != NULL)
        drop(store, store->hashes);
    free(store);
}

/* ---- finding ---- */

static void forget_old(struct dht_stored_hash *hash, uint64_t now_ns)
{
    for (uint32_t i = hash->count; i-- > 0;)
        if (hash->peers[i].until_ns <= now_ns)
            hash->peers[i] = hash->peers[--hash->count];
}

/* NULL: nobody is known. */
static struct dht_stored_hash *find(struct dht_store *store, const struct dht_id *id,
                                    uint64_t now_ns)
{
    struct dht_stored_hash *hash;
    HASH_FIND(hh, store->hashes, id, sizeof *id, hash);
    if (hash == NULL)
        return NULL;
    forget_old(hash, now_ns);
    if (hash->count > 0)
        return hash;
    drop(store, hash);
    return NULL;
}

/* ---- adding ---- */

static struct dht_stored_hash *make(struct dht_store *store, const struct dht_id *id)
{
    if (HASH_COUNT(store->hashes) >= DHT_STORE_HASHES)
        drop(store, store->hashes);
    struct dht_stored_hash *hash = calloc(1, sizeof *hash);
    if (hash == NULL)
        return NULL;
    hash->hash = *id;
    HASH_ADD(hh, store->hashes, hash, sizeof hash->hash, hash);
    if (hash->hh.tbl != NULL)
        return hash;
    free(hash);
    return NULL;
}

/* It has been used: it goes last. */
static bool move_last(struct dht_store *store, struct dht_stored_hash *hash)
{
    HASH_DEL(store->hashes, hash);
    HASH_ADD(hh, store->hashes, hash, sizeof hash->hash, hash);
    if (hash->hh.tbl != NULL)
        return true;
    free(hash->peers);
    free(hash);
    return false;
}

static bool is_same_peer(const struct netaddr *a, const struct netaddr *b)
{
    return netaddr_equal(a, b) ||
           (netaddr_same_host(a, b) && netaddr_scope(a) == NETADDR_SCOPE_PUBLIC);
}

static struct dht_stored *place_for(struct dht_stored_hash *hash,
                                    const struct netaddr *peer)
{
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < hash->count; i++) {
        if (is_same_peer(&hash->peers[i].address, peer))
            return &hash->peers[i];
        if (hash->peers[i].until_ns < hash->peers[oldest].until_ns)
            oldest = i;
    }
    if (hash->count == DHT_STORE_PEERS)
        return &hash->peers[oldest];
    if (hash->count == hash->capacity) {
        uint32_t capacity = hash->capacity == 0 ? 4 : hash->capacity * 2;
        capacity = capacity < DHT_STORE_PEERS ? capacity : DHT_STORE_PEERS;
        struct dht_stored *peers = realloc(hash->peers, capacity * sizeof *peers);
        if (peers == NULL)
            return NULL;
        hash->peers = peers;
        hash->capacity = capacity;
    }
    return &hash->peers[hash->count++];
}

void dht_store_add(struct dht_store *store, const struct dht_id *id,
                   const struct netaddr *peer, bool seed, uint64_t now_ns)
{
    struct dht_stored_hash *hash = find(store, id, now_ns);
    if (hash == NULL)
        hash = make(store, id);
    else if (!move_last(store, hash))
        return;
    struct dht_stored *place = hash != NULL ? place_for(hash, peer) : NULL;
    if (place != NULL)
        *place = (struct dht_stored){*peer, now_ns + DHT_STORE_NS, seed};
}

/* ---- telling ---- */

uint32_t dht_store_peers(struct dht_store *store, const struct dht_id *id,
                         uint64_t now_ns, struct netaddr *ret_peers, uint32_t capacity)
{
    const struct dht_stored_hash *hash = find(store, id, now_ns);
    if (hash == NULL)
        return 0;
    const uint32_t count = hash->count < capacity ? hash->count : capacity;
    const uint32_t from = random_below(store->random, hash->count);
    for (uint32_t i = 0; i < count; i++)
        ret_peers[i] = hash->peers[(from + i) % hash->count].address;
    return count;
}

void dht_bloom_add(uint8_t bloom[DHT_BLOOM_BYTES], const struct netaddr *address)
{
    uint8_t digest[SHA1_BYTES];
    digest_sha1(address->bytes, address->family == NETADDR_V4 ? 4 : 16, digest);
    for (int i = 0; i < 4; i += 2) {
        const unsigned bit =
            (digest[i] | (unsigned)digest[i + 1] << 8) % (DHT_BLOOM_BYTES * 8);
        bloom[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

bool dht_store_blooms(struct dht_store *store, const struct dht_id *id, uint64_t now_ns,
                      uint8_t ret_seeds[DHT_BLOOM_BYTES],
                      uint8_t ret_peers[DHT_BLOOM_BYTES])
{
    const struct dht_stored_hash *hash = find(store, id, now_ns);
    if (hash == NULL)
        return false;
    memset(ret_seeds, 0, DHT_BLOOM_BYTES);
    memset(ret_peers, 0, DHT_BLOOM_BYTES);
    for (uint32_t i = 0; i < hash->count; i++)
        dht_bloom_add(hash->peers[i].seed ? ret_seeds : ret_peers,
                      &hash->peers[i].address);
    return true;
}

uint32_t dht_store_samples(struct dht_store *store, uint64_t now_ns,
                           struct dht_id *ret_hashes, uint32_t capacity,
                           uint32_t *ret_total)
{
    struct dht_stored_hash *hash, *next;
    uint32_t seen = 0, written = 0;
    HASH_ITER(hh, store->hashes, hash, next)
    {
        forget_old(hash, now_ns);
        if (hash->count == 0) {
            drop(store, hash);
            continue;
        }
        /* Each of those seen is there with the same chance. */
        const uint32_t at =
            written < capacity ? written++ : random_below(store->random, seen + 1);
        if (at < capacity)
            ret_hashes[at] = hash->hash;
        seen++;
    }
    *ret_total = seen;
    return written;
}
