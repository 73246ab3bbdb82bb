/*
 * A connected stream of bytes that never blocks. Reads go straight into the caller's
 * memory; writability is watched only while asked for. A stream may be closed from inside
 * any of its callbacks. Loop thread.
 */
#ifndef BTTUI_NET_STREAM_H
#define BTTUI_NET_STREAM_H

#include "base/error.h"
#include "base/netaddr.h"
#include "loop/loop.h"
#include "net/encryption.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct stream;

struct stream_callbacks {
    void (*on_connected)(void *context);
    void (*on_readable)(void *context);
    void (*on_writable)(void *context);
    /* The connection is over or never came about; close it. */
    void (*on_error)(void *context, enum error_code error);
};

struct stream_ops {
    enum error_code (*readv)(struct stream *stream, const struct iovec *iov, int count,
                             size_t *ret_bytes);
    enum error_code (*writev)(struct stream *stream, const struct iovec *iov, int count,
                              size_t *ret_bytes);
    void (*set_interest)(struct stream *stream, bool read, bool write);
    void (*set_heat)(struct stream *stream, enum loop_heat heat);
    void (*close)(struct stream *stream);
};

enum stream_kind { STREAM_TCP, STREAM_UTP };

/* What every kind of stream begins with. */
struct stream {
    const struct stream_ops *ops;
    const struct stream_callbacks *callbacks;
    void *context;
    struct netaddr remote;
    enum encryption encryption; /* once the handshake, if there is one, is over */
    enum stream_kind kind;      /* once something can be read */
};

static inline void stream_set_callbacks(struct stream *stream,
                                        const struct stream_callbacks *callbacks,
                                        void *context)
{
    stream->callbacks = callbacks;
    stream->context = context;
}
/* ERROR_AGAIN: nothing now. ERROR_CLOSED: the other side is done. Others: it is broken.
 */
static inline enum error_code stream_readv(struct stream *stream, const struct iovec *iov,
                                           int count, size_t *ret_bytes)
{
    return stream->ops->readv(stream, iov, count, ret_bytes);
}
static inline enum error_code stream_writev(struct stream *stream,
                                            const struct iovec *iov, int count,
                                            size_t *ret_bytes)
{
    return stream->ops->writev(stream, iov, count, ret_bytes);
}
static inline void stream_set_interest(struct stream *stream, bool read, bool write)
{
    stream->ops->set_interest(stream, read, write);
}
static inline void stream_set_heat(struct stream *stream, enum loop_heat heat)
{
    stream->ops->set_heat(stream, heat);
}
/* NULL is ignored. No callback comes after this. */
static inline void stream_close(struct stream *stream)
{
    if (stream != NULL)
        stream->ops->close(stream);
}

/* Wraps a connected or connecting (CONNECTING) non-blocking socket, which it then owns.
 */
struct stream *stream_tcp_new(struct loop *loop, int fd, const struct netaddr *remote,
                              bool connecting);

#endif
