/*
 * An Internet address with its port, IPv4 or IPv6, as one small value. IPv4
 * mapped into IPv6 (::ffff:a.b.c.d) is always kept as IPv4.
 */
#ifndef BTTUI_BASE_NETADDR_H
#define BTTUI_BASE_NETADDR_H

#include "base/error.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum netaddr_family { NETADDR_NONE = 0, NETADDR_V4 = 4, NETADDR_V6 = 6 };

struct netaddr {
    uint8_t family;    /* enum netaddr_family */
    uint8_t bytes[16]; /* network order; 4 used by IPv4, the rest 0 */
    uint16_t port;     /* host order */
};

#define NETADDR_TEXT_SIZE 56 /* "[v6]:65535" and the NUL */

/* "1.2.3.4:5", "[::1]:5"; a bare address gets DEFAULT_PORT. No names. */
enum error_code netaddr_parse(const char *text, uint16_t default_port,
                              struct netaddr *ret_address) MUST_CHECK;
/* Always writes a valid text: "1.2.3.4:5", "[::1]:5". */
const char *netaddr_format(const struct netaddr *address,
                           char ret_text[NETADDR_TEXT_SIZE]);
/* Without the port. */
const char *netaddr_format_host(const struct netaddr *address,
                                char ret_text[NETADDR_TEXT_SIZE]);

/* BEP 23: 6 bytes; BEP 7: 18 bytes. */
void netaddr_from_compact4(const uint8_t bytes[6], struct netaddr *ret_address);
void netaddr_from_compact6(const uint8_t bytes[18], struct netaddr *ret_address);

socklen_t netaddr_to_sockaddr(const struct netaddr *address,
                              struct sockaddr_storage *ret_sockaddr);
/* ERROR_INVALID for another family. */
enum error_code netaddr_from_sockaddr(const struct sockaddr *sockaddr,
                                      struct netaddr *ret_address) MUST_CHECK;

/* Total orders: with the port, and without it. */
int netaddr_compare(const struct netaddr *a, const struct netaddr *b);
int netaddr_compare_host(const struct netaddr *a, const struct netaddr *b);
bool netaddr_equal(const struct netaddr *a, const struct netaddr *b);
bool netaddr_same_host(const struct netaddr *a, const struct netaddr *b);

enum netaddr_scope {
    NETADDR_SCOPE_INVALID,  /* unspecified, multicast, broadcast, 240/4, documentation */
    NETADDR_SCOPE_LOOPBACK, /* 127/8, ::1 */
    NETADDR_SCOPE_LINK_LOCAL, /* 169.254/16, fe80::/10 */
    NETADDR_SCOPE_PRIVATE,    /* RFC 1918, 100.64/10, fc00::/7 */
    NETADDR_SCOPE_PUBLIC
};
enum netaddr_scope netaddr_scope(const struct netaddr *address);

/* Ports nobody's peer listens on and that others could be attacked through:
 * 25, 53, 111, 123, 161, 1900, 11211. */
bool netaddr_port_is_abused(uint16_t port);

/*
 * Whether SOURCE (where the news came from; family NONE: the user) may send us
 * to CANDIDATE: not invalid, not link-local, port not 0 nor abused, and a source
 * in public space nominates only public addresses.
 */
bool netaddr_may_nominate(const struct netaddr *source, const struct netaddr *candidate);
/* One of 198.18/15 (RFC 2544), which are nobody's: names stand behind them where a proxy
 * looks names up, and none but who looked up the name may send us there. */
bool netaddr_is_stand_in(const struct netaddr *address);
/* Where it is one of many: its /24, or /48, without a port. No padding is left unset. */
struct netaddr netaddr_net_key(const struct netaddr *address);

/* The key a ban is kept under: the host; for IPv6 its /64. Port 0. */
struct netaddr netaddr_ban_key(const struct netaddr *address);

#endif
