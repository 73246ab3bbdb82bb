/* What the session's rules say of a torrent's label. */
#include "torrent/activity_private.h"
#include "torrent/commands.h"
#include "torrent/download_path.h"
#include "torrent/place_private.h"
#include "torrent/session_private.h"

#include <stdlib.h>
#include <string.h>

void session_free_label_rules(struct session *session)
{
    for (uint32_t i = 0; i < session->label_rule_count; i++)
        free(session->label_rules[i].dir);
    free(session->label_rules);
    session->label_rules = NULL;
    session->label_rule_count = 0;
}

/* Its directory becomes an absolute one, which is owned. False: it is no rule. */
static bool take_rule(const char *text, struct label_rule *ret_rule)
{
    const char *fault;
    if (!label_rule_read(text, ret_rule, &fault))
        return false;
    if (ret_rule->dir == NULL)
        return true;
    ret_rule->dir = download_path_absolute(ret_rule->dir);
    return ret_rule->dir != NULL;
}

void session_set_label_rules(struct session *session, const char *const *texts,
                             uint32_t count)
{
    struct label_rule *rules = calloc(count + 1u, sizeof *rules);
    if (rules == NULL)
        return;
    session_free_label_rules(session);
    session->label_rules = rules;
    for (uint32_t i = 0; i < count; i++)
        session->label_rule_count +=
            take_rule(texts[i], &rules[session->label_rule_count]);
    session_goals_soon(session);
}

const struct label_rule *torrent_label_rule(const struct torrent *torrent)
{
    return label_rule_find(torrent->session->label_rules,
                           torrent->session->label_rule_count, torrent->settings.label);
}

/* The directory of its label is its final one from now on, also when a kill comes
 * between, unless it may not lie there. */
static void take_dir(struct torrent *torrent, const char *dir)
{
    char message[SESSION_MESSAGE_SIZE];
    if (session_check_place(torrent->session, torrent->meta, dir, torrent, message) !=
        ERROR_NONE) {
        session_warn(torrent->session, torrent->id, "%s: %s", torrent->display_name,
                     message);
        return;
    }
    char *path = strdup(dir);
    if (path == NULL)
        return;
    free(torrent->final_dir);
    torrent->final_dir = path;
}

bool torrent_go_home(struct torrent *torrent)
{
    const struct label_rule *rule = torrent_label_rule(torrent);
    if (rule != NULL && rule->dir != NULL &&
        strcmp(rule->dir, torrent->download_dir) != 0)
        take_dir(torrent, rule->dir);
    return torrent_move_home(torrent);
}
