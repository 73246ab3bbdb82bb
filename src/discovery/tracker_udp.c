/*
 * An announce over UDP (BEP 15): connect, then announce, each sent again after 15 x 2^n
 * seconds. The socket is connected, so that answers from elsewhere never arrive, and
 * transaction ids are fresh random numbers with each sending. Addresses are literal or
 * come from the resolver.
 */
#include "base/buffer.h"
#include "base/i18n.h"
#include "base/text.h"
#include "discovery/tracker_private.h"
#include "net/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL_ID     UINT64_C(0x41727101980)
#define TRIES_MAX       3u /* 15 + 30 + 60 s; then the back-off of the manager takes over */
#define ACTION_CONNECT  0u
#define ACTION_ANNOUNCE 1u
#define ACTION_ERROR    3u

struct udp_announce {
    struct tracker *tracker;
    struct resolver_query *query;
    struct loop_slot *slot;
    struct loop_timer timer;
    struct netaddr address;
    char path[512]; /* BEP 41 */
    int fd;
    uint16_t port;
    bool connected;
    uint64_t connection_id;
    uint32_t transaction;
    uint32_t tries;
};

void tracker_udp_cancel(struct tracker *tracker)
{
    struct udp_announce *udp = tracker->udp;
    if (udp == NULL)
        return;
    tracker->udp = NULL;
    resolver_cancel(udp->query);
    loop_slot_remove(udp->slot);
    loop_timer_cancel(tracker->manager->config.loop, &udp->timer);
    if (udp->fd >= 0)
        close(udp->fd);
    free(udp);
}

static void fail(struct udp_announce *udp, const char *message)
{
    struct tracker *tracker = udp->tracker;
    const struct netaddr from = udp->address;
    tracker_udp_cancel(tracker);
    tracker_on_answer(tracker, NULL, message, false, &from);
}

static enum error_code put_announce(struct buffer *packet, struct udp_announce *udp)
{
    static const uint32_t events[] = {0, 1, 2, 3};
    const struct tracker *tracker = udp->tracker;
    const struct tracker_manager_config *config = &tracker->manager->config;
    struct tracker_stats stats;
    config->stats(config->context, &stats);
    enum error_code error = buffer_append_u64(packet, udp->connection_id);
    error |= buffer_append_u32(packet, ACTION_ANNOUNCE);
    error |= buffer_append_u32(packet, udp->transaction);
    error |= buffer_append(packet, config->hash.bytes, SHA1_BYTES);
    error |= buffer_append(packet, config->peer_id, sizeof config->peer_id);
    error |= buffer_append_u64(packet, stats.downloaded);
    error |= buffer_append_u64(packet, stats.left);
    error |= buffer_append_u64(packet, stats.uploaded);
    error |= buffer_append_u32(packet, events[tracker->event]);
    error |= buffer_append_u32(packet, 0); /* our address: as it sees it */
    error |= buffer_append_u32(packet, tracker->manager->key);
    error |= buffer_append_u32(
        packet, tracker->event == TRACKER_EVENT_STOPPED ? 0 : TRACKER_PEERS_MAX);
    error |= buffer_append_u16(packet, config->port);
    /* BEP 41: the path and query, in pieces of at most 255 bytes. */
    for (const char *at = udp->path; *at != '\0' && error == ERROR_NONE;) {
        const size_t part = strlen(at) < 255 ? strlen(at) : 255;
        error |= buffer_append_u16(packet, (uint16_t)(0x0200 | part));
        error |= buffer_append(packet, at, part);
        at += part;
    }
    return error;
}

static void send_packet(struct udp_announce *udp)
{
    struct tracker_manager *manager = udp->tracker->manager;
    struct buffer packet;
    buffer_init(&packet, 2048);
    udp->transaction = random_u32(manager->config.random);
    enum error_code error = ERROR_NONE;
    if (udp->connected) {
        error = put_announce(&packet, udp);
    } else {
        error = buffer_append_u64(&packet, PROTOCOL_ID);
        error |= buffer_append_u32(&packet, ACTION_CONNECT);
        error |= buffer_append_u32(&packet, udp->transaction);
    }
    /* A send that fails is a packet lost: the timer sends another. */
    if (error == ERROR_NONE &&
        send(udp->fd, packet.bytes, packet.length, MSG_NOSIGNAL) < 0)
        error = error_from_errno(errno);
    buffer_done(&packet);
    loop_timer_set_in(manager->config.loop, &udp->timer, (15 * NS_PER_S) << udp->tries);
}

static void on_timeout(void *context)
{
    struct udp_announce *udp = context;
    if (++udp->tries >= TRIES_MAX) {
        fail(udp, _("the tracker does not answer"));
        return;
    }
    udp->connected = false; /* its id is older than a minute by now, or may be */
    send_packet(udp);
}

static void on_announced(struct udp_announce *udp, struct cursor *cursor)
{
    struct tracker *tracker = udp->tracker;
    struct tracker_reply *reply = calloc(1, sizeof *reply);
    const struct netaddr from = udp->address;
    if (reply == NULL) {
        fail(udp, error_text(ERROR_MEMORY));
        return;
    }
    reply->interval_s = tracker_clamp_interval(cursor_u32(cursor));
    reply->leechers = cursor_u32(cursor);
    reply->seeds = cursor_u32(cursor);
    const size_t stride = udp->address.family == NETADDR_V6 ? 18 : 6;
    const bool whole = !cursor->failed;
    while (cursor_left(cursor) >= stride && reply->peer_count < TRACKER_PEERS_MAX) {
        struct netaddr address;
        const uint8_t *bytes = cursor_bytes(cursor, stride);
        if (stride == 6)
            netaddr_from_compact4(bytes, &address);
        else
            netaddr_from_compact6(bytes, &address);
        if (netaddr_may_nominate(&from, &address))
            reply->peers[reply->peer_count++] = address;
    }
    if (whole) {
        tracker_udp_cancel(tracker);
        tracker_on_answer(tracker, reply, NULL, false, &from);
    }
    free(reply);
}

static void on_packet(struct udp_announce *udp, const uint8_t *bytes, size_t length)
{
    struct cursor cursor;
    char message[TRACKER_TEXT_SIZE];
    cursor_init(&cursor, bytes, length);
    const uint32_t action = cursor_u32(&cursor);
    const uint32_t transaction = cursor_u32(&cursor);
    if (cursor.failed || transaction != udp->transaction)
        return;
    if (action == ACTION_ERROR) {
        const size_t left = cursor_left(&cursor);
        text_clean((struct untrusted){(const char *)cursor_bytes(&cursor, left), left},
                   200, message, sizeof message);
        fail(udp, message);
    } else if (action == ACTION_CONNECT && !udp->connected && cursor_left(&cursor) >= 8) {
        udp->connection_id = cursor_u64(&cursor);
        udp->connected = true;
        send_packet(udp);
    } else if (action == ACTION_ANNOUNCE && udp->connected &&
               cursor_left(&cursor) >= 12) {
        on_announced(udp, &cursor);
    }
}

static void on_readable(void *context, short revents)
{
    struct udp_announce *udp = context;
    struct tracker *tracker = udp->tracker;
    uint8_t bytes[4096];
    (void)revents;
    for (int budget = 16; budget > 0 && tracker->udp == udp; budget--) {
        const ssize_t got = recv(udp->fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == ECONNREFUSED) {
            fail(udp, _("nobody listens at the tracker's address"));
            return;
        }
        if (got < 0)
            return;
        on_packet(udp, bytes, (size_t)got);
    }
}

static void on_resolved(void *context, const struct netaddr *addresses, uint32_t count,
                        const char *message)
{
    struct udp_announce *udp = context;
    struct sockaddr_storage sockaddr;
    udp->query = NULL;
    if (count == 0) {
        fail(udp, message);
        return;
    }
    udp->address = addresses[0];
    udp->address.port = udp->port;
    const socklen_t length = netaddr_to_sockaddr(&udp->address, &sockaddr);
    udp->fd = socket(sockaddr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->fd < 0 || connect(udp->fd, (struct sockaddr *)&sockaddr, length) != 0) {
        fail(udp, strerror(errno));
        return;
    }
    udp->slot = loop_add(udp->tracker->manager->config.loop, udp->fd, POLLIN,
                         LOOP_CONTROL, on_readable, udp);
    if (udp->slot == NULL)
        fail(udp, error_text(ERROR_MEMORY));
    else
        send_packet(udp);
}

/* udp://HOST:PORT/path */
static bool split_url(const char *url, char *ret_host, size_t host_size,
                      struct udp_announce *udp)
{
    const char *host = url + strlen("udp://");
    const bool bracketed = *host == '[';
    if (bracketed)
        host++;
    const size_t length = strcspn(host, bracketed ? "]" : ":/");
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
    const char *path = colon + 1 + digit_count;
    if (strcmp(path, "/announce") != 0 && strlen(path) < sizeof udp->path)
        strcpy(udp->path, path);
    return true;
}

bool tracker_udp_announce(struct tracker *tracker)
{
    char host[256];
    struct udp_announce *udp = calloc(1, sizeof *udp);
    if (udp == NULL || !split_url(tracker->url, host, sizeof host, udp)) {
        free(udp);
        return false;
    }
    udp->tracker = tracker;
    udp->fd = -1;
    loop_timer_init(&udp->timer, on_timeout, udp);
    tracker->udp = udp;
    udp->query = resolver_lookup(tracker->manager->config.loop, host, on_resolved, udp);
    if (udp->query == NULL) {
        tracker_udp_cancel(tracker);
        return false;
    }
    return true;
}
