/* What http.c, requests over libcurl, http_multi.c, libcurl in the loop, http_kept.c,
 * connections that outlast one, http_range.c, those for a part of a file, and
 * http_tied.c, what is different about them where the user has tied us to something,
 * share; nobody else includes this. */
#ifndef BTTUI_NET_HTTP_PRIVATE_H
#define BTTUI_NET_HTTP_PRIVATE_H

#include "base/buffer.h"
#include "net/http.h"

#include <curl/curl.h>
#include <stdbool.h>

#define HTTP_REDIRECTS_MAX 3
#define HTTP_TRANSFERS_MAX 20L
/* So long a connection is kept that nobody uses. */
#define HTTP_IDLE_S 5L

struct http {
    struct loop *loop;
    const struct net *net; /* NULL: traffic is tied to nothing */
    const char *proxy, *proxy_user, *proxy_password; /* as in struct net_bound */
    CURLM *multi;
    struct loop_timer timer;
    struct loop_timer idle; /* until connections that are kept are closed */
    bool keeps;             /* there may be such */
    struct http_kept *kept;
    uint64_t fresh_until_ns; /* those from before then are of no use */
    char *user_agent;
    struct http_request *requests;
};

struct http_request {
    struct http *http;
    struct http_request *next, **link;
    CURL *easy;
    struct buffer body;
    size_t header_bytes;
    http_on_bytes *on_bytes; /* NULL: the body is kept until the result */
    struct http_reply reply; /* for on_bytes */
    unsigned ranges_seen;    /* Content-Range headers in it */
    http_on_result *on_result;
    void *context;
    struct netaddr
        first; /* the first host reached: where it lies decides where we may be sent */
    unsigned shut;              /* enum http_shut */
    bool stays;                 /* follows no redirect */
    bool keeps;                 /* its connections */
    bool waits;                 /* its taker lets it; its connection is no idle one */
    struct curl_slist *headers; /* of its own; NULL: none */
    bool was_shut;              /* an address was not tried for that */
    bool was_disguised;         /* sent to a host that is not what it looks like */
    int tie_errno;              /* why a socket could not be tied; 0: all could */
    struct http_tied *tied;     /* NULL: traffic is tied to nothing */
    char message[CURL_ERROR_SIZE];
};

/* http.c */
/* With all options set that every request has; NULL: out of memory. */
struct http_request *http_request_new(struct http *http, const char *url, size_t max_body,
                                      unsigned timeout_ms, unsigned shut,
                                      http_on_result *on_result, void *context);
/* REQUEST, under way; NULL, and it is freed: out of memory. */
struct http_request *http_begin(struct http_request *request, const char *url,
                                unsigned timeout_ms);
/* Its result, with MESSAGE, and its end. */
void http_fail(struct http_request *request, enum error_code error, const char *message);
/* Whether it may lead to TO; the first that is asked for decides. */
bool http_may_reach(struct http_request *request, const struct netaddr *to);
const char *http_shut_text(void);
/* The names of protocols of CURLOPT_PROTOCOLS. */
bool http_set_protocols(CURL *easy, bool plain_too);

/* Gives the results of the transfers that have ended. */
void http_take_results(struct http *http);

/* http_multi.c */
bool http_multi_init(struct http *http); /* false: out of memory */
void http_multi_done(struct http *http);
/* The last request has ended, or another begins. */
void http_multi_rest(struct http *http);
void http_multi_work(struct http *http);

/* http_kept.c */
/* Its connection may be one that was kept, and is kept after it. False: out of memory. */
bool http_keep_connection(struct http_request *request);
/* FD was opened for one that keeps. False: out of memory. */
bool http_kept_add(struct http *http, curl_socket_t fd);
/* Nothing is to be read from FD or written to it for EASY, or something is. */
void http_kept_watch(struct http *http, CURL *easy, curl_socket_t fd, bool rests);
/* EASY has its result. */
void http_kept_rest(struct http *http, CURL *easy);

/* http_range.c */
void http_range_on_header(struct http_request *request, const char *line, size_t length);
/* As libcurl's write callback answers. */
size_t http_range_on_body(struct http_request *request, const char *bytes, size_t length);

/* http_tied.c: libcurl never looks a name up and never follows a redirect: names are
 * looked up by the net, and each URL is a transfer of its own. */
enum error_code http_tied_begin(struct http_request *request, const char *url,
                                unsigned timeout_ms) MUST_CHECK;
/* The transfer has ended well; true: it goes on elsewhere, or has failed for that. */
bool http_tied_goes_on(struct http_request *request);
/* A socket of FAMILY is about to connect; false: it must not. */
bool http_tied_socket(struct http_request *request, int fd, enum netaddr_family family);
void http_tied_free(struct http_request *request);

#endif
