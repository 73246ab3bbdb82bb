#include "discovery/upnp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEARCHES          3u
#define SEARCH_AGAIN_NS   (2 * NS_PER_S)
#define FAILED_NS         (300 * NS_PER_S) /* until the next search */
#define END_NS            (2 * NS_PER_S)
#define CONFLICTS_MOST    4u
#define FAULT_CONFLICT    718u
#define FAULT_FOR_EVER    725u /* OnlyPermanentLeasesSupported */
#define OTHER_PORTS_FIRST 10000u
#define OTHER_PORTS       50000u

enum step {
    STEP_REST,
    STEP_SEARCH,
    STEP_DESCRIBE,
    STEP_ADD_TCP,
    STEP_ADD_UDP,
    STEP_ADDRESS,
    STEP_HELD,
    STEP_FAILED,
    STEP_DELETE_TCP,
    STEP_DELETE_UDP
};

struct upnp {
    struct upnp_config config;
    struct netaddr own, gateway;
    uint16_t port, external_port;
    enum step step;
    enum portmap_state state;
    struct upnp_service service;
    char url[UPNP_URL_SIZE]; /* of the description */
    char text[UPNP_TEXT_SIZE];
    struct netaddr external;
    uint32_t searches, conflicts;
    uint32_t lease_s;
    bool has_tcp, has_udp; /* may be mapped there */
    uint64_t next_ns;
};

struct upnp *upnp_new(const struct upnp_config *config)
{
    struct upnp *upnp = calloc(1, sizeof *upnp);
    if (upnp == NULL)
        return NULL;
    upnp->config = *config;
    upnp->next_ns = UINT64_MAX;
    return upnp;
}

void upnp_free(struct upnp *upnp)
{
    free(upnp);
}

void upnp_get_look(const struct upnp *upnp, struct upnp_look *ret_look)
{
    *ret_look = (struct upnp_look){
        .state = upnp->state,
        .external_port = upnp->state == PORTMAP_MAPPED ? upnp->external_port : 0,
        .external = upnp->external,
        .text = upnp->text,
    };
}

static void set_state(struct upnp *upnp, enum portmap_state state)
{
    upnp->state = state;
    if (upnp->config.on_change != NULL)
        upnp->config.on_change(upnp->config.context);
}

static void go_to(struct upnp *upnp, enum step step, uint64_t next_ns)
{
    upnp->step = step;
    upnp->next_ns = next_ns;
    if (upnp->config.on_wake != NULL)
        upnp->config.on_wake(upnp->config.context);
}

static void fail(struct upnp *upnp, enum portmap_state state, const char *text,
                 uint64_t now_ns)
{
    snprintf(upnp->text, sizeof upnp->text, "%s", text);
    go_to(upnp, STEP_FAILED, now_ns + FAILED_NS);
    set_state(upnp, state);
}

/* ---- asking ---- */

/* W16 */
static bool may_be_asked(const struct netaddr *own, const struct netaddr *gateway)
{
    return own->family == NETADDR_V4 && gateway->family == NETADDR_V4 &&
           netaddr_scope(gateway) == NETADDR_SCOPE_PRIVATE &&
           memcmp(own->bytes, gateway->bytes, 3) == 0;
}

bool upnp_begin(struct upnp *upnp, uint64_t now_ns, const struct netaddr *own,
                const struct netaddr *gateway, uint16_t port)
{
    upnp_rest(upnp);
    if (!may_be_asked(own, gateway))
        return false;
    upnp->own = *own;
    upnp->gateway = *gateway;
    upnp->port = upnp->external_port = port;
    upnp->lease_s = PORTMAP_LEASE_S;
    upnp->searches = upnp->conflicts = 0;
    upnp->state = PORTMAP_ASKING;
    go_to(upnp, STEP_SEARCH, now_ns);
    return true;
}

void upnp_rest(struct upnp *upnp)
{
    upnp->state = PORTMAP_RESTING;
    upnp->has_tcp = upnp->has_udp = false;
    upnp->external.family = NETADDR_NONE;
    upnp->text[0] = '\0';
    go_to(upnp, STEP_REST, UINT64_MAX);
}

static void search(struct upnp *upnp, uint64_t now_ns)
{
    struct buffer out;
    if (upnp->searches >= SEARCHES) {
        upnp->searches = 0;
        fail(upnp, PORTMAP_SILENT, "", now_ns);
        return;
    }
    buffer_init(&out, 1024);
    if (upnp_write_search(&out) == ERROR_NONE)
        upnp->config.search(upnp->config.context, out.bytes, out.length);
    buffer_done(&out);
    upnp->searches++;
    go_to(upnp, STEP_SEARCH, now_ns + SEARCH_AGAIN_NS);
}

static void call(struct upnp *upnp, enum step step, enum upnp_action action, bool udp)
{
    char header[UPNP_TYPE_SIZE + 40];
    struct buffer body;
    const struct upnp_wish wish = {.udp = udp,
                                   .external_port = upnp->external_port,
                                   .internal_port = upnp->port,
                                   .own = upnp->own,
                                   .lease_s = upnp->lease_s};
    snprintf(header, sizeof header, "\"%s#%s\"", upnp->service.type,
             upnp_action_name(action));
    buffer_init(&body, 4096);
    go_to(upnp, step, UINT64_MAX);
    if (upnp_write_call(&upnp->service, action, &wish, &body) == ERROR_NONE)
        upnp->config.call(upnp->config.context, upnp->service.url, header, body.bytes,
                          body.length);
    buffer_done(&body);
}

static void add(struct upnp *upnp, bool udp)
{
    /* Even without an answer it may have been done. */
    *(udp ? &upnp->has_udp : &upnp->has_tcp) = true;
    call(upnp, udp ? STEP_ADD_UDP : STEP_ADD_TCP, UPNP_ADD, udp);
}

/* ---- answers ---- */

void upnp_receive(struct upnp *upnp, uint64_t now_ns, const struct netaddr *from,
                  const uint8_t *bytes, size_t length)
{
    (void)now_ns;
    if (upnp->step != STEP_SEARCH || upnp->searches == 0 ||
        !netaddr_same_host(from, &upnp->gateway) ||
        upnp_read_found(bytes, length, &upnp->gateway, upnp->url) != ERROR_NONE)
        return;
    go_to(upnp, STEP_DESCRIBE, UINT64_MAX);
    upnp->config.call(upnp->config.context, upnp->url, NULL, NULL, 0);
}

static void on_described(struct upnp *upnp, uint64_t now_ns, long status,
                         const uint8_t *body, size_t length)
{
    if (status != 200 || upnp_read_description(body, length, upnp->url, &upnp->gateway,
                                               &upnp->service) != ERROR_NONE) {
        fail(upnp, PORTMAP_REFUSED, "", now_ns);
        return;
    }
    add(upnp, false);
}

/* True: it is tried again, differently. */
static bool try_otherwise(struct upnp *upnp, uint32_t fault)
{
    if (fault == FAULT_FOR_EVER && upnp->lease_s != 0) {
        upnp->lease_s = 0;
        return true;
    }
    if (fault != FAULT_CONFLICT || upnp->conflicts >= CONFLICTS_MOST)
        return false;
    upnp->conflicts++;
    upnp->external_port =
        (uint16_t)(OTHER_PORTS_FIRST + random_below(upnp->config.random, OTHER_PORTS));
    return true;
}

static void on_added(struct upnp *upnp, uint64_t now_ns, long status, const uint8_t *body,
                     size_t length)
{
    const bool udp = upnp->step == STEP_ADD_UDP;
    struct upnp_answer answer = {.fault = 0};
    if (status != 0 && upnp_read_answer(body, length, &answer) != ERROR_NONE)
        status = 0;
    if (status == 200 && answer.fault == 0) {
        if (udp)
            call(upnp, STEP_ADDRESS, UPNP_ADDRESS, false);
        else
            add(upnp, true);
        return;
    }
    *(udp ? &upnp->has_udp : &upnp->has_tcp) = status == 0;
    if (!udp && status != 0 && try_otherwise(upnp, answer.fault))
        add(upnp, false);
    else if (udp && upnp->has_tcp) /* TCP is the half that counts */
        call(upnp, STEP_ADDRESS, UPNP_ADDRESS, false);
    else
        fail(upnp, status == 0 ? PORTMAP_SILENT : PORTMAP_REFUSED, answer.text, now_ns);
}

static void on_address(struct upnp *upnp, uint64_t now_ns, long status,
                       const uint8_t *body, size_t length)
{
    struct upnp_answer answer;
    upnp->external.family = NETADDR_NONE;
    if (status == 200 && upnp_read_answer(body, length, &answer) == ERROR_NONE)
        upnp->external = answer.external;
    go_to(upnp, STEP_HELD, now_ns + PORTMAP_LEASE_S / 2 * NS_PER_S);
    set_state(upnp, PORTMAP_MAPPED);
}

static void give_back(struct upnp *upnp)
{
    const uint64_t until_ns = upnp->next_ns;
    if (upnp->has_tcp || upnp->has_udp) {
        const bool udp = !upnp->has_tcp;
        *(udp ? &upnp->has_udp : &upnp->has_tcp) = false;
        call(upnp, udp ? STEP_DELETE_UDP : STEP_DELETE_TCP, UPNP_DELETE, udp);
        upnp->next_ns = until_ns;
        if (upnp->config.on_wake != NULL)
            upnp->config.on_wake(upnp->config.context);
    } else {
        go_to(upnp, STEP_REST, UINT64_MAX);
    }
}

void upnp_on_result(struct upnp *upnp, uint64_t now_ns, long status, const uint8_t *body,
                    size_t length)
{
    switch (upnp->step) {
    case STEP_DESCRIBE:
        on_described(upnp, now_ns, status, body, length);
        break;
    case STEP_ADD_TCP:
    case STEP_ADD_UDP:
        on_added(upnp, now_ns, status, body, length);
        break;
    case STEP_ADDRESS:
        on_address(upnp, now_ns, status, body, length);
        break;
    case STEP_DELETE_TCP:
    case STEP_DELETE_UDP:
        give_back(upnp);
        break;
    case STEP_REST:
    case STEP_SEARCH:
    case STEP_HELD:
    case STEP_FAILED:
        break;
    }
}

/* ---- time ---- */

void upnp_end(struct upnp *upnp, uint64_t now_ns)
{
    upnp->state = PORTMAP_RESTING;
    upnp->next_ns = now_ns + END_NS;
    give_back(upnp);
}

bool upnp_has_ended(const struct upnp *upnp)
{
    return upnp->step == STEP_REST;
}

void upnp_run(struct upnp *upnp, uint64_t now_ns)
{
    if (now_ns < upnp->next_ns)
        return;
    switch (upnp->step) {
    case STEP_SEARCH:
    case STEP_FAILED:
        search(upnp, now_ns);
        break;
    case STEP_HELD:
        upnp->conflicts = 0;
        add(upnp, false);
        break;
    case STEP_DELETE_TCP:
    case STEP_DELETE_UDP:
        go_to(upnp, STEP_REST, UINT64_MAX);
        break;
    default:
        upnp->next_ns = UINT64_MAX;
        break;
    }
}

uint64_t upnp_next_ns(const struct upnp *upnp)
{
    return upnp->next_ns;
}
