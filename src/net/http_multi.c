/* libcurl's multi handle: its sockets and its timer are slots of the loop. */
#include "net/http_private.h"

#include <stdlib.h>

/* ---- its sockets and its timer ---- */

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
    http_take_results(http);
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
    http_kept_watch(http, easy, fd, what == CURL_POLL_REMOVE);
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
    http_take_results(http);
}

/* ---- rest ---- */

static CURLM *multi_new(struct http *http)
{
    CURLM *multi = curl_multi_init();
    if (multi == NULL)
        return NULL;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, HTTP_TRANSFERS_MAX);
    return multi;
}

/* libcurl closes what it keeps when it next looks for a connection, or with its multi. */
static void on_idle(void *context)
{
    struct http *http = context;
    CURLM *multi = multi_new(http);
    if (multi == NULL)
        return;
    curl_multi_cleanup(http->multi);
    loop_timer_cancel(http->loop, &http->timer);
    http->multi = multi;
    http->keeps = false;
}

void http_multi_rest(struct http *http)
{
    if (http->keeps)
        loop_timer_set_in(http->loop, &http->idle, (uint64_t)HTTP_IDLE_S * NS_PER_S);
}

void http_multi_work(struct http *http)
{
    loop_timer_cancel(http->loop, &http->idle);
}

void http_network_changed(struct http *http)
{
    /* libcurl counts the age of what it keeps in whole seconds, rounded down. */
    http->fresh_until_ns =
        loop_now_ns(http->loop) + (uint64_t)(HTTP_IDLE_S + 1) * NS_PER_S;
    if (loop_timer_is_set(&http->idle)) {
        loop_timer_cancel(http->loop, &http->idle);
        on_idle(http);
    }
}

/* ---- life ---- */

bool http_multi_init(struct http *http)
{
    loop_timer_init(&http->timer, on_timer, http);
    loop_timer_init(&http->idle, on_idle, http);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        http->multi = multi_new(http);
    return http->multi != NULL;
}

void http_multi_done(struct http *http)
{
    curl_multi_cleanup(http->multi);
    loop_timer_cancel(http->loop, &http->timer);
    loop_timer_cancel(http->loop, &http->idle);
}
