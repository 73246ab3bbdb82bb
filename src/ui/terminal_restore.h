/* Puts the terminal back when the process dies of a fatal signal. */
#ifndef BTTUI_UI_TERMINAL_RESTORE_H
#define BTTUI_UI_TERMINAL_RESTORE_H

#include <stddef.h>
#include <termios.h>

/* Until terminal_restore_disarm, SIGSEGV and the like first send BYTES to FD and set its
 * modes to SAVED, then do what they did before. */
void terminal_restore_arm(int fd, const struct termios *saved, const char *bytes,
                          size_t length);
void terminal_restore_disarm(void);

#endif
