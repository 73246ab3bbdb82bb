/* The halves of the sandbox; nobody else includes this. */
#ifndef BTTUI_BASE_SANDBOX_PRIVATE_H
#define BTTUI_BASE_SANDBOX_PRIVATE_H

#include "base/sandbox.h"

/* Landlock. SANDBOX_FILES and SANDBOX_PORTS, as far as they were had. */
unsigned sandbox_enter_files(const struct sandbox_config *config);
/* seccomp. */
bool sandbox_enter_calls(const struct sandbox_config *config);

#endif
