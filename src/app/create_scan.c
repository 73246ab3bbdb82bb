/* What `bttui create` finds on disk. */
#include "app/create_private.h"
#include "base/i18n.h"
#include "base/text.h"
#include "meta/path_name.h"
#include "torrent/file_select.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what PATH is ---- */

enum exit_status create_find(struct create *create)
{
    struct stat status;
    create->real = realpath(create->options->torrents[0], NULL);
    if (create->real == NULL || stat(create->real, &status) != 0)
        return create_complain(create, EXIT_STATUS_FAILED, "", strerror(errno));
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return create_complain(create, EXIT_STATUS_FAILED, "",
                               _("neither a file nor a directory"));
    const char *slash = strrchr(create->real, '/');
    create->name = slash + 1;
    if (create->name[0] == '\0')
        return create_complain(create, EXIT_STATUS_USAGE, "",
                               _("the root directory has no name to give the torrent"));
    create->parent = strndup(create->real, (size_t)(slash - create->real) + 1);
    if (create->parent == NULL)
        return create_complain(create, EXIT_STATUS_FAILED, "", error_text(ERROR_MEMORY));
    create->plan.multi_file = S_ISDIR(status.st_mode);
    return EXIT_STATUS_OK;
}

/* ---- the walk ---- */

/* The torrent that is being replaced does not hold itself. */
static bool is_output(const struct create *create, const struct stat *status)
{
    return create->output.is_there && status->st_dev == create->output.device &&
           status->st_ino == create->output.inode;
}

static bool is_wanted(void *context, const char *path, const struct stat *status)
{
    const struct create *create = context;
    const struct create_options *options = &create->options->create;
    for (uint32_t i = 0; i < options->exclude_count; i++)
        if (file_select_matches(options->excludes[i], path))
            return false;
    return !is_output(create, status);
}

static void on_oddity(void *context, const char *path, enum tree_oddity kind)
{
    struct create *create = context;
    if (create->oddity_count == create->oddity_capacity) {
        const uint32_t capacity = create->oddity_capacity * 2 + 16;
        struct create_oddity *oddities =
            realloc(create->oddities, capacity * sizeof *oddities);
        if (oddities == NULL) {
            create->oddity_lost = true;
            return;
        }
        create->oddities = oddities;
        create->oddity_capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy == NULL)
        create->oddity_lost = true;
    else
        create->oddities[create->oddity_count++] = (struct create_oddity){copy, kind};
}

static bool is_ended(void *context)
{
    struct create *create = context;
    return foreground_is_interrupted(&create->foreground);
}

static enum exit_status refuse_walk(const struct create *create, enum error_code error,
                                    const struct tree_error *where)
{
    char what[512];
    if (create->foreground.interrupted)
        return create_complain(create, EXIT_STATUS_FAILED, "", _("interrupted"));
    if (error == ERROR_LIMIT) {
        snprintf(what, sizeof what,
                 /* L10N: the number is 1,000,000. */
                 _("more than %u files"), METAINFO_MAX_FILES);
        return create_complain(create, EXIT_STATUS_INVALID, "", what);
    }
    if (where->errno_value == 0 || where->path[0] == '\0')
        return create_complain(create, EXIT_STATUS_FAILED, where->path,
                               where->errno_value != 0 ? strerror(where->errno_value)
                                                       : error_text(error));
    snprintf(what, sizeof what, _("%s; make it readable, or leave it out with --exclude"),
             strerror(where->errno_value));
    return create_complain(create, EXIT_STATUS_FAILED, where->path, what);
}

/* A directory gives its names out in any order. */
static int compare_oddities(const void *a, const void *b)
{
    return strcmp(((const struct create_oddity *)a)->path,
                  ((const struct create_oddity *)b)->path);
}

static enum exit_status walk_directory(struct create *create)
{
    struct tree_error where;
    const struct tree_walk walk = {.root = create->real,
                                   .is_wanted = is_wanted,
                                   .on_oddity = on_oddity,
                                   .is_ended = is_ended,
                                   .context = create};
    enum error_code error = tree_walk(&walk, &create->tree, &where);
    if (error == ERROR_NONE && create->oddity_lost) {
        error = ERROR_MEMORY;
        where.path[0] = '\0';
    }
    if (error != ERROR_NONE)
        return refuse_walk(create, error, &where);
    if (create->oddity_count > 0)
        qsort(create->oddities, create->oddity_count, sizeof *create->oddities,
              compare_oddities);
    return EXIT_STATUS_OK;
}

static enum exit_status take_file(struct create *create)
{
    struct stat status;
    if (stat(create->real, &status) != 0 || access(create->real, R_OK) != 0)
        return create_complain(create, EXIT_STATUS_FAILED, "", strerror(errno));
    create->tree.files = calloc(1, sizeof *create->tree.files);
    char *path = strdup(create->name);
    if (create->tree.files == NULL || path == NULL) {
        free(path);
        return create_complain(create, EXIT_STATUS_FAILED, "", error_text(ERROR_MEMORY));
    }
    create->tree.files[0] = (struct tree_file){path, file_stamp_of(&status)};
    create->tree.count = 1;
    create->tree.total_bytes = (uint64_t)status.st_size;
    return EXIT_STATUS_OK;
}

/* ---- names ---- */

static enum exit_status refuse_name(const struct create *create, const char *path,
                                    const char *name, size_t length)
{
    const bool is_utf8 = text_is_valid_utf8(name, length);
    return create_complain(
        create, EXIT_STATUS_INVALID, path,
        is_utf8 ? _("a name that is too long, or has a character that not every disk "
                    "takes; rename it, or leave it out with --exclude")
                : _("a name that is not valid UTF-8; rename it, or leave it out with "
                    "--exclude"));
}

/* Others would write the file under another name, and so would we. */
static enum exit_status check_path(const struct create *create, const char *path)
{
    for (const char *at = path;; at++) {
        char clean[PATH_NAME_SIZE];
        const size_t length = strcspn(at, "/");
        if (!path_name_clean(at, length, clean))
            return refuse_name(create, create->plan.multi_file ? path : "", at, length);
        at += length;
        if (*at == '\0')
            return EXIT_STATUS_OK;
    }
}

static enum exit_status check_names(const struct create *create)
{
    char clean[PATH_NAME_SIZE];
    enum exit_status status = EXIT_STATUS_OK;
    if (!path_name_clean(create->name, strlen(create->name), clean))
        return refuse_name(create, "", create->name, strlen(create->name));
    for (uint32_t i = 0; i < create->tree.count && status == EXIT_STATUS_OK; i++)
        status = check_path(create, create->tree.files[i].path);
    return status;
}

enum exit_status create_scan(struct create *create)
{
    const enum exit_status status =
        create->plan.multi_file ? walk_directory(create) : take_file(create);
    return status == EXIT_STATUS_OK ? check_names(create) : status;
}

/* ---- afterwards ---- */

static bool is_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns && a->device == b->device &&
           a->inode == b->inode;
}

enum exit_status create_check_unchanged(const struct create *create)
{
    enum exit_status status = EXIT_STATUS_OK;
    const bool multi = create->plan.multi_file;
    const int dir_fd =
        open(multi ? create->real : create->parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (uint32_t i = 0; i < create->tree.count && status == EXIT_STATUS_OK; i++) {
        const struct tree_file *file = &create->tree.files[i];
        const struct file_stamp now = file_stamp_at(dir_fd, file->path);
        if (is_same(&now, &file->stamp))
            continue;
        status = create_complain(
            create, EXIT_STATUS_FAILED, multi ? file->path : "",
            now.size == UINT64_MAX
                ? _("vanished while it was read; no torrent was made")
                : _("changed while it was read; no torrent was made: try again when "
                    "nothing writes to it"));
    }
    if (dir_fd >= 0)
        close(dir_fd);
    return status;
}
