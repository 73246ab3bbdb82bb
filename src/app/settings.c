#include "app/settings.h"

#include "app/options_private.h"
#include "base/i18n.h"
#include "torrent/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_SIZE 600

/* ---- the start ---- */

enum exit_status settings_open(struct settings *settings, const struct options *line)
{
    char message[CONF_MESSAGE_SIZE];
    *settings = (struct settings){.line = line, .options = *line};
    settings->path = conf_path(line);
    if (settings->path == NULL) {
        fprintf(stderr, "bttui: %s\n", error_text(ERROR_MEMORY));
        return EXIT_STATUS_USAGE;
    }
    if (!conf_load(settings->path, line->config != NULL, &settings->start, message)) {
        fprintf(stderr, "bttui: %s\n", message);
        return EXIT_STATUS_USAGE;
    }
    conf_apply(&settings->start, &settings->options);
    return options_check(&settings->options);
}

void settings_done(struct settings *settings)
{
    conf_done(&settings->start);
    conf_done(&settings->last);
    free(settings->path);
}

/* ---- what changes in a running session ---- */

struct seed_goal options_goal(const struct options *options)
{
    return (struct seed_goal){
        .ratio = options->seed_ratio,
        .minutes = options->seed_minutes,
        .action = options->seed_remove ? SEED_ACTION_REMOVE : SEED_ACTION_DEFAULT,
    };
}

static struct session_settings of_session(const struct options *options)
{
    return (struct session_settings){
        .max_down = options->max_down,
        .max_up = options->max_up,
        .turtle_down = options->turtle_down,
        .turtle_up = options->turtle_up,
        .goal = options_goal(options),
        .active_downloads = options->active_downloads,
        .active_seeds = options->active_seeds,
        .active_checks = options->active_checks,
    };
}

/* The value of an option that is PLACE_LIVE takes effect. */
static void make_live(const struct options *options, int id, struct session *session,
                      struct interface *interface)
{
    const struct session_settings configured = of_session(options);
    struct keymap keymap;
    switch (id) {
    case OPTION_MAX_DOWN:
    case OPTION_MAX_UP:
    case OPTION_SEED_RATIO:
    case OPTION_SEED_TIME:
    case OPTION_SEED_ACTION:
    case OPTION_TURTLE_DOWN:
    case OPTION_TURTLE_UP:
    case OPTION_ACTIVE_DOWNLOADS:
    case OPTION_ACTIVE_SEEDS:
    case OPTION_ACTIVE_CHECKS:
        session_configure(session, &configured);
        break;
    case OPTION_TURTLE_SCHEDULE:
        session_set_schedule(session, options->turtle_schedule);
        break;
    case OPTION_LABEL_RULE:
        session_set_label_rules(session, options->label_rules, options->label_rule_count);
        break;
    case OPTION_REFUSE_CLIENT:
    case OPTION_REFUSE_LEECH:
        session_set_refusals(session, options->refused_clients,
                             options->refused_client_count, options->leech_bytes);
        break;
    case OPTION_MAX_PEERS:
        session_set_max_peers(session, options->max_peers);
        break;
    case OPTION_ENCRYPTION:
        session_set_encryption(session, options->encryption);
        break;
    case OPTION_SEQUENTIAL:
    case OPTION_FIRST_LAST:
    case OPTION_STRICT_NAMES:
    case OPTION_PORTABLE_NAMES:
        session_set_adding(session, options->names, options->sequential,
                           options->first_last);
        break;
    case OPTION_ASCII:
    case OPTION_COLOR:
        interface_set_look(interface, options->ascii, options->color);
        break;
    case OPTION_KEYS:
    case OPTION_KEY:
        options_keymap(options, &keymap);
        interface_set_keymap(interface, &keymap);
        break;
    default:
        break;
    }
}

/* ---- telling ---- */

static void add_to_list(char list[LIST_SIZE], const char *text)
{
    const size_t used = strlen(list);
    snprintf(list + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "", text);
}

/* "max-down = 2M", or that it is the default again. */
static void list_value(char list[LIST_SIZE], const struct conf *conf,
                       const struct option_record *record)
{
    char value[OPTION_SHOWN_SIZE], text[2 * OPTION_SHOWN_SIZE];
    /* L10N: %s is a setting, such as "max-down" */
    snprintf(text, sizeof text, _("%s as by default"), record->name);
    for (size_t i = 0; i < conf->count; i++)
        if (conf->entries[i].record == record)
            snprintf(text, sizeof text, "%s = %s", record->name,
                     option_shown(conf->entries[i].value, value));
    add_to_list(list, text);
}

struct changes {
    char live[LIST_SIZE], restart[LIST_SIZE], overruled[LIST_SIZE];
};

static void tell(const struct changes *changes, char *message, size_t size)
{
    const struct {
        const char *list, *label;
    } parts[] = {
        /* L10N: before a list such as "max-down = 2M, ascii = yes" */
        {changes->live, _("settings that hold from now on")},
        /* L10N: before such a list */
        {changes->restart, _("after a restart")},
        /* L10N: before such a list */
        {changes->overruled, _("overruled by the command line")},
    };
    size_t used = 0;
    snprintf(message, size, "%s", _("settings: nothing has changed"));
    for (size_t i = 0; i < sizeof parts / sizeof *parts && used < size; i++)
        if (parts[i].list[0] != '\0')
            used += (size_t)snprintf(message + used, size - used, "%s%s: %s",
                                     used > 0 ? "; " : "", parts[i].label, parts[i].list);
}

/* ---- reading again ---- */

static bool is_overruled(const struct settings *settings,
                         const struct option_record *record)
{
    return option_set_has(&settings->line->given, (size_t)(record - option_table));
}

/* What waits for a restart is compared with the start, so that it is told until then; the
 * rest with what was read last. */
static void change(const struct settings *settings, const struct conf *conf,
                   struct session *session, struct interface *interface,
                   struct changes *changes)
{
    struct options options = *settings->line;
    conf_apply(conf, &options);
    const struct conf *last = settings->read_again ? &settings->last : &settings->start;
    for (size_t i = 0; i < option_count; i++) {
        const struct option_record *record = &option_table[i];
        const bool live = (record->places & PLACE_LIVE) == PLACE_LIVE;
        if (conf_agree(live ? last : &settings->start, conf, record))
            continue;
        if (is_overruled(settings, record)) {
            list_value(changes->overruled, conf, record);
        } else if (live) {
            make_live(&options, record->id, session, interface);
            list_value(changes->live, conf, record);
        } else {
            list_value(changes->restart, conf, record);
        }
    }
}

bool settings_read_again(struct settings *settings, struct session *session,
                         struct interface *interface, char *message, size_t size)
{
    char fault[CONF_MESSAGE_SIZE];
    struct conf conf;
    struct changes changes = {.live = ""};
    if (!conf_load(settings->path, settings->line->config != NULL, &conf, fault)) {
        snprintf(message, size, "%s", fault);
        return false;
    }
    change(settings, &conf, session, interface, &changes);
    conf_done(&settings->last);
    settings->last = conf;
    settings->read_again = true;
    tell(&changes, message, size);
    return true;
}
