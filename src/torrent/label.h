/*
 * Labels: one word or a few of the user's own that a torrent can have, for finding and
 * sorting. Clean text, so that it can be shown anywhere. Pure.
 */
#ifndef BTTUI_TORRENT_LABEL_H
#define BTTUI_TORRENT_LABEL_H

#include <stdbool.h>

#define LABEL_CELLS 40
#define LABEL_BYTES 128 /* with NUL */

/* TEXT, sanitised and without blanks at its ends; "" is none. False: too long. */
bool label_read(const char *text, char ret_label[LABEL_BYTES]);

#endif
