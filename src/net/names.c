#include "net/names.h"

#include "base/i18n.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef HAVE_CARES
#define CARES_NO_DEPRECATED
#include <ares.h>
#endif

#define MESSAGE_SIZE 256

struct names {
    struct net_bind *bind;
#ifdef HAVE_CARES
    struct loop *loop;
    struct loop_timer timer; /* c-ares wants to send again, or is not needed any more */
    ares_channel channel;    /* NULL: nothing is looked up */
    struct name_socket *sockets;
    uint32_t under_way;
#endif
};

static void nobody_waits(void *context)
{
    (void)context;
}

/* The answer is "no": the MESSAGE. */
static struct resolver_query *refuse(struct loop *loop, resolver_on_result *on_result,
                                     void *context, const char *message)
{
    struct resolver_query *query =
        resolver_promise(loop, on_result, context, nobody_waits, NULL);
    if (query != NULL)
        resolver_give(query, NULL, 0, message);
    return query;
}

static const char *shown(const struct names *names, char *text, size_t size)
{
    text_clean(text_untrusted(net_bind_text(names->bind)), 60, text, size);
    return text;
}

#ifdef HAVE_CARES

#define TIMEOUT_MS 3000
#define TRIES      2
#define UPLINKS    "/run/systemd/resolve/resolv.conf"

struct name_socket {
    struct names *names;
    struct name_socket *next;
    struct loop_slot *slot;
    int fd;
};

struct lookup {
    struct names *names;
    struct resolver_query *query; /* NULL: cancelled */
};

bool names_are_found(void)
{
    return true;
}

/* ---- c-ares' sockets and timer as slots of the loop ---- */

static void set_timer(struct names *names)
{
    struct timeval room, *left = NULL;
    if (names->under_way ==
        0) { /* it may be at work further up: ended in the next turn */
        loop_timer_set_in(names->loop, &names->timer, 0);
        return;
    }
    left = ares_timeout(names->channel, NULL, &room);
    if (left == NULL)
        loop_timer_cancel(names->loop, &names->timer);
    else
        loop_timer_set_in(names->loop, &names->timer,
                          (uint64_t)left->tv_sec * NS_PER_S +
                              (uint64_t)left->tv_usec * NS_PER_US + NS_PER_MS);
}

void names_cut(struct names *names)
{
    if (names->channel != NULL)
        ares_destroy(names->channel);
    names->channel = NULL;
    if (names->loop != NULL)
        loop_timer_cancel(names->loop, &names->timer);
}

static void on_timer(void *context)
{
    struct names *names = context;
    if (names->under_way > 0) {
        ares_process_fd(names->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        set_timer(names);
    } else {
        names_cut(names);
    }
}

static void on_ready(void *context, short revents)
{
    const struct name_socket *at = context;
    struct names *names = at->names;
    const int fd = at->fd;
    const bool broken = (revents & (POLLERR | POLLHUP)) != 0;
    ares_process_fd(names->channel,
                    broken || (revents & POLLIN) != 0 ? fd : ARES_SOCKET_BAD,
                    (revents & POLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
    set_timer(names);
}

static void forget(struct names *names, int fd)
{
    struct name_socket **at = &names->sockets;
    while (*at != NULL && (*at)->fd != fd)
        at = &(*at)->next;
    struct name_socket *gone = *at;
    if (gone == NULL)
        return;
    *at = gone->next;
    loop_slot_remove(gone->slot);
    free(gone);
}

/* Without memory a socket is not watched, and what it was to bring comes too late. */
static void watch(struct names *names, int fd, short events)
{
    struct name_socket *at = names->sockets;
    while (at != NULL && at->fd != fd)
        at = at->next;
    if (at != NULL) {
        loop_slot_set_events(at->slot, events);
        return;
    }
    at = calloc(1, sizeof *at);
    if (at == NULL)
        return;
    *at = (struct name_socket){.names = names, .next = names->sockets, .fd = fd};
    at->slot = loop_add(names->loop, fd, events, LOOP_CONTROL, on_ready, at);
    if (at->slot == NULL)
        free(at);
    else
        names->sockets = at;
}

static void on_interest(void *context, ares_socket_t fd, int readable, int writable)
{
    if (readable == 0 && writable == 0)
        forget(context, fd);
    else
        watch(context, fd,
              (short)((readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0)));
}

/* Before it connects. What cannot be tied is not used. */
static int on_socket(ares_socket_t fd, int type, void *context)
{
    const struct names *names = context;
    int domain = 0;
    socklen_t length = sizeof domain;
    (void)type;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0)
        return -1;
    const enum netaddr_family family = domain == AF_INET6 ? NETADDR_V6 : NETADDR_V4;
    return net_bind_tie(names->bind, fd, family) ? 0 : -1;
}

/* ---- name servers ---- */

static bool open_channel(struct names *names, const char *servers_file)
{
    char lookups[] = "fb"; /* files, then servers */
    char path[64];
    struct ares_options options = {.timeout = TIMEOUT_MS,
                                   .tries = TRIES,
                                   .lookups = lookups,
                                   .sock_state_cb = on_interest,
                                   .sock_state_cb_data = names,
                                   .resolvconf_path = path};
    int mask =
        ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    if (servers_file != NULL) {
        snprintf(path, sizeof path, "%s", servers_file);
        mask |= ARES_OPT_RESOLVCONF;
    }
    if (ares_init_options(&names->channel, &options, mask) != ARES_SUCCESS) {
        names->channel = NULL;
        return false;
    }
    ares_set_socket_configure_callback(names->channel, on_socket, names);
    return true;
}

/* Name servers of this machine alone. */
static bool asks_itself(const struct names *names)
{
    struct ares_addr_node *servers = NULL;
    bool itself = true;
    if (ares_get_servers(names->channel, &servers) != ARES_SUCCESS)
        return false;
    for (const struct ares_addr_node *at = servers; at != NULL; at = at->next)
        itself &= at->family == AF_INET
                      ? (ntohl(at->addr.addr4.s_addr) >> 24) == IN_LOOPBACKNET
                      : IN6_IS_ADDR_LOOPBACK(
                            (const struct in6_addr *)(const void *)&at->addr.addr6);
    ares_free_data(servers);
    return itself;
}

static bool ready(struct names *names, struct loop *loop)
{
    names->loop = loop;
    if (names->channel != NULL)
        return true;
    if (!open_channel(names, NULL))
        return false;
    if (!asks_itself(names) || access(UPLINKS, R_OK) != 0)
        return true;
    ares_destroy(names->channel);
    return open_channel(names, UPLINKS);
}

/* ---- a look-up ---- */

static void on_cancel(void *context)
{
    ((struct lookup *)context)->query = NULL;
}

static uint32_t take_addresses(const struct names *names,
                               const struct ares_addrinfo *found,
                               struct netaddr addresses[RESOLVER_ADDRESSES_MAX])
{
    uint32_t count = 0;
    for (const struct ares_addrinfo_node *at = found->nodes;
         at != NULL && count < RESOLVER_ADDRESSES_MAX; at = at->ai_next)
        if (netaddr_from_sockaddr(at->ai_addr, &addresses[count]) == ERROR_NONE &&
            net_bind_serves(names->bind, addresses[count].family)) {
            addresses[count].port = 0;
            count++;
        }
    return count;
}

static void word_failure(const struct names *names, int status, char *message,
                         size_t size)
{
    char text[100];
    const char *trouble = net_bind_trouble(names->bind);
    if (trouble != NULL)
        snprintf(message, size, "%s", trouble);
    else if (status == ARES_SUCCESS) /* L10N: %s is an interface or an address */
        snprintf(message, size, _("its name has no address that %s can reach"),
                 shown(names, text, sizeof text));
    else if (status == ARES_ENOTFOUND || status == ARES_ENODATA ||
             status == ARES_EBADNAME)
        snprintf(message, size, "%s", _("there is no such name"));
    else
        snprintf(message, size, _("no name server answers through %s"),
                 shown(names, text, sizeof text));
}

static void on_found(void *context, int status, int timeouts, struct ares_addrinfo *found)
{
    struct lookup *lookup = context;
    struct names *names = lookup->names;
    struct netaddr addresses[RESOLVER_ADDRESSES_MAX];
    char message[MESSAGE_SIZE] = "";
    uint32_t count = 0;
    (void)timeouts;
    names->under_way--;
    if (status == ARES_SUCCESS && found != NULL)
        count = take_addresses(names, found, addresses);
    if (count == 0)
        word_failure(names, status, message, sizeof message);
    if (lookup->query != NULL)
        resolver_give(lookup->query, addresses, count, message);
    if (found != NULL)
        ares_freeaddrinfo(found);
    free(lookup);
}

static int wanted_family(const struct names *names)
{
    const bool v4 = net_bind_serves(names->bind, NETADDR_V4);
    const bool v6 = net_bind_serves(names->bind, NETADDR_V6);
    return v4 && v6 ? AF_UNSPEC : v6 ? AF_INET6 : AF_INET;
}

/* Not sorted: for that c-ares would make sockets of its own. */
static struct resolver_query *look_up(struct names *names, struct loop *loop,
                                      const char *host, resolver_on_result *on_result,
                                      void *context)
{
    const struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT,
                                              .ai_family = wanted_family(names)};
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return NULL;
    lookup->names = names;
    lookup->query = resolver_promise(loop, on_result, context, on_cancel, lookup);
    struct resolver_query *query = lookup->query;
    if (query == NULL || !ready(names, loop)) {
        free(lookup);
        if (query != NULL)
            resolver_give(query, NULL, 0, error_text(ERROR_MEMORY));
        return query;
    }
    names->under_way++;
    ares_getaddrinfo(names->channel, host, NULL, &hints, on_found, lookup);
    set_timer(names);
    return query;
}

/* ---- life ---- */

struct names *names_new(struct net_bind *bind)
{
    struct names *names = calloc(1, sizeof *names);
    if (names == NULL || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
        free(names);
        return NULL;
    }
    names->bind = bind;
    loop_timer_init(&names->timer, on_timer, names);
    return names;
}

void names_free(struct names *names)
{
    if (names == NULL)
        return;
    names_cut(names);
    ares_library_cleanup();
    free(names);
}

#else

bool names_are_found(void)
{
    return false;
}

static struct resolver_query *look_up(struct names *names, struct loop *loop,
                                      const char *host, resolver_on_result *on_result,
                                      void *context)
{
    char message[MESSAGE_SIZE], text[100];
    (void)host;
    snprintf(
        message, sizeof message,
        _("names cannot be looked up through %s: this bttui was built without c-ares"),
        shown(names, text, sizeof text));
    return refuse(loop, on_result, context, message);
}

void names_cut(struct names *names)
{
    (void)names;
}

struct names *names_new(struct net_bind *bind)
{
    struct names *names = calloc(1, sizeof *names);
    if (names != NULL)
        names->bind = bind;
    return names;
}

void names_free(struct names *names)
{
    free(names);
}

#endif

struct resolver_query *names_lookup(struct names *names, struct loop *loop,
                                    const char *host, resolver_on_result *on_result,
                                    void *context)
{
    struct netaddr address;
    const char *trouble = net_bind_trouble(names->bind);
    if (trouble != NULL)
        return refuse(loop, on_result, context, trouble);
    if (netaddr_parse(host, 0, &address) == ERROR_NONE)
        return resolver_answer(loop, &address, 1, on_result, context);
    return look_up(names, loop, host, on_result, context);
}
