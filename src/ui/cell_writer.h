/*
 * Turns canvases into the bytes a terminal of a given kind needs to show them: the
 * one component that knows ncurses. It writes to no descriptor of anybody's: ncurses
 * is given a file in memory, whose bytes are handed out, so that a terminal which
 * stops reading never makes it wait. At most one exists at a time (ncurses has one
 * current screen). Loop thread.
 */
#ifndef BTTUI_UI_CELL_WRITER_H
#define BTTUI_UI_CELL_WRITER_H

#include "ui/canvas.h"
#include "ui/theme.h"

#include <stdbool.h>
#include <stddef.h>

struct cell_writer;

enum cell_writer_error {
    CELL_WRITER_OK,
    CELL_WRITER_UNKNOWN, /* no such terminal type */
    CELL_WRITER_DUMB,    /* it cannot move its cursor */
    CELL_WRITER_MEMORY
};

/* TERM and TERMINFO are read from the environment. COLORS: false for none at all. */
enum cell_writer_error cell_writer_new(int width, int height, bool colors,
                                       struct cell_writer **ret_writer);
/* What to tell the user, translated; names TERM. Something else than the writer may have
 * been refused: anything but UNKNOWN and DUMB is out of memory. */
void cell_writer_explain(enum cell_writer_error error, char *ret_message, size_t size);
/* Appends the bytes that leave the full screen; see cell_writer_take. */
void cell_writer_end(struct cell_writer *writer);
void cell_writer_free(struct cell_writer *writer);

enum color_level cell_writer_colors(const struct cell_writer *writer);
/* With colours or without, as in cell_writer_new; the next canvas is sent whole. */
void cell_writer_set_colors(struct cell_writer *writer, bool colors);
/* Adds what differs from the last canvas. */
void cell_writer_present(struct cell_writer *writer, const struct canvas *canvas);
/* The terminal's contents are unknown: the next canvas is sent whole. */
void cell_writer_forget(struct cell_writer *writer);
/* Enters the full screen again after cell_writer_end. */
void cell_writer_begin(struct cell_writer *writer);

/* What has to be sent; the caller takes it: *RET_LENGTH bytes that live until the next
 * call of anything here. */
const char *cell_writer_take(struct cell_writer *writer, size_t *ret_length);

/* The bytes that leave the full screen at once, for a handler of a fatal signal. */
#define CELL_WRITER_RESTORE_SIZE 256
size_t cell_writer_restore_bytes(const struct cell_writer *writer,
                                 char ret_bytes[CELL_WRITER_RESTORE_SIZE]);

#endif
