/* Where pieces are shorter on the wire than they are long (BEP 47, 52). */
#include "base/block_pool.h"
#include "meta/metainfo_private.h"

#include <stdlib.h>

static enum error_code add_tail(struct metainfo *metainfo, uint32_t piece, uint32_t bytes)
{
    const uint32_t count = metainfo->tail_count;
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4 …: as many again */
        struct piece_tail *tails =
            realloc(metainfo->tails, ((size_t)count * 2 + 1) * sizeof *tails);
        if (tails == NULL)
            return ERROR_MEMORY;
        metainfo->tails = tails;
    }
    metainfo->tails[metainfo->tail_count++] = (struct piece_tail){piece, bytes};
    return ERROR_NONE;
}

static enum error_code add_ends_of_files(struct metainfo *metainfo)
{
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < metainfo->file_count && error == ERROR_NONE; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        const uint32_t over = (uint32_t)(file->length % metainfo->piece_bytes);
        if (over == 0)
            continue;
        metainfo->unfetched_bytes += metainfo->piece_bytes - over;
        error = add_tail(
            metainfo, (uint32_t)((file->offset + file->length) / metainfo->piece_bytes),
            over);
    }
    return error;
}

static uint32_t whole_length(const struct metainfo *metainfo, uint32_t piece)
{
    const uint64_t left = metainfo->total_bytes - (uint64_t)piece * metainfo->piece_bytes;
    return left < metainfo->piece_bytes ? (uint32_t)left : metainfo->piece_bytes;
}

/* Blocks at the end of pieces that are nothing but the padding from FROM to TO need not
 * be asked for. A piece of nothing else keeps one: there must be something to fetch. */
static enum error_code leave_out(struct metainfo *metainfo, uint64_t from, uint64_t to)
{
    const uint32_t piece_bytes = metainfo->piece_bytes;
    enum error_code error = ERROR_NONE;
    for (uint32_t piece = (uint32_t)(from / piece_bytes);
         (uint64_t)piece * piece_bytes < to && error == ERROR_NONE; piece++) {
        const uint64_t begin = (uint64_t)piece * piece_bytes;
        const uint32_t length = whole_length(metainfo, piece);
        if (to < begin + length)
            break;
        const uint32_t needed = from > begin ? (uint32_t)(from - begin) : 1;
        const uint32_t blocks = (needed + BLOCK_BYTES - 1) / BLOCK_BYTES;
        if (blocks * (uint64_t)BLOCK_BYTES >= length)
            continue;
        metainfo->unfetched_bytes += length - blocks * BLOCK_BYTES;
        error = add_tail(metainfo, piece, blocks * BLOCK_BYTES);
    }
    return error;
}

static enum error_code leave_padding_out(struct metainfo *metainfo)
{
    uint64_t end = 0; /* of what is no padding */
    enum error_code error = ERROR_NONE;
    for (uint32_t i = 0; i < metainfo->file_count && error == ERROR_NONE; i++) {
        const struct metainfo_file *file = &metainfo->files[i];
        if (file->pad || file->length == 0)
            continue;
        error = leave_out(metainfo, end, file->offset);
        end = file->offset + file->length;
    }
    if (error == ERROR_NONE)
        error = leave_out(metainfo, end, metainfo->total_bytes);
    /* The last piece ends early without padding, too, and where there are tails they are
     * all. */
    const uint32_t last = metainfo->piece_count - 1;
    if (error == ERROR_NONE && metainfo->tail_count > 0 &&
        metainfo->tails[metainfo->tail_count - 1].piece != last &&
        whole_length(metainfo, last) < metainfo->piece_bytes)
        error = add_tail(metainfo, last, whole_length(metainfo, last));
    return error;
}

enum error_code metainfo_find_tails(struct metainfo *metainfo)
{
    return metainfo->v2_only ? add_ends_of_files(metainfo) : leave_padding_out(metainfo);
}
