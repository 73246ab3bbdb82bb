/* Between view_peers.c, which shows the rows, and peer_commands.c, whose keys act on
 * them.
 */
#ifndef BTTUI_UI_VIEW_PEERS_PRIVATE_H
#define BTTUI_UI_VIEW_PEERS_PRIVATE_H

#include "ui/peer_row.h"
#include "ui/view.h"

#define VIEW_PEERS_REASON_SIZE 256

struct peers {
    struct table *table;
    struct peer_row_line *rows;
    struct peer_info *looks;
    uint32_t capacity;
    uint32_t known, connected, hidden;
    bool only_connected;
    bool has_torrent;
    char reason[VIEW_PEERS_REASON_SIZE]; /* of the torrent's state */
    /* Who a question is about: the rows may change while it is open. */
    struct peer_id_ref *asked;
    uint32_t asked_count;
};

/* ---- peer_commands.c ---- */
/* The view's act: commands on the chosen rows, and questions of whom to add or ban, which
 * may stay open while the rows change; false: ACTION is none of the view's. */
bool peer_commands_act(void *state, struct view_context *context, enum action action);

#endif
