/*
 * HTTP GET for trackers and web seeds, through libcurl's multi-socket interface: its
 * sockets and its timer are slots of the loop, so nothing waits. Under HOSTILE.md's H
 * rows: bodies, headers, time and redirects are capped, only http and https are spoken,
 * TLS fails closed, proxies in the environment are ignored. Loop thread.
 */
#ifndef BTTUI_NET_HTTP_H
#define BTTUI_NET_HTTP_H

#include "base/error.h"
#include "base/netaddr.h"
#include "loop/loop.h"
#include "net/content_range.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;
struct http_request;
struct net; /* net/net.h */

/* NET, which outlives it, says what traffic is tied to: then names are looked up by it,
 * and never by libcurl. */
struct http *http_new(struct loop *loop, const char *user_agent, const struct net *net);
/* Ends what is under way without calling back. */
void http_free(struct http *http);
/* Whether another request would not wait for one that is under way. */
bool http_has_room(const struct http *http);
/* Connections that were kept lead nowhere any more: the next requests make their own. */
void http_network_changed(struct http *http);

struct http_result {
    enum error_code error; /* NONE: an answer came, whatever its status; REFUSED: it led
                              where it may not */
    const char
        *message; /* libcurl's words on an error; untrusted where a server shaped it */
    long status;
    const uint8_t *body; /* decoded, at most max_body; lives during the callback */
    size_t length;
    struct netaddr from; /* who answered; family NONE: nobody */
};
typedef void http_on_result(void *context, const struct http_result *result);

/* Where a request may not lead, whatever the addresses of its name. Not named, because
 * never: link-local and impossible addresses, and by redirect from public space into
 * private, or from elsewhere to this machine. */
enum http_shut { HTTP_SHUT_NONE = 0, HTTP_SHUT_LOOPBACK = 1, HTTP_SHUT_PRIVATE = 2 };

/* RESULT comes exactly once, never from inside this call, unless cancelled. NULL: out of
 * memory. URL is copied; SHUT is a set of enum http_shut, PRIVATE includes LOOPBACK. */
struct http_request *http_get(struct http *http, const char *url, size_t max_body,
                              unsigned timeout_ms, unsigned shut,
                              http_on_result *on_result, void *context);
/* Not from inside a callback of the same request. */
void http_cancel(struct http_request *request);

/* A request to a device of the local network (SOAP): follows no redirect, and never leads
 * to this machine. */
struct http_call {
    const char *url;
    const char *action; /* the header SOAPAction, with its quotes; NULL: a GET */
    const uint8_t *body;
    size_t length;
    size_t max_body; /* of the answer */
    unsigned timeout_ms;
};
/* As http_get; all of CALL is copied. */
struct http_request *http_call(struct http *http, const struct http_call *call,
                               http_on_result *on_result, void *context);

/* What is known of an answer when its bytes come. */
struct http_reply {
    long status;
    bool has_range; /* it names one part of the file, and one that can be */
    struct content_range range;
    bool encoded; /* not the file's own bytes: compressed, although nobody asked for it */
};
enum http_take {
    HTTP_TAKE_GO_ON,
    HTTP_TAKE_WAIT, /* none of them: they come again after http_go_on */
    HTTP_TAKE_END   /* the result is an error, if only that it was ended */
};
typedef enum http_take http_on_bytes(void *context, const struct http_reply *reply,
                                     const uint8_t *bytes, size_t length);

/* Asks for bytes FIRST to LAST of a file, as they are, under the same rules. What comes,
 * of whatever length and status, goes to ON_BYTES, which may not cancel it; then the
 * result, without a body. No time-out but that of connecting. The connection is kept for
 * the next of these, for a few seconds. */
struct http_request *http_get_range(struct http *http, const char *url, uint64_t first,
                                    uint64_t last, unsigned shut, http_on_bytes *on_bytes,
                                    http_on_result *on_result, void *context);
/* After HTTP_TAKE_WAIT. ON_BYTES may be called from inside. */
void http_go_on(struct http_request *request);

#endif
