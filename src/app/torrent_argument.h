/* What may stand for TORRENT on the command line. */
#ifndef BTTUI_APP_TORRENT_ARGUMENT_H
#define BTTUI_APP_TORRENT_ARGUMENT_H

#include "app/options.h"

/* EXIT_STATUS_OK when TEXT can be the path of a file; else (a magnet link, a URL, an
 * info-hash) standard error says that this version cannot open it. */
enum exit_status torrent_argument_check(const char *text);

#endif
