/* What becomes of a connection as time passes. */
#include "net/utp_private.h"

#define SYN_TRIES      3u
#define UNCONFIRMED_NS (10 * NS_PER_S)
#define STALL_NS       (60 * NS_PER_S)
#define ENDING_NS      (10 * NS_PER_S)
#define KEEP_ALIVE_NS  (29 * NS_PER_S) /* what NATs forget soonest */

static uint64_t due_ns(const struct utp_connection *connection)
{
    const bool waits = connection->acked != (uint16_t)(connection->end - 1);
    uint64_t at_ns = connection->sent_ns + KEEP_ALIVE_NS;
    if (connection->state == UTP_SYN_SENT)
        return connection->flight_ns + connection->window.rto_ns;
    if (connection->state == UTP_SYN_RECEIVED)
        return connection->progress_ns + UNCONFIRMED_NS;
    if (waits && connection->flight_ns + connection->window.rto_ns < at_ns)
        at_ns = connection->flight_ns + connection->window.rto_ns;
    const uint64_t most_ns = connection->closed ? ENDING_NS : STALL_NS;
    if ((waits || connection->closed) && connection->progress_ns + most_ns < at_ns)
        at_ns = connection->progress_ns + most_ns;
    return at_ns;
}

/* One that fires too early looks again: cheaper than moving it with every packet. */
void utp_set_timer(struct utp_connection *connection)
{
    const uint64_t at_ns = due_ns(connection);
    if (connection->freed || connection->state == UTP_DEAD ||
        (loop_timer_is_set(&connection->timer) && connection->timer.at_ns <= at_ns))
        return;
    loop_timer_set(connection->utp->config.loop, &connection->timer, at_ns);
}

static void on_syn_timeout(struct utp_connection *connection)
{
    if (++connection->timeouts >= SYN_TRIES) {
        utp_fail(connection, ERROR_TIMEOUT);
        return;
    }
    connection->window.rto_ns *= 2;
    utp_send_syn(connection);
}

static void forget_idle_memory(struct utp_connection *connection)
{
    if (connection->acked == (uint16_t)(connection->end - 1))
        utp_drop_out(connection);
    if (connection->in_count == 0 && connection->early_count == 0)
        utp_drop_in(connection);
    utp_drop_spare(connection->utp);
}

static void on_connected_timer(struct utp_connection *connection, uint64_t now_ns)
{
    const bool waits = connection->acked != (uint16_t)(connection->end - 1);
    const uint64_t most_ns = connection->closed ? ENDING_NS : STALL_NS;
    if ((waits || connection->closed) && now_ns >= connection->progress_ns + most_ns)
        utp_fail(connection, ERROR_TIMEOUT);
    else if (waits && now_ns >= connection->flight_ns + connection->window.rto_ns)
        utp_on_timeout(connection);
    else if (now_ns >= connection->sent_ns + KEEP_ALIVE_NS) {
        forget_idle_memory(connection);
        utp_send_state(connection);
    }
}

void utp_on_timer(void *context)
{
    struct utp_connection *connection = context;
    const uint64_t now_ns = utp_now_ns(connection->utp);
    if (now_ns >= due_ns(connection)) {
        if (connection->state == UTP_SYN_SENT)
            on_syn_timeout(connection);
        else if (connection->state == UTP_SYN_RECEIVED) {
            utp_fail(connection, ERROR_TIMEOUT);
            return;
        } else if (connection->state == UTP_CONNECTED && connection->closed &&
                   now_ns >= connection->progress_ns + ENDING_NS) {
            utp_fail(connection, ERROR_TIMEOUT);
            return;
        } else if (connection->state == UTP_CONNECTED)
            on_connected_timer(connection, now_ns);
    }
    utp_set_timer(connection);
}
