/* The question for a new name of a torrent, a folder or a file of it, and the way back.
 */
#ifndef BTTUI_UI_RENAME_ASK_H
#define BTTUI_UI_RENAME_ASK_H

#include "ui/view.h"

/* What it is about, which may be gone when it is answered; of the view that asks, zeroed
 * at first. */
struct rename_asked {
    struct torrent_id torrent;
    char *path; /* below its name; "": itself; owned */
    char *name; /* as it is called; owned */
};
void rename_asked_done(struct rename_asked *asked);

/* Asks for another name of PATH, LENGTH bytes of it, of TORRENT, or with "" of TORRENT
 * itself. */
void rename_ask(struct view_context *context, struct rename_asked *asked,
                struct torrent_id torrent, const char *path, size_t length);

/* The last renaming is undone, or it is said why not. */
void rename_undo(struct view_context *context);
/* There is none to undo. */
void rename_forget(struct view_context *context);

#endif
