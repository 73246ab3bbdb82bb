/* The columns of the trackers. */
#include "base/i18n.h"
#include "ui/cells.h"
#include "ui/view_trackers_private.h"

#include <stdio.h>
#include <string.h>

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

const char *tracker_row_state(enum tracker_state state)
{
    return _(states[state].text);
}

uint16_t tracker_row_style(enum tracker_state state)
{
    return states[state].style;
}

static void draw_tier(void *context, const void *line, struct pane cell)
{
    const struct tracker_row *row = line;
    (void)context;
    if (!row->is_finder)
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

const struct table_class tracker_row_table = {
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .row_size = sizeof(struct tracker_row),
    .match_text = match_text,
    .sort_column = -1,
};
