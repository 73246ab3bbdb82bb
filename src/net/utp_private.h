/* What the files of uTP share. */
#ifndef BTTUI_NET_UTP_PRIVATE_H
#define BTTUI_NET_UTP_PRIVATE_H

#include "net/utp.h"
#include "net/utp_delay.h"
#include "net/utp_mtu.h"
#include "net/utp_packet.h"
#include "net/utp_window.h"

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

#define UTP_FLYING_MAX 8192u /* packets; a power of two */
#define UTP_EARLY_MAX  4096u /* packets that came before their turn; a power of two */

enum utp_state {
    UTP_SYN_SENT,
    UTP_SYN_RECEIVED, /* not answered: not ours yet */
    UTP_CONNECTED,
    UTP_DEAD /* told, or to be told; frees nothing before its stream is closed */
};

#define UTP_SPARE_MAX 1024u /* packets, of all connections */

/* A packet to be sent, or sent and not acknowledged; those with room for data are all of
 * one size, so that one serves for the next. */
struct utp_out {
    struct utp_out *next_spare;
    uint64_t sent_ns;
    uint32_t bytes, room; /* of data */
    uint16_t times;       /* sent */
    bool lost;            /* it is to be sent again */
    bool fin, probe;
    uint8_t data[];
};

/* Data in their turn, that nobody has read. */
struct utp_in {
    const uint8_t *bytes;
    uint32_t length;
    uint8_t *owned; /* NULL: in the batch being received; gone when it is over */
};

struct utp_key {
    struct netaddr remote;
    uint16_t id;
};

struct utp_connection {
    struct stream stream; /* first */
    struct utp *utp;
    UT_hash_handle hh;  /* by KEY */
    struct utp_key key; /* ID: of packets to us */
    uint16_t send_id;
    enum utp_state state;
    enum error_code error; /* of UTP_DEAD */
    bool closed;           /* the stream is: what is left goes out, then it is over */
    bool told;             /* on_connected or on_error */
    bool insists;          /* though nobody takes packets there */
    bool reading, writing; /* what the stream's owner waits for */
    bool in_callback, freed;

    /* sending: packets ACKED + 1 … SEQUENCE - 1 are under way, then the unsent */
    uint16_t sequence; /* of the next packet that was never sent */
    uint16_t end;      /* one after the last that is queued */
    uint16_t acked;    /* all up to here have arrived */
    uint16_t recovery; /* losses before it belong to the last reduction */
    bool recovering;
    bool fin_queued;
    struct utp_out **out;  /* by sequence number; NULL: arrived */
    uint32_t out_size;     /* a power of two */
    uint32_t flying_bytes; /* sent, not arrived, not lost */
    uint32_t unsent_bytes;
    uint32_t lost_count;
    uint16_t lost_from; /* none before it is lost */
    uint32_t their_window;
    uint32_t duplicates;  /* acks of the same */
    uint64_t newest_ns;   /* when the latest packet that has arrived was sent */
    uint64_t sent_ns;     /* when anything was */
    uint64_t progress_ns; /* of what waits to arrive */
    uint64_t flight_ns;   /* since when rto_ns runs */
    uint32_t timeouts;    /* in a row */
    uint64_t resent;
    struct utp_window window;
    struct utp_mtu mtu;
    struct utp_delay ours, theirs; /* of packets to them, to us */
    uint32_t reply_us;             /* the delay of their last packet */

    /* receiving */
    uint16_t received; /* all up to here have come */
    uint16_t fin_sequence;
    uint16_t early_high;                          /* the last of those */
    bool fin_seen, ended;                         /* and everything before it has come */
    struct utp_in *in;                            /* a ring */
    uint32_t in_size, in_from, in_count, in_used; /* IN_USED: bytes of the first, read */
    uint32_t in_bytes, early_bytes, early_count;
    struct utp_in *early; /* by sequence number; LENGTH 0 and OWNED NULL: none */
    uint32_t early_size;
    uint32_t room, told_room; /* our receive window, and what they know of it */
    uint64_t read_bytes, room_bytes, room_ns; /* to see what a round trip brings */
    bool wants_ack, in_batch;
    struct utp_connection *next_in_batch;

    struct loop_timer timer;
};

struct utp {
    struct utp_config config;
    struct utp_connection *connections; /* a hash table */
    struct utp_connection *last;        /* that a packet came for */
    struct utp_connection *batch;
    struct utp_out *spare;
    uint32_t spare_count;
    struct loop_timer again; /* streams to be called without anything having come */
    uint32_t count, unconfirmed, early_bytes;
    uint64_t now_ns; /* 0: to be read anew */
    uint64_t resets_ns;
    uint32_t resets; /* sent in that second */
    bool blocked;    /* the port had no room */
};

/* utp.c */
uint64_t utp_now_ns(struct utp *utp);
void utp_connection_free(struct utp_connection *connection);

/* utp_stream.c */
extern const struct stream_ops utp_stream_ops;

/* utp_serve.c */
void utp_put_in_batch(struct utp_connection *connection);
/* Owners are told, and what that leads to is sent. */
void utp_run_batch(struct utp *utp);
/* Ends it: tells the stream, or frees it if that is closed. */
void utp_fail(struct utp_connection *connection, enum error_code error);
/* Its stream's owner is called in the next turn. */
void utp_call_soon(struct utp_connection *connection);

/* utp_timer.c */
void utp_set_timer(struct utp_connection *connection);
void utp_on_timer(void *connection);

/* utp_send.c */
void utp_send_syn(struct utp_connection *connection);
void utp_send_state(struct utp_connection *connection);
void utp_send_reset(struct utp *utp, const struct netaddr *to, uint16_t id, uint16_t ack);
/* Sends what may be sent. */
void utp_send_ready(struct utp_connection *connection);
/* Takes up to LENGTH bytes, as many as there is room for. */
size_t utp_queue(struct utp_connection *connection, const uint8_t *bytes, size_t length);
bool utp_queue_has_room(const struct utp_connection *connection);
void utp_queue_fin(struct utp_connection *connection);
void utp_on_timeout(struct utp_connection *connection);
void utp_drop_out(struct utp_connection *connection);
void utp_out_free(struct utp *utp, struct utp_out *out); /* NULL is ignored */
void utp_drop_spare(struct utp *utp);

/* utp_acks.c: what PACKET says of what we sent. False: it speaks of what never was. */
bool utp_on_acks(struct utp_connection *connection, const struct utp_packet *packet);
/* The packet that tried a length is too long for our own interface. */
void utp_lose_probe(struct utp_connection *connection);

/* utp_receive.c */
void utp_on_data(struct utp_connection *connection, const struct utp_packet *packet);
/* What lies in the batch's memory is kept. */
void utp_keep_received(struct utp_connection *connection);
uint32_t utp_room(struct utp_connection *connection);
/* Writes which of the packets after the next have come; the bytes used. */
size_t utp_sack(const struct utp_connection *connection, uint8_t at[UTP_SACK_MAX]);
size_t utp_read(struct utp_connection *connection, const struct iovec *iov, int count);
void utp_drop_in(struct utp_connection *connection);

static inline struct utp_out *utp_out_at(const struct utp_connection *connection,
                                         uint16_t sequence)
{
    return connection->out[sequence & (connection->out_size - 1)];
}

#endif
