/* The key that gives a label to the chosen torrents. */
#include "base/i18n.h"
#include "torrent/commands.h"
#include "torrent/label.h"
#include "ui/view_torrents_private.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 64 /* of one completion */

struct names {
    char text[NAMES_MAX][LABEL_BYTES];
    uint32_t count;
};

static void add_name(struct names *names, const char *label)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (strcmp(names->text[i], label) == 0)
            return;
    if (names->count < NAMES_MAX)
        memcpy(names->text[names->count++], label, strlen(label) + 1);
}

/* Labels in use that begin with TEXT. */
static void find_names(struct session *session, const char *text, struct names *ret_names)
{
    struct torrent_settings settings;
    ret_names->count = 0;
    for (uint32_t i = 0; i < session_count(session); i++)
        if (torrent_get_settings(session, session_at(session, i), &settings) &&
            settings.label[0] != '\0' && strncmp(settings.label, text, strlen(text)) == 0)
            add_name(ret_names, settings.label);
}

/* How many bytes they have in common, whole characters. */
static size_t common_bytes(const struct names *names)
{
    const char *first = names->text[0];
    size_t length = strlen(first);
    for (uint32_t i = 1; i < names->count; i++) {
        size_t same = 0;
        while (same < length && names->text[i][same] == first[same])
            same++;
        length = same;
    }
    while (length > 0 && ((uint8_t)first[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static void complete(void *state, struct view_context *context, const char *text,
                     char *ret_text, size_t size)
{
    struct names names;
    char list[512] = "";
    (void)state;
    snprintf(ret_text, size, "%s", text);
    find_names(context->session, text, &names);
    if (names.count == 0) {
        view_say(context, STYLE_WARN, "%s", _("no label in use begins like this"));
        return;
    }
    snprintf(ret_text, size, "%.*s", (int)common_bytes(&names), names.text[0]);
    for (uint32_t i = 0; i < names.count && names.count > 1; i++) {
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s  ", names.text[i]);
    }
    if (names.count > 1)
        view_say(context, STYLE_DIM, "%s", list);
}

static bool on_label(void *state, struct view_context *context, const char *text)
{
    const struct torrents *list = state;
    char label[LABEL_BYTES];
    if (!label_read(text, label)) {
        view_say(context, STYLE_BAD, _("A label has at most %d characters."),
                 LABEL_CELLS);
        return false;
    }
    for (uint32_t i = 0; i < list->asked_count; i++)
        torrent_set_label(context->session, list->asked[i], label);
    return true;
}

void torrent_label_ask(struct torrents *list, struct view_context *context)
{
    struct torrent_settings settings;
    if (!torrent_get_settings(context->session, list->asked[0], &settings))
        return;
    const struct view_question question = {
        .label = _("Label: "),
        .hint = _("Tab completes one in use; an empty line takes the label away."),
        .initial = settings.label,
        .history = "label",
        .state = list,
        .on_complete = complete,
        .on_accept = on_label};
    view_ask(context, &question);
}
