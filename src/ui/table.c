#include "ui/table.h"

#include "ui/table_private.h"

#include <stdlib.h>
#include <string.h>

struct table *table_new(const struct table_class *table_class, void *context)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->class = table_class;
    table->context = context;
    table_layout_init(table_class, &table->layout);
    table->sort_column = table_class->sort_column;
    table->descending =
        table->sort_column >= 0 && table_class->columns[table->sort_column].descending;
    return table;
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    table_unmark_all(table);
    free(table->order);
    free(table);
}

const struct table_class *table_get_class(const struct table *table)
{
    return table->class;
}

/* ---- rows ---- */

static struct table_mark *find_mark(const struct table *table, uint64_t id)
{
    struct table_mark *mark;
    HASH_FIND(hh, table->marks, &id, sizeof id, mark);
    return mark;
}

static void sweep_marks(struct table *table)
{
    struct table_mark *mark, *next;
    if (table->marks == NULL)
        return;
    for (uint32_t i = 0; i < table->count; i++) {
        mark = find_mark(table, table_row_id(table_row(table, i)));
        if (mark != NULL)
            mark->seen = true;
    }
    HASH_ITER(hh, table->marks, mark, next)
    {
        if (!mark->seen) {
            HASH_DEL(table->marks, mark);
            free(mark);
        } else {
            mark->seen = false;
        }
    }
}

void table_set_rows(struct table *table, const void *rows, uint32_t count)
{
    table->rows = rows;
    table->count = count;
    sweep_marks(table);
    table_reorder(table);
}

uint32_t table_window(const struct table *table, uint32_t *ret_first)
{
    const uint32_t rest = table->shown > table->top ? table->shown - table->top : 0;
    *ret_first = table->top;
    return rest < (uint32_t)table->height ? rest : (uint32_t)table->height;
}

uint32_t table_visible_count(const struct table *table)
{
    return table->shown;
}

uint32_t table_count(const struct table *table)
{
    return table->count;
}

const void *table_at(const struct table *table, uint32_t position)
{
    return position < table->shown ? table_row(table, table->order[position]) : NULL;
}

const void *table_current(const struct table *table)
{
    return table_at(table, table->cursor);
}

uint64_t table_current_id(const struct table *table)
{
    const void *row = table_current(table);
    return row != NULL ? table_row_id(row) : 0;
}

bool table_select(struct table *table, uint64_t id)
{
    for (uint32_t at = 0; at < table->shown; at++)
        if (table_row_id(table_at(table, at)) == id) {
            table_move_to(table, at);
            return true;
        }
    return false;
}

/* ---- the cursor ---- */

void table_keep_cursor_visible(struct table *table)
{
    const uint32_t height = table->height > 0 ? (uint32_t)table->height : 1;
    if (table->cursor < table->top)
        table->top = table->cursor;
    else if (table->cursor - table->top >= height)
        table->top = table->cursor - height + 1;
    if (table->top + height > table->shown)
        table->top = table->shown > height ? table->shown - height : 0;
}

static void set_mark(struct table *table, uint64_t id, bool on)
{
    struct table_mark *mark = find_mark(table, id);
    if (on && mark == NULL) {
        mark = calloc(1, sizeof *mark);
        if (mark == NULL)
            return;
        mark->id = id;
        HASH_ADD(hh, table->marks, id, sizeof mark->id, mark);
        if (mark->hh.tbl == NULL)
            free(mark);
    } else if (!on && mark != NULL) {
        HASH_DEL(table->marks, mark);
        free(mark);
    }
}

/* Marks all rows between the range's begin and the cursor. */
static void extend_range(struct table *table)
{
    uint32_t begin = table->cursor;
    for (uint32_t at = 0; at < table->shown; at++)
        if (table_row_id(table_at(table, at)) == table->range_id)
            begin = at;
    const uint32_t first = begin < table->cursor ? begin : table->cursor;
    const uint32_t last = begin < table->cursor ? table->cursor : begin;
    for (uint32_t at = first; at <= last && at < table->shown; at++)
        set_mark(table, table_row_id(table_at(table, at)), true);
}

void table_move_to(struct table *table, int64_t position)
{
    if (position >= table->shown)
        position = (int64_t)table->shown - 1;
    table->cursor = position > 0 ? (uint32_t)position : 0;
    table->cursor_id = table_current_id(table);
    table_keep_cursor_visible(table);
    if (table->ranging)
        extend_range(table);
}

static bool act_move(struct table *table, enum action action)
{
    const int64_t page = table->height > 1 ? table->height - 1 : 1;
    switch (action) {
    case ACTION_UP:
        table_move_to(table, (int64_t)table->cursor - 1);
        return true;
    case ACTION_DOWN:
        table_move_to(table, (int64_t)table->cursor + 1);
        return true;
    case ACTION_PAGE_UP:
        table_move_to(table, (int64_t)table->cursor - page);
        return true;
    case ACTION_PAGE_DOWN:
        table_move_to(table, (int64_t)table->cursor + page);
        return true;
    case ACTION_FIRST:
        table_move_to(table, 0);
        return true;
    case ACTION_LAST:
        table_move_to(table, INT64_MAX);
        return true;
    default:
        return false;
    }
}

/* ---- marks ---- */

uint32_t table_marked_count(const struct table *table)
{
    return HASH_COUNT(table->marks);
}

bool table_is_marked(const struct table *table, uint64_t id)
{
    return find_mark(table, id) != NULL;
}

void table_unmark_all(struct table *table)
{
    struct table_mark *mark, *next;
    HASH_ITER(hh, table->marks, mark, next)
    {
        HASH_DEL(table->marks, mark);
        free(mark);
    }
    table->ranging = false;
}

static bool act_mark(struct table *table, enum action action)
{
    const uint64_t id = table_current_id(table);
    if (!table->class->marks)
        return false;
    switch (action) {
    case ACTION_MARK:
        if (id != 0)
            set_mark(table, id, !table_is_marked(table, id));
        table_move_to(table, (int64_t)table->cursor + 1);
        return true;
    case ACTION_MARK_RANGE:
        table->ranging = !table->ranging && id != 0;
        table->range_id = id;
        if (table->ranging)
            extend_range(table);
        return true;
    case ACTION_MARK_ALL:
        for (uint32_t at = 0; at < table->shown; at++)
            set_mark(table, table_row_id(table_at(table, at)), true);
        return true;
    case ACTION_UNMARK_ALL:
        table_unmark_all(table);
        return true;
    default:
        return false;
    }
}

void table_for_chosen(struct table *table, void (*each)(void *context, const void *row),
                      void *context)
{
    const void *current = table_current(table);
    if (table->marks == NULL) {
        if (current != NULL)
            each(context, current);
        return;
    }
    for (uint32_t at = 0; at < table->shown; at++) {
        const void *row = table_at(table, at);
        if (table_is_marked(table, table_row_id(row)))
            each(context, row);
    }
}

/* ---- filter and find ---- */

void table_set_filter(struct table *table, const char *text)
{
    const size_t length = text != NULL ? strnlen(text, TABLE_FILTER_SIZE - 1) : 0;
    if (length > 0)
        memcpy(table->filter, text, length);
    table->filter[length] = '\0';
    if (length > 0)
        memcpy(table->find, table->filter, length + 1);
    table_reorder(table);
}

const char *table_filter(const struct table *table)
{
    return table->filter;
}

void table_set_predicate(struct table *table,
                         bool (*shows)(void *context, const void *row))
{
    table->shows = shows;
    table_reorder(table);
}

/* The next row from the cursor in direction BY that has the last filter's text. */
static bool act_find(struct table *table, int by)
{
    for (uint32_t step = 1; step <= table->shown; step++) {
        const uint32_t at =
            (table->cursor + (by > 0 ? step : table->shown - step)) % table->shown;
        if (table->find[0] != '\0' &&
            table_row_matches(table, table_at(table, at), table->find)) {
            table_move_to(table, at);
            return true;
        }
    }
    return true;
}

/* ---- sorting ---- */

void table_set_sort(struct table *table, int column, bool descending)
{
    if (column >= 0 && ((size_t)column >= table->class->column_count ||
                        table->class->columns[column].compare == NULL))
        return;
    table->sort_column = column;
    table->descending = descending;
    table_reorder(table);
}

int table_sort_column(const struct table *table)
{
    return table->sort_column;
}

bool table_sort_descending(const struct table *table)
{
    return table->descending;
}

static void sort_by(struct table *table, int column)
{
    table_set_sort(table, column,
                   column >= 0 && table->class->columns[column].descending);
}

/* The next sortable column in direction BY, as they stand; the array's order stands
 * before the first. */
static bool act_sort_step(struct table *table, int by)
{
    const int count = (int)table->class->column_count;
    const struct table_layout *layout = &table->layout;
    int at = -1, column;
    while (table->sort_column >= 0 && layout->at[++at] != table->sort_column)
        ;
    do {
        at += by;
        if (at < -1)
            at = count - 1;
        column = at < 0 || at >= count ? -1 : layout->at[at];
    } while (column >= 0 &&
             (layout->hidden[column] || table->class->columns[column].compare == NULL));
    sort_by(table, column);
    return true;
}

bool table_act(struct table *table, enum action action)
{
    switch (action) {
    case ACTION_FIND_NEXT:
        return act_find(table, 1);
    case ACTION_FIND_PREVIOUS:
        return act_find(table, -1);
    case ACTION_SORT_LEFT:
        return act_sort_step(table, -1);
    case ACTION_SORT_RIGHT:
        return act_sort_step(table, 1);
    case ACTION_SORT_REVERSE:
        table_set_sort(table, table->sort_column, !table->descending);
        return true;
    default:
        return act_move(table, action) || act_mark(table, action);
    }
}

bool table_click(struct table *table, int x, int y)
{
    if (y >= table->headings) {
        const int64_t at = (int64_t)table->top + y - table->headings;
        if (at >= table->shown)
            return false;
        table_move_to(table, at);
        return true;
    }
    for (int i = 0; i < (int)table->class->column_count; i++) {
        const int begin = table->fit.x[i];
        if (table->fit.width[i] == 0 || x < begin || x >= begin + table->fit.width[i] ||
            table->class->columns[i].compare == NULL)
            continue;
        if (i == table->sort_column)
            table_set_sort(table, i, !table->descending);
        else
            sort_by(table, i);
        return true;
    }
    return false;
}
