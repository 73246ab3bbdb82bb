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
    for (uint32_t i = 0; i < table->count; i++) {
        const void *row = table_row(table, i);
        if ((table->shows == NULL || table->shows(table->context, row)) &&
            table_row_matches(table, row, table->filter))
            table->order[table->shown++] = i;
    }
    sort_shown(table);
    find_cursor(table);
    table->cursor_id = table_current_id(table);
    table_keep_cursor_visible(table);
}
