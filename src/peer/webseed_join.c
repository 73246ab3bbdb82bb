/* How a web seed joins the torrent and leaves it: with which pieces, for how long, and
 * for good. */
#include "peer/webseed_private.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_FIRST_NS (5 * NS_PER_S) /* and twice as long each time */
#define RETRY_MOST_NS  (600 * NS_PER_S)
#define STRIKES_MOST   3u

void webseed_post(struct webseed *seed, enum message_type type,
                  const struct block_ref *ref)
{
    struct message message = {
        .type = type, .torrent = seed->manager->config.torrent, .peer = seed->ref};
    if (ref != NULL)
        message.u.block = *ref;
    if (bus_post(seed->manager->config.responses, &message) != ERROR_NONE)
        message_done(&message, seed->manager->config.pool);
}

/* Pieces that reach into a file that it has not are not had. */
static enum error_code count_pieces(struct webseed *seed)
{
    const struct metainfo *meta = seed->manager->config.meta;
    bitfield_done(&seed->bits);
    if (seed->missing == NULL)
        return ERROR_NONE;
    const enum error_code error = bitfield_init(&seed->bits, meta->piece_count);
    if (error != ERROR_NONE)
        return error;
    bitfield_set_all(&seed->bits);
    for (uint32_t i = 0; i < meta->file_count; i++) {
        const struct metainfo_file *file = &meta->files[i];
        if (!seed->missing[i] || file->length == 0)
            continue;
        const uint64_t last = (file->offset + file->length - 1) / meta->piece_bytes;
        for (uint64_t piece = file->offset / meta->piece_bytes; piece <= last; piece++)
            bitfield_clear(&seed->bits, (uint32_t)piece);
    }
    return ERROR_NONE;
}

void webseed_join(struct webseed *seed)
{
    struct webseed_manager *manager = seed->manager;
    if (count_pieces(seed) != ERROR_NONE) {
        webseed_fail(seed, error_text(ERROR_MEMORY));
        return;
    }
    if (seed->bits.size > 0 && seed->bits.count == 0) {
        free(seed->missing); /* somebody may put them there yet */
        seed->missing = NULL;
        webseed_fail(seed, "it has no file of the torrent");
        return;
    }
    seed->ref.generation++;
    seed->joined = seed->hungry = true;
    seed->is_stalled = false;
    seed->joined_ns = seed->block_ns = loop_now_ns(manager->config.loop);
    seed->rate = seed->shown_rate = 0;
    webseed_post(seed, PEER_HANDSHAKEN, NULL);
    webseed_post(seed, PEER_HAS_PIECES, NULL);
}

void webseed_leave(struct webseed *seed, enum peer_reason reason)
{
    struct message message = {
        .type = PEER_GONE, .torrent = seed->manager->config.torrent, .peer = seed->ref};
    for (uint32_t i = 0; i < WEBSEED_GETS; i++)
        webseed_get_end(&seed->gets[i]);
    ref_queue_done(&seed->queue);
    if (!seed->joined)
        return;
    seed->joined = false;
    message.u.gone.reason = reason;
    if (bus_post(seed->manager->config.responses, &message) != ERROR_NONE)
        message_done(&message, seed->manager->config.pool);
}

static void note_trouble(struct webseed *seed, const char *what, const char *why)
{
    char host[300];
    size_t length;
    const char *begin = webseed_url_host(seed->url, &length);
    snprintf(host, sizeof host, "%.*s", (int)(length < 256 ? length : 256), begin);
    log_write(seed->manager->config.log, LOG_LEVEL_WARNING, "web seed %s: %s: %s", host,
              what, why);
}

void webseed_fail(struct webseed *seed, const char *why)
{
    const uint32_t doubled = seed->failures < 10 ? seed->failures : 10;
    uint64_t in_ns = RETRY_FIRST_NS << doubled;
    in_ns = in_ns < RETRY_MOST_NS ? in_ns : RETRY_MOST_NS;
    seed->failures++;
    seed->retry_ns = loop_now_ns(seed->manager->config.loop) + in_ns;
    note_trouble(seed, "tried again later", why);
    webseed_leave(seed, PEER_REASON_CONNECT_FAILED);
}

void webseed_refuse(struct webseed *seed, enum peer_reason reason)
{
    seed->refused = reason;
    webseed_leave(seed, reason);
}

void webseed_strike(struct webseed *seed, const char *why)
{
    if (++seed->strikes < STRIKES_MOST) {
        webseed_fail(seed, why);
        return;
    }
    note_trouble(seed, "not asked again", why);
    webseed_refuse(seed, PEER_REASON_PROTOCOL);
}

void webseed_lacks(struct webseed *seed, uint32_t file)
{
    const uint32_t files = seed->manager->config.meta->file_count;
    if (seed->missing == NULL)
        seed->missing = calloc(files, sizeof *seed->missing);
    if (seed->missing == NULL) {
        webseed_fail(seed, error_text(ERROR_MEMORY));
        return;
    }
    seed->missing[file] = true;
    note_trouble(seed, "a file is not there",
                 metainfo_file_path(seed->manager->config.meta, file));
    webseed_leave(seed, PEER_REASON_NONE); /* and comes back with what it has */
    seed->manager->config.run_soon(seed->manager->config.context);
}
