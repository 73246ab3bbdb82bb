/* The main job: session, then interface or headless mode, until the end. */
#ifndef BTTUI_APP_RUN_H
#define BTTUI_APP_RUN_H

#include "app/options.h"

/* Returns the exit status. */
enum exit_status run_main(const struct options *options);

#endif
