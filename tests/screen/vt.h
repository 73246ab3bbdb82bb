/*
 * A terminal that believes nobody: it takes a program's bytes, knows which sequences the
 * terminfo entry of its kind has for moving, colouring and erasing, and remembers the
 * first byte that is neither text nor one of those. It keeps the cells, too, so that rows
 * can be looked at and counted. Text must be UTF-8 that can be seen: no control, bidi or
 * invisible characters, at most four combining marks a cell, nothing past the right edge.
 */
#ifndef BTTUI_TESTS_SCREEN_VT_H
#define BTTUI_TESTS_SCREEN_VT_H

#include <stdbool.h>
#include <stddef.h>

struct vt;

/* TERM as in the environment; ASCII: text may be nothing else. NULL: no such terminal.
 * The locale must be a UTF-8 one. */
struct vt *vt_new(const char *term, int width, int height, bool ascii);
void vt_free(struct vt *vt);
/* Its contents are gone. */
void vt_resize(struct vt *vt, int width, int height);
void vt_feed(struct vt *vt, const char *bytes, size_t length);

/* What was wrong first, with the bytes before it; "": nothing yet. */
const char *vt_problem(const struct vt *vt);
/* The same of text and cursor outside the screen. That is rightly so for a moment after a
 * change of size: vt_settle forgets it. */
const char *vt_misplaced(const struct vt *vt);
void vt_settle(struct vt *vt);
/* One text for the clipboard may come from now on: OSC 52, base64. */
void vt_expect_copy(struct vt *vt);
/* Its base64; "": it has not come. Lives until the next vt_feed. */
const char *vt_copied(const struct vt *vt);
/* A sequence or a character has begun and not ended. */
bool vt_is_inside(const struct vt *vt);
/* The text of row Y as it is shown; lives until the next call. */
const char *vt_row(struct vt *vt, int y);
/* The modes that a program should leave as they were, "" when they are: "screen" (the
 * other one), "cursor" (hidden), "paste", "mouse". */
const char *vt_modes(struct vt *vt);

#endif
