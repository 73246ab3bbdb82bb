/* A packet of uTP: what is read lies inside of it, and written again reads the same. */
#include "net/utp_packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct utp_packet packet, again;
    if (utp_packet_read(bytes, length, &packet) != ERROR_NONE)
        return 0;
    require(packet.data >= bytes + UTP_HEADER_BYTES &&
            packet.data + packet.data_bytes == bytes + length);
    require(packet.sack == NULL ||
            (packet.sack > bytes && packet.sack + packet.sack_bytes <= packet.data));
    const size_t head = utp_packet_head_bytes(&packet);
    uint8_t *copy = malloc(head + packet.data_bytes);
    require(copy != NULL);
    utp_packet_write(&packet, copy);
    require(utp_packet_read(copy, head + packet.data_bytes, &again) == ERROR_NONE);
    require(again.type == packet.type && again.sequence == packet.sequence &&
            again.ack == packet.ack && again.window == packet.window &&
            again.connection_id == packet.connection_id &&
            again.timestamp_us == packet.timestamp_us &&
            again.difference_us == packet.difference_us);
    require(again.sack_bytes == packet.sack_bytes &&
            again.data_bytes == packet.data_bytes &&
            (again.data_bytes == 0 ||
             memcmp(again.data, packet.data, again.data_bytes) == 0));
    free(copy);
    return 0;
}
