/* A torrent that is known by its hash alone (BEP 9): peers are asked for its info
 * dictionary; when it has come, the torrent goes on in its place like any other. */
#include "base/i18n.h"
#include "base/text.h"
#include "discovery/tracker_manager.h"
#include "meta/bencode.h"
#include "meta/magnet.h"
#include "meta/metainfo_write.h"
#include "peer/peer_manager.h"
#include "torrent/awaited_private.h"
#include "torrent/commands.h"
#include "torrent/keep_private.h"
#include "torrent/magnet_peers.h"
#include "torrent/metadata_fetch.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARN_NS    (60 * NS_PER_S)
#define FILE_BYTES (METAINFO_MAX_BYTES)

struct awaited {
    struct metadata_fetch *fetch;
    struct magnet_peers *peers;
    char *link, *select;  /* owned; select: --select or the link's; NULL: all files */
    bool select_is_links; /* what it names and is not there is no mistake of the user's */
    struct loop_timer ask_timer, warn_timer;
};

/* ---- asking ---- */

static void ask(struct torrent *torrent)
{
    struct awaited *awaited = torrent->awaited;
    struct loop *loop = torrent->session->loop;
    struct metadata_ask next;
    if (!torrent->running)
        return;
    while (metadata_fetch_next(awaited->fetch, loop_now_ns(loop), &next)) {
        struct message message = {.type = PEER_ASK_METADATA, .peer = next.peer};
        message.u.metadata.piece = next.piece;
        torrent_post_peers(torrent, &message);
    }
    const uint64_t due_ns = metadata_fetch_due_ns(awaited->fetch, loop_now_ns(loop));
    if (due_ns != UINT64_MAX)
        loop_timer_set(loop, &awaited->ask_timer, due_ns);
}

static void on_ask_timer(void *context)
{
    ask(context);
}

/* M8 */
static void on_warn_timer(void *context)
{
    struct torrent *torrent = context;
    if (!torrent->running || torrent->layers != NULL)
        return;
    session_warn(torrent->session, torrent->id,
                 _("%s: no peer has given its metadata for a minute; trying on"),
                 torrent->display_name);
}

void torrent_metadata_begun(struct torrent *torrent)
{
    struct awaited *awaited = torrent->awaited;
    if (awaited == NULL)
        return;
    if (!loop_timer_is_set(&awaited->warn_timer))
        loop_timer_set_in(torrent->session->loop, &awaited->warn_timer, WARN_NS);
    magnet_peers_begin(awaited->peers);
}

/* ---- it has come ---- */

/* M9: who gave it told the truth. It is the hash that stands for something of no use. */
void torrent_refuse_metadata(struct torrent *torrent, enum error_code error,
                             const char *why)
{
    char text[SESSION_MESSAGE_SIZE + 100];
    snprintf(text, sizeof text, _("the metadata cannot be used: %s"), why);
    torrent_halt(torrent);
    torrent_fail(torrent, error, text);
}

static enum error_code read_metainfo(struct torrent *torrent, const uint8_t *bytes,
                                     size_t length, struct metainfo **ret_meta,
                                     char message[SESSION_MESSAGE_SIZE])
{
    struct session *session = torrent->session;
    struct metainfo *meta;
    struct metainfo_error why;
    enum error_code error =
        metainfo_parse_leniently(bytes, length, METAINFO_WITHOUT_LAYERS, &meta, &why);
    if (error != ERROR_NONE) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", why.message);
        return error;
    }
    /* Whose v2 hash a peer met us by asks for v2's hashes. */
    if (metainfo_has_v2(torrent->meta) && !metainfo_has_v2(meta)) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s",
                 _("they are of BitTorrent v1, and the link is of v2"));
        metainfo_free(meta);
        return ERROR_INVALID;
    }
    /* Of two links with a hash of it each, that goes on which has its metadata first. */
    const struct torrent *twin = session_twin(session, meta, torrent);
    if (twin != NULL && !twin->meta->awaited) {
        snprintf(message, SESSION_MESSAGE_SIZE, _("is in the list already"));
        metainfo_free(meta);
        return ERROR_EXISTS;
    }
    error = metainfo_set_names(meta, session->config.names, &why);
    if (error != ERROR_NONE)
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", why.message);
    if (error == ERROR_NONE)
        error =
            session_check_place(session, meta, torrent->download_dir, torrent, message);
    if (error == ERROR_NONE)
        *ret_meta = meta;
    else
        metainfo_free(meta);
    return error;
}

/* A choice that fits nothing was the user's mistake, and nothing is fetched unasked; a
 * link's own is only a hint. */
static enum error_code take_over(struct torrent *torrent, struct metainfo *meta,
                                 char message[SESSION_MESSAGE_SIZE])
{
    const struct awaited *awaited = torrent->awaited;
    enum error_code error = torrent_set_metainfo(torrent, meta, awaited->select, message);
    if (error == ERROR_INVALID && awaited->select_is_links) {
        session_warn(
            torrent->session, torrent->id,
            _("%s: the link chooses files that it does not have: all are wanted"),
            torrent->display_name);
        error = torrent_set_metainfo(torrent, meta, NULL, message);
    }
    return error;
}

/* A link with one hash may stand for a hybrid, which is found by both. What it is kept by
 * stays. */
static void take_hashes(struct torrent *torrent)
{
    const struct info_hash link_hash = torrent->hash;
    torrent->hash = torrent->meta->hash;
    peer_manager_set_hash(torrent->peers, &torrent->hash);
    if (session_enlist(torrent) != ERROR_NONE)
        log_write(torrent->session->log, LOG_LEVEL_WARNING,
                  "%s: not to be found by its other hash: out of memory",
                  torrent->display_name);
    torrent_ask_trackers_by_both(torrent, &link_hash);
}

/* The metainfo is that of FILE from now on. */
static void go_on(struct torrent *torrent, const uint8_t *file, size_t length)
{
    torrent_await_no_more(torrent);
    take_hashes(torrent);
    session_dht_follow(torrent); /* not if it is private */
    session_lsd_follow(torrent);
    torrent_keep(torrent, file, length);
    torrent_seek_layers_of_hybrid(torrent);
    session_event(torrent, EVENT_METADATA, 0);
    torrent_begin(torrent);
    session_changed(torrent, CHANGED_ALL);
}

/* BEP 27 holds from the time it is known, whatever else is awaited. */
static void be_private(struct torrent *torrent)
{
    torrent->meta->is_private = true;
    peer_manager_set_private(torrent->peers);
    torrent_choice_changed(torrent); /* what is saved names no peers any more */
    session_dht_follow(torrent);
    session_lsd_follow(torrent);
}

/* Without its piece layers there is nothing to check its data by. */
static enum error_code wait_for_layers(struct torrent *torrent, struct metainfo *meta,
                                       char message[SESSION_MESSAGE_SIZE])
{
    const enum error_code error = torrent_seek_layers(torrent, meta);
    if (error != ERROR_NONE)
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(error));
    else if (meta->is_private)
        be_private(torrent);
    metainfo_free(meta);
    return error;
}

/* The other link's torrent is it from now on, and asks the trackers that this one had:
 * before this one halts, or they would be told that nobody is there by its hash. */
static void leave_it_to_twin(struct torrent *torrent)
{
    struct session *session = torrent->session;
    session_release_hashes(torrent);
    const struct torrent *twin = session_by_hash(session, &torrent->hash);
    struct tracker_row row;
    for (uint32_t i = 0; twin != NULL && !twin->meta->is_private &&
                         tracker_manager_row(torrent->trackers, i, &row);
         i++)
        (void)!torrent_add_tracker(session, twin->id, row.whole_url);
}

void torrent_become(struct torrent *torrent, const uint8_t *file, size_t length)
{
    char message[SESSION_MESSAGE_SIZE];
    struct metainfo *meta;
    enum error_code error = read_metainfo(torrent, file, length, &meta, message);
    const bool lacks_layers =
        error == ERROR_NONE && meta->v2_only && meta->piece_roots == NULL;
    if (lacks_layers) {
        error = wait_for_layers(torrent, meta, message);
    } else if (error == ERROR_NONE) {
        error = take_over(torrent, meta, message);
        if (error != ERROR_NONE)
            metainfo_free(meta);
    }
    if (error == ERROR_EXISTS)
        leave_it_to_twin(torrent);
    if (error != ERROR_NONE)
        torrent_refuse_metadata(torrent, error, message);
    else if (!lacks_layers)
        go_on(torrent, file, length);
}

static void on_done(struct torrent *torrent)
{
    struct buffer file;
    size_t length;
    uint8_t *info = metadata_fetch_take(torrent->awaited->fetch, &length);
    buffer_init(&file, FILE_BYTES);
    const enum error_code error =
        metainfo_write_around(torrent->meta, info, length, &file);
    if (error == ERROR_NONE)
        torrent_become(torrent, file.bytes, file.length);
    else
        torrent_refuse_metadata(torrent, error, error_text(error));
    buffer_done(&file);
    free(info);
}

/* ---- what peers say ---- */

static void on_arrived(struct torrent *torrent, const struct message *message)
{
    const struct metadata_piece piece = {
        message->u.metadata.piece, message->u.metadata.length, message->u.metadata.bytes,
        message->u.metadata.total};
    struct peer_id_ref liar;
    switch (metadata_fetch_arrived(torrent->awaited->fetch, message->peer, &piece,
                                   loop_now_ns(torrent->session->loop))) {
    case METADATA_VERDICT_FINE:
        break;
    case METADATA_VERDICT_STRIKE:
        torrent_strike_peer(torrent, message->peer);
        break;
    case METADATA_VERDICT_WRONG:
        if (metadata_fetch_liar(torrent->awaited->fetch, &liar))
            torrent_ban_liar(torrent, liar);
        break;
    case METADATA_VERDICT_DONE:
        on_done(torrent);
        break;
    }
    session_changed(torrent, CHANGED_STATE);
}

void torrent_on_metadata(struct torrent *torrent, const struct message *message)
{
    struct awaited *awaited = torrent->awaited;
    if (awaited == NULL || torrent->phase != TORRENT_PHASE_METADATA)
        return;
    if (message->type == PEER_METADATA_OFFERED)
        metadata_fetch_offer(awaited->fetch, message->peer, message->u.metadata.total,
                             message->u.metadata.one_by_one);
    else if (message->type == PEER_METADATA_REFUSED)
        metadata_fetch_refused(awaited->fetch, message->peer, message->u.metadata.piece,
                               loop_now_ns(torrent->session->loop));
    else
        on_arrived(torrent, message);
    if (torrent->awaited != NULL)
        ask(torrent);
}

void torrent_metadata_peer_gone(struct torrent *torrent, struct peer_id_ref peer)
{
    if (torrent->awaited == NULL)
        return;
    metadata_fetch_gone(torrent->awaited->fetch, peer);
    ask(torrent);
}

void torrent_get_metadata_progress(const struct torrent *torrent,
                                   struct metadata_progress *ret_progress)
{
    *ret_progress = (struct metadata_progress){0};
    if (torrent->awaited != NULL)
        metadata_fetch_get_progress(torrent->awaited->fetch, ret_progress);
}

/* ---- what is kept in mind ---- */

static char *link_of(const struct magnet *magnet)
{
    struct buffer buffer;
    char *link = NULL;
    buffer_init(&buffer, (size_t)1 << 20);
    if (magnet_write(magnet, &buffer) == ERROR_NONE)
        link = strndup((const char *)buffer.bytes, buffer.length);
    buffer_done(&buffer);
    return link;
}

enum error_code torrent_await(struct torrent *torrent, const struct magnet *magnet,
                              const struct add_options *options)
{
    struct awaited *awaited = calloc(1, sizeof *awaited);
    struct metadata_fetch_config config = {
        .has_v1 = magnet->has_v1, .has_v2 = magnet->has_v2, .hash = magnet->hash};
    const char *select = options->select != NULL ? options->select : magnet->select;
    if (awaited == NULL)
        return ERROR_MEMORY;
    memcpy(config.hash_v2, magnet->hash_v2, sizeof config.hash_v2);
    torrent->awaited = awaited;
    torrent->phase = TORRENT_PHASE_METADATA;
    loop_timer_init(&awaited->ask_timer, on_ask_timer, torrent);
    loop_timer_init(&awaited->warn_timer, on_warn_timer, torrent);
    awaited->fetch = metadata_fetch_new(&config);
    awaited->link = link_of(magnet);
    awaited->peers = magnet_peers_new(torrent, magnet);
    awaited->select_is_links = options->select == NULL;
    if (select != NULL)
        awaited->select = strdup(select);
    return awaited->fetch != NULL && awaited->link != NULL && awaited->peers != NULL &&
                   (select == NULL || awaited->select != NULL)
               ? ERROR_NONE
               : ERROR_MEMORY;
}

void torrent_await_no_more(struct torrent *torrent)
{
    struct awaited *awaited = torrent->awaited;
    if (awaited == NULL)
        return;
    torrent->awaited = NULL;
    loop_timer_cancel(torrent->session->loop, &awaited->ask_timer);
    loop_timer_cancel(torrent->session->loop, &awaited->warn_timer);
    magnet_peers_free(awaited->peers);
    metadata_fetch_free(awaited->fetch);
    free(awaited->link);
    free(awaited->select);
    free(awaited);
}

enum error_code torrent_select_later(struct torrent *torrent, const char *list)
{
    struct awaited *awaited = torrent->awaited;
    char *select = strdup(list);
    if (select == NULL)
        return ERROR_MEMORY;
    free(awaited->select);
    awaited->select = select;
    awaited->select_is_links = false;
    torrent_keep_link(torrent);
    return ERROR_NONE;
}

/* Keys in the order of their bytes. */
enum error_code torrent_write_link(const struct torrent *torrent, struct buffer *buffer)
{
    const struct awaited *awaited = torrent->awaited;
    enum error_code error = buffer_append_text(buffer, "d");
    if (error == ERROR_NONE)
        error = bencode_put_text(buffer, "dir");
    if (error == ERROR_NONE)
        error = bencode_put_text(buffer, torrent->download_dir);
    if (error == ERROR_NONE)
        error = bencode_put_text(buffer, "link");
    if (error == ERROR_NONE)
        error = bencode_put_text(buffer, awaited->link);
    if (error == ERROR_NONE && !awaited->select_is_links)
        error = bencode_put_text(buffer, "select");
    if (error == ERROR_NONE && !awaited->select_is_links)
        error = bencode_put_text(buffer, awaited->select);
    return error == ERROR_NONE ? buffer_append_text(buffer, "e") : error;
}
