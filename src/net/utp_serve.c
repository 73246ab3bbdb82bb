/* What a connection's owner is told of it: together, when all that came has been looked
 * at. */
#include "net/utp_private.h"

#include <stdlib.h>

#define READS_A_TURN 4 /* what is not read then is copied once more */

void utp_put_in_batch(struct utp_connection *connection)
{
    struct utp *utp = connection->utp;
    if (connection->in_batch)
        return;
    connection->in_batch = true;
    connection->next_in_batch = utp->batch;
    utp->batch = connection;
}

void utp_call_soon(struct utp_connection *connection)
{
    struct utp *utp = connection->utp;
    utp_put_in_batch(connection);
    if (!loop_timer_is_set(&utp->again))
        loop_timer_set_in(utp->config.loop, &utp->again, 0);
}

void utp_fail(struct utp_connection *connection, enum error_code error)
{
    if (connection->state == UTP_DEAD)
        return;
    connection->utp->unconfirmed -= connection->state == UTP_SYN_RECEIVED;
    const bool nobody = connection->closed || connection->state == UTP_SYN_RECEIVED;
    connection->state = UTP_DEAD;
    connection->error = error;
    loop_timer_cancel(connection->utp->config.loop, &connection->timer);
    utp_drop_out(connection);
    connection->acked = (uint16_t)(connection->end - 1);
    connection->sequence = connection->end;
    if (nobody)
        utp_connection_free(connection);
    else
        utp_call_soon(connection);
}

static bool has_news_to_read(const struct utp_connection *connection)
{
    return connection->reading && (connection->in_count > 0 || connection->ended);
}

/* Nobody reads, and nothing will come: they have closed it. */
static bool is_over(const struct utp_connection *connection)
{
    return connection->state == UTP_DEAD ||
           (connection->ended && !connection->reading && connection->in_count == 0);
}

static void call_owner(struct utp_connection *connection)
{
    const struct stream *stream = &connection->stream;
    if (connection->state == UTP_CONNECTED && !connection->told) {
        connection->told = true;
        stream->callbacks->on_connected(stream->context);
    }
    for (int i = 0;
         i < READS_A_TURN && !connection->closed && has_news_to_read(connection); i++)
        stream->callbacks->on_readable(stream->context);
    if (!connection->closed && is_over(connection)) {
        stream->callbacks->on_error(stream->context, connection->state == UTP_DEAD
                                                         ? connection->error
                                                         : ERROR_CLOSED);
        return;
    }
    if (!connection->closed && connection->writing && utp_queue_has_room(connection))
        stream->callbacks->on_writable(stream->context);
}

static bool is_finished(const struct utp_connection *connection)
{
    return connection->closed && connection->fin_queued &&
           connection->acked == (uint16_t)(connection->end - 1);
}

static void serve(struct utp_connection *connection)
{
    connection->in_callback = true;
    if (!connection->freed && !connection->closed && connection->stream.callbacks != NULL)
        call_owner(connection);
    if (!connection->freed)
        utp_keep_received(connection);
    if (!connection->freed && connection->state == UTP_CONNECTED) {
        utp_send_ready(connection);
        if (connection->wants_ack)
            utp_send_state(connection);
    }
    if (!connection->freed && is_finished(connection))
        utp_connection_free(connection); /* when this is over */
    connection->in_callback = false;
    if (connection->freed && !connection->in_batch)
        free(connection);
    else if (!connection->freed && !connection->closed &&
             connection->state == UTP_CONNECTED &&
             (has_news_to_read(connection) ||
              (connection->writing && utp_queue_has_room(connection))))
        utp_call_soon(connection);
}

void utp_run_batch(struct utp *utp)
{
    struct utp_connection *at = utp->batch;
    utp->batch = NULL;
    utp->now_ns = 0;
    while (at != NULL) {
        struct utp_connection *next = at->next_in_batch;
        at->in_batch = false;
        serve(at);
        at = next;
    }
}
