/*
 * What people have set, for one torrent and for the session, beyond what a .torrent says.
 * It is kept in the state file "session" with the order of the list and outlasts
 * everything but the torrent's removal. All 0: nothing was set. To add one: the field
 * here, its line in the table of settings.c, and where it takes effect
 * (torrent_apply_settings, session_apply_settings).
 */
#ifndef BTTUI_TORRENT_SETTINGS_H
#define BTTUI_TORRENT_SETTINGS_H

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "torrent/label.h"

#include <stdbool.h>
#include <stdint.h>

/* Where seeding ends, and how; of a torrent or of all. 0 throughout: not set. */
#define SEED_NEVER        UINT32_MAX
#define SEED_RATIO_MOST   1000000u  /* 10000.00 */
#define SEED_MINUTES_MOST 52560000u /* a century */
enum seed_action { SEED_ACTION_DEFAULT, SEED_ACTION_STOP, SEED_ACTION_REMOVE };
struct seed_goal {
    uint32_t ratio;   /* hundredths; SEED_NEVER: at none */
    uint32_t minutes; /* of seeding; SEED_NEVER: after none */
    uint32_t action;  /* enum seed_action; a removed one keeps its data */
};
enum seed_end { SEED_END_NONE, SEED_END_RATIO, SEED_END_TIME };

struct torrent_settings {
    bool paused;
    bool sequential;
    bool super_seed;           /* while nobody else has everything (BEP 16) */
    bool first_last;           /* the first and last piece of each file come first */
    bool forced;               /* active whatever the queue says */
    uint64_t max_down, max_up; /* bytes/s, within the session's; 0: none */
    struct seed_goal goal;     /* what is not set is its label's, or the session's */
    /* Goals it has reached once: only higher ones count. */
    uint32_t met_ratio, met_minutes;
    uint32_t seed_end;       /* enum seed_end: why it is paused, if not by hand */
    char label[LABEL_BYTES]; /* "": none */
};

struct session_settings {
    uint64_t max_down, max_up;       /* bytes/s; 0: none */
    uint64_t turtle_down, turtle_up; /* the same in turtle mode */
    bool turtle;                     /* it is on */
    uint64_t turtle_until; /* switched by hand, until then (wall clock); 0: it was not */
    struct seed_goal goal;
    /* How many at a time; 0: as many as there are. */
    uint32_t active_downloads, active_seeds, active_checks;
};

/* How a view of the interface looks (columns, sorting), in its own words. */
#define SAVED_LOOKS     16
#define SAVED_LOOK_SIZE 1024
struct saved_look {
    char name[24]; /* "": none */
    char text[SAVED_LOOK_SIZE];
};

/* Of all sessions that this state directory has seen. */
struct session_totals {
    uint64_t downloaded, uploaded; /* payload bytes */
    uint64_t seconds;              /* running */
    uint64_t sessions;
};

/* What holds after a restart: what was chosen in the last session, unless what is
 * configured (command line, configuration file) has changed since. CHOSEN becomes that.
 */
void session_settings_restore(struct session_settings *chosen,
                              const struct session_settings *configured_then,
                              const struct session_settings *configured_now);

/* The file "session": what the session has set, and its torrents in order. */
struct saved_torrent {
    struct info_hash hash;
    struct torrent_settings settings;
};
struct saved_list {
    struct session_settings settings, configured;
    struct saved_torrent *torrents; /* owned */
    uint32_t count;
    struct session_totals totals;
    struct saved_look looks[SAVED_LOOKS]; /* those there are come first, by name */
};

void saved_list_done(struct saved_list *list);
enum error_code saved_list_encode(const struct saved_list *list,
                                  struct buffer *buffer) MUST_CHECK;
/* ERROR_CORRUPT: not such a list. Entries that are none, and second ones of a torrent,
 * are left out; values that are not allowed count as not set. */
enum error_code saved_list_decode(const uint8_t *bytes, size_t length,
                                  struct saved_list *ret_list) MUST_CHECK;
#define SAVED_LIST_BYTES_MAX ((size_t)64 << 20)

#endif
