/*
 * A line of text that is typed: UTF-8, a cursor, the usual keys of a shell's line,
 * and a history. What is typed or pasted is kept as valid UTF-8 without control
 * characters, at most LINE_EDIT_SIZE - 1 bytes.
 */
#ifndef BTTUI_UI_LINE_EDIT_H
#define BTTUI_UI_LINE_EDIT_H

#include "ui/canvas.h"
#include "ui/keys.h"

#define LINE_EDIT_SIZE    4096
#define LINE_EDIT_HISTORY 32

struct line_history {
    char *lines[LINE_EDIT_HISTORY]; /* oldest first */
    size_t count;
};
void line_history_add(struct line_history *history, const char *line);
void line_history_done(struct line_history *history);

struct line_edit {
    char text[LINE_EDIT_SIZE];
    size_t length;
    size_t cursor;                /* a byte, at a character's border */
    struct line_history *history; /* not owned; may be NULL */
    size_t history_at;            /* == history->count: the line itself */
    char kept[LINE_EDIT_SIZE];    /* the line while history is looked at */
    char cut[LINE_EDIT_SIZE];     /* by ^K ^U ^W, for ^Y */
};

void line_edit_init(struct line_edit *edit, const char *text,
                    struct line_history *history);
enum line_edit_result {
    LINE_EDIT_IGNORED, /* not a key of the line's */
    LINE_EDIT_MOVED,
    LINE_EDIT_CHANGED
};
enum line_edit_result line_edit_key(struct line_edit *edit, uint32_t key);
/* Line ends become spaces, other control characters go. */
void line_edit_insert(struct line_edit *edit, const char *bytes, size_t length);
void line_edit_set(struct line_edit *edit, const char *text);
/* In one row, scrolled so that the cursor is seen; sets the canvas's caret. */
void line_edit_draw(const struct line_edit *edit, struct pane pane);

#endif
