/*
 * The session and the network around it: the DHT, the local network, the gateway, ports,
 * and what becomes of them when the network does. Loop thread.
 */
#ifndef BTTUI_TORRENT_NETWORK_PRIVATE_H
#define BTTUI_TORRENT_NETWORK_PRIVATE_H

#include "torrent/torrent.h"

struct lsd_look;
struct session_info;

/* session_dht.c, session_dht_start.c: the DHT, if there is one */
enum error_code session_dht_begin(struct session *session) MUST_CHECK;
void session_dht_end(struct session *session);
void session_dht_save(struct session *session);
void session_dht_network_changed(struct session *session);
/* UINT32_MAX: there is none. */
uint32_t session_dht_nodes(const struct session *session);
/* A peer says that there is a node. */
void session_dht_ping(void *session, const struct netaddr *address);
/* It runs or not, is complete or not: it is looked for accordingly. */
void session_dht_follow(struct torrent *torrent);
void session_dht_again(struct torrent *torrent); /* the user's wish */
struct session_dht_look {
    bool working;
    uint32_t nodes, found, announced;
    uint64_t last_ns, next_ns; /* UINT64_MAX: not yet; not planned */
};
/* False: it is not looked for. */
bool session_dht_search(const struct torrent *torrent, struct session_dht_look *ret_look);

/* session_lsd.c: the local network, if it is told */
enum error_code session_lsd_begin(struct session *session) MUST_CHECK;
void session_lsd_end(struct session *session);
void session_lsd_network_changed(struct session *session);
void session_lsd_network_lost(struct session *session);
void session_lsd_follow(struct torrent *torrent); /* it runs or not */
bool session_lsd_look(const struct torrent *torrent, struct lsd_look *ret_look);

/* session_portmap.c: the gateway, if it is asked for our port */
enum error_code session_portmap_begin(struct session *session) MUST_CHECK;
void session_portmap_end(struct session *session);
void session_portmap_network_changed(struct session *session);
void session_portmap_network_lost(struct session *session);
/* The session ends: within a second session_portmap_has_ended, and session_check_stopped
 * is told. */
void session_portmap_give_back(struct session *session);
bool session_portmap_has_ended(const struct session *session);
/* The port that leads to us from outside, which others are told. */
uint16_t session_public_port(const struct session *session);
void session_portmap_look(const struct session *session, struct session_info *ret_info);

/* session_network.c */
void session_watch_network(struct session *session);
void session_unwatch_network(struct session *session);
/* Warns of what is not as the user, who tied us to something, may think. */
void session_warn_of_bind(struct session *session);
/* Why nothing can be sent, a sentence for people; NULL: it can. */
const char *session_trouble(const struct session *session);
/* The same of datagrams alone. */
const char *session_no_udp(const struct session *session);

/* session_ports.c. MESSAGE (SESSION_MESSAGE_SIZE bytes) tells people what failed. */
enum error_code session_listen(struct session *session, char *message);
/* At the same port, on new sockets. */
void session_listen_again(struct session *session);
void session_stop_listening(struct session *session);

#endif
