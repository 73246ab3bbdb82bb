#include "tests/unit/net/alone.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool alone_begin(void)
{
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
           alone_take_address("lo", "127.0.0.1");
}

void alone_set_up(bool up)
{
    struct ifreq request = {.ifr_flags = (short)(up ? IFF_UP | IFF_RUNNING : 0)};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
    (void)ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
}

int alone_hold_port(uint16_t *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t length = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &length) != 0)
        return -1;
    *ret_port = ntohs(at.sin_port);
    return fd;
}

bool alone_take_address(const char *name, const char *text)
{
    struct ifreq request = {.ifr_flags = 0};
    struct sockaddr_in at = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    bool fine = fd >= 0 && inet_pton(AF_INET, text, &at.sin_addr) == 1;
    memcpy(&request.ifr_addr, &at, sizeof at);
    fine = fine && ioctl(fd, SIOCSIFADDR, &request) == 0;
    request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
    fine = fine && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return fine;
}
