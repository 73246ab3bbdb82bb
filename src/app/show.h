/* `bttui show`: what a .torrent file or a magnet link holds, for people or as one JSON
 * object. */
#ifndef BTTUI_APP_SHOW_H
#define BTTUI_APP_SHOW_H

#include "app/options.h"
#include "meta/magnet.h"
#include "meta/metainfo.h"

#include <jansson.h>
#include <stdio.h>

enum exit_status show_main(const struct options *options);

/* Prints METAINFO; lines longer than WIDTH cells go on below, indented (0: they do not).
 */
void show_print(FILE *out, const struct metainfo *metainfo, size_t width);
/* All of that but the list of files. */
void show_print_summary(FILE *out, const struct metainfo *metainfo, size_t width);
/* What a magnet link says, which is not much. */
void show_print_magnet(FILE *out, const struct magnet *magnet, size_t width);
json_t *show_magnet_json(const struct magnet *magnet);
/* The cells of a line of standard output; 0 if that is not a terminal. */
size_t show_terminal_width(void);
/* DESIGN.md's object; the caller owns it. NULL: out of memory. */
json_t *show_json(const struct metainfo *metainfo);

#endif
