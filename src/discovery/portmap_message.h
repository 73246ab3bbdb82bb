/*
 * Words of NAT-PMP (RFC 6886) and PCP (RFC 6887), read and written: how a host asks the
 * gateway for a port of the outside. Both are spoken on the same port; the first byte
 * tells them apart. Pure; any thread.
 */
#ifndef BTTUI_DISCOVERY_PORTMAP_MESSAGE_H
#define BTTUI_DISCOVERY_PORTMAP_MESSAGE_H

#include "base/error.h"
#include "base/netaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORTMAP_GATEWAY_PORT  5351
#define PORTMAP_NONCE_BYTES   12
#define PORTMAP_REQUEST_BYTES 60 /* the longest of ours */

enum portmap_protocol { PORTMAP_PCP, PORTMAP_NATPMP };

/* What is wished for; a lease of 0 s gives it back. */
struct portmap_wish {
    bool udp;
    uint8_t nonce[PORTMAP_NONCE_BYTES]; /* PCP: makes it ours */
    uint32_t lease_s;
    uint16_t internal_port;
    uint16_t external_port; /* the one we would like; 0: any */
    struct netaddr own;     /* PCP: our address, as the gateway sees it */
};
/* Returns the length. */
size_t portmap_write(enum portmap_protocol protocol, const struct portmap_wish *wish,
                     uint8_t ret_bytes[PORTMAP_REQUEST_BYTES]);
/* NAT-PMP: what is the gateway's address outside? */
size_t portmap_write_question(uint8_t ret_bytes[PORTMAP_REQUEST_BYTES]);

enum portmap_reply_kind {
    PORTMAP_REPLY_MAPPING,
    PORTMAP_REPLY_ADDRESS, /* NAT-PMP */
    PORTMAP_REPLY_VERSION  /* PCP is not understood, but NAT-PMP, or another PCP */
};
struct portmap_reply {
    enum portmap_reply_kind kind;
    enum portmap_protocol protocol;
    uint16_t result; /* 0: done; else RFC 6886, 3.5, or RFC 6887, 7.4 */
    uint32_t epoch_s;
    uint32_t lease_s; /* on failure (PCP): for how long it is the same */
    bool udp;
    uint8_t nonce[PORTMAP_NONCE_BYTES]; /* PCP */
    uint16_t internal_port, external_port;
    struct netaddr external; /* the address outside; family NONE: not told */
};
/* ERROR_INVALID: it is no answer to anything that is written here. */
enum error_code portmap_parse(const uint8_t *bytes, size_t length,
                              struct portmap_reply *ret_reply) MUST_CHECK;

enum portmap_refusal { /* what the gateway says */
                       PORTMAP_REFUSAL_NONE,
                       PORTMAP_REFUSAL_FORBIDDEN,
                       PORTMAP_REFUSAL_OFFLINE, /* it has no network itself */
                       PORTMAP_REFUSAL_FULL,    /* too many are mapped, or all of ours */
                       PORTMAP_REFUSAL_ADDRESS, /* it sees us at another address */
                       PORTMAP_REFUSAL_OTHER
};
/* Of an answer whose result is not 0. */
enum portmap_refusal portmap_refusal_of(const struct portmap_reply *reply);

#endif
