/* The gateway is asked to send on to us what comes to it for our port; what it says is
 * told to people, and to trackers and the DHT if its port is another than ours. */
#include "base/i18n.h"
#include "discovery/portmap.h"
#include "peer/peer_manager.h"
#include "torrent/looks.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"
#include "torrent/session_upnp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 300

struct session_portmap {
    struct session *session;
    struct portmap *portmap;
    struct session_upnp *upnp; /* asked where that does not help; NULL: never */
    struct datagram *datagram; /* to the gateway; NULL: there is none */
    struct loop_timer timer;
    struct netaddr own, gateway; /* family NONE: there is none */
    uint16_t public_port;        /* that others were told */
    char text[TEXT_SIZE];
};

static uint64_t now_of(const struct session_portmap *mapping)
{
    return loop_now_ns(mapping->session->loop);
}

static void on_wake(void *context)
{
    struct session_portmap *mapping = context;
    const uint64_t next_ns = portmap_next_ns(mapping->portmap);
    if (next_ns == UINT64_MAX)
        loop_timer_cancel(mapping->session->loop, &mapping->timer);
    else if (!loop_timer_is_set(&mapping->timer) || mapping->timer.at_ns != next_ns)
        loop_timer_set(mapping->session->loop, &mapping->timer, next_ns);
}

static void check_ended(const struct session_portmap *mapping)
{
    if (session_portmap_has_ended(mapping->session) && mapping->session->stopping)
        session_check_stopped(mapping->session);
}

static void on_timer(void *context)
{
    struct session_portmap *mapping = context;
    portmap_run(mapping->portmap, now_of(mapping));
    on_wake(mapping);
    check_ended(mapping);
}

/* ---- packets ---- */

static void send_packet(void *context, const uint8_t *bytes, size_t length)
{
    struct session_portmap *mapping = context;
    if (mapping->datagram != NULL)
        (void)datagram_send(mapping->datagram, bytes,
                            length); /* lost: it is asked again */
}

/* W15: what the socket gives came from the gateway's address and port. */
static void on_packet(void *context, const uint8_t *bytes, size_t length)
{
    struct session_portmap *mapping = context;
    portmap_receive(mapping->portmap, now_of(mapping), bytes, length);
    check_ended(mapping);
}

static void on_error(void *context, enum error_code error)
{
    struct session_portmap *mapping = context;
    if (error == ERROR_CLOSED)
        portmap_on_nobody(mapping->portmap);
}

static const struct datagram_callbacks callbacks = {on_packet, on_error};

/* ---- what becomes of it ---- */

/* Of both ways together. */
struct outcome {
    enum portmap_state state;
    const char *how; /* the protocol, when mapped */
    uint16_t external_port;
    struct netaddr external;
    enum portmap_refusal refusal;
    const char *words; /* of the gateway, where UPnP was refused; NULL: it was not */
};

static bool has_failed(enum portmap_state state)
{
    return state == PORTMAP_SILENT || state == PORTMAP_REFUSED;
}

static void get_outcome(const struct session_portmap *mapping,
                        struct outcome *ret_outcome)
{
    struct portmap_look look;
    struct upnp_look upnp;
    portmap_get_look(mapping->portmap, &look);
    *ret_outcome = (struct outcome){look.state,         look.by_pcp ? "PCP" : "NAT-PMP",
                                    look.external_port, look.external,
                                    look.refusal,       NULL};
    if (mapping->upnp == NULL || !has_failed(look.state))
        return;
    session_upnp_look(mapping->upnp, &upnp);
    if (upnp.state == PORTMAP_MAPPED || upnp.state == PORTMAP_ASKING)
        *ret_outcome = (struct outcome){upnp.state,    "UPnP", upnp.external_port,
                                        upnp.external, 0,      NULL};
    else if (upnp.state == PORTMAP_REFUSED && look.state == PORTMAP_SILENT)
        *ret_outcome = (struct outcome){.state = PORTMAP_REFUSED, .words = upnp.text};
}

static bool is_inside(const struct outcome *look)
{
    return look->external.family != NETADDR_NONE &&
           netaddr_scope(&look->external) != NETADDR_SCOPE_PUBLIC;
}

static enum port_mapping state_of(const struct outcome *look)
{
    switch (look->state) {
    case PORTMAP_ASKING:
        return PORT_ASKING;
    case PORTMAP_SILENT:
        return PORT_SILENT;
    case PORTMAP_MAPPED:
        return is_inside(look) ? PORT_MAPPED_INSIDE : PORT_MAPPED;
    case PORTMAP_REFUSED:
        return PORT_REFUSED;
    default:
        return PORT_UNMAPPED;
    }
}

static const char *refusal_text(enum portmap_refusal refusal)
{
    switch (refusal) {
    case PORTMAP_REFUSAL_FORBIDDEN:
        return _("it does not allow that");
    case PORTMAP_REFUSAL_OFFLINE:
        return _("it has no network itself");
    case PORTMAP_REFUSAL_FULL:
        return _("too many ports are mapped already");
    case PORTMAP_REFUSAL_ADDRESS:
        return _("it knows us by another address: there is a router in between");
    default:
        return _("it says no more than that");
    }
}

static void describe_mapped(struct session_portmap *mapping, const struct outcome *look)
{
    char outside[NETADDR_TEXT_SIZE];
    const char *how = look->how;
    struct netaddr external = look->external;
    external.port = look->external_port;
    netaddr_format(&external, outside);
    if (external.family == NETADDR_NONE)
        /* L10N: the last %s is a protocol, such as NAT-PMP */
        snprintf(mapping->text, TEXT_SIZE, _("mapped as the gateway's port %u, by %s"),
                 look->external_port, how);
    else if (is_inside(look))
        snprintf(mapping->text, TEXT_SIZE,
                 /* L10N: an address and port; a protocol */
                 _("mapped as %s, by %s; but that is no public address: the gateway is "
                   "itself behind a router that does not know of it"),
                 outside, how);
    else
        snprintf(mapping->text, TEXT_SIZE, _("mapped as %s, by %s"), outside, how);
}

static void describe(struct session_portmap *mapping)
{
    struct outcome look;
    char gateway[NETADDR_TEXT_SIZE];
    get_outcome(mapping, &look);
    netaddr_format_host(&mapping->gateway, gateway);
    switch (look.state) {
    case PORTMAP_ASKING:
        /* L10N: %s is the address of a router, here and below */
        snprintf(mapping->text, TEXT_SIZE, _("the gateway %s is being asked"), gateway);
        break;
    case PORTMAP_SILENT:
        snprintf(mapping->text, TEXT_SIZE,
                 mapping->upnp != NULL
                     ? _("not mapped: the gateway %s answers neither to PCP nor to "
                         "NAT-PMP nor to UPnP")
                     : _("not mapped: the gateway %s answers neither to PCP nor to "
                         "NAT-PMP"),
                 gateway);
        break;
    case PORTMAP_REFUSED:
        snprintf(mapping->text, TEXT_SIZE, _("not mapped: the gateway %s refuses: %s"),
                 gateway,
                 look.words != NULL && look.words[0] != '\0'
                     ? look.words
                     : refusal_text(look.refusal));
        break;
    case PORTMAP_MAPPED:
        describe_mapped(mapping, &look);
        break;
    default:
        snprintf(mapping->text, TEXT_SIZE, "%s",
                 _("not mapped: there is no gateway that could be asked"));
        break;
    }
}

/* What others are told is the port that leads to us from outside. */
static void tell_others(struct session_portmap *mapping, const struct outcome *outcome)
{
    struct session *session = mapping->session;
    const uint16_t port =
        outcome->external_port != 0 ? outcome->external_port : session->port;
    if (port == mapping->public_port)
        return;
    mapping->public_port = port;
    peer_shared_set_port(session->peers, port);
    for (uint32_t i = 0; i < session->count; i++)
        torrent_port_changed(session_torrent(session, session->order[i]), port);
}

static void tell_people(struct session_portmap *mapping)
{
    struct session *session = mapping->session;
    const struct message event = {.type = EVENT_PORT_MAPPING,
                                  .u.piece.piece = session->port};
    char before[TEXT_SIZE];
    memcpy(before, mapping->text, sizeof before);
    describe(mapping);
    if (strcmp(mapping->text, before) == 0) /* as when UDP follows TCP */
        return;
    log_write(session->log, LOG_LEVEL_INFO, _("port %u: %s"), session->port,
              mapping->text);
    event_bus_post(session->events, &event);
}

static void tell(struct session_portmap *mapping)
{
    struct outcome outcome;
    if (mapping->session->stopping) {
        check_ended(mapping);
        return;
    }
    tell_people(mapping);
    get_outcome(mapping, &outcome);
    if (outcome.state != PORTMAP_ASKING) /* meanwhile the last one may well hold */
        tell_others(mapping, &outcome);
}

static void on_upnp_change(void *context)
{
    tell(context);
}

/* UPnP is for gateways that know nothing else. */
static void on_change(void *context)
{
    struct session_portmap *mapping = context;
    struct portmap_look look;
    struct upnp_look upnp;
    portmap_get_look(mapping->portmap, &look);
    if (mapping->upnp != NULL && has_failed(look.state) && !mapping->session->stopping) {
        session_upnp_look(mapping->upnp, &upnp);
        if (upnp.state == PORTMAP_RESTING)
            session_upnp_begin(mapping->upnp, &mapping->own, &mapping->gateway);
    }
    tell(mapping);
}

uint16_t session_public_port(const struct session *session)
{
    return session->portmap != NULL ? session->portmap->public_port : session->port;
}

void session_portmap_look(const struct session *session, struct session_info *ret_info)
{
    struct outcome outcome;
    ret_info->port_mapping = PORT_UNMAPPED;
    ret_info->port_text = "";
    if (session->portmap == NULL)
        return;
    get_outcome(session->portmap, &outcome);
    ret_info->port_mapping = state_of(&outcome);
    ret_info->external_port = outcome.external_port;
    ret_info->port_text = session->portmap->text;
}

/* ---- its life ---- */

static void leave(struct session_portmap *mapping)
{
    session_upnp_rest(mapping->upnp);
    datagram_close(mapping->datagram);
    mapping->datagram = NULL;
    mapping->gateway.family = NETADDR_NONE;
}

static void enter(struct session_portmap *mapping, const struct netaddr *own,
                  const struct netaddr *gateway)
{
    const struct session *session = mapping->session;
    struct netaddr to = *gateway;
    to.port = PORTMAP_GATEWAY_PORT;
    leave(mapping);
    if (session->config.net->open_datagram(session->config.net->context, session->loop,
                                           &to, &callbacks, mapping,
                                           &mapping->datagram) != ERROR_NONE) {
        mapping->datagram = NULL;
        portmap_rest(mapping->portmap);
        return;
    }
    mapping->own = *own;
    mapping->gateway = *gateway;
    portmap_begin(mapping->portmap, now_of(mapping), own, session->port);
}

void session_portmap_network_changed(struct session *session)
{
    struct session_portmap *mapping = session->portmap;
    struct netaddr own, gateway;
    const struct net *net = session->config.net;
    if (mapping == NULL || session->stopping)
        return;
    if (!net->gateway(net->context, &own, &gateway)) {
        leave(mapping);
        portmap_rest(mapping->portmap);
        describe(mapping);
    } else if (mapping->datagram != NULL && netaddr_same_host(&own, &mapping->own) &&
               netaddr_same_host(&gateway, &mapping->gateway)) {
        portmap_again(mapping->portmap, now_of(mapping));
    } else {
        enter(mapping, &own, &gateway);
    }
}

void session_portmap_network_lost(struct session *session)
{
    if (session->portmap == NULL)
        return;
    leave(session->portmap);
    portmap_rest(session->portmap->portmap);
}

void session_portmap_give_back(struct session *session)
{
    if (session->portmap == NULL)
        return;
    portmap_end(session->portmap->portmap, now_of(session->portmap));
    session_upnp_give_back(session->portmap->upnp);
}

bool session_portmap_has_ended(const struct session *session)
{
    return session->portmap == NULL || (portmap_has_ended(session->portmap->portmap) &&
                                        session_upnp_has_ended(session->portmap->upnp));
}

enum error_code session_portmap_begin(struct session *session)
{
    if (!session->config.portmap || !session->config.incoming)
        return ERROR_NONE;
    struct session_portmap *mapping = calloc(1, sizeof *mapping);
    if (mapping == NULL)
        return ERROR_MEMORY;
    session->portmap = mapping;
    mapping->session = session;
    mapping->public_port = session->port;
    loop_timer_init(&mapping->timer, on_timer, mapping);
    const struct portmap_config config = {.random = session->config.random,
                                          .send = send_packet,
                                          .on_wake = on_wake,
                                          .on_change = on_change,
                                          .context = mapping};
    mapping->portmap = portmap_new(&config);
    if (session->config.upnp)
        mapping->upnp = session_upnp_new(session, on_upnp_change, mapping);
    if (mapping->portmap == NULL || (session->config.upnp && mapping->upnp == NULL))
        return ERROR_MEMORY;
    session_portmap_network_changed(session);
    return ERROR_NONE;
}

void session_portmap_end(struct session *session)
{
    struct session_portmap *mapping = session->portmap;
    if (mapping == NULL)
        return;
    loop_timer_cancel(session->loop, &mapping->timer);
    session_upnp_free(mapping->upnp);
    mapping->upnp = NULL;
    leave(mapping);
    portmap_free(mapping->portmap);
    free(mapping);
    session->portmap = NULL;
}
