/* Who spoiled a piece of a v2 torrent (BEP 52): peers are asked for the hashes of its
 * blocks, one peer after the other, and each answer is proved against the piece's root.
 * The piece waits for that meanwhile; where nobody can tell it is fetched again as a
 * whole, as a piece of v1 is, and then it shows. */
#include "meta/hash_tree.h"
#include "peer/peer_manager.h"
#include "piece/piece_manager.h"
#include "torrent/hashes_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_NS    (2 * NS_PER_S)
#define TRIES_MAX    3u /* peers asked for one piece */
#define REFUSALS_MAX 2u /* of one peer, which is asked no more then */
#define PARTS_MAX    (HASH_LEAVES_BYTES / BLOCK_BYTES / HASH_COUNT_MAX)

/* ---- who is guilty ---- */

static void ban(struct torrent *torrent, const struct piece_guilty *guilty)
{
    struct message request = {.type = PEER_BAN, .peer = guilty->peer};
    struct message event = {
        .type = EVENT_BAN,
        .torrent = torrent->id,
        .peer = guilty->peer,
        .u.peer_news = {.address = guilty->address,
                        .status = PEER_STATUS_BLOCKED,
                        .reason = PEER_REASON_BANNED_DATA},
    };
    char address[NETADDR_TEXT_SIZE];
    if (peer_is_webseed(guilty->peer))
        torrent_peer_address(torrent, guilty->peer, &event.u.peer_news.address);
    request.u.gone.reason = PEER_REASON_BANNED_DATA;
    request.u.gone.address = guilty->address;
    event_bus_post(torrent->session->events, &event);
    log_write(torrent->session->log, LOG_LEVEL_WARNING, "%s: banned %s, piece %u was bad",
              torrent->display_name, netaddr_format(&event.u.peer_news.address, address),
              guilty->piece);
    torrent_post_peers(torrent, &request);
}

static void ban_all(struct torrent *torrent, const struct piece_guilty *guilty,
                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ban(torrent, &guilty[i]);
}

/* ---- what waits for a proof ---- */

struct blame {
    struct blame *next;
    uint32_t piece, blocks, parts;
    bool here[PARTS_MAX];
    uint8_t *leaves; /* SHA256_BYTES a block */
    uint8_t *sha1s;  /* of the blocks that came: the beginnings of theirs */
    struct peer_id_ref tried[TRIES_MAX];
    uint32_t tries;
    uint64_t until_ns; /* the last of them may answer */
};

struct blames {
    struct blame *first;
    struct loop_timer timer;
};

static void free_blame(struct blame *blame)
{
    free(blame->leaves);
    free(blame->sha1s);
    free(blame);
}

static void forget(struct torrent *torrent, struct blame *blame)
{
    struct blame **at = &torrent->blames->first;
    while (*at != blame)
        at = &(*at)->next;
    *at = blame->next;
    free_blame(blame);
}

/* ---- asking ---- */

static void request_of(const struct torrent *torrent, const struct blame *blame,
                       uint32_t part, struct hash_request *ret_request)
{
    (void)hash_tree_ask_leaves(metainfo_own(torrent->meta), blame->piece,
                               part * HASH_COUNT_MAX, ret_request);
}

static bool was_tried(const struct blame *blame, struct peer_id_ref peer)
{
    for (uint32_t i = 0; i < blame->tries; i++)
        if (blame->tried[i].index == peer.index &&
            blame->tried[i].generation == peer.generation)
            return true;
    return false;
}

static bool may_know(const struct torrent *torrent, uint32_t piece,
                     struct peer_id_ref peer)
{
    bool is_seed;
    const struct bitfield *bits = peer_manager_bitfield(torrent->peers, peer, &is_seed);
    return peer_manager_takes_hash_requests(torrent->peers, peer) &&
           (is_seed || (bits != NULL && bitfield_get(bits, piece)));
}

/* Somebody, each time another; false: there is nobody. */
static bool find_peer(const struct torrent *torrent, uint32_t piece,
                      const struct blame *blame, struct peer_id_ref *ret_peer)
{
    const uint32_t count = torrent->noted_capacity;
    const uint32_t from =
        count > 0 ? random_below(torrent->session->config.random, count) : 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = (from + i) % count;
        const struct torrent_peer *noted = &torrent->noted[index];
        const struct peer_id_ref peer = {index, noted->generation};
        if (!noted->joined || noted->leaf_refusals >= REFUSALS_MAX ||
            (blame != NULL && was_tried(blame, peer)) || !may_know(torrent, piece, peer))
            continue;
        *ret_peer = peer;
        return true;
    }
    return false;
}

static void set_timer(struct torrent *torrent)
{
    struct loop *loop = torrent->session->loop;
    uint64_t next_ns = UINT64_MAX;
    for (const struct blame *blame = torrent->blames->first; blame != NULL;
         blame = blame->next)
        if (blame->until_ns < next_ns)
            next_ns = blame->until_ns;
    if (next_ns == UINT64_MAX)
        loop_timer_cancel(loop, &torrent->blames->timer);
    else
        loop_timer_set(loop, &torrent->blames->timer, next_ns);
}

/* The next one, for what is not here; or that was all, and BLAME is gone. */
static void ask(struct torrent *torrent, struct blame *blame)
{
    struct peer_id_ref peer;
    if (blame->tries == TRIES_MAX || !find_peer(torrent, blame->piece, blame, &peer)) {
        piece_manager_not_proved(torrent->pieces, blame->piece);
        forget(torrent, blame);
        session_run_soon(torrent);
        return;
    }
    blame->tried[blame->tries++] = peer;
    blame->until_ns = loop_now_ns(torrent->session->loop) + ANSWER_NS;
    for (uint32_t part = 0; part < blame->parts; part++) {
        struct hash_request request;
        request_of(torrent, blame, part, &request);
        if (!blame->here[part])
            torrent_ask_hashes(torrent, peer, &request);
    }
}

static bool is_asked(const struct blame *blame, struct peer_id_ref peer)
{
    const struct peer_id_ref *last = &blame->tried[blame->tries - 1];
    return last->index == peer.index && last->generation == peer.generation;
}

static void note_refusal(struct torrent *torrent, struct peer_id_ref peer)
{
    if (peer.index < torrent->noted_capacity &&
        torrent->noted[peer.index].generation == peer.generation)
        torrent->noted[peer.index].leaf_refusals++;
}

static void on_timer(void *context)
{
    struct torrent *torrent = context;
    const uint64_t now_ns = loop_now_ns(torrent->session->loop);
    struct blame *next;
    for (struct blame *blame = torrent->blames->first; blame != NULL; blame = next) {
        next = blame->next;
        if (blame->until_ns > now_ns)
            continue;
        note_refusal(torrent, blame->tried[blame->tries - 1]);
        ask(torrent, blame);
    }
    set_timer(torrent);
}

/* ---- a piece was verified ---- */

static struct blame *new_blame(const struct torrent *torrent, uint32_t piece,
                               uint32_t blocks, const uint8_t *sha1s)
{
    struct blame *blame = calloc(1, sizeof *blame);
    if (blame == NULL)
        return NULL;
    blame->piece = piece;
    blame->blocks = blocks;
    blame->parts = (blocks + HASH_COUNT_MAX - 1) / HASH_COUNT_MAX;
    blame->leaves = malloc((size_t)blocks * SHA256_BYTES);
    blame->sha1s = malloc((size_t)blocks * SHA1_BYTES);
    if (blame->leaves == NULL || blame->sha1s == NULL) {
        free_blame(blame);
        return NULL;
    }
    memcpy(blame->sha1s, sha1s, (size_t)blocks * SHA1_BYTES);
    blame->next = torrent->blames->first;
    return blame;
}

static bool make_blames(struct torrent *torrent)
{
    if (torrent->blames == NULL) {
        torrent->blames = calloc(1, sizeof *torrent->blames);
        if (torrent->blames != NULL)
            loop_timer_init(&torrent->blames->timer, on_timer, torrent);
    }
    return torrent->blames != NULL;
}

static bool has_tree(const struct torrent *torrent, uint32_t piece, uint32_t blocks)
{
    const struct metainfo *meta = metainfo_own(torrent->meta);
    return meta->piece_roots != NULL && meta->piece_bytes <= HASH_LEAVES_BYTES &&
           (metainfo_piece_tree(meta, piece).bytes + BLOCK_BYTES - 1) / BLOCK_BYTES ==
               blocks;
}

static void drop_stale(struct torrent *torrent, uint32_t piece)
{
    struct blame *next;
    for (struct blame *blame = torrent->blames->first; blame != NULL; blame = next) {
        next = blame->next;
        if (blame->piece == piece)
            forget(torrent, blame);
    }
}

/* True: its blocks, taken out of MESSAGE, wait. */
static bool hold_failed(struct torrent *torrent, struct message *message,
                        struct piece_guilty ret_guilty[PIECE_GUILTY_MAX],
                        uint32_t *ret_count)
{
    const uint32_t piece = message->u.verified.piece;
    const uint8_t *sha1s = message->u.verified.block_sha1s;
    const uint32_t blocks = piece_manager_block_count(torrent->pieces, piece);
    struct peer_id_ref peer;
    if (!torrent->running || sha1s == NULL || !has_tree(torrent, piece, blocks) ||
        !piece_manager_can_hold(torrent->pieces, piece, message->u.verified.chain) ||
        !find_peer(torrent, piece, NULL, &peer) || !make_blames(torrent))
        return false;
    drop_stale(torrent, piece);
    struct blame *blame = new_blame(torrent, piece, blocks, sha1s);
    if (blame == NULL)
        return false;
    torrent->blames->first = blame;
    *ret_count = piece_manager_hold(torrent->pieces, piece, message->u.verified.chain,
                                    sha1s, ret_guilty);
    message->u.verified.chain = NULL;
    ask(torrent, blame);
    set_timer(torrent);
    return true;
}

/* Whose fault it was, as far as that is known by now. */
static uint32_t find_guilty(struct torrent *torrent, struct message *message,
                            struct piece_guilty ret_guilty[PIECE_GUILTY_MAX])
{
    uint32_t count;
    const uint32_t piece = message->u.verified.piece;
    if (message->type == DISK_FAILED_HASH &&
        hold_failed(torrent, message, ret_guilty, &count))
        return count;
    block_pool_give_chain(torrent->session->pool, message->u.verified.chain);
    message->u.verified.chain = NULL;
    const uint8_t *sha1s = message->u.verified.block_sha1s;
    return message->type == DISK_VERIFIED
               ? piece_manager_verified(torrent->pieces, piece, sha1s, ret_guilty)
               : piece_manager_failed(torrent->pieces, piece, sha1s, ret_guilty);
}

void torrent_judge_piece(struct torrent *torrent, struct message *message)
{
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    const uint32_t count = find_guilty(torrent, message, guilty);
    ban_all(torrent, guilty, count);
}

/* ---- what peers say ---- */

static struct blame *find_blame(const struct torrent *torrent,
                                const struct hash_request *request, uint32_t *ret_part)
{
    struct hash_request asked;
    for (struct blame *blame = torrent->blames->first; blame != NULL; blame = blame->next)
        for (uint32_t part = 0; part < blame->parts; part++) {
            request_of(torrent, blame, part, &asked);
            if (!hash_request_equal(&asked, request))
                continue;
            *ret_part = part;
            return blame;
        }
    return NULL;
}

static void judge(struct torrent *torrent, struct blame *blame)
{
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    for (uint32_t i = 0; i < blame->blocks; i++) /* the beginnings of these, too */
        memmove(blame->leaves + (size_t)i * SHA1_BYTES,
                blame->leaves + (size_t)i * SHA256_BYTES, SHA1_BYTES);
    const uint32_t count = piece_manager_proved(torrent->pieces, blame->piece,
                                                blame->sha1s, blame->leaves, guilty);
    ban_all(torrent, guilty, count);
    forget(torrent, blame);
    session_run_soon(torrent);
}

static void take(struct torrent *torrent, struct blame *blame, uint32_t part,
                 const uint8_t *hashes)
{
    const uint32_t from = part * HASH_COUNT_MAX, left = blame->blocks - from;
    memcpy(blame->leaves + (size_t)from * SHA256_BYTES, hashes,
           (size_t)(left < HASH_COUNT_MAX ? left : HASH_COUNT_MAX) * SHA256_BYTES);
    blame->here[part] = true;
    for (uint32_t i = 0; i < blame->parts; i++)
        if (!blame->here[i])
            return;
    judge(torrent, blame);
}

static void on_arrived(struct torrent *torrent, struct blame *blame, uint32_t part,
                       struct peer_id_ref peer, const struct hash_request *request,
                       const uint8_t *hashes)
{
    const uint8_t *root =
        metainfo_own(torrent->meta)->piece_roots + (size_t)blame->piece * SHA256_BYTES;
    if (hash_tree_leads_to(request, hashes, root)) {
        if (!blame->here[part])
            take(torrent, blame, part, hashes);
        return;
    }
    torrent_ban_liar(torrent, peer); /* X16: it is proved */
    if (is_asked(blame, peer))
        ask(torrent, blame);
}

bool torrent_on_leaf_hashes(struct torrent *torrent, const struct message *message)
{
    struct hash_request request;
    uint32_t part;
    hash_request_read(message->u.hashes.bytes, &request);
    struct blame *blame =
        torrent->blames != NULL ? find_blame(torrent, &request, &part) : NULL;
    if (blame == NULL)
        return false;
    if (message->type == PEER_HASHES_ARRIVED) {
        on_arrived(torrent, blame, part, message->peer, &request,
                   message->u.hashes.bytes + HASH_REQUEST_BYTES);
    } else if (is_asked(blame, message->peer)) {
        note_refusal(torrent, message->peer);
        ask(torrent, blame);
    }
    set_timer(torrent);
    return true;
}

void torrent_blame_peer_gone(struct torrent *torrent, struct peer_id_ref peer)
{
    struct blame *next;
    if (torrent->blames == NULL)
        return;
    for (struct blame *blame = torrent->blames->first; blame != NULL; blame = next) {
        next = blame->next;
        if (is_asked(blame, peer))
            ask(torrent, blame);
    }
    set_timer(torrent);
}

void torrent_blame_nobody(struct torrent *torrent)
{
    if (torrent->blames == NULL)
        return;
    while (torrent->blames->first != NULL)
        forget(torrent, torrent->blames->first);
    loop_timer_cancel(torrent->session->loop, &torrent->blames->timer);
    free(torrent->blames);
    torrent->blames = NULL;
}
