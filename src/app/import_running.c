/* Whether the other client runs. Each leaves another trace of it. */
#include "app/import_private.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_SIZE 65536

/* Reads what of PATH fits; always terminated. */
static size_t read_text(const char *path, char ret_text[TEXT_SIZE])
{
    size_t length = 0;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    while (fd >= 0 && length < TEXT_SIZE - 1) {
        const ssize_t got = read(fd, ret_text + length, TEXT_SIZE - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    ret_text[length] = '\0';
    return length;
}

static bool lives(long pid)
{
    return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* A file with the process's number in it: "123;58846", "host:+123". */
static long from_pid_file(const char *path, char *text)
{
    read_text(path, text);
    const char *mark = strstr(text, ":+");
    const long pid = strtol(mark != NULL ? mark + 2 : text, NULL, 10);
    return lives(pid) ? pid : 0;
}

static bool is_same_dir(const char *path, const struct stat *dir)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_dev == dir->st_dev &&
           status.st_ino == dir->st_ino;
}

/* Whether an argument of a command line, as the system keeps it, names the session or a
 * directory that it is in. */
static bool names_session(const char *words, size_t length,
                          const struct import_kind *kind, const struct stat *session)
{
    char path[4096];
    for (size_t at = 0; at < length; at += strlen(words + at) + 1) {
        const char *equals = strchr(words + at, '=');
        const char *word = equals != NULL ? equals + 1 : words + at;
        for (int i = 0; word[0] == '/' && i < IMPORT_PLACES && kind->places[i] != NULL;
             i++) {
            snprintf(path, sizeof path, "%.2000s/%s", word, kind->places[i]);
            if (is_same_dir(path, session))
                return true;
        }
    }
    return false;
}

static bool has_option(const char *words, size_t length)
{
    static const char *const options[] = {"-g", "-c", "--config", "--profile"};
    for (size_t at = 0; at < length; at += strlen(words + at) + 1)
        for (size_t i = 0; i < sizeof options / sizeof *options; i++)
            if (strncmp(words + at, options[i], strlen(options[i])) == 0)
                return true;
    return false;
}

/* The client's program, told of this session, or of none while this is a hidden directory
 * such as it has by itself. */
static bool uses_session(const struct import_kind *kind, const char *pid,
                         const char *session, const struct stat *status, char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    read_text(path, text);
    if (strncmp(text, kind->word, strlen(kind->word)) != 0)
        return false;
    snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
    const size_t length = read_text(path, text);
    return names_session(text, length, kind, status) ||
           (strstr(session, "/.") != NULL && !has_option(text, length));
}

static long from_processes(const struct import_kind *kind, const char *session,
                           char *text)
{
    struct stat status;
    struct dirent *entry;
    long pid = 0;
    DIR *dir = stat(session, &status) == 0 ? opendir("/proc") : NULL;
    while (dir != NULL && pid == 0 && (entry = readdir(dir)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            uses_session(kind, entry->d_name, session, &status, text))
            pid = strtol(entry->d_name, NULL, 10);
    if (dir != NULL)
        closedir(dir);
    return pid;
}

long import_running(const struct import_kind *kind, const char *session)
{
    char path[4096];
    char *text = malloc(TEXT_SIZE);
    long pid = 0;
    if (text == NULL)
        return 0;
    if (kind->pid_file != NULL) {
        snprintf(path, sizeof path, "%.4000s/%s", session, kind->pid_file);
        pid = from_pid_file(path, text);
    }
    if (pid == 0)
        pid = from_processes(kind, session, text);
    free(text);
    return pid;
}
