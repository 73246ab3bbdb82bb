/* The DHT's state file: what is read is written, and read again, as it was. */
#include "discovery/dht_state.h"

#include <stdlib.h>
#include <string.h>

#define NOW_WALL_S 1.7e9

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct dht_state state, again;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct buffer out;
    if (dht_state_read(bytes, length, NOW_WALL_S, &state) != ERROR_NONE)
        return 0;
    buffer_init(&out, DHT_STATE_MAX_BYTES);
    if (dht_state_write(&state, &out) != ERROR_NONE ||
        dht_state_read(out.bytes, out.length, NOW_WALL_S, &again) != ERROR_NONE ||
        state.v4.count != again.v4.count || !dht_id_equal(&state.v4.id, &again.v4.id) ||
        state.v6.count != again.v6.count)
        abort();
    buffer_done(&out);
    return 0;
}
