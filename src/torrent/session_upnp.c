#include "torrent/session_upnp.h"

#include "net/http.h"
#include "net/net.h"
#include "torrent/session_private.h"

#include <stdlib.h>

#define SSDP_PORT       1900
#define CALL_TIMEOUT_MS 5000u

struct session_upnp {
    struct session *session;
    struct upnp *upnp;
    struct udp_socket *udp; /* of SSDP; NULL: there is none */
    struct http_request *request;
    bool unsent; /* there was no memory for a request: that is its result */
    struct loop_timer timer;
    struct netaddr gateway;
    void (*on_change)(void *context);
    void *context;
};

static uint64_t now_of(const struct session_upnp *upnp)
{
    return loop_now_ns(upnp->session->loop);
}

static void on_wake(void *context)
{
    struct session_upnp *upnp = context;
    const uint64_t next_ns = upnp_next_ns(upnp->upnp);
    if (upnp->unsent)
        return; /* the timer is due for that */
    if (next_ns == UINT64_MAX)
        loop_timer_cancel(upnp->session->loop, &upnp->timer);
    else if (!loop_timer_is_set(&upnp->timer) || upnp->timer.at_ns != next_ns)
        loop_timer_set(upnp->session->loop, &upnp->timer, next_ns);
}

static void tell(const struct session_upnp *upnp)
{
    upnp->on_change(upnp->context);
}

static void on_machine_change(void *context)
{
    tell(context);
}

static void on_timer(void *context)
{
    struct session_upnp *upnp = context;
    if (upnp->unsent) {
        upnp->unsent = false;
        upnp_on_result(upnp->upnp, now_of(upnp), 0, NULL, 0);
    }
    upnp_run(upnp->upnp, now_of(upnp));
    on_wake(upnp);
    if (upnp->session->stopping)
        tell(upnp);
}

/* ---- SSDP ---- */

static void send_to(struct session_upnp *upnp, const struct netaddr *to,
                    const uint8_t *bytes, size_t length)
{
    const struct udp_packet packet = {
        .to = *to, .bytes = bytes, .length = (uint32_t)length};
    uint32_t sent;
    if (upnp->udp != NULL) /* lost: it is searched again */
        (void)udp_socket_send(upnp->udp, &packet, 1, &sent);
}

/* Not all gateways hear both. */
static void search(void *context, const uint8_t *bytes, size_t length)
{
    struct session_upnp *upnp = context;
    struct netaddr to;
    if (netaddr_parse(UPNP_GROUP, 0, &to) == ERROR_NONE)
        send_to(upnp, &to, bytes, length);
    to = upnp->gateway;
    to.port = SSDP_PORT;
    send_to(upnp, &to, bytes, length);
}

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct session_upnp *upnp = context;
    upnp_receive(upnp->upnp, now_of(upnp), from, bytes, length);
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_refused(void *context, const struct netaddr *to, enum error_code error)
{
    (void)context, (void)to, (void)error; /* silence says the same */
}

static const struct udp_socket_callbacks callbacks = {on_packet, on_nothing, on_refused,
                                                      on_nothing};

/* ---- HTTP ---- */

static void on_result(void *context, const struct http_result *result)
{
    struct session_upnp *upnp = context;
    upnp->request = NULL;
    upnp_on_result(upnp->upnp, now_of(upnp),
                   result->error == ERROR_NONE ? result->status : 0, result->body,
                   result->length);
    if (upnp->session->stopping)
        tell(upnp);
}

static void call(void *context, const char *url, const char *action, const uint8_t *body,
                 size_t length)
{
    struct session_upnp *upnp = context;
    const struct http_call request = {.url = url,
                                      .action = action,
                                      .body = body,
                                      .length = length,
                                      .max_body = UPNP_BODY_MAX,
                                      .timeout_ms = CALL_TIMEOUT_MS};
    http_cancel(upnp->request);
    upnp->request = http_call(upnp->session->http, &request, on_result, upnp);
    upnp->unsent = upnp->request == NULL;
    if (upnp->unsent)
        loop_timer_set_in(upnp->session->loop, &upnp->timer, 0);
}

/* ---- life ---- */

static void leave(struct session_upnp *upnp)
{
    udp_socket_close(upnp->udp);
    upnp->udp = NULL;
    http_cancel(upnp->request);
    upnp->request = NULL;
}

void session_upnp_begin(struct session_upnp *upnp, const struct netaddr *own,
                        const struct netaddr *gateway)
{
    struct session *session = upnp->session;
    const struct net *net = session->config.net;
    uint16_t port;
    leave(upnp);
    upnp->gateway = *gateway;
    if (net->open_udp(net->context, session->loop, own, &callbacks, upnp, &upnp->udp,
                      &port) != ERROR_NONE)
        upnp->udp = NULL;
    if (upnp->udp == NULL ||
        !upnp_begin(upnp->upnp, now_of(upnp), own, gateway, session->port))
        session_upnp_rest(upnp);
}

void session_upnp_rest(struct session_upnp *upnp)
{
    if (upnp == NULL)
        return;
    leave(upnp);
    upnp_rest(upnp->upnp);
}

void session_upnp_give_back(struct session_upnp *upnp)
{
    if (upnp != NULL)
        upnp_end(upnp->upnp, now_of(upnp));
}

bool session_upnp_has_ended(const struct session_upnp *upnp)
{
    return upnp == NULL || upnp_has_ended(upnp->upnp);
}

void session_upnp_look(const struct session_upnp *upnp, struct upnp_look *ret_look)
{
    upnp_get_look(upnp->upnp, ret_look);
}

struct session_upnp *session_upnp_new(struct session *session,
                                      void (*on_change)(void *context), void *context)
{
    struct session_upnp *upnp = calloc(1, sizeof *upnp);
    if (upnp == NULL)
        return NULL;
    *upnp = (struct session_upnp){
        .session = session, .on_change = on_change, .context = context};
    loop_timer_init(&upnp->timer, on_timer, upnp);
    const struct upnp_config config = {.random = session->config.random,
                                       .search = search,
                                       .call = call,
                                       .on_wake = on_wake,
                                       .on_change = on_machine_change,
                                       .context = upnp};
    upnp->upnp = upnp_new(&config);
    if (upnp->upnp != NULL)
        return upnp;
    free(upnp);
    return NULL;
}

void session_upnp_free(struct session_upnp *upnp)
{
    if (upnp == NULL)
        return;
    leave(upnp);
    loop_timer_cancel(upnp->session->loop, &upnp->timer);
    upnp_free(upnp->upnp);
    free(upnp);
}
