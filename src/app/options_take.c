/* What the value of an option may be, and where it goes. */
#include "app/import.h"
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "meta/metainfo.h"
#include "torrent/schedule.h"
#include "torrent/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *option_shown(const char *text, char ret_text[OPTION_SHOWN_SIZE])
{
    text_clean(text_untrusted(text), 200, ret_text, OPTION_SHOWN_SIZE);
    return ret_text;
}

bool option_complain(struct option_complaint *complaint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
    va_end(arguments);
    return false;
}

static bool take_number(struct option_complaint *complaint, const char *text,
                        uint64_t low, uint64_t high, uint64_t *ret_value)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (text_parse_u64(text, low, high, ret_value))
        return true;
    return option_complain(complaint, _("%s: “%s” is not a number from %llu to %llu"),
                           complaint->name, option_shown(text, buffer),
                           (unsigned long long)low, (unsigned long long)high);
}

/* How many at a time; 0: no limit. */
static bool take_count(struct option_complaint *complaint, const char *text,
                       uint32_t *ret_count)
{
    uint64_t number = 0;
    const bool fine = take_number(complaint, text, 0, 100000, &number);
    *ret_count = (uint32_t)number;
    return fine;
}

static bool take_rate(struct option_complaint *complaint, const char *text,
                      uint64_t *ret_rate)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (text_parse_rate(text, ret_rate))
        return true;
    return option_complain(complaint, _("%s: “%s” is not a rate such as 500K or 2M"),
                           complaint->name, option_shown(text, buffer));
}

static bool take_schedule(struct option_complaint *complaint, const char *text,
                          const char **ret_text)
{
    char buffer[OPTION_SHOWN_SIZE];
    struct schedule schedule;
    const char *fault = text;
    if (schedule_parse(text, &schedule, &fault)) {
        *ret_text = text;
        return true;
    }
    return option_complain(complaint,
                           _("%s: not a schedule from “%s” on; it looks like “mon-fri "
                             "08:00-18:00; sat,sun 10:00-12:00”"),
                           complaint->name, option_shown(fault, buffer));
}

static bool refuse_word(struct option_complaint *complaint, const char *text,
                        const char *all)
{
    char buffer[OPTION_SHOWN_SIZE];
    return option_complain(complaint, _("%s: “%s” is none of %s"), complaint->name,
                           option_shown(text, buffer), all);
}

/* The index of TEXT in WORDS, COUNT of them. */
static bool take_word(struct option_complaint *complaint, const char *text,
                      const char *const *words, int count, int *ret_index)
{
    char all[OPTION_SHOWN_SIZE] = "";
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(all);
        if (strcmp(text, words[i]) == 0) {
            *ret_index = i;
            return true;
        }
        snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return refuse_word(complaint, text, all);
}

static bool take_ratio(struct option_complaint *complaint, const char *text,
                       uint32_t *ret_hundredths)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (text_parse_hundredths(text, SEED_RATIO_MOST, ret_hundredths))
        return true;
    return option_complain(complaint, _("%s: “%s” is not a ratio such as 2 or 1.5"),
                           complaint->name, option_shown(text, buffer));
}

static bool take_seed_action(struct option_complaint *complaint, const char *text,
                             bool *ret_remove)
{
    static const char *const words[] = {"stop", "remove"};
    int index = 0;
    const bool fine = take_word(complaint, text, words, 2, &index);
    *ret_remove = index == 1;
    return fine;
}

static bool take_color(struct option_complaint *complaint, const char *text,
                       enum color_choice *ret_color)
{
    static const char *const words[] = {"auto", "always", "never"};
    int index = 0;
    const bool fine = take_word(complaint, text, words, 3, &index);
    *ret_color = (enum color_choice)index;
    return fine;
}

static bool take_preallocation(struct option_complaint *complaint, const char *text,
                               int *ret_how)
{
    static const char *const words[] = {"none", "sparse", "full"};
    return take_word(complaint, text, words, 3, ret_how);
}

static bool take_sandbox(struct option_complaint *complaint, const char *text,
                         enum sandbox_choice *ret_sandbox)
{
    static const char *const words[] = {"on", "off", "require"};
    int index = 0;
    const bool fine = take_word(complaint, text, words, 3, &index);
    *ret_sandbox = (enum sandbox_choice)index;
    return fine;
}

static bool take_from(struct option_complaint *complaint, const char *text,
                      const char **ret_from)
{
    const char *words[8];
    int count = 0, index = 0;
    while (count < 8 && (words[count] = import_kind_word(count)) != NULL)
        count++;
    if (!take_word(complaint, text, words, count, &index))
        return false;
    *ret_from = words[index];
    return true;
}

/* Connections are plain in this version: what asks for that is had. */
static bool take_encryption(struct option_complaint *complaint, const char *text)
{
    if (strcmp(text, "off") == 0 || strcmp(text, "allow") == 0)
        return true;
    if (strcmp(text, "prefer") != 0 && strcmp(text, "require") != 0)
        return refuse_word(complaint, text, "off, allow, prefer, require");
    return option_complain(complaint,
                           _("%s=%s: this version cannot encrypt connections yet; "
                             "use off or allow"),
                           complaint->name, text);
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

static bool add_peer(struct option_complaint *complaint, const char *text,
                     struct options *options)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (!is_host_and_port(text))
        return option_complain(complaint,
                               _("%s: “%s” is not HOST:PORT; an IPv6 address stands in "
                                 "brackets: [::1]:6881"),
                               complaint->name, option_shown(text, buffer));
    if (options->peer_count == OPTIONS_MAX_PEERS)
        return option_complain(complaint, _("%s: more than %d are given"),
                               complaint->name, OPTIONS_MAX_PEERS);
    options->peers[options->peer_count++] = text;
    return true;
}

static bool take_text(struct option_complaint *complaint, const char *text,
                      const char **ret_text)
{
    if (text[0] == '\0')
        return option_complain(complaint, _("%s needs a value"), complaint->name);
    *ret_text = text;
    return true;
}

bool option_add_text(struct option_complaint *complaint, const char *text,
                     const char **texts, uint32_t most, uint32_t *count)
{
    if (*count == most)
        return option_complain(complaint, _("%s: more than %d are given"),
                               complaint->name, (int)most);
    return take_text(complaint, text, &texts[*count]) && ++*count > 0;
}

/* Yes or no; yes without a word, as on the command line. */
static bool take_yes(struct option_complaint *complaint, const char *text, bool *ret_yes)
{
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off"};
    int index = 0;
    if (text != NULL && !take_word(complaint, text, words, 6, &index))
        return false;
    *ret_yes = index % 2 == 0;
    return true;
}

static bool *flag_of(struct options *options, int id)
{
    switch (id) {
    case OPTION_NO_INCOMING:
        return &options->no_incoming;
    case OPTION_SEQUENTIAL:
        return &options->sequential;
    case OPTION_SUPER_SEED:
        return &options->super_seed;
    case OPTION_FIRST_LAST:
        return &options->first_last;
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
    case OPTION_FORCE:
        return &options->create.force;
    case OPTION_PRIVATE:
        return &options->create.is_private;
    case OPTION_HELP:
        return &options->help;
    case OPTION_VERSION:
        return &options->version;
    default:
        return NULL;
    }
}

static bool take_flag(struct option_complaint *complaint,
                      const struct option_record *record, const char *text,
                      struct options *options)
{
    unsigned name = 0;
    bool yes;
    if (!take_yes(complaint, text, &yes))
        return false;
    if (record->id == OPTION_STRICT_NAMES)
        name = METAINFO_NAMES_STRICT;
    else if (record->id == OPTION_PORTABLE_NAMES)
        name = METAINFO_NAMES_PORTABLE;
    else if (record->id != OPTION_ABSENT)
        *flag_of(options, record->id) = yes;
    options->names = yes ? options->names | name : options->names & ~name;
    return true;
}

bool option_take(struct options *options, const struct option_record *record,
                 const char *text, struct option_complaint *complaint)
{
    uint64_t number = 0;
    bool fine = true;
    switch (record->id) {
    case OPTION_CONFIG:
        return take_text(complaint, text, &options->config);
    case OPTION_DOWNLOAD_DIR:
        return take_text(complaint, text, &options->download_dir);
    case OPTION_PREALLOCATE:
        return take_preallocation(complaint, text, &options->preallocate);
    case OPTION_INCOMPLETE_DIR:
        return take_text(complaint, text, &options->incomplete_dir);
    case OPTION_STATE_DIR:
        return take_text(complaint, text, &options->state_dir);
    case OPTION_BIND:
        return take_text(complaint, text, &options->bind);
    case OPTION_ON_COMPLETE:
        return take_text(complaint, text, &options->on_complete);
    case OPTION_SELECT:
        return take_text(complaint, text, &options->select);
    case OPTION_PRIORITY:
    case OPTION_MOVE_DIR:
    case OPTION_LABEL:
    case OPTION_LABEL_RULE:
    case OPTION_WATCH:
    case OPTION_REFUSE_CLIENT:
    case OPTION_REFUSE_LEECH:
        return option_take_organise(options, record->id, text, complaint);
    case OPTION_PORT:
        fine = take_number(complaint, text, 0, 65535, &number);
        options->port = (uint16_t)number;
        return fine;
    case OPTION_PEER:
        return add_peer(complaint, text, options);
    case OPTION_MAX_DOWN:
        return take_rate(complaint, text, &options->max_down);
    case OPTION_MAX_UP:
        return take_rate(complaint, text, &options->max_up);
    case OPTION_SEED_RATIO:
        return take_ratio(complaint, text, &options->seed_ratio);
    case OPTION_SEED_TIME:
        fine = take_number(complaint, text, 0, SEED_MINUTES_MOST, &number);
        options->seed_minutes = (uint32_t)number;
        return fine;
    case OPTION_SEED_ACTION:
        return take_seed_action(complaint, text, &options->seed_remove);
    case OPTION_TURTLE_DOWN:
        return take_rate(complaint, text, &options->turtle_down);
    case OPTION_TURTLE_UP:
        return take_rate(complaint, text, &options->turtle_up);
    case OPTION_TURTLE_SCHEDULE:
        return take_schedule(complaint, text, &options->turtle_schedule);
    case OPTION_MAX_PEERS:
        fine = take_number(complaint, text, 1, 10000, &number);
        options->max_peers = (uint32_t)number;
        return fine;
    case OPTION_BLOCKLIST:
        return option_add_text(complaint, text, options->blocklists,
                               OPTIONS_MAX_BLOCKLISTS, &options->blocklist_count);
    case OPTION_ACTIVE_DOWNLOADS:
        return take_count(complaint, text, &options->active_downloads);
    case OPTION_ACTIVE_SEEDS:
        return take_count(complaint, text, &options->active_seeds);
    case OPTION_ACTIVE_CHECKS:
        return take_count(complaint, text, &options->active_checks);
    case OPTION_COLOR:
        return take_color(complaint, text, &options->color);
    case OPTION_ENCRYPTION:
        return take_encryption(complaint, text);
    case OPTION_SANDBOX:
        return take_sandbox(complaint, text, &options->sandbox);
    case OPTION_OUTPUT:
        return take_text(complaint, text, &options->create.output);
    case OPTION_PIECE_SIZE:
    case OPTION_TRACKER:
    case OPTION_WEBSEED:
    case OPTION_EXCLUDE:
    case OPTION_COMMENT:
    case OPTION_SOURCE:
    case OPTION_DATE:
        return option_take_create(&options->create, record->id, text, complaint);
    case OPTION_FROM:
        return take_from(complaint, text, &options->from);
    case OPTION_NOT_BUILT:
        return option_complain(complaint, "%s: %s", complaint->name, _(record->help));
    default:
        return take_flag(complaint, record, text, options);
    }
}
