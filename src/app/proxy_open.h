/* The network through the proxy that the user named. At the start, since a name of its
 * own is waited for. */
#ifndef BTTUI_APP_PROXY_OPEN_H
#define BTTUI_APP_PROXY_OPEN_H

#include "app/options.h"
#include "net/net.h"

/* Everything through options->proxy, reached by INNER. NULL: MESSAGE tells people why
 * not. */
struct net *proxy_open(const struct options *options, struct net *inner, char *message,
                       size_t message_size);

#endif
