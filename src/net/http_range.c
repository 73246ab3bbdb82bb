/* A part of a file: bytes go to their taker as they come, and are never kept here. */
#include "net/http_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONNECT_MS  15000L
#define BUFFER_SIZE (256L << 10)
#define HOURS_MS    (4u * 3600u * 1000u) /* whoever asks ends what takes too long */

/* The value of header NAME (with its colon) in LINE; NULL: it is another. */
static const char *value_of(const char *line, size_t length, const char *name)
{
    const size_t wanted = strlen(name);
    return length >= wanted && strncasecmp(line, name, wanted) == 0 ? line + wanted
                                                                    : NULL;
}

static bool is_identity(const char *value, size_t length)
{
    static const char word[] = "identity";
    while (length > 0 && (*value == ' ' || *value == '\t'))
        value++, length--;
    while (length > 0 && strchr(" \t\r\n", value[length - 1]) != NULL)
        length--;
    return length == sizeof word - 1 && strncasecmp(value, word, length) == 0;
}

void http_range_on_header(struct http_request *request, const char *line, size_t length)
{
    struct http_reply *reply = &request->reply;
    const char *value, *end = line + length;
    if (value_of(line, length, "http/") != NULL) {
        *reply = (struct http_reply){0}; /* of the last hop alone */
        request->ranges_seen = 0;
    } else if ((value = value_of(line, length, "content-range:")) != NULL) {
        reply->has_range =
            content_range_parse(value, (size_t)(end - value), &reply->range) &&
            request->ranges_seen++ == 0;
    } else if ((value = value_of(line, length, "content-encoding:")) != NULL) {
        reply->encoded |= !is_identity(value, (size_t)(end - value));
    }
}

size_t http_range_on_body(struct http_request *request, const char *bytes, size_t length)
{
    struct http_reply *reply = &request->reply;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &reply->status);
    if (request->tied != NULL && reply->status >= 300 && reply->status < 400)
        return length; /* a redirect's own words, before it is followed */
    switch (request->on_bytes(request->context, reply, (const uint8_t *)bytes, length)) {
    case HTTP_TAKE_GO_ON:
        return length;
    case HTTP_TAKE_WAIT:
        request->waits = true;
        return CURL_WRITEFUNC_PAUSE;
    case HTTP_TAKE_END:
        break;
    }
    return 0;
}

static bool set_options(struct http_request *request, uint64_t first, uint64_t last)
{
    CURL *easy = request->easy;
    char range[64];
    snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, first, last);
    return curl_easy_setopt(easy, CURLOPT_RANGE, range) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_SIZE) == CURLE_OK &&
           http_keep_connection(request);
}

struct http_request *http_get_range(struct http *http, const char *url, uint64_t first,
                                    uint64_t last, unsigned shut, http_on_bytes *on_bytes,
                                    http_on_result *on_result, void *context)
{
    struct http_request *request =
        http_request_new(http, url, 0, HOURS_MS, shut, on_result, context);
    if (request == NULL)
        return NULL;
    request->on_bytes = on_bytes;
    if (set_options(request, first, last))
        return http_begin(request, url, HOURS_MS);
    http_cancel(request);
    return NULL;
}

void http_go_on(struct http_request *request)
{
    request->waits = false;
    curl_easy_pause(request->easy, CURLPAUSE_CONT);
}
