/* The terminal interface as the main program opens it: on standard input and output. */
#ifndef BTTUI_APP_INTERFACE_H
#define BTTUI_APP_INTERFACE_H

#include "app/options.h"
#include "loop/loop.h"
#include "ui/keymap.h"

struct interface;

struct interface_config {
    struct loop *loop;
    struct session *session;
    bool ascii;
    enum color_choice color;
    const struct keymap *keymap; /* NULL: the keys of the start */
    /* As in ui/screen.h; NULL: there is no configuration file. */
    bool (*on_settings)(void *context, char *message, size_t size);
    void (*on_quit)(void *context);    /* a key asked for the end */
    void (*on_hang_up)(void *context); /* the terminal is gone; SIGHUP may come too */
    void *context;
};

/* NULL: no usable terminal; standard error says why. */
struct interface *interface_new(const struct interface_config *config);
/* The session is stopping: says so, and takes no more keys. NULL is ignored. */
void interface_show_ending(struct interface *interface);
/* As in the config. NULL is ignored. */
void interface_set_look(struct interface *interface, bool ascii, enum color_choice color);
void interface_set_keymap(struct interface *interface, const struct keymap *keymap);
/* Restores the terminal. NULL is ignored. */
void interface_free(struct interface *interface);

#endif
