/*
 * A stream through a SOCKS5 proxy (net/socks.h): connected when the proxy says so. Loop
 * thread.
 */
#ifndef BTTUI_NET_SOCKS_STREAM_H
#define BTTUI_NET_SOCKS_STREAM_H

#include "net/socks.h"
#include "net/stream.h"

struct socks_stream_config {
    enum socks_command command;
    struct socks_target target;
    const char *user, *password; /* NULL: none; outlive the stream */
    /* How the proxy is: SOCKS_DONE, why not, or SOCKS_GOES_ON: it could not be reached or
     * hung up. Once, before on_connected or on_error, and not the place to close. */
    void (*on_proxy)(void *context, enum socks_status status);
    void *context;
};

/* INNER, which connects to the proxy, is the new stream's then. NULL: out of memory; it
 * is still the caller's. */
struct stream *socks_stream_new(struct stream *inner,
                                const struct socks_stream_config *config);
/* Once connected by SOCKS_UDP: where datagrams are to be sent. Family NONE: nowhere. */
struct netaddr socks_stream_relay(const struct stream *stream);
/* After on_error: why the proxy did not do what it was asked for, in words that are not
 * translated yet (socks_reply_text); NULL: it did not say, or it failed otherwise. */
const char *socks_stream_refusal(const struct stream *stream);

#endif
