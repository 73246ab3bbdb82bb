/*
 * Super-seeding (BEP 16): a seed that nobody else can help yet shows itself as a peer
 * that has nothing, and tells each peer of one piece at a time: of the next when the last
 * has turned up at somebody else. So it sends hardly more than one copy. It ends for good
 * when somebody else has everything; then all are told all we have. Peers that were there
 * when it began have seen our pieces and are served as before.
 */

#include "peer/extension_private.h"
#include "peer/upload_private.h"

#include <stdlib.h>

#define ALONE_NS     (30 * NS_PER_S) /* nobody takes what it has got: it may have more */
#define TELL_AT_ONCE 2000u           /* HAVEs a second at the end */

static uint32_t piece_count(const struct peer *peer)
{
    return peer->manager->config.metainfo.piece_count;
}

static void count_up(struct peer_manager *manager, uint32_t piece)
{
    if (manager->seen[piece] < UINT16_MAX)
        manager->seen[piece]++;
}

/* The least shown or seen of what it lacks, from anywhere on. */
static uint32_t next_piece(const struct peer *peer)
{
    const uint32_t count = piece_count(peer);
    const uint32_t from = random_below(peer->manager->shared->config.random, count);
    uint32_t best = UINT32_MAX, least = UINT32_MAX;
    for (uint32_t i = 0; i < count && least > 0; i++) {
        const uint32_t piece = (from + i) % count;
        if (peer->manager->seen[piece] >= least || peer_has_piece(peer, piece))
            continue;
        least = peer->manager->seen[piece];
        best = piece;
    }
    return best;
}

static enum error_code show_next(struct peer *peer, uint32_t place)
{
    const uint32_t piece = next_piece(peer);
    if (piece == UINT32_MAX)
        return ERROR_NONE;
    count_up(peer->manager, piece);
    peer->shown[place].piece = piece;
    peer->shown[place].is_shown = true;
    peer->shown[place].got_ns = 0;
    peer_flush_soon(peer);
    return wire_put_index(&peer->out, WIRE_HAVE, piece);
}

static void show_or_close(struct peer *peer, uint32_t place)
{
    const enum error_code error = show_next(peer, place);
    if (error != ERROR_NONE)
        peer_close(peer, peer_reason_of(error), error);
}

/* The places that are free, or whose piece it has had for long. */
static void fill_places(struct peer *peer, uint64_t now_ns)
{
    for (uint32_t i = 0; i < SHOWN_AT_ONCE && !peer->dead; i++)
        if (!peer->shown[i].is_shown ||
            (peer->shown[i].got_ns != 0 && now_ns - peer->shown[i].got_ns >= ALONE_NS))
            show_or_close(peer, i);
}

/* ---- its begin and its end ---- */

static void begin(struct peer_manager *manager)
{
    manager->seen = calloc(manager->config.metainfo.piece_count, sizeof *manager->seen);
    manager->super_seeding = manager->seen != NULL;
}

static void end(struct peer_manager *manager)
{
    manager->super_seeding = false;
    free(manager->seen);
    manager->seen = NULL;
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *peer = manager->known[i].peer;
        if (peer == NULL || peer->dead || !peer->handshaken)
            continue;
        const enum error_code error = peer_say_extension(peer);
        if (error != ERROR_NONE)
            peer_close(peer, peer_reason_of(error), error);
    }
}

void super_seed_update(struct peer_manager *manager)
{
    if (!manager->super_seed)
        manager->super_over = false;
    else if (manager->seeds > 0)
        manager->super_over = true;
    const bool on = manager->super_seed && manager->complete && !manager->super_over;
    if (on && !manager->super_seeding)
        begin(manager);
    else if (!on && manager->super_seeding)
        end(manager);
}

void peer_manager_set_super_seed(struct peer_manager *manager, bool on)
{
    manager->super_seed = on;
    super_seed_update(manager);
}

bool peer_manager_is_super_seeding(const struct peer_manager *manager)
{
    return manager->super_seeding;
}

/* ---- one peer ---- */

/* Its own pieces, if it has any, are told by now. */
void super_seed_on_pieces(struct peer *peer)
{
    struct peer_manager *manager = peer->manager;
    if (!manager->super_seeding)
        return;
    for (uint32_t piece = 0; peer->has_bits && piece < piece_count(peer); piece++)
        if (bitfield_get(&peer->bits, piece))
            count_up(manager, piece);
    if (peer->hidden && !peer->dead)
        fill_places(peer, loop_now_ns(manager->loop));
}

/* PEER has PIECE, which may be one that OTHER is shown. */
static void turned_up(struct peer *other, const struct peer *peer, uint32_t piece)
{
    const struct peer_manager *manager = peer->manager;
    for (uint32_t i = 0; i < SHOWN_AT_ONCE && !other->dead; i++) {
        if (!other->shown[i].is_shown || other->shown[i].piece != piece)
            continue;
        if (other == peer)
            other->shown[i].got_ns = loop_now_ns(manager->loop);
        if (other != peer || manager->connected == 1)
            show_or_close(other, i);
    }
}

void super_seed_on_have(struct peer *peer, uint32_t piece)
{
    struct peer_manager *manager = peer->manager;
    if (!manager->super_seeding)
        return;
    count_up(manager, piece);
    for (uint32_t i = 0; i < manager->known_count; i++) {
        struct peer *other = manager->known[i].peer;
        if (other != NULL && !other->dead && other->hidden)
            turned_up(other, peer, piece);
    }
}

/* What it was shown it is shown still. */
void super_seed_on_lacks(struct peer *peer, uint32_t piece)
{
    struct peer_manager *manager = peer->manager;
    if (!manager->super_seeding)
        return;
    if (manager->seen[piece] > 0)
        manager->seen[piece]--;
    for (uint32_t i = 0; i < SHOWN_AT_ONCE; i++)
        if (peer->shown[i].is_shown && peer->shown[i].piece == piece)
            peer->shown[i].got_ns = 0;
}

/* What is left to tell when it is over. */
static void tell_more(struct peer *peer)
{
    const uint32_t count = piece_count(peer);
    uint32_t told = 0;
    enum error_code error = ERROR_NONE;
    for (; peer->told_to < count && told < TELL_AT_ONCE && error == ERROR_NONE;
         peer->told_to++) {
        if (peer_has_piece(peer, peer->told_to) ||
            !bitfield_get(peer->manager->config.metainfo.have, peer->told_to))
            continue;
        error = wire_put_index(&peer->out, WIRE_HAVE, peer->told_to);
        told++;
    }
    peer->hidden = peer->told_to < count;
    if (error != ERROR_NONE)
        peer_close(peer, peer_reason_of(error), error);
    else
        peer_flush_soon(peer);
}

void super_seed_tick(struct peer *peer, uint64_t now_ns)
{
    if (!peer->hidden)
        return;
    if (!peer->manager->super_seeding)
        tell_more(peer);
    else
        fill_places(peer, now_ns);
}
