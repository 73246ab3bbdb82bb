#include "app/options.h"

#include "app/commands.h"
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Unless something else is asked for: every check takes all cores and the disk. */
#define ACTIVE_DOWNLOADS 5u
#define ACTIVE_CHECKS    1u
#define TURTLE_RATE      (50u << 10)

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

static const struct option_record *record_of(int choice, int index)
{
    if (choice >= 256)
        return &option_table[index];
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].id == choice)
            return &option_table[i];
    return NULL;
}

static bool take_option(struct options *options, const struct option_record *record,
                        const char *text)
{
    char name[OPTION_SHOWN_SIZE];
    struct option_complaint complaint = {.name = name};
    snprintf(name, sizeof name, "--%s", record->name);
    return option_take(options, record, text, &complaint) ||
           complain("%s", complaint.text);
}

/* An argument that is no option: the command's name if it is the first, else a torrent.
 */
static bool take_argument(struct options *options, char *text)
{
    const struct command *command =
        options->command == NULL && text[0] != '\0' ? command_find(text) : NULL;
    if (command != NULL) {
        options->command = command;
        return true;
    }
    if (options->command == NULL)
        options->command = &command_table[0];
    options->torrents[options->torrent_count++] = text;
    return true;
}

static bool check(const struct options *options)
{
    const struct command *command = options->command;
    for (size_t i = 0; i < option_count; i++)
        if (option_set_has(&options->given, i) &&
            (option_table[i].commands & command->bit) == 0)
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
    return true;
}

/* What the file can turn on, the command line can turn off. */
static int has_argument(const struct option_record *record)
{
    if (record->argument != NULL)
        return required_argument;
    return (record->places & PLACE_FILE) != 0 ? optional_argument : no_argument;
}

static void fill_longs(struct option *longs)
{
    for (size_t i = 0; i < option_count; i++)
        longs[i] = (struct option){
            .name = option_table[i].name,
            .has_arg = has_argument(&option_table[i]),
            .val = option_table[i].id,
        };
    longs[option_count] = (struct option){0};
}

/* Why getopt_long gave CHOICE; WORD: the last it took. In words of ours: its own repeat
 * what was typed as it is. */
static bool complain_of_word(int choice, const char *word)
{
    char buffer[OPTION_SHOWN_SIZE];
    const char letter[] = {'-', (char)optopt, '\0'};
    const bool is_long = strncmp(word, "--", 2) == 0;
    option_shown(is_long || optopt == 0 ? word : letter, buffer);
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
    struct option longs[OPTION_SET_CAPACITY + 1];
    int choice, index = 0;
    fill_longs(longs);
    optind = 0;
    opterr = 0;
    /* "-": arguments come in order, as choice 1, so that "--" keeps its meaning. */
    while ((choice = getopt_long(argc, argv, "-:c:d:s:p:o:hV", longs, &index)) != -1) {
        if (choice == 1) {
            if (!take_argument(options, optarg))
                return false;
            continue;
        }
        const struct option_record *record = record_of(choice, index);
        if (choice == '?' || choice == ':' || record == NULL)
            return complain_of_word(choice, argv[optind - 1]);
        if (!take_option(options, record, optarg))
            return false;
        option_set_add(&options->given, (size_t)(record - option_table));
    }
    if (options->command == NULL)
        options->command = &command_table[0];
    for (int i = optind; i < argc; i++)
        options->torrents[options->torrent_count++] = argv[i];
    options->torrents[options->torrent_count] = NULL;
    return check(options);
}

enum exit_status options_parse(int argc, char **argv, struct options *ret_options)
{
    struct options options = {
        .torrents = argv,
        .turtle_down = TURTLE_RATE,
        .turtle_up = TURTLE_RATE,
        .active_downloads = ACTIVE_DOWNLOADS,
        .active_checks = ACTIVE_CHECKS,
    };
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

enum exit_status options_check(const struct options *options)
{
    bool asked = false;
    for (size_t i = 0; i < option_count; i++)
        asked |= option_table[i].id == OPTION_JSON && option_set_has(&options->given, i);
    if (options->command->bit != COMMAND_MAIN || !asked || !options->json ||
        options->headless)
        return EXIT_STATUS_OK;
    complain(_("--json goes with --headless"));
    return EXIT_STATUS_USAGE;
}
