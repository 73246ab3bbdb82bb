/* `bttui import`: another client's session is taken over with its progress. */
#ifndef BTTUI_APP_IMPORT_H
#define BTTUI_APP_IMPORT_H

#include "app/options.h"

enum exit_status import_main(const struct options *options);

/* The INDEXth word that --from takes; NULL: there are no more. */
const char *import_kind_word(int index);

#endif
