/* What peers ask for of the leaves of our hash trees (BEP 52): nobody keeps them, so the
 * disk reads the data and hashes them, for few at a time and not for ever. The others
 * wait rather than be refused: libtorrent 2.0 takes that for a refusal of piece hashes.
 */
#include "bus/bus.h"
#include "disk/disk_manager.h"
#include "meta/hash_tree.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/hashes_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define JOBS_MAX    2u
#define WAITING_MAX 256u
#define BYTES_PER_SECOND                                                                 \
    (32u << 20) /* that strangers may have us hash, of all torrents */

struct wish {
    struct wish *next;
    struct peer_id_ref peer;
    uint8_t request[HASH_REQUEST_BYTES];
};

struct leaf_service {
    struct wish *first, **end;
    uint32_t waiting, jobs;  /* of them; at the disk */
    struct loop_timer timer; /* the next second */
};

_Static_assert(sizeof(((struct disk_job *)0)->note) >= HASH_REQUEST_BYTES,
               "a request is the note of its job");

/* Those with the piece layers, if there are any. */
static const struct metainfo *trees_of(const struct torrent *torrent)
{
    return torrent->layered_meta != NULL ? torrent->layered_meta
                                         : metainfo_own(torrent->meta);
}

static bool post_answer(struct torrent *torrent, struct peer_id_ref peer,
                        const uint8_t *request, const uint8_t *hashes, uint32_t count)
{
    struct message message = {
        .type = PEER_SEND_HASHES, .torrent = torrent->id, .peer = peer};
    const uint32_t length = HASH_REQUEST_BYTES + count * SHA256_BYTES;
    message.u.hashes.bytes = malloc(length);
    if (message.u.hashes.bytes == NULL)
        return false;
    memcpy(message.u.hashes.bytes, request, HASH_REQUEST_BYTES);
    if (count > 0)
        memcpy(message.u.hashes.bytes + HASH_REQUEST_BYTES, hashes,
               (size_t)count * SHA256_BYTES);
    message.u.hashes.length = length;
    if (bus_post(torrent->requests, &message) == ERROR_NONE)
        return true;
    message_done(&message, NULL);
    return false;
}

/* HASHES NULL: it is refused. Out of memory it is told nothing, and asks another; what it
 * may still ask us for is not less by that. */
static void say(struct torrent *torrent, struct peer_id_ref peer, const uint8_t *request,
                const uint8_t *hashes, uint32_t count)
{
    if (!post_answer(torrent, peer, request, hashes, count))
        peer_manager_leaves_unanswered(torrent->peers, peer);
}

static bool has_all(const struct torrent *torrent, uint32_t first, uint32_t count)
{
    return bitfield_count_range(piece_manager_have(torrent->pieces), first, count) ==
           count;
}

static bool find_span(const struct torrent *torrent, const uint8_t *bytes,
                      uint32_t *ret_first, uint32_t *ret_count)
{
    struct hash_request request;
    hash_request_read(bytes, &request);
    return torrent->opened &&
           hash_tree_leaf_span(trees_of(torrent), &request, ret_first, ret_count) ==
               ERROR_NONE &&
           has_all(torrent, *ret_first, *ret_count);
}

/* ---- those that wait ---- */

static void on_timer(void *context);

static struct leaf_service *service_of(struct torrent *torrent)
{
    struct leaf_service *service = torrent->leaf_service;
    if (service != NULL || (service = calloc(1, sizeof *service)) == NULL)
        return service;
    service->end = &service->first;
    loop_timer_init(&service->timer, on_timer, torrent);
    torrent->leaf_service = service;
    return service;
}

static bool wait_in_line(struct torrent *torrent, const struct message *message)
{
    struct leaf_service *service = service_of(torrent);
    struct wish *wish = service != NULL && service->waiting < WAITING_MAX
                            ? calloc(1, sizeof *wish)
                            : NULL;
    if (wish == NULL)
        return false;
    wish->peer = message->peer;
    memcpy(wish->request, message->u.hashes.bytes, HASH_REQUEST_BYTES);
    *service->end = wish;
    service->end = &wish->next;
    service->waiting++;
    return true;
}

static void drop_first(struct leaf_service *service)
{
    struct wish *wish = service->first;
    service->first = wish->next;
    if (service->first == NULL)
        service->end = &service->first;
    service->waiting--;
    free(wish);
}

/* ---- reading for them ---- */

static bool post(struct torrent *torrent, const struct wish *wish, uint32_t first,
                 uint32_t count)
{
    struct disk_job *job = disk_job_new();
    if (job == NULL)
        return false;
    const struct message message = {.type = DISK_LEAVES,
                                    .torrent = torrent->id,
                                    .peer = wish->peer,
                                    .u.job.job = job};
    job->first = first;
    job->count = count;
    memcpy(job->note, wish->request, HASH_REQUEST_BYTES);
    if (disk_manager_post(torrent->session->disk, &message) == ERROR_NONE)
        return true;
    disk_job_free(job);
    return false;
}

/* False: not in this second. */
static bool serve_first(struct torrent *torrent, uint64_t now_ns)
{
    struct leaf_service *service = torrent->leaf_service;
    struct session *session = torrent->session;
    struct wish *wish = service->first;
    uint32_t first, count;
    if (now_ns - session->leaves_ns >= NS_PER_S) {
        session->leaves_ns = now_ns;
        session->leaf_bytes = 0;
    }
    const bool is_there = peer_manager_takes_hash_requests(torrent->peers, wish->peer);
    const bool found = is_there && find_span(torrent, wish->request, &first, &count);
    const uint64_t bytes = found ? (uint64_t)count * torrent->meta->piece_bytes : 0;
    if (bytes > BYTES_PER_SECOND - session->leaf_bytes)
        return false;
    session->leaf_bytes += bytes;
    if (found && post(torrent, wish, first, count))
        service->jobs++;
    else if (is_there)
        say(torrent, wish->peer, wish->request, NULL, 0);
    drop_first(service);
    return true;
}

static void serve(struct torrent *torrent)
{
    struct loop *loop = torrent->session->loop;
    struct leaf_service *service = torrent->leaf_service;
    while (service->first != NULL && service->jobs < JOBS_MAX)
        if (!serve_first(torrent, loop_now_ns(loop))) {
            loop_timer_set(loop, &service->timer, torrent->session->leaves_ns + NS_PER_S);
            return;
        }
}

static void on_timer(void *context)
{
    serve(context);
}

void torrent_on_hashes_wanted(struct torrent *torrent, const struct message *message)
{
    uint32_t first, count;
    const uint8_t *bytes = message->u.hashes.bytes;
    if (find_span(torrent, bytes, &first, &count) && wait_in_line(torrent, message))
        serve(torrent);
    else
        say(torrent, message->peer, bytes, NULL, 0);
}

void torrent_on_leaves(struct torrent *torrent, const struct message *message)
{
    uint8_t hashes[HASH_ANSWER_MAX * SHA256_BYTES];
    const struct disk_job *job = message->u.job.job;
    struct hash_request request;
    enum error_code error = message->u.job.error;
    torrent->leaf_service->jobs--;
    hash_request_read(job->note, &request);
    if (error == ERROR_NONE)
        error = hash_tree_answer_leaves(trees_of(torrent), &request, job->bytes, hashes);
    say(torrent, message->peer, job->note, hashes,
        error == ERROR_NONE ? request.count + hash_request_uncles(&request) : 0);
    serve(torrent);
}

void torrent_serve_no_leaves(struct torrent *torrent)
{
    struct leaf_service *service = torrent->leaf_service;
    if (service == NULL)
        return;
    while (service->first != NULL)
        drop_first(service);
    loop_timer_cancel(torrent->session->loop, &service->timer);
    free(service);
    torrent->leaf_service = NULL;
}
