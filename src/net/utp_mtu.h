/*
 * The longest packet that goes to somebody in one piece (RFC 4821): packets a bit longer
 * than what is known to pass are sent "not to be cut", and arrive or not. Nothing longer
 * than Ethernet takes is tried: others' buffers end there. Bytes of UDP payload. Pure.
 */
#ifndef BTTUI_NET_UTP_MTU_H
#define BTTUI_NET_UTP_MTU_H

#include <stdbool.h>
#include <stdint.h>

#define UTP_MTU_MAX 1472u /* the longest there is */

struct utp_mtu {
    uint32_t passes, fails; /* the search is over when they are near each other */
    uint32_t probe;         /* under way; 0: none */
    uint32_t lost;          /* of the length tried last */
    uint32_t least;         /* what any network carries */
};

void utp_mtu_init(struct utp_mtu *mtu, bool v6);
/* The length to try next; 0: none. */
uint32_t utp_mtu_wanted(const struct utp_mtu *mtu);
void utp_mtu_sent(struct utp_mtu *mtu, uint32_t bytes);
void utp_mtu_arrived(struct utp_mtu *mtu);
/* CERTAIN: our own interface says so. Else it may have been bad luck, and is tried again
 * once. */
void utp_mtu_lost(struct utp_mtu *mtu, bool certain);
/* Nothing comes through any more: back to the least. */
void utp_mtu_black_hole(struct utp_mtu *mtu);

#endif
