/* The halves of the sandbox; nobody else includes this. */
#ifndef BTTUI_BASE_SANDBOX_PRIVATE_H
#define BTTUI_BASE_SANDBOX_PRIVATE_H

#include "base/sandbox.h"

/* Landlock. SANDBOX_FILES and SANDBOX_PORTS, as far as they were had. */
unsigned sandbox_enter_files(const struct sandbox_config *config);
/* seccomp: sandbox_filter.c. */
bool sandbox_enter_calls(const struct sandbox_config *config);

/* sandbox_calls.c: lists that end with NULL or 0. Names that an architecture does not
 * have are passed over. */
/* Let in whatever the arguments are. */
extern const char *const sandbox_allowed[];
/* Refused whatever they are: no argument would make them harmless. */
extern const char *const sandbox_refused[];
/* What ncurses, libc, libcurl and we ask of terminals, sockets and interfaces: ioctl(2)'s
 * second argument. */
extern const unsigned long sandbox_controls[];

#endif
