/* The terminal interface as the main program opens it: on standard input and output. */
#ifndef BTTUI_APP_INTERFACE_H
#define BTTUI_APP_INTERFACE_H

#include "app/options.h"
#include "loop/loop.h"
#include "torrent/session.h"

struct interface;

struct interface_config {
    struct loop *loop;
    struct session *session;
    bool ascii;
    enum color_choice color;
    void (*on_quit)(void *context);
    void *context;
};

/* NULL: no usable terminal; standard error says why. */
struct interface *interface_new(const struct interface_config *config);
/* Restores the terminal. NULL is ignored. */
void interface_free(struct interface *interface);

#endif
