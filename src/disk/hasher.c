#include "base/digest.h"
#include "disk/disk_private.h"

#include <stdlib.h>
#include <string.h>

/* A piece that comes in several runs: kept by the one worker all of them go to. */
struct disk_piece {
    struct disk_piece *next;
    struct torrent_id torrent;
    uint32_t piece;
    struct digest *digest;
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

static struct disk_piece *begin_piece(struct worker *worker,
                                      const struct message *request)
{
    struct disk_piece *piece = calloc(1, sizeof *piece);
    if (piece == NULL)
        return NULL;
    piece->torrent = request->torrent;
    piece->piece = request->u.run.piece;
    piece->tail = &piece->chain;
    piece->digest = digest_new(DIGEST_SHA1);
    if (piece->digest == NULL) {
        free(piece);
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
    digest_free(piece->digest);
    free(piece->block_sha1s);
    free(piece);
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

static void hash_chain(struct disk_piece *piece, struct block *chain)
{
    *piece->tail = chain;
    for (struct block *block = chain; block != NULL; block = block->next) {
        digest_update(piece->digest, block->bytes, block->length);
        piece->tail = &block->next;
    }
}

static bool keep_digests(struct disk_piece *piece, const struct metainfo *metainfo)
{
    const uint32_t length = metainfo_piece_length(metainfo, piece->piece);
    const size_t blocks = (length + BLOCK_BYTES - 1) / BLOCK_BYTES;
    if (piece->block_sha1s == NULL)
        piece->block_sha1s = calloc(blocks, SHA1_BYTES);
    if (piece->block_sha1s == NULL)
        return false;
    for (const struct block *block = piece->chain; block != NULL; block = block->next)
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
        *error = (struct storage_error){
            ERROR_CORRUPT, 0,
            metainfo_file_at(metainfo, (uint64_t)piece->piece * metainfo->piece_bytes)};
    return right;
}

static bool finish(struct worker *worker, struct disk_piece *piece,
                   struct storage *storage, struct storage_error *error)
{
    uint8_t digest[SHA1_BYTES];
    const struct metainfo *metainfo = storage_metainfo(storage);
    digest_final(piece->digest, digest);
    const bool right =
        memcmp(digest, metainfo->piece_hashes + (size_t)piece->piece * SHA1_BYTES,
               SHA1_BYTES) == 0;
    if (!right || piece->want_digests || piece->block_sha1s != NULL)
        keep_digests(piece, metainfo);
    if (right && piece->chain != NULL &&
        storage_write(storage, piece->piece, piece->written, piece->chain, error) !=
            ERROR_NONE)
        return false;
    if (right && !reads_back(worker, piece, storage, error))
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
                                struct disk_piece **ret_piece)
{
    struct disk_piece *piece =
        *find_piece(worker, request->torrent, request->u.run.piece);
    const bool first = request->u.run.chain->begin == 0;
    if (piece != NULL && first) {
        drop(worker, piece);
        piece = NULL;
    }
    if (piece == NULL && first && (piece = begin_piece(worker, request)) == NULL)
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
        storage != NULL ? piece_of(worker, request, &piece) : ERROR_CANCELLED;
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
