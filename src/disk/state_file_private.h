/* What reading and writing state files share; nobody else includes this. */
#ifndef BTTUI_DISK_STATE_FILE_PRIVATE_H
#define BTTUI_DISK_STATE_FILE_PRIVATE_H

#include "disk/state_file.h"

/* A newer version wrote it: it is not replaced (R15). */
bool state_file_is_newer(int dir_fd, const char *name);

#endif
