/*
 * The log: its newest lines, from a level on. Stays at the end while the cursor is there,
 * else where it is; the line under the cursor is told in full.
 */
#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "torrent/session.h"
#include "ui/cells.h"
#include "ui/table.h"
#include "ui/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEVELS (LOG_LEVEL_ERROR + 1)

struct log_row {
    uint64_t id; /* the line's number */
    enum log_level level;
};

struct log_view {
    struct table *table;
    const struct log *log; /* of the session; may be NULL */
    struct log_row *rows;
    uint32_t capacity;
    uint64_t newest; /* as it was listed last */
    enum log_level least, listed_least;
};

static const struct {
    const char *text;
    uint16_t style;
} levels[LEVELS] = {
    /* L10N: levels of log lines; at most 7 cells */
    [LOG_LEVEL_DEBUG] = {N_("debug"), STYLE_DIM},
    [LOG_LEVEL_INFO] = {N_("info"), STYLE_NORMAL},
    [LOG_LEVEL_WARNING] = {N_("warning"), STYLE_WARN},
    [LOG_LEVEL_ERROR] = {N_("error"), STYLE_BAD},
};

/* ---- cells ---- */

static const struct log_line *line_of(const struct log_view *view, const void *row)
{
    return log_get(view->log, ((const struct log_row *)row)->id);
}

/* "2026-01-31 12:34:56", in local time. */
#define TIME_SIZE 32
#define TIME_DATE 11 /* bytes of it before the time of day */
static void format_time(const struct log_line *line, char ret_text[TIME_SIZE])
{
    const time_t seconds = (time_t)line->wall_s;
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL ||
        strftime(ret_text, TIME_SIZE, "%Y-%m-%d %H:%M:%S", &local) <= TIME_DATE)
        snprintf(ret_text, TIME_SIZE, "0000-00-00 00:00:00");
}

static void draw_time(void *context, const void *row, struct pane cell)
{
    const struct log_line *line = line_of(context, row);
    char text[TIME_SIZE];
    if (line == NULL)
        return;
    format_time(line, text);
    pane_text(cell, 0, 0, STYLE_DIM, text + TIME_DATE);
}

static void draw_level(void *context, const void *row, struct pane cell)
{
    const struct log_line *line = line_of(context, row);
    if (line != NULL)
        pane_text(cell, 0, 0, levels[line->level].style, _(levels[line->level].text));
}

static void draw_text(void *context, const void *row, struct pane cell)
{
    const struct log_line *line = line_of(context, row);
    if (line != NULL)
        pane_text(cell, 0, 0, levels[line->level].style, line->text);
}

static const struct table_column columns[] = {
    {.name = "time",
     .title = N_("Time"),
     .help = N_("When it was."),
     .width = 8,
     .priority = 1,
     .draw = draw_time},
    {.name = "level",
     .title = N_("Level"),
     .help = N_("How grave it is."),
     .width = 7,
     .priority = 2,
     .draw = draw_level},
    {.name = "text",
     .title = N_("What happened"),
     .help = N_("The line; in full under the table."),
     .width = 20,
     .stretch = 1,
     .draw = draw_text},
};

static void match_text(void *context, const void *row, char *ret_text, size_t size)
{
    const struct log_line *line = line_of(context, row);
    if (line != NULL)
        snprintf(ret_text, size, "%s", line->text);
}

static const struct table_class table_class = {
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .row_size = sizeof(struct log_row),
    .match_text = match_text,
    .sort_column = -1,
};

/* ---- life ---- */

static bool log_init(void *state, struct view_context *context)
{
    struct log_view *view = state;
    (void)context;
    view->least = LOG_LEVEL_INFO;
    view->table = table_new(&table_class, view);
    return view->table != NULL;
}

static void log_done(void *state)
{
    struct log_view *view = state;
    table_free(view->table);
    free(view->rows);
}

/* ---- rows ---- */

static uint64_t oldest_of(const struct log *log)
{
    uint64_t number = log_newest(log);
    while (number > 0 && log_get(log, number) != NULL)
        number--;
    return number + 1;
}

/* The end is on top when the order is turned round. */
static bool is_at_end(const struct log_view *view)
{
    const uint32_t shown = table_visible_count(view->table);
    const uint32_t end = table_sort_descending(view->table) ? 0 : shown - 1;
    return shown == 0 || table_current(view->table) == table_at(view->table, end);
}

static void list_lines(struct log_view *view)
{
    const uint64_t oldest = oldest_of(view->log), newest = log_newest(view->log);
    const uint32_t most = (uint32_t)(newest + 1 - oldest);
    uint32_t count = 0;
    if (most > view->capacity) {
        struct log_row *rows = realloc(view->rows, most * sizeof *rows);
        if (rows == NULL)
            return;
        view->rows = rows;
        view->capacity = most;
    }
    for (uint64_t number = oldest; number <= newest; number++) {
        const struct log_line *line = log_get(view->log, number);
        if (line != NULL && line->level >= view->least)
            view->rows[count++] = (struct log_row){number, line->level};
    }
    view->newest = newest;
    view->listed_least = view->least;
    table_set_rows(view->table, view->rows, count);
}

static void log_recalc(void *state, struct view_context *context)
{
    struct log_view *view = state;
    view->log = session_log(context->session);
    if (view->log == NULL ||
        (view->newest == log_newest(view->log) && view->listed_least == view->least))
        return;
    const bool follows = is_at_end(view);
    list_lines(view);
    if (follows)
        table_act(view->table,
                  table_sort_descending(view->table) ? ACTION_FIRST : ACTION_LAST);
}

/* ---- painting ---- */

static void draw_note(const struct log_view *view, struct pane pane)
{
    char text[128], from[128];
    if (pane_is_empty(pane))
        return;
    snprintf(text, sizeof text,
             ngettext("%u line", "%u lines", table_visible_count(view->table)),
             table_visible_count(view->table));
    if (view->least > LOG_LEVEL_DEBUG) {
        /* L10N: "12 lines, from level info on" */
        snprintf(from, sizeof from, _("%s, from level %s on"), text,
                 _(levels[view->least].text));
        pane_text_right(pane, 0, STYLE_DIM, from);
    } else {
        pane_text_right(pane, 0, STYLE_DIM, text);
    }
}

static void draw_line(const struct log_view *view, struct pane pane)
{
    const void *row = table_current(view->table);
    const struct log_line *line = row != NULL ? line_of(view, row) : NULL;
    char time[TIME_SIZE], text[1100];
    if (line == NULL || pane_is_empty(pane))
        return;
    format_time(line, time);
    snprintf(text, sizeof text, "%s %s", time, line->text);
    pane_wrap(pane, 0, levels[line->level].style, text);
}

static void draw_empty(const struct log_view *view, struct view_context *context,
                       struct pane pane)
{
    char next[128] = "";
    if (table_filter(view->table)[0] != '\0') {
        view_draw_no_match(context, pane, _("No line has the filter's text."), "back");
        return;
    }
    if (view->least > LOG_LEVEL_DEBUG)
        /* L10N: %s is a key */
        snprintf(next, sizeof next, _("%s shows other levels."),
                 view_key(context, "log-level", (char[KEY_NAME_SIZE]){0}));
    view_draw_empty(pane, _("Nothing has been logged at this level."), next);
}

static void log_draw(void *state, struct view_context *context, struct pane pane,
                     bool focused)
{
    struct log_view *view = state;
    if (table_visible_count(view->table) == 0) {
        draw_empty(view, context, pane);
        return;
    }
    const struct pane note = view_take_bottom(&pane, 1, 5);
    const struct pane full = view_take_bottom(&pane, 2, 7);
    table_draw(view->table, pane, focused);
    draw_line(view, full);
    draw_note(view, note);
}

static bool log_act(void *state, struct view_context *context, enum action action)
{
    struct log_view *view = state;
    (void)context;
    if (action != ACTION_LOG_LEVEL)
        return false;
    view->least = (view->least + 1) % LEVELS;
    return true;
}

static struct table *log_table(void *state)
{
    return ((struct log_view *)state)->table;
}

static bool log_click(void *state, struct view_context *context, int x, int y)
{
    (void)context;
    return table_click(log_table(state), x, y);
}

const struct view_class view_log = {
    .name = "log",
    .title = N_("Log"),
    .scopes = SCOPE_LOG | SCOPE_TABLE,
    .shows = VIEW_SHOWS_LOG,
    .size = sizeof(struct log_view),
    .init = log_init,
    .done = log_done,
    .recalc = log_recalc,
    .draw = log_draw,
    .act = log_act,
    .click = log_click,
    .table = log_table,
};
