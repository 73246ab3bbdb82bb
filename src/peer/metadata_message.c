#include "peer/metadata_message.h"

#include "meta/bencode.h"

#define DICTIONARY_BYTES 4096u /* the payload begins after it */

/* The dictionary ends where it ends: what follows is the payload. */
static enum error_code read_dictionary(const uint8_t *bytes, size_t length,
                                       struct bencode *ret_tree)
{
    struct bencode_limits limits = bencode_limits_extension;
    if (length > DICTIONARY_BYTES + METADATA_PIECE_BYTES)
        return ERROR_LIMIT;
    limits.strict = true;
    return bencode_parse(bytes, length, &limits, ret_tree, NULL);
}

static enum error_code read_values(const struct bencode *tree,
                                   struct metadata_message *message)
{
    const struct bencode_value root = bencode_root(tree);
    int64_t piece = 0;
    if (!bencode_is(root, BENCODE_DICT) ||
        !bencode_get_integer(root, "msg_type", &message->type))
        return ERROR_TYPE;
    const bool known =
        message->type >= METADATA_REQUEST && message->type <= METADATA_REJECT;
    if (known && (!bencode_get_integer(root, "piece", &piece) || piece < 0 ||
                  piece >= METADATA_MAX_PIECES))
        return ERROR_RANGE;
    message->piece = (uint32_t)piece;
    if (!bencode_get_integer(root, "total_size", &message->total))
        message->total = 0;
    return ERROR_NONE;
}

enum error_code metadata_message_read(const uint8_t *bytes, size_t length,
                                      struct metadata_message *ret_message)
{
    struct bencode tree;
    struct metadata_message message = {0};
    enum error_code error = read_dictionary(bytes, length, &tree);
    if (error != ERROR_NONE)
        return error;
    error = read_values(&tree, &message);
    message.bytes = bytes + tree.length;
    message.length = (uint32_t)(length - tree.length);
    bencode_done(&tree);
    if (error == ERROR_NONE)
        *ret_message = message;
    return error;
}

enum error_code metadata_message_write(const struct metadata_message *message,
                                       struct buffer *buffer)
{
    enum error_code error = buffer_printf(buffer, "d8:msg_typei%de5:piecei%ue",
                                          (int)message->type, message->piece);
    if (error == ERROR_NONE && message->type == METADATA_DATA)
        error = buffer_printf(buffer, "10:total_sizei%llde", (long long)message->total);
    if (error == ERROR_NONE)
        error = buffer_append_text(buffer, "e");
    return error == ERROR_NONE && message->type == METADATA_DATA
               ? buffer_append(buffer, message->bytes, message->length)
               : error;
}
