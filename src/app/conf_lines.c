#include "app/conf_lines.h"

#include "base/i18n.h"
#include "base/text.h"

#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

void conf_lines_begin(struct conf_lines *lines, char *bytes, size_t length)
{
    const size_t mark = sizeof byte_order_mark - 1;
    *lines = (struct conf_lines){.at = bytes, .end = bytes + length};
    if (length >= mark && memcmp(bytes, byte_order_mark, mark) == 0)
        lines->at += mark;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *skip_blanks(char *at)
{
    while (is_blank(*at))
        at++;
    return at;
}

/* What no line may hold, whatever it says; LENGTH bytes, without the end of the line. */
static enum conf_fault fault_of_bytes(const char *line, size_t length)
{
    if (length > CONF_LINE_MAX)
        return CONF_FAULT_LONG;
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)line[i];
        if (byte == '\0')
            return CONF_FAULT_NUL;
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return CONF_FAULT_CONTROL;
    }
    return text_is_valid_utf8(line, length) ? CONF_FAULT_NONE : CONF_FAULT_UTF8;
}

/* Ends at AT, which is not a blank any more; FROM is the beginning. */
static void cut_blanks(const char *from, char *at)
{
    while (at > from && is_blank(at[-1]))
        at--;
    *at = '\0';
}

static bool is_end(const char *at)
{
    return *at == '\0' || *at == '#';
}

static enum conf_fault read_quoted(char *at, const char **ret_value)
{
    char *to = at;
    *ret_value = at;
    for (; *at != '"'; *to++ = *at++) {
        if (*at == '\\' && *++at != '"' && *at != '\\')
            return CONF_FAULT_ESCAPE;
        if (*at == '\0')
            return CONF_FAULT_QUOTE;
    }
    const char *after = skip_blanks(at + 1);
    *to = '\0';
    return is_end(after) ? CONF_FAULT_NONE : CONF_FAULT_AFTER_QUOTE;
}

static enum conf_fault read_value(char *at, const char **ret_value)
{
    at = skip_blanks(at);
    if (is_end(at))
        return CONF_FAULT_NO_VALUE;
    if (*at == '"')
        return read_quoted(at + 1, ret_value);
    char *end = at;
    while (*end != '\0' && !(*end == '#' && is_blank(end[-1])))
        end++;
    cut_blanks(at, end);
    *ret_value = at;
    return CONF_FAULT_NONE;
}

static enum conf_fault read_pair(char *at, struct conf_line *ret_line)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_";
    char *sign = strchr(at, '=');
    if (sign == at)
        return CONF_FAULT_NO_KEY;
    if (sign == NULL)
        return CONF_FAULT_NO_SIGN;
    cut_blanks(at, sign);
    ret_line->key = at;
    if (at[strspn(at, letters)] != '\0')
        return CONF_FAULT_KEY_LETTERS;
    return read_value(sign + 1, &ret_line->value);
}

enum conf_fault conf_lines_next(struct conf_lines *lines, struct conf_line *ret_line)
{
    *ret_line = (struct conf_line){"", ""};
    while (lines->at < lines->end) {
        char *line = lines->at;
        char *end = memchr(line, '\n', (size_t)(lines->end - line));
        if (end == NULL)
            end = lines->end;
        lines->at = end + 1;
        lines->line++;
        if (end > line && end[-1] == '\r')
            end--;
        const enum conf_fault fault = fault_of_bytes(line, (size_t)(end - line));
        if (fault != CONF_FAULT_NONE)
            return fault;
        *end = '\0';
        line = skip_blanks(line);
        if (!is_end(line))
            return read_pair(line, ret_line);
    }
    return CONF_FAULT_NONE;
}

const char *conf_fault_text(enum conf_fault fault)
{
    switch (fault) {
    case CONF_FAULT_NUL:
        return _("there is a NUL byte in the line; this is no text file");
    case CONF_FAULT_CONTROL:
        return _("there is a control character in the line");
    case CONF_FAULT_UTF8:
        return _("the line is not valid UTF-8");
    case CONF_FAULT_LONG:
        return _("the line is too long (limit: 8192 bytes)");
    case CONF_FAULT_NO_SIGN:
        return _("there is no “=”; a line is “key = value”, or begins with #");
    case CONF_FAULT_NO_KEY:
        return _("there is no key before the “=”");
    case CONF_FAULT_KEY_LETTERS:
        return _("a key is one word of letters, digits and “-”");
    case CONF_FAULT_NO_VALUE:
        return _("there is no value after the “=”");
    case CONF_FAULT_QUOTE:
        return _("the quoted value has no end");
    case CONF_FAULT_ESCAPE:
        return _("in quotes a backslash stands only in \\\" and \\\\");
    case CONF_FAULT_AFTER_QUOTE:
        return _("only a comment may follow the quoted value");
    case CONF_FAULT_NONE:
        break;
    }
    return "";
}
