/* The records of all views; views.c puts them in order. */
#ifndef BTTUI_UI_VIEWS_H
#define BTTUI_UI_VIEWS_H

#include "ui/view.h"

extern const struct view_class view_torrents;
extern const struct view_class view_peers;
extern const struct view_class view_pieces;
extern const struct view_class view_files;
extern const struct view_class view_trackers;
extern const struct view_class view_graph;
extern const struct view_class view_info;
extern const struct view_class view_log;

#endif
