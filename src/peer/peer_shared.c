
#include "peer/peer_manager_private.h"

#include <stdlib.h>
#include <string.h>

/* We were stopped, or the machine slept: what peers sent meanwhile is read before their
 * silence is judged (C7). */
#define GAP_NS (5 * NS_PER_S)

static void on_gap(void *context)
{
    struct peer_shared *shared = context;
    for (struct peer_manager *manager = shared->managers; manager != NULL;
         manager = manager->next_manager)
        peer_manager_put_off_tick(manager);
}

struct peer_shared *peer_shared_new(const struct peer_shared_config *config)
{
    struct peer_shared *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return NULL;
    shared->config = *config;
    if (shared->config.max_connections == 0)
        shared->config.max_connections = 500;
    shared->scratch = malloc(SCRATCH_BYTES);
    shared->tries = net_tries_new();
    shared->kit = mse_kit_new(config->loop, config->random);
    if (shared->scratch == NULL || shared->kit == NULL || shared->tries == NULL) {
        net_tries_free(shared->tries);
        mse_kit_free(shared->kit);
        free(shared->scratch);
        free(shared);
        return NULL;
    }
    for (int way = 0; way < PACE_WAYS; way++)
        pace_session_init(&shared->pace[way], config->loop, (enum pace_way)way);
    shared->gap =
        (struct loop_gap){.late_ns = GAP_NS, .callback = on_gap, .context = shared};
    loop_gap_add(shared->config.loop, &shared->gap);
    return shared;
}

void peer_shared_free(struct peer_shared *shared)
{
    struct ban *ban, *next;
    if (shared == NULL)
        return;
    HASH_ITER(hh, shared->bans, ban, next)
    {
        HASH_DEL(shared->bans, ban);
        free(ban);
    }
    for (int way = 0; way < PACE_WAYS; way++)
        pace_session_done(&shared->pace[way]);
    loop_gap_remove(shared->config.loop, &shared->gap);
    blocklist_free(shared->blocklist);
    refuse_done(shared);
    net_tries_free(shared->tries);
    mse_kit_free(shared->kit);
    free(shared->scratch);
    free(shared);
}

void peer_shared_set_limits(struct peer_shared *shared, uint64_t max_down,
                            uint64_t max_up)
{
    struct loop *loop = shared->config.loop;
    pace_set_limit(&shared->pace[PACE_DOWN].bucket, loop, max_down);
    pace_set_limit(&shared->pace[PACE_UP].bucket, loop, max_up);
}

void peer_shared_set_port(struct peer_shared *shared, uint16_t port)
{
    shared->port = port;
}

void peer_shared_set_dht_port(struct peer_shared *shared, uint16_t port)
{
    shared->dht_port = port;
}

void peer_shared_network_changed(struct peer_shared *shared)
{
    memset(shared->trouble, 0, sizeof shared->trouble);
    for (struct peer_manager *manager = shared->managers; manager != NULL;
         manager = manager->next_manager)
        known_network_changed(manager);
}

void peer_shared_network_lost(struct peer_shared *shared)
{
    for (struct peer_manager *manager = shared->managers; manager != NULL;
         manager = manager->next_manager)
        peer_manager_close_all(manager, PEER_REASON_OFFLINE, ERROR_OFFLINE);
}

struct netaddr peer_key(const struct netaddr *address)
{
    struct netaddr key, clean;
    memset(&clean, 0, sizeof clean); /* padding takes part in the hash */
    key = netaddr_ban_key(address);
    clean.family = key.family;
    memcpy(clean.bytes, key.bytes, sizeof clean.bytes);
    clean.port = 0;
    if (netaddr_scope(address) != NETADDR_SCOPE_PUBLIC) {
        memcpy(clean.bytes, address->bytes, sizeof clean.bytes);
        clean.port = address->port;
    }
    return clean;
}

bool peer_shared_is_banned(const struct peer_shared *shared,
                           const struct netaddr *address)
{
    const struct netaddr key = peer_key(address);
    struct ban *ban;
    HASH_FIND(hh, shared->bans, &key, sizeof key, ban);
    return ban != NULL;
}

/* uthash keeps the order of adding: the first is the oldest. */
static enum error_code add_ban(struct peer_shared *shared, const struct netaddr *address,
                               enum peer_reason reason, int64_t since_s)
{
    if (HASH_COUNT(shared->bans) >= PEER_BANS_MAX) {
        struct ban *oldest = shared->bans;
        HASH_DEL(shared->bans, oldest);
        free(oldest);
    }
    struct ban *ban = calloc(1, sizeof *ban);
    if (ban == NULL)
        return ERROR_MEMORY;
    const struct netaddr key = peer_key(address);
    memcpy(&ban->key, &key, sizeof key);
    ban->reason = reason;
    ban->since_s = since_s;
    HASH_ADD(hh, shared->bans, key, sizeof ban->key, ban);
    if (ban->hh.tbl == NULL) {
        free(ban);
        return ERROR_MEMORY;
    }
    return ERROR_NONE;
}

enum error_code peer_shared_ban(struct peer_shared *shared, const struct netaddr *address,
                                enum peer_reason reason)
{
    if (peer_shared_is_banned(shared, address))
        return ERROR_NONE;
    const double now_s = clock_wall_s(loop_clock(shared->config.loop));
    const enum error_code error = add_ban(shared, address, reason, (int64_t)now_s);
    if (error != ERROR_NONE)
        return error;
    for (struct peer_manager *manager = shared->managers; manager != NULL;
         manager = manager->next_manager)
        peer_manager_close_banned(manager, reason);
    if (shared->config.on_ban != NULL)
        shared->config.on_ban(shared->config.context);
    return ERROR_NONE;
}

enum error_code peer_shared_restore_ban(struct peer_shared *shared,
                                        const struct peer_ban *ban)
{
    return peer_shared_is_banned(shared, &ban->address)
               ? ERROR_NONE
               : add_ban(shared, &ban->address, ban->reason, ban->since_s);
}

uint32_t peer_shared_bans(const struct peer_shared *shared, struct peer_ban *ret_bans,
                          uint32_t capacity)
{
    uint32_t count = 0;
    for (const struct ban *ban = shared->bans; ban != NULL && count < capacity;
         ban = ban->hh.next)
        ret_bans[count++] = (struct peer_ban){ban->key, ban->reason, ban->since_s};
    return HASH_COUNT(shared->bans);
}

/* ---- the blocklist ---- */

bool peer_shared_is_filtered(const struct peer_shared *shared,
                             const struct netaddr *address)
{
    return blocklist_has(shared->blocklist, address);
}

void peer_shared_set_blocklist(struct peer_shared *shared, struct blocklist *list)
{
    blocklist_free(shared->blocklist);
    shared->blocklist = list;
    for (struct peer_manager *manager = shared->managers; manager != NULL;
         manager = manager->next_manager)
        peer_manager_refilter(manager);
}

void peer_shared_get_filtered(const struct peer_shared *shared, uint32_t *ret_ranges,
                              uint64_t *ret_refused)
{
    *ret_ranges = shared->blocklist != NULL ? blocklist_count(shared->blocklist) : 0;
    *ret_refused = shared->filtered;
}
