/* Piece layers that have not come with the info dictionary (BEP 52): peers are asked for
 * them. A v2 torrent cannot check a single piece before it has them all, so it waits; a
 * hybrid goes by its v1 half meanwhile. */
#include "base/i18n.h"
#include "meta/metainfo_write.h"
#include "peer/peer_manager.h"
#include "torrent/awaited_private.h"
#include "torrent/hashes_private.h"
#include "torrent/keep_private.h"
#include "torrent/layer_fetch.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define WARN_NS (60 * NS_PER_S)

struct layers {
    struct metainfo *meta; /* a reference */
    struct layer_fetch *fetch;
    struct loop_timer ask_timer, warn_timer;
};

/* ---- asking ---- */

void torrent_ask_hashes(struct torrent *torrent, struct peer_id_ref peer,
                        const struct hash_request *request)
{
    struct message message = {.type = PEER_ASK_HASHES, .peer = peer};
    message.u.hashes.bytes = malloc(HASH_REQUEST_BYTES);
    message.u.hashes.length = HASH_REQUEST_BYTES;
    if (message.u.hashes.bytes == NULL)
        return;
    hash_request_write(request, message.u.hashes.bytes);
    torrent_post_peers(torrent, &message);
}

static void ask(struct torrent *torrent)
{
    struct layers *layers = torrent->layers;
    struct loop *loop = torrent->session->loop;
    struct layer_ask next;
    if (!torrent->running)
        return;
    while (layer_fetch_next(layers->fetch, loop_now_ns(loop), &next))
        torrent_ask_hashes(torrent, next.peer, &next.request);
    const uint64_t due_ns = layer_fetch_due_ns(layers->fetch, loop_now_ns(loop));
    if (due_ns != UINT64_MAX)
        loop_timer_set(loop, &layers->ask_timer, due_ns);
}

static void on_ask_timer(void *context)
{
    ask(context);
}

static void on_warn_timer(void *context)
{
    struct torrent *torrent = context;
    if (torrent->awaited == NULL || !torrent->running)
        return;
    session_warn(torrent->session, torrent->id,
                 _("%s: its metadata are here, but no peer has given all of its piece "
                   "hashes for a minute; trying on"),
                 torrent->display_name);
}

void torrent_layers_peer_came(struct torrent *torrent, struct peer_id_ref peer)
{
    if (torrent->layers == NULL ||
        !peer_manager_takes_hash_requests(torrent->peers, peer))
        return;
    layer_fetch_offer(torrent->layers->fetch, peer);
    ask(torrent);
}

void torrent_layers_peer_gone(struct torrent *torrent, struct peer_id_ref peer)
{
    if (torrent->layers == NULL)
        return;
    layer_fetch_gone(torrent->layers->fetch, peer);
    ask(torrent);
}

enum error_code torrent_seek_layers(struct torrent *torrent, struct metainfo *meta)
{
    struct loop *loop = torrent->session->loop;
    /* A .torrent with them would be more than anybody takes. */
    if (meta->piece_count > METAINFO_MAX_BYTES / SHA256_BYTES)
        return ERROR_LIMIT;
    struct layers *layers = calloc(1, sizeof *layers);
    if (layers == NULL)
        return ERROR_MEMORY;
    layers->fetch = layer_fetch_new(meta);
    if (layers->fetch == NULL) {
        free(layers);
        return ERROR_MEMORY;
    }
    layers->meta = metainfo_ref(meta);
    loop_timer_init(&layers->ask_timer, on_ask_timer, torrent);
    loop_timer_init(&layers->warn_timer, on_warn_timer, torrent);
    torrent->layers = layers;
    loop_timer_set_in(loop, &layers->warn_timer, WARN_NS);
    for (uint32_t i = 0; i < torrent->noted_capacity; i++)
        if (torrent->noted[i].joined)
            torrent_layers_peer_came(
                torrent, (struct peer_id_ref){i, torrent->noted[i].generation});
    return ERROR_NONE;
}

void torrent_seek_layers_of_hybrid(struct torrent *torrent)
{
    struct metainfo *meta = torrent->meta;
    if (!meta->hybrid || meta->awaited || meta->piece_roots != NULL)
        return;
    const enum error_code error =
        torrent_seek_layers(torrent, meta->own != NULL ? meta->own : meta);
    if (error != ERROR_NONE)
        log_write(torrent->session->log, LOG_LEVEL_WARNING,
                  "%s: its piece layers are not asked for: %s", torrent->display_name,
                  error_text(error));
}

void torrent_seek_layers_no_more(struct torrent *torrent)
{
    struct layers *layers = torrent->layers;
    if (layers == NULL)
        return;
    torrent->layers = NULL;
    loop_timer_cancel(torrent->session->loop, &layers->ask_timer);
    loop_timer_cancel(torrent->session->loop, &layers->warn_timer);
    layer_fetch_free(layers->fetch);
    metainfo_free(layers->meta);
    free(layers);
}

/* ---- they have come ---- */

/* A hybrid is judged by its v1 half until it is read anew; others can have its layers
 * from us at once. */
static void keep_layers(struct torrent *torrent, const struct buffer *file)
{
    struct metainfo *meta;
    struct metainfo_error why;
    if (metainfo_parse(file->bytes, file->length, &meta, &why) != ERROR_NONE) {
        log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: its piece layers: %s",
                  torrent->display_name, why.message);
        return;
    }
    torrent->layered_meta = meta;
    peer_manager_set_trees(torrent->peers, meta);
    torrent_keep_again(torrent, file->bytes, file->length);
}

static void on_done(struct torrent *torrent)
{
    struct layers *layers = torrent->layers;
    struct buffer file;
    buffer_init(&file, METAINFO_MAX_BYTES);
    const enum error_code error = metainfo_write_layered(
        torrent->meta, layers->meta, layer_fetch_roots(layers->fetch), &file);
    torrent_seek_layers_no_more(torrent);
    if (error == ERROR_NONE && torrent->awaited != NULL)
        torrent_become(torrent, file.bytes, file.length);
    else if (error == ERROR_NONE)
        keep_layers(torrent, &file);
    else if (torrent->awaited != NULL)
        torrent_refuse_metadata(torrent, error, error_text(error));
    buffer_done(&file);
}

static void on_arrived(struct torrent *torrent, struct peer_id_ref peer,
                       const struct hash_request *request, const uint8_t *hashes)
{
    switch (layer_fetch_arrived(torrent->layers->fetch, peer, request, hashes,
                                loop_now_ns(torrent->session->loop))) {
    case LAYER_VERDICT_FINE:
        break;
    case LAYER_VERDICT_WRONG:
        torrent_ban_liar(torrent, peer); /* X16: it is proved */
        break;
    case LAYER_VERDICT_DONE:
        on_done(torrent);
        break;
    }
    session_changed(torrent, CHANGED_STATE);
}

void torrent_on_hashes(struct torrent *torrent, const struct message *message)
{
    struct hash_request request;
    if (torrent->layers == NULL)
        return;
    hash_request_read(message->u.hashes.bytes, &request);
    if (message->type == PEER_HASHES_REFUSED)
        layer_fetch_refused(torrent->layers->fetch, message->peer, &request,
                            loop_now_ns(torrent->session->loop));
    else
        on_arrived(torrent, message->peer, &request,
                   message->u.hashes.bytes + HASH_REQUEST_BYTES);
    if (torrent->layers != NULL)
        ask(torrent);
}

bool torrent_get_layer_progress(const struct torrent *torrent,
                                struct layer_progress *ret_progress)
{
    if (torrent->layers == NULL)
        return false;
    layer_fetch_get_progress(torrent->layers->fetch, ret_progress);
    return true;
}
