/* --bind as an address or an interface of this machine. */
#ifndef BTTUI_APP_BIND_CHECK_H
#define BTTUI_APP_BIND_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether sockets can be bound to TEXT now; if not, MESSAGE tells people why. */
bool bind_check(const char *text, char *message, size_t message_size);

#endif
