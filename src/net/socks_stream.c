#include "net/socks_stream.h"

#include <stdlib.h>

struct socks_stream {
    struct stream stream; /* first */
    struct stream *inner;
    struct socks socks;
    void (*on_proxy)(void *context, enum socks_status status);
    void *proxy_context;
    uint32_t out_at; /* so much of what is to be said has gone */
    bool told, reads, writes;
};

static struct socks_stream *of(struct stream *stream)
{
    return (struct socks_stream *)(void *)stream;
}

static bool is_open(const struct socks_stream *self)
{
    return self->socks.status == SOCKS_DONE;
}

static void tell_proxy(struct socks_stream *self, enum socks_status status)
{
    if (!self->told)
        self->on_proxy(self->proxy_context, status);
    self->told = true;
}

/* The stream may be gone afterwards. */
static void fail(struct socks_stream *self, enum error_code error)
{
    tell_proxy(self, self->socks.status);
    self->stream.callbacks->on_error(self->stream.context, error);
}

static void apply_interest(struct socks_stream *self)
{
    const bool says = self->out_at < self->socks.out_bytes;
    stream_set_interest(self->inner, !is_open(self) || self->reads,
                        says || (is_open(self) && self->writes));
}

static enum error_code say(struct socks_stream *self)
{
    struct socks *socks = &self->socks;
    while (self->out_at < socks->out_bytes) {
        size_t sent;
        const struct iovec iov = {socks->out + self->out_at,
                                  socks->out_bytes - self->out_at};
        const enum error_code error = stream_writev(self->inner, &iov, 1, &sent);
        if (error != ERROR_NONE)
            return error == ERROR_AGAIN ? ERROR_NONE : error;
        self->out_at += (uint32_t)sent;
    }
    socks->out_bytes = self->out_at = 0;
    return ERROR_NONE;
}

/* As far as the proxy's bytes lead; ERROR_AGAIN: it has not said all yet. */
static enum error_code hear(struct socks_stream *self)
{
    struct socks *socks = &self->socks;
    while (socks_wants(socks) > 0) {
        uint8_t bytes[SOCKS_HEADER_MOST];
        size_t got;
        const struct iovec iov = {bytes, socks_wants(socks)};
        enum error_code error = stream_readv(self->inner, &iov, 1, &got);
        if (error != ERROR_NONE)
            return error;
        socks_feed(socks, bytes, got);
        error = say(self);
        if (error != ERROR_NONE)
            return error;
    }
    return socks->status == SOCKS_DONE ? ERROR_NONE : ERROR_CLOSED;
}

static void on_connected(void *context)
{
    struct socks_stream *self = context;
    const enum error_code error = say(self);
    apply_interest(self);
    if (error != ERROR_NONE)
        fail(self, error);
}

static void on_readable(void *context)
{
    struct socks_stream *self = context;
    if (is_open(self)) {
        self->stream.callbacks->on_readable(self->stream.context);
        return;
    }
    const enum error_code error = hear(self);
    apply_interest(self);
    if (error == ERROR_AGAIN)
        return;
    if (error != ERROR_NONE) {
        fail(self, error);
        return;
    }
    tell_proxy(self, SOCKS_DONE);
    self->stream.callbacks->on_connected(self->stream.context);
}

static void on_writable(void *context)
{
    struct socks_stream *self = context;
    if (is_open(self)) {
        self->stream.callbacks->on_writable(self->stream.context);
        return;
    }
    const enum error_code error = say(self);
    apply_interest(self);
    if (error != ERROR_NONE)
        fail(self, error);
}

static void on_error(void *context, enum error_code error)
{
    fail(context, error);
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

static enum error_code socks_readv(struct stream *stream, const struct iovec *iov,
                                   int count, size_t *ret_bytes)
{
    return is_open(of(stream)) ? stream_readv(of(stream)->inner, iov, count, ret_bytes)
                               : ERROR_AGAIN;
}

static enum error_code socks_writev(struct stream *stream, const struct iovec *iov,
                                    int count, size_t *ret_bytes)
{
    return is_open(of(stream)) ? stream_writev(of(stream)->inner, iov, count, ret_bytes)
                               : ERROR_AGAIN;
}

static void socks_set_interest(struct stream *stream, bool read, bool write)
{
    of(stream)->reads = read;
    of(stream)->writes = write;
    apply_interest(of(stream));
}

static void socks_set_heat(struct stream *stream, enum loop_heat heat)
{
    stream_set_heat(of(stream)->inner, heat);
}

static void socks_close(struct stream *stream)
{
    stream_close(of(stream)->inner);
    free(stream);
}

static const struct stream_ops ops = {socks_readv, socks_writev, socks_set_interest,
                                      socks_set_heat, socks_close};

struct stream *socks_stream_new(struct stream *inner,
                                const struct socks_stream_config *config)
{
    struct socks_stream *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->stream.ops = &ops;
    self->stream.remote = config->target.address;
    self->inner = inner;
    self->reads = true;
    self->on_proxy = config->on_proxy;
    self->proxy_context = config->context;
    socks_init(&self->socks, config->command, &config->target, config->user,
               config->password);
    stream_set_callbacks(inner, &callbacks, self);
    return &self->stream;
}

struct netaddr socks_stream_relay(const struct stream *stream)
{
    return ((const struct socks_stream *)(const void *)stream)->socks.bound;
}

const char *socks_stream_refusal(const struct stream *stream)
{
    const struct socks *socks =
        &((const struct socks_stream *)(const void *)stream)->socks;
    return socks->reply != 0 ? socks_reply_text(socks->reply) : NULL;
}
