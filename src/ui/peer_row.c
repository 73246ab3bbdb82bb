#include "ui/peer_row.h"

#include "base/i18n.h"
#include "base/text.h"
#include "ui/cells.h"
#include "ui/limit_words.h"
#include "ui/peer_row_private.h"

#include <stdio.h>
#include <string.h>

/* ---- order ---- */

#define COMPARE(name, expression)                                                        \
    static int compare_##name(const void *row_a, const void *row_b)                      \
    {                                                                                    \
        const struct peer_row_line *a = row_a, *b = row_b;                               \
        return a->after != b->after ? (a->after ? 1 : -1) : (expression);                \
    }
COMPARE(address, netaddr_compare(&a->peer.address, &b->peer.address))
COMPARE(client, strcmp(a->client, b->client))
COMPARE(status, compare_u64(a->peer.status, b->peer.status))
COMPARE(progress, compare_u64(a->peer.pieces_have, b->peer.pieces_have))
COMPARE(down, compare_u64(a->peer.down_rate, b->peer.down_rate))
COMPARE(up, compare_u64(a->peer.up_rate, b->peer.up_rate))
COMPARE(requests, compare_u64(a->peer.requests_out, b->peer.requests_out))
/* 0 is not known: after all others. */
COMPARE(latency, compare_u64(a->peer.latency_ms - 1, b->peer.latency_ms - 1))
COMPARE(source, compare_u64(a->peer.source, b->peer.source))
/* Those without a connection have no word for either. */
COMPARE(transport, strcmp(peer_row_transport_word(a), peer_row_transport_word(b)))
COMPARE(encryption, strcmp(peer_row_encryption_word(a), peer_row_encryption_word(b)))
COMPARE(since, compare_u64(a->peer.connected_s, b->peer.connected_s))
COMPARE(downloaded, compare_u64(a->peer.downloaded, b->peer.downloaded))
COMPARE(uploaded, compare_u64(a->peer.uploaded, b->peer.uploaded))

/* ---- cells ---- */

static uint16_t quiet(const struct peer_row_line *row)
{
    return peer_row_is_connected(row) ? STYLE_NORMAL : STYLE_DIM;
}

static void draw_address(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    /* Where there is no room for the status its colour is here. */
    pane_text(cell, 0, 0,
              row->peer.status == PEER_STATUS_BLOCKED ? STYLE_BAD : quiet(row),
              row->address);
}

static void draw_client(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    pane_text(cell, 0, 0, quiet(row), row->client);
}

static void draw_status(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    pane_text(cell, 0, 0, peer_row_style(row), peer_row_status_word(row));
}

static void draw_progress(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    if ((row->peer.flags & PEER_FLAG_HANDSHAKEN) != 0)
        cell_percent(cell, row->peer.pieces_have, row->pieces);
}

static void draw_down(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    if (row->peer.down_rate > 0)
        cell_rate(cell, STYLE_DOWN, row->peer.down_rate);
}

static void draw_up(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    if (row->peer.up_rate > 0)
        cell_rate(cell, STYLE_UP, row->peer.up_rate);
}

static void draw_flags(void *context, const void *line, struct pane cell)
{
    char text[PEER_ROW_SIGNS_SIZE];
    (void)context;
    pane_text(cell, 0, 0, STYLE_NORMAL, peer_row_signs(line, text));
}

static void draw_requests(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    char text[TEXT_NUMBER_SIZE];
    (void)context;
    if (!peer_row_is_connected(row))
        return;
    snprintf(text, sizeof text, "%u/%u", row->peer.requests_out, row->peer.requests_in);
    pane_text_right(cell, 0,
                    row->peer.requests_out + row->peer.requests_in > 0 ? STYLE_NORMAL
                                                                       : STYLE_DIM,
                    text);
}

static void draw_latency(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    char text[TEXT_NUMBER_SIZE];
    (void)context;
    if (row->peer.latency_ms == 0)
        return;
    snprintf(text, sizeof text, "%u ms", row->peer.latency_ms);
    pane_text_right(cell, 0, STYLE_NORMAL, text);
}

static void draw_source(void *context, const void *line, struct pane cell)
{
    (void)context;
    pane_text(cell, 0, 0, STYLE_DIM, peer_row_source_word(line));
}

static void draw_transport(void *context, const void *line, struct pane cell)
{
    (void)context;
    pane_text(cell, 0, 0, STYLE_DIM, peer_row_transport_word(line));
}

static void draw_encryption(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    pane_text(cell, 0, 0,
              row->peer.encryption == PEER_ENCRYPTION_NONE ? STYLE_DIM : STYLE_NORMAL,
              peer_row_encryption_word(row));
}

static void draw_since(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    if (row->peer.connected_s > 0)
        cell_duration(cell, STYLE_DIM, row->peer.connected_s);
}

static void draw_downloaded(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    if (row->peer.downloaded > 0)
        cell_bytes(cell, STYLE_NORMAL, row->peer.downloaded);
}

static void draw_uploaded(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    if (row->peer.uploaded > 0)
        cell_bytes(cell, STYLE_NORMAL, row->peer.uploaded);
}

static void draw_why(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    (void)context;
    if (row->peer.status == PEER_STATUS_BLOCKED)
        pane_text(cell, 0, 0, STYLE_BAD, peer_reason_text(row->peer.reason));
}

static void draw_limits(void *context, const void *line, struct pane cell)
{
    const struct peer_row_line *row = line;
    char text[LIMIT_WORDS_SIZE];
    (void)context;
    if (row->peer.max_down != 0 || row->peer.max_up != 0)
        pane_text_right(cell, 0, STYLE_NORMAL,
                        limit_words(row->peer.max_down, row->peer.max_up, text));
}

/* ---- columns ---- */

#define RIGHT .align = TABLE_RIGHT
/* Least widths and shares are such that with 80 columns an IPv4 address with its port,
 * client, status, progress and both rates show in full. */
static const struct table_column columns[] = {
    {.name = "address",
     .title = N_("Address"),
     .help = N_("The peer's address and port."),
     .width = 15,
     .wish = 21,
     .stretch = 2,
     .compare = compare_address,
     .draw = draw_address},
    {.name = "client",
     .title = N_("Client"),
     .help = N_("What program it says it is."),
     .width = 11,
     .wish = 18,
     .stretch = 1,
     .priority = 5,
     .compare = compare_client,
     .draw = draw_client},
    {.name = "status",
     .title = N_("Status"),
     .help =
         N_("blocked: we refuse it; inactive: it makes us wait or has nothing we need; "
            "active: ready for requests; downloading: requests are on their way."),
     .width = 11,
     .priority = 1,
     .descending = true,
     .compare = compare_status,
     .draw = draw_status},
    {.name = "progress",
     .title = N_("Has"),
     .help = N_("How much of the torrent it has."),
     .width = 10,
     .priority = 3,
     RIGHT,
     .descending = true,
     .compare = compare_progress,
     .draw = draw_progress},
    {.name = "down",
     .title = N_("Down"),
     .help = N_("What it sends us now."),
     .width = 10,
     .priority = 2,
     RIGHT,
     .descending = true,
     .compare = compare_down,
     .draw = draw_down},
    {.name = "up",
     .title = N_("Up"),
     .help = N_("What we send it now."),
     .width = 10,
     .priority = 4,
     RIGHT,
     .descending = true,
     .compare = compare_up,
     .draw = draw_up},
    {.name = "flags",
     .title = N_("Flags"),
     .help = N_("Who lets whom download, and how it got here; see the signs below."),
     .width = 7,
     .priority = 6,
     .draw = draw_flags},
    {.name = "requests",
     .title = N_("Req"),
     .help = N_("Blocks we have asked it for, and blocks it has asked us for."),
     .width = 8,
     .priority = 7,
     RIGHT,
     .descending = true,
     .compare = compare_requests,
     .draw = draw_requests},
    {.name = "latency",
     .title = N_("Latency"),
     .help = N_("From a request to its first byte."),
     .width = 8,
     .priority = 8,
     RIGHT,
     .compare = compare_latency,
     .draw = draw_latency},
    {.name = "source",
     .title = N_("Source"),
     .help = N_("Where we know its address from: a tracker, the DHT, other peers (PEX), "
                "the local network (LSD), you (manual), the last session (resume); or "
                "it called us (incoming)."),
     .width = 8,
     .priority = 9,
     .compare = compare_source,
     .draw = draw_source},
    {.name = "transport",
     .title = N_("Via"),
     .help = N_("What carries the connection: TCP; uTP, which makes way for others; "
                "HTTP, a web seed."),
     .width = 4,
     .priority = 10,
     .compare = compare_transport,
     .draw = draw_transport},
    {.name = "encryption",
     .title = N_("Crypto"),
     .help = N_("Whether who carries it can read along: plain, yes; start, only the "
                "handshake is hidden; RC4 or TLS, all of it is."),
     .width = 6,
     .priority = 11,
     .compare = compare_encryption,
     .draw = draw_encryption},
    {.name = "since",
     .title = N_("Since"),
     .help = N_("For how long it has been connected."),
     .width = 7,
     .priority = 12,
     RIGHT,
     .descending = true,
     .compare = compare_since,
     .draw = draw_since},
    {.name = "downloaded",
     .title = N_("Received"),
     .help = N_("What it has sent us in this session."),
     .width = 9,
     .priority = 13,
     RIGHT,
     .descending = true,
     .compare = compare_downloaded,
     .draw = draw_downloaded},
    {.name = "uploaded",
     .title = N_("Sent"),
     .help = N_("What we have sent it in this session."),
     .width = 9,
     .priority = 14,
     RIGHT,
     .descending = true,
     .compare = compare_uploaded,
     .draw = draw_uploaded},
    {.name = "why",
     .title = N_("Why blocked"),
     .help = N_("Why it is refused; narrow screens tell it of the row under the cursor."),
     .width = 21,
     .stretch = 1,
     .priority = 15,
     .draw = draw_why},
    {.name = "limits",
     .title = N_("Limits"),
     .help = N_("Its own limits, down and up."),
     .width = 11,
     .priority = 16,
     .luxury = true,
     RIGHT,
     .draw = draw_limits},
};

static void match_text(void *context, const void *line, char *ret_text, size_t size)
{
    const struct peer_row_line *row = line;
    char status[PEER_ROW_STATUS_SIZE];
    (void)context;
    snprintf(ret_text, size, "%s %s %s %s %s %s", row->address, row->client,
             peer_row_status(row, status), peer_row_source_word(row),
             peer_row_transport_word(row), peer_row_encryption_word(row));
}

const struct table_class peer_row_table = {
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .row_size = sizeof(struct peer_row_line),
    .match_text = match_text,
    .sort_column = -1,
    .marks = true,
};
