/*
 * What the demo plays: its torrents and who takes part when, as plain tables. The
 * program plays demo_plan_default; tests play smaller and faster ones.
 */
#ifndef BTTUI_APP_DEMO_PLAN_H
#define BTTUI_APP_DEMO_PLAN_H

#include <stdint.h>

#define DEMO_TORRENTS_MAX 4u
#define DEMO_FILES_MAX    16u
#define DEMO_ACTORS_MAX   16u

struct demo_file {
    const char *path; /* below the torrent's name, '/' between components */
    uint64_t bytes;   /* of generated data; ignored when TEXT is set */
    const char *text; /* the file's content instead; NULL: generated */
};

struct demo_torrent_plan {
    const char *name;
    const char *comment;
    uint32_t piece_bytes;
    const struct demo_file *files;
    uint32_t file_count;
};

/* How much of a torrent somebody begins with, in percent of its pieces. */
#define DEMO_NOT_IN (-1)
#define DEMO_WHOLE  100

struct demo_actor_plan {
    const char *host; /* 127.0.0.N; all are 127.0.0.1 where that is the only one */
    uint64_t max_down, max_up;    /* bytes/s; 0: no limit */
    uint32_t joins_ms, leaves_ms; /* after the start; leaves 0: never */
    int8_t has[DEMO_TORRENTS_MAX];
};

struct demo_plan {
    const struct demo_torrent_plan *torrents;
    uint32_t torrent_count;
    const struct demo_actor_plan *actors;
    uint32_t actor_count;
    int8_t user_has[DEMO_TORRENTS_MAX];
};

/* About a minute for the user's download. */
extern const struct demo_plan demo_plan_default;

#endif
