/* Packets of local service discovery (BEP 14). */
#include "discovery/lsd_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct lsd_message message;
    if (lsd_message_parse(bytes, length, &message) != ERROR_NONE)
        return 0;
    if (message.port == 0 || message.hash_count == 0 ||
        message.hash_count > LSD_READ_MAX || strlen(message.cookie) > LSD_COOKIE_MAX)
        abort();
    return 0;
}
