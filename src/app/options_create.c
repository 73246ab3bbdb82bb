/* The options of `bttui create`. */
#include "app/options_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "meta/metainfo_write.h"

#include <string.h>

#define TEXT_BYTES_MAX 4096          /* of what is read back, too */
#define DATE_MAX       253402300799u /* the end of the year 9999 */

static bool take_piece_size(struct option_complaint *complaint, const char *text,
                            uint32_t *ret_bytes)
{
    char buffer[OPTION_SHOWN_SIZE];
    uint64_t bytes;
    if (!text_parse_rate(text, &bytes) || bytes < METAINFO_LEAST_PIECE_BYTES ||
        bytes > METAINFO_MAX_PIECE_BYTES || (bytes & (bytes - 1)) != 0)
        return option_complain(complaint,
                               _("%s: “%s” is not a power of two from 16K to 256M"),
                               complaint->name, option_shown(text, buffer));
    *ret_bytes = (uint32_t)bytes;
    return true;
}

static bool take_format(struct option_complaint *complaint, const char *text,
                        enum metainfo_format *ret_format)
{
    char buffer[OPTION_SHOWN_SIZE];
    static const char *const formats[] = {
        [METAINFO_V1] = "v1", [METAINFO_V2] = "v2", [METAINFO_HYBRID] = "hybrid"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(text, formats[i]) == 0) {
            *ret_format = (enum metainfo_format)i;
            return true;
        }
    return option_complain(complaint, _("%s: “%s” is none of v1, v2 and hybrid"),
                           complaint->name, option_shown(text, buffer));
}

static bool take_utf8(struct option_complaint *complaint, const char *text,
                      const char **ret_text)
{
    const size_t length = strlen(text);
    if (length == 0)
        return option_complain(complaint, _("%s needs a value"), complaint->name);
    if (length > TEXT_BYTES_MAX || !text_is_valid_utf8(text, length))
        return option_complain(
            complaint, _("%s: the text is not valid UTF-8, or longer than %d bytes"),
            complaint->name, TEXT_BYTES_MAX);
    *ret_text = text;
    return true;
}

/* Seconds since the epoch, or "now". */
static bool take_date(struct option_complaint *complaint, const char *text,
                      struct create_options *create)
{
    char buffer[OPTION_SHOWN_SIZE];
    uint64_t seconds = 0;
    create->date = CREATE_DATE_NOW;
    if (strcmp(text, "now") == 0)
        return true;
    create->date = CREATE_DATE_GIVEN;
    if (!text_parse_u64(text, 0, DATE_MAX, &seconds))
        return option_complain(complaint,
                               _("%s: “%s” is neither “now” nor seconds since 1970"),
                               complaint->name, option_shown(text, buffer));
    create->date_s = (int64_t)seconds;
    return true;
}

static bool add_text(struct option_complaint *complaint, const char *text,
                     const char **texts, uint32_t *count)
{
    if (text[0] == '\0')
        return option_complain(complaint, _("%s needs a value"), complaint->name);
    if (*count == OPTIONS_MAX_TEXTS)
        return option_complain(complaint, _("%s: more than %d are given"),
                               complaint->name, OPTIONS_MAX_TEXTS);
    texts[(*count)++] = text;
    return true;
}

static bool check_url(struct option_complaint *complaint, const char *url, size_t length,
                      bool is_tracker)
{
    char buffer[OPTION_SHOWN_SIZE];
    const struct untrusted raw = {url, length};
    if (metainfo_url_is_usable(url, length, is_tracker))
        return true;
    text_clean(raw, 200, buffer, sizeof buffer);
    return option_complain(
        complaint,
        is_tracker ? _("%s: “%s” is no http, https or udp URL that can be used")
                   : _("%s: “%s” is no http or https URL that can be used"),
        complaint->name, buffer);
}

static bool add_tier(struct option_complaint *complaint, const char *text,
                     struct create_options *create)
{
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        if (!check_url(complaint, at, length, true))
            return false;
        if (create->url_count == METAINFO_MAX_URLS)
            return option_complain(complaint, _("%s: more than %d are given"),
                                   complaint->name, (int)METAINFO_MAX_URLS);
        create->url_count++;
        at += length;
        if (*at == '\0')
            return add_text(complaint, text, create->tiers, &create->tier_count);
    }
}

bool option_take_create(struct create_options *create, int id, const char *text,
                        struct option_complaint *complaint)
{
    switch (id) {
    case OPTION_PIECE_SIZE:
        return take_piece_size(complaint, text, &create->piece_bytes);
    case OPTION_FORMAT:
        return take_format(complaint, text, &create->format);
    case OPTION_TRACKER:
        return add_tier(complaint, text, create);
    case OPTION_WEBSEED:
        return check_url(complaint, text, strlen(text), false) &&
               add_text(complaint, text, create->webseeds, &create->webseed_count);
    case OPTION_EXCLUDE:
        return add_text(complaint, text, create->excludes, &create->exclude_count);
    case OPTION_COMMENT:
        return take_utf8(complaint, text, &create->comment);
    case OPTION_SOURCE:
        return take_utf8(complaint, text, &create->source);
    default:
        return take_date(complaint, text, create);
    }
}
