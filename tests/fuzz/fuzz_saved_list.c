/* Any bytes as the saved list: what is read of them is written and read to be the same.
 */
#include "torrent/settings.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct saved_list list, again;
    struct buffer first, second;
    if (saved_list_decode(bytes, length, &list) != ERROR_NONE)
        return 0;
    buffer_init(&first, SAVED_LIST_BYTES_MAX);
    buffer_init(&second, SAVED_LIST_BYTES_MAX);
    if (saved_list_encode(&list, &first) != ERROR_NONE ||
        saved_list_decode(first.bytes, first.length, &again) != ERROR_NONE ||
        saved_list_encode(&again, &second) != ERROR_NONE || again.count != list.count ||
        first.length != second.length ||
        memcmp(first.bytes, second.bytes, first.length) != 0)
        abort();
    buffer_done(&first);
    buffer_done(&second);
    saved_list_done(&list);
    saved_list_done(&again);
    return 0;
}
