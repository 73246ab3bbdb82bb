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
#define TRANSFERS_MAX    20L

static void take_results(void *context);

/* ---- libcurl's sockets and timer as slots of the loop ---- */

struct http_socket {
    struct http *http;
    struct loop_slot *slot;
    curl_socket_t fd;
};

static void on_socket_ready(void *context, short revents)
{
    const struct http_socket *at = context;
    struct http *http = at->http;
    int running;
    const int mask = ((revents & POLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((revents & (POLLERR | POLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(http->multi, at->fd, mask, &running);
    take_results(http);
}

static void socket_forget(struct http_socket *at)
{
    if (at == NULL)
        return;
    loop_slot_remove(at->slot);
    free(at);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
                     void *socket_context)
{
    struct http *http = context;
    struct http_socket *at = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(http->multi, fd, NULL);
        socket_forget(at);
        return 0;
    }
    const short events = (short)((what & CURL_POLL_IN ? POLLIN : 0) |
                                 (what & CURL_POLL_OUT ? POLLOUT : 0));
    if (at != NULL) {
        loop_slot_set_events(at->slot, events);
        return 0;
    }
    at = calloc(1, sizeof *at);
    if (at == NULL)
        return -1;
    *at = (struct http_socket){.http = http, .fd = fd};
    at->slot = loop_add(http->loop, fd, events, LOOP_CONTROL, on_socket_ready, at);
    if (at->slot == NULL) {
        free(at);
        return -1;
    }
    curl_multi_assign(http->multi, fd, at);
    return 0;
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *context)
{
    struct http *http = context;
    (void)multi;
    if (timeout_ms < 0)
        loop_timer_cancel(http->loop, &http->timer);
    else
        loop_timer_set_in(http->loop, &http->timer, (uint64_t)timeout_ms * NS_PER_MS);
    return 0;
}

static void on_timer(void *context)
{
    struct http *http = context;
    int running;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_results(http);
}

/* ---- one transfer ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_request *request = context;
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
    return request->header_bytes <= HEADER_BYTES_MAX && !request->was_disguised
               ? size * count
               : 0;
}

/* H11, H12 */
static bool may_reach(const struct http_request *request, const struct netaddr *to)
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

static curl_socket_t on_open_socket(void *context, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct http_request *request = context;
    struct netaddr to;
    (void)purpose;
    if (netaddr_from_sockaddr(&address->addr, &to) != ERROR_NONE)
        return CURL_SOCKET_BAD;
    if (!may_reach(request, &to)) {
        request->was_shut = true;
        return CURL_SOCKET_BAD;
    }
    if (request->first.family == NETADDR_NONE)
        request->first = to;
    const int fd =
        socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && !http_tied_socket(request, fd, to.family)) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    return fd;
}

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
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX);
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
    SET(CURLOPT_ERRORBUFFER, request->message);
    SET(CURLOPT_PRIVATE, request);
#undef SET
    return fine;
}

static void request_free(struct http_request *request)
{
    curl_multi_remove_handle(request->http->multi, request->easy);
    curl_easy_cleanup(request->easy);
    http_tied_free(request);
    buffer_done(&request->body);
    *request->link = request->next;
    if (request->next != NULL)
        request->next->link = request->link;
    free(request);
}

struct http_request *http_get(struct http *http, const char *url, size_t max_body,
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
    const bool begun =
        http->net != NULL ? http_tied_begin(request, url, timeout_ms) == ERROR_NONE
                          : curl_multi_add_handle(http->multi, request->easy) == CURLM_OK;
    if (begun)
        return request;
    request_free(request);
    return NULL;
}

void http_cancel(struct http_request *request)
{
    if (request != NULL)
        request_free(request);
}

static enum error_code error_of(const struct http_request *request, CURLcode code)
{
    long os_errno = 0;
    if (code == CURLE_OK)
        return ERROR_NONE;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return ERROR_TIMEOUT;
    if (code == CURLE_WRITE_ERROR)
        return request->was_disguised ? ERROR_REFUSED : ERROR_LIMIT;
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return ERROR_NOT_FOUND;
    if (code == CURLE_COULDNT_CONNECT && request->tie_errno != 0)
        return error_from_errno(request->tie_errno);
    if (code == CURLE_COULDNT_CONNECT && !request->was_shut &&
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
    if (code == CURLE_COULDNT_CONNECT && request->was_shut)
        result.message = _("its name leads to a private address, where it may not");
    if (code != CURLE_OK && request->was_disguised)
        result.message = _("it redirects to a host whose name is not plain");
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &result.status);
    if (curl_easy_getinfo(request->easy, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK &&
        ip != NULL && netaddr_parse(ip, 0, &result.from) != ERROR_NONE)
        result.from.family = NETADDR_NONE;
    request->on_result(request->context, &result);
}

static void take_results(void *context)
{
    struct http *http = context;
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
    loop_timer_init(&http->timer, on_timer, http);
    http->user_agent = strdup(user_agent);
    http->multi =
        curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
    if (http->multi == NULL || http->user_agent == NULL) {
        curl_multi_cleanup(http->multi);
        free(http->user_agent);
        free(http);
        return NULL;
    }
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, TRANSFERS_MAX);
    return http;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    while (http->requests != NULL)
        request_free(http->requests);
    curl_multi_cleanup(http->multi);
    loop_timer_cancel(http->loop, &http->timer);
    free(http->user_agent);
    free(http);
}
