/*
 * The one table of keys: it drives what a key does, the footer's hints, the help, the
 * palette, and what a preset or the user may change. An action is listed only where it
 * does something. A key is looked up in the scope that has the keys, then in the wider
 * ones.
 */
#ifndef BTTUI_UI_KEYMAP_H
#define BTTUI_UI_KEYMAP_H

#include "ui/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum action {
    ACTION_NONE,
    /* ---- moving, in any table ---- */
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_LEFT, /* maps and trees */
    ACTION_RIGHT,
    ACTION_OPEN,
    ACTION_BACK,
    /* ---- filter, marks, sorting: any table ---- */
    ACTION_FILTER,
    ACTION_FIND_NEXT,
    ACTION_FIND_PREVIOUS,
    ACTION_MARK,
    ACTION_MARK_RANGE,
    ACTION_MARK_ALL,
    ACTION_UNMARK_ALL,
    ACTION_SORT,
    ACTION_SORT_LEFT,
    ACTION_SORT_RIGHT,
    ACTION_SORT_REVERSE,
    ACTION_COLUMNS,
    ACTION_COLUMN_SHOW,
    ACTION_COLUMN_LEFT,
    ACTION_COLUMN_RIGHT,
    ACTION_COLUMN_NARROWER,
    ACTION_COLUMN_WIDER,
    ACTION_COLUMN_RESET,
    /* ---- tabs ---- */
    ACTION_TAB_NEXT,
    ACTION_TAB_PREVIOUS,
    ACTION_TAB_1, /* … */
    ACTION_TAB_2,
    ACTION_TAB_3,
    ACTION_TAB_4,
    ACTION_TAB_5,
    ACTION_TAB_6,
    ACTION_TAB_7,
    /* ---- the list of torrents ---- */
    ACTION_SHOW_ALL,
    ACTION_SHOW_DOWNLOADING,
    ACTION_SHOW_SEEDING,
    ACTION_SHOW_PAUSED,
    ACTION_SHOW_ACTIVE,
    ACTION_SHOW_ERRORS,
    ACTION_SHOW_LABEL,
    ACTION_LABEL,
    ACTION_ADD,
    ACTION_REMOVE,
    ACTION_REMOVE_WITH_DATA,
    ACTION_UNDO,
    ACTION_PAUSE, /* or resume */
    ACTION_PAUSE_ALL,
    ACTION_VERIFY,
    ACTION_ANNOUNCE,
    ACTION_QUEUE_UP,
    ACTION_QUEUE_DOWN,
    ACTION_SEQUENTIAL,
    ACTION_SUPER_SEED,
    ACTION_FIRST_LAST,
    ACTION_MOVE_DATA, /* or end that */
    ACTION_RENAME,
    ACTION_START_NOW,
    ACTION_TORRENT_LIMITS,
    ACTION_GOAL,
    ACTION_LIMITS,
    ACTION_TURTLE,
    /* ---- views of one torrent ---- */
    ACTION_PEER_PAUSE, /* or resume */
    ACTION_PEER_KICK,
    ACTION_PEER_BAN,
    ACTION_PEER_SNUB, /* or no longer */
    ACTION_PEER_LIMITS,
    ACTION_PEER_ADD,
    ACTION_PEER_CONNECTED, /* only those, or all that are known */
    ACTION_MAP_LAYER,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_FILE_WANTED,
    ACTION_FILE_NONE,
    ACTION_FILE_ALL,
    ACTION_FILE_RAISE,
    ACTION_FILE_LOWER,
    ACTION_FILE_RAISE_ALL,
    ACTION_FILE_LOWER_ALL,
    ACTION_TRACKER_ANNOUNCE,
    ACTION_TRACKER_ADD,
    ACTION_TRACKER_REMOVE,
    ACTION_TRACKER_ALL,
    ACTION_LOG_LEVEL,
    /* ---- anywhere ---- */
    ACTION_GOALS, /* of all torrents */
    ACTION_COPY,  /* then one of these */
    ACTION_COPY_MAGNET,
    ACTION_COPY_HASH,
    ACTION_COPY_PATH,
    ACTION_COPY_NAME,
    ACTION_PALETTE,
    ACTION_HELP,
    ACTION_SETTINGS,
    ACTION_MASK,
    ACTION_REDRAW,
    ACTION_LEAVE,
    ACTION_QUIT,
    ACTION_COUNT
};

enum scope {
    SCOPE_ANY = 1 << 0,
    SCOPE_TORRENTS = 1 << 1,
    SCOPE_DETAIL = 1 << 2, /* any view of one torrent */
    SCOPE_PEERS = 1 << 3,
    SCOPE_PIECES = 1 << 4,
    SCOPE_FILES = 1 << 5,
    SCOPE_TRACKERS = 1 << 6,
    SCOPE_GRAPH = 1 << 7,
    SCOPE_INFO = 1 << 8,
    SCOPE_LOG = 1 << 9,
    SCOPE_COLUMNS = 1 << 11, /* the list of a table's columns */
    SCOPE_COPY = 1 << 12,    /* after the key of ACTION_COPY */
    SCOPE_TABLE = 1 << 10    /* or-ed to a view's scope: rows, filter, sorting, marks */
};

#define KEYMAP_KEYS 5
struct keymap_entry {
    enum action action;
    uint32_t scopes;            /* enum scope, or-ed */
    uint32_t keys[KEYMAP_KEYS]; /* 0: none */
    const char *name;           /* for settings: "queue-up" */
    const char *word;           /* N_(), for the footer; NULL: not shown there */
    const char *help;           /* N_(), a sentence */
};
extern const struct keymap_entry keymap_entries[];
extern const size_t keymap_count; /* <= KEYMAP_MOST */

/* The keys that hold, of each entry; entries[].keys are those of the start. */
#define KEYMAP_MOST 128
struct keymap {
    uint32_t keys[KEYMAP_MOST][KEYMAP_KEYS]; /* 0: none */
};
void keymap_init(struct keymap *ret_map);
/* "default", "rtorrent" or "emacs", whatever held before. False: no preset is called
 * that, and nothing has changed. */
bool keymap_use_preset(struct keymap *map, const char *name);
/* TEXT is an entry's name and the keys it has from now on, spaces between: "queue-up K
 * S-Up"; without one it has none. Who had them in the same place loses them. False:
 * nothing has changed, and *ret_fault is where TEXT goes wrong. */
bool keymap_bind(struct keymap *map, const char *text, const char **ret_fault);

/* What KEY does in a place whose scopes are SCOPES (the view's, SCOPE_DETAIL, SCOPE_ANY
 * …): a view's own entry wins over SCOPE_TABLE's, that over SCOPE_DETAIL's, that over
 * SCOPE_ANY's. ACTION_NONE if there is none. */
enum action keymap_find(const struct keymap *map, uint32_t scopes, uint32_t key);
/* The first key of ENTRY that does in SCOPES what ENTRY says (not hidden by a more
 * special entry); 0: none. */
uint32_t keymap_key(const struct keymap *map, const struct keymap_entry *entry,
                    uint32_t scopes);
/* All of them, "K Up"; cut at the last that fits. "" if there is none. */
#define KEYMAP_KEYS_SIZE 96
const char *keymap_key_names(const struct keymap *map, const struct keymap_entry *entry,
                             uint32_t scopes, bool ascii,
                             char ret_text[KEYMAP_KEYS_SIZE]);

/* The first key of the entry called NAME, "undo", or if it has none that name, by which
 * the palette finds it. */
const char *keymap_key_of(const struct keymap *map, const char *name, bool ascii,
                          char ret_text[KEY_NAME_SIZE]);

#endif
