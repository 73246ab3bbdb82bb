/*
 * Packets on their way into the kernel, as many at once as one system call takes. Of one
 * length to one address they go as one message, which the kernel cuts. Loop thread.
 */
#ifndef BTTUI_NET_UDP_OUTGOING_H
#define BTTUI_NET_UDP_OUTGOING_H

#include "net/udp_socket.h"
#include "net/udp_source.h"

#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define UDP_OUTGOING_MESSAGES 32

struct udp_outgoing {
    struct mmsghdr messages[UDP_OUTGOING_MESSAGES];
    struct iovec parts[UDP_OUTGOING_MESSAGES];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(uint16_t)) + UDP_SOURCE_SPACE];
    } controls[UDP_OUTGOING_MESSAGES];
    struct sockaddr_storage names[UDP_OUTGOING_MESSAGES];
    uint32_t packets[UDP_OUTGOING_MESSAGES]; /* of each message */
    unsigned count;
};

/* The first of PACKETS, which live until they are sent: those that may go together. A
 * whole packet goes by itself. SEGMENTS: the kernel cuts messages. */
void udp_outgoing_collect(struct udp_outgoing *outgoing, const struct udp_packet *packets,
                          uint32_t count, bool segments, const struct udp_source *source,
                          uint64_t now_ns);
/* As sendmmsg(2), and never interrupted. */
int udp_outgoing_send(struct udp_outgoing *outgoing, int fd);

#endif
