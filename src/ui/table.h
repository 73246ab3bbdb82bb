/*
 * A table of rows that a view owns: columns as records, fitted to the width by
 * priority; sorting, filter, marks and a cursor that stays with its row, by id,
 * when rows come, go or change places. Draws only the visible rows.
 *
 * A view's recalc hands over an array of row records, each beginning with a
 * `uint64_t` id that is unique in the table and stays with the row; the array must live
 * until the next table_set_rows. The table keeps an order of indexes into it.
 */
#ifndef BTTUI_UI_TABLE_H
#define BTTUI_UI_TABLE_H

#include "ui/canvas.h"
#include "ui/keymap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_COLUMNS     24 /* at most */
#define TABLE_FILTER_SIZE 256

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
    const char *name;  /* for settings: "down" */
    const char *title; /* N_("Down") */
    const char *help;  /* N_(): what it shows, for the legend of `?` */
    uint8_t width;     /* least cells, without the gap of one before it */
    uint8_t wish;      /* cells it would like, before any stretch; 0: its width */
    uint8_t stretch;   /* share of the width that is left over; 0: none */
    uint8_t priority;  /* 0: always shown; the highest number goes first when narrow */
    bool luxury;       /* only where all the others have what they wish */
    enum table_align align;
    bool descending; /* large ones first when this column is chosen for sorting */
    /* As qsort's; NULL: not sortable. Ties keep the order of the array. */
    int (*compare)(const void *row_a, const void *row_b);
    /* Paints one cell; CELL is clipped, one row high, blank, and carries the cursor's
     * flags. CONTEXT is the table's. */
    void (*draw)(void *context, const void *row, struct pane cell);
};

struct table_class {
    const struct table_column *columns;
    size_t column_count;
    size_t row_size;
    /* What filter and find look in; NULL: neither. Writes at most SIZE bytes with NUL. */
    void (*match_text)(void *context, const void *row, char *ret_text, size_t size);
    int sort_column; /* at the start; -1: the array's order */
    /* A character before each row for marks; tables without marks save the cell. */
    bool marks;
};

/* What the user made of the columns. */
struct table_layout {
    uint8_t at[TABLE_COLUMNS];   /* the columns from left to right, as class indexes */
    bool hidden[TABLE_COLUMNS];  /* by class index, as the rest */
    int8_t extra[TABLE_COLUMNS]; /* cells more than the class says, or fewer */
};
#define TABLE_EXTRA_MIN (-32)
#define TABLE_EXTRA_MAX 64
#define TABLE_TEXT_SIZE 1024
void table_layout_init(const struct table_class *table_class,
                       struct table_layout *ret_layout);

/* Where each column goes in WIDTH cells: x and width, width 0 for those left out. */
struct table_fit {
    int x[TABLE_COLUMNS];
    int width[TABLE_COLUMNS];
};
void table_fit(const struct table_class *table_class, const struct table_layout *layout,
               int width, struct table_fit *ret_fit);

struct table;

/* CLASS lives as long as the table. NULL: out of memory. */
struct table *table_new(const struct table_class *table_class, void *context);
void table_free(struct table *table);
const struct table_class *table_get_class(const struct table *table);

/* Takes a look at new rows; keeps cursor, marks, scroll by id. */
void table_set_rows(struct table *table, const void *rows, uint32_t count);
/* The same rows and as many, of which COUNT have changed, by their places in the array:
 * only these are looked at again. */
void table_rows_changed(struct table *table, const uint32_t *changed, uint32_t count);
/* Draws headings and rows; remembers the pane's height for paging. FOCUSED: keys come
 * here. */
void table_draw(struct table *table, struct pane pane, bool focused);
/* Moves, marks, sorts, finds: the actions that any table understands. false: not one. */
bool table_act(struct table *table, enum action action);
/* A click into the last drawn pane, relative to its corner: the row gets the cursor, a
 * heading sorts. */
bool table_click(struct table *table, int x, int y);

uint32_t table_visible_count(const struct table *table); /* after the filter */
uint32_t table_count(const struct table *table);
/* The row under the cursor, NULL: the table shows none. */
const void *table_current(const struct table *table);
uint64_t table_current_id(const struct table *table); /* 0 if none */
bool table_select(struct table *table, uint64_t id);  /* false: not shown */
/* The positions that the last draw had room for: how many, from *ret_first on. */
uint32_t table_window(const struct table *table, uint32_t *ret_first);
/* The row shown at POSITION (0 on top of all, scrolled or not), NULL past the end. */
const void *table_at(const struct table *table, uint32_t position);

/* ---- marks ---- */
uint32_t table_marked_count(const struct table *table);
bool table_is_marked(const struct table *table, uint64_t id);
void table_unmark_all(struct table *table);
/* Calls EACH for the marked rows in shown order, or for the current row if none is
 * marked. EACH must not change the table. */
void table_for_chosen(struct table *table, void (*each)(void *context, const void *row),
                      void *context);

/* ---- filter: only rows whose text has it, letters' case ignored ---- */
void table_set_filter(struct table *table, const char *text); /* "" or NULL: all */
const char *table_filter(const struct table *table);
/* A second filter of the view's own (status views); NULL: none. */
void table_set_predicate(struct table *table,
                         bool (*shows)(void *context, const void *row));

/* ---- sorting ---- */
void table_set_sort(struct table *table, int column, bool descending);
/* ---- layout (table_layout.c) ---- */
const struct table_layout *table_get_layout(const struct table *table);
void table_set_layout(struct table *table, const struct table_layout *layout);
/* Sorting and layout as a line of text, to be kept, and back: names that the class does
 * not have are passed over, columns that the text does not name stay at the end. */
void table_write_look(const struct table *table, char ret_text[TABLE_TEXT_SIZE]);
void table_read_look(struct table *table, const char *text);

int table_sort_column(const struct table *table); /* -1: the array's order */
bool table_sort_descending(const struct table *table);

#endif
