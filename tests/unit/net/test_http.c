#include "base/buffer.h"
#include "net/http_private.h"
#include "net/names.h"
#include "net/net.h"
#include "tests/lib/patient.h"
#include "tests/unit/net/alone.h"
#include "tests/unit/net/gzip_bomb.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_http_suite(void);

#define CAP ((size_t)65536)
/* A request may take as long as the machine needs; libcurl goes by the machine's time. */
#define LONG_MS 600000u

/* ---- a tiny server on the same loop ---- */

static struct loop *loop;
static struct net *net;
static struct http *http;
static struct listener *listener;
static uint16_t port;
static uint32_t requests_seen;
static char last_request[2048];

struct reply {
    const char *path;
    const char *head; /* %u: the port */
    const void *body;
    size_t length; /* 0: strlen */
    uint32_t repeat;
    bool hangs; /* keeps the connection open and says no more */
};

static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
#define TO(url) "HTTP/1.1 302 Found\r\nLocation: " url "\r\nContent-Length: 0\r\n\r\n"
static const struct reply replies[] = {
    {"/plain", plain, "hello", 0, 1, false},
    {"/status", "HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\n", "gone", 0, 1, false},
    {"/kept", plain, "hello", 0, 1, true},
    {"/range",
     "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-4/5\r\n"
     "Content-Length: 5\r\n\r\n",
     "hello", 0, 1, true},
    {"/long-range",
     "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-2097151/2097152\r\n"
     "Content-Length: 2097152\r\n\r\n",
     "0123456789abcdef", 0, 131072, true},
    {"/lo-later", TO("http://127.0.0.1:%u/plain"), "", 0, 1, true},
    {"/close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "till the end", 0, 1,
     false},
    {"/short", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "not fifty", 0, 1, false},
    {"/endless", "HTTP/1.1 200 OK\r\n\r\n", "0123456789abcdef0123456789abcdef", 0, 100000,
     false},
    {"/just", "HTTP/1.1 200 OK\r\n\r\n", "0123456789abcdef0123456789abcdef", 0, CAP / 32,
     false},
    {"/one-more", "HTTP/1.1 200 OK\r\n\r\n1", "0123456789abcdef0123456789abcdef", 0,
     CAP / 32, false},
    {"/headers", "HTTP/1.1 200 OK\r\n", "X-Filler: 0123456789abcdef0123456789abcdef\r\n",
     0, 100000, false},
    {"/bomb", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
     gzip_bomb, sizeof gzip_bomb, 1, false},
    {"/garbled", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
     "this is no gzip", 0, 1, false},
    {"/slow", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "h", 0, 1, true},
    {"/silent", "", "", 0, 1, true},
    {"/chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "FFFFFFFFFFFFFFFFF\r\nx", 0, 1, false},
    {"/hop1", "HTTP/1.1 302 Found\r\nLocation: /hop2\r\nContent-Length: 0\r\n\r\n", "", 0,
     1, false},
    {"/hop2", "HTTP/1.1 302 Found\r\nLocation: /hop3\r\nContent-Length: 0\r\n\r\n", "", 0,
     1, false},
    {"/hop3", "HTTP/1.1 302 Found\r\nLocation: /plain\r\nContent-Length: 0\r\n\r\n", "",
     0, 1, false},
    {"/hop0", "HTTP/1.1 302 Found\r\nLocation: /hop1\r\nContent-Length: 0\r\n\r\n", "", 0,
     1, false},
    {"/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", "", 0,
     1, false},
    {"/to-file",
     "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
     "", 0, 1, false},
    {"/to-ftp",
     "HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n",
     "", 0, 1, false},
    {"/to-gopher",
     "HTTP/1.1 302 Found\r\nLocation: gopher://127.0.0.1:%u/\r\nContent-Length: "
     "0\r\n\r\n",
     "", 0, 1, false},
    {"/to-idn",
     TO("http://l\xd0\xbe"
        "calhost:%u/plain"),
     "", 0, 1, false},
    {"/to-encoded", TO("//localhost%%2e:%u/plain"), "", 0, 1, false},
    {"/to-user", TO("http://tracker.example@127.0.0.1:%u/plain"), "", 0, 1, false},
    {"/to-slash", TO("http://127.0.0.1\\.x:%u/plain"), "", 0, 1, false},
    {"/to-fine", TO("http://127.0.0.1:%u/plain#%%40=@\xd0\xbe"), "", 0, 1, false},
    {"/to-lo", TO("http://127.0.0.1:%u/plain"), "", 0, 1, false},
    {"/to-10", TO("http://10.1.2.3:%u/plain"), "", 0, 1, false},
    {"/to-meta", TO("http://169.254.169.254:%u/plain"), "", 0, 1, false},
    {"/to-lo6", TO("http://[::1]:%u/plain"), "", 0, 1, false},
    {"/to-mapped", TO("http://[::ffff:127.0.0.1]:%u/plain"), "", 0, 1, false},
    {"/to-hex", TO("http://0x7f.1:%u/plain"), "", 0, 1, false},
    {"/to-zero", TO("http://0.0.0.0:%u/plain"), "", 0, 1, false},
    {"/negative", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "hello", 0, 1, false},
    {"/huge", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", "hello",
     0, 1, false},
    {"/long-line", "HTTP/1.1 200 OK\r\nX-Filler: ", "0123456789abcdef", 0, 8192, false},
    {"/below-zero", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "-5\r\nhello\r\n0\r\n\r\n", 0, 1, false},
    {"/trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "5\r\nhello\r\n0\r\nX-After: all\r\n\r\n", 0, 1, false},
    {"/trailer-bomb",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
     "X-After: 0123456789abcdef0123456789abcdef\r\n", 0, 100000, false},
    {"/http09", "", "no header at all, just words", 0, 1, false},
};

struct visitor {
    struct stream *stream;
    char request[2048];
    size_t length;
    struct buffer out;
    bool hangs;
    struct visitor *next;
};
static struct visitor *visitors;

static uint32_t visitors_count(void)
{
    uint32_t count = 0;
    for (const struct visitor *at = visitors; at != NULL; at = at->next)
        count++;
    return count;
}

static void visitor_end(struct visitor *visitor)
{
    stream_close(visitor->stream);
    visitor->stream = NULL;
}

static void visitor_send(void *context)
{
    struct visitor *visitor = context;
    while (visitor->out.length > 0) {
        const struct iovec iov = {visitor->out.bytes, visitor->out.length};
        size_t sent;
        const enum error_code error = stream_writev(visitor->stream, &iov, 1, &sent);
        if (error == ERROR_AGAIN) {
            stream_set_interest(visitor->stream, true, true);
            return;
        }
        if (error != ERROR_NONE) {
            visitor_end(visitor);
            return;
        }
        buffer_consume(&visitor->out, sent);
    }
    if (!visitor->hangs)
        visitor_end(visitor);
    else
        stream_set_interest(visitor->stream, true, false);
}

static void visitor_answer(struct visitor *visitor)
{
    char path[64] = "", head[512];
    sscanf(visitor->request, "GET %63s", path);
    snprintf(last_request, sizeof last_request, "%s", visitor->request);
    memset(visitor->request, 0, visitor->length);
    visitor->length = 0;
    requests_seen++;
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        const struct reply *reply = &replies[i];
        if (strcmp(reply->path, path) != 0)
            continue;
        char number[8];
        const char *mark = strstr(reply->head, "%u");
        snprintf(number, sizeof number, "%u", port);
        if (mark != NULL)
            snprintf(head, sizeof head, "%.*s%s%s", (int)(mark - reply->head),
                     reply->head, number, mark + 2);
        else
            snprintf(head, sizeof head, "%s", reply->head);
        ck_assert_int_eq(buffer_append_text(&visitor->out, head), ERROR_NONE);
        const size_t length =
            reply->length != 0 ? reply->length : strlen((const char *)reply->body);
        for (uint32_t n = 0; n < reply->repeat; n++)
            ck_assert_int_eq(buffer_append(&visitor->out, reply->body, length),
                             ERROR_NONE);
        visitor->hangs = reply->hangs;
    }
    visitor_send(visitor);
}

static void visitor_read(void *context)
{
    struct visitor *visitor = context;
    const struct iovec iov = {visitor->request + visitor->length,
                              sizeof visitor->request - 1 - visitor->length};
    size_t bytes = 0;
    const enum error_code error = stream_readv(visitor->stream, &iov, 1, &bytes);
    visitor->length += bytes;
    if (error != ERROR_NONE && error != ERROR_AGAIN)
        visitor_end(visitor);
    else if (strstr(visitor->request, "\r\n\r\n") != NULL && visitor->out.length == 0)
        visitor_answer(visitor);
}

static void visitor_error(void *context, enum error_code error)
{
    (void)error;
    visitor_end(context);
}

static const struct stream_callbacks visitor_callbacks = {NULL, visitor_read,
                                                          visitor_send, visitor_error};

static void on_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    struct visitor *visitor = calloc(1, sizeof *visitor);
    (void)context;
    (void)from;
    visitor->stream = stream;
    buffer_init(&visitor->out, (size_t)8 << 20);
    visitor->next = visitors;
    visitors = visitor;
    stream_set_callbacks(stream, &visitor_callbacks, visitor);
}

static struct patient patient; /* the loop's time */
static struct net *ties;       /* what the client is tied to */
static const char *tied_to;    /* NULL: to nothing */

static void begin(const char *listens)
{
    struct netaddr address;
    const struct loop_platform platform = patient_platform(&patient);
    loop = loop_new(&platform);
    net = net_system_new(NULL);
    visitors = NULL;
    requests_seen = 0;
    ck_assert_int_eq(netaddr_parse(listens, 0, &address), ERROR_NONE);
    ck_assert_int_eq(
        net->listen(net->context, loop, &address, on_accept, NULL, &listener, &port),
        ERROR_NONE);
    /* Proxies of the environment are nobody's business (H29). */
    setenv("http_proxy", "http://127.0.0.1:9/", 1);
    setenv("all_proxy", "http://127.0.0.1:9/", 1);
    ties = net_system_new(tied_to);
    http = http_new(loop, "bttui/test", ties);
    ck_assert_ptr_nonnull(http);
}

static void setup(void)
{
    tied_to = NULL;
    begin("127.0.0.1");
}

/* The same, tied: names are looked up and redirects followed without libcurl. */
static void setup_tied(void)
{
    tied_to = "lo";
    begin("127.0.0.1");
}

/* A network of this process alone, where public and private addresses are ours. */
static bool is_alone;

static void setup_alone(void)
{
    is_alone = alone_begin() && alone_take_address("lo:1", "8.8.8.8") &&
               alone_take_address("lo:2", "10.1.2.3") &&
               alone_take_address("lo:3", "169.254.169.254");
    tied_to = NULL;
    begin("0.0.0.0");
    if (!is_alone)
        fprintf(stderr, "no network of one's own here: redirects are not tried\n");
}

static void teardown(void)
{
    http_free(http);
    while (visitors != NULL) {
        struct visitor *next = visitors->next;
        stream_close(visitors->stream);
        buffer_done(&visitors->out);
        free(visitors);
        visitors = next;
    }
    net->unlisten(net->context, listener);
    net_system_free(ties);
    net_system_free(net);
    loop_free(loop);
}

/* ---- the client's side ---- */

static struct {
    uint32_t results;
    enum error_code error;
    char message[256];
    long status;
    uint8_t body[CAP];
    size_t length;
    struct netaddr from;
} got;

static void on_result(void *context, const struct http_result *result)
{
    (void)context;
    got.results++;
    got.error = result->error;
    snprintf(got.message, sizeof got.message, "%s",
             result->message != NULL ? result->message : "");
    got.status = result->status;
    ck_assert_uint_le(result->length, CAP);
    if (result->length > 0)
        memcpy(got.body, result->body, result->length);
    got.length = result->length;
    got.from = result->from;
}

static const char *host = "127.0.0.1";
static unsigned shut;

static struct http_request *ask(const char *path, unsigned timeout_ms)
{
    char url[128];
    got.results = 0;
    snprintf(url, sizeof url, "http://%s:%u%s", host, port, path);
    struct http_request *request =
        http_get(http, url, CAP, timeout_ms, shut, on_result, NULL);
    ck_assert_ptr_nonnull(request);
    ck_assert_uint_eq(got.results, 0); /* never from inside the call */
    return request;
}

/* A look-up's thread may be slow: the test's own time-out is for what never comes. */
static void turn_until_result(void)
{
    while (got.results == 0)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(got.results, 1);
}

static void get(const char *path)
{
    ask(path, LONG_MS);
    turn_until_result();
}

START_TEST(an_answer_comes_with_its_body_and_who_gave_it)
{
    get("/plain");
    ck_assert_int_eq(got.error, ERROR_NONE);
    ck_assert_int_eq(got.status, 200);
    ck_assert_uint_eq(got.length, 5);
    ck_assert_mem_eq(got.body, "hello", 5);
    ck_assert_int_eq(netaddr_scope(&got.from), NETADDR_SCOPE_LOOPBACK);
    ck_assert_ptr_nonnull(strstr(last_request, "User-Agent: bttui/test"));
    ck_assert_ptr_nonnull(strstr(last_request, "Accept-Encoding: gzip\r\n"));
}
END_TEST

/* The newest visitor is let go. */
static void expect_hung_up(void)
{
    for (int i = 0; i < 500 && visitors->stream != NULL; i++)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_ptr_null(visitors->stream);
}

static void let_idle_go(void)
{
    clock_virtual_advance(&patient.time, (HTTP_IDLE_S + 1) * NS_PER_S);
    expect_hung_up();
}

/* A tracker is asked again in half an hour: until then a connection that it closes would
 * lie about as CLOSE_WAIT. */
START_TEST(no_connection_is_kept_after_the_answer)
{
    get("/kept");
    ck_assert_int_eq(got.error, ERROR_NONE);
    expect_hung_up();
}
END_TEST

static uint32_t holds_back; /* so many times still */
static size_t taken;

static enum http_take on_bytes(void *context, const struct http_reply *reply,
                               const uint8_t *bytes, size_t length)
{
    (void)context;
    (void)reply;
    (void)bytes;
    if (holds_back > 0) {
        holds_back--;
        return HTTP_TAKE_WAIT;
    }
    taken += length;
    return HTTP_TAKE_GO_ON;
}

static void get_range(const char *path)
{
    char url[128];
    got.results = 0;
    snprintf(url, sizeof url, "http://%s:%u%s", host, port, path);
    ck_assert_ptr_nonnull(
        http_get_range(http, url, 0, 4, shut, on_bytes, on_result, NULL));
    turn_until_result();
}

/* Gets one part and then ANOTHER with a connection kept between; returns how many
 * connections that took. libcurl keeps one for so long by the machine's time: where the
 * machine took longer, there was none, and it is done once more. */
static uint32_t get_with_one_kept(const char *another)
{
    uint32_t before;
    uint64_t began_ns;
    for (;;) {
        before = visitors_count();
        requests_seen = 0;
        began_ns = clock_now_ns(&clock_system);
        get_range("/range");
        ck_assert_int_eq(got.error, ERROR_NONE);
        ck_assert_int_eq(got.status, 206);
        get_range(another);
        if (clock_now_ns(&clock_system) - began_ns < HTTP_IDLE_S * NS_PER_S)
            break;
        let_idle_go();
    }
    ck_assert_uint_eq(requests_seen, 2);
    return visitors_count() - before;
}

static void get_two_ranges(void)
{
    ck_assert_uint_eq(get_with_one_kept("/range"), 1);
    ck_assert_int_eq(got.error, ERROR_NONE);
    ck_assert_int_eq(got.status, 206);
}

START_TEST(parts_of_files_come_over_one_connection)
{
    get_two_ranges();
    ck_assert_int_eq(netaddr_scope(&got.from), NETADDR_SCOPE_LOOPBACK);
}
END_TEST

START_TEST(one_that_is_kept_for_nobody_is_closed)
{
    get_two_ranges();
    for (int i = 0; i < 10; i++)
        loop_turn(loop, NS_PER_MS);
    ck_assert_ptr_nonnull(visitors->stream);
    let_idle_go();
    const uint32_t before = visitors_count();
    get_range("/range");
    ck_assert_uint_eq(visitors_count(), before + 1);
}
END_TEST

START_TEST(none_is_kept_when_the_network_changes)
{
    get_two_ranges();
    http_network_changed(http);
    expect_hung_up();
    const uint32_t before = visitors_count();
    get_range("/range");
    ck_assert_uint_eq(visitors_count(), before + 1);
}
END_TEST

/* The server hangs up when it likes: that is no failure. */
START_TEST(one_that_was_closed_meanwhile_is_made_anew)
{
    get_range("/range");
    visitor_end(visitors);
    get_range("/range");
    ck_assert_msg(got.error == ERROR_NONE, "%s", got.message);
    ck_assert_uint_eq(visitors_count(), 2);
}
END_TEST

/* Connections of this machine's with our server, as CLOSE_WAIT. */
static uint32_t left_lying(void)
{
    FILE *file = fopen("/proc/net/tcp", "r");
    char line[256];
    unsigned remote, state;
    uint32_t count = 0;
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL)
        count += sscanf(line, " %*u: %*x:%*x %*x:%x %x", &remote, &state) == 2 &&
                 remote == port && state == 8;
    fclose(file);
    return count;
}

/* O17: however long another request takes. */
START_TEST(one_that_the_server_has_closed_does_not_lie_about)
{
    get_range("/range");
    struct http_request *slow = ask("/slow", LONG_MS);
    while (requests_seen < 2)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(visitors_count(), 2);
    visitor_end(visitors->next);
    for (int i = 0; i < 20; i++)
        loop_turn(loop, 5 * NS_PER_MS);
    ck_assert_uint_eq(left_lying(), 0);
    get_range("/range"); /* anew */
    ck_assert_int_eq(got.error, ERROR_NONE);
    http_cancel(slow);
}
END_TEST

/* More comes meanwhile than anybody has room for. */
START_TEST(one_that_is_made_to_wait_is_not_idle)
{
    char url[128];
    got.results = 0;
    holds_back = 3;
    taken = 0;
    snprintf(url, sizeof url, "http://%s:%u/long-range", host, port);
    struct http_request *request =
        http_get_range(http, url, 0, 2097151, shut, on_bytes, on_result, NULL);
    for (uint32_t left = 2; left < 3; left--) {
        while (holds_back > left)
            loop_turn(loop, 10 * NS_PER_MS);
        for (int i = 0; i < 10; i++)
            loop_turn(loop, NS_PER_MS);
        http_go_on(request);
    }
    turn_until_result();
    ck_assert_msg(got.error == ERROR_NONE, "%s", got.message);
    ck_assert_uint_eq(taken, 2097152);
    ck_assert_uint_eq(visitors_count(), 1);
}
END_TEST

/* O17: libcurl was done with the connection before the taker was. */
START_TEST(one_whose_last_bytes_had_to_wait_does_not_lie_about)
{
    char url[128];
    got.results = 0;
    holds_back = 1;
    snprintf(url, sizeof url, "http://%s:%u/range", host, port);
    struct http_request *request =
        http_get_range(http, url, 0, 4, shut, on_bytes, on_result, NULL);
    while (holds_back > 0)
        loop_turn(loop, 10 * NS_PER_MS);
    for (int i = 0; i < 10; i++)
        loop_turn(loop, NS_PER_MS);
    http_go_on(request);
    turn_until_result();
    ck_assert_msg(got.error == ERROR_NONE, "%s", got.message);
    visitor_end(visitors);
    for (int i = 0; i < 20; i++)
        loop_turn(loop, 5 * NS_PER_MS);
    ck_assert_uint_eq(left_lying(), 0);
}
END_TEST

/* H11, H12: what holds for a new connection holds for one that is there. */
START_TEST(what_is_shut_is_not_reached_over_one_that_is_kept)
{
    get_range("/range");
    shut = HTTP_SHUT_LOOPBACK;
    get_range("/range");
    ck_assert_int_eq(got.error, ERROR_REFUSED);
    ck_assert_msg(strstr(got.message, "private") != NULL, "%s", got.message);
    ck_assert_uint_eq(requests_seen, 1);
}
END_TEST

START_TEST(a_public_host_sends_nobody_astray_over_one_that_is_kept)
{
    if (!is_alone)
        return;
    host = "8.8.8.8";
    ck_assert_uint_eq(get_with_one_kept("/lo-later"), 1);
    ck_assert_int_ne(got.error, ERROR_NONE);
    ck_assert_msg(strstr(got.message, "private") != NULL, "%s", got.message);
}
END_TEST

/* A redirect may take a connection that was kept for parts of files. */
START_TEST(a_public_host_sends_no_other_request_astray_over_one_that_is_kept)
{
    if (!is_alone)
        return;
    host = "10.1.2.3";
    get_range("/range");
    ck_assert_int_eq(got.error, ERROR_NONE);
    host = "8.8.8.8";
    get("/to-10");
    ck_assert_int_eq(got.error, ERROR_REFUSED);
    ck_assert_msg(strstr(got.message, "private") != NULL, "%s", got.message);
    ck_assert_uint_eq(requests_seen, 2);
}
END_TEST

/* H7 */
START_TEST(any_status_is_an_answer)
{
    get("/status");
    ck_assert_int_eq(got.error, ERROR_NONE);
    ck_assert_int_eq(got.status, 410);
    ck_assert_uint_eq(got.length, 4);
    get("/close");
    ck_assert_int_eq(got.error, ERROR_NONE);
    ck_assert_uint_eq(got.length, 12);
}
END_TEST

START_TEST(answers_over_a_limit_or_broken_are_errors)
{
    static const struct {
        const char *path;
        enum error_code error;
    } cases[] = {
        {"/just", ERROR_NONE},          /* H1 */
        {"/one-more", ERROR_LIMIT},     /* H1 */
        {"/endless", ERROR_LIMIT},      /* H1 */
        {"/bomb", ERROR_LIMIT},         /* H5: decoded bytes count */
        {"/headers", ERROR_LIMIT},      /* H4 */
        {"/short", ERROR_SYSTEM},       /* H2 */
        {"/garbled", ERROR_SYSTEM},     /* H5 */
        {"/chunks", ERROR_SYSTEM},      /* H6 */
        {"/below-zero", ERROR_SYSTEM},  /* H6 */
        {"/trailer-bomb", ERROR_LIMIT}, /* H6, H4 */
        {"/long-line", ERROR_SYSTEM},   /* H4 */
        {"/http09", ERROR_SYSTEM},      /* H7 */
        {"/loop", ERROR_SYSTEM},        /* H9 */
        {"/hop0", ERROR_SYSTEM},        /* H9: four hops */
        {"/to-file", ERROR_REFUSED},    /* H10 */
        {"/to-ftp", ERROR_REFUSED},     /* H10 */
        {"/to-gopher", ERROR_REFUSED},  /* H10 */
        {"/to-idn", ERROR_REFUSED},     /* H13 */
        {"/to-encoded", ERROR_REFUSED}, /* H13 */
        {"/to-user", ERROR_REFUSED},    /* H13 */
        {"/to-slash", ERROR_REFUSED}    /* H13 */
    };
    get(cases[_i].path);
    ck_assert_msg(got.error == cases[_i].error, "%s: %s, %s", cases[_i].path,
                  error_name(got.error), got.message);
    ck_assert(got.error == ERROR_NONE || got.message[0] != '\0');
    ck_assert(got.error != ERROR_NONE || got.length == CAP);
    ck_assert_uint_le(requests_seen, 4);
}
END_TEST

/* H13: what stands behind the host is the server's affair. */
START_TEST(a_plain_redirect_is_followed_whatever_its_path)
{
    get("/to-fine");
    ck_assert_msg(got.error == ERROR_NONE, "%s", got.message);
    ck_assert_uint_eq(requests_seen, 2);
}
END_TEST

/* H6 */
START_TEST(trailers_are_no_part_of_the_body)
{
    get("/trailers");
    ck_assert_int_eq(got.error, ERROR_NONE);
    ck_assert_uint_eq(got.length, 5);
    ck_assert_mem_eq(got.body, "hello", 5);
}
END_TEST

/* H2: what such a length means is not known; what comes is bounded all the same. */
START_TEST(a_length_that_cannot_be_is_an_error_or_none)
{
    get(_i == 0 ? "/negative" : "/huge");
    ck_assert(got.error != ERROR_NONE || got.length == 5);
}
END_TEST

/* A TLS connection to a server that stalls, or hangs up, with that long for it. */
static void get_by_tls(unsigned timeout_ms, bool hangs_up)
{
    char url[64];
    got.results = 0;
    snprintf(url, sizeof url, "https://127.0.0.1:%u/plain", port);
    ck_assert_ptr_nonnull(http_get(http, url, CAP, timeout_ms, 0, on_result, NULL));
    while (got.results == 0) {
        loop_turn(loop, 10 * NS_PER_MS);
        if (hangs_up && visitors != NULL && visitors->stream != NULL &&
            visitors->length > 0)
            visitor_end(visitors);
    }
}

/* H3, H14: a handshake that never comes, or ends. */
START_TEST(tls_that_stalls_is_left_in_time_and_not_spoken_in_clear)
{
    static const char hello[] = "\x16\x03\x01";
    const bool hangs_up = _i == 1;
    /* Long enough for the greeting to have come, whatever this machine needs for it. */
    for (unsigned timeout_ms = hangs_up ? LONG_MS : 300;; timeout_ms *= 4) {
        const uint32_t before = visitors_count();
        get_by_tls(timeout_ms, hangs_up);
        ck_assert_uint_eq(got.results, 1);
        ck_assert_int_eq(got.error, hangs_up ? ERROR_SYSTEM : ERROR_TIMEOUT);
        ck_assert_uint_eq(requests_seen, 0);
        /* no second try, in clear or not */
        ck_assert_uint_le(visitors_count(), before + 1);
        if (visitors_count() > before && visitors->length >= 2)
            break;
    }
    ck_assert_mem_eq(visitors->request, hello, 2);
}
END_TEST

/* H9 */
START_TEST(three_hops_are_followed)
{
    get("/hop1");
    ck_assert_int_eq(got.error, ERROR_NONE);
    ck_assert_mem_eq(got.body, "hello", 5);
    ck_assert_uint_eq(requests_seen, 4);
}
END_TEST

/* H3 */
START_TEST(a_server_that_dawdles_is_left_in_time)
{
    static const char *const paths[] = {"/slow", "/silent"};
    const uint64_t begin_ns = loop_now_ns(loop);
    ask(paths[_i], 300);
    turn_until_result();
    ck_assert_int_eq(got.error, ERROR_TIMEOUT);
    ck_assert_uint_lt(loop_now_ns(loop) - begin_ns, 3 * NS_PER_S);
}
END_TEST

START_TEST(a_refused_connection_is_an_error)
{
    const int held = alone_hold_port(&port);
    get("/plain");
    ck_assert_int_ne(got.error, ERROR_NONE);
    ck_assert_int_eq(got.from.family, NETADDR_NONE);
    close(held);
}
END_TEST

/* H10 */
START_TEST(only_http_is_spoken)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/x",
                                       "gopher://127.0.0.1/", "dict://127.0.0.1/",
                                       "nonsense"};
    got.results = 0;
    struct http_request *request =
        http_get(http, urls[_i], CAP, LONG_MS, 0, on_result, NULL);
    while (request != NULL && got.results == 0)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(got.results, 1);
    ck_assert_int_ne(got.error, ERROR_NONE);
    ck_assert_uint_eq(got.length, 0);
}
END_TEST

/* H11 */
START_TEST(a_public_host_sends_nobody_into_private_space)
{
    static const char *const paths[] = {"/to-lo",     "/to-10",  "/to-meta", "/to-lo6",
                                        "/to-mapped", "/to-hex", "/to-zero"};
    if (!is_alone)
        return;
    host = "8.8.8.8";
    get("/plain");
    ck_assert_int_eq(got.error, ERROR_NONE);
    get(paths[_i]);
    ck_assert_int_ne(got.error, ERROR_NONE);
    ck_assert_msg(strstr(got.message, "private") != NULL, "%s", got.message);
    ck_assert_uint_eq(requests_seen, 2);
}
END_TEST

/* H11: nor does one of the private network to this machine; within it, it may. */
START_TEST(a_private_host_sends_nobody_to_this_machine)
{
    if (!is_alone)
        return;
    host = "10.1.2.3";
    get("/to-lo");
    ck_assert_int_ne(got.error, ERROR_NONE);
    get("/to-10");
    ck_assert_int_eq(got.error, ERROR_NONE);
    host = "127.0.0.1";
    get("/to-lo");
    ck_assert_int_eq(got.error, ERROR_NONE);
}
END_TEST

/* H12 */
START_TEST(what_is_shut_is_not_reached)
{
    static const struct {
        const char *host;
        unsigned shut;
    } cases[] = {
        {"127.0.0.1", HTTP_SHUT_LOOPBACK},         {"127.0.0.1", HTTP_SHUT_PRIVATE},
        {"[::ffff:127.0.0.1]", HTTP_SHUT_PRIVATE}, {"0x7f.1", HTTP_SHUT_LOOPBACK},
        {"2130706433", HTTP_SHUT_LOOPBACK},        {"0.0.0.0", HTTP_SHUT_NONE},
        {"169.254.169.254", HTTP_SHUT_NONE},
    };
    host = cases[_i].host;
    shut = cases[_i].shut;
    get("/plain");
    ck_assert_int_ne(got.error, ERROR_NONE);
    ck_assert_msg(strstr(got.message, "private") != NULL, "%s", got.message);
    ck_assert_uint_eq(requests_seen, 0);
}
END_TEST

START_TEST(no_result_comes_after_a_cancel)
{
    struct http_request *early = ask("/plain", LONG_MS);
    http_cancel(early);
    struct http_request *late = ask("/slow", LONG_MS);
    while (requests_seen == 0)
        loop_turn(loop, 10 * NS_PER_MS);
    http_cancel(late);
    for (int i = 0; i < 10; i++)
        loop_turn(loop, 5 * NS_PER_MS);
    ck_assert_uint_eq(got.results, 0);
    http_cancel(NULL);
}
END_TEST

START_TEST(the_end_of_http_ends_what_is_under_way)
{
    ask("/slow", LONG_MS);
    ask("/plain", LONG_MS);
    while (requests_seen == 0)
        loop_turn(loop, 10 * NS_PER_MS);
    got.results = 0;
    /* teardown frees it with a request open */
}
END_TEST

START_TEST(many_requests_at_once_are_all_answered)
{
    enum { COUNT = 60 }; /* three times what may be open at once */
    ck_assert_uint_eq(got.results, 0);
    for (int i = 0; i < COUNT; i++) {
        ask("/plain", LONG_MS);
    }
    got.results = 0;
    while (got.results < COUNT)
        loop_turn(loop, 10 * NS_PER_MS);
    ck_assert_uint_eq(got.results, COUNT);
}
END_TEST

START_TEST(a_tied_name_is_looked_up_and_so_is_that_of_a_redirect)
{
    host = "localhost"; /* of /etc/hosts */
    get("/plain");
    if (!names_are_found()) { /* refused, and why */
        ck_assert_int_ne(got.error, ERROR_NONE);
        ck_assert_ptr_nonnull(strstr(got.message, "built without c-ares"));
        ck_assert_uint_eq(requests_seen, 0);
        return;
    }
    ck_assert_msg(got.error == ERROR_NONE, "%s", got.message);
    get("/to-fine");
    ck_assert_msg(got.error == ERROR_NONE, "%s", got.message);
    ck_assert_uint_eq(requests_seen, 3);
}
END_TEST

/* An address, a name without an address of the family, and one that is no name. */
START_TEST(what_the_tie_does_not_reach_is_not_asked)
{
    http_free(http);
    net_system_free(ties);
    ties = net_system_new("::1");
    http = http_new(loop, "bttui/test", ties);
    get("/plain");
    ck_assert_int_ne(got.error, ERROR_NONE);
    host = "a..b";
    get("/plain");
    ck_assert_int_eq(got.error, ERROR_NOT_FOUND);
    ck_assert_uint_eq(requests_seen, 0);
}
END_TEST

static TCase *cases_new(const char *name, void (*set_up)(void))
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, an_answer_comes_with_its_body_and_who_gave_it);
    tcase_add_test(tcase, no_connection_is_kept_after_the_answer);
    tcase_add_test(tcase, parts_of_files_come_over_one_connection);
    tcase_add_test(tcase, one_that_is_kept_for_nobody_is_closed);
    tcase_add_test(tcase, none_is_kept_when_the_network_changes);
    tcase_add_test(tcase, one_that_was_closed_meanwhile_is_made_anew);
    tcase_add_test(tcase, one_that_the_server_has_closed_does_not_lie_about);
    tcase_add_test(tcase, one_that_is_made_to_wait_is_not_idle);
    tcase_add_test(tcase, one_whose_last_bytes_had_to_wait_does_not_lie_about);
    tcase_add_test(tcase, what_is_shut_is_not_reached_over_one_that_is_kept);
    tcase_add_test(tcase, any_status_is_an_answer);
    tcase_add_loop_test(tcase, answers_over_a_limit_or_broken_are_errors, 0, 21);
    tcase_add_test(tcase, three_hops_are_followed);
    tcase_add_test(tcase, a_plain_redirect_is_followed_whatever_its_path);
    tcase_add_test(tcase, trailers_are_no_part_of_the_body);
    tcase_add_loop_test(tcase, a_length_that_cannot_be_is_an_error_or_none, 0, 2);
    tcase_add_loop_test(tcase, tls_that_stalls_is_left_in_time_and_not_spoken_in_clear, 0,
                        2);
    tcase_add_loop_test(tcase, a_server_that_dawdles_is_left_in_time, 0, 2);
    tcase_add_test(tcase, a_refused_connection_is_an_error);
    tcase_add_loop_test(tcase, only_http_is_spoken, 0, 5);
    tcase_add_test(tcase, no_result_comes_after_a_cancel);
    tcase_add_test(tcase, the_end_of_http_ends_what_is_under_way);
    tcase_add_test(tcase, many_requests_at_once_are_all_answered);
    tcase_add_loop_test(tcase, what_is_shut_is_not_reached, 0, 7);
    return tcase;
}

Suite *test_http_suite(void)
{
    Suite *suite = suite_create("http");
    suite_add_tcase(suite, cases_new("http", setup));
    TCase *tcase = cases_new("tied", setup_tied);
    tcase_add_test(tcase, a_tied_name_is_looked_up_and_so_is_that_of_a_redirect);
    tcase_add_test(tcase, what_the_tie_does_not_reach_is_not_asked);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("alone");
    tcase_add_checked_fixture(tcase, setup_alone, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_public_host_sends_nobody_into_private_space, 0, 7);
    tcase_add_test(tcase, a_private_host_sends_nobody_to_this_machine);
    tcase_add_test(tcase, a_public_host_sends_nobody_astray_over_one_that_is_kept);
    tcase_add_test(tcase,
                   a_public_host_sends_no_other_request_astray_over_one_that_is_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
