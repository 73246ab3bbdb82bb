#include "base/text.h"

#include "base/text_width.h"

#include <string.h>

#define TEXT_MAX_COMBINING 4

struct untrusted text_untrusted(const char *nul_terminated)
{
    return (struct untrusted){nul_terminated, strlen(nul_terminated)};
}

/* The length a lead byte announces, 0 for a byte that cannot lead; *RET_BITS gets its
 * bits. */
static size_t lead_length(uint8_t lead, uint32_t *ret_bits)
{
    if (lead >= 0xc2 && lead < 0xe0) {
        *ret_bits = lead & 0x1fu;
        return 2;
    }
    if (lead >= 0xe0 && lead < 0xf0) {
        *ret_bits = lead & 0x0fu;
        return 3;
    }
    if (lead >= 0xf0 && lead < 0xf5) {
        *ret_bits = lead & 0x07u;
        return 4;
    }
    return 0;
}

static bool is_overlong_or_unused(uint32_t code, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    return code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
}

size_t text_decode(const char *bytes, size_t length, uint32_t *ret_code)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint32_t code = 0;
    *ret_code = 0xfffd;
    if (length == 0)
        return 0;
    if (at[0] < 0x80) {
        *ret_code = at[0];
        return 1;
    }
    const size_t needed = lead_length(at[0], &code);
    if (needed == 0 || needed > length)
        return 1;
    for (size_t i = 1; i < needed; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 1;
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (is_overlong_or_unused(code, needed))
        return 1;
    *ret_code = code;
    return needed;
}

size_t text_encode(uint32_t code, char ret_bytes[4])
{
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        code = 0xfffd;
    if (code < 0x80) {
        ret_bytes[0] = (char)code;
        return 1;
    }
    const size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        ret_bytes[i] = (char)(0x80 | (code & 0x3f));
    ret_bytes[0] = (char)(leads[length] | code);
    return length;
}

bool text_is_valid_utf8(const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        uint32_t code;
        const size_t used = text_decode(bytes + at, length - at, &code);
        if (used == 1 && (uint8_t)bytes[at] >= 0x80)
            return false;
        at += used;
    }
    return true;
}

unsigned text_code_cells(uint32_t code)
{
    switch (text_class(code)) {
    case TEXT_CLASS_WIDE:
        return 2;
    case TEXT_CLASS_COMBINING:
    case TEXT_CLASS_HIDDEN:
        return 0;
    default:
        return 1;
    }
}

size_t text_cells(const char *utf8)
{
    size_t cells = 0;
    const size_t length = strlen(utf8);
    for (size_t at = 0; at < length;) {
        uint32_t code;
        at += text_decode(utf8 + at, length - at, &code);
        cells += text_code_cells(code);
    }
    return cells;
}

struct clean_state {
    size_t cells;
    unsigned combining;
};

/* What CODE becomes: itself, '.', or 0 for nothing. */
static uint32_t clean_code(struct clean_state *state, uint32_t code)
{
    switch (text_class(code)) {
    case TEXT_CLASS_HIDDEN:
        return 0;
    case TEXT_CLASS_CONTROL:
        state->combining = 0;
        return '.';
    case TEXT_CLASS_COMBINING:
        /* A mark needs a character before it, and not a tower of others. */
        return state->cells > 0 && state->combining++ < TEXT_MAX_COMBINING ? code : 0;
    default:
        state->combining = 0;
        return code == 0xfffd ? '.' : code;
    }
}

/* No text that means well needs more bytes than this for the room it is given: a flood of
 * invisible ones ends here. */
static size_t most_bytes(size_t length, size_t ret_size)
{
    const size_t most = 16 * ret_size + 256;
    return length < most ? length : most;
}

size_t text_clean(struct untrusted raw, size_t max_cells, char *ret_text, size_t ret_size)
{
    struct clean_state state = {0};
    size_t used = 0;
    const size_t end = most_bytes(raw.length, ret_size);
    for (size_t at = 0; at < end && ret_size > 0;) {
        uint32_t code;
        char bytes[4];
        at += text_decode(raw.bytes + at, raw.length - at, &code);
        code = clean_code(&state, code);
        if (code == 0)
            continue;
        const unsigned cells = text_code_cells(code);
        const size_t length = text_encode(code, bytes);
        if (state.cells + cells > max_cells || length >= ret_size - used)
            break;
        memcpy(ret_text + used, bytes, length);
        used += length;
        state.cells += cells;
    }
    if (ret_size > 0)
        ret_text[used] = '\0';
    return state.cells;
}

size_t text_fit(const char *utf8, size_t cells, bool ascii, char *ret_text,
                size_t ret_size)
{
    const char *mark = ascii ? "~" : "…";
    const size_t mark_length = strlen(mark);
    if (text_cells(utf8) <= cells && strlen(utf8) < ret_size)
        return text_clean(text_untrusted(utf8), cells, ret_text, ret_size);
    if (cells == 0 || ret_size <= mark_length)
        return text_clean(text_untrusted(""), 0, ret_text, ret_size);
    const size_t width =
        text_clean(text_untrusted(utf8), cells - 1, ret_text, ret_size - mark_length);
    memcpy(ret_text + strlen(ret_text), mark, mark_length + 1);
    return width + 1;
}
