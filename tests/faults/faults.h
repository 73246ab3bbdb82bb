/*
 * System calls that fail on request. The linker puts the wrappers of wrap_disk.c and
 * wrap_net.c in the place of the program's own calls (--wrap, see local.mk); each asks
 * here first. What is to fail comes from the environment of the program:
 *
 *   BTTUI_FAULT=CALL[@PART]:FROM:COUNT:WHAT[,…]
 *       Calls number FROM (1: the first) and COUNT - 1 more (0: all) fail. CALL is the
 *       call's name, or "change" for all that change what is on disk. PART: only calls
 *       whose path contains it. WHAT is an errno by number, "kill" (SIGKILL instead of
 *       the call), "tear" (half of the write, then SIGKILL) or "stall" (ten seconds
 *       more).
 *   BTTUI_FAULT_UNTIL=FILE
 *       A stall lasts until FILE is there, instead of ten seconds.
 *   BTTUI_FAULT_SHORT=BYTES
 *       Every transfer moves so many bytes at most, and every second one on a socket
 *       fails with EAGAIN, every second one on a file with EINTR.
 *   BTTUI_FAULT_LOG=FILE
 *       At the end FILE has a line for each rule: how many calls it was asked about.
 */
#ifndef BTTUI_TESTS_FAULTS_FAULTS_H
#define BTTUI_TESTS_FAULTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

struct fault_call {
    const char *name;
    const char *path; /* NULL: what FD is */
    int fd;           /* -1: none */
    bool changes;     /* what is on disk */
};

/* True: the call is not made, errno says why. May not return. */
bool fault_hits(const struct fault_call *call);
/* The process ends by SIGKILL when the call is half done. */
bool fault_tears(const struct fault_call *call);
_Noreturn void fault_die(void);
/* How much of LENGTH this transfer may move; 0: none, errno says why. */
size_t fault_share(size_t length, bool is_socket);

#endif
