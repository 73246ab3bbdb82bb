#include "peer/net_tries.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1 /* then the new element's hh.tbl is NULL */
#include <uthash.h>

#define NETS_MAX  8192u
#define TRIES     8u
#define WITHIN_NS (600 * NS_PER_S)

struct tried {
    UT_hash_handle hh;
    struct netaddr net;
    uint64_t at_ns[TRIES]; /* a ring; 0: none yet */
    uint32_t next;
};

struct net_tries {
    struct tried *nets; /* the longest unused first */
};

struct net_tries *net_tries_new(void)
{
    return calloc(1, sizeof(struct net_tries));
}

static void forget(struct net_tries *tries, struct tried *tried)
{
    HASH_DEL(tries->nets, tried);
    free(tried);
}

void net_tries_free(struct net_tries *tries)
{
    if (tries == NULL)
        return;
    while (tries->nets != NULL)
        forget(tries, tries->nets);
    free(tries);
}

/* NULL: out of memory. It is the last of the list now. */
static struct tried *find(struct net_tries *tries, const struct netaddr *address)
{
    const struct netaddr net = netaddr_net_key(address);
    struct tried *tried;
    HASH_FIND(hh, tries->nets, &net, sizeof net, tried);
    if (tried != NULL) {
        HASH_DEL(tries->nets, tried);
    } else {
        tried = calloc(1, sizeof *tried);
        if (tried == NULL)
            return NULL;
        tried->net = net;
    }
    if (HASH_COUNT(tries->nets) >= NETS_MAX)
        forget(tries, tries->nets);
    HASH_ADD(hh, tries->nets, net, sizeof tried->net, tried);
    if (tried->hh.tbl == NULL) {
        free(tried);
        return NULL;
    }
    return tried;
}

uint64_t net_tries_take(struct net_tries *tries, const struct netaddr *address,
                        uint64_t now_ns)
{
    if (netaddr_scope(address) != NETADDR_SCOPE_PUBLIC)
        return 0;
    struct tried *tried = find(tries, address);
    if (tried == NULL)
        return now_ns + WITHIN_NS;
    const uint64_t oldest_ns = tried->at_ns[tried->next];
    if (oldest_ns != 0 && now_ns - oldest_ns < WITHIN_NS)
        return oldest_ns + WITHIN_NS;
    tried->at_ns[tried->next] = now_ns;
    tried->next = (tried->next + 1) % TRIES;
    return 0;
}
