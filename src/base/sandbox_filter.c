/*
 * seccomp, through libseccomp. Three kinds of calls: those the program makes; those that
 * only an intruder would, which fail with EPERM and are told; and all others, which fail
 * with ENOSYS as on an older kernel, so that libraries fall back to what they did there.
 * Built with --enable-sandbox-kill, both other kinds end the process. sandbox_calls.c
 * lists them; here is what depends on their arguments.
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
    for (size_t i = 0; sandbox_allowed[i] != NULL && result == 0; i++)
        result = rule(filter, SCMP_ACT_ALLOW, sandbox_allowed[i], 0, NULL);
    for (size_t i = 0; sandbox_refused[i] != NULL && result == 0; i++)
        result = rule(filter, REFUSED, sandbox_refused[i], 0, NULL);
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
    for (size_t i = 0; sandbox_controls[i] != 0 && result == 0; i++)
        result = rule_low(filter, SCMP_ACT_ALLOW, "ioctl", 1, sandbox_controls[i]);
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
