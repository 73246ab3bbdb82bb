/*
 * What a DHT node keeps from one start to the next: its ids and the nodes it knew, as
 * bytes and back. What is broken, too large, of another version or from the future is
 * refused, and the node begins anew. Pure; any thread.
 */
#ifndef BTTUI_DISCOVERY_DHT_STATE_H
#define BTTUI_DISCOVERY_DHT_STATE_H

#include "base/buffer.h"
#include "discovery/dht_id.h"

#define DHT_STATE_NODES     200u
#define DHT_STATE_MAX_BYTES 65536u

struct dht_state_side { /* of one family */
    bool there;
    struct dht_id id;
    struct dht_contact nodes[DHT_STATE_NODES];
    uint32_t count;
};
struct dht_state {
    double saved_wall_s;
    struct dht_state_side v4, v6;
};

enum error_code dht_state_write(const struct dht_state *state,
                                struct buffer *out) MUST_CHECK;
/* NOW_WALL_S: against which the future is told. RET is undefined on failure. */
enum error_code dht_state_read(const uint8_t *bytes, size_t length, double now_wall_s,
                               struct dht_state *ret_state) MUST_CHECK;

#endif
