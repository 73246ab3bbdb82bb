#include "app/interface.h"

#include "base/i18n.h"
#include "ui/screen.h"
#include "ui/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct interface {
    struct interface_config config;
    struct terminal *terminal;
    struct screen *screen;
};

/* ---- from the terminal ---- */

static void on_key(void *context, const struct key_event *event)
{
    screen_key(((struct interface *)context)->screen, event);
}

static void on_resize(void *context)
{
    struct interface *interface = context;
    int width, height;
    terminal_size(interface->terminal, &width, &height);
    screen_resize(interface->screen, width, height);
}

static void on_ready(void *context)
{
    (void)context; /* the screen's hook looks again in this turn */
}

static void on_gone(void *context)
{
    const struct interface *interface = context;
    interface->config.on_hang_up(interface->config.context);
}

/* ---- from the screen ---- */

static bool is_ready(void *context)
{
    return terminal_is_ready(((struct interface *)context)->terminal);
}

static void present(void *context, const struct canvas *canvas)
{
    terminal_present(((struct interface *)context)->terminal, canvas);
}

static void redraw(void *context)
{
    terminal_redraw(((struct interface *)context)->terminal);
}

static void suspend(void *context)
{
    terminal_suspend(((struct interface *)context)->terminal);
}

static bool copy(void *context, const char *text, size_t length)
{
    return terminal_copy(((struct interface *)context)->terminal, text, length);
}

static void on_quit(void *context)
{
    const struct interface *interface = context;
    interface->config.on_quit(interface->config.context);
}

static bool on_settings(void *context, char *message, size_t size)
{
    const struct interface *interface = context;
    return interface->config.on_settings(interface->config.context, message, size);
}

static void on_interrupt(void *context)
{
    (void)context;
    raise(SIGINT);
}

/* ---- life ---- */

static bool wants_colors(enum color_choice choice)
{
    const char *no_color = getenv("NO_COLOR");
    if (choice == COLOR_AUTO)
        return no_color == NULL || no_color[0] == '\0';
    return choice == COLOR_ALWAYS;
}

static bool open_screen(struct interface *interface)
{
    int width, height;
    terminal_size(interface->terminal, &width, &height);
    const struct screen_config config = {
        .loop = interface->config.loop,
        .session = interface->config.session,
        .ascii = terminal_is_ascii(interface->terminal),
        .keymap = interface->config.keymap,
        .width = width,
        .height = height,
        .output = {is_ready, present, redraw, suspend, copy, interface},
        .on_settings = interface->config.on_settings != NULL ? on_settings : NULL,
        .on_quit = on_quit,
        .on_interrupt = on_interrupt,
        .context = interface};
    interface->screen = screen_new(&config);
    return interface->screen != NULL;
}

struct interface *interface_new(const struct interface_config *config)
{
    char message[TERMINAL_MESSAGE_SIZE] = "";
    struct interface *interface = calloc(1, sizeof *interface);
    if (interface == NULL)
        return NULL;
    interface->config = *config;
    const struct terminal_config terminal = {.loop = config->loop,
                                             .ascii = config->ascii,
                                             .colors = wants_colors(config->color),
                                             .on_key = on_key,
                                             .on_resize = on_resize,
                                             .on_ready = on_ready,
                                             .on_gone = on_gone,
                                             .context = interface};
#if ENABLE_NLS
    bind_textdomain_codeset(PACKAGE, "UTF-8"); /* what the canvas is made of */
#endif
    if (!isatty(STDIN_FILENO))
        snprintf(message, sizeof message, "%s",
                 _("standard input is not a terminal; use --headless to run without the "
                   "interface"));
    else
        interface->terminal = terminal_new(&terminal, message);
    if (interface->terminal == NULL || !open_screen(interface)) {
        interface_free(interface);
        fprintf(stderr, "bttui: %s\n", message[0] != '\0' ? message : _("out of memory"));
        return NULL;
    }
    return interface;
}

void interface_show_ending(struct interface *interface)
{
    if (interface != NULL)
        screen_show_ending(interface->screen);
}

void interface_set_look(struct interface *interface, bool ascii, enum color_choice color)
{
    if (interface == NULL)
        return;
    terminal_set_look(interface->terminal, ascii, wants_colors(color));
    screen_set_ascii(interface->screen, terminal_is_ascii(interface->terminal));
}

void interface_set_keymap(struct interface *interface, const struct keymap *keymap)
{
    if (interface != NULL)
        screen_set_keymap(interface->screen, keymap);
}

void interface_free(struct interface *interface)
{
    if (interface == NULL)
        return;
    screen_free(interface->screen);
    terminal_free(interface->terminal);
    free(interface);
}
