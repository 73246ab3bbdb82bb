/* Where a session can be reached: a TCP listener and a UDP socket a family, all on one
 * port. */
#include "base/i18n.h"
#include "net/udp_port.h"
#include "peer/incoming.h"
#include "torrent/network_private.h"
#include "torrent/session_private.h"

#include <stdio.h>

#define TRIES 16 /* of ports that are anybody's */

static const char *const any[2] = {"0.0.0.0", "[::]"};

/* Of the family FAMILY (0: IPv4, 1: IPv6), or the address that all is tied to. */
static enum error_code address_of(const struct session *session, int family,
                                  struct netaddr *ret_address)
{
    const char *where = session->config.bind;
    if (where == NULL || netaddr_parse(where, 0, ret_address) != ERROR_NONE)
        where = any[family];
    return netaddr_parse(where, 0, ret_address);
}

static bool is_single(const struct session *session)
{
    struct netaddr bound;
    return session->config.bind != NULL &&
           netaddr_parse(session->config.bind, 0, &bound) == ERROR_NONE;
}

static enum error_code listen_on(struct session *session, int family)
{
    struct netaddr address;
    uint16_t port;
    const struct net *net = session->config.net;
    enum error_code error = address_of(session, family, &address);
    if (error != ERROR_NONE)
        return error;
    address.port = session->port;
    error = net->listen(net->context, session->loop, &address, incoming_accept,
                        session->incoming, &session->listeners[family], &port);
    if (error == ERROR_NONE)
        session->port = port;
    return error;
}

/* What both families make of it. A port that was asked for is had in both or not at all:
 * half of it would be another program's. A machine without one of them has the other. */
static enum error_code both(enum error_code error4, enum error_code error6, bool wanted)
{
    enum error_code error = error4;
    if (error != ERROR_EXISTS && error6 == ERROR_NONE)
        error = ERROR_NONE;
    if (error == ERROR_NONE && error6 == ERROR_EXISTS && wanted)
        error = ERROR_EXISTS;
    return error;
}

static enum error_code open_listeners(struct session *session, bool wanted)
{
    if (!session->config.incoming)
        return ERROR_NONE;
    const enum error_code error = listen_on(session, 0);
    return both(error, is_single(session) ? error : listen_on(session, 1), wanted);
}

/* Where nobody can reach us it is any port. */
static enum error_code open_udp_on(struct session *session, int family)
{
    struct netaddr address;
    uint16_t port;
    enum error_code error = address_of(session, family, &address);
    if (error != ERROR_NONE)
        return error;
    address.port = session->config.incoming ? session->port : 0;
    return udp_port_open(session->udp, &address, &port);
}

static enum error_code open_udp(struct session *session, bool wanted)
{
    const enum error_code error = open_udp_on(session, 0);
    return both(error, is_single(session) ? error : open_udp_on(session, 1), wanted);
}

static void close_all(struct session *session)
{
    for (int i = 0; i < 2; i++) {
        if (session->listeners[i] != NULL)
            session->config.net->unlisten(session->config.net->context,
                                          session->listeners[i]);
        session->listeners[i] = NULL;
    }
    udp_port_close(session->udp);
}

void session_stop_listening(struct session *session)
{
    if (session->udp != NULL) /* made in part */
        close_all(session);
}

/* A port that is free for TCP may be another program's for UDP: of those that are
 * anybody's, another is taken. Without UDP at all, TCP is enough. */
static enum error_code open_all(struct session *session, uint16_t port,
                                enum error_code *ret_udp)
{
    enum error_code error = ERROR_EXISTS;
    *ret_udp = ERROR_NONE;
    for (int i = 0; i < TRIES && error == ERROR_EXISTS; i++) {
        close_all(session);
        session->port = port;
        error = open_listeners(session, port != 0);
        *ret_udp = error == ERROR_NONE ? open_udp(session, true) : ERROR_NONE;
        if (*ret_udp == ERROR_EXISTS)
            error = ERROR_EXISTS;
        if (port != 0)
            break;
    }
    return error;
}

static void word_failure(uint16_t port, enum error_code error, enum error_code udp_error,
                         char *message)
{
    const char *why =
        error == ERROR_EXISTS ? _("another program uses it") : error_text(error);
    if (udp_error == ERROR_EXISTS)
        snprintf(message, SESSION_MESSAGE_SIZE, _("cannot use UDP port %u: %s"), port,
                 why);
    else
        snprintf(message, SESSION_MESSAGE_SIZE, _("cannot listen on port %u: %s"), port,
                 why);
}

static enum error_code listen_at(struct session *session, uint16_t port, char *message)
{
    enum error_code udp_error;
    const enum error_code error = open_all(session, port, &udp_error);
    if (error != ERROR_NONE) {
        word_failure(port, error, udp_error, message);
        close_all(session);
        session->port = port;
        return error;
    }
    if (udp_error != ERROR_NONE && udp_error != ERROR_REFUSED) /* as behind a proxy */
        log_write(session->log, LOG_LEVEL_WARNING, "no UDP: %s", error_name(udp_error));
    udp_port_tell_changed(session->udp);
    if (!session->config.incoming)
        return ERROR_NONE;
    peer_shared_set_port(session->peers, session_public_port(session));
    const struct message event = {.type = EVENT_LISTENING,
                                  .u.piece.piece = session->port};
    event_bus_post(session->events, &event);
    return ERROR_NONE;
}

enum error_code session_listen(struct session *session, char *message)
{
    return listen_at(session, session->config.port, message);
}

void session_listen_again(struct session *session)
{
    const struct torrent_id nobody = {0, 0};
    char message[SESSION_MESSAGE_SIZE];
    if (session->stopping)
        return;
    if (listen_at(session, session->port, message) != ERROR_NONE)
        session_warn(session, nobody, "%s", message);
}
