#include "lab_host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERFACE "path0"
#define MTU       1500
#define OFFLOADS  (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)

static bool say(const char *what)
{
    fprintf(stderr, "path: %s: %s\n", what, strerror(errno));
    return false;
}

static bool write_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return fine;
}

/* A namespace that a user makes belongs to a user namespace in which he is root. */
static bool leave_network(void)
{
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    char map[64];
    if (unshare(CLONE_NEWNET) == 0)
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return say("no network namespace");
    snprintf(map, sizeof map, "0 %u 1", (unsigned)uid);
    if (!write_file("/proc/self/setgroups", "deny") ||
        !write_file("/proc/self/uid_map", map))
        return say("no user namespace");
    snprintf(map, sizeof map, "0 %u 1", (unsigned)gid);
    return write_file("/proc/self/gid_map", map) || say("no user namespace");
}

static bool set_up(int control, const char *name, int mtu)
{
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_mtu = mtu;
    if (mtu != 0 && ioctl(control, SIOCSIFMTU, &request) != 0)
        return say("MTU");
    if (ioctl(control, SIOCGIFFLAGS, &request) != 0)
        return say(name);
    request.ifr_flags |= IFF_UP;
    return ioctl(control, SIOCSIFFLAGS, &request) == 0 || say(name);
}

static bool set_address(int control, uint8_t number)
{
    struct ifreq request = {0};
    struct sockaddr_in address = {.sin_family = AF_INET};
    strncpy(request.ifr_name, INTERFACE, IFNAMSIZ - 1);
    address.sin_addr.s_addr = htonl(0x0a4d0000u | number);
    memcpy(&request.ifr_addr, &address, sizeof address);
    if (ioctl(control, SIOCSIFADDR, &request) != 0)
        return say("IPv4 address");
    address.sin_addr.s_addr = htonl(0xffffff00u);
    memcpy(&request.ifr_netmask, &address, sizeof address);
    return ioctl(control, SIOCSIFNETMASK, &request) == 0 || say("IPv4 netmask");
}

static bool set_address6(uint8_t number)
{
    struct ifreq index = {0};
    struct in6_ifreq request = {.ifr6_prefixlen = 64};
    const int control = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0)
        return true; /* a kernel without IPv6 */
    strncpy(index.ifr_name, INTERFACE, IFNAMSIZ - 1);
    write_file("/proc/sys/net/ipv6/conf/" INTERFACE "/accept_dad", "0");
    inet_pton(AF_INET6, "fd77::", &request.ifr6_addr);
    request.ifr6_addr.s6_addr[15] = number;
    bool fine = ioctl(control, SIOCGIFINDEX, &index) == 0;
    request.ifr6_ifindex = index.ifr_ifindex;
    fine = fine && ioctl(control, SIOCSIFADDR, &request) == 0;
    close(control);
    return fine || say("IPv6 address");
}

static int open_interface(uint8_t number, bool large)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strncpy(request.ifr_name, INTERFACE, IFNAMSIZ - 1);
    /* As nearly everywhere; kept from namespaces where tcp_allowed_congestion_control
     * lacks it. */
    write_file("/proc/sys/net/ipv4/tcp_congestion_control", "cubic");
    bool fine = (fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0) || say("/dev/net/tun");
    if (fine && large && ioctl(fd, TUNSETOFFLOAD, OFFLOADS) != 0)
        fine = say("large packets");
    fine = fine && set_up(control, "lo", 0) && set_address(control, number) &&
           set_up(control, INTERFACE, MTU) && set_address6(number);
    close(control);
    if (!fine && fd >= 0)
        close(fd);
    return fine ? fd : -1;
}

static void send_descriptor(int to, int fd)
{
    char byte = fd >= 0 ? 'y' : 'n';
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
                                          .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    if (sendmsg(to, &message, 0) != 1)
        say("handing over the interface");
}

static int receive_descriptor(int from)
{
    char byte = 'n';
    int fd = -1;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) == 1 && byte == 'y')
        memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    return fd;
}

int lab_host_new(uint8_t number, bool large, pid_t *ret_pid)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return say("socketpair") - 1;
    *ret_pid = fork();
    if (*ret_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[0]);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        const int fd = leave_network() ? open_interface(number, large) : -1;
        send_descriptor(pair[1], fd);
        close(pair[1]);
        while (fd >= 0)
            pause();
        _exit(1);
    }
    close(pair[1]);
    const int fd = *ret_pid > 0 ? receive_descriptor(pair[0]) : -1;
    close(pair[0]);
    return fd;
}
