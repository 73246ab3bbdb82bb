/* Any bytes as the lines of a blocklist: what is taken in is found again. */
#include "peer/blocklist.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct blocklist *list = blocklist_new();
    uint32_t taken = 0;
    if (list == NULL)
        return 0;
    for (size_t at = 0; at < length;) {
        const uint8_t *end = memchr(bytes + at, '\n', length - at);
        const size_t line = end != NULL ? (size_t)(end - bytes) - at : length - at;
        taken += blocklist_add_line(list, (const char *)bytes + at, line) == ERROR_NONE;
        at += line + 1;
    }
    blocklist_seal(list);
    if (blocklist_count(list) > taken)
        abort();
    struct netaddr address = {.family = NETADDR_V4};
    for (size_t at = 0; at + 4 <= length && at < 64; at += 4) {
        address.family = address.family == NETADDR_V4 ? NETADDR_V6 : NETADDR_V4;
        memcpy(address.bytes, bytes + at, 4);
        if (blocklist_has(list, &address) && blocklist_count(list) == 0)
            abort();
    }
    blocklist_free(list);
    return 0;
}
