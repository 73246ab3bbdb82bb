/*
 * The one UDP port of a session: a socket a family, shared by uTP (BEP 29) and DHT
 * (BEP 5). What comes is handed out by its first byte to who registered for that kind;
 * what nobody registered for is dropped. What is sent in a turn of the loop leaves
 * together at its end. Errors of the system slow it down instead of making it spin
 * (HOSTILE.md D21, U8). Loop thread.
 */
#ifndef BTTUI_NET_UDP_PORT_H
#define BTTUI_NET_UDP_PORT_H

#include "loop/loop.h"
#include "net/net.h"

struct udp_port;

enum udp_kind {
    UDP_KIND_UTP, /* 20 bytes or more; the first holds type 0 … 4 and version 1 */
    UDP_KIND_DHT, /* "d": a bencoded dictionary */
    UDP_KIND_COUNT
};

/* Receivers may send, and register others or none, from inside their callbacks. All but
 * on_packet may be NULL. */
struct udp_receiver {
    /* BYTES live during the call, and have the kind's first byte; no more was looked at.
     */
    void (*on_packet)(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length);
    /* Packets came, and all that came with them have been told. */
    void (*on_batch_end)(void *context);
    /* A packet to TO was not delivered: ERROR_CLOSED nobody listens there, ERROR_OFFLINE
     * no way leads there (of these, the network may lie), ERROR_ACCESS a firewall of ours
     * forbids it, ERROR_LIMIT it could only go in fragments. Never from inside
     * udp_port_send; told to every receiver. */
    void (*on_refused)(void *context, const struct netaddr *to, enum error_code error);
    /* udp_port_send said ERROR_AGAIN, and there is room now. */
    void (*on_writable)(void *context);
    /* The sockets are others than before: opened, closed or opened again, perhaps on
     * another port. */
    void (*on_changed)(void *context);
};

/* Has no sockets yet. NULL: out of memory. NET and LOOP outlive it. */
struct udp_port *udp_port_new(struct loop *loop, const struct net *net);
/* NULL is ignored. Nobody is told. Not from inside a receiver. */
void udp_port_free(struct udp_port *port);

/* Binds the socket of ADDRESS's family to it (port 0: any), in place of the one there
 * was. *ret_number is the port it got. ERROR_EXISTS: another program's. On failure that
 * family has none. */
enum error_code udp_port_open(struct udp_port *port, const struct netaddr *address,
                              uint16_t *ret_number) MUST_CHECK;
/* Both families; what waits to be sent is lost. */
void udp_port_close(struct udp_port *port);
/* Receivers are told on_changed, once after a number of the two above. */
void udp_port_tell_changed(struct udp_port *port);

/* The number of that family's socket, 0: there is none. */
uint16_t udp_port_number(const struct udp_port *port, enum netaddr_family family);

/* NULL: nobody. RECEIVER is copied. */
void udp_port_set_receiver(struct udp_port *port, enum udp_kind kind,
                           const struct udp_receiver *receiver, void *context);

/* Queues a copy of a packet of at most UDP_PACKET_MAX bytes, which leaves before the loop
 * sleeps. WHOLE: it may not be cut into fragments. ERROR_AGAIN: no room now, on_writable
 * follows. ERROR_OFFLINE: no socket of that family, or all that was sent last was refused
 * here and it rests (1 s … 30 s). ERROR_LIMIT: too long. */
enum error_code udp_port_send(struct udp_port *port, const struct netaddr *to,
                              const uint8_t *bytes, size_t length, bool whole);
/* Room for a packet of LENGTH bytes to TO's family, made by sending what is queued if
 * need be: as udp_port_send without the copy. *RET_AT is to be filled in before anything
 * else is done with the port. */
enum error_code udp_port_reserve(struct udp_port *port, const struct netaddr *to,
                                 size_t length, bool whole, uint8_t **ret_at);
/* Sends what is queued now. */
void udp_port_flush(struct udp_port *port);

#endif
