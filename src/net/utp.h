/*
 * uTP (BEP 29): connections over the session's UDP port that give way to others on the
 * line. Each is a struct stream; peers notice nothing. What a connection is that somebody
 * opened is not believed before he has answered (HOSTILE.md W8). Time comes from the
 * loop's clock. Loop thread.
 */
#ifndef BTTUI_NET_UTP_H
#define BTTUI_NET_UTP_H

#include "base/clock.h"
#include "net/net.h"
#include "net/udp_port.h"

struct utp;

struct utp_config {
    struct loop *loop;
    struct udp_port *port; /* UDP_KIND_UTP of it becomes ours */
    const struct random_source *random;
    net_on_accept *on_accept; /* NULL: nobody may connect to us */
    void *accept_context;
};

/* NULL: out of memory. What CONFIG names outlives it. */
struct utp *utp_new(const struct utp_config *config);
/* NULL is ignored. Streams that are still open must not be used any more. */
void utp_free(struct utp *utp);

/* Starts connecting; *ret_stream reports on_connected or on_error (ERROR_TIMEOUT, after
 * 7 s). ERROR_OFFLINE: no UDP, or no way; ERROR_FULL: too many connections. */
enum error_code utp_connect(struct utp *utp, const struct netaddr *to,
                            struct stream **ret_stream);

/* One that is connecting goes on though it is said that nobody takes packets there: the
 * way to him may be just about to open (BEP 55). */
void utp_insist(struct stream *stream);

/* All there are, those still ending too; those of others that have not answered yet. */
uint32_t utp_connections(const struct utp *utp);
uint32_t utp_unconfirmed(const struct utp *utp);

/* What one of our streams knows of its way; for tests, logs and the interface. */
struct utp_look {
    uint32_t window_bytes, flying_bytes, packet_bytes;
    uint64_t srtt_ns;
    uint32_t queued_us; /* by which packets of ours wait longer than they must */
    uint64_t resent;    /* packets */
};
void utp_get_look(const struct stream *stream, struct utp_look *ret_look);

#endif
