/* What the other side says of what we sent. */
#include "net/utp_private.h"

#define AFTER_IS_LOST    3u
#define DRIFT_US         10000u
#define REORDER_LEAST_NS NS_PER_MS

/* What an acknowledgement brought. */
struct news {
    uint32_t bytes;
    uint64_t rtt_ns; /* of the packet sent last; 0: none tells */
    uint64_t rtt_sent_ns;
};

static void arrive(struct utp_connection *connection, uint16_t sequence, uint64_t now_ns,
                   struct news *news)
{
    struct utp_out **slot = &connection->out[sequence & (connection->out_size - 1)];
    struct utp_out *out = *slot;
    if (out == NULL)
        return;
    const uint32_t bytes = out->bytes + out->fin;
    if (out->times == 1 && out->sent_ns >= news->rtt_sent_ns) { /* Karn */
        news->rtt_sent_ns = out->sent_ns;
        news->rtt_ns = now_ns - out->sent_ns;
    }
    if (out->sent_ns > connection->newest_ns)
        connection->newest_ns = out->sent_ns;
    if (out->lost)
        connection->lost_count--;
    else
        connection->flying_bytes -= bytes;
    if (out->probe && out->times == 1) {
        utp_mtu_arrived(&connection->mtu);
        connection->window.segment = connection->mtu.passes - UTP_HEADER_BYTES;
    }
    news->bytes += bytes;
    utp_out_free(connection->utp, out);
    *slot = NULL;
}

/* ---- losses ---- */

static bool was_lost_again(const struct utp_connection *connection,
                           const struct utp_out *out)
{
    const uint64_t slack_ns = connection->window.srtt_ns / 4;
    return out->sent_ns + (slack_ns > REORDER_LEAST_NS ? slack_ns : REORDER_LEAST_NS) <
           connection->newest_ns;
}

static void mark_lost(struct utp_connection *connection, struct utp_out *out,
                      uint16_t sequence)
{
    if (connection->lost_count == 0 || utp_is_before(sequence, connection->lost_from))
        connection->lost_from = sequence;
    out->lost = true;
    connection->lost_count++;
    connection->flying_bytes -= out->bytes + out->fin;
}

/* A packet that tried a length says nothing of the line. */
static void lose(struct utp_connection *connection, uint16_t sequence)
{
    struct utp_out *out = utp_out_at(connection, sequence);
    if (out == NULL || out->lost || (out->times > 1 && !was_lost_again(connection, out)))
        return;
    mark_lost(connection, out, sequence);
    if (out->probe && out->times == 1) {
        utp_mtu_lost(&connection->mtu, false);
        return;
    }
    if (connection->recovering && utp_is_before(sequence, connection->recovery))
        return;
    connection->recovering = true;
    connection->recovery = connection->sequence;
    utp_window_on_loss(&connection->window, utp_delay_queued_us(&connection->ours),
                       utp_now_ns(connection->utp));
}

void utp_lose_probe(struct utp_connection *connection)
{
    for (uint16_t at = (uint16_t)(connection->acked + 1); at != connection->sequence;
         at++) {
        struct utp_out *out = utp_out_at(connection, at);
        if (out == NULL || out->lost || !out->probe || out->times != 1)
            continue;
        utp_mtu_lost(&connection->mtu, true);
        out->probe = false;
        mark_lost(connection, out, at);
        utp_send_ready(connection);
        return;
    }
}

static bool has_bit(const struct utp_packet *packet, size_t bit)
{
    return (packet->sack[bit / 8] >> bit % 8 & 1) != 0;
}

/* Three that were sent later have come: those before them are not just late. */
static void find_lost(struct utp_connection *connection, const struct utp_packet *packet)
{
    const uint16_t base = (uint16_t)(packet->ack + 2);
    const size_t bits = packet->sack_bytes * 8;
    const size_t flying = (uint16_t)(connection->sequence - base);
    uint32_t after = 0;
    if (!utp_is_before(packet->ack, (uint16_t)(connection->sequence - 1)))
        return;
    for (size_t bit = bits < flying ? bits : flying; bit-- > 0;) {
        const uint16_t sequence = (uint16_t)(base + bit);
        if (has_bit(packet, bit))
            after++;
        else if (after >= AFTER_IS_LOST && utp_is_before(connection->acked, sequence))
            lose(connection, sequence);
    }
    if (after >= AFTER_IS_LOST && connection->acked == packet->ack)
        lose(connection, (uint16_t)(packet->ack + 1));
}

/* Of who does not tell which came. */
static void count_duplicates(struct utp_connection *connection,
                             const struct utp_packet *packet, const struct news *news)
{
    if (news->bytes > 0 || connection->flying_bytes == 0 || packet->type != UTP_STATE ||
        packet->ack != connection->acked) {
        connection->duplicates = 0;
        return;
    }
    if (++connection->duplicates == AFTER_IS_LOST)
        lose(connection, (uint16_t)(connection->acked + 1));
}

/* ---- delays ---- */

/* If their packets seem to come ever faster, their clock is the slower one, and ours
 * would seem to take ever longer. */
static void note_delays(struct utp_connection *connection,
                        const struct utp_packet *packet, uint64_t now_ns)
{
    struct utp_delay *theirs = &connection->theirs;
    const uint32_t before = theirs->base;
    const bool first = theirs->slot_count == 0;
    if (packet->timestamp_us != 0) {
        connection->reply_us = (uint32_t)(now_ns / NS_PER_US) - packet->timestamp_us;
        utp_delay_add(theirs, connection->reply_us, now_ns);
        const uint32_t faster = before - theirs->base;
        if (!first && faster != 0 && faster <= DRIFT_US)
            utp_delay_shift(&connection->ours, faster);
    }
    if (packet->difference_us != 0)
        utp_delay_add(&connection->ours, packet->difference_us, now_ns);
}

static uint32_t queued_us(const struct utp_connection *connection,
                          const struct news *news)
{
    const uint32_t queued = utp_delay_queued_us(&connection->ours);
    const uint64_t most_us = news->rtt_ns / NS_PER_US;
    return news->rtt_ns != 0 && queued > most_us ? (uint32_t)most_us : queued;
}

/* ---- all of it ---- */

static void take_acks(struct utp_connection *connection, const struct utp_packet *packet,
                      uint64_t now_ns, struct news *news)
{
    while (utp_is_before(connection->acked, packet->ack))
        arrive(connection, ++connection->acked, now_ns, news);
    for (size_t bit = 0; bit < packet->sack_bytes * 8; bit++) {
        const uint16_t sequence = (uint16_t)(packet->ack + 2 + bit);
        if (!utp_is_before(sequence, connection->sequence))
            break;
        if (has_bit(packet, bit) && utp_is_before(connection->acked, sequence))
            arrive(connection, sequence, now_ns, news);
    }
}

bool utp_on_acks(struct utp_connection *connection, const struct utp_packet *packet)
{
    const uint64_t now_ns = utp_now_ns(connection->utp);
    struct news news = {0};
    if (!utp_is_before(packet->ack, connection->sequence) ||
        (uint16_t)(connection->sequence - packet->ack) > 2 * UTP_FLYING_MAX)
        return false;
    note_delays(connection, packet, now_ns);
    if (!utp_is_before(packet->ack, connection->acked))
        connection->their_window = packet->window;
    if (connection->acked == (uint16_t)(connection->sequence - 1))
        return true; /* nothing is under way */
    take_acks(connection, packet, now_ns, &news);
    if (news.bytes > 0) {
        connection->progress_ns = connection->flight_ns = now_ns;
        connection->timeouts = 0;
        if (news.rtt_ns != 0)
            utp_window_on_rtt(&connection->window, news.rtt_ns);
        utp_window_on_ack(&connection->window, news.bytes, queued_us(connection, &news),
                          now_ns);
    }
    if (packet->sack_bytes > 0)
        find_lost(connection, packet);
    else
        count_duplicates(connection, packet, &news);
    if (connection->recovering &&
        !utp_is_before((uint16_t)(connection->acked + 1), connection->recovery))
        connection->recovering = false;
    return true;
}
