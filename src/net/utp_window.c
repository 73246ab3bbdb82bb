#include "net/utp_window.h"

#include "base/clock.h"

#define RTO_FIRST_NS    NS_PER_S
#define RTO_LEAST_NS    (500 * NS_PER_MS)
#define RTO_MOST_NS     (60 * NS_PER_S)
#define RTO_BACKED_NS   (6 * NS_PER_S) /* a minute holds some tries */
#define SEGMENTS_FIRST  4
#define SEGMENTS_LEAST  2
#define SEGMENTS_PAUSE  2
#define TARGET_LEAST_US (UTP_TARGET_US / 5)
#define TARGET_BACK_NS  (30 * NS_PER_S) /* without such a loss, until it grows by half */
#define SEGMENTS_A_RTT  2               /* that it grows by at most, as libutp does */
#define BYTES_MOST      (16.0 * 1024 * 1024)
#define PAUSE_EACH_NS   (20 * NS_PER_S)
#define PAUSE_SHARE     9 /* as long as it lasted, times this, there is no other */

static double least_of(const struct utp_window *window)
{
    return (double)SEGMENTS_LEAST * window->segment;
}

static void keep_in_bounds(struct utp_window *window)
{
    if (window->bytes < least_of(window))
        window->bytes = least_of(window);
    if (window->bytes > BYTES_MOST)
        window->bytes = BYTES_MOST;
}

static void set_pace(struct utp_window *window, enum utp_pace pace, uint64_t now_ns)
{
    if (window->pace == UTP_PACE_RETURN && pace == UTP_PACE_STEADY) {
        const uint64_t wait_ns = (now_ns - window->pace_ns) * PAUSE_SHARE;
        window->next_pause_ns =
            now_ns + (wait_ns > PAUSE_EACH_NS ? wait_ns : PAUSE_EACH_NS);
    }
    window->pace = pace;
    window->pace_ns = now_ns;
}

void utp_window_init(struct utp_window *window, uint32_t segment_bytes)
{
    *window = (struct utp_window){
        .bytes = (double)SEGMENTS_FIRST * segment_bytes,
        .threshold = BYTES_MOST,
        .segment = segment_bytes,
        .pace = UTP_PACE_START,
        .rto_ns = RTO_FIRST_NS,
        .target_us = UTP_TARGET_US,
    };
}

/* RFC 6298. */
void utp_window_on_rtt(struct utp_window *window, uint64_t rtt_ns)
{
    if (window->srtt_ns == 0) {
        window->srtt_ns = rtt_ns;
        window->var_ns = rtt_ns / 2;
    } else {
        const uint64_t off_ns = rtt_ns > window->srtt_ns ? rtt_ns - window->srtt_ns
                                                         : window->srtt_ns - rtt_ns;
        window->var_ns = (3 * window->var_ns + off_ns) / 4;
        window->srtt_ns = (7 * window->srtt_ns + rtt_ns) / 8;
    }
    if (window->least_rtt_ns == 0 || rtt_ns < window->least_rtt_ns)
        window->least_rtt_ns = rtt_ns;
    window->rto_ns = window->srtt_ns + 4 * window->var_ns;
    if (window->rto_ns < RTO_LEAST_NS)
        window->rto_ns = RTO_LEAST_NS;
    if (window->rto_ns > RTO_MOST_NS)
        window->rto_ns = RTO_MOST_NS;
}

/* ---- the pause that shows the least delay ---- */

static void begin_pause(struct utp_window *window, uint64_t now_ns)
{
    window->threshold = window->bytes;
    window->bytes = (double)SEGMENTS_PAUSE * window->segment;
    set_pace(window, UTP_PACE_PAUSE, now_ns);
}

static void pause_when_due(struct utp_window *window, uint64_t now_ns)
{
    if (window->next_pause_ns == 0)
        window->next_pause_ns = now_ns + PAUSE_EACH_NS;
    if (now_ns >= window->next_pause_ns &&
        window->bytes > 4 * SEGMENTS_PAUSE * (double)window->segment)
        begin_pause(window, now_ns);
}

/* ---- following the delay ---- */

/* What is lost before the target is reached shows how much fits into the queue above what
 * we take for its least: a short one, or that somebody else keeps full, so that we have
 * never seen it empty. Half of it is enough. */
static void lower_target(struct utp_window *window, uint64_t now_ns)
{
    const uint32_t most_us = window->most_us;
    window->most_us = 0;
    if (most_us < UTP_TARGET_US / 4 || most_us >= UTP_TARGET_US * 5 / 4)
        return;
    window->target_us = most_us / 2 > TARGET_LEAST_US ? most_us / 2 : TARGET_LEAST_US;
    window->target_ns = now_ns;
}

static void restore_target(struct utp_window *window, uint64_t now_ns)
{
    if (window->target_us == UTP_TARGET_US || now_ns - window->target_ns < TARGET_BACK_NS)
        return;
    window->target_ns = now_ns;
    window->target_us += window->target_us / 2;
    if (window->target_us > UTP_TARGET_US)
        window->target_us = UTP_TARGET_US;
}

static void steady(struct utp_window *window, uint32_t bytes, uint32_t queued_us,
                   uint64_t now_ns)
{
    restore_target(window, now_ns);
    const double off = 1.0 - (double)queued_us / window->target_us;
    if (off >= 0) {
        if (window->limits)
            window->bytes +=
                SEGMENTS_A_RTT * off * window->segment * ((double)bytes / window->bytes);
        return;
    }
    window->bytes -= (double)bytes * (-off < 0.5 ? -off : 0.5);
}

static void doubling(struct utp_window *window, uint32_t bytes, uint32_t queued_us,
                     uint64_t now_ns)
{
    if (window->limits)
        window->bytes += bytes;
    if (queued_us > window->target_us * 3 / 4) {
        window->threshold = window->bytes;
        set_pace(window, UTP_PACE_STEADY, now_ns);
    } else if (window->bytes >= window->threshold) {
        window->bytes = window->threshold;
        set_pace(window, UTP_PACE_STEADY, now_ns);
    }
}

void utp_window_on_ack(struct utp_window *window, uint32_t bytes, uint32_t queued_us,
                       uint64_t now_ns)
{
    if (queued_us > window->most_us)
        window->most_us = queued_us;
    switch (window->pace) {
    case UTP_PACE_START:
    case UTP_PACE_RETURN:
        doubling(window, bytes, queued_us, now_ns);
        break;
    case UTP_PACE_STEADY:
        steady(window, bytes, queued_us, now_ns);
        pause_when_due(window, now_ns);
        break;
    case UTP_PACE_PAUSE:
        if (now_ns - window->pace_ns >= 2 * window->srtt_ns)
            set_pace(window, UTP_PACE_RETURN, window->pace_ns);
        break;
    }
    keep_in_bounds(window);
}

/* What is lost while the queue is short was lost on the way, or the queue is so short
 * that others fill it too: it is left as CUBIC leaves it, and else as RFC 6817 does. */
void utp_window_on_loss(struct utp_window *window, uint32_t queued_us, uint64_t now_ns)
{
    window->bytes *= queued_us < UTP_TARGET_US / 4 ? 0.7 : 0.5;
    lower_target(window, now_ns);
    keep_in_bounds(window);
    window->threshold = window->bytes;
    if (window->pace != UTP_PACE_STEADY)
        set_pace(window, UTP_PACE_STEADY, now_ns);
}

void utp_window_on_timeout(struct utp_window *window)
{
    window->threshold = window->bytes / 2;
    if (window->threshold < least_of(window))
        window->threshold = least_of(window);
    window->bytes = window->segment;
    window->pace = UTP_PACE_START;
    window->rto_ns *= 2;
    if (window->rto_ns > RTO_BACKED_NS)
        window->rto_ns =
            window->srtt_ns * 2 > RTO_BACKED_NS ? window->srtt_ns * 2 : RTO_BACKED_NS;
}
