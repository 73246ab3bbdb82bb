/* A terminal's bytes mean the same however they are cut, and end in silence. */
#include "ui/keys.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A digest of the events; pastes count by their bytes, since parts may differ. */
static void note(void *context, const struct key_event *event)
{
    uint64_t *digest = context;
    char name[KEY_NAME_SIZE];
    if (event->type == KEY_EVENT_PASTE) {
        if (event->length > KEY_PASTE_CHUNK)
            abort();
        for (size_t i = 0; i < event->length; i++)
            *digest = *digest * 31 + (uint8_t)event->text[i];
        *digest = event->last ? *digest * 37 + 1 : *digest;
        return;
    }
    if (event->type == KEY_EVENT_KEY) {
        key_name(event->key, event->key % 2 == 0, name);
        if (event->key == 0 || name[0] == '\0')
            abort();
    }
    if (event->x < 0 || event->y < 0)
        abort();
    *digest = *digest * 41 + event->key + (uint64_t)event->x * 3 +
              (uint64_t)event->y * 5 + (uint64_t)event->type;
}

static uint64_t decode(const char *bytes, size_t length, size_t step)
{
    struct key_decoder decoder;
    uint64_t digest = 0;
    key_decoder_init(&decoder);
    for (size_t at = 0; at < length; at += step)
        key_decoder_feed(&decoder, bytes + at, length - at < step ? length - at : step,
                         note, &digest);
    key_decoder_timeout(&decoder, note, &digest);
    if (key_decoder_patience_ms(&decoder) != 0)
        abort();
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const char *text = (const char *)bytes;
    const uint64_t whole = decode(text, length, length + 1);
    for (size_t step = 1; step <= 3; step++)
        if (decode(text, length, step) != whole)
            abort();
    return 0;
}
