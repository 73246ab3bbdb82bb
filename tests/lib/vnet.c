#include "tests/lib/vnet_private.h"

#include <string.h>

#define WINDOW_BYTES (256u * 1024)

struct vnet_chunk {
    struct vnet_chunk *next;
    uint64_t at_ns;
    size_t length, used;
    uint8_t bytes[];
};

struct vnet_end {
    struct stream stream; /* first */
    struct vnet_end *next_made;
    struct vnet *vnet;
    struct vnet_end *other; /* NULL: none yet, or never */
    struct vnet_link link;
    struct vnet_host *host; /* whose uplink it shares; NULL: none */
    struct netaddr local;
    struct loop_timer timer;
    struct vnet_chunk *inbox, **inbox_tail;
    size_t inbox_bytes; /* under way and unread */
    uint64_t line_free_ns, last_at_ns;
    uint64_t fin_at_ns, reset_at_ns; /* 0: not sent; else when it arrives here */
    bool syn_sent, connecting, refused, reading, writing, closed, cut;
};

struct listener {
    struct listener *next;
    struct vnet *vnet;
    struct netaddr address;
    net_on_accept *on_accept;
    void *context;
};

static struct vnet_end *end_of(struct stream *stream)
{
    return (struct vnet_end *)(void *)stream;
}

static uint64_t now_of(const struct vnet *vnet)
{
    return loop_now_ns(vnet->loop);
}

static uint32_t window_of(const struct vnet_end *end)
{
    return end->link.window != 0 ? end->link.window : WINDOW_BYTES;
}

/* ---- when something is to be told ---- */

static bool can_write(const struct vnet_end *end)
{
    return end->other == NULL || end->other->closed ||
           end->other->inbox_bytes < window_of(end);
}

static bool is_due(uint64_t at_ns, uint64_t now_ns)
{
    return at_ns != 0 && at_ns <= now_ns;
}

static uint64_t next_event_ns(const struct vnet_end *end)
{
    uint64_t at_ns = UINT64_MAX;
    if (end->reset_at_ns != 0)
        at_ns = end->reset_at_ns;
    if (end->reading && end->inbox != NULL && end->inbox->at_ns < at_ns)
        at_ns = end->inbox->at_ns;
    if (end->reading && end->fin_at_ns != 0 && end->fin_at_ns < at_ns)
        at_ns = end->fin_at_ns;
    if (end->writing && can_write(end) && now_of(end->vnet) < at_ns)
        at_ns = now_of(end->vnet); /* earlier would look like a sleep of the machine's */
    return at_ns;
}

static void arm(struct vnet_end *end)
{
    if (end->closed || end->connecting || end->cut)
        return;
    const uint64_t at_ns = next_event_ns(end);
    if (at_ns == UINT64_MAX)
        loop_timer_cancel(end->vnet->loop, &end->timer);
    else
        VNET_REQUIRE(loop_timer_set(end->vnet->loop, &end->timer, at_ns) == ERROR_NONE);
}

static void tell(struct vnet_end *end)
{
    const uint64_t now_ns = now_of(end->vnet);
    const struct stream_callbacks *callbacks = end->stream.callbacks;
    const bool broken = is_due(end->reset_at_ns, now_ns);
    const bool readable = broken || (end->inbox != NULL && end->inbox->at_ns <= now_ns) ||
                          is_due(end->fin_at_ns, now_ns);
    if (callbacks == NULL)
        return;
    if (readable && end->reading)
        callbacks->on_readable(end->stream.context);
    else if (broken)
        callbacks->on_error(end->stream.context, ERROR_CLOSED);
    else if (end->writing && can_write(end))
        callbacks->on_writable(end->stream.context);
}

/* ---- connecting ---- */

static struct vnet_end *end_new(struct vnet *vnet, const struct netaddr *local,
                                const struct netaddr *remote);

static struct listener *listener_at(const struct vnet *vnet,
                                    const struct netaddr *address)
{
    for (struct listener *at = vnet->listeners; at != NULL; at = at->next)
        if (netaddr_equal(&at->address, address))
            return at;
    return NULL;
}

static void on_syn(struct vnet_end *end)
{
    struct vnet *vnet = end->vnet;
    struct listener *listener = listener_at(vnet, &end->stream.remote);
    end->syn_sent = false;
    loop_timer_set_in(vnet->loop, &end->timer, end->link.latency_ns);
    end->refused = listener == NULL;
    if (end->refused)
        return;
    struct vnet_end *server = end_new(vnet, &end->stream.remote, &end->local);
    server->link = end->link;
    server->other = end;
    end->other = server;
    server->reading = true;
    listener->on_accept(listener->context, &server->stream, &end->local);
}

static void on_connect_result(struct vnet_end *end)
{
    if (end->refused) {
        end->stream.callbacks->on_error(end->stream.context, ERROR_CLOSED);
        return;
    }
    end->connecting = false;
    end->stream.callbacks->on_connected(end->stream.context);
}

static void on_timer(void *context)
{
    struct vnet_end *end = context;
    if (end->connecting && end->syn_sent)
        on_syn(end);
    else if (end->connecting)
        on_connect_result(end);
    else
        tell(end);
    arm(end);
}

/* ---- the stream's side ---- */

static enum error_code end_readv(struct stream *stream, const struct iovec *iov,
                                 int count, size_t *ret_bytes)
{
    struct vnet_end *end = end_of(stream);
    const uint64_t now_ns = now_of(end->vnet);
    size_t got = 0, at = 0;
    if (end->connecting)
        return ERROR_AGAIN;
    if (is_due(end->reset_at_ns, now_ns))
        return ERROR_CLOSED;
    for (int i = 0; i < count && end->inbox != NULL && end->inbox->at_ns <= now_ns;) {
        struct vnet_chunk *chunk = end->inbox;
        const size_t room = iov[i].iov_len - at, left = chunk->length - chunk->used;
        const size_t part = room < left ? room : left;
        memcpy((uint8_t *)iov[i].iov_base + at, chunk->bytes + chunk->used, part);
        chunk->used += part;
        got += part;
        at += part;
        if (at == iov[i].iov_len) {
            i++;
            at = 0;
        }
        if (chunk->used < chunk->length)
            continue;
        end->inbox = chunk->next;
        if (end->inbox == NULL)
            end->inbox_tail = &end->inbox;
        free(chunk);
        if (end->link.segment != 0)
            break;
    }
    end->inbox_bytes -= got;
    if (got > 0 && end->other != NULL)
        arm(end->other);
    arm(end);
    *ret_bytes = got;
    if (got > 0)
        return ERROR_NONE;
    return end->inbox == NULL && is_due(end->fin_at_ns, now_ns) ? ERROR_CLOSED
                                                                : ERROR_AGAIN;
}

/* When something that is ready at READY_NS has left HOST. */
static uint64_t through_uplink(struct vnet_host *host, size_t length, uint64_t ready_ns)
{
    if (host->uplink_free_ns < ready_ns)
        host->uplink_free_ns = ready_ns;
    host->uplink_free_ns += length * NS_PER_S / host->uplink_bytes_per_s;
    return host->uplink_free_ns;
}

/* When something sent now over END's line arrives at the other side. */
static uint64_t arrival_ns(struct vnet_end *end, size_t length)
{
    const uint64_t now_ns = now_of(end->vnet);
    if (end->line_free_ns < now_ns)
        end->line_free_ns = now_ns;
    if (end->link.bytes_per_s != 0)
        end->line_free_ns += length * NS_PER_S / end->link.bytes_per_s;
    uint64_t at_ns = end->line_free_ns;
    if (end->host != NULL && end->host->uplink_bytes_per_s != 0)
        at_ns = through_uplink(end->host, length, at_ns);
    at_ns += end->link.latency_ns;
    if (at_ns <= end->last_at_ns)
        at_ns = end->last_at_ns + (end->link.segment != 0 ? NS_PER_US : 0);
    end->last_at_ns = at_ns;
    return at_ns;
}

static void post_chunk(struct vnet_end *end, const uint8_t *bytes, size_t length)
{
    struct vnet_end *to = end->other;
    struct vnet_chunk *chunk = malloc(sizeof *chunk + length);
    VNET_REQUIRE(chunk != NULL);
    *chunk = (struct vnet_chunk){.at_ns = arrival_ns(end, length), .length = length};
    memcpy(chunk->bytes, bytes, length);
    *to->inbox_tail = chunk;
    to->inbox_tail = &chunk->next;
    to->inbox_bytes += length;
}

static enum error_code end_writev(struct stream *stream, const struct iovec *iov,
                                  int count, size_t *ret_bytes)
{
    struct vnet_end *end = end_of(stream), *to = end->other;
    size_t sent = 0;
    if (end->connecting)
        return ERROR_AGAIN;
    if (is_due(end->reset_at_ns, now_of(end->vnet)))
        return ERROR_CLOSED;
    const size_t most = end->link.segment != 0 ? end->link.segment : SIZE_MAX;
    for (int i = 0; i < count && can_write(end); i++) {
        const uint8_t *bytes = iov[i].iov_base;
        for (size_t at = 0; at < iov[i].iov_len && can_write(end);) {
            const size_t room = to->closed ? SIZE_MAX : window_of(end) - to->inbox_bytes;
            size_t part = iov[i].iov_len - at;
            part = part < most ? part : most;
            part = part < room ? part : room;
            if (end->cut)
                to->inbox_bytes += part; /* never to be read: the window fills up */
            else if (!to->closed)
                post_chunk(end, bytes + at, part);
            at += part;
            sent += part;
        }
    }
    if (to->closed && end->reset_at_ns == 0 && !end->cut)
        end->reset_at_ns = now_of(end->vnet) + 2 * end->link.latency_ns + 1;
    arm(to);
    arm(end);
    if (sent == 0)
        return ERROR_AGAIN;
    *ret_bytes = sent;
    return ERROR_NONE;
}

static void end_set_interest(struct stream *stream, bool read, bool write)
{
    struct vnet_end *end = end_of(stream);
    end->reading = read;
    end->writing = write;
    arm(end);
}

static void end_set_heat(struct stream *stream, enum loop_heat heat)
{
    (void)stream;
    (void)heat;
}

static void drop_inbox(struct vnet_end *end)
{
    while (end->inbox != NULL) {
        struct vnet_chunk *chunk = end->inbox;
        end->inbox = chunk->next;
        free(chunk);
    }
    end->inbox_tail = &end->inbox;
    end->inbox_bytes = 0;
}

/* ---- a closed stream must not be used ---- */

static enum error_code dead_io(struct stream *stream, const struct iovec *iov, int count,
                               size_t *ret_bytes)
{
    (void)stream, (void)iov, (void)count, (void)ret_bytes;
    VNET_REQUIRE(false && "read or written after stream_close");
    return ERROR_CLOSED;
}

static void dead_interest(struct stream *stream, bool read, bool write)
{
    (void)stream, (void)read, (void)write;
    VNET_REQUIRE(false && "interest set after stream_close");
}

static void dead_heat(struct stream *stream, enum loop_heat heat)
{
    (void)stream, (void)heat;
    VNET_REQUIRE(false && "heat set after stream_close");
}

static void dead_close(struct stream *stream)
{
    (void)stream;
    VNET_REQUIRE(false && "closed twice");
}

static const struct stream_ops dead_ops = {dead_io, dead_io, dead_interest, dead_heat,
                                           dead_close};

static void end_close(struct stream *stream)
{
    struct vnet_end *end = end_of(stream), *to = end->other;
    loop_timer_cancel(end->vnet->loop, &end->timer);
    if (to != NULL && !to->closed && !end->cut) {
        /* Unread bytes make the system send a reset instead of an orderly end. */
        const uint64_t at_ns = arrival_ns(end, 0);
        if (end->inbox != NULL)
            to->reset_at_ns = at_ns;
        else if (to->fin_at_ns == 0)
            to->fin_at_ns = at_ns;
    }
    end->closed = true;
    end->vnet->open_streams--;
    drop_inbox(end);
    stream->ops = &dead_ops;
    stream->callbacks = NULL;
    if (to != NULL)
        arm(to);
}

static const struct stream_ops end_ops = {end_readv, end_writev, end_set_interest,
                                          end_set_heat, end_close};

static struct vnet_host *host_at(const struct vnet *vnet, const struct netaddr *address)
{
    for (uint32_t i = 0; i < vnet->host_count; i++)
        if (netaddr_same_host(&vnet->hosts[i]->address, address))
            return vnet->hosts[i];
    return NULL;
}

static struct vnet_end *end_new(struct vnet *vnet, const struct netaddr *local,
                                const struct netaddr *remote)
{
    struct vnet_end *end = calloc(1, sizeof *end);
    VNET_REQUIRE(end != NULL);
    end->stream.ops = &end_ops;
    end->stream.remote = *remote;
    end->vnet = vnet;
    end->local = *local;
    end->link = vnet->link;
    end->host = host_at(vnet, local);
    end->inbox_tail = &end->inbox;
    end->next_made = vnet->ends;
    vnet->ends = end;
    vnet->open_streams++;
    loop_timer_init(&end->timer, on_timer, end);
    return end;
}

void vnet_reset(struct stream *stream)
{
    struct vnet_end *end = end_of(stream);
    if (end->other == NULL || end->other->closed)
        return;
    end->other->reset_at_ns = now_of(end->vnet) + end->link.latency_ns + 1;
    arm(end->other);
}

void vnet_cut(struct stream *stream)
{
    struct vnet_end *end = end_of(stream);
    end->cut = true;
    loop_timer_cancel(end->vnet->loop, &end->timer);
    if (end->other == NULL)
        return;
    end->other->cut = true;
    loop_timer_cancel(end->vnet->loop, &end->other->timer);
}

void vnet_set_uplink(struct vnet *vnet, const char *address, uint64_t bytes_per_s)
{
    const struct netaddr at = vnet_parse(address);
    struct vnet_host *host = host_at(vnet, &at);
    VNET_REQUIRE(host != NULL);
    host->uplink_bytes_per_s = bytes_per_s;
}

/* ---- struct net ---- */

static enum error_code host_connect(void *context, struct loop *loop,
                                    const struct netaddr *to, struct stream **ret_stream)
{
    struct vnet_host *host = context;
    struct vnet *vnet = host->vnet;
    struct netaddr local = host->address;
    VNET_REQUIRE(loop == vnet->loop);
    vnet->connects++;
    const enum vnet_fate fate = vnet_fate_of(vnet, to);
    if (vnet->local_error != ERROR_NONE)
        return vnet->local_error;
    if (fate == VNET_NO_ROUTE)
        return ERROR_OFFLINE;
    if (host->outside.family != NETADDR_NONE)
        local = host->outside;
    local.port = host->next_port++;
    struct vnet_end *end = end_new(vnet, &local, to);
    end->connecting = end->syn_sent = end->reading = true;
    if (fate != VNET_SILENT)
        loop_timer_set_in(loop, &end->timer, end->link.latency_ns);
    *ret_stream = &end->stream;
    return ERROR_NONE;
}

static enum error_code host_listen(void *context, struct loop *loop,
                                   const struct netaddr *address,
                                   net_on_accept *on_accept, void *accept_context,
                                   struct listener **ret_listener, uint16_t *ret_port)
{
    struct vnet_host *host = context;
    VNET_REQUIRE(loop == host->vnet->loop);
    if (address->family != host->address.family)
        return ERROR_SYSTEM;
    struct netaddr at = host->address;
    at.port = address->port != 0 ? address->port : host->next_port++;
    if (listener_at(host->vnet, &at) != NULL)
        return ERROR_EXISTS;
    struct listener *listener = calloc(1, sizeof *listener);
    VNET_REQUIRE(listener != NULL);
    *listener = (struct listener){host->vnet->listeners, host->vnet, at, on_accept,
                                  accept_context};
    host->vnet->listeners = listener;
    *ret_listener = listener;
    *ret_port = at.port;
    return ERROR_NONE;
}

static void host_unlisten(void *context, struct listener *listener)
{
    (void)context;
    if (listener == NULL)
        return;
    struct listener **at = &listener->vnet->listeners;
    while (*at != listener)
        at = &(*at)->next;
    *at = listener->next;
    free(listener);
}

static struct resolver_query *host_resolve(void *context, struct loop *loop,
                                           const char *name,
                                           resolver_on_result *on_result,
                                           void *result_context)
{
    const struct vnet *vnet = ((struct vnet_host *)context)->vnet;
    struct netaddr literal;
    if (netaddr_parse(name, 0, &literal) == ERROR_NONE)
        return resolver_answer(loop, &literal, 1, on_result, result_context);
    for (uint32_t i = vnet->name_count; i-- > 0;) /* the last word counts */
        if (strcmp(vnet->names[i].name, name) == 0)
            return resolver_answer(loop, vnet->names[i].addresses, vnet->names[i].count,
                                   on_result, result_context);
    return resolver_answer(loop, NULL, 0, on_result, result_context);
}

/* ---- changes ---- */

struct net_watch {
    struct net_watch *next;
    struct vnet *vnet;
    void (*on_change)(void *context);
    void *context;
};

static struct net_watch *host_watch(void *context, struct loop *loop,
                                    void (*on_change)(void *context), void *watch_context)
{
    struct vnet *vnet = ((struct vnet_host *)context)->vnet;
    struct net_watch *watch = calloc(1, sizeof *watch);
    VNET_REQUIRE(watch != NULL && loop == vnet->loop);
    *watch = (struct net_watch){vnet->watches, vnet, on_change, watch_context};
    vnet->watches = watch;
    return watch;
}

static void host_unwatch(void *context, struct net_watch *watch)
{
    (void)context;
    if (watch == NULL)
        return;
    struct net_watch **at = &watch->vnet->watches;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    free(watch);
}

static bool host_own_address(void *context, enum netaddr_family family,
                             struct netaddr *ret_address)
{
    const struct vnet *vnet = ((struct vnet_host *)context)->vnet;
    for (uint32_t i = 0; i < vnet->own_count; i++) {
        if (vnet->own[i].family != family)
            continue;
        *ret_address = vnet->own[i];
        return true;
    }
    return false;
}

void vnet_set_own_address(struct vnet *vnet, const char *address)
{
    VNET_REQUIRE(vnet->own_count < sizeof vnet->own / sizeof *vnet->own);
    vnet->own[vnet->own_count++] = vnet_parse(address);
}

static bool host_gateway(void *context, struct netaddr *ret_own,
                         struct netaddr *ret_gateway)
{
    const struct vnet_host *host = context;
    if (host->vnet->gateway.family == NETADDR_NONE)
        return false;
    *ret_own = host->address;
    *ret_gateway = host->vnet->gateway;
    return true;
}

void vnet_set_gateway(struct vnet *vnet, const char *address)
{
    vnet->gateway.family = NETADDR_NONE;
    if (address != NULL)
        vnet->gateway = vnet_parse(address);
}

static bool host_tie(void *context, int fd, enum netaddr_family family)
{
    (void)context;
    (void)fd;
    (void)family;
    return true;
}

static void host_bound(void *context, struct net_bound *ret_bound)
{
    *ret_bound = ((struct vnet_host *)context)->vnet->bound;
}

void vnet_set_bound(struct vnet *vnet, const struct net_bound *bound)
{
    vnet->bound = *bound;
}

void vnet_change(struct vnet *vnet)
{
    for (struct net_watch *at = vnet->watches; at != NULL; at = at->next)
        at->on_change(at->context);
}

/* ---- the network ---- */

struct netaddr vnet_parse(const char *text)
{
    struct netaddr address;
    VNET_REQUIRE(netaddr_parse(text, 0, &address) == ERROR_NONE);
    return address;
}

struct vnet *vnet_new(struct loop *loop)
{
    struct vnet *vnet = calloc(1, sizeof *vnet);
    VNET_REQUIRE(vnet != NULL);
    vnet->loop = loop;
    vnet->link.latency_ns = NS_PER_MS;
    return vnet;
}

void vnet_free(struct vnet *vnet)
{
    while (vnet->listeners != NULL)
        host_unlisten(NULL, vnet->listeners);
    while (vnet->ends != NULL) {
        struct vnet_end *end = vnet->ends;
        vnet->ends = end->next_made;
        loop_timer_cancel(vnet->loop, &end->timer);
        drop_inbox(end);
        free(end);
    }
    vnet_udp_free_all(vnet);
    for (uint32_t i = 0; i < vnet->host_count; i++)
        free(vnet->hosts[i]);
    free(vnet);
}

const struct net *vnet_host(struct vnet *vnet, const char *text)
{
    const struct netaddr address = vnet_parse(text);
    for (uint32_t i = 0; i < vnet->host_count; i++)
        if (netaddr_same_host(&vnet->hosts[i]->address, &address))
            return &vnet->hosts[i]->net;
    struct vnet_host *host = calloc(1, sizeof *host);
    VNET_REQUIRE(host != NULL && vnet->host_count < VNET_MAX);
    *host = (struct vnet_host){
        .net = {host_connect, host_listen, host_unlisten, vnet_open_datagram,
                vnet_open_udp, host_resolve, host_watch, host_unwatch, host_own_address,
                host_gateway, host_tie, host_bound, host},
        .vnet = vnet,
        .address = address,
        .next_port = 50000,
    };
    vnet->hosts[vnet->host_count++] = host;
    return &host->net;
}

void vnet_set_link(struct vnet *vnet, const struct vnet_link *link)
{
    vnet->link = *link;
}

void vnet_set_weather(struct vnet *vnet, enum vnet_weather weather)
{
    vnet->weather = weather;
    for (struct vnet_end *end = vnet->ends; end != NULL && weather != VNET_UP;
         end = end->next_made)
        if (!end->closed)
            vnet_cut(&end->stream);
}

void vnet_set_local_error(struct vnet *vnet, enum error_code error)
{
    vnet->local_error = error;
}

enum vnet_fate vnet_fate_of(const struct vnet *vnet, const struct netaddr *address)
{
    if (vnet->weather != VNET_UP)
        return vnet->weather == VNET_LOST ? VNET_SILENT : VNET_NO_ROUTE;
    for (uint32_t i = vnet->fate_count; i-- > 0;)
        if (netaddr_equal(&vnet->fates[i].address, address))
            return vnet->fates[i].fate;
    return VNET_NORMAL;
}

void vnet_set_fate(struct vnet *vnet, const char *address, enum vnet_fate fate)
{
    VNET_REQUIRE(vnet->fate_count < sizeof vnet->fates / sizeof *vnet->fates);
    vnet->fates[vnet->fate_count].address = vnet_parse(address);
    vnet->fates[vnet->fate_count++].fate = fate;
}

void vnet_set_name(struct vnet *vnet, const char *name, const struct netaddr *addresses,
                   uint32_t count)
{
    VNET_REQUIRE(vnet->name_count < VNET_MAX && strlen(name) < 64 &&
                 count <= RESOLVER_ADDRESSES_MAX);
    strcpy(vnet->names[vnet->name_count].name, name);
    if (count > 0)
        memcpy(vnet->names[vnet->name_count].addresses, addresses,
               count * sizeof *addresses);
    vnet->names[vnet->name_count++].count = count;
}

uint32_t vnet_open_streams(const struct vnet *vnet)
{
    return vnet->open_streams;
}

uint32_t vnet_connects(const struct vnet *vnet)
{
    return vnet->connects;
}

uint32_t vnet_open_datagrams(const struct vnet *vnet)
{
    return vnet->open_datagrams;
}
