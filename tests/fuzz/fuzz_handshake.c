/* The very first bytes from outside, at both ends of a connection. */
#include "tests/unit/peer/rig.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct rig_config config = {.pool_bytes = 1u << 18};
    struct rig rig;
    struct script_peer remote;
    struct wire_handshake handshake;
    if (length < 1 || length > 4096)
        return 0;
    rig_init(&rig, &config);
    script_peer_init(&remote);
    const struct net *net = vnet_host(rig.world.vnet, "10.0.0.2");
    if ((bytes[0] & 1) != 0) {
        script_peer_dial(&remote, net, rig.world.loop, "10.0.0.1:6881");
    } else {
        script_peer_listen(&remote, net, rig.world.loop, "10.0.0.2:7000");
        rig_connect(&rig, "10.0.0.2:7000", PEER_SOURCE_MANUAL);
    }
    rig_run(&rig, 20 * NS_PER_MS);
    const size_t cut = bytes[0] % length;
    script_peer_send(&remote, bytes + 1, cut < length - 1 ? cut : length - 1);
    rig_run(&rig, 5 * NS_PER_MS);
    if (cut < length - 1)
        script_peer_send(&remote, bytes + 1 + cut, length - 1 - cut);
    rig_run(&rig, 5 * NS_PER_MS);
    uint8_t ours[20];
    memset(ours, 'M', sizeof ours);
    const bool good = length > WIRE_HANDSHAKE_BYTES &&
                      wire_handshake_read(bytes + 1, &handshake) == ERROR_NONE &&
                      info_hash_equal(&handshake.hash, &rig.hash) &&
                      memcmp(handshake.peer_id, ours, sizeof ours) != 0;
    if (rig.count[PEER_HANDSHAKEN] != good)
        abort();
    script_peer_done(&remote);
    rig_run(&rig, 20 * NS_PER_MS);
    if (rig_done(&rig) != 0)
        abort();
    return 0;
}
