/* What uTP receives: put into its order, and read. A byte is copied once, from the batch
 * that the system filled to where the reader wants it, if he is quick. */
#include "net/utp_private.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MOST       (8u * 1024 * 1024)
#define EARLY_FREE      (64u * 1024)        /* of who has not brought anything yet */
#define EARLY_ALL_BYTES (64u * 1024 * 1024) /* of all connections */
#define RING_FIRST      16u
#define RTT_GUESS_NS    (100 * NS_PER_MS)

uint32_t utp_room(struct utp_connection *connection)
{
    const uint32_t used = connection->in_bytes + connection->early_bytes;
    return used < connection->room ? connection->room - used : 0;
}

/* ---- data in their turn ---- */

static enum error_code grow_in(struct utp_connection *connection)
{
    if (connection->in_count < connection->in_size)
        return ERROR_NONE;
    const uint32_t size = connection->in_size == 0 ? RING_FIRST : connection->in_size * 2;
    struct utp_in *in = malloc(size * sizeof *in);
    if (in == NULL)
        return ERROR_MEMORY;
    for (uint32_t i = 0; i < connection->in_count; i++)
        in[i] = connection->in[(connection->in_from + i) & (connection->in_size - 1)];
    free(connection->in);
    connection->in = in;
    connection->in_size = size;
    connection->in_from = 0;
    return ERROR_NONE;
}

static enum error_code append(struct utp_connection *connection, const struct utp_in *in)
{
    if (in->length == 0) {
        free(in->owned);
        return ERROR_NONE;
    }
    if (grow_in(connection) != ERROR_NONE)
        return ERROR_MEMORY;
    connection
        ->in[(connection->in_from + connection->in_count++) & (connection->in_size - 1)] =
        *in;
    connection->in_bytes += in->length;
    return ERROR_NONE;
}

/* ---- data before their turn ---- */

static struct utp_in *early_at(const struct utp_connection *connection, uint16_t sequence)
{
    return &connection->early[sequence & (connection->early_size - 1)];
}

static bool is_early(const struct utp_connection *connection, uint16_t sequence)
{
    return connection->early_count > 0 &&
           (uint16_t)(sequence - connection->received) < connection->early_size &&
           early_at(connection, sequence)->owned != NULL;
}

static enum error_code grow_early(struct utp_connection *connection, uint32_t needed)
{
    uint32_t size = connection->early_size == 0 ? RING_FIRST : connection->early_size;
    if (needed <= connection->early_size)
        return ERROR_NONE;
    while (size < needed)
        size *= 2;
    struct utp_in *early = calloc(size, sizeof *early);
    if (early == NULL)
        return ERROR_MEMORY;
    for (uint32_t i = 1; i <= connection->early_size; i++) {
        const uint16_t sequence = (uint16_t)(connection->received + i);
        early[sequence & (size - 1)] = *early_at(connection, sequence);
    }
    free(connection->early);
    connection->early = early;
    connection->early_size = size;
    return ERROR_NONE;
}

/* Who has brought much may have much waiting here. */
static bool may_keep(const struct utp_connection *connection, size_t length)
{
    const uint64_t earned = EARLY_FREE + connection->read_bytes;
    const uint64_t most = earned < connection->room ? earned : connection->room;
    return connection->early_bytes + length <= most &&
           connection->utp->early_bytes + length <= EARLY_ALL_BYTES;
}

static void keep_early(struct utp_connection *connection, const struct utp_packet *packet)
{
    const uint16_t offset = (uint16_t)(packet->sequence - connection->received);
    if (offset >= UTP_EARLY_MAX || is_early(connection, packet->sequence) ||
        !may_keep(connection, packet->data_bytes) ||
        grow_early(connection, offset + 1u) != ERROR_NONE)
        return;
    uint8_t *owned = malloc(packet->data_bytes + 1);
    if (owned == NULL)
        return;
    memcpy(owned, packet->data, packet->data_bytes);
    *early_at(connection, packet->sequence) =
        (struct utp_in){owned, (uint32_t)packet->data_bytes, owned};
    if (connection->early_count == 0 ||
        utp_is_before(connection->early_high, packet->sequence))
        connection->early_high = packet->sequence;
    connection->early_count++;
    connection->early_bytes += (uint32_t)packet->data_bytes;
    connection->utp->early_bytes += (uint32_t)packet->data_bytes;
}

static enum error_code take_early(struct utp_connection *connection)
{
    while (is_early(connection, (uint16_t)(connection->received + 1))) {
        struct utp_in *slot = early_at(connection, ++connection->received);
        const struct utp_in in = *slot;
        *slot = (struct utp_in){NULL, 0, NULL};
        connection->early_count--;
        connection->early_bytes -= in.length;
        connection->utp->early_bytes -= in.length;
        if (append(connection, &in) == ERROR_NONE)
            continue;
        free(in.owned);
        return ERROR_MEMORY;
    }
    return ERROR_NONE;
}

size_t utp_sack(const struct utp_connection *connection, uint8_t at[UTP_SACK_MAX])
{
    const uint16_t first = (uint16_t)(connection->received + 2);
    size_t bits = (size_t)(uint16_t)(connection->early_high - first) + 1;
    if (bits > UTP_SACK_MAX * 8)
        bits = UTP_SACK_MAX * 8;
    const size_t bytes = (bits + 31) / 32 * 4;
    memset(at, 0, bytes);
    for (size_t bit = 0; bit < bits; bit++)
        if (is_early(connection, (uint16_t)(first + bit)))
            at[bit / 8] = (uint8_t)(at[bit / 8] | 1u << bit % 8);
    return bytes;
}

/* ---- a packet ---- */

static void note_fin(struct utp_connection *connection, const struct utp_packet *packet)
{
    if (connection->fin_seen || packet->type != UTP_FIN)
        return;
    connection->fin_seen = true;
    connection->fin_sequence = packet->sequence;
}

static void end_when_due(struct utp_connection *connection)
{
    if (!connection->fin_seen || connection->ended)
        return;
    if ((uint16_t)(connection->received + 1) == connection->fin_sequence)
        connection->received++;
    connection->ended = connection->received == connection->fin_sequence;
}

/* Whether it is behind the end, or ahead of what fits. */
static bool is_out_of_place(const struct utp_connection *connection,
                            const struct utp_packet *packet)
{
    if (connection->ended)
        return true;
    if (connection->fin_seen &&
        !utp_is_before(packet->sequence, connection->fin_sequence))
        return packet->sequence != connection->fin_sequence;
    return connection->in_bytes + packet->data_bytes > connection->room;
}

void utp_on_data(struct utp_connection *connection, const struct utp_packet *packet)
{
    const uint16_t offset = (uint16_t)(packet->sequence - connection->received);
    connection->wants_ack = true;
    if (connection->closed) { /* nobody wants it, but they need not send it again */
        connection->received = (uint16_t)(connection->received + (offset == 1));
        return;
    }
    if (offset == 0 || offset >= 0x8000 || is_out_of_place(connection, packet) ||
        offset >= UTP_EARLY_MAX)
        return;
    note_fin(connection, packet);
    if (offset == 1 && packet->type == UTP_DATA) {
        const struct utp_in in = {packet->data, (uint32_t)packet->data_bytes, NULL};
        if (append(connection, &in) != ERROR_NONE)
            return;
        connection->received++;
    } else if (packet->type == UTP_DATA) {
        keep_early(connection, packet);
    }
    if (take_early(connection) != ERROR_NONE) {
        utp_fail(connection, ERROR_MEMORY);
        return;
    }
    end_when_due(connection);
}

void utp_keep_received(struct utp_connection *connection)
{
    for (uint32_t i = connection->in_count; i-- > 0;) {
        struct utp_in *in =
            &connection->in[(connection->in_from + i) & (connection->in_size - 1)];
        if (in->owned != NULL)
            continue; /* taken early, between others */
        const uint32_t used = i == 0 ? connection->in_used : 0;
        in->owned = malloc(in->length - used);
        if (in->owned == NULL) {
            utp_drop_in(connection);
            utp_fail(connection, ERROR_MEMORY);
            return;
        }
        memcpy(in->owned, in->bytes + used, in->length - used);
        in->bytes = in->owned;
        in->length -= used;
        if (i == 0)
            connection->in_used = 0;
    }
}

/* ---- reading ---- */

/* The window follows twice what a round trip brings. */
static void widen_room(struct utp_connection *connection)
{
    const uint64_t now_ns = loop_now_ns(connection->utp->config.loop);
    const uint64_t rtt_ns =
        connection->window.srtt_ns != 0 ? connection->window.srtt_ns : RTT_GUESS_NS;
    if (now_ns - connection->room_ns < rtt_ns)
        return;
    const uint64_t wanted = 2 * (connection->read_bytes - connection->room_bytes);
    if (wanted > connection->room)
        connection->room = wanted < ROOM_MOST ? (uint32_t)wanted : ROOM_MOST;
    connection->room_ns = now_ns;
    connection->room_bytes = connection->read_bytes;
}

/* Copies from the first packet; true: it is used up. */
static bool read_first(struct utp_connection *connection, uint8_t *to, size_t room,
                       size_t *ret_bytes)
{
    struct utp_in *in = &connection->in[connection->in_from];
    const uint32_t left = in->length - connection->in_used;
    const uint32_t part = room < left ? (uint32_t)room : left;
    memcpy(to, in->bytes + connection->in_used, part);
    connection->in_used += part;
    *ret_bytes = part;
    if (part < left)
        return false;
    free(in->owned);
    connection->in_from = (connection->in_from + 1) & (connection->in_size - 1);
    connection->in_count--;
    connection->in_used = 0;
    return true;
}

size_t utp_read(struct utp_connection *connection, const struct iovec *iov, int count)
{
    size_t got = 0;
    for (int i = 0; i < count && connection->in_count > 0; i++)
        for (size_t at = 0; at < iov[i].iov_len && connection->in_count > 0;) {
            size_t part;
            (void)read_first(connection, (uint8_t *)iov[i].iov_base + at,
                             iov[i].iov_len - at, &part);
            at += part;
            got += part;
        }
    connection->in_bytes -= (uint32_t)got;
    connection->read_bytes += got;
    widen_room(connection);
    /* Who had been told that there is hardly any is told that there is. */
    if (got > 0 && connection->told_room < connection->room / 4 &&
        utp_room(connection) >= connection->told_room + connection->room / 4) {
        connection->wants_ack = true;
        utp_call_soon(connection);
    }
    return got;
}

void utp_drop_in(struct utp_connection *connection)
{
    for (uint32_t i = 0; i < connection->in_count; i++)
        free(connection->in[(connection->in_from + i) & (connection->in_size - 1)].owned);
    for (uint32_t i = 0; i < connection->early_size; i++)
        free(connection->early[i].owned);
    free(connection->in);
    free(connection->early);
    connection->utp->early_bytes -= connection->early_bytes;
    connection->in = connection->early = NULL;
    connection->in_size = connection->in_from = connection->in_count = 0;
    connection->in_used = connection->in_bytes = 0;
    connection->early_size = connection->early_count = connection->early_bytes = 0;
}
