/*
 * A view is a record: adding one is a file with such a record and a line in views.c.
 * The screen owns a view's state and calls it on the loop thread; on_message only
 * says whether what is shown may have changed, recalc takes a read-only look at the
 * session (torrent/looks.h) and keeps rows, draw paints them and reads nothing else,
 * act carries out a key. Views keep no pointer to looks beyond the turn: what draw needs
 * is copied by recalc or looked up in draw through the session's read-only looks.
 */
#ifndef BTTUI_UI_VIEW_H
#define BTTUI_UI_VIEW_H

#include "torrent/looks.h"
#include "ui/canvas.h"
#include "ui/keymap.h"
#include "ui/style.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct screen;
struct table;

/* How the last renaming is undone (rename_ask.h). */
struct view_renamed {
    struct torrent_id torrent;
    char
        *path; /* as it is now, below the torrent's name; "": itself; NULL: none; owned */
    char *name; /* as it was called before; owned */
    uint64_t at_ns;
};

struct view_context {
    struct session *session;
    struct loop *loop;
    struct screen *screen;     /* for the calls below */
    struct torrent_id torrent; /* the selected one; generation 0: none */
    const struct clock *clock;
    struct view_renamed renamed;
    bool masked; /* X: names and addresses are not shown; see view_mask */
};

/* `shows` beside enum changed: what makes a view dirty without code. */
#define VIEW_SHOWS_SESSION (1u << 29) /* any EVENT_SESSION_CHANGED */
#define VIEW_SHOWS_LOG     (1u << 30) /* a new line in the log */
#define VIEW_SHOWS_ANY_TORRENT                                                           \
    (1u << 31) /* bits of every torrent, not the selected one's */

struct view_class {
    const char *name;  /* "peers" */
    const char *title; /* N_("Peers") */
    uint32_t scopes;   /* of its keys: SCOPE_PEERS | SCOPE_TABLE */
    uint32_t shows;    /* enum changed and VIEW_SHOWS_*, or-ed */
    size_t size;       /* of the state, which is zeroed before init */
    /* false: out of memory. */
    bool (*init)(void *state, struct view_context *context);
    void (*done)(void *state);
    /* Another torrent was selected (or none): forget what belongs to the old one. Comes
     * before the first recalc too. May be NULL. */
    void (*torrent)(void *state, struct view_context *context);
    /* Told of every event, whatever `shows` says, to note what changed; NULL: not told.
     * true: recalc and draw. */
    bool (*on_message)(void *state, struct view_context *context,
                       const struct message *event);
    /* Before a draw when something changed since the last. Only while it is visible. */
    void (*recalc)(void *state, struct view_context *context);
    /* PANE is blank. FOCUSED: keys go to this view. */
    void (*draw)(void *state, struct view_context *context, struct pane pane,
                 bool focused);
    /* true: done, recalc and draw. false: not its action; the screen tries next. */
    bool (*act)(void *state, struct view_context *context, enum action action);
    /* A click at (x, y) of its pane, or NULL. */
    bool (*click)(void *state, struct view_context *context, int x, int y);
    /* Its table, which then gets the table's actions and the filter line; or NULL. */
    struct table *(*table)(void *state);
    /* More lines for the help overlay (flags' legend): NULL-terminated pairs of a sign
     * and N_() text; or NULL. */
    const char *const (*legend)[2];
};

/* All views: the list first, then the tabs in order of their digits. */
extern const struct view_class *const views[];
extern const size_t view_count;

/* ---- what a view may ask of the screen ---- */

/* A message in the footer until the next key: sanitised, cut. */
void view_say(struct view_context *context, uint16_t style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Recalc and draw soon, for changes that no event and no key of its own tells of. */
void view_changed(struct view_context *context);
/* The same in MS milliseconds, once, if the view is still visible then: for a count-down
 * that is on the screen. Call it from recalc. */
void view_changed_in(struct view_context *context, uint64_t ms);

/* A line to be typed in the footer. LABEL and INITIAL are copied. */
struct view_question {
    const char *label;   /* translated */
    const char *hint;    /* what may be typed, above the line; or NULL */
    const char *initial; /* NULL: empty */
    const char *history; /* lines typed under the same name come back with ↑; or NULL */
    bool paths;          /* Tab completes file names */
    void *state;         /* given to the callbacks */
    /* Tab: writes TEXT, completed as far as it can be; NULL: nothing is. */
    void (*on_complete)(void *state, struct view_context *context, const char *text,
                        char *ret_text, size_t size);
    /* After every change; NULL: not told. */
    void (*on_change)(void *state, struct view_context *context, const char *text);
    /* Enter. true: the line goes; false: it stays open (view_say tells why). */
    bool (*on_accept)(void *state, struct view_context *context, const char *text);
    void (*on_cancel)(void *state, struct view_context *context); /* Esc; or NULL */
};
void view_ask(struct view_context *context, const struct view_question *question);

/* Asks yes or no in a box; Enter and everything but `y` is no. TEXT is copied; it may
 * have several lines. */
void view_confirm(struct view_context *context, const char *text, void *state,
                  void (*on_yes)(void *state, struct view_context *context));

/* For sentences that tell of a key: keymap_key_of what holds now. */
const char *view_key(const struct view_context *context, const char *name,
                     char ret_text[KEY_NAME_SIZE]);

/* TEXT, or with letters and digits hidden while names are masked. */
#define VIEW_MASK_SIZE 256
const char *view_mask(const struct view_context *context, const char *text,
                      char ret_text[VIEW_MASK_SIZE]);

#endif
