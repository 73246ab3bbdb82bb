#include "app/interface.h"

#include "base/i18n.h"

#include <stdio.h>

struct interface *interface_new(const struct interface_config *config)
{
    (void)config;
    fputs(_("bttui: the terminal interface is not in this build; use --headless\n"),
          stderr);
    return NULL;
}

void interface_free(struct interface *interface)
{
    (void)interface;
}
