/* Torrents that look for peers, and are announced. */
#include "discovery/dht_private.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_NS        (900 * NS_PER_S)
#define AGAIN_JITTER_MS 60000u
#define ALONE_NS        (60 * NS_PER_S) /* nobody was found */
#define UNREACHED_NS    (10 * NS_PER_S) /* not even a node */
#define OWN_MOST        50u
#define BY_HAND_NS      (60 * NS_PER_S)
#define CHANGED_NS      (60 * NS_PER_S) /* the network: not more often than so */

struct dht_search *dht_find_search(const struct dht *dht, const struct dht_id *hash)
{
    struct dht_search *search;
    HASH_FIND(hh, dht->searches, hash->bytes, sizeof hash->bytes, search);
    return search;
}

static struct dht_search *find(const struct dht *dht, const struct info_hash *hash)
{
    struct dht_search *search;
    HASH_FIND(hh, dht->searches, hash->bytes, sizeof hash->bytes, search);
    return search;
}

static void plan(struct dht *dht, struct dht_search *search, uint64_t at_ns)
{
    search->next_ns = at_ns;
    if (at_ns < dht->search_ns)
        dht->search_ns = at_ns;
}

static void run_now(struct dht *dht, uint64_t now_ns)
{
    dht_run(dht, now_ns);
    if (dht->config.on_wake != NULL)
        dht->config.on_wake(dht->config.context);
}

/* ---- from outside ---- */

enum error_code dht_search(struct dht *dht, uint64_t now_ns,
                           const struct dht_search_config *config)
{
    struct dht_search *search = find(dht, &config->hash);
    if (search != NULL) {
        const bool moved =
            search->config.port != config->port || search->config.seed != config->seed;
        search->config = *config;
        if (moved && search->run == 0)
            plan(dht, search, now_ns);
        run_now(dht, now_ns);
        return ERROR_NONE;
    }
    search = calloc(1, sizeof *search);
    if (search == NULL)
        return ERROR_MEMORY;
    search->config = *config;
    search->last_ns = UINT64_MAX;
    HASH_ADD(hh, dht->searches, config.hash, sizeof search->config.hash, search);
    if (search->hh.tbl == NULL) {
        free(search);
        return ERROR_MEMORY;
    }
    plan(dht, search, now_ns);
    run_now(dht, now_ns);
    return ERROR_NONE;
}

static void free_search(struct dht *dht, struct dht_search *search)
{
    HASH_DEL(dht->searches, search);
    dht_found_done(&search->found);
    free(search);
}

void dht_search_end(struct dht *dht, const struct info_hash *hash)
{
    struct dht_search *search = find(dht, hash);
    if (search == NULL)
        return;
    for (uint32_t i = 0; i < dht->run_count; i++)
        if (dht->runs[i].serial == search->run) {
            dht_lookup_free(dht->runs[i].lookup);
            dht->runs[i] = dht->runs[--dht->run_count];
            break;
        }
    free_search(dht, search);
}

void dht_free_searches(struct dht *dht)
{
    while (dht->searches != NULL)
        free_search(dht, dht->searches);
}

void dht_search_again(struct dht *dht, uint64_t now_ns, const struct info_hash *hash)
{
    struct dht_search *search = find(dht, hash);
    if (search == NULL || search->run != 0 ||
        (search->last_ns != UINT64_MAX && now_ns - search->last_ns < BY_HAND_NS))
        return;
    plan(dht, search, now_ns);
    run_now(dht, now_ns);
}

bool dht_search_get(const struct dht *dht, const struct info_hash *hash,
                    struct dht_search_look *ret_look)
{
    const struct dht_search *search = find(dht, hash);
    if (search == NULL)
        return false;
    *ret_look = (struct dht_search_look){
        .working = search->run != 0,
        .last_ns = search->last_ns,
        .next_ns = search->run != 0 ? UINT64_MAX : search->next_ns,
        .found = search->found_count,
        .asked = search->asked,
        .announced = search->announced,
    };
    return true;
}

/* ---- lookups ---- */

void dht_search_offer(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                      const struct dht_id *hash, const struct netaddr *peer)
{
    struct dht_search *search = dht_find_search(dht, hash);
    if (search == NULL || !dht_found_take(&search->found, from, peer, now_ns))
        return;
    search->found_count++;
    dht->config.on_peers(dht->config.context, &search->config.hash, from, peer, 1);
}

/* Those who were announced to this very node. */
static void offer_own(struct dht *dht, uint64_t now_ns, const struct dht_id *target)
{
    struct netaddr peers[OWN_MOST];
    const uint32_t count = dht_store_peers(dht->store, target, now_ns, peers, OWN_MOST);
    for (uint32_t i = 0; i < count; i++)
        dht_search_offer(dht, now_ns, &peers[i], target, &peers[i]);
}

static void begin(struct dht *dht, uint64_t now_ns, struct dht_search *search)
{
    struct dht_id target;
    memcpy(target.bytes, search->config.hash.bytes, sizeof target.bytes);
    search->run = dht_begin_run(dht, now_ns, &target, DHT_FOR_PEERS);
    if (search->run == 0) { /* no memory: not at once again */
        search->next_ns = now_ns + UNREACHED_NS;
        return;
    }
    search->next_ns = UINT64_MAX;
    search->found_count = search->announced = 0;
    search->changed = false;
    offer_own(dht, now_ns, &target);
}

void dht_begin_searches(struct dht *dht, uint64_t now_ns)
{
    struct dht_search *search, *next;
    if (now_ns < dht->search_ns || dht->run_count == DHT_LOOKUPS_MOST)
        return;
    dht->search_ns = UINT64_MAX;
    HASH_ITER(hh, dht->searches, search, next)
    {
        if (search->next_ns <= now_ns && dht->run_count < DHT_LOOKUPS_MOST)
            begin(dht, now_ns, search);
        if (search->next_ns < dht->search_ns)
            dht->search_ns = search->next_ns;
    }
}

void dht_search_on_values(struct dht *dht, uint64_t now_ns, const struct netaddr *from,
                          const struct dht_pending *pending,
                          const struct dht_message *answer)
{
    struct dht_search *search = dht_find_search(dht, &pending->target);
    struct netaddr peers[DHT_VALUES_MAX];
    uint32_t count = 0;
    if (search == NULL)
        return;
    for (uint32_t i = 0; i < answer->value_count; i++)
        if (dht_found_take(&search->found, from, &answer->values[i], now_ns))
            peers[count++] = answer->values[i];
    search->found_count += count;
    if (count > 0)
        dht->config.on_peers(dht->config.context, &search->config.hash, from, peers,
                             count);
}

static void announce(struct dht *dht, uint64_t now_ns, const struct dht_search *search,
                     const struct dht_lookup *lookup)
{
    struct dht_announcee nodes[DHT_CLOSEST];
    const uint32_t count = dht_lookup_result(lookup, nodes);
    for (uint32_t i = 0; search->config.port != 0 && i < count; i++) {
        struct dht_query query = {
            .method = DHT_ANNOUNCE_PEER,
            .target = *dht_lookup_target(lookup),
            .token = nodes[i].token,
            .token_length = nodes[i].token_length,
            .port = search->config.port,
            .implied_port = search->config.implied_port,
            .seed = search->config.seed,
        };
        if (nodes[i].token_length > 0 &&
            dht_send_query(dht, now_ns, &query, &nodes[i].contact, true, 0) != ERROR_NONE)
            return; /* the rest hears of us the next time */
    }
}

static uint64_t pause_ns(struct dht *dht, struct dht_search *search)
{
    const uint64_t first_ns = search->reached_nobody     ? UNREACHED_NS
                              : search->found_count == 0 ? ALONE_NS
                                                         : AGAIN_NS;
    search->tries = search->found_count > 0 ? 0 : search->tries + 1;
    const uint32_t doublings = search->tries > 1 ? search->tries - 1 : 0;
    const uint64_t ns = first_ns << (doublings < 8 ? doublings : 8);
    const uint64_t jitter_ns =
        random_below(dht->config.random, AGAIN_JITTER_MS) * NS_PER_MS;
    return ns < AGAIN_NS ? ns : AGAIN_NS + jitter_ns;
}

void dht_search_on_done(struct dht *dht, uint64_t now_ns, const struct dht_lookup *lookup)
{
    struct dht_search *search = dht_find_search(dht, dht_lookup_target(lookup));
    if (search == NULL)
        return;
    const bool reached_nobody = dht_lookup_answers(lookup) == 0;
    if (reached_nobody != search->reached_nobody)
        search->tries = 0;
    search->reached_nobody = reached_nobody;
    search->run = 0;
    search->asked = dht_lookup_queries(lookup);
    search->last_ns = now_ns;
    announce(dht, now_ns, search, lookup);
    const uint64_t rest_ns = pause_ns(dht, search);
    plan(dht, search,
         now_ns + (search->changed && rest_ns > CHANGED_NS ? CHANGED_NS : rest_ns));
    if (dht->config.on_searched != NULL)
        dht->config.on_searched(dht->config.context, &search->config.hash);
}

void dht_search_on_nodes(struct dht *dht, uint64_t now_ns)
{
    struct dht_search *search, *next;
    HASH_ITER(hh, dht->searches, search, next)
    {
        if (search->run == 0 && search->reached_nobody)
            plan(dht, search, now_ns);
    }
}

void dht_search_on_network(struct dht *dht, uint64_t now_ns)
{
    struct dht_search *search, *next;
    HASH_ITER(hh, dht->searches, search, next)
    {
        if (search->run != 0) { /* what it found, and who hears of us, may be of before */
            search->changed = true;
            continue;
        }
        const bool is_new = search->reached_nobody || search->last_ns == UINT64_MAX;
        const uint64_t at_ns = is_new || now_ns - search->last_ns >= CHANGED_NS
                                   ? now_ns
                                   : search->last_ns + CHANGED_NS;
        if (at_ns < search->next_ns)
            plan(dht, search, at_ns);
    }
}
