#include "app/watch.h"

#include "app/watch_private.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "torrent/download_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#define EVENTS                                                                           \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |         \
     IN_EXCL_UNLINK)
#define GONE        (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)
#define EVENT_BYTES (sizeof(struct inotify_event) + NAME_MAX + 1)
#define NAMES_MAX   256 /* looked at in a turn */

bool watch_read(const char *text, size_t *ret_dir_length, char ret_label[LABEL_BYTES])
{
    const char *colon = strrchr(text, ':');
    const bool labelled = colon != NULL && strchr(colon, '/') == NULL;
    const size_t length = labelled ? (size_t)(colon - text) : strlen(text);
    char label[LABEL_BYTES] = "";
    if (length == 0 || length >= PATH_MAX || (labelled && !label_read(colon + 1, label)))
        return false;
    *ret_dir_length = length;
    memcpy(ret_label, label, sizeof label);
    return true;
}

/* ---- looking at all of a directory ---- */

/* What others write there is not told here. */
static bool is_remote(const struct statfs *status)
{
    static const uint32_t types[] = {
        0x6969u,     /* NFS */
        0x517bu,     /* SMB */
        0xff534d42u, /* CIFS */
        0xfe534d42u, /* SMB 2 */
        0x65735546u, /* FUSE: sshfs and others */
        0x01021997u, /* 9P */
        0x00c36400u, /* Ceph */
        0x5346414fu, /* AFS */
        0x0bd00bd0u, /* Lustre */
        0x73757245u, /* Coda */
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((uint32_t)status->f_type == types[i])
            return true;
    return false;
}

static void log_dir(const struct watch *watch, const struct watch_dir *dir,
                    enum log_level level, const char *what)
{
    char name[256];
    text_clean(text_untrusted(dir->path), 200, name, sizeof name);
    /* L10N: a directory, and what is with it */
    log_write(watch->config.log, level, _("watch directory %s: %s"), name, what);
}

static void look_again(struct watch *watch)
{
    if (!loop_timer_is_set(&watch->look_timer))
        loop_timer_set_in(watch->config.loop, &watch->look_timer, WATCH_LOOK_NS);
}

static void scan_soon(struct watch *watch, struct watch_dir *dir)
{
    dir->due = true;
    if (!loop_timer_is_set(&watch->scan_timer))
        loop_timer_set_in(watch->config.loop, &watch->scan_timer, 0);
}

static void forget(struct watch *watch, struct watch_dir *dir)
{
    if (dir->number >= 0)
        inotify_rm_watch(watch->fd, dir->number);
    dir->number = -1;
    dir->timed = true;
    look_again(watch);
}

static void miss(struct watch *watch, struct watch_dir *dir, int error)
{
    forget(watch, dir);
    if (!dir->gone)
        log_dir(watch, dir, LOG_LEVEL_WARNING, strerror(error));
    dir->gone = true;
}

/* Has the system tell of it. Before it is read, so that nothing is missed between. */
static void attach(struct watch *watch, struct watch_dir *dir)
{
    struct statfs status;
    if (watch->fd >= 0 && dir->number < 0)
        dir->number = inotify_add_watch(watch->fd, dir->path, EVENTS);
    dir->timed =
        dir->number < 0 || (statfs(dir->path, &status) == 0 && is_remote(&status));
}

static bool begin_scan(struct watch *watch, struct watch_dir *dir)
{
    dir->due = dir->later = false;
    attach(watch, dir);
    dir->scan = opendir(dir->path);
    if (dir->scan == NULL) {
        miss(watch, dir, errno);
        return false;
    }
    if (dir->gone)
        log_dir(watch, dir, LOG_LEVEL_INFO, _("is there again"));
    dir->gone = false;
    return true;
}

static void end_scan(struct watch *watch, struct watch_dir *dir)
{
    closedir(dir->scan);
    dir->scan = NULL;
    if (dir->timed || dir->later)
        look_again(watch);
}

/* As far as the next torrent file; false: there is no more to do. */
static bool scan_on(struct watch *watch, struct watch_dir *dir)
{
    if (dir->scan == NULL && (!dir->due || !begin_scan(watch, dir)))
        return false;
    for (int i = 0; i < NAMES_MAX; i++) {
        const struct dirent *entry = readdir(dir->scan);
        if (entry == NULL) {
            end_scan(watch, dir);
            return dir->due;
        }
        if (!watch_is_candidate(entry->d_name))
            continue;
        watch_take(watch, dir, entry->d_name, false);
        return true;
    }
    return true;
}

static void on_scan(void *context)
{
    struct watch *watch = context;
    for (uint32_t i = 0; i < watch->count; i++) {
        if (!scan_on(watch, &watch->dirs[i]))
            continue;
        loop_timer_set_in(watch->config.loop, &watch->scan_timer, 0);
        return;
    }
}

static void on_look(void *context)
{
    struct watch *watch = context;
    for (uint32_t i = 0; i < watch->count; i++)
        if (watch->dirs[i].timed || watch->dirs[i].later)
            scan_soon(watch, &watch->dirs[i]);
}

/* ---- what the system tells ---- */

static struct watch_dir *find_dir(struct watch *watch, int number)
{
    for (uint32_t i = 0; i < watch->count; i++)
        if (watch->dirs[i].number == number)
            return &watch->dirs[i];
    return NULL;
}

static void on_event(struct watch *watch, const struct inotify_event *event)
{
    struct watch_dir *dir = find_dir(watch, event->wd);
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        for (uint32_t i = 0; i < watch->count; i++)
            scan_soon(watch, &watch->dirs[i]);
    if (dir == NULL)
        return;
    if ((event->mask & GONE) != 0) {
        if ((event->mask & IN_IGNORED) != 0)
            dir->number = -1; /* the system has forgotten it already */
        forget(watch, dir);
        scan_soon(watch, dir);
    } else if (event->len > 0 && watch_is_candidate(event->name)) {
        watch_take(watch, dir, event->name, true);
    }
}

/* A few events, so that other things get their turn. */
static void on_readable(void *context, short revents)
{
    struct watch *watch = context;
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    (void)revents;
    const ssize_t got = read(watch->fd, bytes, sizeof bytes);
    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *event =
            (const struct inotify_event *)(const void *)(bytes + at);
        on_event(watch, event);
        at += (ssize_t)sizeof *event + (ssize_t)event->len;
    }
}

/* ---- life ---- */

static bool add_dir(struct watch *watch, const char *text)
{
    struct watch_dir *dir = &watch->dirs[watch->count];
    char path[PATH_MAX];
    size_t length;
    *dir = (struct watch_dir){.number = -1};
    if (!watch_read(text, &length, dir->label))
        return true;
    snprintf(path, sizeof path, "%.*s", (int)length, text);
    dir->path = download_path_absolute(path);
    watch->count += dir->path != NULL;
    return dir->path != NULL;
}

static bool open_inotify(struct watch *watch)
{
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0)
        return true; /* time will do */
    watch->slot =
        loop_add(watch->config.loop, watch->fd, POLLIN, LOOP_CONTROL, on_readable, watch);
    return watch->slot != NULL;
}

struct watch *watch_new(const struct watch_config *config)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->config = *config;
    watch->fd = -1;
    loop_timer_init(&watch->scan_timer, on_scan, watch);
    loop_timer_init(&watch->look_timer, on_look, watch);
    bool fine = open_inotify(watch);
    for (uint32_t i = 0; i < config->dir_count && i < WATCH_DIRS_MAX && fine; i++)
        fine = add_dir(watch, config->dirs[i]);
    if (!fine) {
        watch_free(watch);
        return NULL;
    }
    for (uint32_t i = 0; i < watch->count; i++) {
        attach(watch, &watch->dirs[i]);
        scan_soon(watch, &watch->dirs[i]);
    }
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    loop_timer_cancel(watch->config.loop, &watch->scan_timer);
    loop_timer_cancel(watch->config.loop, &watch->look_timer);
    loop_slot_remove(watch->slot);
    if (watch->fd >= 0)
        close(watch->fd);
    for (uint32_t i = 0; i < watch->count; i++) {
        free(watch->dirs[i].path);
        if (watch->dirs[i].scan != NULL)
            closedir(watch->dirs[i].scan);
    }
    free(watch);
}

uint32_t watch_dir_count(const struct watch *watch)
{
    return watch != NULL ? watch->count : 0;
}

const char *watch_dir(const struct watch *watch, uint32_t index)
{
    return watch->dirs[index].path;
}
