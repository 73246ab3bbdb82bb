/* What a peer is to us and what it does, in words and in the signs of the Flags column.
 */
#include "base/i18n.h"
#include "base/text.h"
#include "ui/peer_row_private.h"

#include <stdio.h>

/* ---- words ---- */

static const char *const status_texts[] = {
    /* L10N: what a peer is to us now */
    [PEER_STATUS_BLOCKED] = N_("blocked"),
    [PEER_STATUS_INACTIVE] = N_("inactive"),
    [PEER_STATUS_ACTIVE] = N_("active"),
    [PEER_STATUS_DOWNLOADING] = N_("downloading"),
};

static const char *const source_texts[PEER_SOURCE_COUNT] = {
    /* L10N: where we know a peer's address from */
    [PEER_SOURCE_TRACKER] = N_("tracker"), [PEER_SOURCE_INCOMING] = N_("incoming"),
    [PEER_SOURCE_MANUAL] = N_("manual"),   [PEER_SOURCE_RESUME] = N_("resume"),
    [PEER_SOURCE_DHT] = N_("DHT"),         [PEER_SOURCE_PEX] = N_("PEX"),
    [PEER_SOURCE_LSD] = N_("LSD"),         [PEER_SOURCE_WEB] = N_("web"),
};

static const char *const transport_texts[PEER_TRANSPORT_COUNT] = {
    [PEER_TRANSPORT_TCP] = "TCP",
    [PEER_TRANSPORT_UTP] = "uTP",
    [PEER_TRANSPORT_HTTP] = "HTTP",
};

static const char *const encryption_texts[PEER_ENCRYPTION_COUNT] = {
    /* L10N: how a connection is encrypted: not at all */
    [PEER_ENCRYPTION_NONE] = N_("plain"),
    /* L10N: only the connection's beginning is encrypted; at most 6 letters */
    [PEER_ENCRYPTION_HEADER] = N_("start"),
    [PEER_ENCRYPTION_RC4] = "RC4",
    [PEER_ENCRYPTION_TLS] = "TLS",
};

uint16_t peer_row_style(const struct peer_row_line *row)
{
    switch (row->peer.status) {
    case PEER_STATUS_BLOCKED:
        return STYLE_BAD;
    case PEER_STATUS_ACTIVE:
        return STYLE_ACCENT;
    case PEER_STATUS_DOWNLOADING:
        return STYLE_GOOD;
    default:
        return peer_row_is_connected(row) ? STYLE_NORMAL : STYLE_DIM;
    }
}

const char *peer_row_status_word(const struct peer_row_line *row)
{
    const unsigned status = row->peer.status;
    return status <= PEER_STATUS_DOWNLOADING ? _(status_texts[status]) : "?";
}

const char *peer_row_source_word(const struct peer_row_line *row)
{
    const unsigned source = row->peer.source;
    return source < PEER_SOURCE_COUNT ? _(source_texts[source]) : "?";
}

const char *peer_row_transport_word(const struct peer_row_line *row)
{
    const unsigned transport = row->peer.transport;
    if (!peer_row_is_connected(row))
        return "";
    return transport < PEER_TRANSPORT_COUNT ? transport_texts[transport] : "?";
}

const char *peer_row_encryption_word(const struct peer_row_line *row)
{
    const unsigned encryption = row->peer.encryption;
    if (!peer_row_is_connected(row))
        return "";
    return encryption < PEER_ENCRYPTION_COUNT ? _(encryption_texts[encryption]) : "?";
}

const char *peer_row_status(const struct peer_row_line *row,
                            char ret_text[PEER_ROW_STATUS_SIZE])
{
    char duration[TEXT_NUMBER_SIZE];
    if (row->peer.status == PEER_STATUS_BLOCKED && row->peer.reason != PEER_REASON_NONE)
        /* L10N: a status and why: "blocked: paused by you" */
        snprintf(ret_text, PEER_ROW_STATUS_SIZE, _("%s: %s"), peer_row_status_word(row),
                 peer_reason_text(row->peer.reason));
    else if (row->peer.status == PEER_STATUS_INACTIVE && row->peer.retry_s > 0)
        /* L10N: of a peer that is not connected; a duration such as 1m20s */
        snprintf(ret_text, PEER_ROW_STATUS_SIZE, _("inactive: called again in %s"),
                 text_duration(row->peer.retry_s, duration));
    else
        snprintf(ret_text, PEER_ROW_STATUS_SIZE, "%s", peer_row_status_word(row));
    return ret_text;
}

/* ---- signs ---- */

struct flag_sign {
    uint32_t set, clear; /* enum peer_flags that must be so */
    char sign;
    const char *text;
};

/* The letters are Transmission's and qBittorrent's. */
#define FLAG_SIGNS(X)                                                                    \
    X(PEER_FLAG_INTERESTED | PEER_FLAG_UNCHOKED_US, 0, "D", N_("it lets us download"))   \
    X(PEER_FLAG_INTERESTED, PEER_FLAG_UNCHOKED_US, "d", N_("it makes us wait"))          \
    X(PEER_FLAG_UNCHOKED_US, PEER_FLAG_INTERESTED, "K",                                  \
      N_("it would let us, but has nothing we need"))                                    \
    X(PEER_FLAG_PEER_INTERESTED | PEER_FLAG_WE_UNCHOKE, 0, "U",                          \
      N_("we let it download"))                                                          \
    X(PEER_FLAG_PEER_INTERESTED, PEER_FLAG_WE_UNCHOKE, "u", N_("we make it wait"))       \
    X(PEER_FLAG_WE_UNCHOKE, PEER_FLAG_PEER_INTERESTED, "?",                              \
      N_("we would let it, but it wants nothing"))                                       \
    X(PEER_FLAG_OPTIMISTIC, 0, "O", N_("let in by chance (optimistic unchoke)"))         \
    X(PEER_FLAG_SNUBBED, 0, "S", N_("it has sent nothing for a minute (snubbed)"))       \
    X(PEER_FLAG_PUT_LAST, 0, "*", N_("snubbed by you: others come before it"))           \
    X(PEER_FLAG_INCOMING, 0, "I", N_("it connected to us"))                              \
    X(PEER_FLAG_PUNCHED, 0, "h", N_("met through another peer (hole punching)"))         \
    X(PEER_FLAG_FAST, 0, "F", N_("it knows the Fast extension"))

static const struct flag_sign signs[] = {
#define X(set, clear, sign, text) {set, clear, sign[0], text},
    FLAG_SIGNS(X)
#undef X
};

const char *const peer_row_legend[][2] = {
#define X(set, clear, sign, text) {sign, text},
    FLAG_SIGNS(X)
#undef X
        {NULL, NULL},
};

static bool has_sign(const struct peer_row_line *row, const struct flag_sign *sign)
{
    return (row->peer.flags & sign->set) == sign->set &&
           (row->peer.flags & sign->clear) == 0;
}

const char *peer_row_signs(const struct peer_row_line *row,
                           char ret_signs[PEER_ROW_SIGNS_SIZE])
{
    size_t used = 0;
    _Static_assert(sizeof signs / sizeof *signs < PEER_ROW_SIGNS_SIZE, "all at once");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (has_sign(row, &signs[i]))
            ret_signs[used++] = signs[i].sign;
    ret_signs[used] = '\0';
    return ret_signs;
}

const char *peer_row_flags(const struct peer_row_line *row,
                           char ret_text[PEER_ROW_FLAGS_SIZE])
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (!has_sign(row, &signs[i]) || used >= PEER_ROW_FLAGS_SIZE - 1)
            continue;
        const int more = snprintf(ret_text + used, PEER_ROW_FLAGS_SIZE - used, "%s%s",
                                  used > 0 ? ", " : "", _(signs[i].text));
        used += more > 0 ? (size_t)more : 0;
    }
    return ret_text;
}
