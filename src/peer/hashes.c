/* Hash requests (BEP 52). What a peer asks of the trees of a v2 torrent is answered from
 * the piece layers at once, whether it is choked or not, and for leaves the data are
 * read, for one request at a time; a peer that asks for more in a second than any needs
 * is refused for the rest of it. What we ask of it is remembered, so that nothing is
 * taken that nobody asked for (X16). */

#include "peer/extension_private.h"

#include <stdlib.h>
#include <string.h>

#define REQUESTS_A_SECOND 64u
#define LEAVES_WEIGHT     8u /* requests that one for leaves counts as */
#define LEAVES_AT_ONCE    4u
#define WAITING_MAX       (48u << 10) /* bytes that it has not read yet */
#define ASKED_MAX         16u

struct hash_talk {
    struct hash_request asked[ASKED_MAX]; /* and not answered, oldest first */
    uint32_t asked_count;
};

/* ---- what is asked of us ---- */

static enum error_code post(struct peer *peer, enum message_type type,
                            const uint8_t *bytes, uint32_t length)
{
    struct message message = {.type = type};
    message.u.hashes.bytes = malloc(length);
    if (message.u.hashes.bytes == NULL)
        return ERROR_MEMORY;
    memcpy(message.u.hashes.bytes, bytes, length);
    message.u.hashes.length = length;
    peer_post(peer, &message);
    return ERROR_NONE;
}

static bool want_leaves(struct peer *peer, const struct hash_request *request)
{
    uint8_t bytes[HASH_REQUEST_BYTES];
    uint32_t first, count;
    if (peer->wants_leaves == LEAVES_AT_ONCE ||
        hash_tree_leaf_span(peer->manager->config.metainfo.v2, request, &first, &count) !=
            ERROR_NONE)
        return false;
    hash_request_write(request, bytes);
    if (post(peer, PEER_HASHES_WANTED, bytes, sizeof bytes) != ERROR_NONE)
        return false;
    peer->wants_leaves++;
    peer->hash_requests += LEAVES_WEIGHT - 1;
    return true;
}

static enum error_code answer(struct peer *peer, const struct hash_request *request)
{
    uint8_t hashes[HASH_ANSWER_MAX * SHA256_BYTES];
    const struct metainfo *v2 = peer->manager->config.metainfo.v2;
    const bool often =
        peer->hash_requests >= REQUESTS_A_SECOND || peer->out.length > WAITING_MAX;
    enum error_code error = ERROR_NOT_FOUND;
    peer->hash_requests += !often;
    if (!often && v2 != NULL)
        error = hash_tree_answer(v2, request, hashes);
    if (!often && v2 != NULL && error == ERROR_NOT_FOUND && want_leaves(peer, request))
        return ERROR_NONE;
    peer_flush_soon(peer);
    return error == ERROR_NONE
               ? wire_put_hashes(&peer->out, WIRE_HASHES, request, hashes,
                                 request->count + hash_request_uncles(request))
               : wire_put_hashes(&peer->out, WIRE_HASH_REJECT, request, NULL, 0);
}

static void no_longer_wants_leaves(struct peer *peer)
{
    peer->wants_leaves -= peer->wants_leaves > 0;
}

enum error_code peer_send_hashes(struct peer *peer, const uint8_t *bytes, uint32_t length)
{
    struct hash_request request;
    hash_request_read(bytes, &request);
    no_longer_wants_leaves(peer);
    return wire_put_hashes(&peer->out,
                           length > HASH_REQUEST_BYTES ? WIRE_HASHES : WIRE_HASH_REJECT,
                           &request, bytes + HASH_REQUEST_BYTES,
                           (length - HASH_REQUEST_BYTES) / SHA256_BYTES);
}

/* ---- what we ask for ---- */

/* One that has left so many unanswered is asked no more. */
static bool note_asked(struct peer *peer, const struct hash_request *request)
{
    if (peer->hash_talk == NULL)
        peer->hash_talk = calloc(1, sizeof *peer->hash_talk);
    if (peer->hash_talk == NULL || peer->hash_talk->asked_count == ASKED_MAX)
        return false;
    peer->hash_talk->asked[peer->hash_talk->asked_count++] = *request;
    return true;
}

enum error_code peer_ask_hashes(struct peer *peer, const uint8_t *bytes)
{
    struct hash_request request;
    hash_request_read(bytes, &request);
    if (!peer->v2 || !note_asked(peer, &request))
        return post(peer, PEER_HASHES_REFUSED, bytes, HASH_REQUEST_BYTES);
    return wire_put_hashes(&peer->out, WIRE_HASH_REQUEST, &request, NULL, 0);
}

/* Whether we had asked for it; now we have not. */
static bool was_asked(struct peer *peer, const struct hash_request *request)
{
    struct hash_talk *talk = peer->hash_talk;
    for (uint32_t i = 0; talk != NULL && i < talk->asked_count; i++) {
        if (!hash_request_equal(&talk->asked[i], request))
            continue;
        talk->asked_count--;
        memmove(&talk->asked[i], &talk->asked[i + 1],
                (talk->asked_count - i) * sizeof *talk->asked);
        return true;
    }
    return false;
}

static enum error_code on_hashes(struct peer *peer, const struct hash_request *request,
                                 const uint8_t *body, uint32_t length)
{
    if (!was_asked(peer, request) ||
        length - HASH_REQUEST_BYTES !=
            (request->count + hash_request_uncles(request)) * SHA256_BYTES)
        return ERROR_PROTOCOL; /* X16 */
    peer->useful_at_ns = loop_now_ns(peer->manager->loop);
    return post(peer, PEER_HASHES_ARRIVED, body, length);
}

bool peer_manager_takes_hash_requests(const struct peer_manager *manager,
                                      struct peer_id_ref ref)
{
    const struct peer *peer = peer_manager_find(manager, ref);
    return peer != NULL && peer->handshaken && peer->v2;
}

void peer_manager_leaves_unanswered(struct peer_manager *manager, struct peer_id_ref ref)
{
    struct peer *peer = peer_manager_find(manager, ref);
    if (peer != NULL)
        no_longer_wants_leaves(peer);
}

void peer_manager_set_trees(struct peer_manager *manager, const struct metainfo *v2)
{
    manager->config.metainfo.v2 = v2;
}

enum error_code peer_on_hash_message(struct peer *peer, uint8_t id, const uint8_t *body,
                                     uint32_t length)
{
    struct hash_request request;
    hash_request_read(body, &request);
    if (id == WIRE_HASH_REQUEST)
        return answer(peer, &request);
    if (id == WIRE_HASHES)
        return on_hashes(peer, &request, body, length);
    return was_asked(peer, &request)
               ? post(peer, PEER_HASHES_REFUSED, body, HASH_REQUEST_BYTES)
               : ERROR_NONE;
}
