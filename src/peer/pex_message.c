#include "peer/pex_message.h"

#include "meta/bencode.h"

#include <string.h>

#define COMPACT4 6u
#define COMPACT6 18u

/* ---- reading ---- */

/* Flags that are not one for each entry are nobody's. */
static enum error_code read_flags(struct bencode_value root, const char *key,
                                  size_t entries, struct pex_message *message,
                                  const char **ret_flags)
{
    const struct bencode_value value = bencode_get(root, key);
    size_t length = 0;
    *ret_flags = NULL;
    if (!bencode_exists(value))
        return ERROR_NONE;
    if (!bencode_string(value, ret_flags, &length))
        return ERROR_TYPE;
    if (length != entries) {
        message->is_flawed = true;
        *ret_flags = NULL;
    }
    return ERROR_NONE;
}

/* Appends what is told under KEY; FLAGS_KEY may be NULL. */
static enum error_code read_list(struct bencode_value root, const char *key,
                                 const char *flags_key, size_t entry_bytes,
                                 struct pex_message *message, struct pex_list *list)
{
    const struct bencode_value value = bencode_get(root, key);
    const char *text = "", *flags = NULL;
    size_t length = 0;
    if (bencode_exists(value) && !bencode_string(value, &text, &length))
        return ERROR_TYPE;
    const size_t entries = length / entry_bytes;
    enum error_code error = ERROR_NONE;
    message->is_flawed |= length % entry_bytes != 0;
    if (flags_key != NULL)
        error = read_flags(root, flags_key, entries, message, &flags);
    list->told += (uint32_t)entries;
    for (size_t i = 0; error == ERROR_NONE && i < entries && list->count < PEX_LIST_MAX;
         i++) {
        struct pex_entry *entry = &list->entries[list->count++];
        const uint8_t *at = (const uint8_t *)text + i * entry_bytes;
        if (entry_bytes == COMPACT4)
            netaddr_from_compact4(at, &entry->address);
        else
            netaddr_from_compact6(at, &entry->address);
        entry->flags = flags != NULL ? (uint8_t)flags[i] : 0;
    }
    return error;
}

static bool has(const struct pex_list *list, const struct netaddr *address)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (netaddr_equal(&list->entries[i].address, address))
            return true;
    return false;
}

static bool overlap(const struct pex_list *a, const struct pex_list *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (has(b, &a->entries[i].address))
            return true;
    return false;
}

static enum error_code read_lists(struct bencode_value root, struct pex_message *message)
{
    struct pex_list *added = &message->added, *dropped = &message->dropped;
    if (!bencode_is(root, BENCODE_DICT))
        return ERROR_TYPE;
    enum error_code error = read_list(root, "added", "added.f", COMPACT4, message, added);
    if (error == ERROR_NONE)
        error = read_list(root, "added6", "added6.f", COMPACT6, message, added);
    if (error == ERROR_NONE)
        error = read_list(root, "dropped", NULL, COMPACT4, message, dropped);
    if (error == ERROR_NONE)
        error = read_list(root, "dropped6", NULL, COMPACT6, message, dropped);
    message->is_flawed |= overlap(added, dropped);
    return error;
}

enum error_code pex_message_read(const uint8_t *bytes, size_t length,
                                 struct pex_message *ret_message)
{
    struct bencode_limits limits = bencode_limits_extension;
    struct bencode tree;
    limits.strict = true;
    if (length > PEX_MESSAGE_BYTES_MAX)
        return ERROR_LIMIT;
    enum error_code error = bencode_parse(bytes, length, &limits, &tree, NULL);
    if (error != ERROR_NONE)
        return error;
    ret_message->added.told = ret_message->added.count = 0;
    ret_message->dropped.told = ret_message->dropped.count = 0;
    ret_message->is_flawed = tree.trailing;
    error = read_lists(bencode_root(&tree), ret_message);
    bencode_done(&tree);
    return error;
}

/* ---- writing ---- */

static uint32_t count_of(const struct pex_list *list, enum netaddr_family family)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        count += list->entries[i].address.family == family;
    return count;
}

static enum error_code put_address(struct buffer *buffer, const struct netaddr *address)
{
    const enum error_code error =
        buffer_append(buffer, address->bytes, address->family == NETADDR_V4 ? 4 : 16);
    return error == ERROR_NONE ? buffer_append_u16(buffer, address->port) : error;
}

static enum error_code put_addresses(struct buffer *buffer, const char *key,
                                     const struct pex_list *list,
                                     enum netaddr_family family)
{
    const size_t bytes =
        count_of(list, family) * (family == NETADDR_V4 ? COMPACT4 : COMPACT6);
    enum error_code error = buffer_printf(buffer, "%zu:%s%zu:", strlen(key), key, bytes);
    for (uint32_t i = 0; i < list->count && error == ERROR_NONE; i++)
        if (list->entries[i].address.family == family)
            error = put_address(buffer, &list->entries[i].address);
    return error;
}

static enum error_code put_flags(struct buffer *buffer, const char *key,
                                 const struct pex_list *list, enum netaddr_family family)
{
    enum error_code error =
        buffer_printf(buffer, "%zu:%s%u:", strlen(key), key, count_of(list, family));
    for (uint32_t i = 0; i < list->count && error == ERROR_NONE; i++)
        if (list->entries[i].address.family == family)
            error = buffer_append_u8(buffer, list->entries[i].flags);
    return error;
}

enum error_code pex_message_write(const struct pex_message *message,
                                  struct buffer *buffer)
{
    const struct pex_list *added = &message->added, *dropped = &message->dropped;
    enum error_code error = buffer_append_text(buffer, "d");
    if (error == ERROR_NONE)
        error = put_addresses(buffer, "added", added, NETADDR_V4);
    if (error == ERROR_NONE)
        error = put_flags(buffer, "added.f", added, NETADDR_V4);
    if (error == ERROR_NONE)
        error = put_addresses(buffer, "added6", added, NETADDR_V6);
    if (error == ERROR_NONE)
        error = put_flags(buffer, "added6.f", added, NETADDR_V6);
    if (error == ERROR_NONE)
        error = put_addresses(buffer, "dropped", dropped, NETADDR_V4);
    if (error == ERROR_NONE)
        error = put_addresses(buffer, "dropped6", dropped, NETADDR_V6);
    return error == ERROR_NONE ? buffer_append_text(buffer, "e") : error;
}
