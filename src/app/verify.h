/* `bttui verify`: whether what a .torrent file describes is on disk. Only reads. */
#ifndef BTTUI_APP_VERIFY_H
#define BTTUI_APP_VERIFY_H

#include "app/options.h"

enum exit_status verify_main(const struct options *options);

#endif
