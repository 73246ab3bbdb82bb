#include "app/bind_check.h"

#include "base/i18n.h"
#include "base/netaddr.h"
#include "base/text.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool bind_to_address(int fd, const struct netaddr *address)
{
    struct sockaddr_storage sockaddr;
    const socklen_t length = netaddr_to_sockaddr(address, &sockaddr);
    return bind(fd, (struct sockaddr *)&sockaddr, length) == 0;
}

static bool bind_to_interface(int fd, const char *name)
{
    if (strlen(name) >= IFNAMSIZ || if_nametoindex(name) == 0) {
        errno = ENODEV;
        return false;
    }
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) ==
           0;
}

bool bind_check(const char *text, char *message, size_t message_size)
{
    struct netaddr address;
    char shown[128];
    const bool is_address =
        netaddr_parse(text, 0, &address) == ERROR_NONE && address.port == 0;
    const int fd = socket(is_address && address.family == NETADDR_V6 ? AF_INET6 : AF_INET,
                          SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool fine = fd >= 0 && (is_address ? bind_to_address(fd, &address)
                                             : bind_to_interface(fd, text));
    const int why = errno;
    if (fd >= 0)
        close(fd);
    if (fine)
        return true;
    text_clean(text_untrusted(text), 60, shown, sizeof shown);
    if (why == ENODEV || why == EADDRNOTAVAIL)
        snprintf(message, message_size,
                 _("--bind: “%s” is no address or interface of this machine"), shown);
    else
        snprintf(message, message_size, "--bind=%s: %s", shown, strerror(why));
    return false;
}
