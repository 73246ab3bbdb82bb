#include "app/torrent_argument.h"

#include "base/i18n.h"
#include "base/text.h"
#include "meta/magnet.h"
#include "torrent/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool torrent_argument_is_magnet(const char *text)
{
    return magnet_is_one(text) && access(text, F_OK) != 0;
}

bool torrent_argument_is_url(const char *text)
{
    return session_is_url(text) && access(text, F_OK) != 0;
}

/* Where nothing is fetched, there is nothing to be known of such a torrent. */
static enum exit_status check_file(const char *text)
{
    const char *why = NULL;
    char shown[256];
    if (torrent_argument_is_magnet(text))
        why = _("a magnet link does not say what the torrent holds: give the .torrent "
                "file");
    else if (torrent_argument_is_url(text))
        why = _("nothing is fetched by this command: give the .torrent file");
    if (why == NULL)
        return EXIT_STATUS_OK;
    text_clean(text_untrusted(text), 120, shown, sizeof shown);
    fprintf(stderr, "bttui: %s: %s\n", shown, why);
    return EXIT_STATUS_INVALID;
}

static enum error_code load(const char *path, unsigned names,
                            struct metainfo **ret_metainfo,
                            struct metainfo_error *ret_error)
{
    uint8_t *bytes;
    size_t length;
    struct metainfo *metainfo;
    enum error_code code = metainfo_read_file(path, &bytes, &length, ret_error);
    if (code != ERROR_NONE)
        return code;
    code = metainfo_parse(bytes, length, &metainfo, ret_error);
    free(bytes);
    if (code != ERROR_NONE)
        return code;
    code = metainfo_set_names(metainfo, names, ret_error);
    if (code == ERROR_NONE)
        *ret_metainfo = metainfo;
    else
        metainfo_free(metainfo);
    return code;
}

enum exit_status torrent_argument_load(const char *text, unsigned names,
                                       struct metainfo **ret_metainfo)
{
    struct metainfo_error error;
    char shown[512];
    const enum exit_status status = check_file(text);
    if (status != EXIT_STATUS_OK)
        return status;
    const enum error_code code = load(text, names, ret_metainfo, &error);
    if (code == ERROR_NONE)
        return EXIT_STATUS_OK;
    text_clean(text_untrusted(text), 200, shown, sizeof shown);
    fprintf(stderr, "bttui: %s: %s\n", shown, error.message);
    return code == ERROR_MEMORY ? EXIT_STATUS_FAILED : EXIT_STATUS_INVALID;
}
