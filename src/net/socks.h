/*
 * What a SOCKS5 proxy and its client say to each other (RFC 1928), with a name and a
 * password if the proxy wants them (RFC 1929): a machine that is fed with the proxy's
 * bytes, and the header of datagrams. Pure.
 */
#ifndef BTTUI_NET_SOCKS_H
#define BTTUI_NET_SOCKS_H

#include "base/error.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCKS_TEXT_MOST   255u /* bytes of a name, a user or a password */
#define SOCKS_OUT_MOST    520u /* of what is said at once */
#define SOCKS_HEADER_MOST 262u /* before a datagram's own bytes */

/* Where to; NAME, if there is one, is looked up by the proxy. */
struct socks_target {
    struct netaddr address;         /* its port counts for a name, too */
    char name[SOCKS_TEXT_MOST + 1]; /* "": none */
};

enum socks_command { SOCKS_CONNECT = 1, SOCKS_UDP = 3 };

/* How far they are, or why they get no further. */
enum socks_status {
    SOCKS_GOES_ON,
    SOCKS_DONE,
    SOCKS_NO_PROXY,      /* it does not speak SOCKS5 */
    SOCKS_NO_METHOD,     /* it wants another way to be told who we are */
    SOCKS_NOT_LET_IN,    /* the user or the password is wrong */
    SOCKS_REFUSED,       /* by its rules, or it knows no such command */
    SOCKS_NOT_REACHABLE, /* the target is not, or does not answer */
    SOCKS_FAILED         /* something else of its own */
};

struct socks {
    enum socks_command command;
    struct socks_target target;
    const char *user, *password; /* NULL: none; outlive it */
    int state;
    enum socks_status status;
    uint8_t reply;        /* to the command, as the proxy said it; 0: none, or yes */
    struct netaddr bound; /* SOCKS_DONE: the relay's address; family NONE: a name */
    uint8_t in[SOCKS_HEADER_MOST];
    uint32_t held;
    uint8_t out[SOCKS_OUT_MOST]; /* to be sent; whoever sends it sets out_bytes to 0 */
    uint32_t out_bytes;
};

/* USER and PASSWORD: 1 to 255 bytes each, or NULL. Its first words are in `out`. */
void socks_init(struct socks *socks, enum socks_command command,
                const struct socks_target *target, const char *user,
                const char *password);
/* How many bytes it waits for: no more than these are read from the proxy, since what
 * follows is the target's. 0: it is over. */
uint32_t socks_wants(const struct socks *socks);
/* Nothing but the command is left to be said and heard. */
bool socks_is_let_in(const struct socks *socks);
/* What a reply other than 0 means, in words that are not translated yet. */
const char *socks_reply_text(uint8_t reply);
/* LENGTH <= socks_wants. */
enum socks_status socks_feed(struct socks *socks, const uint8_t *bytes, size_t length);

/* The header of a datagram to TARGET; returns its length. */
size_t socks_put_header(const struct socks_target *target,
                        uint8_t ret_bytes[SOCKS_HEADER_MOST]);
/* Takes a datagram apart. False: it is none, or a fragment. *ret_at: where the payload
 * begins. */
bool socks_read_header(const uint8_t *bytes, size_t length, struct netaddr *ret_from,
                       size_t *ret_at);

#endif
