#include "net/proxy.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_PORT 1080

/* LENGTH bytes of TEXT, %XX undone. False: too many, none, or not text. */
static bool take_text(const char *text, size_t length, char *ret_text)
{
    size_t filled = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '%') {
            if (length - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
                !isxdigit((unsigned char)text[i + 2]))
                return false;
            const char digits[] = {text[i + 1], text[i + 2], '\0'};
            byte = (unsigned char)strtoul(digits, NULL, 16);
            i += 2;
        }
        if (byte == '\0' || filled == SOCKS_TEXT_MOST)
            return false;
        ret_text[filled++] = (char)byte;
    }
    ret_text[filled] = '\0';
    return filled > 0;
}

static bool take_login(const char *text, size_t length, struct proxy_place *place)
{
    const char *colon = memchr(text, ':', length);
    const size_t user = colon != NULL ? (size_t)(colon - text) : length;
    if (!take_text(text, user, place->user))
        return false;
    return colon == NULL || take_text(colon + 1, length - user - 1, place->password);
}

static bool is_host(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("-._:", *at) == NULL)
            return false;
    return text[0] != '\0';
}

static bool take_host(const char *text, struct proxy_place *place)
{
    uint64_t port = DEFAULT_PORT;
    const char *end = text + strcspn(text, "/");
    if (strcmp(end, "") != 0 && strcmp(end, "/") != 0)
        return false;
    const bool bracket = text[0] == '[';
    const char *close = bracket ? memchr(text, ']', (size_t)(end - text)) : NULL;
    const char *colon = memchr(bracket && close != NULL ? close : text, ':',
                               (size_t)(end - (bracket && close != NULL ? close : text)));
    char number[8] = "";
    if (bracket && close == NULL)
        return false;
    if (colon != NULL && (end == colon + 1 || end - colon > 6))
        return false;
    if (colon != NULL) {
        memcpy(number, colon + 1, (size_t)(end - colon) - 1);
        if (!text_parse_u64(number, 1, 65535, &port))
            return false;
    }
    const char *begin = bracket ? text + 1 : text;
    const char *stop = bracket ? close : colon != NULL ? colon : end;
    const size_t length = (size_t)(stop - begin);
    if (length > 253 || (bracket && (colon != NULL ? colon : end) != close + 1))
        return false;
    memcpy(place->host, begin, length);
    place->host[length] = '\0';
    place->port = (uint16_t)port;
    struct netaddr address;
    return is_host(place->host) &&
           (!bracket || (netaddr_parse(place->host, 1, &address) == ERROR_NONE &&
                         address.family == NETADDR_V6));
}

bool proxy_parse(const char *text, struct proxy_place *ret_place)
{
    static const char *const schemes[] = {"socks5://", "socks5h://"};
    struct proxy_place place = {0};
    for (size_t i = 0; i < 2; i++) {
        const size_t length = strlen(schemes[i]);
        if (strncasecmp(text, schemes[i], length) != 0)
            continue;
        const char *rest = text + length, *at = strrchr(rest, '@');
        if ((at != NULL && !take_login(rest, (size_t)(at - rest), &place)) ||
            !take_host(at != NULL ? at + 1 : rest, &place))
            return false;
        *ret_place = place;
        return true;
    }
    return false;
}
