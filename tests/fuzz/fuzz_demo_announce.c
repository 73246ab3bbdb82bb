/* Whatever is asked of the demo's tracker is refused or is an announce that makes sense.
 */
#include "app/demo_announce.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct demo_announce announce, before;
    memset(&announce, 0x5a, sizeof announce);
    before = announce;
    const enum error_code error = demo_announce_parse(bytes, length, &announce);
    if (error != ERROR_NONE) {
        if (memcmp(&announce, &before, sizeof before) != 0)
            abort();
        return 0;
    }
    if (announce.port == 0 || announce.numwant > DEMO_ANNOUNCE_PEERS_MAX ||
        announce.event > DEMO_ANNOUNCE_STOPPED || length > DEMO_ANNOUNCE_BYTES_MAX)
        abort();
    return 0;
}
