/* The table of options and what is printed from it. */
#include "app/commands.h"
#include "app/options.h"
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>

#define MAIN  COMMAND_MAIN
#define SWARM (COMMAND_MAIN | COMMAND_DEMO)
#define NAMES (COMMAND_MAIN | COMMAND_SHOW | COMMAND_VERIFY)
#define EACH                                                                             \
    (COMMAND_MAIN | COMMAND_SHOW | COMMAND_DEMO | COMMAND_VERIFY | COMMAND_CREATE |      \
     COMMAND_IMPORT)

#define LEFT_CELLS 24 /* for an option and its argument, before what it does */

const struct option_record option_table[] = {
    {"config", N_("FILE"), OPTION_CONFIG, MAIN | COMMAND_IMPORT, PLACE_LINE,
     N_("options as “key = value” lines (default: ~/.config/bttui/bttui.conf)")},
    {"download-dir", N_("DIR"), OPTION_DOWNLOAD_DIR, COMMAND_MAIN | COMMAND_VERIFY,
     PLACE_FILE, N_("where payload goes, or is (default: the current directory)")},
    {"incomplete-dir", N_("DIR"), OPTION_INCOMPLETE_DIR, MAIN, PLACE_FILE,
     N_("new torrents stay there until they are complete")},
    {"incomplete-suffix", N_("SUFFIX"), OPTION_INCOMPLETE_SUFFIX, MAIN | COMMAND_VERIFY,
     PLACE_FILE, N_("files of new torrents have it until they are complete")},
    {"move-dir", N_("DIR"), OPTION_MOVE_DIR, MAIN, PLACE_FILE | PLACE_REPEATS,
     N_("the sandbox lets torrents be moved there; repeatable")},
    {"state-dir", N_("DIR"), OPTION_STATE_DIR, MAIN | COMMAND_IMPORT, PLACE_FILE,
     N_("session state (default: $XDG_STATE_HOME/bttui)")},
    {"port", N_("PORT"), OPTION_PORT, SWARM, PLACE_FILE,
     N_("listening port; 0 = any (default)")},
    {"bind", N_("ADDR"), OPTION_BIND, MAIN, PLACE_FILE,
     N_("only use this address or interface")},
    {"proxy", N_("URL"), OPTION_PROXY, MAIN, PLACE_FILE,
     N_("everything through it, nothing beside it: socks5://HOST:PORT")},
    {"peer", N_("HOST:PORT"), OPTION_PEER, MAIN, PLACE_LINE | PLACE_REPEATS,
     N_("a peer for the TORRENTs given; repeatable")},
    {"max-down", N_("RATE"), OPTION_MAX_DOWN, SWARM, PLACE_LIVE,
     N_("bytes per second; K, M, G = powers of 1024; 0 = none")},
    {"max-up", N_("RATE"), OPTION_MAX_UP, SWARM, PLACE_LIVE,
     N_("the same for uploading")},
    {"turtle-down", N_("RATE"), OPTION_TURTLE_DOWN, MAIN, PLACE_LIVE,
     N_("instead of --max-down in turtle mode (default: 50K)")},
    {"turtle-up", N_("RATE"), OPTION_TURTLE_UP, MAIN, PLACE_LIVE,
     N_("instead of --max-up in turtle mode (default: 50K)")},
    {"turtle-schedule", N_("WHEN"), OPTION_TURTLE_SCHEDULE, MAIN, PLACE_LIVE,
     N_("turtle mode by the week: “mon-fri 08:00-18:00; sat 10:00-12:00”")},
    {"refuse-client", N_("GLOB"), OPTION_REFUSE_CLIENT, MAIN, PLACE_LIVE | PLACE_REPEATS,
     N_("no peers whose client is called so; repeatable")},
    {"refuse-leech", N_("SIZE"), OPTION_REFUSE_LEECH, MAIN, PLACE_LIVE,
     N_("nor those who took so much and gave nothing (default: 0 = all)")},
    {"max-peers", N_("N"), OPTION_MAX_PEERS, SWARM, PLACE_LIVE,
     N_("connections per torrent (default: 200)")},
    {"seed-ratio", N_("R"), OPTION_SEED_RATIO, MAIN, PLACE_LIVE,
     N_("stop seeding at this ratio, such as 1.5; 0 = never (default)")},
    {"seed-time", N_("MINUTES"), OPTION_SEED_TIME, MAIN, PLACE_LIVE,
     N_("stop seeding after so long; 0 = never (default)")},
    {"seed-action", N_("WHAT"), OPTION_SEED_ACTION, MAIN, PLACE_LIVE,
     N_("then stop (default), or remove it from the list; its data stay")},
    {"blocklist", N_("FILE"), OPTION_BLOCKLIST, MAIN, PLACE_FILE | PLACE_REPEATS,
     N_("refuse the addresses in it: .dat, .p2p or CIDR; repeatable")},
    {"active-downloads", N_("N"), OPTION_ACTIVE_DOWNLOADS, MAIN, PLACE_LIVE,
     N_("so many at a time, the others queue (default: 5); 0 = all")},
    {"active-seeds", N_("N"), OPTION_ACTIVE_SEEDS, MAIN, PLACE_LIVE,
     N_("the same for seeds (default: 0)")},
    {"active-checks", N_("N"), OPTION_ACTIVE_CHECKS, MAIN, PLACE_LIVE,
     N_("the same for checks of data on disk (default: 1)")},
    {"select", N_("LIST"), OPTION_SELECT, MAIN, PLACE_LINE,
     N_("only these files: numbers, ranges, globs; comma between")},
    {"label", N_("NAME"), OPTION_LABEL, MAIN, PLACE_LINE,
     N_("a label for the TORRENTs given")},
    {"label-rule", N_("RULE"), OPTION_LABEL_RULE, MAIN, PLACE_LIVE | PLACE_REPEATS,
     N_("goals by label: “films ratio=2 time=600 action=stop”; repeatable")},
    {"watch", N_("DIR[:LABEL]"), OPTION_WATCH, MAIN, PLACE_FILE | PLACE_REPEATS,
     N_("add torrent files that appear there; repeatable")},
    {"priority", N_("LIST:LEVEL"), OPTION_PRIORITY, MAIN, PLACE_LINE | PLACE_REPEATS,
     N_("these files are low, normal or high; repeatable")},
    {"on-complete", N_("COMMAND"), OPTION_ON_COMPLETE, MAIN, PLACE_FILE,
     N_("run by sh for each torrent that is complete; see the manual")},
    {"sequential", NULL, OPTION_SEQUENTIAL, SWARM, PLACE_LIVE,
     N_("fetch pieces in order")},
    {"super-seed", NULL, OPTION_SUPER_SEED, MAIN, PLACE_LINE,
     N_("show each peer two pieces at a time until another seed is there")},
    {"first-last", NULL, OPTION_FIRST_LAST, SWARM, PLACE_LIVE,
     N_("fetch the first and last piece of each file first")},
    {"strict-names", NULL, OPTION_STRICT_NAMES, NAMES, PLACE_LIVE,
     N_("refuse torrents with names that no disk takes")},
    {"portable-names", NULL, OPTION_PORTABLE_NAMES, NAMES, PLACE_LIVE,
     N_("change names that Windows or FAT disks do not take")},
    {"preallocate", N_("HOW"), OPTION_PREALLOCATE, MAIN, PLACE_FILE,
     N_("files get their sizes at the start: none (default), sparse, full")},
    {"verify-writes", NULL, OPTION_VERIFY_WRITES, MAIN, PLACE_FILE,
     N_("read back what was written before it counts")},
    {"output", N_("FILE"), OPTION_OUTPUT, COMMAND_CREATE, PLACE_LINE,
     N_("the file to make (default: NAME.torrent)")},
    {"force", NULL, OPTION_FORCE, COMMAND_CREATE, PLACE_LINE,
     N_("replace FILE if it is there")},
    {"tracker", N_("URL,..."), OPTION_TRACKER, COMMAND_CREATE, PLACE_LINE | PLACE_REPEATS,
     N_("a tier of trackers; repeatable: the next tier")},
    {"webseed", N_("URL"), OPTION_WEBSEED, COMMAND_CREATE, PLACE_LINE | PLACE_REPEATS,
     N_("a web server that has the data; repeatable")},
    {"private", NULL, OPTION_PRIVATE, COMMAND_CREATE, PLACE_LINE,
     N_("peers come from its trackers alone")},
    {"exclude", N_("GLOB"), OPTION_EXCLUDE, COMMAND_CREATE, PLACE_LINE | PLACE_REPEATS,
     N_("leave out files and directories; repeatable")},
    {"piece-size", N_("SIZE"), OPTION_PIECE_SIZE, COMMAND_CREATE, PLACE_LINE,
     N_("a power of two, 16K to 256M (default: by what there is)")},
    {"format", N_("FORMAT"), OPTION_FORMAT, COMMAND_CREATE, PLACE_LINE,
     N_("v1, v2 or hybrid, which is both (default: v1)")},
    {"comment", N_("TEXT"), OPTION_COMMENT, COMMAND_CREATE, PLACE_LINE,
     N_("a word to whoever reads the torrent")},
    {"source", N_("TEXT"), OPTION_SOURCE, COMMAND_CREATE, PLACE_LINE,
     N_("sets it apart: another text is another info-hash")},
    {"date", N_("WHEN"), OPTION_DATE, COMMAND_CREATE, PLACE_LINE,
     N_("a creation date: seconds since 1970, or now (default: none)")},
    {"from", N_("KIND"), OPTION_FROM, COMMAND_IMPORT, PLACE_LINE,
     N_("transmission, qbittorrent, rtorrent or deluge (default: as found)")},
    {"headless", NULL, OPTION_HEADLESS, SWARM, PLACE_FILE,
     N_("no terminal interface: progress lines")},
    {"json", NULL, OPTION_JSON,
     SWARM | COMMAND_SHOW | COMMAND_VERIFY | COMMAND_CREATE | COMMAND_IMPORT, PLACE_FILE,
     N_("with --headless: one JSON object a line; with commands: one")},
    {"exit-when-done", NULL, OPTION_EXIT_WHEN_DONE, SWARM, PLACE_LINE,
     N_("end as soon as every TORRENT is complete and on disk")},
    {"ascii", NULL, OPTION_ASCII, SWARM, PLACE_LIVE, N_("plain characters only")},
    {"color", N_("WHEN"), OPTION_COLOR, SWARM, PLACE_LIVE,
     N_("colours: auto, always or never")},
    {"keys", N_("PRESET"), OPTION_KEYS, SWARM, PLACE_LIVE,
     N_("keys as in rtorrent or emacs; default")},
    {"key", N_("COMMAND KEY..."), OPTION_KEY, SWARM, PLACE_LIVE | PLACE_REPEATS,
     N_("other keys for a command of the interface; repeatable")},
    {"encryption", N_("MODE"), OPTION_ENCRYPTION, SWARM, PLACE_LIVE,
     N_("of peers: off, allow (default), prefer or require; see the manual")},
    {"sandbox", N_("MODE"), OPTION_SANDBOX,
     SWARM | COMMAND_VERIFY | COMMAND_CREATE | COMMAND_IMPORT, PLACE_FILE,
     N_("on as far as the system can (default), off, or require")},
    {"no-incoming", NULL, OPTION_NO_INCOMING, SWARM, PLACE_FILE,
     N_("do not listen for peers")},
    {"no-dht", NULL, OPTION_NO_DHT, SWARM, PLACE_FILE, N_("leave out the DHT")},
    {"dht-node", N_("HOST:PORT"), OPTION_DHT_NODE, MAIN, PLACE_FILE | PLACE_REPEATS,
     N_("start the DHT from there, not from well-known nodes; repeatable")},
    {"no-lsd", NULL, OPTION_NO_LSD, SWARM, PLACE_FILE, N_("leave out local discovery")},
    {"no-pex", NULL, OPTION_NO_PEX, SWARM, PLACE_FILE, N_("leave out peer exchange")},
    {"holepunch-relay", NULL, OPTION_HOLEPUNCH_RELAY, MAIN, PLACE_FILE,
     N_("have peers behind routers call each other, when they ask for it")},
    {"no-utp", NULL, OPTION_NO_UTP, SWARM, PLACE_FILE, N_("leave out uTP")},
    {"no-portmap", NULL, OPTION_NO_PORTMAP, SWARM, PLACE_FILE,
     N_("leave out port mapping")},
    {"upnp", NULL, OPTION_UPNP, SWARM, PLACE_FILE,
     N_("map the port by UPnP, too, where the gateway knows nothing better")},
    {"help", NULL, OPTION_HELP, EACH, PLACE_LINE, N_("print this and exit")},
    {"version", NULL, OPTION_VERSION, EACH, PLACE_LINE, N_("print the version and exit")},
};
const size_t option_count = sizeof option_table / sizeof option_table[0];
_Static_assert(sizeof option_table / sizeof option_table[0] <= OPTION_SET_CAPACITY,
               "the set of given options has a place for each");

static void print_option(const struct option_record *record)
{
    char left[64];
    const bool has_short = record->id < 256;
    snprintf(left, sizeof left, "%c%c%s --%s%s%s", has_short ? '-' : ' ',
             has_short ? (char)record->id : ' ', has_short ? "," : " ", record->name,
             record->argument != NULL ? "=" : "",
             record->argument != NULL ? _(record->argument) : "");
    const int gap = LEFT_CELLS - (int)text_cells(left);
    printf("  %s%*s %s\n", left, gap > 0 ? gap : 0, "", _(record->help));
}

static void print_usage(const struct command *command, const char *lead)
{
    printf("%sbttui %s%s%s\n", lead, command->name, command->name[0] != '\0' ? " " : "",
           _(command->usage));
}

void options_print_help(const struct command *command)
{
    const bool is_main = command->bit == COMMAND_MAIN;
    print_usage(command, _("Usage: "));
    for (const struct command *at = command_table + 1; is_main && at->name != NULL; at++)
        print_usage(at, _("  or:  "));
    printf("\n%s\n\n", _(command->help));
    for (size_t i = 0; i < option_count; i++)
        if ((option_table[i].commands & command->bit) != 0)
            print_option(&option_table[i]);
    fputs(is_main ? _("\nIn the interface, ? shows the keys. The manual: man bttui.\n")
                  : _("\nThe manual: man bttui.\n"),
          stdout);
}

void options_print_version(void)
{
    printf("%s\n", PACKAGE_STRING);
    fputs(_("Licence ISC. There is NO WARRANTY, to the extent permitted by law.\n"),
          stdout);
}
