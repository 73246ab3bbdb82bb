#include "peer/refuse.h"

#include "base/text.h"
#include "peer/peer_manager_private.h"

#include <stdlib.h>
#include <string.h>

#define REFUSED_NS (3600 * NS_PER_S)

/* ---- globs ---- */

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t character_bytes(const char *text)
{
    uint32_t code;
    return text_decode(text, strlen(text), &code);
}

/* What does not fit goes back to the last star, which takes one more: earlier ones need
 * not be tried again. */
bool refuse_matches(const char *glob, const char *name)
{
    const char *star = NULL, *star_name = NULL;
    while (*name != '\0') {
        if (*glob == '*') {
            star = ++glob;
            star_name = name;
        } else if (*glob == '?') {
            glob++;
            name += character_bytes(name);
        } else if (*glob != '\0' && fold(*glob) == fold(*name)) {
            glob++;
            name++;
        } else if (star != NULL) {
            star_name += character_bytes(star_name);
            name = star_name;
            glob = star;
        } else {
            return false;
        }
    }
    return glob[strspn(glob, "*")] == '\0';
}

/* ---- who is refused ---- */

bool known_is_refused(const struct peer_manager *manager, const struct known *known)
{
    return known->refused_until_ns > loop_now_ns(manager->loop);
}

/* A caller has another port each time: one row of it is enough. */
static void drop_older_rows(struct peer_manager *manager, const struct known *mine)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        if (known != mine && known->refused_until_ns != 0 &&
            netaddr_same_host(&known->address, &mine->address))
            known_forget_refusal(manager, known);
    }
}

static void refuse(struct peer *peer, enum peer_reason reason)
{
    struct peer_manager *manager = peer->manager;
    struct known *known = &manager->known[peer->place];
    memcpy(known->peer_id, peer->peer_id, sizeof known->peer_id);
    known->has_id = true;
    drop_older_rows(manager, known);
    known->refused_until_ns = loop_now_ns(manager->loop) + REFUSED_NS;
    peer_close(peer, reason, ERROR_REFUSED);
}

bool peer_refuse_by_client(struct peer *peer)
{
    const struct peer_shared *shared = peer->manager->shared;
    for (uint32_t i = 0; i < shared->refused_count && peer->client[0] != '\0'; i++) {
        if (!refuse_matches(shared->refused_clients[i], peer->client))
            continue;
        refuse(peer, PEER_REASON_CLIENT);
        return true;
    }
    return false;
}

bool peer_refuse_again(struct peer *peer)
{
    struct peer_manager *manager = peer->manager;
    const struct known *mine = &manager->known[peer->place];
    for (uint32_t i = 0; i < manager->known_count; i++) {
        const struct known *known = &manager->known[i];
        if (known == mine || !known->has_id || !known_is_refused(manager, known) ||
            !netaddr_same_host(&known->address, &mine->address) ||
            memcmp(known->peer_id, peer->peer_id, sizeof known->peer_id) != 0)
            continue;
        refuse(peer, known->last_reason);
        return true;
    }
    return false;
}

bool peer_refuse_by_deeds(struct peer *peer)
{
    const struct peer_manager *manager = peer->manager;
    const uint64_t most = manager->shared->leech_bytes;
    if (most == 0 || peer->uploaded < most || peer->downloaded > 0 ||
        !peer->am_interested || manager->upload_only || peer->paused)
        return false;
    refuse(peer, PEER_REASON_LEECH);
    return true;
}

/* ---- when it is over ---- */

void known_forget_refusal(struct peer_manager *manager, struct known *known)
{
    known->refused_until_ns = 0;
    if (known->dialable || known_is_noted(known) || known->banned || known->is_self)
        return;
    if (known->peer == NULL)
        known_clear(manager, known);
    else if (known->peer->dead)
        known->forget = true;
}

void refuse_tick(struct peer_manager *manager, struct known *known)
{
    if (known->refused_until_ns != 0 && !known_is_refused(manager, known))
        known_forget_refusal(manager, known);
}

/* ---- the rules ---- */

static void apply(struct peer_manager *manager)
{
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct known *known = &manager->known[i];
        struct peer *peer = known->peer;
        if (known->refused_until_ns != 0)
            known_forget_refusal(manager, known);
        if (peer != NULL && !peer->dead && peer->handshaken)
            (void)peer_refuse_by_client(peer);
    }
    if (manager->running)
        peer_manager_dial_soon(manager, 0);
}

void refuse_done(struct peer_shared *shared)
{
    for (uint32_t i = 0; i < shared->refused_count; i++)
        free(shared->refused_clients[i]);
    free(shared->refused_clients);
    shared->refused_clients = NULL;
    shared->refused_count = 0;
}

enum error_code peer_shared_set_rules(struct peer_shared *shared,
                                      const struct peer_rules *rules)
{
    char **clients = calloc(rules->client_count + 1u, sizeof(char *));
    bool fine = clients != NULL;
    for (uint32_t i = 0; i < rules->client_count && fine; i++)
        fine = (clients[i] = strdup(rules->clients[i])) != NULL;
    if (!fine) {
        for (uint32_t i = 0; clients != NULL && i < rules->client_count; i++)
            free(clients[i]);
        free(clients);
        return ERROR_MEMORY;
    }
    refuse_done(shared);
    shared->refused_clients = clients;
    shared->refused_count = rules->client_count;
    shared->leech_bytes = rules->leech_bytes;
    for (struct peer_manager *manager = shared->managers; manager != NULL;
         manager = manager->next_manager)
        apply(manager);
    return ERROR_NONE;
}
