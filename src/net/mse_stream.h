/*
 * A stream hidden by MSE/PE (net/mse.h) on top of another, whatever that travels on.
 * What arrives is deciphered where the reader wanted it; what is sent is enciphered on
 * its way through memory that all such streams share. Loop thread.
 */
#ifndef BTTUI_NET_MSE_STREAM_H
#define BTTUI_NET_MSE_STREAM_H

#include "net/mse.h"
#include "net/stream.h"

/* What the hidden streams of a session share. */
struct mse_kit;
/* RANDOM and LOOP outlive it. NULL: out of memory. */
struct mse_kit *mse_kit_new(struct loop *loop, const struct random_source *random);
void mse_kit_free(struct mse_kit *kit); /* after its streams */

/* Calls the other side of INNER, which is connecting, and which the new stream then owns.
 * It is connected as soon as INNER is: a first write then (at most 512 bytes) goes with
 * the handshake, later ones wait for its end. NULL: out of memory; INNER is still the
 * caller's. */
struct stream *mse_stream_call(struct mse_kit *kit, struct stream *inner,
                               const struct info_hash *skey, unsigned methods);

/* Whom an answering stream asks. */
struct mse_host {
    /* The caller's key has come: mse_stream_answer when it is its turn, at once or later.
     */
    void (*on_key)(void *context);
    /* Which torrent has this obfuscated hash (mse_obfuscate). False: none. */
    bool (*find)(void *context, const uint8_t obfuscated[SHA1_BYTES],
                 struct info_hash *ret_skey);
    void *context;
};
/* Answers the one who calls through INNER, as above. Nothing happens before its callbacks
 * are set and mse_stream_begin hands over what was read of INNER already; on_readable
 * comes when there is something behind the handshake. */
struct stream *mse_stream_take(struct mse_kit *kit, struct stream *inner,
                               const struct mse_host *host, unsigned methods,
                               bool strong);
void mse_stream_begin(struct stream *stream, const uint8_t *bytes, size_t length);
/* Does the arithmetic, about 100 µs. The stream may be gone afterwards. */
void mse_stream_answer(struct stream *stream);

#endif
