/* Whatever the bytes, what is shown is harmless and as wide as it was said to be. */
#include "base/text.h"
#include "base/text_width.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool right)
{
    if (!right)
        abort();
}

static void check_clean(const char *text, size_t cells)
{
    const size_t length = strlen(text);
    unsigned marks = 0;
    must(text_is_valid_utf8(text, length) && text_cells(text) == cells);
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(text + at, length - at, &code);
        must(code >= 0x20 && text_class(code) != TEXT_CLASS_CONTROL &&
             text_class(code) != TEXT_CLASS_HIDDEN);
        marks = text_class(code) == TEXT_CLASS_COMBINING ? marks + 1 : 0;
        must(marks <= 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const size_t sizes[] = {1, 2, 5, 16, 64, 1024};
    const struct untrusted raw = {(const char *)bytes, length};
    char text[1024], fitted[1024];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t cells = text_clean(raw, sizes[i], text, sizes[i]);
        must(cells <= sizes[i] && strlen(text) < sizes[i]);
        check_clean(text, cells);
    }
    for (size_t cells = 0; cells < 12; cells++) {
        const size_t used = text_fit(text, cells, cells % 2 == 0, fitted, sizeof fitted);
        must(used <= cells);
        check_clean(fitted, used);
        must(used == text_cells(text) || used < text_cells(text) || cells == 0);
    }
    for (size_t at = 0; at + 4 <= length && at < 64; at += 4) {
        uint32_t code;
        memcpy(&code, bytes + at, 4);
        must(text_code_cells(code) <= 2);
    }
    return 0;
}
