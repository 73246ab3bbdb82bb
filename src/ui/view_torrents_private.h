/* Between view_torrents.c, torrent_commands.c, torrent_remove.c and torrent_label.c. */
#ifndef BTTUI_UI_VIEW_TORRENTS_PRIVATE_H
#define BTTUI_UI_VIEW_TORRENTS_PRIVATE_H

#include "loop/loop.h"
#include "ui/rename_ask.h"
#include "ui/table.h"
#include "ui/torrent_row.h"
#include "ui/view.h"

enum shown {
    SHOW_ALL,
    SHOW_DOWNLOADING,
    SHOW_SEEDING,
    SHOW_PAUSED,
    SHOW_ACTIVE,
    SHOW_ERRORS,
    SHOW_LABEL
};

/* What events told since the last look. Of ten thousand torrents a few change within a
 * frame's time, and only they are looked at, and those on the screen, whose waiting times
 * run down without an event. */
struct torrents_news {
    bool all;         /* too many, or the list is another */
    bool masked;      /* as the names in the rows are */
    uint32_t *places; /* of a torrent's index: its row's number + 1, 0: none */
    uint32_t place_count;
    uint32_t *changed; /* rows; room for TORRENTS_NEWS and a screen */
    uint32_t changed_count;
};
#define TORRENTS_NEWS   1024u
#define TORRENTS_SCREEN 1024u

/* Taken off the list, and not yet out of the session. */
struct leaving_torrent {
    struct torrent_id id;
    struct torrent_settings settings; /* as they were */
    bool with_data;
    uint64_t until_ns; /* the same for those removed together */
};

struct torrents {
    struct view_context *context;
    struct table *table;
    struct torrent_row *rows;
    uint32_t count, capacity;
    uint64_t left;
    struct torrents_news news;
    enum shown shown;
    char shown_label[LABEL_BYTES]; /* with SHOW_LABEL; "": those without */
    /* Who a question is about: the list may change while it is open. */
    struct torrent_id *asked;
    uint32_t asked_count, asked_capacity;
    bool with_data;
    struct rename_asked rename;
    struct leaving_torrent *leaving; /* the last removed comes last */
    uint32_t leaving_count, leaving_capacity;
    struct loop_timer leave_timer;
};

/* ---- view_torrents.c ---- */
void view_torrents_recalc(void *state, struct view_context *context);

/* ---- torrent_commands.c ---- */
/* Commands on the chosen rows, or on all; false: ACTION is none. */
bool torrent_commands_act(struct torrents *list, struct view_context *context,
                          enum action action);

/* ---- torrent_remove.c ---- */
/* Asks whether those in `asked`, which is not empty, go. */
void torrent_remove_ask(struct torrents *list, struct view_context *context,
                        bool with_data);
/* The last removal, or a later renaming, did not happen. */
void torrent_undo(struct torrents *list, struct view_context *context);
bool torrent_is_leaving(const struct torrents *list, struct torrent_id id);
/* False: it was not leaving. */
bool torrent_bring_back(struct torrents *list, struct torrent_id id);
void torrent_remove_on_timer(void *list);

/* ---- torrent_ask.c ---- */
/* Ask about those in `asked`, which is not empty: where their data go (what is on its way
 * stays where it is instead), how fast they may be, until when they seed. */
void torrent_move_ask(struct torrents *list, struct view_context *context);
void torrent_limits_ask(struct torrents *list, struct view_context *context);
void torrent_goal_ask(struct torrents *list, struct view_context *context);

/* ---- torrent_label.c ---- */
/* Asks for a label of those in `asked`, which is not empty. */
void torrent_label_ask(struct torrents *list, struct view_context *context);

#endif
