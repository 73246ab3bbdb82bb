/*
 * A SOCKS5 proxy's answers, as a whole and in portions; the header of a datagram; and
 * --proxy. The first byte says which, whether there is a login, and the portions.
 */
#include "net/proxy.h"
#include "net/socks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define MUST(what)                                                                       \
    do {                                                                                 \
        if (!(what))                                                                     \
            abort();                                                                     \
    } while (0)

static size_t run(struct socks *socks, const uint8_t *bytes, size_t length,
                  size_t portion, bool login)
{
    const struct socks_target target = {.address = {.family = NETADDR_V4, .port = 1}};
    size_t at = 0;
    socks_init(socks, SOCKS_CONNECT, &target, login ? "user" : NULL, "password");
    while (at < length && socks_wants(socks) > 0) {
        size_t part = length - at < portion ? length - at : portion;
        part = part < socks_wants(socks) ? part : socks_wants(socks);
        socks_feed(socks, bytes + at, part);
        MUST(socks->held <= sizeof socks->in && socks->out_bytes <= sizeof socks->out);
        at += part;
    }
    return at;
}

static void talk(const uint8_t *bytes, size_t length, uint8_t how)
{
    struct socks whole, parts;
    const size_t taken = run(&whole, bytes, length, SIZE_MAX, (how & 1) != 0);
    MUST(run(&parts, bytes, length, 1u + how / 16u, (how & 1) != 0) == taken);
    MUST(whole.status == parts.status && netaddr_equal(&whole.bound, &parts.bound));
}

static void take_apart(const uint8_t *bytes, size_t length)
{
    uint8_t again[SOCKS_HEADER_MOST];
    struct socks_target target = {0};
    struct netaddr from;
    size_t at;
    if (!socks_read_header(bytes, length, &from, &at))
        return;
    MUST(at <= length);
    if (from.family == NETADDR_NONE)
        return;
    target.address = from;
    MUST(socks_put_header(&target, again) <= at);
    MUST(socks_read_header(again, sizeof again, &from, &at));
    MUST(netaddr_equal(&from, &target.address));
}

static void name_it(const uint8_t *bytes, size_t length)
{
    char text[1024];
    struct proxy_place place;
    length = length < sizeof text - 1 ? length : sizeof text - 1;
    memcpy(text, bytes, length);
    text[length] = '\0';
    if (proxy_parse(text, &place))
        MUST(place.host[0] != '\0' && place.port != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 1 || length > 4096)
        return 0;
    if ((bytes[0] & 6) == 2)
        take_apart(bytes + 1, length - 1);
    else if ((bytes[0] & 6) == 4)
        name_it(bytes + 1, length - 1);
    else
        talk(bytes + 1, length - 1, bytes[0]);
    return 0;
}
