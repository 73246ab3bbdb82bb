#include "torrent/label.h"

#include "base/text.h"

#include <string.h>

/* More than any label has, so that what is too long is seen. */
#define WIDER (LABEL_CELLS + 2)

static struct untrusted trimmed(struct untrusted text)
{
    while (text.length > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        text.bytes++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.bytes[text.length - 1] == ' ' || text.bytes[text.length - 1] == '\t'))
        text.length--;
    return text;
}

bool label_read(const char *text, char ret_label[LABEL_BYTES])
{
    char clean[LABEL_BYTES + 8];
    const size_t cells =
        text_clean(trimmed(text_untrusted(text)), WIDER, clean, sizeof clean);
    /* A character that is not shown may have stood before a blank. */
    const struct untrusted label = trimmed(text_untrusted(clean));
    if (cells > LABEL_CELLS || label.length >= LABEL_BYTES)
        return false;
    memcpy(ret_label, label.bytes, label.length);
    ret_label[label.length] = '\0';
    return true;
}
