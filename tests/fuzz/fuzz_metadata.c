/* ut_metadata messages (BEP 9): what is read lies in the input, and written and read
 * again it is the same. */
#include "peer/metadata_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct metadata_message message, again;
    struct buffer written;
    if (metadata_message_read(bytes, length, &message) != ERROR_NONE ||
        message.type < METADATA_REQUEST || message.type > METADATA_REJECT)
        return 0;
    if (message.piece >= METADATA_MAX_PIECES || message.bytes < bytes ||
        message.bytes + message.length != bytes + length)
        abort();
    if (message.length > METADATA_PIECE_BYTES)
        return 0; /* is refused; written with its total_size it may be too long to read */
    buffer_init(&written, 64u << 10);
    if (metadata_message_write(&message, &written) != ERROR_NONE ||
        metadata_message_read(written.bytes, written.length, &again) != ERROR_NONE)
        abort();
    if (again.type != message.type || again.piece != message.piece)
        abort();
    if (message.type == METADATA_DATA &&
        (again.total != message.total || again.length != message.length ||
         memcmp(again.bytes, message.bytes, again.length) != 0))
        abort();
    buffer_done(&written);
    return 0;
}
