/* One file of a watch directory. */
#include "app/watch_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "torrent/session.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX      ".torrent"
#define NUMBERS_MAX 99 /* of names that are taken already */

bool watch_is_candidate(const char *name)
{
    const size_t length = strlen(name), suffix = sizeof SUFFIX - 1;
    return name[0] != '.' && length > suffix &&
           strcasecmp(name + length - suffix, SUFFIX) == 0;
}

/* ---- what stays as it is ---- */

static uint64_t mix(uint64_t digest, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) /* FNV-1a */
        digest = (digest ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return digest;
}

/* Another one when the file is written to or replaced. */
static uint64_t identity_of(const char *path, const struct stat *status)
{
    uint64_t digest = mix(UINT64_C(0xcbf29ce484222325), path, strlen(path));
    digest = mix(digest, &status->st_ino, sizeof status->st_ino);
    digest = mix(digest, &status->st_size, sizeof status->st_size);
    return mix(digest, &status->st_mtim, sizeof status->st_mtim);
}

static bool was_left(const struct watch *watch, uint64_t identity)
{
    for (uint32_t i = 0; i < WATCH_LEFT; i++)
        if (watch->left[i] == identity)
            return true;
    return false;
}

static void leave(struct watch *watch, uint64_t identity)
{
    watch->left[watch->left_at++ % WATCH_LEFT] = identity;
}

/* ---- its new name ---- */

/* PATH ".added", or ".added.2" where that is taken. */
static bool give_suffix(const char *path, const char *suffix)
{
    char to[PATH_MAX];
    for (int i = 1; i <= NUMBERS_MAX; i++) {
        const int length = i == 1 ? snprintf(to, sizeof to, "%s.%s", path, suffix)
                                  : snprintf(to, sizeof to, "%s.%s.%d", path, suffix, i);
        struct stat status;
        if (length >= (int)sizeof to)
            return false;
        if (lstat(to, &status) != 0)
            return rename(path, to) == 0;
    }
    return false;
}

static void rename_or_leave(struct watch *watch, const char *path, const char *suffix,
                            uint64_t identity)
{
    char name[256];
    if (give_suffix(path, suffix))
        return;
    leave(watch, identity);
    text_clean(text_untrusted(path), 200, name, sizeof name);
    log_write(watch->config.log, LOG_LEVEL_WARNING, _("%s: cannot be renamed"), name);
}

/* ---- adding ---- */

/* Errors of the system's, not of the file's. */
static bool may_pass(enum error_code error)
{
    return error == ERROR_MEMORY || error == ERROR_SYSTEM || error == ERROR_ACCESS ||
           error == ERROR_NOT_FOUND || error == ERROR_FULL;
}

static bool is_fresh(const struct watch *watch, const struct stat *status)
{
    const double age_s =
        clock_wall_s(loop_clock(watch->config.loop)) - (double)status->st_mtim.tv_sec;
    return fabs(age_s) < WATCH_FRESH_S;
}

static void log_added(const struct watch *watch, const char *path, bool was_there)
{
    char name[256];
    text_clean(text_untrusted(path), 200, name, sizeof name);
    log_write(watch->config.log, LOG_LEVEL_INFO,
              was_there ? _("%s: this torrent is in the list already")
                        : _("%s: added from its watch directory"),
              name);
}

void watch_take(struct watch *watch, struct watch_dir *dir, const char *name, bool whole)
{
    char path[PATH_MAX], message[SESSION_MESSAGE_SIZE];
    const struct add_options options = {.label = dir->label};
    struct stat status;
    struct torrent_id id;
    if (snprintf(path, sizeof path, "%s/%s", dir->path, name) >= (int)sizeof path ||
        lstat(path, &status) != 0)
        return;
    const uint64_t identity = identity_of(path, &status);
    if (was_left(watch, identity))
        return;
    const enum error_code error =
        session_add_file(watch->config.session, path, &options, &id, message);
    if (error == ERROR_NONE || error == ERROR_EXISTS) {
        log_added(watch, path, error == ERROR_EXISTS);
        rename_or_leave(watch, path, "added", identity);
    } else if (error == ERROR_MEMORY || (!whole && is_fresh(watch, &status))) {
        dir->later = true;
    } else {
        log_write(watch->config.log, LOG_LEVEL_WARNING, "%s", message);
        if (may_pass(error))
            leave(watch, identity);
        else
            rename_or_leave(watch, path, "invalid", identity);
    }
}
