/*
 * seccomp, through libseccomp. Three kinds of calls: those the program makes; those that
 * only an intruder would, which fail with EPERM and are told; and all others, which fail
 * with ENOSYS as on an older kernel, so that libraries fall back to what they did there.
 * Built with --enable-sandbox-kill, both other kinds end the process.
 */
#include "base/sandbox_private.h"

#include "config.h"

#include <stdio.h>

#if HAVE_SECCOMP

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#ifdef SANDBOX_KILL
#define REFUSED SCMP_ACT_KILL_PROCESS
#define UNKNOWN SCMP_ACT_KILL_PROCESS
#elif defined __x86_64__ || defined __i386__ || defined __aarch64__
#define REFUSED SCMP_ACT_TRAP /* sandbox.c answers EPERM */
#define UNKNOWN SCMP_ACT_ERRNO(ENOSYS)
#else
#define REFUSED SCMP_ACT_ERRNO(EPERM)
#define UNKNOWN SCMP_ACT_ERRNO(ENOSYS)
#endif

#define LOW_WORD      0xffffffffu /* what the kernel looks at, of an int */
#define FAMILIES      64u
#define SOCKET_TYPE   0xfu
#define NETLINK_ROUTE 0

/* Names that an architecture does not have are passed over. */
static const char *const allowed[] = {
    /* files; which ones is Landlock's matter */
    "access",
    "close",
    "copy_file_range",
    "dup",
    "dup2",
    "dup3",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fadvise64_64",
    "arm_fadvise64_64",
    "fallocate",
    "fcntl",
    "fcntl64",
    "fdatasync",
    "flock",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "fstatfs64",
    "fsync",
    "ftruncate",
    "ftruncate64",
    "getcwd",
    "getdents",
    "getdents64",
    "link",
    "linkat",
    "_llseek",
    "lseek",
    "lstat",
    "lstat64",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "sendfile64",
    "splice",
    "stat",
    "stat64",
    "statfs",
    "statfs64",
    "statx",
    "sync_file_range",
    "sync_file_range2",
    "syncfs",
    "umask",
    "unlink",
    "unlinkat",
    "write",
    "writev",
    /* the network */
    "accept",
    "accept4",
    "bind",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmmsg_time64",
    "recvmsg",
    "send",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    "socketpair",
    /* waiting, time, signals */
    "alarm",
    "clock_getres",
    "clock_getres_time64",
    "clock_gettime",
    "clock_gettime64",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd",
    "eventfd2",
    "getitimer",
    "gettimeofday",
    "nanosleep",
    "pause",
    "pipe",
    "pipe2",
    "poll",
    "ppoll",
    "ppoll_time64",
    "pselect6",
    "pselect6_time64",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "rt_sigtimedwait_time64",
    "select",
    "_newselect",
    "setitimer",
    "sigaltstack",
    "sigreturn",
    "signalfd4",
    "time",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    /* memory and threads */
    "brk",
    "exit",
    "exit_group",
    "futex",
    "futex_time64",
    "futex_waitv",
    "getcpu",
    "get_mempolicy",
    "get_robust_list",
    "gettid",
    "madvise",
    "membarrier",
    "mincore",
    "mlock",
    "mlock2",
    "mremap",
    "munlock",
    "munmap",
    "rseq",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    /* who and where we are */
    "getegid",
    "getegid32",
    "geteuid",
    "geteuid32",
    "getgid",
    "getgid32",
    "getpgid",
    "getpgrp",
    "getpid",
    "getppid",
    "getrandom",
    "getresgid",
    "getresuid",
    "getrlimit",
    "ugetrlimit",
    "getrusage",
    "getsid",
    "getuid",
    "getuid32",
    "sysinfo",
    "times",
    "uname",
#if !defined __GLIBC__ || defined INSTRUMENTED /* musl's raise(3) */
    "tkill",
#endif
#ifdef INSTRUMENTED /* sanitizers look at their own process when it ends */
    "arch_prctl",
    "clone3",
    "kill",
    "personality",
    "prctl",
    "prlimit64",
    "ptrace",
    "setrlimit",
    "tgkill",
    "vfork",
    "wait4",
#endif
};

/* Without arguments that would make them harmless. */
static const char *const refused[] = {
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "delete_module",
    "execve",
    "execveat",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "mknod",
    "mknodat",
    "modify_ldt",
    "mount",
    "mount_setattr",
    "move_mount",
    "name_to_handle_at",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pidfd_open",
    "pidfd_send_signal",
    "pivot_root",
    "pkey_mprotect",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "reboot",
    "remap_file_pages",
    "request_key",
    "seccomp",
    "setns",
    "swapoff",
    "swapon",
    "symlink",
    "symlinkat",
    "umount2",
    "unshare",
    "userfaultfd",
#ifndef INSTRUMENTED
    "fork",
    "ptrace",
    "vfork",
#endif
};

/* What ncurses, libc, libcurl and we ask of terminals, sockets and interfaces. */
static const unsigned long controls[] =
    {
        TCGETS,     TCSETS,     TCSETSW,    TCSETSF,    TCFLSH,
        TCXONC,     TCSBRK,     TIOCGWINSZ, TIOCGPGRP,  TIOCOUTQ,
        FIONBIO,    FIONREAD,   FIOCLEX,    FIONCLEX,   0x8910, /* SIOCGIFNAME */
        0x8912,                                                 /* SIOCGIFCONF */
        0x8913,                                                 /* SIOCGIFFLAGS */
        0x8915,                                                 /* SIOCGIFADDR */
        0x8921,                                                 /* SIOCGIFMTU */
        0x8933,                                                 /* SIOCGIFINDEX */
        0x802c542a, 0x402c542b, 0x402c542c, 0x402c542d, /* TCGETS2, TCSETS2, W, F */
};

/* 0 for a call that this architecture lacks. */
static int rule(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
                const struct scmp_arg_cmp *arguments)
{
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return 0;
    const int result = seccomp_rule_add_array(filter, action, number, count, arguments);
    return result == -EDOM || result == -EACCES ? 0 : result;
}

static int rule_low(scmp_filter_ctx filter, uint32_t action, const char *name,
                    unsigned argument, unsigned long value)
{
    const struct scmp_arg_cmp word = {argument, SCMP_CMP_MASKED_EQ, LOW_WORD,
                                      value & LOW_WORD};
    return rule(filter, action, name, 1, &word);
}

static int add_plain(scmp_filter_ctx filter)
{
    int result = 0;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed && result == 0; i++)
        result = rule(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
    for (size_t i = 0; i < sizeof refused / sizeof *refused && result == 0; i++)
        result = rule(filter, REFUSED, refused[i], 0, NULL);
    return result;
}

/* No memory becomes code. */
static int add_memory(scmp_filter_ctx filter)
{
    static const char *const calls[] = {"mmap", "mmap2", "mprotect"};
    const struct scmp_arg_cmp plain = {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
    const struct scmp_arg_cmp code = {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC};
    int result = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls && result == 0; i++) {
        result = rule(filter, SCMP_ACT_ALLOW, calls[i], 1, &plain);
        if (result == 0)
            result = rule(filter, REFUSED, calls[i], 1, &code);
    }
    return result;
}

/* IPv4 and IPv6 without raw packets; the name service's sockets; the kernel's list of
 * addresses and routes. */
static int add_sockets(scmp_filter_ctx filter)
{
    static const unsigned families[] = {AF_INET, AF_INET6, AF_UNIX};
    static const unsigned types[] = {SOCK_STREAM, SOCK_DGRAM};
    int result = 0;
    for (size_t i = 0; i < 3 && result == 0; i++) {
        for (size_t k = 0; k < 2 && result == 0; k++) {
            const struct scmp_arg_cmp plain[] = {
                {0, SCMP_CMP_MASKED_EQ, LOW_WORD, families[i]},
                {1, SCMP_CMP_MASKED_EQ, SOCKET_TYPE, types[k]}};
            result = rule(filter, SCMP_ACT_ALLOW, "socket", 2, plain);
        }
        const struct scmp_arg_cmp raw[] = {
            {0, SCMP_CMP_MASKED_EQ, LOW_WORD, families[i]},
            {1, SCMP_CMP_MASKED_EQ, SOCKET_TYPE, SOCK_RAW}};
        if (result == 0)
            result = rule(filter, REFUSED, "socket", 2, raw);
    }
    const struct scmp_arg_cmp route[] = {
        {0, SCMP_CMP_MASKED_EQ, LOW_WORD, AF_NETLINK},
        {2, SCMP_CMP_MASKED_EQ, LOW_WORD, NETLINK_ROUTE}};
    const struct scmp_arg_cmp no_route[] = {{0, SCMP_CMP_MASKED_EQ, LOW_WORD, AF_NETLINK},
                                            {2, SCMP_CMP_NE, NETLINK_ROUTE, 0}};
    if (result == 0)
        result = rule(filter, SCMP_ACT_ALLOW, "socket", 2, route);
    if (result == 0)
        result = rule(filter, REFUSED, "socket", 2, no_route);
    for (unsigned family = 0; family < FAMILIES && result == 0; family++)
        if (family != AF_INET && family != AF_INET6 && family != AF_UNIX &&
            family != AF_NETLINK)
            result = rule_low(filter, REFUSED, "socket", 0, family);
    return result;
}

/* Text pushed into a terminal would be run by the shell behind us. */
static int add_controls(scmp_filter_ctx filter)
{
    int result = 0;
    for (size_t i = 0; i < sizeof controls / sizeof *controls && result == 0; i++)
        result = rule_low(filter, SCMP_ACT_ALLOW, "ioctl", 1, controls[i]);
    if (result == 0)
        result = rule_low(filter, REFUSED, "ioctl", 1, TIOCSTI);
    if (result == 0)
        result = rule_low(filter, REFUSED, "ioctl", 1, 0x541c); /* TIOCLINUX */
    return result;
}

/* Threads, but no other processes; signals for ourselves and, as Ctrl-Z has it, for the
 * whole job. */
static int add_process(scmp_filter_ctx filter, bool listen)
{
#ifdef INSTRUMENTED
    int result = rule(filter, SCMP_ACT_ALLOW, "clone", 0, NULL);
#else
#ifdef __s390__
    const unsigned flags = 1;
#else
    const unsigned flags = 0;
#endif
    const struct scmp_arg_cmp thread = {flags, SCMP_CMP_MASKED_EQ, CLONE_THREAD,
                                        CLONE_THREAD};
    const struct scmp_arg_cmp process = {flags, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0};
    const unsigned long own = (unsigned long)getpid();
    int result = rule(filter, SCMP_ACT_ALLOW, "clone", 1, &thread);
    if (result == 0)
        result = rule(filter, REFUSED, "clone", 1, &process);
    if (result == 0)
        result = rule_low(filter, SCMP_ACT_ALLOW, "kill", 0, own);
    if (result == 0)
        result = rule_low(filter, SCMP_ACT_ALLOW, "kill", 0, 0);
    if (result == 0)
        result = rule_low(filter, SCMP_ACT_ALLOW, "tgkill", 0, own);
    if (result == 0)
        result = rule_low(filter, SCMP_ACT_ALLOW, "prctl", 0, PR_SET_NAME);
    if (result == 0)
        result = rule_low(filter, SCMP_ACT_ALLOW, "prctl", 0, 0x53564d41); /* SET_VMA */
    const struct scmp_arg_cmp look = {2, SCMP_CMP_EQ, 0, 0}; /* no new limit */
    if (result == 0)
        result = rule(filter, SCMP_ACT_ALLOW, "prlimit64", 1, &look);
#endif
    /* Landlock does not see that listen(2) picks a port for a socket that has none. */
    if (result == 0)
        result = rule(filter, listen ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES), "listen",
                      0, NULL);
        /* Its flags lie in memory, where no filter can see them: libc falls back to
         * clone. */
#ifndef INSTRUMENTED
    if (result == 0)
        result = rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
#endif
    return result;
}

bool sandbox_enter_calls(const struct sandbox_config *config)
{
    scmp_filter_ctx filter = seccomp_init(UNKNOWN);
    if (filter == NULL)
        return false;
    /* A tree instead of a chain of comparisons, where this libseccomp can. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (result == 0)
        result = add_plain(filter);
    if (result == 0)
        result = add_memory(filter);
    if (result == 0)
        result = add_sockets(filter);
    if (result == 0)
        result = add_controls(filter);
    if (result == 0)
        result = add_process(filter, config->listen);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    return result == 0;
}

void sandbox_call_name(int number, char *ret_name, size_t size)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    snprintf(ret_name, size, "%s", name != NULL ? name : "?");
    free(name);
}

#else /* not HAVE_SECCOMP */

bool sandbox_enter_calls(const struct sandbox_config *config)
{
    (void)config;
    return false;
}

void sandbox_call_name(int number, char *ret_name, size_t size)
{
    (void)number;
    snprintf(ret_name, size, "?");
}

#endif
