/*
 * HTTP GET for trackers, through libcurl's multi-socket interface: its sockets and its
 * timer are slots of the loop, so nothing waits. Under HOSTILE.md's H rows: bodies,
 * headers, time and redirects are capped, only http and https are spoken, TLS fails
 * closed, proxies in the environment are ignored. Loop thread.
 */
#ifndef BTTUI_NET_HTTP_H
#define BTTUI_NET_HTTP_H

#include "base/error.h"
#include "base/netaddr.h"
#include "loop/loop.h"

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

struct http_result {
    enum error_code error; /* NONE: an answer came, whatever its status */
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
void http_cancel(struct http_request *request);

#endif
