/*
 * Whom a torrent knows outlasts the session, however it ends. Its resume file names those
 * who proved to be peers: whenever it is written anyway, and for nothing else than them
 * once in a while, all torrents together, if others have shaken hands since than the file
 * names. Of a private torrent the tracker alone says who is there (BEP 27).
 *
 * A link does not know whether it is private, and until it does it looks for peers by all
 * means, at each start anew. What BEP 27 protects, that nobody takes part but by leave of
 * the tracker, is kept from the time that it is known: the file names no peer any more,
 * and those that it named are let go as those of the DHT are. So a link keeps its peers;
 * and it does so sooner than others, for they are all that it has.
 */
#include "peer/peer_manager.h"
#include "torrent/keep_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define SAVE_NS       (300 * NS_PER_S)
#define SAVE_LINK_NS  (30 * NS_PER_S)
#define ADDRESS_BYTES 19u

static bool may_be_kept(const struct torrent *torrent)
{
    return torrent->session->state.fd >= 0 && !torrent->meta->is_private;
}

void torrent_call_known_peers(struct torrent *torrent)
{
    struct resume *resume = &torrent->resume;
    for (uint32_t i = 0; may_be_kept(torrent) && i < resume->peer_count; i++) {
        struct message message = {.type = PEER_CONNECT};
        message.u.candidate.address = resume->peers[i];
        message.u.candidate.source = PEER_SOURCE_RESUME;
        torrent_post_peers(torrent, &message);
    }
    resume_take_peers(resume, NULL, 0);
}

struct netaddr *torrent_known_peers(const struct torrent *torrent, uint32_t *ret_count)
{
    struct netaddr *peers =
        may_be_kept(torrent) ? calloc(RESUME_PEERS_MAX, sizeof *peers) : NULL;
    *ret_count = 0;
    if (peers == NULL)
        return NULL;
    if (torrent->running)
        *ret_count = peer_manager_list_good(torrent->peers, peers, RESUME_PEERS_MAX);
    for (; !torrent->running && *ret_count < torrent->resume.peer_count; ++*ret_count)
        peers[*ret_count] = torrent->resume.peers[*ret_count];
    return peers;
}

void torrent_note_known_peers(struct torrent *torrent)
{
    uint32_t count;
    struct netaddr *peers = torrent_known_peers(torrent, &count);
    resume_take_peers(&torrent->resume, peers, count);
}

void torrent_known_peers_changed(struct torrent *torrent)
{
    struct session *session = torrent->session;
    if (!may_be_kept(torrent) || session->state.read_only)
        return;
    torrent->peers_unsaved = true;
    if (torrent->awaited != NULL) {
        if (!loop_timer_is_set(&torrent->checkpoint))
            loop_timer_set_in(session->loop, &torrent->checkpoint, SAVE_LINK_NS);
    } else if (!loop_timer_is_set(&session->peers_timer))
        loop_timer_set_in(session->loop, &session->peers_timer, SAVE_NS);
}

/* ---- news ---- */

static int in_order(const void *one, const void *other)
{
    return netaddr_compare(one, other);
}

/* The same in whatever order. */
static void digest_of(const struct netaddr *peers, uint32_t count,
                      uint8_t ret_digest[SHA1_BYTES])
{
    struct netaddr sorted[RESUME_PEERS_MAX];
    uint8_t bytes[RESUME_PEERS_MAX * ADDRESS_BYTES], *at = bytes;
    if (count > 0)
        memcpy(sorted, peers, count * sizeof *peers);
    qsort(sorted, count, sizeof *sorted, in_order);
    for (uint32_t i = 0; i < count; i++, at += ADDRESS_BYTES) {
        at[0] = sorted[i].family;
        memcpy(at + 1, sorted[i].bytes, sizeof sorted[i].bytes);
        be16_put(at + 17, sorted[i].port);
    }
    digest_sha1(bytes, count * ADDRESS_BYTES, ret_digest);
}

void torrent_known_peers_saved(struct torrent *torrent, const struct netaddr *peers,
                               uint32_t count)
{
    torrent->peers_unsaved = false;
    digest_of(peers, count, torrent->saved_peers);
}

bool torrent_has_news_of_peers(struct torrent *torrent)
{
    uint32_t count;
    uint8_t digest[SHA1_BYTES];
    if (!torrent->peers_unsaved)
        return false;
    struct netaddr *peers = torrent_known_peers(torrent, &count);
    digest_of(peers, count, digest);
    free(peers);
    torrent->peers_unsaved = memcmp(digest, torrent->saved_peers, sizeof digest) != 0;
    return torrent->peers_unsaved;
}

bool torrent_link_has_news_of_peers(struct torrent *torrent)
{
    return torrent->awaited != NULL && torrent_has_news_of_peers(torrent);
}

/* What cannot be saved now is saved with what it waits for. */
static void on_peers_timer(void *context)
{
    struct session *session = context;
    for (uint32_t i = 0; i < session->count; i++) {
        struct torrent *torrent = session_torrent(session, session->order[i]);
        if (torrent_has_news_of_peers(torrent))
            torrent_checkpoint(torrent);
    }
}

void session_init_known_peers(struct session *session)
{
    loop_timer_init(&session->peers_timer, on_peers_timer, session);
}
