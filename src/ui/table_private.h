/* Between table.c, table_order.c and table_draw.c. */
#ifndef BTTUI_UI_TABLE_PRIVATE_H
#define BTTUI_UI_TABLE_PRIVATE_H

#include "ui/table.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

struct table_mark {
    uint64_t id;
    bool seen; /* while marks of rows that went are swept */
    UT_hash_handle hh;
};

struct table {
    const struct table_class *class;
    void *context;
    const char *rows;
    uint32_t count;
    uint32_t *order; /* indexes of the shown rows */
    uint32_t shown, capacity;
    uint32_t cursor, top; /* positions in `order` */
    uint64_t cursor_id;   /* 0: none yet */
    int height;           /* rows in the last pane */
    int headings;         /* rows above them: 0 or 1 */
    struct table_layout layout;
    struct table_fit fit; /* of the last draw */
    int sort_column;
    bool descending;
    bool ranging;
    uint64_t range_id;
    char filter[TABLE_FILTER_SIZE];
    char find[TABLE_FILTER_SIZE]; /* the last filter, for n and N */
    bool (*shows)(void *context, const void *row);
    struct table_mark *marks;
};

const void *table_row(const struct table *table, uint32_t index);
uint64_t table_row_id(const void *row);
/* Which rows are shown, in which order; the cursor stays with its row. */
void table_reorder(struct table *table);
bool table_row_matches(const struct table *table, const void *row, const char *text);
void table_move_to(struct table *table, int64_t position);
void table_keep_cursor_visible(struct table *table);

#endif
