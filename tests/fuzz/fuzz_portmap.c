/* Answers of a gateway by NAT-PMP and PCP: read alone, and by one who waits for them. */
#include "discovery/portmap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void on_send(void *context, const uint8_t *bytes, size_t length)
{
    (void)context, (void)bytes;
    if (length > PORTMAP_REQUEST_BYTES)
        abort();
}

/* The nonce is that of the seeds. */
static void fill(void *context, void *bytes, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = size == PORTMAP_NONCE_BYTES ? 0 : (uint8_t)(0x77 + i);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const struct random_source random = {fill, NULL};
    const struct portmap_config config = {.random = &random, .send = on_send};
    const struct netaddr own = {.family = NETADDR_V4, .bytes = {192, 168, 1, 7}};
    struct portmap_look look;
    struct portmap_reply reply;
    struct portmap *portmap = portmap_new(&config);
    if (portmap == NULL)
        return 0;
    uint64_t now_ns = NS_PER_S;
    portmap_begin(portmap, now_ns, &own, 6881);
    portmap_run(portmap, now_ns);
    while (length > 0) { /* a byte for the length, and the packet */
        const size_t most = length - 1, size = bytes[0] < most ? bytes[0] : most;
        portmap_receive(portmap, now_ns, bytes + 1, size);
        if (portmap_parse(bytes + 1, size, &reply) == ERROR_NONE &&
            reply.external.family != NETADDR_NONE &&
            netaddr_scope(&reply.external) == NETADDR_SCOPE_INVALID)
            abort();
        bytes += 1 + size;
        length -= 1 + size;
        now_ns += NS_PER_S;
        if (portmap_next_ns(portmap) <= now_ns)
            portmap_run(portmap, now_ns);
    }
    portmap_get_look(portmap, &look);
    if ((look.state == PORTMAP_MAPPED) != (look.external_port != 0))
        abort();
    portmap_end(portmap, now_ns);
    portmap_run(portmap, now_ns + 2 * NS_PER_S);
    if (!portmap_has_ended(portmap))
        abort();
    portmap_free(portmap);
    return 0;
}
