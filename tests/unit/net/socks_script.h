/*
 * A SOCKS5 proxy on the virtual network, 10.0.0.9:1080, that answers as it is told and
 * keeps what it was asked; its relay is 10.0.0.9:7000.
 */
#ifndef BTTUI_TESTS_UNIT_NET_SOCKS_SCRIPT_H
#define BTTUI_TESTS_UNIT_NET_SOCKS_SCRIPT_H

#include "net/net.h"
#include "net/socks.h"
#include "tests/lib/world.h"

#define SCRIPT_PROXY   "10.0.0.9:1080"
#define SCRIPT_CLIENTS 32

struct socks_script;

struct socks_client {
    struct socks_script *script;
    struct stream *stream; /* NULL: gone */
    uint8_t got[1024];     /* of all it said */
    size_t length, at;     /* so much is understood */
    int stage;
};

struct socks_script {
    struct world *world;
    struct listener *listener;
    /* What it answers. */
    uint8_t method, login, reply; /* to the greeting, the login, the command */
    const char *junk;             /* said in the place of the first; NULL: no */
    size_t junk_length;
    bool silent;          /* it says nothing at all */
    const char *bound;    /* as the reply says it */
    const char *behind;   /* comes with the reply, of the target's */
    struct netaddr named; /* where names lead */
    /* What it was asked. */
    struct socks_client clients[SCRIPT_CLIENTS];
    uint32_t client_count;
    uint8_t command;    /* the last */
    uint8_t asked[300]; /* its target, from the type on */
    uint32_t relayed;   /* datagrams */
    struct netaddr relayed_to, relayed_from;
    char name[256]; /* of the last one's target; "": an address */
};

/* It works, and wants no login. WORLD outlives it. */
void socks_script_begin(struct socks_script *script, struct world *world);
void socks_script_end(struct socks_script *script);
/* Nobody is there any more, or somebody is again. */
void socks_script_set_there(struct socks_script *script, bool there);
void socks_script_hang_up(struct socks_script *script);
/* A datagram out of the relay to the last who sent one, as from FROM. */
void socks_script_relay(struct socks_script *script, const struct netaddr *from,
                        const char *payload);

#endif
