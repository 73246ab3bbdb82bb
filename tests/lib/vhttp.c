#include "tests/lib/vhttp.h"

#include "tests/lib/vnet_private.h"

#include <string.h>

struct http {
    struct loop *loop;
    vhttp_on_get *on_get;
    void *context;
    struct http_request *requests;
};

struct http_request {
    struct http *http;
    struct http_request *next, **link;
    struct loop_timer timer, deadline;
    http_on_result *on_result;
    void *context;
    size_t max_body;
    struct vhttp_answer answer;
};

struct http *http_new(struct loop *loop, const char *user_agent, const struct net *net)
{
    struct http *http = calloc(1, sizeof *http);
    VNET_REQUIRE(http != NULL);
    (void)user_agent;
    (void)net;
    http->loop = loop;
    return http;
}

void vhttp_serve(struct http *http, vhttp_on_get *on_get, void *context)
{
    http->on_get = on_get;
    http->context = context;
}

void http_cancel(struct http_request *request)
{
    if (request == NULL)
        return;
    loop_timer_cancel(request->http->loop, &request->timer);
    loop_timer_cancel(request->http->loop, &request->deadline);
    *request->link = request->next;
    if (request->next != NULL)
        request->next->link = request->link;
    free(request);
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    while (http->requests != NULL)
        http_cancel(http->requests);
    free(http);
}

static void on_answer(void *context)
{
    struct http_request *request = context;
    const struct vhttp_answer *answer = &request->answer;
    const struct http_result result = {
        .error = answer->length > request->max_body ? ERROR_LIMIT : answer->error,
        .message = answer->message != NULL ? answer->message : "",
        .status = answer->status,
        .body = answer->body,
        .length = answer->length,
        .from = answer->from,
    };
    request->on_result(request->context, &result);
    http_cancel(request);
}

static void on_deadline(void *context)
{
    struct http_request *request = context;
    request->answer =
        (struct vhttp_answer){.error = ERROR_TIMEOUT, .message = "timed out"};
    on_answer(request);
}

struct http_request *http_get(struct http *http, const char *url, size_t max_body,
                              unsigned timeout_ms, unsigned shut,
                              http_on_result *on_result, void *context)
{
    struct http_request *request = calloc(1, sizeof *request);
    VNET_REQUIRE(request != NULL && http->on_get != NULL);
    request->http = http;
    request->on_result = on_result;
    request->context = context;
    request->max_body = max_body;
    request->answer.status = 200;
    request->answer.shut = shut;
    request->answer.max_body = max_body;
    request->answer.after_ns = NS_PER_MS;
    request->answer.from = vnet_parse("10.9.9.9:80");
    request->next = http->requests;
    request->link = &http->requests;
    if (request->next != NULL)
        request->next->link = &request->next;
    http->requests = request;
    loop_timer_init(&request->timer, on_answer, request);
    loop_timer_init(&request->deadline, on_deadline, request);
    http->on_get(http->context, url, &request->answer);
    if (!request->answer.never)
        loop_timer_set_in(http->loop, &request->timer, request->answer.after_ns);
    loop_timer_set_in(http->loop, &request->deadline, timeout_ms * NS_PER_MS);
    return request;
}

uint32_t vhttp_under_way(const struct http *http)
{
    uint32_t count = 0;
    for (const struct http_request *at = http->requests; at != NULL; at = at->next)
        count++;
    return count;
}
