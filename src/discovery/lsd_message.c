#include "discovery/lsd_message.h"

#include <string.h>
#include <strings.h>

#define GROUP4 "239.192.152.143:6771"
#define GROUP6 "[ff15::efc0:988f]:6771"

static const char request[] = "BT-SEARCH * HTTP/1.1";

/* A line without its end; what is left begins after that. False: there is none. */
static bool take_line(const char **bytes, size_t *left, const char **ret_line,
                      size_t *ret_length)
{
    const char *end = memchr(*bytes, '\n', *left);
    if (end == NULL)
        return false;
    size_t length = (size_t)(end - *bytes);
    *ret_line = *bytes;
    *left -= length + 1;
    *bytes = end + 1;
    if (length > 0 && (*ret_line)[length - 1] == '\r')
        length--;
    *ret_length = length;
    return true;
}

/* Whether LINE is the header NAME; then it goes on with its value. */
static bool take_name(const char **line, size_t *length, const char *name)
{
    const size_t size = strlen(name);
    if (*length <= size || strncasecmp(*line, name, size) != 0 || (*line)[size] != ':')
        return false;
    *line += size + 1;
    *length -= size + 1;
    while (*length > 0 && (**line == ' ' || **line == '\t')) {
        ++*line;
        --*length;
    }
    while (*length > 0 && ((*line)[*length - 1] == ' ' || (*line)[*length - 1] == '\t'))
        --*length;
    return true;
}

static uint16_t read_port(const char *text, size_t length)
{
    uint32_t port = 0;
    if (length > 5)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static void take_header(const char *line, size_t length, struct lsd_message *message)
{
    if (take_name(&line, &length, "Port")) {
        message->port = read_port(line, length);
    } else if (take_name(&line, &length, "Infohash")) {
        if (message->hash_count < LSD_READ_MAX &&
            info_hash_from_hex(line, length, &message->hashes[message->hash_count]))
            message->hash_count++;
    } else if (take_name(&line, &length, "cookie") && length <= LSD_COOKIE_MAX) {
        memcpy(message->cookie, line, length);
        message->cookie[length] = '\0';
    }
}

enum error_code lsd_message_parse(const uint8_t *bytes, size_t length,
                                  struct lsd_message *ret_message)
{
    const char *at = (const char *)bytes, *line;
    size_t line_length;
    if (length > LSD_MESSAGE_MAX || !take_line(&at, &length, &line, &line_length) ||
        line_length != sizeof request - 1 || memcmp(line, request, line_length) != 0)
        return ERROR_INVALID;
    memset(ret_message, 0, sizeof *ret_message);
    while (take_line(&at, &length, &line, &line_length) && line_length > 0)
        take_header(line, line_length, ret_message);
    return ret_message->port != 0 && ret_message->hash_count > 0 ? ERROR_NONE
                                                                 : ERROR_INVALID;
}

enum error_code lsd_message_write(enum netaddr_family family,
                                  const struct lsd_message *message, struct buffer *out)
{
    char hex[INFO_HASH_HEX_SIZE];
    enum error_code error =
        buffer_printf(out, "%s\r\nHost: %s\r\nPort: %u\r\n", request,
                      family == NETADDR_V4 ? GROUP4 : GROUP6, message->port);
    for (uint32_t i = 0; i < message->hash_count && error == ERROR_NONE; i++) {
        info_hash_hex(&message->hashes[i], hex);
        error = buffer_printf(out, "Infohash: %s\r\n", hex);
    }
    return error == ERROR_NONE
               ? buffer_printf(out, "cookie: %s\r\n\r\n\r\n", message->cookie)
               : error;
}

struct netaddr lsd_group(enum netaddr_family family)
{
    struct netaddr group = {.family = NETADDR_NONE};
    (void)!netaddr_parse(family == NETADDR_V4 ? GROUP4 : GROUP6, 0, &group);
    return group;
}
