#include "app/options.h"

#include "app/commands.h"
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "meta/metainfo.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_SIZE 256

/* An argument as it may be shown: it can come from anywhere, a terminal takes it badly.
 */
static const char *shown(const char *text, char ret_text[SHOWN_SIZE])
{
    text_clean(text_untrusted(text), 200, ret_text, SHOWN_SIZE);
    return ret_text;
}

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
    char buffer[SHOWN_SIZE];
    if (text_parse_u64(text, low, high, ret_value))
        return true;
    return complain(_("--%s: “%s” is not a number from %llu to %llu"), name,
                    shown(text, buffer), (unsigned long long)low,
                    (unsigned long long)high);
}

static bool parse_rate(const char *name, const char *text, uint64_t *ret_rate)
{
    char buffer[SHOWN_SIZE];
    if (text_parse_rate(text, ret_rate))
        return true;
    return complain(_("--%s: “%s” is not a rate such as 500K or 2M"), name,
                    shown(text, buffer));
}

/* The index of TEXT in WORDS, COUNT of them. */
static bool parse_word(const char *name, const char *text, const char *const *words,
                       int count, int *ret_index)
{
    char buffer[SHOWN_SIZE], all[SHOWN_SIZE] = "";
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(all);
        if (strcmp(text, words[i]) == 0) {
            *ret_index = i;
            return true;
        }
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return complain(_("--%s: “%s” is none of %s"), name, shown(text, buffer), all);
}

static bool parse_color(struct options *options, const char *text)
{
    static const char *const words[] = {"auto", "always", "never"};
    int index;
    if (!parse_word("color", text, words, 3, &index))
        return false;
    options->color = (enum color_choice)index;
    return true;
}

static bool parse_sandbox(struct options *options, const char *text)
{
    static const char *const words[] = {"on", "off", "require"};
    int index;
    if (!parse_word("sandbox", text, words, 3, &index))
        return false;
    options->sandbox = (enum sandbox_choice)index;
    return true;
}

/* Connections are plain in this version: what asks for that is had. */
static bool parse_encryption(const char *text)
{
    char buffer[SHOWN_SIZE];
    if (strcmp(text, "off") == 0 || strcmp(text, "allow") == 0)
        return true;
    if (strcmp(text, "prefer") != 0 && strcmp(text, "require") != 0)
        return complain(_("--%s: “%s” is none of %s"), "encryption", shown(text, buffer),
                        "off, allow, prefer, require");
    return complain(_("--encryption=%s: this version cannot encrypt connections yet; "
                      "use off or allow"),
                    text);
}

static bool is_host_and_port(const char *text)
{
    struct netaddr address;
    uint64_t port;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !text_parse_u64(colon + 1, 1, 65535, &port))
        return false;
    if (text[0] == '[')
        return colon[-1] == ']' && netaddr_parse(text, 0, &address) == ERROR_NONE;
    /* One colon only: an IPv6 address without brackets has no clear end. */
    return strchr(text, ':') == colon && colon > text && colon - text <= 253;
}

static bool add_peer(struct options *options, const char *text)
{
    char buffer[SHOWN_SIZE];
    if (!is_host_and_port(text))
        return complain(_("--peer: “%s” is not HOST:PORT; an IPv6 address stands in "
                          "brackets: [::1]:6881"),
                        shown(text, buffer));
    if (options->peer_count == OPTIONS_MAX_PEERS)
        return complain(_("--peer: more than %d are given"), OPTIONS_MAX_PEERS);
    options->peers[options->peer_count++] = text;
    return true;
}

static bool set_text(const char *name, const char *text, const char **ret_text)
{
    if (text[0] == '\0')
        return complain(_("--%s needs a value"), name);
    *ret_text = text;
    return true;
}

static bool *flag_of(struct options *options, int id)
{
    switch (id) {
    case OPTION_NO_INCOMING:
        return &options->no_incoming;
    case OPTION_SEQUENTIAL:
        return &options->sequential;
    case OPTION_HEADLESS:
        return &options->headless;
    case OPTION_JSON:
        return &options->json;
    case OPTION_EXIT_WHEN_DONE:
        return &options->exit_when_done;
    case OPTION_ASCII:
        return &options->ascii;
    case OPTION_VERIFY_WRITES:
        return &options->verify_writes;
    case OPTION_HELP:
        return &options->help;
    case OPTION_VERSION:
        return &options->version;
    default:
        return NULL;
    }
}

static bool apply(struct options *options, const struct option_record *record,
                  const char *text)
{
    uint64_t number = 0;
    bool fine = true;
    switch (record->id) {
    case OPTION_DOWNLOAD_DIR:
        return set_text(record->name, text, &options->download_dir);
    case OPTION_STATE_DIR:
        return set_text(record->name, text, &options->state_dir);
    case OPTION_BIND:
        return set_text(record->name, text, &options->bind);
    case OPTION_SELECT:
        return set_text(record->name, text, &options->select);
    case OPTION_PORT:
        fine = parse_number(record->name, text, 0, 65535, &number);
        options->port = (uint16_t)number;
        return fine;
    case OPTION_PEER:
        return add_peer(options, text);
    case OPTION_MAX_DOWN:
        return parse_rate(record->name, text, &options->max_down);
    case OPTION_MAX_UP:
        return parse_rate(record->name, text, &options->max_up);
    case OPTION_MAX_PEERS:
        fine = parse_number(record->name, text, 1, 10000, &number);
        options->max_peers = (uint32_t)number;
        return fine;
    case OPTION_COLOR:
        return parse_color(options, text);
    case OPTION_ENCRYPTION:
        return parse_encryption(text);
    case OPTION_SANDBOX:
        return parse_sandbox(options, text);
    case OPTION_STRICT_NAMES:
        options->names |= METAINFO_NAMES_STRICT;
        return true;
    case OPTION_PORTABLE_NAMES:
        options->names |= METAINFO_NAMES_PORTABLE;
        return true;
    case OPTION_ABSENT:
        return true;
    case OPTION_NOT_BUILT:
        return complain("--%s: %s", record->name, _(record->help));
    default:
        *flag_of(options, record->id) = true;
        return true;
    }
}

static const struct option_record *record_of(int choice, int index)
{
    if (choice >= 256)
        return &option_table[index];
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].id == choice)
            return &option_table[i];
    return NULL;
}

/* An argument that is no option: the command's name if it is the first, else a torrent.
 */
static bool take_argument(struct options *options, char *text)
{
    const struct command *command =
        options->command == NULL && text[0] != '\0' ? command_find(text) : NULL;
    if (command != NULL && command->run == NULL)
        return complain(_("“bttui %s” is not in this version yet"), command->name);
    if (command != NULL) {
        options->command = command;
        return true;
    }
    if (options->command == NULL)
        options->command = &command_table[0];
    options->torrents[options->torrent_count++] = text;
    return true;
}

static bool check(const struct options *options, uint64_t given)
{
    const struct command *command = options->command;
    for (size_t i = 0; i < option_count; i++)
        if ((given >> i & 1) != 0 && (option_table[i].commands & command->bit) == 0)
            return complain(_("--%s does not go with “bttui %s”"), option_table[i].name,
                            command->name);
    if (options->help || options->version)
        return true;
    if (options->torrent_count < command->min_arguments)
        return complain(_("“bttui %s” needs an argument: %s"), command->name,
                        _(command->usage));
    if (options->torrent_count > command->max_arguments)
        return complain(_("“bttui %s” takes fewer arguments: %s"), command->name,
                        _(command->usage));
    if (command->bit == COMMAND_MAIN && options->json && !options->headless)
        return complain(_("--json goes with --headless"));
    return true;
}

static void fill_longs(struct option *longs)
{
    for (size_t i = 0; i < option_count; i++)
        longs[i] = (struct option){
            .name = option_table[i].name,
            .has_arg = option_table[i].argument != NULL ? required_argument : no_argument,
            .val = option_table[i].id,
        };
    longs[option_count] = (struct option){0};
}

/* Why getopt_long gave CHOICE; WORD: the last it took. In words of ours: its own repeat
 * what was typed as it is. */
static bool complain_of_word(int choice, const char *word)
{
    char buffer[SHOWN_SIZE];
    const char letter[] = {'-', (char)optopt, '\0'};
    const bool is_long = strncmp(word, "--", 2) == 0;
    shown(is_long || optopt == 0 ? word : letter, buffer);
    if (choice == ':')
        complain(_("“%s” needs an argument"), buffer);
    else if (is_long && optopt != 0)
        complain(_("“%s” takes no argument"), buffer);
    else
        complain(_("“%s” is no option, or the beginning of several"), buffer);
    fputs(_("Try “bttui --help”.\n"), stderr);
    return false;
}

static bool read_all(struct options *options, int argc, char **argv)
{
    struct option longs[OPTIONS_CAPACITY + 1];
    uint64_t given = 0;
    int choice, index = 0;
    fill_longs(longs);
    optind = 0;
    opterr = 0;
    /* "-": arguments come in order, as choice 1, so that "--" keeps its meaning. */
    while ((choice = getopt_long(argc, argv, "-:d:s:p:hV", longs, &index)) != -1) {
        if (choice == 1) {
            if (!take_argument(options, optarg))
                return false;
            continue;
        }
        const struct option_record *record = record_of(choice, index);
        if (choice == '?' || choice == ':' || record == NULL)
            return complain_of_word(choice, argv[optind - 1]);
        if (!apply(options, record, optarg))
            return false;
        given |= UINT64_C(1) << (record - option_table);
    }
    if (options->command == NULL)
        options->command = &command_table[0];
    for (int i = optind; i < argc; i++)
        options->torrents[options->torrent_count++] = argv[i];
    options->torrents[options->torrent_count] = NULL;
    return check(options, given);
}

enum exit_status options_parse(int argc, char **argv, struct options *ret_options)
{
    struct options options = {.torrents = argv};
    if (argc > 0) {
        /* Arguments are moved to the front of argv, behind what getopt has read. */
        options.torrents = argv + 1;
        if (!read_all(&options, argc, argv))
            return EXIT_STATUS_USAGE;
    } else {
        options.command = &command_table[0];
    }
    *ret_options = options;
    return EXIT_STATUS_OK;
}
