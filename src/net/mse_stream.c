#include "net/mse_stream_private.h"

#include <stdlib.h>
#include <string.h>

struct mse_kit *mse_kit_new(struct loop *loop, const struct random_source *random)
{
    struct mse_kit *kit = malloc(sizeof *kit);
    if (kit == NULL)
        return NULL;
    kit->loop = loop;
    kit->random = random;
    kit->group = mse_group_new();
    if (kit->group != NULL)
        return kit;
    free(kit);
    return NULL;
}

void mse_kit_free(struct mse_kit *kit)
{
    if (kit == NULL)
        return;
    mse_group_free(kit->group);
    free(kit);
}

/* ---- below ---- */

void mse_stream_watch(struct mse_stream *self)
{
    const bool open = self->cipher != NULL;
    stream_set_interest(self->inner, open ? self->reads : !self->waits,
                        self->rest.length > 0 || (open && self->writes));
}

enum error_code mse_stream_send_rest(struct mse_stream *self)
{
    while (self->rest.length > 0) {
        size_t sent;
        const struct iovec iov = {self->rest.bytes, self->rest.length};
        const enum error_code error = stream_writev(self->inner, &iov, 1, &sent);
        if (error != ERROR_NONE)
            return error;
        buffer_consume(&self->rest, sent);
    }
    buffer_done(&self->rest);
    return ERROR_NONE;
}

/* What the handshake has to say goes out. */
static enum error_code send_out(struct mse_stream *self)
{
    struct buffer *out = mse_out(self->mse);
    enum error_code error = buffer_append(&self->rest, out->bytes, out->length);
    buffer_clear(out);
    if (error == ERROR_NONE)
        error = mse_stream_send_rest(self);
    mse_stream_watch(self);
    return error == ERROR_AGAIN ? ERROR_NONE : error;
}

/* ---- the handshake ---- */

static enum error_code open_stream(struct mse_stream *self)
{
    self->cipher = malloc(sizeof *self->cipher);
    if (self->cipher == NULL)
        return ERROR_MEMORY;
    const enum error_code error = mse_finish(self->mse, self->cipher, &self->early);
    mse_free(self->mse);
    self->mse = NULL;
    self->stream.kind = self->inner->kind;
    self->stream.encryption =
        self->cipher->method == MSE_RC4 ? ENCRYPTION_RC4 : ENCRYPTION_HEADER;
    mse_stream_watch(self);
    return error;
}

static enum mse_status look_up(struct mse_stream *self)
{
    uint8_t wanted[SHA1_BYTES];
    struct info_hash skey;
    mse_wanted(self->mse, wanted);
    if (!self->host.find(self->host.context, wanted, &skey))
        return MSE_FAILED;
    return mse_agree(self->mse, &skey);
}

/* Says what is to be said, and does what STATUS asks for. */
static enum error_code act(struct mse_stream *self, enum mse_status status)
{
    if (status == MSE_HAS_TORRENT)
        status = look_up(self);
    self->waits = status == MSE_HAS_KEY;
    if (status == MSE_FAILED)
        return ERROR_PROTOCOL;
    const enum error_code error = send_out(self);
    return error == ERROR_NONE && status == MSE_DONE ? open_stream(self) : error;
}

/* BYTES came: they belong to the handshake, or already to what follows it. */
static enum error_code take_bytes(struct mse_stream *self, uint8_t *bytes, size_t length)
{
    enum error_code error = ERROR_NONE;
    while (length > 0 && error == ERROR_NONE) {
        size_t used = length;
        if (self->cipher != NULL) {
            mse_decrypt(self->cipher, bytes, length);
            error = buffer_append(&self->early, bytes, length);
        } else if (self->waits) {
            error =
                buffer_append(&self->early, bytes, length); /* until it has answered */
        } else {
            error = act(self, mse_feed(self->mse, bytes, length, &used));
        }
        bytes += used;
        length -= used;
    }
    return error;
}

static enum error_code read_handshake(struct mse_stream *self)
{
    while (self->cipher == NULL && !self->waits) {
        uint8_t bytes[2048];
        size_t got;
        const struct iovec iov = {bytes, sizeof bytes};
        enum error_code error = stream_readv(self->inner, &iov, 1, &got);
        if (error == ERROR_NONE)
            error = take_bytes(self, bytes, got);
        if (error != ERROR_NONE)
            return error == ERROR_AGAIN ? ERROR_NONE : error;
    }
    return ERROR_NONE;
}

/* ---- above: what follows such a call does not touch the stream, which may be gone ----
 */

static void tell_error(struct mse_stream *self, enum error_code error)
{
    self->stream.callbacks->on_error(self->stream.context, error);
}

static void on_soon(void *context)
{
    struct mse_stream *self = context;
    if (!self->reads || self->early.length == 0)
        return;
    loop_timer_set_in(self->kit->loop, &self->soon, 0);
    self->stream.callbacks->on_readable(self->stream.context);
}

/* The handshake has come so far. */
static void tell_progress(struct mse_stream *self, enum error_code error)
{
    if (error != ERROR_NONE)
        tell_error(self, error);
    else if (self->waits)
        self->host.on_key(self->host.context);
    else if (self->cipher != NULL)
        on_soon(self);
}

static void on_connected(void *context)
{
    struct mse_stream *self = context;
    self->mse =
        mse_new_caller(self->kit->group, self->kit->random, &self->skey, self->methods);
    const enum error_code error = self->mse != NULL ? send_out(self) : ERROR_MEMORY;
    if (error != ERROR_NONE)
        tell_error(self, error);
    else
        self->stream.callbacks->on_connected(self->stream.context);
}

static void on_readable(void *context)
{
    struct mse_stream *self = context;
    if (self->cipher != NULL)
        self->stream.callbacks->on_readable(self->stream.context);
    else
        tell_progress(self, read_handshake(self));
}

static void on_writable(void *context)
{
    struct mse_stream *self = context;
    const enum error_code error = mse_stream_send_rest(self);
    if (error != ERROR_NONE && error != ERROR_AGAIN) {
        tell_error(self, error);
        return;
    }
    mse_stream_watch(self);
    if (error == ERROR_NONE && self->cipher != NULL && self->writes)
        self->stream.callbacks->on_writable(self->stream.context);
}

static void on_error(void *context, enum error_code error)
{
    tell_error(context, error);
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

/* ---- the rest ---- */

static void mse_set_interest(struct stream *stream, bool read, bool write)
{
    struct mse_stream *self = mse_stream_of(stream);
    self->reads = read;
    self->writes = write;
    mse_stream_watch(self);
    if (read && self->early.length > 0 && self->cipher != NULL &&
        !loop_timer_is_set(&self->soon))
        loop_timer_set_in(self->kit->loop, &self->soon, 0);
}

static void mse_set_heat(struct stream *stream, enum loop_heat heat)
{
    stream_set_heat(mse_stream_of(stream)->inner, heat);
}

static void mse_close(struct stream *stream)
{
    struct mse_stream *self = mse_stream_of(stream);
    loop_timer_cancel(self->kit->loop, &self->soon);
    stream_close(self->inner);
    mse_free(self->mse);
    buffer_done(&self->rest);
    buffer_done(&self->early);
    free(self->cipher);
    free(self);
}

static const struct stream_ops ops = {mse_stream_readv, mse_stream_writev,
                                      mse_set_interest, mse_set_heat, mse_close};

static struct mse_stream *wrap(struct mse_kit *kit, struct stream *inner,
                               unsigned methods)
{
    struct mse_stream *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->stream.ops = &ops;
    self->stream.remote = inner->remote;
    self->stream.kind = inner->kind;
    self->kit = kit;
    self->inner = inner;
    self->methods = methods;
    self->reads = true;
    buffer_init(&self->rest, MSE_REST_MOST);
    buffer_init(&self->early, MSE_REST_MOST);
    loop_timer_init(&self->soon, on_soon, self);
    return self;
}

struct stream *mse_stream_call(struct mse_kit *kit, struct stream *inner,
                               const struct info_hash *skey, unsigned methods)
{
    struct mse_stream *self = wrap(kit, inner, methods);
    if (self == NULL)
        return NULL;
    self->calls = true;
    self->skey = *skey;
    stream_set_callbacks(inner, &callbacks, self);
    return &self->stream;
}

struct stream *mse_stream_take(struct mse_kit *kit, struct stream *inner,
                               const struct mse_host *host, unsigned methods, bool strong)
{
    struct mse_stream *self = wrap(kit, inner, methods);
    if (self == NULL)
        return NULL;
    self->host = *host;
    self->mse = mse_new_answerer(kit->group, kit->random, methods, strong);
    if (self->mse == NULL) {
        free(self);
        return NULL;
    }
    stream_set_callbacks(inner, &callbacks, self);
    return &self->stream;
}

void mse_stream_begin(struct stream *stream, const uint8_t *bytes, size_t length)
{
    uint8_t copy[256];
    struct mse_stream *self = mse_stream_of(stream);
    length = length < sizeof copy ? length : sizeof copy;
    if (length > 0)
        memcpy(copy, bytes, length);
    enum error_code error = take_bytes(self, copy, length);
    mse_stream_watch(self);
    tell_progress(self, error);
}

void mse_stream_answer(struct stream *stream)
{
    struct mse_stream *self = mse_stream_of(stream);
    struct buffer early = self->early;
    buffer_init(&self->early, MSE_REST_MOST);
    self->waits = false;
    enum error_code error = act(self, mse_answer(self->mse));
    if (error == ERROR_NONE)
        error = take_bytes(self, early.bytes, early.length);
    buffer_done(&early);
    if (error == ERROR_NONE)
        error = read_handshake(self);
    tell_progress(self, error);
}
