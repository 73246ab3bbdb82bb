/*
 * The screen: lays out header, list, details and footer on a canvas by its size, gives
 * keys to the place that has them, and draws a frame when a message or a key changed
 * something that is visible: at once for a key, at most ten times a second for data, and
 * never otherwise. It knows no terminal: an output shows its canvas. Loop thread.
 */
#ifndef BTTUI_UI_SCREEN_H
#define BTTUI_UI_SCREEN_H

#include "ui/canvas.h"
#include "ui/keymap.h"
#include "ui/keys.h"

#include <stdbool.h>

struct screen;

/* Where frames go; the tests' is made of nothing. Each may be NULL. */
struct screen_output {
    bool (*is_ready)(void *context); /* false: screen_ready is called when it is */
    void (*present)(void *context, const struct canvas *canvas);
    void (*redraw)(void *context);  /* the next frame is sent whole (^L) */
    void (*suspend)(void *context); /* ^Z */
    /* LENGTH bytes of harmless UTF-8 to the terminal's clipboard; false: not now, or it
     * has none. */
    bool (*copy)(void *context, const char *text, size_t length);
    void *context;
};

struct screen_config {
    struct loop *loop;
    struct session *session;
    bool ascii;
    const struct keymap *keymap; /* copied; NULL: the keys of the start */
    int width, height;
    struct screen_output output;
    /* Reads the settings again. MESSAGE becomes what came of it, in words, and may be
     * told already; false: nothing. NULL: there are none. */
    bool (*on_settings)(void *context, char *message, size_t size);
    void (*on_quit)(void *context);      /* the user wants the program to end */
    void (*on_interrupt)(void *context); /* ^C */
    void *context;
};

struct screen *screen_new(const struct screen_config *config); /* NULL: out of memory */
void screen_free(struct screen *screen);

void screen_resize(struct screen *screen, int width, int height);
void screen_set_ascii(struct screen *screen, bool ascii);
void screen_set_keymap(struct screen *screen, const struct keymap *keymap);
void screen_key(struct screen *screen, const struct key_event *event);
void screen_ready(struct screen *screen);
/* Says so in the footer, and takes no more keys but ^C: the session is stopping. */
void screen_show_ending(struct screen *screen);

/* Draws now, whatever the pace. The canvas lives as long as the screen. */
void screen_draw(struct screen *screen);
const struct canvas *screen_canvas(const struct screen *screen);
uint64_t screen_frames(const struct screen *screen); /* drawn so far */

#endif
