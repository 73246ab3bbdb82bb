#include "net/http.h"

#include "base/i18n.h"
#include "net/http_private.h"
#include "net/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_BYTES_MAX (64u << 10)

/* ---- one transfer ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_request *request = context;
    if (request->on_bytes != NULL)
        return http_range_on_body(request, bytes, size * count);
    return buffer_append(&request->body, bytes, size * count) == ERROR_NONE ? size * count
                                                                            : 0;
}

/* H13: a redirect to a name of other letters, which can look like a host that it is not,
 * or with a user before the host, or with both hidden by '%'. */
static bool is_disguise(const char *line, size_t length)
{
    static const char name[] = "location:";
    if (length < sizeof name - 1 || strncasecmp(line, name, sizeof name - 1) != 0)
        return false;
    const char *at = memmem(line, length, "//", 2), *end = line + length;
    for (at = at != NULL ? at + 2 : end; at < end && strchr("/?#\r\n", *at) == NULL; at++)
        if ((unsigned char)*at > '~' || *at == '@' || *at == '%' || *at == '\\')
            return true;
    return false;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_request *request = context;
    request->header_bytes += size * count;
    request->was_disguised |= is_disguise(bytes, size * count);
    if (request->on_bytes != NULL)
        http_range_on_header(request, bytes, size * count);
    return request->header_bytes <= HEADER_BYTES_MAX && !request->was_disguised
               ? size * count
               : 0;
}

/* H11, H12 */
static bool may_go_to(const struct http_request *request, const struct netaddr *to)
{
    const enum netaddr_scope scope = netaddr_scope(to);
    const enum netaddr_scope first = netaddr_scope(&request->first);
    const bool loopback = scope == NETADDR_SCOPE_LOOPBACK;
    if (scope == NETADDR_SCOPE_PUBLIC)
        return true;
    if (scope == NETADDR_SCOPE_INVALID || scope == NETADDR_SCOPE_LINK_LOCAL ||
        (request->shut & HTTP_SHUT_PRIVATE) != 0 ||
        (loopback && (request->shut & HTTP_SHUT_LOOPBACK) != 0))
        return false;
    return request->first.family == NETADDR_NONE ||
           (first != NETADDR_SCOPE_PUBLIC && (!loopback || first == scope));
}

const char *http_shut_text(void)
{
    return _("its name leads to a private address, where it may not");
}

bool http_may_reach(struct http_request *request, const struct netaddr *to)
{
    if (!may_go_to(request, to)) {
        request->was_shut = true;
        return false;
    }
    if (request->first.family == NETADDR_NONE)
        request->first = *to;
    return true;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct http_request *request = context;
    struct netaddr to;
    (void)purpose;
    if (netaddr_from_sockaddr(&address->addr, &to) != ERROR_NONE)
        return CURL_SOCKET_BAD;
    /* A proxy is the user's own choice; what lies behind it was looked at before. */
    if (request->http->proxy == NULL && !http_may_reach(request, &to))
        return CURL_SOCKET_BAD;
    const int fd =
        socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && (!http_tied_socket(request, fd, to.family) ||
                    (request->keeps && !http_kept_add(request->http, fd)))) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    return fd;
}

#if LIBCURL_VERSION_NUM >= 0x075000
/* Before each request of every hop: nothing else sees where a connection leads that was
 * kept, and a redirect may take one whatever the first hop must not. */
static int on_connected(void *context, char *to_ip, char *own_ip, int to_port,
                        int own_port)
{
    struct http_request *request = context;
    struct netaddr to;
    (void)own_ip;
    (void)to_port;
    (void)own_port;
    if (request->http->proxy != NULL)
        return CURL_PREREQFUNC_OK;
    return netaddr_parse(to_ip, 0, &to) == ERROR_NONE && http_may_reach(request, &to)
               ? CURL_PREREQFUNC_OK
               : CURL_PREREQFUNC_ABORT;
}
#endif

bool http_set_protocols(CURL *easy, bool plain_too)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                            plain_too ? "http,https" : "https") == CURLE_OK;
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                            plain_too ? (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)
                                      : (long)CURLPROTO_HTTPS) == CURLE_OK;
#endif
}

static bool set_options(struct http_request *request, const char *url,
                        unsigned timeout_ms)
{
    CURL *easy = request->easy;
    struct http *http = request->http;
    bool fine = true;
#define SET(option, value)                                                               \
    fine = fine && curl_easy_setopt(easy, option, value) == CURLE_OK
    SET(CURLOPT_URL, url);
    SET(CURLOPT_USERAGENT, http->user_agent);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, http->proxy != NULL ? http->proxy : "");
    SET(CURLOPT_NOPROXY, http->proxy != NULL ? "" : "*");
    SET(CURLOPT_PROXYUSERNAME, http->proxy_user);
    SET(CURLOPT_PROXYPASSWORD, http->proxy_password);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L); /* the next request is half an hour away */
    fine = fine && http_set_protocols(easy, true);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_REDIR_PROTOCOLS_STR,
        strncasecmp(url, "https:", 6) == 0 ? "https" : "http,https");
#else
    SET(CURLOPT_REDIR_PROTOCOLS, strncasecmp(url, "https:", 6) == 0
                                     ? (long)CURLPROTO_HTTPS
                                     : (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* a cancel never waits for a name server */
#endif
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, request);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, request);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, request);
#if LIBCURL_VERSION_NUM >= 0x075000
    SET(CURLOPT_PREREQFUNCTION, on_connected);
    SET(CURLOPT_PREREQDATA, request);
#endif
    SET(CURLOPT_ERRORBUFFER, request->message);
    SET(CURLOPT_PRIVATE, request);
#undef SET
    return fine;
}

static void request_free(struct http_request *request)
{
    struct http *http = request->http;
    curl_multi_remove_handle(http->multi, request->easy);
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    http_tied_free(request);
    buffer_done(&request->body);
    *request->link = request->next;
    if (request->next != NULL)
        request->next->link = request->link;
    free(request);
    if (http->requests == NULL)
        http_multi_rest(http);
}

struct http_request *http_request_new(struct http *http, const char *url, size_t max_body,
                                      unsigned timeout_ms, unsigned shut,
                                      http_on_result *on_result, void *context)
{
    struct http_request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return NULL;
    request->http = http;
    request->on_result = on_result;
    request->context = context;
    request->shut = shut;
    buffer_init(&request->body, max_body);
    request->easy = curl_easy_init();
    if (request->easy == NULL || !set_options(request, url, timeout_ms)) {
        curl_easy_cleanup(request->easy);
        free(request);
        return NULL;
    }
    request->next = http->requests;
    request->link = &http->requests;
    if (request->next != NULL)
        request->next->link = &request->next;
    http->requests = request;
    http_multi_work(http);
    return request;
}

struct http_request *http_begin(struct http_request *request, const char *url,
                                unsigned timeout_ms)
{
    struct http *http = request->http;
    const bool begun =
        http->net != NULL ? http_tied_begin(request, url, timeout_ms) == ERROR_NONE
                          : curl_multi_add_handle(http->multi, request->easy) == CURLM_OK;
    if (begun)
        return request;
    request_free(request);
    return NULL;
}

struct http_request *http_get(struct http *http, const char *url, size_t max_body,
                              unsigned timeout_ms, unsigned shut,
                              http_on_result *on_result, void *context)
{
    struct http_request *request =
        http_request_new(http, url, max_body, timeout_ms, shut, on_result, context);
    return request != NULL ? http_begin(request, url, timeout_ms) : NULL;
}

void http_cancel(struct http_request *request)
{
    if (request != NULL)
        request_free(request);
}

static bool was_shut(const struct http_request *request, CURLcode code)
{
    return request->was_shut &&
           (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK);
}

static enum error_code error_of(const struct http_request *request, CURLcode code)
{
    long os_errno = 0, redirects = 0;
    if (code == CURLE_OK)
        return ERROR_NONE;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return ERROR_TIMEOUT;
    if (code == CURLE_WRITE_ERROR)
        return request->was_disguised ? ERROR_REFUSED : ERROR_LIMIT;
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return ERROR_NOT_FOUND;
    if (was_shut(request, code))
        return ERROR_REFUSED;
    if (code == CURLE_UNSUPPORTED_PROTOCOL && /* HTTP/0.9 is one, too */
        curl_easy_getinfo(request->easy, CURLINFO_REDIRECT_COUNT, &redirects) ==
            CURLE_OK &&
        redirects > 0)
        return ERROR_REFUSED;
    if (code == CURLE_COULDNT_CONNECT && request->tie_errno != 0)
        return error_from_errno(request->tie_errno);
    if (code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_errno) == CURLE_OK &&
        error_from_errno((int)os_errno) == ERROR_OFFLINE)
        return ERROR_OFFLINE;
    return ERROR_SYSTEM;
}

void http_fail(struct http_request *request, enum error_code error, const char *message)
{
    const struct http_result result = {.error = error, .message = message};
    request->on_result(request->context, &result);
    request_free(request);
}

static void give_result(struct http_request *request, CURLcode code)
{
    struct http_result result = {
        .error = error_of(request, code),
        .message =
            request->message[0] != '\0' ? request->message : curl_easy_strerror(code),
        .body = request->body.bytes,
        .length = request->body.length,
    };
    const char *ip = NULL;
    if (was_shut(request, code))
        result.message = http_shut_text();
    if (code != CURLE_OK && request->was_disguised)
        result.message = _("it redirects to a host whose name is not plain");
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &result.status);
    if (curl_easy_getinfo(request->easy, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK &&
        ip != NULL && netaddr_parse(ip, 0, &result.from) != ERROR_NONE)
        result.from.family = NETADDR_NONE;
    if (request->http->proxy != NULL && code == CURLE_OK)
        result.from = request->first;
    request->on_result(request->context, &result);
}

void http_take_results(struct http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        const CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct http_request *request = (struct http_request *)(void *)private;
        if (code == CURLE_OK && http_tied_goes_on(request))
            continue;
        http_kept_rest(http, request->easy);
        give_result(request, code);
        request_free(request);
    }
}

struct http *http_new(struct loop *loop, const char *user_agent, const struct net *net)
{
    struct http *http = calloc(1, sizeof *http);
    struct net_bound bound;
    if (http == NULL)
        return NULL;
    net->bound(net->context, &bound);
    http->loop = loop;
    http->net = bound.to != NULL ? net : NULL;
    http->proxy = bound.proxy;
    http->proxy_user = bound.proxy_user;
    http->proxy_password = bound.proxy_password;
    http->user_agent = strdup(user_agent);
    if (http->user_agent == NULL || !http_multi_init(http)) {
        free(http->user_agent);
        free(http);
        return NULL;
    }
    return http;
}

bool http_has_room(const struct http *http)
{
    long count = 0;
    for (const struct http_request *at = http->requests; at != NULL; at = at->next)
        count++;
    return count < HTTP_TRANSFERS_MAX;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    while (http->requests != NULL)
        request_free(http->requests);
    http_multi_done(http);
    free(http->user_agent);
    free(http);
}
