/* Connections that are kept for the next request: where they may be used again, and that
 * none lies about which the other side has closed. */
#include "net/http_private.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_kept {
    struct http_kept *next;
    struct loop_slot *slot; /* NULL: it is in use, or at its end */
    curl_socket_t fd;
    bool rests; /* libcurl awaits nothing of it, be it that it waits for the taker */
};

static struct http_kept **find(struct http *http, curl_socket_t fd)
{
    struct http_kept **at = &http->kept;
    while (*at != NULL && (*at)->fd != fd)
        at = &(*at)->next;
    return at;
}

bool http_kept_add(struct http *http, curl_socket_t fd)
{
    struct http_kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return false;
    *kept = (struct http_kept){.next = http->kept, .fd = fd};
    http->kept = kept;
    return true;
}

/* Nothing is awaited of it: it is the end, or what must not be taken for an answer.
 * libcurl finds it so when it next looks for a connection. */
static void on_unasked(void *context, short revents)
{
    struct http_kept *kept = context;
    (void)revents;
    shutdown(kept->fd, SHUT_RDWR);
    loop_slot_remove(kept->slot);
    kept->slot = NULL;
}

static bool waits(CURL *easy)
{
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    const struct http_request *request = (const struct http_request *)(void *)private;
    return request != NULL && request->waits;
}

void http_kept_watch(struct http *http, CURL *easy, curl_socket_t fd, bool rests)
{
    struct http_kept *kept = *find(http, fd);
    if (kept == NULL)
        return;
    kept->rests = rests;
    const bool is_idle = rests && !waits(easy);
    if (is_idle == (kept->slot != NULL))
        return;
    loop_slot_remove(kept->slot);
    kept->slot =
        is_idle ? loop_add(http->loop, fd, POLLIN, LOOP_CONTROL, on_unasked, kept) : NULL;
}

/* libcurl says that it awaits nothing once, which may have been while EASY waited.
 * Another may have the connection by now. */
void http_kept_rest(struct http *http, CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
        return;
    const struct http_kept *kept = *find(http, fd);
    if (kept != NULL && kept->rests)
        http_kept_watch(http, easy, fd, true);
}

#if LIBCURL_VERSION_NUM >= 0x075000
static int on_close(void *context, curl_socket_t fd)
{
    struct http_kept **at = find(context, fd), *kept = *at;
    if (kept != NULL) {
        *at = kept->next;
        loop_slot_remove(kept->slot);
        free(kept);
    }
    return close(fd);
}

bool http_keep_connection(struct http_request *request)
{
    struct http *http = request->http;
    const long fresh = loop_now_ns(http->loop) < http->fresh_until_ns;
    http->keeps = request->keeps = true;
    return curl_easy_setopt(request->easy, CURLOPT_FORBID_REUSE, 0L) == CURLE_OK &&
           curl_easy_setopt(request->easy, CURLOPT_FRESH_CONNECT, fresh) == CURLE_OK &&
           curl_easy_setopt(request->easy, CURLOPT_MAXAGE_CONN, HTTP_IDLE_S) ==
               CURLE_OK &&
           curl_easy_setopt(request->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) ==
               CURLE_OK &&
           curl_easy_setopt(request->easy, CURLOPT_CLOSESOCKETDATA, http) == CURLE_OK;
}
#else
/* It cannot be said where one leads. */
bool http_keep_connection(struct http_request *request)
{
    (void)request;
    return true;
}
#endif
