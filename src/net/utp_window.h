/*
 * How much uTP keeps under way: LEDBAT (RFC 6817) with the changes of LEDBAT++: a real
 * exponential start, decrease in proportion, and a pause now and then that lets the queue
 * run dry, so that the least delay is really seen. Where a full queue drops packets
 * before the target is reached, less is aimed for: the queue is a short one, or somebody
 * else had filled it before we came, and we took that for the way's own delay. Bytes,
 * nanoseconds. Pure. Any thread.
 */
#ifndef BTTUI_NET_UTP_WINDOW_H
#define BTTUI_NET_UTP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define UTP_TARGET_US 100000u

enum utp_pace {
    UTP_PACE_START,  /* doubles each round trip */
    UTP_PACE_STEADY, /* follows the delay */
    UTP_PACE_PAUSE,  /* nearly nothing for two round trips */
    UTP_PACE_RETURN  /* doubles up to where it was */
};

struct utp_window {
    double bytes;
    double threshold; /* where doubling ends */
    uint32_t segment; /* bytes of a full packet */
    enum utp_pace pace;
    uint64_t pace_ns;                       /* since when */
    uint64_t next_pause_ns;                 /* 0: not yet known */
    uint64_t srtt_ns, var_ns, least_rtt_ns; /* 0: no sample yet */
    uint64_t rto_ns;
    uint32_t target_us; /* of what is queued */
    uint64_t target_ns; /* when it changed last */
    uint32_t most_us;   /* that was queued since the last loss */
    bool limits;        /* it, and nothing else, has kept something from being sent */
};

void utp_window_init(struct utp_window *window, uint32_t segment_bytes);
void utp_window_on_rtt(struct utp_window *window, uint64_t rtt_ns);
/* BYTES, under way until now, have arrived; QUEUED_US as utp_delay has it. */
void utp_window_on_ack(struct utp_window *window, uint32_t bytes, uint32_t queued_us,
                       uint64_t now_ns);
/* Packets were lost; at most once a round trip. */
void utp_window_on_loss(struct utp_window *window, uint32_t queued_us, uint64_t now_ns);
/* Nothing came back for rto_ns. */
void utp_window_on_timeout(struct utp_window *window);

#endif
