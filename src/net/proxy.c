#include "base/i18n.h"
#include "net/proxy_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_NS (5 * NS_PER_S)
/* Names are known by addresses that are nobody's (RFC 2544): 198.18.0.0/15. */
#define NAMES_NET 0xc6120000u

static struct proxy *of(void *context)
{
    return context;
}

/* ---- how the proxy is ---- */

static const char *what_is_wrong(enum socks_status status)
{
    switch (status) {
    case SOCKS_GOES_ON:
        return N_("it cannot be reached, or hangs up");
    case SOCKS_NO_PROXY:
        return N_("it does not speak SOCKS5");
    case SOCKS_NO_METHOD:
        return N_("it wants a user and a password, or another way to know us");
    case SOCKS_NOT_LET_IN:
        return N_("it refuses the user or the password");
    default:
        return NULL; /* it works, whatever became of this target */
    }
}

static void on_news_timer(void *context)
{
    const struct proxy *proxy = context;
    for (struct net_watch *at = proxy->watches; at != NULL; at = at->next)
        at->on_change(at->context);
}

/* Not at once: they may close what the news came from. */
static void tell_watches(struct proxy *proxy)
{
    if (proxy->loop != NULL)
        loop_timer_set_in(proxy->loop, &proxy->news_timer, 0);
}

/* Those who watch are told of what is different. */
static void on_proxy(void *context, enum socks_status status)
{
    struct proxy *proxy = context;
    const char *what = what_is_wrong(status);
    if (proxy->loop != NULL && what != NULL)
        loop_timer_set_in(proxy->loop, &proxy->probe_timer, PROBE_NS);
    if (what == proxy->what)
        return;
    proxy->what = what;
    tell_watches(proxy);
}

void proxy_set_no_relay(struct proxy *proxy, const char *why)
{
    if (why == proxy->no_relay)
        return;
    proxy->no_relay = why;
    tell_watches(proxy);
}

static void end_probe(struct proxy *proxy, enum socks_status status)
{
    stream_close(proxy->probe);
    proxy->probe = NULL;
    loop_timer_cancel(proxy->loop, &proxy->probe_timer);
    on_proxy(proxy, status);
}

/* Whether it lets us in; nobody is asked for. */
static void ask(struct proxy *proxy)
{
    struct socks *socks = &proxy->asked;
    while (!socks_is_let_in(socks) && socks->status == SOCKS_GOES_ON) {
        size_t done;
        struct iovec iov = {socks->out, socks->out_bytes};
        if (iov.iov_len > 0 &&
            (stream_writev(proxy->probe, &iov, 1, &done) != ERROR_NONE ||
             done < iov.iov_len)) { /* so few bytes go at once, or nothing does */
            end_probe(proxy, SOCKS_GOES_ON);
            return;
        }
        socks->out_bytes = 0;
        uint8_t bytes[SOCKS_HEADER_MOST];
        iov = (struct iovec){bytes, socks_wants(socks)};
        const enum error_code error = stream_readv(proxy->probe, &iov, 1, &done);
        if (error == ERROR_AGAIN)
            return;
        if (error != ERROR_NONE) {
            end_probe(proxy, SOCKS_GOES_ON);
            return;
        }
        socks_feed(socks, bytes, done);
    }
    end_probe(proxy, socks_is_let_in(socks) ? SOCKS_DONE : socks->status);
}

static void on_probe(void *context)
{
    ask(context);
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_probe_error(void *context, enum error_code error)
{
    (void)error;
    end_probe(context, SOCKS_GOES_ON);
}

static const struct stream_callbacks probe_callbacks = {on_probe, on_probe, on_nothing,
                                                        on_probe_error};

static void on_probe_timer(void *context)
{
    struct proxy *proxy = context;
    const struct socks_target nobody = {.address = {.family = NETADDR_V4}};
    if (proxy->probe != NULL) { /* it has not answered since */
        end_probe(proxy, SOCKS_GOES_ON);
        return;
    }
    socks_init(&proxy->asked, SOCKS_CONNECT, &nobody,
               proxy->place.user[0] != '\0' ? proxy->place.user : NULL,
               proxy->place.password);
    if (proxy->inner->connect(proxy->inner->context, proxy->loop, &proxy->address,
                              &proxy->probe) != ERROR_NONE) {
        proxy->probe = NULL;
        on_proxy(proxy, SOCKS_GOES_ON);
        return;
    }
    stream_set_callbacks(proxy->probe, &probe_callbacks, proxy);
    loop_timer_set_in(proxy->loop, &proxy->probe_timer, PROBE_NS);
}

/* ---- names ---- */

/* The number of the name that ADDRESS stands for; UINT32_MAX: none. */
static uint32_t name_at(const struct proxy *proxy, const struct netaddr *address)
{
    const uint8_t *bytes = address->bytes;
    if (address->family != NETADDR_V4)
        return UINT32_MAX;
    const uint32_t number = ((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                             (uint32_t)bytes[2] << 8 | bytes[3]) -
                            NAMES_NET;
    return number < proxy->name_count ? number : UINT32_MAX;
}

bool proxy_is_name(const struct proxy *proxy, const struct netaddr *address)
{
    return name_at(proxy, address) != UINT32_MAX;
}

void proxy_target(const struct proxy *proxy, const struct netaddr *address,
                  struct socks_target *ret_target)
{
    const uint32_t number = name_at(proxy, address);
    ret_target->address = *address;
    ret_target->name[0] = '\0';
    if (number != UINT32_MAX)
        snprintf(ret_target->name, sizeof ret_target->name, "%s", proxy->names[number]);
}

/* UINT32_MAX: no room. */
static uint32_t number_of(struct proxy *proxy, const char *name)
{
    for (uint32_t i = 0; i < proxy->name_count; i++)
        if (strcmp(proxy->names[i], name) == 0)
            return i;
    if (proxy->name_count == PROXY_NAMES_MOST || strlen(name) > SOCKS_TEXT_MOST)
        return UINT32_MAX;
    char **names = realloc(proxy->names, (proxy->name_count + 1) * sizeof *proxy->names);
    if (names == NULL)
        return UINT32_MAX;
    proxy->names = names;
    names[proxy->name_count] = strdup(name);
    return names[proxy->name_count] != NULL ? proxy->name_count++ : UINT32_MAX;
}

static struct resolver_query *proxy_resolve(void *context, struct loop *loop,
                                            const char *host,
                                            resolver_on_result *on_result,
                                            void *result_context)
{
    struct netaddr address = {.family = NETADDR_V4};
    if (netaddr_parse(host, 0, &address) == ERROR_NONE)
        return resolver_answer(loop, &address, 1, on_result, result_context);
    const uint32_t number = host[0] != '\0' ? number_of(of(context), host) : UINT32_MAX;
    const uint32_t bits = NAMES_NET + number;
    address.bytes[0] = (uint8_t)(bits >> 24);
    address.bytes[1] = (uint8_t)(bits >> 16);
    address.bytes[2] = (uint8_t)(bits >> 8);
    address.bytes[3] = (uint8_t)bits;
    return resolver_answer(loop, &address, number != UINT32_MAX, on_result,
                           result_context);
}

/* ---- connections ---- */

enum error_code proxy_connect(struct proxy *proxy, struct loop *loop,
                              enum socks_command command,
                              const struct socks_target *target,
                              struct stream **ret_stream)
{
    struct stream *inner;
    const struct socks_stream_config config = {
        .command = command,
        .target = *target,
        .user = proxy->place.user[0] != '\0' ? proxy->place.user : NULL,
        .password = proxy->place.password,
        .on_proxy = on_proxy,
        .context = proxy,
    };
    if (proxy->what != NULL)
        return ERROR_OFFLINE;
    const enum error_code error =
        proxy->inner->connect(proxy->inner->context, loop, &proxy->address, &inner);
    if (error != ERROR_NONE)
        return error;
    struct stream *stream = socks_stream_new(inner, &config);
    if (stream == NULL) {
        stream_close(inner);
        return ERROR_MEMORY;
    }
    *ret_stream = stream;
    return ERROR_NONE;
}

static enum error_code proxy_net_connect(void *context, struct loop *loop,
                                         const struct netaddr *to,
                                         struct stream **ret_stream)
{
    struct socks_target target;
    proxy_target(of(context), to, &target);
    return proxy_connect(of(context), loop, SOCKS_CONNECT, &target, ret_stream);
}

static enum error_code proxy_listen(void *context, struct loop *loop,
                                    const struct netaddr *address,
                                    net_on_accept *on_accept, void *accept_context,
                                    struct listener **ret_listener, uint16_t *ret_port)
{
    (void)context, (void)loop, (void)address, (void)on_accept, (void)accept_context;
    (void)ret_listener, (void)ret_port;
    return ERROR_REFUSED;
}

static void proxy_unlisten(void *context, struct listener *listener)
{
    (void)context, (void)listener; /* there are none */
}

/* ---- what is told ---- */

static struct net_watch *proxy_watch(void *context, struct loop *loop,
                                     void (*on_change)(void *context),
                                     void *watch_context)
{
    struct proxy *proxy = of(context);
    struct net_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    *watch = (struct net_watch){proxy->watches, on_change, watch_context, NULL};
    watch->inner =
        proxy->inner->watch(proxy->inner->context, loop, on_change, watch_context);
    proxy->watches = watch;
    if (proxy->loop == NULL) {
        proxy->loop = loop;
        loop_timer_set_in(loop, &proxy->probe_timer, 0);
    }
    return watch;
}

static void proxy_unwatch(void *context, struct net_watch *watch)
{
    struct proxy *proxy = of(context);
    struct net_watch **at = &proxy->watches;
    if (watch == NULL)
        return;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    proxy->inner->unwatch(proxy->inner->context, watch->inner);
    free(watch);
    if (proxy->watches != NULL)
        return;
    loop_timer_cancel(proxy->loop, &proxy->probe_timer);
    loop_timer_cancel(proxy->loop, &proxy->news_timer);
    stream_close(proxy->probe);
    proxy->probe = NULL;
    proxy->loop = NULL;
}

static bool proxy_own_address(void *context, enum netaddr_family family,
                              struct netaddr *ret_address)
{
    (void)context, (void)family, (void)ret_address;
    return false;
}

static bool proxy_gateway(void *context, struct netaddr *ret_own,
                          struct netaddr *ret_gateway)
{
    (void)context, (void)ret_own, (void)ret_gateway;
    return false;
}

/* Of sockets that are to connect to the proxy. */
static bool proxy_tie(void *context, int fd, enum netaddr_family family)
{
    const struct net *inner = of(context)->inner;
    return inner->tie(inner->context, fd, family);
}

static void proxy_bound(void *context, struct net_bound *ret_bound)
{
    struct proxy *proxy = of(context);
    struct net_bound bound;
    proxy->inner->bound(proxy->inner->context, &bound);
    if (proxy->what != NULL)
        snprintf(proxy->trouble, sizeof proxy->trouble,
                 /* L10N: the address of a proxy, and what is wrong with it */
                 _("nothing is sent: the proxy %s: %s"), proxy->text, _(proxy->what));
    if (proxy->what != NULL && bound.trouble == NULL)
        bound.trouble = proxy->trouble;
    if (proxy->no_relay != NULL)
        snprintf(
            proxy->no_udp, sizeof proxy->no_udp,
            /* L10N: the address of a proxy, and why it does not */
            _("no DHT, no uTP and no UDP trackers: the proxy %s relays no datagrams: "
              "%s"),
            proxy->text, _(proxy->no_relay));
    bound.no_udp = proxy->no_relay != NULL ? proxy->no_udp : NULL;
    bound.to = proxy->text;
    bound.nameless = false;
    bound.proxy = proxy->url;
    bound.proxy_user = proxy->place.user[0] != '\0' ? proxy->place.user : NULL;
    bound.proxy_password = proxy->place.password;
    *ret_bound = bound;
}

/* ---- life ---- */

struct net *net_proxy_new(struct net *inner, const struct proxy_place *place,
                          const struct netaddr *address)
{
    char where[NETADDR_TEXT_SIZE];
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL)
        return NULL;
    proxy->net = (struct net){
        .connect = proxy_net_connect,
        .listen = proxy_listen,
        .unlisten = proxy_unlisten,
        .open_datagram = proxy_open_datagram,
        .open_udp = proxy_open_udp,
        .resolve = proxy_resolve,
        .watch = proxy_watch,
        .unwatch = proxy_unwatch,
        .own_address = proxy_own_address,
        .gateway = proxy_gateway,
        .tie = proxy_tie,
        .bound = proxy_bound,
        .context = proxy,
    };
    proxy->inner = inner;
    proxy->place = *place;
    proxy->address = *address;
    netaddr_format(address, where);
    snprintf(proxy->text, sizeof proxy->text, "socks5://%s", where);
    snprintf(proxy->url, sizeof proxy->url, "socks5h://%s", where);
    loop_timer_init(&proxy->probe_timer, on_probe_timer, proxy);
    loop_timer_init(&proxy->news_timer, on_news_timer, proxy);
    return &proxy->net;
}

void net_proxy_free(struct net *net)
{
    struct proxy *proxy = (struct proxy *)(void *)net;
    if (proxy == NULL)
        return;
    for (uint32_t i = 0; i < proxy->name_count; i++)
        free(proxy->names[i]);
    free(proxy->names);
    free(proxy);
}
