#include "tests/unit/peer/rig.h"

#include "net/mse.h"
#include "net/utp.h"
#include "tests/lib/vnet_private.h"

#include <string.h>

static void note(struct rig *rig, const char *what, const struct message *message)
{
    const struct block_ref *at = &message->u.block;
    enum error_code error = ERROR_NONE;
    switch ((int)message->type) {
    case PEER_REJECTED:
    case PEER_RETURNED:
    case PEER_WANTED:
        error = buffer_printf(&rig->story, "%s %u %u %u\n", what, at->piece, at->begin,
                              at->length);
        break;
    case PEER_HAS_PIECE:
    case PEER_LACKS_PIECE:
        error = buffer_printf(&rig->story, "%s %u\n", what, message->u.piece.piece);
        break;
    case PEER_GONE:
        error = buffer_printf(&rig->story, "%s %s\n", what,
                              peer_reason_word(message->u.gone.reason));
        break;
    default:
        error = buffer_printf(&rig->story, "%s\n", what);
    }
    VNET_REQUIRE(error == ERROR_NONE);
}

static void on_block(struct rig *rig, struct message *message)
{
    struct block *block = message->u.block_data.block;
    uint32_t sum = 0;
    bool right = true;
    for (uint32_t i = 0; i < block->length; i++) {
        sum = sum * 31 + block->bytes[i];
        right &= block->bytes[i] == script_payload(block->piece, block->begin + i);
    }
    rig->wrong_blocks += !right;
    rig->block_bytes += block->length;
    VNET_REQUIRE(buffer_printf(&rig->story, "block %u %u %u %08x\n", block->piece,
                               block->begin, block->length, sum) == ERROR_NONE);
    block_pool_give(rig->pool, block);
    message->u.block_data.block = NULL;
}

static uint32_t piece_length(const struct rig *rig, uint32_t piece)
{
    return piece + 1 == rig->config.pieces ? rig->config.last_bytes
                                           : rig->config.piece_bytes;
}

static void on_idle(struct rig *rig, const struct message *message)
{
    const uint32_t blocks = rig->config.piece_bytes / BLOCK_BYTES;
    for (uint32_t i = 0; rig->fetch && i < message->u.room.blocks; i++) {
        const uint32_t piece = rig->next_block / blocks % rig->config.pieces;
        const uint32_t begin = rig->next_block % blocks * BLOCK_BYTES;
        rig->next_block++;
        if (begin >= piece_length(rig, piece))
            continue;
        const uint32_t left = piece_length(rig, piece) - begin;
        rig_post_block(rig, PEER_REQUEST, message->peer, piece, begin,
                       left < BLOCK_BYTES ? left : BLOCK_BYTES);
    }
}

static void fill(struct block *block)
{
    for (uint32_t i = 0; i < block->length; i++)
        block->bytes[i] = script_payload(block->piece, block->begin + i);
}

static uint32_t read_now(void *context, struct block *chain)
{
    struct rig *rig = context;
    uint32_t count = 0;
    for (; chain != NULL && rig->readable > 0; chain = chain->next) {
        VNET_REQUIRE(chain->next == NULL ||
                     (chain->next->piece == chain->piece &&
                      chain->next->begin == chain->begin + chain->length));
        fill(chain);
        rig->readable--;
        rig->read++;
        rig->read_this_turn++;
        rig->highest = chain->bytes > rig->highest ? chain->bytes : rig->highest;
        rig->lowest = rig->lowest == NULL || chain->bytes < rig->lowest ? chain->bytes
                                                                        : rig->lowest;
        count++;
    }
    if (rig->read_this_turn > rig->read_most)
        rig->read_most = rig->read_this_turn;
    return count;
}

static void refuse(struct rig *rig, struct peer_id_ref peer, const struct block *chain)
{
    for (; chain != NULL; chain = chain->next)
        rig_post_block(rig, PEER_REJECT, peer, chain->piece, chain->begin, chain->length);
}

static void on_wanted(struct rig *rig, struct message *message)
{
    struct message answer = {.type = PEER_SEND, .peer = message->peer};
    struct block *chain = message->u.block_data.block;
    VNET_REQUIRE(chain != NULL);
    for (struct block *block = chain; block != NULL; block = block->next) {
        const struct message one = {
            .type = PEER_WANTED, .u.block = {block->piece, block->begin, block->length}};
        note(rig, "wanted", &one);
        rig->wanted++;
        fill(block);
    }
    if (rig->serve) {
        answer.u.block_data.block = chain;
        VNET_REQUIRE(bus_post(rig->requests, &answer) == ERROR_NONE);
        return;
    }
    if (rig->fail)
        refuse(rig, message->peer, chain);
    block_pool_give_chain(rig->pool, chain);
}

static void take(struct rig *rig, struct message *message)
{
    static const char *const names[RIG_TYPES] = {
        [PEER_CONNECTED] = "connected", [PEER_HANDSHAKEN] = "handshaken",
        [PEER_GONE] = "gone",           [PEER_HAS_PIECE] = "has",
        [PEER_LACKS_PIECE] = "lacks",   [PEER_HAS_PIECES] = "pieces",
        [PEER_CHOKED_US] = "choked",    [PEER_UNCHOKED_US] = "unchoked",
        [PEER_REJECTED] = "rejected",   [PEER_RETURNED] = "returned",
        [PEER_STALLED] = "stalled",     [PEER_SNUBBED] = "snubbed",
    };
    VNET_REQUIRE(message->type < RIG_TYPES);
    rig->count[message->type]++;
    rig->last[message->type] = *message;
    if (names[message->type] != NULL)
        note(rig, names[message->type], message);
    if (message->type == PEER_CONNECTED)
        rig->peer = message->peer;
    if (message->type == PEER_BLOCK_ARRIVED)
        on_block(rig, message);
    if (message->type == PEER_IDLE)
        on_idle(rig, message);
    if (message->type == PEER_WANTED)
        on_wanted(rig, message);
    if (message->type == PEER_HASHES_WANTED || message->type == PEER_HASHES_ARRIVED ||
        message->type == PEER_HASHES_REFUSED)
        message_done(message, NULL); /* that they came is all that is looked at */
    if (message->type == PEER_HANDSHAKEN && rig->interest)
        rig_post_interest(rig, message->peer, true);
}

static bool on_hook(void *context)
{
    struct rig *rig = context;
    struct message message;
    while (!rig->stalled && bus_take(rig->responses, &message))
        take(rig, &message);
    const bool more = peer_manager_run(rig->manager);
    rig->read_this_turn = 0;
    return more || (!rig->stalled && bus_length(rig->responses) > 0);
}

static struct peer_manager *lookup(void *context, const struct info_hash *hash)
{
    struct rig *rig = context;
    if (rig->config.v2 != NULL) {
        const struct info_hash v2 = metainfo_short_hash_v2(rig->config.v2);
        if (info_hash_equal(hash, &v2))
            return rig->manager;
    }
    return info_hash_equal(hash, &rig->hash) ? rig->manager : NULL;
}

static struct peer_manager *find(void *context, const uint8_t obfuscated[SHA1_BYTES],
                                 struct info_hash *ret_hash)
{
    struct rig *rig = context;
    uint8_t own[SHA1_BYTES];
    mse_obfuscate(&rig->hash, own);
    *ret_hash = rig->hash;
    return memcmp(own, obfuscated, sizeof own) == 0 ? rig->manager : NULL;
}

static bool disk_is_behind(void *context)
{
    return ((const struct rig *)context)->behind;
}

struct peer_metainfo rig_metainfo(const struct rig *rig)
{
    return (struct peer_metainfo){
        .piece_count = rig->config.pieces,
        .piece_bytes = rig->config.piece_bytes,
        .total_bytes = (uint64_t)(rig->config.pieces - 1) * rig->config.piece_bytes +
                       rig->config.last_bytes,
        .have = &rig->have,
        .is_private = rig->config.is_private,
        .info = rig->config.info,
        .info_bytes = rig->config.info_bytes,
        .v2 = rig->config.v2,
    };
}

static void make_manager(struct rig *rig)
{
    struct peer_manager_config config = {
        .shared = rig->shared,
        .requests = rig->requests,
        .responses = rig->responses,
        .torrent = {1, 1},
        .hash = rig->hash,
        .max_peers = rig->config.max_peers,
        .read_now = read_now,
        .disk_is_behind = disk_is_behind,
        .context = rig,
    };
    config.metainfo = rig_metainfo(rig);
    if (rig->config.awaits)
        config.metainfo = (struct peer_metainfo){.have = &rig->have};
    memset(config.peer_id, 'M', sizeof config.peer_id);
    rig->manager = peer_manager_new(&config);
    VNET_REQUIRE(rig->manager != NULL);
}

static void open_utp(struct rig *rig)
{
    const struct netaddr at = vnet_parse("10.0.0.1:6881");
    uint16_t number;
    rig->udp = udp_port_new(rig->world.loop, rig->net);
    VNET_REQUIRE(rig->udp != NULL && udp_port_open(rig->udp, &at, &number) == ERROR_NONE);
    const struct utp_config config = {
        .loop = rig->world.loop, .port = rig->udp, .random = &rig->world.random.source};
    rig->utp = utp_new(&config);
    VNET_REQUIRE(rig->utp != NULL);
}

static void on_dht_node(void *context, const struct netaddr *address)
{
    struct rig *rig = context;
    rig->dht_nodes++;
    rig->dht_node = *address;
}

void rig_init(struct rig *rig, const struct rig_config *config)
{
    memset(rig, 0, sizeof *rig);
    rig->config = *config;
    if (rig->config.pieces == 0)
        rig->config.pieces = 8;
    if (rig->config.piece_bytes == 0)
        rig->config.piece_bytes = 32768;
    if (rig->config.last_bytes == 0)
        rig->config.last_bytes = rig->config.piece_bytes;
    world_init(&rig->world, 1);
    rig->net = vnet_host(rig->world.vnet, "10.0.0.1");
    rig->pool = block_pool_new(config->pool_bytes != 0 ? config->pool_bytes : 16u << 20);
    VNET_REQUIRE(rig->pool != NULL &&
                 bitfield_init(&rig->have, rig->config.pieces) == ERROR_NONE);
    if (config->have_all)
        bitfield_set_all(&rig->have);
    memset(rig->hash.bytes, 'H', sizeof rig->hash.bytes);
    buffer_init(&rig->story, 64u << 20);
    if (config->utp)
        open_utp(rig);
    const struct peer_shared_config shared = {
        .loop = rig->world.loop,
        .utp = rig->utp,
        .net = rig->net,
        .random = &rig->world.random.source,
        .pool = rig->pool,
        .max_connections = config->max_connections,
        .pex = config->pex,
        .holepunch_relay = config->relay,
        .on_dht_node = on_dht_node,
        .context = rig,
    };
    rig->shared = peer_shared_new(&shared);
    rig->requests = bus_new(1u << 20);
    rig->responses = bus_new(1u << 20);
    rig->incoming = incoming_new(rig->shared, lookup, find, rig);
    VNET_REQUIRE(rig->shared != NULL && rig->requests != NULL && rig->responses != NULL &&
                 rig->incoming != NULL);
    make_manager(rig);
    const struct netaddr at = vnet_parse("10.0.0.1:6881");
    uint16_t port;
    VNET_REQUIRE(rig->net->listen(rig->net->context, rig->world.loop, &at,
                                  incoming_accept, rig->incoming, &rig->listener,
                                  &port) == ERROR_NONE);
    peer_shared_set_port(rig->shared, port);
    rig->hook = (struct loop_hook){.callback = on_hook, .context = rig};
    loop_hook_add(rig->world.loop, &rig->hook);
    if (config->have_all)
        peer_manager_set_complete(rig->manager, true);
    peer_manager_start(rig->manager);
}

int rig_done(struct rig *rig)
{
    rig->net->unlisten(rig->net->context, rig->listener);
    peer_manager_free(rig->manager);
    incoming_free(rig->incoming);
    peer_shared_free(rig->shared);
    utp_free(rig->utp);
    udp_port_free(rig->udp);
    bus_free(rig->requests, rig->pool);
    bus_free(rig->responses, rig->pool);
    loop_hook_remove(rig->world.loop, &rig->hook);
    const uint32_t lost = block_pool_total(rig->pool) - block_pool_left(rig->pool);
    const uint32_t open = vnet_open_streams(rig->world.vnet);
    world_done(&rig->world);
    block_pool_free(rig->pool);
    bitfield_done(&rig->have);
    buffer_done(&rig->story);
    if (lost + open > 0)
        fprintf(stderr, "left behind: %u blocks, %u streams\n", lost, open);
    return (int)(lost + open);
}

struct peer_manager *rig_other_torrent(struct rig *rig)
{
    rig->other_requests = bus_new(64);
    rig->other_responses = bus_new(64);
    const struct peer_manager_config config = {
        .shared = rig->shared,
        .requests = rig->other_requests,
        .responses = rig->other_responses,
        .torrent = {2, 1},
        .metainfo = {.piece_count = 8,
                     .piece_bytes = 32768,
                     .total_bytes = 8 * 32768,
                     .have = &rig->have},
    };
    return peer_manager_new(&config);
}

void rig_end_other(struct rig *rig, struct peer_manager *other)
{
    peer_manager_free(other);
    bus_free(rig->other_requests, rig->pool);
    bus_free(rig->other_responses, rig->pool);
}

void rig_run(struct rig *rig, uint64_t for_ns)
{
    world_run(&rig->world, for_ns);
}

static void post(struct rig *rig, struct message *message)
{
    message->torrent = (struct torrent_id){1, 1};
    VNET_REQUIRE(bus_post(rig->requests, message) == ERROR_NONE);
}

struct netaddr rig_address(const char *text)
{
    return vnet_parse(text);
}

static void post_candidate(struct rig *rig, const char *address, enum peer_source source,
                           bool by_v2)
{
    struct message message = {.type = PEER_CONNECT};
    message.u.candidate.address = vnet_parse(address);
    message.u.candidate.source = source;
    message.u.candidate.by_v2 = by_v2;
    post(rig, &message);
}

void rig_connect(struct rig *rig, const char *address, enum peer_source source)
{
    post_candidate(rig, address, source, false);
}

void rig_connect_v2(struct rig *rig, const char *address, enum peer_source source)
{
    post_candidate(rig, address, source, true);
}

void rig_post(struct rig *rig, enum message_type type, struct peer_id_ref peer)
{
    struct message message = {.type = type, .peer = peer};
    post(rig, &message);
}

void rig_post_gone(struct rig *rig, enum message_type type, struct peer_id_ref peer,
                   enum peer_reason reason)
{
    struct message message = {.type = type, .peer = peer, .u.gone.reason = reason};
    post(rig, &message);
}

void rig_post_block(struct rig *rig, enum message_type type, struct peer_id_ref peer,
                    uint32_t piece, uint32_t begin, uint32_t length)
{
    struct message message = {
        .type = type, .peer = peer, .u.block = {piece, begin, length}};
    post(rig, &message);
}

void rig_post_limits(struct rig *rig, struct peer_id_ref peer, uint64_t down, uint64_t up)
{
    struct message message = {.type = PEER_LIMIT, .peer = peer, .u.limits = {down, up}};
    post(rig, &message);
}

void rig_post_interest(struct rig *rig, struct peer_id_ref peer, bool on)
{
    struct message message = {.type = PEER_INTEREST, .peer = peer, .u.flag.on = on};
    post(rig, &message);
}

void rig_forget(struct rig *rig)
{
    memset(rig->count, 0, sizeof rig->count);
    rig->wanted = rig->read = 0;
    buffer_clear(&rig->story);
}

struct script_hello rig_hello(const struct rig *rig, char id, bool fast, bool extended)
{
    struct script_hello hello = {.hash = rig->hash, .fast = fast, .extended = extended};
    memset(hello.peer_id, id, sizeof hello.peer_id);
    return hello;
}

bool rig_row(const struct rig *rig, const char *address, struct peer_row *ret_row)
{
    const struct netaddr at = vnet_parse(address);
    for (uint32_t i = 0; peer_manager_row(rig->manager, i, ret_row); i++)
        if (netaddr_equal(&ret_row->address, &at))
            return true;
    return false;
}
