#include "ui/torrent_row.h"

#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/limit_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct torrent_info *info_of(const void *row)
{
    return &((const struct torrent_row *)row)->torrent;
}

/* ---- state ---- */

static const struct {
    char letter;
    uint16_t style;
} states[TORRENT_STATE_COUNT] = {
    [TORRENT_STATE_CHECKING] = {'C', STYLE_ACCENT},
    [TORRENT_STATE_METADATA] = {'M', STYLE_WARN},
    [TORRENT_STATE_QUEUED] = {'Q', STYLE_DIM},
    [TORRENT_STATE_DOWNLOADING] = {'D', STYLE_DOWN},
    [TORRENT_STATE_SEEDING] = {'S', STYLE_GOOD},
    [TORRENT_STATE_PAUSED] = {'P', STYLE_DIM},
    [TORRENT_STATE_ERROR] = {'E', STYLE_BAD},
};

const char *const torrent_row_legend[][2] = {
    {"C", N_("its data is being checked")},
    {"M", N_("waits for the torrent's description from peers")},
    {"Q", N_("queued")},
    {"D", N_("downloads")},
    {"S", N_("complete, seeds")},
    {"P", N_("paused")},
    {"E", N_("stopped by an error; the row above the footer says which")},
    {NULL, NULL},
};

static void draw_state(void *context, const void *row, struct pane cell)
{
    const enum torrent_state state = info_of(row)->state;
    (void)context;
    pane_char(cell, 0, 0, states[state].style, (uint32_t)states[state].letter);
}

static int compare_state(const void *a, const void *b)
{
    return (int)info_of(a)->state - (int)info_of(b)->state;
}

/* ---- texts ---- */

static void draw_name(void *context, const void *row, struct pane cell)
{
    (void)context;
    pane_text(cell, 0, 0,
              info_of(row)->state == TORRENT_STATE_PAUSED ? STYLE_DIM : STYLE_NORMAL,
              ((const struct torrent_row *)row)->name);
}

static int compare_name(const void *a, const void *b)
{
    return strcasecmp(((const struct torrent_row *)a)->name,
                      ((const struct torrent_row *)b)->name);
}

static void draw_label(void *context, const void *row, struct pane cell)
{
    (void)context;
    pane_text(cell, 0, 0, STYLE_ACCENT, ((const struct torrent_row *)row)->label_shown);
}

/* Those without come last. */
static int compare_label(const void *a, const void *b)
{
    const char *left = ((const struct torrent_row *)a)->label;
    const char *right = ((const struct torrent_row *)b)->label;
    if (left[0] == '\0' || right[0] == '\0')
        return (left[0] == '\0') - (right[0] == '\0');
    return strcasecmp(left, right);
}

static void draw_reason(void *context, const void *row, struct pane cell)
{
    (void)context;
    pane_text(cell, 0, 0,
              info_of(row)->state == TORRENT_STATE_ERROR ? STYLE_BAD : STYLE_DIM,
              ((const struct torrent_row *)row)->reason);
}

/* ---- numbers ---- */

static void draw_size(void *context, const void *row, struct pane cell)
{
    (void)context;
    cell_bytes(cell, STYLE_NORMAL, info_of(row)->total_bytes);
}

static int compare_size(const void *a, const void *b)
{
    return compare_u64(info_of(a)->total_bytes, info_of(b)->total_bytes);
}

static void draw_done(void *context, const void *row, struct pane cell)
{
    const struct torrent_info *info = info_of(row);
    (void)context;
    if (info->state == TORRENT_STATE_CHECKING)
        cell_percent(cell, info->checked_pieces, info->pieces);
    else if (!info->awaits_metadata) /* of how much it is, is not known */
        cell_percent(cell, info->done_bytes, info->total_bytes);
}

static double part_done(const struct torrent_info *info)
{
    if (info->total_bytes == 0)
        return info->awaits_metadata ? 0 : 1;
    return (double)info->done_bytes / (double)info->total_bytes;
}

static int compare_done(const void *a, const void *b)
{
    const double done_a = part_done(info_of(a)), done_b = part_done(info_of(b));
    return done_a < done_b ? -1 : done_a > done_b;
}

static void draw_down(void *context, const void *row, struct pane cell)
{
    (void)context;
    if (info_of(row)->down_rate > 0)
        cell_rate(cell, STYLE_DOWN, info_of(row)->down_rate);
}

static int compare_down(const void *a, const void *b)
{
    return compare_u64(info_of(a)->down_rate, info_of(b)->down_rate);
}

static void draw_up(void *context, const void *row, struct pane cell)
{
    (void)context;
    if (info_of(row)->up_rate > 0)
        cell_rate(cell, STYLE_UP, info_of(row)->up_rate);
}

static int compare_up(const void *a, const void *b)
{
    return compare_u64(info_of(a)->up_rate, info_of(b)->up_rate);
}

static void draw_eta(void *context, const void *row, struct pane cell)
{
    (void)context;
    if (info_of(row)->state == TORRENT_STATE_DOWNLOADING)
        cell_duration(cell, STYLE_NORMAL, info_of(row)->eta_s);
}

static int compare_eta(const void *a, const void *b)
{
    return compare_u64(info_of(a)->eta_s, info_of(b)->eta_s);
}

static void draw_of(struct pane cell, uint32_t some, uint32_t all)
{
    char text[TEXT_NUMBER_SIZE];
    if (all == UINT32_MAX || all < some) /* a tracker may know less than we see */
        snprintf(text, sizeof text, "%" PRIu32, some);
    else
        snprintf(text, sizeof text, "%" PRIu32 "/%" PRIu32, some, all);
    pane_text_right(cell, 0, some > 0 ? STYLE_NORMAL : STYLE_DIM, text);
}

static void draw_peers(void *context, const void *row, struct pane cell)
{
    (void)context;
    draw_of(cell, info_of(row)->peers_connected, info_of(row)->peers_known);
}

static int compare_peers(const void *a, const void *b)
{
    return compare_u64(info_of(a)->peers_connected, info_of(b)->peers_connected);
}

static void draw_seeds(void *context, const void *row, struct pane cell)
{
    (void)context;
    draw_of(cell, info_of(row)->seeds_connected, info_of(row)->seeds_tracker);
}

static int compare_seeds(const void *a, const void *b)
{
    return compare_u64(info_of(a)->seeds_connected, info_of(b)->seeds_connected);
}

double torrent_row_ratio(const struct torrent_info *torrent)
{
    const uint64_t got =
        torrent->downloaded > 0 ? torrent->downloaded : torrent->total_bytes;
    return got > 0 ? (double)torrent->uploaded / (double)got : 0;
}

static void draw_ratio(void *context, const void *row, struct pane cell)
{
    char text[TEXT_NUMBER_SIZE];
    const double ratio = torrent_row_ratio(info_of(row));
    (void)context;
    snprintf(text, sizeof text, ratio < 100 ? "%.2f" : "%.0f", ratio);
    pane_text_right(cell, 0, ratio >= 1 ? STYLE_GOOD : STYLE_NORMAL, text);
}

static int compare_ratio(const void *a, const void *b)
{
    const double left = torrent_row_ratio(info_of(a));
    const double right = torrent_row_ratio(info_of(b));
    return left < right ? -1 : left > right;
}

static void draw_limits(void *context, const void *row, struct pane cell)
{
    char text[LIMIT_WORDS_SIZE];
    const struct torrent_info *info = info_of(row);
    (void)context;
    if (info->max_down != 0 || info->max_up != 0)
        pane_text_right(cell, 0, STYLE_NORMAL,
                        limit_words(info->max_down, info->max_up, text));
}

static void draw_goal(void *context, const void *row, struct pane cell)
{
    char text[LIMIT_WORDS_SIZE];
    const struct torrent_info *info = info_of(row);
    (void)context;
    if (info->goal.ratio != 0 || info->goal.minutes != 0)
        pane_text_right(cell, 0, STYLE_NORMAL, goal_words(&info->goal, text));
}

static const struct table_column columns[] = {
    {.name = "state",
     .title = "",
     .help = N_("state"),
     .width = 1,
     .priority = 1,
     .compare = compare_state,
     .draw = draw_state},
    {.name = "name",
     .title = N_("Name"),
     .help = N_("the torrent's name"),
     .width = 24,
     .wish = 26, /* with 80 columns the bar has room, too */
     .stretch = 4,
     .compare = compare_name,
     .draw = draw_name},
    {.name = "size",
     .title = N_("Size"),
     .help = N_("bytes of the wanted files"),
     .width = 9,
     .priority = 6,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_size,
     .draw = draw_size},
    {.name = "done",
     .title = N_("Done"),
     .help =
         N_("how much of it is here and verified; while checking, how much is checked"),
     .width = 6,
     .wish = 12,
     .stretch = 1,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_done,
     .draw = draw_done},
    {.name = "down",
     .title = N_("Down"),
     .help = N_("bytes a second that come in"),
     .width = 10,
     .priority = 2,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_down,
     .draw = draw_down},
    {.name = "up",
     .title = N_("Up"),
     .help = N_("bytes a second that go out"),
     .width = 10,
     .priority = 3,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_up,
     .draw = draw_up},
    {.name = "eta",
     .title = N_("Left"),
     .help = N_("time until it is complete, at the present rate"),
     .width = 7,
     .priority = 4,
     .align = TABLE_RIGHT,
     .compare = compare_eta,
     .draw = draw_eta},
    {.name = "peers",
     .title = N_("Peers"),
     .help = N_("connected, of all that are known"),
     .width = 7,
     .priority = 5,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_peers,
     .draw = draw_peers},
    {.name = "seeds",
     .title = N_("Seeds"),
     .help = N_("connected ones, of all that the trackers count"),
     .width = 6,
     .priority = 8,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_seeds,
     .draw = draw_seeds},
    {.name = "ratio",
     .title = N_("Ratio"),
     .help = N_("sent, divided by received"),
     .width = 6,
     .priority = 7,
     .align = TABLE_RIGHT,
     .descending = true,
     .compare = compare_ratio,
     .draw = draw_ratio},
    {.name = "label",
     .title = N_("Label"),
     .help = N_("a word of yours"),
     .width = 10,
     .wish = 14,
     .priority = 10,
     .luxury = true,
     .compare = compare_label,
     .draw = draw_label},
    {.name = "reason",
     .title = N_("Why"),
     .help = N_("why it is as it is"),
     .width = 34,
     .wish = 56,
     .stretch = 3,
     .priority = 9,
     .luxury = true,
     .draw = draw_reason},
    {.name = "limits",
     .title = N_("Limits"),
     .help = N_("its own limits, down and up"),
     .width = 11,
     .priority = 10,
     .luxury = true,
     .align = TABLE_RIGHT,
     .draw = draw_limits},
    {.name = "goal",
     .title = N_("Goal"),
     .help = N_("where seeding ends: a ratio, minutes, and what is done then"),
     .width = 16,
     .priority = 11,
     .luxury = true,
     .align = TABLE_RIGHT,
     .draw = draw_goal},
};

static void match_text(void *context, const void *row, char *ret_text, size_t size)
{
    const struct torrent_row *line = row;
    (void)context;
    snprintf(ret_text, size, "%s %s", line->name, line->label_shown);
}

const struct table_class torrent_row_table = {.columns = columns,
                                              .column_count =
                                                  sizeof columns / sizeof *columns,
                                              .row_size = sizeof(struct torrent_row),
                                              .match_text = match_text,
                                              .sort_column = -1,
                                              .marks = true};

bool torrent_row_reason_says_state(const struct torrent_info *torrent)
{
    const char *state = torrent_state_text(torrent->state);
    return strncmp(torrent->reason, state, strlen(state)) == 0;
}
