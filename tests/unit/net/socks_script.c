#include "tests/unit/net/socks_script.h"

#include <check.h>
#include <string.h>

enum { GREETING, LOGIN, COMMAND, OVER };

static const char relay[] = "10.0.0.9:7000";

static struct netaddr at(const char *text)
{
    struct netaddr address;
    ck_assert_int_eq(netaddr_parse(text, 0, &address), ERROR_NONE);
    return address;
}

static void say(struct socks_client *client, const void *bytes, size_t length)
{
    size_t sent = 0;
    const struct iovec iov = {(void *)(uintptr_t)bytes, length};
    if (length == 0 || client->stream == NULL || client->script->silent)
        return;
    ck_assert_int_eq(stream_writev(client->stream, &iov, 1, &sent), ERROR_NONE);
    ck_assert_uint_eq(sent, length);
}

static void hang_up(struct socks_client *client)
{
    stream_close(client->stream);
    client->stream = NULL;
}

static void reply(struct socks_client *client)
{
    const struct socks_script *script = client->script;
    const struct socks_target bound = {.address = at(script->bound)};
    uint8_t bytes[SOCKS_HEADER_MOST] = {0};
    const size_t length = socks_put_header(&bound, bytes);
    bytes[0] = 5;
    bytes[1] = script->reply;
    say(client, bytes, length);
    if (script->reply != 0) {
        hang_up(client);
        return;
    }
    if (script->behind != NULL)
        say(client, script->behind, strlen(script->behind));
}

/* How long the message at hand is; more than there are: it is not whole. */
static size_t wanted(const struct socks_client *client)
{
    const uint8_t *bytes = client->got + client->at;
    const size_t there = client->length - client->at;
    if (there < 2)
        return 2;
    if (client->stage == GREETING)
        return 2u + bytes[1];
    if (client->stage == LOGIN)
        return there < 3u + bytes[1] ? 3u + bytes[1]
                                     : 3u + bytes[1] + bytes[2 + bytes[1]];
    if (there < 5)
        return 5;
    return bytes[3] == 1 ? 10 : bytes[3] == 4 ? 22 : 7u + bytes[4];
}

static void take(struct socks_client *client, size_t length)
{
    struct socks_script *script = client->script;
    const uint8_t *bytes = client->got + client->at;
    const uint8_t method[] = {5, script->method}, login[] = {1, script->login};
    client->at += length;
    if (client->stage == GREETING && script->junk != NULL) {
        say(client, script->junk, script->junk_length);
        hang_up(client);
    } else if (client->stage == GREETING) {
        say(client, method, sizeof method);
        client->stage = script->method == 2 ? LOGIN : COMMAND;
    } else if (client->stage == LOGIN) {
        say(client, login, sizeof login);
        client->stage = COMMAND;
    } else {
        script->command = bytes[1];
        memcpy(script->asked, bytes + 3, length - 3);
        client->stage = OVER;
        reply(client);
    }
}

static void on_readable(void *context)
{
    struct socks_client *client = context;
    const struct iovec iov = {client->got + client->length,
                              sizeof client->got - client->length};
    size_t got = 0;
    const enum error_code error = stream_readv(client->stream, &iov, 1, &got);
    if (error != ERROR_NONE) {
        if (error != ERROR_AGAIN)
            hang_up(client);
        return;
    }
    client->length += got;
    while (client->stream != NULL && client->stage != OVER &&
           wanted(client) <= client->length - client->at)
        take(client, wanted(client));
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_error(void *context, enum error_code error)
{
    (void)error;
    hang_up(context);
}

static const struct stream_callbacks callbacks = {on_nothing, on_readable, on_nothing,
                                                  on_error};

static void on_accept(void *context, struct stream *stream, const struct netaddr *from)
{
    struct socks_script *script = context;
    struct socks_client *client = &script->clients[script->client_count++];
    (void)from;
    ck_assert_uint_le(script->client_count, SCRIPT_CLIENTS);
    *client = (struct socks_client){.script = script, .stream = stream};
    stream_set_callbacks(stream, &callbacks, client);
    stream_set_interest(stream, true, false);
}

/* ---- the relay ---- */

static void on_packet(void *context, const struct netaddr *from, const uint8_t *bytes,
                      size_t length)
{
    struct socks_script *script = context;
    size_t begin;
    ck_assert(socks_read_header(bytes, length, &script->relayed_to, &begin));
    script->name[0] = '\0';
    if (bytes[3] == 3) {
        memcpy(script->name, bytes + 5, bytes[4]);
        script->name[bytes[4]] = '\0';
    }
    script->relayed++;
    script->relayed_from = *from;
}

void socks_script_relay(struct socks_script *script, const struct netaddr *from,
                        const char *payload)
{
    const struct netaddr place = at(relay);
    const struct socks_target target = {.address = *from};
    uint8_t bytes[SOCKS_HEADER_MOST + 64];
    const size_t header = socks_put_header(&target, bytes), length = strlen(payload);
    ck_assert_uint_le(length, 64);
    memcpy(bytes + header, payload, length);
    vnet_send_udp(script->world->vnet, &place, &script->relayed_from, bytes,
                  header + length);
}

/* ---- its life ---- */

void socks_script_set_there(struct socks_script *script, bool there)
{
    const struct net *host = vnet_host(script->world->vnet, "10.0.0.9");
    const struct netaddr address = at(SCRIPT_PROXY);
    uint16_t port;
    host->unlisten(host->context, script->listener);
    script->listener = NULL;
    if (!there)
        socks_script_hang_up(script);
    else
        ck_assert_int_eq(host->listen(host->context, script->world->loop, &address,
                                      on_accept, script, &script->listener, &port),
                         ERROR_NONE);
}

void socks_script_hang_up(struct socks_script *script)
{
    for (uint32_t i = 0; i < script->client_count; i++)
        if (script->clients[i].stream != NULL)
            hang_up(&script->clients[i]);
}

void socks_script_begin(struct socks_script *script, struct world *world)
{
    *script = (struct socks_script){.world = world, .bound = "0.0.0.0:7000"};
    vnet_serve_udp(world->vnet, relay, on_packet, script);
    socks_script_set_there(script, true);
}

void socks_script_end(struct socks_script *script)
{
    socks_script_set_there(script, false);
}
