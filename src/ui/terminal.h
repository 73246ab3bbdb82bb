/*
 * A real terminal: its bytes in become key events, canvases become its bytes out.
 * It has an open file description of its own, so that the shell's stays as it is, and
 * never waits for the terminal: frames go to a queue that is sent as the terminal
 * takes it, and while that is not empty the owner draws no new one. Suspending
 * (SIGTSTP, SIGCONT), size changes and the terminal's end are seen here. The terminal is
 * put back as it was by terminal_free, and by a handler when the process dies of a fatal
 * signal. One at a time in a process. Loop thread.
 */
#ifndef BTTUI_UI_TERMINAL_H
#define BTTUI_UI_TERMINAL_H

#include "loop/loop.h"
#include "ui/canvas.h"
#include "ui/keys.h"

#include <stdbool.h>

struct terminal;

struct terminal_config {
    struct loop *loop;
    const char *path; /* NULL: the terminal of standard output */
    bool ascii;       /* even where the locale has more */
    bool colors;
    key_sink *on_key; /* a paste comes in parts */
    /* Another size, or the screen has to be drawn anew: terminal_size, then present. */
    void (*on_resize)(void *context);
    void (*on_ready)(void *context); /* a frame is wanted after one was held back */
    void (*on_gone)(void *context);  /* it hung up; free it soon */
    void *context;
};

#define TERMINAL_MESSAGE_SIZE 256
/* NULL: MESSAGE tells people why. */
struct terminal *terminal_new(const struct terminal_config *config,
                              char message[TERMINAL_MESSAGE_SIZE]);
/* Waits at most 0.3 s for a terminal that does not read. NULL is ignored. */
void terminal_free(struct terminal *terminal);

void terminal_size(const struct terminal *terminal, int *ret_width, int *ret_height);
/* As in the config, from the next frame on. */
void terminal_set_look(struct terminal *terminal, bool ascii, bool colors);
bool terminal_is_ascii(const struct terminal *terminal);
/* Whether it takes a frame now; if not, on_ready comes when it does. */
bool terminal_is_ready(struct terminal *terminal);
void terminal_present(struct terminal *terminal, const struct canvas *canvas);
/* Sends the next frame whole. */
void terminal_redraw(struct terminal *terminal);
/* Puts LENGTH bytes of TEXT on its clipboard, if it has one and allows that, which it
 * does not tell. False: it has none, or has not taken yet what was sent before. */
bool terminal_copy(struct terminal *terminal, const char *text, size_t length);
/* As ^Z does elsewhere: stops the process's group, which comes back with SIGCONT. */
void terminal_suspend(struct terminal *terminal);

#endif
