/*
 * One of several Peer Managers of a torrent on one virtual network, with uTP on its port
 * 6881, for tests of how they meet; what they post is thrown away.
 */
#ifndef BTTUI_TESTS_PEER_NODE_H
#define BTTUI_TESTS_PEER_NODE_H

#include "peer/incoming.h"
#include "peer/peer_manager.h"
#include "tests/lib/world.h"

struct node_config {
    const char *host;
    char id;    /* its peer id is made of */
    bool relay; /* of meetings */
};

struct node {
    struct world *world;
    struct udp_port *udp;
    struct utp *utp;
    struct block_pool *pool;
    struct peer_shared *shared;
    struct incoming *incoming;
    struct bus *requests, *responses;
    struct peer_manager *manager;
    struct bitfield have;
    struct loop_hook hook;
};

void node_init(struct node *node, struct world *world, const struct node_config *config);
void node_done(struct node *node);
void node_call(struct node *node, const char *address);
/* The row of the one connected to it whose peer id is made of ID; false: none. */
bool node_sees(const struct node *node, char id, struct peer_row *ret_row);
uint32_t node_connected(const struct node *node);

#endif
