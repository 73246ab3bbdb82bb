/* What metadata_fetch.c and metadata_ask.c share. */
#ifndef BTTUI_TORRENT_METADATA_FETCH_PRIVATE_H
#define BTTUI_TORRENT_METADATA_FETCH_PRIVATE_H

#include "peer/metadata_message.h"
#include "torrent/metadata_fetch.h"

#define METADATA_GROUPS_MAX 256u /* more than a torrent mostly has peers */
#define METADATA_NOBODY     UINT32_MAX

/* A size that was claimed, and what has come of such a dictionary. */
struct metadata_group {
    uint32_t total, pieces; /* bytes; total 0: a free place */
    uint8_t *bytes;         /* `total` of them, made with the first piece that comes */
    bool *have;             /* by piece; made with it */
    uint32_t have_count;
    uint32_t failures; /* times it was whole and wrong */
    uint32_t alone; /* a peer's place: it alone is asked, for it shows whether it lies */
};

struct metadata_peer {
    struct peer_id_ref ref;
    uint32_t group;
    bool asked[METADATA_MAX_PIECES]; /* and not answered, nor given up */
    uint32_t asked_count;
    uint32_t pipeline; /* what that may come to */
    uint64_t asked_ns; /* when it last was asked or answered, while it is */
    uint64_t rest_until_ns;
    uint32_t rests; /* on end */
    bool gave;      /* something of what the group has */
    bool lied;      /* alone; it is asked no more */
};

struct metadata_fetch {
    struct metadata_fetch_config config;
    struct metadata_group groups[METADATA_GROUPS_MAX];
    struct metadata_peer **peers;
    uint32_t peer_count, peer_capacity;
    struct peer_id_ref liar;
    uint32_t turn; /* of groups */
    uint32_t done; /* the group that is right; METADATA_GROUPS_MAX: none */
};

/* The peer at PLACE has not given what it was asked for: it is asked for nothing for a
 * while, and what it gave alone does not count. */
void metadata_fetch_rest(struct metadata_fetch *fetch, uint32_t place, uint64_t now_ns);

#endif
