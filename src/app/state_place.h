/* Where a command finds the user's session. */
#ifndef BTTUI_APP_STATE_PLACE_H
#define BTTUI_APP_STATE_PLACE_H

#include "app/options.h"

/* The state directory that OPTIONS name or the default one; the caller frees. NULL: there
 * is none, which standard error says. */
char *state_place(const struct options *options);

#endif
