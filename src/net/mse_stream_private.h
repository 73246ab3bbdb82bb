/* What the files of hidden streams share. */
#ifndef BTTUI_NET_MSE_STREAM_PRIVATE_H
#define BTTUI_NET_MSE_STREAM_PRIVATE_H

#include "net/mse_stream.h"

#define MSE_CHUNK_BYTES (64u * 1024) /* enciphered at once */
#define MSE_REST_MOST   (MSE_CHUNK_BYTES + 8192u)

struct mse_kit {
    struct loop *loop;
    struct mse_group *group;
    const struct random_source *random;
    uint8_t chunk[MSE_CHUNK_BYTES];
};

struct mse_stream {
    struct stream stream; /* first */
    struct mse_kit *kit;
    struct stream *inner;
    struct mse_host host;
    struct info_hash skey; /* a caller's */
    unsigned methods;
    bool calls, reads, writes;
    bool waits;      /* for its turn to answer */
    struct mse *mse; /* while they shake hands */
    struct mse_cipher *cipher;
    struct buffer rest;     /* enciphered, and not taken by the inner stream yet */
    struct buffer early;    /* deciphered, and not read yet */
    struct loop_timer soon; /* nothing arrives, but there is something to read */
};

static inline struct mse_stream *mse_stream_of(struct stream *stream)
{
    return (struct mse_stream *)(void *)stream;
}

/* mse_stream.c */
/* What the inner stream is to tell of, from what is wanted and what is left. */
void mse_stream_watch(struct mse_stream *self);
/* ERROR_AGAIN: not all of it went. */
enum error_code mse_stream_send_rest(struct mse_stream *self);

/* mse_stream_data.c: struct stream_ops */
enum error_code mse_stream_readv(struct stream *stream, const struct iovec *iov,
                                 int count, size_t *ret_bytes);
enum error_code mse_stream_writev(struct stream *stream, const struct iovec *iov,
                                  int count, size_t *ret_bytes);

#endif
