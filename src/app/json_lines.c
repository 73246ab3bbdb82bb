#include "app/json_lines.h"

#include "app/json_text.h"
#include "torrent/looks.h"

#include <math.h>
#include <string.h>

static void set_number(json_t *line, const char *key, uint64_t value)
{
    json_object_set_new(line, key, json_integer((json_int_t)value));
}

static void set_text(json_t *line, const char *key, const char *text)
{
    json_object_set_new(line, key,
                        text != NULL ? json_text(text, strlen(text)) : json_string(""));
}

/* UINT64_MAX stands for "not known", which is null in JSON. */
static void set_known(json_t *line, const char *key, uint64_t value)
{
    if (value == UINT64_MAX)
        json_object_set_new(line, key, json_null());
    else
        set_number(line, key, value);
}

json_t *json_line_new(const char *event, double wall_s, const struct torrent_info *info)
{
    json_t *line = json_object();
    if (line == NULL)
        return NULL;
    set_text(line, "event", event);
    json_object_set_new(line, "time", json_real(floor(wall_s * 1000) / 1000));
    if (info != NULL) {
        char hex[INFO_HASH_HEX_SIZE];
        info_hash_hex(&info->hash, hex);
        set_text(line, "infohash", hex);
        set_text(line, "name", info->name);
    }
    return line;
}

json_t *json_line_progress(const struct torrent_info *info, double wall_s)
{
    json_t *line = json_line_new("progress", wall_s, info);
    if (line == NULL)
        return NULL;
    set_number(line, "done_bytes", info->done_bytes);
    set_number(line, "total_bytes", info->total_bytes);
    set_number(line, "down_rate", info->down_rate);
    set_number(line, "up_rate", info->up_rate);
    set_number(line, "uploaded_bytes", info->uploaded);
    set_number(line, "peers", info->peers_connected);
    set_number(line, "seeds", info->seeds_connected);
    set_text(line, "state", torrent_state_word(info->state));
    set_known(line, "eta", info->eta_s);
    return line;
}

json_t *json_line_warning(const char *text, double wall_s)
{
    json_t *line = json_line_new("warning", wall_s, NULL);
    if (line != NULL)
        set_text(line, "message", text);
    return line;
}

static void set_peer(json_t *line, const struct message *event)
{
    char address[NETADDR_TEXT_SIZE];
    set_text(line, "address", netaddr_format(&event->u.peer_news.address, address));
    if (event->type == EVENT_PEER)
        set_text(line, "status", peer_status_word(event->u.peer_news.status));
    set_text(line, "reason", peer_reason_word(event->u.peer_news.reason));
    if (event->type != EVENT_PEER || !event->u.peer_news.connected)
        return;
    set_text(line, "transport", peer_transport_word(event->u.peer_news.transport));
    set_text(line, "encryption", peer_encryption_word(event->u.peer_news.encryption));
    set_text(line, "source", peer_source_word(event->u.peer_news.source));
    if (event->u.peer_news.punched)
        json_object_set_new(line, "holepunch", json_true());
}

static void set_tracker(json_t *line, struct session *session,
                        const struct message *event)
{
    struct tracker_info tracker;
    if (!torrent_get_tracker(session, event->torrent, event->u.announced.tracker,
                             &tracker))
        return;
    set_text(line, "url", tracker.url);
    json_object_set_new(line, "ok", json_boolean(event->u.announced.ok));
    set_text(line, "message", tracker.message);
    set_number(line, "peers", tracker.peers_given);
    set_known(line, "next_s", tracker.next_s);
}

static void set_mapping(json_t *line, struct session *session)
{
    struct session_info info;
    if (session == NULL)
        return;
    session_get_info(session, &info);
    set_text(line, "mapping", port_mapping_word(info.port_mapping));
    set_known(line, "external_port",
              info.external_port != 0 ? info.external_port : UINT64_MAX);
    set_text(line, "message", info.port_text);
}

static const char *event_word(enum message_type type)
{
    static const struct {
        enum message_type type;
        const char *word;
    } words[] = {
        {EVENT_LISTENING, "listening"}, {EVENT_TORRENT_ADDED, "added"},
        {EVENT_METADATA, "metadata"},   {EVENT_CHECKED, "checked"},
        {EVENT_PIECE, "piece"},         {EVENT_COMPLETED, "completed"},
        {EVENT_PEER, "peer"},           {EVENT_BAN, "ban"},
        {EVENT_TRACKER, "tracker"},     {EVENT_CHECKPOINT, "checkpoint"},
        {EVENT_WARNING, "warning"},     {EVENT_ERROR, "error"},
        {EVENT_STOPPED, "stopped"},     {EVENT_PORT_MAPPING, "listening"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].type == type)
            return words[i].word;
    return NULL;
}

json_t *json_line_event(struct session *session, const struct message *event,
                        double wall_s, const struct torrent_info *info)
{
    const char *word = event_word(event->type);
    if (event->type == EVENT_FETCHED && event->u.fetched.error != ERROR_NONE &&
        event->u.fetched.error != ERROR_EXISTS)
        word = "error"; /* what was added says so by itself */
    json_t *line = word != NULL ? json_line_new(word, wall_s, info) : NULL;
    if (line == NULL)
        return NULL;
    switch ((int)event->type) {
    case EVENT_LISTENING:
    case EVENT_PORT_MAPPING:
        set_number(line, "port", event->u.piece.piece);
        set_mapping(line, session);
        break;
    case EVENT_TORRENT_ADDED:
        if (info != NULL) {
            set_number(line, "total_bytes", info->total_bytes);
            set_number(line, "pieces", info->pieces);
        }
        break;
    case EVENT_CHECKED:
    case EVENT_CHECKPOINT:
        set_number(line, "have", event->u.piece.piece);
        break;
    case EVENT_PIECE:
        set_number(line, "index", event->u.verified.piece);
        json_object_set_new(line, "ok", json_boolean(event->u.verified.ok));
        break;
    case EVENT_PEER:
    case EVENT_BAN:
        set_peer(line, event);
        break;
    case EVENT_TRACKER:
        set_tracker(line, session, event);
        break;
    case EVENT_WARNING:
    case EVENT_ERROR:
        set_text(line, "message", event->u.text.text);
        break;
    case EVENT_FETCHED:
        set_text(line, "message", event->u.fetched.text);
        break;
    default:
        break;
    }
    return line;
}
