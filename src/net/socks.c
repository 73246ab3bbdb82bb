#include "net/socks.h"

#include <string.h>

enum {
    VERSION = 5,
    AUTH_VERSION = 1,
    METHOD_NONE = 0,
    METHOD_PASSWORD = 2,
    TYPE_V4 = 1,
    TYPE_NAME = 3,
    TYPE_V6 = 4
};

enum { AT_METHOD, AT_LOGIN, AT_REPLY };

/* ---- addresses ---- */

static uint8_t *put_port(uint8_t *at, uint16_t port)
{
    *at++ = (uint8_t)(port >> 8);
    *at++ = (uint8_t)port;
    return at;
}

/* Type, address and port. */
static uint8_t *put_target(uint8_t *at, const struct socks_target *target)
{
    const size_t name = strlen(target->name);
    if (name > 0) {
        *at++ = TYPE_NAME;
        *at++ = (uint8_t)name;
        memcpy(at, target->name, name);
        return put_port(at + name, target->address.port);
    }
    const bool v4 = target->address.family == NETADDR_V4;
    const size_t bytes = v4 ? 4 : 16;
    *at++ = v4 ? TYPE_V4 : TYPE_V6;
    memcpy(at, target->address.bytes, bytes);
    return put_port(at + bytes, target->address.port);
}

/* How long the address of TYPE is, without type and port; NEXT is the byte behind the
 * type. 0: there is no such type. */
static uint32_t address_bytes(uint8_t type, uint8_t next)
{
    switch (type) {
    case TYPE_V4:
        return 4;
    case TYPE_V6:
        return 16;
    case TYPE_NAME:
        return 1u + next;
    default:
        return 0;
    }
}

/* BYTES begin with the type, and are all there. */
static void read_address(const uint8_t *bytes, struct netaddr *ret_address)
{
    const uint32_t length = address_bytes(bytes[0], bytes[1]);
    const uint8_t *port = bytes + 1 + length;
    struct netaddr address = {.port = (uint16_t)(port[0] << 8 | port[1])};
    uint8_t compact[18];
    if (bytes[0] == TYPE_V6) {
        memcpy(compact, bytes + 1, sizeof compact);
        netaddr_from_compact6(compact, &address); /* one that is IPv4 becomes that */
    } else if (bytes[0] == TYPE_V4) {
        netaddr_from_compact4(bytes + 1, &address);
    }
    *ret_address = address;
}

/* ---- what is said ---- */

static void say_methods(struct socks *socks)
{
    const bool login = socks->user != NULL;
    const uint8_t bytes[] = {VERSION, login ? 2 : 1, METHOD_NONE, METHOD_PASSWORD};
    socks->out_bytes = login ? 4 : 3;
    memcpy(socks->out, bytes, socks->out_bytes);
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
    const size_t length = text != NULL ? strlen(text) : 0;
    *at++ = (uint8_t)length;
    if (length > 0)
        memcpy(at, text, length);
    return at + length;
}

static void say_login(struct socks *socks)
{
    uint8_t *at = socks->out;
    *at++ = AUTH_VERSION;
    at = put_text(at, socks->user);
    at = put_text(at, socks->password);
    socks->out_bytes = (uint32_t)(at - socks->out);
    socks->state = AT_LOGIN;
}

static void say_command(struct socks *socks)
{
    uint8_t *at = socks->out;
    *at++ = VERSION;
    *at++ = (uint8_t)socks->command;
    *at++ = 0;
    at = put_target(at, &socks->target);
    socks->out_bytes = (uint32_t)(at - socks->out);
    socks->state = AT_REPLY;
}

void socks_init(struct socks *socks, enum socks_command command,
                const struct socks_target *target, const char *user, const char *password)
{
    memset(socks, 0, sizeof *socks);
    socks->command = command;
    socks->target = *target;
    socks->user = user;
    socks->password = password;
    say_methods(socks);
}

/* ---- what is heard ---- */

static enum socks_status on_method(struct socks *socks)
{
    if (socks->in[0] != VERSION)
        return SOCKS_NO_PROXY;
    if (socks->in[1] == METHOD_NONE)
        say_command(socks);
    else if (socks->in[1] == METHOD_PASSWORD && socks->user != NULL)
        say_login(socks);
    else
        return SOCKS_NO_METHOD;
    return SOCKS_GOES_ON;
}

static enum socks_status on_login(struct socks *socks)
{
    if (socks->in[0] != AUTH_VERSION)
        return SOCKS_NO_PROXY;
    if (socks->in[1] != 0)
        return SOCKS_NOT_LET_IN;
    say_command(socks);
    return SOCKS_GOES_ON;
}

static enum socks_status status_of(uint8_t reply)
{
    switch (reply) {
    case 0:
        return SOCKS_GOES_ON;
    case 2: /* not allowed by its rules */
    case 7: /* no such command */
    case 8: /* no such type of address */
        return SOCKS_REFUSED;
    case 3: /* network, host */
    case 4:
    case 5: /* connection refused */
    case 6: /* took too long */
        return SOCKS_NOT_REACHABLE;
    default:
        return SOCKS_FAILED;
    }
}

const char *socks_reply_text(uint8_t reply)
{
    static const char *const texts[] = {
        [1] = N_("it failed"),
        [2] = N_("its rules do not allow it"),
        [3] = N_("the network cannot be reached from it"),
        [4] = N_("the host cannot be reached from it"),
        [5] = N_("the other side refuses the connection"),
        [6] = N_("it took too long"),
        [7] = N_("it does not know how"),
        [8] = N_("it does not know such addresses"),
    };
    return reply > 0 && reply < sizeof texts / sizeof *texts
               ? texts[reply]
               : N_("for a reason that it alone knows");
}

/* Judged as soon as its first bytes are there: a refusal need not be whole. */
static enum socks_status on_reply(struct socks *socks)
{
    const uint8_t *in = socks->in;
    if (in[0] != VERSION)
        return SOCKS_NO_PROXY;
    socks->reply = in[1];
    if (in[1] != 0)
        return status_of(in[1]);
    const uint32_t address = address_bytes(in[3], in[4]);
    if (address == 0)
        return SOCKS_NO_PROXY;
    if (socks->held < 4 + address + 2)
        return SOCKS_GOES_ON;
    read_address(in + 3, &socks->bound);
    return SOCKS_DONE;
}

/* How many bytes have to be there for the next step. */
static uint32_t needed(const struct socks *socks)
{
    if (socks->state != AT_REPLY)
        return 2;
    return socks->held < 5 ? 5 : 4 + address_bytes(socks->in[3], socks->in[4]) + 2;
}

bool socks_is_let_in(const struct socks *socks)
{
    return socks->state == AT_REPLY && socks->status == SOCKS_GOES_ON;
}

uint32_t socks_wants(const struct socks *socks)
{
    return socks->status == SOCKS_GOES_ON ? needed(socks) - socks->held : 0;
}

enum socks_status socks_feed(struct socks *socks, const uint8_t *bytes, size_t length)
{
    memcpy(socks->in + socks->held, bytes, length);
    socks->held += (uint32_t)length;
    const int state = socks->state;
    if (socks->status != SOCKS_GOES_ON || socks->held < (state == AT_REPLY ? 5u : 2u))
        return socks->status;
    if (state == AT_METHOD)
        socks->status = on_method(socks);
    else
        socks->status = state == AT_LOGIN ? on_login(socks) : on_reply(socks);
    if (state != AT_REPLY)
        socks->held = 0;
    return socks->status;
}

/* ---- datagrams ---- */

size_t socks_put_header(const struct socks_target *target,
                        uint8_t ret_bytes[SOCKS_HEADER_MOST])
{
    memset(ret_bytes, 0, 3); /* reserved, and no fragment */
    return (size_t)(put_target(ret_bytes + 3, target) - ret_bytes);
}

bool socks_read_header(const uint8_t *bytes, size_t length, struct netaddr *ret_from,
                       size_t *ret_at)
{
    if (length < 5 || bytes[2] != 0)
        return false;
    const uint32_t address = address_bytes(bytes[3], bytes[4]);
    if (address == 0 || length < 4u + address + 2)
        return false;
    read_address(bytes + 3, ret_from);
    *ret_at = 4u + address + 2;
    return true;
}
