/* What stands for a character where only ASCII can be shown. */
#include "base/text.h"

static const struct {
    uint32_t first, last;
    char sign;
} signs[] = {
    {0x2000, 0x200a, ' '},  {0x2010, 0x2015, '-'},  {0x2018, 0x2019, '\''},
    {0x201a, 0x201a, ','},  {0x201b, 0x201b, '\''}, {0x201c, 0x201f, '"'},
    {0x2022, 0x2022, '*'},  {0x2026, 0x2026, '.'},  {0x202f, 0x202f, ' '},
    {0x2032, 0x2032, '\''}, {0x2033, 0x2033, '"'},  {0x2039, 0x2039, '<'},
    {0x203a, 0x203a, '>'},  {0x2212, 0x2212, '-'},
};

char text_ascii(uint32_t code)
{
    /* U+00A0 to U+017F: letters without their accents. */
    static const char latin[] = " !c?\??|?\"ca\"--r-o?23'u?.,1o\"?\??\?"
                                "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTs"
                                "aaaaaaaceeeeiiiidnooooo/ouuuuyty"
                                "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGg"
                                "GgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlL"
                                "lLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSs"
                                "SsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
    if (code < 0x7f)
        return (char)code;
    if (code >= 0xa0 && code < 0xa0 + sizeof latin - 1)
        return latin[code - 0xa0];
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (code >= signs[i].first && code <= signs[i].last)
            return signs[i].sign;
    return '?';
}
