#include "net/http_private.h"

#include <stdio.h>
#include <string.h>

#define ACTION_SIZE 200

static bool set_post(struct http_request *request, const struct http_call *call)
{
    char action[ACTION_SIZE];
    CURL *easy = request->easy;
    snprintf(action, sizeof action, "SOAPAction: %s", call->action);
    request->headers =
        curl_slist_append(NULL, "Content-Type: text/xml; charset=\"utf-8\"");
    struct curl_slist *longer =
        request->headers != NULL ? curl_slist_append(request->headers, action) : NULL;
    return longer != NULL &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)call->length) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, (const char *)call->body) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers) == CURLE_OK;
}

struct http_request *http_call(struct http *http, const struct http_call *call,
                               http_on_result *on_result, void *context)
{
    struct http_request *request =
        http_request_new(http, call->url, call->max_body, call->timeout_ms,
                         HTTP_SHUT_LOOPBACK, on_result, context);
    if (request == NULL)
        return NULL;
    request->stays = true;
    if (curl_easy_setopt(request->easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
        (call->action != NULL && !set_post(request, call))) {
        http_cancel(request);
        return NULL;
    }
    return http_begin(request, call->url, call->timeout_ms);
}
