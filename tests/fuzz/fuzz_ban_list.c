/* Any bytes as a list of bans: what is read of them is written and read to be the same.
 */
#include "torrent/ban_list.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define NOW_S INT64_C(1795100000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct peer_ban *bans, *again;
    uint32_t count, again_count;
    struct buffer buffer;
    if (ban_list_decode(bytes, length, NOW_S, &bans, &count) != ERROR_NONE)
        return 0;
    if (count > length / BAN_LIST_RECORD_BYTES)
        abort();
    buffer_init(&buffer, (size_t)PEER_BANS_MAX * BAN_LIST_RECORD_BYTES);
    if (ban_list_encode(bans, count, &buffer) != ERROR_NONE ||
        ban_list_decode(buffer.bytes, buffer.length, NOW_S, &again, &again_count) !=
            ERROR_NONE ||
        again_count != count)
        abort();
    for (uint32_t i = 0; i < count; i++)
        if (!netaddr_equal(&bans[i].address, &again[i].address) ||
            bans[i].since_s != again[i].since_s || bans[i].reason != again[i].reason ||
            NOW_S - bans[i].since_s >= BAN_LIST_KEEP_S || bans[i].since_s > NOW_S)
            abort();
    buffer_done(&buffer);
    free(bans);
    free(again);
    return 0;
}
