/* Between view_torrents.c and torrent_commands.c. */
#ifndef BTTUI_UI_VIEW_TORRENTS_PRIVATE_H
#define BTTUI_UI_VIEW_TORRENTS_PRIVATE_H

#include "ui/torrent_row.h"
#include "ui/view.h"

enum shown {
    SHOW_ALL,
    SHOW_DOWNLOADING,
    SHOW_SEEDING,
    SHOW_PAUSED,
    SHOW_ACTIVE,
    SHOW_ERRORS
};

struct torrents {
    struct table *table;
    struct torrent_row *rows;
    uint32_t capacity;
    uint64_t left;
    enum shown shown;
    /* Who a question is about: the list may change while it is open. */
    struct torrent_id *asked;
    uint32_t asked_count, asked_capacity;
    bool with_data;
};

/* ---- view_torrents.c ---- */
void view_torrents_recalc(void *state, struct view_context *context);

/* ---- torrent_commands.c ---- */
/* Commands on the chosen rows, or on all; false: ACTION is none. */
bool torrent_commands_act(struct torrents *list, struct view_context *context,
                          enum action action);

#endif
