/* Any bytes as the value of a Content-Range: what is taken can be, and reads the same
 * when it is written again. */
#include "net/content_range.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct content_range range, again;
    char text[100];
    if (!content_range_parse((const char *)bytes, length, &range))
        return 0;
    if (range.last < range.first || range.last >= range.total)
        abort();
    const int written =
        range.total == UINT64_MAX
            ? snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/*", range.first,
                       range.last)
            : snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                       range.first, range.last, range.total);
    if (!content_range_parse(text, (size_t)written, &again) ||
        again.first != range.first || again.last != range.last ||
        again.total != range.total)
        abort();
    return 0;
}
