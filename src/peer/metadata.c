/* ut_metadata (BEP 9): pieces of the info dictionary go to those who ask, as their
 * sockets take them; what we asked for and got goes to the Torrent Manager. */
#include "peer/extension_private.h"
#include "peer/metadata_message.h"

#include <stdlib.h>
#include <string.h>

#define OUT_BYTES_MAX  (48u * 1024) /* of control messages waiting, to add one to */
#define ASKED_OF_EACH  2u           /* times a peer may have the whole (X13) */
#define WANTED_AT_ONCE 1024u

/* Made when one of both asks. */
struct metadata_talk {
    bool asked[METADATA_MAX_PIECES]; /* by us, and not answered */
    uint16_t wanted[WANTED_AT_ONCE]; /* by the peer: a ring */
    uint32_t wanted_first, wanted_count;
    uint32_t given; /* pieces */
};

static struct metadata_talk *talk_of(struct peer *peer)
{
    if (peer->metadata == NULL)
        peer->metadata = calloc(1, sizeof *peer->metadata);
    return peer->metadata;
}

static enum error_code say(struct peer *peer, const struct metadata_message *message)
{
    struct buffer body;
    buffer_init(&body, METADATA_PIECE_BYTES + 256);
    enum error_code error = metadata_message_write(message, &body);
    if (error == ERROR_NONE)
        error = peer_say_extended(peer, WIRE_EXTENDED_METADATA, body.bytes, body.length);
    buffer_done(&body);
    return error;
}

/* ---- what is asked of us ---- */

uint32_t metadata_bytes_given(const struct peer_manager *manager)
{
    const struct peer_metainfo *metainfo = &manager->config.metainfo;
    return metainfo->info_bytes <= METADATA_MAX_BYTES ? (uint32_t)metainfo->info_bytes
                                                      : 0;
}

static enum error_code refuse(struct peer *peer, uint32_t piece)
{
    const struct metadata_message message = {.type = METADATA_REJECT, .piece = piece};
    return say(peer, &message);
}

static enum error_code give(struct peer *peer, uint32_t piece)
{
    const uint32_t total = metadata_bytes_given(peer->manager);
    const struct metadata_message message = {
        .type = METADATA_DATA,
        .piece = piece,
        .total = total,
        .bytes = peer->manager->config.metainfo.info + piece * METADATA_PIECE_BYTES,
        .length = metadata_piece_length(total, piece)};
    peer->metadata->given++;
    return say(peer, &message);
}

enum error_code peer_serve_metadata(struct peer *peer)
{
    struct metadata_talk *talk = peer->metadata;
    enum error_code error = ERROR_NONE;
    while (talk != NULL && talk->wanted_count > 0 && error == ERROR_NONE &&
           peer->out.length < OUT_BYTES_MAX) {
        const uint32_t piece = talk->wanted[talk->wanted_first];
        talk->wanted_first = (talk->wanted_first + 1) % WANTED_AT_ONCE;
        talk->wanted_count--;
        error = give(peer, piece);
    }
    return error;
}

static enum error_code on_request(struct peer *peer, uint32_t piece)
{
    struct metadata_talk *talk = talk_of(peer);
    const uint32_t pieces = metadata_piece_count(metadata_bytes_given(peer->manager));
    if (talk == NULL || piece >= pieces || talk->wanted_count == WANTED_AT_ONCE ||
        talk->given + talk->wanted_count >= ASKED_OF_EACH * pieces)
        return refuse(peer, piece);
    talk->wanted[(talk->wanted_first + talk->wanted_count) % WANTED_AT_ONCE] =
        (uint16_t)piece;
    talk->wanted_count++;
    peer_flush_soon(peer);
    return ERROR_NONE;
}

/* ---- what we ask for ---- */

enum error_code peer_ask_metadata(struct peer *peer, uint32_t piece)
{
    struct metadata_talk *talk = talk_of(peer);
    const struct metadata_message message = {.type = METADATA_REQUEST, .piece = piece};
    if (talk == NULL || !peer_takes_extended(peer, WIRE_EXTENDED_METADATA)) {
        struct message refused = {.type = PEER_METADATA_REFUSED};
        refused.u.metadata.piece = piece;
        peer_post(peer, &refused);
        return ERROR_NONE;
    }
    talk->asked[piece] = true;
    return say(peer, &message);
}

/* Whether we had asked for it; now we have not. */
static bool was_asked(struct peer *peer, uint32_t piece)
{
    if (peer->metadata == NULL || !peer->metadata->asked[piece])
        return false;
    peer->metadata->asked[piece] = false;
    return true;
}

static enum error_code on_data(struct peer *peer, const struct metadata_message *data)
{
    struct message message = {.type = PEER_METADATA_ARRIVED};
    if (!was_asked(peer, data->piece) || data->length > METADATA_PIECE_BYTES)
        return peer_on_extended_garbage(peer);
    message.u.metadata.bytes = malloc(data->length + 1u);
    if (message.u.metadata.bytes == NULL)
        return ERROR_MEMORY;
    memcpy(message.u.metadata.bytes, data->bytes, data->length);
    message.u.metadata.piece = data->piece;
    message.u.metadata.length = data->length;
    message.u.metadata.total = data->total;
    peer->useful_at_ns = loop_now_ns(peer->manager->loop);
    peer_post(peer, &message);
    return ERROR_NONE;
}

static enum error_code on_reject(struct peer *peer, uint32_t piece)
{
    struct message message = {.type = PEER_METADATA_REFUSED};
    if (!was_asked(peer, piece))
        return peer_on_extended_garbage(peer);
    message.u.metadata.piece = piece;
    peer_post(peer, &message);
    return ERROR_NONE;
}

enum error_code peer_on_ut_metadata(struct peer *peer, const uint8_t *body,
                                    uint32_t length)
{
    struct metadata_message message;
    if (metadata_message_read(body, length, &message) != ERROR_NONE)
        return peer_on_extended_garbage(peer);
    switch (message.type) {
    case METADATA_REQUEST:
        return on_request(peer, message.piece);
    case METADATA_DATA:
        return on_data(peer, &message);
    case METADATA_REJECT:
        return on_reject(peer, message.piece);
    default:
        return ERROR_NONE; /* X17: of a later BEP */
    }
}

/* rtorrent 0.9.8 (libTorrent 0.13.8) drops a request that comes while it writes an
 * answer, and reads nothing more on that connection. */
static bool takes_one_at_a_time(const struct peer *peer)
{
    return strncmp(peer->client, "libTorrent ", 11) == 0;
}

void peer_note_metadata_offer(struct peer *peer, int64_t total)
{
    struct message message = {.type = PEER_METADATA_OFFERED};
    if (!peer_awaits_metainfo(peer) || !peer_takes_extended(peer, WIRE_EXTENDED_METADATA))
        return;
    message.u.metadata.total = total;
    message.u.metadata.one_by_one = takes_one_at_a_time(peer);
    peer_post(peer, &message);
}
