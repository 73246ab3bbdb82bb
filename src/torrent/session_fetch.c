/* Torrents come into a session by the URL of a .torrent file, which is fetched first. */
#include "base/i18n.h"
#include "base/text.h"
#include "discovery/tracker_mask.h"
#include "net/http.h"
#include "torrent/session_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FETCH_TIMEOUT_S 30u
#define SHOWN_BYTES     160u

struct session_fetch {
    struct session *session;
    struct session_fetch *next, **link;
    struct http_request *request;
    uint32_t number;
    char *url;
    char shown[SHOWN_BYTES]; /* for people: passkeys masked (H27), sanitised */
    struct add_options options;
    char *download_dir, *select, *label; /* the options' own */
};

bool session_is_url(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

static void tell_change(struct session *session)
{
    const struct message event = {.type = EVENT_SESSION_CHANGED,
                                  .u.changed.what = CHANGED_LIST};
    event_bus_post(session->events, &event);
}

static void show_url(const char *url, char ret_text[SHOWN_BYTES])
{
    char *masked = tracker_mask_url(url);
    text_clean(text_untrusted(masked != NULL ? masked : ""), SHOWN_BYTES / 2, ret_text,
               SHOWN_BYTES);
    free(masked);
}

static void fetch_free(struct session_fetch *fetch)
{
    http_cancel(fetch->request);
    if (fetch->link != NULL)
        *fetch->link = fetch->next;
    if (fetch->next != NULL)
        fetch->next->link = fetch->link;
    free(fetch->url);
    free(fetch->download_dir);
    free(fetch->select);
    free(fetch->label);
    free(fetch);
}

/* ---- what came ---- */

/* All is well, or what went wrong was said: FETCH ends. */
static void finish(struct session_fetch *fetch, enum error_code error,
                   struct torrent_id id, const char *why)
{
    struct session *session = fetch->session;
    struct message event = {.type = EVENT_FETCHED, .torrent = id};
    char text[SESSION_MESSAGE_SIZE + SHOWN_BYTES];
    snprintf(text, sizeof text, "%s: %s", fetch->shown, why);
    event.u.fetched.number = fetch->number;
    event.u.fetched.error = error;
    if (error != ERROR_NONE) {
        event.u.fetched.text = strdup(text);
        log_write_told(session->log,
                       error == ERROR_EXISTS ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, text);
    }
    fetch_free(fetch);
    event_bus_post(session->events, &event);
    tell_change(session);
}

static bool is_page(const struct http_result *result)
{
    size_t at = 0;
    while (at < result->length && strchr(" \t\r\n", result->body[at]) != NULL)
        at++;
    return at < result->length && result->body[at] == '<';
}

static void explain_status(long status, char *why, size_t size)
{
    if (status == 404 || status == 410)
        snprintf(why, size,
                 /* L10N: %ld is 404 or 410 */
                 _("the server has no such file (status %ld): check the address"),
                 status);
    else if (status == 401 || status == 403)
        snprintf(why, size,
                 /* L10N: %ld is 401 or 403 */
                 _("the server does not let us have it (status %ld): fetch it with a "
                   "browser, and give the file"),
                 status);
    else
        snprintf(why, size,
                 _("the server answered with status %ld instead of the file: try again "
                   "later"),
                 status);
}

static void explain_failure(const struct http_result *result, char *why, size_t size)
{
    char said[200];
    switch (result->error) {
    case ERROR_LIMIT:
        snprintf(why, size,
                 _("it is larger than a .torrent file may be (%u MiB): check the "
                   "address"),
                 (unsigned)(METAINFO_MAX_BYTES >> 20));
        break;
    case ERROR_TIMEOUT:
        snprintf(why, size, _("it did not come within %u s: try again later"),
                 FETCH_TIMEOUT_S);
        break;
    case ERROR_NOT_FOUND:
        snprintf(why, size, "%s", _("there is no host of that name: check the address"));
        break;
    default:
        text_clean(text_untrusted(result->message), 160, said, sizeof said);
        snprintf(why, size, _("it cannot be fetched: %s"), said);
        break;
    }
}

static void on_result(void *context, const struct http_result *result)
{
    struct session_fetch *fetch = context;
    struct torrent_id id = {0};
    char why[SESSION_MESSAGE_SIZE] = "";
    fetch->request = NULL;
    if (result->error != ERROR_NONE) {
        explain_failure(result, why, sizeof why);
        finish(fetch, result->error, id, why);
        return;
    }
    if (result->status != 200) {
        explain_status(result->status, why, sizeof why);
        finish(fetch, ERROR_SYSTEM, id, why);
        return;
    }
    const enum error_code error = session_add_bytes(
        fetch->session, result->body, result->length, &fetch->options, &id, why);
    if (error != ERROR_NONE && is_page(result))
        snprintf(why, sizeof why, "%s",
                 _("a web page came instead of a .torrent file: open it in a browser, "
                   "and give the address of the file itself"));
    finish(fetch, error, id, why);
}

/* ---- asking for it ---- */

static bool copy(const char *text, char **ret_copy, const char **ret_option)
{
    if (text != NULL)
        *ret_option = *ret_copy = strdup(text);
    return text == NULL || *ret_copy != NULL;
}

static enum error_code check_url(const struct session *session, const char *url,
                                 char message[SESSION_MESSAGE_SIZE])
{
    char shown[SHOWN_BYTES];
    const char *why = NULL;
    enum error_code error = ERROR_NONE;
    if (session->stopping) {
        error = ERROR_CANCELLED;
        why = error_text(error);
    } else if (!metainfo_url_is_usable(url, strlen(url), false)) {
        error = ERROR_SYNTAX;
        why = _("only http and https, plain letters, no user or password");
    }
    for (const struct session_fetch *at = session->fetches; at != NULL; at = at->next)
        if (strcmp(at->url, url) == 0) {
            error = ERROR_AGAIN;
            why = _("is being fetched already");
        }
    show_url(url, shown);
    if (error != ERROR_NONE)
        snprintf(message, SESSION_MESSAGE_SIZE, "%s: %s", shown, why);
    return error;
}

static struct session_fetch *fetch_new(struct session *session, const char *url,
                                       const struct add_options *options)
{
    struct session_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return NULL;
    fetch->session = session;
    fetch->url = strdup(url);
    fetch->options = *options;
    fetch->options.peers = NULL;
    fetch->options.peer_count = 0;
    show_url(url, fetch->shown);
    const bool copied =
        copy(options->download_dir, &fetch->download_dir, &fetch->options.download_dir) &&
        copy(options->select, &fetch->select, &fetch->options.select) &&
        copy(options->label, &fetch->label, &fetch->options.label);
    if (copied && fetch->url != NULL)
        fetch->request =
            http_get(session->http, url, METAINFO_MAX_BYTES, FETCH_TIMEOUT_S * 1000,
                     HTTP_SHUT_NONE, on_result, fetch);
    if (fetch->request != NULL)
        return fetch;
    fetch_free(fetch);
    return NULL;
}

enum error_code session_fetch(struct session *session, const char *url,
                              const struct add_options *options, uint32_t *ret_number,
                              char message[SESSION_MESSAGE_SIZE])
{
    struct session_fetch **end = &session->fetches;
    const enum error_code error = check_url(session, url, message);
    if (error != ERROR_NONE)
        return error;
    struct session_fetch *fetch = fetch_new(session, url, options);
    if (fetch == NULL) {
        snprintf(message, SESSION_MESSAGE_SIZE, "%s", error_text(ERROR_MEMORY));
        return ERROR_MEMORY;
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = fetch;
    fetch->link = end;
    *ret_number = fetch->number = ++session->fetch_number;
    log_write(session->log, LOG_LEVEL_INFO, "fetching %s", fetch->shown);
    tell_change(session);
    return ERROR_NONE;
}

const char *session_fetching(const struct session *session, uint32_t *ret_count)
{
    *ret_count = 0;
    for (const struct session_fetch *at = session->fetches; at != NULL; at = at->next)
        ++*ret_count;
    return session->fetches != NULL ? session->fetches->shown : NULL;
}

void session_end_fetches(struct session *session)
{
    while (session->fetches != NULL)
        fetch_free(session->fetches);
}
