#include "app/proxy_open.h"

#include "base/i18n.h"
#include "base/text.h"
#include "net/proxy.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

/* Asked of this machine's own resolver: that is beside the proxy, but what other way is
 * there to it? Where all is tied to something, there is none. */
static bool look_up(const char *host, struct netaddr *ret_address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    const bool fine = netaddr_from_sockaddr(found->ai_addr, ret_address) == ERROR_NONE;
    freeaddrinfo(found);
    return fine;
}

struct net *proxy_open(const struct options *options, struct net *inner, char *message,
                       size_t message_size)
{
    struct proxy_place place;
    struct netaddr address;
    char shown[128];
    if (!proxy_parse(options->proxy, &place)) {
        snprintf(message, message_size, "%s", error_text(ERROR_INVALID));
        return NULL;
    }
    text_clean(text_untrusted(place.host), 60, shown, sizeof shown);
    const bool literal = netaddr_parse(place.host, place.port, &address) == ERROR_NONE;
    if (!literal && options->bind != NULL) {
        snprintf(message, message_size,
                 _("--proxy: with --bind it has to be named by its address"));
        return NULL;
    }
    if (!literal && !look_up(place.host, &address)) {
        snprintf(message, message_size, _("--proxy: there is no address of “%s”"), shown);
        return NULL;
    }
    address.port = place.port;
    struct net *net = net_proxy_new(inner, &place, &address);
    if (net == NULL)
        snprintf(message, message_size, "%s", error_text(ERROR_MEMORY));
    return net;
}
