/* Between canvas.c, pane.c and glyph.c. */
#ifndef BTTUI_UI_CANVAS_PRIVATE_H
#define BTTUI_UI_CANVAS_PRIVATE_H

#include "ui/canvas.h"

/* Puts a character of CELLS (1 or 2) that lies inside the canvas wholly. Halves of wide
 * characters that it covers become spaces. */
void canvas_put(struct canvas *canvas, int x, int y, uint16_t style, const char *text,
                size_t length, int cells);
/* Adds a combining mark to the character that ends before column X; no more than four. */
void canvas_add_mark(struct canvas *canvas, int x, int y, const char *text,
                     size_t length);
struct cell *canvas_at(struct canvas *canvas, int x, int y);

#endif
