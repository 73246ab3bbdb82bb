/* Between view_trackers.c, which shows the rows, tracker_row.c, which has their columns,
 * tracker_hosts.c, which makes those of all torrents, and tracker_commands.c, whose keys
 * act on them. */
#ifndef BTTUI_UI_VIEW_TRACKERS_PRIVATE_H
#define BTTUI_UI_VIEW_TRACKERS_PRIVATE_H

#include "ui/table.h"
#include "ui/view.h"

#define VIEW_TRACKERS_URL     256
#define VIEW_TRACKERS_MESSAGE 400

struct tracker_row {
    uint64_t id; /* the tracker's + 1, or made of the host */
    struct tracker_info tracker;
    bool is_finder;              /* another way to peers: no tracker of the torrent */
    char url[VIEW_TRACKERS_URL]; /* the look's texts are gone with the turn */
    char message[VIEW_TRACKERS_MESSAGE];
};

struct trackers {
    struct table *table;
    struct tracker_row *rows;
    uint32_t capacity;
    bool has_torrent;
    bool all; /* hosts of all torrents are shown */
    /* What a question is about: the rows may change while it is open. */
    struct torrent_id asked;
    uint32_t asked_tracker;
    char asked_url[4096];
};

/* ---- tracker_row.c ---- */
extern const struct table_class tracker_row_table; /* of struct tracker_row */
/* "answered", translated, and how it is painted. */
const char *tracker_row_state(enum tracker_state state);
uint16_t tracker_row_style(enum tracker_state state);

/* ---- tracker_commands.c ---- */
/* The view's act; false: ACTION is none of the view's. */
bool tracker_commands_act(void *state, struct view_context *context, enum action action);

/* ---- tracker_hosts.c ---- */
/* Makes the rows anew; returns how many. */
uint32_t tracker_hosts_fill(struct trackers *trackers, struct view_context *context);

#endif
