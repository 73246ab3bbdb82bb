/*
 * What the kernel is asked to keep this process from, once it needs no more than its
 * daily work: files but those named (Landlock), TCP ports but those named (Landlock, from
 * its ABI 4 on), and system calls that no transfer needs (seccomp). It only ever narrows:
 * nothing gives back what was given up. What a kernel or a build lacks is reported, and
 * the rest is done all the same.
 *
 * Threads begun later inherit it. Files and ports bind the calling thread only, so there
 * may be no other yet. What it cannot take away: descriptors that are open already.
 */
#ifndef BTTUI_BASE_SANDBOX_H
#define BTTUI_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sandbox_part {
    SANDBOX_FILES = 1 << 0,
    SANDBOX_PORTS = 1 << 1,
    SANDBOX_CALLS = 1 << 2,
    SANDBOX_ALL = SANDBOX_FILES | SANDBOX_PORTS | SANDBOX_CALLS
};

enum sandbox_access {
    SANDBOX_READ = 1 << 0,       /* files' bytes */
    SANDBOX_LIST = 1 << 1,       /* directories' names */
    SANDBOX_WRITE = 1 << 2,      /* make, write, rename, remove files and directories */
    SANDBOX_REMOVE_DIR = 1 << 3, /* empty directories alone */
    SANDBOX_WRITE_FILE = 1 << 4  /* files that are there */
};

struct sandbox_path {
    const char *path; /* a file, or a directory with all below it; links are followed */
    unsigned access;  /* enum sandbox_access, or-ed */
};

struct sandbox_config {
    const struct sandbox_path *paths; /* one that is not there is passed over */
    size_t path_count;
    const uint16_t *ports; /* TCP ports that may be bound to; 0: what the system picks */
    size_t port_count;
    bool listen; /* new listening sockets may be opened */
};

/* Goes in. Returns what was had, enum sandbox_part or-ed; a lack of memory or descriptors
 * counts as not had. */
unsigned sandbox_enter(const struct sandbox_config *config);

/* Refused system calls are also told: from now on the number of each is written to FD, an
 * int at a time; FD does not block. -1: nobody listens. Only calls that no honest code
 * makes are told, and only on processors known here. */
void sandbox_tell_refusals(int fd);
/* "execve"; "?" for a number that no call has. */
void sandbox_call_name(int number, char *ret_name, size_t size);

/* Neither debuggers nor core dumps see this process's memory from now on, which holds
 * passkeys (HOSTILE.md R18, H27). Builds with sanitizers, which look at themselves, and a
 * process that is being debugged stay as they are. False: that is so. */
bool sandbox_hide_memory(void);

#endif
