#include "app/commands.h"

#include "app/create.h"
#include "app/import.h"
#include "app/run.h"
#include "app/show.h"
#include "app/verify.h"
#include "base/i18n.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

const struct command command_table[] = {
    {"", N_("[OPTION]... [TORRENT]..."),
     N_("Downloads and shares the TORRENTs (files called .torrent), and the saved "
        "session."),
     COMMAND_MAIN, 0, INT_MAX, run_main},
    {"show", N_("[--json] TORRENT"), N_("Prints what the TORRENT file holds."),
     COMMAND_SHOW, 1, 1, show_main},
    {"create", N_("[OPTION]... PATH"),
     N_("Makes a torrent file of PATH, a file or a directory with all below it."),
     COMMAND_CREATE, 1, 1, create_main},
    {"verify", N_("[OPTION]... TORRENT"),
     N_("Checks the data on disk against the TORRENT file: 0 = all there and right, 1 = "
        "not."),
     COMMAND_VERIFY, 1, 1, verify_main},
    {"demo", N_("[OPTION]..."),
     N_("Plays a private swarm on 127.0.0.1, inside the program: no network needed,\n"
        "nothing is kept."),
     COMMAND_DEMO, 0, 0, run_demo},
    {"import", N_("[OPTION]... DIR"),
     N_("Takes over the session that another client keeps in DIR, with its progress:\n"
        "Transmission, qBittorrent, rtorrent or Deluge."),
     COMMAND_IMPORT, 1, 1, import_main},
    {NULL, NULL, NULL, 0, 0, 0, NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *at = command_table; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}
