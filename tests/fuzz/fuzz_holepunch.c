/* ut_holepunch messages (BEP 55): what is read is of a known kind, and written and read
 * again it is the same. */
#include "peer/holepunch_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct holepunch_message message, again;
    uint8_t written[HOLEPUNCH_BYTES_MAX];
    if (holepunch_message_read(bytes, length, &message) != ERROR_NONE)
        return 0;
    if (message.type > HOLEPUNCH_ERROR || message.address.family == NETADDR_NONE ||
        (message.error != 0 && message.type != HOLEPUNCH_ERROR))
        abort();
    const size_t size = holepunch_message_write(&message, written);
    if (size > sizeof written ||
        holepunch_message_read(written, size, &again) != ERROR_NONE ||
        again.type != message.type || again.error != message.error ||
        !netaddr_equal(&again.address, &message.address))
        abort();
    return 0;
}
