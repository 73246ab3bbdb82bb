/* ut_pex messages (BEP 11): no more entries than are looked at, and written and read
 * again they are the same. */
#include "peer/pex_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static uint32_t of_family(const struct pex_list *list, enum netaddr_family family)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++)
        count += list->entries[i].address.family == family;
    return count;
}

/* The one at PLACE among those of FAMILY: written, they are told by families. */
static const struct pex_entry *entry_of(const struct pex_list *list,
                                        enum netaddr_family family, uint32_t place)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->entries[i].address.family == family && place-- == 0)
            return &list->entries[i];
    abort();
}

static void compare(const struct pex_list *a, const struct pex_list *b, bool flags)
{
    static const enum netaddr_family families[] = {NETADDR_V4, NETADDR_V6};
    if (a->count != b->count || a->count > PEX_LIST_MAX || b->told != b->count ||
        a->told < a->count)
        abort();
    for (int i = 0; i < 2; i++)
        for (uint32_t place = 0; place < of_family(a, families[i]); place++) {
            const struct pex_entry *one = entry_of(a, families[i], place);
            const struct pex_entry *other = entry_of(b, families[i], place);
            if (!netaddr_equal(&one->address, &other->address) ||
                (flags && one->flags != other->flags))
                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct pex_message message, again;
    struct buffer written;
    if (pex_message_read(bytes, length, &message) != ERROR_NONE)
        return 0;
    buffer_init(&written, 64u << 10);
    if (pex_message_write(&message, &written) != ERROR_NONE ||
        pex_message_read(written.bytes, written.length, &again) != ERROR_NONE)
        abort();
    compare(&message.added, &again.added, true);
    compare(&message.dropped, &again.dropped, false);
    buffer_done(&written);
    return 0;
}
