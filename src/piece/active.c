#include "piece/active.h"

#include "piece/roster.h"

#include <stdlib.h>
#include <utlist.h>

#define ACTIVE_SPARE_MAX    64u
#define ACTIVE_CHUNK_LENGTH 256

struct request_chunk {
    struct request_chunk *next;
    struct request requests[ACTIVE_CHUNK_LENGTH];
};

void active_table_init(struct active_table *table, uint32_t block_count_max)
{
    *table = (struct active_table){.block_count_max = block_count_max};
}

/* Whether FACT holds, which it always does: else the books are wrong from now on. */
static bool holds(struct active_table *table, bool fact, const char *name)
{
    if (!fact && table->broken == NULL)
        table->broken = name;
    return fact;
}

void active_table_done(struct active_table *table)
{
    table->count = 0;
    active_table_trim(table);
    *table = (struct active_table){0};
}

struct active *active_find(const struct active_table *table, uint32_t piece)
{
    struct active *active;
    HASH_FIND(hh, table->by_piece, &piece, sizeof piece, active);
    return active;
}

/* Pieces come and go thousands of times a second when they are small. */
static struct active *active_memory(struct active_table *table)
{
    const size_t room = table->block_count_max;
    const size_t bytes =
        sizeof(struct active) + room * (sizeof(struct active_block) + sizeof(void *));
    struct active *active = table->spare;
    if (active != NULL) {
        table->spare = active->open_next;
        table->spare_count--;
        memset(active, 0, bytes);
    } else {
        active = calloc(1, bytes);
    }
    if (active != NULL)
        active->from = (struct piece_source **)(void *)(active->blocks + room);
    return active;
}

static void active_free(struct active_table *table, struct active *active)
{
    if (table->spare_count >= ACTIVE_SPARE_MAX || table->block_count_max > 1024) {
        free(active);
        return;
    }
    active->open_next = table->spare;
    table->spare = active;
    table->spare_count++;
}

struct active *active_open(struct active_table *table, uint32_t piece,
                           uint32_t block_count)
{
    if (!holds(table, block_count <= table->block_count_max, "size of a piece"))
        return NULL;
    struct active *active = active_memory(table);
    if (active == NULL)
        return NULL;
    active->piece = piece;
    active->block_count = active->missing = block_count;
    HASH_ADD(hh, table->by_piece, piece, sizeof piece, active);
    if (active->hh.tbl == NULL) {
        free(active);
        return NULL;
    }
    table->count++;
    table->reserved += block_count;
    table->missing += block_count;
    active_place(table, active);
    return active;
}

static void active_unlist(struct active_table *table, struct active *active)
{
    if (active->place == ACTIVE_PLACE_SHARED) {
        DL_DELETE2(table->shared, active, open_prev, open_next);
        table->shared_count--;
    } else if (active->place == ACTIVE_PLACE_ALONE) {
        DL_DELETE2(table->alone, active, open_prev, open_next);
        DL_DELETE2(active->alone->own, active, own_prev, own_next);
    }
    active->place = ACTIVE_PLACE_NONE;
}

/* A piece that was begun waits before the new ones. */
static void active_list(struct active_table *table, struct active *active)
{
    if (active->alone != NULL) {
        active->place = ACTIVE_PLACE_ALONE;
        DL_APPEND2(table->alone, active, open_prev, open_next);
        DL_APPEND2(active->alone->own, active, own_prev, own_next);
        return;
    }
    active->place = ACTIVE_PLACE_SHARED;
    table->shared_count++;
    if (active->missing < active->block_count)
        DL_PREPEND2(table->shared, active, open_prev, open_next);
    else
        DL_APPEND2(table->shared, active, open_prev, open_next);
}

void active_place(struct active_table *table, struct active *active)
{
    const bool is_open = active->missing > 0;
    if (is_open == (active->place != ACTIVE_PLACE_NONE))
        return;
    if (is_open)
        active_list(table, active);
    else
        active_unlist(table, active);
}

void active_set_alone(struct active_table *table, struct active *active,
                      struct piece_peer *peer)
{
    if (active->alone == peer)
        return;
    active_unlist(table, active);
    if (active->alone != NULL)
        active->alone->own_count--;
    active->alone = peer;
    if (peer != NULL)
        peer->own_count++;
    active_place(table, active);
}

void active_close(struct active_table *table, struct active *active,
                  struct block_pool *pool)
{
    for (uint32_t i = 0; i < active->block_count; i++)
        while (!holds(table, active->blocks[i].owner_count == 0, "requests of a piece"))
            active_release(table, active->blocks[i].owners[0]);
    active_set_alone(table, active, NULL);
    active_unlist(table, active);
    if (active->is_ready)
        DL_DELETE2(table->ready, active, ready_prev, ready_next);
    for (uint32_t i = 0; i < active->block_count; i++) {
        block_pool_give(pool, active->blocks[i].data);
        source_unref(active->from[i]);
    }
    table->missing -= active->missing;
    table->reserved -= active->block_count;
    table->count--;
    HASH_DEL(table->by_piece, active);
    active_free(table, active);
}

void active_table_begin_anew(struct active_table *table)
{
    if (table->by_piece != NULL)
        return;
    table->count = table->shared_count = 0;
    table->reserved = table->missing = table->requested = 0;
    table->broken = NULL;
}

void active_table_trim(struct active_table *table)
{
    if (table->count > 0)
        return;
    while (table->spare != NULL) {
        struct active *spare = table->spare;
        table->spare = spare->open_next;
        free(spare);
    }
    while (table->chunks != NULL) {
        struct request_chunk *chunk = table->chunks;
        table->chunks = chunk->next;
        free(chunk);
    }
    table->spare_count = 0;
    table->free_requests = NULL;
}

/* ---- requests ---- */

static struct request *active_new_request(struct active_table *table)
{
    if (table->free_requests == NULL) {
        struct request_chunk *chunk = calloc(1, sizeof *chunk);
        if (chunk == NULL)
            return NULL;
        chunk->next = table->chunks;
        table->chunks = chunk;
        for (int i = 0; i < ACTIVE_CHUNK_LENGTH; i++) {
            chunk->requests[i].next = table->free_requests;
            table->free_requests = &chunk->requests[i];
        }
    }
    struct request *request = table->free_requests;
    table->free_requests = request->next;
    return request;
}

/* The one place where a block changes its state: keeps all the counts. */
static void active_set_state(struct active_table *table, struct active *active,
                             uint32_t block, enum active_block_state state)
{
    struct active_block *entry = &active->blocks[block];
    if (entry->state == state)
        return;
    uint32_t *const counts[] = {&active->missing, &active->requested, &active->arrived,
                                &active->handed};
    --*counts[entry->state];
    ++*counts[state];
    table->missing -= entry->state == ACTIVE_BLOCK_MISSING;
    table->missing += state == ACTIVE_BLOCK_MISSING;
    table->requested -= entry->state == ACTIVE_BLOCK_REQUESTED;
    table->requested += state == ACTIVE_BLOCK_REQUESTED;
    entry->state = (uint8_t)state;
    if (state == ACTIVE_BLOCK_MISSING && block < active->hint)
        active->hint = block;
    active_place(table, active);
}

/* MISSING or REQUESTED, by who is still asked for it. */
static void active_update(struct active_table *table, struct active *active,
                          uint32_t block)
{
    const struct active_block *entry = &active->blocks[block];
    if (entry->state > ACTIVE_BLOCK_REQUESTED)
        return;
    enum active_block_state state = ACTIVE_BLOCK_MISSING;
    for (uint32_t i = 0; i < entry->owner_count; i++)
        if (!entry->owners[i]->is_stalled)
            state = ACTIVE_BLOCK_REQUESTED;
    active_set_state(table, active, block, state);
}

bool active_request(struct active_table *table, struct active *active, uint32_t block,
                    struct piece_peer *peer, uint64_t now_ns)
{
    struct active_block *entry = &active->blocks[block];
    if (!holds(table,
               entry->state <= ACTIVE_BLOCK_REQUESTED &&
                   entry->owner_count < ACTIVE_OWNERS_MAX,
               "request for a block"))
        return false;
    struct request *request = active_new_request(table);
    if (request == NULL)
        return false;
    *request = (struct request){.peer = peer,
                                .active = active,
                                .sent_ns = now_ns,
                                .block = block,
                                .is_stalled = peer->is_stalled};
    DL_APPEND(peer->requests.oldest, request);
    peer->requests.count++;
    entry->owners[entry->owner_count++] = request;
    active_update(table, active, block);
    return true;
}

void active_release(struct active_table *table, struct request *request)
{
    struct active *active = request->active;
    struct active_block *entry = &active->blocks[request->block];
    uint32_t at = 0;
    while (at < entry->owner_count && entry->owners[at] != request)
        at++;
    if (!holds(table, at < entry->owner_count, "owners of a block"))
        return;
    entry->owners[at] = entry->owners[--entry->owner_count];
    entry->owners[entry->owner_count] = NULL;
    DL_DELETE(request->peer->requests.oldest, request);
    request->peer->requests.count--;
    active_update(table, active, request->block);
    request->next = table->free_requests;
    table->free_requests = request;
}

struct request *active_owner(const struct active *active, uint32_t block,
                             const struct piece_peer *peer)
{
    const struct active_block *entry = &active->blocks[block];
    for (uint32_t i = 0; i < entry->owner_count; i++)
        if (entry->owners[i]->peer == peer)
            return entry->owners[i];
    return NULL;
}

void active_set_stalled(struct active_table *table, struct request *request,
                        bool is_stalled)
{
    request->is_stalled = is_stalled;
    active_update(table, request->active, request->block);
}

/* ---- data ---- */

bool active_arrive(struct active_table *table, struct active *active, uint32_t block,
                   struct block *data, struct piece_source *from)
{
    struct active_block *entry = &active->blocks[block];
    if (!holds(table, entry->state <= ACTIVE_BLOCK_REQUESTED, "block that arrives"))
        return false;
    /* In this order it is never missing in between, which would send the next pick back
     * to it. */
    active_set_state(table, active, block, ACTIVE_BLOCK_ARRIVED);
    while (entry->owner_count > 0)
        active_release(table, entry->owners[0]);
    entry->data = data;
    active->from[block] = source_ref(from);
    while (active->prefix < active->block_count &&
           active->blocks[active->prefix].state >= ACTIVE_BLOCK_ARRIVED)
        active->prefix++;
    return true;
}

struct block *active_unarrive(struct active_table *table, struct active *active,
                              uint32_t block)
{
    struct active_block *entry = &active->blocks[block];
    if (!holds(table, entry->state == ACTIVE_BLOCK_ARRIVED, "block taken back"))
        return NULL;
    struct block *data = entry->data;
    entry->data = NULL;
    source_unref(active->from[block]);
    active->from[block] = NULL;
    if (block < active->prefix)
        active->prefix = block;
    active_set_state(table, active, block, ACTIVE_BLOCK_MISSING);
    return data;
}

struct block *active_hand(struct active_table *table, struct active *active, uint32_t end)
{
    struct block *chain = NULL;
    for (uint32_t i = active->handed; i < end; i++)
        if (!holds(table, active->blocks[i].state == ACTIVE_BLOCK_ARRIVED,
                   "run for the disk"))
            return NULL;
    for (uint32_t i = end; i-- > active->handed;) {
        struct active_block *entry = &active->blocks[i];
        entry->state = ACTIVE_BLOCK_HANDED;
        entry->data->next = chain;
        chain = entry->data;
        entry->data = NULL;
    }
    active->arrived -= end - active->handed;
    active->handed = end;
    return chain;
}

void active_take_back(struct active_table *table, struct active *active,
                      struct block *chain)
{
    if (!holds(table, active->handed == active->block_count, "a piece taken back"))
        return;
    while (chain != NULL) {
        struct block *next = chain->next;
        struct active_block *entry = &active->blocks[chain->begin / BLOCK_BYTES];
        chain->next = NULL;
        entry->data = chain;
        entry->state = ACTIVE_BLOCK_ARRIVED;
        chain = next;
    }
    active->arrived = active->handed;
    active->handed = 0;
}

uint32_t active_next_missing(struct active *active, uint32_t from, uint32_t end,
                             const struct piece_peer *peer)
{
    while (active->hint < active->block_count &&
           active->blocks[active->hint].state != ACTIVE_BLOCK_MISSING)
        active->hint++;
    if (from < active->hint)
        from = active->hint;
    for (; from < end; from++)
        if (active->blocks[from].state == ACTIVE_BLOCK_MISSING &&
            active_owner(active, from, peer) == NULL)
            return from;
    return active->block_count;
}
