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
    const bool good = length > WIRE_HANDSHAKE_BYTES &&
                      wire_handshake_read(bytes + 1, &handshake) == ERROR_NONE &&
                      info_hash_equal(&handshake.hash, &rig.hash) &&
                      handshake.peer_id[0] != 'M';
    if (!good && rig.count[PEER_HANDSHAKEN] > 0 && memcmp(bytes + 49, "MMMM", 4) != 0)
        abort();
    if (good && rig.count[PEER_HANDSHAKEN] != 1)
        abort();
    script_peer_done(&remote);
    rig_run(&rig, 20 * NS_PER_MS);
    if (rig_done(&rig) != 0)
        abort();
    return 0;
}
