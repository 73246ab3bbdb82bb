#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* "1.5 GiB": three digits and a unit, rounded down so that nothing looks done early. */
static void format_scaled(uint64_t value, const char *suffix, char *ret_text)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    uint64_t divisor = 1;
    while (unit < 6 && value / divisor >= 1024) {
        divisor *= 1024;
        unit++;
    }
    const uint64_t whole = value / divisor;
    const uint64_t tenth =
        divisor == 1 ? 0 : value % divisor / (divisor / 1024) * 10 / 1024;
    if (unit == 0 || whole >= 100)
        snprintf(ret_text, TEXT_NUMBER_SIZE, "%llu %s%s", (unsigned long long)whole,
                 units[unit], suffix);
    else
        snprintf(ret_text, TEXT_NUMBER_SIZE, "%llu.%llu %s%s", (unsigned long long)whole,
                 (unsigned long long)tenth, units[unit], suffix);
}

const char *text_bytes(uint64_t bytes, char ret_text[TEXT_NUMBER_SIZE])
{
    format_scaled(bytes, "", ret_text);
    return ret_text;
}

const char *text_rate(uint64_t bytes_per_s, char ret_text[TEXT_NUMBER_SIZE])
{
    format_scaled(bytes_per_s, "/s", ret_text);
    return ret_text;
}

const char *text_duration(uint64_t seconds, char ret_text[TEXT_NUMBER_SIZE])
{
    static const struct {
        uint64_t seconds;
        char unit;
    } units[] = {{365 * 86400, 'y'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    if (seconds == UINT64_MAX) {
        snprintf(ret_text, TEXT_NUMBER_SIZE, "∞");
        return ret_text;
    }
    if (seconds < 60) {
        snprintf(ret_text, TEXT_NUMBER_SIZE, "%us", (unsigned)seconds);
        return ret_text;
    }
    size_t i = 0;
    while (seconds < units[i].seconds)
        i++;
    const uint64_t rest = seconds % units[i].seconds / units[i + 1].seconds;
    snprintf(ret_text, TEXT_NUMBER_SIZE, "%llu%c%02u%c",
             (unsigned long long)(seconds / units[i].seconds), units[i].unit,
             (uint16_t)rest, units[i + 1].unit);
    return ret_text;
}

const char *text_percent(uint64_t done, uint64_t total, char ret_text[TEXT_NUMBER_SIZE])
{
    if (done >= total) {
        snprintf(ret_text, TEXT_NUMBER_SIZE, "100%%");
        return ret_text;
    }
    /* Large sums are scaled first: the thousandfold would not fit. */
    const uint64_t scale = total > UINT64_MAX / 1000 ? 1000 : 1;
    uint64_t permille = done / scale * 1000 / (total / scale);
    if (permille > 999) /* scaling may make the two equal */
        permille = 999;
    snprintf(ret_text, TEXT_NUMBER_SIZE, "%u.%u%%", (unsigned)(permille / 10),
             (unsigned)(permille % 10));
    return ret_text;
}

/* Reads digits up to the first other character; false without one or on overflow. */
static bool read_digits(const char **at, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        const uint64_t digit = (uint64_t)(**at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

bool text_parse_u64(const char *text, uint64_t low, uint64_t high, uint64_t *ret_value)
{
    uint64_t value;
    if (!read_digits(&text, &value) || *text != '\0' || value < low || value > high)
        return false;
    *ret_value = value;
    return true;
}

bool text_parse_rate(const char *text, uint64_t *ret_bytes_per_s)
{
    static const char units[] = "KMG";
    uint64_t value;
    if (!read_digits(&text, &value))
        return false;
    if (*text != '\0') {
        const char upper = (char)(*text >= 'a' ? *text - 'a' + 'A' : *text);
        const char *unit = strchr(units, upper);
        if (unit == NULL || text[1] != '\0')
            return false;
        const unsigned shift = 10 * (unsigned)(unit - units + 1);
        if (value > UINT64_MAX >> shift)
            return false;
        value <<= shift;
    }
    *ret_bytes_per_s = value;
    return true;
}

bool text_parse_hundredths(const char *text, uint32_t most, uint32_t *ret_value)
{
    uint64_t value;
    if (!read_digits(&text, &value) || value > most / 100)
        return false;
    value *= 100;
    if (*text == '.') {
        if (text[1] < '0' || text[1] > '9')
            return false;
        value += (uint64_t)(text[1] - '0') * 10;
        text += 2;
        if (*text >= '0' && *text <= '9')
            value += (uint64_t)(*text++ - '0');
    }
    if (*text != '\0' || value > most)
        return false;
    *ret_value = (uint32_t)value;
    return true;
}
