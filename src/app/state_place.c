#include "app/state_place.h"

#include "base/i18n.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *default_place(void)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    if (base != NULL && base[0] == '/') {
        if (asprintf(&path, "%s/bttui", base) < 0)
            return NULL;
    } else if (home != NULL && home[0] == '/') {
        if (asprintf(&path, "%s/.local/state/bttui", home) < 0)
            return NULL;
    }
    return path;
}

char *state_place(const struct options *options)
{
    char *path =
        options->state_dir != NULL ? strdup(options->state_dir) : default_place();
    if (path == NULL)
        fputs(
            _("bttui: HOME is not set: say where to keep the session with --state-dir\n"),
            stderr);
    return path;
}
