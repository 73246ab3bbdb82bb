/* What goes through a hidden stream: deciphered where it is wanted, enciphered on its
 * way. */
#include "net/mse_stream_private.h"

#include <string.h>

/* ---- reading ---- */

static size_t read_early(struct mse_stream *self, const struct iovec *iov, int count)
{
    size_t used = 0;
    for (int i = 0; i < count && used < self->early.length; i++) {
        const size_t rest = self->early.length - used;
        const size_t part = rest < iov[i].iov_len ? rest : iov[i].iov_len;
        memcpy(iov[i].iov_base, self->early.bytes + used, part);
        used += part;
    }
    buffer_consume(&self->early, used);
    if (self->early.length == 0) {
        buffer_done(&self->early);
        loop_timer_cancel(self->kit->loop, &self->soon);
    }
    return used;
}

enum error_code mse_stream_readv(struct stream *stream, const struct iovec *iov,
                                 int count, size_t *ret_bytes)
{
    struct mse_stream *self = mse_stream_of(stream);
    if (self->cipher == NULL)
        return ERROR_AGAIN;
    if (self->early.length > 0) {
        *ret_bytes = read_early(self, iov, count);
        return ERROR_NONE;
    }
    const enum error_code error = stream_readv(self->inner, iov, count, ret_bytes);
    if (error != ERROR_NONE)
        return error;
    size_t left = *ret_bytes;
    for (int i = 0; left > 0; i++) {
        const size_t part = left < iov[i].iov_len ? left : iov[i].iov_len;
        mse_decrypt(self->cipher, iov[i].iov_base, part);
        left -= part;
    }
    return ERROR_NONE;
}

/* ---- writing ---- */

/* Enciphers what fits into the chunk of IOV from *AT in *INDEX on. */
static size_t fill_chunk(struct mse_stream *self, const struct iovec *iov, int count,
                         int *index, size_t *at)
{
    size_t filled = 0;
    while (*index < count && filled < MSE_CHUNK_BYTES) {
        const size_t left = iov[*index].iov_len - *at, room = MSE_CHUNK_BYTES - filled;
        const size_t part = left < room ? left : room;
        rc4_crypt(&self->cipher->out, (const uint8_t *)iov[*index].iov_base + *at,
                  self->kit->chunk + filled, part);
        filled += part;
        *at += part;
        if (*at < iov[*index].iov_len)
            break;
        ++*index;
        *at = 0;
    }
    return filled;
}

/* What was enciphered is as good as sent: what the inner stream does not take of it now
 * is kept, and goes first. */
static enum error_code write_hidden(struct mse_stream *self, const struct iovec *iov,
                                    int count, size_t *ret_bytes)
{
    size_t total = 0, at = 0, filled;
    int index = 0;
    while ((filled = fill_chunk(self, iov, count, &index, &at)) > 0) {
        size_t sent = 0;
        const struct iovec chunk = {self->kit->chunk, filled};
        enum error_code error = stream_writev(self->inner, &chunk, 1, &sent);
        if (error == ERROR_AGAIN)
            error = ERROR_NONE;
        if (error == ERROR_NONE && sent < filled)
            error = buffer_append(&self->rest, self->kit->chunk + sent, filled - sent);
        if (error != ERROR_NONE)
            return error;
        total += filled;
        if (self->rest.length > 0)
            break;
    }
    *ret_bytes = total;
    return ERROR_NONE;
}

/* Before the handshake's end there is room for what a caller says first, once. */
static enum error_code write_first(struct mse_stream *self, const struct iovec *iov,
                                   int count, size_t *ret_bytes)
{
    if (!self->calls || self->mse == NULL)
        return ERROR_AGAIN;
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        if (!mse_say_first(self->mse, iov[i].iov_base, iov[i].iov_len))
            break;
        total += iov[i].iov_len;
    }
    if (total == 0)
        return ERROR_AGAIN;
    *ret_bytes = total;
    return ERROR_NONE;
}

enum error_code mse_stream_writev(struct stream *stream, const struct iovec *iov,
                                  int count, size_t *ret_bytes)
{
    struct mse_stream *self = mse_stream_of(stream);
    if (self->cipher == NULL)
        return write_first(self, iov, count, ret_bytes);
    enum error_code error = mse_stream_send_rest(self);
    if (error == ERROR_NONE && self->cipher->method == MSE_PLAIN)
        return stream_writev(self->inner, iov, count, ret_bytes);
    if (error == ERROR_NONE)
        error = write_hidden(self, iov, count, ret_bytes);
    mse_stream_watch(self);
    return error;
}
