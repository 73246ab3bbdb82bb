/* The list of places, which confine.c and confine_places.c share. */
#ifndef BTTUI_APP_CONFINE_PRIVATE_H
#define BTTUI_APP_CONFINE_PRIVATE_H

#include "base/sandbox.h"

#include <stdbool.h>
#include <stddef.h>

struct places {
    struct sandbox_path *paths; /* and each one's text are owned */
    size_t count, capacity;
    bool failed; /* out of memory */
};

void places_add(struct places *places, unsigned access, const char *path);
void places_done(struct places *places);

/* What libraries read while names are looked up, certificates checked, times shown and
 * terminals drawn on. Loads what they would load later, when it cannot be any more. */
void places_add_system(struct places *places);
/* Where a person keeps torrent files: below the home directory except what is hidden, in
 * the working directory, on removable disks. */
void places_add_personal(struct places *places);
/* The configuration FILE, where it leads if it is a link, and the directories of both, as
 * editors put a new one in its place; but none that holds the home directory, or to root
 * the system's secrets. "": nothing. */
void places_add_settings(struct places *places, const char *file);
/* Whether the home directory lies in DIR, so that writing there is all but everything. */
bool places_hold_home(const char *dir);

/* What of the sandbox was HAD (enum sandbox_part, or-ed), for people. */
void confine_describe(unsigned had, bool wide, char *text, size_t size);

#endif
