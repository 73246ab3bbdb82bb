/* Extension handshakes (BEP 10): what is read of any is within its limits and clean. */
#include "peer/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct wire_extension extension;
    if (wire_read_extension(bytes, length, &extension) != ERROR_NONE)
        return 0;
    if (extension.reqq > WIRE_REQQ_MOST)
        abort();
    for (unsigned i = 0; i < WIRE_EXTENDED_COUNT; i++)
        if (extension.numbers[i] < WIRE_EXTENDED_UNTOLD || extension.numbers[i] > 255)
            abort();
    for (size_t i = 0; extension.client[i] != '\0'; i++)
        if ((unsigned char)extension.client[i] < ' ' || extension.client[i] == 0x7f ||
            i + 1 >= sizeof extension.client)
            abort();
    return 0;
}
