/*
 * Calling somebody by TCP and uTP at once: one is given a head start, and the first on
 * which an answer comes is the connection; what was written until then went to both.
 * Neither hides that the other failed: only when both have, it has failed. Loop thread.
 */
#ifndef BTTUI_NET_RACE_H
#define BTTUI_NET_RACE_H

#include "net/net.h"

struct utp;

struct race_config {
    struct loop *loop;
    const struct net *net;
    struct utp *utp;  /* NULL: TCP alone */
    bool tcp;         /* false: uTP alone; one of them there is */
    bool utp_first;   /* it worked when he was last called */
    bool utp_insists; /* utp_insist */
};

/* Starts connecting. on_connected comes when either is; the stream's kind is known once
 * something can be read. Local failures of TCP are returned as net's connect has them,
 * where uTP cannot make up for them. */
enum error_code race_connect(const struct race_config *config, const struct netaddr *to,
                             struct stream **ret_stream);

#endif
