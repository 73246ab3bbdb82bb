/*
 * Which of our calls are hidden (MSE/PE). What the mode has first is tried first, and
 * what that peer took the last time before that; one who ends a connection instead of
 * shaking hands is called once more, the other way. Then it has failed.
 */
#include "peer/peer_manager_private.h"

enum encryption_mode peer_shared_encryption(const struct peer_shared *shared)
{
    return shared->encryption;
}

struct mse_kit *peer_shared_kit(const struct peer_shared *shared)
{
    return shared->kit;
}

void peer_shared_set_encryption(struct peer_shared *shared, enum encryption_mode mode)
{
    shared->encryption = mode;
    for (struct peer_manager *manager = shared->managers; manager != NULL;
         manager = manager->next_manager)
        for (uint32_t i = 0; i < manager->known_count; i++)
            manager->known[i].turned = false;
}

unsigned encryption_methods(enum encryption_mode mode)
{
    return mode == ENCRYPTION_REQUIRE ? MSE_RC4 : MSE_RC4 | MSE_PLAIN;
}

/* Whether the next call is to be hidden. */
static bool hides(const struct peer_shared *shared, const struct known *known)
{
    if (shared->encryption == ENCRYPTION_OFF || shared->encryption == ENCRYPTION_REQUIRE)
        return shared->encryption == ENCRYPTION_REQUIRE;
    const bool first =
        known->has_way ? known->hidden_way : shared->encryption == ENCRYPTION_PREFER;
    return first != known->turned;
}

struct stream *hide_call(struct peer_manager *manager, const struct known *known,
                         const struct info_hash *hash, struct stream *stream)
{
    const struct peer_shared *shared = manager->shared;
    if (!hides(shared, known))
        return stream;
    return mse_stream_call(shared->kit, stream, hash,
                           encryption_methods(shared->encryption));
}

void hide_on_handshake(struct peer *peer)
{
    struct known *known = &peer->manager->known[peer->place];
    if (peer->incoming)
        return;
    known->has_way = true;
    known->hidden_way = peer->stream->encryption != ENCRYPTION_NONE;
    known->turned = false;
}

bool hide_turn(struct peer_manager *manager, struct known *known, const struct peer *peer,
               enum peer_reason reason)
{
    const enum encryption_mode mode = manager->shared->encryption;
    const bool refused = peer->connected && !peer->incoming &&
                         peer->handshake_bytes == 0 &&
                         (reason == PEER_REASON_CLOSED || reason == PEER_REASON_TIMEOUT ||
                          reason == PEER_REASON_PROTOCOL);
    known->turned = refused && !known->turned &&
                    (mode == ENCRYPTION_ALLOW || mode == ENCRYPTION_PREFER);
    return known->turned;
}
