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
    http_on_bytes *on_bytes; /* NULL: the whole is asked for */
    uint64_t first, last;
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

/* False: not now. */
static bool give_part(struct http_request *request)
{
    struct vhttp_answer *answer = &request->answer;
    struct http_reply reply = {.status = answer->file != NULL ? 206 : 404};
    const size_t length = (size_t)(request->last - request->first) + 1;
    reply.has_range = answer->file != NULL && request->last < answer->length;
    reply.range = (struct content_range){request->first, request->last, answer->length};
    const enum http_take take =
        request->on_bytes(request->context, &reply,
                          reply.has_range ? answer->file + request->first : answer->body,
                          reply.has_range ? length : 0);
    if (take == HTTP_TAKE_WAIT)
        return false;
    if (take == HTTP_TAKE_END)
        answer->error = ERROR_CANCELLED;
    answer->status = reply.status;
    answer->length = 0; /* a result has no body */
    return true;
}

static void on_answer(void *context)
{
    struct http_request *request = context;
    const struct vhttp_answer *answer = &request->answer;
    if (request->on_bytes != NULL && !give_part(request))
        return;
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

static struct http_request *begin(struct http *http, size_t max_body, unsigned shut,
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
    return request;
}

static void ask(struct http_request *request, const char *url)
{
    struct http *http = request->http;
    http->on_get(http->context, url, &request->answer);
    if (!request->answer.never)
        loop_timer_set_in(http->loop, &request->timer, request->answer.after_ns);
}

struct http_request *http_get(struct http *http, const char *url, size_t max_body,
                              unsigned timeout_ms, unsigned shut,
                              http_on_result *on_result, void *context)
{
    struct http_request *request = begin(http, max_body, shut, on_result, context);
    ask(request, url);
    loop_timer_set_in(http->loop, &request->deadline, timeout_ms * NS_PER_MS);
    return request;
}

struct http_request *http_call(struct http *http, const struct http_call *call,
                               http_on_result *on_result, void *context)
{
    (void)http, (void)call, (void)on_result, (void)context;
    return NULL;
}

bool http_has_room(const struct http *http)
{
    (void)http;
    return true;
}

void http_network_changed(struct http *http)
{
    (void)http; /* no connection is kept */
}

struct http_request *http_get_range(struct http *http, const char *url, uint64_t first,
                                    uint64_t last, unsigned shut, http_on_bytes *on_bytes,
                                    http_on_result *on_result, void *context)
{
    struct http_request *request = begin(http, 0, shut, on_result, context);
    request->on_bytes = on_bytes;
    request->first = first;
    request->last = last;
    ask(request, url);
    return request;
}

void http_go_on(struct http_request *request)
{
    loop_timer_set_in(request->http->loop, &request->timer, 0);
}

uint32_t vhttp_under_way(const struct http *http)
{
    uint32_t count = 0;
    for (const struct http_request *at = http->requests; at != NULL; at = at->next)
        count++;
    return count;
}
