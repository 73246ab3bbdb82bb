/* The options that keep a session in order. */
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/label_rule.h"

#include <string.h>

static bool take_label(struct option_complaint *complaint, const char *text,
                       char ret_label[LABEL_BYTES])
{
    char buffer[OPTION_SHOWN_SIZE];
    if (label_read(text, ret_label) && ret_label[0] != '\0')
        return true;
    return option_complain(complaint, _("%s: “%s” is no label of 1 to %d characters"),
                           complaint->name, option_shown(text, buffer), LABEL_CELLS);
}

static bool add_label_rule(struct option_complaint *complaint, const char *text,
                           struct options *options)
{
    char buffer[OPTION_SHOWN_SIZE];
    struct label_rule rule;
    const char *fault = text;
    if (!label_rule_read(text, &rule, &fault))
        return option_complain(complaint,
                               _("%s: no rule from “%s” on; it looks like “films "
                                 "ratio=2 time=600 action=stop”"),
                               complaint->name, option_shown(fault, buffer));
    return option_add_text(complaint, text, options->label_rules, OPTIONS_MAX_TEXTS,
                           &options->label_rule_count);
}

static bool add_watch(struct option_complaint *complaint, const char *text,
                      struct options *options)
{
    char buffer[OPTION_SHOWN_SIZE], label[LABEL_BYTES];
    size_t length;
    if (!watch_read(text, &length, label))
        return option_complain(complaint,
                               _("%s: “%s” is not DIR or DIR:LABEL (a label has at most "
                                 "%d characters)"),
                               complaint->name, option_shown(text, buffer), LABEL_CELLS);
    return option_add_text(complaint, text, options->watches, WATCH_DIRS_MAX,
                           &options->watch_count);
}

int option_priority(const char *text, size_t *ret_length)
{
    static const char *const words[] = {"low", "normal", "high"};
    const char *colon = strrchr(text, ':');
    for (int i = 0; colon != NULL && colon > text && i < 3; i++) {
        *ret_length = (size_t)(colon - text);
        if (strcmp(colon + 1, words[i]) == 0)
            return i - 1;
    }
    return OPTION_NO_PRIORITY;
}

static bool add_priority(struct option_complaint *complaint, const char *text,
                         struct options *options)
{
    char buffer[OPTION_SHOWN_SIZE];
    size_t length;
    if (option_priority(text, &length) == OPTION_NO_PRIORITY)
        return option_complain(complaint,
                               _("%s: “%s” does not look like “2,*.srt:high”: files, a "
                                 "colon, and low, normal or high"),
                               complaint->name, option_shown(text, buffer));
    return option_add_text(complaint, text, options->priorities, OPTIONS_MAX_TEXTS,
                           &options->priority_count);
}

static bool take_size(struct option_complaint *complaint, const char *text,
                      uint64_t *ret_bytes)
{
    char buffer[OPTION_SHOWN_SIZE];
    if (text_parse_rate(text, ret_bytes))
        return true;
    return option_complain(complaint, _("%s: “%s” is not a size such as 500K or 64M"),
                           complaint->name, option_shown(text, buffer));
}

bool option_take_organise(struct options *options, int id, const char *text,
                          struct option_complaint *complaint)
{
    switch (id) {
    case OPTION_PRIORITY:
        return add_priority(complaint, text, options);
    case OPTION_MOVE_DIR:
        return option_add_text(complaint, text, options->move_dirs, OPTIONS_MAX_TEXTS,
                               &options->move_dir_count);
    case OPTION_LABEL:
        return take_label(complaint, text, options->label);
    case OPTION_WATCH:
        return add_watch(complaint, text, options);
    case OPTION_REFUSE_CLIENT:
        return option_add_text(complaint, text, options->refused_clients,
                               OPTIONS_MAX_TEXTS, &options->refused_client_count);
    case OPTION_REFUSE_LEECH:
        return take_size(complaint, text, &options->leech_bytes);
    default:
        return add_label_rule(complaint, text, options);
    }
}
