/*
 * Whose answers are whose, of datagrams that were sent to names: the proxy alone knows
 * where a name led, and answers come from there. The first to come from the right port,
 * from nobody who was sent to by address, is the name's; so is what that sends later.
 * Pure.
 */
#ifndef BTTUI_NET_PROXY_ANSWERS_H
#define BTTUI_NET_PROXY_ANSWERS_H

#include "base/netaddr.h"

#include <stdbool.h>
#include <stdint.h>

#define PROXY_ANSWERS_NAMES 8u
#define PROXY_ANSWERS_SENT  64u

struct proxy_answers {
    struct {
        struct netaddr name;      /* the address that stands for it */
        struct netaddr from;      /* who answered; family NONE: nobody yet */
        uint64_t asked_ns;        /* UINT64_MAX: it has been answered since */
    } names[PROXY_ANSWERS_NAMES]; /* the oldest go */
    uint32_t next;
    struct netaddr sent[PROXY_ANSWERS_SENT]; /* to whom, by address; the last ones */
    uint32_t sent_count;
};

/* All zero is one that knows nothing. */
void proxy_answers_sent(struct proxy_answers *answers, const struct netaddr *to,
                        bool is_name, uint64_t now_ns);
/* Whom a packet from FROM is to be told as coming from. */
struct netaddr proxy_answers_from(struct proxy_answers *answers,
                                  const struct netaddr *from, uint64_t now_ns);

#endif
