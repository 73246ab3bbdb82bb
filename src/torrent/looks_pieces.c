/* Looks at the pieces and files of a torrent. */
#include "piece/piece_manager.h"
#include "torrent/looks.h"
#include "torrent/session_private.h"

/* ---- pieces ---- */

uint32_t torrent_get_pieces(struct session *session, struct torrent_id id, uint32_t first,
                            uint32_t count, uint8_t *ret_states,
                            uint16_t *ret_availability)
{
    const struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL || first >= torrent->meta->piece_count)
        return 0;
    if (count > torrent->meta->piece_count - first)
        count = torrent->meta->piece_count - first;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t piece = first + i;
        if (ret_states != NULL) /* the two enumerations are one list */
            ret_states[i] = (uint8_t)piece_manager_phase(torrent->pieces, piece);
        if (ret_availability != NULL) {
            const uint32_t copies = piece_manager_availability(torrent->pieces, piece);
            ret_availability[i] = copies > UINT16_MAX ? UINT16_MAX : (uint16_t)copies;
        }
    }
    return count;
}

uint32_t torrent_get_piece_map(struct session *session, struct torrent_id id,
                               uint32_t first, uint32_t per_cell, uint32_t count,
                               bool with_least, struct piece_cell *ret_cells)
{
    const struct torrent *torrent = session_torrent(session, id);
    uint32_t cells = 0;
    if (torrent == NULL || per_cell == 0)
        return 0;
    const uint32_t pieces = torrent->meta->piece_count;
    for (; cells < count && first < pieces; cells++) {
        struct piece_cell *cell = &ret_cells[cells];
        const uint32_t left = pieces - first;
        *cell = (struct piece_cell){.pieces = left < per_cell ? left : per_cell};
        piece_manager_count_phases(torrent->pieces, first, cell->pieces, cell->states);
        if (with_least)
            cell->least =
                piece_manager_least_availability(torrent->pieces, first, cell->pieces);
        first += cell->pieces;
    }
    return cells;
}

bool torrent_get_piece(struct session *session, struct torrent_id id, uint32_t index,
                       struct piece_info *ret_piece)
{
    const struct torrent *torrent = session_torrent(session, id);
    struct piece_progress progress;
    if (torrent == NULL || index >= torrent->meta->piece_count)
        return false;
    const struct metainfo *meta = torrent->meta;
    const uint32_t bytes = metainfo_piece_length(meta, index);
    const uint64_t begin = (uint64_t)index * meta->piece_bytes;
    piece_manager_get_progress(torrent->pieces, index, &progress);
    *ret_piece = (struct piece_info){
        .index = index,
        .bytes = bytes,
        .state = (enum piece_state)piece_manager_phase(torrent->pieces, index),
        .blocks = progress.blocks,
        .blocks_arrived = progress.arrived,
        .blocks_requested = progress.requested,
        .availability = piece_manager_availability(torrent->pieces, index),
        .first_file = metainfo_file_at(meta, begin),
        .last_file = metainfo_file_at(meta, begin + bytes - 1),
    };
    return true;
}

/* ---- files ---- */

uint32_t torrent_file_count(struct session *session, struct torrent_id id)
{
    const struct torrent *torrent = session_torrent(session, id);
    return torrent != NULL ? torrent->meta->file_count : 0;
}

/* Verified bytes of a file: whole pieces inside it, and its share of those at its edges.
 */
static uint64_t file_done(const struct torrent *torrent, const struct metainfo_file *file)
{
    const struct bitfield *have = piece_manager_have(torrent->pieces);
    const uint64_t piece_bytes = torrent->meta->piece_bytes;
    if (file->length == 0)
        return 0;
    const uint64_t end = file->offset + file->length;
    const uint32_t first = (uint32_t)(file->offset / piece_bytes);
    const uint32_t last = (uint32_t)((end - 1) / piece_bytes);
    if (first == last)
        return bitfield_get(have, first) ? file->length : 0;
    uint64_t done =
        (uint64_t)bitfield_count_range(have, first + 1, last - first - 1) * piece_bytes;
    if (bitfield_get(have, first))
        done += (first + 1) * piece_bytes - file->offset;
    if (bitfield_get(have, last))
        done += end - last * piece_bytes;
    return done;
}

bool torrent_get_file(struct session *session, struct torrent_id id, uint32_t number,
                      struct file_info *ret_file)
{
    const struct torrent *torrent = session_torrent(session, id);
    if (torrent == NULL || number >= torrent->meta->file_count)
        return false;
    const struct metainfo_file *file = &torrent->meta->files[number];
    *ret_file = (struct file_info){
        .path = metainfo_file_path(torrent->meta, number),
        .bytes = file->length,
        .done_bytes = file_done(torrent, file),
        .pad = file->pad,
        .priority = torrent->priorities != NULL ? torrent->priorities[number] : 0,
        .wanted = !file->pad && (torrent->unwanted == NULL || !torrent->unwanted[number]),
    };
    return true;
}
