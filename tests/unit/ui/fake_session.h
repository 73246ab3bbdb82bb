/*
 * The looks and commands of torrent/session.h on plain records that a test fills in:
 * views are painted without an engine. Arrays are the test's.
 */
#ifndef BTTUI_TESTS_UNIT_UI_FAKE_SESSION_H
#define BTTUI_TESTS_UNIT_UI_FAKE_SESSION_H

#include "tests/unit/ui/fake_screen.h"
#include "torrent/looks.h"

#define FAKE_COMMANDS 256

struct fake_command {
    const char *what; /* "pause-peer" … */
    uint32_t number;  /* of the peer or file */
    uint32_t count;
    bool on;
    struct netaddr address;
    uint64_t down, up;
    char text[128];
};

struct session {
    struct session_info info;
    struct torrent_info torrent; /* its id is the only one there is */
    struct peer_info *peers;
    uint32_t peer_count;
    uint8_t *states; /* torrent.pieces of each, or NULL */
    uint16_t *availability;
    struct piece_info piece; /* counts of blocks, for torrent_get_piece */
    struct file_info *files;
    uint32_t file_count;
    struct tracker_info *trackers;
    uint32_t tracker_count;
    bool has_dht, has_pex;
    struct finder_info dht, pex;
    uint32_t *down, *up;
    uint32_t history;
    struct log *log;
    struct fake_command commands[FAKE_COMMANDS];
    uint32_t command_count;
    uint32_t piece_looks; /* how many pieces were looked at one by one */
};

/* A session with one torrent, "name", downloading. */
void fake_session_init(struct session *session);

#endif
