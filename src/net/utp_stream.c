/* A uTP connection as the stream that its owner sees. */
#include "net/utp_private.h"

static struct utp_connection *connection_of(struct stream *stream)
{
    return (struct utp_connection *)(void *)stream;
}

static enum error_code stream_read(struct stream *stream, const struct iovec *iov,
                                   int count, size_t *ret_bytes)
{
    struct utp_connection *connection = connection_of(stream);
    const size_t got = utp_read(connection, iov, count);
    if (got > 0) {
        *ret_bytes = got;
        return ERROR_NONE;
    }
    if (connection->state == UTP_DEAD)
        return connection->error;
    return connection->ended ? ERROR_CLOSED : ERROR_AGAIN;
}

static enum error_code stream_write(struct stream *stream, const struct iovec *iov,
                                    int count, size_t *ret_bytes)
{
    struct utp_connection *connection = connection_of(stream);
    size_t done = 0;
    if (connection->state == UTP_DEAD)
        return connection->error;
    if (connection->state != UTP_CONNECTED)
        return ERROR_AGAIN;
    for (int i = 0; i < count; i++) {
        const size_t part = utp_queue(connection, iov[i].iov_base, iov[i].iov_len);
        done += part;
        if (part < iov[i].iov_len)
            break;
    }
    utp_send_ready(connection);
    if (done == 0)
        return ERROR_AGAIN;
    *ret_bytes = done;
    return ERROR_NONE;
}

static void stream_interest(struct stream *stream, bool read, bool write)
{
    struct utp_connection *connection = connection_of(stream);
    const bool more = (read && !connection->reading) || (write && !connection->writing) ||
                      (!read && connection->reading && connection->ended);
    connection->reading = read;
    connection->writing = write;
    if (more && !connection->in_callback &&
        (connection->in_count > 0 || connection->ended || write))
        utp_call_soon(connection);
}

static void stream_heat(struct stream *stream, enum loop_heat heat)
{
    (void)stream;
    (void)heat;
}

/* What was written still goes out. */
static void stream_end(struct stream *stream)
{
    struct utp_connection *connection = connection_of(stream);
    connection->closed = true;
    connection->reading = connection->writing = false;
    connection->stream.callbacks = NULL;
    utp_drop_in(connection);
    if (connection->state != UTP_CONNECTED) {
        utp_connection_free(connection);
        return;
    }
    utp_queue_fin(connection);
    if (!connection->fin_queued) { /* no memory for it */
        utp_connection_free(connection);
        return;
    }
    connection->progress_ns = utp_now_ns(connection->utp);
    utp_send_ready(connection);
}

const struct stream_ops utp_stream_ops = {stream_read, stream_write, stream_interest,
                                          stream_heat, stream_end};
