#include "tests/unit/peer/node.h"

#include "net/utp.h"
#include "tests/lib/vnet_private.h"

#include <string.h>

#define PORT   6881
#define PIECES 8

static bool on_hook(void *context)
{
    struct node *node = context;
    struct message message;
    while (bus_take(node->responses, &message))
        message_done(&message, node->pool);
    return peer_manager_run(node->manager);
}

static struct info_hash hash(void)
{
    struct info_hash hash;
    memset(hash.bytes, 'H', sizeof hash.bytes);
    return hash;
}

static struct peer_manager *lookup(void *context, const struct info_hash *about)
{
    const struct info_hash ours = hash();
    struct node *node = context;
    return info_hash_equal(about, &ours) ? node->manager : NULL;
}

static struct peer_manager *find(void *context, const uint8_t obfuscated[SHA1_BYTES],
                                 struct info_hash *ret_hash)
{
    (void)context;
    (void)obfuscated;
    (void)ret_hash;
    return NULL;
}

static void on_utp_accept(void *context, struct stream *stream,
                          const struct netaddr *from)
{
    const struct node *node = context;
    incoming_accept(node->incoming, stream, from);
}

static void open_utp(struct node *node, const char *host)
{
    struct netaddr at = vnet_parse(host);
    uint16_t number;
    at.port = PORT;
    node->udp = udp_port_new(node->world->loop, vnet_host(node->world->vnet, host));
    VNET_REQUIRE(udp_port_open(node->udp, &at, &number) == ERROR_NONE);
    const struct utp_config config = {
        .loop = node->world->loop,
        .port = node->udp,
        .random = &node->world->random.source,
        .on_accept = on_utp_accept,
        .accept_context = node,
    };
    node->utp = utp_new(&config);
    VNET_REQUIRE(node->utp != NULL);
}

static void make_manager(struct node *node, char id)
{
    struct peer_manager_config config = {
        .shared = node->shared,
        .requests = node->requests,
        .responses = node->responses,
        .torrent = {1, 1},
        .hash = hash(),
        .metainfo = {.piece_count = PIECES,
                     .piece_bytes = 32768,
                     .total_bytes = PIECES * 32768,
                     .have = &node->have},
    };
    memset(config.peer_id, id, sizeof config.peer_id);
    node->manager = peer_manager_new(&config);
    VNET_REQUIRE(node->manager != NULL);
    node->hook = (struct loop_hook){.callback = on_hook, .context = node};
    loop_hook_add(node->world->loop, &node->hook);
    peer_manager_start(node->manager);
}

void node_init(struct node *node, struct world *world, const struct node_config *config)
{
    *node = (struct node){.world = world, .pool = block_pool_new(1u << 20)};
    open_utp(node, config->host);
    const struct peer_shared_config shared = {
        .loop = world->loop,
        .net = vnet_host(world->vnet, config->host),
        .utp = node->utp,
        .random = &world->random.source,
        .pool = node->pool,
        .pex = true,
        .holepunch_relay = config->relay,
    };
    node->shared = peer_shared_new(&shared);
    node->requests = bus_new(1u << 16);
    node->responses = bus_new(1u << 16);
    node->incoming = incoming_new(node->shared, lookup, find, node);
    VNET_REQUIRE(bitfield_init(&node->have, PIECES) == ERROR_NONE);
    peer_shared_set_port(node->shared, PORT);
    make_manager(node, config->id);
}

void node_done(struct node *node)
{
    peer_manager_free(node->manager);
    incoming_free(node->incoming);
    peer_shared_free(node->shared);
    utp_free(node->utp);
    udp_port_free(node->udp);
    bus_free(node->requests, node->pool);
    bus_free(node->responses, node->pool);
    loop_hook_remove(node->world->loop, &node->hook);
    block_pool_free(node->pool);
    bitfield_done(&node->have);
}

void node_call(struct node *node, const char *address)
{
    struct message message = {.type = PEER_CONNECT, .torrent = {1, 1}};
    message.u.candidate.address = vnet_parse(address);
    message.u.candidate.source = PEER_SOURCE_TRACKER;
    VNET_REQUIRE(bus_post(node->requests, &message) == ERROR_NONE);
}

bool node_sees(const struct node *node, char id, struct peer_row *ret_row)
{
    uint8_t peer_id[20];
    for (uint32_t i = 0; peer_manager_row(node->manager, i, ret_row); i++)
        if (ret_row->handshaken &&
            peer_manager_peer_id(node->manager, ret_row->ref, peer_id) &&
            peer_id[0] == (uint8_t)id)
            return true;
    return false;
}

uint32_t node_connected(const struct node *node)
{
    struct peer_counts counts;
    peer_manager_get_counts(node->manager, &counts);
    return counts.connected;
}
