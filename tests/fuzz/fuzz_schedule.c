/* A schedule: what is refused is pointed at within the text; of what is taken, the next
 * change is one, and lies ahead. The first byte is the hour it is looked at. */
#include "torrent/schedule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void look(const struct schedule *schedule, int64_t now_s)
{
    int64_t next_s, after_s;
    const bool on = schedule_look(schedule, now_s, &next_s);
    if (next_s <= now_s || next_s - now_s > 10 * 86400) {
        if (next_s != INT64_MAX)
            abort();
        return;
    }
    if (schedule_look(schedule, next_s, &after_s) == on ||
        schedule_look(schedule, next_s - 1, &after_s) != on)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct schedule schedule;
    const char *fault = NULL;
    if (length == 0)
        return 0;
    char *text = strndup((const char *)bytes + 1, length - 1);
    if (text == NULL)
        return 0;
    if (schedule_parse(text, &schedule, &fault))
        look(&schedule, 1790000000 + bytes[0] * (int64_t)3600);
    else if (fault < text || fault > text + strlen(text))
        abort();
    free(text);
    return 0;
}
