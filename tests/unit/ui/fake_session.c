#include "tests/unit/ui/fake_session.h"

#include "tests/unit/ui/check_ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- looks ---- */

void fake_session_init(struct session *session)
{
    *session = (struct session){
        .torrent = {.id = {0, 1},
                    .name = "name",
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

struct log *session_log(struct session *session)
{
    return session->log;
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

/* ---- the screen ---- */

void view_say(struct view_context *context, uint16_t style, const char *format, ...)
{
    va_list arguments;
    (void)style;
    va_start(arguments, format);
    vsnprintf(context->session->said, sizeof context->session->said, format, arguments);
    va_end(arguments);
}

void view_changed_in(struct view_context *context, uint64_t ms)
{
    context->session->changed_in_ms = ms;
}

void view_ask(struct view_context *context, const struct view_question *question)
{
    context->session->question = *question;
}

void view_confirm(struct view_context *context, const char *text, void *state,
                  void (*on_yes)(void *state, struct view_context *context))
{
    struct session *session = context->session;
    snprintf(session->confirm, sizeof session->confirm, "%s", text);
    session->confirm_state = state;
    session->on_yes = on_yes;
}

const char *view_mask(const struct view_context *context, const char *text,
                      char ret_text[VIEW_MASK_SIZE])
{
    (void)ret_text;
    return context->masked ? "xxx" : text;
}

/* ---- scenes ---- */

void scene_open(struct scene *scene, const struct view_class *class,
                struct session *session, int width, int height, bool ascii)
{
    memset(scene, 0, sizeof *scene);
    clock_virtual_init(&scene->clock, NS_PER_S);
    scene->session = session;
    scene->class = class;
    scene->context = (struct view_context){
        .session = session, .torrent = session->torrent.id, .clock = &scene->clock.clock};
    scene->canvas = canvas_new(width, height, ascii);
    scene->state = calloc(1, class->size);
    ck_assert(class->init(scene->state, &scene->context));
    if (class->torrent != NULL)
        class->torrent(scene->state, &scene->context);
    scene_show(scene);
}

void scene_close(struct scene *scene)
{
    scene->class->done(scene->state);
    free(scene->state);
    canvas_free(scene->canvas);
}

void scene_show(struct scene *scene)
{
    canvas_clear(scene->canvas);
    scene->class->recalc(scene->state, &scene->context);
    scene->class->draw(scene->state, &scene->context, pane_of(scene->canvas), true);
    check_rows(scene->canvas);
}

void scene_resize(struct scene *scene, int width, int height)
{
    ck_assert(canvas_resize(scene->canvas, width, height));
    scene_show(scene);
}

void scene_press(struct scene *scene, uint32_t key)
{
    const enum action action =
        keymap_find(scene->class->scopes | SCOPE_DETAIL | SCOPE_ANY, key);
    scene->session->said[0] = '\0';
    if (!scene->class->act(scene->state, &scene->context, action) &&
        scene->class->table != NULL)
        table_act(scene->class->table(scene->state), action);
    scene_show(scene);
}

int scene_find(const struct scene *scene, const char *text)
{
    for (int y = 0; y < canvas_height(scene->canvas); y++)
        if (strstr(row_text(scene->canvas, y), text) != NULL)
            return y;
    return -1;
}

void scene_print(const struct scene *scene)
{
    for (int y = 0; y < canvas_height(scene->canvas); y++)
        printf("|%s\n", row_text(scene->canvas, y));
}

const struct scene_size scene_sizes[] = {{200, 47}, {120, 37}, {80, 21}, {60, 12},
                                         {30, 6},   {20, 3},   {2, 1},   {1, 50},
                                         {0, 0},    {1000, 2}};
const int scene_size_count = sizeof scene_sizes / sizeof *scene_sizes;

void scene_stand_all_sizes(const struct view_class *class, struct session *session,
                           const uint32_t *keys)
{
    for (int ascii = 0; ascii < 2; ascii++) {
        struct scene scene;
        scene_open(&scene, class, session, 80, 24, ascii != 0);
        for (int i = 0; i < scene_size_count; i++) {
            scene_resize(&scene, scene_sizes[i].width, scene_sizes[i].height);
            for (const uint32_t *key = keys; *key != 0; key++)
                scene_press(&scene, *key);
        }
        scene_close(&scene);
    }
}

const char *const hostile_names[] = {
    "plain",
    "",
    "日本語の名前がとても長いのでどこかで切られるはずです",
    "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 zalgo",
    "\xe2\x80\xaertl\xe2\x80\xac",
    "\x1b]0;title\x07\x1b[31m",
    "a\tb\nc\rd",
    "\xff\xfe bad bytes",
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 family",
    "\xe2\x80\x8b\xe2\x80\x8b\xe2\x80\x8b",
    "a name that is so long that no column of any table can hold it, whatever its width "
    "may be, and then it goes on and on and on and on and on and on and on and on and on",
};
const int hostile_name_count = sizeof hostile_names / sizeof *hostile_names;
