/* The rows of the Peers view: what a peer's line holds, and its columns. */
#ifndef BTTUI_UI_PEER_ROW_H
#define BTTUI_UI_PEER_ROW_H

#include "torrent/looks.h"
#include "ui/table.h"

#define PEER_ROW_CLIENT_SIZE 80

struct peer_row_line {
    uint64_t id; /* made of its ref */
    struct peer_info peer;
    char client[PEER_ROW_CLIENT_SIZE]; /* peer.client is gone with the turn */
    char address[NETADDR_TEXT_SIZE];   /* masked, if names are */
    uint32_t pieces;                   /* of the torrent */
    bool after; /* in a sorted table it comes after those without, in both directions:
                   recalc turns it round with the order */
};

/* The context of the table is not used. */
extern const struct table_class peer_row_table;
/* Signs of the Flags column, NULL-terminated, for the help. */
extern const char *const peer_row_legend[][2];

static inline bool peer_row_is_connected(const struct peer_row_line *row)
{
    return (row->peer.flags & PEER_FLAG_CONNECTED) != 0;
}
uint16_t peer_row_style(const struct peer_row_line *row);
/* "blocked: paused by you", "downloading"; translated. */
#define PEER_ROW_STATUS_SIZE 128
const char *peer_row_status(const struct peer_row_line *row,
                            char ret_text[PEER_ROW_STATUS_SIZE]);
/* The flags in words: "it chokes us, it wants nothing of ours". */
#define PEER_ROW_FLAGS_SIZE 256
const char *peer_row_flags(const struct peer_row_line *row,
                           char ret_text[PEER_ROW_FLAGS_SIZE]);

#endif
