#include "net/content_range.h"

#include <string.h>
#include <strings.h>

static void skip_space(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
}

/* At least one digit, and less than UINT64_MAX, which stands for "not told". */
static bool take_number(const char **at, const char *end, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *first = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at) {
        const uint64_t digit = (uint64_t)(**at - '0');
        if (number > (UINT64_MAX - 1 - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return *at > first;
}

static bool take_char(const char **at, const char *end, char wanted)
{
    if (*at == end || **at != wanted)
        return false;
    ++*at;
    return true;
}

bool content_range_parse(const char *value, size_t length,
                         struct content_range *ret_range)
{
    static const char unit[] = "bytes";
    const char *at = value, *end = value + length;
    struct content_range range = {.total = UINT64_MAX};
    while (end > at && strchr(" \t\r\n", end[-1]) != NULL && end[-1] != '\0')
        end--;
    skip_space(&at, end);
    if ((size_t)(end - at) < sizeof unit - 1 ||
        strncasecmp(at, unit, sizeof unit - 1) != 0)
        return false;
    at += sizeof unit - 1;
    if (!take_char(&at, end, ' '))
        return false;
    skip_space(&at, end);
    if (!take_number(&at, end, &range.first) || !take_char(&at, end, '-') ||
        !take_number(&at, end, &range.last) || !take_char(&at, end, '/'))
        return false;
    if (!take_char(&at, end, '*') && !take_number(&at, end, &range.total))
        return false;
    if (at != end || range.last < range.first ||
        (range.total != UINT64_MAX && range.last >= range.total))
        return false;
    *ret_range = range;
    return true;
}
