/*
 * `bttui create`: makes a .torrent file (BitTorrent v1) of a file or a directory. The
 * same data, names and options give the same bytes. Only the torrent file is written,
 * aside and whole before it gets its name.
 */
#ifndef BTTUI_APP_CREATE_H
#define BTTUI_APP_CREATE_H

#include "app/options.h"

enum exit_status create_main(const struct options *options);

#endif
