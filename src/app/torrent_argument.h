/* What may stand for TORRENT on the command line. */
#ifndef BTTUI_APP_TORRENT_ARGUMENT_H
#define BTTUI_APP_TORRENT_ARGUMENT_H

#include "app/options.h"
#include "meta/metainfo.h"

/* A magnet link or an info-hash; an http(s) URL. What is neither, or is there as a file,
 * is the path of a file. */
bool torrent_argument_is_magnet(const char *text);
bool torrent_argument_is_url(const char *text);
/* Reads the file TEXT, with what NAMES (enum metainfo_names) asks of the names in it.
 * What is wrong is told on standard error. */
enum exit_status torrent_argument_load(const char *text, unsigned names,
                                       struct metainfo **ret_metainfo);

#endif
