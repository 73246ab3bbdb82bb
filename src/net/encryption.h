/*
 * What the user wants of encrypted connections between peers (MSE/PE, net/mse.h), and
 * what they are. Pure.
 */
#ifndef BTTUI_NET_ENCRYPTION_H
#define BTTUI_NET_ENCRYPTION_H

#include <stdbool.h>

/* --encryption. Which it is for connections that we open, and that others open. */
enum encryption_mode {
    ENCRYPTION_ALLOW,   /* plain first, the other if that is refused; both */
    ENCRYPTION_OFF,     /* plain alone; so too */
    ENCRYPTION_PREFER,  /* encrypted first, plain if that is refused; both */
    ENCRYPTION_REQUIRE, /* encrypted throughout; so too */
};
#define ENCRYPTION_MODES 4

/* A connection that there is. */
enum encryption {
    ENCRYPTION_NONE,
    ENCRYPTION_HEADER, /* its begin; then it is plain */
    ENCRYPTION_RC4,    /* all of it */
};

#endif
