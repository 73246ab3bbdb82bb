#include "ui/views.h"

const struct view_class *const views[] = {
    &view_torrents, &view_peers, &view_pieces, &view_files,
    &view_trackers, &view_graph, &view_info,   &view_log,
};
const size_t view_count = sizeof views / sizeof *views;
