#include "discovery/dht_votes.h"

#include "discovery/dht_id.h"

void dht_votes_add(struct dht_votes *votes, const struct netaddr *voter,
                   const struct netaddr *seen_as)
{
    uint32_t at = votes->next;
    if (netaddr_scope(voter) != NETADDR_SCOPE_PUBLIC ||
        netaddr_scope(seen_as) != NETADDR_SCOPE_PUBLIC ||
        voter->family != seen_as->family)
        return;
    for (uint32_t i = 0; i < votes->count; i++)
        if (dht_same_block(&votes->votes[i].voter, voter))
            at = i;
    if (at == votes->next) {
        votes->next = (votes->next + 1) % DHT_VOTES_MOST;
        votes->count += votes->count < DHT_VOTES_MOST;
    }
    votes->votes[at].voter = *voter;
    votes->votes[at].seen_as = *seen_as;
    votes->votes[at].seen_as.port = 0;
}

bool dht_votes_result(const struct dht_votes *votes, struct netaddr *ret_address)
{
    for (uint32_t i = 0; i < votes->count; i++) {
        uint32_t same = 0;
        for (uint32_t j = 0; j < votes->count; j++)
            same += netaddr_equal(&votes->votes[i].seen_as, &votes->votes[j].seen_as);
        if (same < DHT_VOTES_NEEDED || same * 2 <= votes->count)
            continue;
        *ret_address = votes->votes[i].seen_as;
        return true;
    }
    return false;
}
