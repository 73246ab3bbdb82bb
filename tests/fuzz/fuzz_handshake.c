/*
 * The very first bytes from outside, at both ends of a connection. The first byte says
 * which end, where they are cut, and whether another connection brings the same: from the
 * same host or another, dialled by the same side or the other. Two that shook hands with
 * the same id are one too many.
 */
#include "tests/unit/peer/rig.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* ADDRESS is where it listens if it is not INCOMING. */
static void meet(struct rig *rig, struct script_peer *remote, const char *host,
                 const char *address, bool incoming)
{
    const struct net *net = vnet_host(rig->world.vnet, host);
    script_peer_init(remote);
    if (incoming) {
        script_peer_dial(remote, net, rig->world.loop, "10.0.0.1:6881");
    } else {
        script_peer_listen(remote, net, rig->world.loop, address);
        rig_connect(rig, address, PEER_SOURCE_MANUAL);
    }
    rig_run(rig, 20 * NS_PER_MS);
}

/* At most one of both stays. */
static void say_it_twice(struct rig *rig, const uint8_t *bytes, size_t length,
                         uint8_t how)
{
    struct script_peer twin;
    const bool incoming = ((how & 1) != 0) != ((how & 4) != 0);
    if ((how & 8) != 0)
        meet(rig, &twin, "10.0.0.3", "10.0.0.3:7001", incoming);
    else
        meet(rig, &twin, "10.0.0.2", "10.0.0.2:7001", incoming);
    script_peer_send(&twin, bytes, length);
    rig_run(rig, 20 * NS_PER_MS);
    if (rig->count[PEER_HANDSHAKEN] > rig->count[PEER_GONE] + 1)
        abort();
    script_peer_done(&twin);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct rig_config config = {.pool_bytes = 1u << 18};
    struct rig rig;
    struct script_peer remote;
    struct wire_handshake handshake;
    if (length < 1 || length > 4096)
        return 0;
    rig_init(&rig, &config);
    meet(&rig, &remote, "10.0.0.2", "10.0.0.2:7000", (bytes[0] & 1) != 0);
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
    if ((bytes[0] & 2) != 0)
        say_it_twice(&rig, bytes + 1, length - 1, bytes[0]);
    script_peer_done(&remote);
    rig_run(&rig, 20 * NS_PER_MS);
    if (rig_done(&rig) != 0)
        abort();
    return 0;
}
