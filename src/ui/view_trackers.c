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

/* ---- life ---- */

static bool trackers_init(void *state, struct view_context *context)
{
    struct trackers *trackers = state;
    (void)context;
    trackers->table = table_new(&tracker_row_table, NULL);
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

static const char *const finder_names[FINDER_COUNT] = {"DHT", "LSD", "PEX"};

static void say_nodes(const struct finder_info *info, char *ret_words, size_t size)
{
    if (info->trouble != NULL)
        snprintf(ret_words, size, "%s", info->trouble);
    else if (info->nodes == 0)
        snprintf(ret_words, size, "%s", _("no node answers yet"));
    else
        snprintf(ret_words, size,
                 ngettext("%u node answers", "%u nodes answer", info->nodes),
                 info->nodes);
}

static void say_exchange(const struct finder_info *info, char *ret_words, size_t size)
{
    if (info->nodes == 0)
        snprintf(ret_words, size, "%s", _("nobody takes part"));
    else
        snprintf(ret_words, size,
                 ngettext("%u peer takes part", "%u peers take part", info->nodes),
                 info->nodes);
}

/* After the trackers: how else peers are found. */
static uint32_t fill_finders(struct trackers *trackers, struct view_context *context,
                             uint32_t count, uint32_t all)
{
    for (int finder = 0; finder < FINDER_COUNT && count < all; finder++) {
        struct tracker_row *row = &trackers->rows[count];
        struct finder_info info;
        if (!torrent_get_finder(context->session, context->torrent, (enum finder)finder,
                                &info))
            continue;
        *row =
            (struct tracker_row){.id = UINT64_MAX - (uint64_t)finder, .is_finder = true};
        row->tracker = (struct tracker_info){
            .tier = UINT32_MAX,
            .state = info.working                ? TRACKER_STATE_WORKING
                     : info.last_s == UINT64_MAX ? TRACKER_STATE_IDLE
                                                 : TRACKER_STATE_OK,
            .seeds = UINT32_MAX,
            .leechers = UINT32_MAX,
            .downloads = UINT32_MAX,
            .peers_given = info.peers_given,
            .next_s = info.next_s,
            .last_s = info.last_s,
        };
        snprintf(row->url, sizeof row->url, "%s", finder_names[finder]);
        if (finder == FINDER_DHT)
            say_nodes(&info, row->message, sizeof row->message);
        else if (finder == FINDER_PEX)
            say_exchange(&info, row->message, sizeof row->message);
        count++;
    }
    return count;
}

static uint32_t fill(struct trackers *trackers, struct view_context *context)
{
    const uint32_t all =
        make_room(trackers, torrent_tracker_count(context->session, context->torrent) +
                                FINDER_COUNT);
    uint32_t count = 0;
    for (; count < all; count++) {
        struct tracker_row *row = &trackers->rows[count];
        row->is_finder = false;
        if (!torrent_get_tracker(context->session, context->torrent, count,
                                 &row->tracker))
            break;
        row->id = (uint64_t)row->tracker.id + 1;
        snprintf(row->url, sizeof row->url, "%s", row->tracker.url);
        snprintf(row->message, sizeof row->message, "%s", row->tracker.message);
    }
    return fill_finders(trackers, context, count, all);
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
        snprintf(ret_words, size, "%s", tracker_row_state(tracker->state));
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
    const uint16_t style = tracker_row_style(row->tracker.state);
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

static void draw_none(const struct trackers *trackers, const struct view_context *context,
                      struct pane pane)
{
    char next[256];
    /* L10N: each %s is a key */
    snprintf(next, sizeof next,
             _("%s adds one; in the Peers tab %s adds a peer by its address."),
             view_key(context, "tracker-add", (char[KEY_NAME_SIZE]){0}),
             view_key(context, "peer-add", (char[KEY_NAME_SIZE]){0}));
    view_draw_empty(pane,
                    trackers->all ? _("No torrent names a tracker.")
                                  : _("The torrent names no trackers."),
                    next);
}

static void trackers_draw(void *state, struct view_context *context, struct pane pane,
                          bool focused)
{
    const struct trackers *trackers = state;
    if (table_visible_count(trackers->table) > 0) {
        const struct pane detail =
            view_take_bottom(&pane, pane.height >= 9 ? 3 : 1, pane.height >= 9 ? 5 : 4);
        table_draw(trackers->table, pane, focused);
        draw_detail(trackers, detail);
    } else if (!trackers->has_torrent && !trackers->all) {
        view_draw_empty(pane, _("No torrent is selected."), "");
    } else if (table_count(trackers->table) > 0) {
        view_draw_no_match(context, pane, _("No tracker has the filter's text."), "back");
    } else {
        draw_none(trackers, context, pane);
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
