#include "tests/unit/ui/fake_session.h"

#include "tests/unit/ui/check_ui.h"
#include "torrent/commands.h"

#include <stdio.h>
#include <string.h>

/* ---- looks ---- */

void fake_session_init(struct session *session)
{
    *session = (struct session){
        .torrent = {.id = {0, 1},
                    .name = "name",
                    .label = "",
                    .download_dir = "/downloads",
                    .state = TORRENT_STATE_DOWNLOADING,
                    .reason = "asking the tracker for peers",
                    .total_bytes = 100 << 20,
                    .pieces = 100,
                    .piece_bytes = 1 << 20,
                    .seeds_tracker = UINT32_MAX,
                    .leechers_tracker = UINT32_MAX,
                    .eta_s = UINT64_MAX,
                    .comment = "",
                    .creator = ""},
        .info = {.free_bytes = UINT64_MAX, .download_dir = "/downloads"},
    };
}

static bool is_there(const struct session *session, struct torrent_id id)
{
    return id.generation != 0 && id.generation == session->torrent.id.generation;
}

uint32_t session_count(const struct session *session)
{
    return is_there(session, session->torrent.id) ? 1 : 0;
}

struct torrent_id session_at(const struct session *session, uint32_t position)
{
    return position == 0 ? session->torrent.id : (struct torrent_id){0};
}

struct log *session_log(struct session *session)
{
    return session->log;
}

void session_get_totals(const struct session *session, struct session_totals *ret_totals)
{
    (void)session;
    *ret_totals = (struct session_totals){UINT64_C(4) << 30, UINT64_C(6) << 30, 90000, 3};
}

void session_get_info(struct session *session, struct session_info *ret_info)
{
    *ret_info = session->info;
}

bool torrent_get_info(struct session *session, struct torrent_id id,
                      struct torrent_info *ret_info)
{
    if (is_there(session, id))
        *ret_info = session->torrent;
    return is_there(session, id);
}

const char *torrent_state_text(enum torrent_state state)
{
    return state == TORRENT_STATE_DOWNLOADING ? "downloading" : "other";
}

uint32_t torrent_get_peers(struct session *session, struct torrent_id id,
                           struct peer_info *ret_peers, uint32_t capacity)
{
    if (!is_there(session, id))
        return 0;
    for (uint32_t i = 0; i < session->peer_count && i < capacity; i++)
        ret_peers[i] = session->peers[i];
    return session->peer_count;
}

uint32_t torrent_get_pieces(struct session *session, struct torrent_id id, uint32_t first,
                            uint32_t count, uint8_t *ret_states,
                            uint16_t *ret_availability)
{
    ck_assert(ret_states != NULL && ret_availability == NULL);
    if (!is_there(session, id) || first >= session->torrent.pieces)
        return 0;
    if (count > session->torrent.pieces - first)
        count = session->torrent.pieces - first;
    memcpy(ret_states, session->states + first, count);
    session->piece_looks += count;
    return count;
}

uint32_t torrent_get_piece_map(struct session *session, struct torrent_id id,
                               uint32_t first, uint32_t per_cell, uint32_t count,
                               bool with_least, struct piece_cell *ret_cells)
{
    uint32_t cells = 0;
    if (!is_there(session, id))
        return 0;
    for (; cells < count && first < session->torrent.pieces; cells++) {
        struct piece_cell *cell = &ret_cells[cells];
        *cell = (struct piece_cell){.least = with_least ? UINT32_MAX : 0};
        for (uint32_t i = 0; i < per_cell && first < session->torrent.pieces; i++) {
            cell->pieces++;
            if (with_least && session->availability[first] < cell->least)
                cell->least = session->availability[first];
            cell->states[session->states[first++]]++;
        }
    }
    return cells;
}

bool torrent_get_piece(struct session *session, struct torrent_id id, uint32_t index,
                       struct piece_info *ret_piece)
{
    if (!is_there(session, id) || index >= session->torrent.pieces)
        return false;
    *ret_piece = session->piece;
    ret_piece->index = index;
    ret_piece->state = session->states[index];
    ret_piece->availability = session->availability[index];
    return true;
}

uint32_t torrent_file_count(struct session *session, struct torrent_id id)
{
    return is_there(session, id) ? session->file_count : 0;
}

bool torrent_get_file(struct session *session, struct torrent_id id, uint32_t file,
                      struct file_info *ret_file)
{
    if (!is_there(session, id) || file >= session->file_count)
        return false;
    *ret_file = session->files[file];
    return true;
}

uint32_t torrent_tracker_count(struct session *session, struct torrent_id id)
{
    return is_there(session, id) ? session->tracker_count : 0;
}

bool torrent_get_tracker(struct session *session, struct torrent_id id, uint32_t tracker,
                         struct tracker_info *ret_tracker)
{
    if (!is_there(session, id) || tracker >= session->tracker_count)
        return false;
    *ret_tracker = session->trackers[tracker];
    return true;
}

bool torrent_get_finder(struct session *session, struct torrent_id id, enum finder finder,
                        struct finder_info *ret_info)
{
    const bool has = finder == FINDER_DHT   ? session->has_dht
                     : finder == FINDER_PEX ? session->has_pex
                                            : false;
    if (!is_there(session, id) || !has)
        return false;
    *ret_info = finder == FINDER_DHT ? session->dht : session->pex;
    return true;
}

uint32_t torrent_get_history(struct session *session, struct torrent_id id,
                             uint32_t *ret_down, uint32_t *ret_up, uint32_t capacity)
{
    (void)id;
    ck_assert_uint_le(session->history, capacity);
    memcpy(ret_down, session->down, session->history * sizeof *ret_down);
    memcpy(ret_up, session->up, session->history * sizeof *ret_up);
    return session->history;
}

/* ---- commands ---- */

static struct fake_command *note(struct session *session, const char *what)
{
    ck_assert_uint_lt(session->command_count, FAKE_COMMANDS);
    struct fake_command *command = &session->commands[session->command_count++];
    *command = (struct fake_command){.what = what};
    return command;
}

#define PEER_COMMAND(function, name)                                                     \
    void function(struct session *session, struct torrent_id id,                         \
                  struct peer_id_ref peer)                                               \
    {                                                                                    \
        ck_assert(is_there(session, id));                                                \
        note(session, name)->number = peer.index;                                        \
    }
PEER_COMMAND(torrent_pause_peer, "pause-peer")
PEER_COMMAND(torrent_resume_peer, "resume-peer")
PEER_COMMAND(torrent_kick_peer, "kick-peer")
PEER_COMMAND(torrent_ban_peer, "ban-peer")

void torrent_put_peer_last(struct session *session, struct torrent_id id,
                           struct peer_id_ref peer, bool last)
{
    struct fake_command *command = note(session, "put-peer-last");
    (void)id;
    command->number = peer.index;
    command->on = last;
}

void torrent_limit_peer(struct session *session, struct torrent_id id,
                        struct peer_id_ref peer, uint64_t max_down, uint64_t max_up)
{
    ck_assert(is_there(session, id));
    struct fake_command *command = note(session, "limit-peer");
    command->number = peer.index;
    command->down = max_down;
    command->up = max_up;
}

void torrent_add_peer(struct session *session, struct torrent_id id,
                      const struct netaddr *address)
{
    ck_assert(is_there(session, id));
    note(session, "add-peer")->address = *address;
}

void torrent_announce(struct session *session, struct torrent_id id)
{
    ck_assert(is_there(session, id));
    note(session, "announce");
}

enum error_code torrent_add_tracker(struct session *session, struct torrent_id id,
                                    const char *url)
{
    ck_assert(is_there(session, id));
    if (strncmp(url, "http://", 7) != 0)
        return ERROR_INVALID;
    for (uint32_t i = 0; i < session->tracker_count; i++)
        if (strcmp(session->trackers[i].url, url) == 0)
            return ERROR_EXISTS;
    struct fake_command *command = note(session, "add-tracker");
    snprintf(command->text, sizeof command->text, "%s", url);
    return ERROR_NONE;
}

char *torrent_get_path(struct session *session, struct torrent_id id)
{
    return is_there(session, id) ? strdup("/downloads/name") : NULL;
}

char *torrent_get_name(struct session *session, struct torrent_id id)
{
    return is_there(session, id) ? strdup("name") : NULL;
}

enum error_code torrent_rename(struct session *session, struct torrent_id id,
                               const char *path, const char *name,
                               char message[SESSION_MESSAGE_SIZE])
{
    ck_assert(is_there(session, id));
    struct fake_command *command = note(session, "rename");
    snprintf(command->text, sizeof command->text, "%s > %s", path, name);
    snprintf(message, SESSION_MESSAGE_SIZE, "it is refused");
    return strcmp(name, "bad") == 0 ? ERROR_NAME : ERROR_NONE;
}

void torrent_remove_tracker(struct session *session, struct torrent_id id,
                            uint32_t tracker)
{
    ck_assert(is_there(session, id));
    note(session, "remove-tracker")->number = tracker;
}

void torrent_step_files_priority(struct session *session, struct torrent_id id,
                                 const uint32_t *files, uint32_t count, int by)
{
    ck_assert(is_there(session, id) && count > 0);
    struct fake_command *command = note(session, by > 0 ? "raise" : "lower");
    command->number = files[0];
    command->count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (files[i] >= session->file_count || session->files[files[i]].pad)
            ck_abort_msg("no such file: %u", files[i]);
        session->files[files[i]].priority += by;
    }
}

void torrent_set_files_wanted(struct session *session, struct torrent_id id,
                              const uint32_t *files, uint32_t count, bool wanted)
{
    ck_assert(is_there(session, id) && count > 0);
    struct fake_command *command = note(session, "files-wanted");
    command->number = files[0];
    command->count = count;
    command->on = wanted;
    for (uint32_t i = 0; i < count; i++) {
        if (files[i] >= session->file_count || session->files[files[i]].pad)
            ck_abort_msg("no such file: %u", files[i]);
        session->files[files[i]].wanted = wanted;
    }
}
