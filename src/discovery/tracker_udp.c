/*
 * A conversation with a UDP tracker (BEP 15): connect, announce, scrape, each sent again
 * after 15 x 2^n seconds, to the tracker's next address if it has several. The socket is
 * connected, so that answers from elsewhere never arrive, and transaction ids are fresh
 * random numbers with each sending. An answer is awaited for 15 seconds of them; then
 * socket and turn are given back until the next sending.
 */
#include "base/i18n.h"
#include "discovery/tracker_packet.h"
#include "discovery/tracker_private.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_NS       (15 * NS_PER_S)
#define WAIT_OTHER_NS (3 * NS_PER_S) /* while another address has not been tried */
#define DOUBLINGS_MAX 8u
#define LOSSES_SLOW   2u /* from then on others in the tier are asked */
#define CONNECTION_NS (60 * NS_PER_S)

struct udp_announce {
    struct tracker *tracker;
    struct resolver_query *query;
    struct datagram *socket; /* NULL: names are being resolved, or nothing is awaited */
    struct loop_timer timer;
    struct netaddr addresses[RESOLVER_ADDRESSES_MAX];
    uint32_t address_count, at;
    const char *path; /* in the tracker's URL */
    uint16_t port;
    bool connected, scraping;
    uint64_t connection_id, connected_ns;
    uint32_t transaction;
    uint64_t due_ns; /* without an answer it is sent again */
    uint32_t losses;
};

void tracker_udp_cancel(struct tracker *tracker)
{
    struct udp_announce *udp = tracker->udp;
    if (udp == NULL)
        return;
    tracker->udp = NULL;
    resolver_cancel(udp->query);
    datagram_close(udp->socket);
    loop_timer_cancel(tracker->manager->config.loop, &udp->timer);
    free(udp);
    tracker_turn_give_back(&tracker->turn);
}

bool tracker_udp_is_scraping(const struct tracker *tracker)
{
    return tracker->udp != NULL && tracker->udp->scraping;
}

static void fail(struct udp_announce *udp, const char *message)
{
    struct tracker *tracker = udp->tracker;
    const struct netaddr from = udp->addresses[udp->at];
    const bool scraping = udp->scraping;
    tracker_udp_cancel(tracker);
    if (!scraping) /* counts are a courtesy */
        tracker_on_answer(tracker, NULL, message, false, &from);
}

/* ---- sending ---- */

static enum error_code put_announce(struct buffer *packet, const struct udp_announce *udp)
{
    const struct tracker *tracker = udp->tracker;
    const struct tracker_manager_config *config = &tracker->manager->config;
    struct tracker_stats stats;
    config->stats(config->context, &stats);
    struct tracker_announce announce = {
        .hash = config->hash,
        .downloaded = stats.downloaded,
        .left = stats.left,
        .uploaded = stats.uploaded,
        .event = (uint32_t)tracker->event,
        .key = tracker->manager->key,
        .peers_wanted = tracker->event == TRACKER_EVENT_STOPPED ? 0 : TRACKER_PEERS_MAX,
        .port = config->port,
        .path = udp->path,
    };
    memcpy(announce.peer_id, config->peer_id, sizeof announce.peer_id);
    return tracker_packet_put_announce(packet, udp->connection_id, udp->transaction,
                                       &announce);
}

static enum error_code put_packet(struct buffer *packet, const struct udp_announce *udp)
{
    if (!udp->connected)
        return tracker_packet_put_connect(packet, udp->transaction);
    if (udp->scraping)
        return tracker_packet_put_scrape(packet, udp->connection_id, udp->transaction,
                                         &udp->tracker->manager->config.hash);
    return put_announce(packet, udp);
}

static uint64_t wait_ns(const struct udp_announce *udp)
{
    if (udp->losses + 1 < udp->address_count)
        return WAIT_OTHER_NS;
    const uint32_t doublings = (udp->losses + 1) / udp->address_count - 1;
    return WAIT_NS << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
}

/* ERROR_NONE: it is on its way or lost; the timer sends another. */
static enum error_code send_packet(struct udp_announce *udp)
{
    struct tracker_manager *manager = udp->tracker->manager;
    struct buffer packet;
    buffer_init(&packet, TRACKER_PACKET_MAX);
    udp->transaction = random_u32(manager->config.random);
    enum error_code error = put_packet(&packet, udp);
    if (error == ERROR_NONE)
        error = datagram_send(udp->socket, packet.bytes, packet.length);
    buffer_done(&packet);
    const uint64_t next_ns = wait_ns(udp);
    udp->due_ns = loop_now_ns(manager->config.loop) + next_ns;
    loop_timer_set_in(manager->config.loop, &udp->timer,
                      next_ns < WAIT_NS ? next_ns : WAIT_NS);
    return error == ERROR_AGAIN ? ERROR_NONE : error;
}

/* ---- its addresses in turn ---- */

static void on_packet(void *context, const uint8_t *bytes, size_t length);
static void on_error(void *context, enum error_code error);
static const struct datagram_callbacks callbacks = {on_packet, on_error};

/* From another port we are somebody else, who has to connect. */
static void close_socket(struct udp_announce *udp)
{
    datagram_close(udp->socket);
    udp->socket = NULL;
    udp->connected = false;
}

static enum error_code try_address(struct udp_announce *udp)
{
    const struct tracker_manager_config *config = &udp->tracker->manager->config;
    close_socket(udp);
    const enum error_code error = config->net->open_datagram(
        config->net->context, config->loop, &udp->addresses[udp->at], &callbacks, udp,
        &udp->socket);
    return error == ERROR_NONE ? send_packet(udp) : error;
}

/* This address will not do. The next that was not tried yet, or the end. */
static void give_up_address(struct udp_announce *udp, enum error_code error,
                            const char *message)
{
    udp->tracker->offline = error == ERROR_OFFLINE;
    while (!udp->scraping && udp->losses + 1 < udp->address_count) {
        udp->losses++;
        udp->at = udp->losses;
        if (try_address(udp) == ERROR_NONE)
            return;
    }
    fail(udp, message);
}

static void on_error(void *context, enum error_code error)
{
    give_up_address(context, error, _("nobody listens at the tracker's address"));
}

static void tell_if_slow(const struct udp_announce *udp)
{
    if (udp->losses >= LOSSES_SLOW * udp->address_count)
        tracker_on_slow(udp->tracker, _("the tracker does not answer"));
}

void tracker_udp_send_again(struct tracker *tracker)
{
    struct udp_announce *udp = tracker->udp;
    const uint64_t now_ns = loop_now_ns(tracker->manager->config.loop);
    enum error_code error;
    if (udp->address_count > 1 || udp->socket == NULL) {
        udp->at = udp->losses % udp->address_count;
        error = try_address(udp);
    } else {
        if (now_ns - udp->connected_ns >= CONNECTION_NS) /* we have slept */
            udp->connected = false;
        error = send_packet(udp);
    }
    if (error != ERROR_NONE)
        give_up_address(udp, error, error_text(error));
    else
        tell_if_slow(udp);
}

static void lose(struct udp_announce *udp)
{
    struct tracker *tracker = udp->tracker;
    udp->losses++;
    if (udp->scraping || udp->losses >= (DOUBLINGS_MAX + 1) * udp->address_count) {
        fail(udp, _("the tracker does not answer"));
        return;
    }
    if (udp->losses >= udp->address_count) {
        tracker_turn_give_back(&tracker->turn);
        if (!tracker_turn_want(&tracker->turn, TRACKER_RANK_AGAIN)) {
            close_socket(udp);
            tell_if_slow(udp);
            return;
        }
    }
    tracker_udp_send_again(tracker);
}

static void on_timeout(void *context)
{
    struct udp_announce *udp = context;
    struct tracker *tracker = udp->tracker;
    if (loop_now_ns(tracker->manager->config.loop) >= udp->due_ns) {
        lose(udp);
        return;
    }
    close_socket(udp);
    tracker_turn_give_back(&tracker->turn);
    loop_timer_set(tracker->manager->config.loop, &udp->timer, udp->due_ns);
}

/* ---- answers ---- */

static void on_announced(struct udp_announce *udp, const struct tracker_reply *reply)
{
    struct tracker *tracker = udp->tracker;
    const struct netaddr from = udp->addresses[udp->at];
    if (tracker->event == TRACKER_EVENT_STOPPED ||
        tracker_turns_are_wanted(tracker->manager->config.turns)) {
        tracker_udp_cancel(tracker);
    } else {
        udp->scraping = true;
        udp->losses = 0;
        if (send_packet(udp) != ERROR_NONE)
            tracker_udp_cancel(tracker);
    }
    tracker_on_answer(tracker, reply, NULL, false, &from);
}

static void on_packet(void *context, const uint8_t *bytes, size_t length)
{
    struct udp_announce *udp = context;
    struct tracker *tracker = udp->tracker;
    struct tracker_packet packet;
    if (tracker_packet_read(bytes, length, &udp->addresses[udp->at],
                            tracker->manager->config.random, &packet) != ERROR_NONE ||
        packet.transaction != udp->transaction)
        return;
    if (packet.action == TRACKER_ACTION_ERROR) {
        fail(udp, packet.reply.text);
    } else if (packet.action == TRACKER_ACTION_CONNECT && !udp->connected) {
        udp->connection_id = packet.connection_id;
        udp->connected = true;
        udp->connected_ns = loop_now_ns(tracker->manager->config.loop);
        const enum error_code error = send_packet(udp);
        if (error != ERROR_NONE)
            give_up_address(udp, error, error_text(error));
    } else if (packet.action == TRACKER_ACTION_ANNOUNCE && udp->connected &&
               !udp->scraping) {
        on_announced(udp, &packet.reply);
    } else if (packet.action == TRACKER_ACTION_SCRAPE && udp->scraping) {
        tracker_udp_cancel(tracker);
        tracker_on_counts(tracker, &packet.reply);
    }
}

/* ---- beginning ---- */

/* Of a name that has public addresses, or had one, no other is asked (H12); nor is any
 * that no host has. */
static uint32_t keep_reachable(const struct tracker *tracker, struct netaddr *addresses,
                               uint32_t count)
{
    bool public = tracker->was_public;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
    public = public || netaddr_scope(&addresses[i]) == NETADDR_SCOPE_PUBLIC;
    for (uint32_t i = 0; i < count; i++) {
        const enum netaddr_scope scope = netaddr_scope(&addresses[i]);
        if (scope == NETADDR_SCOPE_PUBLIC || (!public && scope != NETADDR_SCOPE_INVALID &&
                                              scope != NETADDR_SCOPE_LINK_LOCAL))
            addresses[kept++] = addresses[i];
    }
    return kept;
}

static void on_resolved(void *context, const struct netaddr *addresses, uint32_t count,
                        const char *message)
{
    struct udp_announce *udp = context;
    udp->query = NULL;
    if (count == 0) {
        fail(udp, message != NULL ? message : error_text(ERROR_NOT_FOUND));
        return;
    }
    memcpy(udp->addresses, addresses, count * sizeof *addresses);
    count = keep_reachable(udp->tracker, udp->addresses, count);
    if (count == 0) {
        fail(udp, _("its name leads to a private address, where it may not"));
        return;
    }
    udp->address_count = count;
    for (uint32_t i = 0; i < count; i++)
        udp->addresses[i].port = udp->port;
    const enum error_code error = try_address(udp);
    if (error != ERROR_NONE)
        give_up_address(udp, error, error_text(error));
}

/* udp://HOST:PORT/path */
static bool split_url(const char *url, char *ret_host, size_t host_size,
                      struct udp_announce *udp)
{
    const char *host = url + strlen("udp://");
    const bool bracketed = *host == '[';
    if (bracketed)
        host++;
    const size_t length = strcspn(host, bracketed ? "]" : ":/?");
    uint64_t port = 0;
    char digits[8] = "";
    const char *colon = host + length + (bracketed && host[length] == ']');
    if (length == 0 || length >= host_size || *colon != ':')
        return false;
    const size_t digit_count = strspn(colon + 1, "0123456789");
    if (digit_count == 0 || digit_count >= sizeof digits)
        return false;
    memcpy(ret_host, host, length);
    ret_host[length] = '\0';
    memcpy(digits, colon + 1, digit_count);
    if (!text_parse_u64(digits, 1, 65535, &port) ||
        netaddr_port_is_abused((uint16_t)port))
        return false;
    udp->port = (uint16_t)port;
    udp->path = colon + 1 + digit_count;
    if (strcmp(udp->path, "/announce") == 0 || strcmp(udp->path, "/") == 0 ||
        strlen(udp->path) > TRACKER_PACKET_MAX / 2)
        udp->path = "";
    return true;
}

enum tracker_start tracker_udp_announce(struct tracker *tracker)
{
    char host[256];
    const struct tracker_manager_config *config = &tracker->manager->config;
    struct udp_announce *udp = calloc(1, sizeof *udp);
    if (udp == NULL)
        return TRACKER_START_FAILED;
    if (!split_url(tracker->url, host, sizeof host, udp)) {
        free(udp);
        return TRACKER_START_NEVER;
    }
    udp->tracker = tracker;
    udp->address_count = 1;
    loop_timer_init(&udp->timer, on_timeout, udp);
    tracker->udp = udp;
    udp->query =
        config->net->resolve(config->net->context, config->loop, host, on_resolved, udp);
    if (udp->query != NULL)
        return TRACKER_START_BEGUN;
    tracker_udp_cancel(tracker);
    return TRACKER_START_FAILED;
}
