#include "app/options.h"

#include "base/i18n.h"
#include "base/text.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
    OPTION_DOWNLOAD_DIR = 'd',
    OPTION_STATE_DIR = 's',
    OPTION_PORT = 'p',
    OPTION_HELP = 'h',
    OPTION_VERSION = 'V',
    OPTION_BIND = 256,
    OPTION_PEER,
    OPTION_MAX_DOWN,
    OPTION_MAX_UP,
    OPTION_MAX_PEERS,
    OPTION_NO_INCOMING,
    OPTION_SEQUENTIAL,
    OPTION_SELECT,
    OPTION_HEADLESS,
    OPTION_JSON,
    OPTION_EXIT_WHEN_DONE,
    OPTION_ASCII,
    OPTION_COLOR,
    OPTION_ENCRYPTION,
    OPTION_ABSENT,   /* leaves out what this version does not have: nothing to do */
    OPTION_NOT_BUILT /* asks for what this version does not have: refused */
};

struct option_record {
    const char *name;
    const char *argument; /* placeholder in --help; NULL: takes none */
    int id;
    const char *help; /* NULL: not shown */
};

static const struct option_record option_table[] = {
    {"download-dir", N_("DIR"), OPTION_DOWNLOAD_DIR,
     N_("where payload goes (default: the current directory)")},
    {"state-dir", N_("DIR"), OPTION_STATE_DIR,
     N_("session state (default: $XDG_STATE_HOME/bttui)")},
    {"port", N_("PORT"), OPTION_PORT, N_("listening port; 0 = any")},
    {"bind", N_("ADDR"), OPTION_BIND, N_("only use this address or interface")},
    {"peer", N_("HOST:PORT"), OPTION_PEER,
     N_("a peer for the torrents on this command line; repeatable")},
    {"max-down", N_("RATE"), OPTION_MAX_DOWN,
     N_("download limit in bytes per second; K, M, G = powers of 1024; 0 = none")},
    {"max-up", N_("RATE"), OPTION_MAX_UP, N_("upload limit, as above")},
    {"max-peers", N_("N"), OPTION_MAX_PEERS, N_("connections per torrent")},
    {"no-incoming", NULL, OPTION_NO_INCOMING, N_("do not listen for peers")},
    {"sequential", NULL, OPTION_SEQUENTIAL, N_("fetch pieces in order")},
    {"select", N_("LIST"), OPTION_SELECT,
     N_("only these files: numbers, ranges or globs, separated by commas")},
    {"headless", NULL, OPTION_HEADLESS, N_("no terminal interface: progress lines")},
    {"json", NULL, OPTION_JSON, N_("with --headless: one JSON object a line")},
    {"exit-when-done", NULL, OPTION_EXIT_WHEN_DONE,
     N_("end as soon as every torrent named is complete")},
    {"ascii", NULL, OPTION_ASCII, N_("plain characters only")},
    {"color", N_("WHEN"), OPTION_COLOR, N_("colours: auto, always or never")},
    {"encryption", N_("MODE"), OPTION_ENCRYPTION,
     N_("off or allow (connections are plain in this version)")},
    {"no-dht", NULL, OPTION_ABSENT, N_("leave out the DHT")},
    {"no-lsd", NULL, OPTION_ABSENT, N_("leave out local discovery")},
    {"no-pex", NULL, OPTION_ABSENT, N_("leave out peer exchange")},
    {"no-utp", NULL, OPTION_ABSENT, N_("leave out uTP")},
    {"no-portmap", NULL, OPTION_ABSENT, N_("leave out port mapping")},
    {"config", "", OPTION_NOT_BUILT, NULL},
    {"dht-node", "", OPTION_NOT_BUILT, NULL},
    {"proxy", "", OPTION_NOT_BUILT, NULL},
    {"seed-ratio", "", OPTION_NOT_BUILT, NULL},
    {"seed-time", "", OPTION_NOT_BUILT, NULL},
    {"help", NULL, OPTION_HELP, N_("print this and exit")},
    {"version", NULL, OPTION_VERSION, N_("print the version and exit")},
};
#define OPTION_COUNT (sizeof option_table / sizeof option_table[0])

/* Prints what is wrong; always false, so that callers can return it. */
static bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool complain(const char *format, ...)
{
    va_list arguments;
    fputs("bttui: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\n", stderr);
    return false;
}

static bool parse_number(const char *name, const char *text, uint64_t low, uint64_t high,
                         uint64_t *ret_value)
{
    if (text_parse_u64(text, low, high, ret_value))
        return true;
    fprintf(stderr, _("bttui: --%s: “%s” is not a number from %llu to %llu\n"), name,
            text, (unsigned long long)low, (unsigned long long)high);
    return false;
}

static bool parse_rate(const char *name, const char *text, uint64_t *ret_rate)
{
    if (text_parse_rate(text, ret_rate))
        return true;
    return complain(_("--%s: “%s” is not a rate such as 500K or 2M"), name, text);
}

static bool parse_color(struct options *options, const char *text)
{
    static const char *const words[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, words[i]) == 0) {
            options->color = (enum color_choice)i;
            return true;
        }
    }
    return complain(_("--%s: “%s” is none of auto, always, never"), "color", text);
}

static bool parse_encryption(const char *text)
{
    if (strcmp(text, "off") == 0 || strcmp(text, "allow") == 0)
        return true;
    return complain(_("--%s=%s: this version has no encryption yet; use off or allow"),
                    "encryption", text);
}

static bool add_peer(struct options *options, const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || colon == text || !text_parse_u64(colon + 1, 1, 65535, &port))
        return complain(_("--%s: “%s” is not HOST:PORT"), "peer", text);
    if (options->peer_count == OPTIONS_MAX_PEERS)
        return complain(_("--%s %s: too many"), "peer", text);
    options->peers[options->peer_count++] = text;
    return true;
}

static bool apply(struct options *options, const struct option_record *record,
                  const char *text)
{
    uint64_t number = 0;
    bool fine = true;
    switch (record->id) {
    case OPTION_DOWNLOAD_DIR:
        options->download_dir = text;
        break;
    case OPTION_STATE_DIR:
        options->state_dir = text;
        break;
    case OPTION_PORT:
        fine = parse_number(record->name, text, 0, 65535, &number);
        options->port = (uint16_t)number;
        options->port_given = true;
        break;
    case OPTION_BIND:
        options->bind = text;
        break;
    case OPTION_PEER:
        return add_peer(options, text);
    case OPTION_MAX_DOWN:
        return parse_rate(record->name, text, &options->max_down);
    case OPTION_MAX_UP:
        return parse_rate(record->name, text, &options->max_up);
    case OPTION_MAX_PEERS:
        fine = parse_number(record->name, text, 1, 10000, &number);
        options->max_peers = (uint32_t)number;
        break;
    case OPTION_NO_INCOMING:
        options->no_incoming = true;
        break;
    case OPTION_SEQUENTIAL:
        options->sequential = true;
        break;
    case OPTION_SELECT:
        options->select = text;
        break;
    case OPTION_HEADLESS:
        options->headless = true;
        break;
    case OPTION_JSON:
        options->json = true;
        break;
    case OPTION_EXIT_WHEN_DONE:
        options->exit_when_done = true;
        break;
    case OPTION_ASCII:
        options->ascii = true;
        break;
    case OPTION_COLOR:
        return parse_color(options, text);
    case OPTION_ENCRYPTION:
        return parse_encryption(text);
    case OPTION_ABSENT:
        break;
    case OPTION_NOT_BUILT:
        fprintf(stderr, _("bttui: --%s is not built yet\n"), record->name);
        return false;
    case OPTION_HELP:
        options->help = true;
        break;
    case OPTION_VERSION:
        options->version = true;
        break;
    }
    return fine;
}

static const struct option_record *record_of(int choice, int index)
{
    if (choice >= 256)
        return &option_table[index];
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_table[i].id == choice)
            return &option_table[i];
    return NULL;
}

enum exit_status options_parse(int argc, char **argv, struct options *ret_options)
{
    struct option longs[OPTION_COUNT + 1];
    memset(longs, 0, sizeof longs);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        longs[i].name = option_table[i].name;
        longs[i].has_arg =
            option_table[i].argument != NULL ? required_argument : no_argument;
        longs[i].val = option_table[i].id;
    }
    struct options options = {0};
    int choice, index = 0;
    optind = 0;
    while ((choice = getopt_long(argc, argv, "d:s:p:hV", longs, &index)) != -1) {
        const struct option_record *record = record_of(choice, index);
        if (choice == '?' || record == NULL) {
            fputs(_("Try “bttui --help”.\n"), stderr);
            return EXIT_STATUS_USAGE;
        }
        if (!apply(&options, record, optarg))
            return EXIT_STATUS_USAGE;
    }
    if (options.json && !options.headless) {
        fputs(_("bttui: --json goes with --headless\n"), stderr);
        return EXIT_STATUS_USAGE;
    }
    options.torrents = argv + optind;
    options.torrent_count = argc - optind;
    *ret_options = options;
    return EXIT_STATUS_OK;
}

void options_print_help(void)
{
    fputs(_("Usage: bttui [OPTION]... [TORRENT]...\n"
            "  or:  bttui show [--json] TORRENT      print what it holds\n"
            "  or:  bttui verify [-d DIR] TORRENT    check data on disk against it\n"
            "  or:  bttui demo                       a private swarm to play with, no "
            "network needed\n"
            "\n"
            "A BitTorrent client for the terminal. TORRENT is a .torrent file.\n"
            "Without one the saved session comes back.\n"
            "\n"),
          stdout);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_record *record = &option_table[i];
        if (record->help == NULL)
            continue;
        char left[64];
        const bool has_short = record->id < 256;
        snprintf(left, sizeof left, "%c%c%s --%s%s%s", has_short ? '-' : ' ',
                 has_short ? (char)record->id : ' ', has_short ? "," : " ", record->name,
                 record->argument != NULL ? "=" : "",
                 record->argument != NULL ? _(record->argument) : "");
        printf("  %-26s %s\n", left, _(record->help));
    }
    fputs(_("\nIn the interface, ? shows the keys. The manual: man bttui.\n"), stdout);
}

void options_print_version(void)
{
    printf("%s\n", PACKAGE_STRING);
    fputs(_("Licence ISC. There is NO WARRANTY, to the extent permitted by law.\n"),
          stdout);
}
