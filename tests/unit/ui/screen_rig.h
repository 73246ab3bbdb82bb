/*
 * The whole screen on a canvas, with a real session on virtual time and no terminal: what
 * the tests of the screen share. One at a time.
 */
#ifndef BTTUI_TESTS_UNIT_UI_SCREEN_RIG_H
#define BTTUI_TESTS_UNIT_UI_SCREEN_RIG_H

#include "tests/lib/world.h"
#include "tests/unit/ui/check_ui.h"
#include "ui/screen.h"

#define TORRENTS      4
#define REMOVED_AFTER (11 * NS_PER_S)

extern const char *const names[TORRENTS]; /* of setup_torrents' */
extern struct world world;
extern struct session *session;
extern struct screen *screen;
extern char dir[]; /* the download directory */
extern int quits;  /* how often the user ended the program */
extern int presented;
extern bool ready; /* is the output */

/* A case of SUITE's whose tests have a session: BEFORE is setup or setup_torrents. */
TCase *screen_case(Suite *suite, const char *name, void (*before)(void));
void setup(void);
void setup_torrents(void);
void open_screen(int width, int height, bool ascii);
void on_quit(void *context);

void press(uint32_t key);
void type(const char *text);
void paste(const char *text);

/* The row that has TEXT; -1: none. */
int find(const char *text);
void check_shown(const char *text);
void check_not_shown(const char *text);
/* Name of the torrent whose row has the cursor. */
bool has_cursor(const char *name);
uint32_t count_paused(void);
/* NAME.torrent in `dir`. */
void write_torrent(const char *name, char ret_path[256]);

#endif
