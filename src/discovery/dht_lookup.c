#include "discovery/dht_lookup.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MOST     512u
#define PATIENCE_LEAST (100 * NS_PER_MS)
#define PATIENCE_MOST  NS_PER_S

enum state { STATE_FRESH, STATE_ASKED, STATE_SLOW, STATE_ANSWERED, STATE_FAILED };

struct node {
    struct dht_announcee who;
    uint64_t rtt_ns;
    uint64_t slow_ns; /* when it is no longer waited for */
    uint8_t way;
    uint8_t state; /* enum state */
    bool has_id;
    bool fits;
};

struct dht_lookup {
    struct dht_id own, target;
    uint64_t end_ns;
    struct node *nodes; /* nearest first */
    uint32_t count, capacity;
    uint32_t asked; /* in STATE_ASKED */
    uint32_t queries, answers;
    uint32_t starts;   /* for the next one's way */
    uint32_t next_way; /* whose turn it is */
};

struct dht_lookup *dht_lookup_new(const struct dht_id *own, const struct dht_id *target,
                                  uint64_t now_ns)
{
    struct dht_lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return NULL;
    lookup->own = *own;
    lookup->target = *target;
    lookup->end_ns = now_ns + DHT_LOOKUP_NS;
    return lookup;
}

void dht_lookup_free(struct dht_lookup *lookup)
{
    if (lookup == NULL)
        return;
    free(lookup->nodes);
    free(lookup);
}

const struct dht_id *dht_lookup_target(const struct dht_lookup *lookup)
{
    return &lookup->target;
}

/* ---- who is known ---- */

static struct node *find(const struct dht_lookup *lookup, const struct netaddr *address)
{
    for (uint32_t i = 0; i < lookup->count; i++)
        if (netaddr_equal(&lookup->nodes[i].who.contact.address, address))
            return &lookup->nodes[i];
    return NULL;
}

/* Each node once, whoever names it, and in public address space each /24 or /64 once:
 * ids made up close to the target all come from few places. */
static bool is_known(const struct dht_lookup *lookup, const struct dht_contact *contact,
                     bool has_id)
{
    for (uint32_t i = 0; i < lookup->count; i++) {
        const struct node *node = &lookup->nodes[i];
        if (netaddr_equal(&node->who.contact.address, &contact->address) ||
            (has_id && dht_id_equal(&node->who.contact.id, &contact->id)) ||
            (node->state != STATE_FAILED &&
             dht_same_block(&node->who.contact.address, &contact->address)))
            return true;
    }
    return false;
}

static bool make_room(struct dht_lookup *lookup)
{
    if (lookup->count < lookup->capacity)
        return true;
    if (lookup->count == NODES_MOST) {
        /* The furthest goes, unless it is being asked. */
        const uint8_t state = lookup->nodes[lookup->count - 1].state;
        if (state == STATE_ASKED || state == STATE_SLOW)
            return false;
        lookup->count--;
        return true;
    }
    const uint32_t capacity = lookup->capacity == 0 ? 32 : lookup->capacity * 2;
    struct node *nodes = realloc(lookup->nodes, capacity * sizeof *nodes);
    if (nodes == NULL)
        return false;
    lookup->nodes = nodes;
    lookup->capacity = capacity;
    return true;
}

static void put_in_order(struct dht_lookup *lookup, const struct node *node)
{
    uint32_t at = lookup->count;
    while (at > 0 && dht_id_compare(&lookup->target, &node->who.contact.id,
                                    &lookup->nodes[at - 1].who.contact.id) < 0)
        at--;
    memmove(&lookup->nodes[at + 1], &lookup->nodes[at],
            (lookup->count - at) * sizeof *lookup->nodes);
    lookup->nodes[at] = *node;
    lookup->count++;
}

static bool add(struct dht_lookup *lookup, const struct dht_contact *contact, bool has_id,
                uint64_t rtt_ns, uint32_t way)
{
    struct node node = {.who.contact = *contact,
                        .rtt_ns = rtt_ns,
                        .way = (uint8_t)(way % DHT_WAYS),
                        .state = STATE_FRESH,
                        .has_id = has_id,
                        .fits = has_id && dht_id_fits(&contact->id, &contact->address)};
    if (dht_id_equal(&contact->id, &lookup->own) || is_known(lookup, contact, has_id) ||
        !make_room(lookup))
        return false;
    put_in_order(lookup, &node);
    return true;
}

void dht_lookup_start(struct dht_lookup *lookup, const struct dht_contact *contact,
                      uint64_t rtt_ns)
{
    lookup->starts += add(lookup, contact, true, rtt_ns, lookup->starts);
}

void dht_lookup_start_at(struct dht_lookup *lookup, const struct netaddr *address)
{
    /* As far away as can be, until it is known better. */
    struct dht_contact contact = {lookup->target, *address};
    for (int i = 0; i < DHT_ID_BYTES; i++)
        contact.id.bytes[i] ^= 0xff;
    lookup->starts += add(lookup, &contact, false, 0, lookup->starts);
}

/* ---- asking ---- */

/* The place of the nearest of the way's nearest that was not asked; COUNT: all were. Who
 * is slow holds nobody up, and those whose ids do not fit count half: made up to be near,
 * they are to crowd out nobody. */
static uint32_t nearest_fresh(const struct dht_lookup *lookup, uint32_t way)
{
    uint32_t halves = 0;
    for (uint32_t i = 0; i < lookup->count && halves < 2 * DHT_CLOSEST; i++) {
        const struct node *node = &lookup->nodes[i];
        if (node->way != way || node->state == STATE_FAILED)
            continue;
        if (node->state == STATE_FRESH)
            return i;
        if (node->state != STATE_SLOW)
            halves += node->fits ? 2 : 1;
    }
    return lookup->count;
}

static uint64_t note_slow(struct dht_lookup *lookup, uint64_t now_ns)
{
    uint64_t next_ns = UINT64_MAX;
    for (uint32_t i = 0; lookup->asked > 0 && i < lookup->count; i++) {
        struct node *node = &lookup->nodes[i];
        if (node->state != STATE_ASKED)
            continue;
        if (node->slow_ns <= now_ns) {
            node->state = STATE_SLOW;
            lookup->asked--;
        } else if (node->slow_ns < next_ns) {
            next_ns = node->slow_ns;
        }
    }
    return next_ns;
}

static uint64_t patience_ns(const struct node *node, uint64_t usual_ns)
{
    const uint64_t ns =
        node->rtt_ns != 0 ? node->rtt_ns * 2 + 50 * NS_PER_MS : usual_ns * 2;
    return ns < PATIENCE_LEAST ? PATIENCE_LEAST : ns > PATIENCE_MOST ? PATIENCE_MOST : ns;
}

bool dht_lookup_next(struct dht_lookup *lookup, uint64_t now_ns, uint64_t usual_ns,
                     struct dht_next *ret_next, uint64_t *ret_next_ns)
{
    const uint64_t next_ns = note_slow(lookup, now_ns);
    *ret_next_ns = next_ns < lookup->end_ns ? next_ns : lookup->end_ns;
    if (lookup->asked >= DHT_ALPHA || lookup->queries >= DHT_QUERIES_MOST ||
        now_ns >= lookup->end_ns)
        return false;
    uint32_t place = lookup->count;
    for (uint32_t i = 0; i < DHT_WAYS && place == lookup->count; i++)
        place = nearest_fresh(lookup, lookup->next_way++ % DHT_WAYS);
    if (place == lookup->count)
        return false;
    struct node *node = &lookup->nodes[place];
    node->state = STATE_ASKED;
    node->slow_ns = now_ns + patience_ns(node, usual_ns);
    lookup->asked++;
    lookup->queries++;
    *ret_next = (struct dht_next){node->who.contact, node->has_id};
    return true;
}

static void leave_asked(struct dht_lookup *lookup, struct node *node, enum state state)
{
    lookup->asked -= node->state == STATE_ASKED;
    node->state = (uint8_t)state;
}

void dht_lookup_unsent(struct dht_lookup *lookup, const struct netaddr *to)
{
    struct node *node = find(lookup, to);
    if (node == NULL)
        return;
    leave_asked(lookup, node, STATE_FRESH);
    lookup->queries--;
}

/* Its id is known now: it stands elsewhere. */
static struct node *take_id(struct dht_lookup *lookup, struct node *node,
                            const struct dht_id *id)
{
    struct node moved = *node;
    const uint32_t at = (uint32_t)(node - lookup->nodes);
    moved.who.contact.id = *id;
    moved.has_id = true;
    moved.fits = dht_id_fits(id, &moved.who.contact.address);
    lookup->count--;
    memmove(node, node + 1, (lookup->count - at) * sizeof *node);
    put_in_order(lookup, &moved);
    return find(lookup, &moved.who.contact.address);
}

void dht_lookup_answered(struct dht_lookup *lookup, const struct netaddr *address,
                         const struct dht_message *answer)
{
    struct node *node = find(lookup, address);
    if (node == NULL || node->state == STATE_ANSWERED || node->state == STATE_FRESH)
        return;
    leave_asked(lookup, node, STATE_ANSWERED);
    lookup->answers++;
    memcpy(node->who.token, answer->token, answer->token_length);
    node->who.token_length = answer->token_length;
    if (!node->has_id)
        node = take_id(lookup, node, &answer->id);
    /* The first to answer shows the ways that have no beginning of their own. */
    const uint32_t way = node->way;
    const bool spread = lookup->starts < DHT_WAYS;
    for (uint32_t i = 0; i < answer->node_count; i++)
        if (add(lookup, &answer->nodes[i], true, 0, spread ? lookup->starts : way))
            lookup->starts += spread;
}

void dht_lookup_failed(struct dht_lookup *lookup, const struct netaddr *address)
{
    struct node *node = find(lookup, address);
    if (node != NULL && (node->state == STATE_ASKED || node->state == STATE_SLOW))
        leave_asked(lookup, node, STATE_FAILED);
}

/* ---- its end ---- */

static bool has_left(const struct dht_lookup *lookup, enum state state)
{
    for (uint32_t i = 0; i < lookup->count; i++)
        if (lookup->nodes[i].state == state)
            return true;
    return false;
}

bool dht_lookup_is_done(const struct dht_lookup *lookup, uint64_t now_ns)
{
    if (now_ns >= lookup->end_ns)
        return true;
    if (lookup->asked > 0 || has_left(lookup, STATE_SLOW))
        return false;
    if (lookup->queries >= DHT_QUERIES_MOST)
        return true;
    for (uint32_t way = 0; way < DHT_WAYS; way++)
        if (nearest_fresh(lookup, way) < lookup->count)
            return false;
    return true;
}

uint32_t dht_lookup_queries(const struct dht_lookup *lookup)
{
    return lookup->queries;
}

uint32_t dht_lookup_answers(const struct dht_lookup *lookup)
{
    return lookup->answers;
}

uint32_t dht_lookup_result(const struct dht_lookup *lookup,
                           struct dht_announcee ret_nodes[DHT_CLOSEST])
{
    uint32_t count = 0, misfits = 0;
    for (uint32_t i = 0; i < lookup->count && count < DHT_CLOSEST; i++) {
        const struct node *node = &lookup->nodes[i];
        if (node->state != STATE_ANSWERED || (!node->fits && misfits == DHT_CLOSEST / 2))
            continue;
        misfits += !node->fits;
        ret_nodes[count++] = node->who;
    }
    return count;
}
