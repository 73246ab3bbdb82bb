#include "tests/faults/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RULES_MAX 8
#define STALL_S   10

enum { WHAT_KILL = -1, WHAT_TEAR = -2, WHAT_STALL = -3 };

struct rule {
    char call[32], part[64];
    int from, count, what;
    atomic_int asked;
};

static struct rule rules[RULES_MAX];
static int rule_count;
static size_t share;
static const char *log_path, *until_path;
static atomic_uint transfers;

static _Noreturn void refuse(const char *text)
{
    dprintf(STDERR_FILENO, "BTTUI_FAULT: %s\n", text);
    _exit(99);
}

static int read_what(const char *text)
{
    if (strcmp(text, "kill") == 0)
        return WHAT_KILL;
    if (strcmp(text, "tear") == 0)
        return WHAT_TEAR;
    if (strcmp(text, "stall") == 0)
        return WHAT_STALL;
    return (int)strtol(text, NULL, 10);
}

static void read_rule(const char *text)
{
    char what[32];
    struct rule *rule = &rules[rule_count++];
    if (rule_count > RULES_MAX ||
        (sscanf(text, "%31[^:@]@%63[^:]:%d:%d:%31s", rule->call, rule->part, &rule->from,
                &rule->count, what) != 5 &&
         sscanf(text, "%31[^:@]:%d:%d:%31s", rule->call, &rule->from, &rule->count,
                what) != 4))
        refuse(text);
    rule->what = read_what(what);
}

static void write_log(void)
{
    if (log_path == NULL)
        return;
    FILE *stream = fopen(log_path, "w");
    if (stream == NULL)
        return;
    for (int i = 0; i < rule_count; i++)
        fprintf(stream, "%s %d\n", rules[i].call, atomic_load(&rules[i].asked));
    fclose(stream);
}

static __attribute__((constructor)) void read_environment(void)
{
    static char text[512];
    const char *list = getenv("BTTUI_FAULT"), *bytes = getenv("BTTUI_FAULT_SHORT");
    log_path = getenv("BTTUI_FAULT_LOG");
    until_path = getenv("BTTUI_FAULT_UNTIL");
    if (bytes != NULL)
        share = (size_t)strtoul(bytes, NULL, 10);
    snprintf(text, sizeof text, "%s", list != NULL ? list : "");
    for (char *rest = text, *one; (one = strsep(&rest, ",")) != NULL;)
        if (one[0] != '\0')
            read_rule(one);
    atexit(write_log);
}

/* Works on what the kernel knows, so that no wrapper has to remember anything. */
static bool is_about(const struct fault_call *call, const char *part)
{
    char link[64], path[PATH_MAX];
    if (part[0] == '\0')
        return true;
    if (call->path != NULL && strstr(call->path, part) != NULL)
        return true;
    if (call->fd < 0)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", call->fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return strstr(path, part) != NULL;
}

static bool applies(struct rule *rule, const struct fault_call *call)
{
    const bool named = strcmp(rule->call, call->name) == 0 ||
                       (call->changes && strcmp(rule->call, "change") == 0);
    if (!named || !is_about(call, rule->part))
        return false;
    const int number = atomic_fetch_add(&rule->asked, 1) + 1;
    return number >= rule->from &&
           (rule->count == 0 || number - rule->from < rule->count);
}

_Noreturn void fault_die(void)
{
    raise(SIGKILL);
    for (;;)
        pause();
}

static void stall(void)
{
    struct stat status;
    struct timespec rest = {STALL_S, 0}, moment = {0, 20 * 1000 * 1000};
    if (until_path != NULL)
        while (stat(until_path, &status) != 0)
            nanosleep(&moment, NULL);
    else
        while (nanosleep(&rest, &rest) != 0)
            continue;
}

static bool act(int what)
{
    switch (what) {
    case WHAT_KILL:
    case WHAT_TEAR: /* nothing to tear here */
        fault_die();
    case WHAT_STALL:
        stall();
        return false;
    default:
        errno = what;
        return true;
    }
}

bool fault_hits(const struct fault_call *call)
{
    bool hit = false;
    const int saved = errno;
    for (int i = 0; i < rule_count && !hit; i++)
        hit = applies(&rules[i], call) && act(rules[i].what);
    if (!hit)
        errno = saved;
    return hit;
}

bool fault_tears(const struct fault_call *call)
{
    for (int i = 0; i < rule_count; i++) {
        struct rule *rule = &rules[i];
        if (rule->what != WHAT_TEAR)
            continue;
        const int next = atomic_load(&rule->asked) + 1;
        const bool named = strcmp(rule->call, call->name) == 0 ||
                           (call->changes && strcmp(rule->call, "change") == 0);
        if (named && is_about(call, rule->part) && next == rule->from)
            return true;
    }
    return false;
}

size_t fault_share(size_t length, bool is_socket)
{
    if (share == 0 || length == 0)
        return length;
    if (atomic_fetch_add(&transfers, 1) % 2 == 0) {
        errno = is_socket ? EAGAIN : EINTR;
        return 0;
    }
    return length < share ? length : share;
}
