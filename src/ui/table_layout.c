/* What the user made of a table: the columns' order, which are hidden, how wide they are,
 * and the sorting; and all that as a line of text. */
#include "base/text.h"
#include "ui/table_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_layout_init(const struct table_class *table_class,
                       struct table_layout *ret_layout)
{
    *ret_layout = (struct table_layout){0};
    for (size_t i = 0; i < table_class->column_count; i++)
        ret_layout->at[i] = (uint8_t)i;
}

const struct table_layout *table_get_layout(const struct table *table)
{
    return &table->layout;
}

void table_set_layout(struct table *table, const struct table_layout *layout)
{
    table->layout = *layout;
}

void table_write_look(const struct table *table, char ret_text[TABLE_TEXT_SIZE])
{
    const struct table_class *class = table->class;
    const char *sorted =
        table->sort_column >= 0 ? class->columns[table->sort_column].name : "";
    size_t used =
        (size_t)snprintf(ret_text, TABLE_TEXT_SIZE,
                         "sort=%s%s columns=", table->descending ? "-" : "", sorted);
    for (size_t i = 0; i < class->column_count; i++) {
        const uint8_t column = table->layout.at[i];
        const int8_t extra = table->layout.extra[column];
        char width[8] = "";
        if (extra != 0)
            snprintf(width, sizeof width, ":%d", extra);
        const int more = snprintf(
            ret_text + used, TABLE_TEXT_SIZE - used, "%s%s%s%s", i > 0 ? "," : "",
            table->layout.hidden[column] ? "!" : "", class->columns[column].name, width);
        if (more < 0 || (size_t)more >= TABLE_TEXT_SIZE - used)
            return;
        used += (size_t)more;
    }
}

/* LENGTH bytes of NAME; -1: no such column. */
static int find_column(const struct table_class *class, const char *name, size_t length)
{
    for (size_t i = 0; i < class->column_count; i++)
        if (strlen(class->columns[i].name) == length &&
            memcmp(class->columns[i].name, name, length) == 0)
            return (int)i;
    return -1;
}

static void read_sorting(struct table *table, const char *text, size_t length)
{
    const bool descending = length > 0 && text[0] == '-';
    const char *name = text + descending;
    const int column = find_column(table->class, name, length - descending);
    if (column >= 0 || length == descending)
        table_set_sort(table, column, descending);
}

/* One item of "name,!hidden,wider:4"; counts it if it names a column not named yet. */
static void read_column(const struct table_class *class, const char *item, size_t length,
                        struct table_layout *layout, bool *named, size_t *count)
{
    const bool hidden = length > 0 && item[0] == '!';
    const char *colon = memchr(item, ':', length);
    const size_t end = colon != NULL ? (size_t)(colon - item) : length;
    const int column = find_column(class, item + hidden, end - hidden);
    const long extra = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;
    if (column < 0 || named[column])
        return;
    named[column] = true;
    layout->at[(*count)++] = (uint8_t)column;
    layout->hidden[column] = hidden && class->columns[column].priority > 0;
    if (extra >= TABLE_EXTRA_MIN && extra <= TABLE_EXTRA_MAX)
        layout->extra[column] = (int8_t)extra;
}

static void read_columns(struct table *table, const char *text, size_t length)
{
    struct table_layout layout = {0};
    bool named[TABLE_COLUMNS] = {false};
    size_t count = 0;
    for (size_t at = 0; at < length;) {
        const char *comma = memchr(text + at, ',', length - at);
        const size_t end = comma != NULL ? (size_t)(comma - text) : length;
        read_column(table->class, text + at, end - at, &layout, named, &count);
        at = end + 1;
    }
    for (size_t i = 0; i < table->class->column_count; i++)
        if (!named[i])
            layout.at[count++] = (uint8_t)i;
    table->layout = layout;
}

void table_read_look(struct table *table, const char *text)
{
    while (*text != '\0') {
        const size_t length = strcspn(text, " ");
        if (strncmp(text, "sort=", 5) == 0)
            read_sorting(table, text + 5, length - 5);
        else if (strncmp(text, "columns=", 8) == 0)
            read_columns(table, text + 8, length - 8);
        text += length;
        text += strspn(text, " ");
    }
}
