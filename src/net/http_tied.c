#include "net/http_private.h"

#include "base/i18n.h"
#include "net/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_tied {
    CURLSH *names; /* addresses of this request's hosts, which libcurl looks at first */
    struct curl_slist *resolve;
    struct resolver_query *query;
    struct loop_timer timer; /* for the look-up alone: libcurl has its own */
    uint64_t until_ns;
    char *host;
    char port[8];
    bool literal; /* HOST is an address */
    bool secure;  /* https, which leads to nothing else */
    int hops;
};

/* ---- what a URL leads to ---- */

static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL, *copy = NULL;
    if (curl_url_get(url, part, &text, flags) == CURLUE_OK)
        copy = strdup(text);
    curl_free(text);
    return copy;
}

static bool is_plain(const char *host)
{
    for (const char *at = host; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at > '~')
            return false;
    return host[0] != '\0';
}

/* As libcurl will read it. */
static enum error_code read_url(struct http_tied *tied, const char *text)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *port = NULL;
    struct netaddr address;
    enum error_code error = ERROR_INVALID;
    free(tied->host);
    tied->host = NULL;
    if (url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK) {
        scheme = part_of(url, CURLUPART_SCHEME, 0);
        port = part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        tied->host = part_of(url, CURLUPART_HOST, 0);
    }
    const bool https = scheme != NULL && strcmp(scheme, "https") == 0;
    if (tied->host != NULL && port != NULL && strlen(port) < sizeof tied->port &&
        is_plain(tied->host) &&
        (https || (scheme != NULL && strcmp(scheme, "http") == 0 && !tied->secure))) {
        snprintf(tied->port, sizeof tied->port, "%s", port);
        tied->secure |= https;
        tied->literal = netaddr_parse(tied->host, 0, &address) == ERROR_NONE;
        error = ERROR_NONE;
    }
    free(scheme);
    free(port);
    curl_url_cleanup(url);
    return error;
}

/* ---- a transfer to addresses that are known ---- */

/* libcurl comes here for a host that it was given no address of. */
static int on_look_up(void *state, void *reserved, void *context)
{
    const struct http_request *request = context;
    (void)state;
    (void)reserved;
    /* Names are the proxy's to look up: libcurl asks for its address alone. */
    return request->tied->literal || request->http->proxy != NULL ? 0 : 1;
}

/* "HOST:PORT:ADDRESS,ADDRESS" */
static bool put_addresses(struct http_tied *tied, const struct netaddr *addresses,
                          uint32_t count)
{
    struct buffer line;
    buffer_init(&line, 4096);
    enum error_code error = buffer_printf(&line, "%s:%s:", tied->host, tied->port);
    for (uint32_t i = 0; i < count && error == ERROR_NONE; i++) {
        char text[NETADDR_TEXT_SIZE];
        netaddr_format_host(&addresses[i], text);
        const bool bracket = addresses[i].family == NETADDR_V6 && text[0] != '[';
        error = buffer_printf(&line, "%s%s%s%s", i > 0 ? "," : "", bracket ? "[" : "",
                              text, bracket ? "]" : "");
    }
    if (error == ERROR_NONE)
        error = buffer_append_u8(&line, 0);
    struct curl_slist *list =
        error == ERROR_NONE ? curl_slist_append(tied->resolve, (const char *)line.bytes)
                            : NULL;
    buffer_done(&line);
    if (list != NULL)
        tied->resolve = list;
    return list != NULL;
}

static uint64_t left_ms(const struct http_request *request)
{
    const uint64_t now_ns = loop_now_ns(request->http->loop);
    const uint64_t until_ns = request->tied->until_ns;
    return until_ns > now_ns ? (until_ns - now_ns) / NS_PER_MS : 0;
}

static bool start(struct http_request *request)
{
    struct http_tied *tied = request->tied;
    CURL *easy = request->easy;
    return curl_easy_setopt(easy, CURLOPT_SHARE, tied->names) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_RESOLVE, tied->resolve) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_look_up) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, request) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms(request) + 1L) ==
               CURLE_OK &&
           curl_multi_add_handle(request->http->multi, easy) == CURLM_OK;
}

static void on_resolved(void *context, const struct netaddr *addresses, uint32_t count,
                        const char *message)
{
    struct http_request *request = context;
    struct http_tied *tied = request->tied;
    const struct net *net = request->http->net;
    struct net_bound bound;
    tied->query = NULL;
    loop_timer_cancel(request->http->loop, &tied->timer);
    net->bound(net->context, &bound);
    if (count == 0)
        http_fail(request, bound.trouble != NULL ? ERROR_OFFLINE : ERROR_NOT_FOUND,
                  message);
    else if (request->http->proxy != NULL && !http_may_reach(request, &addresses[0]))
        http_fail(request, ERROR_REFUSED, http_shut_text());
    else if (request->http->proxy != NULL
                 ? !start(request)
                 : (!tied->literal && !put_addresses(tied, addresses, count)) ||
                       !start(request))
        http_fail(request, ERROR_MEMORY, error_text(ERROR_MEMORY));
}

static void on_late(void *context)
{
    http_fail(context, ERROR_TIMEOUT, error_text(ERROR_TIMEOUT));
}

static enum error_code look_up(struct http_request *request)
{
    struct http_tied *tied = request->tied;
    const struct net *net = request->http->net;
    struct loop *loop = request->http->loop;
    tied->query = net->resolve(net->context, loop, tied->host, on_resolved, request);
    if (tied->query == NULL)
        return ERROR_MEMORY;
    return loop_timer_set(loop, &tied->timer, tied->until_ns);
}

/* ---- for http.c ---- */

enum error_code http_tied_begin(struct http_request *request, const char *url,
                                unsigned timeout_ms)
{
    struct loop *loop = request->http->loop;
    struct http_tied *tied = request->tied = calloc(1, sizeof *tied);
    if (tied == NULL)
        return ERROR_MEMORY;
    tied->until_ns = loop_now_ns(loop) + timeout_ms * NS_PER_MS;
    loop_timer_init(&tied->timer, on_late, request);
    tied->names = curl_share_init();
    if (tied->names == NULL ||
        curl_share_setopt(tied->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) !=
            CURLSHE_OK ||
        curl_easy_setopt(request->easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK)
        return ERROR_MEMORY;
    if (read_url(tied, url) == ERROR_NONE)
        return look_up(request);
    /* Nobody is asked for a host: libcurl says what is wrong with the URL. */
    return start(request) ? ERROR_NONE : ERROR_MEMORY;
}

static void follow(struct http_request *request, const char *url)
{
    struct http_tied *tied = request->tied;
    if (++tied->hops > HTTP_REDIRECTS_MAX) {
        http_fail(request, ERROR_SYSTEM, curl_easy_strerror(CURLE_TOO_MANY_REDIRECTS));
        return;
    }
    if (read_url(tied, url) != ERROR_NONE) {
        http_fail(request, ERROR_REFUSED, curl_easy_strerror(CURLE_UNSUPPORTED_PROTOCOL));
        return;
    }
    buffer_clear(&request->body);
    request->header_bytes = 0;
    if (curl_easy_setopt(request->easy, CURLOPT_URL, url) != CURLE_OK ||
        !http_set_protocols(request->easy, !tied->secure) ||
        look_up(request) != ERROR_NONE)
        http_fail(request, ERROR_MEMORY, error_text(ERROR_MEMORY));
}

bool http_tied_goes_on(struct http_request *request)
{
    const char *location = NULL;
    if (request->tied == NULL || request->stays ||
        curl_easy_getinfo(request->easy, CURLINFO_REDIRECT_URL, &location) != CURLE_OK ||
        location == NULL)
        return false;
    char *url = strdup(location);
    curl_multi_remove_handle(request->http->multi, request->easy);
    if (url == NULL)
        http_fail(request, ERROR_MEMORY, error_text(ERROR_MEMORY));
    else
        follow(request, url);
    free(url);
    return true;
}

bool http_tied_socket(struct http_request *request, int fd, enum netaddr_family family)
{
    const struct net *net = request->http->net;
    if (net == NULL || net->tie(net->context, fd, family))
        return true;
    request->tie_errno = errno;
    return false;
}

void http_tied_free(struct http_request *request)
{
    struct http_tied *tied = request->tied;
    if (tied == NULL)
        return;
    resolver_cancel(tied->query);
    loop_timer_cancel(request->http->loop, &tied->timer);
    curl_share_cleanup(tied->names);
    curl_slist_free_all(tied->resolve);
    free(tied->host);
    free(tied);
    request->tied = NULL;
}
