/* Any bytes are refused, or make a tree whose every value can be read and lies inside. */
#include "meta/bencode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool right)
{
    if (!right)
        abort();
}

/* Reads each token as a value: its span inside the input, its parts inside the span. */
static void look_at(const struct bencode *tree)
{
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct bencode_value value = {tree, i};
        int64_t number;
        const char *text;
        size_t length, span_length;
        const uint8_t *span = bencode_span(value, &span_length);
        must(span >= tree->bytes && span_length >= 2 &&
             span_length <= tree->length - (size_t)(span - tree->bytes));
        if (bencode_string(value, &text, &length))
            must((const uint8_t *)text + length == span + span_length);
        else
            must(span[span_length - 1] == 'e');
        if (bencode_integer(value, &number))
            must(span[0] == 'i');
        for (struct bencode_value at = bencode_first(value); bencode_exists(at);
             at = bencode_next(value, at))
            must(at.token > i && at.token < tree->tokens[i].next);
        (void)bencode_get(value, "info");
    }
}

static void parse(const uint8_t *bytes, size_t length,
                  const struct bencode_limits *limits)
{
    struct bencode tree;
    size_t offset = 0;
    if (bencode_parse(bytes, length, limits, &tree, &offset) != ERROR_NONE) {
        must(offset <= length);
        return;
    }
    must(tree.length <= length);
    if (tree.count < 1000) /* each look is linear */
        look_at(&tree);
    bencode_done(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    parse(bytes, length, &bencode_limits_metainfo);
    parse(bytes, length, &bencode_limits_tracker);
    parse(bytes, length, &bencode_limits_extension);
    return 0;
}
