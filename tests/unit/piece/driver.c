#include "tests/unit/piece/driver.h"

#include "piece/piece_manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIVER_PEERS      6u
#define DRIVER_PIECES_MAX 24u
#define DRIVER_BLOCKS_MAX 80u
#define DRIVER_POOL       256u

#define DRIVER_CHECK(condition)                                                          \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
            abort();                                                                     \
        }                                                                                \
    } while (0)

enum driver_block { DRIVER_AWAY, DRIVER_HERE, DRIVER_AT_DISK };

struct driver_peer {
    bool is_here, is_seed, is_stalled, is_guilty;
    uint32_t generation, changes; /* of its pieces */
    struct bitfield bits;
    bool asked[DRIVER_PIECES_MAX][DRIVER_BLOCKS_MAX];
};

struct driver {
    const uint8_t *bytes;
    size_t length;
    struct clock_virtual clock;
    struct random_seeded random;
    struct block_pool *pool;
    struct piece_manager *manager;
    struct piece_manager_config config;
    struct driver_peer peers[DRIVER_PEERS];
    uint8_t blocks[DRIVER_PIECES_MAX][DRIVER_BLOCKS_MAX]; /* enum driver_block */
    bool is_verifying[DRIVER_PIECES_MAX];
    bool is_had[DRIVER_PIECES_MAX];
    uint8_t salt_held[DRIVER_PIECES_MAX]; /* of a piece that waits for a proof; 0: none */
    struct block *disk[DRIVER_PIECES_MAX]; /* what the disk holds of each piece */
};

static uint8_t driver_byte(struct driver *driver)
{
    if (driver->length == 0)
        return 0;
    driver->length--;
    return *driver->bytes++;
}

static uint32_t driver_below(struct driver *driver, uint32_t limit)
{
    return driver_byte(driver) % limit;
}

static struct peer_id_ref driver_ref(const struct driver *driver, uint32_t peer)
{
    return (struct peer_id_ref){peer, driver->peers[peer].generation};
}

static const struct bitfield *driver_bits(const struct driver *driver, uint32_t peer)
{
    return driver->peers[peer].is_seed ? NULL : &driver->peers[peer].bits;
}

static void driver_on_cancel(void *context, struct peer_id_ref ref,
                             const struct block_ref *block)
{
    struct driver *driver = context;
    struct driver_peer *peer = &driver->peers[ref.index];
    DRIVER_CHECK(peer->is_here && peer->generation == ref.generation);
    DRIVER_CHECK(peer->asked[block->piece][block->begin / BLOCK_BYTES]);
    peer->asked[block->piece][block->begin / BLOCK_BYTES] = false;
}

/* ---- what can happen ---- */

static void driver_join(struct driver *driver, uint32_t index)
{
    struct driver_peer *peer = &driver->peers[index];
    if (peer->is_here)
        return;
    const struct netaddr address = {
        .family = NETADDR_V4, .bytes = {10, 0, 0, (uint8_t)index}, .port = 6881};
    peer->is_here = true;
    peer->is_stalled = peer->is_guilty = false;
    peer->generation++;
    peer->is_seed = driver_below(driver, 4) == 0;
    const uint8_t peer_id[20] = {(uint8_t)index};
    DRIVER_CHECK(piece_manager_peer_joined(driver->manager, driver_ref(driver, index),
                                           &address, peer_id) == ERROR_NONE);
    DRIVER_CHECK(bitfield_init(&peer->bits, driver->config.piece_count) == ERROR_NONE);
    const uint8_t mask = driver_byte(driver);
    for (uint32_t i = 0; i < driver->config.piece_count; i++)
        if (mask >> (i % 8) & 1)
            bitfield_set(&peer->bits, i);
    piece_manager_has_pieces(driver->manager, driver_ref(driver, index),
                             driver_bits(driver, index), peer->is_seed, peer->changes);
}

static void driver_forget_requests(struct driver_peer *peer)
{
    memset(peer->asked, 0, sizeof peer->asked);
}

static void driver_go(struct driver *driver, uint32_t index)
{
    struct driver_peer *peer = &driver->peers[index];
    if (!peer->is_here)
        return;
    piece_manager_peer_gone(driver->manager, driver_ref(driver, index),
                            driver_bits(driver, index), peer->is_seed);
    driver_forget_requests(peer);
    bitfield_done(&peer->bits);
    peer->is_here = false;
}

static void driver_refuse(struct driver *driver, uint32_t index, uint32_t piece,
                          uint32_t at)
{
    const uint32_t left =
        piece_manager_piece_bytes(driver->manager, piece) - at * BLOCK_BYTES;
    const struct block_ref block = {piece, at * BLOCK_BYTES,
                                    left < BLOCK_BYTES ? left : BLOCK_BYTES};
    piece_manager_refused(driver->manager, driver_ref(driver, index), &block);
    driver->peers[index].asked[piece][at] = false;
}

static void driver_lacks(struct driver *driver, uint32_t index, uint32_t piece)
{
    struct driver_peer *peer = &driver->peers[index];
    if (peer->is_seed)
        bitfield_set_all(&peer->bits);
    peer->is_seed = false;
    bitfield_clear(&peer->bits, piece);
    for (uint32_t at = 0; at < DRIVER_BLOCKS_MAX; at++)
        if (peer->asked[piece][at])
            driver_refuse(driver, index, piece, at);
    piece_manager_lacks_piece(driver->manager, driver_ref(driver, index), piece,
                              ++peer->changes);
}

/* One more, or one less if it has it already. */
static void driver_have(struct driver *driver, uint32_t index)
{
    struct driver_peer *peer = &driver->peers[index];
    const uint32_t piece = driver_below(driver, driver->config.piece_count);
    if (!peer->is_here)
        return;
    if (peer->is_seed || !bitfield_set(&peer->bits, piece))
        driver_lacks(driver, index, piece);
    else
        piece_manager_has_piece(driver->manager, driver_ref(driver, index), piece,
                                ++peer->changes);
}

static void driver_check_pick(struct driver *driver, uint32_t index,
                              const struct block_ref *block, bool is_endgame)
{
    struct driver_peer *peer = &driver->peers[index];
    const uint32_t at = block->begin / BLOCK_BYTES;
    DRIVER_CHECK(piece_manager_is_block(driver->manager, block));
    DRIVER_CHECK(peer->is_seed || bitfield_get(&peer->bits, block->piece));
    DRIVER_CHECK(!driver->is_had[block->piece]);
    DRIVER_CHECK(driver->blocks[block->piece][at] == DRIVER_AWAY);
    DRIVER_CHECK(!peer->asked[block->piece][at]);
    uint32_t owners = 1, lively = 0;
    for (uint32_t i = 0; i < DRIVER_PEERS; i++)
        if (driver->peers[i].is_here && driver->peers[i].asked[block->piece][at]) {
            owners++;
            lively += !driver->peers[i].is_stalled;
        }
    DRIVER_CHECK(owners <= 3);
    DRIVER_CHECK(is_endgame == (lively > 0));
    peer->asked[block->piece][at] = true;
}

static uint32_t driver_pick(struct driver *driver, uint32_t index, uint32_t room,
                            uint64_t rate)
{
    struct driver_peer *peer = &driver->peers[index];
    struct block_ref blocks[64];
    if (!peer->is_here)
        return 0;
    const uint32_t count =
        piece_manager_pick(driver->manager, driver_ref(driver, index),
                           driver_bits(driver, index), peer->is_seed, rate, room, blocks);
    DRIVER_CHECK(count <= room);
    DRIVER_CHECK(count == 0 || !peer->is_guilty);
    for (uint32_t i = 0; i < count; i++)
        driver_check_pick(driver, index, &blocks[i],
                          piece_manager_in_endgame(driver->manager));
    return count;
}

static void driver_resync(struct driver *driver);

/* False when the pool is dry. */
static bool driver_deliver(struct driver *driver, uint32_t index, uint32_t piece,
                           uint32_t at)
{
    struct driver_peer *peer = &driver->peers[index];
    struct block *block = block_pool_take(driver->pool);
    if (block == NULL) {
        piece_manager_relieve(driver->manager, 4);
        driver_resync(driver);
        return false;
    }
    block->piece = piece;
    block->begin = at * BLOCK_BYTES;
    block->length = BLOCK_BYTES;
    const uint32_t left =
        piece_manager_piece_bytes(driver->manager, piece) - block->begin;
    if (left < BLOCK_BYTES)
        block->length = left;
    const bool was_asked = peer->asked[piece][at];
    const enum piece_arrival arrival =
        piece_manager_on_block(driver->manager, driver_ref(driver, index), block);
    DRIVER_CHECK(arrival != PIECE_ARRIVAL_BAD);
    DRIVER_CHECK(!was_asked || peer->is_guilty || arrival == PIECE_ARRIVAL_ACCEPTED);
    if (arrival != PIECE_ARRIVAL_ACCEPTED) {
        block_pool_give(driver->pool, block);
        return true;
    }
    peer->is_stalled = false;
    DRIVER_CHECK(driver->blocks[piece][at] == DRIVER_AWAY);
    driver->blocks[piece][at] = DRIVER_HERE;
    peer->asked[piece][at] = false;
    for (uint32_t i = 0; i < DRIVER_PEERS; i++)
        DRIVER_CHECK(!driver->peers[i].is_here || !driver->peers[i].asked[piece][at]);
    return true;
}

/* The first block this peer was asked for. */
static bool driver_oldest(const struct driver *driver, uint32_t index, uint32_t skip,
                          uint32_t *ret_piece, uint32_t *ret_at)
{
    const struct driver_peer *peer = &driver->peers[index];
    for (uint32_t piece = 0; peer->is_here && piece < driver->config.piece_count;
         piece++) {
        const bool *row = peer->asked[piece], *end = row + DRIVER_BLOCKS_MAX;
        for (const bool *at = row; (at = memchr(at, true, (size_t)(end - at))) != NULL;
             at++)
            if (skip-- == 0) {
                *ret_piece = piece;
                *ret_at = (uint32_t)(at - row);
                return true;
            }
    }
    return false;
}

static bool driver_deliver_asked(struct driver *driver, uint32_t index, uint32_t skip)
{
    uint32_t piece, at;
    if (!driver_oldest(driver, index, skip, &piece, &at))
        return false;
    return driver_deliver(driver, index, piece, at);
}

static void driver_reject(struct driver *driver, uint32_t index)
{
    uint32_t piece, at;
    if (driver_oldest(driver, index, driver_below(driver, 8), &piece, &at))
        driver_refuse(driver, index, piece, at);
}

/* ---- the disk ---- */

static void driver_take_runs(struct driver *driver)
{
    struct piece_run run;
    while (piece_manager_next_run(driver->manager, &run)) {
        DRIVER_CHECK(run.piece < driver->config.piece_count && run.chain != NULL);
        DRIVER_CHECK(!driver->is_verifying[run.piece] && !driver->is_had[run.piece]);
        const uint32_t count = piece_manager_block_count(driver->manager, run.piece);
        uint32_t at = 0, blocks = 0;
        while (at < count && driver->blocks[run.piece][at] == DRIVER_AT_DISK)
            at++;
        struct block *last = run.chain;
        for (struct block *block = run.chain; block != NULL; block = block->next) {
            DRIVER_CHECK(block->piece == run.piece && block->begin == at * BLOCK_BYTES);
            DRIVER_CHECK(driver->blocks[run.piece][at] == DRIVER_HERE);
            driver->blocks[run.piece][at++] = DRIVER_AT_DISK;
            last = block;
            blocks++;
        }
        DRIVER_CHECK(run.last == (at == count));
        DRIVER_CHECK(run.last || blocks >= 16);
        last->next = driver->disk[run.piece];
        driver->disk[run.piece] = run.chain;
        driver->is_verifying[run.piece] = run.last;
    }
}

static void driver_piece_back(struct driver *driver, uint32_t piece)
{
    block_pool_give_chain(driver->pool, driver->disk[piece]);
    driver->disk[piece] = NULL;
    driver->is_verifying[piece] = false;
    memset(driver->blocks[piece], DRIVER_AWAY, sizeof driver->blocks[piece]);
}

static void driver_convict(struct driver_peer *peer)
{
    peer->is_guilty = true;
    driver_forget_requests(peer);
}

static void driver_convict_all(struct driver *driver, const struct piece_guilty *guilty,
                               uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (driver->peers[guilty[i].peer.index].generation == guilty[i].peer.generation)
            driver_convict(&driver->peers[guilty[i].peer.index]);
}

/* It failed, and its blocks wait. */
static bool driver_hold(struct driver *driver, uint32_t piece, const uint8_t *sha1s,
                        uint8_t salt)
{
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    if (salt % 2 == 0 ||
        !piece_manager_can_hold(driver->manager, piece, driver->disk[piece]))
        return false;
    const uint32_t count =
        piece_manager_hold(driver->manager, piece, driver->disk[piece], sha1s, guilty);
    driver->disk[piece] = NULL;
    driver->is_verifying[piece] = false;
    driver->salt_held[piece] = salt;
    for (uint32_t i = 0; i < piece_manager_block_count(driver->manager, piece); i++)
        driver->blocks[piece][i] = DRIVER_HERE;
    driver_convict_all(driver, guilty, count);
    return true;
}

/* One block of it was wrong, or all, or none; or nobody can tell. */
static void driver_prove(struct driver *driver, uint32_t piece)
{
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    uint8_t digests[DRIVER_BLOCKS_MAX * SHA1_BYTES] = {0};
    uint8_t right[DRIVER_BLOCKS_MAX * SHA1_BYTES] = {0};
    const uint32_t count = piece_manager_block_count(driver->manager, piece);
    const uint8_t salt = driver->salt_held[piece];
    const bool is_told = salt % 8 != 7, all = salt % 8 == 5, none = salt % 8 == 3;
    struct piece_progress progress;
    piece_manager_get_progress(driver->manager, piece, &progress);
    const bool is_here = progress.arrived == count && driver->disk[piece] == NULL &&
                         !driver->is_verifying[piece];
    driver->salt_held[piece] = 0;
    digests[0] = right[0] = salt;
    for (uint32_t i = 0; i < count && !none; i++)
        right[i * SHA1_BYTES] ^= all || i == salt % count;
    if (!is_told)
        piece_manager_not_proved(driver->manager, piece);
    else
        driver_convict_all(
            driver, guilty,
            piece_manager_proved(driver->manager, piece, digests, right, guilty));
    for (uint32_t i = 0; i < count && is_here; i++)
        if (!is_told || none || right[i * SHA1_BYTES] != digests[i * SHA1_BYTES])
            driver->blocks[piece][i] = DRIVER_AWAY;
}

static void driver_verdict(struct driver *driver, uint32_t piece, bool passes,
                           uint8_t salt)
{
    if (driver->salt_held[piece] != 0)
        driver_prove(driver, piece);
    if (!driver->is_verifying[piece])
        return;
    uint8_t digests[DRIVER_BLOCKS_MAX * SHA1_BYTES] = {0};
    digests[0] = passes ? 0 : salt;
    struct piece_guilty guilty[PIECE_GUILTY_MAX];
    const uint8_t *sha1s = salt % 4 == 0 ? NULL : digests;
    if (!passes && driver_hold(driver, piece, digests, salt))
        return;
    driver->is_had[piece] = passes;
    const uint32_t count =
        passes ? piece_manager_verified(driver->manager, piece, sha1s, guilty)
               : piece_manager_failed(driver->manager, piece, sha1s, guilty);
    driver_piece_back(driver, piece);
    driver_convict_all(driver, guilty, count);
    DRIVER_CHECK(bitfield_get(piece_manager_have(driver->manager), piece) == passes);
}

/* What piece_manager dropped by itself: read off its progress. */
static void driver_resync(struct driver *driver)
{
    for (uint32_t piece = 0; piece < driver->config.piece_count; piece++) {
        struct piece_progress progress;
        piece_manager_get_progress(driver->manager, piece, &progress);
        uint32_t here = 0;
        for (uint32_t at = 0; at < progress.blocks; at++)
            here += driver->blocks[piece][at] != DRIVER_AWAY;
        if (driver->is_had[piece])
            continue;
        if (progress.arrived < progress.blocks)
            driver->salt_held[piece] = 0;
        /* Blocks are dropped from the end of a piece. */
        for (uint32_t at = progress.blocks; at-- > 0 && here > progress.arrived;)
            if (driver->blocks[piece][at] == DRIVER_HERE) {
                driver->blocks[piece][at] = DRIVER_AWAY;
                here--;
            }
        DRIVER_CHECK(here == progress.arrived);
    }
}

static void driver_priority(struct driver *driver)
{
    const uint32_t piece = driver_below(driver, driver->config.piece_count);
    static const uint8_t priorities[] = {0, 1, 4, 7};
    piece_manager_set_priority(driver->manager, piece,
                               priorities[driver_below(driver, 4)]);
    driver_resync(driver);
}

static void driver_disk_error(struct driver *driver, uint32_t piece)
{
    if (driver->disk[piece] == NULL)
        return;
    piece_manager_disk_error(driver->manager, piece);
    driver_piece_back(driver, piece);
}

static void driver_step(struct driver *driver)
{
    const uint32_t action = driver_below(driver, 32);
    const uint32_t peer = driver_below(driver, DRIVER_PEERS);
    const uint32_t piece = driver_below(driver, driver->config.piece_count);
    switch (action) {
    case 0:
        driver_join(driver, peer);
        break;
    case 1:
        driver_go(driver, peer);
        break;
    case 2:
        driver_have(driver, peer);
        break;
    case 3:
        piece_manager_peer_lost(driver->manager, driver_ref(driver, peer));
        driver_forget_requests(&driver->peers[peer]);
        driver->peers[peer].is_stalled = false;
        break;
    case 4:
        piece_manager_peer_stalled(driver->manager, driver_ref(driver, peer));
        driver->peers[peer].is_stalled = driver->peers[peer].is_here;
        break;
    case 5:
        driver_reject(driver, peer);
        break;
    case 6:
        driver_priority(driver);
        break;
    case 7:
        driver_disk_error(driver, piece);
        break;
    case 8:
        piece_manager_set_sequential(driver->manager, piece % 2 == 0);
        break;
    case 9:
        clock_virtual_advance(&driver->clock, piece * 200 * NS_PER_MS);
        break;
    case 10:
        driver_verdict(driver, piece, false, driver_byte(driver));
        break;
    case 11:
    case 12:
        driver_verdict(driver, piece, true, driver_byte(driver));
        break;
    case 13:
    case 14:
        driver_take_runs(driver);
        break;
    case 15: /* unasked: after a cancel or a choke */
        if (driver->peers[peer].is_here && driver->blocks[piece][0] == DRIVER_AWAY)
            driver_deliver(driver, peer, piece, 0);
        break;
    default:
        if (action < 22)
            driver_pick(driver, peer, 1 + driver_below(driver, 32),
                        (uint64_t)piece * piece * 4096);
        else
            for (uint32_t i = driver_below(driver, 16); i > 0; i--)
                driver_deliver_asked(driver, peer, driver_below(driver, 4));
    }
    clock_virtual_advance(&driver->clock, NS_PER_MS);
}

/* After everything that may have happened, one honest seed must be enough. */
static void driver_finish(struct driver *driver)
{
    for (uint32_t i = 0; i < DRIVER_PEERS; i++)
        driver_go(driver, i);
    for (uint32_t i = 0; i < driver->config.piece_count; i++)
        piece_manager_set_priority(driver->manager, i, PIECE_PRIORITY_NORMAL);
    driver_resync(driver);
    driver_join(driver, 0);
    struct driver_peer *seed = &driver->peers[0];
    if (!seed->is_seed)
        for (uint32_t i = 0; i < driver->config.piece_count; i++)
            if (bitfield_set(&seed->bits, i))
                piece_manager_has_piece(driver->manager, driver_ref(driver, 0), i,
                                        ++seed->changes);
    struct piece_counts counts = {.wanted_left = 1};
    for (uint32_t turn = 0; counts.wanted_left > 0; turn++) {
        DRIVER_CHECK(turn < 10000);
        driver_pick(driver, 0, 16, 1 << 20);
        while (driver_deliver_asked(driver, 0, 0))
            ;
        driver_take_runs(driver);
        for (uint32_t i = 0; i < driver->config.piece_count; i++)
            driver_verdict(driver, i, true, 1);
        clock_virtual_advance(&driver->clock, 100 * NS_PER_MS);
        piece_manager_get_counts(driver->manager, &counts);
    }
    DRIVER_CHECK(counts.have == driver->config.piece_count);
    DRIVER_CHECK(counts.have_bytes == driver->config.total_bytes);
    DRIVER_CHECK(counts.wanted_left_bytes == 0);
    DRIVER_CHECK(piece_manager_requested_blocks(driver->manager) == 0);
    DRIVER_CHECK(!piece_manager_is_interesting(driver->manager, driver_ref(driver, 0),
                                               driver_bits(driver, 0), seed->is_seed));
    driver_go(driver, 0);
    for (uint32_t i = 0; i < driver->config.piece_count; i++)
        DRIVER_CHECK(piece_manager_availability(driver->manager, i) == 0);
}

static void driver_new_manager(struct driver *driver)
{
    static const uint32_t piece_bytes[] = {1,     16384,   20000,
                                           65536, 1 << 20, (1 << 20) + (1 << 18)};
    struct piece_manager_config *config = &driver->config;
    config->piece_bytes = piece_bytes[driver_below(driver, 6)];
    config->piece_count = 1 + driver_below(driver, DRIVER_PIECES_MAX);
    const uint32_t last = 1 + driver_byte(driver) * 257u % config->piece_bytes;
    config->total_bytes =
        (uint64_t)(config->piece_count - 1) * config->piece_bytes + last;
    config->clock = &driver->clock.clock;
    config->random = &driver->random.source;
    config->pool = driver->pool;
    config->budget_blocks = 32 + driver_below(driver, 128);
    config->cancel = driver_on_cancel;
    config->context = driver;
    DRIVER_CHECK(piece_manager_new(config, &driver->manager) == ERROR_NONE);
}

void driver_run(const uint8_t *bytes, size_t length)
{
    struct driver *driver = calloc(1, sizeof *driver);
    DRIVER_CHECK(driver != NULL);
    driver->bytes = bytes;
    driver->length = length;
    clock_virtual_init(&driver->clock, NS_PER_S);
    random_seeded_init(&driver->random, length);
    driver->pool = block_pool_new(DRIVER_POOL * BLOCK_BYTES);
    driver_new_manager(driver);
    while (driver->length > 0) {
        driver_step(driver);
        driver_resync(driver);
    }
    driver_finish(driver);
    piece_manager_free(driver->manager);
    DRIVER_CHECK(block_pool_left(driver->pool) == block_pool_total(driver->pool));
    block_pool_free(driver->pool);
    free(driver);
}
