#include "tests/unit/sharing/member.h"
#include "net/mse.h"

#include "tests/lib/vnet_private.h"

#include <string.h>

#define POOL_BYTES (16u << 20)
#define PICK_MAX   256u
#define RETRY_NS   (NS_PER_S / 4)
#define PORT       6881

static void post(struct member *member, struct message *message)
{
    message->torrent = (struct torrent_id){1, 1};
    VNET_REQUIRE(bus_post(member->requests, message) == ERROR_NONE);
}

/* ---- what a Torrent Manager does ---- */

static bool is_interested(const struct member *member, struct peer_id_ref peer)
{
    return member->interested[peer.index].generation == peer.generation;
}

static void set_interest(struct member *member, struct peer_id_ref peer, bool on)
{
    struct message message = {.type = PEER_INTEREST, .peer = peer, .u.flag.on = on};
    if (is_interested(member, peer) == on)
        return;
    member->interested[peer.index] = on ? peer : (struct peer_id_ref){0};
    post(member, &message);
}

static void update_interest(struct member *member, struct peer_id_ref peer)
{
    bool is_seed;
    const struct bitfield *bits = peer_manager_bitfield(member->peers, peer, &is_seed);
    set_interest(member, peer,
                 member->done_ns == 0 &&
                     piece_manager_is_interesting(member->pieces, peer, bits, is_seed));
}

static void on_handshaken(struct member *member, struct peer_id_ref peer)
{
    struct netaddr address;
    uint8_t peer_id[20];
    VNET_REQUIRE(peer.index < MEMBERS_MAX * 4);
    VNET_REQUIRE(peer_manager_address(member->peers, peer, &address));
    if (peer_manager_peer_id(member->peers, peer, peer_id))
        VNET_REQUIRE(piece_manager_peer_joined(member->pieces, peer, &address, peer_id) ==
                     ERROR_NONE);
}

static void on_pieces(struct member *member, const struct message *message)
{
    bool is_seed;
    const struct bitfield *bits =
        peer_manager_bitfield(member->peers, message->peer, &is_seed);
    if (message->type == PEER_HAS_PIECES)
        piece_manager_has_pieces(
            member->pieces, message->peer, bits, is_seed,
            peer_manager_piece_changes(member->peers, message->peer));
    else
        piece_manager_has_piece(member->pieces, message->peer, message->u.piece.piece,
                                message->u.piece.change);
    if (!is_interested(member, message->peer))
        update_interest(member, message->peer);
    else if (member->starving)
        peer_manager_wake_peer(member->peers, message->peer);
}

static void on_idle(struct member *member, const struct message *message)
{
    struct block_ref blocks[PICK_MAX];
    bool is_seed;
    const struct bitfield *bits =
        peer_manager_bitfield(member->peers, message->peer, &is_seed);
    const uint32_t room =
        message->u.room.blocks < PICK_MAX ? message->u.room.blocks : PICK_MAX;
    uint32_t count = 0;
    if (peer_manager_unchokes_us(member->peers, message->peer))
        count = piece_manager_pick(member->pieces, message->peer, bits, is_seed,
                                   peer_manager_rate(member->peers, message->peer), room,
                                   blocks);
    for (uint32_t i = 0; i < count; i++) {
        struct message request = {
            .type = PEER_REQUEST, .peer = message->peer, .u.block = blocks[i]};
        post(member, &request);
    }
    if (count == 0)
        update_interest(member, message->peer);
    if (count == room)
        return;
    member->starving = true;
    if (!loop_timer_is_set(&member->retry))
        loop_timer_set_in(member->party->world.loop, &member->retry, RETRY_NS);
}

static void on_retry(void *context)
{
    struct member *member = context;
    member->starving = false;
    peer_manager_wake_idle(member->peers);
}

static void on_cancel(void *context, struct peer_id_ref peer,
                      const struct block_ref *block)
{
    struct message message = {.type = PEER_CANCEL, .peer = peer, .u.block = *block};
    post(context, &message);
}

static void on_gone(struct member *member, struct peer_id_ref peer)
{
    bool is_seed;
    const struct bitfield *bits = peer_manager_bitfield(member->peers, peer, &is_seed);
    piece_manager_peer_gone(member->pieces, peer, bits, is_seed);
}

static void take(struct member *member, struct message *message)
{
    struct block *block = message->u.block_data.block;
    switch ((int)message->type) {
    case PEER_HANDSHAKEN:
        on_handshaken(member, message->peer);
        break;
    case PEER_GONE:
        on_gone(member, message->peer);
        break;
    case PEER_HAS_PIECES:
    case PEER_HAS_PIECE:
        on_pieces(member, message);
        break;
    case PEER_UPLOAD_ONLY:
        piece_manager_set_upload_only(member->pieces, message->peer, message->u.flag.on);
        break;
    case PEER_IDLE:
        on_idle(member, message);
        break;
    case PEER_BLOCK_ARRIVED:
        if (member->first_ns == 0)
            member->first_ns = loop_now_ns(member->party->world.loop);
        if (piece_manager_on_block(member->pieces, message->peer, block) !=
            PIECE_ARRIVAL_ACCEPTED)
            block_pool_give(member->pool, block);
        break;
    case PEER_REJECTED:
        piece_manager_refused(member->pieces, message->peer, &message->u.block);
        member->generation_seen = piece_manager_generation(member->pieces);
        break;
    case PEER_RETURNED:
        piece_manager_released(member->pieces, message->peer, &message->u.block);
        member->generation_seen = piece_manager_generation(member->pieces);
        break;
    case PEER_STALLED:
    case PEER_SNUBBED:
        piece_manager_peer_stalled(member->pieces, message->peer);
        break;
    default:
        message_done(message, member->pool);
        break;
    }
}

static void become_complete(struct member *member)
{
    member->done_ns = loop_now_ns(member->party->world.loop);
    for (uint32_t i = 0; i < MEMBERS_MAX * 4; i++)
        if (member->interested[i].generation != 0)
            set_interest(member, member->interested[i], false);
    peer_manager_set_complete(member->peers, !member->rides_free);
    peer_manager_set_upload_only(member->peers, true);
}

static void verify(struct member *member)
{
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    struct piece_counts counts;
    struct piece_run run;
    while (piece_manager_next_run(member->pieces, &run)) {
        struct message have = {.type = PEER_HAVE, .u.piece.piece = run.piece};
        block_pool_give_chain(member->pool, run.chain);
        VNET_REQUIRE(run.last);
        piece_manager_verified(member->pieces, run.piece, NULL, guilty);
        if (!member->rides_free)
            post(member, &have);
    }
    piece_manager_get_counts(member->pieces, &counts);
    if (counts.wanted_left == 0 && member->done_ns == 0)
        become_complete(member);
}

static bool on_hook(void *context)
{
    struct member *member = context;
    struct message message;
    while (bus_take(member->responses, &message))
        take(member, &message);
    verify(member);
    const uint32_t generation = piece_manager_generation(member->pieces);
    if (member->starving && generation != member->generation_seen) {
        member->generation_seen = generation;
        member->starving = false;
        peer_manager_wake_idle(member->peers);
        while (bus_take(member->responses, &message))
            take(member, &message);
    }
    const bool more = peer_manager_run(member->peers);
    return more || bus_length(member->responses) > 0;
}

/* All is in memory, and it is all the same. */
static uint32_t read_now(void *context, struct block *chain)
{
    uint32_t count = 0;
    (void)context;
    for (; chain != NULL; chain = chain->next)
        count++;
    return count;
}

static struct peer_manager *lookup(void *context, const struct info_hash *hash)
{
    const struct member *member = context;
    return info_hash_equal(hash, &member->party->hash) ? member->peers : NULL;
}

static struct peer_manager *find(void *context, const uint8_t obfuscated[SHA1_BYTES],
                                 struct info_hash *ret_hash)
{
    const struct member *member = context;
    uint8_t own[SHA1_BYTES];
    mse_obfuscate(&member->party->hash, own);
    *ret_hash = member->party->hash;
    return memcmp(own, obfuscated, sizeof own) == 0 ? member->peers : NULL;
}

/* ---- life ---- */

static void address_of(uint32_t number, char ret_text[24])
{
    snprintf(ret_text, 24, "10.0.%u.1", number + 1);
}

static void make_pieces(struct member *member)
{
    const struct party *party = member->party;
    struct piece_manager_config config = {
        .total_bytes = (uint64_t)party->pieces * party->piece_bytes,
        .piece_bytes = party->piece_bytes,
        .piece_count = party->pieces,
        .clock = &member->party->world.clock.clock,
        .random = &member->party->world.random.source,
        .pool = member->pool,
        .cancel = on_cancel,
        .context = member,
    };
    memset(config.peer_id, 'a' + (int)member->number, sizeof config.peer_id);
    VNET_REQUIRE(piece_manager_new(&config, &member->pieces) == ERROR_NONE);
}

static void make_peers(struct member *member)
{
    const struct party *party = member->party;
    struct peer_manager_config config = {
        .shared = member->shared,
        .requests = member->requests,
        .responses = member->responses,
        .torrent = {1, 1},
        .hash = party->hash,
        .metainfo = {.piece_count = party->pieces,
                     .piece_bytes = party->piece_bytes,
                     .total_bytes = (uint64_t)party->pieces * party->piece_bytes,
                     .have = member->rides_free ? &member->nothing
                                                : piece_manager_have(member->pieces)},
        .read_now = read_now,
        .context = member,
    };
    memset(config.peer_id, 'a' + (int)member->number, sizeof config.peer_id);
    member->peers = peer_manager_new(&config);
    VNET_REQUIRE(member->peers != NULL);
}

static void listen_at(struct member *member, const char *host)
{
    const struct netaddr at = {.family = NETADDR_V4, .port = PORT};
    uint16_t port;
    member->net = vnet_host(member->party->world.vnet, host);
    VNET_REQUIRE(member->net->listen(member->net->context, member->party->world.loop, &at,
                                     incoming_accept, member->incoming, &member->listener,
                                     &port) == ERROR_NONE);
}

static void begin_member(struct party *party, uint32_t number,
                         const struct party_plan *plan)
{
    struct member *member = &party->members[number];
    char host[24];
    const uint64_t uplink = number == 0 ? plan->seed_uplink : plan->uplink;
    const bool is_rider = number >= plan->members - plan->riders;
    const uint64_t trickle = is_rider ? plan->trickle : 0;
    *member = (struct member){
        .party = party, .number = number, .rides_free = plan->trickle == 0 && is_rider};
    address_of(number, host);
    member->pool = block_pool_new(POOL_BYTES);
    const struct peer_shared_config shared = {
        .loop = party->world.loop,
        .net = vnet_host(party->world.vnet, host),
        .random = &party->world.random.source,
        .pool = member->pool,
    };
    member->shared = peer_shared_new(&shared);
    member->incoming = incoming_new(member->shared, lookup, find, member);
    member->requests = bus_new(1u << 20);
    member->responses = bus_new(1u << 20);
    VNET_REQUIRE(bitfield_init(&member->nothing, party->pieces) == ERROR_NONE);
    loop_timer_init(&member->retry, on_retry, member);
    listen_at(member, host);
    vnet_set_uplink(party->world.vnet, host, plan->limited ? 0 : uplink);
    peer_shared_set_port(member->shared, PORT);
    peer_shared_set_limits(member->shared, 0,
                           plan->limited && trickle == 0 ? uplink : trickle);
    make_pieces(member);
    make_peers(member);
    member->hook = (struct loop_hook){.callback = on_hook, .context = member};
    loop_hook_add(party->world.loop, &member->hook);
}

static void have_everything(struct member *member)
{
    struct bitfield all;
    VNET_REQUIRE(bitfield_init(&all, member->party->pieces) == ERROR_NONE);
    bitfield_set_all(&all);
    piece_manager_set_have(member->pieces, &all);
    bitfield_done(&all);
    become_complete(member);
}

static void tell_of(struct member *member, const char *address)
{
    struct message message = {.type = PEER_CONNECT};
    message.u.candidate.address = vnet_parse(address);
    message.u.candidate.source = PEER_SOURCE_TRACKER;
    post(member, &message);
}

static void tell_of_nobody(struct member *member, const struct party_plan *plan)
{
    for (uint32_t i = 0; i < plan->silent + plan->closed; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.1.%u.1:%d", i + 1, PORT);
        if (i < plan->silent)
            vnet_set_fate(member->party->world.vnet, address, VNET_SILENT);
        tell_of(member, address);
    }
}

/* Of two, the later one dials. */
static void introduce(struct party *party, const struct party_plan *plan)
{
    const uint32_t seeds = plan->seeds > 0 ? plan->seeds : 1;
    for (uint32_t i = seeds; i < party->count; i++) {
        tell_of_nobody(&party->members[i], plan);
        for (uint32_t j = 0; j < i; j++) {
            char host[24], address[32];
            address_of(j, host);
            snprintf(address, sizeof address, "%s:%d", host, PORT);
            tell_of(&party->members[i], address);
        }
    }
}

void party_begin(struct party *party, const struct party_plan *plan)
{
    const struct vnet_link link = {.latency_ns = plan->latency_ns > 0 ? plan->latency_ns
                                                                      : NS_PER_MS};
    VNET_REQUIRE(plan->members <= MEMBERS_MAX);
    world_init(&party->world, plan->dice);
    vnet_set_link(party->world.vnet, &link);
    party->count = plan->members;
    party->pieces = plan->pieces;
    party->piece_bytes = plan->piece_bytes;
    memset(party->hash.bytes, 'H', sizeof party->hash.bytes);
    for (uint32_t i = 0; i < party->count; i++)
        begin_member(party, i, plan);
    peer_manager_set_super_seed(party->members[0].peers, plan->super_seed);
    have_everything(&party->members[0]);
    for (uint32_t i = 1; i < plan->seeds; i++)
        have_everything(&party->members[i]);
    introduce(party, plan);
    const uint32_t seeds = plan->seeds > 0 ? plan->seeds : 1;
    for (uint32_t i = 0; i < seeds; i++)
        peer_manager_start(party->members[i].peers);
    if (plan->lead_s > 0)
        world_run(&party->world, plan->lead_s * NS_PER_S);
    party->began_ns = loop_now_ns(party->world.loop);
    for (uint32_t i = seeds; i < party->count; i++)
        peer_manager_start(party->members[i].peers);
}

static bool all_done(const void *context)
{
    const struct party *party = context;
    for (uint32_t i = 0; i < party->count; i++)
        if (party->members[i].done_ns == 0)
            return false;
    return true;
}

bool party_run(struct party *party, uint32_t limit_s)
{
    return world_run_until(&party->world, limit_s * NS_PER_S, all_done, party);
}

static bool last_has_first(const void *context)
{
    const struct party *party = context;
    return party->members[party->count - 1].first_ns > 0;
}

bool party_run_to_first(struct party *party, uint32_t limit_s)
{
    return world_run_until(&party->world, limit_s * NS_PER_S, last_has_first, party);
}

static uint32_t end_member(struct member *member)
{
    loop_timer_cancel(member->party->world.loop, &member->retry);
    member->net->unlisten(member->net->context, member->listener);
    peer_manager_free(member->peers);
    incoming_free(member->incoming);
    peer_shared_free(member->shared);
    bus_free(member->requests, member->pool);
    bus_free(member->responses, member->pool);
    loop_hook_remove(member->party->world.loop, &member->hook);
    piece_manager_free(member->pieces);
    bitfield_done(&member->nothing);
    const uint32_t lost = block_pool_total(member->pool) - block_pool_left(member->pool);
    block_pool_free(member->pool);
    return lost;
}

int party_end(struct party *party)
{
    uint32_t lost = 0;
    for (uint32_t i = 0; i < party->count; i++)
        lost += end_member(&party->members[i]);
    lost += vnet_open_streams(party->world.vnet);
    world_done(&party->world);
    return (int)lost;
}

double member_seconds(const struct member *member)
{
    return (double)(member->done_ns - member->party->began_ns) / (double)NS_PER_S;
}

double member_first_seconds(const struct member *member)
{
    return (double)(member->first_ns - member->party->began_ns) / (double)NS_PER_S;
}

double member_copies(const struct member *member)
{
    const struct party *party = member->party;
    struct peer_counts counts;
    peer_manager_get_counts(member->peers, &counts);
    return (double)counts.uploaded / ((double)party->pieces * party->piece_bytes);
}
