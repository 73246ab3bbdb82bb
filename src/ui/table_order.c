/* Which rows a table shows, and in which order. */
#include "base/text.h"
#include "ui/table_private.h"

#include <stdlib.h>
#include <string.h>
#include <wctype.h>

const void *table_row(const struct table *table, uint32_t index)
{
    return table->rows + (size_t)index * table->class->row_size;
}

uint64_t table_row_id(const void *row)
{
    uint64_t id;
    memcpy(&id, row, sizeof id);
    return id;
}

/* ---- the filter ---- */

/* The next character with its case gone. A table of 100,000 rows is searched at every
 * letter typed: what is ASCII takes the short way. */
static inline size_t fold(const char *text, size_t length, uint32_t *ret_code)
{
    const uint8_t byte = (uint8_t)text[0];
    if (byte < 0x80) {
        *ret_code = byte >= 'A' && byte <= 'Z' ? byte | 0x20u : byte;
        return 1;
    }
    const size_t used = text_decode(text, length, ret_code);
    *ret_code = (uint32_t)towlower((wint_t)*ret_code);
    return used;
}

static bool begins_with(const char *text, size_t length, const uint32_t *start,
                        size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t code;
        if (at >= length)
            return false;
        at += fold(text + at, length - at, &code);
        if (code != start[i])
            return false;
    }
    return true;
}

static bool contains(const char *text, const char *part)
{
    uint32_t wanted[TABLE_FILTER_SIZE];
    const size_t length = strlen(text), part_length = strlen(part);
    size_t count = 0;
    for (size_t at = 0; at < part_length && count < TABLE_FILTER_SIZE; count++)
        at += fold(part + at, part_length - at, &wanted[count]);
    for (size_t at = 0; at < length && count > 0;) {
        uint32_t code;
        const size_t used = fold(text + at, length - at, &code);
        if (code == wanted[0] && begins_with(text + at, length - at, wanted, count))
            return true;
        at += used;
    }
    return count == 0;
}

bool table_row_matches(const struct table *table, const void *row, const char *text)
{
    char own[1024];
    if (text[0] == '\0' || table->class->match_text == NULL)
        return true;
    own[0] = '\0';
    table->class->match_text(table->context, row, own, sizeof own);
    return contains(own, text);
}

static bool is_shown(const struct table *table, uint32_t index)
{
    const void *row = table_row(table, index);
    return (table->shows == NULL || table->shows(table->context, row)) &&
           table_row_matches(table, row, table->filter);
}

/* ---- the order ---- */

static int compare_indexes(const struct table *table, uint32_t a, uint32_t b)
{
    int order = 0;
    if (table->sort_column >= 0)
        order = table->class->columns[table->sort_column].compare(table_row(table, a),
                                                                  table_row(table, b));
    if (table->descending)
        order = order > 0 ? -1 : order < 0;
    if (order == 0)
        return a < b ? -1 : a > b;
    return order;
}

static int compare_for_qsort(const void *a, const void *b, void *table)
{
    return compare_indexes(table, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void sort_shown(struct table *table)
{
    if (table->sort_column < 0) {
        if (table->descending)
            for (uint32_t i = 0; i < table->shown / 2; i++) {
                const uint32_t other = table->shown - 1 - i, kept = table->order[i];
                table->order[i] = table->order[other];
                table->order[other] = kept;
            }
        return;
    }
    if (table->shown > 1) /* and there is an array */
        qsort_r(table->order, table->shown, sizeof *table->order, compare_for_qsort,
                table);
}

static bool make_room(struct table *table)
{
    if (table->count <= table->capacity)
        return true;
    uint32_t *order = realloc(table->order, (size_t)table->count * sizeof *order);
    if (order == NULL)
        return false;
    table->order = order;
    table->capacity = table->count;
    return true;
}

static void find_cursor(struct table *table)
{
    for (uint32_t at = 0; at < table->shown; at++)
        if (table_row_id(table_row(table, table->order[at])) == table->cursor_id) {
            table->cursor = at;
            return;
        }
    /* Its row went or is hidden: the one that took its place. */
    if (table->cursor >= table->shown)
        table->cursor = table->shown > 0 ? table->shown - 1 : 0;
}

void table_reorder(struct table *table)
{
    table->shown = 0;
    if (!make_room(table))
        return;
    for (uint32_t i = 0; i < table->count; i++)
        if (is_shown(table, i))
            table->order[table->shown++] = i;
    sort_shown(table);
    find_cursor(table);
    table->cursor_id = table_current_id(table);
    table_keep_cursor_visible(table);
}

/* ---- some rows that changed ---- */

static bool comes_before(const struct table *table, uint32_t a, uint32_t b)
{
    if (table->sort_column < 0 && table->descending)
        return a > b;
    return compare_indexes(table, a, b) < 0;
}

static void take_out(struct table *table, const uint8_t *changed)
{
    uint32_t kept = 0;
    for (uint32_t at = 0; at < table->shown; at++)
        if ((changed[table->order[at] / 8] >> table->order[at] % 8 & 1) == 0)
            table->order[kept++] = table->order[at];
    table->shown = kept;
}

static void put_in(struct table *table, uint32_t index)
{
    uint32_t low = 0, high = table->shown;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (comes_before(table, table->order[middle], index))
            low = middle + 1;
        else
            high = middle;
    }
    memmove(table->order + low + 1, table->order + low,
            (table->shown - low) * sizeof *table->order);
    table->order[low] = index;
    table->shown++;
}

/* The cursor stays with its row, INDEX, or its place if that is hidden now. */
static void follow(struct table *table, uint32_t index)
{
    uint32_t at = 0;
    while (at < table->shown && table->order[at] != index)
        at++;
    if (at < table->shown)
        table->cursor = at;
    else if (table->cursor >= table->shown)
        table->cursor = table->shown > 0 ? table->shown - 1 : 0;
    table->cursor_id = table_current_id(table);
    table_keep_cursor_visible(table);
}

/* A few are taken out and put in where they belong now: that costs what a few cost, and
 * a pass over the order. */
void table_rows_changed(struct table *table, const uint32_t *changed, uint32_t count)
{
    const uint32_t index =
        table->cursor < table->shown ? table->order[table->cursor] : UINT32_MAX;
    uint8_t *marks = NULL;
    if (count == 0)
        return;
    if (count <= table->count / 8)
        marks = calloc(table->count / 8 + 1, 1);
    if (marks == NULL) {
        table_reorder(table);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        marks[changed[i] / 8] |= (uint8_t)(1 << changed[i] % 8);
    take_out(table, marks);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t bit = (uint8_t)(1 << changed[i] % 8);
        if ((marks[changed[i] / 8] & bit) != 0 && is_shown(table, changed[i]))
            put_in(table, changed[i]);
        marks[changed[i] / 8] &= (uint8_t)~bit; /* it may be named twice */
    }
    free(marks);
    follow(table, index);
}
