/* Conversations with a proxy on the virtual network: whole, in single bytes, cut off. */
#include "net/socks_stream.h"
#include "tests/unit/net/socks_script.h"

#include <check.h>
#include <string.h>

Suite *test_socks_stream_suite(void);

static struct world world;
static struct socks_script script;

/* What became of one stream. */
struct end {
    struct stream *stream;
    uint32_t connected, told, errors;
    enum socks_status status;
    enum error_code error;
    char got[64];
    size_t length;
    char refusal[80];
};

static void on_connected(void *context)
{
    ((struct end *)context)->connected++;
}

static void on_readable(void *context)
{
    struct end *end = context;
    const struct iovec iov = {end->got + end->length, sizeof end->got - 1 - end->length};
    size_t got = 0;
    const enum error_code error = stream_readv(end->stream, &iov, 1, &got);
    end->length += got;
    if (error != ERROR_CLOSED)
        return;
    end->errors++;
    stream_close(end->stream);
    end->stream = NULL;
}

static void on_writable(void *context)
{
    (void)context;
}

static void on_error(void *context, enum error_code error)
{
    struct end *end = context;
    const char *refusal = socks_stream_refusal(end->stream);
    end->errors++;
    end->error = error;
    strcpy(end->refusal, refusal != NULL ? refusal : "");
    stream_close(end->stream);
    end->stream = NULL;
}

static const struct stream_callbacks callbacks = {on_connected, on_readable, on_writable,
                                                  on_error};

static void on_proxy(void *context, enum socks_status status)
{
    struct end *end = context;
    ck_assert_uint_eq(end->connected + end->errors, 0);
    end->told++;
    end->status = status;
}

static void begin(struct end *end, const char *address, const char *name,
                  const char *user)
{
    const struct net *host = vnet_host(world.vnet, "10.0.0.1");
    struct socks_stream_config config = {.command = SOCKS_CONNECT,
                                         .user = user,
                                         .password = "secret",
                                         .on_proxy = on_proxy,
                                         .context = end};
    struct netaddr proxy;
    struct stream *inner;
    *end = (struct end){.status = SOCKS_FAILED};
    ck_assert_int_eq(netaddr_parse(SCRIPT_PROXY, 0, &proxy), ERROR_NONE);
    ck_assert_int_eq(netaddr_parse(address, 0, &config.target.address), ERROR_NONE);
    strcpy(config.target.name, name);
    ck_assert_int_eq(host->connect(host->context, world.loop, &proxy, &inner),
                     ERROR_NONE);
    end->stream = socks_stream_new(inner, &config);
    ck_assert_ptr_nonnull(end->stream);
    stream_set_callbacks(end->stream, &callbacks, end);
}

static void setup(void)
{
    world_init(&world, 1);
    socks_script_begin(&script, &world);
}

static void teardown(void)
{
    socks_script_end(&script);
    world_done(&world);
}

static const struct {
    const char *address, *name, *asked;
    size_t length;
} targets[] = {
    {"1.2.3.4:6881", "", "\x01\x01\x02\x03\x04\x1a\xe1", 7},
    {"[2001:db8::1]:80", "", "\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50",
     19},
    {"198.18.0.0:80", "far.example",
     "\x03\x0b"
     "far.example\x00\x50",
     15},
};

/* With every answer in single bytes, and the target's first bytes right behind. */
START_TEST(a_target_is_reached_and_its_bytes_are_its_own)
{
    const struct vnet_link link = {.latency_ns = NS_PER_MS, .segment = _i % 2 ? 1 : 0};
    const char *user = _i / 2 % 2 ? "me" : NULL;
    struct end end;
    vnet_set_link(world.vnet, &link);
    script.method = user != NULL ? 2 : 0;
    script.behind = "hello";
    begin(&end, targets[_i / 4].address, targets[_i / 4].name, user);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(end.connected, 1);
    ck_assert_uint_eq(end.told, 1);
    ck_assert_int_eq(end.status, SOCKS_DONE);
    ck_assert_int_eq(script.command, SOCKS_CONNECT);
    ck_assert_mem_eq(script.asked, targets[_i / 4].asked, targets[_i / 4].length);
    ck_assert_uint_eq(end.length, 5);
    ck_assert_mem_eq(end.got, "hello", 5);
    const struct iovec iov = {(void *)(uintptr_t) "ours", 4};
    size_t sent;
    ck_assert_int_eq(stream_writev(end.stream, &iov, 1, &sent), ERROR_NONE);
    world_run(&world, NS_PER_S);
    const struct socks_client *client = &script.clients[0];
    ck_assert_mem_eq(client->got + client->length - 4, "ours", 4);
    if (user != NULL)
        ck_assert_mem_eq(client->got, "\x05\x02\x00\x02\x01\x02me\x06secret", 15);
    stream_close(end.stream);
}
END_TEST

START_TEST(nothing_is_read_or_written_before_the_proxy_agrees)
{
    struct end end;
    char byte = 'x';
    const struct iovec iov = {&byte, 1};
    size_t done;
    script.silent = true;
    begin(&end, "1.2.3.4:80", "", NULL);
    stream_set_interest(end.stream, true, true);
    world_run(&world, NS_PER_S);
    ck_assert_int_eq(stream_writev(end.stream, &iov, 1, &done), ERROR_AGAIN);
    ck_assert_int_eq(stream_readv(end.stream, &iov, 1, &done), ERROR_AGAIN);
    ck_assert_uint_eq(end.connected + end.told + end.errors, 0);
    ck_assert_uint_eq(script.clients[0].length, 3); /* the greeting alone */
    stream_close(end.stream);
}
END_TEST

static const struct {
    uint8_t reply;
    enum socks_status status;
    const char *words;
} replies[] = {
    {1, SOCKS_FAILED, "it failed"},
    {2, SOCKS_REFUSED, "its rules do not allow it"},
    {3, SOCKS_NOT_REACHABLE, "the network cannot be reached from it"},
    {4, SOCKS_NOT_REACHABLE, "the host cannot be reached from it"},
    {5, SOCKS_NOT_REACHABLE, "the other side refuses the connection"},
    {6, SOCKS_NOT_REACHABLE, "it took too long"},
    {7, SOCKS_REFUSED, "it does not know how"},
    {8, SOCKS_REFUSED, "it does not know such addresses"},
    {9, SOCKS_FAILED, "for a reason that it alone knows"},
    {255, SOCKS_FAILED, "for a reason that it alone knows"},
};

START_TEST(a_refusal_is_told_in_words)
{
    struct end end;
    script.reply = replies[_i].reply;
    begin(&end, "1.2.3.4:80", "", NULL);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(end.connected, 0);
    ck_assert_uint_eq(end.errors, 1);
    ck_assert_int_eq(end.error, ERROR_CLOSED);
    ck_assert_int_eq(end.status, replies[_i].status);
    ck_assert_str_eq(end.refusal, replies[_i].words);
}
END_TEST

static const struct {
    uint8_t method, login;
    const char *junk, *user;
    size_t junk_length;
    enum socks_status status;
} locked[] = {
    {255, 0, NULL, NULL, 0, SOCKS_NO_METHOD},
    {2, 0, NULL, NULL, 0, SOCKS_NO_METHOD},
    {2, 1, NULL, "me", 0, SOCKS_NOT_LET_IN},
    {2, 255, NULL, "me", 0, SOCKS_NOT_LET_IN},
    {0, 0, "HTTP/1.1 400 Bad", NULL, 16, SOCKS_NO_PROXY},
    {0, 0, "\x04", NULL, 1, SOCKS_GOES_ON}, /* it hangs up in the middle */
    {0, 0, "", NULL, 0, SOCKS_GOES_ON},
};

START_TEST(a_proxy_that_lets_nobody_in_is_told_of)
{
    struct end end;
    script.method = locked[_i].method;
    script.login = locked[_i].login;
    script.junk = locked[_i].junk;
    script.junk_length = locked[_i].junk_length;
    begin(&end, "1.2.3.4:80", "", locked[_i].user);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(end.connected, 0);
    ck_assert_uint_eq(end.told, 1);
    ck_assert_uint_eq(end.errors, 1);
    ck_assert_int_eq(end.status, locked[_i].status);
    ck_assert_str_eq(end.refusal, "");
}
END_TEST

START_TEST(one_that_is_not_there_is_told_of)
{
    struct end end;
    socks_script_set_there(&script, false);
    begin(&end, "1.2.3.4:80", "", NULL);
    world_run(&world, NS_PER_S);
    ck_assert_uint_eq(end.errors, 1);
    ck_assert_int_eq(end.status, SOCKS_GOES_ON);
}
END_TEST

START_TEST(a_target_that_hangs_up_is_no_failure_of_the_proxy)
{
    struct end end;
    begin(&end, "1.2.3.4:80", "", NULL);
    world_run(&world, NS_PER_S);
    socks_script_hang_up(&script);
    world_run(&world, NS_PER_S);
    ck_assert_int_eq(end.status, SOCKS_DONE);
    ck_assert_uint_eq(end.told, 1);
    ck_assert_uint_eq(end.errors, 1);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *test_socks_stream_suite(void)
{
    Suite *suite = suite_create("socks_stream");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, a_target_is_reached_and_its_bytes_are_its_own, 0,
                        4 * COUNT(targets));
    tcase_add_test(tcase, nothing_is_read_or_written_before_the_proxy_agrees);
    tcase_add_loop_test(tcase, a_refusal_is_told_in_words, 0, COUNT(replies));
    tcase_add_loop_test(tcase, a_proxy_that_lets_nobody_in_is_told_of, 0, COUNT(locked));
    tcase_add_test(tcase, one_that_is_not_there_is_told_of);
    tcase_add_test(tcase, a_target_that_hangs_up_is_no_failure_of_the_proxy);
    suite_add_tcase(suite, tcase);
    return suite;
}
