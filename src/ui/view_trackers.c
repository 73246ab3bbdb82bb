/*
 * The trackers of the selected torrent: how each is doing, when it is asked next, and its
 * own words. Counts down once a second, only while it shows.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/view_trackers_private.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells ---- */

static const struct {
    const char *text;
    uint16_t style;
} states[] = {
    /* L10N: states of a tracker */
    [TRACKER_STATE_IDLE] = {N_("not asked"), STYLE_DIM},
    [TRACKER_STATE_WORKING] = {N_("asking"), STYLE_ACCENT},
    [TRACKER_STATE_OK] = {N_("answered"), STYLE_GOOD},
    [TRACKER_STATE_FAILED] = {N_("failed"), STYLE_BAD},
    [TRACKER_STATE_DISABLED] = {N_("off"), STYLE_DIM},
};

static void draw_tier(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    cell_number(cell, STYLE_DIM, (uint64_t)row->tracker.tier + 1);
}

static void draw_url(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    pane_text(cell, 0, 0, STYLE_NORMAL, row->url);
}

static void draw_state(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    pane_text(cell, 0, 0, states[row->tracker.state].style,
              _(states[row->tracker.state].text));
}

static void draw_message(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    pane_text(cell, 0, 0,
              row->tracker.state == TRACKER_STATE_FAILED ? STYLE_BAD : STYLE_DIM,
              row->message);
}

static void draw_last(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    if (row->tracker.last_s != UINT64_MAX)
        cell_duration(cell, STYLE_DIM, row->tracker.last_s);
}

static void draw_next(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    if (row->tracker.state == TRACKER_STATE_WORKING)
        pane_text_right(cell, 0, STYLE_ACCENT, _("now"));
    else if (row->tracker.next_s != UINT64_MAX)
        cell_duration(cell, STYLE_NORMAL, row->tracker.next_s);
}

static void draw_count(struct pane cell, uint32_t count)
{
    if (count != UINT32_MAX)
        cell_number(cell, STYLE_NORMAL, count);
}

static void draw_seeds(void *context, const void *line, struct pane cell)
{
    (void)context;
    draw_count(cell, ((const struct tracker_row *)line)->tracker.seeds);
}

static void draw_leechers(void *context, const void *line, struct pane cell)
{
    (void)context;
    draw_count(cell, ((const struct tracker_row *)line)->tracker.leechers);
}

static void draw_downloads(void *context, const void *line, struct pane cell)
{
    (void)context;
    draw_count(cell, ((const struct tracker_row *)line)->tracker.downloads);
}

static void draw_given(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    if (row->tracker.last_s != UINT64_MAX)
        cell_number(cell, STYLE_NORMAL, row->tracker.peers_given);
}

/* ---- order ---- */

#define COMPARE(name, member)                                                            \
    static int compare_##name(const void *a, const void *b)                              \
    {                                                                                    \
        return compare_u64(((const struct tracker_row *)a)->tracker.member,              \
                           ((const struct tracker_row *)b)->tracker.member);             \
    }
COMPARE(tier, tier)
COMPARE(state, state)
COMPARE(last, last_s)
COMPARE(next, next_s)
/* What is not told (the largest number) comes first going up, last going down. */
COMPARE(seeds, seeds + 1)
COMPARE(leechers, leechers + 1)
COMPARE(given, peers_given)

static int compare_url(const void *a, const void *b)
{
    return strcmp(((const struct tracker_row *)a)->url,
                  ((const struct tracker_row *)b)->url);
}

#define NUMBER .align = TABLE_RIGHT, .descending = true
static const struct table_column columns[] = {
    {.name = "tier",
     .title = N_("Tier"),
     .help = N_("Trackers of the first tier are asked first."),
     .width = 4,
     .priority = 5,
     .align = TABLE_RIGHT,
     .compare = compare_tier,
     .draw = draw_tier},
    {.name = "url",
     .title = N_("Tracker"),
     .help = N_("Its address; a secret key in it is hidden."),
     .width = 14,
     .stretch = 1,
     .compare = compare_url,
     .draw = draw_url},
    {.name = "state",
     .title = N_("State"),
     .help = N_("How the last announce went."),
     .width = 9,
     .priority = 1,
     .compare = compare_state,
     .draw = draw_state},
    {.name = "next",
     .title = N_("Next"),
     .help = N_("When it is asked again."),
     .width = 6,
     .priority = 2,
     .align = TABLE_RIGHT,
     .compare = compare_next,
     .draw = draw_next},
    {.name = "last",
     .title = N_("Last"),
     .help = N_("How long ago it answered."),
     .width = 6,
     .priority = 6,
     .align = TABLE_RIGHT,
     .compare = compare_last,
     .draw = draw_last},
    {.name = "peers",
     .title = N_("Peers"),
     .help = N_("How many peers it named in its last answer."),
     .width = 6,
     .priority = 3,
     NUMBER,
     .compare = compare_given,
     .draw = draw_given},
    {.name = "seeds",
     .title = N_("Seeds"),
     .help = N_("Complete peers that it knows."),
     .width = 6,
     .priority = 4,
     NUMBER,
     .compare = compare_seeds,
     .draw = draw_seeds},
    {.name = "leechers",
     .title = N_("Leech"),
     .help = N_("Peers that it knows which are not complete."),
     .width = 6,
     .priority = 7,
     NUMBER,
     .compare = compare_leechers,
     .draw = draw_leechers},
    {.name = "downloads",
     .title = N_("Downl."),
     .help = N_("How many completed the torrent, as it counts."),
     .width = 6,
     .priority = 9,
     NUMBER,
     .draw = draw_downloads},
    {.name = "message",
     .title = N_("Its words"),
     .help = N_("What it said, or what failed; in full under the table."),
     .width = 24,
     .stretch = 1,
     .priority = 8,
     .draw = draw_message},
};

static void match_text(void *context, const void *line, char *ret_text, size_t size)
{
    const struct tracker_row *row = line;
    (void)context;
    snprintf(ret_text, size, "%s %s %s", row->url, _(states[row->tracker.state].text),
             row->message);
}

static const struct table_class table_class = {
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .row_size = sizeof(struct tracker_row),
    .match_text = match_text,
    .sort_column = -1,
};

/* ---- life ---- */

static bool trackers_init(void *state, struct view_context *context)
{
    struct trackers *trackers = state;
    (void)context;
    trackers->table = table_new(&table_class, NULL);
    return trackers->table != NULL;
}

static void trackers_done(void *state)
{
    struct trackers *trackers = state;
    table_free(trackers->table);
    free(trackers->rows);
}

/* How many of COUNT rows there is room for. */
static uint32_t make_room(struct trackers *trackers, uint32_t count)
{
    if (count <= trackers->capacity)
        return count;
    struct tracker_row *rows = realloc(trackers->rows, count * sizeof *rows);
    if (rows == NULL)
        return trackers->capacity;
    trackers->rows = rows;
    trackers->capacity = count;
    return count;
}

static uint32_t fill(struct trackers *trackers, struct view_context *context)
{
    const uint32_t all =
        make_room(trackers, torrent_tracker_count(context->session, context->torrent));
    uint32_t count = 0;
    for (; count < all; count++) {
        struct tracker_row *row = &trackers->rows[count];
        if (!torrent_get_tracker(context->session, context->torrent, count,
                                 &row->tracker))
            break;
        row->id = (uint64_t)row->tracker.id + 1;
        snprintf(row->url, sizeof row->url, "%s", row->tracker.url);
        snprintf(row->message, sizeof row->message, "%s", row->tracker.message);
    }
    return count;
}

static void trackers_recalc(void *state, struct view_context *context)
{
    struct trackers *trackers = state;
    struct torrent_info info;
    bool counts_down = trackers->all;
    trackers->has_torrent = torrent_get_info(context->session, context->torrent, &info);
    const uint32_t count =
        trackers->all ? tracker_hosts_fill(trackers, context) : fill(trackers, context);
    for (uint32_t i = 0; i < count && !counts_down; i++)
        counts_down = trackers->rows[i].tracker.next_s != UINT64_MAX ||
                      trackers->rows[i].tracker.last_s != UINT64_MAX;
    table_set_rows(trackers->table, trackers->rows, count);
    if (counts_down)
        view_changed_in(context, 1000);
}

/* ---- painting ---- */

static void say_next(const struct tracker_info *tracker, char *ret_words, size_t size)
{
    char last[TEXT_NUMBER_SIZE], next[TEXT_NUMBER_SIZE];
    text_duration(tracker->last_s, last);
    text_duration(tracker->next_s, next);
    if (tracker->state == TRACKER_STATE_WORKING || tracker->next_s == UINT64_MAX)
        snprintf(ret_words, size, "%s", _(states[tracker->state].text));
    else if (tracker->last_s != UINT64_MAX)
        snprintf(ret_words, size, _("answered %s ago; it is asked again in %s"), last,
                 next);
    else
        snprintf(ret_words, size, _("it is asked in %s"), next);
}

/* The tracker under the cursor in full: its address, then its words. */
static void draw_detail(const struct trackers *trackers, struct pane pane)
{
    const struct tracker_row *row = table_current(trackers->table);
    char words[VIEW_TRACKERS_MESSAGE + 64];
    int y = 0;
    if (pane_is_empty(pane) || row == NULL)
        return;
    if (pane.height > 1)
        pane_text(pane, 0, y++, STYLE_STRONG, row->url);
    const uint16_t style = states[row->tracker.state].style;
    if (row->tracker.failures > 1)
        /* L10N: how often a tracker failed in a row, and the last error */
        snprintf(words, sizeof words,
                 ngettext("%u failure: %s", "%u failures in a row, the last: %s",
                          row->tracker.failures),
                 row->tracker.failures, row->message);
    else if (row->message[0] != '\0')
        snprintf(words, sizeof words, "%s", row->message);
    else
        say_next(&row->tracker, words, sizeof words);
    pane_wrap(pane, y, style, words);
}

static void trackers_draw(void *state, struct view_context *context, struct pane pane,
                          bool focused)
{
    const struct trackers *trackers = state;
    (void)context;
    if (table_visible_count(trackers->table) > 0) {
        const struct pane detail =
            view_take_bottom(&pane, pane.height >= 9 ? 3 : 1, pane.height >= 9 ? 5 : 4);
        table_draw(trackers->table, pane, focused);
        draw_detail(trackers, detail);
    } else if (!trackers->has_torrent && !trackers->all) {
        view_draw_empty(pane, _("No torrent is selected."), "");
    } else if (table_count(trackers->table) > 0) {
        view_draw_empty(pane, _("No tracker has the filter's text."),
                        _("Esc shows all again."));
    } else {
        view_draw_empty(pane,
                        trackers->all ? _("No torrent names a tracker.")
                                      : _("The torrent names no trackers."),
                        _("a adds one; in the Peers tab it adds a peer by its address."));
    }
}

static struct table *trackers_table(void *state)
{
    return ((struct trackers *)state)->table;
}

static bool trackers_click(void *state, struct view_context *context, int x, int y)
{
    (void)context;
    return table_click(trackers_table(state), x, y);
}

const struct view_class view_trackers = {
    .name = "trackers",
    .title = N_("Trackers"),
    .scopes = SCOPE_TRACKERS | SCOPE_TABLE,
    .shows = CHANGED_TRACKERS | CHANGED_STATE,
    .size = sizeof(struct trackers),
    .init = trackers_init,
    .done = trackers_done,
    .recalc = trackers_recalc,
    .draw = trackers_draw,
    .act = tracker_commands_act,
    .click = trackers_click,
    .table = trackers_table,
};
