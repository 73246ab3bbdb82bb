/*
 * By which of our addresses others know a UDP socket that is bound to none: what goes to
 * somebody leaves from the address that what he sent had come to, or he would take it for
 * a stranger's. The kernel alone would take the first that it finds. Loop thread.
 */
#ifndef BTTUI_NET_UDP_SOURCE_H
#define BTTUI_NET_UDP_SOURCE_H

#include "base/clock.h"
#include "base/netaddr.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Of others who share a place the latest is known. */
#define UDP_SOURCE_PLACES 512u
/* Of one who has been silent for longer: the way to him may have changed, and the address
 * may be of no use there while it still is ours. */
#define UDP_SOURCE_FRESH_NS (120 * NS_PER_S)

struct udp_source {
    struct {
        struct netaddr remote; /* family NONE: nobody */
        struct netaddr own;
        uint64_t heard_ns;
    } known[UDP_SOURCE_PLACES];
};

/* Has the kernel say where packets come to; nothing, where FD is bound to an address. */
void udp_source_init(struct udp_source *source, int fd);
/* What FROM has sent came with the control messages of MESSAGE. */
void udp_source_note(struct udp_source *source, const struct netaddr *from,
                     struct msghdr *message, uint64_t now_ns);
/* Our address for TO; NULL: the kernel's choice. */
const struct netaddr *udp_source_find(const struct udp_source *source,
                                      const struct netaddr *to, uint64_t now_ns);
/* It is ours no more. */
void udp_source_forget(struct udp_source *source, const struct netaddr *to);

#define UDP_SOURCE_SPACE CMSG_SPACE(20) /* what one takes of a message's control */
/* The next packets leave from OWN: fills in CONTROL, and says how much of it is used. */
size_t udp_source_put(const struct netaddr *own, struct cmsghdr *control);

#endif
