/* What the screen asks of the list of torrents, beside what every view gives. */
#ifndef BTTUI_UI_VIEW_TORRENTS_H
#define BTTUI_UI_VIEW_TORRENTS_H

#include <stdint.h>

/* Bytes that all wanted files still need on the disk. */
uint64_t view_torrents_left(const void *state);
/* The status view in words; NULL: all torrents are shown. */
const char *view_torrents_shown(const void *state);
/* How many were removed and can be brought back; *RET_S: the seconds left for the last.
 */
uint32_t view_torrents_leaving(const void *state, uint64_t *ret_s);
/* Nothing more can be brought back: the session is stopping. */
void view_torrents_remove_now(void *state);
/* Asks for the file of a torrent to add, with PATH (or NULL) already typed. */
struct view_context;
void view_torrents_ask_add(void *state, struct view_context *context, const char *path);

#endif
