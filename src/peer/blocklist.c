#include "peer/blocklist.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL_BLOCKED 127u /* eMule: what is above is only noted */
#define ADDRESS_CHARS 45u  /* the longest IPv6 address as text */

struct range4 {
    uint32_t first, last;
};
struct range6 {
    uint8_t first[16], last[16];
};

struct blocklist {
    struct range4 *v4;
    struct range6 *v6;
    uint32_t v4_count, v4_capacity, v6_count, v6_capacity;
};

struct blocklist *blocklist_new(void)
{
    return calloc(1, sizeof(struct blocklist));
}

void blocklist_free(struct blocklist *list)
{
    if (list == NULL)
        return;
    free(list->v4);
    free(list->v6);
    free(list);
}

/* ---- reading a line ---- */

struct text {
    const char *at;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct text trimmed(const char *at, size_t length)
{
    while (length > 0 && is_blank(at[0])) {
        at++;
        length--;
    }
    while (length > 0 && is_blank(at[length - 1]))
        length--;
    return (struct text){at, length};
}

/* Digits only, in tens however many zeros lead: "001" is 1. */
static bool read_number(struct text text, uint32_t most, uint32_t *ret_number)
{
    uint32_t number = 0;
    if (text.length == 0 || text.length > 9)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text.at[i] - '0');
    }
    *ret_number = number;
    return number <= most;
}

static bool read_v4(struct text text, uint8_t ret_bytes[16])
{
    for (int part = 0; part < 4; part++) {
        const char *dot = part < 3 ? memchr(text.at, '.', text.length) : NULL;
        const size_t length = dot != NULL ? (size_t)(dot - text.at) : text.length;
        uint32_t number;
        if ((part < 3 && dot == NULL) ||
            !read_number((struct text){text.at, length}, 255, &number))
            return false;
        ret_bytes[part] = (uint8_t)number;
        text.at += length + (part < 3);
        text.length -= length + (part < 3);
    }
    return true;
}

/* How many bits an address of it has: 32, 128; 0: it is none. */
static unsigned read_address(struct text text, uint8_t ret_bytes[16])
{
    char copy[ADDRESS_CHARS + 1];
    memset(ret_bytes, 0, 16);
    if (text.length == 0 || text.length > ADDRESS_CHARS)
        return 0;
    if (memchr(text.at, ':', text.length) == NULL)
        return read_v4(text, ret_bytes) ? 32 : 0;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return inet_pton(AF_INET6, copy, ret_bytes) == 1 ? 128 : 0;
}

struct range {
    unsigned bits;
    uint8_t first[16], last[16];
};

static bool read_range(struct text first, struct text last, struct range *ret_range)
{
    ret_range->bits = read_address(first, ret_range->first);
    return ret_range->bits != 0 &&
           read_address(last, ret_range->last) == ret_range->bits &&
           memcmp(ret_range->first, ret_range->last, 16) <= 0;
}

static bool read_between(struct text text, struct range *ret_range)
{
    const char *dash = memchr(text.at, '-', text.length);
    if (dash == NULL)
        return false;
    const size_t before = (size_t)(dash - text.at);
    return read_range(trimmed(text.at, before),
                      trimmed(dash + 1, text.length - before - 1), ret_range);
}

/* "1.9.96.0/24", or one address. */
static bool read_cidr(struct text text, struct range *ret_range)
{
    const char *slash = memchr(text.at, '/', text.length);
    const size_t before = slash != NULL ? (size_t)(slash - text.at) : text.length;
    uint32_t prefix;
    ret_range->bits = read_address(trimmed(text.at, before), ret_range->first);
    if (ret_range->bits == 0)
        return false;
    prefix = ret_range->bits;
    if (slash != NULL && !read_number(trimmed(slash + 1, text.length - before - 1),
                                      ret_range->bits, &prefix))
        return false;
    memcpy(ret_range->last, ret_range->first, 16);
    for (unsigned bit = prefix; bit < ret_range->bits; bit++) {
        const uint8_t mask = (uint8_t)(0x80u >> bit % 8);
        ret_range->first[bit / 8] &= (uint8_t)~mask;
        ret_range->last[bit / 8] |= mask;
    }
    return true;
}

/* "first - last , level , name"; an allowed one is a line that is understood. */
static bool read_dat(struct text text, struct range *ret_range, bool *ret_allowed)
{
    const char *comma = memchr(text.at, ',', text.length);
    uint32_t level = 0;
    if (comma == NULL)
        return false;
    const size_t before = (size_t)(comma - text.at);
    const char *rest = comma + 1;
    size_t left = text.length - before - 1;
    const char *second = memchr(rest, ',', left);
    left = second != NULL ? (size_t)(second - rest) : left;
    if (!read_number(trimmed(rest, left), 999, &level))
        return false;
    *ret_allowed = level > LEVEL_BLOCKED;
    return read_between((struct text){text.at, before}, ret_range);
}

/* "name:first-last": the name may have colons and dashes, IPv6 addresses have some. */
static bool read_p2p(struct text text, struct range *ret_range)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] == ':' &&
            read_between(trimmed(text.at + i + 1, text.length - i - 1), ret_range))
            return true;
    return false;
}

/* ---- the ranges ---- */

static bool make_room(void **array, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    const uint32_t more = *capacity == 0 ? 256 : *capacity * 2;
    void *larger = realloc(*array, more * size);
    if (larger == NULL)
        return false;
    *array = larger;
    *capacity = more;
    return true;
}

static uint32_t number_of(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

static enum error_code add(struct blocklist *list, const struct range *range)
{
    if (list->v4_count + list->v6_count >= BLOCKLIST_RANGES_MAX)
        return ERROR_LIMIT;
    if (range->bits == 32) {
        void *array = list->v4;
        if (!make_room(&array, list->v4_count, &list->v4_capacity, sizeof *list->v4))
            return ERROR_MEMORY;
        list->v4 = array;
        list->v4[list->v4_count++] =
            (struct range4){number_of(range->first), number_of(range->last)};
        return ERROR_NONE;
    }
    void *array = list->v6;
    if (!make_room(&array, list->v6_count, &list->v6_capacity, sizeof *list->v6))
        return ERROR_MEMORY;
    list->v6 = array;
    struct range6 *added = &list->v6[list->v6_count++];
    memcpy(added->first, range->first, 16);
    memcpy(added->last, range->last, 16);
    return ERROR_NONE;
}

enum error_code blocklist_add_line(struct blocklist *list, const char *line,
                                   size_t length)
{
    const struct text text = trimmed(line, length);
    struct range range = {0};
    bool allowed = false;
    if (text.length == 0 || text.at[0] == '#' ||
        (text.length > 1 && text.at[0] == '/' && text.at[1] == '/'))
        return ERROR_NONE;
    if (!read_dat(text, &range, &allowed) && !read_between(text, &range) &&
        !read_cidr(text, &range) && !read_p2p(text, &range))
        return ERROR_INVALID;
    return allowed ? ERROR_NONE : add(list, &range);
}

static int compare4(const void *a, const void *b)
{
    const struct range4 *left = a, *right = b;
    return (left->first > right->first) - (left->first < right->first);
}

static int compare6(const void *a, const void *b)
{
    const struct range6 *left = a, *right = b;
    return memcmp(left->first, right->first, 16);
}

static void join4(struct blocklist *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->v4_count; i++) {
        struct range4 *last = kept > 0 ? &list->v4[kept - 1] : NULL;
        if (last != NULL &&
            (list->v4[i].first <= last->last || list->v4[i].first - 1 == last->last))
            last->last = list->v4[i].last > last->last ? list->v4[i].last : last->last;
        else
            list->v4[kept++] = list->v4[i];
    }
    list->v4_count = kept;
}

static void join6(struct blocklist *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->v6_count; i++) {
        struct range6 *last = kept > 0 ? &list->v6[kept - 1] : NULL;
        if (last == NULL || memcmp(list->v6[i].first, last->last, 16) > 0)
            list->v6[kept++] = list->v6[i];
        else if (memcmp(list->v6[i].last, last->last, 16) > 0)
            memcpy(last->last, list->v6[i].last, 16);
    }
    list->v6_count = kept;
}

void blocklist_seal(struct blocklist *list)
{
    if (list->v4_count > 0)
        qsort(list->v4, list->v4_count, sizeof *list->v4, compare4);
    if (list->v6_count > 0)
        qsort(list->v6, list->v6_count, sizeof *list->v6, compare6);
    join4(list);
    join6(list);
}

uint32_t blocklist_count(const struct blocklist *list)
{
    return list->v4_count + list->v6_count;
}

static bool has4(const struct blocklist *list, uint32_t address)
{
    uint32_t low = 0, high = list->v4_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (list->v4[middle].last < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->v4_count && list->v4[low].first <= address;
}

static bool has6(const struct blocklist *list, const uint8_t address[16])
{
    uint32_t low = 0, high = list->v6_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (memcmp(list->v6[middle].last, address, 16) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->v6_count && memcmp(list->v6[low].first, address, 16) <= 0;
}

bool blocklist_has(const struct blocklist *list, const struct netaddr *address)
{
    if (list == NULL)
        return false;
    if (address->family == NETADDR_V4)
        return has4(list, number_of(address->bytes));
    return address->family == NETADDR_V6 && has6(list, address->bytes);
}
