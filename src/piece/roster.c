#include "piece/roster.h"

#include <stdlib.h>

#define ROSTER_SILENCE_NS   NS_PER_S /* shorter ones are only bursts */
#define ROSTER_MOMENT_NS    (100 * NS_PER_MS)
#define ROSTER_AGAIN_NS     (250 * NS_PER_MS) /* and twice as long each time */
#define ROSTER_DOUBLED_MAX  8u                /* 64 s */
#define ROSTER_RATE_UNKNOWN UINT64_C(65536)   /* bytes/s, of somebody new */

static void roster_table_done(struct roster *roster, struct roster_table *table)
{
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->peers[i] != NULL)
            roster_remove(roster, table->peers[i]);
    free(table->peers);
}

void roster_done(struct roster *roster)
{
    roster_table_done(roster, &roster->peers);
    roster_table_done(roster, &roster->webseeds);
    *roster = (struct roster){0};
}

static uint32_t roster_place(struct peer_id_ref ref)
{
    return peer_is_webseed(ref) ? ref.index - PEER_INDEX_WEBSEEDS : ref.index;
}

static struct roster_table *roster_table_of(struct roster *roster, struct peer_id_ref ref)
{
    return peer_is_webseed(ref) ? &roster->webseeds : &roster->peers;
}

static enum error_code roster_reserve(struct roster_table *table, uint32_t index)
{
    if (index < table->capacity)
        return ERROR_NONE;
    uint32_t capacity = table->capacity == 0 ? 16 : table->capacity;
    while (capacity <= index)
        capacity *= 2;
    struct piece_peer **peers = realloc(table->peers, capacity * sizeof(void *));
    if (peers == NULL)
        return ERROR_MEMORY;
    memset(peers + table->capacity, 0, (capacity - table->capacity) * sizeof(void *));
    table->peers = peers;
    table->capacity = capacity;
    return ERROR_NONE;
}

enum error_code roster_add(struct roster *roster, struct peer_id_ref ref,
                           const struct netaddr *address, uint64_t now_ns)
{
    struct roster_table *table = roster_table_of(roster, ref);
    const uint32_t place = roster_place(ref);
    if (ref.generation == 0 || place >= ROSTER_PEERS_MAX)
        return ERROR_LIMIT;
    const enum error_code error = roster_reserve(table, place);
    if (error != ERROR_NONE)
        return error;
    if (table->peers[place] != NULL)
        return ERROR_EXISTS;
    struct piece_peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return ERROR_MEMORY;
    peer->source = source_new(ref, address);
    if (peer->source == NULL) {
        free(peer);
        return ERROR_MEMORY;
    }
    peer->ref = ref;
    peer->joined_ns = now_ns;
    table->peers[place] = peer;
    roster->count++;
    return ERROR_NONE;
}

void roster_remove(struct roster *roster, struct piece_peer *peer)
{
    roster->rate_sum -= peer->rate;
    roster_table_of(roster, peer->ref)->peers[roster_place(peer->ref)] = NULL;
    roster->count--;
    source_unref(peer->source);
    free(peer);
}

struct piece_peer *roster_find(const struct roster *roster, struct peer_id_ref ref)
{
    const struct roster_table *table =
        peer_is_webseed(ref) ? &roster->webseeds : &roster->peers;
    const uint32_t place = roster_place(ref);
    if (ref.generation == 0 || place >= table->capacity)
        return NULL;
    struct piece_peer *peer = table->peers[place];
    return peer != NULL && peer->ref.generation == ref.generation ? peer : NULL;
}

void roster_set_rate(struct roster *roster, struct piece_peer *peer, uint64_t rate)
{
    /* A terabyte a second is enough for anybody, and sums of it do not overflow. */
    const uint64_t most = UINT64_C(1) << 40;
    if (rate > most)
        rate = most;
    roster->rate_sum += rate - peer->rate;
    peer->rate = rate;
}

void roster_note_refusal(struct piece_peer *peer, uint64_t now_ns)
{
    if (peer->refused_ns != 0 && now_ns - peer->refused_ns < ROSTER_MOMENT_NS)
        return;
    const bool gave = peer->arrived_ns > peer->refused_ns;
    peer->refusals = gave ? 0 : peer->refusals + 1;
    peer->refused_ns = now_ns;
}

uint64_t roster_ask_again_ns(const struct piece_peer *peer)
{
    if (peer->refusals == 0)
        return 0;
    const uint32_t doubled = peer->refusals - 1;
    return peer->refused_ns +
           (ROSTER_AGAIN_NS << (doubled < ROSTER_DOUBLED_MAX ? doubled
                                                             : ROSTER_DOUBLED_MAX));
}

uint64_t roster_expected_rate(const struct piece_peer *peer, uint64_t now_ns)
{
    uint64_t rate = peer->rate > 0 ? peer->rate : ROSTER_RATE_UNKNOWN;
    const struct request *oldest = peer->requests.oldest;
    if (oldest != NULL) {
        const uint64_t since =
            oldest->sent_ns > peer->arrived_ns ? oldest->sent_ns : peer->arrived_ns;
        const uint64_t silence = now_ns - since;
        const uint64_t shown =
            silence > ROSTER_SILENCE_NS ? BLOCK_BYTES * NS_PER_S / silence : UINT64_MAX;
        rate = shown < rate ? shown : rate;
    }
    return rate > 0 ? rate : 1;
}
