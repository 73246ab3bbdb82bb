/*
 * The bytes of frames on their way to the terminal: what is appended, and what ncurses
 * writes to a file in memory, in one order. It owns both and knows nothing of what they
 * mean. Without memory bytes are lost. Loop thread.
 */
#ifndef BTTUI_UI_FRAME_BYTES_H
#define BTTUI_UI_FRAME_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct frame_bytes {
    FILE *file; /* in memory: to be written to by others */
    char *bytes;
    size_t length, capacity;
};

/* False: there is no file; frame_bytes_done is due all the same. */
bool frame_bytes_init(struct frame_bytes *frame);
void frame_bytes_done(struct frame_bytes *frame);

void frame_bytes_append(struct frame_bytes *frame, const char *bytes, size_t length);
/* Appends what was written to the file since the last time. */
void frame_bytes_collect(struct frame_bytes *frame);
/* Takes the first TEXT out of the bytes from BEGIN on. */
void frame_bytes_drop(struct frame_bytes *frame, size_t begin, const char *text);
/* All there are: *RET_LENGTH bytes that live until the next call of anything here. */
const char *frame_bytes_take(struct frame_bytes *frame, size_t *ret_length);

#endif
