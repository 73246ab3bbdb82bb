/* What http.c, requests over libcurl, and http_tied.c, what is different about them where
 * the user has tied us to something, share; nobody else includes this. */
#ifndef BTTUI_NET_HTTP_PRIVATE_H
#define BTTUI_NET_HTTP_PRIVATE_H

#include "base/buffer.h"
#include "net/http.h"

#include <curl/curl.h>
#include <stdbool.h>

#define HTTP_REDIRECTS_MAX 3

struct http {
    struct loop *loop;
    const struct net *net; /* NULL: traffic is tied to nothing */
    CURLM *multi;
    struct loop_timer timer;
    char *user_agent;
    struct http_request *requests;
};

struct http_request {
    struct http *http;
    struct http_request *next, **link;
    CURL *easy;
    struct buffer body;
    size_t header_bytes;
    http_on_result *on_result;
    void *context;
    struct netaddr
        first; /* the first host reached: where it lies decides where we may be sent */
    unsigned shut;          /* enum http_shut */
    bool was_shut;          /* an address was not tried for that */
    bool was_disguised;     /* sent to a host that is not what it looks like */
    int tie_errno;          /* why a socket could not be tied; 0: all could */
    struct http_tied *tied; /* NULL: traffic is tied to nothing */
    char message[CURL_ERROR_SIZE];
};

/* http.c */
/* Its result, with MESSAGE, and its end. */
void http_fail(struct http_request *request, enum error_code error, const char *message);
/* The names of protocols of CURLOPT_PROTOCOLS. */
bool http_set_protocols(CURL *easy, bool plain_too);

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
