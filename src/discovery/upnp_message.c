#include "discovery/upnp_message.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SEARCH_REPLY_MAX 2048u

static const char device[] = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
static const char *const services[] = {"urn:schemas-upnp-org:service:WANIPConnection:",
                                       "urn:schemas-upnp-org:service:WANPPPConnection:"};

struct span {
    const char *at;
    size_t length;
};

/* ---- SSDP ---- */

enum error_code upnp_write_search(struct buffer *out)
{
    return buffer_printf(out,
                         "M-SEARCH * HTTP/1.1\r\nHOST: %s\r\nST: %s\r\n"
                         "MAN: \"ssdp:discover\"\r\nMX: 2\r\n\r\n",
                         UPNP_GROUP, device);
}

static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' ||
            strchr("\"<>\\@", text.at[i]) != NULL)
            return false;
    return text.length > 0;
}

static bool copy_plain(struct span text, char *ret_text, size_t size)
{
    if (!is_plain(text) || text.length >= size)
        return false;
    memcpy(ret_text, text.at, text.length);
    ret_text[text.length] = '\0';
    return true;
}

/* Only an address can be compared with the gateway's: a name may lead anywhere. */
bool upnp_url_is_at(const char *url, const struct netaddr *host)
{
    char where[NETADDR_TEXT_SIZE];
    struct netaddr address;
    if (strncmp(url, "http://", 7) != 0)
        return false;
    const size_t length = strcspn(url + 7, "/?#");
    if (length == 0 || length >= sizeof where || url[7 + length] != '/')
        return false;
    memcpy(where, url + 7, length);
    where[length] = '\0';
    return netaddr_parse(where, 80, &address) == ERROR_NONE && address.port != 0 &&
           netaddr_same_host(&address, host);
}

static struct span trimmed(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    while (end > at &&
           (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n'))
        end--;
    return (struct span){at, (size_t)(end - at)};
}

enum error_code upnp_read_found(const uint8_t *bytes, size_t length,
                                const struct netaddr *host, char ret_url[UPNP_URL_SIZE])
{
    static const char status[] = "HTTP/1.1 200", name[] = "location:";
    const char *at = (const char *)bytes, *end = at + length;
    char url[UPNP_URL_SIZE];
    if (length < sizeof status || length > SEARCH_REPLY_MAX ||
        strncasecmp(at, status, sizeof status - 1) != 0)
        return ERROR_INVALID;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        if ((size_t)(line_end - at) >= sizeof name - 1 &&
            strncasecmp(at, name, sizeof name - 1) == 0) {
            if (!copy_plain(trimmed(at + sizeof name - 1, line_end), url, sizeof url) ||
                !upnp_url_is_at(url, host))
                return ERROR_REFUSED;
            memcpy(ret_url, url, sizeof url);
            return ERROR_NONE;
        }
        at = line_end < end ? line_end + 1 : end;
    }
    return ERROR_INVALID;
}

/* ---- XML, as much of it as gateways need ---- */

/* The next tag from *AT on: NAME without a prefix, *TEXT what stood before it. False:
 * there is none. */
struct tag {
    struct span name, text;
    bool closes;
};

static const char *end_of_comment(const char *at, const char *end)
{
    const char *found = memmem(at, (size_t)(end - at), "-->", 3);
    return found != NULL ? found + 3 : end;
}

static bool next_tag(const char **at, const char *end, struct tag *ret_tag)
{
    const char *open = memchr(*at, '<', (size_t)(end - *at));
    while (open != NULL && end - open > 4 && memcmp(open, "<!--", 4) == 0) {
        *at = end_of_comment(open + 4, end);
        open = memchr(*at, '<', (size_t)(end - *at));
    }
    const char *close = open != NULL ? memchr(open, '>', (size_t)(end - open)) : NULL;
    if (close == NULL)
        return false;
    ret_tag->text = trimmed(*at, open);
    ret_tag->closes = open[1] == '/';
    const char *name = open + 1 + ret_tag->closes, *name_end = name;
    while (name_end < close && strchr(" \t\r\n/", *name_end) == NULL) {
        name = *name_end == ':' ? name_end + 1 : name;
        name_end++;
    }
    ret_tag->name = (struct span){name, (size_t)(name_end - name)};
    *at = close + 1;
    return true;
}

static bool is_called(const struct tag *tag, const char *name)
{
    return tag->name.length == strlen(name) &&
           memcmp(tag->name.at, name, tag->name.length) == 0;
}

/* W16: a document type, an entity of it, or CDATA, which nobody needs here. */
static bool is_hostile(const char *at, const char *end)
{
    for (; at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL; at++)
        if (end - at > 1 && at[1] == '!' && (end - at < 4 || memcmp(at, "<!--", 4) != 0))
            return true;
    return false;
}

static enum error_code may_be_read(const uint8_t *bytes, size_t length)
{
    const char *at = (const char *)bytes;
    if (length > UPNP_BODY_MAX)
        return ERROR_LIMIT;
    return is_hostile(at, at + length) ? ERROR_REFUSED : ERROR_NONE;
}

static bool is_wanted(struct span type)
{
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        const size_t size = strlen(services[i]);
        if (type.length == size + 1 && memcmp(type.at, services[i], size) == 0 &&
            type.at[size] >= '1' && type.at[size] <= '9')
            return true;
    }
    return false;
}

/* PATH may be whole, begin at the root, or be beside the description. */
static bool join(const char *base, struct span path, const struct netaddr *host,
                 char ret_url[UPNP_URL_SIZE])
{
    char part[UPNP_URL_SIZE];
    if (memchr(path.at, '&', path.length) != NULL || !copy_plain(path, part, sizeof part))
        return false;
    const size_t root = 7 + strcspn(base + 7, "/");
    const size_t beside = (size_t)(strrchr(base, '/') - base) + 1;
    const size_t keep = strncmp(part, "http://", 7) == 0 ? 0
                        : part[0] == '/'                 ? root
                                                         : beside;
    return snprintf(ret_url, UPNP_URL_SIZE, "%.*s%s", (int)keep, base, part) <
               UPNP_URL_SIZE &&
           upnp_url_is_at(ret_url, host);
}

enum error_code upnp_read_description(const uint8_t *bytes, size_t length,
                                      const char *url, const struct netaddr *host,
                                      struct upnp_service *ret_service)
{
    const char *at = (const char *)bytes, *end = at + length;
    struct span type = {0}, control = {0};
    struct upnp_service service;
    struct tag tag;
    const enum error_code error = may_be_read(bytes, length);
    if (error != ERROR_NONE)
        return error;
    while (next_tag(&at, end, &tag)) {
        if (is_called(&tag, "service")) {
            if (tag.closes && is_wanted(type) && control.length > 0) {
                if (!copy_plain(type, service.type, sizeof service.type) ||
                    !join(url, control, host, service.url))
                    return ERROR_REFUSED;
                *ret_service = service;
                return ERROR_NONE;
            }
            type = control = (struct span){0};
        } else if (tag.closes && is_called(&tag, "serviceType")) {
            type = tag.text;
        } else if (tag.closes && is_called(&tag, "controlURL")) {
            control = tag.text;
        }
    }
    return ERROR_INVALID;
}

/* ---- SOAP ---- */

const char *upnp_action_name(enum upnp_action action)
{
    static const char *const names[] = {"AddPortMapping", "DeletePortMapping",
                                        "GetExternalIPAddress"};
    return names[action];
}

static enum error_code write_arguments(enum upnp_action action,
                                       const struct upnp_wish *wish, struct buffer *out)
{
    char own[NETADDR_TEXT_SIZE];
    if (action == UPNP_ADDRESS)
        return ERROR_NONE;
    enum error_code error =
        buffer_printf(out,
                      "<NewRemoteHost></NewRemoteHost><NewExternalPort>%u"
                      "</NewExternalPort><NewProtocol>%s</NewProtocol>",
                      wish->external_port, wish->udp ? "UDP" : "TCP");
    if (error != ERROR_NONE || action == UPNP_DELETE)
        return error;
    return buffer_printf(
        out,
        "<NewInternalPort>%u</NewInternalPort><NewInternalClient>%s</NewInternalClient>"
        "<NewEnabled>1</NewEnabled><NewPortMappingDescription>bttui"
        "</NewPortMappingDescription><NewLeaseDuration>%u</NewLeaseDuration>",
        wish->internal_port, netaddr_format_host(&wish->own, own), wish->lease_s);
}

enum error_code upnp_write_call(const struct upnp_service *service,
                                enum upnp_action action, const struct upnp_wish *wish,
                                struct buffer *out)
{
    const char *name = upnp_action_name(action);
    enum error_code error =
        buffer_printf(out,
                      "<?xml version=\"1.0\"?>\r\n<s:Envelope "
                      "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                      "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
                      "<s:Body><u:%s xmlns:u=\"%s\">",
                      name, service->type);
    if (error == ERROR_NONE)
        error = write_arguments(action, wish, out);
    return error == ERROR_NONE
               ? buffer_printf(out, "</u:%s></s:Body></s:Envelope>\r\n", name)
               : error;
}

static uint32_t read_number(struct span text)
{
    uint32_t number = 0;
    if (text.length > 5)
        return 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        number = number * 10 + (uint32_t)(text.at[i] - '0');
    }
    return number;
}

static void read_address(struct span text, struct netaddr *ret_address)
{
    char copy[NETADDR_TEXT_SIZE];
    struct netaddr address;
    if (copy_plain(text, copy, sizeof copy) &&
        netaddr_parse(copy, 0, &address) == ERROR_NONE &&
        netaddr_scope(&address) != NETADDR_SCOPE_INVALID)
        *ret_address = address;
}

enum error_code upnp_read_answer(const uint8_t *bytes, size_t length,
                                 struct upnp_answer *ret_answer)
{
    const char *at = (const char *)bytes, *end = at + length;
    struct upnp_answer answer = {.external = {.family = NETADDR_NONE}};
    struct tag tag;
    const enum error_code error = may_be_read(bytes, length);
    if (error != ERROR_NONE)
        return error;
    while (next_tag(&at, end, &tag)) {
        if (!tag.closes)
            continue;
        if (is_called(&tag, "errorCode"))
            answer.fault = read_number(tag.text);
        else if (is_called(&tag, "errorDescription"))
            text_clean((struct untrusted){tag.text.at, tag.text.length},
                       UPNP_TEXT_SIZE / 2, answer.text, sizeof answer.text);
        else if (is_called(&tag, "NewExternalIPAddress"))
            read_address(tag.text, &answer.external);
    }
    *ret_answer = answer;
    return ERROR_NONE;
}
