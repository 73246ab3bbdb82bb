/*
 * Addresses that are refused because a list says so: ranges from the formats that such
 * lists come in, a line each, told apart line by line:
 *
 *   001.009.096.105 - 001.009.096.110 , 000 , name    eMule's .dat; above 127: allowed
 *   name:1.9.96.105-1.9.96.110                        PeerGuardian's .p2p
 *   1.9.96.0/24  2001:db8::/32  1.9.96.105            CIDR, single addresses
 *   # comment, // comment
 *
 * Adding is by line, of untrusted bytes; looking up is a binary search. Pure.
 */
#ifndef BTTUI_PEER_BLOCKLIST_H
#define BTTUI_PEER_BLOCKLIST_H

#include "base/error.h"
#include "base/netaddr.h"

#define BLOCKLIST_RANGES_MAX 4000000u

struct blocklist;

/* NULL: out of memory. */
struct blocklist *blocklist_new(void);
void blocklist_free(struct blocklist *list);
/* One line, without its end. ERROR_INVALID: it is none that is understood; ERROR_MEMORY,
 * ERROR_LIMIT: the list is as it was. */
enum error_code blocklist_add_line(struct blocklist *list, const char *line,
                                   size_t length) MUST_CHECK;
/* Sorts what was added and joins what overlaps: after the last line. */
void blocklist_seal(struct blocklist *list);
/* Ranges, after joining. */
uint32_t blocklist_count(const struct blocklist *list);
/* A sealed list; NULL holds nothing. The port does not matter. */
bool blocklist_has(const struct blocklist *list, const struct netaddr *address);

#endif
