/* Fitting a table's columns to a width, and painting the rows that are visible. */
#include "base/i18n.h"
#include "ui/table_private.h"

#include <assert.h>
#include <string.h>

/* ---- fitting ---- */

static int margin_of(const struct table_class *class)
{
    return class->marks ? 1 : 0;
}

static int least_width(const struct table_class *class, const struct table_fit *fit)
{
    int width = 0;
    for (size_t i = 0; i < class->column_count; i++)
        if (fit->width[i] > 0)
            width += fit->width[i] + (width > 0);
    return width;
}

static int wish_beyond(const struct table_class *class, const struct table_fit *fit,
                       int column)
{
    const int more = class->columns[column].wish - fit->width[column];
    return fit->width[column] > 0 && more > 0 ? more : 0;
}

/* Columns that are only shown when nothing is left to wish for, those of the lowest
 * priority first; the last of them does without its own wish. */
static void drop_luxury(const struct table_class *class, int room, struct table_fit *fit)
{
    for (;;) {
        int wished = least_width(class, fit), worst = -1, luxuries = 0;
        for (int i = 0; i < (int)class->column_count; i++) {
            wished += wish_beyond(class, fit, i);
            if (!class->columns[i].luxury || fit->width[i] == 0)
                continue;
            luxuries++;
            if (worst < 0 || class->columns[i].priority >= class->columns[worst].priority)
                worst = i;
        }
        if (worst < 0 ||
            wished - (luxuries == 1 ? wish_beyond(class, fit, worst) : 0) <= room)
            return;
        fit->width[worst] = 0;
    }
}

/* The column that goes first when there is no room; -1: only those that always stay. */
static int least_wanted(const struct table_class *class, const struct table_fit *fit)
{
    int found = -1;
    for (int i = 0; i < (int)class->column_count; i++)
        if (fit->width[i] > 0 && class->columns[i].priority > 0 &&
            (found < 0 || class->columns[i].priority >= class->columns[found].priority))
            found = i;
    return found;
}

static int grant_wishes(const struct table_class *class, int spare, struct table_fit *fit)
{
    for (size_t i = 0; i < class->column_count; i++) {
        const int more = class->columns[i].wish - fit->width[i];
        const int given = more < spare ? more : spare;
        if (fit->width[i] == 0 || given <= 0)
            continue;
        fit->width[i] += given;
        spare -= given;
    }
    return spare;
}

static void share_out(const struct table_class *class, int spare, struct table_fit *fit)
{
    int shares = 0;
    for (size_t i = 0; i < class->column_count; i++)
        if (fit->width[i] > 0)
            shares += class->columns[i].stretch;
    for (size_t i = 0; i < class->column_count && shares > 0; i++) {
        if (fit->width[i] == 0)
            continue;
        const int part = spare * class->columns[i].stretch / shares;
        fit->width[i] += part;
        spare -= part;
        shares -= class->columns[i].stretch;
    }
}

/* Even what always stays is too wide: stretching columns give way, down to a cell. */
static void squeeze(const struct table_class *class, int missing, struct table_fit *fit)
{
    for (size_t i = 0; i < class->column_count && missing > 0; i++)
        if (class->columns[i].stretch > 0 && fit->width[i] > 1) {
            const int part = fit->width[i] - 1 < missing ? fit->width[i] - 1 : missing;
            fit->width[i] -= part;
            missing -= part;
        }
}

static int own_width(const struct table_class *class, const struct table_layout *layout,
                     size_t column)
{
    if (layout->hidden[column])
        return 0;
    const int width = class->columns[column].width + layout->extra[column];
    return width > 0 ? width : 1;
}

void table_fit(const struct table_class *table_class, const struct table_layout *layout,
               int width, struct table_fit *ret_fit)
{
    const int room = width - margin_of(table_class);
    int leaving;
    assert(table_class->column_count <= TABLE_COLUMNS);
    memset(ret_fit, 0, sizeof *ret_fit);
    for (size_t i = 0; i < table_class->column_count; i++)
        ret_fit->width[i] = own_width(table_class, layout, i);
    drop_luxury(table_class, room, ret_fit);
    while (least_width(table_class, ret_fit) > room &&
           (leaving = least_wanted(table_class, ret_fit)) >= 0)
        ret_fit->width[leaving] = 0;
    const int spare = room - least_width(table_class, ret_fit);
    if (spare >= 0)
        share_out(table_class, grant_wishes(table_class, spare, ret_fit), ret_fit);
    else
        squeeze(table_class, -spare, ret_fit);
    int x = margin_of(table_class);
    for (size_t i = 0; i < table_class->column_count; i++) {
        const uint8_t column = layout->at[i];
        ret_fit->x[column] = x;
        if (ret_fit->width[column] > 0)
            x += ret_fit->width[column] + 1;
    }
}

/* ---- painting ---- */

/* The arrow stands beside the title, on the side where the column is ragged. */
static void draw_heading(const struct table *table, size_t column, struct pane cell)
{
    const struct table_column *look = &table->class->columns[column];
    /* gettext("") is the head of the catalogue. */
    const char *title = look->title[0] != '\0' ? _(look->title) : "";
    const bool sorted = (int)column == table->sort_column && cell.width > 1;
    const uint16_t style =
        (int)column == table->sort_column ? STYLE_SORTED : STYLE_HEADING;
    const enum glyph arrow = table->descending ? GLYPH_SORT_DOWN : GLYPH_SORT_UP;
    if (look->align == TABLE_RIGHT) {
        const struct pane words =
            sorted ? pane_part(cell, 1, 0, cell.width - 1, 1) : cell;
        const int used = pane_text_right(words, 0, style, title);
        if (sorted)
            pane_glyph(cell, cell.width - used - 1, 0, style, arrow);
    } else {
        const int room = sorted ? cell.width - 1 : cell.width;
        const int used = pane_text(pane_part(cell, 0, 0, room, 1), 0, 0, style, title);
        if (sorted)
            pane_glyph(cell, used, 0, style, arrow);
    }
}

static void draw_headings(const struct table *table, struct pane pane)
{
    pane_fill(pane, STYLE_HEADING);
    for (size_t i = 0; i < table->class->column_count; i++)
        if (table->fit.width[i] > 0)
            draw_heading(table, i,
                         pane_part(pane, table->fit.x[i], 0, table->fit.width[i], 1));
}

static void draw_row(const struct table *table, const void *row, struct pane pane)
{
    if (pane.flags != 0)
        pane_fill(pane, STYLE_NORMAL);
    if ((pane.flags & STYLE_MARKED) != 0)
        pane_glyph(pane, 0, 0, STYLE_ACCENT, GLYPH_MARK);
    for (size_t i = 0; i < table->class->column_count; i++)
        if (table->fit.width[i] > 0)
            table->class->columns[i].draw(
                table->context, row,
                pane_part(pane, table->fit.x[i], 0, table->fit.width[i], 1));
}

void table_draw(struct table *table, struct pane pane, bool focused)
{
    if (pane_is_empty(pane))
        return;
    table->headings = pane.height >= 4 ? 1 : 0;
    table->height = pane.height - table->headings;
    table_fit(table->class, &table->layout, pane.width, &table->fit);
    table_keep_cursor_visible(table);
    if (table->headings > 0)
        draw_headings(table, pane_row(pane, 0));
    for (int y = 0; y < table->height; y++) {
        const uint32_t at = table->top + (uint32_t)y;
        const void *row = table_at(table, at);
        uint16_t flags = 0;
        if (row == NULL)
            break;
        if (at == table->cursor)
            flags |= focused ? STYLE_CURSOR : STYLE_CURSOR_OFF;
        if (table_is_marked(table, table_row_id(row)))
            flags |= STYLE_MARKED;
        draw_row(table, row, pane_with(pane_row(pane, y + table->headings), flags));
    }
}
