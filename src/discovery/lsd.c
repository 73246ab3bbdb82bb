#include "discovery/lsd.h"

#include "discovery/lsd_message.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

#include <stdlib.h>
#include <string.h>

#define PAUSE_NS       NS_PER_S /* between two packets of ours */
#define CHANGED_NS     (60 * NS_PER_S)
#define HEARD_MOST     10u /* packets a second */
#define FOUND_MOST     64u /* peers of a torrent that are remembered */
#define COOKIE_LETTERS 8

struct place { /* a torrent */
    UT_hash_handle hh;
    struct info_hash hash;
    uint64_t last_ns, next_ns; /* last: UINT64_MAX: not yet */
    struct netaddr found[FOUND_MOST];
    uint32_t found_count;
};

struct lsd {
    struct lsd_config config;
    struct place *places;
    uint16_t port;
    char cookie[COOKIE_LETTERS + 1];
    uint64_t sent_ns; /* the last packet of ours; 0: none */
    uint64_t next_ns;
    uint64_t window_ns; /* a second in which HEARD packets came */
    uint32_t heard;
};

struct lsd *lsd_new(const struct lsd_config *config)
{
    static const char digits[] = "0123456789abcdef";
    struct lsd *lsd = calloc(1, sizeof *lsd);
    if (lsd == NULL)
        return NULL;
    lsd->config = *config;
    lsd->next_ns = UINT64_MAX;
    for (int i = 0; i < COOKIE_LETTERS; i++)
        lsd->cookie[i] = digits[random_below(config->random, 16)];
    return lsd;
}

static void drop(struct lsd *lsd, struct place *place)
{
    HASH_DEL(lsd->places, place);
    free(place);
}

void lsd_free(struct lsd *lsd)
{
    if (lsd == NULL)
        return;
    while (lsd->places != NULL)
        drop(lsd, lsd->places);
    free(lsd);
}

static struct place *find(const struct lsd *lsd, const struct info_hash *hash)
{
    struct place *place;
    HASH_FIND(hh, lsd->places, hash, sizeof *hash, place);
    return place;
}

/* ---- what we have ---- */

static void work_out_next(struct lsd *lsd)
{
    struct place *place, *next;
    uint64_t at_ns = UINT64_MAX;
    HASH_ITER(hh, lsd->places, place, next)
    {
        if (place->next_ns < at_ns)
            at_ns = place->next_ns;
    }
    if (lsd->sent_ns != 0 && at_ns < lsd->sent_ns + PAUSE_NS)
        at_ns = lsd->sent_ns + PAUSE_NS;
    lsd->next_ns = lsd->port != 0 ? at_ns : UINT64_MAX;
}

static void wake(struct lsd *lsd)
{
    work_out_next(lsd);
    if (lsd->config.on_wake != NULL)
        lsd->config.on_wake(lsd->config.context);
}

void lsd_set_port(struct lsd *lsd, uint16_t port)
{
    lsd->port = port;
    wake(lsd);
}

enum error_code lsd_add(struct lsd *lsd, const struct info_hash *hash, uint64_t now_ns)
{
    if (find(lsd, hash) != NULL)
        return ERROR_NONE;
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return ERROR_MEMORY;
    place->hash = *hash;
    place->last_ns = UINT64_MAX;
    place->next_ns = now_ns;
    HASH_ADD(hh, lsd->places, hash, sizeof place->hash, place);
    if (place->hh.tbl == NULL) {
        free(place);
        return ERROR_MEMORY;
    }
    wake(lsd);
    return ERROR_NONE;
}

void lsd_remove(struct lsd *lsd, const struct info_hash *hash)
{
    struct place *place = find(lsd, hash);
    if (place == NULL)
        return;
    drop(lsd, place);
    wake(lsd);
}

void lsd_network_changed(struct lsd *lsd, uint64_t now_ns)
{
    struct place *place, *next;
    HASH_ITER(hh, lsd->places, place, next)
    {
        if (place->last_ns == UINT64_MAX || now_ns - place->last_ns >= CHANGED_NS)
            place->next_ns = now_ns;
    }
    wake(lsd);
}

static void send_to(struct lsd *lsd, enum netaddr_family family,
                    const struct lsd_message *message)
{
    struct buffer out;
    buffer_init(&out, LSD_MESSAGE_MAX);
    if (lsd_message_write(family, message, &out) == ERROR_NONE)
        lsd->config.send(lsd->config.context, family, out.bytes, out.length);
    buffer_done(&out);
}

void lsd_run(struct lsd *lsd, uint64_t now_ns)
{
    struct place *place, *next;
    struct lsd_message message = {.port = lsd->port};
    if (now_ns < lsd->next_ns)
        return;
    memcpy(message.cookie, lsd->cookie, sizeof lsd->cookie);
    HASH_ITER(hh, lsd->places, place, next)
    {
        if (place->next_ns > now_ns || message.hash_count == LSD_HASHES_MAX)
            continue;
        message.hashes[message.hash_count++] = place->hash;
        place->last_ns = now_ns;
        place->next_ns = now_ns + LSD_AGAIN_NS;
    }
    if (message.hash_count > 0) {
        lsd->sent_ns = now_ns;
        send_to(lsd, NETADDR_V4, &message);
        send_to(lsd, NETADDR_V6, &message);
    }
    work_out_next(lsd);
}

uint64_t lsd_next_ns(const struct lsd *lsd)
{
    return lsd->next_ns;
}

/* ---- what others have ---- */

static bool is_local(const struct netaddr *from)
{
    const enum netaddr_scope scope = netaddr_scope(from);
    return scope == NETADDR_SCOPE_PRIVATE || scope == NETADDR_SCOPE_LOOPBACK;
}

static bool may_be_heard(struct lsd *lsd, uint64_t now_ns)
{
    if (lsd->heard == 0 || now_ns - lsd->window_ns >= NS_PER_S) {
        lsd->window_ns = now_ns;
        lsd->heard = 0;
    }
    return lsd->heard < HEARD_MOST && ++lsd->heard > 0;
}

static void note(struct place *place, const struct netaddr *peer)
{
    for (uint32_t i = 0; i < place->found_count; i++)
        if (netaddr_equal(&place->found[i], peer))
            return;
    if (place->found_count < FOUND_MOST)
        place->found[place->found_count++] = *peer;
}

void lsd_receive(struct lsd *lsd, uint64_t now_ns, const struct netaddr *from,
                 const uint8_t *bytes, size_t length)
{
    struct lsd_message message;
    struct netaddr peer = *from;
    if (!is_local(from) || !may_be_heard(lsd, now_ns) ||
        lsd_message_parse(bytes, length, &message) != ERROR_NONE ||
        strcmp(message.cookie, lsd->cookie) == 0)
        return;
    peer.port = message.port;
    if (!netaddr_may_nominate(from, &peer))
        return;
    for (uint32_t i = 0; i < message.hash_count; i++) {
        struct place *place = find(lsd, &message.hashes[i]);
        if (place == NULL)
            continue;
        /* One that was heard of before may have come back: it is told of again. */
        note(place, &peer);
        lsd->config.on_peer(lsd->config.context, &place->hash, &peer);
    }
}

bool lsd_get(const struct lsd *lsd, const struct info_hash *hash,
             struct lsd_look *ret_look)
{
    const struct place *place = find(lsd, hash);
    if (place == NULL)
        return false;
    *ret_look = (struct lsd_look){
        .last_ns = place->last_ns,
        .next_ns = lsd->port != 0 ? place->next_ns : UINT64_MAX,
        .found = place->found_count,
    };
    return true;
}
