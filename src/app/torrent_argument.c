#include "app/torrent_argument.h"

#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>
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
