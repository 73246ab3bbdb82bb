#include "app/torrent_argument.h"

#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Forty hex digits, or the thirty-two of base32, and no file of that name. */
static bool is_info_hash(const char *text)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    static const char base32[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567";
    const size_t length = strlen(text);
    const bool looks = (length == 40 && strspn(text, hex) == length) ||
                       (length == 32 && strspn(text, base32) == length);
    return looks && access(text, F_OK) != 0;
}

enum exit_status torrent_argument_check(const char *text)
{
    const char *why = NULL;
    char shown[256];
    if (strncasecmp(text, "magnet:", 7) == 0)
        why = _("this version cannot open magnet links yet, only .torrent files");
    else if (strncasecmp(text, "http://", 7) == 0 ||
             strncasecmp(text, "https://", 8) == 0)
        why =
            _("this version cannot fetch torrents by URL yet, only open .torrent files");
    else if (is_info_hash(text))
        why = _("this version cannot find a torrent by its info-hash yet, only open "
                ".torrent files");
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
    const enum exit_status status = torrent_argument_check(text);
    if (status != EXIT_STATUS_OK)
        return status;
    const enum error_code code = load(text, names, ret_metainfo, &error);
    if (code == ERROR_NONE)
        return EXIT_STATUS_OK;
    text_clean(text_untrusted(text), 200, shown, sizeof shown);
    fprintf(stderr, "bttui: %s: %s\n", shown, error.message);
    return code == ERROR_MEMORY ? EXIT_STATUS_FAILED : EXIT_STATUS_INVALID;
}
