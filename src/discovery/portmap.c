#include "discovery/portmap.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_WAIT_NS   (3 * NS_PER_S)    /* RFC 6887, 8.1.1 */
#define FIRST_NATPMP_NS (250 * NS_PER_MS) /* RFC 6886, 3.1 */
#define WAIT_MOST_NS    (1024 * NS_PER_S) /* RFC 6887, 8.1.1 */
#define SILENT_AFTER    2u                /* questions without an answer */
#define RENEW_LEAST_NS  (4 * NS_PER_S)    /* RFC 6887, 11.2.1 */
#define LEASE_MOST_S    (24u * 3600u)
#define REFUSED_S       300u /* until the next try, unless the gateway says when */
#define REFUSED_LEAST_S 30u
#define REFUSED_MOST_S  1800u
#define END_NS          NS_PER_S
#define END_AGAIN_NS    (300 * NS_PER_MS)
#define EPOCH_SLACK_S   2u

struct lease { /* of TCP or UDP */
    enum portmap_state state;
    enum portmap_refusal refusal;
    bool udp;
    bool asked; /* an answer is waited for */
    uint8_t nonce[PORTMAP_NONCE_BYTES];
    uint16_t external_port; /* 0: none was granted */
    uint32_t unanswered;
    uint64_t next_ns, wait_ns, expires_ns;
};

struct portmap {
    struct portmap_config config;
    struct netaddr own;
    uint16_t port;
    bool known; /* what the gateway speaks */
    enum portmap_protocol protocol;
    struct lease leases[2];  /* TCP, UDP */
    struct netaddr external; /* family NONE: not told */
    uint64_t epoch_ns;       /* when the gateway told its own: epoch_s; 0: not yet */
    uint32_t epoch_s;
    uint64_t end_ns; /* of giving back; 0: nothing is */
    struct portmap_look told;
};

static void forget(struct portmap *portmap)
{
    for (int i = 0; i < 2; i++)
        portmap->leases[i] = (struct lease){
            .udp = i == 1, .next_ns = UINT64_MAX, .state = PORTMAP_RESTING};
    portmap->known = false;
    portmap->external.family = NETADDR_NONE;
    portmap->epoch_ns = portmap->end_ns = 0;
}

struct portmap *portmap_new(const struct portmap_config *config)
{
    struct portmap *portmap = calloc(1, sizeof *portmap);
    if (portmap == NULL)
        return NULL;
    portmap->config = *config;
    forget(portmap);
    return portmap;
}

void portmap_free(struct portmap *portmap)
{
    free(portmap);
}

/* ---- telling ---- */

static bool is_told(const struct portmap *portmap, const struct portmap_look *look)
{
    const struct portmap_look *told = &portmap->told;
    return told->state == look->state && told->udp_state == look->udp_state &&
           told->by_pcp == look->by_pcp && told->refusal == look->refusal &&
           told->external_port == look->external_port &&
           netaddr_equal(&told->external, &look->external);
}

static void tell(struct portmap *portmap)
{
    struct portmap_look look;
    portmap_get_look(portmap, &look);
    if (is_told(portmap, &look))
        return;
    portmap->told = look;
    if (portmap->config.on_change != NULL)
        portmap->config.on_change(portmap->config.context);
}

static void wake(const struct portmap *portmap)
{
    if (portmap->config.on_wake != NULL)
        portmap->config.on_wake(portmap->config.context);
}

void portmap_get_look(const struct portmap *portmap, struct portmap_look *ret_look)
{
    const struct lease *tcp = &portmap->leases[0];
    *ret_look = (struct portmap_look){
        .state = tcp->state,
        .udp_state = portmap->leases[1].state,
        .by_pcp = portmap->protocol == PORTMAP_PCP,
        .refusal = tcp->refusal,
        .external_port = tcp->state == PORTMAP_MAPPED ? tcp->external_port : 0,
        .external = portmap->external,
    };
}

/* ---- asking ---- */

static void send_wish(struct portmap *portmap, struct lease *lease,
                      enum portmap_protocol protocol, uint32_t lease_s)
{
    uint8_t bytes[PORTMAP_REQUEST_BYTES];
    struct portmap_wish wish = {
        .udp = lease->udp,
        .lease_s = lease_s,
        .internal_port = portmap->port,
        .external_port = lease->external_port != 0 ? lease->external_port : portmap->port,
        .own = portmap->own,
    };
    memcpy(wish.nonce, lease->nonce, sizeof wish.nonce);
    const size_t length = portmap_write(protocol, &wish, bytes);
    lease->asked = true;
    portmap->config.send(portmap->config.context, bytes, length);
}

/* NAT-PMP has a question of its own for what PCP tells with each answer. */
static void ask_for_address(struct portmap *portmap)
{
    uint8_t bytes[PORTMAP_REQUEST_BYTES];
    portmap->config.send(portmap->config.context, bytes, portmap_write_question(bytes));
}

static uint64_t unevenly(const struct portmap *portmap, uint64_t wait_ns)
{
    const uint64_t tenth_ms = wait_ns / 10 / NS_PER_MS;
    return wait_ns - tenth_ms * NS_PER_MS +
           random_below(portmap->config.random, (uint32_t)(2 * tenth_ms) + 1) * NS_PER_MS;
}

static void ask(struct portmap *portmap, struct lease *lease, uint64_t now_ns)
{
    if (lease->unanswered >= SILENT_AFTER) {
        lease->state = PORTMAP_SILENT;
        portmap->known = false; /* it may have been replaced */
    }
    if (!portmap->known || portmap->protocol == PORTMAP_PCP)
        send_wish(portmap, lease, PORTMAP_PCP, PORTMAP_LEASE_S);
    if (portmap->known ? portmap->protocol == PORTMAP_NATPMP : lease->unanswered > 0) {
        send_wish(portmap, lease, PORTMAP_NATPMP, PORTMAP_LEASE_S);
        if (!lease->udp)
            ask_for_address(portmap);
    }
    lease->unanswered++;
    lease->next_ns = now_ns + unevenly(portmap, lease->wait_ns);
    lease->wait_ns =
        lease->wait_ns < WAIT_MOST_NS / 2 ? 2 * lease->wait_ns : WAIT_MOST_NS;
}

/* RFC 6887, 11.2.1: at half of what is left, again and again. */
static void renew(struct portmap *portmap, struct lease *lease, uint64_t now_ns)
{
    const uint64_t left_ns = lease->expires_ns - now_ns;
    send_wish(portmap, lease, portmap->protocol, PORTMAP_LEASE_S);
    if (portmap->protocol == PORTMAP_NATPMP && !lease->udp)
        ask_for_address(portmap);
    lease->next_ns =
        now_ns + (left_ns / 2 > RENEW_LEAST_NS ? left_ns / 2 : RENEW_LEAST_NS);
    if (lease->next_ns > lease->expires_ns)
        lease->next_ns = lease->expires_ns;
}

static void ask_anew(struct portmap *portmap, struct lease *lease, uint64_t now_ns)
{
    lease->unanswered = 0;
    lease->wait_ns = portmap->known && portmap->protocol == PORTMAP_NATPMP
                         ? FIRST_NATPMP_NS
                         : FIRST_WAIT_NS;
    lease->next_ns = now_ns;
}

void portmap_begin(struct portmap *portmap, uint64_t now_ns, const struct netaddr *own,
                   uint16_t port)
{
    forget(portmap);
    portmap->own = *own;
    portmap->port = port;
    for (int i = 0; i < 2; i++) {
        struct lease *lease = &portmap->leases[i];
        lease->state = PORTMAP_ASKING;
        portmap->config.random->fill(portmap->config.random->context, lease->nonce,
                                     sizeof lease->nonce);
        ask_anew(portmap, lease, now_ns);
    }
    tell(portmap);
    wake(portmap);
}

void portmap_again(struct portmap *portmap, uint64_t now_ns)
{
    for (int i = 0; i < 2 && portmap->end_ns == 0; i++) {
        struct lease *lease = &portmap->leases[i];
        if (lease->state == PORTMAP_MAPPED)
            lease->next_ns = now_ns;
        else if (lease->state != PORTMAP_RESTING)
            ask_anew(portmap, lease, now_ns);
    }
    wake(portmap);
}

void portmap_rest(struct portmap *portmap)
{
    forget(portmap);
    tell(portmap);
    wake(portmap);
}

/* ---- the end ---- */

static void give_back(struct portmap *portmap, uint64_t now_ns)
{
    for (int i = 0; i < 2; i++) {
        struct lease *lease = &portmap->leases[i];
        if (lease->state == PORTMAP_RESTING || now_ns < lease->next_ns)
            continue;
        if (now_ns >= portmap->end_ns) {
            lease->state = PORTMAP_RESTING;
            lease->next_ns = UINT64_MAX;
            continue;
        }
        send_wish(portmap, lease, portmap->protocol, 0);
        lease->next_ns = now_ns + END_AGAIN_NS;
    }
}

void portmap_end(struct portmap *portmap, uint64_t now_ns)
{
    portmap->end_ns = now_ns + END_NS;
    for (int i = 0; i < 2; i++) {
        struct lease *lease = &portmap->leases[i];
        /* One whose answer is on its way may have been granted, too. */
        if (!portmap->known || (lease->state != PORTMAP_MAPPED && !lease->asked))
            lease->state = PORTMAP_RESTING;
        lease->next_ns = lease->state != PORTMAP_RESTING ? now_ns : UINT64_MAX;
    }
    give_back(portmap, now_ns);
    wake(portmap);
}

bool portmap_has_ended(const struct portmap *portmap)
{
    return portmap->leases[0].state == PORTMAP_RESTING &&
           portmap->leases[1].state == PORTMAP_RESTING;
}

/* ---- answers ---- */

static uint32_t between(uint32_t least, uint32_t value, uint32_t most)
{
    return value < least ? least : value > most ? most : value;
}

static void on_refused(struct portmap *portmap, struct lease *lease,
                       const struct portmap_reply *reply, uint64_t now_ns)
{
    const uint32_t again_s =
        reply->protocol == PORTMAP_PCP && reply->result != 0 ? reply->lease_s : REFUSED_S;
    ask_anew(portmap, lease, now_ns);
    lease->state = PORTMAP_REFUSED;
    lease->refusal = portmap_refusal_of(reply);
    lease->external_port = 0;
    lease->next_ns =
        now_ns + between(REFUSED_LEAST_S, again_s, REFUSED_MOST_S) * NS_PER_S;
}

static void on_granted(struct lease *lease, const struct portmap_reply *reply,
                       uint64_t now_ns)
{
    const uint64_t lease_ns = between(1, reply->lease_s, LEASE_MOST_S) * NS_PER_S;
    const uint64_t half_ns =
        lease_ns / 2 > RENEW_LEAST_NS ? lease_ns / 2 : RENEW_LEAST_NS;
    lease->state = PORTMAP_MAPPED;
    lease->refusal = PORTMAP_REFUSAL_NONE;
    lease->external_port = reply->external_port;
    lease->expires_ns = now_ns + lease_ns;
    lease->next_ns = now_ns + half_ns;
}

/* RFC 6886, 3.6, and RFC 6887, 8.5: its clock is behind what it must be by now: it has
 * forgotten what it had granted. */
static bool has_restarted(struct portmap *portmap, uint32_t epoch_s, uint64_t now_ns)
{
    const uint64_t since_s = (now_ns - portmap->epoch_ns) / NS_PER_S;
    const bool known = portmap->epoch_ns != 0;
    const bool behind =
        known && (uint64_t)epoch_s + EPOCH_SLACK_S < portmap->epoch_s + since_s * 7 / 8;
    portmap->epoch_s = epoch_s;
    portmap->epoch_ns = now_ns;
    return behind;
}

static bool is_ours(const struct portmap *portmap, const struct lease *lease,
                    const struct portmap_reply *reply)
{
    return lease->asked && reply->internal_port == portmap->port &&
           (!portmap->known || portmap->protocol == reply->protocol) &&
           (reply->protocol == PORTMAP_NATPMP ||
            memcmp(reply->nonce, lease->nonce, sizeof lease->nonce) == 0);
}

static void on_given_back(struct lease *lease, const struct portmap_reply *reply)
{
    if (reply->lease_s != 0 && reply->result == 0)
        return; /* of a question from before */
    lease->state = PORTMAP_RESTING;
    lease->next_ns = UINT64_MAX;
}

static void on_mapping(struct portmap *portmap, const struct portmap_reply *reply,
                       uint64_t now_ns)
{
    struct lease *lease = &portmap->leases[reply->udp];
    struct lease *other = &portmap->leases[!reply->udp];
    if (lease->state == PORTMAP_RESTING || !is_ours(portmap, lease, reply))
        return;
    portmap->known = true;
    portmap->protocol = reply->protocol;
    if (portmap->end_ns != 0) {
        on_given_back(lease, reply);
        return;
    }
    lease->asked = false;
    if (has_restarted(portmap, reply->epoch_s, now_ns) && other->state == PORTMAP_MAPPED)
        other->next_ns = now_ns;
    if (reply->result != 0 || reply->lease_s == 0 || reply->external_port == 0) {
        on_refused(portmap, lease, reply, now_ns);
        return;
    }
    on_granted(lease, reply, now_ns);
    if (reply->external.family != NETADDR_NONE)
        portmap->external = reply->external;
}

/* Of those who only said that they do not understand PCP. */
static void on_version(struct portmap *portmap, uint64_t now_ns)
{
    if (portmap->known || portmap->end_ns != 0 || !portmap->leases[0].asked)
        return;
    portmap->known = true;
    portmap->protocol = PORTMAP_NATPMP;
    for (int i = 0; i < 2; i++)
        ask_anew(portmap, &portmap->leases[i], now_ns);
}

void portmap_receive(struct portmap *portmap, uint64_t now_ns, const uint8_t *bytes,
                     size_t length)
{
    struct portmap_reply reply;
    if (portmap_has_ended(portmap) || portmap_parse(bytes, length, &reply) != ERROR_NONE)
        return;
    switch (reply.kind) {
    case PORTMAP_REPLY_VERSION:
        on_version(portmap, now_ns);
        break;
    case PORTMAP_REPLY_ADDRESS:
        if (portmap->known && portmap->protocol == PORTMAP_NATPMP && reply.result == 0)
            portmap->external = reply.external;
        break;
    case PORTMAP_REPLY_MAPPING:
        on_mapping(portmap, &reply, now_ns);
        break;
    }
    tell(portmap);
    wake(portmap);
}

void portmap_on_nobody(struct portmap *portmap)
{
    for (int i = 0; i < 2; i++) {
        struct lease *lease = &portmap->leases[i];
        if (lease->state == PORTMAP_ASKING)
            lease->state = PORTMAP_SILENT;
    }
    tell(portmap);
}

void portmap_run(struct portmap *portmap, uint64_t now_ns)
{
    if (portmap->end_ns != 0) {
        give_back(portmap, now_ns);
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct lease *lease = &portmap->leases[i];
        if (now_ns < lease->next_ns)
            continue;
        if (lease->state == PORTMAP_MAPPED && now_ns < lease->expires_ns) {
            renew(portmap, lease, now_ns);
            continue;
        }
        if (lease->state == PORTMAP_MAPPED) {
            lease->state = PORTMAP_ASKING;
            ask_anew(portmap, lease, now_ns);
        }
        ask(portmap, lease, now_ns);
    }
    tell(portmap);
}

uint64_t portmap_next_ns(const struct portmap *portmap)
{
    const uint64_t tcp_ns = portmap->leases[0].next_ns;
    const uint64_t udp_ns = portmap->leases[1].next_ns;
    return tcp_ns < udp_ns ? tcp_ns : udp_ns;
}
