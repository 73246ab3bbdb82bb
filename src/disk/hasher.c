#include "base/merkle.h"
#include "disk/disk_private.h"

#include <stdlib.h>
#include <string.h>

/* A piece that comes in several runs: kept by the one worker all of them go to. */
struct disk_piece {
    struct disk_piece *next;
    struct torrent_id torrent;
    uint32_t piece;
    struct digest *digest;       /* v1; NULL: there is none to compare with */
    uint8_t *leaves;             /* v2: SHA256_BYTES a block; NULL: none */
    struct piece_tree tree;      /* v2 */
    uint32_t hashed;             /* bytes from the start */
    struct block *chain, **tail; /* hashed, not yet written */
    uint32_t written;            /* bytes from the start that were written early */
    uint8_t *block_sha1s;        /* of blocks written early; NULL: none were */
    bool want_digests;
};

static struct disk_piece **find_piece(struct worker *worker, struct torrent_id torrent,
                                      uint32_t piece)
{
    struct disk_piece **at = &worker->pieces;
    while (*at != NULL &&
           ((*at)->piece != piece || (*at)->torrent.index != torrent.index ||
            (*at)->torrent.generation != torrent.generation))
        at = &(*at)->next;
    return at;
}

static bool init_digests(struct disk_piece *piece, const struct metainfo *metainfo)
{
    if (metainfo->piece_hashes != NULL &&
        (piece->digest = digest_new(DIGEST_SHA1)) == NULL)
        return false;
    if (metainfo->piece_roots == NULL)
        return true;
    piece->tree = metainfo_piece_tree(metainfo, piece->piece);
    piece->leaves =
        calloc((piece->tree.bytes + BLOCK_BYTES - 1) / BLOCK_BYTES, SHA256_BYTES);
    return piece->leaves != NULL;
}

static void free_piece(struct disk_piece *piece)
{
    digest_free(piece->digest);
    free(piece->leaves);
    free(piece->block_sha1s);
    free(piece);
}

static struct disk_piece *begin_piece(struct worker *worker,
                                      const struct message *request,
                                      const struct storage *storage)
{
    struct disk_piece *piece = calloc(1, sizeof *piece);
    if (piece == NULL)
        return NULL;
    piece->torrent = request->torrent;
    piece->piece = request->u.run.piece;
    piece->tail = &piece->chain;
    if (!init_digests(piece, storage_metainfo(storage))) {
        free_piece(piece);
        return NULL;
    }
    piece->next = worker->pieces;
    worker->pieces = piece;
    return piece;
}

/* Frees what is not a block. */
static void end_piece(struct worker *worker, struct disk_piece *piece)
{
    *find_piece(worker, piece->torrent, piece->piece) = piece->next;
    free_piece(piece);
}

static void give_back(struct worker *worker, struct torrent_id torrent, uint32_t piece,
                      struct block *chain)
{
    const struct message response = {
        .type = DISK_BLOCKS_BACK,
        .torrent = torrent,
        .u.run = {.chain = chain, .piece = piece},
    };
    disk_respond(worker->manager, &response);
}

static void respond_error(struct worker *worker, const struct disk_piece *piece,
                          const struct storage_error *error)
{
    const struct message response = {
        .type = DISK_ERROR,
        .torrent = piece->torrent,
        .u.disk_error = {.chain = piece->chain,
                         .piece = piece->piece,
                         .file = error->file,
                         .error = error->code,
                         .errno_value = error->errno_value,
                         .writing = true},
    };
    disk_respond(worker->manager, &response);
}

/* What comes after the end of a v2 file is zeros whoever sent it: a peer must not be able
 * to make the two halves of a hybrid disagree. */
static void hash_leaf(struct disk_piece *piece, struct block *block)
{
    const uint32_t left =
        block->begin < piece->tree.bytes ? piece->tree.bytes - block->begin : 0;
    const uint32_t length = left < block->length ? left : block->length;
    if (length > 0)
        digest_sha256(block->bytes, length,
                      piece->leaves +
                          (size_t)(block->begin / BLOCK_BYTES) * SHA256_BYTES);
    memset(block->bytes + length, 0, block->length - length);
}

static void hash_chain(struct disk_piece *piece, struct block *chain)
{
    *piece->tail = chain;
    for (struct block *block = chain; block != NULL; block = block->next) {
        if (piece->leaves != NULL)
            hash_leaf(piece, block);
        if (piece->digest != NULL)
            digest_update(piece->digest, block->bytes, block->length);
        piece->hashed = block->begin + block->length;
        piece->tail = &block->next;
    }
}

/* Blocks that are told from each other by their digests, by v2's leaves if there are: as
 * much of those as a SHA-1 is long. */
static bool keep_digests(struct disk_piece *piece, const struct metainfo *metainfo)
{
    const uint32_t length = metainfo_piece_length(metainfo, piece->piece);
    const size_t blocks = (length + BLOCK_BYTES - 1) / BLOCK_BYTES;
    if (piece->block_sha1s == NULL)
        piece->block_sha1s = calloc(blocks, SHA1_BYTES);
    if (piece->block_sha1s == NULL)
        return false;
    for (size_t i = 0; piece->leaves != NULL && i * BLOCK_BYTES < piece->tree.bytes; i++)
        memcpy(piece->block_sha1s + i * SHA1_BYTES, piece->leaves + i * SHA256_BYTES,
               SHA1_BYTES);
    for (const struct block *block = piece->leaves == NULL ? piece->chain : NULL;
         block != NULL; block = block->next)
        digest_sha1(block->bytes, block->length,
                    piece->block_sha1s +
                        (size_t)(block->begin / BLOCK_BYTES) * SHA1_BYTES);
    return true;
}

/* A piece larger than the pool cannot wait for its last block: what is hashed is written,
 * claimed only when the whole was right. */
static bool write_early(struct worker *worker, struct disk_piece *piece,
                        struct storage *storage, struct storage_error *error)
{
    if (piece->chain == NULL || !keep_digests(piece, storage_metainfo(storage)))
        return true;
    if (storage_write(storage, piece->piece, piece->written, piece->chain, error) !=
        ERROR_NONE)
        return false;
    for (const struct block *block = piece->chain; block != NULL; block = block->next)
        piece->written += block->length;
    give_back(worker, piece->torrent, piece->piece, piece->chain);
    piece->chain = NULL;
    piece->tail = &piece->chain;
    return true;
}

static uint32_t piece_file(const struct metainfo *metainfo,
                           const struct disk_piece *piece)
{
    return metainfo_file_at(metainfo, (uint64_t)piece->piece * metainfo->piece_bytes);
}

/* --verify-writes: what memory or the disk changed on the way shows here, or never. */
static bool reads_back(struct worker *worker, const struct disk_piece *piece,
                       struct storage *storage, struct storage_error *error)
{
    const struct metainfo *metainfo = storage_metainfo(storage);
    if (!worker->manager->config.verify_writes)
        return true;
    if (storage_drop_cached(storage, piece->piece,
                            metainfo_piece_length(metainfo, piece->piece),
                            error) != ERROR_NONE)
        return false;
    const bool right = check_hash(worker, storage, piece->piece);
    if (!right)
        *error = (struct storage_error){ERROR_CORRUPT, 0, piece_file(metainfo, piece)};
    return right;
}

/* Padding that was not fetched is hashed all the same. */
static enum piece_verdict judge(struct disk_piece *piece, const struct metainfo *metainfo)
{
    static const uint8_t zeros[4096];
    struct piece_digest digest;
    if (piece->digest != NULL) {
        uint32_t left = metainfo_piece_length(metainfo, piece->piece) - piece->hashed;
        for (uint32_t part; left > 0; left -= part) {
            part = left < sizeof zeros ? left : (uint32_t)sizeof zeros;
            digest_update(piece->digest, zeros, part);
        }
        digest_final(piece->digest, digest.sha1);
    }
    if (piece->leaves != NULL)
        merkle_root(piece->leaves, (piece->tree.bytes + BLOCK_BYTES - 1) / BLOCK_BYTES, 0,
                    piece->tree.levels, digest.root);
    return metainfo_judge_piece(metainfo, piece->piece, &digest);
}

static bool write_right(struct worker *worker, const struct disk_piece *piece,
                        struct storage *storage, struct storage_error *error)
{
    if (piece->chain != NULL && storage_write(storage, piece->piece, piece->written,
                                              piece->chain, error) != ERROR_NONE)
        return false;
    return reads_back(worker, piece, storage, error);
}

static bool finish(struct worker *worker, struct disk_piece *piece,
                   struct storage *storage, struct storage_error *error)
{
    const struct metainfo *metainfo = storage_metainfo(storage);
    const enum piece_verdict verdict = judge(piece, metainfo);
    const bool right = verdict == PIECE_RIGHT;
    if (verdict == PIECE_TORN) {
        *error = (struct storage_error){ERROR_TORN, 0, piece_file(metainfo, piece)};
        return false;
    }
    if (!right || piece->want_digests || piece->block_sha1s != NULL)
        keep_digests(piece, metainfo);
    if (right && !write_right(worker, piece, storage, error))
        return false;
    const struct message response = {
        .type = right ? DISK_VERIFIED : DISK_FAILED_HASH,
        .torrent = piece->torrent,
        .u.verified = {.chain = piece->chain,
                       .block_sha1s = piece->block_sha1s,
                       .piece = piece->piece,
                       .ok = right},
    };
    piece->chain = NULL;
    piece->block_sha1s = NULL;
    disk_respond(worker->manager, &response);
    return true;
}

static void drop(struct worker *worker, struct disk_piece *piece)
{
    give_back(worker, piece->torrent, piece->piece, piece->chain);
    end_piece(worker, piece);
}

/* The piece this run belongs to. A first run begins anew whatever was left of an earlier
 * try; a later run whose beginning failed belongs to nothing any more (NULL and
 * ERROR_NONE).
 */
static enum error_code piece_of(struct worker *worker, const struct message *request,
                                const struct storage *storage,
                                struct disk_piece **ret_piece)
{
    struct disk_piece *piece =
        *find_piece(worker, request->torrent, request->u.run.piece);
    const bool first = request->u.run.chain->begin == 0;
    if (piece != NULL && first) {
        drop(worker, piece);
        piece = NULL;
    }
    if (piece == NULL && first && (piece = begin_piece(worker, request, storage)) == NULL)
        return ERROR_MEMORY;
    *ret_piece = piece;
    return ERROR_NONE;
}

static void refuse(struct worker *worker, const struct message *request,
                   enum error_code code)
{
    const struct storage_error error = {code, 0, 0};
    const struct disk_piece lost = {.torrent = request->torrent,
                                    .piece = request->u.run.piece,
                                    .chain = request->u.run.chain};
    respond_error(worker, &lost, &error);
}

static void take_run(struct worker *worker, struct disk_piece *piece,
                     struct storage *storage, const struct message *request)
{
    struct storage_error error = {ERROR_MEMORY, 0, 0};
    bool fine = true;
    const bool last = request->u.run.last;
    piece->want_digests |= request->u.run.want_digests;
    hash_chain(piece, request->u.run.chain);
    if (last)
        fine = finish(worker, piece, storage, &error);
    else if (request->u.run.write_now)
        fine = write_early(worker, piece, storage, &error);
    if (!fine)
        respond_error(worker, piece, &error);
    if (!fine || last)
        end_piece(worker, piece);
}

void hasher_on_hash(struct worker *worker, struct message *request)
{
    struct disk_piece *piece = NULL;
    struct storage *storage = disk_storage(worker->manager, request->torrent);
    if (storage == NULL)
        hasher_on_drop(worker, request); /* what came before the torrent was closed */
    const enum error_code error =
        storage != NULL ? piece_of(worker, request, storage, &piece) : ERROR_CANCELLED;
    if (error != ERROR_NONE)
        refuse(worker, request, error);
    else if (piece == NULL)
        give_back(worker, request->torrent, request->u.run.piece, request->u.run.chain);
    else
        take_run(worker, piece, storage, request);
    storage_unref(storage);
}

void hasher_on_drop(struct worker *worker, struct message *request)
{
    struct disk_piece *piece =
        *find_piece(worker, request->torrent, request->u.run.piece);
    if (piece != NULL)
        drop(worker, piece);
}

void hasher_done(struct worker *worker)
{
    while (worker->pieces != NULL)
        drop(worker, worker->pieces);
}
