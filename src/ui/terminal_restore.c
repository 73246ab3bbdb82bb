/* A handler may use only what is async-signal-safe: write, tcsetattr, sigaction, raise.
 */
#include "ui/terminal_restore.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define RESTORE_BYTES   256
#define ALTERNATE_STACK 16384 /* a stack overflow leaves no room on the other one */

static const int fatal_signals[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                    SIGABRT, SIGQUIT, SIGSYS};
enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof *fatal_signals };

/* Signals are the process's, so is this. */
static struct {
    volatile sig_atomic_t armed;
    int fd;
    struct termios saved;
    char bytes[RESTORE_BYTES];
    size_t length;
    struct sigaction before[FATAL_SIGNALS];
} restore;

static uint8_t alternate_stack[ALTERNATE_STACK];

static void on_fatal(int number)
{
    if (restore.armed) {
        restore.armed = 0;
        /* The descriptor does not wait; what a stopped terminal does not take is lost. */
        if (write(restore.fd, restore.bytes, restore.length) < 0)
            tcflush(restore.fd, TCOFLUSH);
        tcsetattr(restore.fd, TCSANOW, &restore.saved);
    }
    for (int i = 0; i < FATAL_SIGNALS; i++)
        if (fatal_signals[i] == number)
            sigaction(number, &restore.before[i], NULL);
    raise(number);
}

void terminal_restore_arm(int fd, const struct termios *saved, const char *bytes,
                          size_t length)
{
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK};
    const stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
    stack_t other;
    sigemptyset(&action.sa_mask);
    restore.fd = fd;
    restore.saved = *saved;
    restore.length = length < RESTORE_BYTES ? length : RESTORE_BYTES;
    memcpy(restore.bytes, bytes, restore.length);
    if (sigaltstack(NULL, &other) == 0 && (other.ss_flags & SS_DISABLE) != 0)
        sigaltstack(&stack, NULL);
    for (int i = 0; i < FATAL_SIGNALS; i++) {
        sigaction(fatal_signals[i], &action, &restore.before[i]);
        /* Who started us had it ignored, as shells do in the background: it ends nothing,
         * and so the terminal is to stay as it is. */
        if (restore.before[i].sa_handler == SIG_IGN)
            sigaction(fatal_signals[i], &restore.before[i], NULL);
    }
    restore.armed = 1;
}

void terminal_restore_disarm(void)
{
    if (!restore.armed)
        return;
    restore.armed = 0;
    for (int i = 0; i < FATAL_SIGNALS; i++)
        sigaction(fatal_signals[i], &restore.before[i], NULL);
}
