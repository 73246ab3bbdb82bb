/*
 * Messages of ut_holepunch (BEP 55) as bytes: one asks for a meeting with a peer that
 * lets nobody in, two are told to call each other, or it is said why not. Pure.
 */
#ifndef BTTUI_PEER_HOLEPUNCH_MESSAGE_H
#define BTTUI_PEER_HOLEPUNCH_MESSAGE_H

#include "base/netaddr.h"

#include <stdint.h>

#define HOLEPUNCH_BYTES_MAX 24u

enum holepunch_type {
    HOLEPUNCH_RENDEZVOUS = 0,
    HOLEPUNCH_CONNECT = 1,
    HOLEPUNCH_ERROR = 2
};

/* Of HOLEPUNCH_ERROR; others may be told, too. */
enum holepunch_error {
    HOLEPUNCH_NO_ERROR = 0,
    HOLEPUNCH_NO_SUCH_PEER = 1,
    HOLEPUNCH_NOT_CONNECTED = 2,
    HOLEPUNCH_NO_SUPPORT = 3,
    HOLEPUNCH_NO_SELF = 4
};

struct holepunch_message {
    enum holepunch_type type;
    struct netaddr address; /* of the one to meet; as told: the port may be 0 */
    uint32_t error;         /* 0 but of HOLEPUNCH_ERROR */
};

/* The error code may be left out where there is none, as libtorrent does. ERROR_RANGE: an
 * unknown type of message or address; ERROR_LIMIT: another length than it must have. */
enum error_code holepunch_message_read(const uint8_t *bytes, size_t length,
                                       struct holepunch_message *ret_message) MUST_CHECK;
/* Returns how many bytes it is. */
size_t holepunch_message_write(const struct holepunch_message *message,
                               uint8_t ret_bytes[HOLEPUNCH_BYTES_MAX]);

#endif
