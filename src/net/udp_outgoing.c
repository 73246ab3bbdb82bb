#include "net/udp_outgoing.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#define SEGMENTS_MAX 64u /* the kernel's own limit */

/* How many of the packets, which lie one behind the other, can go as one message that
 * the kernel cuts into pieces of the first's length. */
static uint32_t run_of(const struct udp_packet *packets, uint32_t count)
{
    uint32_t run = 1, bytes = packets[0].length;
    while (run < count && run < SEGMENTS_MAX && packets[run].length > 0 &&
           packets[run].length <= packets[0].length && !packets[run].whole &&
           packets[run - 1].length == packets[0].length &&
           packets[run].bytes == packets[run - 1].bytes + packets[run - 1].length &&
           bytes + packets[run].length <= UDP_PACKET_MAX &&
           netaddr_equal(&packets[run].to, &packets[0].to))
        bytes += packets[run++].length;
    return run;
}

static size_t put_segment(uint16_t segment, struct cmsghdr *control)
{
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(control), &segment, sizeof segment);
    return CMSG_SPACE(sizeof segment);
}

static void add_message(struct udp_outgoing *outgoing, const struct udp_packet *packets,
                        uint32_t run, const struct netaddr *own)
{
    const unsigned at = outgoing->count++;
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < run; i++)
        bytes += packets[i].length;
    outgoing->packets[at] = run;
    outgoing->parts[at] = (struct iovec){(void *)(uintptr_t)packets[0].bytes, bytes};
    struct msghdr *header = &outgoing->messages[at].msg_hdr;
    *header = (struct msghdr){
        .msg_name = &outgoing->names[at],
        .msg_namelen = netaddr_to_sockaddr(&packets[0].to, &outgoing->names[at]),
        .msg_iov = &outgoing->parts[at],
        .msg_iovlen = 1,
    };
    char *const control = outgoing->controls[at].bytes;
    size_t used = own != NULL ? udp_source_put(own, &outgoing->controls[at].header) : 0;
    if (run > 1)
        used += put_segment((uint16_t)packets[0].length,
                            (struct cmsghdr *)(void *)(control + used));
    header->msg_control = used > 0 ? control : NULL;
    header->msg_controllen = used;
}

void udp_outgoing_collect(struct udp_outgoing *outgoing, const struct udp_packet *packets,
                          uint32_t count, bool segments, const struct udp_source *source,
                          uint64_t now_ns)
{
    outgoing->count = 0;
    for (uint32_t i = 0; i < count && outgoing->count < UDP_OUTGOING_MESSAGES;) {
        if (packets[i].whole && i > 0)
            return;
        const uint32_t run =
            segments && !packets[i].whole ? run_of(packets + i, count - i) : 1;
        add_message(outgoing, packets + i, run,
                    udp_source_find(source, &packets[i].to, now_ns));
        i += run;
        if (packets[0].whole)
            return;
    }
}

int udp_outgoing_send(struct udp_outgoing *outgoing, int fd)
{
    int sent;
    do
        sent = sendmmsg(fd, outgoing->messages, outgoing->count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}
