/* A network of this process alone, where any address may be ours. */
#ifndef BTTUI_TESTS_UNIT_NET_ALONE_H
#define BTTUI_TESTS_UNIT_NET_ALONE_H

#include <stdbool.h>
#include <stdint.h>

/* Leaves the machine's network for an empty one; 127.0.0.1 is there. False: this system
 * lets nobody have a network of his own. */
bool alone_begin(void);
/* TEXT, an IPv4 address, becomes that of NAME ("lo", "lo:1"...), which is up then. */
bool alone_take_address(const char *name, const char *text);
/* "lo" goes down or comes up; its addresses stay. */
void alone_set_up(bool up);

/* A TCP port of 127.0.0.1 where nobody listens, or can while the descriptor is open. */
int alone_hold_port(uint16_t *ret_port);

#endif
