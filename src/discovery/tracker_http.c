/* Announces and scrapes over HTTP (BEP 3, 7, 23, 48). */
#include "base/buffer.h"
#include "base/i18n.h"
#include "base/text.h"
#include "discovery/tracker_private.h"

#include <stdio.h>
#include <string.h>

#define URL_BYTES       4096
#define BODY_BYTES      ((size_t)1 << 20)
#define TIMEOUT_MS      30000u
#define STOP_TIMEOUT_MS 3000u

static enum error_code put_escaped(struct buffer *url, const uint8_t *bytes,
                                   size_t length)
{
    enum error_code error = ERROR_NONE;
    for (size_t i = 0; i < length && error == ERROR_NONE; i++) {
        const uint8_t byte = bytes[i];
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                           (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' ||
                           byte == '_' || byte == '~';
        error = plain ? buffer_append_u8(url, byte) : buffer_printf(url, "%%%02X", byte);
    }
    return error;
}

static enum error_code put_numbers(struct buffer *url, const struct tracker *tracker)
{
    static const char *const events[] = {"", "&event=completed", "&event=started",
                                         "&event=stopped"};
    const struct tracker_manager *manager = tracker->manager;
    struct tracker_stats stats;
    manager->config.stats(manager->config.context, &stats);
    return buffer_printf(url,
                         "&port=%u&uploaded=%llu&downloaded=%llu&left=%llu&compact=1&"
                         "numwant=%u&key=%08x%s",
                         manager->config.port, (unsigned long long)stats.uploaded,
                         (unsigned long long)stats.downloaded,
                         (unsigned long long)stats.left,
                         tracker->event == TRACKER_EVENT_STOPPED ? 0u : TRACKER_PEERS_MAX,
                         manager->key, events[tracker->event]);
}

/* BEP 7: where else we can be reached. Only what the whole world could see anyway; behind
 * a translator of addresses ours is of no use to others and nobody's business. */
static enum error_code put_own(struct buffer *url, const struct tracker *tracker,
                               enum netaddr_family family, const char *key)
{
    const struct tracker_manager_config *config = &tracker->manager->config;
    struct netaddr own;
    char text[NETADDR_TEXT_SIZE];
    if (config->port == 0 ||
        !config->net->own_address(config->net->context, family, &own) ||
        netaddr_scope(&own) != NETADDR_SCOPE_PUBLIC)
        return ERROR_NONE;
    const enum error_code error = buffer_append_text(url, key);
    netaddr_format_host(&own, text);
    return error == ERROR_NONE ? put_escaped(url, (const uint8_t *)text, strlen(text))
                               : error;
}

static enum error_code build_url(struct buffer *url, const struct tracker *tracker)
{
    const struct tracker_manager_config *config = &tracker->manager->config;
    enum error_code error = buffer_append_text(url, tracker->url);
    if (error == ERROR_NONE)
        error = buffer_append_text(
            url, strchr(tracker->url, '?') != NULL ? "&info_hash=" : "?info_hash=");
    if (error == ERROR_NONE)
        error = put_escaped(url, config->hash.bytes, SHA1_BYTES);
    if (error == ERROR_NONE)
        error = buffer_append_text(url, "&peer_id=");
    if (error == ERROR_NONE)
        error = put_escaped(url, config->peer_id, sizeof config->peer_id);
    if (error == ERROR_NONE)
        error = put_numbers(url, tracker);
    if (error == ERROR_NONE)
        error = put_own(url, tracker, NETADDR_V4, "&ipv4=");
    if (error == ERROR_NONE)
        error = put_own(url, tracker, NETADDR_V6, "&ipv6=");
    if (error == ERROR_NONE && tracker->tracker_id_length > 0)
        error = buffer_append_text(url, "&trackerid=");
    if (error == ERROR_NONE)
        error = put_escaped(url, (const uint8_t *)tracker->tracker_id,
                            tracker->tracker_id_length);
    return error == ERROR_NONE ? buffer_append_u8(url, 0) : error;
}

/* The last part of the path, NULL if it does not begin with `announce`. */
static const char *announce_part(const char *url)
{
    const char *begin = strstr(url, "://");
    begin = begin != NULL ? begin + 3 : url;
    const char *slash = memrchr(begin, '/', strcspn(begin, "?#"));
    return slash != NULL && strncmp(slash + 1, "announce", 8) == 0 ? slash + 1 : NULL;
}

/* A name that was public does not become private, and services of this machine that are
 * no trackers are nobody's business (H12). */
static unsigned shut_to(const struct tracker *tracker)
{
    return (tracker->was_public ? (unsigned)HTTP_SHUT_PRIVATE : 0) |
           (announce_part(tracker->url) == NULL ? (unsigned)HTTP_SHUT_LOOPBACK : 0);
}

static void on_result(void *context, const struct http_result *result)
{
    struct tracker *tracker = context;
    struct tracker_reply reply;
    char message[TRACKER_TEXT_SIZE];
    tracker->request = NULL; /* it frees itself after this */
    if (result->error != ERROR_NONE) {
        tracker->offline = result->error == ERROR_OFFLINE;
        text_clean(text_untrusted(result->message), 200, message, sizeof message);
        tracker_on_answer(tracker, NULL, message, false, &result->from);
        return;
    }
    const enum error_code error =
        tracker_reply_parse(result->body, result->length, &result->from,
                            tracker->manager->config.random, &reply);
    if (error == ERROR_NONE && (result->status == 200 || reply.failed)) {
        tracker_on_answer(tracker, &reply, NULL, result->status == 410, &result->from);
        return;
    }
    if (result->status != 200)
        snprintf(message, sizeof message, _("the tracker answered with HTTP status %ld"),
                 result->status);
    else
        snprintf(message, sizeof message, _("the tracker's answer is not valid: %s"),
                 error_text(error));
    tracker_on_answer(tracker, NULL, message, result->status == 410, &result->from);
}

enum tracker_start tracker_http_announce(struct tracker *tracker)
{
    struct buffer url;
    buffer_init(&url, URL_BYTES);
    const enum error_code error = build_url(&url, tracker);
    if (error == ERROR_NONE)
        tracker->request = http_get(
            tracker->manager->config.http, (const char *)url.bytes, BODY_BYTES,
            tracker->event == TRACKER_EVENT_STOPPED ? STOP_TIMEOUT_MS : TIMEOUT_MS,
            shut_to(tracker), on_result, tracker);
    buffer_done(&url);
    if (tracker->request != NULL)
        return TRACKER_START_BEGUN;
    return error == ERROR_LIMIT ? TRACKER_START_NEVER : TRACKER_START_FAILED;
}

/* ---- scraping ---- */

/* BEP 48: the last part of the path must begin with `announce`; `scrape` stands for it.
 */
static enum error_code build_scrape_url(struct buffer *url, const struct tracker *tracker)
{
    const char *query = strchr(tracker->url, '?');
    const char *part = announce_part(tracker->url);
    if (part == NULL)
        return ERROR_UNSUPPORTED;
    enum error_code error =
        buffer_append(url, tracker->url, (size_t)(part - tracker->url));
    if (error == ERROR_NONE)
        error = buffer_printf(url, "scrape%s%cinfo_hash=", part + 8,
                              query != NULL ? '&' : '?');
    if (error == ERROR_NONE)
        error = put_escaped(url, tracker->manager->config.hash.bytes, SHA1_BYTES);
    return error == ERROR_NONE ? buffer_append_u8(url, 0) : error;
}

static void on_scraped(void *context, const struct http_result *result)
{
    struct tracker *tracker = context;
    struct tracker_reply reply;
    tracker->scrape = NULL;
    tracker_turn_give_back(&tracker->scrape_turn);
    /* Tried is tried: one that has no scrape is not asked for it all the time. */
    tracker->scraped_ns = loop_now_ns(tracker->manager->config.loop);
    if (result->error == ERROR_NONE && result->status == 200 &&
        tracker_reply_parse_scrape(result->body, result->length,
                                   &tracker->manager->config.hash, &reply) == ERROR_NONE)
        tracker_on_counts(tracker, &reply);
}

void tracker_http_on_scrape_turn(void *context)
{
    struct tracker *tracker = context;
    struct buffer url;
    buffer_init(&url, URL_BYTES);
    if (build_scrape_url(&url, tracker) == ERROR_NONE)
        tracker->scrape =
            http_get(tracker->manager->config.http, (const char *)url.bytes, BODY_BYTES,
                     TIMEOUT_MS, shut_to(tracker), on_scraped, tracker);
    buffer_done(&url);
    if (tracker->scrape == NULL)
        tracker_turn_give_back(&tracker->scrape_turn);
}

void tracker_http_scrape(struct tracker *tracker)
{
    if (tracker->scrape == NULL && !tracker->scrape_turn.waiting &&
        tracker_turn_want(&tracker->scrape_turn, TRACKER_RANK_SCRAPE))
        tracker_http_on_scrape_turn(tracker);
}

void tracker_http_cancel(struct tracker *tracker)
{
    http_cancel(tracker->request);
    http_cancel(tracker->scrape);
    tracker->request = tracker->scrape = NULL;
    tracker_turn_give_back(&tracker->turn);
    tracker_turn_give_back(&tracker->scrape_turn);
}
