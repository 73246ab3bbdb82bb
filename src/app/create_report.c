/* What `bttui create` says. */
#include "app/create_private.h"
#include "app/json_text.h"
#include "app/show.h"
#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define TOLD_MAX   20u
#define SHOWN_SIZE 8192 /* a path of 4,000 bytes, cleaned, fits */

static void clean(const struct create *create, const char *path, char *ret_text)
{
    char whole[2 * PATH_MAX];
    const char *given = create->options->torrents[0];
    const size_t length = strlen(given);
    const bool joined = path[0] != '\0' && given[length - 1] != '/';
    snprintf(whole, sizeof whole, "%.*s%s%s", PATH_MAX, given, joined ? "/" : "", path);
    text_clean(text_untrusted(whole), SHOWN_SIZE, ret_text, SHOWN_SIZE);
}

enum exit_status create_complain(const struct create *create, enum exit_status status,
                                 const char *path, const char *what)
{
    char shown[SHOWN_SIZE];
    clean(create, path, shown);
    fprintf(stderr, "bttui: %s: %s\n", shown, what);
    return status;
}

static const char *oddity_text(enum tree_oddity kind)
{
    switch (kind) {
    case TREE_LINK:
        return _("left out: a symbolic link, and links are not followed");
    case TREE_SPECIAL:
        return _("left out: not a regular file");
    case TREE_EMPTY_DIR:
        return _("left out: an empty directory, which a torrent cannot hold");
    }
    return "?";
}

static const char *oddity_word(enum tree_oddity kind)
{
    switch (kind) {
    case TREE_LINK:
        return "link";
    case TREE_SPECIAL:
        return "special";
    case TREE_EMPTY_DIR:
        return "empty-directory";
    }
    return "?";
}

void create_tell_oddities(const struct create *create)
{
    for (uint32_t i = 0; i < create->oddity_count && i < TOLD_MAX; i++)
        create_complain(create, EXIT_STATUS_OK, create->oddities[i].path,
                        oddity_text(create->oddities[i].kind));
    if (create->oddity_count <= TOLD_MAX)
        return;
    const uint32_t more = create->oddity_count - TOLD_MAX;
    char what[200];
    snprintf(what, sizeof what,
             ngettext("%u more thing is left out that a torrent cannot hold",
                      "%u more things are left out that a torrent cannot hold", more),
             more);
    create_complain(create, EXIT_STATUS_OK, "", what);
}

/* ---- the end ---- */

static json_t *json_of_oddities(const struct create *create)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list != NULL && i < create->oddity_count; i++) {
        const char *path = create->oddities[i].path;
        json_array_append_new(list, json_pack("{s:o, s:s}", "path",
                                              json_text(path, strlen(path)), "reason",
                                              oddity_word(create->oddities[i].kind)));
    }
    return list;
}

static json_t *json_of(const struct create *create, const struct metainfo *metainfo)
{
    json_t *object = show_json(metainfo);
    const char *path = create->output.path;
    if (object == NULL ||
        json_object_set_new(object, "torrent", json_text(path, strlen(path))) != 0 ||
        json_object_set_new(object, "left_out", json_of_oddities(create)) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

enum exit_status create_report(const struct create *create,
                               const struct metainfo *metainfo)
{
    char shown[SHOWN_SIZE];
    if (create->options->json)
        return json_text_print(json_of(create, metainfo));
    show_print_summary(stdout, metainfo, show_terminal_width());
    text_clean(text_untrusted(create->output.path), SHOWN_SIZE, shown, sizeof shown);
    printf(_("Written to %s\n"), shown);
    return EXIT_STATUS_OK;
}
