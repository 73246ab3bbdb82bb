/* What uTP sends: packets of data, in their turn or again, and those that only tell. */
#include "net/utp_private.h"

#include <stdlib.h>
#include <string.h>

#define UNSENT_BYTES (128u * 1024)
#define RESETS_A_S   50u
#define OUT_FIRST    16u

static struct utp_packet head_of(struct utp_connection *connection, enum utp_type type,
                                 uint64_t now_ns)
{
    connection->told_room = utp_room(connection);
    return (struct utp_packet){
        .type = type,
        .connection_id = connection->send_id,
        .timestamp_us = (uint32_t)(now_ns / NS_PER_US),
        .difference_us = connection->reply_us,
        .window = connection->told_room,
        .sequence = connection->sequence,
        .ack = connection->received,
    };
}

/* ---- packets that only tell ---- */

static void send_packet(struct utp *utp, const struct netaddr *to,
                        const struct utp_packet *packet)
{
    uint8_t *at;
    if (udp_port_reserve(utp->config.port, to, utp_packet_head_bytes(packet), false,
                         &at) == ERROR_NONE)
        utp_packet_write(packet, at);
}

void utp_send_syn(struct utp_connection *connection)
{
    const uint64_t now_ns = utp_now_ns(connection->utp);
    struct utp_packet packet = head_of(connection, UTP_SYN, now_ns);
    packet.connection_id = connection->key.id;
    packet.sequence = connection->acked;
    packet.ack = 0;
    packet.difference_us = 0;
    connection->sent_ns = connection->flight_ns = now_ns;
    send_packet(connection->utp, &connection->key.remote, &packet);
}

void utp_send_state(struct utp_connection *connection)
{
    uint8_t sack[UTP_SACK_MAX];
    const uint64_t now_ns = utp_now_ns(connection->utp);
    struct utp_packet packet = head_of(connection, UTP_STATE, now_ns);
    packet.sack = sack;
    packet.sack_bytes = connection->early_count > 0 ? utp_sack(connection, sack) : 0;
    connection->wants_ack = false;
    connection->sent_ns = now_ns;
    send_packet(connection->utp, &connection->key.remote, &packet);
}

/* One for one, and not many: others would send them through us. */
void utp_send_reset(struct utp *utp, const struct netaddr *to, uint16_t id, uint16_t ack)
{
    const uint64_t now_ns = utp_now_ns(utp);
    const struct utp_packet packet = {
        .type = UTP_RESET,
        .connection_id = id,
        .timestamp_us = (uint32_t)(now_ns / NS_PER_US),
        .sequence = (uint16_t)random_u32(utp->config.random),
        .ack = ack,
    };
    if (now_ns - utp->resets_ns >= NS_PER_S) {
        utp->resets_ns = now_ns;
        utp->resets = 0;
    }
    if (utp->resets++ < RESETS_A_S)
        send_packet(utp, to, &packet);
}

/* ---- packets of data ---- */

/* False: there is no room for it now. What cannot be sent for another reason is as good
 * as lost: its time runs. */
static bool transmit(struct utp_connection *connection, struct utp_out *out,
                     uint16_t sequence)
{
    uint8_t *at;
    struct utp *utp = connection->utp;
    const uint64_t now_ns = utp_now_ns(utp);
    struct utp_packet packet = head_of(connection, out->fin ? UTP_FIN : UTP_DATA, now_ns);
    packet.sequence = sequence;
    packet.data = out->data;
    packet.data_bytes = out->bytes;
    const enum error_code error = udp_port_reserve(
        utp->config.port, &connection->key.remote, UTP_HEADER_BYTES + out->bytes,
        out->probe && out->times == 0, &at);
    if (error == ERROR_AGAIN) {
        utp->blocked = true;
        return false;
    }
    if (error == ERROR_NONE)
        utp_packet_write(&packet, at);
    if (connection->flying_bytes == 0)
        connection->flight_ns = now_ns;
    out->sent_ns = connection->sent_ns = now_ns;
    if (out->times < UINT16_MAX)
        out->times++;
    connection->flying_bytes += out->bytes + out->fin;
    if (connection->early_count == 0)
        connection->wants_ack = false;
    return true;
}

static bool fits(struct utp_connection *connection, const struct utp_out *out)
{
    const uint32_t bytes = out->bytes + out->fin;
    const uint32_t after = connection->flying_bytes + bytes;
    if (after > connection->their_window)
        return false;
    if (connection->flying_bytes == 0 || after <= connection->window.bytes)
        return true;
    connection->window.limits = true;
    return false;
}

static void send_lost(struct utp_connection *connection, bool anyway)
{
    const uint16_t first = (uint16_t)(connection->acked + 1);
    if (utp_is_before(connection->lost_from, first))
        connection->lost_from = first;
    for (uint16_t at = connection->lost_from;
         connection->lost_count > 0 && at != connection->sequence; at++) {
        struct utp_out *out = utp_out_at(connection, at);
        connection->lost_from = at;
        if (out == NULL || !out->lost)
            continue;
        if ((!anyway && !fits(connection, out)) || !transmit(connection, out, at))
            return;
        anyway = false;
        out->lost = false;
        connection->lost_count--;
        connection->lost_from = (uint16_t)(at + 1);
        connection->resent++;
    }
}

static void send_new(struct utp_connection *connection, bool anyway)
{
    while (connection->sequence != connection->end) {
        struct utp_out *out = utp_out_at(connection, connection->sequence);
        if ((!anyway && !fits(connection, out)) ||
            (uint16_t)(connection->sequence - connection->acked) >= UTP_FLYING_MAX ||
            !transmit(connection, out, connection->sequence))
            return;
        anyway = false;
        connection->unsent_bytes -= out->bytes;
        connection->sequence++;
    }
}

static void send_all(struct utp_connection *connection, bool anyway)
{
    if (connection->state != UTP_CONNECTED)
        return;
    connection->window.limits = false;
    const bool resends = connection->lost_count > 0;
    send_lost(connection, anyway);
    if (connection->lost_count == 0)
        send_new(connection, anyway && !resends);
    utp_set_timer(connection);
}

void utp_send_ready(struct utp_connection *connection)
{
    send_all(connection, false);
}

/* All that was under way counts as lost, and goes again as the window lets it. */
void utp_on_timeout(struct utp_connection *connection)
{
    connection->timeouts++;
    for (uint16_t at = (uint16_t)(connection->acked + 1); at != connection->sequence;
         at++) {
        struct utp_out *out = utp_out_at(connection, at);
        if (out == NULL || out->lost)
            continue;
        if (out->probe && out->times == 1)
            utp_mtu_lost(&connection->mtu, false);
        out->lost = true;
        connection->lost_count++;
    }
    connection->lost_from = (uint16_t)(connection->acked + 1);
    if (connection->flying_bytes > 0) {
        utp_window_on_timeout(&connection->window);
        if (connection->timeouts == 3)
            utp_mtu_black_hole(&connection->mtu);
    } else {
        connection->window.rto_ns += connection->window.rto_ns / 2; /* their window */
    }
    connection->flying_bytes = 0;
    connection->recovery = connection->sequence;
    connection->recovering = true;
    connection->flight_ns = utp_now_ns(connection->utp);
    send_all(connection, true);
}

/* ---- what is to be sent ---- */

static uint32_t queued_packets(const struct utp_connection *connection)
{
    return (uint16_t)(connection->end - connection->acked - 1);
}

bool utp_queue_has_room(const struct utp_connection *connection)
{
    const uint32_t half = (uint32_t)(connection->window.bytes / 2);
    return connection->state == UTP_CONNECTED && !connection->fin_queued &&
           connection->unsent_bytes < (half > UNSENT_BYTES ? half : UNSENT_BYTES) &&
           queued_packets(connection) < 2 * UTP_FLYING_MAX;
}

static enum error_code grow_out(struct utp_connection *connection)
{
    const uint32_t needed = queued_packets(connection) + 2;
    uint32_t size = connection->out_size == 0 ? OUT_FIRST : connection->out_size;
    if (needed <= connection->out_size)
        return ERROR_NONE;
    while (size < needed)
        size *= 2;
    struct utp_out **out = calloc(size, sizeof *out);
    if (out == NULL)
        return ERROR_MEMORY;
    for (uint16_t at = (uint16_t)(connection->acked + 1); at != connection->end; at++)
        out[at & (size - 1)] = utp_out_at(connection, at);
    free(connection->out);
    connection->out = out;
    connection->out_size = size;
    return ERROR_NONE;
}

static struct utp_out *out_new(struct utp *utp)
{
    struct utp_out *out = utp->spare;
    if (out == NULL)
        return malloc(sizeof *out + UTP_MTU_MAX);
    utp->spare = out->next_spare;
    utp->spare_count--;
    return out;
}

void utp_out_free(struct utp *utp, struct utp_out *out)
{
    if (out == NULL)
        return;
    if (utp->spare_count >= UTP_SPARE_MAX) {
        free(out);
        return;
    }
    out->next_spare = utp->spare;
    utp->spare = out;
    utp->spare_count++;
}

void utp_drop_spare(struct utp *utp)
{
    while (utp->spare != NULL) {
        struct utp_out *out = utp->spare;
        utp->spare = out->next_spare;
        free(out);
    }
    utp->spare_count = 0;
}

static struct utp_out *add_out(struct utp_connection *connection, uint32_t room)
{
    if (grow_out(connection) != ERROR_NONE)
        return NULL;
    struct utp_out *out = out_new(connection->utp);
    if (out == NULL)
        return NULL;
    *out = (struct utp_out){.room = room};
    if (queued_packets(connection) == 0)
        connection->progress_ns = connection->flight_ns = utp_now_ns(connection->utp);
    connection->out[connection->end & (connection->out_size - 1)] = out;
    connection->end++;
    return out;
}

/* A packet for LENGTH bytes or fewer: now and then one that tries a greater length. */
static struct utp_out *add_data(struct utp_connection *connection, size_t length)
{
    const uint32_t wanted = utp_mtu_wanted(&connection->mtu);
    const bool probe = wanted != 0 && length >= 2 * (size_t)wanted;
    struct utp_out *out =
        add_out(connection, (probe ? wanted : connection->mtu.passes) - UTP_HEADER_BYTES);
    if (out == NULL || !probe)
        return out;
    out->probe = true;
    utp_mtu_sent(&connection->mtu, wanted);
    return out;
}

size_t utp_queue(struct utp_connection *connection, const uint8_t *bytes, size_t length)
{
    size_t done = 0;
    while (done < length && utp_queue_has_room(connection)) {
        struct utp_out *out =
            connection->end != connection->sequence
                ? utp_out_at(connection, (uint16_t)(connection->end - 1))
                : NULL;
        if (out == NULL || out->bytes == out->room)
            out = add_data(connection, length - done);
        if (out == NULL)
            break;
        const size_t room = out->room - out->bytes;
        const uint32_t part = (uint32_t)(length - done < room ? length - done : room);
        memcpy(out->data + out->bytes, bytes + done, part);
        out->bytes += part;
        connection->unsent_bytes += part;
        done += part;
    }
    return done;
}

void utp_queue_fin(struct utp_connection *connection)
{
    struct utp_out *out = connection->fin_queued ? NULL : add_out(connection, 0);
    if (out == NULL)
        return;
    out->fin = true;
    connection->fin_queued = true;
}

void utp_drop_out(struct utp_connection *connection)
{
    for (uint16_t at = (uint16_t)(connection->acked + 1);
         connection->out != NULL && at != connection->end; at++)
        utp_out_free(connection->utp, utp_out_at(connection, at));
    free(connection->out);
    connection->out = NULL;
    connection->out_size = 0;
}
