/* The rows of the list of torrents, and its columns. */
#ifndef BTTUI_UI_TORRENT_ROW_H
#define BTTUI_UI_TORRENT_ROW_H

#include "torrent/looks.h"
#include "ui/table.h"

#define TORRENT_ROW_NAME_SIZE   256
#define TORRENT_ROW_REASON_SIZE 160

struct torrent_row {
    uint64_t id;                 /* made of its torrent_id, see torrent_row_id */
    struct torrent_info torrent; /* its texts are gone with the turn: these stay */
    char name[TORRENT_ROW_NAME_SIZE];
    char label[LABEL_BYTES];
    char label_shown[LABEL_BYTES]; /* masked, if names are */
    char reason[TORRENT_ROW_REASON_SIZE];
};

/* The reason begins with the state's word: it needs not be said twice. */
bool torrent_row_reason_says_state(const struct torrent_info *torrent);

static inline uint64_t torrent_row_make_id(struct torrent_id id)
{
    return (uint64_t)id.generation << 32 | id.index;
}
static inline struct torrent_id torrent_row_id(uint64_t id)
{
    return (struct torrent_id){(uint32_t)id, (uint32_t)(id >> 32)};
}
/* What was sent for what was fetched, or for the whole if nothing was fetched. */
double torrent_row_ratio(const struct torrent_info *torrent);

extern const struct table_class torrent_row_table;
extern const char *const torrent_row_legend[][2];

#endif
