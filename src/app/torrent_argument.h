/* What may stand for TORRENT on the command line. */
#ifndef BTTUI_APP_TORRENT_ARGUMENT_H
#define BTTUI_APP_TORRENT_ARGUMENT_H

#include "app/options.h"
#include "meta/metainfo.h"

/* EXIT_STATUS_OK when TEXT can be the path of a file; else (a magnet link, a URL, an
 * info-hash) standard error says that this version cannot open it. */
enum exit_status torrent_argument_check(const char *text);
/* Reads the file TEXT, with what NAMES (enum metainfo_names) asks of the names in it.
 * What is wrong is told on standard error. */
enum exit_status torrent_argument_load(const char *text, unsigned names,
                                       struct metainfo **ret_metainfo);

#endif
